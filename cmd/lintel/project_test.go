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
