package vault_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/crypto"
	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
)

// denial is one refusal, byte for byte as it is sent.
type denial struct {
	name    string
	caller  func(failer, *attempt) vault.Caller
	set     func(failer, *vault.Vault)
	request func(context.Context, *vault.Client) error
	want    string
}

// The parts that many refusals share.
const (
	byToken = "appid=" + appClient + ";oid=" + appObject + ";iss=https://sts.windows.net/" + tenantID + "/"
	vouched = "appid=;oid=" + appObject + ";iss=https://sts.windows.net/" + tenantID + "/"
	inVault = `contoso;location=westeurope`
	help    = ` For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287`
	lower   = "/subscriptions/" + subscription + "/resourcegroups/shop/providers/microsoft.keyvault/vaults/contoso"
	issuers = "https://sts.windows.net/" + tenantID + "/, " +
		"https://sts.windows.net/f8cdef31-a31e-4b4a-93e4-5f571e91255a/, https://sts.windows.net/e2d54eb5-3869-4f70-8578-dee5fc7331f4/, " +
		"https://sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d/, https://sts.windows.net/975f013f-7f24-47e8-a7d3-abc4752bf346/"
)

func forbidden(inner, message string) string {
	return `{"error":{"code":"Forbidden","message":"` + message + `","innererror":{"code":"` + inner + `"}}}`
}

func unauthorized(message string) string {
	return `{"error":{"code":"Unauthorized","message":"` + message + `"}}`
}

// The requests of the table below.
func getSecret(ctx context.Context, c *vault.Client) error {
	_, err := c.GetSecret(ctx, "Db-Password")
	return err
}

func wrapKey(ctx context.Context, c *vault.Client) error {
	_, err := c.WrapKey(ctx, "app", vault.RSAOAEP, make([]byte, 32))
	return err
}

func listKeys(ctx context.Context, c *vault.Client) error {
	for _, err := range c.ListKeys(ctx, nil) {
		return err
	}
	return nil
}

// The callers of the table below.
func withToken(aud string) func(failer, *attempt) vault.Caller {
	return func(tb failer, a *attempt) vault.Caller { return vault.Bearer(a.token(tb, aud)) }
}

func somebody(failer, *attempt) vault.Caller { return vault.Principal(appObject) }

func at(source policy.Source) func(failer, *attempt) vault.Caller {
	return func(tb failer, a *attempt) vault.Caller { return vault.Bearer(a.token(tb, audience)).Via(source) }
}

var outside = policy.Source{Addr: netip.MustParseAddr("203.0.113.7")}

func network(rules policy.NetworkRules) func(failer, *vault.Vault) {
	return func(tb failer, v *vault.Vault) { fine(tb, v.SetNetwork(tb.Context(), rules)) }
}

func roles(rbac vault.RBAC) func(failer, *vault.Vault) {
	return func(tb failer, v *vault.Vault) { fine(tb, v.SetRBAC(tb.Context(), &rbac)) }
}

func permissions(entries ...policy.AccessPolicy) func(failer, *vault.Vault) {
	return func(tb failer, v *vault.Vault) { fine(tb, v.SetAccessPolicies(tb.Context(), entries...)) }
}

var unsigned = []denial{
	{"nobody", func(failer, *attempt) vault.Caller { return vault.Caller{} }, nil, getSecret,
		unauthorized("AKV10000: Request is missing a Bearer, PoP, or MTLS_POP token.")},
	{"no token", func(failer, *attempt) vault.Caller { return vault.Bearer("x") }, nil, getSecret,
		unauthorized("[AggregatedAuthenticationFailure] Error validating token: 'S2S17001'.")},
	{"a slash too many", withToken(audience + "/"), nil, getSecret,
		unauthorized("AKV10022: Invalid audience. Expected https://vault.azure.net, found: https://vault.azure.net/.")},
	{"another tenant", func(tb failer, a *attempt) vault.Caller { return vault.Bearer(a.foreignToken(tb)) }, nil, getSecret,
		unauthorized("AKV10032: Invalid issuer. Expected one of " + issuers + ", found https://sts.windows.net/0a4b1c2d-0000-4000-8000-0000000000ff/.")},
	{"two hours later", func(tb failer, a *attempt) vault.Caller {
		defer a.clock.Advance(2 * time.Hour)
		return vault.Bearer(a.token(tb, audience))
	}, nil, getSecret, unauthorized("[TokenExpired] Error validating token: 'S2S12086'.")},
	{"too early", func(tb failer, a *attempt) vault.Caller {
		defer a.clock.Advance(-11 * time.Minute)
		return vault.Bearer(a.token(tb, audience))
	}, nil, getSecret, unauthorized("Error validating token: IDX10222")},
}

