package bench

import (
	_ "github.com/casbin/casbin/v2"
	_ "github.com/cedar-policy/cedar-go"
	_ "github.com/go-jose/go-jose/v4/jwt"
	_ "github.com/tailscale/setec/db"
	_ "github.com/tink-crypto/tink-go/v2/aead/subtle"
	_ "github.com/tink-crypto/tink-go/v2/kwp/subtle"
	_ "golang.org/x/time/rate"

	_ "github.com/embedvault/embedvault/crypto/cryptotest"
	_ "github.com/embedvault/embedvault/vault"
)
