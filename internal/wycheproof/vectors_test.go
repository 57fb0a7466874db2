package wycheproof_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/c2sp/wycheproof"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
)

// hexBytes is a string of hex digits in a vector file.
type hexBytes []byte

func (b *hexBytes) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

// file is a vector file, with the members of all the kinds that are run here.
type file struct {
	name          string
	driver        driver // holds the private and symmetric keys
	NumberOfTests int
	TestGroups    []group
}

type group struct {
	KeySize, IVSize, TagSize, SLen int
	SHA, MGFSHA                    string
	PublicKey                      publicKey
	PrivateKey                     privateKey
	PrivateKeyPkcs8                hexBytes
	Tests                          []vector
}

type publicKey struct {
	Modulus, PublicExponent hexBytes // RSA
	Wx, Wy                  hexBytes // EC
}

type privateKey struct {
	Modulus, PublicExponent, PrivateExponent          hexBytes
	Prime1, Prime2, Exponent1, Exponent2, Coefficient hexBytes
	OtherPrimeInfos                                   []json.RawMessage
}

// jwk is the key in the form that is imported.
func (k privateKey) jwk() crypto.JWK {
	return crypto.JWK{
		Kty: crypto.KeyTypeRSA, N: k.Modulus, E: k.PublicExponent, D: k.PrivateExponent,
		P: k.Prime1, Q: k.Prime2, DP: k.Exponent1, DQ: k.Exponent2, QI: k.Coefficient,
	}
}

type vector struct {
	TcID                                   int
	Comment                                string
	Result                                 string
	Flags                                  []string
	Key, IV, AAD, Msg, CT, Tag, Sig, Label hexBytes
}

// tally counts what became of the vectors of one file.
type tally struct {
	agreed   int
	refused  map[string]int // by reason: accepted by others, refused here
	accepted map[string]int // by reason: the reverse
	leftOut  map[string]int // by reason
}

func newTally() *tally {
	return &tally{refused: map[string]int{}, accepted: map[string]int{}, leftOut: map[string]int{}}
}

// leave counts a whole group as left out.
func (c *tally) leave(g group, reason string) { c.leftOut[reason] += len(g.Tests) }

// only returns the groups that are run, and counts the others as left out.
func (c *tally) only(groups []group, run func(group) bool, reason string) (rest []group) {
	for _, g := range groups {
		if run(g) {
			rest = append(rest, g)
		} else {
			c.leave(g, reason)
		}
	}
	return rest
}

// outcome counts one vector: opened says that the library accepted it, right
// that the result was the expected one. A refusal of what the vector calls
// valid or acceptable needs a reason.
func (c *tally) outcome(t *testing.T, v vector, opened, right bool, reason string) {
	t.Helper()
	switch {
	case opened && (v.Result == "invalid" || !right || reason != ""):
		t.Errorf("vector %d (%s, %s): accepted, result right: %t, reason to refuse: %q", v.TcID, v.Comment, v.Result, right, reason)
	case !opened && v.Result == "valid" && reason == "":
		t.Errorf("vector %d (%s): refused", v.TcID, v.Comment)
	case !opened && v.Result == "acceptable" && reason == "":
		t.Errorf("vector %d (%s): acceptable, refused without a reason", v.TcID, v.Comment)
	case !opened && v.Result != "invalid":
		c.refused[reason]++
	default:
		c.agreed++
	}
}

// accept counts a vector that others call invalid and that is right here.
func (c *tally) accept(t *testing.T, v vector, opened bool, reason string) {
	t.Helper()
	if !opened || v.Result != "invalid" {
		t.Errorf("vector %d (%s, %s): accepted %t", v.TcID, v.Comment, v.Result, opened)
	}
	c.accepted[reason]++
}

// add adds the counts of another file.
func (c *tally) add(other *tally) {
	c.agreed += other.agreed
	for _, kind := range []struct{ sum, of map[string]int }{
		{c.refused, other.refused}, {c.accepted, other.accepted}, {c.leftOut, other.leftOut},
	} {
		for reason, n := range kind.of {
			kind.sum[reason] += n
		}
	}
}

func (c *tally) total() int {
	return c.agreed + sum(c.refused) + sum(c.accepted) + c.leaves()
}

func (c *tally) leaves() int { return sum(c.leftOut) }

func sum(counts map[string]int) int {
	n := 0
	for _, count := range counts {
		n += count
	}
	return n
}

func (c *tally) String() string {
	parts := []string{fmt.Sprintf("%d agreed", c.agreed)}
	for _, kind := range []struct {
		name    string
		reasons map[string]int
	}{{"refused", c.refused}, {"accepted", c.accepted}, {"left out", c.leftOut}} {
		for _, reason := range slices.Sorted(maps.Keys(kind.reasons)) {
			parts = append(parts, fmt.Sprintf("%d %s (%s)", kind.reasons[reason], kind.name, reason))
		}
	}
	return strings.Join(parts, ", ")
}

func load(t *testing.T, name string, d driver) file {
	t.Helper()
	data, err := fs.ReadFile(wycheproof.TestVectors, name)
	if err != nil {
		t.Fatal(err)
	}
	f := file{name: name, driver: d}
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

var allOperations = []crypto.Operation{
	crypto.OpEncrypt, crypto.OpDecrypt, crypto.OpSign, crypto.OpVerify, crypto.OpWrapKey, crypto.OpUnwrapKey,
}

// driver imports keys; an hsm holds those of the -HSM types.
type driver struct {
	name string
	crypto.Driver
	hsm bool
}

// importKey makes a Key of a private or symmetric key.
func (d driver) importKey(t *testing.T, j crypto.JWK) *crypto.Key {
	t.Helper()
	p, err := d.importPrivate(t, j)
	if err != nil {
		t.Fatalf("Import: %v", err)
	}
	return newKey(t, p)
}

func (d driver) importPrivate(t *testing.T, j crypto.JWK) (crypto.Private, error) {
	if d.hsm {
		j.Kty = crypto.Spec{Type: j.Kty}.HSM().Type
	}
	return d.Import(t.Context(), j)
}

func newKey(t *testing.T, p crypto.Private) *crypto.Key {
	t.Helper()
	k, err := crypto.NewKey("https://a.vault.azure.net/keys/k/1", p, allOperations)
	if err != nil {
		t.Fatalf("NewKey: %v", err)
	}
	return k
}

// public is a key whose private half nobody has. Key verifies with it all the
// same; the methods that would need the other half are not there.
type public struct {
	crypto.Private
	spec crypto.Spec
	jwk  crypto.JWK
}

func (p public) Spec() crypto.Spec  { return p.spec }
func (p public) Public() crypto.JWK { return p.jwk }

// opens says whether the library opened a vector; any error but the one answer
// fails the test.
func opens(t *testing.T, v vector, err error) bool {
	t.Helper()
	if err != nil && (!errors.Is(err, errs.BadParameter) || err.Error() != errs.NewParameterIncorrect().Error()) {
		t.Errorf("vector %d (%s): %v", v.TcID, v.Comment, err)
	}
	return err == nil
}
