package token

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"
	"sync"
	"time"
)

const (
	keySize     = 32
	signingSize = 16

	fernetVersion = 0x80
	headerSize    = 1 + 8 + aes.BlockSize
	minTokenSize  = headerSize + aes.BlockSize + sha256.Size
)

// Key is one Fernet key, ready for use. It is safe for concurrent use.
type Key struct {
	text  string // as it was read: its hash names the key in rows of encrypted credentials
	raw   [keySize]byte
	block cipher.Block
	macs  sync.Pool // of hash.Hash, keyed with the signing half
}

// nullKey is the key of 32 zero bytes that upstream encrypts credentials with as long as their
// repository is empty (keystone/common/fernet_utils.py).
var nullKey = func() *Key {
	k, err := ParseKey(base64.URLEncoding.EncodeToString(make([]byte, keySize)))
	if err != nil {
		panic(err)
	}
	return k
}()

// GenerateKey returns the text of a new random key: 44 characters of base64url.
func GenerateKey() string {
	var raw [keySize]byte
	rand.Read(raw[:])
	return base64.URLEncoding.EncodeToString(raw[:])
}

// ParseKey reads the text of a key: 32 bytes in padded base64 of either alphabet. Space around it
// is ignored. The error never repeats the text.
func ParseKey(text string) (*Key, error) {
	std := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimSpace(text))
	raw, err := base64.StdEncoding.DecodeString(std)
	if err != nil {
		return nil, errors.New("not base64")
	}
	if len(raw) != keySize {
		return nil, fmt.Errorf("%d bytes, a key has %d", len(raw), keySize)
	}
	k := &Key{text: text, raw: [keySize]byte(raw)}
	k.block, err = aes.NewCipher(k.raw[signingSize:])
	if err != nil {
		return nil, err
	}
	k.macs.New = func() any { return hmac.New(sha256.New, k.raw[:signingSize]) }
	return k, nil
}

// Hash returns the name that rows of encrypted credentials keep of the key they were made with:
// the hexadecimal SHA-1 of its text (keystone/credential/providers/fernet/core.py).
func (k *Key) Hash() string {
	sum := sha1.Sum([]byte(k.text))
	return hex.EncodeToString(sum[:])
}

// IsNull reports whether all bytes of the key are zero.
func (k *Key) IsNull() bool { return k.raw == [keySize]byte{} }

func (k *Key) appendMAC(dst, msg []byte) []byte {
	mac := k.macs.Get().(hash.Hash)
	mac.Reset()
	mac.Write(msg)
	dst = mac.Sum(dst)
	k.macs.Put(mac)
	return dst
}

// seal returns the bytes of a Fernet token.
func (k *Key) seal(issued time.Time, iv [aes.BlockSize]byte, plaintext []byte) ([]byte, error) {
	secs := issued.Unix()
	if secs < 0 {
		return nil, fmt.Errorf("issue time %v is before 1970", issued)
	}
	pad := aes.BlockSize - len(plaintext)%aes.BlockSize
	size := headerSize + len(plaintext) + pad
	b := make([]byte, 0, size+sha256.Size)
	b = append(b, fernetVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(secs))
	b = append(b, iv[:]...)
	b = append(b, plaintext...)
	for range pad {
		b = append(b, byte(pad))
	}
	cipher.NewCBCEncrypter(k.block, iv[:]).CryptBlocks(b[headerSize:], b[headerSize:])
	return k.appendMAC(b, b), nil
}

// KeySet holds the keys of a repository: the primary first, then the others from newest to oldest,
// the staged one last. The zero value holds none.
type KeySet struct{ keys []*Key }

// NewKeySet returns the set of these keys, in the order KeySet names.
func NewKeySet(keys ...*Key) KeySet { return KeySet{keys} }

// Len returns the number of keys.
func (s KeySet) Len() int { return len(s.keys) }

// Primary returns the key that seals, or nil if the set is empty.
func (s KeySet) Primary() *Key {
	if len(s.keys) == 0 {
		return nil
	}
	return s.keys[0]
}

// Keys supplies the keys of the moment. It is asked at each token, so it must be cheap, and safe
// for concurrent use.
type Keys interface {
	Keys() (KeySet, error)
}

var strictURL = base64.RawURLEncoding.Strict()

// open returns the plaintext and the issue time of a Fernet token that one of the keys made. Nothing
// inside is acted on before the HMAC proves good.
func (s KeySet) open(text string) (plaintext []byte, issued time.Time, err error) {
	if n := len(text); n%4 == 0 {
		text = strings.TrimSuffix(text, "=")
		if len(text) < n {
			text = strings.TrimSuffix(text, "=")
		}
	}
	// The decoder skips line breaks, even a strict one.
	if strings.ContainsAny(text, "\r\n") {
		return nil, time.Time{}, ErrInvalid
	}
	b, err := strictURL.AppendDecode(make([]byte, 0, strictURL.DecodedLen(len(text))), []byte(text))
	if err != nil || len(b) < minTokenSize || b[0] != fernetVersion {
		return nil, time.Time{}, ErrInvalid
	}
	signed, sum := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	key := s.signer(signed, sum)
	if key == nil {
		return nil, time.Time{}, ErrInvalid
	}
	secs := binary.BigEndian.Uint64(b[1:])
	plaintext = signed[headerSize:]
	if secs > maxUnix || len(plaintext)%aes.BlockSize != 0 {
		return nil, time.Time{}, ErrInvalid
	}
	cipher.NewCBCDecrypter(key.block, b[9:headerSize]).CryptBlocks(plaintext, plaintext)
	pad := plaintext[len(plaintext)-1]
	if pad == 0 || pad > aes.BlockSize {
		return nil, time.Time{}, ErrInvalid
	}
	body := plaintext[:len(plaintext)-int(pad)]
	for _, c := range plaintext[len(body):] {
		if c != pad {
			return nil, time.Time{}, ErrInvalid
		}
	}
	return body, time.Unix(int64(secs), 0).UTC(), nil
}

// signer returns the key that made sum over msg, or nil.
func (s KeySet) signer(msg, sum []byte) *Key {
	var buf [sha256.Size]byte
	for _, k := range s.keys {
		if hmac.Equal(k.appendMAC(buf[:0], msg), sum) {
			return k
		}
	}
	return nil
}
