package frontdoor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// errNear is a host that an exposed front leads nobody to.
var errNear = errors.New("leads to this machine or its link")

// OutsideExposed is Outside for a front that other machines reach, and whose clients must not become this one by it: the
// Dial reaches no address that is loopback, link-local, multicast, unspecified or one of this machine's own. What counts
// are the addresses that a name resolves to. Where a proxy resolves names, one that does not resolve here is left to it,
// unless it could be read as an address.
func OutsideExposed(environ []string) (Dial, error) {
	control := func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		return refuseNear(to.Addr())
	}
	dial, err := outside(environ, direct(&net.Dialer{Control: control}))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, address string) (net.Conn, error) {
		if err := refuseNearHost(ctx, address); err != nil {
			return nil, err
		}
		return dial(ctx, address)
	}, nil
}

// lookupTimeout bounds how long a name is resolved that a proxy may have to resolve after all.
const lookupTimeout = 3 * time.Second

// refuseNearHost refuses a host before anybody else may resolve it.
func refuseNearHost(ctx context.Context, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	host = plain(host)
	if ip, err := netip.ParseAddr(host); err == nil {
		return refuseNear(ip)
	}
	if isNumber(host) || host == localName || strings.HasSuffix(host, "."+localName) {
		return fmt.Errorf("%s %w", clean(host), errNear)
	}
	soon, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(soon, "ip", host)
	if err != nil {
		return ctx.Err()
	}
	for _, ip := range found {
		if err := refuseNear(ip); err != nil {
			return err
		}
	}
	return nil
}

// isNumber tells whether some resolvers would read a host as an address that is not written as usual, such as 127.1 or
// 0x7f000001. No top-level domain begins with a digit.
func isNumber(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	return last != "" && last[0] >= '0' && last[0] <= '9'
}

// translated are the addresses by which a network of IPv6 alone reaches those of IPv4, which are their last four bytes.
var translated = netip.MustParsePrefix("64:ff9b::/96")

// refuseNear refuses the addresses of this machine and its link.
func refuseNear(ip netip.Addr) error {
	ip = ip.WithZone("").Unmap()
	if translated.Contains(ip) {
		b := ip.As16()
		ip = netip.AddrFrom4([4]byte(b[12:]))
	}
	if ip.IsLoopback() || ip.IsUnspecified() || ip.IsLinkLocalUnicast() || ip.IsMulticast() {
		return fmt.Errorf("%s %w", ip, errNear)
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return err
	}
	for _, a := range own {
		if n, ok := a.(*net.IPNet); ok && n.IP.Equal(ip.AsSlice()) {
			return fmt.Errorf("%s %w", ip, errNear)
		}
	}
	return nil
}
