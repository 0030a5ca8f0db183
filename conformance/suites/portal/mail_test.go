package portal

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// Sink is a mail server that keeps what it is given.
type Sink struct {
	Address string

	mu    sync.Mutex
	mails []Mail
}

// Mail is one as it arrived.
type Mail struct {
	To, Subject, Text, HTML string
	Header                  mail.Header
}

// newSink starts a mail server that ends with the test.
func newSink(t testing.TB) *Sink {
	t.Helper()
	l := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	s := &Sink{Address: l.Addr().String()}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &delivery{sink: s}, nil }))
	server.Domain = "mail.northwind.example"
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return s
}

type delivery struct {
	sink *Sink
	to   []string
}

func (d *delivery) Reset()                               { d.to = nil }
func (d *delivery) Logout() error                        { return nil }
func (d *delivery) Mail(string, *smtp.MailOptions) error { return nil }

func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	d.to = append(d.to, to)
	return nil
}

func (d *delivery) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := read(raw)
	if err != nil {
		return err
	}
	d.sink.mu.Lock()
	defer d.sink.mu.Unlock()
	for _, to := range d.to {
		m.To = to
		d.sink.mails = append(d.sink.mails, m)
	}
	return nil
}

func read(raw []byte) (m Mail, err error) {
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return m, err
	}
	m.Header = parsed.Header
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject")); err != nil {
		return m, err
	}
	_, params, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if err != nil {
		return m, err
	}
	for parts := multipart.NewReader(parsed.Body, params["boundary"]); ; {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return m, nil
		}
		if err != nil {
			return m, err
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			return m, err
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			m.HTML = string(text)
		} else {
			m.Text = strings.ReplaceAll(string(text), "\r\n", "\n")
		}
	}
}

// To are the mails for somebody whose subject or text says something.
func (s *Sink) To(address, says string) (all []Mail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.mails {
		if m.To == address && (strings.Contains(m.Subject, says) || strings.Contains(m.Text, says)) {
			all = append(all, m)
		}
	}
	return all
}

// Mail waits for a mail to somebody that says something, and returns the newest.
func (s *Story) Mail(address, says string) Mail {
	s.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if all := s.Sink.To(address, says); len(all) > 0 {
			return all[len(all)-1]
		}
		if time.Now().After(end) {
			s.Fatalf("no mail to %s says %q, but: %+v", address, says, s.Sink.To(address, ""))
		}
	}
}

var linkPattern = regexp.MustCompile(`https?://\S+/portal/\S+`)

// Link is where a mail leads.
func (m Mail) Link(t testing.TB) string {
	t.Helper()
	link := linkPattern.FindString(m.Text)
	if link == "" {
		t.Fatalf("the mail has no link: %s", m.Text)
	}
	return link
}

// Whose mail program breaks the link of an invitation types the code that stands beside it.
func TestTheCodeBesideTheLink(t *testing.T) {
	onceThere(t, "/code")
	tell(t, "P6", func(s *Story) {
		s.Project("acme")
		s.admin().Open("/portal/p/"+s.id("projects", "acme")+"/invite").Fill("E-mail addresses", "kim@partner.example").Press("Send the invitations").Sees("kim@partner.example")
		mail := s.Mail("kim@partner.example", "acme")
		_, code, there := strings.Cut(mail.Text, "the code ")
		if !there {
			t.Fatal(mail.Text)
		}
		code = strings.ToLower(code[:9])
		kim := s.Visitor().Open("/portal").Press("I have a code from a mail").Fill("E-mail address", "kim@partner.example").Fill("Code", "AAAA-AAAA").Press("Go on").Sees("No mail to that address has this code")
		kim.Fill("Code", code).Press("Go on").Sees("Join acme")
		kim.Fill("Choose a user name", "kim").Fill("Choose a password", secret).Fill("The password again", secret).Press("Accept with a new account").Sees("acme")
	})
}
