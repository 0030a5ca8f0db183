package main

import (
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/testenv"
)

// 6.5: what a mail server reports of an invitation's mail stands at the invitation, and nothing else does.
func TestMailBounce(t *testing.T) {
	box := testenv.NewMailbox(t, "")
	c := newConsole(t, box.Use)
	if out, err := c.run("invite greta@acme.example --project acme --role member"); err != nil {
		t.Fatal(err, out)
	}
	c.env.Deliver()
	report := func(action, status, id string) string {
		return "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" +
			"Reporting-MTA: dns; mx.example\r\n\r\nAction: " + action + "\r\nStatus: " + status + "\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n" +
			"Message-ID: " + id + "\r\n--b--\r\n"
	}
	state := func() string {
		t.Helper()
		out, err := c.run("invitation list --project acme -f json")
		if err != nil {
			t.Fatal(err, out)
		}
		return out
	}
	id := box.Last("greta@acme.example").Header.Get("Message-Id")
	if out, err := c.pipe(report("delayed", "4.4.1", id), "mail bounce"); err != nil || !strings.Contains(out, "nothing to note") {
		t.Errorf("late: %v\n%s", err, out)
	}
	for name, in := range map[string]string{"no report": "Subject: hello\r\n\r\nhello\r\n", "of another mail": report("failed", "5.1.1", "<"+strings.Repeat("0", 32)+"@cloud.example>")} {
		if out, err := c.pipe(in, "mail bounce"); err == nil {
			t.Errorf("%s: %s", name, out)
		}
	}
	if out := state(); strings.Contains(out, "bounced") {
		t.Errorf("it bounced before it was said: %s", out)
	}
	if out, err := c.pipe(report("failed", "5.1.1", id), "mail bounce"); err != nil {
		t.Error(err, out)
	}
	if out := state(); !strings.Contains(out, "bounced") {
		t.Errorf("nothing tells that it bounced: %s", out)
	}
}
