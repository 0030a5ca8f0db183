package mail

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Held is a role that somebody has, and until when; a zero time is for good.
type Held struct {
	Role  string
	Until time.Time
}

// Place is where somebody's access has changed, and what they had and have there.
type Place struct {
	Name          string // empty for the system
	Domain        bool   // else it is a project
	Below         bool   // all projects below it are meant
	Before, After []Held
}

func inertPlaces(all []Place) []Place {
	quiet := func(some []Held) (out []Held) {
		for _, h := range some {
			out = append(out, Held{inert(h.Role), h.Until})
		}
		return out
	}
	out := make([]Place, len(all))
	for i, p := range all {
		out[i] = Place{inert(p.Name), p.Domain, p.Below, quiet(p.Before), quiet(p.After)}
	}
	return out
}

// Change is what one act made of the grants of a user or group at a place, which On names.
type Change struct {
	On            identity.Grant
	Before, After []Held
}

// Changes is one act that changes what people may do.
type Changes struct {
	All []Change

	// To are those who are told; all members of the group that the changes are of, if there are none.
	To []identity.UserID

	// Group is through which they have what changes; empty for what was granted to themselves. Act says of it that they have joined it,
	// "in", or left it, "out"; else what it has changes.
	Group identity.GroupID
	Act   string

	By  identity.Caller // who acts; nobody for what ends as was said when it was granted
	Ask identity.UserID // who granted that
}

const (
	mostTold   = 50 // of the members of a group: in larger ones nobody is
	mostPlaces = 20 // in one mail
)

// MostLosing is how many people, and places where they had something, one act may end: of more nobody is told.
const MostLosing = 200

// TellsAccess tells whether people are told when what they may do changes.
func (o *Office) TellsAccess() bool { return o != nil && o.Access }

// HeldOn is what was granted to a user or group at a place, whatever role on names, by the names of roles.
func HeldOn(ctx context.Context, tx *store.Tx, on identity.Grant) (all []Held, err error) {
	roles, err := tx.GrantedRoles(ctx, on)
	if err != nil {
		return nil, err
	}
	terms, err := tx.TermsBeside(ctx, on)
	if err != nil {
		return nil, err
	}
	for _, r := range roles {
		on.Role = r.ID
		all = append(all, Held{r.Name, terms[on].Until})
	}
	slices.SortFunc(all, func(a, b Held) int { return strings.Compare(a.Role, b.Role) })
	return all, nil
}

// Confers is what a group gives its members, and takes from them: the changes for somebody who joins it, or leaves it.
func Confers(ctx context.Context, tx *store.Tx, group identity.GroupID, in bool) (all []Change, err error) {
	grants, err := tx.Grants(ctx, store.GrantFilter{Group: group})
	if err != nil {
		return nil, err
	}
	for _, on := range grants {
		on.Role = ""
		if len(all) == mostPlaces || slices.ContainsFunc(all, func(c Change) bool { return c.On == on }) {
			continue
		}
		held, err := HeldOn(ctx, tx, on)
		if err != nil {
			return nil, err
		}
		c := Change{On: on, Before: held}
		if in {
			c.Before, c.After = nil, held
		}
		all = append(all, c)
	}
	return all, nil
}

// TellOfAccess puts mails to those whose access an act has changed into the outbox, one to each. What is as it was is not told of.
func (o *Office) TellOfAccess(ctx context.Context, tx *store.Tx, c Changes) error {
	if !o.TellsAccess() {
		return nil
	}
	c.All = slices.DeleteFunc(c.All, func(one Change) bool { return slices.EqualFunc(one.Before, one.After, sameHeld) })
	if len(c.All) == 0 {
		return nil
	}
	var err error
	if c.To == nil {
		members, err := tx.Members(ctx, []identity.GroupID{c.Group})
		if err != nil || len(members[c.Group]) > mostTold {
			return err
		}
		c.To = members[c.Group]
	}
	v := Values{Act: c.Act, Link: "/activity"}
	if v.Places, err = placesOf(ctx, tx, c.All); err != nil {
		return err
	}
	kind := AccessChanged
	switch {
	case c.Group != "":
		kind = AccessByGroup
		labels, err := tx.Labels(ctx, []store.Key{{Kind: "group", ID: string(c.Group)}})
		if err != nil {
			return err
		}
		for _, l := range labels {
			v.Group = l.Name
		}
	case !slices.ContainsFunc(c.All, func(one Change) bool { return len(one.After) > 0 }):
		kind = AccessGone
	}
	users, err := tx.UsersByID(ctx, append(slices.Clone(c.To), c.Ask))
	if err != nil {
		return err
	}
	for _, id := range c.To {
		u, there := users[id]
		if !there {
			continue
		}
		one := v
		if c.Ask != "" {
			one.Ask = Called(users[c.Ask])
		}
		if err := o.Tell(ctx, tx, kind, u, actedBy(one, c.By, id)); err != nil {
			return err
		}
	}
	return nil
}

