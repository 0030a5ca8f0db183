// Package totp computes one-time codes from the time (RFC 6238), as Keystone and the usual apps do: six digits, HMAC-SHA1,
// a new one every 30 seconds (keystone/auth/plugins/totp.py).
package totp

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Period is how long a code is the current one.
const Period = 30 * time.Second

// minSeed is the least that RFC 4226 section 4 (R6) allows, in bytes.
const minSeed = 16

// Seed reads a seed in base32, with the padding or without. Shorter ones than 128 bits are refused.
func Seed(text string) ([]byte, error) {
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil, err
	}
	if len(seed) < minSeed {
		return nil, errors.New("the seed is shorter than 128 bits")
	}
	return seed, nil
}

// Step is the number of the period that a time falls into.
func Step(at time.Time) int64 { return at.Unix() / int64(Period/time.Second) }

// Code is the code of a period (RFC 4226 section 5.3).
func Code(seed []byte, step int64) string {
	mac := hmac.New(sha1.New, seed)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:at+4])&0x7fffffff%1_000_000)
}
