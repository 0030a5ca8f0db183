// Package credential keeps what users hand out instead of their password. Credentials are secrets that some service
// understands: EC2 keys, one-time code seeds, certificates; they are encrypted at rest, and closed to whoever holds
// delegated rights only (keystone/api/credentials.py). Application credentials let programs log in with a part of their
// owner's roles (keystone/api/users.py). Trusts let another user act with them (keystone/api/trusts.py, keystone/trust/core.py),
// OAuth 1.0a an application of somebody else (keystone/api/os_oauth1.py).
package credential

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/authority"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/passkey"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/token"
)

// Service is the room. All fields are set once.
type Service struct {
	DB         *store.DB
	Authz      *authz.Checker
	Authority  *authority.Service // keeps callers from reaching above themselves
	Assignment *assignment.Service
	Directory  *directory.Service
	Keys       token.Keys
	Office     *mail.Office
	Log        *slog.Logger

	// ApplicationCredentialLimit is the most application credentials that a user may have; negative is no limit
	// ([application_credential] user_limit).
	ApplicationCredentialLimit int

	// UserLimit is the most credentials that a user may have; negative is no limit ([credential] user_limit).
	UserLimit int

	// RequestTokenLife and AccessTokenLife are how long the two kinds of OAuth tokens can be used; 0 is forever
	// ([oauth1] request_token_duration, access_token_duration).
	RequestTokenLife, AccessTokenLife time.Duration

	// Methods are those that logins may use ([auth] methods).
	Methods []string

	// PreviousPasscodes is how many one-time codes before the current one are right, too ([totp] included_previous_windows).
	PreviousPasscodes int

	// ShowSeeds tells which seeds of one-time codes are shown once they are kept ([lintel] show_seeds).
	ShowSeeds string

	// TokenLife is how long tokens live from a login on ([token] expiration); zero if that is not known.
	TokenLife time.Duration

	// RobotPolicy is what a second factor means for what logs in without its user ([lintel] mfa_robots).
	RobotPolicy string

	// ResetByTwo lets the second factor of somebody with a role of high impact be reset only when two agree ([lintel] factor_reset_by_two).
	ResetByTwo bool

	// Standing is auth.Service.Standing: a user with the rights that they hold on a scope now.
	Standing func(context.Context, *store.Tx, identity.UserID, identity.Scope) (identity.Caller, error)

	// FactorOff is membership.Service.FactorOff: it tells a user that their second factor was switched off, and how that is undone.
	FactorOff func(context.Context, *store.Tx, identity.UserID, SwitchedOff) error

	// Party is for whom passkeys are made; nil where there can be none.
	Party *passkey.Party

	// MaxRedelegation is how often a trust may be handed on in a row ([trust] max_redelegation_count).
	MaxRedelegation int64

	// InsecureTrusts opens trusts to application credentials
	// ([security_compliance] allow_insecure_application_credential_trust_escalation).
	InsecureTrusts bool

	// InsecureDelegation opens EC2 keys to delegated tokens with the role admin
	// ([security_compliance] allow_insecure_admin_trust_cross_project_credentials_access).
	InsecureDelegation bool
}

// The lengths of the columns, in characters.
const (
	maxType  = 255
	maxOwner = 64 // the id of a user or project
)

// Credentials lists those credentials that the caller could also be shown one by one.
func (s *Service) Credentials(ctx context.Context, caller identity.Caller, q identity.Query) (page identity.Page[identity.Credential], err error) {
	var target authz.Target
	if caller.Token != nil && !caller.Token.Scope.IsSystem() {
		target = authz.Target{"credential": map[string]any{"user_id": string(caller.UserID())}}
	}
	if err := s.Authz.Check(ctx, caller, authz.ListCredentials, target); err != nil {
		return page, err
	}
	var found identity.Page[store.SealedCredential]
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		// What may not be seen must not shorten a page, so the page is cut after the check.
		all := q
		all.Limit = 0
		found, err = tx.Credentials(ctx, all)
		return err
	})
	if err != nil {
		return page, err
	}
	for _, c := range found.Items {
		if !s.Authz.Allowed(ctx, caller, authz.GetCredential, authz.Target{"credential": authz.Credential(c.Credential)}) ||
			s.direct(ctx, caller, c.Type) != nil {
			continue
		}
		if q.Limit > 0 && len(page.Items) == q.Limit {
			page.More = true
			break
		}
		open, err := s.open(c)
		if err != nil {
			// One that cannot be read must not hide the others.
			s.Log.ErrorContext(ctx, "a stored credential cannot be decrypted; it is left out", "credential", c.ID, "error", err)
			continue
		}
		page.Items = append(page.Items, open)
	}
	return page, s.hideSeeds(ctx, page.Items)
}

