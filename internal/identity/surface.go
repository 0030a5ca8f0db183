package identity

// Surface says for whom an account is and where its user may sign in. Keystone knows nothing of it. The zero value is what every
// account is at first: a person's, who may sign in everywhere.
type Surface struct {
	Kind     AccountKind
	NoPortal bool // may not sign in to the portal
	NoAPI    bool // gets no token, and so enters no other service
}

// AccountKind says for whom an account is.
type AccountKind string

// The kinds of accounts.
const (
	PersonAccount  AccountKind = ""
	APIAccount     AccountKind = "api"     // a program's; see Surface
	ServiceAccount AccountKind = "service" // a service of the cloud itself, which stops when it is disabled
)

// String is the kind as it is written down.
func (k AccountKind) String() string {
	if k == PersonAccount {
		return "person"
	}
	return string(k)
}

// ParseAccountKind reads what String writes.
func ParseAccountKind(text string) (k AccountKind, ok bool) {
	switch text {
	case "person":
		return PersonAccount, true
	case "api", "service":
		return AccountKind(text), true
	}
	return k, false
}
