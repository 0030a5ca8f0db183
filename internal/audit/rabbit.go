package audit

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Rabbit publishes messages to RabbitMQ in such a way that listeners of oslo.messaging read them
// (oslo_messaging/_drivers/impl_rabbit.py, amqpdriver.py). All fields are set once.
type Rabbit struct {
	Transport Transport
	Exchange  string   // [DEFAULT] control_exchange
	Topics    []string // each message goes to TOPIC.info, and to a queue of that name

	// Envelope is the difference between the drivers messagingv2, which has it, and messaging.
	Envelope bool

	// Of [oslo_messaging_rabbit].
	Durable, AutoDelete bool
	QueueArguments      map[string]any
	TLS                 *tls.Config // nil: not encrypted
	Login               string      // PLAIN, AMQPLAIN or EXTERNAL
	Heartbeat           time.Duration
	Compress            bool // kombu's "gzip"
	Shuffle             bool // try brokers in any order, not one after the other

	next    int // of the brokers, to try
	conn    *amqp.Connection
	channel *amqp.Channel
}

const dialTimeout = 5 * time.Second

// Deliver is done when the broker has confirmed the messages. After a failure the next call connects again, to the next
// broker if there are several.
func (r *Rabbit) Deliver(ctx context.Context, messages []Message) (int, error) {
	if r.conn == nil || r.conn.IsClosed() || r.channel.IsClosed() {
		r.drop()
		if err := r.connect(ctx); err != nil {
			r.drop()
			return 0, err
		}
	}
	done, err := r.publish(ctx, messages)
	if err != nil {
		r.drop()
	}
	return done, err
}

func (r *Rabbit) publish(ctx context.Context, messages []Message) (int, error) {
	// A call on a connection whose other end is gone can wait for longer than it should; closing the connection ends it.
	conn := r.conn
	stop := context.AfterFunc(ctx, func() { _ = conn.CloseDeadline(time.Now()) })
	defer stop()
	var confirms [][]*amqp.DeferredConfirmation
	for _, m := range messages {
		body, err := r.encode(m)
		if err != nil {
			return 0, err
		}
		var each []*amqp.DeferredConfirmation
		for _, topic := range r.Topics {
			c, err := r.channel.PublishWithDeferredConfirmWithContext(ctx, r.Exchange, topic+"."+strings.ToLower(m.Priority), false, false, body)
			if err != nil {
				return confirmed(ctx, confirms, err)
			}
			each = append(each, c)
		}
		confirms = append(confirms, each)
	}
	return confirmed(ctx, confirms, nil)
}

// confirmed waits for what was sent, in order, and returns how many messages the broker has taken. cause is why no more
// were sent.
func confirmed(ctx context.Context, confirms [][]*amqp.DeferredConfirmation, cause error) (int, error) {
	for done, each := range confirms {
		for _, c := range each {
			ok, err := c.WaitContext(ctx)
			switch {
			case err != nil:
				return done, errors.Join(cause, fmt.Errorf("the broker did not confirm: %w", err))
			case !ok:
				return done, errors.Join(cause, errors.New("the broker refused a message, or the connection was lost"))
			}
		}
	}
	return len(confirms), cause
}

// encode wraps a message as amqpdriver._send does. Its _unique_id, by which listeners drop what they have seen, is made
// from the message's, so that what is sent twice is read once.
func (r *Rabbit) encode(m Message) (amqp.Publishing, error) {
	body, err := json.Marshal(struct {
		Message
		UniqueID string `json:"_unique_id"`
	}{m, strings.ReplaceAll(m.ID, "-", "")})
	if err == nil && r.Envelope {
		body, err = json.Marshal(map[string]string{"oslo.version": "2.0", "oslo.message": string(body)})
	}
	p := amqp.Publishing{
		ContentType: "application/json", ContentEncoding: "utf-8", DeliveryMode: amqp.Persistent, Headers: amqp.Table{}, Body: body,
	}
	if r.Compress && err == nil {
		var b bytes.Buffer
		z := zlib.NewWriter(&b) // kombu's gzip has no gzip header
		_, err = z.Write(body)
		err = errors.Join(err, z.Close())
		p.Headers["compression"], p.Body = "application/x-gzip", b.Bytes()
	}
	return p, err
}

