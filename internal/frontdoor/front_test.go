package frontdoor_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/embedvault/embedvault/internal/frontdoor"
)

// echo answers with the host and path it was asked for.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s %s", r.Host, r.URL.Path)
})

// open makes a front that ends with the test.
func open(t *testing.T, o frontdoor.Options) *frontdoor.Front {
	t.Helper()
	if o.Handler == nil {
		o.Handler = echo
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	f, err := frontdoor.Open(&o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

// client trusts the front, and goes through its proxy.
func client(f *frontdoor.Front) *http.Client { return clientThatTrusts(f, f.Authority()) }

func clientThatTrusts(f *frontdoor.Front, cert *x509.Certificate) *http.Client {
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		Proxy:             http.ProxyURL(&url.URL{Scheme: "http", Host: f.Proxy().String()}),
		TLSClientConfig:   &tls.Config{RootCAs: pool},
		DisableKeepAlives: true, ForceAttemptHTTP2: true,
	}}
}

func get(c *http.Client, address string) (string, error) {
	resp, err := c.Get(address)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

func TestHostsOfTheServiceAreServed(t *testing.T) {
	c := client(open(t, frontdoor.Options{}))
	for _, host := range []string{
		"contoso.vault.azure.net", "CONTOSO.vault.azure.net", "contoso.vault.azure.cn", "contoso.vault.usgovcloudapi.net",
		"contosohsm.managedhsm.azure.net", "contosohsm.managedhsm.usgovcloudapi.net",
		"login.microsoftonline.com", "login.windows.net", "sts.windows.net", "attest.azurewebsites.net",
		"login.microsoftonline.us", "login.chinacloudapi.cn",
		"login.microsoft.com", "westeurope.login.microsoft.com",
	} {
		if body, err := get(c, "https://"+host+"/keys"); err != nil || !strings.EqualFold(body, host+" /keys") {
			t.Errorf("%s: %q %v", host, body, err)
		}
	}
}

func TestOtherHostsAreRefusedInOneLine(t *testing.T) {
	var log bytes.Buffer
	c := client(open(t, frontdoor.Options{Log: slog.New(slog.NewTextHandler(&log, nil))}))
	for _, address := range []string{
		"https://example.com/", "https://vault.azure.net/", "https://contoso.vault.azure.net.example.com/",
		"https://notlogin.microsoftonline.com/", "https://contoso.vault.azure.net:8443/",
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		_, err = get(c, address)
		if err == nil || !strings.Contains(err.Error(), "embedvault: "+u.Hostname()) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if n := strings.Count(log.String(), "status=403"); n != 5 {
		t.Errorf("%d refusals logged:\n%s", n, &log)
	}
}

func TestThePortSpeaksTLSByHost(t *testing.T) {
	f := open(t, frontdoor.Options{})
	pool := x509.NewCertPool()
	pool.AddCert(f.Authority())
	for host, served := range map[string]bool{
		"contoso.vault.azure.net": true, "login.microsoftonline.com": true, "localhost": true, "127.0.0.1": true,
		"example.com": false, "vault.azure.net": false, "": false,
	} {
		conn, err := tls.Dial("tcp", f.Addr().String(), &tls.Config{ServerName: host, RootCAs: pool})
		if (err == nil) != served && host != "" {
			t.Errorf("%s: %v, served %v", host, err, served)
		}
		if err == nil {
			conn.Close()
		}
	}
}

// What the authority signs for other hosts is worth nothing, even to those who trust it.
func TestTheAuthorityIsConstrained(t *testing.T) {
	ca := open(t, frontdoor.Options{}).Authority()
	if !ca.PermittedDNSDomainsCritical || len(ca.PermittedDNSDomains) == 0 || len(ca.PermittedIPRanges) == 0 || !ca.MaxPathLenZero {
		t.Errorf("%+v", ca.PermittedDNSDomains)
	}
	for _, domain := range ca.PermittedDNSDomains {
		if domain != "localhost" && !frontdoor.Serves("any."+domain) && !frontdoor.Serves(domain) {
			t.Errorf("good for %s, which is not served", domain)
		}
	}
}

func TestEachFrontHasAnAuthorityOfItsOwn(t *testing.T) {
	f, other := open(t, frontdoor.Options{}), open(t, frontdoor.Options{})
	_, err := get(clientThatTrusts(f, other.Authority()), "https://contoso.vault.azure.net/")
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
		t.Errorf("%v", err)
	}
}

func TestTunnel(t *testing.T) {
	world := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(w, r.Body)
	}))
	defer world.Close()
	dial := func(ctx context.Context, address string) (net.Conn, error) {
		if address != "example.com:443" {
			return nil, errors.New("no such host")
		}
		return new(net.Dialer).DialContext(ctx, "tcp", world.Listener.Addr().String())
	}
	c := clientThatTrusts(open(t, frontdoor.Options{Outside: dial}), world.Certificate())
	text := strings.Repeat("all that goes in comes out. ", 50_000)
	resp, err := c.Post("https://example.com/", "text/plain", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != text {
		t.Errorf("%d bytes of %d came back: %v", len(body), len(text), err)
	}
	if _, err := get(c, "https://nowhere.example/"); err == nil || !strings.Contains(err.Error(), "nowhere.example:443 cannot be reached") {
		t.Errorf("%v", err)
	}
	if _, err := get(c, "https://contoso.vault.azure.net/"); err == nil {
		t.Error("a host of the service was tunnelled")
	}
}

