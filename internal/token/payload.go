package token

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/tinylib/msgp/msgp"
)

const (
	uuidSize    = 16
	auditIDSize = 16
	systemAll   = "all"

	// maxUnix is the last second that Python's datetime, and so upstream, can tell.
	maxUnix = 253402300799
)

// Payload versions, from keystone/token/token_formatters.py.
const (
	verUnscoped = iota
	verDomain
	verProject
	verTrust
	verFederated
	verFederatedProject
	verFederatedDomain
	verOAuth1
	verSystem
	verAppCred
	verOAuth2
	verCount
)

// fieldCount is the length of each version's array, the version included.
var fieldCount = [verCount]uint32{5, 6, 6, 7, 8, 9, 9, 7, 6, 7, 8}

// version picks the payload for p as upstream does: the first that fits, in this order.
func (p *Payload) version() int {
	switch {
	case p.AccessTokenID != "":
		return verOAuth1
	case p.TrustID != "":
		return verTrust
	case p.Federated && p.ProjectID != "":
		return verFederatedProject
	case p.Federated && p.DomainID != "":
		return verFederatedDomain
	case p.Federated:
		return verFederated
	case p.AppCredID != "":
		return verAppCred
	case p.Thumbprint != "":
		return verOAuth2
	case p.ProjectID != "":
		return verProject
	case p.DomainID != "":
		return verDomain
	case p.System:
		return verSystem
	}
	return verUnscoped
}

func (f *Fernet) appendPayload(b []byte, p Payload) ([]byte, error) {
	v := p.version()
	if p.UserID == "" {
		return nil, errors.New("no user")
	}
	if p.Federated && p.System {
		return nil, errors.New("a federated token cannot have the system as its scope")
	}
	b = msgp.AppendArrayHeader(b, fieldCount[v])
	b = msgp.AppendInt(b, v)
	b = appendID(b, p.UserID)
	b = msgp.AppendUint64(b, f.methodBits(p.Methods))

	switch v {
	case verDomain:
		switch raw, ok := parseUUID(p.DomainID); {
		case ok:
			b = msgp.AppendBytes(b, raw[:])
		case p.DomainID == f.DefaultDomainID:
			b = msgp.AppendString(b, p.DomainID)
		default:
			return nil, fmt.Errorf("domain id %q is neither a UUID nor the default domain's", p.DomainID)
		}
	case verProject, verTrust, verFederatedProject, verOAuth1, verAppCred, verOAuth2:
		b = appendID(b, p.ProjectID)
	case verFederatedDomain:
		b = appendID(b, p.DomainID)
	case verSystem:
		b = msgp.AppendString(b, systemAll)
	}
	switch v {
	case verFederated, verFederatedProject, verFederatedDomain:
		b = msgp.AppendArrayHeader(b, uint32(len(p.GroupIDs)))
		for _, id := range p.GroupIDs {
			b = appendID(b, id)
		}
		b = appendID(b, p.IdentityProviderID)
		b = msgp.AppendString(b, p.ProtocolID)
	case verOAuth1:
		b = appendID(b, p.AccessTokenID)
	case verOAuth2:
		b = appendID(b, p.DomainID)
	}

	b = appendTime(b, p.ExpiresAt)
	b, err := appendAuditIDs(b, p.AuditIDs)
	if err != nil {
		return nil, err
	}

	switch v {
	case verTrust:
		raw, ok := parseUUID(p.TrustID)
		if !ok {
			return nil, fmt.Errorf("trust id %q is not a UUID", p.TrustID)
		}
		b = msgp.AppendBytes(b, raw[:])
	case verAppCred:
		b = appendID(b, p.AppCredID)
	case verOAuth2:
		b = msgp.AppendArrayHeader(b, 2)
		b = msgp.AppendBool(b, false)
		b = msgp.AppendString(b, p.Thumbprint)
	}
	return b, nil
}

