package vaulttest

import (
	"strings"
	"testing"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/vault"
)

func TestAPanicIsNotForgotten(t *testing.T) {
	var tr trail
	tr.note(vault.Event{Operation: vault.OpKeySign, Err: errs.NewInternal(vault.Panic{Value: "boom", Stack: []byte("where it was")})})
	for range 2 * maxTrail {
		tr.note(vault.Event{})
	}
	if len(tr.findings) != 1 {
		t.Fatalf("%d findings", len(tr.findings))
	}
	for _, want := range []string{"KeySign", "boom", "where it was"} {
		if !strings.Contains(tr.findings[0], want) {
			t.Errorf("%q lacks %q", tr.findings[0], want)
		}
	}
}
