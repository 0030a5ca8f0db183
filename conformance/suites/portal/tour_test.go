package portal

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Tour is a walk over all pages, to look at each in light and dark, on a wide screen and on a phone.
type Tour struct {
	*Story
	axe string

	mu    sync.Mutex
	seen  map[string]bool   // paths of pages, with their ids
	shown []string          // the pictures, as a page lists them
	named map[string]string // paths by the titles of their pages
}

// look is a way to show a page.
type view struct {
	name  string
	wide  int64
	dark  bool
	whole bool // all rules are tried; else those about colours, since the others have been
}

var views = []view{{"light", 1440, false, true}, {"dark", 1440, true, false}, {"phone-dark", 360, true, true}, {"phone", 360, false, false}}

// axeScript tries a page against the rules of WCAG and good practice, and returns what it found, one a line.
const axeScript = `(async () => {
	const found = await axe.run(document, {resultTypes: ["violations"], ...(%t ? {rules: {"target-size": {enabled: true}}} : {runOnly: {type: "rule", values: ["color-contrast"]}})});
	return found.violations.flatMap((v) => v.nodes.map((n) => v.id + " (" + v.help + "): " + n.html.slice(0, 200) + " " + n.failureSummary.replace(/\s+/g, " ").slice(0, 200)));
})()`

// Look judges the page that somebody has before them, and takes its pictures: of the light wide page always, of the others
// when they are asked for.
func (tour *Tour) Look(p *Person, name string, pictures ...string) {
	tour.Helper()
	path, _, _ := strings.Cut(p.Address(), "?")
	tour.mu.Lock()
	tour.seen[path] = true
	tour.mu.Unlock()
	if status, _ := p.Came("Content-Type"); status >= 400 && status != 422 && name != "failure" {
		tour.Errorf("%s came with %d: %s", name, status, p.where())
		return
	}
	if title := see[string](p, "text", "title"); see[string](p, "text", ".side") != "" {
		tour.mu.Lock()
		if other, ok := tour.named[title]; ok && other != path {
			tour.Errorf("%s and %s are both called %q", path, other, title)
		}
		tour.named[title] = path
		tour.mu.Unlock()
	}
	p.do(evaluate(tour.axe))
	for _, v := range views {
		p.show(v)
		ctx := p.ctx
		found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](fmt.Sprintf(axeScript, v.whole), chromedp.EvalAwaitPromise))
		if err != nil {
			tour.Fatalf("%s: %v", name, err)
		}
		for _, f := range found {
			tour.Errorf("%s, %s: %s", name, v.name, f)
		}
		if over := see[float64](p, "overflow"); over > 0 {
			tour.Errorf("%s, %s: the page is %v px wider than the window", name, v.name, over)
		}
		if torn := see[[]string](p, "torn"); len(torn) > 0 {
			tour.Errorf("%s, %s: words are torn apart: %q", name, v.name, torn)
		}
		if dir := os.Getenv("LINTEL_PICTURES"); dir != "" && (v.name == "light" || slices.Contains(strings.Fields(strings.Join(pictures, " ")), v.name)) {
			if v.wide < 760 { // the menu is closed where the page is opened on a phone
				p.do(evaluate(`const menu = document.querySelector(".sheetnav"); if (menu) menu.open = false`))
			}
			file := name
			if v.name != "light" {
				file += "-" + v.name
			}
			p.picture(filepath.Join(dir, file+".png"))
			if v.name == "light" {
				title := see[string](p, "text", "h1")
				tour.mu.Lock()
				tour.shown = append(tour.shown, fmt.Sprintf("- [%s](%s.png)", title, name))
				tour.mu.Unlock()
			} else {
				tour.mu.Lock()
				tour.shown[len(tour.shown)-1] += fmt.Sprintf(", [%s](%s.png)", map[string]string{"dark": "dark", "phone": "on a phone", "phone-dark": "on a phone, dark"}[v.name], file)
				tour.mu.Unlock()
			}
			if v.wide < 760 {
				p.do(evaluate(`const menu = document.querySelector(".sheetnav"); if (menu) menu.open = true`))
			}
		}
	}
	p.do(chromedp.EmulateViewport(320, 900)) // as 1280 pixels are at 400 %, WCAG 1.4.10
	if over := see[float64](p, "overflow"); over > 0 {
		tour.Errorf("%s: the page is %v px wider than a window of 320 px", name, over)
	}
	p.do(chromedp.EmulateViewport(360, 900), evaluate(spaced))
	if over := see[float64](p, "overflow"); over > 0 {
		tour.Errorf("%s: with the reader's spacing the page is %v px wider than the window", name, over)
	}
	p.do(evaluate("document.adoptedStyleSheets = []"))
	p.show(views[0])
}

