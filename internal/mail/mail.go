// Package mail writes mails in their reader's language and brings them to a mail server.
//
// A mail is put into the outbox, a table, by the transaction of what it tells of, so that it is sent if and only if that
// happened. It waits there sealed, since most mails hold a link that opens something. One node at a time delivers: a mail is
// kept until the mail server has taken it, over restarts and for days in which the server cannot be reached.
//
// What a mail tells a user is kept as a notice, too, which they read in the portal: without a mail server they have nothing else.
package mail

import (
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"net/mail"
	"path"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"time"
	"unicode"

	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/telemetry"
	"github.com/lintel-id/lintel/internal/token"
)

// Office writes mails and puts them into the outbox. All fields are set once.
type Office struct {
	Cloud  string     // what the cloud is called
	URL    string     // of the portal, without a slash at the end
	Keys   token.Keys // seal what waits
	Access bool       // tell people when what they may do changes
	Sends  bool       // there is a mail server; else people are told in the portal alone
}

// Kind is what a mail is about: its template's name in the folder of each language.
type Kind string

// The kinds of mails, with their ids in the list of mails.
const (
	Invite        Kind = "invite"         // M1
	InviteChanged Kind = "invite-changed" // M1b
	InviteGone    Kind = "invite-gone"    // M1c
	Accepted      Kind = "accepted"       // M2
	Declined      Kind = "declined"       // M3
	Reset         Kind = "reset"          // M5

	ResetElsewhere  Kind = "reset-elsewhere"  // M5b
	ResetUnknown    Kind = "reset-unknown"    // M5c
	PasswordChanged Kind = "password-changed" // M8

	AccountMade Kind = "account-made" // M2b

	AccessGone    Kind = "access-gone"    // M4
	AccessChanged Kind = "access-changed" // M4b
	AccessByGroup Kind = "access-group"   // M4c

	Expiring Kind = "expiring" // M14
	Rotate   Kind = "rotate"   // M15
	Contact  Kind = "contact"  // M17
	Notice   Kind = "notice"   // to contacts

	Instead Kind = "instead" // somebody with another address wants to be let in

	Asked Kind = "asked" // for a new invitation, by whom one was sent that has ended

	Guessed        Kind = "guessed"         // wrong codes came after the right password
	NewDevice      Kind = "new-device"      // M10
	RecoveryUsed   Kind = "recovery-used"   // M11
	FactorChanged  Kind = "factor-changed"  // M12
	FactorOff      Kind = "factor-off"      // M12, with a link that undoes it
	FactorUndone   Kind = "factor-undone"   // to administrators: that link was used
	FactorRequired Kind = "factor-required" // M19
	CredentialMade Kind = "credential-made" // M13
	AddressOld     Kind = "address-old"     // M9a
	AddressChanged Kind = "address-changed" // by an administrator, to the old one
	AddressNew     Kind = "address-new"     // M9b
	Suspended      Kind = "suspended"       // M18
	SignUp         Kind = "signup"          // M6: prove the address
	SignUpWaits    Kind = "signup-waits"    // M7: to those who let people in
	SignUpDenied   Kind = "signup-denied"
	GrantAsked     Kind = "grant-asked" // somebody must agree to a grant
	GrantAnswered  Kind = "grant-answered"
	RulesChanged   Kind = "rules-changed" // M20
)

// Topics are what mails are about that people may do without, by the words for them.
var Topics = []string{"invitations", "requests"}

// topicOf are the topics of kinds; the others come whatever people chose.
var topicOf = map[Kind]string{Accepted: "invitations", Declined: "invitations", GrantAsked: "requests"}

// What a FactorChanged mail tells of.
const (
	FactorOn         = "on"
	FactorReplaced   = "replaced"
	FactorReset      = "reset" // by an administrator
	FactorResetAsked = "asked" // by an administrator, to which another must agree
	FactorGone       = "gone"  // taken away by one, and cannot be set up anew
	PasskeyAdded     = "passkey"
	PasskeyRemoved   = "passkey-removed"
	NewCodes         = "codes"
	SeedAdded        = "seed" // by the API
	SeedRemoved      = "seed-removed"
	RulesByOthers    = "rules" // an administrator set the rules of the account
	NoRulesByOthers  = "no-rules"
	FactorBack       = "back" // it was switched off, which was undone by a mail
)

// What a FactorRequired mail tells of when a project asks for a second factor, which counts at once.
const (
	OfProject       = "project"        // the account has none
	OfProjectRobots = "project-robots" // it has one, and some of what logs in for it was made without
)

