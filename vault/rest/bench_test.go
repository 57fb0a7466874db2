package rest_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/embedvault/embedvault/limiter"
	"github.com/embedvault/embedvault/vault"
	"github.com/embedvault/embedvault/vault/rest"
)

// benchTransport is a transport to a vault of a hundred secrets, without limits.
func benchTransport(tb testing.TB) *rest.Transport {
	tb.Helper()
	unlimited := limiter.Unlimited()
	svc, err := vault.New(&vault.Options{Limits: &unlimited})
	if err != nil {
		tb.Fatal(err)
	}
	v, err := svc.CreateVault(tb.Context(), "contoso", nil)
	if err != nil {
		tb.Fatal(err)
	}
	for i := range 100 {
		if _, err := v.As(vault.Owner()).SetSecret(tb.Context(), fmt.Sprintf("s-%02d", i), "value", nil); err != nil {
			tb.Fatal(err)
		}
	}
	return rest.New(svc, nil).Transport().As(vault.Owner())
}

func getSecret(tb testing.TB) *http.Request {
	r := request(tb, "GET", "https://contoso.vault.azure.net/secrets/s-07/?api-version=7.4", nil)
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "bench/1")
	return r
}

// BenchmarkTransport measures one GetSecret without a client: the request is made each time, or once.
func BenchmarkTransport(b *testing.B) {
	transport := benchTransport(b)
	send := func(r *http.Request) {
		resp, err := transport.Do(r)
		if err != nil || resp.StatusCode != 200 {
			b.Fatal(resp, err)
		}
		io.Copy(io.Discard, resp.Body)
	}
	b.Run("request=new", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			send(getSecret(b))
		}
	})
	b.Run("request=same", func(b *testing.B) {
		r := getSecret(b)
		b.ReportAllocs()
		for b.Loop() {
			send(r)
		}
	})
}

func TestAllocationsOfTheTransport(t *testing.T) {
	transport, r := benchTransport(t), getSecret(t)
	allocs := testing.AllocsPerRun(1000, func() {
		if resp, err := transport.Do(r); err != nil || resp.StatusCode != 200 {
			t.Fatal(resp, err)
		}
	})
	if allocs > 12 {
		t.Errorf("%v allocations a request, want at most 12", allocs)
	}
}
