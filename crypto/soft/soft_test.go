package soft_test

import (
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/crypto/soft"
)

func TestDriver(t *testing.T) {
	open := func(testing.TB) crypto.Driver { return soft.New() }
	cryptotest.RunDriver(t, open, crypto.KeyTypeRSA, crypto.KeyTypeEC, crypto.KeyTypeOct)
}
