package portal

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

// listing is what all lists of the portal share, to be embedded in a page's struct beside chrome: they are searched, filtered,
// sorted and cut into pages on the server, by parameters of the address, and go out as CSV and JSON.
type listing struct {
	Search  string
	Finds   string   // what the search looks at; empty for a list that cannot be searched
	Crumbs  []link   // where the list stands in a tree
	Filters []filter // beside the search
	Inputs  []input  // beside them
	Columns []column
	Rows    []row
	Bulk    []bulk // what can be done to those rows that are chosen
	Acting  bool   // some rows have acts or reasons, by show

	None, Hint string // when there are no rows and nothing was asked for
	First      *link  // what to do then

	// By show:
	Pager    pager
	Narrowed bool // something was asked for
	Clear    string
	Keep     url.Values
	Sizes    []option
	Exports  []link
}

// column is a column of a list.
type column struct {
	Key    string // its name in the address and in exports
	Label  string
	Sort   string // what the list is sorted by for it; empty for a column that does not order
	Hidden bool   // unless the reader asks for it

	Shown bool
	Order string // the present one, for aria-sort
	Path  string // orders by it, or the other way round
}

// row is an entry of a list, with a cell for each column.
type row struct {
	ID, Name string
	Fixed    bool // it cannot be chosen
	Cells    []cell
	Acts     []link // what can be done to it, each with a page of its own
	Why      string // why that is not more
}

// tab is one of the lists that a page has beside each other.
type tab struct {
	entry
	Count string // how long that list is; empty where it is not told
}

// cell is one thing to know of an entry.
type cell struct {
	Text  string
	Path  string // where the text leads
	About string // below it
	State string // good, warn or bad: the text is a state
	Code  bool   // the text is for machines
	Chips []string
	Roles []heldRole
	Face  bool // the text is a person's name
	Time  time.Time
	Never string // what stands in place of a time that is not

	Moment bool // the time of day counts, too
}

// Initials stand in for a picture of whoever the cell names.
func (c cell) Initials() string { return initials(c.Text) }

// shownCell is a cell with its time in words.
type shownCell struct {
	cell
	Stamp, Day string
	Minute     string // of a moment
}

// Cell is a cell as pages show it.
func (c *chrome) Cell(of cell) shownCell {
	return shownCell{of, c.Stamp(of.Time), c.Day(of.Time), c.Moment(of.Time)}
}

// plain is the cell as it goes out of the portal.
func (c cell) plain() string {
	switch {
	case len(c.Chips) > 0:
		return strings.Join(c.Chips, ", ")
	case len(c.Roles) > 0:
		all := make([]string, len(c.Roles))
		for i, r := range c.Roles {
			if all[i] = r.Name; r.Origin != "" {
				all[i] += " (" + r.Origin + ")"
			}
		}
		return strings.Join(all, ", ")
	case !c.Time.IsZero():
		return c.Time.UTC().Format(time.RFC3339)
	}
	return c.Text
}

// filter is a choice that narrows a list.
type filter struct {
	Name, Label string
	Choices     []option
	Roles       []roleGroup // after them
}

// Chosen is what the reader chose; empty for nothing.
func (f filter) Chosen() string {
	all := f.Choices
	for _, g := range f.Roles {
		all = append(slices.Clip(all), g.Roles...)
	}
	if i := slices.IndexFunc(all, func(o option) bool { return o.Chosen }); i >= 0 {
		return all[i].Value
	}
	return ""
}

// input is a text that narrows a list.
type input struct {
	Name, Label, Value, Type string
	Rare                     bool // it stands behind the others until it is asked for
}

// input offers a field to narrow the list by, and returns what the reader typed.
func (l *listing) input(v *visit, name, label, kind string) string {
	in := input{Name: name, Label: label, Value: strings.TrimSpace(v.field(name)), Type: kind}
	l.Inputs = append(l.Inputs, in)
	return in.Value
}

// Often are the inputs that stand beside the filters.
func (l *listing) Often() []input {
	return slices.DeleteFunc(slices.Clone(l.Inputs), func(in input) bool { return in.Rare })
}

// Rarely are those that stand behind them.
func (l *listing) Rarely() []input {
	return slices.DeleteFunc(slices.Clone(l.Inputs), func(in input) bool { return !in.Rare })
}

