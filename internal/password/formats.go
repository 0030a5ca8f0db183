package password

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-crypt/x/crypt"
	"golang.org/x/crypto/blowfish" //nolint:staticcheck // bcrypt is made of it
	"golang.org/x/crypto/scrypt"
)

const (
	bcryptSaltSize    = 16
	bcryptDigestSize  = 23
	bcryptSaltChars   = 22
	bcryptDigestChars = 31

	scryptLogN       = 16
	scryptDigestSize = 32

	pbkdf2Rounds     = 25000
	pbkdf2DigestSize = 64
)

// matcher reports whether a password, already cut, is the one a stored hash was made of.
type matcher func(password []byte) bool

// parse reads a stored hash without computing anything. Its errors wrap ErrHash and never repeat
// the hash.
func parse(hash string) (matcher, error) {
	m, err := parseForm(hash)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHash, err)
	}
	return m, nil
}

func parseForm(hash string) (matcher, error) {
	if len(hash) > maxStoredHashLen {
		return nil, errors.New("it is too long")
	}
	// Base64 decoders skip line breaks.
	if strings.ContainsAny(hash, "\r\n") {
		return nil, errors.New("it has a line break")
	}
	rest, ok := strings.CutPrefix(hash, "$")
	if !ok {
		return nil, errors.New("it does not name its algorithm")
	}
	ident, rest, ok := strings.Cut(rest, "$")
	if !ok {
		return nil, errors.New("it does not name its algorithm")
	}
	fields := strings.Split(rest, "$")
	switch {
	case isBcryptIdent(ident) && len(fields) == 2:
		return parseBcrypt(fields)
	case ident == "bcrypt-sha256" && len(fields) == 3:
		return parseBcryptSHA256(fields)
	case ident == "scrypt" && len(fields) == 3:
		return parseScrypt(fields)
	case ident == "pbkdf2-sha512" && len(fields) == 3:
		return parsePBKDF2(fields)
	case ident == "6":
		return parseSHA512Crypt(fields)
	}
	return nil, errors.New("its algorithm is unknown, or a part is missing")
}

var bcryptBase64 = base64.NewEncoding("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789").WithPadding(base64.NoPadding)

// bcryptDigest is bcrypt itself. It stands here because golang.org/x/crypto/bcrypt chooses the
// salt, and bcrypt_sha256 has to know it beforehand.
func bcryptDigest(password []byte, salt [bcryptSaltSize]byte, cost int) []byte {
	// The terminating NUL of a C string is part of the key.
	key := append(slices.Clip(password), 0)
	c, err := blowfish.NewSaltedCipher(key, salt[:])
	if err != nil {
		panic(err) // only an empty key or salt is refused
	}
	for range uint64(1) << cost {
		blowfish.ExpandKey(key, c)
		blowfish.ExpandKey(salt[:], c)
	}
	digest := []byte("OrpheanBeholderScryDoubt")
	for i := 0; i < len(digest); i += blowfish.BlockSize {
		for range 64 {
			c.Encrypt(digest[i:], digest[i:])
		}
	}
	return digest[:bcryptDigestSize]
}

func newBcryptSalt() (salt [bcryptSaltSize]byte) {
	rand.Read(salt[:])
	return salt
}

func formatBcrypt(cost int, salt [bcryptSaltSize]byte, digest []byte) string {
	return fmt.Sprintf("$2b$%02d$%s%s", cost, bcryptBase64.EncodeToString(salt[:]), bcryptBase64.EncodeToString(digest))
}

func hashBcrypt(password []byte, cost int) (string, error) {
	salt := newBcryptSalt()
	return formatBcrypt(cost, salt, bcryptDigest(password, salt, cost)), nil
}

func isBcryptIdent(s string) bool {
	return s == "2a" || s == "2b" || s == "2x" || s == "2y"
}

