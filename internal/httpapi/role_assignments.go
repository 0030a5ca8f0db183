package httpapi

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
)

var roleAssignmentRoutes = []route{
	{method: get, path: "/v3/role_assignments", serve: (*API).listRoleAssignments,
		actions: []authz.Action{authz.ListRoleAssignments, authz.ListRoleAssignmentsForTree}, query: schema.RoleAssignmentList, rel: "role_assignments",
		filters: []string{"group.id", "role.id", "scope.domain.id", "scope.project.id", "scope.OS-INHERIT:inherited_to", "user.id", "scope.system"},
		summary: "List role assignments", answer: pageOf("role_assignments", "role_assignment")},
}

func (a *API) listRoleAssignments(w http.ResponseWriter, r *request) error {
	q := assignment.Query{
		Role: text[identity.RoleID](r.Args, "role.id"), User: text[identity.UserID](r.Args, "user.id"),
		Group: text[identity.GroupID](r.Args, "group.id"), Domain: text[identity.DomainID](r.Args, "scope.domain.id"),
		Project: text[identity.ProjectID](r.Args, "scope.project.id"), System: text[string](r.Args, "scope.system"),
		Subtree: r.flag("include_subtree"), Effective: r.flag("effective"),
	}
	if r.Args.Has("scope.OS-INHERIT:inherited_to") {
		inherited := text[string](r.Args, "scope.OS-INHERIT:inherited_to") == "projects"
		q.Inherited = &inherited
	}
	named := r.flag("include_names")
	page, err := a.list(r, uncapped)
	if err != nil {
		return err
	}
	q.Limit = min(page.Limit, assignment.PieceLength) // so that a page is one piece
	if q.From, err = readPosition(page.Marker); err != nil {
		return err
	}
	var list *listWriter
	err = a.Assignment.EachPiece(r.Context(), r.Caller, q, named, func(p assignment.Piece) (err error) {
		if list == nil {
			rest := ""
			if q.Limit > 0 && p.Rest != nil {
				rest = next(r.Args, writePosition(*p.Rest), strconv.Itoa(q.Limit))
			}
			if list, err = newListWriter(w, r, "role_assignments", rest != "", rest); err != nil {
				return err
			}
		}
		for _, v := range p.Assignments {
			o := renderAssignment(r, v)
			if named {
				addNames(o, p.Names)
			}
			if err := list.add(o); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return list.end()
}

// A position in the list is a marker as other lists have one, opaque to clients.

func writePosition(p assignment.Position) string {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // it is made of text and numbers
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func readPosition(marker string) (p assignment.Position, err error) {
	if marker == "" {
		return p, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(marker)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil || p.Skip < 0 || p.After == nil && p.Skip == 0 {
		return p, identity.NoMarker(marker)
	}
	return p, nil
}

// renderAssignment is an assignment with the path of the grant that it comes from (_format_entity in
// keystone/api/role_assignments.py).
func renderAssignment(r *request, v identity.Assignment) object {
	o := object{"role": ref(v.Role)}
	links := object{}
	scope := object{}
	var grant string
	switch {
	case v.ViaDomain != "":
		scope["project"], grant = ref(v.Project), "/domains/"+string(v.ViaDomain)
	case v.ViaProject != "":
		scope["project"], grant = ref(v.Project), "/projects/"+string(v.ViaProject)
	case v.Project != "":
		scope["project"], grant = ref(v.Project), "/projects/"+string(v.Project)
	case v.Domain != "":
		scope["domain"], grant = ref(v.Domain), "/domains/"+string(v.Domain)
	default:
		scope["system"], grant = object{"all": true}, "/system"
	}
	switch {
	case v.ViaGroup != "":
		o["user"] = ref(v.User)
		grant += "/groups/" + string(v.ViaGroup)
		links["membership"] = r.base() + "/groups/" + string(v.ViaGroup) + "/users/" + string(v.User)
	case v.Group != "":
		o["group"] = ref(v.Group)
		grant += "/groups/" + string(v.Group)
	default:
		o["user"] = ref(v.User)
		grant += "/users/" + string(v.User)
	}
	if v.ViaRole != "" {
		grant += "/roles/" + string(v.ViaRole)
		// Upstream has prior and implied the wrong way round in this link, which leads nowhere anyhow.
		links["prior_role"] = r.base() + "/prior_role/" + string(v.Role) + "/implies/" + string(v.ViaRole)
	} else {
		grant += "/roles/" + string(v.Role)
	}
	if v.Inherited || v.ViaDomain != "" || v.ViaProject != "" {
		scope["OS-INHERIT:inherited_to"] = "projects"
		grant = "/OS-INHERIT" + grant + "/inherited_to_projects"
	}
	links["assignment"] = r.base() + grant
	o["scope"], o["links"] = scope, links
	return o
}

func ref[ID ~string](id ID) object { return object{"id": string(id)} }

// addNames adds names and domains to the references of an assignment.
func addNames(o object, names assignment.Names) {
	add := func(in object, member, kind string) {
		v, ok := in[member].(object)
		if !ok {
			return
		}
		l := names.Of(kind, v["id"].(string))
		v["name"] = l.Name
		if member != "domain" && (member != "role" || l.Domain != "") {
			v["domain"] = idName(l.Domain, l.DomainName)
		}
	}
	add(o, "user", "user")
	add(o, "group", "group")
	add(o, "role", "role")
	scope := o["scope"].(object)
	add(scope, "project", "project")
	add(scope, "domain", "project")
}
