package portal

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/identity"
)

var domainRulePages = both("/d/{domain}/rules", (*visit).domainRules, false)

// rulesPage shows what a domain asks of its people, where each rule comes from, and lets those change it who look after it.
type rulesPage struct {
	chrome
	edited
	In            identity.Domain
	Rules         []rule
	FirstUse      bool
	FirstUseCloud bool // the cloud asks for it already
	NoInvitations bool
	MailDomains   string
	Manage        bool

	Factor                    identity.FactorDemand // what the domain asks for about a second factor
	FactorDays                string                // until it is required, as typed
	FactorHolds, FactorSource string
	Levels                    []pick
	Roles                     []pick
}

// rule is a number that a domain may set.
type rule struct {
	Name, Label, Unit string
	Value             string // what the domain asks for, as it was typed
	Effective         string // what holds
	Source            string
}

const oneDay = 24 * time.Hour

// numbers are the rules that are numbers, with where they are kept.
func numbers(r *identity.DomainRules) map[string]*int {
	return map[string]*int{
		"password_length": &r.PasswordLength, "password_kinds": &r.PasswordKinds, "password_days": &r.PasswordDays, "password_history": &r.PasswordHistory,
		"lockout_failures": &r.LockoutFailures, "lockout_minutes": &r.LockoutMinutes, "inactive_days": &r.InactiveDays,
	}
}

func (v *visit) rulesPage(d identity.Domain, found directory.DomainRules) *rulesPage {
	pg := &rulesPage{In: d, FirstUse: found.Own.FirstUse, FirstUseCloud: found.Cloud.ChangeAtFirstUse, NoInvitations: found.Own.NoInvitations,
		MailDomains: strings.Join(found.Own.MailDomains, " "), Manage: found.Manage}
	pg.Section, pg.Title = "rules", v.T("Rules")
	pg.Lead = v.F("What %s asks of its people. The cloud's own rules are the least: a domain can ask for more, never for less.", d.Name)
	pg.Terminal = []string{"lintel domain rules " + word(d.Name), "lintel domain set-rules --password-length LENGTH " + word(d.Name)}
	own := numbers(&found.Own)
	add := func(name, label, unit string, cloud, effective int) {
		r := rule{Name: name, Label: label, Unit: unit, Effective: v.T("no rule"), Source: v.T("default")}
		if n := *own[name]; n > 0 {
			r.Value = strconv.Itoa(n)
		}
		if effective > 0 {
			r.Effective, r.Source = strconv.Itoa(effective)+" "+unit, v.T("the cloud's configuration")
			if effective != cloud {
				r.Source = v.T("this domain")
			}
		}
		pg.Rules = append(pg.Rules, r)
	}
	c, e := found.Cloud, found.Effective
	pg.Factor, pg.FactorSource = found.Own.Factor, v.T("default")
	holds := found.Own.Factor
	if c.Factor.Level != identity.FactorOff {
		pg.FactorSource = v.T("the cloud's configuration")
	}
	if holds.Level.Less(c.Factor.Level) {
		holds = c.Factor
	} else if holds.Level != identity.FactorOff {
		pg.FactorSource = v.T("this domain")
	}
	pg.FactorHolds = v.levelName(holds.Level)
	if holds.Required() && !holds.From.IsZero() {
		pg.FactorHolds += ", " + v.F("from %s on", v.day(holds.From))
	}
	add("password_length", v.T("Shortest password"), v.T("characters"), 0, found.Own.PasswordLength)
	add("password_kinds", v.T("Kinds of characters in a password"), v.T("of 4: lower case, upper case, digits, others"), 0, found.Own.PasswordKinds)
	add("password_days", v.T("A password lasts"), v.T("days"), int(c.PasswordLife/oneDay), int(e.PasswordLife/oneDay))
	add("password_history", v.T("Passwords that may not come again"), v.T("of the last"), c.UniquePasswords, e.UniquePasswords)
	add("lockout_failures", v.T("Wrong passwords that lock an account"), v.T("in a row"), c.LockoutFailures, e.LockoutFailures)
	add("lockout_minutes", v.T("A lock lasts"), v.T("minutes"), int(c.LockoutDuration/time.Minute), int(e.LockoutDuration/time.Minute))
	add("inactive_days", v.T("Nobody gets in after so long without signing in"), v.T("days"), int(c.Inactivity/oneDay), int(e.Inactivity/oneDay))
	return pg
}