// spaced spaces the text as a reader may, WCAG 1.4.12.
const spaced = `const sheet = new CSSStyleSheet();
sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }");
document.adoptedStyleSheets = [sheet]`

// german looks at pages in the other language, and goes back to English.
func (tour *Tour) german(p *Person, stops ...stop) {
	tour.Helper()
	p.Open("/portal/profile").Choose("Language", "Deutsch").Press("Save")
	tour.visit(p, stops...)
	p.Open("/portal/profile").Choose("Sprache", "English").Press("Speichern")
}

// evaluate runs a script whose result does not matter.
func evaluate(script string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.Evaluate[bool]("(() => { "+script+"; return true; })()")(ctx, t)
		return err
	})
}

// show sets the window and the colours.
func (p *Person) show(v view) {
	p.t.Helper()
	scheme := "light"
	if v.dark {
		scheme = "dark"
	}
	p.do(chromedp.EmulateViewport(v.wide, 900))
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

// picture writes what the whole page looks like, in few colours.
func (p *Person) picture(file string) {
	p.t.Helper()
	const drawn = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))" // and as high as it is now
	must[bool](p.t)(chromedp.Run(p.ctx, chromedp.Evaluate[bool](drawn, chromedp.EvalAwaitPromise)))
	shot := call(p, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng, CaptureBeyondViewport: new(true)})
	img := must[image.Image](p.t)(png.Decode(bytes.NewReader(shot.Data)))
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, fewColours(img)); err != nil {
		p.t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// fewColours is an image in at most 256 colours: those of areas, the frequent ones of the others, but none that is hardly another
// than one before it, and each that is left out as the nearest of them.
func fewColours(img image.Image) *image.Paletted {
	count := map[color.RGBA]int{}
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			count[color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)]++
		}
	}
	all := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var palette color.Palette
	for _, c := range all {
		if len(palette) == 256 {
			break
		}
		if len(palette) == 0 || count[c] > b.Dx()*b.Dy()/1000 || apart(palette[palette.Index(c)].(color.RGBA), c) > 14 {
			palette = append(palette, c)
		}
	}
	index := make(map[color.RGBA]uint8, len(all))
	for _, c := range all {
		index[c] = uint8(palette.Index(c))
	}
	out := image.NewPaletted(b, palette)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			out.SetColorIndex(x, y, index[color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)])
		}
	}
	return out
}

// apart is how far two colours are from each other in the channel where they are most so.
func apart(a, b color.RGBA) int {
	far := func(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }
	return max(far(a.R, b.R), far(a.G, b.G), far(a.B, b.B))
}

var pathPattern = regexp.MustCompile(`(?:method: get, path: |both\()"([^"]*)"`)

// unseen are the pages of the portal that the tour has not been to, as its tables spell them.
func (tour *Tour) unseen() (missing []string) {
	files := must[[]string](tour.T)(filepath.Glob(filepath.Join(repo, "internal/portal/*.go")))
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text := must[[]byte](tour.T)(os.ReadFile(file))
		for _, m := range pathPattern.FindAllStringSubmatch(string(text), -1) {
			pattern := regexp.MustCompile("^/portal" + regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllString(regexp.QuoteMeta(m[1]), `[^/]+`) + "$")
			found := false
			for path := range tour.seen {
				found = found || pattern.MatchString(path)
			}
			if !found && !slices.Contains(noPage, m[1]) {
				missing = append(missing, m[1])
			}
		}
	}
	return missing
}

// noPage are addresses that answer with a file, or with another page.
var noPage = []string{"/terminal/{file}", "/cloud/roles/{id}/permissions.csv"}

