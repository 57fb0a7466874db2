package frontdoor_test

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/embedvault/embedvault/internal/frontdoor"
)

// What an exposed front does not lead its clients to: HOSTs of this machine and its link, as they may be written.
func ownHosts(t *testing.T) []string {
	hosts := []string{
		"127.0.0.1", "127.9.9.9", "localhost", "LOCALHOST.", "127.0.0.1.", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::", "::ffff:0.0.0.0",
		"169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "fe80::1", "fe80::1%lo", "224.0.0.1", "ff02::1",
		"127.1", "2130706433", "0x7f000001", "0x7f.1",
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		hosts = append(hosts, a.(*net.IPNet).IP.String())
	}
	return hosts
}

func TestAnExposedFrontLeadsNobodyToItsMachine(t *testing.T) {
	hello := greeter(t)
	_, port, _ := net.SplitHostPort(hello.String())
	proxy, asked := corporate(t, hello)
	upstream := "HTTPS_PROXY=http://jo:open%3Asesame@" + proxy
	for _, environ := range []string{"", upstream, upstream + " NO_PROXY=*"} {
		dial, err := frontdoor.OutsideExposed(strings.Fields(environ))
		if err != nil {
			t.Fatal(err)
		}
		for _, host := range ownHosts(t) {
			if got := said(t.Context(), dial, net.JoinHostPort(host, port)); !strings.Contains(got, "leads to this machine") {
				t.Errorf("%q to %s: %q", environ, host, got)
			}
		}
	}
	if len(*asked) != 0 {
		t.Errorf("the proxy was asked for %q", *asked)
	}
}

func TestAnExposedFrontLeadsElsewhere(t *testing.T) {
	proxy, asked := corporate(t, greeter(t))
	through, err := frontdoor.OutsideExposed([]string{"HTTPS_PROXY=http://jo:open%3Asesame@" + proxy})
	if err != nil {
		t.Fatal(err)
	}
	unresolvable := strings.Repeat("x", 64) + ".example" // a label too long, which no resolver is asked for
	for _, host := range []string{"203.0.113.7", unresolvable} {
		if got := said(t.Context(), through, host+":443"); got != "first hello" {
			t.Errorf("%s: %q", host, got)
		}
	}
	if want := []string{"CONNECT 203.0.113.7:443", "CONNECT " + unresolvable + ":443"}; !slices.Equal(*asked, want) {
		t.Errorf("the proxy was asked for %q", *asked)
	}
	directly, err := frontdoor.OutsideExposed(nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	conn, err := directly(ctx, "203.0.113.7:443")
	if err == nil {
		conn.Close()
	} else if strings.Contains(err.Error(), "leads to this machine") {
		t.Error(err)
	}
}

func TestAnExposedFrontSaysWhyNot(t *testing.T) {
	outside, err := frontdoor.OutsideExposed(nil)
	if err != nil {
		t.Fatal(err)
	}
	f := open(t, frontdoor.Options{Outside: outside})
	const want = "403 embedvault: 169.254.169.254:80 leads to this machine"
	if _, status := ask(t, f, "169.254.169.254:80"); !strings.HasPrefix(status, want) {
		t.Error(status)
	}
}
