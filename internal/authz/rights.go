package authz

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/policy"
)

// Who may grant which role, and act on whom. The policy opens or closes a request by what it names; it does not see what the
// people in question hold. The rules here do, and they hold whoever opened the request, the policy or a grant rule: nobody
// reaches above themselves. They are functions of facts, which the rooms read in the transaction of the effect.

// Book is all roles, and what is known of them.
type Book struct {
	Roles    map[identity.RoleID]identity.Role
	Implied  map[identity.RoleID][]identity.RoleID
	Rules    []identity.GrantRule
	Profiles map[identity.RoleID]identity.RoleProfile
}

// Expand returns what some roles come to: they and all that they imply, sorted. Roles of domains count for what they imply.
func (b *Book) Expand(roles ...identity.RoleID) (all []identity.RoleID) {
	seen := map[identity.RoleID]bool{}
	for todo := slices.Clone(roles); len(todo) > 0; todo = todo[1:] {
		id := todo[0]
		if seen[id] {
			continue
		}
		seen[id] = true
		todo = append(todo, b.Implied[id]...)
		if r, there := b.Roles[id]; there && r.DomainID == "" {
			all = append(all, id)
		}
	}
	slices.Sort(all)
	return all
}

func (b *Book) names(roles []identity.RoleID) []string {
	all := make([]string, len(roles))
	for i, id := range roles {
		all[i] = strings.ToLower(b.Roles[id].Name)
	}
	slices.Sort(all)
	return all
}

// Place is where roles count: a project, a domain, the system, or all projects below a project or domain.
type Place struct {
	System bool

	// Project is the project, or the one that acts as the domain. With Below, all below it, existing or not, is meant.
	Project identity.Project
	Below   bool

	// Above are the projects above, and the domain.
	Above []identity.ProjectID
}

type placeKey struct {
	id     identity.ProjectID
	below  bool
	system bool
}

func (p Place) key() placeKey { return placeKey{p.Project.ID, p.Below, p.System} }

func (p Place) tier() identity.Tier {
	switch {
	case p.System:
		return identity.SystemTier
	case p.Project.IsDomain && !p.Below:
		return identity.DomainTier
	}
	return identity.ProjectTier
}

// domain is the domain that a place is in, or is.
func (p Place) domain() identity.DomainID {
	if p.Project.IsDomain {
		return identity.DomainID(p.Project.ID)
	}
	return p.Project.DomainID
}

// name is what people call a place.
func (p Place) name() string {
	if p.System {
		return "the system"
	}
	return p.Project.Name
}

// Who is a user or a group.
type Who struct {
	User  *identity.User
	Group *identity.Group
}

func (w Who) facts(t Target) Target {
	if w.User != nil {
		t["user"] = User(*w.User)
	}
	if w.Group != nil {
		t["group"] = Group(*w.Group)
	}
	return t
}

// Verb is what is done with a role.
type Verb int

// The verbs.
const (
	Granting Verb = iota
	Revoking
	Inviting // is granting to whoever accepts
)

func (v Verb) action(at Place, w Who) Action {
	switch group := w.Group != nil; {
	case at.System && group:
		return [...]Action{CreateSystemGrantForGroup, RevokeSystemGrantForGroup, CreateSystemGrantForGroup}[v]
	case at.System:
		return [...]Action{CreateSystemGrantForUser, RevokeSystemGrantForUser, CreateSystemGrantForUser}[v]
	}
	return [...]Action{CreateGrant, RevokeGrant, CreateGrant}[v]
}

// Standing is what somebody holds at a place, by whatever way.
type Standing struct {
	At    Place
	Roles []identity.RoleID
}

