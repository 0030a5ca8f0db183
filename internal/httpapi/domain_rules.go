package httpapi

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

// What domains ask of their people beyond what the cloud asks of all.
var domainRuleRoutes = []route{
	{method: get, path: "/v3/lintel/domains/{domain_id}/rules", serve: (*API).showDomainRules, actions: []authz.Action{authz.ListUsers},
		summary: "Show what a domain asks of its people, what the cloud asks of all, and what holds", answer: one("rules", "domain_rules")},
	{method: patch, path: "/v3/lintel/domains/{domain_id}/rules", serve: (*API).changeDomainRules, actions: []authz.Action{authz.CreateUser},
		body: schema.DomainRulesUpdate, summary: "Change what a domain asks of its people: never for less than the cloud asks", answer: one("rules", "domain_rules")},
}

const aDay = 24 * time.Hour

// ruleNumbers are the rules that are numbers, by their names.
func ruleNumbers(r *identity.DomainRules) map[string]*int {
	return map[string]*int{
		"password_length": &r.PasswordLength, "password_kinds": &r.PasswordKinds, "password_days": &r.PasswordDays, "password_history": &r.PasswordHistory,
		"lockout_failures": &r.LockoutFailures, "lockout_minutes": &r.LockoutMinutes, "inactive_days": &r.InactiveDays,
	}
}

// ofCloud are the rules of the cloud in the form of a domain's.
func (a *API) ofCloud(c directory.Compliance) identity.DomainRules {
	return identity.DomainRules{
		PasswordLength: a.Directory.Rules.MinLength, PasswordDays: int(c.PasswordLife / aDay), PasswordHistory: c.UniquePasswords, FirstUse: c.ChangeAtFirstUse,
		LockoutFailures: c.LockoutFailures, LockoutMinutes: int(c.LockoutDuration / time.Minute), InactiveDays: int(c.Inactivity / aDay), Factor: c.Factor,
	}
}

func (a *API) showDomainRules(w http.ResponseWriter, r *request) error {
	domain := id[identity.DomainID](r, "domain_id")
	found, err := a.Directory.DomainRules(r.Context(), r.Caller, domain)
	if err != nil {
		return err
	}
	render := func(set identity.DomainRules) object {
		o := object{"first_use": set.FirstUse}
		for name, n := range ruleNumbers(&set) {
			if o[name] = nil; *n > 0 {
				o[name] = *n
			}
		}
		factor := object{"level": cmp.Or(string(set.Factor.Level), "off"), "roles": []object{}, "from": nil}
		var roles []object
		for _, id := range set.Factor.Roles {
			roles = append(roles, idName(id, cmp.Or(found.RoleNames[id], id)))
		}
		if roles != nil {
			factor["roles"] = roles
		}
		if !set.Factor.From.IsZero() {
			factor["from"] = renderTime(set.Factor.From)
		}
		o["second_factor"] = factor
		return o
	}
	cloud, holds := a.ofCloud(found.Cloud), a.ofCloud(found.Effective)
	holds.PasswordLength, holds.PasswordKinds = max(cloud.PasswordLength, found.Own.PasswordLength), found.Own.PasswordKinds
	holds.Factor = stricterDemand(found.Own.Factor, cloud.Factor)
	own, all := render(found.Own), render(cloud)
	own["no_invitations"], own["mail_domains"] = found.Own.NoInvitations, append([]string{}, found.Own.MailDomains...)
	all["password_description"], all["mfa_robots"], all["factor_reset_by_two"] = orNull(a.Directory.Rules.Description), a.Credential.RobotPolicy, a.Credential.ResetByTwo
	all["sign_up"] = a.Membership.SignUp && a.Membership.Mails()
	return writeJSON(w, http.StatusOK, object{"rules": object{
		"domain_id": string(domain), "own": own, "cloud": all, "effective": render(holds), "links": r.self("/lintel/domains/" + string(domain) + "/rules"),
	}})
}

// stricterDemand is what holds where a domain and the cloud ask about a second factor.
func stricterDemand(own, cloud identity.FactorDemand) identity.FactorDemand {
	switch {
	case own.Level.Less(cloud.Level):
		return cloud
	case own.Level == cloud.Level && own.Required():
		if cloud.From.Before(own.From) {
			own.From = cloud.From
		}
		own.Roles = slices.Compact(slices.Sorted(slices.Values(slices.Concat(own.Roles, cloud.Roles))))
	}
	return own
}

func (a *API) changeDomainRules(w http.ResponseWriter, r *request) error {
	in := r.Body.Object("rules")
	err := a.Directory.ChangeDomainRules(r.Context(), r.Caller, id[identity.DomainID](r, "domain_id"), func(now time.Time, set *identity.DomainRules) error {
		for name, n := range ruleNumbers(set) {
			if v := schema.Integer(in, name); v.Present {
				*n = int(v.Value)
			}
		}
		for name, b := range map[string]*bool{"first_use": &set.FirstUse, "no_invitations": &set.NoInvitations} {
			if v := schema.Flag(in, name); v.Present {
				*b = v.Value
			}
		}
		if v := schema.List[string](in, "mail_domains"); v.Present {
			set.MailDomains = nil
			for _, d := range v.Value {
				set.MailDomains = append(set.MailDomains, strings.ToLower(d))
			}
		}
		if !in.Has("second_factor") {
			return nil
		}
		return changeDemand(now, in.Object("second_factor"), &set.Factor)
	})
	if weaker, ok := errors.AsType[*directory.WeakerError](err); ok {
		return identity.Invalidf("The cloud asks for more than that: %s.", strings.Join(weaker.Rules, ", "))
	} else if err != nil {
		return err
	}
	return a.showDomainRules(w, r)
}

// changeDemand changes what is asked about a second factor. What is asked anew without a day is asked after as many days as in the portal.
func changeDemand(now time.Time, in *schema.Object, d *identity.FactorDemand) error {
	old := *d
	if level := text[string](in, "level"); level == "off" {
		d.Level = identity.FactorOff
	} else if level != "" {
		d.Level = identity.FactorLevel(level)
	}
	if in.Has("roles") {
		d.Roles = roleNames(in, "roles")
	}
	if d.Level != identity.FactorForRoles {
		d.Roles = nil
	}
	slices.Sort(d.Roles)
	from, err := endOf(in, "from")
	switch {
	case err != nil:
		return err
	case !d.Required():
		d.From = time.Time{}
	case in.Has("from"):
		d.From = from
	case d.Level != old.Level || !slices.Equal(d.Roles, old.Roles):
		d.From = now.Add(factorDays * aDay)
	}
	return nil
}

// factorDays is how long people have to set a second factor up when nobody says.
const factorDays = 14
