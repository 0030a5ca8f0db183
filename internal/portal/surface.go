package portal

import (
	"net/http"
	"strconv"

	"github.com/lintel-id/lintel/internal/identity"
)

var surfacePages = []page{
	{method: get, path: "/d/{domain}/users/{user}/kind", serve: (*visit).surface, confirmed: true},
	{method: post, path: "/d/{domain}/users/{user}/kind", serve: (*visit).saveSurface, confirmed: true},
}

// offeredSurface is a kind of accounts, by its value in the form.
type offeredSurface struct {
	value, label, means string
	identity.Surface
}

// surfaces are the kinds of accounts that are offered.
func (m *messages) surfaces() []offeredSurface {
	return []offeredSurface{
		{"person", m.T("A person"), m.T("For people, and for programs by application credentials of theirs."), identity.Surface{}},
		{"portal", m.T("A person, in the portal alone"), m.T("It gets no token: for people who look after others and after invoices, and work with API users."),
			identity.Surface{NoAPI: true}},
		{"api", m.T("An API user"), m.T("For programs, and for people who work from a terminal. It cannot sign in here."),
			identity.Surface{Kind: identity.APIAccount, NoPortal: true}},
		{"service", m.T("A service of this cloud"), m.T("It stops for everybody when its account is disabled. It is not offered where people are chosen."),
			identity.Surface{Kind: identity.ServiceAccount, NoPortal: true}},
	}
}

// AccountKind is for whom an account is, in words.
func (m *messages) AccountKind(s identity.Surface) string {
	known := m.surfaces()
	for _, k := range known {
		if k.Kind == s.Kind && (s.Kind != identity.PersonAccount || k.NoAPI == s.NoAPI) {
			return k.label
		}
	}
	return known[0].label
}

// Doors is where an account may sign in, in words.
func (m *messages) Doors(s identity.Surface) string {
	switch {
	case s.NoAPI:
		return m.T("This portal")
	case s.NoPortal:
		return m.T("Command line and API")
	}
	return m.T("This portal, command line and API")
}

// surfacePage is the form for what an account is for.
type surfacePage struct {
	chrome
	Back    string
	Choices []surfaceChoice
	Means   []consequence
}

type surfaceChoice struct {
	choice
	Doors, Means string
}

func (v *visit) surfacePage() (identity.Caller, *accountPage, *surfacePage, error) {
	caller, acc, err := v.loadAccount("")
	if err != nil {
		return caller, nil, nil, err
	}
	if err := v.p.Directory.MaySetSurface(v.Context(), caller); err != nil {
		return caller, nil, nil, err
	}
	pg := &surfacePage{Back: Prefix + accountPath(acc)}
	pg.Section, pg.Title = "users", v.F("What %s is for", acc.Account.Name)
	pg.Lead = v.T("For whom the account is, and where it may sign in. Only administrators of the cloud change this.")
	pg.Terminal = []string{"lintel account kind --domain " + word(acc.In.Name) + " " + word(acc.Account.Name) + " KIND"}
	now := acc.Account.Surface
	for _, s := range v.surfaces() {
		chosen := s.Surface == now
		if v.Method == post {
			chosen = s.value == v.field("kind")
		}
		pg.Choices = append(pg.Choices, surfaceChoice{choice{s.value, s.label, chosen}, v.Doors(s.Surface), s.means})
	}
	credentials, err := v.p.Credential.ApplicationCredentials(v.Context(), caller, acc.Account.ID, identity.Query{})
	if err != nil {
		return caller, nil, nil, err
	}
	n := len(credentials.Items)
	pg.Means = []consequence{{
		Count: strconv.Itoa(n), What: plural(n, v.T("application credential"), v.T("application credentials")),
		Why: v.T("In the portal alone there are none: they are deleted, as are keys, trusts and OAuth tokens."),
	}}
	return caller, acc, pg, nil
}

func (v *visit) surface() error {
	_, _, pg, err := v.surfacePage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "surface", pg)
}

func (v *visit) saveSurface() error {
	caller, acc, pg, err := v.surfacePage()
	if err != nil {
		return err
	}
	for _, s := range v.surfaces() {
		if s.value != v.field("kind") {
			continue
		}
		_, err := v.p.Directory.SetSurface(v.Context(), caller, acc.Account.ID, s.Surface)
		if pg.Problem, err = v.refusal(err); err != nil {
			return err
		}
		if pg.Problem == "" {
			v.redirect(accountPath(acc) + "?done=saved")
			return nil
		}
		return v.show(http.StatusUnprocessableEntity, "surface", pg)
	}
	pg.Fields = problems{"kind": v.T("Choose one of these.")}
	return v.show(http.StatusUnprocessableEntity, "surface", pg)
}