// Unlimited tells whether the policy lets a caller grant and take back every role on every project: what is said here of others
// does not bind them, for there is nothing that they could not take.
func (c *Checker) Unlimited(ctx context.Context, caller identity.Caller) bool {
	if caller.Token == nil {
		return caller.Admin
	}
	nothing := Target{"role": map[string]any{}, "user": map[string]any{}, "project": map[string]any{}}
	for _, a := range []Action{CreateGrant, RevokeGrant} {
		if !c.Allowed(ctx, caller, a, nothing) {
			return false
		}
	}
	return true
}

// Rights are what a caller may do with roles and people. They serve one decision, or several about the same people.
type Rights struct {
	*Checker
	ctx  context.Context // of the decision
	Book *Book

	// Caller holds those roles of its token that it still has, and Held says how it has each.
	Caller identity.Caller
	Held   map[identity.RoleID][]identity.Holding

	Now   time.Time
	Fresh bool // the caller has just proved in person who they are

	// What was found out already. The places are those of one user or group.
	narrowed map[narrowing]identity.Caller
	reaches  map[placeKey]reach
}

// Rights of a caller who holds the roles of a token as held says. Roles that are held no more are to be gone from the token.
func (c *Checker) Rights(ctx context.Context, caller identity.Caller, held map[identity.RoleID][]identity.Holding, b *Book, now time.Time, fresh bool) *Rights {
	return &Rights{Checker: c, ctx: ctx, Book: b, Caller: caller, Held: held, Now: now, Fresh: fresh}
}

// Another are the same rights, for a decision about somebody else.
func (r *Rights) Another() *Rights {
	again := *r
	again.reaches = nil
	return &again
}

// narrowing chooses among the roles of a caller.
type narrowing struct {
	below bool      // those that are inherited
	until time.Time // those that last as long; AnyTime is all
}

// AnyTime is before every end of a role.
var AnyTime = time.Unix(1, 0)

// lasts tells whether a role is held at least until a time; a zero one is forever.
func lasts(h identity.Holding, until time.Time) bool {
	return h.Until.IsZero() || !until.IsZero() && !h.Until.Before(until)
}

// with is the caller with some of their roles only.
func (r *Rights) with(n narrowing) identity.Caller {
	t := r.Caller.Token
	if t == nil {
		return r.Caller
	}
	if kind := t.Scope.Kind(); kind == identity.DomainScoped || kind == identity.SystemScoped {
		n.below = false // such a role counts for all below as it is
	}
	keep := func(role identity.Role) bool {
		return slices.ContainsFunc(r.Held[role.ID], func(h identity.Holding) bool { return lasts(h, n.until) && (!n.below || h.Inherited) })
	}
	if !slices.ContainsFunc(t.Roles, func(role identity.Role) bool { return !keep(role) }) {
		return r.Caller
	}
	c, ok := r.narrowed[n]
	if !ok {
		c = Narrow(r.Caller, keep)
		if r.narrowed == nil {
			r.narrowed = map[narrowing]identity.Caller{}
		}
		r.narrowed[n] = c
	}
	return c
}

// Narrow is a caller with those roles only that are to be kept.
func Narrow(c identity.Caller, keep func(identity.Role) bool) identity.Caller {
	t := *c.Token
	t.Memo = new(identity.Memo)
	t.Roles = slices.DeleteFunc(slices.Clone(t.Roles), func(r identity.Role) bool { return !keep(r) })
	c.Token = &t
	return c
}

// held are the roles that the caller has at a place, of those of the token.
func (r *Rights) held(at Place) (roles []identity.RoleID) {
	t := r.Caller.Token
	if t == nil {
		return nil
	}
	whole, part := false, false
	switch t.Scope.Kind() {
	case identity.SystemScoped:
		whole = at.System
	case identity.DomainScoped:
		whole = at.tier() == identity.DomainTier && at.domain() == t.Scope.DomainID()
	case identity.ProjectScoped:
		on := t.Scope.ProjectID()
		whole = at.Project.ID == on && !at.Below
		part = at.Project.ID == on || slices.Contains(at.Above, on)
	}
	for _, role := range t.Roles {
		if whole || part && r.inherits(role.ID) {
			roles = append(roles, role.ID)
		}
	}
	return roles
}

