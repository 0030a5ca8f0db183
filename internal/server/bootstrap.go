package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// Bootstrap says what a new deployment starts with (keystone-manage bootstrap).
type Bootstrap struct {
	Username, Password string
	Project            string
	Role               string
	Service            string // name of the identity service in the catalog
	Region             identity.RegionID
	AdminURL           string // endpoints; an empty one is left as it is
	PublicURL          string
	InternalURL        string
	MutableRoles       bool // leave the roles open to change

	// UserID and ProjectID are the ids of a user or project that is made; empty makes one up.
	UserID    identity.UserID
	ProjectID identity.ProjectID

	// Done is told each thing that was made or found; nil tells nobody.
	Done func(message string)
}

// DefaultBootstrap is what upstream's command assumes.
func DefaultBootstrap() Bootstrap {
	return Bootstrap{Username: "admin", Project: "admin", Role: "admin", Service: "keystone"}
}

// Run makes what is missing: the default domain, the roles, the administrator with rights on the project and on the
// system, the catalog's own entry. It changes nothing that is there, but enables the administrator, sets the password if
// it does not work, and points the endpoints to the URLs given. All of it happens, or nothing.
func (b Bootstrap) Run(ctx context.Context, cfg *config.Config, db *store.DB) error {
	if b.Password == "" {
		return errors.New("a password for the administrator is needed: give --bootstrap-password or set OS_BOOTSTRAP_PASSWORD")
	}
	r := bootstrapRun{Bootstrap: b, domain: identity.DomainID(cfg.Identity.DefaultDomainID)}
	if err := r.preparePassword(ctx, cfg, db); err != nil {
		return err
	}
	return r.commit(ctx, db, r.all)
}

// SetUpProject makes the project in the default domain, unless there is one of its name (keystone-manage project_setup).
func (b Bootstrap) SetUpProject(ctx context.Context, cfg *config.Config, db *store.DB) error {
	r := bootstrapRun{Bootstrap: b, domain: identity.DomainID(cfg.Identity.DefaultDomainID)}
	return r.commit(ctx, db, func(ctx context.Context) error {
		_, err := r.ensureProject(ctx)
		return err
	})
}

// SetUpUser makes the user in the default domain. One who is there is enabled, and gets the password if another one is set; he
// must have the id, if one is given (keystone-manage user_setup).
func (b Bootstrap) SetUpUser(ctx context.Context, cfg *config.Config, db *store.DB) error {
	r := bootstrapRun{Bootstrap: b, domain: identity.DomainID(cfg.Identity.DefaultDomainID)}
	if err := r.preparePassword(ctx, cfg, db); err != nil {
		return err
	}
	return r.commit(ctx, db, func(ctx context.Context) error {
		id, err := r.ensureUser(ctx)
		if err == nil && b.UserID != "" && id != b.UserID {
			return fmt.Errorf("user %s exists already, with the id %s", b.Username, id)
		}
		return err
	})
}

// preparePassword checks the password and hashes it if need be. That takes its time, and must not hold a transaction open.
func (r *bootstrapRun) preparePassword(ctx context.Context, cfg *config.Config, db *store.DB) error {
	hasher, rules, err := passwords(cfg)
	if err != nil {
		return err
	}
	if err := rules.Check(r.Password); err != nil {
		return err
	}
	var current string
	err = db.View(ctx, func(tx *store.Tx) error {
		u, err := tx.UserByName(ctx, r.domain, r.Username)
		if errors.Is(err, identity.NotFound) {
			return nil
		} else if err != nil {
			return err
		}
		history, err := tx.Passwords(ctx, u.ID)
		if len(history) > 0 {
			current = history[len(history)-1].Hash
		}
		return err
	})
	if err != nil {
		return err
	}
	if r.works, _ = hasher.Verify(current, r.Password); !r.works {
		r.hash, err = hasher.Hash(r.Password)
	}
	return err
}

// fit refuses what is longer than its column, which SQLite would store all the same.
func (b Bootstrap) fit() error {
	for _, s := range []struct {
		what, text string
		limit      int
	}{
		{"name of the user", b.Username, 255},
		{"id of the user", string(b.UserID), 64},
		{"name of the project", b.Project, 64},
		{"id of the project", string(b.ProjectID), 64},
		{"name of the role", b.Role, 255},
		{"id of the region", string(b.Region), 255},
	} {
		if utf8.RuneCountInString(s.text) > s.limit {
			return fmt.Errorf("the %s is too long: it may have %d characters", s.what, s.limit)
		}
	}
	return nil
}