func (r *Rabbit) connect(ctx context.Context) error {
	// Where a connection was lost, the next broker is tried, and any but the first of all with Shuffle.
	n := len(r.Transport.Brokers)
	if r.next > 0 && r.Shuffle && n > 1 {
		r.next += rand.N(n - 1)
	}
	b := r.Transport.Brokers[r.next%n]
	r.next++
	var err error
	if r.conn, err = r.dial(ctx, b); err != nil {
		return fmt.Errorf("broker %s: %w", b.Address, err)
	}
	conn := r.conn
	stop := context.AfterFunc(ctx, func() { _ = conn.CloseDeadline(time.Now()) })
	defer stop()
	if err = r.declare(r.Durable); err == nil {
		return nil
	}
	// Another service may have made the exchange; upstream then takes it for one that does not last.
	var refused *amqp.Error
	if errors.As(err, &refused) && refused.Code == amqp.PreconditionFailed && strings.Contains(refused.Reason, "'durable'") && r.Durable {
		err = r.declare(false)
	}
	if err != nil {
		return fmt.Errorf("broker %s: %w", b.Address, err)
	}
	return nil
}

func (r *Rabbit) dial(ctx context.Context, b Broker) (*amqp.Connection, error) {
	c := amqp.Config{
		Vhost: r.Transport.VHost, Heartbeat: r.Heartbeat, Properties: amqp.NewConnectionProperties(),
		SASL: []amqp.Authentication{r.login(b)},
		Dial: func(network, address string) (net.Conn, error) {
			d := net.Dialer{Timeout: dialTimeout}
			conn, err := d.DialContext(ctx, network, address)
			if err == nil {
				err = conn.SetDeadline(time.Now().Add(dialTimeout)) // for the handshake; the library lifts it
			}
			return conn, err
		},
	}
	c.Properties.SetClientConnectionName("lintel")
	// The library builds an address out of a URL, and takes user and password from SASL above.
	scheme := "amqp"
	if r.TLS != nil {
		scheme = "amqps"
		c.TLSClientConfig = r.TLS.Clone() // the library adds the server's name
	}
	return amqp.DialConfig(scheme+"://"+b.Address+"/", c)
}

func (r *Rabbit) login(b Broker) amqp.Authentication {
	switch r.Login {
	case "EXTERNAL":
		return &amqp.ExternalAuth{}
	case "PLAIN":
		return &amqp.PlainAuth{Username: b.User, Password: b.Password}
	}
	return &amqp.AMQPlainAuth{Username: b.User, Password: b.Password}
}

// declare opens a channel, and makes the exchange and the queues that keep messages until somebody listens
// (_publish_and_creates_default_queue in impl_rabbit.py).
func (r *Rabbit) declare(durable bool) (err error) {
	if r.channel, err = r.conn.Channel(); err != nil {
		return err
	}
	if err := r.channel.Confirm(false); err != nil {
		return err
	}
	if err := r.channel.ExchangeDeclare(r.Exchange, amqp.ExchangeTopic, durable, r.AutoDelete, false, false, nil); err != nil {
		return err
	}
	for _, topic := range r.Topics {
		queue := topic + ".info"
		if _, err := r.channel.QueueDeclare(queue, durable, r.AutoDelete, false, false, amqp.Table(r.QueueArguments)); err != nil {
			return err
		}
		if err := r.channel.QueueBind(queue, queue, r.Exchange, false, nil); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rabbit) drop() {
	if r.conn != nil {
		_ = r.conn.CloseDeadline(time.Now().Add(time.Second)) // it is of no more use
	}
	r.conn, r.channel = nil, nil
}

// Close closes the connection.
func (r *Rabbit) Close() error {
	if r.conn == nil || r.conn.IsClosed() {
		return nil
	}
	return r.conn.CloseDeadline(time.Now().Add(time.Second))
}
