package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"os"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Server is a mail server that takes mails for everybody.
type Server struct {
	From    *mail.Address
	ReplyTo *mail.Address // where answers go; nil for where mails come from

	host    string
	options []gomail.Option
}

// ParseServer reads smtp://user:password@host:port or smtps://…. With smtp the connection must become an encrypted one by
// STARTTLS, unless ?starttls=off says otherwise; ?ca_file=PATH names who signs the server's certificate. Its errors do not
// show the URL, which may hold a password.
func ParseServer(text string) (*Server, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("it is no URL")
	}
	s := &Server{host: u.Hostname()}
	if s.host == "" {
		return nil, errors.New("it names no host")
	}
	query := u.Query()
	secure := &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12}
	if file := query.Get("ca_file"); file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("ca_file: %w", err)
		}
		secure.RootCAs = x509.NewCertPool()
		if !secure.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca_file: %s holds no certificate", file)
		}
	}
	s.options = []gomail.Option{gomail.WithTimeout(mailTime), gomail.WithTLSConfig(secure)}
	port := 587
	auth := gomail.SMTPAuthAutoDiscover
	switch starttls := query.Get("starttls"); {
	case u.Scheme == "smtps":
		port = 465
		s.options = append(s.options, gomail.WithSSL())
	case u.Scheme != "smtp":
		return nil, errors.New("its scheme is smtp or smtps")
	case starttls == "off":
		port, auth = 25, gomail.SMTPAuthPlainNoEnc
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.NoTLS))
	case starttls == "" || starttls == "required":
		s.options = append(s.options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	default:
		return nil, errors.New("starttls is required or off")
	}
	if p := u.Port(); p != "" {
		if port, err = strconv.Atoi(p); err != nil {
			return nil, errors.New("its port is no number")
		}
	}
	s.options = append(s.options, gomail.WithPort(port))
	if u.User != nil {
		password, _ := u.User.Password()
		s.options = append(s.options, gomail.WithSMTPAuth(auth), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	return s, nil
}

// refusedError says that a mail server will never take a mail.
type refusedError struct{ err error }

func (e *refusedError) Error() string { return e.err.Error() }
func (e *refusedError) Unwrap() error { return e.err }

// unreachableError says that there was no mail server to ask, or none that let us in.
type unreachableError struct{ err error }

func (e *unreachableError) Error() string { return e.err.Error() }
func (e *unreachableError) Unwrap() error { return e.err }

func (s *Server) send(ctx context.Context, id string, now time.Time, m Message) error {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(s.From)
	if s.ReplyTo != nil {
		msg.ReplyToMailAddress(s.ReplyTo)
	}
	if err := msg.To(m.To); err != nil {
		return &refusedError{err}
	}
	msg.Subject(m.Subject)
	msg.SetDateWithValue(now)
	_, domain := split(s.From.Address)
	msg.SetMessageIDWithValue(id + "@" + domain)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("Content-Language", m.Lang)
	if m.Unsubscribe != "" {
		msg.SetGenHeader("List-Unsubscribe", "<"+m.Unsubscribe+">")
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	client, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return err
	}
	if err := client.DialWithContext(ctx); err != nil {
		return &unreachableError{err}
	}
	err = client.Send(msg)
	_ = client.Close() // what was taken was taken
	if e, ok := errors.AsType[*gomail.SendError](err); ok && !e.IsTemp() && e.ErrorCode() >= 500 {
		return &refusedError{err}
	}
	return err
}

// split cuts an address at its last @.
func split(address string) (local, domain string) {
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == '@' {
			return address[:i], address[i+1:]
		}
	}
	return address, "localhost"
}
