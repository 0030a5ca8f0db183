package identity

import "time"

// Consumer is an application that users may let act for them by OAuth 1.0a. Its id and secret sign its requests.
type Consumer struct {
	ID          ConsumerID
	Description *string // at most 64 characters
	Secret      string
	Extra       Extra
}

// RequestToken is what a consumer asks a user with to be let in (temporary credentials in RFC 5849).
type RequestToken struct {
	ID         RequestTokenID
	Secret     string
	ConsumerID ConsumerID
	ProjectID  ProjectID  // on which it wants to act
	ExpiresAt  *time.Time // nil is never

	// Who authorized it, with which roles. The verifier proves to the consumer's side that somebody did; it is empty until
	// then.
	UserID   UserID
	RoleIDs  []RoleID
	Verifier string
}

// AccessToken lets a consumer act for a user on a project, with roles that the user handed on (token credentials in
// RFC 5849).
type AccessToken struct {
	ID         AccessTokenID
	Secret     string
	ConsumerID ConsumerID
	UserID     UserID
	ProjectID  ProjectID
	RoleIDs    []RoleID
	ExpiresAt  *time.Time // nil is never
}
