package rest

import (
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"
)

// jsonType is the type of every body that is no page.
const jsonType = "application/json; charset=utf-8"

// maxHeaders is how many headers an answer has at most, usualHeaders how many it mostly has. A map of 14 takes half the
// space of one of 16.
const (
	maxHeaders   = 16
	usualHeaders = 14
)

// reply is an answer: status, headers and body. The values of all headers stand in one array, so that they cost one
// allocation together with the reply.
type reply struct {
	status int
	body   []byte
	header http.Header // to be filled
	values [maxHeaders]string
	count  int
}

// set adds a header, whose name is in the canonical form.
func (y *reply) set(name, value string) {
	y.values[y.count] = value
	y.header[name] = y.values[y.count : y.count+1 : y.count+1]
	y.count++
}

// describe takes from a request what the vault and its audit are told.
func (x *exchange) describe(r *http.Request) {
	x.method = r.Method
	x.Path, x.Query = r.URL.EscapedPath(), r.URL.RawQuery
	if r.Body != nil && r.Body != http.NoBody {
		x.Body, x.Length = r.Body, r.ContentLength
		if x.Length == 0 { // a client request that does not say
			x.Length = -1
		}
	}
	x.ContentType, x.Accept = first(r.Header["Content-Type"]), first(r.Header["Accept"])
	x.ClientID = first(r.Header["X-Ms-Client-Request-Id"])
	x.ClientInfo = first(r.Header["User-Agent"])
	mark := ""
	if x.Query != "" {
		mark = "?"
	}
	x.URI = "https://" + x.Host + x.Path + mark + x.Query
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// typed adds the headers of the body, unless it has a type already.
func (y *reply) typed(media string) {
	if y.header["Content-Type"] != nil {
		return
	}
	y.set("Content-Type", media)
	y.set("Content-Length", strconv.Itoa(len(y.body)))
}

// isHeaderValue tells whether a text of a client can be sent back in a header.
func isHeaderValue(s string) bool {
	if s == "" || len(s) > 256 {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// addresses writes the header about the client's address, anew when another client comes.
type addresses struct {
	ipv4, ipv6 string // what the product calls the families
	last       atomic.Pointer[address]
}

type address struct {
	addr netip.Addr
	text string
}

func (a *addresses) of(addr netip.Addr) string {
	last := a.last.Load()
	if last == nil || last.addr != addr {
		last = &address{addr, a.info(addr)}
		a.last.Store(last)
	}
	return last.text
}

// info is what the service tells a client of its address, "" if it has none.
func (a *addresses) info(addr netip.Addr) string {
	switch {
	case !addr.IsValid():
		return ""
	case addr.Is4():
		return "conn_type=Ipv4;addr=" + addr.String() + ";act_addr_fam=" + a.ipv4 + ";"
	}
	return "conn_type=Ipv6;addr=" + addr.String() + ";act_addr_fam=" + a.ipv6 + ";"
}

// retryAfter adds the whole seconds to wait, rounded up.
func (y *reply) retryAfter(wait time.Duration) {
	y.set("Retry-After", strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10))
}

// dates writes the Date header, once a second.
type dates struct{ last atomic.Pointer[date] }

type date struct {
	unix int64
	text string
}

func (d *dates) of(t time.Time) string {
	last := d.last.Load()
	if last == nil || last.unix != t.Unix() {
		last = &date{t.Unix(), t.UTC().Format(http.TimeFormat)}
		d.last.Store(last)
	}
	return last.text
}
