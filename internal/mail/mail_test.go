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
	Group: "crew", Code: "7QXK-M2PD", Ask: "Alice Moreau (alice@acme.example)", Places: []Place{
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

// TestWhatIsAskedFor: the mails about requests say for what they are, and where.
func TestWhatIsAskedFor(t *testing.T) {
	o := &Office{Cloud: "Cloud", URL: "https://identity.example/portal"}
	here, there := sample, sample
	here.Domain, there.Project = "", ""
	for _, c := range []struct {
		kind           Kind
		v              Values
		asked, act     string
		en, de, denied string
	}{
		{GrantAsked, there, "", "", "reader on the domain Acme at Cloud to greta", "auf der Domäne Acme", "project"},
		{GrantAsked, there, "below", "", "on all projects below Acme", "auf allen Projekten unter Acme", ""},
		{GrantAsked, here, "revoke", "", "wants to take member, load-balancer and reader on the project acme-web at Cloud from greta", "von greta zurücknehmen", "domain"},
		{GrantAsked, there, "revoke-below", "", "on all projects below Acme", "auf allen Projekten unter Acme bei Cloud von greta", "grant"},
		{GrantAnswered, here, "revoke", "approved", "agreed that greta loses member, load-balancer and reader on the project acme-web", "bei Cloud verliert", "refused"},
		{GrantAsked, here, "", "new", "to greta, until 31 December 2026, 00:00 UTC. They made that account just now.", "Das Konto wurde dabei angelegt.", "domain"},
		{GrantAsked, here, "", "once", "UTC. It takes effect once there is a second factor. Somebody else", "Die Rolle gilt erst, wenn", "just now"},
		{GrantAsked, there, "join", "", "wants to add greta to the group crew of the domain Acme", "in die Gruppe crew der Domäne Acme", "reader"},
		{GrantAsked, here, "invite", "", "wants to invite greta as member, load-balancer and reader to the project acme-web", "in das Projekt acme-web bei Cloud einladen", "domain"},
		{GrantAnswered, there, "join", "approved", "agreed that greta joins the group crew", "hat zugestimmt, dass greta bei Cloud in die Gruppe crew", "refused"},
		{GrantAnswered, here, "invite", "approved", "agreed that greta is invited as", "eingeladen wird", "refused"},
		{GrantAnswered, there, "below", "refused", "did not agree that greta gets", "hat nicht zugestimmt", "project acme"},
	} {
		c.v.Asked, c.v.Act = c.asked, c.act
		for lang, want := range map[string]string{"en": c.en, "de": c.de} {
			m, err := o.Write(c.kind, lang, c.v)
			if err != nil || !strings.Contains(m.Text, want) || c.denied != "" && lang == "en" && strings.Contains(m.Text, c.denied) {
				t.Errorf("%s, %q in %s, %v: %s", c.kind, c.asked, lang, err, m.Text)
			}
		}
	}
}

// TestWhoWantsANewPassword: the link says who sent it, or else where it was asked for. D5
func TestWhoWantsANewPassword(t *testing.T) {
	o := &Office{Cloud: "Cloud", URL: "https://identity.example/portal"}
	sent, asked := sample, sample
	sent.From, asked.By = "", ""
	for _, c := range []struct {
		v              Values
		en, de, denied []string
	}{
		{sent, []string{"Alice Moreau (alice@acme.example) sent you a link"}, []string{"Alice Moreau (alice@acme.example) hat Ihnen einen Link gesandt"},
			[]string{"most likely you", "wahrscheinlich Sie", "asked for from", "Anfrage kam von"}},
		{asked, []string{"Somebody, most likely you, wants", "This was asked for from 192.0.2.7, Firefox."},
			[]string{"Jemand, wahrscheinlich Sie selbst, möchte", "Die Anfrage kam von 192.0.2.7, Firefox."}, []string{"Alice", "sent you", "gesandt"}},
	} {
		for lang, want := range map[string][]string{"en": c.en, "de": c.de} {
			m, err := o.Write(Reset, lang, c.v)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range want {
				if !strings.Contains(m.Text, text) || !strings.Contains(m.Text, "/invite/SECRET") {
					t.Errorf("%s does not say %q: %s", lang, text, m.Text)
				}
			}
			for _, text := range c.denied {
				if strings.Contains(m.Text, text) {
					t.Errorf("%s says %q: %s", lang, text, m.Text)
				}
			}
		}
	}
}

// TestWhatOthersChoseIsInert: names and words of others make no links, headers or markup. S-116
func TestWhatOthersChoseIsInert(t *testing.T) {
	o := &Office{Cloud: "Cloud", URL: "https://identity.example/portal"}
	v := sample
	v.By = "Eve\r\nBcc: all@acme.example"
	v.Project = "<script>alert(1)</script> http://evil.example WWW.evil.example \u202etfel\u2069"
	v.Words = "see https://evil.example/login\r\n\r\n\n-- \nhttps://evil.example\x01\n"
	m, err := o.Write(Invite, "en", v)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(m.Subject, "\r\n") || strings.Contains(m.Text, "\r") || strings.Contains(m.Text, "https://evil") || strings.Contains(m.Text, "http://evil") ||
		strings.Contains(m.Text, "WWW.evil") || strings.ContainsAny(m.Subject+m.Text, "\u202e\u2069") {
		t.Errorf("%q\n%s", m.Subject, m.Text)
	}
	if strings.Contains(m.HTML, "<script") || strings.Contains(m.HTML, `href="http`) != strings.Contains(m.HTML, `href="https://identity.example/portal/invite/SECRET"`) ||
		strings.Count(m.HTML, "<a ") != 1 || strings.Count(m.HTML, "<hr>") != 1 {
		t.Error(m.HTML)
	}
	if lines := "\n> see https: //evil.example/login\n>\n> --\n> https: //evil.example\n\n"; !strings.Contains(m.Text, lines) {
		t.Errorf("what they write is not in lines marked as theirs:\n%s", m.Text)
	}
	if lines := "<blockquote>see https: //evil.example/login<br><br>--<br>https: //evil.example</blockquote>"; !strings.Contains(m.HTML, lines) {
		t.Error(m.HTML)
	}
	for _, words := range []string{"\x01", "\x01\nHello", "\n\n", ""} {
		if v.Words = words; strings.Contains(quote(words), "\x01") {
			t.Errorf("%q", quote(words))
		}
		if _, err := o.Write(Invite, "en", v); err != nil {
			t.Error(err)
		}
	}
}

// says is what the mails of section 6.5 must say and must not, by their kinds, whatever the language. What is said of somebody's secrets or of
// others' accounts is given to every mail here, so that one that would tell it does.
var says = map[Kind]struct{ must, not string }{
	Invite:          {"by project domain roles words ends link code until request", "name group"},
	InviteChanged:   {"by project domain roles ends until request", "name words"},
	InviteGone:      {"by project request", "name words"},
	Accepted:        {"address project at request", "roles"},
	Declined:        {"address project request", "roles"},
	Instead:         {"name address project link request", "by roles words"},
	AccountMade:     {"by name domain project roles link code until request", "words"},
	AccessGone:      {"by name places ask at link request", "words"},
	AccessChanged:   {"by name places ask at link request", "words"},
	AccessByGroup:   {"by name group places ask at link request", "words"},
	Reset:           {"by name link code until request", "address words from"},
	ResetElsewhere:  {"name words from request", "by address link"},
	ResetUnknown:    {"address link from request", "by name words"},
	SignUp:          {"address name project link code until from request", "by"},
	SignUpWaits:     {"address name project words link at request", "by"},
	SignUpDenied:    {"project words at request", "name by"},
	PasswordChanged: {"name at from link request", "words"},
	AddressOld:      {"name address link code until from request", "words"},
	AddressNew:      {"name address link code until request", "words"},
	AddressChanged:  {"by name at request", "address words"},
	NewDevice:       {"name at from link request", "words"},
	RecoveryUsed:    {"name at from link request", "words"},
	FactorChanged:   {"name at link request", "words"},
	FactorOff:       {"name at from link code until request", "words"},
	FactorUndone:    {"name domain at from link request", "words address"},
	CredentialMade:  {"words name project at link request", "address"},
	Expiring:        {"words project until ends link request", "address"},
	Rotate:          {"name project by ends link request", "words address"},
	Contact:         {"by project link code until request", "words"},
	Notice:          {"by name words project link request", "address"},
	Suspended:       {"by name words ends at request", "address"},
	RulesChanged:    {"by at link request", "name"},
	GrantAsked:      {"by roles project name ends words until link request", "address"},
	GrantAnswered:   {"by roles project name ends words link request", "address"},
	Asked:           {"address project link request", "roles"},
	Guessed:         {"name at from until link request", "words"},
}

// TestWhatEveryMailSays: each in each language, plain and HTML alike, says what it must and nothing that it must not, and holds one link at most.
func TestWhatEveryMailSays(t *testing.T) {
	o := &Office{Cloud: "Northwind Cloud", URL: "https://identity.example/portal"}
	v := Values{
		To: "reader@acme.example", Link: "/LINK", By: "BY", Name: "NAME", Address: "ADDRESS@acme.example", Project: "PROJECT", Domain: "DOMAIN", Roles: []string{"ROLES"}, Words: "WORDS",
		Ends: at("2031-01-11T01:00:00Z"), Until: *at("2032-02-12T02:00:00Z"), At: *at("2033-03-13T03:00:00Z"), From: "FROM", Request: "REQUEST", Group: "GROUP", Ask: "ASK", Count: 3, Code: "CODE",
		Places: []Place{{Name: "PLACES", Before: []Held{{Role: "BEFORE"}}, After: []Held{{Role: "AFTER"}}}},
	}
	marks := map[string][]string{
		"by": {"BY"}, "name": {"NAME"}, "address": {"ADDRESS@acme.example"}, "project": {"PROJECT"}, "domain": {"DOMAIN"}, "roles": {"ROLES"}, "words": {"WORDS"}, "ends": {"2031"}, "until": {"2032"},
		"at": {"2033"}, "from": {"FROM"}, "request": {"REQUEST"}, "group": {"GROUP"}, "ask": {"ASK"}, "code": {"CODE"}, "places": {"PLACES", "BEFORE", "AFTER"}, "link": {"https://identity.example/portal/LINK"},
	}
	for key := range templates {
		lang, name, _ := strings.Cut(key, "/")
		want, known := says[Kind(name)]
		if !known && name != "factor-required" { // which says what its domain asks for
			t.Errorf("nobody knows what %s is to say", name)
			continue
		}
		m, err := o.Write(Kind(name), lang, v)
		if err != nil {
			t.Fatal(err)
		}
		for form, text := range map[string]string{"plain": m.Subject + m.Text, "HTML": m.HTML} {
			for what := range strings.FieldsSeq(want.must) {
				for _, mark := range marks[what] {
					if !strings.Contains(text, mark) {
						t.Errorf("%s in %s, %s, does not say %s", name, lang, form, what)
					}
				}
			}
			for what := range strings.FieldsSeq(want.not) {
				for _, mark := range marks[what] {
					if strings.Contains(text, mark) {
						t.Errorf("%s in %s, %s, says %s", name, lang, form, what)
					}
				}
			}
		}
		if links := strings.Count(m.Text, "://"); links > 1 || strings.Count(m.HTML, "<a ") != links || strings.Contains(m.HTML, "<img") {
			t.Errorf("%s in %s has %d links", name, lang, links)
		}
		if !strings.Contains(m.Text, "\n-- \n") {
			t.Errorf("%s in %s does not say why it came", name, lang)
		}
	}
}
