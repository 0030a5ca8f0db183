package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// The data set is made by SQL; see data.sh, which this knows the ids of. People are some of its users, enough that no single
// answer stays hot in a processor's cache.
const (
	people = 24
	once   = 2000 // tokens that are validated a single time, for each that does
	secret = "correct-horse"
	cost   = 12 // of password hashes
)

// id is that of an entity in the data set.
func id(kind string, i int) string { return fmt.Sprintf("%s%023d%07d", kind, 0, 1_000_000+i) }

type person struct{ user, project string }

// sample returns a user of the data set, and a project that the user has a role on.
func sample(i, projects int) person {
	return person{id("aa", i), id("bb", (i*13)%(projects/1000)*1000+(i*17)%1000)}
}

// A cloud is a data set as the servers on it see it.
type cloud struct {
	users    []person
	admin    string              // an administrator's token
	unscoped []string            // one token a person
	subjects []string            // one token a person, on a project
	robots   []m                 // one application credential a person
	fresh    map[string][]string // tokens that nobody has validated yet, for whom
}

// m is JSON written by hand.
type m map[string]any

func login(user m, scope any) m {
	return m{"auth": m{"identity": m{"methods": []string{"password"}, "password": m{"user": user}}, "scope": scope}}
}

func rescope(token, project string) m {
	return m{"auth": m{"identity": m{"methods": []string{"token"}, "token": m{"id": token}}, "scope": m{"project": m{"id": project}}}}
}

func robotLogin(robot m) m {
	return m{"auth": m{"identity": m{"methods": []string{"application_credential"}, "application_credential": robot}}}
}

// prepare logs people in, through one server.
func (b *bench) prepare(ctx context.Context, s *server, projects int, password string, fresh ...string) (*cloud, error) {
	c := &cloud{fresh: map[string][]string{}}
	issue := func(body m) (string, error) {
		_, h, err := b.send(ctx, s, "POST", "/v3/auth/tokens", nil, body, http.StatusCreated)
		return h.Get("X-Subject-Token"), err
	}
	var err error
	c.admin, err = issue(login(m{"name": "admin", "domain": m{"id": "default"}, "password": password},
		m{"project": m{"name": "admin", "domain": m{"id": "default"}}}))
	if err != nil {
		return nil, err
	}
	for i := range people {
		p := sample(i, projects)
		unscoped, err := issue(login(m{"id": p.user, "password": secret}, "unscoped"))
		if err != nil {
			return nil, err
		}
		scoped, err := issue(rescope(unscoped, p.project))
		if err != nil {
			return nil, err
		}
		body, _, err := b.send(ctx, s, "POST", "/v3/users/"+p.user+"/application_credentials", map[string]string{"X-Auth-Token": scoped},
			m{"application_credential": m{"name": fmt.Sprint("robot ", time.Now().UnixNano())}}, http.StatusCreated)
		if err != nil {
			return nil, err
		}
		var made struct {
			Credential struct{ ID, Secret string } `json:"application_credential"`
		}
		if err := json.Unmarshal(body, &made); err != nil {
			return nil, err
		}
		c.users, c.unscoped, c.subjects = append(c.users, p), append(c.unscoped, unscoped), append(c.subjects, scoped)
		c.robots = append(c.robots, m{"id": made.Credential.ID, "secret": made.Credential.Secret})
	}
	// A secret is remembered from its first proof on, unless its own making was news on the change log until after that.
	for _, robot := range c.robots {
		if _, err := issue(robotLogin(robot)); err != nil {
			return nil, err
		}
	}
	for _, whom := range fresh {
		for i := range once {
			token, err := issue(rescope(c.unscoped[i%people], c.users[i%people].project))
			if err != nil {
				return nil, err
			}
			c.fresh[whom] = append(c.fresh[whom], token)
		}
	}
	return c, nil
}

// cycled is work of a few requests, which are sent again and again.
func cycled(name string, want int, requests [][]byte) work {
	return work{name: name, want: want, request: func(i int) []byte { return requests[i%len(requests)] }}
}

const plain = "?nocatalog"

func (c *cloud) validation(name, query string) work {
	return cycled(name, http.StatusOK, c.validations(c.subjects, query))
}

func (c *cloud) firstValidation(name, of string) work {
	w := cycled(name, http.StatusOK, c.validations(c.fresh[of], plain))
	w.most = once
	return w
}

func (c *cloud) validations(tokens []string, query string) (requests [][]byte) {
	for _, t := range tokens {
		requests = append(requests, written("GET", "/v3/auth/tokens"+query, nil, "X-Auth-Token", c.admin, "X-Subject-Token", t))
	}
	return requests
}

func (c *cloud) logins(name string, body func(i int) m) work {
	var requests [][]byte
	for i := range people {
		requests = append(requests, written("POST", "/v3/auth/tokens"+plain, body(i)))
	}
	return cycled(name, http.StatusCreated, requests)
}

func (c *cloud) passwords(name string) work {
	return slow(c.logins(name, func(i int) m {
		return login(m{"id": c.users[i].user, "password": secret}, m{"project": m{"id": c.users[i].project}})
	}))
}

func (c *cloud) rescopings(name string) work {
	return c.logins(name, func(i int) m { return rescope(c.unscoped[i], c.users[i].project) })
}

// robotLogins are slow for Keystone.
func (c *cloud) robotLogins(name string) work {
	return slow(c.logins(name, func(i int) m { return robotLogin(c.robots[i]) }))
}

func slow(w work) work {
	w.slow = true
	return w
}

