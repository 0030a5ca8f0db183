package audit

import (
	"errors"
	"net"
	"net/url"
	"strings"
)

// Transport is a transport_url of oslo.messaging:
// rabbit://user:pass@host:port,user2:pass2@host2:port2/virtual_host?option=value (TransportURL in oslo_messaging/transport.py).
type Transport struct {
	Scheme  string
	Brokers []Broker
	VHost   string
	Options map[string]string // of [oslo_messaging_rabbit], over what the file says
}

// Broker is one server of a cluster.
type Broker struct {
	Address        string // host:port
	User, Password string
}

// ParseTransport reads a transport_url. Its errors do not show the URL, which holds passwords.
func ParseTransport(text string) (t Transport, err error) {
	text, _, _ = strings.Cut(text, "#")
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok || scheme == "" {
		return t, errors.New("no scheme before ://")
	}
	t.Scheme = strings.ToLower(scheme)
	rest, query, _ := strings.Cut(rest, "?")
	hosts, vhost, _ := strings.Cut(rest, "/")
	if t.VHost, err = url.PathUnescape(vhost); err != nil {
		return t, errors.New("the virtual host is not well escaped")
	}
	if t.VHost == "" {
		t.VHost = "/"
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return t, errors.New("the part after ? is not well escaped")
	}
	t.Options = map[string]string{}
	for name, all := range values {
		t.Options[name] = strings.Join(all, ",")
	}
	for host := range strings.SplitSeq(hosts, ",") {
		if host == "" {
			continue
		}
		b, err := parseBroker(host)
		if err != nil {
			return t, err
		}
		t.Brokers = append(t.Brokers, b)
	}
	if len(t.Brokers) == 0 {
		t.Brokers = []Broker{{Address: "localhost:5672", User: "guest", Password: "guest"}}
	}
	return t, nil
}

func parseBroker(text string) (b Broker, err error) {
	host := text
	if i := strings.LastIndexByte(text, '@'); i >= 0 {
		user, password, _ := strings.Cut(text[:i], ":")
		host = text[i+1:]
		if b.User, err = url.PathUnescape(user); err == nil {
			b.Password, err = url.PathUnescape(password)
		}
		if err != nil {
			return b, errors.New("a user or password is not well escaped")
		}
	}
	if strings.HasPrefix(host, "[") || strings.Count(host, ":") == 1 {
		if name, port, err := net.SplitHostPort(host); err == nil {
			if name == "" {
				name = "localhost"
			}
			if port == "" {
				port = "5672"
			}
			b.Address = net.JoinHostPort(name, port)
			return b, nil
		}
	}
	host = strings.Trim(host, "[]")
	if strings.ContainsAny(host, "[]/ ") {
		return b, errors.New("a host is not well formed")
	}
	if host == "" {
		host = "localhost"
	}
	b.Address = net.JoinHostPort(host, "5672")
	return b, nil
}
