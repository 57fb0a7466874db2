package vault_test

import (
	"bytes"
	stdcrypto "crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"math/big"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/internal/entropy"
	"github.com/embedvault/embedvault/internal/hook"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/store"
)

// fort is a container with a module: a premium vault, or a Managed HSM that can be used. It is kept in a store, and its RSA
// keys are those of tests.
type fort struct {
	*world
	container vault.Container
	client    *vault.Client
	module    *hsm.Module
}

// inBoth runs a test for both products.
func inBoth(t *testing.T, test func(*testing.T, *fort)) {
	for product, name := range map[vault.Product]string{vault.ProductKeyVault: "vault", vault.ProductManagedHSM: "Managed HSM"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			unlimited := limiter.Unlimited()
			keys := &hook.Points{RSA: new(entropy.Drawer).RSA}
			f := &fort{world: newWorld(t, &vault.Options{Store: store.NewMemory(), Limits: &unlimited, Hook: keys}, nil)}
			if product == vault.ProductManagedHSM {
				h, _ := newHSM(t, f.world, nil)
				fine(t, h.Activate(t.Context()))
			}
			f.enter(product)
			test(t, f)
		})
	}
}

// enter finds the container of a product in the service.
func (f *fort) enter(product vault.Product) {
	if product == vault.ProductKeyVault {
		f.container, f.module = f.svc.Lookup("contoso"), f.svc.Module()
	} else {
		h := f.svc.LookupManagedHSM("fortress")
		f.container, f.module = h, h.Module()
	}
	f.client = f.container.As(vault.Owner())
}

// reopen goes on in another service, with what the store holds.
func (f *fort) reopen(t *testing.T) {
	t.Helper()
	product := f.container.Product()
	f.world.reopen(t)
	f.enter(product)
}

// managed tells whether it is a Managed HSM.
func (f *fort) managed() bool { return f.container.Product() == vault.ProductManagedHSM }

// ask makes a request over a protocol, under a host name that the container does not have itself.
func (f *fort) ask(t *testing.T, o vault.Operation, ref vault.Ref, version, body string) (string, error) {
	name, of, _ := strings.Cut(string(ref), "/")
	answer, err := endpoint(o).Serve(t.Context(), f.container, &vault.Exchange{
		Caller: vault.Owner(), Name: name, Version: of, Host: elsewhere, Query: "api-version=" + version,
		Body: strings.NewReader(body), Length: int64(len(body)),
	}, nil)
	return string(answer), err
}

// elsewhere is the host that a request over a protocol is made to.
const elsewhere = "localhost:8443"

// backedUp backs a key up, takes it away for good and brings it back.
func (f *fort) backedUp(t *testing.T, name string) {
	t.Helper()
	blob := got(f.client.BackupKey(t.Context(), name))(t)
	got(f.client.DeleteKey(t.Context(), name))(t)
	fine(t, f.client.PurgeDeletedKey(t.Context(), name))
	got(f.client.RestoreKey(t.Context(), blob))(t)
}

// prove uses a key, and checks with other libraries that it is the one that was there before: public for its public part, or
// the bytes of a symmetric key.
func (f *fort) prove(t *testing.T, ref vault.Ref, j crypto.JWK) {
	t.Helper()
	good := false
	switch digest := sha256.Sum256([]byte("a text")); j.Kty.Base() {
	case crypto.KeyTypeRSA:
		signature := got(f.client.Sign(t.Context(), ref, vault.PS256, digest[:]))(t).Value
		good = rsa.VerifyPSS(rsaPublic(t, j), stdcrypto.SHA256, digest[:], signature, nil) == nil
	case crypto.KeyTypeEC:
		good = f.provesEC(t, ref, j)
	default:
		sealed := got(f.client.Encrypt(t.Context(), ref, gcmOf[len(j.K)], digest[:], nil))(t)
		aead := got(cipher.NewGCM(got(aes.NewCipher(j.K))(t)))(t)
		opened, err := aead.Open(nil, sealed.IV, append(sealed.Value, sealed.Tag...), nil)
		good = err == nil && bytes.Equal(opened, digest[:])
	}
	if !good {
		t.Errorf("%s is another key", ref)
	}
}

var gcmOf = map[int]crypto.Algorithm{16: crypto.A128GCM, 24: crypto.A192GCM, 32: crypto.A256GCM}

func rsaPublic(t *testing.T, j crypto.JWK) *rsa.PublicKey {
	t.Helper()
	return got(j.PublicKey())(t).(*rsa.PublicKey)
}

var ecdsaOf = map[crypto.Curve]crypto.Algorithm{
	crypto.P256: vault.ES256, crypto.P384: vault.ES384, crypto.P521: vault.ES512, crypto.P256K: vault.ES256K,
}

func (f *fort) provesEC(t *testing.T, ref vault.Ref, j crypto.JWK) bool {
	t.Helper()
	whole := sha512.Sum512([]byte("a text"))
	digest := whole[:min(j.Crv.Size(), len(whole))]
	signature := got(f.client.Sign(t.Context(), ref, ecdsaOf[j.Crv], digest))(t).Value
	half := len(signature) / 2
	r, s := new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])
	return ecdsa.Verify(got(j.PublicKey())(t).(*ecdsa.PublicKey), digest, r, s)
}
