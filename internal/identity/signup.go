package identity

import "time"

// SignUpState is what has become of a wish for an account.
type SignUpState string

// The states of a wish for an account.
const (
	SignUpOpen     SignUpState = "open"
	SignUpApproved SignUpState = "approved"
	SignUpRefused  SignUpState = "refused"
)

// SignUp is a wish for an account with a project of its own, by somebody who has proved their address.
type SignUp struct {
	ID        string
	Address   string
	Name      string // of the user
	Project   string // its name
	Reason    string
	Language  string
	State     SignUpState
	CreatedAt time.Time
	DeciderID UserID
	DecidedAt time.Time // zero while open
	Answer    string    // why it was refused
}
