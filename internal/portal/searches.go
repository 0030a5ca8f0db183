package portal

import (
	"net/url"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/identity"
)

// searchPages keep searches of the audit trail (A9, D12), each person's own.
var searchPages = []page{
	{method: post, path: "/profile/searches", serve: (*visit).keepSearch},
	{method: post, path: "/profile/searches/delete", serve: (*visit).dropSearch},
}

// search is one that somebody keeps.
type search struct {
	Name, Path string
	Here       bool // it is what the page shows
}

// searches puts on a page of the trail what the reader keeps of it, and offers to keep what is looked for. Only the pages of a
// domain and of the cloud, which have more to look by, offer that.
func (v *visit) searches(pg *trailPage) error {
	path := strings.TrimPrefix(v.URL.Path, Prefix)
	if !strings.HasSuffix(path, "/audit") {
		return nil
	}
	q := v.URL.Query()
	for name := range q {
		if q[name] = slices.DeleteFunc(q[name], func(text string) bool { return text == "" }); len(q[name]) == 0 || slices.Contains([]string{"done", "format", "marker", "size"}, name) {
			q.Del(name)
		}
	}
	address := path + "?" + q.Encode()
	if len(q) > 0 {
		pg.Offer = address
		pg.Terminal = append(pg.Terminal, "lintel profile keep-search NAME "+word(address))
	}
	p, err := v.p.Membership.Profile(v.Context(), v.self())
	if err != nil {
		return err
	}
	for _, one := range p.Searches {
		if at, _, _ := strings.Cut(one.Address, "?"); at != path {
			continue
		}
		if one.Address == address {
			pg.Offer = ""
		}
		pg.Searches = append(pg.Searches, search{one.Name, Prefix + one.Address, one.Address == address})
	}
	return nil
}

func (v *visit) keepSearch() error {
	p, err := v.p.Membership.Profile(v.Context(), v.self())
	if err != nil {
		return err
	}
	address := v.field("address")
	p.Searches = append(p.Searches, identity.Search{Name: strings.Join(strings.Fields(v.field("name")), " "), Address: address})
	if err := v.p.Membership.SaveProfile(v.Context(), v.self(), p); err != nil {
		return err
	}
	v.redirect(address + "&done=saved")
	return nil
}

func (v *visit) dropSearch() error {
	p, err := v.p.Membership.Profile(v.Context(), v.self())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(p.Searches, func(one identity.Search) bool { return one.Name == v.field("name") })
	if i < 0 {
		return identity.Missing("search", v.field("name"))
	}
	path, _, _ := strings.Cut(p.Searches[i].Address, "?")
	p.Searches = slices.Delete(p.Searches, i, i+1)
	if err := v.p.Membership.SaveProfile(v.Context(), v.self(), p); err != nil {
		return err
	}
	v.redirect(path + "?" + url.Values{"done": {"deleted"}}.Encode())
	return nil
}
