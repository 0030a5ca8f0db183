package assignment

import (
	"context"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
)

// memory is what users and groups had before an act, so that they can be told by one mail what the whole of it changed. It is nil where
// nobody is told.
type memory struct {
	office *mail.Office
	was    []mail.Change
	ask    map[identity.Grant]identity.UserID // who granted what has ended by itself
}

func (s *Service) remember() *memory {
	if !s.Office.TellsAccess() {
		return nil
	}
	return &memory{office: s.Office, ask: map[identity.Grant]identity.UserID{}}
}

// look remembers what whom a grant names has at its place, before any of it is changed.
func (m *memory) look(ctx context.Context, tx *store.Tx, on identity.Grant) (err error) {
	if m != nil {
		_, err = m.at(ctx, tx, on)
	}
	return err
}

func (m *memory) at(ctx context.Context, tx *store.Tx, on identity.Grant) (*mail.Change, error) {
	on.Role = ""
	for i := range m.was {
		if m.was[i].On == on {
			return &m.was[i], nil
		}
	}
	held, err := mail.HeldOn(ctx, tx, on)
	m.was = append(m.was, mail.Change{On: on, Before: held})
	return &m.was[len(m.was)-1], err
}

// lost remembers a grant that has ended by itself, and so counts for nothing already.
func (m *memory) lost(ctx context.Context, tx *store.Tx, g identity.Grant, t identity.Terms) error {
	if m == nil {
		return nil
	}
	c, err := m.at(ctx, tx, g)
	if err != nil {
		return err
	}
	r, err := tx.Role(ctx, g.Role)
	c.Before = append(c.Before, mail.Held{Role: r.Name, Until: t.Until})
	m.ask[c.On] = t.GrantedBy
	return err
}

// tell tells those whose access has changed since.
func (m *memory) tell(ctx context.Context, tx *store.Tx, by identity.Caller) (err error) {
	if m == nil {
		return nil
	}
	for i := range m.was {
		c := &m.was[i]
		if c.After, err = mail.HeldOn(ctx, tx, c.On); err != nil {
			return err
		}
		all := mail.Changes{All: []mail.Change{*c}, Group: c.On.Group, By: by, Ask: m.ask[c.On]}
		if c.On.User != "" {
			all.To = []identity.UserID{c.On.User}
		}
		if err := m.office.TellOfAccess(ctx, tx, all); err != nil {
			return err
		}
	}
	return nil
}
