package httpapi

import "github.com/lintel-id/lintel/internal/authz"

// Route is a row of the table of routes, for tests.
type Route struct {
	Method, Path string
	Open         bool
	Actions      []authz.Action
	Summary      string
	Answers      bool // it says what it answers, or that it answers nothing
	Successes    []int
}

// Routes returns the table of routes.
func Routes() (all []Route) {
	for _, rt := range routes() {
		all = append(all, Route{rt.method, rt.path, rt.open != "", rt.actions, rt.summary, rt.answers(), rt.successes()})
	}
	return all
}

// answers tells whether the row says what comes back. Without an answer a status must say that there is none, but for methods
// that seldom have one.
func (rt *route) answers() bool {
	return rt.answer != nil || rt.success != nil || rt.method == head || rt.method == put || rt.method == del
}
