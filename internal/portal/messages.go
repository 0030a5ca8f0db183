package portal

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lintel-id/lintel/internal/identity"
)

//go:embed messages/*.json messages/rooms/*.json
var messageFiles embed.FS

// messages are the words of one language. English is written where it is used; the others have a catalogue that is asked
// with the English words. Of a counted thing, one and many are separated by a bar: "%d person|%d people".
type messages struct {
	Lang   string
	words  map[string]string // nil for English
	rooms  map[string]string // what rooms say when they refuse something, by its format; not all of it
	months [12]string
}

var englishMonths = [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

func loadMessages() []*messages {
	all := []*messages{{Lang: "en", months: englishMonths}}
	files, err := messageFiles.ReadDir("messages")
	if err != nil {
		panic(err)
	}
	for _, f := range files {
		if f.IsDir() {
			continue
		}
		data, err := messageFiles.ReadFile("messages/" + f.Name())
		if err != nil {
			panic(err)
		}
		m := &messages{Lang: strings.TrimSuffix(f.Name(), ".json")}
		if err := json.Unmarshal(data, &m.words); err != nil {
			panic(fmt.Sprintf("%s: %v", f.Name(), err))
		}
		if data, err = messageFiles.ReadFile("messages/rooms/" + f.Name()); err != nil {
			panic(err)
		}
		if err := json.Unmarshal(data, &m.rooms); err != nil {
			panic(fmt.Sprintf("rooms/%s: %v", f.Name(), err))
		}
		for i, name := range englishMonths {
			m.months[i] = m.T(name)
		}
		all = append(all, m)
	}
	return all
}

// language is the one that the reader chose, else the first of the browser's that there is, else English.
func (v *views) language(r *http.Request) *messages {
	var wanted []string
	if c, err := r.Cookie(langCookie); err == nil {
		wanted = append(wanted, c.Value)
	}
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		base, _, _ := strings.Cut(tag, "-")
		wanted = append(wanted, strings.ToLower(base))
	}
	for _, w := range wanted {
		for _, m := range v.languages {
			if m.Lang == w {
				return m
			}
		}
	}
	return v.languages[0]
}

// T is a text in the language.
func (m *messages) T(english string) string {
	if said, ok := m.words[english]; ok {
		return said
	}
	return english
}

// F is T with values in their places.
func (m *messages) F(english string, args ...any) string { return fmt.Sprintf(m.T(english), args...) }

// N is a text about a number of things.
func (m *messages) N(n int, one, many string) string {
	if said, ok := m.words[one+"|"+many]; ok {
		one, many, _ = strings.Cut(said, "|")
	}
	if n == 1 {
		return fmt.Sprintf(one, n)
	}
	return fmt.Sprintf(many, n)
}

// said is why a room refuses something.
func (m *messages) said(e *identity.Error) string {
	if format, ok := m.rooms[e.Format]; ok {
		args := slices.Clone(e.Args)
		for i, a := range args {
			if word, ours := a.(identity.Word); ours {
				args[i] = cmp.Or(m.rooms[string(word)], m.T(string(word)))
			}
		}
		return fmt.Sprintf(format, args...)
	}
	if text, ok := m.rooms[e.Message]; ok {
		return text
	}
	return e.Message
}

func (m *messages) day(t time.Time) string {
	return m.F("%d %s %d", t.Day(), m.months[t.Month()-1], t.Year())
}
