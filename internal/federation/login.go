package federation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/federation/mapping"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Login is what a web server in front says about somebody whom it has let an identity provider name.
type Login struct {
	Provider identity.IdentityProviderID
	Protocol identity.ProtocolID

	// Variable returns what the web server has set under a name; empty for nothing.
	Variable func(name string) string
}

// Person is who a login turned out to be.
type Person struct {
	User identity.UserID

	// Local says that the mapping names a user who exists here by themselves. All else that the provider says counts for
	// nothing then.
	Local bool

	// Groups are those that the provider says the user is in.
	Groups []identity.GroupID
}

// Login finds out who somebody is whom an identity provider names, and makes the user known here, with the groups, projects
// and roles that the mapping gives (handle_unscoped_token in keystone/auth/plugins/mapped.py). It is open to all: that the
// web server may be believed is for its caller to know.
//
// An identity provider, protocol or mapping that is not there is a NotFound, a provider that is disabled or is not the one
// that speaks a Forbidden. An assertion that the mapping makes nobody of, and a user who may not log in, are an Unauthorized.
func (s *Service) Login(ctx context.Context, l Login) (Person, error) {
	p, known, err := s.login(ctx, l)
	if err != nil && known {
		s.DB.RecordFailure(ctx, l.event(Person{}), nil)
	}
	return p, err
}

// event is that of the login. Keystone does not tell which protocol it was.
func (l Login) event(p Person) identity.Event {
	return identity.Event{Resource: "authenticate", Initiator: &identity.Initiator{Federated: &identity.FederatedClaim{
		IdentityProviderID: string(l.Provider), UserID: p.User, GroupIDs: p.Groups,
	}}}
}

// login tells besides whether there is such an identity provider and it is enabled: of others Keystone tells nobody.
func (s *Service) login(ctx context.Context, l Login) (p Person, known bool, err error) {
	var provider identity.IdentityProvider
	var stored identity.Mapping
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		var protocol identity.Protocol
		if provider, err = enabledProvider(ctx, tx, l.Provider); err != nil {
			return err
		}
		known = true
		if protocol, err = tx.Protocol(ctx, l.Provider, l.Protocol); err != nil {
			return err
		}
		if err := s.checkIssuer(provider, protocol, l); err != nil {
			return err
		}
		stored, err = tx.Mapping(ctx, protocol.MappingID)
		return err
	})
	if err != nil {
		return p, known, err
	}
	said, err := s.apply(stored, l)
	if err != nil {
		return p, known, err
	}
	if said.User.Name == "" && !said.User.Local {
		said.User.Name = l.Variable("REMOTE_USER")
	}
	// Of two first logins of somebody at once, the second finds in its second try the user that the first one made.
	for range 2 {
		err = s.DB.Update(ctx, func(tx *store.Tx) error {
			provider, err := enabledProvider(ctx, tx, l.Provider)
			if err != nil {
				return err
			}
			if said.User.Local {
				p, err = s.local(ctx, tx, said.User)
			} else {
				p, err = s.shadow(ctx, tx, provider, l.Protocol, stored, said)
			}
			if err != nil {
				return err
			}
			return tx.Record(ctx, l.event(p))
		})
		if !errors.Is(err, identity.Conflict) {
			break
		}
	}
	return p, known, err
}

func enabledProvider(ctx context.Context, tx *store.Tx, id identity.IdentityProviderID) (identity.IdentityProvider, error) {
	p, err := tx.IdentityProvider(ctx, id)
	if err == nil && !p.Enabled {
		err = identity.Deniedf("Identity Provider %s is disabled", id)
	}
	return p, err
}

// remoteIDAttribute is the attribute that holds the remote id of a protocol's identity provider; empty for none
// (get_remote_id_parameter in keystone/federation/utils.py).
func (s *Service) remoteIDAttribute(p identity.Protocol) string {
	if p.RemoteIDAttribute != nil && *p.RemoteIDAttribute != "" {
		return *p.RemoteIDAttribute
	}
	if attribute := s.RemoteIDAttributes[strings.ToLower(string(p.ID))]; attribute != "" {
		return attribute
	}
	return s.RemoteIDAttribute
}