// A client that closes its side is still told the rest, and tunnels end with the front.
func TestTunnelEnds(t *testing.T) {
	here, there := pipe(t)
	dialled := func(context.Context, string) (net.Conn, error) { return there, nil }
	f := open(t, frontdoor.Options{Outside: dialled})
	conn := connect(t, f, "example.com:80")
	fmt.Fprint(conn, "question")
	conn.(*net.TCPConn).CloseWrite()
	if got, err := io.ReadAll(here); err != nil || string(got) != "question" {
		t.Errorf("%q %v", got, err)
	}
	fmt.Fprint(here, "answer")
	here.Close()
	if got, err := io.ReadAll(conn); err != nil || string(got) != "answer" {
		t.Errorf("%q %v", got, err)
	}

	here, there = pipe(t)
	conn = connect(t, f, "example.com:80")
	f.Close()
	for _, c := range []net.Conn{here, conn} {
		if n, _ := c.Read(make([]byte, 1)); n != 0 {
			t.Error("something came out of a closed tunnel")
		}
	}
}

// pipe is a TCP connection within the process.
func pipe(t *testing.T) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// connect asks the proxy for an address by hand.
func connect(t *testing.T, f *frontdoor.Front, address string) net.Conn {
	t.Helper()
	conn, status := ask(t, f, address)
	if status != "200 Connection established" {
		t.Fatal(address, status)
	}
	return conn
}

// ask asks the proxy for an address, and returns the connection and the line of the answer.
func ask(t *testing.T, f *frontdoor.Front, address string) (net.Conn, string) {
	t.Helper()
	conn, err := net.Dial("tcp", f.Proxy().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %[1]s\r\n\r\n", address)
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, &http.Request{Method: http.MethodConnect})
	if err != nil {
		t.Fatal(err)
	}
	if ahead := r.Buffered(); resp.StatusCode == http.StatusOK && ahead != 0 {
		t.Fatalf("%d bytes ahead", ahead)
	}
	return conn, resp.Status
}