// actedBy says in a mail to a user who acts, and so whom to ask.
func actedBy(v Values, by identity.Caller, user identity.UserID) Values {
	switch {
	case by.Token != nil && by.UserID() == user:
		v.Words = "self"
	case by.Token != nil:
		actor, _ := by.Token.Actor()
		v.By = Called(actor)
		v.Ask = v.By
	}
	return v
}

// End is something that is about to be deleted, with grants that go along with it.
type End struct {
	Act, Name string            // a "role", "project" or "domain", and what it is called
	Grants    []identity.Grant  // that go
	Users     identity.DomainID // whose users go, too: nobody tells them
	By        identity.Caller
}

// loss is what somebody loses by one act.
type loss struct {
	changes []Change
	own     bool // something was granted to themselves
	groups  []identity.GroupID
}

// TellOfEnd puts mails to those who lose something with what is about to be deleted into the outbox, one to each, whatever they lose
// where. Of an end that concerns more than MostLosing people, or places, nobody is told: that stands in their activity.
func (o *Office) TellOfEnd(ctx context.Context, tx *store.Tx, e End) error {
	if !o.TellsAccess() || len(e.Grants) == 0 {
		return nil
	}
	var changes []Change
	gone := map[identity.Grant]bool{}
	for _, on := range e.Grants {
		gone[on] = true
		if on.Role = ""; !slices.ContainsFunc(changes, func(c Change) bool { return c.On == on }) {
			changes = append(changes, Change{On: on})
		}
		if len(changes) > MostLosing {
			return nil
		}
	}
	for i, c := range changes {
		roles, err := tx.GrantedRoles(ctx, c.On)
		if err != nil {
			return err
		}
		if changes[i].Before, err = HeldOn(ctx, tx, c.On); err != nil {
			return err
		}
		lost := map[string]bool{}
		for _, r := range roles {
			on := c.On
			on.Role = r.ID
			lost[r.Name] = gone[on]
		}
		changes[i].After = slices.DeleteFunc(slices.Clone(changes[i].Before), func(h Held) bool { return lost[h.Role] })
	}
	losses, err := losing(ctx, tx, changes)
	if err != nil || len(losses) > MostLosing {
		return err
	}
	return o.tellLosses(ctx, tx, e, losses)
}

// losing is what each person loses by changes.
func losing(ctx context.Context, tx *store.Tx, changes []Change) (map[identity.UserID]*loss, error) {
	var groups []identity.GroupID
	for _, c := range changes {
		if c.On.Group != "" && !slices.Contains(groups, c.On.Group) {
			groups = append(groups, c.On.Group)
		}
	}
	members, err := tx.Members(ctx, groups)
	if err != nil {
		return nil, err
	}
	losses := map[identity.UserID]*loss{}
	add := func(user identity.UserID, c Change) {
		l := losses[user]
		if l == nil {
			l = new(loss)
			losses[user] = l
		}
		if l.changes = append(l.changes, c); c.On.Group == "" {
			l.own = true
		} else if !slices.Contains(l.groups, c.On.Group) {
			l.groups = append(l.groups, c.On.Group)
		}
	}
	for _, c := range changes {
		if c.On.Group == "" {
			add(c.On.User, c)
			continue
		}
		for _, user := range members[c.On.Group] {
			add(user, c)
		}
	}
	return losses, nil
}

func (o *Office) tellLosses(ctx context.Context, tx *store.Tx, e End, losses map[identity.UserID]*loss) error {
	ids := slices.Sorted(maps.Keys(losses))
	users, err := tx.UsersByID(ctx, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		u, there := users[id]
		if !there || e.Users != "" && u.DomainID == e.Users {
			continue
		}
		l := losses[id]
		v := Values{Act: e.Act, Roles: []string{e.Name}, Link: "/activity"}
		if v.Places, err = placesOf(ctx, tx, l.changes[:min(len(l.changes), mostPlaces)]); err != nil {
			return err
		}
		kind := AccessChanged
		switch {
		case !l.own && len(l.groups) == 1:
			kind = AccessByGroup
			key := store.Key{Kind: "group", ID: string(l.groups[0])}
			labels, err := tx.Labels(ctx, []store.Key{key})
			if err != nil {
				return err
			}
			v.Group = labels[key].Name
		case !slices.ContainsFunc(l.changes, func(c Change) bool { return len(c.After) > 0 }):
			kind = AccessGone
		}
		if err := o.Tell(ctx, tx, kind, u, actedBy(v, e.By, id)); err != nil {
			return err
		}
	}
	return nil
}

func sameHeld(a, b Held) bool { return a.Role == b.Role && a.Until.Equal(b.Until) }

// placesOf are the places of changes by their names.
func placesOf(ctx context.Context, tx *store.Tx, all []Change) (places []Place, err error) {
	keys := make([]store.Key, len(all))
	for i, c := range all {
		keys[i] = store.Key{Kind: "project", ID: string(c.On.Project) + string(c.On.Domain)}
	}
	labels, err := tx.Labels(ctx, keys)
	for i, c := range all {
		places = append(places, Place{labels[keys[i]].Name, c.On.Domain != "", c.On.Inherited, c.Before, c.After})
	}
	return places, err
}
