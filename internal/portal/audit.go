package portal

import (
	"net/http"
	"net/url"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/trail"
)

var auditPages = []page{
	{method: get, path: "/cloud/audit/verify", serve: (*visit).verifyAudit},
}

// auditDay is a day of the trail with what is wrong with it, in words.
type auditDay struct {
	trail.Day
	Date  time.Time
	Fault string // the first; empty without any
}

// Shown is the day as a cell.
func (d auditDay) Shown() cell { return cell{Time: d.Date} }

func (v *visit) auditDay(d trail.Day) auditDay {
	day := auditDay{Day: d}
	day.Date, _ = time.Parse(time.DateOnly, d.Day)
	if !d.Broken() {
		return day
	}
	switch f := d.Faults[0]; {
	case f.Kind == trail.Changed:
		day.Fault = v.F("Entries under seal %d were changed.", f.Seal)
	case f.Kind == trail.Missing && f.Entry != 0:
		day.Fault = v.F("Entry %d under seal %d is missing.", f.Entry, f.Seal)
	case f.Kind == trail.Missing:
		day.Fault = v.F("Seal %d is missing.", f.Seal)
	case f.Kind == trail.Added:
		day.Fault = v.F("Entry %d was added, and no seal covers it.", f.Entry)
	case f.Kind == trail.Unlinked:
		day.Fault = v.F("Seal %d does not follow the one before.", f.Seal)
	default:
		day.Fault = v.F("Seal %d is not as it was signed.", f.Seal)
	}
	return day
}

// chainPage compares days of the trail with their seals.
type chainPage struct {
	chrome
	From, To string
	Kept     int
	Checked  time.Time // when that was done last, by the server or by anybody
	Days     []auditDay
	Broken   bool
}

// mostDays is how many days a page verifies, so that nobody waits for long.
const mostDays = 31

func (v *visit) verifyAudit() error {
	caller, err := v.onSystem()
	if err != nil {
		return err
	}
	o, err := v.p.Trail.Overview(v.Context(), caller)
	if err != nil {
		return err
	}
	now := v.p.Now().UTC()
	pg := &chainPage{From: v.field("from"), To: v.field("to"), Kept: o.Days, Checked: o.Verified}
	pg.Section, pg.Title = "cloudaudit", v.T("Verify the audit trail")
	pg.Lead = v.T("Entries are sealed within a minute or so. Here they are compared with their seals, day by day (UTC).")
	asked := pg.From != "" || pg.To != ""
	if pg.From == "" {
		pg.From = now.AddDate(0, 0, -6).Format(time.DateOnly)
	}
	if pg.To == "" {
		pg.To = now.Format(time.DateOnly)
	}
	pg.Terminal = []string{"lintel audit verify --from " + word(pg.From) + " --to " + word(pg.To)}
	if !asked {
		return v.show(http.StatusOK, "verifyaudit", pg)
	}
	days, err := trail.DaysBetween(pg.From, pg.To)
	if err != nil {
		return err
	}
	if len(days) > mostDays || len(days) == 0 {
		return identity.Invalidf("Choose between one and %d days.", mostDays)
	}
	for _, day := range days {
		d, err := v.p.Trail.Verify(v.Context(), caller, day)
		if err != nil {
			return err
		}
		pg.Days, pg.Broken = append(pg.Days, v.auditDay(d)), pg.Broken || d.Broken()
	}
	return v.show(http.StatusOK, "verifyaudit", pg)
}

// aboutSeals puts on the page of the trail what the last look at its seals found.
func (v *visit) aboutSeals(pg *trailPage, caller identity.Caller) error {
	o, err := v.p.Trail.Overview(v.Context(), caller)
	if err != nil {
		return err
	}
	pg.Kept, pg.Verify = o.Days, Prefix+"/cloud/audit/verify"
	for _, d := range o.Broken {
		pg.Broken = append(pg.Broken, v.auditDay(d))
	}
	if len(o.Broken) > 0 {
		pg.Verify += "?" + url.Values{"from": {o.Broken[0].Day}, "to": {o.Broken[0].Day}}.Encode()
	}
	return nil
}