// inherits tells whether the caller has a role from above, so that it counts on all below, too.
func (r *Rights) inherits(role identity.RoleID) bool {
	return slices.ContainsFunc(r.Held[role], func(h identity.Holding) bool { return h.Inherited })
}

// Sovereign tells whether the policy lets the caller do everything with roles, by roles that they have until a time at least; a
// zero one is forever, and AnyTime is all.
func (r *Rights) Sovereign(until time.Time) bool {
	return r.Unlimited(r.ctx, r.with(narrowing{until: until}))
}

// permit is by what a caller may do something with a role at a place.
type permit struct {
	policy bool
	rules  []identity.GrantRule // with what a domain's rules make of them
}

// ever tells whether somebody may do it by themselves.
func (p permit) ever() bool {
	return p.policy || slices.ContainsFunc(p.rules, func(g identity.GrantRule) bool { return !g.NeedsAnswer })
}

// agreed tells whether somebody may do it if somebody else agrees.
func (p permit) agreed() bool { return p.policy || len(p.rules) > 0 }

// permit finds out by what the caller may do something with a role. A grant that is to last until a time takes rights that do.
func (r *Rights) permit(v Verb, role identity.RoleID, at Place, w Who, until time.Time) (p permit) {
	caller := r.with(narrowing{at.Below, until})
	target := w.facts(Target{"role": Role(r.Book.Roles[role])})
	switch {
	case at.System:
	case at.Project.IsDomain:
		target["domain"] = Domain(at.Project.AsDomain())
	default:
		target["project"] = Project(at.Project)
	}
	p.policy = r.Allowed(r.ctx, caller, v.action(at, w), target)
	if at.System {
		return p
	}
	p.rules = r.rules(caller, at, func(g identity.GrantRule) bool {
		return g.Target == role && g.TargetTier == at.tier() && allows(g, v)
	})
	return p
}

// rules are the grant rules of the whole cloud that a caller has at a place, as far as those of the place's domain allow the same.
func (r *Rights) rules(caller identity.Caller, at Place, which func(identity.GrantRule) bool) (all []identity.GrantRule) {
	t := caller.Token
	if t == nil || caller.Delegated {
		return nil
	}
	here := false
	switch t.Scope.Kind() {
	case identity.SystemScoped:
		here = true
	case identity.DomainScoped:
		here = at.domain() == t.Scope.DomainID()
	case identity.ProjectScoped:
		here = at.Project.ID == t.Scope.ProjectID() || slices.Contains(at.Above, t.Scope.ProjectID())
	}
	if !here {
		return nil
	}
	own := t.Scope.Kind() != identity.ProjectScoped || at.Project.ID == t.Scope.ProjectID() && !at.Below
	for _, g := range r.Book.Rules {
		holds := slices.ContainsFunc(t.Roles, func(role identity.Role) bool {
			return role.ID == g.Holder && (own || r.inherits(role.ID))
		})
		if !holds || g.DomainID != "" || g.HolderTier != identity.TierOf(t.Scope) || !which(g) {
			continue
		}
		if g, left := r.Book.narrow(g, at.domain()); left && which(g) {
			all = append(all, g)
		}
	}
	return all
}

// narrow is what the rules of a domain leave of a rule of the whole cloud: all of it where the domain has none for the holder.
func (b *Book) narrow(g identity.GrantRule, domain identity.DomainID) (out identity.GrantRule, left bool) {
	some := false
	for _, d := range b.Rules {
		if d.DomainID == "" || d.DomainID != domain || d.Holder != g.Holder || d.HolderTier != g.HolderTier {
			continue
		}
		some = true
		if d.Target != g.Target || d.TargetTier != g.TargetTier {
			continue
		}
		g.Grant, g.Revoke, g.Invite = g.Grant && d.Grant, g.Revoke && d.Revoke, g.Invite && d.Invite
		g.NeedsAnswer, g.StepUp = g.NeedsAnswer || d.NeedsAnswer, g.StepUp || d.StepUp
		if g.MaxDays == 0 || d.MaxDays > 0 && d.MaxDays < g.MaxDays {
			g.MaxDays = d.MaxDays
		}
		return g, true
	}
	return g, !some
}

