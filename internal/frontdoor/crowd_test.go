package frontdoor_test

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/embedvault/embedvault/internal/frontdoor"
)

// Who waits for clients takes no place: one is enough for both ports.
func TestOnePlaceIsEnough(t *testing.T) {
	f := open(t, frontdoor.Options{Connections: 1})
	for range 3 {
		if body, err := get(client(f), "https://contoso.vault.azure.net/"); err != nil || body == "" {
			t.Fatalf("%q %v", body, err)
		}
	}
}

// A tunnel through which nothing moves loses its place to a newcomer; one that is used keeps it.
func TestIdleTunnelsKeepNobodyOut(t *testing.T) {
	var ahead atomic.Int64
	f := open(t, frontdoor.Options{
		Connections: 2, Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
		Outside: func(context.Context, string) (net.Conn, error) {
			here, there := net.Pipe()
			go io.Copy(there, there)
			return here, nil
		},
	})
	used, idle := connect(t, f, "used.example:443"), connect(t, f, "idle.example:443")
	for _, conn := range []net.Conn{idle, used} {
		if got := echoed(conn); got != "ping" {
			t.Fatalf("%q", got)
		}
	}
	ahead.Store(int64(time.Minute))
	if got := echoed(used); got != "ping" {
		t.Errorf("the tunnel that was used: %q", got)
	}
	if body, err := get(client(f), "https://contoso.vault.azure.net/"); err != nil || body == "" {
		t.Errorf("the newcomer: %q %v", body, err)
	}
	if got := echoed(used); got != "ping" {
		t.Errorf("the tunnel that was used, afterwards: %q", got)
	}
	if got := echoed(idle); got == "ping" {
		t.Error("the idle tunnel has kept its place")
	}
}

// echoed is what comes back of "ping".
func echoed(conn net.Conn) string {
	b := make([]byte, 4)
	io.WriteString(conn, "ping")
	n, _ := io.ReadFull(conn, b)
	return string(b[:n])
}
