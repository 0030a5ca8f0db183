package identity

import "time"

// Passkey is a key of WebAuthn by which a user shows who they are. Its secret half stays in the authenticator.
type Passkey struct {
	ID     string
	UserID UserID
	Name   string // that its user gave it
	RPID   string // the domain that it is bound to

	CredentialID []byte // what its authenticator calls it
	PublicKey    []byte // COSE (RFC 9052)
	Count        uint32 // of signatures, as far as the authenticator counts them
	Transports   []string
	MaySync      bool // its authenticator may copy it to other devices
	Synced       bool // and has

	CreatedAt time.Time
	UsedAt    time.Time // zero for never
}
