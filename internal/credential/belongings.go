package credential

import (
	"context"
	"errors"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Belongings are what somebody keeps beside application credentials and EC2 keys.
type Belongings struct {
	Credentials     []identity.Credential // without what they hold
	Given, Received []identity.Trust
	Called          map[store.Key]store.Label // the projects and the other people
	Created         map[string]time.Time      // of each, by its id, as far as the trail tells
}

// Belongings returns what the caller keeps, by the rules of Credentials and Trusts. One-time code seeds and EC2 keys have pages of
// their own and are left out.
func (s *Service) Belongings(ctx context.Context, caller identity.Caller) (b Belongings, err error) {
	user := caller.UserID()
	all, err := s.Credentials(ctx, caller, identity.Query{}.Where("user_id", string(user)))
	if err != nil && !errors.Is(err, identity.Forbidden) {
		return b, err
	}
	for _, c := range all.Items {
		if c.Blob = ""; !isEC2(c.Type) && !isTOTP(c.Type) {
			b.Credentials = append(b.Credentials, c)
		}
	}
	if b.Given, err = s.Trusts(ctx, caller, user, ""); err != nil {
		return b, err
	}
	if b.Received, err = s.Trusts(ctx, caller, "", user); err != nil {
		return b, err
	}
	var keys []store.Key
	var ids []string
	for _, c := range b.Credentials {
		ids = append(ids, string(c.ID))
		keys = append(keys, store.Key{Kind: "project", ID: string(c.ProjectID)})
	}
	for _, t := range append(append([]identity.Trust{}, b.Given...), b.Received...) {
		ids = append(ids, string(t.ID))
		keys = append(keys, store.Key{Kind: "project", ID: string(t.ProjectID)}, store.Key{Kind: "user", ID: string(t.TrusteeUserID)}, store.Key{Kind: "user", ID: string(t.TrustorUserID)})
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if b.Called, err = tx.Labels(ctx, keys); err != nil {
			return err
		}
		b.Created, err = tx.MadeAt(ctx, ids)
		return err
	})
	return b, err
}
