// Package password makes and checks password hashes in the forms that Keystone stores, checks that
// new passwords obey the rules, and bounds how much hashing goes on at once.
//
// A stored hash names its own algorithm and cost (keystone/common/password_hashers):
//
//	bcrypt         $2b$12$SALT22DIGEST31                          also $2a$, $2x$ and $2y$
//	bcrypt_sha256  $bcrypt-sha256$v=2,t=2b,r=12$SALT22$DIGEST31   bcrypt of a keyed SHA-256
//	               $bcrypt-sha256$2b,12$SALT22$DIGEST31           version 1: of a plain one; read only
//	scrypt         $scrypt$ln=16,r=8,p=1$SALT$DIGEST
//	pbkdf2_sha512  $pbkdf2-sha512$25000$SALT$DIGEST
//	sha512_crypt   $6$rounds=656000$SALT$DIGEST86                 read only
//
// SALT22 and DIGEST31 are base64 of bcrypt's own alphabet. The salts and digests of scrypt and
// PBKDF2 are unpadded standard base64, in which older releases wrote a dot for the plus. The two forms that
// are read only are those passlib left in old databases; upstream itself no longer reads them.
package password

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"math/bits"
)

// Algorithms that can make new hashes, by the names of [identity] password_hash_algorithm.
const (
	Bcrypt       = "bcrypt"
	BcryptSHA256 = "bcrypt_sha256"
	Scrypt       = "scrypt"
	PBKDF2SHA512 = "pbkdf2_sha512"
)

// bcryptMax is how many bytes of a password bcrypt looks at.
const bcryptMax = 72

// Bounds of what a hash may cost. They keep a stored or configured number from stopping the server:
// each takes a few seconds at most, far above what any guide recommends.
const (
	maxBcryptCost    = 17
	maxPBKDF2Rounds  = 5_000_000
	maxSHA512Rounds  = 5_000_000
	maxScryptMemory  = 256 << 20 // bytes
	maxScryptPasses  = 4         // times that much memory gone through, for p > 1
	maxSaltSize      = 1024
	maxStoredHashLen = 4096
)

// ErrHash says that a stored hash is damaged, of an unknown form, or too costly to check.
var ErrHash = errors.New("the stored password hash cannot be used")

// TooLongError says that a password is longer than Limit bytes. Its text is upstream's
// PasswordVerificationError, which answers 403.
type TooLongError struct{ Limit int }

func (e *TooLongError) Error() string {
	return fmt.Sprintf("The password length must be less than or equal to %d. "+
		"The server could not comply with the request because the password is invalid.", e.Limit)
}

// Hasher makes hashes by one algorithm and checks those of all. Zero fields mean upstream's defaults.
type Hasher struct {
	Algorithm string // one of the constants above; default Bcrypt
	// Rounds is the cost of bcrypt (log2, default 12) and PBKDF2 (iterations, default 25000). Scrypt
	// ignores it: upstream fixes its N at 2^16.
	Rounds            int
	ScryptBlockSize   int // r, default 8
	ScryptParallelism int // p, default 1
	SaltBytes         int // of scrypt and PBKDF2, default 16

	// MaxLength is [identity] max_password_length in bytes, default 4096.
	MaxLength int
	// Strict is [DEFAULT] strict_password_check: refuse longer passwords where upstream otherwise cuts them.
	Strict bool
}

func or(v, def int) int {
	if v <= 0 {
		return def
	}
	return v
}

func (h Hasher) algorithm() string {
	if h.Algorithm == "" {
		return Bcrypt
	}
	return h.Algorithm
}

func (h Hasher) bcryptCost() int { return or(h.Rounds, 12) }

// Validate reports settings that cannot make a hash, or only ones that would cost too much to check.
func (h Hasher) Validate() error {
	switch h.algorithm() {
	case Bcrypt, BcryptSHA256:
		return checkBcryptCost(h.bcryptCost())
	case Scrypt:
		return checkScrypt(1<<scryptLogN, or(h.ScryptBlockSize, 8), or(h.ScryptParallelism, 1))
	case PBKDF2SHA512:
		return checkRounds(or(h.Rounds, pbkdf2Rounds), maxPBKDF2Rounds)
	}
	return fmt.Errorf("password hash algorithm %q is unknown", h.Algorithm)
}