// Values are what a mail tells, as far as its kind tells it.
type Values struct {
	To      string // the reader's address
	Link    string // the one link, from the portal's path on
	Code    string // that does the same
	By      string // who did it
	Name    string // of an account
	Address string // of somebody else
	Project string
	Domain  string
	Roles   []string
	Words   string     // what somebody wrote
	Quote   string     `json:"-"` // the same, line by line, as the office makes it
	Ends    *time.Time // of the access; when a credential was used last
	Until   time.Time  // of the link
	At      time.Time
	From    string // the address and browser that something was asked from
	Request string // its id
	Act     string // what of several was done, one of the words of the kind
	Asked   string // for what somebody must agree to: to join a group, "join", to invite somebody, "invite", to grant on all "below" something, or to take roles back, "revoke" or "revoke-below"
	Count   int
	Group   string  // through which somebody has, or had, their access
	Places  []Place // where it has changed
	Ask     string  // whom to ask about it
	Robots  []Robot // what logs in for the reader and stops; Count is how many more

	Cloud string // as the office is told
}

// Robot is something that logs in for somebody.
type Robot struct {
	Kind string // as identity.Robot has it
	Name string // of an application credential
}

// Message is a mail that is ready to be sent.
type Message struct {
	To, Lang, Subject, Text, HTML string

	Unsubscribe string // the page where the reader ends mails like this; empty for none
}

//go:embed templates/*/*.txt
var files embed.FS

// templates are by language and kind. The first line of a template is the subject; paragraphs follow.
var templates = loadTemplates()

func loadTemplates() map[string]*template.Template {
	all := map[string]*template.Template{}
	err := fs.WalkDir(files, "templates", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		key := strings.TrimSuffix(strings.TrimPrefix(name, "templates/"), ".txt")
		all[key] = template.Must(template.New(key).Funcs(words[path.Dir(key)].functions()).Parse(string(text)))
		return nil
	})
	if err != nil {
		panic(err)
	}
	return all
}

// language says what templates do not: days and lists.
type language struct {
	and, day, moment, nothing, until            string
	project, domain, system, below, belowDomain string
	months                                      []string
}

var words = map[string]language{
	"en": {
		" and ", "%d %s %d", "%s, %s UTC", "nothing", "%s (until %s)",
		"Project %s", "Domain %s", "The whole system", "All projects below %s", "All projects of the domain %s",
		strings.Fields("January February March April May June July August September October November December"),
	},
	"de": {
		" und ", "%d. %s %d", "%s, %s Uhr UTC", "nichts", "%s (bis %s)",
		"Projekt %s", "Domäne %s", "Das ganze System", "Alle Projekte unter %s", "Alle Projekte der Domäne %s",
		strings.Fields("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
	},
}

// Language is one that mails are written in: the one that is asked for if there is one, else English.
func Language(wanted string) string {
	if _, ok := words[wanted]; ok {
		return wanted
	}
	return "en"
}

func (l language) functions() template.FuncMap {
	day := func(t time.Time) string {
		t = t.UTC()
		return fmt.Sprintf(l.day, t.Day(), l.months[t.Month()-1], t.Year())
	}
	moment := func(t time.Time) string { return fmt.Sprintf(l.moment, day(t), t.UTC().Format("15:04")) }
	enumerate := func(all []string) string {
		if len(all) < 2 {
			return strings.Join(all, "")
		}
		return strings.Join(all[:len(all)-1], ", ") + l.and + all[len(all)-1]
	}
	return template.FuncMap{
		"day": day, "moment": moment, "list": enumerate,
		"held": func(all []Held) string {
			var names []string
			for _, h := range all {
				if !h.Until.IsZero() {
					h.Role = fmt.Sprintf(l.until, h.Role, moment(h.Until))
				}
				names = append(names, h.Role)
			}
			return cmp.Or(enumerate(names), l.nothing)
		},
		"place": func(p Place) string {
			switch {
			case p.Name == "":
				return l.system
			case p.Below && p.Domain:
				return fmt.Sprintf(l.belowDomain, p.Name)
			case p.Below:
				return fmt.Sprintf(l.below, p.Name)
			case p.Domain:
				return fmt.Sprintf(l.domain, p.Name)
			}
			return fmt.Sprintf(l.project, p.Name)
		},
	}
}

// Write makes a mail of a kind.
func (o *Office) Write(kind Kind, lang string, v Values) (Message, error) {
	lang = Language(lang)
	if v.Link != "" {
		v.Link = o.URL + v.Link
	}
	subject, text, err := o.compose(kind, lang, v)
	if err != nil {
		return Message{}, err
	}
	m := Message{To: v.To, Lang: lang, Subject: subject, Text: text + "\n"}
	m.HTML = page(lang, m, v.Link)
	if topicOf[kind] != "" {
		m.Unsubscribe = o.URL + "/profile"
	}
	if kind == Notice {
		m.Unsubscribe = v.Link
	}
	return m, nil
}

// compose fills a template with values, and returns its first line and the rest.
func (o *Office) compose(kind Kind, lang string, v Values) (subject, text string, err error) {
	v.Cloud, v.By, v.Name, v.Project, v.Domain, v.From = inert(o.Cloud), inert(v.By), inert(v.Name), inert(v.Project), inert(v.Domain), inert(v.From)
	v.Quote, v.Words = quote(v.Words), inert(v.Words)
	v.Group, v.Ask, v.Places = inert(v.Group), inert(v.Ask), inertPlaces(v.Places)
	roles := make([]string, len(v.Roles))
	for i, r := range v.Roles {
		roles[i] = inert(r)
	}
	v.Roles, v.Robots = roles, slices.Clone(v.Robots)
	for i := range v.Robots {
		v.Robots[i].Name = inert(v.Robots[i].Name)
	}
	t := templates[lang+"/"+string(kind)]
	if t == nil {
		return "", "", fmt.Errorf("there is no mail %s in %s", kind, lang)
	}
	var out strings.Builder
	if err := t.Execute(&out, v); err != nil {
		return "", "", err
	}
	subject, text, _ = strings.Cut(out.String(), "\n")
	return subject, strings.TrimSpace(text), nil
}

// inert is text that others chose, on one line, in the direction that its letters have, and without what mail programs take for the
// address of a page. S-116
func inert(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, text)
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	text = strings.ReplaceAll(text, "://", ": //")
	text = webName.ReplaceAllString(text, "$1 .")
	if runes := []rune(text); len(runes) > maxText {
		text = string(runes[:maxText]) + "…"
	}
	return text
}

