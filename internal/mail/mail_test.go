package mail

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var sample = Values{
	To: "greta@acme.example", Link: "/invite/SECRET", By: "Alice Moreau (alice@acme.example)", Name: "greta", Address: "greta@acme.example",
	Project: "acme-web", Domain: "Acme", Roles: []string{"member", "load-balancer", "reader"}, Words: "Welcome to the team.",
	Ends: at("2026-12-31T00:00:00Z"), Until: *at("2026-03-11T05:06:00Z"), At: *at("2026-03-05T14:30:00Z"), From: "192.0.2.7, Firefox", Request: "req-1",
	Group: "crew", Ask: "Alice Moreau (alice@acme.example)", Places: []Place{
		{Name: "acme-web", Before: []Held{{Role: "member"}, {Role: "reader"}}, After: []Held{{Role: "member", Until: *at("2026-12-31T00:00:00Z")}}},
		{Name: "Acme", Domain: true, Below: true, After: []Held{{Role: "reader"}}}, {Before: []Held{{Role: "auditor"}}},
	},
}

func at(text string) *time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return &t
}

// TestEveryMailInEveryLanguage compares each mail with what it should be: testdata, written anew with UPDATE=1.
func TestEveryMailInEveryLanguage(t *testing.T) {
	o := &Office{Cloud: "Northwind Cloud", URL: "https://identity.example/portal"}
	kinds := map[string][]string{}
	for key := range templates {
		lang, kind, _ := strings.Cut(key, "/")
		kinds[kind] = append(kinds[kind], lang)
	}
	for kind, langs := range kinds {
		if len(langs) != len(words) {
			t.Errorf("the mail %s is there in %v only", kind, langs)
		}
		for _, lang := range langs {
			m, err := o.Write(Kind(kind), lang, sample)
			if err != nil {
				t.Fatal(err)
			}
			if m.Subject == "" || strings.Contains(m.Text, "<no value>") || strings.Contains(m.Text, "\n\n\n") {
				t.Errorf("%s in %s: %+v", kind, lang, m)
			}
			got := "Subject: " + m.Subject + "\n\n" + m.Text + "\n" + m.HTML
			file := filepath.Join("testdata", kind+"."+lang+".txt")
			if os.Getenv("UPDATE") != "" {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil || string(want) != got {
				t.Errorf("%s is not as it was (%v):\n%s", file, err, got)
			}
		}
	}
	if !slices.Contains(kinds[string(Invite)], "de") {
		t.Error("no mails were found")
	}
	if m, err := o.Write(Invite, "xx", sample); err != nil || m.Lang != "en" {
		t.Errorf("an unknown language: %+v, %v", m, err)
	}
}

// TestWhatOthersChoseIsInert: names and words of others make no links, headers or markup. S-116
func TestWhatOthersChoseIsInert(t *testing.T) {
	o := &Office{Cloud: "Cloud", URL: "https://identity.example/portal"}
	v := sample
	v.By = "Eve\r\nBcc: all@acme.example"
	v.Project = `<script>alert(1)</script> http://evil.example`
	v.Words = "see https://evil.example/login\n\n-- \nhttps://evil.example"
	m, err := o.Write(Invite, "en", v)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(m.Subject, "\r\n") || strings.Contains(m.Text, "\r") || strings.Contains(m.Text, "https://evil") || strings.Contains(m.Text, "http://evil") {
		t.Errorf("%q\n%s", m.Subject, m.Text)
	}
	if strings.Contains(m.HTML, "<script") || strings.Contains(m.HTML, `href="http`) != strings.Contains(m.HTML, `href="https://identity.example/portal/invite/SECRET"`) ||
		strings.Count(m.HTML, "<a ") != 1 || strings.Count(m.HTML, "<hr>") != 1 {
		t.Error(m.HTML)
	}
}