var ungranted = []denial{
	{"no entry", withToken(audience), nil, getSecret, forbidden("AccessDenied",
		"The user, group or application '"+byToken+"' does not have secrets get permission on key vault '"+inVault+"'."+help)},
	{"no entry for whom the program vouches", somebody, nil, listKeys, forbidden("AccessDenied",
		"The user, group or application '"+vouched+"' does not have keys list permission on key vault '"+inVault+"'."+help)},
	{"an entry without the permission", withToken(audience),
		permissions(policy.AccessPolicy{ObjectID: appObject, Secrets: []string{"all"}, Keys: []string{"unwrapKey"}}),
		wrapKey, forbidden("ForbiddenByPolicy",
			"The user, group or application '"+byToken+"' does not have keys wrapKey permission on key vault '"+inVault+"'."+help)},
	{"an entry through another application", withToken(audience),
		permissions(policy.AccessPolicy{ObjectID: appObject, ApplicationID: "portal", Secrets: []string{"get"}}),
		getSecret, forbidden("AccessDenied",
			"The user, group or application '"+byToken+"' does not have secrets get permission on key vault '"+inVault+"'."+help)},
	{"no role", withToken(audience), roles(vault.RBAC{}), getSecret, forbidden("ForbiddenByRbac",
		`Caller is not authorized to perform action on resource.\r\n`+
			`If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\n`+
			`Caller: `+byToken+`\r\nAction: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'\r\n`+
			`Resource: '`+lower+`/secrets/db-password'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\n`+
			`DecisionReason: 'DeniedWithNoValidRBAC' \r\nVault: `+inVault+`\r\n`)},
	{"a role on one key lists none", somebody, roles(vault.RBAC{Assignments: []policy.RoleAssignment{
		{Role: policy.KeyVaultCryptoOfficer, PrincipalID: appObject, Scope: resource + "/keys/app"},
	}}), listKeys, forbidden("ForbiddenByRbac",
		`Caller is not authorized to perform action on resource.\r\n`+
			`If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\n`+
			`Caller: `+vouched+`\r\nAction: 'Microsoft.KeyVault/vaults/keys/read'\r\n`+
			`Resource: '`+lower+`'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\n`+
			`DecisionReason: 'DeniedWithNoValidRBAC' \r\nVault: `+inVault+`\r\n`)},
	{"a deny assignment", somebody, roles(vault.RBAC{
		Assignments: []policy.RoleAssignment{{Role: policy.KeyVaultAdministrator, PrincipalID: appObject, Scope: resource}},
		Denials: []policy.DenyAssignment{{
			ID: "7a1e", Scope: resource, Principals: []string{appObject},
			Permissions: []policy.Permission{{DataActions: []string{"Microsoft.KeyVault/vaults/keys/wrap/action"}}},
		}},
	}), wrapKey, forbidden("ForbiddenByRbac",
		`Caller is not authorized to perform action on resource.\r\n`+
			`If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\n`+
			`Caller: `+vouched+`\r\nAction: 'Microsoft.KeyVault/vaults/keys/wrap/action'\r\n`+
			`Resource: '`+lower+`/keys/app'\r\nAssignment: (not found)\r\nDenyAssignmentId: '7a1e'\r\n`+
			`DecisionReason: null \r\nVault: `+inVault+`\r\n`)},
}

