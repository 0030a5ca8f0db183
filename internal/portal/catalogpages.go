package portal

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/catalog"
	"github.com/lintel-id/lintel/internal/identity"
)

// What the catalog tells clients: services, their endpoints, the regions that these stand in, and groups of endpoints. The server
// does not try the addresses: they lead into networks that whoever reads a page has no business to reach by way of it.

var catalogPages = slices.Concat(
	[]page{{method: get, path: "/cloud/catalog", serve: (*visit).catalog}, {method: get, path: "/cloud/catalog/{kind}", serve: (*visit).catalog}},
	both("/cloud/catalog/{kind}/new", (*visit).newEntry, false),
	both("/cloud/catalog/{kind}/{id}/edit", (*visit).editEntry, false),
	both("/cloud/catalog/{kind}/{id}/delete", (*visit).deleteEntry, true),
)

const atCatalog = "/cloud/catalog/"

// entryPage is the form for an entry of the catalog. What was typed stays when something is wrong with it.
type entryPage struct {
	chrome
	edited
	Inputs   []entryInput
	Do, Back string
}

// entryInput is a field of such a form.
type entryInput struct {
	Name, Label, Value, Hint string
	Options                  []option // one to choose among; none to type
	Required, Fixed          bool
}

// entryForm fills inputs from what was sent, or else from what is there.
func (v *visit) entryForm(kind string, was url.Values, services []identity.Service) *entryPage {
	pg := &entryPage{Back: Prefix + atCatalog + kind, chrome: chrome{Fields: problems{}}}
	pg.Section = "catalog"
	value := func(name string) string {
		if v.Method == post {
			return strings.TrimSpace(v.PostForm.Get(name))
		}
		return was.Get(name)
	}
	add := func(name, label, hint string, required bool, options ...option) {
		in := entryInput{Name: name, Label: label, Hint: hint, Value: value(name), Required: required}
		for _, o := range options {
			o.Chosen = o.Value == in.Value
			in.Options = append(in.Options, o)
		}
		if required && in.Value == "" && v.Method == post {
			pg.Fields[name] = v.T("This is needed.")
		}
		pg.Inputs = append(pg.Inputs, in)
	}
	chooseService := func(required bool) {
		options := []option{{"", "–", false}}
		for _, s := range services {
			options = append(options, option{string(s.ID), cmp.Or(s.Name(), s.Type) + " (" + s.Type + ")", false})
		}
		add("service", v.T("Service"), "", required, options...)
	}
	interfaces := []option{{"public", "public", false}, {"internal", "internal", false}, {"admin", "admin", false}}
	enabled := []option{{"yes", v.T("enabled"), false}, {"no", v.T("disabled"), false}}
	switch kind {
	case "services":
		add("type", v.T("Type"), v.T("What clients look for, such as compute or image."), true)
		add("name", v.T("Name"), "", false)
		add("description", v.T("Description (optional)"), "", false)
		add("enabled", v.T("State"), "", true, enabled...)
	case "endpoints":
		chooseService(true)
		add("interface", v.T("Interface"), v.T("public for everybody, internal for other services."), true, interfaces...)
		add("url", "URL", v.T("It may hold $(project_id)s, which stands for the project of whoever asks."), true)
		add("region", v.T("Region (optional)"), v.T("The id of a region that there is."), false)
		add("enabled", v.T("State"), "", true, enabled...)
	case "regions":
		add("id", "ID", v.T("What clients call it, such as RegionOne. It cannot be changed later."), v.Method == get || was == nil)
		if was != nil {
			pg.Inputs[0].Fixed = true
		}
		add("parent", v.T("Below the region (optional)"), "", false)
		add("description", v.T("Description (optional)"), "", false)
	case "groups":
		add("name", v.T("Name"), "", true)
		add("description", v.T("Description (optional)"), "", false)
		chooseService(false)
		add("interface", v.T("Interface"), "", false, append([]option{{"", "–", false}}, interfaces...)...)
		add("region", v.T("Region (optional)"), v.T("The group has the endpoints that fit all that is chosen here."), false)
	}
	return pg
}

