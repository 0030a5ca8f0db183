package portal

import (
	"errors"
	"net/http"

	"github.com/lintel-id/lintel/internal/identity"
)

// What is done to many at once is asked about once, and done to each by itself: what cannot be done to one is told, and holds up
// no other.

// outcomePage tells what came of it.
type outcomePage struct {
	chrome
	Back   string
	Done   []string // names
	Failed []failed
}

type failed struct{ Name, Why string }

// toMany asks whether something is to be done to the chosen users, and does it when the answer is there.
func (v *visit) toMany(out *actPage, users []identity.User, do func(identity.User) error) error {
	for _, u := range users {
		out.Chosen = append(out.Chosen, string(u.ID))
	}
	out.Hidden = map[string]string{"sure": "1"}
	if v.field("sure") == "" {
		return v.show(http.StatusOK, "act", out)
	}
	if ok, err := v.typed(out); err != nil || !ok {
		return err
	}
	pg := &outcomePage{Back: out.Back}
	pg.Section, pg.Title = out.Section, v.T("What was done")
	for _, u := range users {
		err := do(u)
		if err == nil {
			pg.Done = append(pg.Done, u.Name)
			continue
		}
		e, told := errors.AsType[*identity.Error](err)
		if !told {
			return err
		}
		pg.Failed = append(pg.Failed, failed{u.Name, v.said(e)})
	}
	pg.Lead = v.F("%d of %d were done.", len(pg.Done), len(users))
	return v.show(http.StatusOK, "outcome", pg)
}

// chosenUsers are those users of a domain whose boxes were ticked.
func (v *visit) chosenUsers(caller identity.Caller, domain identity.DomainID) ([]identity.User, error) {
	var ids []identity.UserID
	for _, id := range v.PostForm["id"] {
		ids = append(ids, identity.UserID(id))
	}
	return v.p.Directory.SomeUsers(v.Context(), caller, domain, ids[:min(len(ids), sizes[len(sizes)-1])])
}

// called lists users by name.
func called(users []identity.User) (names []string) {
	for _, u := range users {
		names = append(names, u.Name)
	}
	return names
}

func (v *visit) disableUsers() error { return v.enableOrDisableUsers(false) }
func (v *visit) enableUsers() error  { return v.enableOrDisableUsers(true) }

func (v *visit) enableOrDisableUsers(enabled bool) error {
	caller, d, err := v.inDomain()
	if err != nil {
		return err
	}
	if !v.p.Directory.MayCreateUser(v.Context(), caller, d.ID) {
		return identity.NotAllowed("identity:update_user")
	}
	users, err := v.chosenUsers(caller, d.ID)
	if err != nil {
		return err
	}
	if len(users) == 0 {
		v.redirect(inDomain(d.ID) + "/users?done=nobody")
		return nil
	}
	out := &actPage{Harmless: enabled, Means: called(users), Back: Prefix + inDomain(d.ID) + "/users"}
	out.Section = "users"
	if enabled {
		out.Do = v.N(len(users), "Enable %d account", "Enable %d accounts")
		out.Title, out.Lead = v.N(len(users), "Enable %d account?", "Enable %d accounts?"), v.T("They can log in again, with the passwords and credentials that they had:")
		out.Terminal = []string{"openstack user set --enable --domain " + word(d.Name) + " NAME"}
	} else {
		out.Do = v.N(len(users), "Disable %d account", "Disable %d accounts")
		out.Title, out.Lead = v.N(len(users), "Disable %d account?", "Disable %d accounts?"), v.T("All their sessions and tokens end at once, and nobody can log in as them. It can be undone:")
		out.Terminal = []string{"openstack user set --disable --domain " + word(d.Name) + " NAME"}
	}
	return v.toMany(out, users, func(u identity.User) error {
		if u.ID == v.User().ID {
			return identity.Refusedf("This is your own account. Ask another administrator to do this.")
		}
		_, err := v.p.Directory.UpdateUser(v.Context(), caller, u.ID, identity.UserUpdate{Enabled: identity.Some(enabled)})
		return err
	})
}

// removeSome takes the chosen members out of a group.
func (v *visit) removeSome() error {
	caller, pg, err := v.loadGroup()
	if err != nil {
		return err
	}
	if !pg.Removes {
		return identity.NotAllowed("identity:remove_user_from_group")
	}
	users, err := v.chosenUsers(caller, pg.Group.DomainID)
	if err != nil {
		return err
	}
	if len(users) == 0 {
		v.redirect(groupPath(pg.Group)[len(Prefix):] + "?done=nobody")
		return nil
	}
	out := &actPage{Back: pg.Path, Means: append(called(users), v.confers(pg)...), Do: v.N(len(users), "Remove %d person", "Remove %d people")}
	out.Section, out.Title = "groups", v.F("Remove %d from %s?", len(users), pg.Group.Name)
	out.Lead = v.T("What they have by the group alone goes, and all their tokens and sessions end:")
	in := word(pg.In)
	out.Terminal = []string{"openstack group remove user --group-domain " + in + " --user-domain " + in + " " + word(pg.Group.Name) + " NAME"}
	return v.toMany(out, users, func(u identity.User) error {
		return v.p.Directory.RemoveFromGroup(v.Context(), caller, u.ID, pg.Group.ID)
	})
}
