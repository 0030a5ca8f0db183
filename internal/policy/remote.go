package policy

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
	"maps"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// Remote says how the checks http: and https: ask their servers (oslo_policy/_external.py). The zero value is upstream's default.
type Remote struct {
	// ContentType is application/x-www-form-urlencoded (also if empty), with each field in JSON, or application/json.
	ContentType string        // remote_content_type
	Timeout     time.Duration // remote_timeout; 0 means a minute
	// VerifyServer has an https server's certificate checked, against CAFile if that is set. Upstream's default is not to.
	VerifyServer bool   // remote_ssl_verify_server_crt
	CAFile       string // remote_ssl_ca_crt_file
	CertFile     string // remote_ssl_client_crt_file
	KeyFile      string // remote_ssl_client_key_file
}

// maxReply is how much of a reply is read. The only one that allows has four letters, perhaps in quotes.
const maxReply = 1 << 10

func (r Remote) client() (*remoteClient, error) {
	switch r.ContentType {
	case "", formType, jsonType:
		return &remoteClient{Remote: r}, nil
	}
	return nil, fmt.Errorf("policy: remote_content_type %q is neither %s nor %s", r.ContentType, formType, jsonType)
}

// A remoteClient keeps connections open. It reads the CA file at each use, so that the file may be renewed.
type remoteClient struct {
	Remote
	mu     sync.Mutex
	client *http.Client
	ca     []byte // that client trusts
}

func (c *remoteClient) http() (*http.Client, error) {
	var ca []byte
	if c.VerifyServer && c.CAFile != "" {
		var err error
		if ca, err = os.ReadFile(c.CAFile); err != nil {
			return nil, fmt.Errorf("CA file: %w", err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.client != nil && bytes.Equal(ca, c.ca) {
		return c.client, nil
	}
	config := &tls.Config{GetClientCertificate: c.certificate, InsecureSkipVerify: !c.VerifyServer}
	if c.VerifyServer && c.CAFile != "" {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(ca) {
			return nil, fmt.Errorf("CA file %s holds no certificate", c.CAFile)
		}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = config
	if c.client != nil {
		c.client.CloseIdleConnections()
	}
	c.client, c.ca = &http.Client{Transport: transport, Timeout: cmp.Or(c.Timeout, defaultTimeout)}, ca
	return c.client, nil
}

// defaultTimeout is upstream's for a remote check.
const defaultTimeout = 60 * time.Second

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

func (r Remote) certificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	if r.CertFile == "" {
		return &tls.Certificate{}, nil
	}
	key := r.KeyFile
	if key == "" {
		key = r.CertFile
	}
	cert, err := tls.LoadX509KeyPair(r.CertFile, key)
	if err != nil {
		return nil, fmt.Errorf("client certificate: %w", err)
	}
	return &cert, nil
}

// ask puts the question to the server of n: anything but the answer True means no, no answer is an error. A key that the
// target lacks is one too, unlike with other checks, unless the check stands behind a reference to its rule.
func (e *evaluation) ask(n remote) (bool, error) {
	if e.rules.remote == nil {
		return false, evalErrorf("'NoneType' object has no attribute 'oslo_policy'")
	}
	address, err := n.url.expand(e.target)
	if err != nil {
		return false, err
	}
	body, contentType, err := e.remoteBody()
	if err != nil {
		return false, err
	}
	ctx := e.ctx
	if ctx == nil {
		ctx = context.Background()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	request.Header.Set("Content-Type", contentType)
	client, err := e.rules.remote.http()
	if err != nil {
		return false, err
	}
	response, err := client.Do(request)
	if err != nil {
		if urlErr, ok := errors.AsType[*url.Error](err); ok && urlErr.Timeout() {
			return false, evalErrorf("Timeout in REST API call")
		}
		return false, err
	}
	defer response.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(response.Body, maxReply))
	if err != nil {
		return false, err
	}
	return strings.TrimRight(strings.TrimLeft(string(reply), `"`), `"`) == "True", nil
}

func (e *evaluation) remoteBody() (body []byte, contentType string, err error) {
	creds := e.creds
	if scope, ok := e.credential("system"); ok && e.system {
		creds = make(map[string]any, len(e.creds)+1)
		maps.Copy(creds, e.creds)
		creds["system"] = scope
	}
	target := map[string]any{}
	flatten(target, "", e.target)
	if e.rules.remote.ContentType == jsonType {
		body, err = json.Marshal(map[string]any{"rule": e.rule, "target": target, "credentials": creds})
		return body, jsonType, err
	}
	form := url.Values{}
	for field, v := range map[string]any{"rule": e.rule, "target": target, "credentials": creds} {
		text, err := json.Marshal(v)
		if err != nil {
			return nil, "", err
		}
		form.Set(field, string(text))
	}
	return []byte(form.Encode()), formType, nil
}

// flatten copies m into flat; nested maps become keys with dots.
func flatten(flat map[string]any, prefix string, m map[string]any) {
	for key, v := range m {
		if inner, ok := v.(map[string]any); ok {
			flatten(flat, prefix+key+".", inner)
		} else {
			flat[prefix+key] = v
		}
	}
}