// of is what stands in an input.
func (pg *entryPage) of(name string) string {
	for _, in := range pg.Inputs {
		if in.Name == name {
			return in.Value
		}
	}
	return ""
}

// kinds are the parts of the catalog, with what a list of them is called and what makes one.
func (v *visit) catalogKinds() []struct{ kind, title, add string } {
	return []struct{ kind, title, add string }{
		{"services", v.T("Services"), v.T("Create a service")}, {"endpoints", v.T("Endpoints"), v.T("Create an endpoint")},
		{"regions", v.T("Regions"), v.T("Create a region")}, {"groups", v.T("Endpoint groups"), v.T("Create an endpoint group")},
	}
}

// catalogCaller is the reader with rights on the system, the kind that the path names, and all services, which are few.
func (v *visit) catalogCaller() (caller identity.Caller, kind string, services []identity.Service, err error) {
	if caller, err = v.onSystem(); err != nil {
		return caller, "", nil, err
	}
	kind = cmp.Or(v.PathValue("kind"), "services")
	if !slices.ContainsFunc(v.catalogKinds(), func(k struct{ kind, title, add string }) bool { return k.kind == kind }) {
		return caller, "", nil, &identity.Error{Kind: identity.NotFound}
	}
	found, err := v.p.Catalog.Services(v.Context(), caller, identity.Query{})
	return caller, kind, found.Items, err
}

func serviceNamed(services []identity.Service, id identity.ServiceID) string {
	for _, s := range services {
		if s.ID == id {
			return cmp.Or(s.Name(), s.Type)
		}
	}
	return string(id)
}

