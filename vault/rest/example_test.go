package rest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/rest"
)

// A client of the process talks to its vaults without a socket. Without a token it is told where to get one.
func Example() {
	svc, err := vault.New(nil)
	if err != nil {
		panic(err)
	}
	if _, err := svc.Vault(context.Background(), "contoso"); err != nil {
		panic(err)
	}
	client := &http.Client{Transport: rest.New(svc, nil).Transport()}
	resp, err := client.Get("https://contoso.vault.azure.net/secrets/db?api-version=7.4")
	if err != nil {
		panic(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(err)
	}
	fmt.Println(resp.Status, resp.Header.Get("WWW-Authenticate"))
	fmt.Println(string(body))
	// Output:
	// 401 Unauthorized Bearer authorization="https://login.microsoftonline.com/00000000-0000-4000-8000-000000000001", resource="https://vault.azure.net"
	// {"error":{"code":"Unauthorized","message":"AKV10000: Request is missing a Bearer, PoP, or MTLS_POP token."}}
}