// checkIssuer makes sure that it is the identity provider who speaks, where there is something to tell it by.
func (s *Service) checkIssuer(provider identity.IdentityProvider, protocol identity.Protocol, l Login) error {
	attribute := s.remoteIDAttribute(protocol)
	if attribute == "" || len(provider.RemoteIDs) == 0 {
		return nil
	}
	var issuer string
	if strings.HasPrefix(attribute, s.AssertionPrefix) {
		issuer = l.Variable(attribute)
	}
	switch {
	case issuer == "":
		return identity.Unauthenticatedf("Could not find Identity Provider identifier in environment")
	case !slices.Contains(provider.RemoteIDs, issuer):
		return identity.Deniedf("Incoming identity provider identifier not included among the accepted identifiers.")
	}
	return nil
}

// apply returns what a mapping makes of a login.
func (s *Service) apply(stored identity.Mapping, l Login) (*mapping.Properties, error) {
	rules, err := mapping.Parse(stored.SchemaVersion, stored.Rules)
	if err != nil {
		return nil, identity.Unauthenticatedf("mapping %s: %v", stored.ID, err)
	}
	variables := map[string]string{}
	for _, name := range rules.Attributes() {
		if strings.HasPrefix(name, s.AssertionPrefix) {
			variables[name] = l.Variable(name)
		}
	}
	said, err := rules.Apply(mapping.Split(variables))
	if errors.Is(err, identity.BadRequest) {
		err = identity.Unauthenticatedf("mapping %s: %v", stored.ID, err)
	}
	return said, err
}

// local finds the user that a mapping says exists here.
func (s *Service) local(ctx context.Context, tx *store.Tx, named mapping.User) (Person, error) {
	ref := directory.UserRef{ID: identity.UserID(named.ID), Name: named.Name}
	if named.Domain != (mapping.Domain{}) {
		ref.Domain = &directory.DomainRef{ID: named.Domain.ID, Name: named.Domain.Name}
	}
	u, err := s.Directory.Admit(ctx, tx, ref)
	return Person{User: u.ID, Local: true}, err
}

// shadow makes the user that a mapping speaks of, or brings them up to date.
func (s *Service) shadow(ctx context.Context, tx *store.Tx, provider identity.IdentityProvider, protocol identity.ProtocolID, stored identity.Mapping,
	said *mapping.Properties,
) (p Person, err error) {
	unique, name := said.User.ID, said.User.Name
	switch {
	case unique == "" && name == "":
		return p, identity.Unauthenticatedf("Could not map user while setting ephemeral user identity. Either mapping rules must specify" +
			" user id/name or REMOTE_USER environment variable must be set.")
	case name == "":
		name = unique
	case unique == "":
		unique = name
	}
	subject := identity.FederatedIdentity{IdentityProviderID: provider.ID, ProtocolID: protocol, UniqueID: quote(unique), DisplayName: name}
	if utf8.RuneCountInString(name) > maxName || len(subject.UniqueID) > maxName {
		return p, identity.Unauthenticatedf("a name or id of more than %d characters", maxName)
	}
	domain, err := domainOf(ctx, tx, said.User.Domain, provider.DomainID)
	if err != nil {
		return p, err
	}
	if p.Groups, err = groups(ctx, tx, stored.ID, said); err != nil {
		return p, err
	}
	u, known, err := s.putUser(ctx, tx, subject, domain, said.User.Email)
	if err != nil {
		return p, err
	}
	p.User = u.ID
	changed, err := tx.SetProvidedGroups(ctx, u.ID, provider.ID, p.Groups)
	if err != nil {
		return p, err
	}
	if changed && known {
		if err := tx.Revoke(ctx, identity.RevocationEvent{UserID: u.ID}); err != nil {
			return p, err
		}
	}
	return p, s.provision(ctx, tx, provider, u, stored.SchemaVersion, said.Projects)
}

// maxName is the most characters that the columns of names and unique ids take.
const maxName = 255

// domainOf finds a domain that a mapping names, or takes the one for what names none.
func domainOf(ctx context.Context, tx *store.Tx, named mapping.Domain, otherwise identity.DomainID) (d identity.Domain, err error) {
	switch {
	case named.ID != "":
		d, err = tx.Domain(ctx, named.ID)
	case named.Name != "":
		d, err = tx.DomainByName(ctx, named.Name)
	default:
		d, err = tx.Domain(ctx, otherwise)
	}
	if err == nil && !d.Enabled {
		err = identity.Unauthenticatedf("Domain is disabled: %s", d.ID)
	}
	return d, err
}

