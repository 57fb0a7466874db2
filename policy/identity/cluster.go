package identity

import (
	"crypto/rsa"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
)

// Cluster is an issuer of tokens outside the directory, as a Kubernetes cluster is: it gives its workloads tokens that
// an application which trusts it takes as its own (workload identity). It is immutable.
type Cluster struct {
	issuer string
	signer jose.Signer
	public *rsa.PublicKey
}

// NewCluster returns the issuer of a URL that signs with a key of at least 1024 bits.
func NewCluster(issuer string, key *rsa.PrivateKey) (*Cluster, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, err
	}
	return &Cluster{issuer, signer, &key.PublicKey}, nil
}

// Trust is the federation that lets a workload of the cluster be an application. The subject names the workload, such as
// system:serviceaccount:shop:billing.
func (c *Cluster) Trust(subject string) Federation {
	return Federation{Issuer: c.issuer, Subject: subject, Audience: DefaultFederationAudience, Key: c.public}
}

// Token is what the cluster gives a workload: good for an hour from a moment on. A program finds it in the file that
// AZURE_FEDERATED_TOKEN_FILE names.
func (c *Cluster) Token(subject string, from time.Time) (string, error) {
	payload, err := json.Marshal(map[string]any{
		"iss": c.issuer, "sub": subject, "aud": []string{DefaultFederationAudience},
		"iat": from.Unix(), "nbf": from.Unix(), "exp": from.Add(time.Hour).Unix(),
	})
	if err != nil {
		return "", err
	}
	jws, err := c.signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return jws.CompactSerialize()
}