func (v *visit) catalog() error {
	caller, kind, services, err := v.catalogCaller()
	if err != nil {
		return err
	}
	pg := &listPage{listing: listing{None: v.T("Nothing yet"), Hint: v.T("Clients find nothing here.")}}
	pg.Section, pg.Title, pg.Lead = "catalog", v.T("Catalog"), v.T("Where clients find the services of the cloud. The addresses are not tried from here.")
	for _, k := range v.catalogKinds() {
		pg.Tabs = append(pg.Tabs, tab{entry: entry{Prefix + atCatalog + k.kind, k.title, k.kind == kind}})
		if k.kind == kind && v.p.Catalog.MayChange(v.Context(), caller) {
			pg.Action = &link{k.add, Prefix + atCatalog + kind + "/new"}
		}
	}
	pg.Terminal = []string{map[string]string{"services": "openstack service list --long", "endpoints": "openstack endpoint list", "regions": "openstack region list",
		"groups": "openstack endpoint group list"}[kind]}
	// The last cell leads to what can be done.
	may := v.p.Catalog.MayChange(v.Context(), caller)
	acts := func(id string) []link {
		if !may {
			return nil
		}
		at := Prefix + atCatalog + kind + "/" + url.PathEscape(id)
		return []link{{v.T("Edit"), at + "/edit"}, {v.T("Delete"), at + "/delete"}}
	}
	id := column{Key: "id", Label: "ID", Hidden: true}
	switch kind {
	case "endpoints":
		pg.Columns = []column{{Key: "service", Label: v.T("Service")}, {Key: "interface", Label: v.T("Interface")}, {Key: "url", Label: "URL"}, {Key: "region", Label: v.T("Region")}, {Key: "state", Label: v.T("State")}, id}
		return showList(v, "list", pg, pg.query(v),
			func(q identity.Query) (identity.Page[identity.Endpoint], error) {
				return v.p.Catalog.Endpoints(v.Context(), caller, q)
			},
			func(all []identity.Endpoint) (rows []row, err error) {
				for _, e := range all {
					name := serviceNamed(services, e.ServiceID)
					rows = append(rows, row{ID: string(e.ID), Name: name + " " + e.Interface, Acts: acts(string(e.ID)), Cells: []cell{{Text: name}, {Text: e.Interface}, {Text: e.URL, Code: true}, {Text: string(e.RegionID)},
						v.state(e.Enabled), {Text: string(e.ID), Code: true}}})
				}
				return rows, nil
			})
	case "regions":
		pg.Columns = []column{{Key: "id", Label: "ID"}, {Key: "parent", Label: v.T("Below")}, {Key: "description", Label: v.T("Description")}}
		return showList(v, "list", pg, pg.query(v),
			func(q identity.Query) (identity.Page[identity.Region], error) {
				return v.p.Catalog.Regions(v.Context(), caller, q)
			},
			func(all []identity.Region) (rows []row, err error) {
				for _, r := range all {
					rows = append(rows, row{ID: string(r.ID), Name: string(r.ID), Acts: acts(string(r.ID)), Cells: []cell{{Text: string(r.ID)}, {Text: string(r.ParentRegionID)}, {Text: r.Description}}})
				}
				return rows, nil
			})
	case "groups":
		pg.Columns = []column{{Key: "name", Label: v.T("Name")}, {Key: "filters", Label: v.T("Endpoints with")}, {Key: "description", Label: v.T("Description")}, id}
		return showList(v, "list", pg, pg.query(v),
			func(q identity.Query) (identity.Page[identity.EndpointGroup], error) {
				return v.p.Catalog.EndpointGroups(v.Context(), caller, q)
			},
			func(all []identity.EndpointGroup) (rows []row, err error) {
				for _, g := range all {
					var filters []string
					for _, k := range []string{"service_id", "interface", "region_id"} {
						if text, _ := g.Filters[k].(string); k == "service_id" && text != "" {
							filters = append(filters, serviceNamed(services, identity.ServiceID(text)))
						} else if text != "" {
							filters = append(filters, text)
						}
					}
					rows = append(rows, row{ID: string(g.ID), Name: g.Name, Acts: acts(string(g.ID)), Cells: []cell{{Text: g.Name}, {Chips: filters}, {Text: text(g.Description)}, {Text: string(g.ID), Code: true}}})
				}
				return rows, nil
			})
	}
	pg.Columns = []column{{Key: "name", Label: v.T("Name")}, {Key: "type", Label: v.T("Type")}, {Key: "state", Label: v.T("State")}, id}
	return showList(v, "list", pg, pg.query(v),
		func(q identity.Query) (identity.Page[identity.Service], error) {
			return v.p.Catalog.Services(v.Context(), caller, q)
		},
		func(all []identity.Service) (rows []row, err error) {
			for _, s := range all {
				about, _ := s.Extra["description"].(string)
				name := cmp.Or(s.Name(), s.Type)
				rows = append(rows, row{ID: string(s.ID), Name: name, Acts: acts(string(s.ID)), Cells: []cell{{Text: name, About: about}, {Text: s.Type}, v.state(s.Enabled), {Text: string(s.ID), Code: true}}})
			}
			return rows, nil
		})
}

func yes(enabled bool) string {
	if enabled {
		return "yes"
	}
	return "no"
}

// catalogCommand is the command that does something to an entry of the catalog. id is written as a word of it.
func catalogCommand(act, kind, id string) string {
	thing := map[string]string{"services": "service", "endpoints": "endpoint", "regions": "region", "groups": "endpoint group"}[kind]
	how := map[string]string{
		"create services": "--name NAME TYPE", "create endpoints": "--region REGION SERVICE INTERFACE URL", "create regions": "--description TEXT ID", "create groups": "NAME FILE",
		"set services": "--name NAME ", "set endpoints": "--url URL ", "set regions": "--description TEXT ", "set groups": "--name NAME ",
	}[act+" "+kind]
	return "openstack " + thing + " " + act + " " + how + id
}

func (v *visit) newEntry() error {
	caller, kind, services, err := v.catalogCaller()
	if err != nil {
		return err
	}
	if !v.p.Catalog.MayChange(v.Context(), caller) {
		return identity.NotAllowed("identity:create_" + strings.TrimSuffix(kind, "s"))
	}
	pg := v.entryForm(kind, nil, services)
	for _, k := range v.catalogKinds() {
		if k.kind == kind {
			pg.Title, pg.Do = k.add, k.add
		}
	}
	pg.Lead = v.T("Clients find it from their next login on.")
	pg.Terminal = []string{catalogCommand("create", kind, "")}
	return v.saveEntry(pg, kind, func() error { return v.putEntry(caller, kind, "", pg) })
}