// webName begins the names of hosts that mail programs make links of.
var webName = regexp.MustCompile(`(?i)\b(www)\.`)

// maxText is the most characters of what others chose.
const maxText = 500

// quote is what others wrote in its lines, each of them inert and marked as theirs. S-116
func quote(text string) string {
	if runes := []rune(text); len(runes) > maxText {
		text = string(runes[:maxText]) + "…"
	}
	var lines []string
	for line := range strings.Lines(strings.TrimSpace(text)) {
		if line = inert(line); line != "" || len(lines) > 0 && lines[len(lines)-1] != ">" {
			lines = append(lines, strings.TrimSpace("> "+line))
		}
	}
	return strings.Join(lines, "\n")
}

// unquote is the text of a paragraph that quote made.
func unquote(part string) (text string, quoted bool) {
	if !strings.HasPrefix(part, ">") {
		return part, false
	}
	lines := strings.Split(part, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(strings.TrimPrefix(line, ">"), " ")
	}
	return strings.Join(lines, "\n"), true
}

// page is the text with the least markup that mail programs show well: paragraphs, what somebody wrote, the link.
func page(lang string, m Message, link string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<!doctype html><html lang="%s"><head><meta charset="utf-8"><title>%s</title></head>`, lang, html.EscapeString(m.Subject))
	b.WriteString(`<body style="font:16px/1.5 system-ui,sans-serif;max-width:36em;margin:1.5em auto;padding:0 1em">` + "\n")
	for part := range strings.SplitSeq(strings.TrimSpace(m.Text), "\n\n") {
		said, quoted := unquote(part)
		foot, isFoot := strings.CutPrefix(part, "-- \n")
		switch {
		case part == link && link != "":
			fmt.Fprintf(&b, `<p><a href="%s">%s</a></p>`, html.EscapeString(link), html.EscapeString(link))
		case quoted:
			fmt.Fprintf(&b, `<blockquote>%s</blockquote>`, strings.ReplaceAll(html.EscapeString(said), "\n", "<br>"))
		case isFoot:
			fmt.Fprintf(&b, `<hr><p style="font-size:13px">%s</p>`, html.EscapeString(foot))
		default:
			fmt.Fprintf(&b, `<p>%s</p>`, html.EscapeString(part))
		}
		b.WriteByte('\n')
	}
	b.WriteString("</body></html>\n")
	return b.String()
}

// Tell puts a mail to a user into the outbox, in their language, and keeps a notice of it: what happened to their account, which they are to
// know whatever they chose. Where the request came from is filled in.
func (o *Office) Tell(ctx context.Context, tx *store.Tx, kind Kind, u identity.User, v Values) error {
	if o == nil {
		return nil
	}
	v.To, _ = u.Extra["email"].(string)
	v.At, v.Request, v.From = tx.Now(), telemetry.RequestID(ctx), from(ctx)
	if v.Name == "" {
		v.Name = u.Name
	}
	told, err := tx.Use(ctx, v.At.Add(time.Hour), "told", string(kind), string(u.ID))
	if err != nil || told > perHour {
		return err
	}
	mailed := o.Sends && isAddress(v.To)
	if err := o.keep(ctx, tx, kind, u.ID, v, mailed); err != nil || !mailed {
		return err
	}
	p, err := tx.Profile(ctx, u.ID)
	if err != nil {
		return err
	}
	_, err = o.put(ctx, tx, kind, p.Language, v)
	return err
}

// Inform puts a mail to a user into the outbox, in their language, and keeps a notice of it, unless they do without mails of its topic.
func (o *Office) Inform(ctx context.Context, tx *store.Tx, kind Kind, u identity.User, v Values) error {
	if o == nil {
		return nil
	}
	p, err := tx.Profile(ctx, u.ID)
	if err != nil || slices.Contains(p.Muted, topicOf[kind]) {
		return err
	}
	v.To, _ = u.Extra["email"].(string)
	v.At, v.Request = tx.Now(), telemetry.RequestID(ctx)
	told, err := tx.Use(ctx, v.At.Add(24*time.Hour), "notice to", string(u.ID))
	if err != nil || told > perDay {
		return err
	}
	if err := o.keep(ctx, tx, kind, u.ID, v, o.Sends && isAddress(v.To)); err != nil {
		return err
	}
	_, err = o.Post(ctx, tx, kind, p.Language, v)
	return err
}

// Called is a user's name with how they call themselves, which is marked as that, and their address.
func Called(u identity.User) string {
	called := u.Name
	if name := u.DisplayName(); name != "" {
		called += " “" + quoteMarks.Replace(name) + "”"
	}
	if email, _ := u.Extra["email"].(string); email != "" && email != u.Name {
		called += " (" + email + ")"
	}
	return called
}

// quoteMarks are those that could pass for the end of a quote.
var quoteMarks = strings.NewReplacer("“", "'", "”", "'", "„", "'", `"`, "'")

// Other names who acts, for a mail to a user; empty when that is the user, or nobody who has a name.
func Other(caller identity.Caller, user identity.UserID) string {
	if caller.Token == nil {
		return ""
	}
	actor, _ := caller.Token.Actor()
	if actor.ID == user {
		return ""
	}
	return actor.Name
}

// perHour is the most mails of a kind that tell a user of their account in an hour; the rest of it stands in their activity.
const perHour = 10

// from is where a request came from, in words.
func from(ctx context.Context) string {
	r := telemetry.From(ctx)
	if r == nil {
		return ""
	}
	var say []string
	if r.Client.IsValid() {
		say = append(say, r.Client.String())
	}
	browser, system := telemetry.Browser(r.Agent)
	for _, word := range []string{browser, system} {
		if word != "" {
			say = append(say, word)
		}
	}
	return strings.Join(say, ", ")
}

func isAddress(text string) bool {
	_, err := mail.ParseAddress(text)
	return err == nil
}

// Post puts a mail into the outbox and returns its id. To whom too much is sent gets none, and then there is no id.
func (o *Office) Post(ctx context.Context, tx *store.Tx, kind Kind, lang string, v Values) (id string, err error) {
	if !o.Sends || !isAddress(v.To) {
		return "", nil
	}
	sent, err := tx.Use(ctx, tx.Now().Add(24*time.Hour), "mail to", strings.ToLower(v.To))
	if err != nil || sent > perDay {
		return "", err
	}
	return o.put(ctx, tx, kind, lang, v)
}

func (o *Office) put(ctx context.Context, tx *store.Tx, kind Kind, lang string, v Values) (id string, err error) {
	m, err := o.Write(kind, lang, v)
	if err != nil {
		return "", err
	}
	sealed, err := o.Seal(m)
	if err != nil {
		return "", err
	}
	return tx.QueueMail(ctx, sealed)
}

// perDay is the most mails to one address in a day.
const perDay = 20

// Seal writes something down so that only who has the keys of the office can read it.
func (o *Office) Seal(v any) (string, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	keys, err := o.Keys.Keys()
	if err != nil {
		return "", err
	}
	sealed, _, err := token.Encrypt(keys, string(plain))
	return sealed, err
}

// Open reads what Seal wrote.
func (o *Office) Open(sealed string, v any) error {
	keys, err := o.Keys.Keys()
	if err != nil {
		return err
	}
	plain, err := token.Decrypt(keys, sealed)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(plain), v)
}
