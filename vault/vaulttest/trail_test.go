package vaulttest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/vault"
)

// failures is a test that notes how it failed.
type failures struct {
	testing.TB
	text string
}

func (f *failures) Helper() {}
func (f *failures) Errorf(format string, args ...any) {
	f.text += fmt.Sprintf(format, args...)
}

func TestAPanicFailsTheTestWithItsStack(t *testing.T) {
	f := &failures{TB: t}
	e := &Env{tb: f}
	e.judge(vault.Event{Operation: vault.OpKeySign, Err: errs.NewInternal(vault.Panic{Value: "boom", Stack: []byte("where it was")})})
	for _, want := range []string{"KeySign", "boom", "where it was"} {
		if !strings.Contains(f.text, want) {
			t.Errorf("%q lacks %q", f.text, want)
		}
	}
}