// reach is what a caller could take at a place: the roles that they have there and those that they may grant there by
// themselves, with all that these permit.
type reach struct {
	roles []identity.RoleID
	weight
	rules []identity.GrantRule
}

func (r *Rights) reach(at Place, w Who) reach {
	if got, ok := r.reaches[at.key()]; ok {
		return got
	}
	roles := r.held(at)
	for _, id := range slices.Sorted(maps.Keys(r.Book.Roles)) {
		p := r.permit(Granting, id, at, w, AnyTime)
		if r.Book.Roles[id].DomainID != "" {
			p.policy = false // which knows roles by name, and that of a domain's says nothing of what it comes to
		}
		if p.ever() {
			roles = append(roles, id)
		}
	}
	got := reach{roles: r.Book.Expand(roles...)}
	got.weight = r.weigh(r.Book.names(got.roles), at.tier())
	got.rules = r.Book.rulesOf(got.roles, at.tier())
	if r.reaches == nil {
		r.reaches = map[placeKey]reach{}
	}
	r.reaches[at.key()] = got
	return got
}

// rulesOf are the rules that holders of some roles have.
func (b *Book) rulesOf(roles []identity.RoleID, tier identity.Tier) (all []identity.GrantRule) {
	for _, g := range b.Rules {
		if g.DomainID == "" && g.HolderTier == tier && slices.Contains(roles, g.Holder) {
			all = append(all, g)
		}
	}
	return all
}

// within tells whether a rule opens nothing that others do not.
func within(g identity.GrantRule, all []identity.GrantRule) bool {
	return slices.ContainsFunc(all, func(o identity.GrantRule) bool {
		return o.Target == g.Target && o.TargetTier == g.TargetTier && (o.Grant || !g.Grant) && (o.Revoke || !g.Revoke) &&
			(o.Invite || !g.Invite) && (o.MaxDays == 0 || g.MaxDays > 0 && g.MaxDays <= o.MaxDays) && (!o.NeedsAnswer || g.NeedsAnswer)
	})
}

// more tells whether roles give more than a reach does.
func (r *Rights) more(roles []identity.RoleID, than reach, tier identity.Tier) bool {
	all := slices.Concat(than.roles, roles)
	slices.Sort(all)
	all = slices.Compact(all)
	if r.weigh(r.Book.names(all), tier).beyond(than.weight) {
		return true
	}
	return slices.ContainsFunc(r.Book.rulesOf(roles, tier), func(g identity.GrantRule) bool { return !within(g, than.rules) })
}

// heavy are those of some roles, and of what they imply, that are of high impact, or give more than the caller could take
// there, or of which nothing is known.
func (r *Rights) heavy(roles []identity.RoleID, at Place, w Who) (out []identity.RoleID) {
	all := r.Book.Expand(roles...)
	if len(all) == 0 {
		return nil
	}
	reached := r.reach(at, w)
	for _, id := range all {
		if r.high(id) || !r.known(id) || !slices.Contains(reached.roles, id) && r.more([]identity.RoleID{id}, reached, at.tier()) {
			out = append(out, id)
		}
	}
	if len(out) == 0 && r.more(all, reached, at.tier()) { // they do more together than each for itself
		out = slices.DeleteFunc(all, func(id identity.RoleID) bool { return slices.Contains(reached.roles, id) })
	}
	return out
}

// known tells whether a role is mentioned by a policy or a rule, or described.
func (r *Rights) known(id identity.RoleID) bool {
	if r.Book.Profiles[id].Impact != "" {
		return true
	}
	if slices.ContainsFunc(r.Book.Rules, func(g identity.GrantRule) bool { return g.Holder == id || g.Target == id }) {
		return true
	}
	return len(r.Services.Mentioning(r.Book.Roles[id].Name)) > 0
}