// groups finds those that a mapping names, each once. By their names, those that are not there are left out.
func groups(ctx context.Context, tx *store.Tx, id identity.MappingID, said *mapping.Properties) ([]identity.GroupID, error) {
	found, err := tx.GroupsByID(ctx, said.GroupIDs)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(said.GroupIDs)
	for _, g := range all {
		if _, ok := found[g]; !ok {
			return nil, identity.Unauthenticatedf("Group %s returned by mapping %s was not found in the backend.", g, id)
		}
	}
	for _, named := range said.Groups {
		domain := named.Domain.ID
		if domain == "" {
			d, err := tx.DomainByName(ctx, named.Domain.Name)
			if err != nil {
				return nil, err
			}
			domain = d.ID
		}
		g, err := tx.GroupByName(ctx, domain, named.Name)
		if errors.Is(err, identity.NotFound) {
			continue
		} else if err != nil {
			return nil, err
		}
		all = append(all, g.ID)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// putUser writes the user who is a subject of an identity provider, and tells whether they were known. Who has the id
// that the subject would get and is somebody else is not taken over: that is a Conflict.
func (s *Service) putUser(ctx context.Context, tx *store.Tx, subject identity.FederatedIdentity, domain identity.Domain, email string,
) (u identity.User, known bool, err error) {
	old, known, err := tx.FederatedUser(ctx, subject)
	if err != nil {
		return u, known, err
	}
	now := tx.Now()
	if known {
		home, err := tx.Domain(ctx, old.DomainID)
		if err != nil {
			return u, known, err
		}
		if !home.Enabled || !s.Directory.Enabled(old, now) {
			return u, known, identity.Unauthenticatedf("user %s, or their domain, is disabled or inactive", old.ID)
		}
		u = old
		u.Federated = slices.Clone(old.Federated)
		for i, f := range u.Federated {
			if f.IdentityProviderID == subject.IdentityProviderID && f.ProtocolID == subject.ProtocolID && f.UniqueID == subject.UniqueID {
				u.Federated[i] = subject
			}
		}
	} else {
		u = identity.User{
			ID: publicID(domain.ID, subject.UniqueID), DomainID: domain.ID, Name: subject.DisplayName, Enabled: true,
			Kind: identity.FederatedUser, Federated: []identity.FederatedIdentity{subject},
		}
	}
	if email != "" {
		u.Extra = u.Extra.Merge(identity.Extra{"email": email})
	}
	u.LastActiveAt = now.UTC().Truncate(24 * time.Hour)
	if !known {
		return u, known, tx.InsertUser(ctx, u)
	}
	if err := tx.UpdateUser(ctx, old, u); err != nil || email == "" {
		return u, known, err
	}
	return u, known, tx.Record(ctx, identity.Updated("user", u.ID))
}

// publicID is the id of a user who lives elsewhere, as Keystone makes it: the hash of domain, kind and id there
// (keystone/identity/id_generators/sha256.py).
func publicID(domain identity.DomainID, unique string) identity.UserID {
	sum := sha256.Sum256([]byte(string(domain) + "user" + unique))
	return identity.UserID(hex.EncodeToString(sum[:]))
}

// quote is Python's urllib.parse.quote.
func quote(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("_.-~/", c) >= 0:
			b.WriteByte(c)
		default:
			const digits = "0123456789ABCDEF"
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

// RemoteID is how the identity provider calls itself who has just named somebody, by whatever provider's protocol of that id
// (AuthFederationWebSSOResource in keystone/api/auth.py). It is open to all.
func (s *Service) RemoteID(ctx context.Context, protocol identity.ProtocolID, variable func(string) string) (string, error) {
	var named []identity.Protocol
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		named, err = tx.ProtocolsNamed(ctx, protocol)
		return err
	})
	if err != nil {
		return "", err
	}
	for _, p := range named {
		if attribute := s.remoteIDAttribute(p); attribute != "" {
			if remote := variable(attribute); remote != "" {
				return remote, nil
			}
		}
	}
	return "", identity.Unauthenticatedf("Missing entity ID from environment")
}

// ProviderByRemoteID finds the identity provider that calls itself so. It is open to all.
func (s *Service) ProviderByRemoteID(ctx context.Context, remote string) (id identity.IdentityProviderID, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		id, err = tx.ProviderByRemoteID(ctx, remote)
		return err
	})
	return id, err
}