// Every page, judged by axe-core in light and dark, as wide as a screen and as narrow as a phone.
func TestTour(t *testing.T) {
	t.Parallel()
	s := &Story{T: t, way: ways[0]}
	s.Cloud = newCloud(t, "seed", "[lintel]\nsign_up = true")
	s.seed(t)
	tour := &Tour{Story: s, seen: map[string]bool{}, named: map[string]string{}, axe: string(must[[]byte](t)(os.ReadFile(filepath.Join(peers, "axe/node_modules/axe-core/axe.min.js"))))}
	guest := s.Visitor().Open("/portal")
	tour.Look(guest, "sign-in", "dark", "phone")
	guest.Fill("User name", "ayesha").Fill("Password", "wrong").Press("Sign in")
	tour.Look(guest, "sign-in-wrong")
	guest.Press("Forgotten your password?")
	tour.Look(guest, "forgotten")
	guest.Fill("User name or e-mail", "basil").Press("Send me a link")
	tour.Look(guest, "forgotten-sent")
	guest.Open(s.Mail("basil@northwind.example", "password").Link(t))
	tour.Look(guest, "reset")
	guest.Open("/portal/code")
	tour.Look(guest, "code", "phone")
	guest.Open("/portal/signup")
	tour.Look(guest, "sign-up", "phone")
	guest.Fill("E-mail", "ines@new.example").Fill("User name", "ines").Fill("Project", "render").Fill("What for?", "A render farm").Press("Ask for the account")
	tour.Look(guest, "sign-up-sent")
	guest.Open(s.Mail("ines@new.example", "render").Link(t))
	tour.Look(guest, "prove-sign-up")
	guest.Press("Yes, it is mine")

	first := newCloud(t, "seed", "[security_compliance]\nchange_password_upon_first_use = true")
	first.User("ayesha")
	newcomer := open(t, first, ways[0]).Open("/portal")
	newcomer.Fill("User name", "ayesha").Fill("Password", secret).Press("Sign in")
	tour.Look(newcomer, "first-password")

	for _, leg := range legs {
		t.Run(leg.who, func(t *testing.T) {
			pw := secret
			if leg.who == "admin" {
				pw = password
			}
			p := open(t, s.Cloud, ways[0])
			p.Open("/portal").Fill("User name", leg.who).Fill("Password", pw).Press("Sign in")
			leg.walk(tour, p)
		})
	}
	if dir := os.Getenv("LINTEL_PICTURES"); dir != "" && !t.Failed() {
		index := "# The portal in pictures\n\nEvery page, as `conformance/run portal --pictures` took it on a cloud with some people and projects: on a wide screen in light, some in dark\n" +
			"and on a phone, too. In the order in which a guest, a member, somebody who looks after a domain and the administrator come to them.\n\n"
		if err := os.WriteFile(filepath.Join(dir, "README.md"), []byte(index+strings.Join(tour.shown, "\n")+"\n"), 0o644); err != nil {
			t.Error(err)
		}
	}
	if missing := tour.unseen(); len(missing) > 0 {
		t.Errorf("nobody looked at %q", missing)
	}
}

// legs are the parts of the tour, each as somebody walks it.
var legs = []struct {
	who  string
	walk func(tour *Tour, p *Person)
}{
	{"ayesha", (*Tour).member}, {"moira", (*Tour).manager}, {"admin", (*Tour).admin},
}

// stop is a page by its address, and the pictures that are taken of it beside the light wide one.
type stop struct{ name, path, pictures string }

func (tour *Tour) visit(p *Person, stops ...stop) {
	tour.Helper()
	for _, s := range stops {
		p.Open("/portal" + s.path)
		tour.Look(p, s.name, strings.Fields(s.pictures)...)
	}
}