var walled = []denial{
	{"an address", at(outside), network(policy.NetworkRules{DefaultAction: policy.Deny}), getSecret, forbidden("ForbiddenByFirewall",
		`Client address is not authorized and caller is not a trusted service.\r\nClient address: 203.0.113.7\r\n`+
			`Caller: `+byToken+`\r\nVault: `+inVault)},
	{"an address, and no bypass", at(outside), network(policy.NetworkRules{DefaultAction: policy.Deny, Bypass: policy.BypassNone}),
		getSecret, forbidden("ForbiddenByFirewall",
			`Request was not allowed by NSP rules and the client address is not authorized and caller was ignored because bypass is set to None\r\n`+
				`Client address: 203.0.113.7\r\nCaller: appid=`+appClient+`;oid=`+appObject+`\r\nVault: `+inVault)},
	{"an IPv4 address in IPv6 form", at(policy.Source{Addr: netip.MustParseAddr("::ffff:203.0.113.7")}),
		network(policy.NetworkRules{DefaultAction: policy.Deny}), getSecret, forbidden("ForbiddenByFirewall",
			`Client address is not authorized and caller is not a trusted service.\r\nClient address: 203.0.113.7\r\n`+
				`Caller: `+byToken+`\r\nVault: `+inVault)},
	{"a subnet", at(policy.Source{Addr: outside.Addr, Subnet: "/subscriptions/s/subnets/a"}),
		network(policy.NetworkRules{DefaultAction: policy.Deny}), getSecret, forbidden("ForbiddenByFirewall",
			`Client address is not authorized and caller is not a trusted service.\r\n`+
				`Client address: 203.0.113.7 from unknown subnet\r\nVault: `+inVault)},
	{"no public access", at(outside), network(policy.NetworkRules{PublicNetworkAccess: policy.PublicDisabled}),
		getSecret, forbidden("ForbiddenByConnection",
			`Public network access is disabled and request is not from a trusted service nor via an approved private link.\r\n`+
				`Caller: `+byToken+`\r\nVault: `+inVault)},
	{"no public access, and no bypass", at(outside),
		network(policy.NetworkRules{PublicNetworkAccess: policy.PublicDisabled, Bypass: policy.BypassNone}),
		getSecret, forbidden("ForbiddenByConnection",
			`Connection is not an approved private link and caller was ignored because bypass is not set to 'AzureServices' `+
				`and PublicNetworkAccess is set to 'Disabled'.\r\nVault: `+inVault)},
}

// The refusals that do not depend on the caller.
var stateful = []denial{
	{"too much", owner, func(tb failer, v *vault.Vault) {
		for range 2000 {
			v.As(vault.Owner()).GetSecret(tb.Context(), "x")
		}
	}, getSecret, `{"error":{"code":"Throttled","message":"Request was not processed because too many requests were received. ` +
		`Reason: VaultRequestTypeLimitReached"}}`},
	{"a disabled secret", owner, func(tb failer, v *vault.Vault) {
		disabled := vault.SetSecretOptions{Validity: vault.Validity{Disabled: true}}
		got(v.As(vault.Owner()).SetSecret(tb.Context(), "db-password", "v", &disabled))(tb)
	}, getSecret, forbidden("SecretDisabled", "Operation get is not allowed on a disabled secret.")},
	{"a key that wraps nothing", owner, func(tb failer, v *vault.Vault) {
		got(v.As(vault.Owner()).CreateKey(tb.Context(), "app", vault.EC(vault.P256), nil))(tb)
	}, wrapKey, forbidden("KeyOperationForbidden", "Operation wrapKey is not permitted on this key.")},
	{"purge protection", owner, func(tb failer, v *vault.Vault) {
		fine(tb, v.EnablePurgeProtection(tb.Context()))
		got(v.As(vault.Owner()).SetSecret(tb.Context(), "db-password", "v", nil))(tb)
		got(v.As(vault.Owner()).DeleteSecret(tb.Context(), "db-password"))(tb)
	}, func(ctx context.Context, c *vault.Client) error { return c.PurgeDeletedSecret(ctx, "db-password") },
		`{"error":{"code":"Forbidden","message":"Operation \"purge\" is not allowed because purge protection is enabled for this vault. ` +
			`Key Vault service will automatically purge it after the retention period has passed.\r\nVault: ` + inVault + `"}}`},
}

func owner(failer, *attempt) vault.Caller { return vault.Owner() }

func TestDenialsAsBytes(t *testing.T) {
	t.Parallel()
	for _, d := range slices.Concat(unsigned, ungranted, walled, stateful) {
		t.Run(d.name, func(t *testing.T) {
			w := newWorld(t, nil, nil)
			a := &attempt{world: w, app: w.app(t)}
			caller := d.caller(t, a)
			if d.set != nil {
				d.set(t, w.vault)
			}
			if sent := body(d.request(t.Context(), w.vault.As(caller))); sent != d.want {
				t.Errorf("sent\n%s\nwant\n%s", sent, d.want)
			}
		})
	}
}

