package frontdoor

import (
	"net"
	"slices"
	"strings"

	"github.com/embedvault/embedvault/vault/rest"
)

// The hosts of the service in the public cloud and in the sovereign ones: domains right below which every host is served,
// and hosts by themselves.
var (
	servedDomains = rest.Domains()
	servedHosts   = []string{
		"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net",
		"login.microsoftonline.us", "login-us.microsoftonline.com",
		"login.chinacloudapi.cn", "login.partner.microsoftonline.cn", "sts.chinacloudapi.cn",
		strings.TrimPrefix(AttestationURL, "https://"),
	}
)

// regional is the host below which the authorities of regions are, where clients go that AZURE_REGIONAL_AUTHORITY_NAME
// tells their region.
const regional = "login.microsoft.com"

// Serves tells whether a host, without port, is one that a front answers for and never lets out.
func Serves(host string) bool {
	_, _, ok := rest.ContainerOf(host)
	host = plain(host)
	region, below := strings.CutSuffix(host, "."+regional)
	return ok || slices.Contains(servedHosts, host) || below && region != ""
}

// Attests tells whether a host, with or without port, is that of the authority at AttestationURL.
func Attests(host string) bool {
	if bare, _, err := net.SplitHostPort(host); err == nil {
		host = bare
	}
	return plain(host) == strings.TrimPrefix(AttestationURL, "https://")
}

// plain is a host in lower case, without the dot at the end of a full name.
func plain(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }
