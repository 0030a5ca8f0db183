package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	_ "crypto/sha256" // for crypto.SHA256
	_ "crypto/sha512" // for crypto.SHA384 and crypto.SHA512
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// JWS seals tokens as compact JSON Web Signatures (RFC 7515), Keystone's [token] provider jws
// (keystone/token/providers/jws/core.py). They are signed, not encrypted: whoever sees one can read it.
type JWS struct {
	// PrivateDir is [jwt_tokens] jws_private_key_repository: the key that signs is private.pem there.
	PrivateDir string
	// PublicDir is [jwt_tokens] jws_public_key_repository: a token may be signed with any key there.
	PublicDir string
	// Algorithm is [jwt_tokens] jws_algorithm: ES256, ES384, ES512 or EdDSA.
	Algorithm string
	// Accepted is [jwt_tokens] jws_accepted_algorithms. If it lacks Algorithm, no token opens.
	Accepted []string
	// Report and Now are those of FileKeys. Keys are read again when they change, as there.
	Report func(error)
	Now    func() time.Time

	private snapshot[crypto.Signer]
	public  snapshot[[]crypto.PublicKey]
}

// curves are those of the ECDSA algorithms of RFC 7518.
var curves = map[string]struct {
	curve elliptic.Curve
	hash  crypto.Hash
}{
	"ES256": {elliptic.P256(), crypto.SHA256},
	"ES384": {elliptic.P384(), crypto.SHA384},
	"ES512": {elliptic.P521(), crypto.SHA512},
}

const edDSA = "EdDSA"

type jwsHeader struct {
	Algorithm string   `json:"alg"`
	Type      string   `json:"typ,omitempty"`
	Critical  []string `json:"crit,omitempty"`
}

type jwsClaims struct {
	Subject       string     `json:"sub"`
	IssuedAt      int64      `json:"iat"`
	ExpiresAt     int64      `json:"exp"`
	Methods       []string   `json:"openstack_methods"`
	AuditIDs      []string   `json:"openstack_audit_ids"`
	System        string     `json:"openstack_system,omitempty"`
	DomainID      string     `json:"openstack_domain_id,omitempty"`
	ProjectID     string     `json:"openstack_project_id,omitempty"`
	TrustID       string     `json:"openstack_trust_id,omitempty"`
	GroupIDs      []jwsGroup `json:"openstack_group_ids,omitzero"`
	IdPID         string     `json:"openstack_idp_id,omitempty"`
	ProtocolID    string     `json:"openstack_protocol_id,omitempty"`
	AccessTokenID string     `json:"openstack_access_token_id,omitempty"`
	AppCredID     string     `json:"openstack_app_cred_id,omitempty"`
	Thumbprint    string     `json:"openstack_thumbprint,omitempty"`
}

type jwsGroup struct {
	ID string `json:"id"`
}

// Check reads the keys and fails if tokens cannot be both signed and opened.
func (j *JWS) Check() error {
	if _, err := j.signer(); err != nil {
		return err
	}
	if !slices.Contains(j.Accepted, j.Algorithm) {
		return fmt.Errorf("tokens are signed by %s, which is not among the accepted algorithms %q", j.Algorithm, j.Accepted)
	}
	_, err := j.publicKeys()
	return err
}

