package server

import (
	"crypto/tls"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/audit"
	"github.com/lintel-id/lintel/internal/config"
)

// TestSinks: what the options ask for is what events are recorded for and brought to; what there is not is refused, without
// the password in the address. S-124
func TestSinks(t *testing.T) {
	notifications := func(drivers ...string) func(*config.Config) {
		return func(c *config.Config) { c.OsloMessagingNotifications.Driver = drivers }
	}
	transport := func(url string) func(*config.Config) {
		return func(c *config.Config) {
			c.OsloMessagingNotifications.Driver = []string{"messagingv2"}
			c.Default.TransportURL = url
		}
	}
	for _, tt := range []struct {
		name   string
		change func(*config.Config)
		want   string
		err    string
	}{
		{"nothing", func(*config.Config) {}, "", ""},
		{"nowhere", notifications("noop", "test"), "", ""},
		{"several", func(c *config.Config) {
			notifications("messaging", "messagingv2", "log", "log")(c)
			c.Lintel.EventFile, c.Lintel.EventWebhook = "/events", "https://hook.example/"
		}, "messaging messagingv2 log file webhook", ""},
		{"no such driver", notifications("routing"), "", `there is no "routing" here`},
		{"no such transport", transport("kafka://u:canary@h:1"), "", `there is no transport "kafka" here`},
		{"a bad option", transport("rabbit://u:canary@h:1/?ssl=perhaps"), "", "[oslo_messaging_rabbit] ssl"},
		{"no certificate", transport("rabbit://u:canary@h:1/?ssl=1&ssl_ca_file=/nowhere"), "", "ssl_ca_file"},
		{"two kinds of queues", transport("rabbit://u:canary@h:1/?rabbit_quorum_queue=1&rabbit_ha_queues=1"), "", "exclude each other"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := config.Default()
			tt.change(c)
			all, err := deliveries(c, nil, Options{})
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "canary") {
					t.Errorf("error %v, want one with %q", err, tt.err)
				}
				return
			}
			var names []string
			for _, d := range all {
				names = append(names, d.Name)
			}
			if got := strings.Join(names, " "); err != nil || got != tt.want {
				t.Errorf("got %q, error %v, want %q", got, err, tt.want)
			}
		})
	}
}

// TestTransportOptions: those of the address win over those of the file.
func TestTransportOptions(t *testing.T) {
	c := config.Default()
	c.OsloMessagingNotifications.Driver = []string{"messaging"}
	c.Default.TransportURL = "rabbit://h:1/v?rabbit_quorum_queue=true&rabbit_quorum_delivery_limit=3&rabbit_login_method=PLAIN&ssl=1&unknown=x"
	all, err := deliveries(c, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := all[0].Sink.(*audit.Rabbit)
	if !r.Durable || r.Envelope || r.QueueArguments["x-delivery-limit"] != int64(3) || r.Login != "PLAIN" || r.TLS == nil || r.Exchange != "keystone" {
		t.Errorf("got %+v", r)
	}
}

// TestBrokerTLS: a broker's certificate is always checked, and its name unless the operator says otherwise. S-127
func TestBrokerTLS(t *testing.T) {
	broker := httptest.NewTLSServer(nil)
	defer broker.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: broker.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		ca, name string
		enforce  bool
		ok       bool
	}{
		{ca, "example.com", true, true},
		{ca, "elsewhere.example", true, false},
		{ca, "elsewhere.example", false, true},
		{"", "example.com", true, false},
		{"", "example.com", false, false},
	} {
		c, err := brokerTLS(config.OsloMessagingRabbitGroup{SSLCAFile: tt.ca, SSLEnforceHostnameVerification: tt.enforce})
		if err != nil {
			t.Fatal(err)
		}
		c.ServerName = tt.name
		conn, err := tls.Dial("tcp", broker.Listener.Addr().String(), c)
		if (err == nil) != tt.ok {
			t.Errorf("%+v: error %v", tt, err)
		}
		if err == nil {
			conn.Close()
		}
	}
}

// TestInvalidPasswords: a function that is not there stops the start; without a key, as in upstream's sample file, nothing is told.
func TestInvalidPasswords(t *testing.T) {
	c := config.Default()
	if p, err := invalidPasswords(c); err != nil || p.Hash != nil {
		t.Errorf("by default: %v, error %v", p, err)
	}
	c.SecurityCompliance.ReportInvalidPasswordHash = []string{"event"}
	if p, err := invalidPasswords(c); err != nil || p.Hash != nil {
		t.Errorf("without a key: %v, error %v", p, err)
	}
	c.SecurityCompliance.InvalidPasswordHashSecretKey = "pepper"
	c.SecurityCompliance.InvalidPasswordHashFunction = "SHA512"
	if p, err := invalidPasswords(c); err != nil || p.Hash().Size() != 64 {
		t.Errorf("error %v", err)
	}
	c.SecurityCompliance.InvalidPasswordHashFunction = "crc"
	if _, err := invalidPasswords(c); err == nil || !strings.Contains(err.Error(), "invalid_password_hash_function") {
		t.Errorf("of an unknown function: error %v", err)
	}
}
