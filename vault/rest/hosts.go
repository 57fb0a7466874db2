package rest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/embedvault/embedvault/vault"
)

// purpose is what a host is for.
type purpose uint8

const (
	forNobody purpose = iota
	forVault
	forManagedHSM
	forAuthority
	forAttester
)

// product is which product the containers of a host are of.
func (p purpose) product() vault.Product {
	if p == forManagedHSM {
		return vault.ProductManagedHSM
	}
	return vault.ProductKeyVault
}

// Where the service is found, in the public cloud and in the sovereign ones: the domains right below which the hosts of
// vaults and of Managed HSMs are, and the hosts that issue tokens.
var (
	vaultDomains = []string{
		vault.ProductKeyVault.Domain(), "privatelink.vaultcore.azure.net", "vault.azure.cn", "vault.usgovcloudapi.net",
	}
	hsmDomains     = []string{vault.ProductManagedHSM.Domain(), "managedhsm.azure.cn", "managedhsm.usgovcloudapi.net"}
	authorityHosts = []string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net", metadataHost}
)

// Domains returns the domains right below which every handler finds containers by their names, such as "vault.azure.net"
// and "managedhsm.azure.net". They are the caller's own.
func Domains() []string { return slices.Concat(vaultDomains, hsmDomains) }

// ContainerOf returns product and name of the vault or Managed HSM that a host, with or without port, is that of for every
// handler, whether there is one or not. ok is false for a host that is not right below one of the [Domains].
func ContainerOf(host string) (product vault.Product, name string, ok bool) {
	host = strings.ToLower(strings.TrimSuffix(withoutPort(host), "."))
	if name = below(host, vaultDomains); name != "" {
		return vault.ProductKeyVault, name, true
	}
	if name = below(host, hsmDomains); name != "" {
		return vault.ProductManagedHSM, name, true
	}
	return 0, "", false
}

// metadataHost is the address under which a machine of the platform finds its identities.
const metadataHost = "169.254.169.254"

// regionalDomain is where the authorities of regions are found, each at one of the hosts below.
const regionalDomain = ".login.microsoft.com"

// hosts tells what a host is for.
type hosts struct {
	domains     []string // of vaults
	hsmDomains  []string
	authorities []string
	attester    string // the host of the authority of attestations, or ""
	otherwise   string // the vault of all other hosts, or ""
}

func newHosts(o *Options) hosts {
	return hosts{
		domains: with(vaultDomains, o.Suffixes), hsmDomains: with(hsmDomains, o.HSMSuffixes),
		authorities: slices.Clone(authorityHosts), otherwise: o.Vault,
	}
}

// with are domains and further ones, as a program may write them.
func with(domains, suffixes []string) []string {
	domains = slices.Clip(domains)
	for _, suffix := range suffixes {
		domains = append(domains, strings.ToLower(strings.Trim(suffix, ".")))
	}
	return domains
}

// authority adds the host of an address as one that issues tokens.
func (h *hosts) authority(address string) {
	if host := hostIn(address); host != "" {
		h.authorities = append(h.authorities, host, withoutPort(host))
	}
}

// hostIn is the host of an address, in lower case and with its port; "" if it has none.
func hostIn(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// find tells what a host, in lower case, is for, and the name of the container. A host that is nothing by itself issues
// tokens on the paths of the authority, and is otherwise the vault of all other hosts.
func (h *hosts) find(host, path string) (purpose, string) {
	if !isHost(host) {
		return forNobody, ""
	}
	bare := withoutPort(host)
	if name := below(bare, h.domains); name != "" {
		return forVault, name
	}
	if name := below(bare, h.hsmDomains); name != "" {
		return forManagedHSM, name
	}
	if h.attester != "" && (h.attester == bare || h.attester == host) {
		return forAttester, ""
	}
	if isRegional(bare) || slices.Contains(h.authorities, bare) || slices.Contains(h.authorities, host) || isAuthorityPath(path) {
		return forAuthority, ""
	}
	if h.otherwise != "" {
		return forVault, h.otherwise
	}
	return forNobody, ""
}

// below is the name right below one of the domains, "" if the host is not there.
func below(host string, domains []string) string {
	for _, domain := range domains {
		name, ok := strings.CutSuffix(host, domain)
		if name, dot := strings.CutSuffix(name, "."); ok && dot && strings.IndexByte(name, '.') < 0 {
			return name
		}
	}
	return ""
}

// isRegional tells whether a host is the authority of a region.
func isRegional(host string) bool {
	region, found := strings.CutSuffix(host, regionalDomain)
	return found && region != ""
}

// isHost tells whether a host, in lower case, can be one: ids show it as it is.
func isHost(host string) bool {
	for i := range len(host) {
		switch c := host[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', strings.IndexByte("-._:[]", c) >= 0:
		default:
			return false
		}
	}
	return host != ""
}

func withoutPort(host string) string {
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		return host[:i]
	}
	return host
}

// hostOf is the host that a request is for, in lower case. The port of https is left out, as the service does in ids, and
// so is the dot at the end of a full name.
func hostOf(r *http.Request) string {
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	host = strings.TrimSuffix(host, ":443")
	bare := withoutPort(host)
	return strings.ToLower(strings.TrimSuffix(bare, ".") + host[len(bare):])
}
