package portal

import (
	"errors"
	"net/http"
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
	In            identity.Domain
	Rules         []rule
	FirstUse      bool
	FirstUseCloud bool // the cloud asks for it already
	NoInvitations bool
	MailDomains   string
	Manage        bool
	Means         []string // what a change would mean, before it is done
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
	own := numbers(&found.Own)
	add := func(name, label, unit string, cloud, effective int) {
		r := rule{Name: name, Label: label, Unit: unit, Effective: v.T("no rule"), Source: v.T("default")}
		if n := *own[name]; n > 0 {
			r.Value = strconv.Itoa(n)
		}
		if effective > 0 {
			r.Effective, r.Source = strconv.Itoa(effective), v.T("the cloud's configuration")
			if effective != cloud {
				r.Source = v.T("this domain")
			}
		}
		pg.Rules = append(pg.Rules, r)
	}
	c, e := found.Cloud, found.Effective
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
	if len(pg.Fields) == 0 {
		err := v.p.Directory.SetDomainRules(v.Context(), caller, d.ID, wanted)
		if weaker, ok := errors.AsType[*directory.WeakerError](err); ok {
			for _, name := range weaker.Rules {
				pg.Fields[name] = v.T("The cloud asks for more than that. Leave it empty, or ask for more still.")
			}
		} else if pg.Problem, err = refusal(err); err != nil {
			return err
		}
	}
	if len(pg.Fields) > 0 || pg.Problem != "" {
		return v.show(http.StatusUnprocessableEntity, "rules", pg)
	}
	v.redirect(inDomain(d.ID) + "/rules?done=saved")
	return nil
}
