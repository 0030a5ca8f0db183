package portal

import "slices"

// Forms returns the addresses that forms of people with a session are posted to, by the table of pages.
func Forms() []string {
	var all []string
	for _, pg := range pages() {
		if pg.method == post && !pg.open {
			all = append(all, pg.path)
		}
	}
	slices.Sort(all)
	return all
}
