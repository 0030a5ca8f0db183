package portal

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
)

// thingList is a list of what has a name, a description and little more: groups, projects, domains, roles.
func (v *visit) thingList(more ...column) listing {
	columns := append([]column{{Key: "name", Label: v.T("Name"), Sort: "name"}}, more...)
	return listing{Finds: v.T("Name, description or id"), Columns: append(columns,
		column{Key: "description", Label: v.T("Description"), Hidden: true}, column{Key: "id", Label: "ID", Hidden: true})}
}

// thingRow is a row of a thingList.
func thingRow(id, name, path, about string, more ...cell) row {
	cells := append([]cell{{Text: name, Path: path, About: about}}, more...)
	return row{ID: id, Name: name, Cells: append(cells, cell{Text: about}, cell{Text: id, Code: true})}
}

// edited is a form for what is there already. It carries what that was when the form was made, so that nobody undoes unawares what
// somebody else has changed meanwhile.
type edited struct{ Was string }

// meanwhile says what has become of what the form was made from, if somebody has changed it since. Sent once more, the form counts.
func (e *edited) meanwhile(v *visit, now ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(now, "\x00")))
	e.Was = base64.RawURLEncoding.EncodeToString(sum[:])
	if was := v.PostForm.Get("was"); v.Method != post || was == "" || was == e.Was {
		return ""
	}
	now = slices.DeleteFunc(now, func(s string) bool { return s == "" })
	return v.F("Somebody has changed this since you opened the page. It now says: %s. What you typed stands below: save it again to put it in place of that.", strings.Join(now, " · "))
}

// thingPage is the form for what has a name and a description. What was typed stays when something is wrong with it.
type thingPage struct {
	chrome
	edited
	Name, Description string
	Parent            string // the name of the project above
	HasParent         bool
	MaxName, MaxText  int      // characters of name and description that the room takes; 0 for no limit of the description
	Role              *newRole // what a new role is beside these
	Do, Back          string
}

// newRole is what can be said of a role when it is made.
type newRole struct {
	Display, Category string
	Immutable         bool
	Describe          bool // the reader may say what people are told of it
}

// readThing fills the form from what was sent, if it was.
func (v *visit) readThing(pg *thingPage) *thingPage {
	pg.Problem = pg.meanwhile(v, pg.Name, pg.Description)
	pg.MaxName = cmp.Or(pg.MaxName, longestProjectName) // which is that of domains and groups, too
	if v.Method == post {
		pg.Name, pg.Description, pg.Parent = strings.TrimSpace(v.field("name")), v.field("description"), strings.TrimSpace(v.field("parent"))
	}
	return pg
}

// saveThing does what a form asks for, and goes on to where that leads. What is wrong stands beside the form.
func (v *visit) saveThing(pg *thingPage, save func() (next string, err error)) error {
	if v.Method == get {
		return v.show(http.StatusOK, "thing", pg)
	}
	if pg.Name == "" {
		pg.Fields = problems{"name": v.T("Give it a name.")}
		return v.show(http.StatusUnprocessableEntity, "thing", pg)
	}
	if pg.Problem != "" {
		return v.show(http.StatusConflict, "thing", pg)
	}
	next, err := save()
	switch {
	case err == nil && len(pg.Fields) == 0:
		v.redirect(next)
		return nil
	case errors.Is(err, identity.Conflict):
		pg.Fields = problems{"name": v.T("This name is taken. Choose another one.")}
	case err != nil:
		if pg.Problem, err = v.refusal(err); err != nil {
			return err
		}
	}
	return v.show(http.StatusUnprocessableEntity, "thing", pg)
}

// decide asks whether something is to be done, and does it when the answer is there.
func (v *visit) decide(out *actPage, carryOut func() (next string, err error)) error {
	if v.Method == get {
		return v.show(http.StatusOK, "act", out)
	}
	if ok, err := v.typed(out); err != nil || !ok {
		return err
	}
	next, err := carryOut()
	if err == nil {
		v.redirect(next)
		return nil
	}
	if needsProof(err) {
		return errConfirm
	}
	if out.Problem, err = v.refusal(err); err != nil {
		return err
	}
	return v.show(http.StatusUnprocessableEntity, "act", out)
}

// both are the two rows of a page that is read and posted.
func both(path string, serve func(*visit) error, confirmed bool) []page {
	return []page{{method: get, path: path, serve: serve, confirmed: confirmed}, {method: post, path: path, serve: serve, confirmed: confirmed}}
}
