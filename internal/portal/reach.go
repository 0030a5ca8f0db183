package portal

import (
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/policy"
)

// blast says what granting a role of high impact means; nothing for another role.
func (v *visit) blast(w assignment.Weight, role, where, who string) []string {
	if !w.High {
		return nil
	}
	if who == "" {
		who = v.T("whoever gets it")
	}
	return []string{v.F("Granting %s on %s gives %s %d of %d known permissions in every project.", role, where, who, w.Far.Yes, w.Far.All)}
}

// explain sums up roles to choose from: how much each permits, what it adds to roles that somebody holds, or which other one
// covers it, and with which it comes anyway.
func (v *visit) explain(choices []roleChoice, held []string) {
	services := v.p.Services
	if len(services.List()) < 2 { // by the rules of Identity alone, most roles look alike
		return
	}
	own := func(names []string) *policy.Reach {
		return services.Reaches(policy.Supposition{Roles: names, Scope: "project"})[0]
	}
	has := own(held)
	for i := range choices {
		c := &choices[i]
		mine := own(c.names())
		parts := []string{v.N(mine.Yes, "%d permission", "%d permissions")}
		if c.Before {
			c.Sum = parts[0]
			continue
		}
		with := []string{}
		cover := ""
		for j, other := range choices {
			if j == i {
				continue
			}
			if slices.Contains(other.Brings, c.Name) && !other.Weight.High {
				with = append(with, other.Name)
			}
			if reach := own(other.names()); cover == "" && !other.Weight.High && mine.Beyond(reach) == 0 && reach.Beyond(mine) > 0 &&
				(len(held) == 0 || slices.Contains(held, other.Name)) {
				cover = other.Name
			}
		}
		adds := own(append(slices.Clone(held), c.names()...)).Beyond(has)
		switch {
		case len(held) > 0 && adds > 0:
			parts = append(parts, v.F("adds %d to what they have", adds))
		case cover != "":
			parts = append(parts, v.F("adds nothing: covered by %s", cover))
		case len(held) > 0:
			parts = append(parts, v.T("adds nothing to what they have"))
		}
		if len(with) > 0 {
			parts = append(parts, v.F("comes with %s", strings.Join(with, ", ")))
		}
		if c.Weight.High {
			parts = append(parts, v.T("high impact"))
		}
		c.Sum = strings.Join(parts, " · ")
	}
}

// names are the roles that services know, of the role and those that it brings along.
func (r roleChoice) names() []string {
	if r.DomainID != "" {
		return r.Brings
	}
	return append([]string{r.Name}, r.Brings...)
}

// neededRole is a role without which a service permits nothing.
type neededRole struct {
	Service string
	Roles   []string
}

// needed tells of the services that permit nothing to the reader which roles would change that, those of high impact apart.
func (v *visit) needed(access assignment.Access, mine policy.Supposition) (all []neededRole) {
	for _, in := range v.p.Services.Reaches(mine)[0].Services {
		if in.Yes > 0 || in.All == 0 {
			continue
		}
		n := neededRole{Service: in.Name}
		for _, r := range access.Roles {
			names := access.NamesOf(r.ID)
			if r.DomainID != "" || v.p.Services.Impact(names, access.Ordinary()) {
				continue
			}
			with := mine
			with.Roles = append(slices.Clone(mine.Roles), names...)
			for _, more := range v.p.Services.Reaches(with)[0].Services {
				if more.Name == in.Name && more.Yes > 0 {
					n.Roles = append(n.Roles, r.Name)
				}
			}
		}
		if len(n.Roles) > 0 {
			slices.Sort(n.Roles)
			all = append(all, n)
		}
	}
	return all
}