func (r *Rights) high(id identity.RoleID) bool { return r.High(r.Book, id) }

// High tells whether a role is of high impact: by its profile, or else because it gives more in other people's projects than the
// ordinary role member does.
func (c *Checker) High(b *Book, id identity.RoleID) bool {
	if p := b.Profiles[id].Impact; p != "" {
		return p == identity.HighImpact
	}
	var ordinary []identity.RoleID
	for id, role := range b.Roles {
		if role.Name == "member" && role.DomainID == "" {
			ordinary = b.Expand(id)
		}
	}
	return c.Services.Impact(b.names(b.Expand(id)), b.names(ordinary))
}

// Change is a change of the roles that somebody has at a place.
type Change struct {
	Who
	At            Place
	Grant, Revoke []identity.RoleID

	// Has is what they have where the change counts, trusts that they may use included: at the place, and below if it is
	// inherited.
	Has []Standing

	Until  time.Time // when the new grants end; zero for never
	Invite bool      // the grants are offered to whoever accepts
	Agreed bool      // somebody else who may do it agrees
	Self   bool      // they are the caller
}

// Change tells whether the caller may make a change. It names the role that stands in the way to those who may see it.
func (r *Rights) Change(c Change) error {
	policy := true
	for _, id := range c.Grant {
		p := r.permit(Granting, id, c.At, c.Who, c.Until)
		if c.Invite && !p.policy {
			p.rules = slices.DeleteFunc(p.rules, func(g identity.GrantRule) bool { return !g.Invite })
		}
		if err := r.open(p, Granting, id, c); err != nil {
			return err
		}
		policy = policy && p.policy
	}
	for _, id := range c.Revoke {
		p := r.permit(Revoking, id, c.At, c.Who, AnyTime)
		if c.Self && !r.Caller.Delegated {
			Decided(r.ctx, Decision{By: ByOwn})
			continue // what is one's own may always be given up
		}
		if err := r.open(p, Revoking, id, c); err != nil {
			return err
		}
		policy = policy && p.policy
	}
	if !r.Protect && policy {
		return nil
	}
	for _, id := range r.heavy(c.Grant, c.At, c.Who) {
		if p := r.permit(Granting, id, c.At, c.Who, c.Until); !p.ever() && (!c.Agreed || !p.agreed()) {
			Decided(r.ctx, Decision{By: ByReach, Role: r.Book.Roles[id], At: c.At})
			return r.tooMuch(id, c)
		}
	}
	if policy || c.Self && len(c.Grant) == 0 {
		return nil
	}
	var back []identity.RoleID // that are taken back if somebody else agrees
	if c.Agreed {
		back = r.Book.Expand(c.Revoke...)
	}
	for _, s := range c.Has {
		for _, id := range r.heavy(s.Roles, s.At, c.Who) {
			p := r.permit(Revoking, id, s.At, c.Who, AnyTime)
			agreed := slices.Contains(back, id) && p.agreed()
			if !agreed && !p.ever() && !r.permit(Granting, id, s.At, c.Who, AnyTime).ever() {
				Decided(r.ctx, Decision{By: ByTouch, Role: r.Book.Roles[id], At: s.At})
				return r.protected(id, s.At)
			}
		}
	}
	return nil
}