// saveEntry does what a form asks for. What is wrong stands beside it.
func (v *visit) saveEntry(pg *entryPage, kind string, save func() error) (err error) {
	if v.Method == get {
		return v.show(http.StatusOK, "entry", pg)
	}
	if len(pg.Fields) == 0 && pg.Problem != "" {
		return v.show(http.StatusConflict, "entry", pg)
	}
	if len(pg.Fields) == 0 {
		if pg.Problem, err = v.refusal(save()); err != nil {
			return err
		}
	}
	if len(pg.Fields) > 0 || pg.Problem != "" {
		return v.show(http.StatusUnprocessableEntity, "entry", pg)
	}
	v.redirect(atCatalog + kind + "?done=saved")
	return nil
}

// putEntry makes an entry of the catalog, or changes the one of an id.
func (v *visit) putEntry(caller identity.Caller, kind, id string, pg *entryPage) (err error) {
	c, ctx := v.p.Catalog, v.Context()
	switch kind {
	case "services":
		extra := identity.Extra{"name": pg.of("name"), "description": pg.of("description")}
		if id == "" {
			_, err = c.CreateService(ctx, caller, identity.Service{Type: pg.of("type"), Enabled: pg.of("enabled") != "no", Extra: extra})
			return err
		}
		_, err = c.UpdateService(ctx, caller, identity.ServiceID(id), catalog.ServiceUpdate{Type: identity.Some(pg.of("type")), Enabled: identity.Some(pg.of("enabled") != "no"), Extra: extra})
	case "endpoints":
		u := catalog.EndpointUpdate{ServiceID: identity.Some(identity.ServiceID(pg.of("service"))), Interface: identity.Some(pg.of("interface")), URL: identity.Some(pg.of("url")),
			Enabled: identity.Some(pg.of("enabled") != "no"), RegionID: identity.Null[identity.RegionID]()}
		if region := pg.of("region"); region != "" {
			u.RegionID = identity.Some(identity.RegionID(region))
		}
		if id == "" {
			_, err = c.CreateEndpoint(ctx, caller, u)
			return err
		}
		_, err = c.UpdateEndpoint(ctx, caller, identity.EndpointID(id), u)
	case "regions":
		if id == "" {
			_, err = c.CreateRegion(ctx, caller, identity.Region{ID: identity.RegionID(pg.of("id")), ParentRegionID: identity.RegionID(pg.of("parent")), Description: pg.of("description")})
			return err
		}
		_, err = c.UpdateRegion(ctx, caller, identity.RegionID(id), catalog.RegionUpdate{ParentRegionID: identity.Some(identity.RegionID(pg.of("parent"))), Description: identity.Some(pg.of("description"))})
	default:
		filters := map[string]any{}
		for key, name := range map[string]string{"service_id": "service", "interface": "interface", "region_id": "region"} {
			if value := pg.of(name); value != "" {
				filters[key] = value
			}
		}
		if len(filters) == 0 {
			pg.Fields["service"] = v.T("Choose a service, an interface or a region.")
			return nil
		}
		if id == "" {
			_, err = c.CreateEndpointGroup(ctx, caller, identity.EndpointGroup{Name: pg.of("name"), Description: optional(pg.of("description")), Filters: filters})
			return err
		}
		_, err = c.UpdateEndpointGroup(ctx, caller, identity.EndpointGroupID(id), catalog.EndpointGroupUpdate{Name: identity.Some(pg.of("name")), Description: identity.Some(pg.of("description")), Filters: identity.Some(filters)})
	}
	return err
}

