package audit

import (
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseTransport(t *testing.T) {
	guest := Broker{"localhost:5672", "guest", "guest"}
	for text, want := range map[string]Transport{
		"rabbit://":           {"rabbit", []Broker{guest}, "/", nil},
		"RABBIT:///":          {"rabbit", []Broker{guest}, "/", nil},
		"rabbit://h":          {"rabbit", []Broker{{Address: "h:5672"}}, "/", nil},
		"rabbit://u:p@h:1//":  {"rabbit", []Broker{{"h:1", "u", "p"}}, "/", nil},
		"rabbit://u:p@h:1/v":  {"rabbit", []Broker{{"h:1", "u", "p"}}, "v", nil},
		"rabbit://h/%2Fa%20b": {"rabbit", []Broker{{Address: "h:5672"}}, "/a b", nil},
		"rabbit://u%40d:p%2F%2C%3A@h1:1,u@d:q:r@[::1]:2,[fe80::1]/v?ssl=1&ssl_ca_file=/ca#x": {"rabbit", []Broker{
			{"h1:1", "u@d", "p/,:"}, {"[::1]:2", "u@d", "q:r"}, {Address: "[fe80::1]:5672"},
		}, "v", map[string]string{"ssl": "1", "ssl_ca_file": "/ca"}},
	} {
		if want.Options == nil {
			want.Options = map[string]string{}
		}
		got, err := ParseTransport(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", text, diff)
		}
	}
	// S-124
	for _, text := range []string{"", "localhost", "://h", "rabbit://u:canary%zz@h/", "rabbit://u:canary@h/%zz", "rabbit://u:canary@h/?%zz=1"} {
		if _, err := ParseTransport(text); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: error %v", text, err)
		}
	}
}

// FuzzParseTransport: whatever an operator writes, each broker has an address that can be dialled, or there is an error. S-128
func FuzzParseTransport(f *testing.F) {
	for _, text := range []string{"rabbit://u:p@h:1,[::1]/v?ssl=1", "rabbit://@:,:@:/", "rabbit://[/]", "a://%41:%42@c"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseTransport(text)
		if err != nil {
			return
		}
		if len(got.Brokers) == 0 || got.VHost == "" {
			t.Fatalf("%q: %+v", text, got)
		}
		for _, b := range got.Brokers {
			if host, port, err := net.SplitHostPort(b.Address); err != nil || host == "" || port == "" {
				t.Errorf("%q: address %q: %v", text, b.Address, err)
			}
		}
	})
}
