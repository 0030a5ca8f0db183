package portal_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/lintel-id/lintel/internal/testenv"
)

// A4, C6, C9, 4.4: an administrator says how roles are shown and how heavy they count; where people choose a role, roles stand in their
// categories with these words. R4, R6: nobody else says so.
func TestRoleProfiles(t *testing.T) {
	env := testenv.New(t)
	manager(env, "mona", "manager")
	_, acme := member(env, "alice", "acme")
	admin := env.Admin()
	roles := map[string]string{"member": roleID(env, "member"), "reader": roleID(env, "reader")}
	for _, name := range []string{"k8s_admin", "billing"} {
		roles[name] = admin.Post("/v3/roles", map[string]any{"role": map[string]any{"name": name}}).Want(201).Get("role.id")
	}
	root := env.SignIn("admin", testenv.Password)
	at := func(role string) string { return "/portal/cloud/roles/" + roles[role] }
	follow(t, root.Open(at("billing")).Want(200, "only those whom the policies let"), "How it is shown").Want(200, "How billing is shown")
	root.Submit("Save", "sort", "many", "docs", "nowhere").Want(422, "whole number")
	root.Submit("Save", "sort", "", "docs", "javascript:alert(1)").Want(422, "begins with https://")
	root.Submit("Save", "sort", "2", "docs", "https://docs.example/billing", "category", "General", "impact", "normal", "name-en", "Billing", "name-de", "Abrechnung",
		"summary-en", "Invoices and what was used", "warning-en", "Sees prices").Want(200, "Saved", "Billing", "General")
	root.Open(at("k8s_admin")+"/profile").Submit("Save", "category", "Kubernetes", "impact", "normal", "summary-en", "Runs clusters").Want(200)
	root.Open(at("member")+"/profile").Submit("Save", "category", "General", "sort", "1").Want(200)
	root.Open(at("reader")+"/profile").Submit("Save", "category", "General", "sort", "3").Want(200)
	root.Open("/portal/p/"+acme+"/invite").Want(200, "Billing", "billing", "Invoices and what was used", "Sees prices", "Runs clusters")
	text := root.Text()
	for _, order := range [][2]string{{"General", "Invoices and what was used"}, {"Invoices and what was used", "Kubernetes"}, {"Kubernetes", "Runs clusters"}} {
		if !strings.Contains(text, order[0]) || strings.Index(text, order[0]) > strings.Index(text, order[1]) {
			t.Errorf("%s does not stand before %s: %s", order[0], order[1], text)
		}
	}
	// And so they do wherever one of them is chosen from a list.
	d := "/portal/d/default"
	for _, path := range []string{d + "/users/new", d + "/accounts/new", d + "/assignments/new", d + "/assignments", "/portal/cloud/grants/rule", "/portal/cloud/grants/ask",
		"/portal/cloud/roles/graph", at("member"), at("member") + "/permissions?service=identity", "/portal/p/" + acme + "/members"} {
		if root.Open(path).Want(200); !regexp.MustCompile(`(?s)<optgroup label="General">.*<option value="` + roles["billing"] + `"[^>]*>Billing \(billing\)</option>.*</optgroup><optgroup label="Kubernetes">.*k8s_admin`).MatchString(root.Body) {
			t.Errorf("%s has no categories", path)
		}
	}
	root.Open("/portal/p/"+acme+"/people/add").Want(200, "Kubernetes", "Brings along reader")
	root.Open("/portal/p/"+acme+"/roles").Want(200, "Billing", "Documentation")

	// By HTTP, and by nobody else.
	profile := admin.Get("/v3/lintel/roles/" + roles["billing"] + "/profile").Want(200)
	if profile.Get("profile.category") != "General" || profile.Get("profile.names.de") != "Abrechnung" || profile.Value("profile.sort") != 2.0 {
		t.Errorf("%s", profile.Body)
	}
	admin.Put("/v3/lintel/roles/"+roles["billing"]+"/profile", `{"profile": {"category": "Money", "audience": "operator", "names": {"en": "Money"}}}`).Want(200)
	root.Open("/portal/p/"+acme+"/invite").Want(200, "For those who run the cloud", "Money")
	for _, who := range []string{"mona", "alice"} {
		login := env.Login(who, "secret")
		login.Get("/v3/lintel/roles/" + roles["billing"] + "/profile").Want(403)
		login.Put("/v3/lintel/roles/"+roles["billing"]+"/profile", `{"profile": {"impact": "normal"}}`).Want(403)
		b := env.SignIn(who, "secret")
		b.Open(at("billing") + "/profile").Want(404)
		form := csrf(b)
		form.Set("impact", "normal")
		b.Send("POST", at("billing")+"/profile", form).Want(404)
	}
	admin.Delete("/v3/lintel/roles/" + roles["billing"] + "/profile").Want(204)
	if p := admin.Get("/v3/lintel/roles/" + roles["billing"] + "/profile").Want(200); p.Value("profile.category") != nil {
		t.Errorf("%s", p.Body)
	}
	root.Open("/portal/activity").Want(200, "Changed the role billing")
}