// open tells whether what a caller may do something by serves this change.
func (r *Rights) open(p permit, v Verb, id identity.RoleID, c Change) error {
	action := v.action(c.At, c.Who)
	Decided(r.ctx, Decision{By: ByPolicy, Action: action})
	if p.policy {
		return nil
	}
	err := identity.NotAllowed(string(action))
	for _, g := range p.rules {
		Decided(r.ctx, Decision{By: ByGrantRule, Rule: g})
		switch {
		case g.NeedsAnswer && !c.Agreed && v == Revoking:
			err = needsAnswer("revoke", "To take back the role %s somebody else who may do it must agree.", r.Book.Roles[id].Name)
		case g.NeedsAnswer && !c.Agreed:
			err = needsAnswer("grant", "To grant the role %s somebody else who may do it must agree.", r.Book.Roles[id].Name)
		case g.StepUp && !r.Fresh:
			err = needsProof(r.Book.Roles[id])
		case v == Granting && g.MaxDays > 0 && (c.Until.IsZero() || c.Until.After(r.Now.AddDate(0, 0, g.MaxDays))):
			err = identity.Refusedf("The role %s can be granted for %d days at most: give the grant an end.", r.Book.Roles[id].Name, g.MaxDays)
		default:
			return nil
		}
	}
	return err
}

// NeedsAnswerError says that the caller may do something if somebody else who may do it agrees, so that it can be asked for.
type NeedsAnswerError struct{ err error }

func needsAnswer(command, format string, a ...any) error {
	why := fmt.Sprintf(format, a...) + ` Ask for it in the portal, or with "lintel access ` + command + `" and --reason.`
	return &NeedsAnswerError{&identity.Error{Kind: identity.Forbidden, Message: why, Format: format, Args: a}}
}

func (e *NeedsAnswerError) Error() string { return e.err.Error() }
func (e *NeedsAnswerError) Unwrap() error { return e.err }

// NeedsProofError says that the caller may do something once they have proved again who they are.
type NeedsProofError struct{ err error }

func needsProof(role identity.Role) error {
	return &NeedsProofError{identity.Refusedf("To grant or take back the role %s you must prove again who you are.", role.Name)}
}

func (e *NeedsProofError) Error() string { return e.err.Error() }
func (e *NeedsProofError) Unwrap() error { return e.err }

func (r *Rights) tooMuch(id identity.RoleID, c Change) error {
	if !r.sees(c.At) || slices.Contains(c.Grant, id) {
		return identity.Refusedf("You cannot grant this: it gives more than you may grant.")
	}
	return identity.Refusedf("You cannot grant this: it brings the role %s, which you may not grant.", r.Book.Roles[id].Name)
}

// Protected is what is said of an account that a caller may not act on, and no more, unless they may see why.
const Protected = "This account is protected."

// Obstacle is a refusal because of a role that somebody has, which the caller may know of.
type Obstacle struct {
	Role identity.Role
	At   Place
	err  error
}

func (o *Obstacle) Error() string { return o.err.Error() }
func (o *Obstacle) Unwrap() error { return o.err }

func (r *Rights) protected(id identity.RoleID, at Place) error {
	if !r.sees(at) {
		return identity.Refusedf(Protected)
	}
	role := r.Book.Roles[id]
	return &Obstacle{role, at, identity.Refusedf("This account is protected: it holds the role %s on %s, which you may not take away.", role.Name, at.name())}
}

// sees tells whether the caller may learn who has which role at a place.
func (r *Rights) sees(at Place) bool {
	switch {
	case at.System:
		return r.Allowed(r.ctx, r.Caller, ListSystemGrantsForUser, nil)
	case at.Project.IsDomain:
		return r.Allowed(r.ctx, r.Caller, ListRoleAssignments, Target{"domain_id": string(at.domain())})
	}
	return r.Allowed(r.ctx, r.Caller, ListRoleAssignmentsForTree, Tree(at.Project)) || r.Manages(at)
}

// Tree is a project whose role assignments somebody asks for, with those below it.
func Tree(p identity.Project) Target {
	facts := Project(p)
	return Target{"project": facts, "domain_id": facts["domain_id"]}
}

// Manages tells whether the caller may do anything with roles at a place by a grant rule: such a caller sees who has which.
func (r *Rights) Manages(at Place) bool {
	return len(r.rules(r.Caller, at, func(g identity.GrantRule) bool { return g.TargetTier == at.tier() && (g.Grant || g.Revoke || g.Invite) })) > 0
}