func (tour *Tour) member(p *Person) {
	web := "/p/" + tour.id("projects", "acme-web")
	tour.visit(p, stop{"home", "", "dark phone"}, stop{"notices", "/notices", "dark phone phone-dark"}, stop{"profile", "/profile", ""}, stop{"security", "/security", "phone"}, stop{"password", "/security/password", ""}, stop{"end-own-tokens", "/security/tokens/end", ""},
		stop{"terminal", "/terminal", ""}, stop{"activity", "/activity", "phone"}, stop{"credentials", "/credentials", "dark phone"}, stop{"new-credential", "/credentials/new", "phone"}, stop{"new-key", "/credentials/keys/new", ""},
		stop{"project", web, ""}, stop{"permissions", web + "/permissions", ""}, stop{"settings-member", web + "/settings", ""})
	p.Open("/portal/credentials").Press("Delete", "nightly backup")
	tour.Look(p, "delete-credential")
	p.Press("Cancel").Press("Rotate", "nightly backup")
	tour.Look(p, "rotate-credential", "phone")
	p.Press("Cancel").Press("Delete", "Show the secret")
	tour.Look(p, "delete-key")
	tour.things(p)
	p.Open("/portal/credentials/new").Fill("Name", "shop monitoring").Press("Create the credential")
	tour.Look(p, "secret", "phone")
	p.Open("/portal/credentials/keys/new").Choose("Project", "acme-data").Press("Create the key").Sees("do not let you make an S3 key")
	tour.Look(p, "new-key-refused")
	p.Choose("Project", "acme-web").Press("Create the key")
	tour.Look(p, "key")
	tour.visit(p, stop{"confirm", "/confirm", ""})
	p.Fill("Password", secret).Press("Confirm") // what follows wants a fresh proof
	p.Open("/portal/credentials").PressFirst("Show the secret", "S3 and EC2 keys")
	tour.Look(p, "show-key")
	p.Press("Show the secret")
	tour.Look(p, "key-shown")
	p.Press("Security").Press("Turn on a second factor")
	tour.Look(p, "factor-consequences", "dark phone")
	p.Press("Continue with an authenticator app")
	tour.Look(p, "factor-scan", "dark phone")
	phone := scan(p)
	p.Fill("The six digits that the app shows", phone.Code()).Press("Continue")
	tour.Look(p, "factor-codes", "phone")
	codes := strings.Fields(p.Shown("codes"))
	p.Fill("Type one of them back", codes[0]).Press("Turn it on")
	tour.Look(p, "security-on", "dark")
	if isThere(tour.T, "/security/robots") {
		tour.visit(p, stop{"robots", "/security/robots", "phone"})
		p.Open("/portal/security")
	}
	p.authenticator()
	p.Press("Add a passkey")
	tour.Look(p, "passkeys-none")
	p.Press("Add a passkey")
	tour.Look(p, "new-passkey")
	p.Fill("What do you call it?", "this laptop").Press("Make the passkey")
	tour.Look(p, "passkeys", "phone")
	p.Press("Change this laptop").Press("Remove")
	tour.Look(p, "remove-passkey")
	tour.visit(p, stop{"recovery-codes", "/security/recovery-codes", ""}, stop{"factor-off", "/security/totp/remove", ""})
	q := open(tour.T, tour.Cloud, ways[0]).Open("/portal")
	q.Fill("User name", "ayesha").Fill("Password", secret).Press("Sign in")
	tour.Look(q, "verify", "phone")
	helper := open(tour.T, tour.Cloud, ways[0]).Open("/portal")
	helper.Fill("User name", "admin").Fill("Password", password).Press("Sign in")
	tour.visit(helper, stop{"reset-factor", "/d/default/users/" + tour.id("users", "ayesha") + "/factor", ""}, stop{"reset-factor-project", web + "/people/" + tour.id("users", "ayesha") + "/factor", ""})
	q.Press("Use a recovery code")
	tour.Look(q, "verify-recovery")
	p.Open("/portal/security/totp/remove").Fill("Code", phone.Code()).Press("Turn it off")
	tour.Look(q.Open(tour.Mail("ayesha@northwind.example", "turned off").Link(tour.T)), "undo-factor", "phone")
	tour.german(p, stop{"home-german", "", "phone"}, stop{"security-german", "/security", "phone"}, stop{"new-credential-german", "/credentials/new", ""})
	tour.visit(p, stop{"failure", "/nowhere", ""})
	p.Press("Account of ayesha").Press("Sign out")
	tour.Look(p, "signed-out")
}

// things are credentials of other kinds, trusts, and why somebody may do something.
func (tour *Tour) things(p *Person) {
	ayesha := tour.Login("ayesha", secret, onProject("acme-web"))
	kept := at(map[string]any(ayesha.Post("/v3/credentials", map[string]any{"credential": map[string]any{"type": "cert", "blob": "-----BEGIN CERTIFICATE-----", "user_id": ayesha.User, "project_id": tour.id("projects", "acme-web")}})), "credential.id").(string)
	trust := at(map[string]any(ayesha.Post("/v3/OS-TRUST/trusts", map[string]any{"trust": map[string]any{"trustor_user_id": ayesha.User, "trustee_user_id": tour.id("users", "gwen"), "impersonation": true,
		"project_id": tour.id("projects", "acme-web"), "roles": []any{map[string]any{"name": "member"}}}})), "trust.id").(string)
	tour.visit(p, stop{"other-credentials", "/credentials/other", "phone"}, stop{"other-credential", "/credentials/other/" + kept + "/show", ""}, stop{"delete-other-credential", "/credentials/other/" + kept + "/delete", ""},
		stop{"delete-trust", "/credentials/trusts/" + trust + "/delete", ""}, stop{"access", "/access", "phone"})
	p.Fill("What to do", "create server").Press("Ask")
	tour.Look(p, "access-found", "dark")
	p.PressFirst("Create a server", "")
	tour.Look(p, "access-answer", "phone")
	tour.visit(p, stop{"change-address", "/profile/address", ""})
	p.Fill("New e-mail address", "ayesha@new.example").Press("Send the link")
	guest := open(tour.T, tour.Cloud, ways[0]).Open(tour.Mail("ayesha@new.example", "").Link(tour.T))
	tour.Look(guest, "prove-address")
	guest.Open(tour.Mail("ayesha@northwind.example", "ayesha@new.example").Link(tour.T))
	tour.Look(guest, "undo-address")
}

