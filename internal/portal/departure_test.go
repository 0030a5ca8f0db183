package portal_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/testenv"
)

// lent is a team where efua made and was given all that can stand on somebody's roles, by name, with what tells whether it works.
type lent struct {
	*team
	users  map[string]string
	trusts map[string]string
	works  map[string]func() bool
}

func newLent(t *testing.T) *lent {
	l := &lent{newTeam(t), map[string]string{}, map[string]string{}, map[string]func() bool{}}
	for name, role := range map[string]string{"alice": "admin", "efua": "manager", "gina": "member", "hugo": "member"} {
		l.users[name] = l.person(name)
		l.onWeb(l.users[name], role)
	}
	efua := l.Login("efua", "secret", testenv.OnProjectID(l.web))
	for _, role := range []string{"manager", "reader"} {
		made := efua.Post("/v3/users/"+l.users["efua"]+"/application_credentials", map[string]any{"application_credential": map[string]any{"name": role, "roles": []any{map[string]any{"name": role}}}}).Want(201)
		id := made.Get("application_credential.id")
		login := `{"auth": {"identity": {"methods": ["application_credential"], "application_credential": {"id": "` + id + `", "secret": "` + made.Get("application_credential.secret") + `"}}}}`
		l.works["credential "+role] = func() bool { return l.Authenticate(login).Status == 201 }
		l.key("of credential "+role, "efua", map[string]any{"app_cred_id": id})
	}
	l.key("plain", "efua", map[string]any{})
	l.key("of another", "gina", map[string]any{})

	l.trust("first", "efua", "gina", "member", "")
	l.trust("handed on", "gina", "hugo", "member", "first")
	l.trust("handed on twice", "hugo", "alice", "member", "handed on")
	l.trust("to read", "efua", "gina", "reader", "")
	l.trust("of gina", "gina", "efua", "member", "")
	l.trust("of gina, handed on", "efua", "hugo", "member", "of gina")
	l.trust("of gina, handed on twice", "hugo", "alice", "member", "of gina, handed on")
	for _, name := range slices.Collect(maps.Keys(l.trusts)) {
		id := l.trusts[name]
		to := map[string]string{"first": "gina", "handed on": "hugo", "handed on twice": "alice", "to read": "gina", "of gina": "efua", "of gina, handed on": "hugo", "of gina, handed on twice": "alice"}[name]
		l.works["trust "+name] = func() bool { return l.use(id, to).Status == 201 }
		l.key("of trust "+name, to, map[string]any{"trust_id": id})
	}
	return l
}

func (l *lent) use(trust, by string) *testenv.Response {
	return l.Authenticate(testenv.Body(by, "secret", fmt.Sprintf(`{"OS-TRUST:trust": {"id": %q}}`, trust)))
}

// trust lets somebody act with a role, by a trust of the giver's own or by one that they were given.
func (l *lent) trust(name, from, to, role, by string) {
	as := l.Login(from, "secret", testenv.OnProjectID(l.web))
	if by != "" {
		as = l.use(l.trusts[by], from).Want(201).Actor()
	}
	l.trusts[name] = as.Post("/v3/OS-TRUST/trusts", map[string]any{"trust": map[string]any{
		"trustor_user_id": l.users[from], "trustee_user_id": l.users[to], "project_id": l.web, "impersonation": false, "roles": []any{map[string]any{"name": role}},
		"allow_redelegation": !strings.HasSuffix(name, "twice"),
	}}).Want(201).Get("trust.id")
}

// key makes a key of somebody that is bound to something.
func (l *lent) key(name, owner string, bound map[string]any) {
	key := [2]string{strings.ReplaceAll(name, " ", "-") + "-of-" + owner, "s3cret"}
	maps.Copy(bound, map[string]any{"access": key[0], "secret": key[1]})
	blob, err := json.Marshal(bound)
	if err != nil {
		l.t.Fatal(err)
	}
	l.admin.Post("/v3/credentials", map[string]any{"credential": map[string]any{"type": "ec2", "blob": string(blob), "user_id": l.users[owner], "project_id": l.web}}).Want(201)
	r := robots{env: l.Env, service: l.admin}
	l.works["key "+name] = func() bool { return r.signed(key).Status == 200 }
}

// working are the names of what works.
func (l *lent) working() (names []string) {
	for name, works := range l.works {
		if works() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// J4: what is said to end when somebody loses their roles is what ends then, with all that others handed on, and keys end with what they
// are bound to; the same for who keeps a role by a group.
func TestWhatEndsIsWhatWasSaid(t *testing.T) {
	for name, c := range map[string]struct {
		keeps string // by a group
		ends  []string
	}{
		"with all roles": {"", []string{
			"credential manager", "credential reader", "key of credential manager", "key of credential reader",
			"key of trust first", "key of trust handed on", "key of trust handed on twice", "key of trust of gina, handed on", "key of trust to read", "key plain",
			"trust first", "trust handed on", "trust handed on twice", "trust of gina, handed on", "trust to read",
		}},
		"but one": {"reader", []string{
			"key of trust first", "key of trust handed on", "key of trust handed on twice", "key of trust of gina, handed on",
			"trust first", "trust handed on", "trust handed on twice", "trust of gina, handed on",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLent(t)
			if c.keeps != "" {
				crew := l.admin.Post("/v3/groups", `{"group": {"name": "crew"}}`).Want(201).Get("group.id")
				l.admin.Put("/v3/groups/"+crew+"/users/"+l.users["efua"], nil).Want(204)
				l.grant("projects/"+l.web+"/groups/"+crew, c.keeps)
			}
			before := l.working()
			if len(before) != len(l.works) {
				t.Fatalf("only %v work", before)
			}
			said := map[string]string{}
			told := l.Login("alice", "secret", testenv.OnProjectID(l.web)).Get("/v3/lintel/departure?user=efua&project=acme-web").Want(200)
			for kind, of := range map[string]string{"credential": "application_credentials", "trust": "trusts", "key": "ec2_credentials"} {
				said[kind] = fmt.Sprint(told.Value("departure.ends." + of))
			}
			b := l.SignIn("alice", "secret").Open("/portal/p/" + l.web + "/revoke?user=" + l.users["efua"])
			b.Want(200, said["trust"]+" trusts", said["key"]+" S3 keys").Submit("Revoke 1 person").Want(200)

			after := l.working()
			ended := slices.DeleteFunc(before, func(name string) bool { return slices.Contains(after, name) })
			if !slices.Equal(ended, c.ends) {
				t.Errorf("ended are %q, want %q", ended, c.ends)
			}
			for kind, n := range said {
				ends := 0
				for _, name := range ended {
					if strings.HasPrefix(name, kind+" ") {
						ends++
					}
				}
				if fmt.Sprint(ends) != n {
					t.Errorf("%d of kind %s ended, and it was said that %s would", ends, kind, n)
				}
			}
		})
	}
}
