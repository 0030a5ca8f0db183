package httpapi

import "github.com/lintel-id/lintel/internal/authz"

// Route is a row of the table of routes, for tests.
type Route struct {
	Method, Path string
	Open         bool
	Actions      []authz.Action
}

// Routes returns the table of routes.
func Routes() (all []Route) {
	for _, rt := range routes() {
		all = append(all, Route{rt.method, rt.path, rt.open != "", rt.actions})
	}
	return all
}
