package mail_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/testenv"
	"github.com/lintel-id/lintel/internal/token"
)

// keys are those that lintel up makes for credentials.
func office(env *testenv.Env) *mail.Office {
	return &mail.Office{Cloud: "Cloud", URL: "https://identity.example/portal", Sends: true, Keys: &token.FileKeys{
		Repository: token.Repository{Dir: env.Dir + "/credential-keys"}, Optional: true, Now: env.Clock.Now,
		Report: func(error) {},
	}}
}

func post(t *testing.T, env *testenv.Env, to string) {
	t.Helper()
	err := env.Server.DB.Update(t.Context(), func(tx *store.Tx) error {
		_, err := office(env).Post(t.Context(), tx, mail.Invite, "en", mail.Values{To: to, Link: "/invite/SECRET", By: "Alice", Project: "acme"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestMailsArriveOnce: over a dead mail server and a restart, once each.
func TestMailsArriveOnce(t *testing.T) {
	box := testenv.NewMailbox(t, "")
	dir, clock := t.TempDir(), testenv.NewClock()
	env := testenv.Open(t, dir, clock, box.Use)
	post(t, env, "greta@acme.example")
	for _, file := range []string{env.Database(), env.Database() + "-wal"} {
		if stored, err := os.ReadFile(file); err != nil || bytes.Contains(stored, []byte("SECRET")) {
			t.Errorf("a link waits in clear text in %s (%v)", file, err)
		}
	}
	box.Close()
	if err := env.Server.Deliver(t.Context()); err == nil {
		t.Fatal("the mail server is dead and nobody notices")
	}

	again := testenv.Open(t, dir, clock, box.Use)
	box = testenv.NewMailbox(t, box.Address)
	again.Deliver()
	if n := len(box.All("greta@acme.example")); n != 0 {
		t.Errorf("%d mails before it is time to try again", n)
	}
	clock.Advance(2 * time.Minute)
	again.Deliver()
	clock.Advance(time.Hour)
	again.Deliver()
	if n := len(box.All("greta@acme.example")); n != 1 {
		t.Fatalf("%d mails, want one", n)
	}
	m := box.Last("greta@acme.example")
	if m.From != "no-reply@cloud.example" || m.Link != "/portal/invite/SECRET" || !strings.Contains(m.HTML, m.Link) ||
		m.Header.Get("Auto-Submitted") != "auto-generated" || !strings.HasSuffix(m.Header.Get("Message-ID"), "@cloud.example>") {
		t.Errorf("%+v", m)
	}
}

// TestMailServerComesBack: however long it was away, what waits arrives within a minute, once each. S-147
func TestMailServerComesBack(t *testing.T) {
	box := testenv.NewMailbox(t, "")
	env := testenv.New(t, box.Use)
	box.Close()
	for _, to := range []string{"greta@acme.example", "hans@acme.example", "ida@acme.example"} {
		post(t, env, to)
	}
	for range 100 * 6 { // 100 minutes
		_ = env.Server.Deliver(t.Context())
		env.Clock.Advance(10 * time.Second)
	}
	box = testenv.NewMailbox(t, box.Address)
	for range 6 {
		env.Clock.Advance(10 * time.Second)
		env.Deliver()
	}
	for _, after := range []string{"a minute", "an hour"} {
		for _, to := range []string{"greta@acme.example", "hans@acme.example", "ida@acme.example"} {
			if n := len(box.All(to)); n != 1 {
				t.Errorf("%d mails for %s after %s, want one", n, to, after)
			}
		}
		env.Clock.Advance(time.Hour)
		env.Deliver()
	}
}

func TestTwoNodesSendOnce(t *testing.T) {
	box := testenv.NewMailbox(t, "")
	dir, clock := t.TempDir(), testenv.NewClock()
	one, two := testenv.Open(t, dir, clock, box.Use), testenv.Open(t, dir, clock, box.Use)
	for range 5 {
		post(t, one, "greta@acme.example")
	}
	done := make(chan error, 2)
	for _, env := range []*testenv.Env{one, two} {
		go func() { done <- env.Server.Deliver(context.WithoutCancel(t.Context())) }()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := len(box.All("greta@acme.example")); n != 5 {
		t.Errorf("%d mails, want 5", n)
	}
}

// TestRefusedMails: what a mail server refuses for good is not tried again, what it refuses for now is.
func TestRefusedMails(t *testing.T) {
	box := testenv.NewMailbox(t, "")
	env := testenv.New(t, box.Use)
	box.Refuse("nobody@acme.example", 550)
	box.Refuse("busy@acme.example", 450)
	post(t, env, "nobody@acme.example")
	post(t, env, "busy@acme.example")
	_ = env.Server.Deliver(t.Context()) // says that one has to wait
	box.Refuse("busy@acme.example", 0)
	box.Refuse("nobody@acme.example", 0)
	for range 4 {
		env.Clock.Advance(30 * time.Minute)
		env.Deliver()
	}
	if n := len(box.All("nobody@acme.example")); n != 0 {
		t.Errorf("a mail that was refused came %d times", n)
	}
	if n := len(box.All("busy@acme.example")); n != 1 {
		t.Errorf("a mail that had to wait came %d times", n)
	}
}

// TestAnswersGoWhereTheyAreRead: 6.5: an address for answers beside the one that mails come from, if there is one.
func TestAnswersGoWhereTheyAreRead(t *testing.T) {
	box := testenv.NewMailbox(t, "")
	env := testenv.New(t, box.Use, func(c *config.Config) { c.Lintel.MailReplyTo = "Help <help@cloud.example>" })
	post(t, env, "greta@acme.example")
	env.Deliver()
	if to := box.Last("greta@acme.example").Header.Get("Reply-To"); to != `"Help" <help@cloud.example>` {
		t.Errorf("answers go to %q", to)
	}
}

// TestSomebodyGetsSoMuch: more than so many mails a day nobody gets. S-118
func TestSomebodyGetsSoMuch(t *testing.T) {
	box := testenv.NewMailbox(t, "")
	env := testenv.New(t, box.Use)
	for range 30 {
		post(t, env, "greta@acme.example")
	}
	env.Deliver()
	env.Deliver()
	if n := len(box.All("greta@acme.example")); n != 20 {
		t.Errorf("%d mails, want 20", n)
	}
}

// TestNoMailInTheClear: without STARTTLS nothing is sent unless the operator says so.
func TestNoMailInTheClear(t *testing.T) {
	box := testenv.NewMailbox(t, "")
	env := testenv.New(t, box.Use, func(c *config.Config) { c.Lintel.SMTPURL = "smtp://" + box.Address })
	post(t, env, "greta@acme.example")
	if err := env.Server.Deliver(t.Context()); err == nil || len(box.All("greta@acme.example")) != 0 {
		t.Errorf("sent over an open connection: %v", err)
	}
}

func TestParseServer(t *testing.T) {
	for text, want := range map[string]string{
		"smtp://mail.example":                              "",
		"smtps://u:p@mail.example:4465":                    "",
		"smtp://[2001:db8::1]:25?starttls=off":             "",
		"mail.example":                                     "it names no host",
		"http://mail.example":                              "its scheme is smtp or smtps",
		"smtp://mail.example?starttls=perhaps":             "starttls is required or off",
		"smtp://u:topsecret@mail.example:x":                "it is no URL",
		"smtps://mail.example?ca_file=/nowhere/at/all.pem": "ca_file: open /nowhere/at/all.pem: no such file or directory",
	} {
		_, err := mail.ParseServer(text)
		if err == nil && want != "" || err != nil && err.Error() != want {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
