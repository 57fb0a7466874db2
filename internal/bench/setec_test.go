package bench_test

import (
	"io"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/tailscale/setec/acl"
	"github.com/tailscale/setec/audit"
	"github.com/tailscale/setec/db"
)

// The callers of setec bring their rules with them.
var (
	setecReader = db.Caller{
		Principal:   audit.Principal{User: app, Hostname: "host.example", IP: netip.MustParseAddr("192.0.2.1")},
		Permissions: acl.Rules{{Action: []acl.Action{acl.ActionGet}, Secret: []acl.Secret{"*"}}},
	}
	setecStranger = db.Caller{Principal: audit.Principal{User: stranger}}
	setecWriter   = db.Caller{Permissions: acl.Rules{{Action: []acl.Action{acl.ActionPut}, Secret: []acl.Secret{"*"}}}}

	setecNotFound, setecDenied = db.ErrNotFound, db.ErrAccessDenied
)

// openSetec returns a setec database in a file of its own. Its audit is written and thrown away.
func openSetec(tb testing.TB, names []string) *db.DB {
	d := must(db.Open(filepath.Join(tb.TempDir(), "secrets.db"), clearText{}, audit.New(io.Discard)))(tb)
	for _, name := range names {
		must(d.Put(setecWriter, name, []byte(value(name))))(tb)
	}
	return d
}

// setecSide reads from a database of a hundred secrets in every row: each Put writes the whole database, so that ten
// thousand would take minutes, and a Get is one look into a Go map however many there are.
func setecSide(tb testing.TB) side {
	names := secretNames(100)
	d := openSetec(tb, names)
	return side{"setec-of-100", func(tb testing.TB, n int) {
		i := 0
		for range n {
			if v, err := d.Get(setecReader, names[i]); err != nil || len(v.Value) == 0 {
				tb.Fatal("no value: ", err)
			}
			i = next(i, len(names))
		}
	}}
}

// clearText stands for the key that wraps setec's own: it is used when a database is opened, and never by a Get.
type clearText struct{}

func (clearText) Encrypt(plaintext, _ []byte) ([]byte, error)  { return plaintext, nil }
func (clearText) Decrypt(ciphertext, _ []byte) ([]byte, error) { return ciphertext, nil }
