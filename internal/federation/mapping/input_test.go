package mapping

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadVariables(t *testing.T) {
	got, names, err := ReadVariables("\n\u00a0B : 1:2 \r\nA:\x0bP_C:x;y \u2028 P_D : \u00a0z\x1e\n\nB:3\n", "")
	want := map[string]string{"A": "", "B": "3", "P_C": "x;y", "P_D": "z"}
	if d := cmp.Diff(want, got) + cmp.Diff([]string{"B", "A", "P_C", "P_D"}, names); d != "" || err != nil {
		t.Error(d, err)
	}
	got, _, err = ReadVariables("A:1\nP_C:2", "P_")
	if d := cmp.Diff(map[string]string{"P_C": "2"}, got); d != "" || err != nil {
		t.Error(d, err)
	}
	for text, want := range map[string]string{
		"A: 1\r\n\r\n nothing ": "at line 3 expected 'key: value' but found 'nothing'",
		"A: \xff":               "is not UTF-8",
	} {
		if _, _, err := ReadVariables(text, ""); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}