// hideSeeds takes out of credentials what they hold of seeds that are not shown. Whoever has a token of somebody could make their
// codes for ever, had they the seed.
func (s *Service) hideSeeds(ctx context.Context, all []identity.Credential) error {
	owners := map[identity.UserID]bool{} // whether their seeds are hidden
	for _, c := range all {
		if isTOTP(c.Type) && s.ShowSeeds != "all" {
			owners[c.UserID] = s.ShowSeeds == "none"
		}
	}
	if s.ShowSeeds == "api" && len(owners) > 0 {
		err := s.DB.View(ctx, func(tx *store.Tx) error {
			own, err := tx.WithOwnFactor(ctx, slices.Collect(maps.Keys(owners)))
			for _, u := range own {
				owners[u] = true
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	for i, c := range all {
		if isTOTP(c.Type) && owners[c.UserID] {
			all[i].Blob = ""
		}
	}
	return nil
}

func isTOTP(kind string) bool { return strings.EqualFold(kind, "totp") }

// Credential shows a credential.
func (s *Service) Credential(ctx context.Context, caller identity.Caller, id identity.CredentialID) (c identity.Credential, err error) {
	sealed, err := s.load(ctx, caller, authz.GetCredential, id)
	if err != nil {
		return c, err
	}
	if c, err = s.open(sealed); err != nil {
		return c, err
	}
	one := []identity.Credential{c}
	err = s.hideSeeds(ctx, one)
	return one[0], err
}

// Create keeps a new credential. An EC2 key gets its id from its access key, any other a random one. body is the
// request's credential, as policy rules may look at it.
func (s *Service) Create(ctx context.Context, caller identity.Caller, c identity.Credential, body map[string]any) (identity.Credential, error) {
	if err := s.Authz.Check(ctx, caller, authz.CreateCredential, authz.Target{"credential": body}); err != nil {
		return c, err
	}
	if err := s.direct(ctx, caller, c.Type); err != nil {
		return c, err
	}
	if err := s.guard(ctx, caller, c); err != nil {
		return c, err
	}
	for _, column := range []struct {
		name, text string
		limit      int
	}{{"user_id", string(c.UserID), maxOwner}, {"project_id", string(c.ProjectID), maxOwner}, {"type", c.Type, maxType}} {
		if err := identity.Fits(column.text, column.name, column.limit); err != nil {
			return c, err
		}
	}
	if isEC2(c.Type) {
		blob, access, err := readEC2(c.Blob)
		if err != nil {
			return c, err
		}
		c.ID = accessID(access)
		if c.Blob, err = withDelegation(c.Blob, blob, caller.Token); err != nil {
			return c, err
		}
	} else {
		c.ID = identity.CredentialID(identity.NewID())
	}
	return c, s.insert(ctx, caller, c, identity.Created("credential", c.ID).By(caller))
}

// insert keeps a new credential, unless its user has as many as may be, and records the event of it.
func (s *Service) insert(ctx context.Context, caller identity.Caller, c identity.Credential, e identity.Event) error {
	sealed, err := s.seal(ctx, c)
	if err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := forAPI(ctx, tx, c.UserID); err != nil {
			return err
		}
		if err := s.insertSealed(ctx, tx, sealed, e); err != nil {
			return err
		}
		if isEC2(c.Type) {
			if err := minted(ctx, tx, caller, c.UserID, "credential", string(c.ID)); err != nil {
				return err
			}
		}
		return s.tellOfNew(ctx, tx, caller, c)
	})
}

// tellOfNew tells the user of a new credential by mail.
func (s *Service) tellOfNew(ctx context.Context, tx *store.Tx, caller identity.Caller, c identity.Credential) error {
	switch {
	case isTOTP(c.Type):
		return s.tellOfFactor(ctx, tx, caller, c.UserID, mail.SeedAdded)
	case isEC2(c.Type):
		return s.tellOfCredential(ctx, tx, c.UserID, c.ProjectID, mail.Values{Act: "key"})
	}
	return s.tellOfCredential(ctx, tx, c.UserID, c.ProjectID, mail.Values{Act: "other"})
}

// tellOfCredential tells a user by mail that there is something new which logs in as them.
func (s *Service) tellOfCredential(ctx context.Context, tx *store.Tx, user identity.UserID, project identity.ProjectID, v mail.Values) error {
	if s.Office == nil {
		return nil
	}
	if project != "" {
		p, err := tx.Project(ctx, project)
		if err != nil && !errors.Is(err, identity.NotFound) {
			return err
		}
		v.Project = p.Name
	}
	v.Link = "/credentials"
	return s.tell(ctx, tx, mail.CredentialMade, user, v)
}

// tellOfFactor tells a user by mail what became of their second factor.
func (s *Service) tellOfFactor(ctx context.Context, tx *store.Tx, caller identity.Caller, user identity.UserID, what string) error {
	return s.tell(ctx, tx, mail.FactorChanged, user, mail.Values{Act: what, By: mail.Other(caller, user), Link: "/security"})
}

// tell sends a user a mail. Who is not there any more gets none.
func (s *Service) tell(ctx context.Context, tx *store.Tx, kind mail.Kind, user identity.UserID, v mail.Values) error {
	if s.Office == nil {
		return nil
	}
	u, err := tx.User(ctx, user)
	if errors.Is(err, identity.NotFound) {
		return nil
	} else if err != nil {
		return err
	}
	return s.Office.Tell(ctx, tx, kind, u, v)
}

// forAPI refuses to make what logs a user in to the API when that is closed to the account: a Keystone on this database would
// take it. Who is not there is not refused here.
func forAPI(ctx context.Context, tx *store.Tx, user identity.UserID) error {
	u, err := tx.User(ctx, user)
	switch {
	case errors.Is(err, identity.NotFound):
		return nil
	case err == nil && u.Surface.NoAPI:
		return identity.Refusedf("This account is for the portal only and can have no credentials for the API.")
	}
	return err
}

func (s *Service) insertSealed(ctx context.Context, tx *store.Tx, c store.SealedCredential, e identity.Event) error {
	if s.UserLimit >= 0 {
		n, err := tx.CountCredentials(ctx, c.UserID)
		if err != nil {
			return err
		}
		if n >= s.UserLimit {
			return identity.Refusedf("Unable to create additional credentials, maximum of %d already exceeded for user.", s.UserLimit)
		}
	}
	if err := tx.InsertCredential(ctx, c); err != nil {
		return err
	}
	return tx.Record(ctx, e)
}

// UpdateBlob replaces a credential's blob, the only part of it that can change. What an EC2 key was delegated by stays.
func (s *Service) UpdateBlob(ctx context.Context, caller identity.Caller, id identity.CredentialID, blob string) (c identity.Credential, err error) {
	current, err := s.load(ctx, caller, authz.UpdateCredential, id)
	if err != nil {
		return c, err
	}
	if err := s.guard(ctx, caller, current.Credential); err != nil {
		return c, err
	}
	if c, err = s.open(current); err != nil {
		return c, err
	}
	if isEC2(c.Type) {
		before := map[string]any{}
		if err := json.Unmarshal([]byte(c.Blob), &before); err != nil {
			before = nil
		}
		after, _, err := readEC2(blob)
		if err != nil {
			return c, err
		}
		for _, key := range []string{"trust_id", "app_cred_id", "access_token_id", "access_id"} {
			if before[key] != after[key] {
				return c, identity.Invalidf("%s can not be updated for credential", key)
			}
		}
	}
	c.Blob = blob
	sealed, err := s.seal(ctx, c)
	if err != nil {
		return c, err
	}
	return c, s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Credential(ctx, id); err != nil {
			return err
		}
		if err := tx.PutDrift(ctx, id, 0); err != nil { // which was that of another seed
			return err
		}
		return tx.PutBlob(ctx, id, sealed.EncryptedBlob, sealed.KeyHash)
	})
}

