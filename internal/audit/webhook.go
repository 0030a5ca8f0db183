package audit

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Webhook sends each message to a URL, as the JSON body of a POST. Whatever is not answered with 2xx is sent again.
//
// With a secret, the header Lintel-Signature is "t=SECONDS,v1=HEX": the time of sending, and the HMAC-SHA-256 of that
// number, a full stop and the body. Lintel-Event-Id is the message's id, by which a receiver knows what it has seen.
type Webhook struct {
	URL     string
	Secret  string
	Timeout time.Duration    // of one request
	Now     func() time.Time // nil is time.Now

	client *http.Client
}

// maxAnswer is how much of an answer is read, so that the connection can be used again.
const maxAnswer = 64 << 10

// Deliver sends one message after the other.
func (h *Webhook) Deliver(ctx context.Context, messages []Message) (int, error) {
	if h.client == nil {
		h.client = &http.Client{
			Timeout: h.Timeout,
			// Events are for whom the operator named, not for whom that one names.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	for i, m := range messages {
		if err := h.post(ctx, m); err != nil {
			return i, err
		}
	}
	return len(messages), nil
}

func (h *Webhook) post(ctx context.Context, m Message) error {
	body := m.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "lintel")
	r.Header.Set("Lintel-Event-Id", m.ID)
	if h.Secret != "" {
		now := time.Now
		if h.Now != nil {
			now = h.Now
		}
		r.Header.Set("Lintel-Signature", sign(h.Secret, now(), body))
	}
	answer, err := h.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.CopyN(io.Discard, answer.Body, maxAnswer)
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("the webhook answered %s", answer.Status)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func sign(secret string, now time.Time, body []byte) string {
	at := strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(at + "."))
	mac.Write(body)
	return "t=" + at + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// Close lets go of connections.
func (h *Webhook) Close() error {
	if h.client != nil {
		h.client.CloseIdleConnections()
	}
	return nil
}