// Clients may say what they want before they were let through.
func TestEagerClient(t *testing.T) {
	f := open(t, frontdoor.Options{})
	conn, err := net.Dial("tcp", f.Proxy().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	pool := x509.NewCertPool()
	pool.AddCert(f.Authority())
	eager := &eagerConn{Conn: conn, head: "CONNECT contoso.vault.azure.net:443 HTTP/1.1\r\nHost: contoso.vault.azure.net:443\r\n\r\n"}
	secure := tls.Client(eager, &tls.Config{ServerName: "contoso.vault.azure.net", RootCAs: pool})
	if err := secure.Handshake(); err != nil {
		t.Fatal(err)
	}
}

// eagerConn puts a head before the first write, and drops the answer to it from what is read.
type eagerConn struct {
	net.Conn
	head    string
	skipped bool
}

func (c *eagerConn) Write(p []byte) (int, error) {
	_, err := c.Conn.Write(append([]byte(c.head), p...))
	c.head = ""
	return len(p), err
}

func (c *eagerConn) Read(p []byte) (int, error) {
	for end := []byte("\r\n\r\n"); !c.skipped; {
		var seen []byte
		for b := make([]byte, 1); !bytes.HasSuffix(seen, end); seen = append(seen, b[0]) {
			if _, err := c.Conn.Read(b); err != nil {
				return 0, err
			}
		}
		c.skipped = true
	}
	return c.Conn.Read(p)
}

func TestGarbageIsSurvived(t *testing.T) {
	f := open(t, frontdoor.Options{})
	garbage := []string{
		"", "\x00\x01\x02\x03\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "CONNECT \r\n\r\n", "CONNECT x HTTP/1.1\r\nHost: x\r\n\r\n",
		"CONNECT a\x01b:443 HTTP/1.1\r\nHost: a\r\n\r\n", "GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n",
		"CONNECT contoso.vault.azure.net:443 HTTP/1.1\r\nHost: x\r\n\r\n" + strings.Repeat("no TLS ", 100),
		"\x16\x03\x01\xff\xff" + strings.Repeat("\xaa", 70_000), strings.Repeat("A", 200_000),
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	}
	for _, addr := range []net.Addr{f.Addr(), f.Proxy()} {
		for _, text := range garbage {
			conn, err := net.Dial("tcp", addr.String())
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(conn, text)
			conn.Close()
		}
	}
	if body, err := get(client(f), "https://contoso.vault.azure.net/"); err != nil || body == "" {
		t.Errorf("%q %v", body, err)
	}
}

// Idle connections beyond the bound lose their place to those who ask for something.
func TestACrowdKeepsNobodyOut(t *testing.T) {
	f := open(t, frontdoor.Options{Connections: 20})
	for i := range 30 {
		addr := f.Addr()
		if i%2 == 0 {
			addr = f.Proxy()
		}
		conn, err := net.Dial("tcp", addr.String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	if body, err := get(client(f), "https://contoso.vault.azure.net/"); err != nil || body == "" {
		t.Errorf("%q %v", body, err)
	}
}

// Of many more clients than places, all of whom want something, everybody gets it.
func TestEverybodyGetsATurn(t *testing.T) {
	f := open(t, frontdoor.Options{Connections: 20})
	c := client(f)
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			if _, err := get(c, "https://contoso.vault.azure.net/"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestShutdownWaitsForRequests(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	f := open(t, frontdoor.Options{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-finish
		io.WriteString(w, "done")
	})})
	answer := make(chan string)
	go func() {
		body, err := get(client(f), "https://contoso.vault.azure.net/")
		answer <- fmt.Sprint(body, err)
	}()
	<-begun
	down := make(chan struct{})
	go func() {
		f.Shutdown(t.Context())
		close(down)
	}()
	close(finish)
	if got := <-answer; got != "done<nil>" {
		t.Error(got)
	}
	<-down
	if _, err := net.Dial("tcp", f.Proxy().String()); err == nil {
		t.Error("the proxy is still open")
	}
}

func TestOptionsThatOpenNothing(t *testing.T) {
	f := open(t, frontdoor.Options{})
	for _, o := range []frontdoor.Options{{Listen: f.Addr().String()}, {Proxy: f.Addr().String()}, {Listen: "nonsense"}, {Connections: -1}} {
		o.Now, o.Handler = time.Now, echo
		if second, err := frontdoor.Open(&o); err == nil {
			second.Close()
			t.Errorf("%+v was opened", o)
		}
	}
}