// Delete forgets a credential.
func (s *Service) Delete(ctx context.Context, caller identity.Caller, id identity.CredentialID) error {
	c, err := s.load(ctx, caller, authz.DeleteCredential, id)
	if err != nil {
		return err
	}
	if err := s.guard(ctx, caller, c.Credential); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Credential(ctx, id); err != nil {
			return err
		}
		if err := tx.DeleteCredential(ctx, id); err != nil {
			return err
		}
		if isTOTP(c.Type) {
			if err := s.tellOfFactor(ctx, tx, caller, c.UserID, mail.SeedRemoved); err != nil {
				return err
			}
		}
		return tx.Record(ctx, identity.Deleted("credential", id).By(caller))
	})
}

// authorized reads a credential for an action on it. Who may not do it learns nothing about whether there is one.
func (s *Service) authorized(ctx context.Context, caller identity.Caller, action authz.Action, id identity.CredentialID) (c store.SealedCredential, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		c, err = tx.Credential(ctx, id)
		return err
	})
	target := authz.Target{}
	if err == nil {
		target["credential"] = authz.Credential(c.Credential)
	}
	return c, s.Authz.CheckFound(ctx, caller, action, target, err)
}

// load is authorized for callers whose rights are their own.
func (s *Service) load(ctx context.Context, caller identity.Caller, action authz.Action, id identity.CredentialID) (store.SealedCredential, error) {
	c, err := s.authorized(ctx, caller, action, id)
	if err != nil {
		return c, err
	}
	return c, s.direct(ctx, caller, c.Type)
}