func (v *visit) domainRules() error {
	caller, d, err := v.inDomain()
	if err != nil {
		return err
	}
	found, err := v.p.Directory.DomainRules(v.Context(), caller, d.ID)
	if err != nil {
		return err
	}
	pg := v.rulesPage(d, found)
	if err := v.factorChoices(caller, pg); err != nil {
		return err
	}
	pg.Problem = pg.meanwhile(v, v.rulesInWords(pg)...)
	if v.Method == get {
		return v.show(http.StatusOK, "rules", pg)
	}
	if !found.Manage {
		return identity.NotAllowed("identity:create_user")
	}
	wanted := found.Own
	wanted.FirstUse, wanted.NoInvitations = v.field("first_use") != "", v.field("no_invitations") != ""
	wanted.MailDomains = strings.FieldsFunc(strings.ToLower(v.field("mail_domains")), func(r rune) bool { return strings.ContainsRune(" ,;\r\n\t", r) })
	pg.FirstUse, pg.NoInvitations, pg.MailDomains, pg.Fields = wanted.FirstUse, wanted.NoInvitations, v.field("mail_domains"), problems{}
	into := numbers(&wanted)
	for i := range pg.Rules {
		r := &pg.Rules[i]
		r.Value = strings.TrimSpace(v.field(r.Name))
		if n, err := strconv.Atoi(r.Value); err == nil && n >= 0 {
			*into[r.Name] = n
		} else if *into[r.Name] = 0; r.Value != "" {
			pg.Fields[r.Name] = v.T("Type a whole number, or leave it empty.")
		}
	}
	wanted.Factor = v.wantedDemand(pg, found.Own.Factor)
	if len(pg.Fields) == 0 && pg.Problem != "" {
		return v.show(http.StatusConflict, "rules", pg)
	}
	if len(pg.Fields) == 0 && v.field("sure") == "" && len(found.Cloud.Weaker(wanted)) == 0 {
		if ask, err := v.askDemand(caller, d, wanted.Factor, found.Own.Factor); ask != nil || err != nil {
			if err != nil {
				return err
			}
			return v.show(http.StatusOK, "act", ask)
		}
	}
	if len(pg.Fields) == 0 {
		err := v.p.Directory.SetDomainRules(v.Context(), caller, d.ID, wanted)
		if weaker, ok := errors.AsType[*directory.WeakerError](err); ok {
			for _, name := range weaker.Rules {
				pg.Fields[name] = v.T("The cloud asks for more than that. Leave it empty, or ask for more still.")
			}
		} else if pg.Problem, err = v.refusal(err); err != nil {
			return err
		}
	}
	if len(pg.Fields) > 0 || pg.Problem != "" {
		return v.show(http.StatusUnprocessableEntity, "rules", pg)
	}
	v.redirect(inDomain(d.ID) + "/rules?done=saved")
	return nil
}

// rulesInWords is what a domain asks for.
func (v *visit) rulesInWords(pg *rulesPage) (all []string) {
	for _, r := range pg.Rules {
		text := ""
		if r.Value != "" {
			text = r.Label + " " + r.Value + " " + r.Unit
		}
		all = append(all, text)
	}
	for _, on := range []struct {
		is   bool
		text string
	}{
		{pg.FirstUse, v.T("A password that somebody else set must be changed at the first login")}, {pg.NoInvitations, v.T("Nobody is invited to the projects of this domain")},
	} {
		if !on.is {
			on.text = ""
		}
		all = append(all, on.text)
	}
	words := []string{v.levelName(pg.Factor.Level)}
	for _, r := range pg.Roles {
		if r.Chosen {
			words = append(words, r.Label)
		}
	}
	factor := strings.Join(words, " ")
	if pg.Factor.Required() && !pg.Factor.From.IsZero() {
		factor += " " + v.F("from %s on", v.day(pg.Factor.From))
	}
	return append(all, v.T("Second factor")+": "+factor, pg.MailDomains)
}

// pick is one of several.
type pick struct {
	Value, Label string
	Chosen       bool
}

func (v *visit) levelName(l identity.FactorLevel) string {
	switch l {
	case identity.FactorEncouraged:
		return v.T("People are asked to have one")
	case identity.FactorForRoles:
		return v.T("Required for some roles")
	case identity.FactorForAll:
		return v.T("Required for everybody")
	}
	return v.T("no rule")
}

