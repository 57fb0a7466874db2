package rest

import (
	"bytes"
	"net"
	"net/http"
	"net/netip"
	"strconv"

	"github.com/embedvault/embedvault/vault"
)

// Transport carries requests to a handler without a socket: it is an http.RoundTripper, and with Do the transporter that
// the SDKs take. A request for a host that the handler does not know fails as if its name could not be resolved; nothing
// ever leaves the process. It is safe for concurrent use, and starts no goroutine.
type Transport struct {
	handler *Handler
	addr    netip.Addr
	placed  bool // From was called
	caller  *vault.Caller
}

// Transport returns a transport to the handler. Its requests come from 127.0.0.1.
func (h *Handler) Transport() *Transport {
	return &Transport{handler: h, addr: netip.AddrFrom4([4]byte{127, 0, 0, 1})}
}

// From returns a transport whose requests come from an address.
func (t *Transport) From(addr netip.Addr) *Transport {
	c := *t
	c.addr, c.placed = addr.Unmap(), true
	return &c
}

// As returns a transport whose requests to vaults are made by a caller, whatever token they carry. Those that carry none
// get the challenge all the same. The caller is where it says it is, unless From says otherwise.
func (t *Transport) As(caller vault.Caller) *Transport {
	c := *t
	c.caller = &caller
	return &c
}

// Do is RoundTrip.
func (t *Transport) Do(r *http.Request) (*http.Response, error) { return t.RoundTrip(r) }

// RoundTrip answers a request. Its errors are a *net.DNSError for a host that does not exist, and that of the context of
// the request.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	y := new(response)
	y.header = make(http.Header, usualHeaders)
	if err := t.handler.answer(&y.exchange, r, t.place); err != nil {
		if err == errNoHost {
			err = &net.DNSError{Err: "no such host", Name: withoutPort(hostOf(r)), IsNotFound: true}
		}
		return nil, err
	}
	return y.finish(r), nil
}

// place says who makes a request, and from where.
func (t *Transport) place(r *http.Request) vault.Caller {
	_, ok := token(r.Header["Authorization"])
	if t.caller == nil || !ok {
		return caller(r.Header["Authorization"]).From(t.addr)
	}
	if !t.placed {
		return *t.caller
	}
	return t.caller.From(t.addr)
}

// response is an exchange with the http.Response made of it, in one allocation.
type response struct {
	exchange
	http.Response
	content content
}

// content is the body of a response.
type content struct{ bytes.Reader }

// Close does nothing: there is nothing to be given back.
func (*content) Close() error { return nil }

// finish makes the response.
func (y *response) finish(r *http.Request) *http.Response {
	body := y.body
	if r.Method == http.MethodHead {
		body = nil
	}
	y.content.Reset(body)
	y.Response = http.Response{
		Status: statusText(y.status), StatusCode: y.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: y.header, ContentLength: int64(len(y.body)), Request: r,
		Body: &y.content,
	}
	return &y.Response
}

// statusText is a status with its reason phrase.
func statusText(status int) string {
	if status == http.StatusOK {
		return "200 OK"
	}
	return strconv.Itoa(status) + " " + http.StatusText(status)
}
