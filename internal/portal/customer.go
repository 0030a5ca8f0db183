package portal

import (
	"errors"
	"net/http"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
)

var customerPages = []page{
	{method: get, path: "/d/{domain}/accounts/new", serve: (*visit).newCustomer, confirmed: true},
	{method: post, path: "/d/{domain}/accounts/new", serve: (*visit).createCustomer, confirmed: true},
}

// newCustomerPage is the form for the account of a customer.
type newCustomerPage struct {
	chrome
	In                     identity.Domain
	Address, Project, Role string
	Reason                 string // for whoever must agree to the role
	Asks                   bool   // somebody must
	Roles                  []roleGroup
}

func (v *visit) newCustomerPage() (identity.Caller, *newCustomerPage, error) {
	caller, d, err := v.inDomain()
	if err != nil {
		return caller, nil, err
	}
	if err := v.p.Directory.MaySetSurface(v.Context(), caller); err != nil {
		return caller, nil, err
	}
	users, err := v.newUserPage(caller, d)
	if err != nil {
		return caller, nil, err
	}
	pg := &newCustomerPage{In: d, Address: strings.TrimSpace(v.field("email")), Project: strings.TrimSpace(v.field("project")), Role: users.Role, Reason: users.Reason, Asks: users.Asks, Roles: users.Roles}
	pg.Section, pg.Title = "users", v.T("Open an account")
	pg.Lead = v.T("A project and its main user, made together. The main user signs in here alone, and makes API users for all else.")
	pg.Terminal = []string{"lintel account open --domain " + word(string(d.ID)) + " --project PROJECT --role member EMAIL"}
	return caller, pg, nil
}

func (v *visit) newCustomer() error {
	_, pg, err := v.newCustomerPage()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "newcustomer", pg)
}

func (v *visit) createCustomer() error {
	caller, pg, err := v.newCustomerPage()
	if err != nil {
		return err
	}
	pg.Fields = problems{}
	if _, err := membership.Address(pg.Address); err != nil {
		pg.Fields["email"] = v.T("That is not an e-mail address.")
	}
	if pg.Project == "" {
		pg.Fields["project"] = v.T("Give the project a name.")
	}
	if len(pg.Fields) > 0 {
		return v.show(http.StatusUnprocessableEntity, "newcustomer", pg)
	}
	a, err := v.p.Membership.OpenAccount(v.Context(), caller, membership.NewAccount{
		Domain: pg.In.ID, Address: pg.Address, Project: pg.Project, Role: identity.RoleID(pg.Role), Password: v.PostForm.Get("password"), Reason: pg.Reason,
	})
	if errors.Is(err, membership.ErrSayWhy) {
		pg.Asks, pg.Fields["reason"] = true, v.T("Somebody else must agree: say why.")
		pg.Terminal = []string{strings.Replace(pg.Terminal[0], " --role member", " --role ROLE --reason WHY", 1)}
	} else if errors.Is(err, identity.Conflict) {
		pg.Problem = v.T("The domain has a user or a project of this name. Nothing was made.")
	} else if pg.Problem, err = v.refusal(err); err != nil {
		return err
	}
	if len(pg.Fields) > 0 || pg.Problem != "" {
		return v.show(http.StatusUnprocessableEntity, "newcustomer", pg)
	}
	out := &passwordShownPage{Password: a.Password, Back: Prefix + inDomain(pg.In.ID) + "/users/" + string(a.User.ID)}
	out.Section, out.Title = "users", v.F("The password of %s", a.User.Name)
	out.Lead = v.T("It is shown this once and cannot be shown again.")
	if a.Asked != nil {
		out.Lead += " " + v.waits(a.Asked)
	}
	return v.show(http.StatusOK, "passwordshown", out)
}
