package identity

import (
	"regexp"
	"strconv"
	"time"
)

var iso8601 = regexp.MustCompile(`^(\d{4})(?:(?:-(\d{1,2})|(\d{2}))(?:(?:-(\d{1,2})|(\d{2}))` +
	`(?:[ T](\d{2})(?::?(\d{2}))?(?::?(\d{1,2})(?:[.,](\d+))?)?(?:Z|([-+]\d{2}):?(\d{2})?)?)?)?)?$`)

// ParseTime reads a time in the forms of ISO 8601 that Keystone takes in queries, cut to microseconds (parse_isotime in
// oslo_utils/timeutils.py). What is left out at the end is the earliest time that fits; without a zone it is UTC. It
// tells whether text is such a time.
func ParseTime(text string) (time.Time, bool) {
	m := iso8601.FindStringSubmatch(text)
	if m == nil || m[3] != "" && m[4] == "" && m[5] == "" { // YYYYMM could be YYMMDD
		return time.Time{}, false
	}
	part := func(absent int, texts ...string) int {
		for _, t := range texts {
			if t != "" {
				n, _ := strconv.Atoi(t) // digits and a sign, few
				return n
			}
		}
		return absent
	}
	year, month, day := part(0, m[1]), part(1, m[2], m[3]), part(1, m[4], m[5])
	hour, minute, second := part(0, m[6]), part(0, m[7]), part(0, m[8])
	micros := part(0, (m[9] + "000000")[:6])
	zone := part(0, m[10])*60 + part(0, m[10][:min(1, len(m[10]))]+m[11])
	at := time.Date(year, time.Month(month), day, hour, minute, second, micros*1000, time.UTC)
	if year == 0 || at.Year() != year || int(at.Month()) != month || at.Day() != day || hour > 23 || minute > 59 || second > 59 ||
		zone <= -24*60 || zone >= 24*60 {
		return time.Time{}, false
	}
	at = at.Add(-time.Duration(zone) * time.Minute)
	return at, 1 <= at.Year() && at.Year() <= 9999
}
