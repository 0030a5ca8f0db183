package portal

import (
	"fmt"
	"strings"
	"testing"

	"rsc.io/qr"
)

// TestOutline: what is drawn is what was encoded, square by square, inside a frame of four.
func TestOutline(t *testing.T) {
	c, err := qr.Encode("otpauth://totp/Lintel:alice%40Default?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", qr.M)
	if err != nil {
		t.Fatal(err)
	}
	drawn := map[[2]int]bool{}
	for run := range strings.SplitSeq(strings.Trim(outline(c), "Mz"), "zM") {
		var x, y, n, back int
		if _, err := fmt.Sscanf(run, "%d %dh%dv1h-%d", &x, &y, &n, &back); err != nil || n != back {
			t.Fatalf("%q: %v", run, err)
		}
		for i := range n {
			drawn[[2]int{x + i, y}] = true
		}
	}
	for y := range c.Size + 8 {
		for x := range c.Size + 8 {
			if drawn[[2]int{x, y}] != c.Black(x-4, y-4) {
				t.Fatalf("square %d, %d is drawn wrong", x, y)
			}
		}
	}
}
