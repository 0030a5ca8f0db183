package directory

import "testing"

// A password that is made has characters of all kinds, so that it meets rules which ask for three or four, and no other is the same.
func TestMakePassword(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		pw := makePassword(madeLength)
		if len(pw) != madeLength || kinds(pw) != 4 || seen[pw] {
			t.Errorf("made %q", pw)
		}
		seen[pw] = true
	}
	if pw := makePassword(64); len(pw) != 64 {
		t.Errorf("made %q", pw)
	}
}