func (c *cloud) list(name, path string) work {
	return cycled(name, http.StatusOK, [][]byte{written("GET", path, nil, "X-Auth-Token", c.admin)})
}

// The names of works, by which the report finds them.
const (
	whole         = "validation"
	short         = "validation without catalog"
	crowded       = "validation without catalog, 150 connections"
	stormy        = "validation without catalog, 150 connections, in a storm of logins"
	first         = "first validation of a token"
	shortEmpty    = "validation without catalog, no revocation events"
	firstEmpty    = "first validation of a token, no revocation events"
	rescoping     = "rescoping"
	robotic       = "application credential login"
	passwordLogin = "password login"
	userList      = "first page of users"
	projectList   = "first page of projects"
	grantList     = "first page of role assignments with names"
	effectiveList = "first page of effective role assignments"
	subtreeList   = "role assignments in a project and below"
	acrossNodes   = "revocation seen on the other node"
	acrossLoaded  = "revocation seen on the other node, both under load"
	start         = "start"
	memory        = "memory"
)

// servers are those compared; nil for one that is not there.
type servers struct{ keystone, uncached, lintel, second, shared, small, bare *server }

// empty is measured when the revocation events are gone, as the last, on servers that have done the same as before.
func (b *bench) empty(ctx context.Context, on servers, c *cloud) error {
	if err := b.measure(ctx, on.lintel, c.validation(shortEmpty, plain), few); err != nil {
		return err
	}
	return b.measure(ctx, on.lintel, c.firstValidation(firstEmpty, "empty"), few)
}

// full is all the rest. little is the small data set.
func (b *bench) full(ctx context.Context, on servers, c, little *cloud) error {
	for _, query := range []string{"", plain} {
		body, header, err := b.send(ctx, on.lintel, "GET", "/v3/auth/tokens"+query,
			map[string]string{"X-Auth-Token": c.admin, "X-Subject-Token": c.subjects[0]}, nil, http.StatusOK)
		if err != nil {
			return err
		}
		same := map[string]string{}
		for name := range header {
			if name != "Date" { // which net/http sets by itself
				same[answerPrefix+name] = header.Get(name)
			}
		}
		if _, _, err = b.send(ctx, on.bare, "PUT", "/v3/auth/tokens"+query, same, body, http.StatusNoContent); err != nil {
			return err
		}
	}
	across := func(work string, beside work) func() (result, error) {
		return func() (result, error) { return b.nodes(ctx, on.lintel, on.second, c, beside) }
	}
	quiet, hot := c.validation(crowded, plain), c.validation(stormy, plain)
	effective := "/v3/role_assignments?effective&include_names&user.id=" + c.users[0].user
	subtree := "/v3/role_assignments?include_subtree=true&include_names&scope.project.id=" + id("bb", 0)
	for _, w := range []work{c.validation(whole, ""), c.validation(short, plain)} {
		if err := b.beside(ctx, w, few, on.shared, on.lintel, on.bare); err != nil {
			return err
		}
	}
	if err := b.beside(ctx, quiet, many, on.lintel, on.bare); err != nil {
		return err
	}
	if err := b.beside(ctx, c.robotLogins(robotic), few, on.keystone, on.lintel); err != nil {
		return err
	}
	for _, step := range []struct {
		on          []*server
		of          work
		connections int
	}{
		{[]*server{on.keystone}, c.validation(whole, ""), few},
		{[]*server{on.keystone}, c.validation(short, plain), few},
		{[]*server{on.uncached}, c.validation(whole, ""), processes},
		{[]*server{on.uncached}, c.validation(short, plain), processes},
		{[]*server{on.small}, little.validation(short, plain), few},
		{[]*server{on.keystone, on.lintel}, c.rescopings(rescoping), few},
		{[]*server{on.keystone, on.lintel}, c.passwords(passwordLogin), few},
		{[]*server{on.keystone, on.lintel}, c.list(userList, "/v3/users?limit=100"), few},
		{[]*server{on.keystone, on.lintel}, c.list(projectList, "/v3/projects?limit=100"), few},
		{[]*server{on.lintel}, c.list(grantList, "/v3/role_assignments?include_names&limit=100"), one},
		{[]*server{on.lintel}, c.list(effectiveList, effective), few},
		{[]*server{on.lintel}, c.list(subtreeList, subtree), one},
	} {
		for _, s := range step.on {
			if err := b.measure(ctx, s, step.of, step.connections); err != nil {
				return err
			}
		}
	}
	for _, s := range []*server{on.keystone, on.lintel} {
		if s != nil {
			if err := b.measure(ctx, s, c.firstValidation(first, s.name), few); err != nil {
				return err
			}
		}
	}
	alone := &server{name: "hash alone"}
	if err := b.once(passwordLogin, alone, b.hashes); err != nil {
		return err
	}
	capacity, _ := b.find(passwordLogin, alone.name)
	err := b.once(stormy, on.lintel, func() (result, error) {
		if capacity.Rate == 0 {
			return result{}, errors.New("nobody knows what hashing alone allows")
		}
		return b.storm(ctx, on.lintel, hot, many, c.passwords(passwordLogin), 10*capacity.Rate)
	})
	if err != nil {
		return err
	}
	if err := b.once(acrossNodes, on.second, across(acrossNodes, work{})); err != nil {
		return err
	}
	if err := b.once(acrossLoaded, on.second, across(acrossLoaded, c.validation(short, plain))); err != nil {
		return err
	}
	return b.once(memory, on.lintel, func() (result, error) {
		kib, err := groupMemory(on.lintel.group)
		return result{MemoryMiB: float64(kib) / 1024}, err
	})
}