// Shield tells whether the caller may act on the account of somebody who has such standings: who could use it would have all of
// them. The policy, or who calls this, has opened the act.
func (r *Rights) Shield(w Who, has []Standing) error {
	for _, s := range has {
		for _, id := range r.heavy(s.Roles, s.At, w) {
			if !r.permit(Revoking, id, s.At, w, AnyTime).ever() {
				Decided(r.ctx, Decision{By: ByShield, Role: r.Book.Roles[id], At: s.At})
				return r.protected(id, s.At)
			}
		}
	}
	return nil
}

// MayRevokeAll tells whether somebody has a role, and the caller may by rules take away every one, everywhere: such a caller may
// help somebody who has lost their second factor.
func (r *Rights) MayRevokeAll(w Who, has []Standing) bool {
	some := false
	for _, s := range has {
		for _, id := range s.Roles {
			some = true
			if !r.permit(Revoking, id, s.At, w, AnyTime).ever() {
				return false
			}
		}
	}
	return some
}

// Membership tells whether the caller may bring somebody into a group that confers such standings, or out of it. opened is what
// the policy says; agreed, that somebody else who may do it agrees.
func (r *Rights) Membership(opened error, in, agreed bool, w Who, confers []Standing) error {
	v := Revoking
	until := AnyTime
	if in {
		v, until = Granting, time.Time{}
	}
	var asks, proof error // what somebody else must agree to, and what takes a proof of who is there
	if opened != nil {
		some := false
		for _, s := range confers {
			for _, id := range s.Roles {
				rules := r.rules(r.with(narrowing{s.At.Below, until}), s.At, func(g identity.GrantRule) bool {
					return g.Target == id && g.TargetTier == identity.GroupTier && allows(g, v) && (in || !g.NeedsAnswer) && (g.MaxDays == 0 || !in)
				})
				if len(rules) == 0 {
					return opened
				}
				rules = slices.DeleteFunc(rules, func(g identity.GrantRule) bool { return g.StepUp && !r.Fresh })
				if len(rules) == 0 {
					proof = cmp.Or(proof, needsProof(r.Book.Roles[id]))
					continue
				}
				some = true
				if !agreed && !slices.ContainsFunc(rules, func(g identity.GrantRule) bool { return !g.NeedsAnswer }) {
					asks = needsAnswer("grant", "To give the role %s by this group somebody else who may do it must agree.", r.Book.Roles[id].Name)
				}
			}
		}
		if proof != nil {
			return proof
		}
		if !some {
			return opened
		}
	} else if !r.Protect {
		return nil
	}
	for _, s := range confers {
		for _, id := range r.heavy(s.Roles, s.At, w) {
			switch p := r.permit(v, id, s.At, w, until); {
			case p.ever():
			case in && p.agreed():
				if !agreed {
					asks = needsAnswer("grant", "To give the role %s by this group somebody else who may do it must agree.", r.Book.Roles[id].Name)
				}
			default:
				if !r.sees(s.At) {
					return identity.Refusedf("This group is protected.")
				}
				if v == Granting {
					return identity.Refusedf("This group is protected: it confers the role %s on %s, which you may not grant.", r.Book.Roles[id].Name, s.At.name())
				}
				return identity.Refusedf("This group is protected: it confers the role %s on %s, which you may not take away.", r.Book.Roles[id].Name, s.At.name())
			}
		}
	}
	return asks
}

// Withheld are those of some roles at a place that are heavy and that the caller may not take away: what would end a place must
// not take somebody's only one.
func (r *Rights) Withheld(roles []identity.RoleID, at Place, w Who) (out []identity.RoleID) {
	for _, id := range r.heavy(roles, at, w) {
		if !r.permit(Revoking, id, at, w, AnyTime).ever() {
			out = append(out, id)
		}
	}
	return out
}

