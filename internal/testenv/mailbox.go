package testenv

import (
	"bytes"
	"errors"
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

	"github.com/emersion/go-smtp"

	"github.com/lintel-id/lintel/internal/config"
)

// Mailbox is a mail server that keeps what it is given.
type Mailbox struct {
	Address string

	t      testing.TB
	server *smtp.Server
	mu     sync.Mutex
	mails  []Mail
	refuse map[string]error
}

// Mail is a mail as it arrived.
type Mail struct {
	From, To         string // of the envelope
	Header           mail.Header
	Subject          string
	Text, HTML, Link string
}

// NewMailbox starts a mail server on an address, or on a free one.
func NewMailbox(t testing.TB, address string) *Mailbox {
	t.Helper()
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	m := &Mailbox{t: t, Address: l.Addr().String(), refuse: map[string]error{}}
	m.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailSession{box: m}, nil }))
	m.server.Domain = "mail.example"
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := m.server.Serve(l); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Error(err)
		}
	}()
	t.Cleanup(func() {
		m.Close()
		<-done
	})
	return m
}

// Use makes a server send its mails here.
func (m *Mailbox) Use(c *config.Config) {
	c.Lintel.SMTPURL, c.Lintel.MailFrom = "smtp://"+m.Address+"?starttls=off", "Example Cloud <no-reply@cloud.example>"
	c.Lintel.PortalURL = "https://identity.example/portal"
}

// Close stops the mail server.
func (m *Mailbox) Close() { _ = m.server.Close() }

// Refuse makes the server refuse mails for an address with a code, or with 0 take them again.
func (m *Mailbox) Refuse(address string, code int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.refuse, address)
	if code != 0 {
		m.refuse[address] = &smtp.SMTPError{Code: code, Message: "not here"}
	}
}

// All are the mails that came for an address so far.
func (m *Mailbox) All(address string) (all []Mail) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, one := range m.mails {
		if one.To == address {
			all = append(all, one)
		}
	}
	return all
}

// Last is the newest mail for an address. The test ends if there is none.
func (m *Mailbox) Last(address string) Mail {
	m.t.Helper()
	all := m.All(address)
	if len(all) == 0 {
		m.t.Fatalf("no mail came for %s", address)
	}
	return all[len(all)-1]
}

// Deliver lets the server send what waits.
func (e *Env) Deliver() {
	e.t.Helper()
	if err := e.Server.Deliver(e.t.Context()); err != nil {
		e.t.Fatal(err)
	}
}

// mailSession is a connection to the mail server.
type mailSession struct {
	box      *Mailbox
	from, to string
}

func (s *mailSession) Reset()        { s.from, s.to = "", "" }
func (s *mailSession) Logout() error { return nil }

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.to = to
	return s.box.refuse[to]
}

var linkPattern = regexp.MustCompile(`https://identity\.example(/portal/\S+)`)

func (s *mailSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	got := Mail{From: s.from, To: s.to}
	if err := got.read(raw); err != nil {
		return err
	}
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.box.mails = append(s.box.mails, got)
	return nil
}

func (m *Mail) read(raw []byte) error {
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	m.Header = msg.Header
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject")); err != nil {
		return err
	}
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			return err
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			m.HTML = string(text)
		} else {
			m.Text = strings.ReplaceAll(string(text), "\r\n", "\n")
		}
	}
	if found := linkPattern.FindStringSubmatch(m.Text); found != nil {
		m.Link = found[1]
	}
	return nil
}
