package mail_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/mail"
)

const report = "From: MAILER-DAEMON@mx.example\r\nTo: no-reply@cloud.example\r\nSubject: Undelivered Mail Returned to Sender\r\n" +
	"MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b1\"\r\n\r\n" +
	"--b1\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n" +
	"--b1\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n" +
	"Final-Recipient: rfc822; greta@acme.example\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 no such\r\n mailbox\r\n" +
	"--b1\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: no-reply@cloud.example\r\nMessage-ID: <0123456789abcdef0123456789abcdef@cloud.example>\r\n" +
	"--b1--\r\n"

// 6.5: what a report says of a mail, and that nothing else counts as one.
func TestReadBounce(t *testing.T) {
	b, err := mail.ReadBounce(strings.NewReader(report))
	if want := (mail.Bounce{MailID: "0123456789abcdef0123456789abcdef", Why: "550 5.1.1 no such mailbox"}); err != nil || b != want {
		t.Errorf("got %+v, %v, want %+v", b, err, want)
	}
	for name, change := range map[string][2]string{
		"delayed":        {"Action: failed\r\nStatus: 5.1.1", "Action: delayed\r\nStatus: 4.4.1"},
		"delivered":      {"Action: failed\r\nStatus: 5.1.1", "Action: delivered\r\nStatus: 2.0.0"},
		"failed for now": {"Status: 5.1.1", "Status: 4.2.2"},
		"no status":      {"message/delivery-status", "text/plain"},
	} {
		if _, err := mail.ReadBounce(strings.NewReader(strings.Replace(report, change[0], change[1], 1))); !errors.Is(err, mail.ErrNoBounce) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"nothing":          "",
		"another mail":     "Subject: hello\r\n\r\nhello\r\n",
		"a receipt":        strings.Replace(report, "report-type=delivery-status", "report-type=disposition-notification", 1),
		"of another's":     strings.Replace(report, "0123456789abcdef0123456789abcdef@", "their-own-id@", 1),
		"without the mail": strings.Replace(report, "text/rfc822-headers", "text/plain", 1),
	} {
		if b, err := mail.ReadBounce(strings.NewReader(text)); err == nil || errors.Is(err, mail.ErrNoBounce) {
			t.Errorf("%s: %+v, %v", name, b, err)
		}
	}
	// The whole mail instead of its header, cut off in the middle of it.
	whole := strings.Replace(report, "text/rfc822-headers", "message/rfc822", 1)
	if b, err := mail.ReadBounce(strings.NewReader(whole[:len(whole)-8] + "\r\n\r\nHello " + strings.Repeat("x", 2<<20))); err != nil || b.MailID == "" {
		t.Errorf("cut off: %+v, %v", b, err)
	}
}

// FuzzReadBounce: whatever is said to be a report, S-128. Who it names is an id of the outbox.
func FuzzReadBounce(f *testing.F) {
	f.Add(report)
	f.Add("Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\n\r\n--x--")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := mail.ReadBounce(strings.NewReader(text))
		if err == nil && len(b.MailID) != 32 {
			t.Errorf("%q", b.MailID)
		}
	})
}