// factorChoices are what a domain can ask about a second factor.
func (v *visit) factorChoices(caller identity.Caller, pg *rulesPage) error {
	for _, l := range identity.FactorLevels {
		pg.Levels = append(pg.Levels, pick{string(l), v.levelName(l), l == pg.Factor.Level})
	}
	roles, err := v.p.Assignment.Roles(v.Context(), caller, identity.Query{})
	if err != nil && !errors.Is(err, identity.Forbidden) {
		return err
	}
	for _, r := range roles.Items {
		pg.Roles = append(pg.Roles, pick{string(r.ID), r.Name, slices.Contains(pg.Factor.Roles, string(r.ID))})
	}
	return nil
}

// factorDays is how long people have to set a second factor up when nobody says.
const factorDays = 14

// wantedDemand is what the form asks about a second factor. What it asked before goes on from when it did.
func (v *visit) wantedDemand(pg *rulesPage, old identity.FactorDemand) identity.FactorDemand {
	d := identity.FactorDemand{Level: identity.FactorLevel(v.field("factor"))}
	if d.Level == identity.FactorForRoles {
		d.Roles = slices.Sorted(slices.Values(v.PostForm["id"]))
		if len(d.Roles) == 0 {
			pg.Fields["factor"] = v.T("Choose the roles for which a second factor is required.")
		}
	}
	for i := range pg.Levels {
		pg.Levels[i].Chosen = pg.Levels[i].Value == string(d.Level)
	}
	for i := range pg.Roles {
		pg.Roles[i].Chosen = slices.Contains(v.PostForm["id"], pg.Roles[i].Value)
	}
	pg.FactorDays = strings.TrimSpace(v.field("factor_days"))
	days, err := strconv.Atoi(pg.FactorDays)
	switch {
	case !d.Required():
		return d
	case pg.FactorDays == "" && d.Level == old.Level && slices.Equal(d.Roles, old.Roles):
		d.From = old.From
		return d
	case pg.FactorDays == "":
		days = factorDays
	case err != nil || days < 1 || days > 3650:
		pg.Fields["factor_days"] = v.T("Type a whole number, 1 at least: people need time to set it up.")
	}
	d.From = v.p.Now().Add(time.Duration(days) * oneDay)
	return d
}

// askDemand asks before a second factor is required of people; nil when that is so already, or nothing is required.
func (v *visit) askDemand(caller identity.Caller, in identity.Domain, d, old identity.FactorDemand) (*actPage, error) {
	if !d.Required() || d.Level == old.Level && slices.Equal(d.Roles, old.Roles) && d.From.Equal(old.From) {
		return nil, nil
	}
	n, more, err := v.p.Directory.Unfactored(v.Context(), caller, in.ID, d)
	if err != nil {
		return nil, err
	}
	who := v.N(n, "%d person has no second factor.", "%d people have no second factor.")
	if more {
		who = v.F("More than %d people have no second factor.", n)
	}
	if v.p.Membership.Mails() {
		who += " " + v.T("Those with an address are told by mail now.")
	}
	out := &actPage{Do: v.T("Require it"), Back: Prefix + inDomain(in.ID) + "/rules", Chosen: v.PostForm["id"], Hidden: map[string]string{"sure": "1"}, Means: []string{
		who,
		v.F("From %s on, whoever has none can do nothing in the portal but set one up, and gets no tokens.", v.day(d.From)),
		v.T("Application credentials, keys and trusts of theirs stop working then, but for those made with a second factor."),
		v.T("Services and API users are not asked, and whom an identity provider lets in is not."),
	}}
	out.Section, out.Title, out.Lead = "rules", v.T("Require a second factor?"), v.F("Of people in %s.", in.Name)
	line := []string{"lintel domain set-rules --second-factor", string(d.Level), "--second-factor-from", d.From.UTC().Format(time.RFC3339)}
	for _, id := range d.Roles {
		line = append(line, "--second-factor-role", word(id))
	}
	out.Terminal = []string{strings.Join(append(line, word(in.Name)), " ")}
	for name := range v.PostForm {
		if name != "csrf" && name != "id" {
			out.Hidden[name] = v.field(name)
		}
	}
	return out, nil
}
