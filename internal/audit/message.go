// Package audit tells others what happened: it reads the events that rooms recorded, puts them into Keystone's words, and
// hands them to sinks: RabbitMQ as oslo.messaging does, a file, a webhook, the log.
//
// Events travel through the database. A room records an event with [store.Tx.Record] in the transaction of the change
// that it tells of, so there is never one without the other, and no sink is ever waited for by a request. A [Delivery]
// for each sink reads what waits, in order, and deletes it once the sink has confirmed it. A sink that is down finds
// everything when it is back, also after a restart of the server. What was confirmed and not yet deleted when a node died
// is sent once more, with the same ids. One node at a time delivers to a sink, by a lease that another takes over, so
// that what a dead node recorded is not left behind.
//
// Without a sink nothing waits for one, as Keystone sends nothing without a driver. The audit trail that the server keeps for
// itself is another table, which [store.Tx.Record] fills too: what waits here is forgotten as soon as it is delivered, and
// says what Keystone says, in ids.
//
// The record of each request in the log (the message "audit" of package httpapi) is another thing on purpose. It is about
// requests, also those that are refused, of which Keystone tells nobody; one request may make many events or none. And
// a refused request has no transaction that it could be recorded in.
package audit

import (
	"crypto/sha1" //nolint:gosec // what UUIDs of version 5 are made with
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// Format says how events are put into words.
type Format struct {
	// Basic asks for the short payload of changes ([DEFAULT] notification_format = basic). Logins and grants have one
	// form only, CADF.
	Basic bool

	// Publisher names the sender, "identity.HOST".
	Publisher string
}

// Message is a notification as oslo.messaging sends it (Notifier._notify in oslo_messaging/notify/notifier.py).
type Message struct {
	ID        string         `json:"message_id"`
	Publisher string         `json:"publisher_id"`
	EventType string         `json:"event_type"`
	Priority  string         `json:"priority"`
	Payload   map[string]any `json:"payload"`
	Timestamp string         `json:"timestamp"`
}

// Encode gives the message as one line of JSON.
func (m Message) Encode() []byte {
	b, err := json.Marshal(m)
	if err != nil {
		panic("audit: a message that is not JSON: " + err.Error()) // strings, bools and maps of them
	}
	return b
}

// Message puts an event into words.
func (f Format) Message(e identity.Event) Message {
	m := Message{
		ID: dashed(e.ID), Publisher: f.Publisher, EventType: e.Type(), Priority: "INFO", Timestamp: pythonTime(e.At),
	}
	if f.Basic && e.Operation != "" && e.Grant == nil {
		m.Payload = basic(e)
	} else {
		m.Payload = cadf(e)
	}
	return m
}

// basic is the payload of _send_notification in keystone/notifications.py.
func basic(e identity.Event) map[string]any {
	p := map[string]any{"resource_info": e.Target}
	if e.Member != "" {
		p["actor_id"], p["actor_type"], p["actor_operation"] = string(e.Member), "user", e.MemberOperation
	}
	if from := e.Initiator; from != nil {
		p["request_id"] = from.RequestID
		put(p, "global_request_id", from.GlobalRequestID)
	}
	return p
}

// kinds are the CADF names of what events are about (CADF_TYPE_MAP in keystone/notifications.py).
var kinds = map[string]string{
	"group":                   "data/security/group",
	"project":                 "data/security/project",
	"role":                    "data/security/role",
	"user":                    "data/security/account/user",
	"domain":                  "data/security/domain",
	"region":                  "data/security/region",
	"endpoint":                "data/security/endpoint",
	"service":                 "data/security/service",
	"policy":                  "data/security/policy",
	"OS-TRUST:trust":          "data/security/trust",
	"OS-OAUTH1:access_token":  "data/security/credential",
	"OS-OAUTH1:request_token": "data/security/credential",
	"OS-OAUTH1:consumer":      "data/security/account",
	"application_credential":  "data/security/credential",
}

const account = "service/security/account/user"

// cadf is an event as pycadf writes it (_send_audit_notification in keystone/notifications.py).
func cadf(e identity.Event) map[string]any {
	p := map[string]any{
		"typeURI":   "http://schemas.dmtf.org/cloud/audit/1.0/event",
		"eventType": "activity",
		"id":        derived(e.ID, "event"),
		"eventTime": e.At.UTC().Format("2006-01-02T15:04:05.000000-0700"),
		"action":    e.Resource,
		"outcome":   e.Outcome(),
		"observer":  resource("service/security", e.ObserverID, e.ID),
		"target":    resource(account, "", e.ID),
	}
	if e.Operation != "" {
		p["action"] = e.Operation + "." + e.Resource
	}
	switch g := e.Grant; {
	case g != nil:
		p["role"], p["inherited_to_projects"] = string(g.Role), g.Inherited
		putFirst(p, "project", string(g.Project), "domain", string(g.Domain))
		putFirst(p, "user", string(g.User), "group", string(g.Group))
	case e.Operation != "":
		kind := kinds[e.Resource]
		if kind == "" {
			kind = "unknown"
		}
		p["target"] = resource(kind, e.Target, e.ID)
		p["resource_info"] = e.Target
	}
	if e.Initiator != nil {
		p["initiator"] = initiator(e)
	}
	if e.Reason != nil {
		p["reason"] = map[string]any{"reasonType": e.Reason.Text, "reasonCode": strconv.Itoa(e.Reason.Code)}
	}
	if e.PasswordHash != "" {
		p["attachments"] = []any{map[string]any{"typeURI": "mime:text/plain", "content": e.PasswordHash, "name": "partial_password_hash"}}
	}
	return p
}

// resource is something that takes part in an event. Without an id of its own it gets one, as in pycadf.
func resource(kind, id, event string) map[string]any {
	if id == "" {
		id = derived(event, kind)
	}
	return map[string]any{"typeURI": kind, "id": id}
}

// initiator is who asked (build_audit_initiator in keystone/notifications.py).
func initiator(e identity.Event) map[string]any {
	from := e.Initiator
	id := ""
	if from.UserID != "" {
		id = resourceUUID(string(from.UserID))
	}
	r := resource(account, id, e.ID)
	if id == "" {
		r["id"] = derived(e.ID, "initiator")
	}
	host := map[string]any{"agent": from.Agent}
	put(host, "address", from.Address)
	r["host"] = host
	put(r, "user_id", string(from.UserID))
	put(r, "name", from.Name)
	put(r, "username", from.Name)
	put(r, "project_id", string(from.ProjectID))
	put(r, "domain_id", string(from.DomainID))
	put(r, "request_id", from.RequestID)
	put(r, "global_request_id", from.GlobalRequestID)
	if c := from.Claim; c != nil {
		putFirst(r, "user_name", c.Name, "user_id", string(c.UserID))
		r["domain_id"], r["domain_name"] = orNull(string(c.DomainID)), orNull(c.DomainName)
	}
	if c := from.Federated; c != nil {
		r["credential"] = federated(c)
	}
	return r
}

// federated is the credential of send_saml_audit_notification in keystone/notifications.py.
func federated(c *identity.FederatedClaim) map[string]any {
	groups := make([]any, len(c.GroupIDs))
	for i, g := range c.GroupIDs {
		groups[i] = string(g)
	}
	user, token := string(c.UserID), c.AuditID
	if user == "" {
		user = "unknown"
	}
	if token == "" {
		token = "unknown"
	}
	return map[string]any{
		"type": "http://docs.oasis-open.org/security/saml/v2.0", "token": maskToken(token),
		"identity_provider": c.IdentityProviderID, "user": user, "groups": groups,
	}
}

// maskToken shows an eighth of a text at each end (mask_value in pycadf/utils.py).
func maskToken(s string) string {
	n := min(32, roundHalfEven(len(s)))
	return s[:n] + " xxxxxxxx " + s[len(s)-n:]
}

// roundHalfEven is an eighth of n, rounded as Python does.
func roundHalfEven(n int) int {
	whole, rest := n/8, n%8
	if rest > 4 || rest == 4 && whole%2 == 1 {
		whole++
	}
	return whole
}

func put(m map[string]any, key, value string) {
	if value != "" {
		m[key] = value
	}
}

func putFirst(m map[string]any, key, value, otherKey, other string) {
	if value != "" {
		m[key] = value
	} else {
		put(m, otherKey, other)
	}
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// pythonTime is a time as Python's str has it: without a fraction that is zero.
func pythonTime(t time.Time) string {
	text := t.UTC().Format("2006-01-02 15:04:05.000000")
	return strings.TrimSuffix(text, ".000000")
}

// resourceUUID is the id of a user in CADF: their own if it is a UUID, else one made from it (resource_uuid in
// keystone/common/utils.py).
func resourceUUID(id string) string {
	plain := strings.NewReplacer("urn:", "", "uuid:", "").Replace(id)
	plain = strings.ReplaceAll(strings.Trim(plain, "{}"), "-", "")
	if _, err := hex.DecodeString(plain); err == nil && len(plain) == 32 {
		return id
	}
	return uuid5("4332ecab770b4288a680b9aca3b1b153", id)
}

// derived is an id for a part of an event, the same whenever the event is told.
func derived(event, part string) string { return dashed(uuid5(event, part)) }

// uuid5 is the UUID of a name in a name space (RFC 9562, section 5.5), both in 32 hexadecimal digits.
func uuid5(space, name string) string {
	h := sha1.New() //nolint:gosec
	b, _ := hex.DecodeString(space)
	h.Write(b)
	h.Write([]byte(name))
	sum := h.Sum(nil)[:16]
	sum[6] = sum[6]&0x0f | 0x50
	sum[8] = sum[8]&0x3f | 0x80
	return hex.EncodeToString(sum)
}

func dashed(id string) string {
	if len(id) != 32 {
		return id
	}
	return id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
}
