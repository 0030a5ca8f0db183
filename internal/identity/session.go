package identity

import "time"

// Session is a sign-in to the portal: what a browser holds in the place of a token.
type Session struct {
	// Key is the SHA-256, in hex, of the secret that the browser holds. ID names the session where others may see it, and
	// stays when the key is changed.
	Key, ID string

	UserID UserID
	Proof  string // what an unscoped token would say, as auth writes it

	// Methods are those by which the user proved who they are last, where auth tells of sessions. ByRecoveryCode says that the code was
	// one that is written down.
	Methods        []string
	ByRecoveryCode bool

	CreatedAt, SeenAt, EndsAt time.Time

	// ConfirmedAt is when the user last proved who they are.
	ConfirmedAt time.Time

	Address, Agent string // where it began

	// Unread is how many notices the user has not read.
	Unread int
}