// RareUsed tells whether the reader has looked by one of those.
func (l *listing) RareUsed() bool {
	return slices.ContainsFunc(l.Inputs, func(in input) bool { return in.Rare && in.Value != "" })
}

// option is a value of a field, with what it is called.
type option struct {
	Value, Label string
	Chosen       bool
}

// bulk is something that can be done to many.
type bulk struct {
	Label, Path string
	Danger      bool
}

// pager leads through a list.
type pager struct{ First, Next string }

// listed is a page with a list.
type listed interface {
	framed
	list() *listing
}

func (l *listing) list() *listing { return l }

// Page sizes.
var sizes = []int{25, 50, 100, 200}

const (
	perPage   = 50  // unless the reader chose otherwise
	perExport = 500 // how many entries are read at once while all are written
)

// add offers a filter by values and their labels, and returns what the reader chose.
func (l *listing) add(v *visit, name, label string, pairs ...string) string {
	f := filter{Name: name, Label: label}
	chosen := ""
	for i := 0; i+1 < len(pairs); i += 2 {
		c := option{Value: pairs[i], Label: pairs[i+1], Chosen: v.field(name) == pairs[i]}
		if c.Chosen {
			chosen = c.Value
		}
		f.Choices = append(f.Choices, c)
	}
	l.Filters = append(l.Filters, f)
	return chosen
}

// query is what the address asks of a list: search, order and place in it.
func (l *listing) query(v *visit) identity.Query {
	q := identity.Query{Limit: v.pageSize(), Marker: v.field("marker")}
	if l.Search = strings.TrimSpace(v.field("q")); l.Search != "" && l.Finds != "" {
		q.Filters = append(q.Filters, identity.Filter{Attr: "search", Value: l.Search})
	}
	wanted := v.field("sort")
	for _, c := range l.Columns {
		switch {
		case c.Sort == "":
		case c.Sort == strings.TrimPrefix(wanted, "-"):
			q.Sort = wanted
		case q.Sort == "": // the first is the one to begin with
			q.Sort = c.Sort
		}
	}
	return q
}

// pageSize is how many entries the reader wants to see at once, from now on if the address says so.
func (v *visit) pageSize() int {
	wanted := v.field("size")
	if n, err := strconv.Atoi(wanted); err == nil && slices.Contains(sizes, n) {
		v.setCookie(sizeCookie, wanted, 365*24*time.Hour)
		return n
	}
	if c, err := v.Cookie(sizeCookie); err == nil {
		if n, err := strconv.Atoi(c.Value); err == nil && slices.Contains(sizes, n) {
			return n
		}
	}
	return perPage
}

// showList reads a page of a list and shows it, or writes all of it to a file where the address asks for that. line makes rows
// of some entries at once.
func showList[T any](v *visit, name string, pg listed, q identity.Query, load func(identity.Query) (identity.Page[T], error),
	line func([]T) ([]row, error)) error {
	l := pg.list()
	read := func(q identity.Query) (rows []row, more bool, err error) {
		found, err := load(q)
		if err != nil {
			return nil, false, err
		}
		rows, err = line(found.Items)
		return rows, found.More, err
	}
	if format := v.field("format"); format == "csv" || format == "json" {
		return v.export(format, l, q, read)
	}
	rows, more, err := read(q)
	if err != nil {
		return err
	}
	l.Rows = rows
	l.Acting = slices.ContainsFunc(rows, func(r row) bool { return len(r.Acts) > 0 || r.Why != "" })
	l.lead(v, q, more)
	status := http.StatusOK
	if c := pg.frame(); len(c.Fields) > 0 || c.Problem != "" {
		status = http.StatusUnprocessableEntity
	}
	return v.show(status, name, pg)
}

