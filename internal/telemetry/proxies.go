package telemetry

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies says whose forwarding headers count, and what for. The zero value believes nobody.
type Proxies struct {
	// Parse takes scheme, host and prefix of links from Forwarded or X-Forwarded-Proto, -Host and -Prefix:
	// [oslo_middleware] enable_proxy_headers_parsing. With no proxy listed it takes them from anyone, as upstream
	// does (oslo_middleware/http_proxy_to_wsgi.py).
	Parse bool

	// EnvironPrefix begins the headers by which listed proxies set variables: see Environ. Empty, they set none.
	EnvironPrefix string

	listed []netip.Prefix
	unix   bool
	any    bool // something is listed
}

// List names the proxies: addresses, CIDRs, or "unix" for peers on a Unix socket. Only through these, a client's
// address is taken from Forwarded or X-Forwarded-For; and once there is a list, Parse counts only for them.
func (p *Proxies) List(proxies []string) error {
	for _, s := range proxies {
		p.any = true
		if s == "unix" {
			p.unix = true
			continue
		}
		prefix, err := parsePrefix(s)
		if err != nil {
			return err
		}
		p.listed = append(p.listed, prefix)
	}
	return nil
}

// parsePrefix reads a CIDR, or an address alone.
func parsePrefix(s string) (netip.Prefix, error) {
	if prefix, err := netip.ParsePrefix(s); err == nil {
		return prefix.Masked(), nil
	}
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is neither an address nor a CIDR", s)
	}
	addr = addr.Unmap()
	return netip.PrefixFrom(addr, addr.BitLen()), nil
}

func (p *Proxies) trusts(a netip.Addr) bool {
	if !a.IsValid() {
		return p.unix
	}
	return slices.ContainsFunc(p.listed, func(l netip.Prefix) bool { return l.Contains(a) })
}

// fill sets the client's address and the server's place as the client sees it.
func (p *Proxies) fill(info *Request, r *http.Request) {
	info.Scheme, info.Host = "http", r.Host
	if r.TLS != nil {
		info.Scheme = "https"
	}
	if ap, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		info.Client = ap.Addr().Unmap().WithZone("")
	}
	trusted := p.any && p.trusts(info.Client)
	if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 && !trusted {
		info.certificate = r.TLS.VerifiedChains[0][0]
	}
	if !trusted && (p.any || !p.Parse) {
		return
	}
	if trusted {
		info.Environ = Environ{r.Header, p.EnvironPrefix}
	}
	hops := forwarding(r.Header)
	var from hop // the one that the outermost trusted proxy wrote
	if trusted {
		from, info.Client = p.walk(hops, info.Client)
	} else if len(hops) > 0 {
		from = hops[0]
	}
	if !p.Parse {
		return
	}
	if from.proto == "http" || from.proto == "https" {
		info.Scheme = from.proto
	}
	if validHost(from.host) {
		info.Host = from.host
	}
	if prefix := strings.TrimRight(r.Header.Get("X-Forwarded-Prefix"), "/"); validPrefix(prefix) {
		info.Prefix = prefix
	}
}

// walk goes from the peer outwards as long as the hops are listed proxies, and returns the last hop that one of them
// wrote and the address it names: the rightmost unlisted one. What stands left of that a client can have made up.
func (p *Proxies) walk(hops []hop, peer netip.Addr) (hop, netip.Addr) {
	var from hop
	client := peer
	for _, h := range slices.Backward(hops) {
		from = h
		if !h.addr.IsValid() { // unknown or hidden: the proxy is as near as we get
			break
		}
		client = h.addr
		if !p.trusts(client) {
			break
		}
	}
	return from, client
}

// hop is what one proxy says about the request it got.
type hop struct {
	addr        netip.Addr
	proto, host string
}

// forwarding reads Forwarded (RFC 7239), or else the X-Forwarded headers, outermost hop first.
func forwarding(h http.Header) []hop {
	if values := h["Forwarded"]; len(values) > 0 {
		var hops []hop
		for _, element := range split(values) {
			var x hop
			for pair := range strings.SplitSeq(element, ";") {
				key, value, _ := strings.Cut(pair, "=")
				value = strings.Trim(strings.TrimSpace(value), `"`)
				switch strings.ToLower(strings.TrimSpace(key)) {
				case "for":
					x.addr = hopAddr(value)
				case "proto":
					x.proto = strings.ToLower(value)
				case "host":
					x.host = value
				}
			}
			hops = append(hops, x)
		}
		return hops
	}
	addrs, protos, hosts := split(h["X-Forwarded-For"]), split(h["X-Forwarded-Proto"]), split(h["X-Forwarded-Host"])
	hops := make([]hop, max(len(addrs), len(protos), len(hosts)))
	// Proxies append, or the outermost one alone sets a header: lists are aligned at their ends, and a lone value
	// speaks for every hop.
	at := func(list []string, i int) string {
		switch i -= len(hops) - len(list); {
		case len(list) == 1:
			return list[0]
		case i < 0:
			return ""
		}
		return list[i]
	}
	for i := range hops {
		if len(addrs) > 0 && i >= len(hops)-len(addrs) {
			hops[i].addr = hopAddr(addrs[i-(len(hops)-len(addrs))])
		}
		hops[i].proto, hops[i].host = strings.ToLower(at(protos, i)), at(hosts, i)
	}
	return hops
}

// split returns the comma-separated items of a header that may be repeated.
func split(values []string) []string {
	var items []string
	for _, v := range values {
		for item := range strings.SplitSeq(v, ",") {
			items = append(items, strings.TrimSpace(item))
		}
	}
	return items
}

// hopAddr parses an address with or without a port; the zero Addr if it is none.
func hopAddr(s string) netip.Addr {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// validHost reports whether s can stand as the host of a URL: a name or an address, perhaps with a port.
func validHost(s string) bool {
	return s != "" && len(s) <= 255 && strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(".-_:[]", r)
	}) < 0
}

// validPrefix reports whether s is a plain path such as /identity. A second slash would make it a host in a link.
func validPrefix(s string) bool {
	return len(s) > 1 && len(s) <= 255 && s[0] == '/' && s[1] != '/' && strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("/.-_~", r)
	}) < 0 && !strings.Contains(s, "..")
}