func (tour *Tour) manager(p *Person) {
	web := "/p/" + tour.id("projects", "acme-web")
	d := "/d/default"
	erika := d + "/users/" + tour.id("users", "erika")
	celia, group, project := d+"/users/"+tour.id("users", "celia"), d+"/groups/"+tour.id("groups", "deployers"), d+"/projects/"+tour.id("projects", "acme-ci")
	tour.visit(p, stop{"people", web + "/people", "dark phone"}, stop{"people-inherited", web + "/people?tab=inherited", ""}, stop{"people-groups", web + "/groups", ""},
		stop{"protected-group", web + strings.TrimPrefix(group, d), ""},
		stop{"person", web + "/people/" + tour.id("users", "celia"), "phone"}, stop{"add-person", web + "/people/add", ""}, stop{"revoke", web + "/revoke?user=" + tour.id("users", "celia") + "&user=" + tour.id("users", "erika"), "phone"},
		stop{"project-activity", web + "/activity", ""}, stop{"domain-audit", d + "/audit", ""}, stop{"role-guide", web + "/roles", ""}, stop{"role-permissions", web + "/roles/" + tour.id("roles", "member"), ""}, stop{"settings", web + "/settings", ""}, stop{"project-factor", web + "/settings/factor", ""},
		stop{"users", d + "/users", "dark phone"}, stop{"new-user", d + "/users/new", "phone"}, stop{"user", celia, "dark phone"}, stop{"edit-user", erika + "/edit", ""},
		stop{"disable-user", erika + "/disable", ""}, stop{"enable-user", d + "/users/" + tour.id("users", "karl") + "/enable", ""}, stop{"delete-user", erika + "/delete", ""}, stop{"temporary-password", erika + "/password", ""},
		stop{"groups", d + "/groups", ""}, stop{"new-group", d + "/groups/new", ""}, stop{"group", group, ""}, stop{"edit-group", group + "/edit", ""}, stop{"delete-group", group + "/delete", ""},
		stop{"projects", d + "/projects", ""}, stop{"projects-tree", d + "/projects?view=tree", ""}, stop{"new-project", d + "/projects/new", ""}, stop{"domain-project", project, ""}, stop{"edit-project", project + "/edit", ""},
		stop{"disable-project", project + "/disable", ""}, stop{"delete-project", project + "/delete", ""}, stop{"assignments", d + "/assignments", "phone"}, stop{"grant", d + "/assignments/new", ""})
	p.Open("/portal"+d+"/assignments?user=celia").PressFirst("Revoke", "member")
	tour.Look(p, "revoke-assignment")
	tour.visit(p, stop{"import-users", d + "/users/import", ""})
	p.Fill("Table", "name,email,project,role\nlars,lars@northwind.example,acme-web,member\nmina,mina@northwind.example,,\nerika,erika@northwind.example,,\n").Press("See what would be made")
	tour.Look(p, "import-users-rehearsed", "dark phone")
	tour.Grant("moira", "reader", "acme-web")
	tour.visit(p, stop{"leave", web + "/leave", ""})
	robot := at(map[string]any(tour.Login("basil", secret, onProject("acme-web")).Post("/v3/users/"+tour.id("users", "basil")+"/application_credentials",
		map[string]any{"application_credential": map[string]any{"name": "terraform", "description": "Builds the shop"}})), "application_credential.id").(string)
	tour.visit(p, stop{"members", web + "/members", "dark phone"}, stop{"inventory", web + "/credentials", "dark phone"}, stop{"ask-to-rotate", web + "/credentials/" + robot + "/rotate", ""},
		stop{"contacts-none", web + "/contacts", ""})
	p.Fill("Name", "Paula Pays").Fill("E-mail", "paula@pay.example").Tick("billing").Tick("quota").Press("Add the contact")
	tour.Look(p, "contacts", "dark phone")
	guest := open(tour.T, tour.Cloud, ways[0]).Open(tour.Mail("paula@pay.example", "").Link(tour.T))
	tour.Look(guest, "contact-agrees")
	guest.Press("Yes, send them")
	p.Reload().Choose("Topic", "billing").Fill("Subject", "Invoice 7").Fill("Message", "It is there.").Press("Send the notice")
	guest.Open(tour.Mail("paula@pay.example", "Invoice 7").Link(tour.T))
	tour.Look(guest, "unsubscribe")
	p.Open("/portal" + web + "/contacts").Press("Edit Paula Pays")
	tour.Look(p, "contact")
	p.Press("Delete")
	tour.Look(p, "delete-contact")
	karl := d + "/users/" + tour.id("users", "karl")
	tour.visit(p, stop{"domain-overview", d, "dark phone"}, stop{"domain-invitations", d + "/invitations", ""}, stop{"domain-rules", d + "/rules", "phone"}, stop{"user-access", celia + "/access", "phone"},
		stop{"user-groups", celia + "/groups", "phone"}, stop{"user-credentials", d + "/users/" + tour.id("users", "basil") + "/credentials", "phone"}, stop{"user-security", celia + "/security", "dark phone"},
		stop{"user-activity", celia + "/activity", ""}, stop{"user-raw", celia + "/raw", "phone"}, stop{"user-protected", d + "/users/" + tour.id("users", "admin"), "phone"},
		stop{"suspend-user", erika + "/suspend", ""}, stop{"send-reset", erika + "/reset", ""})
	p.Open("/portal"+karl+"/suspend").Fill("Why?", "Mined coins on build machines").Press("Suspend the account")
	tour.Look(p, "user-suspended")
	tour.visit(p, stop{"restore-user", karl + "/restore", ""})
	tour.german(p, stop{"people-german", web + "/people", "dark phone"}, stop{"rules-german", d + "/rules", "phone"}, stop{"user-german", celia, ""}, stop{"audit-german", d + "/audit", ""})
}

