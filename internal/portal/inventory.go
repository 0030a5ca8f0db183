package portal

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

var inventoryPages = slices.Concat(
	[]page{
		{method: get, path: "/p/{id}/credentials", serve: (*visit).inventory},
		{method: get, path: "/credentials/other", serve: (*visit).otherCredentials},
		{method: get, path: "/credentials/other/{credential}/show", serve: (*visit).otherCredential, confirmed: true},
	},
	both("/p/{id}/credentials/{credential}/revoke", (*visit).takeCredential, false),
	both("/p/{id}/credentials/{credential}/rotate", (*visit).askToRotate, false),
	both("/credentials/other/{credential}/delete", (*visit).deleteOther, true),
	both("/credentials/trusts/{trust}/delete", (*visit).deleteTrust, false),
)

// inventory lists what logs in to a project, everybody's. No secret is in it.
func (v *visit) inventory() error {
	h, err := v.hereIn(identity.AreaCredentials)
	if err != nil {
		return err
	}
	pg := new(listPage)
	pg.Here, pg.Section, pg.Title = h, "inventory", v.T("Project credentials")
	pg.Lead = v.F("What logs in to %s when nobody is there: whose it is, what it may do, and when it was used last.", h.Name)
	pg.None, pg.Hint = v.T("None yet"), v.T("Nobody has made an application credential or a key for this project.")
	pg.Columns = []column{
		{Key: "name", Label: v.T("Name")}, {Key: "owner", Label: v.T("Owner")}, {Key: "roles", Label: v.T("Roles")}, {Key: "created", Label: v.T("Created")},
		{Key: "last_used", Label: v.T("Last used")}, {Key: "ends", Label: v.T("Ends")}, {Key: "second_factor", Label: v.T("Owner’s second factor")},
		{Key: "rules", Label: v.T("Access rules"), Hidden: true}, {Key: "from", Label: v.T("Used from"), Hidden: true},
		{Key: "id", Label: "ID", Hidden: true},
	}
	user := identity.UserID(v.field("user"))
	if user != "" {
		pg.Crumbs = []link{{v.T("Everybody’s"), h.Path("/credentials")}, {v.T("One person’s"), ""}}
		pg.Lead = v.F("What would no longer reach %s if this person left.", h.Name)
	}
	pg.Terminal = []string{"lintel credential list" + ofProject(h)}
	return showList(v, "list", pg, pg.query(v), func(q identity.Query) (found identity.Page[credential.Held], err error) {
		err = h.as(func(c identity.Caller) error {
			found, err = v.p.Credential.InProject(v.Context(), c, h.ID, store.ProjectCredentialFilter{User: user, After: q.Marker, Limit: q.Limit})
			return err
		})
		return found, err
	}, func(all []credential.Held) (rows []row, err error) {
		for _, c := range all {
			rows = append(rows, v.heldRow(h, c))
		}
		return rows, nil
	})
}

func (v *visit) heldRow(h *here, c credential.Held) row {
	name := cell{Text: v.heldName(c), About: v.noun(c.Kind)}
	if c.Unrestricted {
		name.About = v.T("Unrestricted")
	}
	roles := cell{Text: v.T("all of the owner’s")}
	if c.Kind == "application_credential" {
		roles = cell{Chips: []string{}}
		for _, r := range c.Roles {
			roles.Chips = append(roles.Chips, r.Name)
		}
	}
	factor := cell{Text: v.T("Off"), State: "warn"}
	if v.p.Credential.SecondFactor(c.Factor) {
		factor = cell{Text: v.T("On"), State: "good"}
	}
	var rules []string
	for _, r := range c.AccessRules {
		rules = append(rules, r.Method+" "+r.Path+" ("+r.Service+")")
	}
	ends := cell{Text: v.T("never")}
	if c.Ends != nil {
		ends = cell{Time: *c.Ends}
	}
	acts := []link{{v.T("Ask to replace"), h.Path("/credentials/", c.ID, "/rotate")}}
	if c.Revocable {
		acts = append(acts, link{v.T("Revoke"), h.Path("/credentials/", c.ID, "/revoke")})
	}
	return row{ID: c.ID, Name: name.Text, Fixed: true, Acts: acts, Cells: []cell{
		name, {Text: c.Owner.Name, About: c.In}, roles, {Time: c.Created, Never: v.T("not known")}, v.when(c.Used), ends, factor,
		{Text: strings.Join(rules, ", ")}, {Text: c.UsedFrom, Code: true}, {Text: c.ID, Code: true},
	}}
}

