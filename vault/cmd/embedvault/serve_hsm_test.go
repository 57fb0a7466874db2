package main

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/embedvault/embedvault/crypto/hsm"
	"github.com/embedvault/embedvault/internal/entropy"
)

// A Managed HSM is served beside the vaults, active, and its challenge names another resource.
func testManagedHSM(t *testing.T, program string) {
	s := start(t, program, "-hsm", "fortress")
	if got := s.env["AZURE_MANAGEDHSM_URL"]; got != "https://fortress.managedhsm.azure.net" {
		t.Fatal(got)
	}
	c := s.client(t)
	resp, err := c.Get(s.env["AZURE_MANAGEDHSM_URL"] + "/settings?api-version=7.4")
	if body := answerOf(t, resp, err); resp.StatusCode != 401 || body != "OK" || !strings.Contains(resp.Header.Get("Www-Authenticate"), `resource="https://managedhsm.azure.net"`) {
		t.Errorf("%d %s %v", resp.StatusCode, body, resp.Header)
	}
	token := s.tokenFor(t, c, "https://managedhsm.azure.net/.default")
	if status, body := call(t, c, token, "POST", s.env["AZURE_MANAGEDHSM_URL"]+"/keys/k/create", `{"kty":"oct"}`); status != 200 || !strings.Contains(body, `"kty":"oct-HSM"`) {
		t.Errorf("%d %s", status, body)
	}
	if status, body := call(t, c, s.token(t, c), "GET", s.env["AZURE_MANAGEDHSM_URL"]+"/keys", ""); status != 401 || !strings.Contains(body, "Unable to verify access token") {
		t.Errorf("a token for vaults: %d %s", status, body)
	}
	resp, err = c.Get(s.env["AZURE_KEYVAULT_ATTESTATION_URL"] + "/generate-test-token")
	if body := answerOf(t, resp, err); resp.StatusCode != 200 || !strings.HasPrefix(body, `{"token":"`) {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

// fortress is the Managed HSM of a running server, with a token of the administrator for it.
type fortress struct {
	*server
	client *http.Client
	token  string
}

// openFortress starts a server with a Managed HSM that is not activated.
func openFortress(t *testing.T, program, backups string) *fortress {
	t.Helper()
	s := start(t, program, "-hsm", "fortress:inactive", "-backups", backups)
	c := s.client(t)
	return &fortress{s, c, s.tokenFor(t, c, "https://managedhsm.azure.net/.default")}
}

// do makes a request that must be answered with a status, and returns the members of the answer that are texts.
func (f *fortress) do(t *testing.T, want int, method, path string, body any) map[string]string {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	status, answer := call(t, f.client, f.token, method, f.env["AZURE_MANAGEDHSM_URL"]+path, string(text))
	var members map[string]any
	if err := json.Unmarshal([]byte(answer), &members); status != want || err != nil && status != http.StatusNoContent {
		t.Fatalf("%s %s: %d %s, want %d", method, path, status, answer, want)
	}
	texts := map[string]string{}
	for name, value := range members {
		texts[name], _ = value.(string)
	}
	return texts
}

// holdersOfADomain are three people who hold the shares of a security domain, and how a request names them.
func holdersOfADomain(t *testing.T) (all []hsm.DomainHolder, named []map[string]any) {
	t.Helper()
	for i := range 3 {
		key, err := entropy.Shared().RSA(2048, i)
		if err != nil {
			t.Fatal(err)
		}
		draft := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 1))}
		der, err := x509.CreateCertificate(rand.Reader, draft, draft, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, hsm.DomainHolder{Certificate: certificate, Key: key})
		named = append(named, map[string]any{"kty": "RSA", "x5c": []string{base64.StdEncoding.EncodeToString(der)}})
	}
	return all, named
}

// rewrapped is a security domain that was downloaded, as its holders bring it to another Managed HSM.
func rewrapped(t *testing.T, domain, transferKey string, holders []hsm.DomainHolder) string {
	t.Helper()
	var jwk struct {
		X5C [][]byte `json:"x5c"`
	}
	if err := json.Unmarshal([]byte(transferKey), &jwk); err != nil || len(jwk.X5C) == 0 {
		t.Fatalf("no certificate: %v in %s", err, transferKey)
	}
	to, err := x509.ParseCertificate(jwk.X5C[0])
	if err != nil {
		t.Fatal(err)
	}
	blob, err := hsm.RewrapDomain([]byte(domain), to, holders)
	if err != nil {
		t.Fatal(err)
	}
	return string(blob)
}

// What one server has backed up another one restores, if it is given the security domain of the first. Its administrator has
// the same roles afterwards.
func testBackupsOutliveTheServer(t *testing.T, program string) {
	holders, named := holdersOfADomain(t)
	storage := map[string]any{"storageResourceUri": "https://acct.blob.core.windows.net/backups", "useManagedIdentity": true}
	backups := t.TempDir()

	first := openFortress(t, program, backups)
	first.do(t, 403, "POST", "/keys/k/create", map[string]any{"kty": "oct"})
	domain := first.do(t, 202, "POST", "/securitydomain/download", map[string]any{"certificates": named, "required": 2})["value"]
	first.do(t, 200, "POST", "/keys/k/create", map[string]any{"kty": "oct"})
	job := first.do(t, 202, "POST", "/backup", storage)["jobId"]
	uri := first.do(t, 200, "GET", "/backup/"+job+"/pending", nil)["azureStorageBlobContainerUri"]
	first.stop(t, os.Interrupt)

	second := openFortress(t, program, backups)
	transfer := second.do(t, 200, "GET", "/securitydomain/upload", nil)["transfer_key"]
	second.do(t, 202, "POST", "/securitydomain/upload", map[string]any{"value": rewrapped(t, domain, transfer, holders[1:])})
	folder := uri[strings.LastIndex(uri, "/")+1:]
	second.do(t, 202, "PUT", "/restore", map[string]any{"sasTokenParameters": storage, "folderToRestore": folder})
	second.do(t, 200, "GET", "/keys/k", nil)
	second.stop(t, os.Interrupt)
}
