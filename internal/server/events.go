package server

import (
	"cmp"
	"context"
	"crypto/md5"  //nolint:gosec // if an operator wants it
	"crypto/sha1" //nolint:gosec // the same
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"hash"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/audit"
	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/store"
)

// sinkNames are those of all sinks of events that a configuration asks for. They stand in the database.
func sinkNames(cfg *config.Config) (names []string) {
	for _, driver := range cfg.OsloMessagingNotifications.Driver {
		if driver != "noop" && driver != "test" && driver != "" && !slices.Contains(names, driver) {
			names = append(names, driver)
		}
	}
	if cfg.Lintel.EventFile != "" {
		names = append(names, "file")
	}
	if cfg.Lintel.EventWebhook != "" {
		names = append(names, "webhook")
	}
	return names
}

// deliveries makes what brings events to the sinks.
func deliveries(cfg *config.Config, db *store.DB, opt Options) (all []*audit.Delivery, err error) {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	format := audit.Format{
		Basic: cfg.Default.NotificationFormat == "basic", Publisher: "identity." + cmp.Or(cfg.Default.DefaultPublisherID, host),
	}
	for _, name := range sinkNames(cfg) {
		d := &audit.Delivery{
			DB: db, Name: name, Format: format, Log: opt.Log, Keep: cfg.Lintel.EventBacklog, Retry: -1,
			First: cfg.OsloMessagingRabbit.RabbitRetryInterval, Step: cfg.OsloMessagingRabbit.RabbitRetryBackoff,
			Most: cfg.OsloMessagingRabbit.RabbitIntervalMax,
		}
		switch name {
		case "messaging", "messagingv2":
			if err := messaging(cfg, d); err != nil {
				return nil, fmt.Errorf("[oslo_messaging_notifications]: %w", err)
			}
		case "log":
			d.Sink = audit.Log{Logger: opt.Log}
		case "file":
			d.Sink = &audit.File{Path: cfg.Lintel.EventFile}
		case "webhook":
			d.Sink = &audit.Webhook{
				URL: cfg.Lintel.EventWebhook, Secret: cfg.Lintel.EventWebhookSecret, Timeout: cfg.Lintel.EventWebhookTimeout, Now: opt.Now,
			}
		default:
			return nil, fmt.Errorf("[oslo_messaging_notifications] driver: there is no %q here, only messaging, messagingv2, log, noop and test", name)
		}
		all = append(all, d)
	}
	return all, nil
}

