package portal

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
)

var contactPages = slices.Concat(
	[]page{
		{method: get, path: "/p/{id}/contacts", serve: (*visit).contacts},
		{method: post, path: "/p/{id}/contacts", serve: (*visit).addContact},
		{method: post, path: "/p/{id}/contacts/notice", serve: (*visit).notify},
		{method: get, path: "/p/{id}/contacts/{contact}", serve: (*visit).contact},
		{method: post, path: "/p/{id}/contacts/{contact}", serve: (*visit).changeContact},
		{method: get, path: "/contact/{secret}", serve: (*visit).askContact, open: true},
		{method: post, path: "/contact/{secret}", serve: (*visit).agreeContact, open: true},
		{method: get, path: "/unsubscribe/{secret}", serve: (*visit).leaveContact, open: true},
		{method: post, path: "/unsubscribe/{secret}", serve: (*visit).leaveContact, open: true},
	},
	both("/p/{id}/contacts/{contact}/delete", (*visit).deleteContact, false),
)

// topicName is what a topic of mails is called.
func (v *visit) topicName(topic string) string {
	switch topic {
	case "billing":
		return v.T("billing")
	case "maintenance":
		return v.T("maintenance")
	case "security":
		return v.T("security")
	case "quota":
		return v.T("quota")
	}
	return topic
}

// contactsPage lists who gets mails about a project without an account, and has the forms for another contact and for a notice.
type contactsPage struct {
	chrome
	Contacts []contactRow
	Pager    pager
	Mails    bool

	Name, Address, Topic, Subject, Words string
	Topics                               []choice
}

type contactRow struct {
	identity.Contact
	Told []string
}

// topics are the topics to choose among.
func (v *visit) topics(chosen []string) (all []choice) {
	for _, t := range identity.ContactTopics {
		all = append(all, choice{t, v.topicName(t), slices.Contains(chosen, t)})
	}
	return all
}