func parseBcrypt(fields []string) (matcher, error) {
	cost, err := bcryptCost(fields[0])
	if err != nil {
		return nil, err
	}
	if len(fields[1]) != bcryptSaltChars+bcryptDigestChars {
		return nil, errors.New("its length is wrong")
	}
	salt, digest, err := decodeBcrypt(fields[1][:bcryptSaltChars], fields[1][bcryptSaltChars:])
	if err != nil {
		return nil, err
	}
	return func(password []byte) bool {
		return subtle.ConstantTimeCompare(bcryptDigest(password, salt, cost), digest) == 1
	}, nil
}

func bcryptCost(text string) (int, error) {
	cost, err := parseNumber(text)
	if err != nil {
		return 0, err
	}
	return cost, checkBcryptCost(cost)
}

func decodeBcrypt(saltText, digestText string) (salt [bcryptSaltSize]byte, digest []byte, err error) {
	raw, err := bcryptBase64.DecodeString(saltText)
	if err != nil || len(raw) != bcryptSaltSize {
		return salt, nil, errors.New("its salt is damaged")
	}
	digest, err = bcryptBase64.DecodeString(digestText)
	if err != nil || len(digest) != bcryptDigestSize {
		return salt, nil, errors.New("its digest is damaged")
	}
	return [bcryptSaltSize]byte(raw), digest, nil
}

// preHash is what version 2 of bcrypt_sha256 gives to bcrypt: the salt keys as it is written.
func preHash(password []byte, salt string) []byte {
	mac := hmac.New(sha256.New, []byte(salt))
	mac.Write(password)
	return base64.StdEncoding.AppendEncode(nil, mac.Sum(nil))
}

func formatBcryptSHA256(cost int, salt [bcryptSaltSize]byte, digest []byte) string {
	return fmt.Sprintf("$bcrypt-sha256$v=2,t=2b,r=%d$%s$%s",
		cost, bcryptBase64.EncodeToString(salt[:]), bcryptBase64.EncodeToString(digest))
}

func hashBcryptSHA256(password []byte, cost int) (string, error) {
	salt := newBcryptSalt()
	digest := bcryptDigest(preHash(password, bcryptBase64.EncodeToString(salt[:])), salt, cost)
	return formatBcryptSHA256(cost, salt, digest), nil
}

func parseBcryptSHA256(fields []string) (matcher, error) {
	params := strings.Split(fields[0], ",")
	var version, ident, rounds string
	if isBcryptIdent(params[0]) && len(params) == 2 {
		version, ident, rounds = "1", params[0], params[1]
	} else {
		version = param(params, "v")
		ident = param(params, "t")
		rounds = param(params, "r")
	}
	if (version != "1" && version != "2") || !isBcryptIdent(ident) {
		return nil, errors.New("its parameters are damaged")
	}
	cost, err := bcryptCost(rounds)
	if err != nil {
		return nil, err
	}
	salt, digest, err := decodeBcrypt(fields[1], fields[2])
	if err != nil {
		return nil, err
	}
	return func(password []byte) bool {
		var pre []byte
		if version == "1" {
			sum := sha256.Sum256(password)
			pre = base64.StdEncoding.AppendEncode(nil, sum[:])
		} else {
			pre = preHash(password, fields[1])
		}
		return subtle.ConstantTimeCompare(bcryptDigest(pre, salt, cost), digest) == 1
	}, nil
}

func formatScrypt(salt, digest []byte, r, p int) string {
	return fmt.Sprintf("$scrypt$ln=%d,r=%d,p=%d$%s$%s",
		scryptLogN, r, p, stdBase64.EncodeToString(salt), stdBase64.EncodeToString(digest))
}

func hashScrypt(password, salt []byte, r, p int) (string, error) {
	digest, err := scrypt.Key(password, salt, 1<<scryptLogN, r, p, scryptDigestSize)
	if err != nil {
		return "", err
	}
	return formatScrypt(salt, digest, r, p), nil
}

