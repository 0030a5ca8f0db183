package credential

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// EC2Key is an EC2 credential as the OS-EC2 calls show it (keystone/api/users.py). Its access key is its name there; its
// id among credentials is the access key's SHA-256. As from Keystone, events of keys name nobody who asked.
type EC2Key struct {
	ID        identity.CredentialID
	UserID    identity.UserID
	ProjectID identity.ProjectID
	Access    string
	Secret    string

	// TrustID, ApplicationCredentialID and AccessTokenID are of a key that somebody made with a delegated token, in earlier
	// releases.
	TrustID                 identity.TrustID
	ApplicationCredentialID identity.ApplicationCredentialID
	AccessTokenID           identity.AccessTokenID
}

// CreateEC2Key makes a key of a user for a project. Both halves are random.
func (s *Service) CreateEC2Key(ctx context.Context, caller identity.Caller, user identity.UserID, project identity.ProjectID) (EC2Key, error) {
	target := authz.Target{"credential": map[string]any{"user_id": string(user)}}
	if err := s.Authz.Check(ctx, caller, authz.EC2CreateCredential, target); err != nil {
		return EC2Key{}, err
	}
	err := s.DB.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.User(ctx, user); err != nil {
			return err
		}
		_, err := tx.Project(ctx, project)
		return err
	})
	if err != nil {
		return EC2Key{}, err
	}
	if err := own(caller); err != nil {
		return EC2Key{}, err
	}
	key := EC2Key{UserID: user, ProjectID: project, Access: identity.NewID(), Secret: identity.NewID()}
	key.ID = accessID(key.Access)
	blob := fmt.Sprintf(`{"access": %q, "secret": %q, "trust_id": null}`, key.Access, key.Secret) // to the letter as upstream writes it
	c := identity.Credential{ID: key.ID, UserID: user, ProjectID: project, Type: "ec2", Blob: blob}
	return key, s.insert(ctx, caller, c, identity.Created("credential", c.ID))
}

// EC2Keys lists the keys of a user.
func (s *Service) EC2Keys(ctx context.Context, caller identity.Caller, user identity.UserID) (keys []EC2Key, err error) {
	if err := s.Authz.Check(ctx, caller, authz.EC2ListCredentials, nil); err != nil {
		return nil, err
	}
	if err := own(caller); err != nil {
		return nil, err
	}
	var found identity.Page[store.SealedCredential]
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.User(ctx, user); err != nil {
			return err
		}
		found, err = tx.Credentials(ctx, identity.Query{}.Where("user_id", string(user)).Where("type", "ec2"))
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, c := range found.Items {
		key, err := s.ec2Key(c)
		if err != nil {
			s.Log.ErrorContext(ctx, "a stored EC2 credential cannot be read; it is left out", "credential", c.ID, "error", err)
			continue
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// EC2Key shows a key by its access key. user, whom the path names, must exist and need not be its owner.
func (s *Service) EC2Key(ctx context.Context, caller identity.Caller, user identity.UserID, access string) (EC2Key, error) {
	c, err := s.loadEC2(ctx, caller, authz.EC2GetCredential, user, access)
	if err != nil {
		return EC2Key{}, err
	}
	return s.ec2Key(c)
}

// RevealEC2Key is EC2Key for who shows its secret to a person, which stands on the audit trail.
func (s *Service) RevealEC2Key(ctx context.Context, caller identity.Caller, user identity.UserID, access string) (EC2Key, error) {
	c, err := s.loadEC2(ctx, caller, authz.EC2GetCredential, user, access)
	if err != nil {
		return EC2Key{}, err
	}
	if err := s.DB.Record(ctx, identity.Done("credential", "revealed", c.ID).By(caller)); err != nil {
		return EC2Key{}, err
	}
	return s.ec2Key(c)
}

// DeleteEC2Key forgets a key.
func (s *Service) DeleteEC2Key(ctx context.Context, caller identity.Caller, user identity.UserID, access string) error {
	c, err := s.loadEC2(ctx, caller, authz.EC2DeleteCredential, user, access)
	if err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Credential(ctx, c.ID); err != nil {
			return err
		}
		if err := tx.DeleteCredential(ctx, c.ID); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Deleted("credential", c.ID))
	})
}

func (s *Service) loadEC2(ctx context.Context, caller identity.Caller, action authz.Action, user identity.UserID, access string) (store.SealedCredential, error) {
	c, err := s.authorized(ctx, caller, action, accessID(access))
	named := authz.Target{"credential": map[string]any{"user_id": string(user)}}
	if errors.Is(err, identity.Forbidden) && !s.Authz.TellMissing && !caller.Delegated && s.Authz.Allowed(ctx, caller, action, named) {
		err = identity.Missing("credential", accessID(access)) // whoever may look among the user's keys finds none
	}
	if err != nil {
		return c, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		_, err := tx.User(ctx, user)
		return err
	})
	if err != nil {
		return c, err
	}
	if c.Type != "ec2" {
		return c, identity.Unauthenticatedf("EC2 access key not found.")
	}
	return c, own(caller)
}

// SigningKey is the key that signs requests with an access key; a NotFound when there is none. It is open: what it finds is
// to check a signature with, and not to be shown.
func (s *Service) SigningKey(ctx context.Context, access string) (EC2Key, error) {
	var sealed store.SealedCredential
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		sealed, err = tx.Credential(ctx, accessID(access))
		return err
	})
	if err != nil && !errors.Is(err, identity.NotFound) {
		return EC2Key{}, err
	}
	if err != nil || sealed.Type != "ec2" {
		return EC2Key{}, &identity.Error{Kind: identity.NotFound, Message: "EC2 access key not found."}
	}
	key, err := s.ec2Key(sealed)
	if err == nil && key.Secret == "" {
		err = errors.New("it has no secret")
	}
	if err != nil {
		s.Log.ErrorContext(ctx, "a stored EC2 credential cannot be used", "credential", sealed.ID, "error", err)
		return EC2Key{}, identity.Unauthenticatedf("EC2 credential %s cannot be used", sealed.ID)
	}
	return key, nil
}

// ec2Key reads a stored EC2 credential.
func (s *Service) ec2Key(sealed store.SealedCredential) (EC2Key, error) {
	c, err := s.open(sealed)
	if err != nil {
		return EC2Key{}, err
	}
	var blob struct {
		Access                  string                           `json:"access"`
		Secret                  string                           `json:"secret"`
		TrustID                 identity.TrustID                 `json:"trust_id"`
		ApplicationCredentialID identity.ApplicationCredentialID `json:"app_cred_id"`
		AccessTokenID           identity.AccessTokenID           `json:"access_token_id"`
	}
	err = json.Unmarshal([]byte(c.Blob), &blob)
	return EC2Key{
		ID: c.ID, UserID: c.UserID, ProjectID: c.ProjectID, Access: blob.Access, Secret: blob.Secret,
		TrustID: blob.TrustID, ApplicationCredentialID: blob.ApplicationCredentialID, AccessTokenID: blob.AccessTokenID,
	}, err
}
