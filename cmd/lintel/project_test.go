package main

import (
	"strings"
	"testing"
)

// D7: the command that deletes a project tells first at which services something of it may remain, and asks for its name.
func TestProjectDelete(t *testing.T) {
	c := newConsole(t)
	admin := c.env.Admin()
	s := admin.Post("/v3/services", `{"service": {"type": "compute", "name": "nova"}}`).Want(201).Get("service.id")
	admin.Post("/v3/endpoints", map[string]any{"endpoint": map[string]any{"service_id": s, "interface": "public", "url": "https://nova.example"}}).Want(201)
	out, err := c.run("project delete acme") // which reads another name
	if err == nil || !strings.Contains(err.Error(), "nothing was deleted") || !strings.Contains(out, "compute nova") || strings.Contains(out, "identity") {
		t.Errorf("%v %s", err, out)
	}
	if n := len(admin.Get("/v3/projects?name=acme").Want(200).List("projects")); n != 1 {
		t.Fatal("it is gone")
	}
	if out, err := c.run("project delete --domain Default --yes acme"); err != nil || !strings.Contains(out, "may remain") {
		t.Errorf("%v %s", err, out)
	}
	if n := len(admin.Get("/v3/projects?name=acme").Want(200).List("projects")); n != 0 {
		t.Error("it is still there")
	}
	c.refused("project delete acme", "no project acme")
}

// J11: how a project lets people in is shown and changed by names, and an invitation that names no role is to those that it says.
func TestProjectRuleCommands(t *testing.T) {
	c := newConsole(t)
	c.json("user create alice --email alice@example.org --project acme --password secret")
	rules := c.json("project set-rules acme --invite-role reader --invite-days 2 --access-days 30 --domain Default")
	if rules["invite_days"] != 2.0 || rules["access_days"] != 30.0 || len(rules["invite_roles"].([]any)) != 1 {
		t.Errorf("%v", rules)
	}
	if out, err := c.run("invite kim@example.org --project acme"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := c.run("invitation list --project acme"); err != nil || !strings.Contains(out, "reader") {
		t.Errorf("%v\n%s", err, out)
	}
	c.refused("invite lea@example.org --project acme --until 2100-01-01", "30 days at most")
	if rules = c.json("project set-rules acme --invite-role= --access-days 0"); rules["access_days"] != nil || len(rules["invite_roles"].([]any)) != 0 || rules["invite_days"] != 2.0 {
		t.Errorf("%v", rules)
	}
	if out, err := c.run("project rules acme"); err != nil || !strings.Contains(out, "invite_days") {
		t.Errorf("%v\n%s", err, out)
	}
	c.refused("project set-rules acme", "say what to change")
	c.refused("project set-rules acme --invite-days 8", "7 days at most")
	c.refused("project set-rules none --access-days 1", "no project none")
}

// J11: before a project asks for a second factor it is told whom that shuts out, and its name is asked for; who has none cannot ask.
func TestProjectSecondFactorCommand(t *testing.T) {
	c := newConsole(t)
	c.json("user create alice --email alice@example.org --project acme --password secret")
	out, err := c.run("project set-rules acme --second-factor") // which reads another name
	if err == nil || !strings.Contains(err.Error(), "nothing was changed") || !strings.Contains(out, "1 people have no second factor") || !strings.Contains(out, "  alice\n") || !strings.Contains(out, "0 credentials stop working") {
		t.Errorf("%v\n%s", err, out)
	}
	c.refused("project set-rules acme --second-factor --yes", "second factor yourself")
	if rules := c.json("project set-rules acme --second-factor=false"); rules["second_factor"] != false {
		t.Errorf("%v", rules)
	}
}
