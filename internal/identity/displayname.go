package identity

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDisplayName is the most characters of a display name.
const maxDisplayName = 64

// DisplayName is how users call themselves: an attribute that they choose freely, so that it stands beside the user name and never in its
// place. One that CheckDisplayName refuses is none, whoever has written it.
func (u User) DisplayName() string {
	name, _ := u.Extra["display_name"].(string)
	if CheckDisplayName(name) != nil {
		return ""
	}
	return name
}

// CheckDisplayName refuses what could pass for something else than a name: more than one line, characters that are not seen, and those that
// turn the direction of what stands around them. Nothing is no name and is not refused.
func CheckDisplayName(name string) error {
	unseen := func(r rune) bool {
		return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
	}
	if utf8.RuneCountInString(name) > maxDisplayName || !utf8.ValidString(name) || name != strings.TrimSpace(name) || strings.ContainsFunc(name, unseen) {
		return Invalidf("A display name is one line of at most %d characters, without any that are not seen.", maxDisplayName)
	}
	return nil
}
