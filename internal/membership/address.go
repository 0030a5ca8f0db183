package membership

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/authority"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	mails "github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
)

// People change their own address by a proof: a link that goes to the new one. Until it is used the old one counts, which gets a link
// to put an end to it, and to undo it later. Further changes do not end that link: a thief could make them. S-121

// Purposes of links.
const (
	toAddress     = "address"      // makes a new address count
	toKeepAddress = "keep address" // keeps the old one, or brings it back
)

const (
	addressLife     = 24 * time.Hour
	addressUndoLife = 7 * 24 * time.Hour

	addressesPerHour = 3 // that a user may ask for
)

// addressChange is a change of address as it waits.
type addressChange struct{ Old, New string }

// AskAddress lets the caller, who has just proved who they are, have another address once a link that is sent there is used.
func (s *Service) AskAddress(ctx context.Context, caller identity.Caller, address string) error {
	address, err := Address(address)
	if err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		u, err := s.Directory.Own(ctx, tx, caller)
		switch {
		case err != nil:
			return err
		case !authority.Fresh(caller, tx.Now()):
			return identity.NotAllowed("This takes a proof of who you are that is not old")
		case !s.Mails():
			return identity.Refusedf("This cloud sends no mail, so an address cannot be proved. Ask an administrator to change it.")
		case !directory.KeepsDetails(u):
			return identity.Refusedf("Your address is kept where your organisation manages its people, and is changed there.")
		case strings.EqualFold(address, emailOf(u)):
			return identity.Invalidf("That is your address already.")
		}
		rules, err := tx.DomainRules(ctx, u.DomainID)
		if err == nil && !rules.AllowsAddress(address) {
			err = identity.Invalidf("E-mail addresses in this domain must be in %s.", strings.Join(rules.MailDomains, ", "))
		}
		if err != nil {
			return err
		}
		if err := limited(ctx, tx, addressesPerHour, time.Hour, "That was asked for too often. Please try again later.", "address of", string(u.ID)); err != nil {
			return err
		}
		data, err := json.Marshal(addressChange{emailOf(u), address})
		if err != nil {
			return err
		}
		until := tx.Now().Add(addressLife)
		keep := newSecret()
		err = tx.AddLink(ctx, identity.Link{Digest: digest(keep), Purpose: toKeepAddress, Subject: string(u.ID), Data: string(data), EndsAt: tx.Now().Add(addressUndoLife)})
		if err != nil {
			return err
		}
		prove, err := s.link(ctx, tx, toAddress, string(u.ID), string(data), until)
		if err != nil {
			return err
		}
		keepCode, err := s.mailed(ctx, tx, emailOf(u), keep, tx.Now().Add(addressUndoLife))
		if err != nil {
			return err
		}
		proveCode, err := s.mailed(ctx, tx, address, prove, until)
		if err != nil {
			return err
		}
		if err := s.Office.Tell(ctx, tx, mails.AddressOld, u, mails.Values{Address: address, Link: "/address/" + keep, Code: keepCode, Until: until}); err != nil {
			return err
		}
		next := u
		next.Extra = u.Extra.Merge(identity.Extra{"email": address})
		if err := s.Office.Tell(ctx, tx, mails.AddressNew, next, mails.Values{Address: address, Link: "/verify/" + prove, Code: proveCode, Until: until}); err != nil {
			return err
		}
		return tx.Record(ctx, untold(identity.Done("user", "address_asked", u.ID)).By(caller))
	})
}

// PendingAddress is the address that the caller wants to have, and has not proved yet; empty for none. Its link may have ended.
func (s *Service) PendingAddress(ctx context.Context, caller identity.Caller) (address string, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		u, err := s.Directory.Own(ctx, tx, caller)
		if err != nil {
			return err
		}
		l, err := tx.LastLink(ctx, toAddress, string(u.ID))
		if isMissing(err) || err == nil && l.State != "" {
			return nil
		} else if err != nil {
			return err
		}
		var c addressChange
		if err := json.Unmarshal([]byte(l.Data), &c); err != nil {
			return err
		}
		if c.Old == emailOf(u) {
			address = c.New
		}
		return nil
	})
	return address, err
}

// AddressChange is a change of address that a link is for.
type AddressChange struct {
	User     identity.User
	Old, New string
	Done     bool // the new one counts already, or one that came after it

	link identity.Link
}

