package vault

import (
	"github.com/embedvault/embedvault/errs"
)

// maxRandom is how many random bytes are given at once.
const maxRandom = 128

// randomCount is the input of RandomBytesGet.
type randomCount int

func (n randomCount) validate(*settings) error {
	if n < 1 || n > maxRandom {
		return errs.NewRandomCount()
	}
	return nil
}

// randomBytes answers bytes of the module's generator.
func randomBytes(c call, n randomCount) (blob, error) {
	value := make([]byte, n)
	if err := c.container.module.Random(c.ctx, value); err != nil {
		return nil, err
	}
	return value, nil
}
