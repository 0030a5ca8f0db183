package mail

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"
)

// Bounce is what a mail server reports of a mail that it, or one behind it, had taken and could not deliver.
type Bounce struct {
	MailID string // of the outbox
	Why    string // in the words of the mail server that refused it
}

// ErrNoBounce says that a report tells of no mail that will never arrive: it was delivered, or is only late.
var ErrNoBounce = errors.New("the report tells of no mail that failed for good")

// mostReport is how much of a report is read. What comes last is the mail itself, of which the header is enough.
const mostReport = 1 << 20

// messageID is what Server gives a mail: nobody can name one who has not seen it, or a report of it.
var messageID = regexp.MustCompile(`^\s*<?([0-9a-f]{32})@[^\s<>]*>?\s*$`)

// ReadBounce reads a delivery status notification (RFC 3464, in a multipart/report of RFC 6522) as mail servers send it to the sender of
// a mail. It returns ErrNoBounce for one of a mail that is not lost, and another error for what is no such report, or one of a mail that is
// not ours.
func ReadBounce(r io.Reader) (b Bounce, err error) {
	m, err := mail.ReadMessage(bufio.NewReader(io.LimitReader(r, mostReport)))
	if err != nil {
		return b, fmt.Errorf("this is no mail: %w", err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" || !strings.EqualFold(params["report-type"], "delivery-status") {
		return b, errors.New("this mail is no delivery status notification (multipart/report; report-type=delivery-status)")
	}
	failed := false
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) { // also where it was cut off
			break
		} else if err != nil {
			return b, fmt.Errorf("this delivery status notification cannot be read: %w", err)
		}
		kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		switch kind {
		case "message/delivery-status", "message/global-delivery-status":
			failed, b.Why = failure(part)
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
			header, _ := textproto.NewReader(bufio.NewReader(part)).ReadMIMEHeader() // as far as it goes
			if id := messageID.FindStringSubmatch(header.Get("Message-Id")); id != nil {
				b.MailID = id[1]
			}
		}
	}
	switch {
	case !failed:
		return b, ErrNoBounce
	case b.MailID == "":
		return b, errors.New("this report does not hold the header of a mail that was sent from here")
	}
	return b, nil
}

// failure tells whether a mail failed for good, by the fields of any of its recipients: those of the mail itself come first, and then
// those of each recipient (RFC 3464, section 2.3). Lintel's mails have one.
func failure(r io.Reader) (failed bool, why string) {
	fields := textproto.NewReader(bufio.NewReader(r))
	for {
		h, err := fields.ReadMIMEHeader()
		if strings.EqualFold(strings.TrimSpace(h.Get("Action")), "failed") && strings.HasPrefix(strings.TrimSpace(h.Get("Status")), "5.") {
			_, said, _ := strings.Cut(h.Get("Diagnostic-Code"), ";")
			return true, cmp.Or(strings.TrimSpace(said), strings.TrimSpace(h.Get("Status")))
		}
		if err != nil {
			return false, ""
		}
	}
}
