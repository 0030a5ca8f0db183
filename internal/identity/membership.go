package identity

import "time"

// InvitationID names an invitation where others may see it. It opens nothing.
type InvitationID string

// InvitationState is what has become of an invitation.
type InvitationState string

// The states that are stored. An open invitation may have expired.
const (
	InvitationOpen      InvitationState = "open"
	InvitationAccepted  InvitationState = "accepted"
	InvitationDeclined  InvitationState = "declined"
	InvitationCancelled InvitationState = "cancelled"
)

// Invitation offers roles on a project to whoever reads the mail of an address.
type Invitation struct {
	ID        InvitationID
	ProjectID ProjectID
	Address   string
	Roles     []RoleID
	Areas     []Area    // of the project's pages, in place of roles
	Until     time.Time // when the grants are to end; zero for never
	Words     string    // of the inviter to the invited
	Language  string

	// RequestID is of the request for what it offers, where somebody else must agree to that. It is a Draft, which was not sent, until
	// they have.
	RequestID string
	Draft     bool

	// InviterID is by whose rights the roles are granted, if they are accepted, and Scope where these rights are held.
	InviterID UserID
	Scope     Scope

	State                        InvitationState
	CreatedAt, SentAt, ExpiresAt time.Time
	DecidedAt                    time.Time // zero while open
	Sends                        int       // how often it was sent
	MailID                       string
	Waits, Bounced               bool   // the mail waits, or was refused
	Problem                      string // why it could not be accepted, for operators
	UserID                       UserID // who accepted
	AskerID                      UserID // who has the link, and asked to accept it with an account of another address
}

// Link is a one-time link: something that whoever holds its secret may do once. Digest is the SHA-256, in hex, of the secret.
type Link struct {
	Digest, Purpose, Subject, Data string
	State                          string // empty while it can be used, else used or superseded
	CreatedAt, EndsAt              time.Time
}
