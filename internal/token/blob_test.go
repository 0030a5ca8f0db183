package token

import (
	"errors"
	"strings"
	"testing"
)

// The blobs were made by keystone/credential/providers/fernet/core.py.
func TestUpstreamBlobs(t *testing.T) {
	repository := NewKeySet(mustKey(t, primaryKey), mustKey(t, oldKey))
	// As somebody wrote it by hand: the other alphabet, and a line break that counts for the hash.
	byHand := NewKeySet(mustKey(t, "nJf9+2P7jQRmJJYTuxkQlkw9BQVyIGT9UVsbqpYP25g=\n"))
	for _, tt := range []struct {
		name                 string
		keys                 KeySet
		blob, hash, contents string
	}{
		{"null key", KeySet{}, "gAAAAABrCBIIqfyGuYPD023tyOOUtPEDCQ9xtANTk6IifnUcLK7oea2HnOE6b1_SyDpu48xTqpRZHnJiOrozUtWnX4iZQAJR_uluxZFWEtMyTeAccibTq0g=", "c5bdc272b97a0d521ef878dc26fb73e4075544dc", "JBSWY3DPEHPK3PXP"},
		{"primary key", repository, "gAAAAABrCBIIgcWmTSUGQiheMqnpfDSsEOaDdXT9YlcO3R-MOagsXWUGiFJA1U2bsw3WCJgjlnDH1HwyiobwpkIAv7pWhdP1HN2kVG1vh89yRFlXYRcn-N3qUSzQWAOtPr0BxQwybKWg", "eeb3e9683762f7f0a546db2447469edfdb558c1a", `{"access": "a1", "secret": "zoë"}`},
		{"key with a line break", byHand, "gAAAAABrCBII0N8ywotfifoisdXgRgblM-FlLqRy3XzkfShY-QYIlFOq7kUCNUT6k0VyMF-li2vqqwMMeNjMiX5J1IBGxlHQgw==", "fc26d695187daf0f19c0b300d4506e021f8c6b92", "x"},
	} {
		if got, err := Decrypt(tt.keys, tt.blob); got != tt.contents || err != nil {
			t.Errorf("%s: Decrypt = %q, %v; want %q", tt.name, got, err, tt.contents)
		}
		blob, hash, err := Encrypt(tt.keys, tt.contents)
		if len(blob) != len(tt.blob) || hash != tt.hash || err != nil {
			t.Errorf("%s: Encrypt = %q, %s, %v; want a blob as long as %q and %s", tt.name, blob, hash, err, tt.blob, tt.hash)
		}
		if got, err := Decrypt(tt.keys, blob); got != tt.contents || err != nil {
			t.Errorf("%s: Decrypt of our own = %q, %v; want %q", tt.name, got, err, tt.contents)
		}
	}
}

func TestDecryptTriesAllKeys(t *testing.T) {
	before := NewKeySet(mustKey(t, oldKey))
	after := NewKeySet(mustKey(t, primaryKey), mustKey(t, oldKey))
	for name, keys := range map[string]KeySet{"null key": {}, "secondary key": before, "primary key": after} {
		blob, _, err := Encrypt(keys, "")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Decrypt(after, blob); got != "" || err != nil {
			t.Errorf("%s: Decrypt = %q, %v; want the empty text", name, got, err)
		}
	}
	blob, _, err := Encrypt(after, "secret")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Decrypt(before, blob); got != "" || !errors.Is(err, ErrInvalid) {
		t.Errorf("Decrypt without the key = %q, %v; want ErrInvalid", got, err)
	}
	if got, err := Decrypt(after, strings.Replace(blob, blob[40:41], "*", 1)); got != "" || !errors.Is(err, ErrInvalid) {
		t.Errorf("Decrypt of a damaged blob = %q, %v; want ErrInvalid", got, err)
	}
}
