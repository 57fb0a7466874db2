package frontdoor

import (
	"slices"
	"strings"
)

// Access is what a program needs to be told to reach a service behind a front with the clients of Azure. What is empty
// is not told.
type Access struct {
	TenantID, ClientID, ClientSecret string // of the application that the program is
	VaultURL, HSMURL                 string
	Proxy, Addr                      string // host:port of the two ports
	Bundle                           string // the path of a file with Front.Bundle
}

// AttestationURL is where a release of keys finds the authority that attests environments.
const AttestationURL = "https://attest.azurewebsites.net"

// SecretName is the one variable of an Access that is secret.
const SecretName = "AZURE_CLIENT_SECRET"

// Variables are the environment variables for a program, as NAME=VALUE in a fixed order. Besides those of the list there
// are others that only matter where they are set already: what the surrounding environment names that would lead a client
// past the proxy, past its certificates or to other credentials is named again with a value that does not.
func (a Access) Variables(environ []string) []string {
	var list []string
	set := func(name, value string) {
		if value != "" {
			list = append(list, name+"="+value)
		}
	}
	set("AZURE_TENANT_ID", a.TenantID)
	set("AZURE_CLIENT_ID", a.ClientID)
	set(SecretName, a.ClientSecret)
	set("AZURE_KEYVAULT_URL", a.VaultURL)
	set("AZURE_MANAGEDHSM_URL", a.HSMURL)
	if a.VaultURL != "" {
		set("AZURE_KEYVAULT_ATTESTATION_URL", AttestationURL)
	}
	set("HTTPS_PROXY", a.proxy())
	set("SSL_CERT_FILE", a.Bundle)
	set("NODE_EXTRA_CA_CERTS", a.Bundle)
	set("REQUESTS_CA_BUNDLE", a.Bundle)
	set("EMBEDVAULT_ADDR", a.Addr)
	around := variables(environ)
	for _, o := range overrides {
		if around[o.name] != "" {
			set(o.name, o.value(a))
		}
	}
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		if around[name] != "" {
			list = append(list, name+"="+excepting(around[name]))
		}
	}
	return list
}

func (a Access) proxy() string {
	if a.Proxy == "" {
		return ""
	}
	return "http://" + a.Proxy
}

func (a Access) bundle() string { return a.Bundle }

// overrides are the variables that are named again where they are set.
var overrides = []struct {
	name  string
	value func(Access) string
}{
	{"https_proxy", Access.proxy},
	{"AZURE_AUTHORITY_HOST", func(Access) string { return "https://login.microsoftonline.com/" }},
	{"AZURE_TOKEN_CREDENTIALS", func(Access) string { return "prod" }},
	{"CURL_CA_BUNDLE", Access.bundle},
	{"GIT_SSL_CAINFO", Access.bundle},
	{"PIP_CERT", Access.bundle},
	{"AWS_CA_BUNDLE", Access.bundle},
	{"HTTPLIB2_CA_CERTS", Access.bundle},
	{"NIX_SSL_CERT_FILE", Access.bundle},
}

// excepting is a NO_PROXY without the entries that except hosts of the service.
func excepting(value string) string {
	hosts := slices.Clone(servedHosts)
	for _, domain := range append(servedDomains[:len(servedDomains):len(servedDomains)], regional) {
		hosts = append(hosts, "any."+domain)
	}
	kept := slices.DeleteFunc(strings.Split(value, ","), func(entry string) bool {
		name, _, _ := strings.Cut(strings.Trim(entry, " .*"), ":")
		return Serves(name) || slices.ContainsFunc(hosts, func(host string) bool { return covers(entry, host+":"+servedPort) })
	})
	return strings.Join(kept, ",")
}

// environment is an environment by name.
type environment map[string]string

// variables reads an environment. Of several values of a name the last one counts.
func variables(environ []string) environment {
	e := environment{}
	for _, v := range environ {
		name, value, _ := strings.Cut(v, "=")
		e[name] = value
	}
	return e
}

// either is the value of the first name that has one.
func (e environment) either(names ...string) string {
	for _, name := range names {
		if e[name] != "" {
			return e[name]
		}
	}
	return ""
}
