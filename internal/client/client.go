// Package client calls an Identity service for the commands that do so, set up as OpenStack's own clients are: by the variables
// OS_*, or by a cloud of clouds.yaml that OS_CLOUD names (https://docs.openstack.org/openstacksdk/latest/user/config/configuration.html).
package client

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Client is somebody at a service. All fields are set by Open.
type Client struct {
	Home string // the name of the domain of who asks; empty with a token that was handed in

	base  string // of all URLs, ending in /v3
	http  *http.Client
	token string
}

// Error is what the service said against a request.
type Error struct {
	Status    int
	Message   string
	RequestID string
}

func (e *Error) Error() string {
	text := cmp.Or(e.Message, http.StatusText(e.Status))
	text += fmt.Sprintf(" (HTTP %d)", e.Status)
	if e.RequestID != "" {
		text += fmt.Sprintf(" (Request-ID: %s)", e.RequestID)
	}
	return text
}

// timeout bounds one request: a password hash may have to wait for its turn.
const timeout = time.Minute

// Open logs in with what the settings say.
func Open(ctx context.Context, s Settings) (*Client, error) {
	base, err := s.endpoint()
	if err != nil {
		return nil, err
	}
	secure, err := s.tls()
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = secure
	c := &Client{base: base, http: &http.Client{Transport: transport, Timeout: timeout}}
	request, err := s.login()
	if err != nil {
		return nil, err
	}
	if request == nil {
		c.token = s["token"]
		return c, nil
	}
	var login struct {
		Token struct {
			User struct {
				Domain struct {
					Name string `json:"name"`
				} `json:"domain"`
			} `json:"user"`
		} `json:"token"`
	}
	answer, err := c.send(ctx, http.MethodPost, "/auth/tokens", request, &login)
	if err != nil {
		return nil, fmt.Errorf("cannot log in at %s: %w", base, err)
	}
	c.token, c.Home = answer.Get("X-Subject-Token"), login.Token.User.Domain.Name
	if c.token == "" {
		return nil, fmt.Errorf("%s answers without a token: is it an Identity service?", base)
	}
	return c, nil
}

// Do sends a request and reads its answer into out, which may be nil. A refusal is an *Error.
func (c *Client) Do(ctx context.Context, method, path string, body, out any) error {
	_, err := c.send(ctx, method, path, body, out)
	return err
}

// maxAnswer is the most bytes of an answer that are read.
const maxAnswer = 256 << 20

func (c *Client) send(ctx context.Context, method, path string, body, out any) (http.Header, error) {
	var sent io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		sent = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, sent)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		r.Header.Set("X-Auth-Token", c.token)
	}
	answer, err := c.http.Do(r)
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return nil, fmt.Errorf("no answer: %w", failed.Err)
	} else if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if answer.StatusCode >= 300 {
		e := &Error{Status: answer.StatusCode, RequestID: answer.Header.Get("X-Openstack-Request-Id")}
		var told struct {
			Error struct {
				Message string `json:"message"`
			} `json:"error"`
			Receipt *struct{} `json:"receipt"`
		}
		if json.Unmarshal(data, &told) != nil {
			return nil, fmt.Errorf("not an answer of an Identity service: %w", e)
		}
		e.Message = told.Error.Message
		if told.Receipt != nil {
			e.Message = "A second factor is asked for: set OS_AUTH_TYPE=v3multifactor, OS_AUTH_METHODS=v3password,v3totp and OS_PASSCODE"
		}
		return nil, e
	}
	if out != nil && len(data) > 0 {
		if err := json.Unmarshal(data, out); err != nil {
			return nil, fmt.Errorf("%s %s does not answer as an Identity service: %w", method, r.URL, err)
		}
	}
	return answer.Header, nil
}

// endpoint is the base of the API's URLs.
func (s Settings) endpoint() (string, error) {
	text := s["auth_url"]
	if text == "" {
		return "", errors.New("nobody said where the service is: set OS_AUTH_URL, or OS_CLOUD to a cloud of clouds.yaml")
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", fmt.Errorf("auth_url %q is not the URL of a service", text)
	}
	base := strings.TrimRight(text, "/")
	if !strings.HasSuffix(base, "/v3") {
		base = strings.TrimSuffix(base, "/v2.0") + "/v3"
	}
	return base, nil
}

func (s Settings) tls() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: s.is("insecure") || s["verify"] == "false"}
	if file := s["cacert"]; file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(data) {
			return nil, fmt.Errorf("%s holds no certificate", file)
		}
	}
	if file := s["cert"]; file != "" {
		pair, err := tls.LoadX509KeyPair(file, cmp.Or(s["key"], file))
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