// customer is the main user of an account that was opened for them.
func (tour *Tour) customer(admin *Person) {
	admin.Open("/portal/d/default/accounts/new")
	tour.Look(admin, "new-account")
	admin.Fill("E-mail of the main user", "ann@tern.example").Fill("Project", "tern").Press("Open the account")
	tour.Look(admin, "account-opened")
	p := open(tour.T, tour.Cloud, ways[0]).Open("/portal")
	p.Fill("User name", "ann@tern.example").Fill("Password", admin.Shown("secret")).Press("Sign in")
	tour.Look(p, "home-main-user", "phone")
	web := "/p/" + tour.id("projects", "tern")
	tour.visit(p, stop{"api-users-none", web + "/api-users", ""}, stop{"new-api-user", web + "/api-users/new", "phone"})
	p.Fill("Name", "ci").Fill("Description (optional)", "Builds and deploys").Press("Create the API user")
	tour.Look(p, "api-user-password")
	p.Press("I have saved it")
	tour.Look(p, "api-users", "dark phone")
	p.PressFirst("New password ann@tern.example_ci", "")
	tour.Look(p, "api-user-new-password")
	p.Press("Cancel").PressFirst("Disable ann@tern.example_ci", "")
	tour.Look(p, "disable-api-user")
	p.Press("Cancel").PressFirst("Delete ann@tern.example_ci", "")
	tour.Look(p, "delete-api-user")
	tour.visit(p, stop{"portal-users-none", web + "/portal-users", ""}, stop{"new-portal-user", web + "/portal-users/new", "phone"})
	p.Fill("E-mail addresses", "paula@tern.example").Tick("Contacts").Tick("Activity").Press("Send the invitation")
	guest := open(tour.T, tour.Cloud, ways[0]).Open(tour.Mail("paula@tern.example", "tern").Link(tour.T))
	tour.Look(guest, "invitation-portal-user")
	p.Open("/portal" + web + "/portal-users").Press("Withdraw paula@tern.example")
	tour.Look(p, "withdraw-portal-user")
	guest.Fill("Choose a user name", "paula").Fill("Choose a password", secret).Fill("The password again", secret).Press("Accept with a new account")
	paula := web + "/portal-users/" + tour.id("users", "paula")
	tour.visit(p, stop{"portal-users", web + "/portal-users", "dark phone"}, stop{"portal-user", paula, ""}, stop{"remove-portal-user", paula + "/remove", ""})
}

