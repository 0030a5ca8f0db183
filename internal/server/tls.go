package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/lintel-id/lintel/internal/config"
)

// certificates are the files of the TLS listener. They are read again when they change, so that a renewal needs no restart.
type certificates struct {
	cert, key, clientCA string
	log                 *slog.Logger
	now                 func() time.Time

	mu     sync.Mutex
	config *tls.Config // what the files last said that made sense
	seen   string      // what they looked like then
	looked time.Time
}

// lookAgain is how long the files are believed not to have changed.
const lookAgain = time.Second

// listenerTLS is the configuration of the TLS listener ([lintel] tls_cert_file, tls_key_file, tls_client_ca_file); nil for a
// plain one.
func listenerTLS(cfg *config.Config, opt Options) (*tls.Config, error) {
	c := &certificates{cert: cfg.Lintel.TLSCertFile, key: cfg.Lintel.TLSKeyFile, clientCA: cfg.Lintel.TLSClientCAFile, log: opt.Log, now: opt.Now}
	if c.cert == "" && c.key == "" && c.clientCA == "" {
		return nil, nil
	}
	if c.cert == "" || c.key == "" {
		return nil, errors.New("[lintel]: TLS needs both tls_cert_file and tls_key_file")
	}
	if err := c.read(); err != nil {
		return nil, fmt.Errorf("[lintel] tls_cert_file, tls_key_file or tls_client_ca_file: %w", err)
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			return c.current(hello.Context()), nil
		},
	}, nil
}

// current is what a new connection goes by. Files that make no sense, half of a renewal perhaps, leave it as it was.
func (c *certificates) current(ctx context.Context) *tls.Config {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked).Abs() >= lookAgain {
		c.looked = now
		if c.look() != c.seen {
			if err := c.read(); err != nil {
				c.log.WarnContext(ctx, "the files of the TLS listener cannot be used; those from before stay in use", "error", err)
			}
		}
	}
	return c.config
}

// look tells the files from those they were.
func (c *certificates) look() (seen string) {
	for _, name := range []string{c.cert, c.key, c.clientCA} {
		if info, err := os.Stat(name); err == nil {
			seen += fmt.Sprint(info.Size(), info.ModTime().UnixNano(), " ")
		} else {
			seen += "none "
		}
	}
	return seen
}

func (c *certificates) read() error {
	c.seen = c.look() // before: what changes meanwhile is read again
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return err
	}
	next := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2", "http/1.1"}}
	if c.clientCA != "" {
		text, err := os.ReadFile(c.clientCA)
		if err != nil {
			return err
		}
		next.ClientCAs, next.ClientAuth = x509.NewCertPool(), tls.VerifyClientCertIfGiven
		if !next.ClientCAs.AppendCertsFromPEM(text) {
			return fmt.Errorf("%s holds no certificate", c.clientCA)
		}
	}
	c.config = next
	return nil
}
