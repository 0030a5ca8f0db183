package identity

// Profile is what somebody chose for themselves in the portal. The zero value leaves it to their browser.
type Profile struct {
	Language string   // a tag such as "de"; empty for the browser's
	Zone     string   // of time, as "Europe/Berlin"; empty for the browser's
	Theme    string   // light or dark; empty for the device's
	Muted    []string // topics of mails that they do not want

	Searches []Search // of the audit trail, that they want to make again
}

// Search is one of the audit trail that somebody gave a name.
type Search struct {
	Name    string `json:"name"`
	Address string `json:"address"` // in the portal: "/cloud/audit?class=access"
}