// Offers tells whether the caller may grant one role, for those who offer a choice, and the rule that it takes: what that asks, an
// end or a proof, is asked when the change is made.
func (r *Rights) Offers(c Change) (rule identity.GrantRule, may bool) {
	p := r.permit(Granting, c.Grant[0], c.At, c.Who, AnyTime)
	if !p.policy {
		rules := slices.DeleteFunc(p.rules, func(g identity.GrantRule) bool { return g.NeedsAnswer && !c.Agreed || c.Invite && !g.Invite })
		if len(rules) == 0 {
			return rule, false
		}
		rule = rules[0]
		if i := slices.IndexFunc(rules, func(g identity.GrantRule) bool { return !g.NeedsAnswer }); i >= 0 {
			rule = rules[i]
		}
	}
	fresh := r.Fresh
	r.Fresh, c.Until = true, r.Now // soon enough for every rule, and for rights that end
	err := r.Change(c)
	r.Fresh = fresh
	return rule, err == nil
}

// Heavy are those of some roles, with what they imply, that reach above the caller at a place.
func (r *Rights) Heavy(roles []identity.RoleID, at Place, w Who) []identity.RoleID {
	return r.heavy(roles, at, w)
}

// weight is what a set of roles permits, by all rules that are known: to what is in its own scope, and elsewhere.
type weight struct{ own, far *policy.Reach }

func (w weight) beyond(than weight) bool { return w.own.Beyond(than.own)+w.far.Beyond(than.far) > 0 }

func (c *Checker) weigh(roles []string, tier identity.Tier) weight {
	s := policy.Supposition{Roles: roles, Scope: string(tier)}
	far := s
	far.Elsewhere = true
	got := c.Services.Reaches(s, far)
	return weight{got[0], got[1]}
}

// allows tells whether a rule opens what a verb says.
func allows(g identity.GrantRule, v Verb) bool {
	switch v {
	case Granting:
		return g.Grant
	case Revoking:
		return g.Revoke
	}
	return g.Grant && g.Invite
}

// Masters are the roles whose holders the policy lets do everything with roles, wherever they hold them.
func (c *Checker) Masters(b *Book) (t identity.TierRoles) {
	t.Project, t.Domain, t.System = c.masters(b, identity.ProjectTier), c.masters(b, identity.DomainTier), c.masters(b, identity.SystemTier)
	return t
}

func (c *Checker) masters(b *Book, tier identity.Tier) (all []identity.RoleID) {
	for id := range b.Roles {
		s := policy.Supposition{Roles: b.names(b.Expand(id)), Scope: string(tier), Elsewhere: true}
		if c.Policy.Suppose(string(CreateGrant), s).Verdict == policy.Yes {
			all = append(all, id)
		}
	}
	return all
}

// Keepers are the roles whose holders look after a domain, or after a project: the highest of those that rules, or in a domain the
// policy, let manage people there, and the masters.
func (c *Checker) Keepers(b *Book, domain bool) (t identity.TierRoles) {
	tier := identity.ProjectTier
	if domain {
		tier = identity.DomainTier
	}
	all := c.masters(b, tier)
	manages := func(holder, target identity.RoleID) bool {
		return slices.ContainsFunc(b.Rules, func(g identity.GrantRule) bool {
			return g.DomainID == "" && g.HolderTier == tier && g.TargetTier == tier && g.Holder == holder && g.Target == target && g.Revoke
		})
	}
	for id := range b.Roles {
		top := manages(id, id)
		for other := range b.Roles {
			top = top && (!manages(other, id) || manages(id, other))
		}
		if domain && !top {
			s := policy.Supposition{Roles: b.names(b.Expand(id)), Scope: string(tier)}
			top = c.Policy.Suppose(string(CreateGrant), s).Verdict != policy.No
		}
		if top {
			all = append(all, id)
		}
	}
	if domain {
		t.Domain = all
	} else {
		t.Project = all
	}
	return t
}
