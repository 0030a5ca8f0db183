package httpapi

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/httpapi/schema"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/telemetry"
)

// ListLimits cap lists. 0 is no cap.
type ListLimits struct {
	Max      int // [DEFAULT] max_db_limit: the most entities of one page of users, groups, projects, domains
	Default  int // [DEFAULT] list_limit
	Identity int // [identity] list_limit: users and groups
	Resource int // [resource] list_limit: projects and domains
	Role     int // [role] list_limit
	Catalog  int // [catalog] list_limit: services and endpoints
	Policy   int // [policy] list_limit
}

// request is one call of a route.
type request struct {
	*http.Request
	Caller identity.Caller

	// Body is the JSON object that was sent, Args the parameters of the URL's query. Neither is nil.
	Body, Args *schema.Object

	api   *API
	route *route

	subjectUser string // whom a login is about, for the audit record
	login       bool   // it is one, by whatever method of HTTP
}

// base is what links start with; see API.Base.
func (r *request) base() string { return r.api.Base(r.Request) }

// id returns a path argument as the kind of id asked for.
func id[ID ~string](r *request, name string) ID { return ID(r.PathValue(name)) }

var errTooLarge = &identity.Error{Kind: identity.TooLarge, Message: "Request is too large."}

// read takes body and query of the request and checks them against the route's schemas.
func (a *API) read(w http.ResponseWriter, r *request) error {
	if r.ContentLength > a.MaxBody {
		return errTooLarge
	}
	var data []byte
	var err error
	if r.Request.Body != http.NoBody {
		data, err = io.ReadAll(http.MaxBytesReader(w, r.Request.Body, a.MaxBody))
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errTooLarge
	}
	if err != nil {
		return identity.Invalidf("The body of the request could not be read.")
	}
	if r.route.form {
		r.Body, err = new(schema.Object), r.readForm(data)
	} else {
		r.Body, err = schema.Body(r.Header.Get("Content-Type"), data)
	}
	if err != nil {
		return err
	}
	r.Args = schema.Query(r.URL.RawQuery)
	if !isText(r.URL.Path) || !isText(r.URL.RawQuery) || strings.Contains(r.URL.RawQuery, "%00") {
		return identity.Invalidf("The URL holds characters that no name can have.")
	}
	r.Caller.Request = identity.RequestAttrs{Path: r.pathArgs(), Filters: r.filterArgs()}
	if r.Body.Len() > 0 {
		r.Caller.Request.Body = sync.OnceValue(func() map[string]any { return r.Body.Map() }) // logins ask no rule
	}
	if r.route.query != nil {
		if err := r.route.query.Validate(r.Args); err != nil {
			return identity.Invalidf("%s", err)
		}
	}
	if r.route.body != nil {
		if err := r.route.body.Validate(r.Body); err != nil {
			return identity.Invalidf("%s", err)
		}
	}
	return nil
}

// isText tells whether s is UTF-8 without NUL characters, which databases refuse.
func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

func (r *request) pathArgs() map[string]string {
	if len(r.route.args) == 0 {
		return nil
	}
	args := make(map[string]string, len(r.route.args))
	for _, name := range r.route.args {
		args[name] = r.PathValue(name)
	}
	return args
}

func (r *request) filterArgs() map[string]string {
	var args map[string]string
	for _, name := range r.route.filters {
		if r.Args.Has(name) {
			if args == nil {
				args = map[string]string{}
			}
			args[name] = text[string](r.Args, name)
		}
	}
	return args
}

// flag tells whether a parameter of the query is on: present with any value but "0".
func (r *request) flag(name string) bool {
	return r.Args.Has(name) && text[string](r.Args, name) != "0"
}

// text is a member that is text; empty when it is not there.
func text[S ~string](o *schema.Object, key string) S { return S(schema.Field[string](o, key).Value) }

// idField is a member that is an id or null.
func idField[ID ~string](o *schema.Object, key string) identity.Opt[ID] {
	f := schema.Field[string](o, key)
	return identity.Opt[ID]{Present: f.Present, Null: f.Null, Value: ID(f.Value)}
}

// anyID is a member that no schema has checked and that must equal an id: what is no text equals none.
func anyID[ID ~string](in *schema.Object, key string) identity.Opt[ID] {
	if f := idField[ID](in, key); f.Present || !in.Has(key) {
		return f
	}
	return identity.Some[ID]("\x00")
}

// list reads which part of a list is asked for: the route's filters, with their inexact forms (`name__icontains`),
// limit and marker. limit is the server's own cap for this list, 0 the default one and uncapped none; the smaller wins.
func (a *API) list(r *request, limit int) (identity.Query, error) {
	q := identity.Query{Limit: max(0, cmp.Or(limit, a.Lists.Default)), Marker: text[string](r.Args, "marker")}
	for key := range r.Args.All() {
		name, how, inexact := strings.Cut(key, "__")
		if !slices.Contains(r.route.filters, name) {
			continue
		}
		f := identity.Filter{Attr: name}
		if inexact && !comparison(how, &f) {
			continue
		}
		for _, f.Value = range r.Args.Values(key) {
			q.Filters = append(q.Filters, f)
		}
	}
	if t := text[string](r.Args, "limit"); t != "" {
		n, err := strconv.Atoi(strings.TrimSpace(t)) // with a sign and white space, as Python reads it
		if err != nil && !errors.Is(err, strconv.ErrRange) || n < 0 {
			return q, identity.Invalidf("Invalid input for field/attribute limit. Value: %s. It must be a whole number of 0 or more.", t)
		}
		if n > 0 && (q.Limit == 0 || n < q.Limit) {
			q.Limit = n
		}
	}
	if a.Lists.Max > 0 && q.Limit > a.Lists.Max {
		q.Limit = a.Lists.Max
	}
	return q, nil
}

// uncapped is the limit of a list of which upstream answers all that a client does not cut itself.
const uncapped = -1

// pages is list for users, groups, projects and domains: no page of them is longer than [DEFAULT] max_db_limit, whether a
// limit is asked for or not.
func (a *API) pages(r *request, limit int) (identity.Query, error) {
	q, err := a.list(r, limit)
	if q.Limit == 0 {
		q.Limit = a.Lists.Max
	}
	return q, err
}

// comparison reads the suffix of an inexact filter; an unknown one filters nothing, as upstream has it.
func comparison(how string, f *identity.Filter) bool {
	if rest, ok := strings.CutPrefix(how, "i"); ok {
		how, f.FoldCase = rest, true
	}
	switch how {
	case "equals":
		f.FoldCase = false // with or without the i
	case "contains":
		f.Compare = identity.Contains
	case "startswith":
		f.Compare = identity.StartsWith
	case "endswith":
		f.Compare = identity.EndsWith
	default:
		return false
	}
	return true
}

// Base is what links start with: public_endpoint, or where the client sees this server, and /v3
// (keystone/server/flask/common.py).
func (a *API) Base(hr *http.Request) string {
	if a.PublicEndpoint != "" {
		return strings.TrimRight(a.PublicEndpoint, "/") + "/v3"
	}
	at := telemetry.From(hr.Context())
	port := ":80"
	if at.Scheme == "https" {
		port = ":443"
	}
	return at.Scheme + "://" + strings.TrimSuffix(at.Host, port) + at.Prefix + "/v3"
}