// heldName is what something that logs in is called.
func (v *visit) heldName(c credential.Held) string {
	switch {
	case c.Name != "":
		return c.Name
	case strings.EqualFold(c.Type, "ec2"):
		return v.T("S3 or EC2 key")
	}
	return c.Type
}

func (v *visit) takeCredential() error {
	h, err := v.here()
	if err != nil {
		return err
	}
	id := v.PathValue("credential")
	var held credential.Held
	err = h.as(func(c identity.Caller) error {
		held, err = v.p.Credential.MayTake(v.Context(), c, h.ID, id)
		return err
	})
	if err != nil {
		return err
	}
	out := &actPage{Do: v.T("Revoke the credential"), Back: h.Path("/credentials"), Means: []string{
		v.T("Whatever uses it is refused at its next request."), v.T("It cannot be brought back. Its owner can make another one, as long as they have roles here."),
	}}
	if !held.Used.IsZero() {
		c := chrome{messages: v.messages, reader: v}
		out.Means = append(out.Means, v.F("It was used last on %s, from %s.", c.Moment(held.Used), cmp.Or(held.UsedFrom, "?")))
	}
	out.Here, out.Section = h, "inventory"
	out.Title, out.Lead = v.F("Revoke %s of %s?", v.heldName(held), held.Owner.Name), v.F("It logs in to %s.", h.Name)
	out.Terminal = []string{"lintel credential revoke" + ofProject(h) + " " + word(id)}
	return v.decide(out, func() (string, error) {
		return strings.TrimPrefix(h.Path("/credentials"), Prefix) + "?done=credential-deleted", h.as(func(c identity.Caller) error {
			return v.p.Credential.TakeFromProject(v.Context(), c, h.ID, id)
		})
	})
}

func (v *visit) askToRotate() error {
	h, err := v.hereIn(identity.AreaCredentials)
	if err != nil {
		return err
	}
	id := v.PathValue("credential")
	var found identity.Page[credential.Held]
	err = h.as(func(c identity.Caller) error {
		found, err = v.p.Credential.InProject(v.Context(), c, h.ID, store.ProjectCredentialFilter{ID: id, Limit: 1})
		return err
	})
	if err == nil && len(found.Items) == 0 {
		err = identity.Missing("credential", id)
	}
	if err != nil {
		return err
	}
	held := found.Items[0]
	out := &actPage{Harmless: true, Do: v.T("Send the mail"), Back: h.Path("/credentials"), Means: []string{
		v.F("%s gets a mail that asks to make a new one, bring it to where this one is used, and delete this one.", held.Owner.Name), v.T("Nothing changes until they do."),
	}}
	out.Here, out.Section = h, "inventory"
	out.Terminal = []string{"lintel credential rotate" + ofProject(h) + " " + word(id)}
	out.Title, out.Lead = v.F("Ask to replace %s?", v.heldName(held)), v.F("It logs in to %s.", h.Name)
	return v.decide(out, func() (string, error) {
		return strings.TrimPrefix(h.Path("/credentials"), Prefix) + "?done=asked", h.as(func(c identity.Caller) error {
			return v.p.Membership.AskToRotate(v.Context(), c, h.ID, id)
		})
	})
}

// leaver are the credentials of somebody on a project, for who may see them: what breaks if they leave.
func (v *visit) leaver(h *here, user identity.UserID) (held []credential.Held, more bool, err error) {
	var found identity.Page[credential.Held]
	err = h.as(func(c identity.Caller) (err error) {
		found, err = v.p.Credential.InProject(v.Context(), c, h.ID, store.ProjectCredentialFilter{User: user, Limit: 20})
		return err
	})
	if errors.Is(err, identity.Forbidden) {
		err = nil
	}
	return found.Items, found.More, err
}

// otherPage lists what somebody keeps beside application credentials and keys, and the trusts that they gave and received.
type otherPage struct {
	chrome
	Credentials     []identity.Credential
	Given, Received []trustRow
	own             credential.Belongings
}