// Deliver brings one batch of events to each sink, and of mails to the mail server, for tests that need no listener.
func (s *Server) Deliver(ctx context.Context) error {
	var errs []error
	for _, d := range s.deliveries {
		_, err := d.Once(ctx)
		errs = append(errs, err)
	}
	errs = append(errs, s.membership.Tend(ctx))
	if s.post != nil {
		_, err := s.post.Once(ctx)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// messaging gives a delivery a RabbitMQ sink.
func messaging(cfg *config.Config, d *audit.Delivery) error {
	url := cmp.Or(cfg.OsloMessagingNotifications.TransportURL, cfg.Default.TransportURL)
	transport, err := audit.ParseTransport(url)
	switch {
	case err != nil:
		return fmt.Errorf("transport_url: %w", err)
	case transport.Scheme != "rabbit" && transport.Scheme != "kombu" && transport.Scheme != "amqp":
		return fmt.Errorf("transport_url: there is no transport %q here, only rabbit", transport.Scheme)
	}
	if cfg, err = cfg.With("oslo_messaging_rabbit", transport.Options); err != nil {
		return fmt.Errorf("transport_url: %w", err)
	}
	o := cfg.OsloMessagingRabbit
	if o.RabbitQuorumQueue && o.RabbitHAQueues {
		return errors.New("[oslo_messaging_rabbit] rabbit_quorum_queue and rabbit_ha_queues exclude each other")
	}
	// Upstream begins with any broker, so that not all senders use the same one.
	rand.Shuffle(len(transport.Brokers), func(i, j int) {
		transport.Brokers[i], transport.Brokers[j] = transport.Brokers[j], transport.Brokers[i]
	})
	sink := &audit.Rabbit{
		Transport: transport, Exchange: cfg.Default.ControlExchange, Topics: cfg.OsloMessagingNotifications.Topics,
		Envelope: d.Name == "messagingv2",
		Durable:  o.AMQPDurableQueues || o.RabbitQuorumQueue, AutoDelete: o.AMQPAutoDelete, QueueArguments: queueArguments(o),
		Login: o.RabbitLoginMethod, Heartbeat: o.HeartbeatTimeoutThreshold, Compress: o.KombuCompression == "gzip",
		Shuffle: o.KombuFailoverStrategy == "shuffle",
	}
	if o.SSL {
		if sink.TLS, err = brokerTLS(o); err != nil {
			return err
		}
	}
	d.Sink, d.Retry = sink, cfg.OsloMessagingNotifications.Retry
	d.First, d.Step, d.Most = o.RabbitRetryInterval, o.RabbitRetryBackoff, o.RabbitIntervalMax
	return nil
}

// queueArguments say what kind of queue is declared (_get_queue_arguments in oslo_messaging/_drivers/impl_rabbit.py).
func queueArguments(o config.OsloMessagingRabbitGroup) map[string]any {
	args := map[string]any{}
	if o.RabbitHAQueues {
		args["x-ha-policy"] = "all"
	}
	if !o.RabbitQuorumQueue {
		return args
	}
	args["x-queue-type"] = "quorum"
	for name, n := range map[string]int{
		"x-delivery-limit": o.RabbitQuorumDeliveryLimit, "x-max-in-memory-length": o.RabbitQuorumMaxMemoryLength,
		"x-max-in-memory-bytes": o.RabbitQuorumMaxMemoryBytes,
	} {
		if n != 0 {
			args[name] = int64(n)
		}
	}
	return args
}

// brokerTLS says how brokers are to be known. Their certificates are always checked.
func brokerTLS(o config.OsloMessagingRabbitGroup) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.SSLCAFile != "" {
		pem, err := os.ReadFile(o.SSLCAFile)
		if err != nil {
			return nil, fmt.Errorf("[oslo_messaging_rabbit] ssl_ca_file: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("[oslo_messaging_rabbit] ssl_ca_file: %s holds no certificate", o.SSLCAFile)
		}
	}
	if o.SSLCertFile != "" {
		pair, err := tls.LoadX509KeyPair(o.SSLCertFile, cmp.Or(o.SSLKeyFile, o.SSLCertFile))
		if err != nil {
			return nil, fmt.Errorf("[oslo_messaging_rabbit] ssl_cert_file, ssl_key_file: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	if !o.SSLEnforceHostnameVerification {
		c.InsecureSkipVerify = true // of the name; the chain is checked here
		c.VerifyConnection = func(s tls.ConnectionState) error {
			between := x509.NewCertPool()
			for _, cert := range s.PeerCertificates[1:] {
				between.AddCert(cert)
			}
			_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: c.RootCAs, Intermediates: between})
			return err
		}
	}
	return c, nil
}

// hashes are the functions that Python knows under these names, as far as they can be used in an HMAC.
var hashes = map[string]func() hash.Hash{
	"md5": md5.New, "sha1": sha1.New, "sha224": sha256.New224, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New,
	"sha3_224": func() hash.Hash { return sha3.New224() }, "sha3_256": func() hash.Hash { return sha3.New256() },
	"sha3_384": func() hash.Hash { return sha3.New384() }, "sha3_512": func() hash.Hash { return sha3.New512() },
}

// invalidPasswords says how events tell of wrong passwords. Without a secret key, which upstream's sample file leaves out, they
// do not; in Keystone each login with a wrong password is a 500 then. The salt is the name of upstream's class for the back end.
func invalidPasswords(cfg *config.Config) (p directory.InvalidPasswords, err error) {
	c := cfg.SecurityCompliance
	if !slices.Contains(c.ReportInvalidPasswordHash, "event") || c.InvalidPasswordHashSecretKey == "" {
		return p, nil
	}
	name := strings.ToLower(c.InvalidPasswordHashFunction)
	p = directory.InvalidPasswords{
		Hash: hashes[name], Secret: c.InvalidPasswordHashSecretKey, Salt: "keystone.identity.backends.sql.Identity",
		Max: orZero(c.InvalidPasswordHashMaxChars),
	}
	if cfg.Identity.Driver == "ldap" {
		p.Salt = "keystone.identity.backends.ldap.core.Identity"
	}
	if p.Hash == nil {
		return p, fmt.Errorf("invalid_password_hash_function: there is no %q here, only %s", name, strings.Join(slices.Sorted(maps.Keys(hashes)), ", "))
	}
	return p, nil
}