// LookAddress tells for whom a link proves an address, or keeps one, and changes nothing. One that cannot be used any more is Gone,
// with what it was for.
func (s *Service) LookAddress(ctx context.Context, secret string, keep bool) (c AddressChange, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		c, err = s.addressChange(ctx, tx, secret, keep)
		return err
	})
	return c, err
}

var errLinkOver = &identity.Error{Kind: identity.Gone, Message: "This link does not work any more."}

// Over says why a link opens nothing any more.
type Over string

// Why a link opens nothing any more; the rest is for other reasons.
const (
	OverUsed       Over = "used"
	OverSuperseded Over = "superseded" // by a newer one
	OverTime       Over = "time"
)

// LinkError is a link that opens nothing any more, identity.Gone.
type LinkError struct{ Over Over }

func (e *LinkError) Error() string { return errLinkOver.Error() + " " + string(e.Over) }
func (e *LinkError) Unwrap() error { return errLinkOver }

// over is a *LinkError when a link was used, replaced, or is too old.
func over(tx *store.Tx, l identity.Link) error {
	switch {
	case l.State != "":
		return &LinkError{Over(l.State)}
	case !tx.Now().Before(l.EndsAt):
		return &LinkError{OverTime}
	}
	return nil
}

func (s *Service) addressChange(ctx context.Context, tx *store.Tx, secret string, keep bool) (c AddressChange, err error) {
	purpose := toAddress
	if keep {
		purpose = toKeepAddress
	}
	l, err := tx.Link(ctx, purpose, digest(secret))
	if err != nil {
		return c, err
	}
	var change addressChange
	if err := json.Unmarshal([]byte(l.Data), &change); err != nil {
		return c, err
	}
	c.link, c.Old, c.New = l, change.Old, change.New
	if err := over(tx, l); err != nil {
		return c, err
	}
	if c.User, err = tx.User(ctx, identity.UserID(l.Subject)); isMissing(err) {
		return c, errLinkOver
	} else if err != nil {
		return c, err
	}
	origins, err := tx.Origins(ctx, c.User.ID)
	if err != nil {
		return c, err
	}
	switch now := emailOf(c.User); {
	case !directory.KeepsDetails(c.User):
		return c, errLinkOver
	case now == c.Old:
	case keep && (now == c.New || origins[identity.Address].SetterID == c.User.ID):
		c.Done = true
	default: // an administrator has changed it since
		return c, errLinkOver
	}
	return c, nil
}

// ProveAddress makes the new address of a user the one that counts, by a link that was sent there. It is open to whoever has the link.
func (s *Service) ProveAddress(ctx context.Context, secret string) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		c, err := s.addressChange(ctx, tx, secret, false)
		if err != nil {
			return err
		}
		if !s.Directory.Enabled(c.User, tx.Now()) {
			return errLinkOver
		}
		if used, err := tx.UseLink(ctx, toAddress, digest(secret)); err != nil || !used {
			return errors.Join(err, errLinkOver)
		}
		return s.Directory.SetDetails(ctx, tx, c.User, identity.UserUpdate{Extra: identity.Extra{"email": c.New}})
	})
}

// KeepAddress ends a change of address, by a link that was sent to the old one; when the new one counts already, the old one comes
// back and all sessions and tokens of the account end, since it may be in the hands of others. It is open to whoever has the link.
func (s *Service) KeepAddress(ctx context.Context, secret string) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		c, err := s.addressChange(ctx, tx, secret, true)
		if err != nil {
			return err
		}
		if used, err := tx.UseLink(ctx, toKeepAddress, digest(secret)); err != nil || !used {
			return errors.Join(err, errLinkOver)
		}
		// Links to keep an address that came after this one are those of whoever changed it.
		if err := tx.EndLinksSince(ctx, toKeepAddress, string(c.User.ID), c.link.CreatedAt); err != nil {
			return err
		}
		if err := tx.EndLinks(ctx, toAddress, string(c.User.ID)); err != nil || !c.Done {
			return err
		}
		if err := s.Directory.SetDetails(ctx, tx, c.User, identity.UserUpdate{Extra: identity.Extra{"email": c.Old}}); err != nil {
			return err
		}
		return tx.Revoke(ctx, identity.RevocationEvent{UserID: c.User.ID})
	})
}

// Profile is what people say of themselves and how they like the portal.
type Profile struct {
	identity.Profile
	DisplayName string
	Description string
	Default     identity.ProjectID // the project that is meant when none is named; empty for none
}

// maxDescription is the most characters of what people say of themselves.
const maxDescription = 255