func (f *Fernet) readPayload(b []byte) (Payload, error) {
	r := reader{b: b}
	n := r.array()
	v := r.uint()
	if r.failed || v >= verCount || n != fieldCount[v] {
		return Payload{}, ErrInvalid
	}
	p := Payload{UserID: r.id(), Methods: f.methodNames(r.uint())}

	switch v {
	case verDomain:
		p.DomainID = r.domain(f.DefaultDomainID)
	case verProject, verFederatedProject, verOAuth1, verAppCred:
		p.ProjectID = r.id()
	case verTrust, verOAuth2:
		p.ProjectID = r.optionalID()
	case verFederatedDomain:
		p.DomainID = r.id()
	case verSystem:
		p.System = true
		if r.text() != systemAll {
			r.failed = true
		}
	}
	switch v {
	case verFederated, verFederatedProject, verFederatedDomain:
		p.Federated = true
		for range r.array() {
			p.GroupIDs = append(p.GroupIDs, r.id())
			if r.failed {
				break
			}
		}
		p.IdentityProviderID = r.id()
		p.ProtocolID = r.text()
	case verOAuth1:
		p.AccessTokenID = r.id()
	case verOAuth2:
		p.DomainID = r.optionalID()
	}

	p.ExpiresAt = r.time()
	p.AuditIDs = r.auditIDs()

	switch v {
	case verTrust:
		p.TrustID = r.uuid()
	case verAppCred:
		p.AppCredID = r.id()
	case verOAuth2:
		p.Thumbprint = r.id()
	}
	if r.failed || len(r.b) != 0 {
		return Payload{}, ErrInvalid
	}
	return p, nil
}

func (f *Fernet) appendReceipt(b []byte, r Receipt) []byte {
	b = msgp.AppendArrayHeader(b, 3)
	b = appendID(b, r.UserID)
	b = msgp.AppendUint64(b, f.methodBits(r.Methods))
	return appendTime(b, r.ExpiresAt)
}

func (f *Fernet) readReceipt(b []byte) (Receipt, error) {
	r := reader{b: b}
	if r.array() != 3 {
		return Receipt{}, ErrInvalid
	}
	rc := Receipt{UserID: r.id(), Methods: f.methodNames(r.uint()), ExpiresAt: r.time()}
	if r.failed || len(r.b) != 0 {
		return Receipt{}, ErrInvalid
	}
	return rc, nil
}

// methodBits returns the set of names. Names that are not configured are lost, as upstream loses them.
func (f *Fernet) methodBits(names []string) uint64 {
	var set uint64
	for _, name := range names {
		for i, m := range f.Methods {
			if m == name {
				set |= 1 << i
			}
		}
	}
	return set
}

// methodNames returns the names in a set, highest bit first. A set with bits beyond the configured
// names reads as empty, which is what upstream's division makes of it
// (keystone/auth/plugins/core.py, convert_integer_to_method_list).
func (f *Fernet) methodNames(set uint64) []string {
	if set == 0 || set>>len(f.Methods) != 0 {
		return nil
	}
	names := make([]string, 0, 2)
	for i, method := range slices.Backward(f.Methods) {
		if set>>i&1 == 1 {
			names = append(names, method)
		}
	}
	return names
}

// parseUUID returns the 16 bytes of an id that is 32 lowercase hexadecimal digits. Upstream packs
// every spelling of a UUID that way and gets another spelling back; such an id stays text here.
func parseUUID(id string) (raw [uuidSize]byte, ok bool) {
	if len(id) != 2*uuidSize {
		return raw, false
	}
	for i := range len(id) {
		if c := id[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return raw, false
		}
	}
	_, err := hex.Decode(raw[:], []byte(id))
	return raw, err == nil
}

func formatUUID(raw []byte) string {
	var buf [2 * uuidSize]byte
	hex.Encode(buf[:], raw)
	return string(buf[:])
}

// appendID writes an id pair. An absent id is [false, nil].
func appendID(b []byte, id string) []byte {
	b = msgp.AppendArrayHeader(b, 2)
	if raw, ok := parseUUID(id); ok {
		return msgp.AppendBytes(msgp.AppendBool(b, true), raw[:])
	}
	b = msgp.AppendBool(b, false)
	if id == "" {
		return msgp.AppendNil(b)
	}
	return msgp.AppendString(b, id)
}

func appendTime(b []byte, t time.Time) []byte {
	return msgp.AppendFloat64(b, float64(t.UnixMicro())/1e6)
}