// lead works out the addresses that lead on from a page of a list: with the same filters, one thing changed.
func (l *listing) lead(v *visit, q identity.Query, more bool) {
	here := v.URL.Query()
	for _, gone := range []string{"done", "format"} {
		here.Del(gone)
	}
	to := func(change ...string) string {
		next := url.Values{}
		maps.Copy(next, here)
		for i := 0; i+1 < len(change); i += 2 {
			if next.Del(change[i]); change[i+1] != "" {
				next.Set(change[i], change[i+1])
			}
		}
		return strings.TrimSuffix(v.URL.Path+"?"+next.Encode(), "?")
	}
	if q.Marker != "" {
		l.Pager.First = to("marker", "")
	}
	if more && len(l.Rows) > 0 {
		l.Pager.Next = to("marker", l.Rows[len(l.Rows)-1].ID)
	}
	shown := here["col"]
	for i := range l.Columns {
		c := &l.Columns[i]
		c.Shown = slices.Contains(shown, c.Key) || len(shown) == 0 && !c.Hidden
		if c.Sort == "" {
			continue
		}
		switch q.Sort {
		case c.Sort:
			c.Order, c.Path = "ascending", to("sort", "-"+c.Sort, "marker", "")
		case "-" + c.Sort:
			c.Order, c.Path = "descending", to("sort", c.Sort, "marker", "")
		default:
			c.Path = to("sort", c.Sort, "marker", "")
		}
	}
	for _, n := range sizes {
		text := strconv.Itoa(n)
		l.Sizes = append(l.Sizes, option{text, text, n == q.Limit})
	}
	l.Exports = append(l.Exports, []link{{"CSV", to("format", "csv", "marker", "")}, {"JSON", to("format", "json", "marker", "")}}...)
	l.Keep = url.Values{}
	for _, k := range []string{"sort", "view", "under", "by", "tab", "domain"} {
		if here.Has(k) {
			l.Keep[k] = here[k]
		}
	}
	l.Clear = strings.TrimSuffix(v.URL.Path+"?"+l.Keep.Encode(), "?")
	l.Narrowed = l.Search != "" || slices.ContainsFunc(l.Inputs, func(in input) bool { return in.Value != "" })
	for _, f := range l.Filters {
		l.Narrowed = l.Narrowed || f.Chosen() != ""
	}
}

// export writes all that a list has, page by page, so that no more than one is ever in memory.
func (v *visit) export(format string, l *listing, q identity.Query, read func(identity.Query) ([]row, bool, error)) error {
	q.Limit, q.Marker = perExport, ""
	rows, more, err := read(q)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+cmp.Or(v.URL.Path[strings.LastIndex(v.URL.Path, "/")+1:], "list")+"."+format+`"`)
	var write func([]row) error
	end := func() error { return nil }
	if format == "csv" {
		v.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		w := csv.NewWriter(v.w)
		head := []string{}
		for _, c := range l.Columns {
			head = append(head, c.Key)
		}
		if err := w.Write(head); err != nil {
			return err
		}
		write = func(rows []row) error {
			for _, r := range rows {
				line := make([]string, len(r.Cells))
				for i, c := range r.Cells {
					line[i] = harmless(c.plain())
				}
				if err := w.Write(line); err != nil {
					return err
				}
			}
			w.Flush()
			return w.Error()
		}
	} else {
		v.w.Header().Set("Content-Type", "application/json")
		next := "["
		write = func(rows []row) error {
			for _, r := range rows {
				entry := map[string]any{}
				for i, c := range r.Cells {
					entry[l.Columns[i].Key] = c.plain()
					if c.Chips != nil {
						entry[l.Columns[i].Key] = c.Chips
					}
				}
				body, err := json.Marshal(entry)
				if err != nil {
					return err
				}
				if _, err := v.w.Write(append([]byte(next+"\n"), body...)); err != nil {
					return err
				}
				next = ","
			}
			return nil
		}
		end = func() error {
			text := "\n]\n"
			if next == "[" {
				text = "[]\n"
			}
			_, err := v.w.Write([]byte(text))
			return err
		}
	}
	for {
		if err := write(rows); err != nil {
			return nil //nolint:nilerr // the reader went away
		}
		if !more || len(rows) == 0 {
			_ = end() // nobody is there to be told
			return nil
		}
		q.Marker = rows[len(rows)-1].ID
		if rows, more, err = read(q); err != nil {
			v.p.Log.ErrorContext(v.Context(), "export failed", "path", v.URL.Path, "error", err)
			panic(http.ErrAbortHandler) // the file must not look whole
		}
	}
}

// harmless keeps spreadsheets from taking text for a formula.
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// listPage is a page that is a list and nothing more.
type listPage struct {
	chrome
	listing
}

// state is a cell of whether something is enabled.
func (v *visit) state(enabled bool) cell {
	if enabled {
		return cell{Text: v.T("enabled"), State: "good"}
	}
	return cell{Text: v.T("disabled"), State: "bad"}
}

// when is a cell of a time that may not be.
func (v *visit) when(t time.Time) cell { return cell{Time: t, Never: v.T("never")} }