// direct refuses callers whose rights were handed on by somebody: a secret outlives what it was delegated by.
func (s *Service) direct(ctx context.Context, caller identity.Caller, kind string) error {
	if !caller.Delegated {
		return nil
	}
	if s.InsecureDelegation && isEC2(kind) && s.Authz.Allowed(ctx, caller, authz.Action("admin_required"), nil) {
		return nil
	}
	return own(caller)
}

// own refuses callers whose rights were handed on by somebody.
func own(caller identity.Caller) error {
	if caller.Delegated {
		return identity.NotAllowed("Delegated tokens cannot access credentials directly")
	}
	return nil
}

func isEC2(kind string) bool { return strings.EqualFold(kind, "ec2") }

// readEC2 reads the blob of an EC2 key: a JSON object that names the access key.
func readEC2(text string) (blob map[string]any, access string, err error) {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return nil, "", identity.Invalidf("Invalid blob in credential")
	}
	blob, ok := v.(map[string]any)
	if !ok || len(blob) == 0 {
		return nil, "", identity.Expecting("blob", "credential")
	}
	access, ok = blob["access"].(string)
	if !ok {
		return nil, "", identity.Expecting("access", "credential")
	}
	return blob, access, nil
}

// accessID is the id of the EC2 key with an access key.
func accessID(access string) identity.CredentialID {
	sum := sha256.Sum256([]byte(access))
	return identity.CredentialID(hex.EncodeToString(sum[:]))
}

// withDelegation writes into an EC2 key what the token that makes it was delegated by, so that tokens made with the key
// are bound by it too.
func withDelegation(text string, blob map[string]any, t *identity.Token) (string, error) {
	if t == nil || t.TrustID == "" && t.ApplicationCredentialID == "" && t.AccessTokenID == "" {
		return text, nil
	}
	for key, id := range map[string]string{
		"trust_id": string(t.TrustID), "app_cred_id": string(t.ApplicationCredentialID), "access_token_id": string(t.AccessTokenID),
	} {
		if id != "" {
			blob[key] = id
		}
	}
	out, err := json.Marshal(blob)
	return string(out), err
}

// OwnersOf returns the users who have a credential of some id, or an EC2 access key, to who may list everybody's credentials and
// users (identity:list_credentials, identity:list_users).
func (s *Service) OwnersOf(ctx context.Context, caller identity.Caller, id string) (owners []identity.User, err error) {
	for _, action := range []authz.Action{authz.ListCredentials, authz.ListUsers} {
		if err := s.Authz.Check(ctx, caller, action, nil); err != nil {
			return nil, err
		}
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		ids, err := tx.OwnersOf(ctx, id)
		if err != nil {
			return err
		}
		found, err := tx.UsersByID(ctx, ids)
		owners = nil
		for _, id := range ids {
			if u, there := found[id]; there {
				owners = append(owners, u)
			}
		}
		return err
	})
	return owners, err
}