type trustRow struct {
	ID, Who, In, Project string
	Created              time.Time // zero when it is not known
	Ends                 *time.Time
	InName               bool // the trustee acts in the name of the trustor
}

// Project is the name of a project.
func (p *otherPage) Project(id identity.ProjectID) string {
	return labelled(p.own.Called, "project", string(id)).Name
}

// Created is when a credential was made; zero when it is not known.
func (p *otherPage) Created(id identity.CredentialID) time.Time { return p.own.Created[string(id)] }

// labelled is what something is called, or its id.
func labelled(called map[store.Key]store.Label, kind, id string) store.Label {
	l := called[store.Key{Kind: kind, ID: id}]
	l.Name = cmp.Or(l.Name, id)
	return l
}

func (v *visit) otherCredentials() error {
	pg := new(otherPage)
	pg.Section, pg.Title = "credentials", v.T("Other credentials")
	pg.Lead = v.T("What programs keep here in your name, and what others may do for you.")
	pg.Terminal = []string{"openstack credential list --user " + word(string(v.User().ID)), "openstack trust list --trustor " + word(string(v.User().ID)), "openstack trust list --trustee " + word(string(v.User().ID))}
	own, err := v.p.Credential.Belongings(v.Context(), v.self())
	if err != nil {
		return err
	}
	pg.Credentials, pg.own = own.Credentials, own
	trusts := func(all []identity.Trust, who func(identity.Trust) identity.UserID) (rows []trustRow) {
		for _, t := range all {
			l := labelled(own.Called, "user", string(who(t)))
			rows = append(rows, trustRow{string(t.ID), l.Name, l.DomainName, labelled(own.Called, "project", string(t.ProjectID)).Name, own.Created[string(t.ID)], t.ExpiresAt, t.Impersonation})
		}
		return rows
	}
	pg.Given = trusts(own.Given, func(t identity.Trust) identity.UserID { return t.TrusteeUserID })
	pg.Received = trusts(own.Received, func(t identity.Trust) identity.UserID { return t.TrustorUserID })
	return v.show(http.StatusOK, "othercredentials", pg)
}

// blobPage shows what a credential holds.
type blobPage struct {
	chrome
	Credential identity.Credential
}

func (v *visit) otherCredential() error {
	c, err := v.p.Credential.Credential(v.Context(), v.self(), identity.CredentialID(v.PathValue("credential")))
	if err == nil && strings.EqualFold(c.Type, "totp") { // which nobody needs to see again
		err = identity.Missing("credential", c.ID)
	}
	if err != nil {
		return err
	}
	pg := &blobPage{Credential: c}
	pg.Section, pg.Title, pg.Lead = "credentials", c.Type, v.T("What the credential holds. Whoever sees it can use it.")
	pg.Terminal = []string{"openstack credential show " + word(string(c.ID))}
	return v.show(http.StatusOK, "blob", pg)
}

func (v *visit) deleteOther() error {
	c, err := v.p.Credential.Credential(v.Context(), v.self(), identity.CredentialID(v.PathValue("credential")))
	if err != nil {
		return err
	}
	out := &actPage{Do: v.T("Delete the credential"), Back: Prefix + "/credentials/other", Means: []string{v.T("What it holds is lost here; whatever reads it finds nothing any more.")}}
	out.Section, out.Title, out.Lead = "credentials", v.F("Delete %s?", c.Type), v.T("It cannot be brought back.")
	out.Terminal = []string{"openstack credential delete " + word(string(c.ID))}
	return v.decide(out, func() (string, error) {
		return "/credentials/other?done=deleted", v.p.Credential.Delete(v.Context(), v.self(), c.ID)
	})
}

func (v *visit) deleteTrust() error {
	id := identity.TrustID(v.PathValue("trust"))
	out := &actPage{Do: v.T("End the trust"), Back: Prefix + "/credentials/other", Means: []string{
		v.T("Who acts by it is out at the next request, and so is everybody to whom they handed it on."), v.T("It cannot be brought back."),
	}}
	out.Section, out.Title, out.Lead = "credentials", v.T("End the trust?"), v.T("What you let somebody do for you, they may no longer do.")
	out.Terminal = []string{"openstack trust delete " + word(string(id))}
	return v.decide(out, func() (string, error) {
		return "/credentials/other?done=deleted", v.p.Credential.DeleteTrust(v.Context(), v.self(), id)
	})
}
