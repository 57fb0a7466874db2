package identity

import (
	"encoding/base64"
	"math/big"
	"strings"
)

// JWKS is the key set document, where those who verify tokens find keys.
type JWKS struct {
	Keys []JWK `json:"keys"`
}

// JWK is one public signing key. Kid and X5T are both the SHA-1 thumbprint of the
// certificate, which is the one member of X5C, in base64.
type JWK struct {
	KeyType  string   `json:"kty"`
	Use      string   `json:"use"`
	KeyID    string   `json:"kid"`
	X5T      string   `json:"x5t"`
	Modulus  string   `json:"n"`
	Exponent string   `json:"e"`
	X5C      []string `json:"x5c"`
	Issuer   string   `json:"issuer"`
}

// JWKS is the tenant's key set: the one current key, made now if there is none. It
// fails with the error of [Options.NewKey].
func (t *Tenant) JWKS() (JWKS, error) {
	k, err := t.ring.signing(t.now())
	if err != nil {
		return JWKS{}, err
	}
	return JWKS{[]JWK{{
		KeyType: "RSA", Use: "sig", KeyID: k.kid, X5T: k.kid, Issuer: t.Issuer(),
		Modulus:  base64.RawURLEncoding.EncodeToString(k.public.N.Bytes()),
		Exponent: base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.public.E)).Bytes()),
		X5C:      []string{base64.StdEncoding.EncodeToString(k.certificate)},
	}}}, nil
}

// Metadata is the OpenID configuration document, as far as clients that ask for
// access tokens read it.
type Metadata struct {
	Issuer                string   `json:"issuer"`
	TokenEndpoint         string   `json:"token_endpoint"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	DeviceEndpoint        string   `json:"device_authorization_endpoint"`
	JWKSURI               string   `json:"jwks_uri"`
	AuthMethods           []string `json:"token_endpoint_auth_methods_supported"`
	ResponseModes         []string `json:"response_modes_supported"`
	SubjectTypes          []string `json:"subject_types_supported"`
	SigningAlgorithms     []string `json:"id_token_signing_alg_values_supported"`
	ResponseTypes         []string `json:"response_types_supported"`
	Scopes                []string `json:"scopes_supported"`
	Claims                []string `json:"claims_supported"`
	TenantRegionScope     string   `json:"tenant_region_scope"`
	CloudInstanceName     string   `json:"cloud_instance_name"`
}

// OpenID is the document at {authority}/{tenant}/.well-known/openid-configuration.
// Its issuer is that of the tokens.
func (t *Tenant) OpenID() Metadata {
	return t.metadata(t.Issuer(), "/oauth2", "/common/discovery/keys")
}

// OpenIDv2 is the document at {authority}/{tenant}/v2.0/.well-known/openid-configuration,
// which today's client libraries read. Its issuer is that of version 2.0 tokens: a
// vault's tokens are of version 1.0 whichever endpoint they come from.
func (t *Tenant) OpenIDv2() Metadata {
	return t.metadata(t.authority+"/"+t.id+"/v2.0", "/oauth2/v2.0", "/"+t.id+"/discovery/v2.0/keys")
}

func (t *Tenant) metadata(issuer, oauth, keys string) Metadata {
	base := t.authority + "/" + t.id + oauth
	_, instance, _ := strings.Cut(t.authority, "://login.")
	return Metadata{
		Issuer:                issuer,
		TokenEndpoint:         base + "/token",
		AuthorizationEndpoint: base + "/authorize",
		DeviceEndpoint:        base + "/devicecode",
		JWKSURI:               t.authority + keys,
		AuthMethods:           []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		ResponseModes:         []string{"query", "fragment", "form_post"},
		SubjectTypes:          []string{"pairwise"},
		SigningAlgorithms:     []string{"RS256"},
		ResponseTypes:         []string{"code", "id_token", "code id_token", "token id_token", "token"},
		Scopes:                []string{"openid"},
		Claims:                []string{"sub", "iss", "aud", "exp", "iat", "tid", "ver", "name"},
		TenantRegionScope:     t.region,
		CloudInstanceName:     or(instance, "microsoftonline.com"),
	}
}
