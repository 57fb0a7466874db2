package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/embedvault/embedvault/internal/entropy"
	"github.com/embedvault/embedvault/internal/frontdoor"
	"github.com/embedvault/embedvault/internal/hook"
	"github.com/embedvault/embedvault/policy"
	"github.com/embedvault/embedvault/policy/identity"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/rest"
)

// site is a service with its front, and the files that tell programs of it.
type site struct {
	front  *frontdoor.Front
	access frontdoor.Access
	files  []file // to be removed at the end
	dir    string // likewise, or ""
}

// maxTestKeys is how many RSA keys of each size are derived; the cache of the machine keeps no more.
const maxTestKeys = 64

// administratorID is the object id of the administrator of every site: a full restore brings back the roles that it has in a
// backup.
const administratorID = "0c1d2e3f-0000-4000-8000-000000000003"

// openSite makes a service with the containers of the settings and one administrator, opens its ports, and leaves the
// bundle of certificates in a file: beside that of -env, or in a directory of its own. What an earlier site left there is
// removed once the ports are open. Files of others are a usageError, before anything else.
func openSite(ctx context.Context, s *settings, environ []string, log *slog.Logger) (*site, error) {
	if err := checkFiles(s.env); err != nil {
		return nil, err
	}
	tenant := identity.New(nil)
	admin, err := tenant.NewApplication("administrator", &identity.ObjectOptions{ObjectID: administratorID})
	if err != nil {
		return nil, err
	}
	secret, err := admin.AddSecret(nil)
	if err != nil {
		return nil, err
	}
	requests := requestLog{log: log, off: s.quiet}
	svc, err := vault.New(&vault.Options{
		Limits: &s.limits, Tenant: tenant, Attestation: identity.NewAttestor(nil), Storage: s.storage(), Audit: requests.note,
		Hook: &hook.Points{RSA: (&entropy.Drawer{Most: maxTestKeys}).RSA},
	})
	if err != nil {
		return nil, err
	}
	if err := createVaults(ctx, svc, s.vaults, admin.ObjectID()); err != nil {
		return nil, err
	}
	if err := createHSMs(ctx, svc, s.hsms, admin.ObjectID()); err != nil {
		return nil, err
	}
	site := &site{access: frontdoor.Access{
		TenantID: tenant.ID(), ClientID: admin.ClientID(), ClientSecret: secret.Reveal(),
		VaultURL: svc.Lookup(s.vaults[0].name).URL(),
	}}
	if len(s.hsms) > 0 {
		site.access.HSMURL = svc.LookupManagedHSM(s.hsms[0].name).URL()
	}
	o := &frontdoor.Options{
		Listen: s.listen, Proxy: s.proxy, Handler: rest.New(svc, &rest.Options{Unaudited: requests.other}), Log: log, Now: time.Now,
	}
	if o.Outside, err = s.outside(environ); err != nil {
		return nil, err
	}
	if site.front, err = openFront(o); err != nil {
		return nil, err
	}
	site.access.Addr, site.access.Proxy = reachable(site.front.Addr()), reachable(site.front.Proxy())
	if err := errors.Join(removeStale(s.env), site.leaveBundle(s.env, environ)); err != nil {
		return nil, errors.Join(err, site.close())
	}
	return site, nil
}

// outside is how other hosts are reached: not at all without egress, and for other machines not all of them.
func (s *settings) outside(environ []string) (frontdoor.Dial, error) {
	switch {
	case !s.egress:
		return nil, nil
	case s.expose:
		return frontdoor.OutsideExposed(environ)
	}
	return frontdoor.Outside(environ)
}

// openFront opens the ports. Who finds one taken is told by which flag to choose another one.
func openFront(o *frontdoor.Options) (*frontdoor.Front, error) {
	front, err := frontdoor.Open(o)
	if errors.Is(err, syscall.EADDRINUSE) {
		err = fmt.Errorf("%w: choose another one with -listen or -proxy", err)
	}
	return front, err
}

// createVaults makes the vaults, in each of which the administrator has every right.
func createVaults(ctx context.Context, svc *vault.Service, vaults []vaultSetting, admin string) error {
	all := []string{"all"}
	for _, v := range vaults {
		_, err := svc.CreateVault(ctx, v.name, &vault.VaultOptions{SKU: v.sku, AccessPolicies: []policy.AccessPolicy{
			{ObjectID: admin, Keys: all, Secrets: all, Certificates: all, Storage: all},
		}})
		if err != nil {
			return fmt.Errorf("-vault %s: %w", v.name, err)
		}
	}
	return nil
}

// createHSMs makes the Managed HSMs, activated unless said otherwise, in each of which the administrator has every role.
func createHSMs(ctx context.Context, svc *vault.Service, hsms []hsmSetting, admin string) error {
	for _, s := range hsms {
		var o vault.ManagedHSMOptions
		for _, role := range policy.HSMRoles() {
			o.Assignments = append(o.Assignments, policy.RoleAssignment{Role: role.ID, PrincipalID: admin, Scope: "/"})
		}
		h, err := svc.CreateManagedHSM(ctx, s.name, &o)
		if err != nil {
			return fmt.Errorf("-hsm %s: %w", s.name, err)
		}
		if s.inactive {
			continue
		}
		if err := h.Activate(ctx); err != nil {
			return err
		}
	}
	return nil
}

// reachable is an address as clients write it. A port on all addresses is reached by the name of the machine.
func reachable(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsUnspecified() {
		return addr.String()
	}
	name, err := os.Hostname()
	if err != nil {
		return addr.String()
	}
	return net.JoinHostPort(name, port)
}

// close lets requests end, closes the ports, and removes the files.
func (s *site) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	s.front.Shutdown(ctx)
	var failed error
	for _, f := range s.files {
		failed = errors.Join(failed, f.remove())
	}
	if s.dir != "" {
		failed = errors.Join(failed, os.Remove(s.dir))
	}
	return failed
}
