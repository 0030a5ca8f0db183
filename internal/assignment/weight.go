package assignment

import (
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/policy"
)

// Weight is how much a role lets people do, by the rules of the cloud's services.
type Weight struct {
	Own  policy.Counts // in a project of their own
	Far  policy.Counts // in other people's projects
	High bool          // it reaches further there than an ordinary member: who has it in one project has it in all
}

// ordinary is the role of the people who use the cloud, and do not run it.
const ordinary = "member"

// weigh tells what a role weighs, with those that it brings along.
func (s *Service) weigh(all book, id identity.RoleID) (w Weight) {
	names := all.names(id)
	got := s.Authz.Services.Reaches(
		policy.Supposition{Roles: names, Scope: "project"}, policy.Supposition{Roles: names, Scope: "project", Elsewhere: true})
	return Weight{Own: got[0].Counts, Far: got[1].Counts, High: s.Authz.Services.Impact(names, all.ordinary())}
}

// names are what a role and those that it brings along are called in a token. That of a domain is not in any.
func (b book) names(id identity.RoleID) (names []string) {
	if b.Global[id] {
		names = append(names, b.roles[id].Name)
	}
	for _, r := range b.brings(id) {
		names = append(names, r.Name)
	}
	return names
}

// ordinary are the names of the role of ordinary members, and of those that it brings along.
func (b book) ordinary() []string {
	for id, r := range b.roles {
		if b.Global[id] && strings.EqualFold(r.Name, ordinary) {
			return b.names(id)
		}
	}
	return []string{ordinary, "reader"}
}
