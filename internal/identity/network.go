package identity

import "net/netip"

// Network is what an address is counted with: its /24 in IPv4, its /64 in IPv6, which is what one customer gets at the least. The zero
// Prefix is of what is no address.
func Network(address string) netip.Prefix {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return netip.Prefix{}
	}
	addr = addr.Unmap()
	bits := 24
	if addr.Is6() {
		bits = 64
	}
	network, _ := addr.Prefix(bits)
	return network
}
