package mail

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Told is a notice: what a mail tells its reader, as they see it in the portal.
type Told struct {
	ID      string
	Kind    Kind
	At      time.Time
	Read    bool
	Subject string
	Text    []Paragraph
	Link    string // the page of the portal that it is about; empty for none
	Ask     string // whom to ask about it; empty for nobody
}

// Paragraph is one of a notice.
type Paragraph struct {
	Text   string
	Quoted bool // somebody else's words
}

// keep keeps what a user is told as a notice. A link that opens something by itself stays in the mail alone: whoever has the session of a
// user need not have their mailbox. That an address is to be proved is for those who read what comes there.
func (o *Office) keep(ctx context.Context, tx *store.Tx, kind Kind, user identity.UserID, v Values, mailed bool) error {
	if kind == AddressNew {
		return nil
	}
	if v.Code != "" {
		v.Link, v.Code = "", ""
	}
	told, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return tx.InsertNotice(ctx, store.Notice{User: user, Kind: string(kind), Told: string(told), Read: mailed})
}

// Notices returns what a user was told, the latest first, in a language.
func (o *Office) Notices(ctx context.Context, tx *store.Tx, user identity.UserID, lang string) (all []Told, err error) {
	kept, err := tx.Notices(ctx, user)
	if err != nil {
		return nil, err
	}
	for _, n := range kept {
		var v Values
		if err := json.Unmarshal([]byte(n.Told), &v); err != nil {
			return nil, err
		}
		subject, text, err := o.compose(Kind(n.Kind), Language(lang), v)
		if err != nil {
			return nil, err
		}
		t := Told{ID: n.ID, Kind: Kind(n.Kind), At: n.CreatedAt, Read: n.Read, Subject: subject, Link: v.Link, Ask: inert(v.Ask)}
		text, _, _ = strings.Cut(text, "\n\n-- \n")
		for part := range strings.SplitSeq(text, "\n\n") {
			part = strings.TrimSpace(part)
			if said, quoted := unquote(part); part != "" && part != v.Link {
				t.Text = append(t.Text, Paragraph{said, quoted})
			}
		}
		all = append(all, t)
	}
	return all, nil
}