func parseScrypt(fields []string) (matcher, error) {
	params := strings.Split(fields[0], ",")
	ln, err := parseNumber(param(params, "ln"))
	if err != nil {
		return nil, err
	}
	r, err := parseNumber(param(params, "r"))
	if err != nil {
		return nil, err
	}
	p, err := parseNumber(param(params, "p"))
	if err != nil {
		return nil, err
	}
	if ln < 1 || ln > 30 {
		return nil, fmt.Errorf("scrypt with N=2^%d costs too much", ln)
	}
	if err := checkScrypt(1<<ln, r, p); err != nil {
		return nil, err
	}
	salt, digest, err := decodeSaltAndDigest(fields[1], fields[2], scryptDigestSize)
	if err != nil {
		return nil, err
	}
	return func(password []byte) bool {
		got, err := scrypt.Key(password, salt, 1<<ln, r, p, scryptDigestSize)
		return err == nil && subtle.ConstantTimeCompare(got, digest) == 1
	}, nil
}

func formatPBKDF2(salt, digest []byte, rounds int) string {
	return fmt.Sprintf("$pbkdf2-sha512$%d$%s$%s", rounds, stdBase64.EncodeToString(salt), stdBase64.EncodeToString(digest))
}

func hashPBKDF2(password, salt []byte, rounds int) (string, error) {
	digest, err := pbkdf2.Key(sha512.New, string(password), salt, rounds, pbkdf2DigestSize)
	if err != nil {
		return "", err
	}
	return formatPBKDF2(salt, digest, rounds), nil
}

func parsePBKDF2(fields []string) (matcher, error) {
	rounds, err := parseNumber(fields[0])
	if err != nil {
		return nil, err
	}
	if err := checkRounds(rounds, maxPBKDF2Rounds); err != nil {
		return nil, err
	}
	salt, digest, err := decodeSaltAndDigest(fields[1], fields[2], pbkdf2DigestSize)
	if err != nil {
		return nil, err
	}
	return func(password []byte) bool {
		got, err := pbkdf2.Key(sha512.New, string(password), salt, rounds, pbkdf2DigestSize)
		return err == nil && subtle.ConstantTimeCompare(got, digest) == 1
	}, nil
}

// parseSHA512Crypt reads the parts after $6$: perhaps rounds, then salt and digest
// (https://www.akkadia.org/drepper/SHA-crypt.txt).
func parseSHA512Crypt(fields []string) (matcher, error) {
	rounds := 5000
	if text, ok := strings.CutPrefix(fields[0], "rounds="); ok {
		var err error
		if rounds, err = parseNumber(text); err != nil {
			return nil, err
		}
		fields = fields[1:]
	}
	if rounds < 1000 || rounds > maxSHA512Rounds {
		return nil, fmt.Errorf("%d rounds are not between 1000 and %d", rounds, maxSHA512Rounds)
	}
	if len(fields) != 2 || len(fields[0]) > 16 || len(fields[1]) != 86 {
		return nil, errors.New("its length is wrong")
	}
	salt, digest := []byte(fields[0]), []byte(fields[1])
	return func(password []byte) bool {
		return subtle.ConstantTimeCompare(crypt.KeySHACrypt(sha512.New, password, salt, rounds), digest) == 1
	}, nil
}

func decodeSaltAndDigest(saltText, digestText string, digestSize int) (salt, digest []byte, err error) {
	salt, err = stdBase64.DecodeString(strings.ReplaceAll(saltText, ".", "+"))
	if err != nil || len(salt) > maxSaltSize {
		return nil, nil, errors.New("its salt is damaged")
	}
	digest, err = stdBase64.DecodeString(strings.ReplaceAll(digestText, ".", "+"))
	if err != nil || len(digest) != digestSize {
		return nil, nil, errors.New("its digest is damaged")
	}
	return salt, digest, nil
}

// param returns the value of name=value among params, or "".
func param(params []string, name string) string {
	for _, p := range params {
		if v, ok := strings.CutPrefix(p, name+"="); ok {
			return v
		}
	}
	return ""
}

// parseNumber reads decimal digits; at most nine, so that no sum of them overflows. More is no
// sensible cost.
func parseNumber(text string) (int, error) {
	if text == "" || len(text) > 9 || strings.Trim(text, "0123456789") != "" {
		return 0, errors.New("a number in it is damaged or too large")
	}
	return strconv.Atoi(text)
}
