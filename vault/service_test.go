package vault_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

// openers open a container of each product, or create it.
var openers = map[vault.Product]func(*vault.Service, context.Context, string) (vault.Container, error){
	vault.ProductKeyVault: func(s *vault.Service, ctx context.Context, name string) (vault.Container, error) {
		return s.Vault(ctx, name)
	},
	vault.ProductManagedHSM: func(s *vault.Service, ctx context.Context, name string) (vault.Container, error) {
		return s.ManagedHSM(ctx, name)
	},
}

// Opening creates what there is not, and finds it from then on, whatever the case of its name.
func TestOpeningCreatesOnce(t *testing.T) {
	t.Parallel()
	for product, open := range openers {
		t.Run(product.String(), func(t *testing.T) {
			w := newWorld(t, nil, nil)
			first := got(open(w.svc, t.Context(), "Northwind"))(t)
			if first.Product() != product || first.Name() != "Northwind" {
				t.Errorf("made the %v %s", first.Product(), first.Name())
			}
			late, cancel := context.WithCancel(t.Context())
			cancel()
			if again, err := open(w.svc, late, "nORTHWIND"); err != nil || again != first {
				t.Errorf("opened %v, %v", again, err)
			}
			if _, err := open(w.svc, late, "another"); !errors.Is(err, context.Canceled) {
				t.Errorf("created by a caller who gave up: %v", err)
			}
			if _, err := open(w.svc, t.Context(), "1"); errs.StatusOf(err) != 400 {
				t.Errorf("a name that none can have: %v", err)
			}
			fine(t, w.svc.Close())
			if _, err := open(w.svc, t.Context(), "Northwind"); !errors.Is(err, store.ErrClosed) {
				t.Errorf("of a closed service: %v", err)
			}
		})
	}
}

// A container is right below the domain of its product; what is no product has none.
func TestContainersAreBelowTheirDomains(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	for product, open := range openers {
		if c := got(open(w.svc, t.Context(), "Northwind"))(t); c.URL() != "https://northwind."+product.Domain() {
			t.Errorf("%s is not below %q", c.URL(), product.Domain())
		}
	}
	if domain := vault.Product(len(openers)).Domain(); domain != "" {
		t.Errorf("what is no product has the domain %q", domain)
	}
}

// A name can be that of one container of each product.
func TestOpeningTellsProductsApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	h, v := got(w.svc.ManagedHSM(t.Context(), "contoso"))(t), got(w.svc.Vault(t.Context(), "contoso"))(t)
	if v != w.vault || h.URL() == v.URL() || w.svc.LookupManagedHSM("contoso") != h || w.svc.Lookup("contoso") != v {
		t.Errorf("opened %s and %s", h.URL(), v.URL())
	}
}

// A Managed HSM that is opened again is the one that was left: activated, with its keys and roles.
func TestOpeningAManagedHSMAgain(t *testing.T) {
	t.Parallel()
	w, _ := storedWorld(t, nil)
	ctx, digest := t.Context(), make([]byte, 32)
	h := got(w.svc.ManagedHSM(ctx, "fortress"))(t)
	if h.Activated() {
		t.Error("a new one is activated")
	}
	fine(t, h.Activate(ctx))
	got(h.As(vault.Owner()).CreateKey(ctx, "k", crypto.EC(crypto.P256), nil))(t)
	signature := got(h.As(vault.Owner()).Sign(ctx, "k", vault.ES256, digest))(t)

	w.reopen(t)
	h = got(w.svc.ManagedHSM(ctx, "FORTRESS"))(t)
	if h.Name() != "fortress" || !h.Activated() {
		t.Errorf("%s is activated: %v", h.Name(), h.Activated())
	}
	if ok, err := h.As(vault.Owner()).Verify(ctx, "k", vault.ES256, digest, signature.Value); !ok {
		t.Errorf("a signature from before: %v, %v", ok, err)
	}
}

// overtaken is the context of somebody whom another one overtakes, just before anything is created.
type overtaken struct {
	context.Context
	by func()
}

func (o overtaken) Err() error {
	o.by()
	return o.Context.Err()
}

// Of two who open what there is not, both get what the first one created.
func TestOpeningTogether(t *testing.T) {
	t.Parallel()
	for product, open := range openers {
		t.Run(product.String(), func(t *testing.T) {
			w := newWorld(t, &vault.Options{Store: store.NewMemory()}, nil)
			var first vault.Container
			by := sync.OnceFunc(func() { first = got(open(w.svc, t.Context(), "northwind"))(t) })
			if second := got(open(w.svc, overtaken{t.Context(), by}, "Northwind"))(t); first == nil || second != first {
				t.Errorf("one got %p, the other %p", first, second)
			}

			var all sync.WaitGroup
			found := make([]vault.Container, 4)
			for i := range found {
				all.Go(func() { found[i], _ = open(w.svc, t.Context(), "fabrikam") })
			}
			all.Wait()
			for _, c := range found {
				if c == nil || c != found[0] {
					t.Errorf("they got %v", found)
				}
			}
		})
	}
}

// full is a store that answers every change with what a service says of a name that is taken.
type full struct{ *store.Memory }

func (full) Commit(context.Context, store.Batch) error {
	return errs.NewVaultAlreadyExists("northwind")
}

// A store whose error looks like a race is not asked for ever.
func TestOpeningWithAStoreThatConflicts(t *testing.T) {
	t.Parallel()
	s := store.NewMemory()
	got(vault.New(&vault.Options{Store: s}))(t)
	svc := got(vault.New(&vault.Options{Store: full{s}}))(t)
	for product, open := range openers {
		if c, err := open(svc, t.Context(), "northwind"); errs.StatusOf(err) != 409 {
			t.Errorf("%s: %v, %v", product, c, err)
		}
	}
}
