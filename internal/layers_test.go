package internal_test

import (
	"slices"
	"strings"
	"testing"
)

// layers says of every package what it is for and which of our packages it may
// import. An edge that is not here is not allowed; one is added by changing this
// table, with a reason a reviewer can follow.
//
// "above" is every row before, but the kits: what a program links must not
// bring the testing package with it. A test may import any package of the table.
var layers = []layer{
	{"internal/jsonwire", "appends JSON that is exact to the byte", ""},
	{"errs", "the catalogue of everything the service can answer with", "internal/jsonwire"},
	{"limiter", "decides from the time alone whether one more request fits", ""},
	{"policy", "may this principal do this, from this address, and why", ""},
	// A verified token is cached as the compiled principal, so that a request
	// with a known token costs no conversion.
	{"policy/identity", "a tenant with apps and managed identities; issues and verifies tokens", "policy"},
	{"policy/apikey", "subscription-key guards", "limiter"},
	{"crypto", "algorithm table, portable Key, wire JWK, driver interface", "errs internal/jsonwire"},
	// A driver refuses with rows of the catalogue: it is where it shows that something does not open.
	{"crypto/cryptotest", "the conformance suite every driver passes", "crypto errs"},
	{"internal/primitive", "RSA, EC, AES, RFC 3394/5649 over the standard library", ""},
	{"internal/entropy", "seedable randomness and the test-key pool", ""},
	{"internal/fault", "named failure points", ""},
	{"internal/hook", "how vaulttest reaches them", ""},
	{"crypto/soft", "keys in memory", "crypto errs internal/primitive internal/entropy internal/fault"},
	{"crypto/hsm", "keys behind a simulated module", "crypto errs internal/primitive internal/entropy internal/fault"},
	{"internal/shelf", "versioned, soft-deletable objects, one immutable root per container", "errs"},
	{"vault/store", "where sealed records live: memory, bbolt", "internal/fault"},
	{"vault/store/storetest", "the conformance suite every store passes", "vault/store"},
	{"vault/seal", "who may open the store", "internal/primitive"},
	{"vault", "the service, its object model, the pipeline, the operations", "above"},
	{"vault/rest", "the REST protocol over a Service; token authority endpoints", "vault errs policy/identity internal/jsonwire"},
	{"internal/frontdoor", "TLS, certificates and the proxy that lead unmodified programs to a local service", "vault/rest"},
	{"vault/cmk", "customer-managed-key consumer", "vault errs"},
	{"vault/tinkkms", "Tink KMS client", "vault errs"},
	{"vault/vaulttest", "a vault for your tests", "above -policy/apikey -vault/cmk"},
	{"vault/vaulttest/model", "model kit", "vault/vaulttest errs"},
	{"vault/vaulttest/conformance", "conformance pack", "vault/vaulttest errs"},
	{"vault/cmd/embedvault", "demo serve run secret store audit conform", "above"},
	{"internal", "the rules of the repository as tests", ""},
}

type layer struct{ pkg, is, may string }

// kits import testing, so only tests and other kits may import them.
var kits = []string{
	"crypto/cryptotest", "vault/store/storetest",
	"vault/vaulttest", "vault/vaulttest/model", "vault/vaulttest/conformance",
}

// modules are the directories with a go.mod of their own. They are users of
// the main module: they may import any public package of it, and the main
// module may not import them.
var modules = []string{"vault/azuretest", "vault/store/etcdstore", "internal/wycheproof", "internal/bench"}

// allowed spells a row out: importing package to the set of what it may import.
func allowed() map[string]map[string]bool {
	table := map[string]map[string]bool{}
	for i, row := range layers {
		may := map[string]bool{}
		for _, word := range strings.Fields(row.may) {
			switch name, minus := strings.CutPrefix(word, "-"); {
			case word == "above":
				for _, above := range layers[:i] {
					may[above.pkg] = !slices.Contains(kits, above.pkg)
				}
			default:
				may[name] = !minus
			}
		}
		table[row.pkg] = may
	}
	return table
}

// Edges are read from the files and not asked of go list, which leaves out
// what is built on other systems.
func TestLayers(t *testing.T) {
	table := allowed()
	_, files := goFiles(t)
	for _, f := range files {
		if moduleOf(f.pkg) != "" {
			continue
		}
		may, known := table[f.pkg]
		if !known {
			t.Errorf("%s: package %s stands in no row of layers", f.path, f.pkg)
			continue
		}
		for _, imported := range f.imports() {
			name := short(imported)
			switch {
			case ours(imported) && table[name] == nil:
				t.Errorf("%s imports %s, which stands in no row of layers", f.path, name)
			case f.test:
			case ours(imported) && !may[name]:
				t.Errorf("%s imports %s, which the row of %s does not allow", f.path, name, f.pkg)
			case imported == "testing" && !slices.Contains(kits, f.pkg):
				t.Errorf("%s imports testing: only a kit may", f.path)
			}
		}
	}
}

// The table itself: no row twice, no row that allows what stands nowhere or below.
func TestLayersTable(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range layers {
		if seen[row.pkg] {
			t.Errorf("%s has two rows", row.pkg)
		}
		for _, word := range strings.Fields(row.may) {
			if name := strings.TrimPrefix(word, "-"); name != "above" && !seen[name] {
				t.Errorf("the row of %s names %s, which has no row above it", row.pkg, name)
			}
		}
		seen[row.pkg] = true
	}
	for _, kit := range kits {
		if !seen[kit] {
			t.Errorf("the kit %s has no row", kit)
		}
	}
}

// A nested module is one of the few we want, and uses the public packages only;
// those under internal/ are parts of this repository and may use all of it.
func TestNestedModules(t *testing.T) {
	table := allowed()
	for _, dir := range nestedModules(t) {
		if !slices.Contains(modules, dir) {
			t.Errorf("%s/go.mod: not one of the nested modules %v", dir, modules)
		}
	}
	_, files := goFiles(t)
	for _, f := range files {
		module := moduleOf(f.pkg)
		if module == "" {
			continue
		}
		for _, imported := range f.imports() {
			name := short(imported)
			switch {
			case !ours(imported), moduleOf(name) == module:
			case table[name] == nil:
				t.Errorf("%s imports %s, which stands in no row of layers", f.path, name)
			case strings.HasPrefix(name, "internal/") && !strings.HasPrefix(module, "internal/"):
				t.Errorf("%s imports %s: a nested module outside internal/ uses public packages only", f.path, name)
			}
		}
	}
}

// moduleOf is the nested module a directory lies in; "" is the main module.
func moduleOf(dir string) string {
	for _, m := range modules {
		if dir == m || strings.HasPrefix(dir, m+"/") {
			return m
		}
	}
	return ""
}
