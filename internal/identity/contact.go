package identity

import "time"

// Contact is an address that gets mails about a project and belongs to no account: nobody signs in with it, and no password is reset
// by it.
type Contact struct {
	ID        string
	ProjectID ProjectID
	Name      string
	Address   string
	Topics    []string // some of ContactTopics
	Language  string   // of the mails
	CreatedAt time.Time

	// VerifiedAt is when somebody who reads the mails of the address agreed; zero until then, and until then nothing is sent.
	VerifiedAt time.Time
}

// ContactTopics are what contacts can be told about.
var ContactTopics = []string{"billing", "maintenance", "security", "quota"}
