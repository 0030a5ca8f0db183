package password

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lintel-id/lintel/internal/pattern"
)

// Rules are what a new password must obey, wherever it is set. The zero value allows every text.
type Rules struct {
	// Pattern is [security_compliance] password_regex; nil means none. It has to match at the start
	// of the password, not all of it.
	Pattern *pattern.Pattern
	// Description is [security_compliance] password_regex_description: what the pattern asks for, in words.
	Description string
	// MinLength is the least number of characters.
	MinLength int
	// MaxBytes is the most bytes of UTF-8; zero means no limit. Given Hasher.Limit, no password is
	// set of which a part would not count.
	MaxBytes int
	// Blocked reports passwords that are too well known to be allowed; nil means none.
	Blocked func(password string) bool
}

// RefusedError says which rule a password breaks. Its text is that of upstream's
// PasswordRequirementsValidationError, which answers 400.
type RefusedError struct{ Detail string }

func (e *RefusedError) Error() string {
	return fmt.Sprintf("The password does not match the requirements: %s.", e.Detail)
}

// Check returns nil if the password may be set, else a RefusedError or a TooLongError.
func (r Rules) Check(password string) error {
	switch {
	case r.MaxBytes > 0 && len(password) > r.MaxBytes:
		return &TooLongError{r.MaxBytes}
	case !utf8.ValidString(password) || strings.ContainsRune(password, 0):
		return &RefusedError{"it must be UTF-8 text without NUL characters"}
	case utf8.RuneCountInString(password) < r.MinLength:
		return &RefusedError{fmt.Sprintf("it must have at least %d characters", r.MinLength)}
	case !r.matches(password):
		return &RefusedError{cmp.Or(r.Description, "None")}
	case r.Blocked != nil && r.Blocked(password):
		return &RefusedError{"it is too well known"}
	}
	return nil
}

// matches refuses a password that would keep the pattern busy for too long.
func (r Rules) matches(password string) bool {
	if r.Pattern == nil {
		return true
	}
	ok, err := r.Pattern.Match(password)
	return ok && err == nil
}
