package membership

import (
	"context"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	mails "github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/store"
)

// rotationWhile is how long the owner of a credential is not asked again.
const rotationWhile = 24 * time.Hour

// AskToRotate asks the owner of something that logs in to a project, by mail, to replace it. Who may list what logs in there may ask,
// once a day for each. It fails when no mail is sent, or when the owner has no address.
func (s *Service) AskToRotate(ctx context.Context, caller identity.Caller, project identity.ProjectID, id string) error {
	if err := inPerson(caller); err != nil {
		return err
	}
	found, err := s.Credential.InProject(ctx, caller, project, store.ProjectCredentialFilter{ID: id, Limit: 1})
	if err != nil {
		return err
	}
	if len(found.Items) == 0 {
		return identity.Missing("credential", id)
	}
	h := found.Items[0]
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		owner, err := tx.User(ctx, h.Owner.ID)
		if err != nil {
			return err
		}
		p, err := tx.Project(ctx, project)
		if err != nil {
			return err
		}
		if !s.hears(owner) {
			return identity.Refusedf("The owner has no e-mail address here. Ask them in another way.")
		}
		if err := limited(ctx, tx, 1, rotationWhile, "The owner was asked today. Give them some time.", "rotation", id); err != nil {
			return err
		}
		actor, _ := caller.Token.Actor()
		name := h.Name
		if name == "" {
			name = h.Type
		}
		v := mails.Values{Link: "/credentials", By: mails.Called(actor), Name: name, Project: p.Name}
		if !h.Used.IsZero() {
			v.Ends = &h.Used
		}
		err = s.Office.Inform(ctx, tx, mails.Rotate, owner, v)
		if err != nil {
			return err
		}
		return tx.Record(ctx, identity.Done(h.Kind, "rotation_asked", id).By(caller))
	})
}
