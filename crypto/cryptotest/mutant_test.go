package cryptotest_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/crypto/cryptotest"
	"github.com/embedvault/embedvault/crypto/soft"
	"github.com/embedvault/embedvault/errs"
)

// mutant is a driver with one fault, made of a good one.
type mutant struct {
	crypto.Driver
	generate func(crypto.Spec) crypto.Spec
	taken    func(crypto.JWK) crypto.JWK
	key      func(crypto.Private) crypto.Private
	anyBlob  bool
}

func (m mutant) Generate(ctx context.Context, s crypto.Spec) (crypto.Private, error) {
	if m.generate != nil {
		s = m.generate(s)
	}
	return m.wrap(m.Driver.Generate(ctx, s))
}

func (m mutant) Import(ctx context.Context, j crypto.JWK) (crypto.Private, error) {
	if m.taken != nil {
		j = m.taken(j)
	}
	return m.wrap(m.Driver.Import(ctx, j))
}

func (m mutant) Open(ctx context.Context, blob []byte) (crypto.Private, error) {
	p, err := m.Driver.Open(ctx, blob)
	if err != nil && m.anyBlob {
		p, err = m.Driver.Generate(ctx, crypto.Oct(128))
	}
	return m.wrap(p, err)
}

func (m mutant) wrap(p crypto.Private, err error) (crypto.Private, error) {
	if err != nil || m.key == nil {
		return p, err
	}
	return m.key(p), nil
}

// only is a driver that serves one type of key.
type only struct {
	mutant
	kty crypto.KeyType
}

func (o only) Generate(ctx context.Context, s crypto.Spec) (crypto.Private, error) {
	if s.Type != o.kty {
		return nil, errs.NewHardwareKeysNotSupported()
	}
	return o.mutant.Generate(ctx, s)
}

func (o only) Import(ctx context.Context, j crypto.JWK) (crypto.Private, error) {
	if j.Kty != o.kty {
		return nil, errs.NewInvalidJWK()
	}
	return o.mutant.Import(ctx, j)
}

// faulty is a key with one fault: the functions that are set replace its own.
type faulty struct {
	crypto.Private
	public  func() crypto.JWK
	sign    func([]byte, error) ([]byte, error)
	encrypt func(crypto.Result, error) (crypto.Result, error)
	decrypt func([]byte, error) ([]byte, error)
}

func (f faulty) Public() crypto.JWK {
	if f.public != nil {
		return f.public()
	}
	return f.Private.Public()
}

func (f faulty) Sign(ctx context.Context, a crypto.Algorithm, digest []byte) ([]byte, error) {
	signature, err := f.Private.Sign(ctx, a, digest)
	if f.sign != nil {
		return f.sign(signature, err)
	}
	return signature, err
}

func (f faulty) Encrypt(ctx context.Context, a crypto.Algorithm, plaintext []byte, p crypto.Params) (crypto.Result, error) {
	r, err := f.Private.Encrypt(ctx, a, plaintext, p)
	if f.encrypt != nil {
		return f.encrypt(r, err)
	}
	return r, err
}

func (f faulty) Decrypt(ctx context.Context, a crypto.Algorithm, ciphertext []byte, p crypto.Params) ([]byte, error) {
	plaintext, err := f.Private.Decrypt(ctx, a, ciphertext, p)
	if f.decrypt != nil {
		return f.decrypt(plaintext, err)
	}
	return plaintext, err
}

// talkative prints its blob.
type talkative struct{ crypto.Private }

func (t talkative) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "%x", t.Blob()) }

var errPadding = errors.New("the padding is wrong")

// mutants are the faults that the suite must find, and a driver without one.
var mutants = map[string]mutant{
	"none": {},
	"a fixed signature": {key: func(p crypto.Private) crypto.Private {
		return faulty{Private: p, sign: func(b []byte, err error) ([]byte, error) { clear(b); return b, err }}
	}},
	"a signature that is too long": {key: func(p crypto.Private) crypto.Private {
		return faulty{Private: p, sign: func(b []byte, err error) ([]byte, error) { return append(b, 0), err }}
	}},
	"a changed plaintext": {key: func(p crypto.Private) crypto.Private {
		return faulty{Private: p, decrypt: func(b []byte, err error) ([]byte, error) { return append(b, 0), err }}
	}},
	"an error that tells the cause": {key: func(p crypto.Private) crypto.Private {
		return faulty{Private: p, decrypt: func(b []byte, err error) ([]byte, error) {
			if err != nil {
				err = errPadding
			}
			return b, err
		}}
	}},
	"another refusal for some causes": {key: func(p crypto.Private) crypto.Private {
		return faulty{Private: p, decrypt: func(b []byte, err error) ([]byte, error) {
			if err != nil {
				err = errs.NewInvalidValue()
			}
			return b, err
		}}
	}},
	"no tag": {key: func(p crypto.Private) crypto.Private {
		return faulty{Private: p, encrypt: func(r crypto.Result, err error) (crypto.Result, error) { r.Tag = nil; return r, err }}
	}},
	"no error at all": {key: func(p crypto.Private) crypto.Private {
		return faulty{Private: p, decrypt: func(b []byte, _ error) ([]byte, error) { return b, nil }}
	}},
	"a private member in Public": {key: func(p crypto.Private) crypto.Private {
		return faulty{Private: p, public: func() crypto.JWK { j := p.Public(); j.K = []byte{1}; return j }}
	}},
	"a key that prints":         {key: func(p crypto.Private) crypto.Private { return talkative{p} }},
	"a key of the default size": {generate: func(s crypto.Spec) crypto.Spec { s.Size, s.Curve = 0, ""; return s }},
	"a point nobody compares":   {taken: repair},
	"any blob opens":            {anyBlob: true},
}

// repair computes the public point from the scalar, as a driver does that
// trusts the caller's.
func repair(j crypto.JWK) crypto.JWK {
	for _, blobKind := range []byte{'2', '3', '5', 'K'} {
		p, err := soft.New().Open(context.Background(), append([]byte{1, blobKind}, j.D...))
		if err == nil && p.Public().Crv == j.Crv {
			j.X, j.Y = p.Public().X, p.Public().Y
		}
	}
	return j
}

var mutation = flag.String("mutant", "", "the mutant that TestMutant runs the suite on")

// TestMutant is run by TestSuiteFindsMutants, in a process of its own.
func TestMutant(t *testing.T) {
	m, ok := mutants[*mutation]
	if !ok {
		t.Skip("no mutant asked for")
	}
	m.Driver = soft.New()
	kty := crypto.KeyTypeOct
	if m.taken != nil {
		kty = crypto.KeyTypeEC
	}
	open := func(testing.TB) crypto.Driver { return only{m, kty} }
	cryptotest.RunDriver(t, open, kty)
}

// TestSuiteFindsMutants: the suite fails on every fault.
func TestSuiteFindsMutants(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name := range mutants {
		out, err := exec.Command(self, "-test.run=^TestMutant$", "-mutant="+name).CombinedOutput()
		if name == "none" {
			if err != nil {
				t.Errorf("the suite fails on a good driver:\n%s", out)
			}
			continue
		}
		var exit *exec.ExitError
		if !errors.As(err, &exit) || !bytes.Contains(out, []byte("--- FAIL: TestMutant")) {
			t.Errorf("%s: the suite finds nothing: %v\n%s", name, err, out)
		}
		if bytes.Contains(out, []byte("panic:")) {
			t.Errorf("%s: the suite panics:\n%s", name, out)
		}
	}
}
