package rest_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/rest"
)

// A server on a socket bounds what each connection can occupy, and how many there are. Who reaches it by an address of its
// own says in Options which vault it is.
func ExampleNewServer() {
	svc, err := vault.New(nil)
	if err != nil {
		panic(err)
	}
	if _, err := svc.Vault(context.Background(), "contoso"); err != nil {
		panic(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := rest.NewServer(rest.New(svc, &rest.Options{Vault: "contoso"}))
	go server.Serve(rest.Limit(l, rest.MaxConnections)) // ServeTLS for SDKs: they send no token without TLS
	defer server.Close()

	resp, err := http.Get("http://" + l.Addr().String() + "/secrets/db?api-version=7.4")
	if err != nil {
		panic(err)
	}
	resp.Body.Close()
	fmt.Println(resp.Status)
	// Output:
	// 401 Unauthorized
}

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
