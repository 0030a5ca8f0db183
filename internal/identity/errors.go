package identity

import (
	"fmt"
	"time"
	"unicode/utf8"
)

// Kind is the coarse reason of a failure. Each kind is itself an error, so errors.Is(err, identity.NotFound) asks for
// one, however deep it is wrapped.
type Kind int

// The kinds, with the HTTP status that the API answers.
const (
	Internal         Kind = iota // 500: never made by hand; what is not an *Error is internal
	BadRequest                   // 400
	Unauthorized                 // 401
	Forbidden                    // 403
	NotFound                     // 404
	MethodNotAllowed             // 405
	Conflict                     // 409
	Gone                         // 410
	TooLarge                     // 413
	TooManyRequests              // 429
	Unavailable                  // 503
)

var kindNames = [...]string{
	"internal error", "bad request", "unauthorized", "forbidden", "not found", "method not allowed", "conflict", "gone",
	"too large", "too many requests", "unavailable",
}

func (k Kind) Error() string { return kindNames[k] }

// Error is a failure that the client may be told about.
type Error struct {
	Kind Kind

	// Message is what the client reads, in upstream's words.
	Message string

	// Format and Args are what Message was put together from, for readers of another language; of a conflict, its reason alone. Not all
	// errors have them.
	Format string
	Args   []any

	// Detail is the real reason behind a 401 or 403, for the log. The client sees it only under
	// [DEFAULT] insecure_debug.
	Detail string

	// RetryAfter is how long to wait before trying again; 0 says nothing. For TooManyRequests and Unavailable.
	RetryAfter time.Duration

	// Methods are the methods that could be used instead, answered beside an unsupported one. Empty but not nil, they say
	// that the failure is one of a method, and no more.
	Methods []string

	// Err is the cause, for the log.
	Err error
}

func (e *Error) Error() string {
	s := e.Message
	if e.Detail != "" {
		s += " (" + e.Detail + ")"
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap lets errors.Is find both the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// Word is among the Args of an Error what is no name and no number, but words of ours, which have another language, too.
type Word string

// Failf is an error with the message given.
func Failf(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...), Format: format, Args: args}
}

// Missing is the 404 for an entity, named as upstream names it: "user", "project", "Identity Provider" …
func Missing[ID ~string](entity string, id ID) error {
	return Failf(NotFound, "Could not find %s: %s.", Word(entity), id)
}

// NoMarker is a 404 for a page that is to begin behind something that is not there.
func NoMarker(marker string) error {
	return Failf(NotFound, "Marker %s could not be found.", marker)
}

// Invalidf is a 400 with the message given.
func Invalidf(format string, args ...any) error { return Failf(BadRequest, format, args...) }

// Fits is a 400 for text of more characters than its column holds (keystone/exception.py, StringLengthExceeded), else nil.
func Fits[S ~string](text S, column string, limit int) error {
	if utf8.RuneCountInString(string(text)) <= limit {
		return nil
	}
	return Invalidf("String length exceeded. The length of string '%s' exceeds the limit of column %s(CHAR(%d)).", string(text), column, limit)
}

// Expecting is the 400 for an attribute that is missing (keystone/exception.py, ValidationError).
func Expecting(attribute, target string) error {
	return Invalidf("Expecting to find %s in %s. The server could not comply with the request since it is either"+
		" malformed or otherwise incorrect. The client is assumed to be in error.", attribute, target)
}

// Conflictf is the 409 of upstream: "Conflict occurred attempting to store user - …."
func Conflictf(entity, format string, args ...any) error {
	e := Failf(Conflict, format, args...)
	e.Message = fmt.Sprintf("Conflict occurred attempting to store %s - %s.", entity, e.Message)
	return e
}

// Refusedf is a 403 whose reason is always safe to tell (keystone/exception.py, ForbiddenNotSecurity).
func Refusedf(format string, args ...any) error { return Failf(Forbidden, format, args...) }

// NotAllowed is the 403 of a policy decision. It names the action, or says what else there is against it, and nothing else.
func NotAllowed(action string) error {
	return Refusedf("You are not authorized to perform the requested action: %s.", Word(action))
}

// Deniedf is the 403 that hides its reason from the client unless insecure_debug is on (keystone/exception.py,
// Forbidden given a message).
func Deniedf(format string, args ...any) error {
	return &Error{
		Kind: Forbidden, Message: "You are not authorized to perform the requested action.",
		Detail: fmt.Sprintf(format, args...),
	}
}

// Unauthenticatedf is the 401 with upstream's one sentence; the reason given goes to the log.
func Unauthenticatedf(format string, args ...any) error {
	return &Error{
		Kind: Unauthorized, Message: "The request you have made requires authentication.",
		Detail: fmt.Sprintf(format, args...),
	}
}