// Seal returns the token for p. Both times have second resolution.
func (j *JWS) Seal(p Payload) (string, error) {
	key, err := j.signer()
	if err != nil {
		return "", err
	}
	if p.UserID == "" || len(p.AuditIDs) == 0 {
		return "", errors.New("sealing a token: no user or no audit id")
	}
	c := jwsClaims{
		Subject:   p.UserID,
		IssuedAt:  p.IssuedAt.Unix(),
		ExpiresAt: p.ExpiresAt.Unix(),
		Methods:   p.Methods,
		AuditIDs:  p.AuditIDs,
		DomainID:  p.DomainID, ProjectID: p.ProjectID, TrustID: p.TrustID,
		AccessTokenID: p.AccessTokenID, AppCredID: p.AppCredID, Thumbprint: p.Thumbprint,
	}
	if c.Methods == nil {
		c.Methods = []string{}
	}
	if p.System {
		c.System = systemAll
	}
	if p.Federated {
		c.IdPID, c.ProtocolID, c.GroupIDs = p.IdentityProviderID, p.ProtocolID, []jwsGroup{}
		for _, id := range p.GroupIDs {
			c.GroupIDs = append(c.GroupIDs, jwsGroup{id})
		}
	}
	header, err := json.Marshal(jwsHeader{Algorithm: j.Algorithm, Type: "JWT"})
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	signed := strictURL.EncodeToString(header) + "." + strictURL.EncodeToString(claims)
	sum, err := sign(key, j.Algorithm, []byte(signed))
	if err != nil {
		return "", err
	}
	return signed + "." + strictURL.EncodeToString(sum), nil
}

// Open returns what the token says, or ErrInvalid.
func (j *JWS) Open(token string) (Payload, error) {
	keys, err := j.publicKeys()
	if err != nil {
		return Payload{}, err
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 || strings.ContainsAny(token, "\r\n") {
		return Payload{}, ErrInvalid
	}
	var h jwsHeader
	if err := decodePart(parts[0], &h); err != nil || len(h.Critical) > 0 || !slices.Contains(j.Accepted, h.Algorithm) {
		return Payload{}, ErrInvalid
	}
	sum, err := strictURL.DecodeString(parts[2])
	if err != nil {
		return Payload{}, ErrInvalid
	}
	signed := []byte(token[:len(parts[0])+1+len(parts[1])])
	if !slices.ContainsFunc(keys, func(k crypto.PublicKey) bool { return verify(k, h.Algorithm, signed, sum) }) {
		return Payload{}, ErrInvalid
	}
	var c jwsClaims
	if err := decodePart(parts[1], &c); err != nil {
		return Payload{}, ErrInvalid
	}
	return c.payload()
}

func decodePart(text string, v any) error {
	b, err := strictURL.DecodeString(text)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

func (c *jwsClaims) payload() (Payload, error) {
	valid := c.Subject != "" && len(c.AuditIDs) > 0 && (c.System == "" || c.System == systemAll) &&
		c.IssuedAt >= 0 && c.IssuedAt <= maxUnix && c.ExpiresAt >= 0 && c.ExpiresAt <= maxUnix
	if !valid {
		return Payload{}, ErrInvalid
	}
	p := Payload{
		UserID:    c.Subject,
		AuditIDs:  c.AuditIDs,
		IssuedAt:  time.Unix(c.IssuedAt, 0).UTC(),
		ExpiresAt: time.Unix(c.ExpiresAt, 0).UTC(),
		DomainID:  c.DomainID, ProjectID: c.ProjectID, System: c.System == systemAll,
		TrustID: c.TrustID, AccessTokenID: c.AccessTokenID, AppCredID: c.AppCredID, Thumbprint: c.Thumbprint,
		Federated: c.GroupIDs != nil, IdentityProviderID: c.IdPID, ProtocolID: c.ProtocolID,
	}
	if len(c.Methods) > 0 {
		p.Methods = c.Methods
	}
	for _, g := range c.GroupIDs {
		p.GroupIDs = append(p.GroupIDs, g.ID)
	}
	return p, nil
}

func sign(key crypto.Signer, algorithm string, msg []byte) ([]byte, error) {
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		a, ok := curves[algorithm]
		if !ok || a.curve != k.Curve {
			break
		}
		h := a.hash.New()
		h.Write(msg)
		r, s, err := ecdsa.Sign(rand.Reader, k, h.Sum(nil))
		if err != nil {
			return nil, err
		}
		size := (k.Curve.Params().BitSize + 7) / 8
		sum := make([]byte, 2*size)
		r.FillBytes(sum[:size])
		s.FillBytes(sum[size:])
		return sum, nil
	case ed25519.PrivateKey:
		if algorithm == edDSA {
			return ed25519.Sign(k, msg), nil
		}
	}
	return nil, fmt.Errorf("the private key does not fit algorithm %s", algorithm)
}

// verify goes by the kind of the key; an algorithm that does not fit it is no match.
func verify(key crypto.PublicKey, algorithm string, msg, sum []byte) bool {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		a, ok := curves[algorithm]
		size := (k.Curve.Params().BitSize + 7) / 8
		if !ok || a.curve != k.Curve || len(sum) != 2*size {
			return false
		}
		h := a.hash.New()
		h.Write(msg)
		return ecdsa.Verify(k, h.Sum(nil), new(big.Int).SetBytes(sum[:size]), new(big.Int).SetBytes(sum[size:]))
	case ed25519.PublicKey:
		return algorithm == edDSA && ed25519.Verify(k, msg, sum)
	}
	return false
}