// The refusal of a token whose key nobody knows repeats the header of the token.
func TestTheDenialOfAnUnknownKeyAsBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, nil)
	a := &attempt{world: w, app: w.app(t)}
	token := a.token(t, audience)
	w.tenant.RollKeys()
	header, _, _ := strings.Cut(token, ".")
	want := unauthorized("AKV10046: Unable to resolve the key used for signature validation. EncodedJwtHeader: '" + header + "'.")
	if sent := body(getSecret(t.Context(), w.vault.As(vault.Bearer(token)))); sent != want {
		t.Errorf("sent\n%s\nwant\n%s", sent, want)
	}
}

func TestTheDenialOfHardwareAsBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, &vault.VaultOptions{SKU: vault.Standard})
	want := forbidden("HardwareKeysNotSupported", "Hardware key operation not allowed on standard vault")
	for _, spec := range []crypto.Spec{vault.RSA(2048).HSM(), vault.EC(vault.P256).HSM()} {
		_, err := w.owner.CreateKey(t.Context(), "k", spec, nil)
		if sent := body(err); sent != want {
			t.Errorf("%v: sent\n%s\nwant\n%s", spec, sent, want)
		}
	}
}

// A refusal carries the evidence of the gate, for the program that embeds the vault, and shows none of it in its text.
func TestRefusalsCarryTheirCause(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, &vault.VaultOptions{AccessPolicies: []policy.AccessPolicy{
		{ObjectID: appClient, Secrets: []string{"get"}}, // a client id where the object id belongs
		{ObjectID: "reader", Secrets: []string{"list"}},
	}})
	app := w.app(t)
	get := func(c vault.Caller) error {
		_, err := w.vault.As(c).GetSecret(t.Context(), "s")
		return err
	}
	decision := func(err error) policy.Decision {
		t.Helper()
		var d policy.Decision
		if !errors.As(err, &d) {
			t.Fatalf("%v carries no decision", err)
		}
		if strings.Contains(err.Error(), d.Reason.String()) || strings.Contains(body(err), "smallest") {
			t.Errorf("%v shows its cause", err)
		}
		return d
	}

	d := decision(get(vault.Bearer(got(w.tenant.Token(t.Context(), app, audience))(t))))
	if d.Gate != policy.GateAccessPolicy || d.Reason != policy.NoEntry || d.Right != policy.SecretsGet ||
		d.Principal.ObjectID() != appObject || len(d.Near) != 1 || d.Near[0].Kind != policy.NearApplicationID {
		t.Errorf("an entry for the client id: %v", d)
	}
	if d := decision(get(vault.Principal("reader"))); d.Reason != policy.EntryLacksPermission || d.Smallest == "" {
		t.Errorf("an entry without the permission: %v", d)
	}

	fine(t, w.vault.SetRBAC(t.Context(), &vault.RBAC{Assignments: []policy.RoleAssignment{
		{ID: "a1", Role: policy.KeyVaultSecretsUser, PrincipalID: "reader", Scope: resource + "/secrets/other"},
	}}))
	d = decision(get(vault.Principal("reader")))
	if d.Gate != policy.GateRBAC || d.Reason != policy.NoAssignment || len(d.Near) != 1 || d.Near[0].Kind != policy.NearOtherScope {
		t.Errorf("a role on another secret: %v", d)
	}

	fine(t, w.vault.SetNetwork(t.Context(), policy.NetworkRules{DefaultAction: policy.Deny}))
	d = decision(get(vault.Principal("reader").From(netip.MustParseAddr("203.0.113.7"))))
	if d.Gate != policy.GateNetwork || d.Reason != policy.AddressNotAllowed || d.Smallest != "IP rule 203.0.113.7" {
		t.Errorf("an address outside: %v", d)
	}

	var failure *identity.Failure
	err := get(vault.Bearer(got(w.tenant.Token(t.Context(), app, "https://graph.example"))(t)))
	if !errors.As(err, &failure) || !errors.Is(err, identity.WrongAudience) || failure.Found != "https://graph.example" {
		t.Errorf("a token for another audience: %v, because of %v", err, failure)
	}

	fine(t, w.vault.SetNetwork(t.Context(), policy.NetworkRules{}))
	take(t, w.vault, 2000)
	err = get(vault.Owner())
	var full vault.Throttling
	if !errors.As(err, &full) || full.Class != limiter.SecretUse || full.Used != 2000 || full.Limit != 2000 ||
		errs.From(err).RetryAfter != 10*time.Second {
		t.Errorf("the 2001st request: %v, because of %v", err, full)
	}
}