func (tour *Tour) admin(p *Person) {
	web := "/p/" + tour.id("projects", "acme-web")
	role, domain := "/cloud/roles/"+tour.id("roles", "project_mod"), "/cloud/domains/default"
	tour.visit(p, stop{"invitations-none", web + "/invitations", ""}, stop{"invite", web + "/invite", "dark phone"})
	p.Fill("E-mail addresses", "kim@partner.example\nlena@partner.example\nmateo@partner.example").Fill("Message (optional)", "We start on Monday.").Press("Send the invitations")
	tour.Look(p, "invitations", "phone")
	p.PressFirst("Change", "kim@partner.example")
	tour.Look(p, "change-invitation")
	p.Open("/portal"+web+"/invitations").Press("Withdraw", "kim@partner.example")
	tour.Look(p, "withdraw-invitation")
	p.Open("/portal" + web + "/people/" + tour.id("users", "erika")).Tick("member").Press("Review the change")
	tour.Look(p, "change-person", "phone")
	p.Open("/portal/cloud/assignments?user=vera").Press("Revoke", "vera")
	tour.Look(p, "revoke-system")
	guest := open(tour.T, tour.Cloud, ways[0]).Open(tour.Mail("lena@partner.example", "acme-web").Link(tour.T))
	tour.Look(guest, "offer", "dark phone")
	tour.SignIn("erika", secret).Open(tour.Mail("lena@partner.example", "acme-web").Link(tour.T)).Press("Use the account erika instead")
	p.Open("/portal" + web + "/invitations").Press("erika wants to accept it")
	tour.Look(p, "let-in-instead", "dark phone phone-dark")
	guest.Press("Decline")
	tour.Look(guest, "declined")
	tour.visit(p, stop{"domains", "/cloud/domains", "dark"}, stop{"domain", domain, ""}, stop{"new-domain", "/cloud/domains/new", ""}, stop{"edit-domain", domain + "/edit", ""}, stop{"disable-domain", domain + "/disable", ""},
		stop{"roles", "/cloud/roles", "phone"}, stop{"role-graph", "/cloud/roles/graph", "phone"}, stop{"imply-role", "/cloud/roles/implied?prior=" + tour.id("roles", "reader") + "&role=" + tour.id("roles", "service"), ""}, stop{"end-implied-role", "/cloud/roles/implied/end?prior=" + tour.id("roles", "member") + "&role=" + tour.id("roles", "reader"), ""}, stop{"role", role, ""}, stop{"role-profile", role + "/profile", ""}, stop{"new-role", "/cloud/roles/new", ""}, stop{"edit-role", role + "/edit", ""}, stop{"delete-role", role + "/delete", ""},
		stop{"audit", "/cloud/audit", "dark"}, stop{"verify-audit", "/cloud/audit/verify?from=2026-01-01&to=2026-01-03", "phone"}, stop{"remove-from-group", "/d/default/groups/" + tour.id("groups", "deployers") + "/remove/" + tour.id("users", "farid"), ""}, stop{"system", "/cloud/assignments", ""}, stop{"grant-system", "/cloud/assignments/new", ""},
		stop{"project-group", "/p/" + tour.id("projects", "acme-web") + "/groups/" + tour.id("groups", "deployers"), "dark phone"}, stop{"add-to-group", "/d/default/groups/" + tour.id("groups", "deployers") + "/add?name=erika", ""}, stop{"add-to-project-group", "/p/" + tour.id("projects", "acme-web") + "/groups/" + tour.id("groups", "deployers") + "/add?name=erika", ""},
		stop{"remove-from-project-group", "/p/" + tour.id("projects", "acme-web") + "/groups/" + tour.id("groups", "deployers") + "/remove/" + tour.id("users", "farid"), ""},
		stop{"enable-domain", domain + "/enable", ""}, stop{"delete-domain", domain + "/delete", ""}, stop{"enable-project", "/d/default/projects/" + tour.id("projects", "acme-ci") + "/enable", ""}, stop{"kind-of-account", "/d/default/users/" + tour.id("users", "celia") + "/kind", ""}, stop{"unlock-user", "/d/default/users/" + tour.id("users", "celia") + "/unlock", ""}, stop{"end-sessions", "/d/default/users/" + tour.id("users", "celia") + "/end", ""})
	mod := "/cloud/roles/" + tour.id("roles", "member")
	tour.visit(p, stop{"everybody", "/cloud/people", "phone"}, stop{"role-matrix", mod + "/permissions?service=nova", "dark phone"}, stop{"role-holders", mod + "/holders", ""},
		stop{"policies", "/cloud/policies", "phone"}, stop{"policy", "/cloud/policies/nova", "phone"}, stop{"what-if", "/cloud/whatif", ""})
	p.Fill("Rules", `"os_compute_api:servers:create": "role:project_admin"`).Press("See what would change")
	tour.Look(p, "what-if-answer", "dark phone")
	service := tour.id("services", "nova")
	tour.visit(p, stop{"catalog", "/cloud/catalog", "phone"}, stop{"endpoints", "/cloud/catalog/endpoints", "phone"}, stop{"new-service", "/cloud/catalog/services/new", ""}, stop{"edit-service", "/cloud/catalog/services/" + service + "/edit", ""},
		stop{"delete-service", "/cloud/catalog/services/" + service + "/delete", ""}, stop{"regions", "/cloud/catalog/regions", ""}, stop{"new-endpoint", "/cloud/catalog/endpoints/new", ""})
	robot := at(map[string]any(tour.Login("basil", secret, onProject("acme-web")).Get("/v3/users/"+tour.id("users", "basil")+"/application_credentials")), "application_credentials")
	tour.visit(p, stop{"revoke-credential", web + "/credentials/" + anys(robot)[0]["id"].(string) + "/revoke", ""})
	tour.customer(p)
	tour.visit(p, stop{"grant-rules-none", "/cloud/grants", ""}, stop{"new-grant-rule", "/cloud/grants/rule", ""}, stop{"grant-preset", "/cloud/grants/preset", ""})
	p.Tick("catalyst").Press("Review the change")
	tour.Look(p, "grant-preset-reviewed")
	p.Fill("Type catalyst to go on", "catalyst").Press("Put these rules in place")
	tour.Look(p, "grant-rules", "dark phone")
	tour.visit(p, stop{"grant-ask", "/cloud/grants/ask", "phone"})
	p.Choose("Somebody who has the role", "project_mod").Fill("Project", "acme-web").Choose("The role", "member").Fill("To whom", "admin").Press("Ask")
	tour.Look(p, "grant-asked", "dark phone")
	rule := tour.root.Get("/v3/lintel/grant_rules").list("grant_rules")[0]["id"].(string)
	tour.visit(p, stop{"delete-grant-rule", "/cloud/grants/rule/delete?id=" + rule, ""})
	named := func(name string) map[string]any { return map[string]any{"name": name} }
	sure := tour.Login("admin", password, system) // by a fresh proof, however long the walk has taken
	sure.Post("/v3/lintel/grant_rules", map[string]any{"grant_rule": map[string]any{
		"holder_role": named("project_mod"), "target_role": named("billing"), "may_grant": true, "may_revoke": true, "needs_approval": true,
	}})
	tour.visit(p, stop{"requests-none", web + "/requests", ""}, stop{"waiting-none", web + "/waiting", ""})
	tour.root.Post("/v3/lintel/grants", map[string]any{"grants": map[string]any{"user": named("erika"), "project": named("acme-web"), "roles": []any{named("member"), named("billing")}, "once_second_factor": true, "expires_at": "2100-01-01T00:00:00Z"}})
	waits := tour.root.Get("/v3/lintel/waiting_grants?project=acme-web").list("waiting_grants")[0]["id"].(string)
	tour.visit(p, stop{"waiting", web + "/waiting", "dark phone"}, stop{"withdraw-waiting", web + "/waiting/" + waits + "/withdraw", ""})
	tour.visit(tour.SignIn("erika", secret), stop{"home-waiting", "", "phone"})
	tour.Grant("celia", "project_mod", "acme-web")
	asked := at(map[string]any(tour.Login("celia", secret, onProject("acme-web")).Post("/v3/lintel/grants", map[string]any{"grants": map[string]any{
		"user": named("erika"), "project": named("acme-web"), "roles": []any{named("billing")}, "reason": "Stands in for Dimitri in May",
	}})), "grants.request_id").(string)
	tour.visit(p, stop{"requests", web + "/requests", "dark phone"}, stop{"agree-to-request", web + "/requests/" + asked + "/approve", ""}, stop{"refuse-request", web + "/requests/" + asked + "/refuse", ""})
	celia := tour.SignIn("celia", secret)
	tour.Grant("erika", "billing", "acme-web")
	erika := web + "/people/" + tour.id("users", "erika")
	tour.visit(celia, stop{"person-asking-back", erika, ""}, stop{"ask-to-take-back", erika + "/revoke/" + tour.id("roles", "billing"), "dark phone"})
	tour.visit(celia, stop{"withdraw-request", web + "/requests/" + asked + "/withdraw", ""}, stop{"invite-asking", web + "/invite", ""})
	sure.Post("/v3/lintel/grant_rules", map[string]any{"grant_rule": map[string]any{
		"holder_role": named("manager"), "holder_scope": "domain", "target_role": named("billing"), "target_scope": "project", "may_grant": true, "needs_approval": true,
	}})
	d := "/d/default/requests"
	tour.visit(p, stop{"domain-requests-none", d, ""})
	below := at(map[string]any(tour.Login("moira", secret, onDomain("Default")).Post("/v3/lintel/grants", map[string]any{"grants": map[string]any{
		"group": named("deployers"), "domain": named("Default"), "inherited": true, "roles": []any{named("billing")}, "reason": "Pays for all of it",
	}})), "grants.request_id").(string)
	tour.visit(p, stop{"domain-requests", d, "phone"}, stop{"agree-to-domain-request", d + "/" + below + "/approve", ""}, stop{"refuse-domain-request", d + "/" + below + "/refuse", ""})
	tour.visit(tour.SignIn("moira", secret), stop{"withdraw-domain-request", d + "/" + below + "/withdraw", ""})
	wish := "/cloud/signups/" + tour.root.Get("/v3/lintel/sign_ups").list("sign_ups")[0]["id"].(string)
	tour.visit(p, stop{"sign-ups", "/cloud/signups", "phone"}, stop{"let-in", wish, ""}, stop{"refuse-sign-up", wish + "/refuse", ""})
}