func (j *JWS) signer() (crypto.Signer, error) {
	now := clock(j.Now)
	if r, ok := j.private.fresh(now); ok && r.err == nil {
		return r.value, nil
	}
	return j.private.get(now, j.readPrivate, j.Report)
}

func (j *JWS) publicKeys() ([]crypto.PublicKey, error) {
	now := clock(j.Now)
	if r, ok := j.public.fresh(now); ok && r.err == nil {
		return r.value, nil
	}
	return j.public.get(now, j.readPublic, j.Report)
}

func (j *JWS) readPrivate() (crypto.Signer, []error, error) {
	path := filepath.Join(j.PrivateDir, "private.pem")
	der, err := readPEM(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s does not exist. You can generate a key pair using `keystone-manage create_jws_keypair`", path)
	}
	if err != nil {
		return nil, nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, nil, fmt.Errorf("private key %s cannot be read", path)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, nil, fmt.Errorf("private key %s cannot sign", path)
	}
	if _, err := sign(signer, j.Algorithm, nil); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return signer, nil, nil
}

// readPublic reads every file of the folder; those that hold no key are skipped with a warning.
func (j *JWS) readPublic() (keys []crypto.PublicKey, warnings []error, err error) {
	entries, err := os.ReadDir(j.PublicDir)
	if err != nil {
		return nil, nil, fmt.Errorf("public keys: %w", err)
	}
	for _, e := range entries {
		path := filepath.Join(j.PublicDir, e.Name())
		der, err := readPEM(path)
		if errors.Is(err, errNoFile) {
			continue
		}
		var key crypto.PublicKey
		if err == nil {
			key, err = x509.ParsePKIXPublicKey(der)
		}
		if err != nil {
			warnings = append(warnings, fmt.Errorf("public key %s is ignored: %w", path, err))
			continue
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, warnings, fmt.Errorf("public keys %s: %w", j.PublicDir, ErrNoKeys)
	}
	return keys, warnings, nil
}

func readPEM(path string) (der []byte, err error) {
	text, err := readSmallFile(path, maxPEMFile)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("it is not PEM")
	}
	return block.Bytes, nil
}

// NewJWSKeyPair returns a new key pair for an algorithm, as PEM of PKCS #8 and of PKIX.
func NewJWSKeyPair(algorithm string) (private, public []byte, err error) {
	var key crypto.Signer
	if a, ok := curves[algorithm]; ok {
		key, err = ecdsa.GenerateKey(a.curve, rand.Reader)
	} else if algorithm == edDSA {
		_, key, err = ed25519.GenerateKey(rand.Reader)
	} else {
		err = fmt.Errorf("JWS algorithm %q is unknown", algorithm)
	}
	if err != nil {
		return nil, nil, err
	}
	priv, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	pub, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: priv}),
		pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pub}), nil
}
