package vault

import (
	"errors"
	"strings"

	"github.com/embedvault/embedvault/errs"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
)

// A refusal is an error of the catalogue whose cause is the decision of the gate: errors.As finds the policy.Decision or
// the identity.Failure in it. The cause tells who would have been let in; it is for a test to print and is never sent.

// where names the vault as refusals do.
func (c call) where() errs.Where { return errs.Where{Vault: c.container.name, Location: c.set.Region} }

// whom names the caller as refusals do.
func (c call) whom() errs.Who {
	tenant := c.who.TenantID()
	if tenant == "" {
		tenant = c.set.TenantID
	}
	return errs.Who{AppID: c.who.AppID(), ObjectID: c.who.ObjectID(), TenantID: tenant}
}

// networkRefusal is the 403 of the firewall.
func (c call) networkRefusal() error {
	d := c.set.network.Explain(c.caller.source)
	address, who := c.address(), c.whom()
	who.ResourceID = c.who.ResourceID()
	var e *errs.Error
	switch d.Reason {
	case policy.PublicAccessDisabled:
		e = errs.NewForbiddenByConnection(who, c.where())
	case policy.PublicAccessDisabledNoBypass:
		e = errs.NewForbiddenByConnectionNoBypass(c.where())
	case policy.UnknownSubnet:
		e = errs.NewForbiddenBySubnet(c.where(), address)
	case policy.AddressNotAllowedNoBypass, policy.UnknownSubnetNoBypass:
		e = errs.NewForbiddenByFirewallNoBypass(who, c.where(), address)
	default:
		e = errs.NewForbiddenByFirewall(who, c.where(), address)
	}
	return e.Because(d)
}

// rightRefusal is the 403 of the policies.
func (c call) rightRefusal(right policy.Right) error {
	d := c.explain(right)
	var e *errs.Error
	switch {
	case d.Gate == policy.GateRBAC:
		e = c.rbacRefusal(d)
	case d.Gate == policy.GateLocalRBAC:
		e = errs.NewNotAuthorized(right.HSMAction(), c.localScope(right))
	case d.Reason == policy.NoEntry:
		e = errs.NewAccessDenied(c.whom(), c.where(), right.Collection(), right.Permission())
	default:
		e = errs.NewForbiddenByPolicy(c.whom(), c.where(), right.Collection(), right.Permission())
	}
	return e.Because(d)
}

// scripted is the refusal of a code that a test has put in the way, filled in with what is known of the request.
func (c call) scripted(r *row, code errs.Code) error {
	kind := errs.Key
	for k := range errs.Kind(errs.NumKinds) {
		if k.Plural() == r.right.Collection() {
			kind = k
		}
	}
	managed, action := c.container.kind == ProductManagedHSM, r.right.VaultAction()
	if managed {
		action = r.right.HSMAction()
	}
	e := code.About(kind, managed, "name", c.name, "key", c.name, "version", c.version, "id", c.container.URL()+"/"+c.object(r.right),
		"caller", c.whom().String(), "vault", c.where().String(), "collection", r.right.Collection(), "permission", r.right.Permission(),
		"action", action, "resource", strings.ToLower(c.resource(r.right)), "scope", c.localScope(r.right), "op", r.right.Permission(), "operation", string(r.operation),
		"tenant", c.set.TenantID, "address", c.address(), "assignment", "(not found)", "deny", "null", "reason", "DeniedWithNoValidRBAC",
		"activity", c.id.String())
	if e == nil {
		return code
	}
	return e
}

// address is where the request came from, as refusals say it.
func (c call) address() string {
	if addr := c.caller.source.Addr; addr.IsValid() {
		return addr.String()
	}
	return "unknown"
}

// localScope is the scope at which a Managed HSM looks for a right: that of the roles, the key that the path names, all
// keys, or everything.
func (c call) localScope(right policy.Right) string {
	switch {
	case isOfRoles(right):
		return c.scope().String()
	case right.Collection() != "keys":
		return "/"
	case c.name == "", right == policy.KeysCreate, right == policy.KeysImport:
		return "/keys"
	}
	return "/keys/" + c.name
}

// resource is the resource id of what a right is wanted for.
func (c call) resource(right policy.Right) string {
	if object := c.object(right); object != "" {
		return c.set.resource + "/" + object
	}
	return c.set.resource
}

func (c call) rbacRefusal(d policy.Decision) *errs.Error {
	denial, reason := "", "DeniedWithNoValidRBAC"
	if d.Reason == policy.DeniedByAssignment {
		denial, reason = d.Rule, ""
	}
	return errs.NewForbiddenByRbac(c.whom(), c.where(), d.Right.VaultAction(), c.resource(d.Right), "", denial, reason)
}

// tokenRefusal is the 401 of a token that does not verify.
func (v *container) tokenRefusal(err error) error {
	var failure *identity.Failure
	if !errors.As(err, &failure) {
		return err
	}
	var e *errs.Error
	switch failure.Reason {
	case identity.Missing:
		e = errs.NewMissingToken()
	case identity.WrongAudience:
		e = errs.NewInvalidAudience(failure.Expected, failure.Found)
	case identity.WrongIssuer:
		e = errs.NewInvalidIssuer(v.settings.Load().TenantID, failure.Found)
	case identity.UnknownKey:
		e = errs.NewUnknownSigningKey(failure.Header)
	case identity.Expired:
		e = errs.NewTokenExpired()
	case identity.NotYetValid:
		e = errs.NewTokenNotYetValid()
	default:
		e = errs.NewTokenRejected()
	}
	return e.Because(failure)
}