func appendAuditIDs(b []byte, ids []string) ([]byte, error) {
	if len(ids) < 1 || len(ids) > 2 {
		return nil, fmt.Errorf("%d audit ids, a token has one or two", len(ids))
	}
	b = msgp.AppendArrayHeader(b, uint32(len(ids)))
	for _, id := range ids {
		var raw [auditIDSize + 2]byte
		if base64.RawURLEncoding.DecodedLen(len(id)) != auditIDSize {
			return nil, fmt.Errorf("audit id %q is not %d bytes long", id, auditIDSize)
		}
		n, err := base64.RawURLEncoding.Decode(raw[:], []byte(id))
		if err != nil || n != auditIDSize {
			return nil, fmt.Errorf("audit id %q is not base64url", id)
		}
		b = msgp.AppendBytes(b, raw[:auditIDSize])
	}
	return b, nil
}

// reader takes a payload apart. The first thing that is not as it should be sets failed, and from
// then on all values are zero.
type reader struct {
	b      []byte
	failed bool
}

// keep takes over the result of one of msgp's functions.
func keep[T any](r *reader, v T, rest []byte, err error) T {
	if err != nil || r.failed {
		r.failed = true
		var zero T
		return zero
	}
	r.b = rest
	return v
}

func (r *reader) array() uint32 {
	v, rest, err := msgp.ReadArrayHeaderBytes(r.b)
	return keep(r, v, rest, err)
}

func (r *reader) uint() uint64 {
	v, rest, err := msgp.ReadUint64Bytes(r.b)
	return keep(r, v, rest, err)
}

func (r *reader) bool() bool {
	v, rest, err := msgp.ReadBoolBytes(r.b)
	return keep(r, v, rest, err)
}

// bytes reads a byte string or a text: before its version 1.0, msgpack for Python wrote both alike.
func (r *reader) bytes() []byte {
	if msgp.NextType(r.b) == msgp.StrType {
		v, rest, err := msgp.ReadStringZC(r.b)
		return keep(r, v, rest, err)
	}
	v, rest, err := msgp.ReadBytesZC(r.b)
	return keep(r, v, rest, err)
}

func (r *reader) text() string {
	v := r.bytes()
	if len(v) == 0 || !utf8.Valid(v) {
		r.failed = true
		return ""
	}
	return string(v)
}

func (r *reader) uuid() string {
	v := r.bytes()
	if len(v) != uuidSize {
		r.failed = true
		return ""
	}
	return formatUUID(v)
}

func (r *reader) id() string {
	if r.array() != 2 {
		r.failed = true
	}
	if r.bool() {
		return r.uuid()
	}
	return r.text()
}

// optionalID reads an id pair whose second half may be nil.
func (r *reader) optionalID() string {
	if absent := [...]byte{0x92, 0xc2, 0xc0}; len(r.b) >= len(absent) && [3]byte(r.b) == absent {
		r.b = r.b[len(absent):]
		return ""
	}
	return r.id()
}

// domain reads the bare domain id of a domain-scoped token.
func (r *reader) domain(defaultID string) string {
	v := r.bytes()
	if string(v) == defaultID && len(v) > 0 {
		return defaultID
	}
	if len(v) != uuidSize {
		r.failed = true
		return ""
	}
	return formatUUID(v)
}

func (r *reader) time() time.Time {
	v, rest, err := msgp.ReadFloat64Bytes(r.b)
	secs := keep(r, v, rest, err)
	if !(secs >= 0 && secs <= maxUnix) { // false for NaN too
		r.failed = true
		return time.Time{}
	}
	whole, frac := math.Modf(secs)
	return time.Unix(int64(whole), int64(math.RoundToEven(frac*1e6))*1000).UTC()
}

func (r *reader) auditIDs() []string {
	n := r.array()
	if n < 1 || n > 2 {
		r.failed = true
		return nil
	}
	ids := make([]string, n)
	for i := range ids {
		raw := r.bytes()
		if len(raw) != auditIDSize {
			r.failed = true
			return nil
		}
		var buf [22]byte
		base64.RawURLEncoding.Encode(buf[:], raw)
		ids[i] = string(buf[:])
	}
	return ids
}