// loadEntry is what stands in an entry of the catalog, and what it is called.
func (v *visit) loadEntry(caller identity.Caller, kind, id string) (was url.Values, called string, err error) {
	c, ctx := v.p.Catalog, v.Context()
	switch kind {
	case "services":
		s, err := c.Service(ctx, caller, identity.ServiceID(id))
		about, _ := s.Extra["description"].(string)
		return url.Values{"type": {s.Type}, "name": {s.Name()}, "description": {about}, "enabled": {yes(s.Enabled)}}, cmp.Or(s.Name(), s.Type), err
	case "endpoints":
		e, err := c.Endpoint(ctx, caller, identity.EndpointID(id))
		return url.Values{"service": {string(e.ServiceID)}, "interface": {e.Interface}, "url": {e.URL}, "region": {string(e.RegionID)}, "enabled": {yes(e.Enabled)}}, e.URL, err
	case "regions":
		r, err := c.Region(ctx, caller, identity.RegionID(id))
		return url.Values{"id": {string(r.ID)}, "parent": {string(r.ParentRegionID)}, "description": {r.Description}}, string(r.ID), err
	}
	g, err := c.EndpointGroup(ctx, caller, identity.EndpointGroupID(id))
	value := func(key string) string { s, _ := g.Filters[key].(string); return s }
	return url.Values{"name": {g.Name}, "description": {text(g.Description)}, "service": {value("service_id")}, "interface": {value("interface")}, "region": {value("region_id")}}, g.Name, err
}

func (v *visit) editEntry() error {
	caller, kind, services, err := v.catalogCaller()
	if err != nil {
		return err
	}
	if !v.p.Catalog.MayChange(v.Context(), caller) {
		return identity.NotAllowed("identity:update_" + strings.TrimSuffix(kind, "s"))
	}
	id := v.PathValue("id")
	was, called, err := v.loadEntry(caller, kind, id)
	if err != nil {
		return err
	}
	pg := v.entryForm(kind, was, services)
	var now []string
	for _, in := range pg.Inputs {
		now = append(now, was.Get(in.Name))
	}
	pg.Problem = pg.meanwhile(v, now...)
	pg.Title, pg.Do, pg.Lead = v.F("Edit %s", called), v.T("Save"), v.T("Clients find the change from their next login on.")
	pg.Terminal = []string{catalogCommand("set", kind, operand(id))}
	return v.saveEntry(pg, kind, func() error { return v.putEntry(caller, kind, id, pg) })
}

func (v *visit) deleteEntry() error {
	caller, kind, _, err := v.catalogCaller()
	if err != nil {
		return err
	}
	if !v.p.Catalog.MayChange(v.Context(), caller) {
		return identity.NotAllowed("identity:delete_" + strings.TrimSuffix(kind, "s"))
	}
	c, id := v.p.Catalog, v.PathValue("id")
	_, called, err := v.loadEntry(caller, kind, id)
	if err != nil {
		return err
	}
	out := &actPage{Typed: called, Do: v.T("Delete it"), Back: Prefix + atCatalog + kind}
	out.Section, out.Title, out.Lead = "catalog", v.F("Delete %s?", called), v.T("It cannot be brought back.")
	out.Terminal = []string{catalogCommand("delete", kind, operand(id))}
	switch kind {
	case "services":
		found, err := c.Endpoints(v.Context(), caller, identity.Query{Limit: sizes[len(sizes)-1]}.Where("service_id", id))
		if err != nil {
			return err
		}
		out.Means = []string{v.N(len(found.Items), "%d endpoint of it is deleted, too.", "%d endpoints of it are deleted, too."), v.T("Clients do not find the service any more, and tools that use it fail.")}
	case "regions":
		out.Means = []string{v.T("The regions below it are deleted, too."), v.T("It is refused while an endpoint stands in one of them.")}
	case "endpoints":
		out.Means = []string{v.T("Clients that use this interface do not find the service any more.")}
	default:
		out.Means = []string{v.T("Projects that the group was given to lose its endpoints. Those that were given nothing else see all of them again.")}
	}
	return v.decide(out, func() (string, error) {
		var err error
		switch kind {
		case "services":
			err = c.DeleteService(v.Context(), caller, identity.ServiceID(id))
		case "endpoints":
			err = c.DeleteEndpoint(v.Context(), caller, identity.EndpointID(id))
		case "regions":
			err = c.DeleteRegion(v.Context(), caller, identity.RegionID(id))
		default:
			err = c.DeleteEndpointGroup(v.Context(), caller, identity.EndpointGroupID(id))
		}
		return atCatalog + kind + "?done=deleted", err
	})
}