// Limit returns how many bytes of a password count: MaxLength, or 72 if the algorithm is bcrypt and
// MaxLength is more (keystone/common/password_hashing.py). It goes by the configured algorithm even
// for hashes of another, so that both servers treat a password alike.
func (h Hasher) Limit() int {
	limit := or(h.MaxLength, 4096)
	if h.algorithm() == Bcrypt {
		limit = min(limit, bcryptMax)
	}
	return limit
}

// cut returns the bytes of the password that count, or TooLongError if there are more and Strict is set.
func (h Hasher) cut(password string) ([]byte, error) {
	limit := h.Limit()
	if len(password) <= limit {
		return []byte(password), nil
	}
	if h.Strict {
		return nil, &TooLongError{limit}
	}
	return []byte(password[:limit]), nil
}

// Hash returns a new hash. A password longer than Limit is cut there, or refused if Strict is set.
// Cutting is what upstream does for all, and the generated secrets of application credentials, 86
// characters long, need it; that people cannot set such a password is up to Rules.MaxBytes.
func (h Hasher) Hash(password string) (string, error) {
	if err := h.Validate(); err != nil {
		return "", err
	}
	pw, err := h.cut(password)
	if err != nil {
		return "", err
	}
	switch h.algorithm() {
	case Bcrypt:
		return hashBcrypt(pw, h.bcryptCost())
	case BcryptSHA256:
		return hashBcryptSHA256(pw, h.bcryptCost())
	case Scrypt:
		return hashScrypt(pw, h.salt(), or(h.ScryptBlockSize, 8), or(h.ScryptParallelism, 1))
	default:
		return hashPBKDF2(pw, h.salt(), or(h.Rounds, pbkdf2Rounds))
	}
}

func (h Hasher) salt() []byte {
	salt := make([]byte, or(h.SaltBytes, 16))
	rand.Read(salt)
	return salt
}

// Verify reports whether the stored hash is one of the password. An error wraps ErrHash if the hash
// cannot be used, or is a TooLongError.
func (h Hasher) Verify(hash, password string) (bool, error) {
	matches, err := h.prepare(hash, password)
	if err != nil {
		return false, err
	}
	return matches(), nil
}

// prepare does all of Verify that costs nothing.
func (h Hasher) prepare(hash, password string) (matches func() bool, err error) {
	pw, err := h.cut(password)
	if err != nil {
		return nil, err
	}
	match, err := parse(hash)
	if err != nil {
		return nil, err
	}
	return func() bool { return match(pw) }, nil
}

// decoy returns a hash of the right form and cost that no password matches but by a chance of one
// in 2^128 or less.
func (h Hasher) decoy() (string, error) {
	if err := h.Validate(); err != nil {
		return "", err
	}
	var digest [64]byte
	rand.Read(digest[:])
	switch h.algorithm() {
	case Bcrypt:
		return formatBcrypt(h.bcryptCost(), newBcryptSalt(), digest[:bcryptDigestSize]), nil
	case BcryptSHA256:
		return formatBcryptSHA256(h.bcryptCost(), newBcryptSalt(), digest[:bcryptDigestSize]), nil
	case Scrypt:
		return formatScrypt(h.salt(), digest[:scryptDigestSize], or(h.ScryptBlockSize, 8), or(h.ScryptParallelism, 1)), nil
	default:
		return formatPBKDF2(h.salt(), digest[:], or(h.Rounds, pbkdf2Rounds)), nil
	}
}

func checkBcryptCost(cost int) error {
	if cost < 4 || cost > maxBcryptCost {
		return fmt.Errorf("bcrypt cost %d is not between 4 and %d", cost, maxBcryptCost)
	}
	return nil
}

func checkRounds(rounds, most int) error {
	if rounds < 1 || rounds > most {
		return fmt.Errorf("%d rounds are not between 1 and %d", rounds, most)
	}
	return nil
}

func checkScrypt(n, r, p int) error {
	if n < 2 || n&(n-1) != 0 || r < 1 || p < 1 {
		return fmt.Errorf("scrypt with N=%d r=%d p=%d is not defined", n, r, p)
	}
	// 128·N·r bytes of memory, gone through p times. The products cannot overflow once each is bounded.
	const maxUnits = maxScryptMemory / 128
	if n > maxUnits || r > maxUnits || bits.Len(uint(n))+bits.Len(uint(r)) > 60 || n*r > maxUnits ||
		p > maxScryptPasses*maxUnits/(n*r) {
		return fmt.Errorf("scrypt with N=%d r=%d p=%d costs too much", n, r, p)
	}
	return nil
}

var stdBase64 = base64.RawStdEncoding