// commit runs do in a transaction and then says what was done.
func (r *bootstrapRun) commit(ctx context.Context, db *store.DB, do func(context.Context) error) error {
	if err := r.fit(); err != nil {
		return err
	}
	err := db.Update(ctx, func(tx *store.Tx) error {
		r.tx, r.said = tx, nil
		return do(ctx)
	})
	if err == nil && r.Done != nil {
		for _, s := range r.said {
			r.Done(s)
		}
	}
	return err
}

// bootstrapRun is one transaction of a bootstrap.
type bootstrapRun struct {
	Bootstrap
	tx     *store.Tx
	domain identity.DomainID
	works  bool   // the administrator's password is right already
	hash   string // of the password, when it is not
	said   []string
}

func (r *bootstrapRun) say(format string, args ...any) {
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

func (r *bootstrapRun) all(ctx context.Context) error {
	if err := r.ensureDomain(ctx); err != nil {
		return err
	}
	project, err := r.ensureProject(ctx)
	if err != nil {
		return err
	}
	user, err := r.ensureUser(ctx)
	if err != nil {
		return err
	}
	admin, err := r.ensureRoles(ctx)
	if err != nil {
		return err
	}
	if err := r.tx.PutGrant(ctx, identity.Grant{Role: admin, User: user, Project: project}); err != nil {
		return err
	}
	r.say("Granted role %s on project %s to user %s.", r.Role, r.Project, r.Username)
	if err := r.tx.PutGrant(ctx, identity.Grant{Role: admin, User: user, System: true}); err != nil {
		return err
	}
	r.say("Granted role %s on the system to user %s.", r.Role, r.Username)
	if r.Region != "" {
		if err := r.ensureRegion(ctx); err != nil {
			return err
		}
	}
	if r.PublicURL == "" && r.InternalURL == "" && r.AdminURL == "" {
		return nil
	}
	return r.ensureCatalog(ctx)
}

func (r *bootstrapRun) ensureDomain(ctx context.Context) error {
	_, err := r.tx.Domain(ctx, r.domain)
	if err == nil {
		r.say("Domain %s already exists, skipping creation.", r.domain)
		return nil
	} else if !errors.Is(err, identity.NotFound) {
		return err
	}
	r.say("Created domain %s", r.domain)
	return r.tx.InsertDomain(ctx, identity.Domain{ID: r.domain, Name: "Default", Description: new("The default domain"), Enabled: true})
}

func (r *bootstrapRun) ensureProject(ctx context.Context) (identity.ProjectID, error) {
	p, err := r.tx.ProjectByName(ctx, r.domain, r.Project)
	if err == nil {
		r.say("Project %s already exists, skipping creation.", r.Project)
		return p.ID, nil
	} else if !errors.Is(err, identity.NotFound) {
		return "", err
	}
	p = identity.Project{
		ID: cmp.Or(r.ProjectID, identity.ProjectID(r.tx.NewID())), DomainID: r.domain, ParentID: identity.ProjectID(r.domain), Name: r.Project,
		Description: new("Bootstrap project for initializing the cloud."), Enabled: true,
	}
	r.say("Created project %s", r.Project)
	return p.ID, r.tx.InsertProject(ctx, p)
}

func (r *bootstrapRun) ensureUser(ctx context.Context) (identity.UserID, error) {
	u, err := r.tx.UserByName(ctx, r.domain, r.Username)
	if errors.Is(err, identity.NotFound) {
		u = identity.User{ID: cmp.Or(r.UserID, identity.UserID(r.tx.NewID())), DomainID: r.domain, Name: r.Username, Enabled: true}
		if err := r.tx.InsertUser(ctx, u); err != nil {
			return "", err
		}
		r.say("Created user %s", r.Username)
		return u.ID, r.tx.AddPassword(ctx, u.ID, store.Password{Hash: r.hash}, 1)
	} else if err != nil {
		return "", err
	}
	r.say("User %s already exists, skipping creation.", r.Username)
	if !r.works {
		if err := r.tx.AddPassword(ctx, u.ID, store.Password{Hash: r.hash}, 1); err != nil {
			return "", err
		}
		if err := r.tx.Revoke(ctx, identity.RevocationEvent{UserID: u.ID}); err != nil {
			return "", err
		}
		r.say("Reset password for user %s.", r.Username)
	}
	if !u.Enabled {
		old := u
		u.Enabled = true
		if err := r.tx.UpdateUser(ctx, old, u); err != nil {
			return "", err
		}
		r.say("Enabled user %s.", r.Username)
	}
	return u.ID, nil
}

// ensureRoles makes the roles that upstream's rules know, each implying the one before, and returns the administrator's.
func (r *bootstrapRun) ensureRoles(ctx context.Context) (admin identity.RoleID, err error) {
	var prior identity.RoleID
	ids := map[string]identity.RoleID{}
	for _, name := range []string{"reader", "member", "manager", r.Role} {
		id, err := r.ensureRole(ctx, name)
		if err != nil {
			return "", err
		}
		if prior != "" {
			if err := r.tx.InsertImpliedRole(ctx, identity.ImpliedRole{Prior: id, Implied: prior}); err != nil {
				return "", err
			}
		}
		ids[name], prior = id, id
	}
	// Before there was a manager role, admin implied member.
	if _, err := r.tx.DeleteImpliedRole(ctx, identity.ImpliedRole{Prior: ids[r.Role], Implied: ids["member"]}); err != nil {
		return "", err
	}
	_, err = r.ensureRole(ctx, "service")
	return ids[r.Role], err
}

func (r *bootstrapRun) ensureRole(ctx context.Context, name string) (identity.RoleID, error) {
	role, err := r.tx.RoleByName(ctx, "", name)
	if err == nil {
		r.say("Role %s exists, skipping creation.", name)
		return role.ID, nil
	} else if !errors.Is(err, identity.NotFound) {
		return "", err
	}
	role = identity.Role{ID: identity.RoleID(r.tx.NewID()), Name: name}
	if !r.MutableRoles {
		role.Options = identity.Options{identity.OptImmutable: true}
	}
	r.say("Created role %s", name)
	return role.ID, r.tx.InsertRole(ctx, role)
}

func (r *bootstrapRun) ensureRegion(ctx context.Context) error {
	_, err := r.tx.Region(ctx, r.Region)
	if err == nil {
		r.say("Region %s exists, skipping creation.", r.Region)
		return nil
	} else if !errors.Is(err, identity.NotFound) {
		return err
	}
	r.say("Created region %s", r.Region)
	return r.tx.InsertRegion(ctx, identity.Region{ID: r.Region})
}

func (r *bootstrapRun) ensureCatalog(ctx context.Context) error {
	services, err := r.tx.Services(ctx, identity.Query{}.Where("type", "identity"))
	if err != nil {
		return err
	}
	there := map[string]identity.Endpoint{}
	var service identity.ServiceID
	if len(services.Items) > 0 {
		service = services.Items[0].ID
		q := identity.Query{}.Where("service_id", string(service))
		if r.Region != "" {
			q = q.Where("region_id", string(r.Region))
		}
		endpoints, err := r.tx.Endpoints(ctx, q)
		if err != nil {
			return err
		}
		for _, e := range endpoints.Items {
			there[e.Interface] = e
		}
	} else {
		service = identity.ServiceID(r.tx.NewID())
		err := r.tx.InsertService(ctx, identity.Service{
			ID: service, Type: "identity", Enabled: true, Extra: identity.Extra{"name": r.Service},
		})
		if err != nil {
			return err
		}
	}
	for _, want := range []struct{ face, url string }{
		{"public", r.PublicURL}, {"internal", r.InternalURL}, {"admin", r.AdminURL},
	} {
		if want.url == "" {
			continue
		}
		e, exists := there[want.face]
		switch {
		case !exists:
			err = r.tx.InsertEndpoint(ctx, identity.Endpoint{
				ID: identity.EndpointID(r.tx.NewID()), ServiceID: service, RegionID: r.Region, Interface: want.face,
				URL: want.url, Enabled: true,
			})
			r.say("Created %s endpoint %s", want.face, want.url)
		case e.URL != want.url:
			e.URL = want.url
			err = r.tx.PutEndpoint(ctx, e)
			r.say("%s endpoint updated", want.face)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