// loadContacts finds the project and its contacts, and fills the forms with what was sent.
func (v *visit) loadContacts() (*here, *contactsPage, error) {
	h, err := v.hereIn(identity.AreaContacts)
	if err != nil {
		return nil, nil, err
	}
	pg := &contactsPage{
		Mails: v.p.Membership.Mails(), Name: strings.TrimSpace(v.field("name")), Address: strings.TrimSpace(v.field("address")),
		Topic: v.field("topic"), Subject: strings.TrimSpace(v.field("subject")), Words: v.field("words"), Topics: v.topics(v.Form["topics"]),
	}
	pg.Here, pg.Section, pg.Title = h, "contacts", v.T("Contacts")
	pg.Lead = v.F("Who gets mails about %s without an account. A contact cannot sign in.", h.Name)
	pg.Terminal = []string{"lintel contact list" + ofProject(h)}
	if v.p.Membership.Mails() {
		pg.Terminal = append(pg.Terminal, "lintel contact add"+ofProject(h)+" --name NAME --topic TOPIC ADDRESS",
			"lintel contact notify"+ofProject(h)+" --topic TOPIC --subject SUBJECT --text TEXT")
	}
	var found identity.Page[identity.Contact]
	err = h.as(func(c identity.Caller) error {
		found, err = v.p.Membership.Contacts(v.Context(), c, h.ID, identity.Query{Limit: perPage, Marker: v.URL.Query().Get("marker")})
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	for _, c := range found.Items {
		r := contactRow{Contact: c}
		for _, t := range c.Topics {
			r.Told = append(r.Told, v.topicName(t))
		}
		pg.Contacts = append(pg.Contacts, r)
	}
	if found.More {
		pg.Pager.Next = h.Path("/contacts?marker=", found.Items[len(found.Items)-1].ID)
	}
	return h, pg, nil
}

func (v *visit) contacts() error {
	_, pg, err := v.loadContacts()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "contacts", pg)
}

// contactsAfter goes back to the contacts when something was done, or shows what is wrong with it.
func (v *visit) contactsAfter(h *here, pg *contactsPage, err error, done string) error {
	if pg.Problem, err = v.refusal(err); err != nil {
		return err
	}
	if pg.Problem != "" {
		return v.show(http.StatusUnprocessableEntity, "contacts", pg)
	}
	v.redirect(strings.TrimPrefix(h.Path("/contacts?done="+done), Prefix))
	return nil
}

func (v *visit) addContact() error {
	h, pg, err := v.loadContacts()
	if err != nil {
		return err
	}
	err = h.as(func(c identity.Caller) error {
		_, err := v.p.Membership.AddContact(v.Context(), c, h.ID, identity.Contact{
			Name: pg.Name, Address: pg.Address, Topics: slices.Clone(v.PostForm["topics"]), Language: v.Lang,
		})
		return err
	})
	if errors.Is(err, identity.Conflict) {
		pg.Fields = problems{"address": v.T("The project has a contact of this address already.")}
		return v.show(http.StatusUnprocessableEntity, "contacts", pg)
	}
	return v.contactsAfter(h, pg, err, "contact")
}

func (v *visit) notify() error {
	h, pg, err := v.loadContacts()
	if err != nil {
		return err
	}
	var sent int
	err = h.as(func(c identity.Caller) error {
		sent, err = v.p.Membership.Notify(v.Context(), c, h.ID, membership.Notice{Topic: pg.Topic, Subject: pg.Subject, Words: pg.Words})
		return err
	})
	if err == nil && sent == 0 {
		pg.Fields = problems{"topic": v.T("Nobody gets mails about this topic, so nothing was sent.")}
		return v.show(http.StatusUnprocessableEntity, "contacts", pg)
	}
	return v.contactsAfter(h, pg, err, "notified")
}

// contactPage changes a contact.
type contactPage struct {
	chrome
	edited
	Contact identity.Contact
	Topics  []choice
}

func (v *visit) loadContact() (*here, *contactPage, error) {
	h, err := v.hereIn(identity.AreaContacts)
	if err != nil {
		return nil, nil, err
	}
	pg := new(contactPage)
	err = h.as(func(c identity.Caller) error {
		pg.Contact, err = v.p.Membership.Contact(v.Context(), c, h.ID, v.PathValue("contact"))
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	pg.Here, pg.Section, pg.Title, pg.Lead = h, "contacts", pg.Contact.Name, pg.Contact.Address
	pg.Topics = v.topics(pg.Contact.Topics)
	now := []string{pg.Contact.Name}
	for _, t := range pg.Contact.Topics {
		now = append(now, v.topicName(t))
	}
	pg.Problem = pg.meanwhile(v, now...)
	pg.Terminal = []string{"lintel contact set" + ofProject(h) + " --name NAME --topic TOPIC " + word(pg.Contact.Address)}
	return h, pg, nil
}

func (v *visit) contact() error {
	_, pg, err := v.loadContact()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "contact", pg)
}

func (v *visit) changeContact() error {
	h, pg, err := v.loadContact()
	if err != nil {
		return err
	}
	if pg.Problem != "" {
		pg.Contact.Name, pg.Topics = v.field("name"), v.topics(v.PostForm["topics"])
		return v.show(http.StatusConflict, "contact", pg)
	}
	err = h.as(func(c identity.Caller) error {
		_, err := v.p.Membership.UpdateContact(v.Context(), c, h.ID, pg.Contact.ID, identity.Some(v.field("name")), identity.Some(slices.Clone(v.PostForm["topics"])))
		return err
	})
	if pg.Problem, err = v.refusal(err); err != nil {
		return err
	}
	if pg.Problem != "" {
		pg.Contact.Name, pg.Topics = v.field("name"), v.topics(v.PostForm["topics"])
		return v.show(http.StatusUnprocessableEntity, "contact", pg)
	}
	v.redirect(strings.TrimPrefix(h.Path("/contacts?done=saved"), Prefix))
	return nil
}

func (v *visit) deleteContact() error {
	h, pg, err := v.loadContact()
	if err != nil {
		return err
	}
	out := &actPage{Do: v.T("Delete the contact"), Back: h.Path("/contacts"), Means: []string{v.F("%s gets no more mails about this project.", pg.Contact.Address)}}
	out.Here, out.Section, out.Title = h, "contacts", v.F("Delete %s?", pg.Contact.Name)
	out.Terminal = []string{"lintel contact delete" + ofProject(h) + " " + word(pg.Contact.Address)}
	return v.decide(out, func() (string, error) {
		return strings.TrimPrefix(h.Path("/contacts?done=deleted"), Prefix), h.as(func(c identity.Caller) error {
			return v.p.Membership.DeleteContact(v.Context(), c, h.ID, pg.Contact.ID)
		})
	})
}

// agreePage lets somebody agree to get mails. Looking at it changes nothing.
type agreePage struct {
	chrome
	Secret string
	Over   bool
	Done   bool
	Leave  bool // it is about getting no more
}

func (v *visit) agreePage() (*agreePage, error) {
	pg := &agreePage{Secret: v.PathValue("secret")}
	pg.Bare = true
	c, project, err := v.p.Membership.LookContact(v.Context(), pg.Secret)
	err = v.wrongLink(err)
	if errors.Is(err, identity.Gone) || errors.Is(err, identity.NotFound) {
		pg.Over, pg.Title, pg.Lead = true, v.T("This link does not work any more"), v.T("It was used, is too old, or a newer one was sent.")
		return pg, nil
	}
	var told []string
	for _, t := range c.Topics {
		told = append(told, v.topicName(t))
	}
	pg.Title = v.F("Mails about %s?", project)
	pg.Lead = v.F("To %s, about: %s.", c.Address, strings.Join(told, ", "))
	return pg, err
}

func (v *visit) askContact() error {
	pg, err := v.agreePage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "agree", pg)
}

func (v *visit) agreeContact() error {
	pg, err := v.agreePage()
	if err != nil {
		return err
	}
	if pg.Over {
		return v.show(http.StatusUnprocessableEntity, "agree", pg)
	}
	if err := v.p.Membership.AgreeContact(v.Context(), pg.Secret); err != nil {
		return err
	}
	pg.Done, pg.Title, pg.Lead = true, v.T("Thank you"), v.T("You get these mails from now on.")
	return v.show(http.StatusOK, "agree", pg)
}

// leaveContact lets a contact get no more mails, by a link from one of them. Looking at it changes nothing.
func (v *visit) leaveContact() error {
	pg := &agreePage{Leave: true}
	pg.Bare = true
	c, project, err := v.p.Membership.LookLeave(v.Context(), v.PathValue("secret"))
	err = v.wrongLink(err)
	if err == nil && v.Method == post {
		if err = v.p.Membership.LeaveContact(v.Context(), v.PathValue("secret")); err == nil {
			pg.Done, pg.Title, pg.Lead = true, v.T("Done"), v.F("%s gets no more mails about this project.", c.Address)
			return v.show(http.StatusOK, "agree", pg)
		}
	}
	if errors.Is(err, identity.Gone) || errors.Is(err, identity.NotFound) {
		pg.Over, pg.Title, pg.Lead = true, v.T("This link does not work any more"), v.T("It was used, is too old, or a newer one was sent.")
		return v.show(http.StatusOK, "agree", pg)
	} else if err != nil {
		return err
	}
	pg.Title, pg.Lead = v.F("No more mails about %s?", project), v.F("To %s.", c.Address)
	return v.show(http.StatusOK, "agree", pg)
}
