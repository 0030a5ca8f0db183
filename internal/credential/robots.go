package credential

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// A second factor is worth as much as what logs in beside it. So whoever sets one up decides on each thing that does: it is deleted,
// kept for a reason, or suspended, which is what happens to all that nothing was said of. What is made with the factor works.

// Decision is what is to become of something that logs in without its user's second factor.
type Decision struct {
	Do     string // keep, delete; anything else suspends it
	Reason string // to keep it
}

// What a decision can do.
const (
	KeepRobot   = "keep"
	DeleteRobot = "delete"
)

// Decides tells whether people decide on what logs in without their second factor.
func (s *Service) Decides() bool { return s.RobotPolicy == identity.RobotsMinted }

// Warns tells whether people are warned of what logs in for them and is not asked for their second factor: they keep or delete each.
func (s *Service) Warns() bool { return s.RobotPolicy == identity.RobotsSeed }

// unasked tells whether something is not asked for a second factor in Keystone.
func unasked(kind string) bool { return kind == "credential" || kind == "OS-TRUST:trust" }

// AsksKeys tells whether EC2 keys are asked for what their user's multi-factor rules want.
func (s *Service) AsksKeys() bool { return s.RobotPolicy != identity.RobotsKeystone }

// Robots returns what logs in for the caller when they are not there, as far as they have to decide on it.
func (s *Service) Robots(ctx context.Context, caller identity.Caller) (all []identity.Robot, err error) {
	if err := own(caller); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		all, err = s.robots(ctx, tx, caller.UserID())
		return err
	})
	return all, err
}

// robots are those that a user decides on.
func (s *Service) robots(ctx context.Context, tx *store.Tx, user identity.UserID) ([]identity.Robot, error) {
	all, err := tx.Robots(ctx, user)
	if !s.Decides() {
		all = slices.DeleteFunc(all, func(r identity.Robot) bool { return !s.Warns() || !unasked(r.Kind) })
	}
	return all, err
}

// Decide does with each thing that logs in for the caller, by kind and id, what they want. It takes a proof of who is there that is not
// old, and the second factor when it is on.
func (s *Service) Decide(ctx context.Context, caller identity.Caller, wanted map[string]Decision) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := inPerson(caller, tx.Now(), freshFor); err != nil {
			return err
		}
		f, err := s.factor(ctx, tx, caller)
		if err == nil && f.On && !showed(caller) {
			err = identity.NotAllowed("To let something log in beside the second factor takes that factor")
		}
		if err != nil {
			return err
		}
		return s.decide(ctx, tx, caller, wanted)
	})
}

// RobotKey names a robot among decisions.
func RobotKey(r identity.Robot) string { return r.Kind + "/" + r.ID }

func (s *Service) decide(ctx context.Context, tx *store.Tx, caller identity.Caller, wanted map[string]Decision) error {
	all, err := s.robots(ctx, tx, caller.UserID())
	if err != nil {
		return err
	}
	for _, r := range all {
		d, said := wanted[RobotKey(r)]
		if !said || s.Warns() && d.Do == KeepRobot {
			continue
		}
		reason := strings.Join(strings.Fields(d.Reason), " ")
		switch {
		case d.Do == DeleteRobot:
			err = deleteRobot(ctx, tx, r)
			if err == nil {
				err = tx.Record(ctx, identity.Deleted(r.Kind, r.ID).By(caller))
			}
		case s.Warns():
			return ErrUndecided
		case d.Do != KeepRobot:
			r.Stand, r.Reason = identity.RobotSuspended, ""
			if err = tx.PutStand(ctx, caller.UserID(), r); err == nil {
				err = suspend(ctx, tx, caller.UserID(), r)
			}
		case r.Stand == identity.RobotMinted:
		case reason == "" || utf8.RuneCountInString(reason) > 255 || !utf8.ValidString(reason) || strings.ContainsRune(reason, 0):
			return identity.Invalidf("Say why you keep it, in at most 255 characters.")
		default:
			r.Stand, r.Reason = identity.RobotKept, reason
			err = tx.PutStand(ctx, caller.UserID(), r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ErrUndecided asks for a decision on each of what is not asked for a second factor.
var ErrUndecided = identity.Invalidf("Say of each key and trust whether you keep it.")

func deleteRobot(ctx context.Context, tx *store.Tx, r identity.Robot) error {
	switch r.Kind {
	case "application_credential":
		return tx.DeleteApplicationCredential(ctx, identity.ApplicationCredentialID(r.ID))
	case "OS-TRUST:trust":
		return tx.DeleteTrust(ctx, identity.TrustID(r.ID))
	case "OS-OAUTH1:access_token":
		return tx.DeleteAccessToken(ctx, identity.AccessTokenID(r.ID))
	}
	return tx.DeleteCredential(ctx, identity.CredentialID(r.ID))
}

// suspend ends the tokens that something has got. Those of an EC2 key cannot be told from those of others.
func suspend(ctx context.Context, tx *store.Tx, user identity.UserID, r identity.Robot) error {
	switch r.Kind {
	case "OS-TRUST:trust":
		return tx.Revoke(ctx, identity.RevocationEvent{TrustID: identity.TrustID(r.ID)})
	case "OS-OAUTH1:access_token":
		// An event does not tell the access tokens of a consumer apart; alone it would end the tokens of everybody.
		a, err := tx.AccessToken(ctx, identity.AccessTokenID(r.ID))
		if err != nil {
			return err
		}
		return tx.Revoke(ctx, identity.RevocationEvent{UserID: user, ConsumerID: a.ConsumerID})
	}
	return tx.RevokeWithout(ctx, user, "password", "totp")
}

// minted notes that something was made by a caller who had shown a second factor.
func minted(ctx context.Context, tx *store.Tx, caller identity.Caller, user identity.UserID, kind, id string) error {
	if caller.Token == nil || caller.Delegated || caller.UserID() != user || !showed(caller) {
		return nil
	}
	return tx.PutStand(ctx, user, identity.Robot{Kind: kind, ID: id, Stand: identity.RobotMinted})
}

// RobotMay tells whether something may log in for a user by what their second factor means for it: not when they set it up themselves,
// the cloud lets people decide, and it is neither made with the factor nor kept. Asked says whether that is the question: the rules of
// the user came with their factor, or they should have one by now. It is open to all.
func (s *Service) RobotMay(ctx context.Context, tx *store.Tx, u identity.User, kind, id string) (may, asked bool, err error) {
	if asked, err = s.OwnsRules(ctx, tx, u); err != nil {
		return false, false, err
	}
	if asked = asked && u.Options[identity.OptMultiFactorAuthEnabled] != false; !asked {
		by, err := s.EnrolBy(ctx, tx, u)
		if err != nil || by.IsZero() || tx.Now().Before(by) {
			return false, false, err
		}
	}
	switch {
	case s.Decides():
	case unasked(kind):
		if s.Warns() {
			s.Log.WarnContext(ctx, "something logs in that is not asked for the second factor of its owner", "kind", kind, "id", id, "user", u.ID)
		}
		return true, true, nil
	default:
		// As Keystone has it the rules say, where there are any.
		return false, s.Warns() || !hasRules(u), nil
	}
	stand, err := tx.Stand(ctx, kind, id)
	return stand != identity.RobotSuspended, true, err
}
