package frontdoor

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Outside returns a Dial that reaches other hosts as a program with an environment would: through the proxy that its
// HTTPS_PROXY names, unless NO_PROXY excepts the host, and otherwise directly. The environment is that from before the
// front put its own proxy there. Errors: a proxy address that cannot be understood.
func Outside(environ []string) (Dial, error) { return outside(environ, direct(new(net.Dialer))) }

// direct is a dialer without a proxy.
func direct(d *net.Dialer) Dial {
	return func(ctx context.Context, address string) (net.Conn, error) { return d.DialContext(ctx, "tcp", address) }
}

// outside reaches hosts directly, or through the proxy of an environment, which itself may be anywhere.
func outside(environ []string, directly Dial) (Dial, error) {
	around := variables(environ)
	address := around.either("HTTPS_PROXY", "https_proxy")
	if address == "" {
		return directly, nil
	}
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("the proxy that HTTPS_PROXY names is not one of http:// or https://")
	}
	excepted := strings.Split(around.either("NO_PROXY", "no_proxy"), ",")
	return func(ctx context.Context, address string) (net.Conn, error) {
		if isLocal(address) || slices.ContainsFunc(excepted, func(entry string) bool { return covers(entry, address) }) {
			return directly(ctx, address)
		}
		return through(ctx, direct(new(net.Dialer)), u, address)
	}, nil
}

// isLocal tells whether an address is on this machine, which no proxy reaches.
func isLocal(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	ip, err := netip.ParseAddr(host)
	return plain(host) == localName || err == nil && ip.Unmap().IsLoopback()
}

// covers tells whether an entry of NO_PROXY excepts the port of a host: a name with all names below it, an address or
// range of addresses, each with or without a port, or * for all.
func covers(entry, address string) bool {
	entry = strings.ToLower(strings.TrimSpace(entry))
	host, port, _ := net.SplitHostPort(address)
	host = plain(host)
	if name, only, err := net.SplitHostPort(entry); err == nil {
		if only != port {
			return false
		}
		entry = name
	}
	if prefix, err := netip.ParsePrefix(entry); err == nil {
		ip, err := netip.ParseAddr(host)
		return err == nil && prefix.Contains(ip.Unmap())
	}
	name := strings.TrimPrefix(strings.TrimPrefix(entry, "*"), ".")
	return entry == "*" || name != "" && (host == name || strings.HasSuffix(host, "."+name))
}

// through connects to an address by way of another proxy.
func through(ctx context.Context, dial Dial, proxy *url.URL, address string) (net.Conn, error) {
	conn, err := dial(ctx, withPort(proxy))
	if err != nil {
		return nil, err
	}
	if proxy.Scheme == "https" {
		conn = tls.Client(conn, &tls.Config{ServerName: proxy.Hostname(), MinVersion: tls.VersionTLS12})
	}
	release := context.AfterFunc(ctx, func() { conn.Close() })
	inner, err := connect(conn, proxy, address)
	if !release() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return inner, nil
}

func withPort(u *url.URL) string {
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// maxAnswer bounds what a proxy answers, in bytes.
const maxAnswer = 64 << 10

// connect asks the proxy at the other end of a connection for an address.
func connect(conn net.Conn, proxy *url.URL, address string) (net.Conn, error) {
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if password, ok := proxy.User.Password(); ok || proxy.User.Username() != "" {
		credentials := base64.StdEncoding.EncodeToString([]byte(proxy.User.Username() + ":" + password))
		request.Header.Set("Proxy-Authorization", "Basic "+credentials)
	}
	if err := request.Write(conn); err != nil {
		return nil, err
	}
	r := bufio.NewReader(io.LimitReader(conn, maxAnswer))
	response, err := http.ReadResponse(r, request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the proxy answers %s", clean(response.Status))
	}
	conn.SetDeadline(time.Time{})
	return unread(conn, r), nil
}