// Profile returns what the caller chose for themselves.
func (s *Service) Profile(ctx context.Context, caller identity.Caller) (p Profile, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		u, err := s.Directory.Own(ctx, tx, caller)
		if err != nil {
			return err
		}
		p.DisplayName = u.DisplayName()
		p.Description, _ = u.Extra["description"].(string)
		p.Default = u.DefaultProjectID
		p.Profile, err = tx.Profile(ctx, u.ID)
		return err
	})
	return p, err
}

// Likes tells how a user, who has just signed in, likes the portal.
func (s *Service) Likes(ctx context.Context, user identity.UserID) (p identity.Profile, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		p, err = tx.Profile(ctx, user)
		return err
	})
	return p, err
}

// What bounds the searches that somebody keeps.
const (
	maxSearches, maxSearchName, maxSearchAddress = 50, 64, 1000
)

// searchable are the pages of the portal whose searches can be kept: those of the audit trail.
var searchable = regexp.MustCompile(`^(/cloud|/d/[A-Za-z0-9_-]{1,64})/audit\z`)

// checkSearches refuses searches without names of their own, or of anything but the audit trail.
func checkSearches(all []identity.Search) error {
	if len(all) > maxSearches {
		return identity.Invalidf("You can keep %d searches. Delete one first.", maxSearches)
	}
	names := map[string]bool{}
	for _, one := range all {
		path, query, _ := strings.Cut(one.Address, "?")
		_, err := url.ParseQuery(query)
		switch {
		case one.Name == "" || one.Name != strings.Join(strings.Fields(one.Name), " ") || !utf8.ValidString(one.Name) || utf8.RuneCountInString(one.Name) > maxSearchName || strings.ContainsFunc(one.Name, unicode.IsControl):
			return identity.Invalidf("Name the search, with %d characters at most.", maxSearchName)
		case names[strings.ToLower(one.Name)]:
			return identity.Invalidf("You keep a search called %s already.", one.Name)
		case err != nil || len(one.Address) > maxSearchAddress || !searchable.MatchString(path):
			return identity.Invalidf("%.80q is no search of an audit trail.", one.Address)
		}
		names[strings.ToLower(one.Name)] = true
	}
	return nil
}

// SaveProfile keeps what the caller chose for themselves. What their organisation keeps elsewhere stays as it is.
func (s *Service) SaveProfile(ctx context.Context, caller identity.Caller, p Profile) error {
	if utf8.RuneCountInString(p.Description) > maxDescription || !utf8.ValidString(p.Description) || strings.ContainsRune(p.Description, 0) {
		return identity.Invalidf("A description has at most %d characters.", maxDescription)
	}
	p.DisplayName = strings.TrimSpace(p.DisplayName)
	if err := identity.CheckDisplayName(p.DisplayName); err != nil {
		return err
	}
	if p.Muted = slices.DeleteFunc(p.Muted, func(t string) bool { return !slices.Contains(mails.Topics, t) }); p.Language != "" {
		p.Language = mails.Language(p.Language)
	}
	if p.Theme != "light" && p.Theme != "dark" {
		p.Theme = ""
	}
	if zone, err := time.LoadLocation(p.Zone); err != nil || zone == time.Local || len(p.Zone) > 64 {
		return identity.Invalidf("%.80q is no time zone. Write one as Europe/Berlin.", p.Zone)
	}
	if err := checkSearches(p.Searches); err != nil {
		return err
	}
	projects, err := s.Assignment.Projects(ctx, caller)
	if err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		u, err := s.Directory.Own(ctx, tx, caller)
		if err != nil {
			return err
		}
		if err := tx.PutProfile(ctx, u.ID, p.Profile); err != nil || !directory.KeepsDetails(u) {
			return err
		}
		upd := identity.UserUpdate{Extra: identity.Extra{}}
		if was, _ := u.Extra["description"].(string); was != p.Description {
			upd.Extra["description"] = p.Description
		}
		if u.DisplayName() != p.DisplayName {
			upd.Extra["display_name"] = p.DisplayName
		}
		if p.Default != u.DefaultProjectID {
			if p.Default != "" && !slices.ContainsFunc(projects, func(one identity.Project) bool { return one.ID == p.Default }) {
				return identity.Invalidf("You do not work on that project.")
			}
			upd.DefaultProjectID = identity.Some(p.Default)
		}
		if len(upd.Extra) == 0 && !upd.DefaultProjectID.Present {
			return nil
		}
		return s.Directory.SetDetails(ctx, tx, u, upd)
	})
}
