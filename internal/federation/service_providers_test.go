package federation_test

import (
	"slices"
	"testing"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/testenv"
)

const west = "/v3/OS-FEDERATION/service_providers/west"

func TestServiceProviders(t *testing.T) {
	env := testenv.New(t, func(c *config.Config) { c.SAML.RelayStatePrefix = "ss:cookie:" })
	admin := env.Admin()
	made := admin.Put(west, `{"service_provider": {"auth_url": "https://west/v3", "sp_url": "https://west/sp"}}`).Want(201)
	for path, want := range map[string]any{
		"service_provider.id": "west", "service_provider.enabled": false, "service_provider.description": nil,
		"service_provider.relay_state_prefix": "ss:cookie:", "service_provider.links.self": "http://identity.example" + west,
	} {
		if got := made.Value(path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
	if got, want := admin.Put(west, `{"service_provider": {"auth_url": "https://w/v3", "sp_url": "https://w/sp"}}`).Want(409).Message(),
		"Conflict occurred attempting to store service_provider - Duplicate entry found with ID west."; got != want {
		t.Errorf("a taken id: got %q, want %q", got, want)
	}
	admin.Put("/v3/OS-FEDERATION/service_providers/east", `{"service_provider": {"auth_url": "https://east/v3", "sp_url": "https://east/sp",
		"enabled": true, "description": "far", "relay_state_prefix": ""}}`).Want(201)

	for query, want := range map[string][]string{
		"": {"east", "west"}, "?enabled=true": {"east"}, "?enabled=0": {"west"}, "?id=west": {"west"}, "?id__contains=as": {"east"}, "?id=none": nil,
		"?limit=1": {"east"}, "?limit=1&marker=east": {"west"},
	} {
		if got := admin.Get("/v3/OS-FEDERATION/service_providers"+query).Want(200).Texts("service_providers", "id"); !slices.Equal(got, want) {
			t.Errorf("list%s: got %v, want %v", query, got, want)
		}
	}

	shown := func() []string { return admin.Validate(admin.Token).Want(200).Texts("token.service_providers", "id") }
	if got, want := shown(), []string{"east"}; !slices.Equal(got, want) {
		t.Errorf("in a token: got %v, want %v", got, want)
	}
	changed := admin.Patch(west, `{"service_provider": {"enabled": true, "description": "near"}}`).Want(200)
	if got, want := changed.Get("service_provider.sp_url"), "https://west/sp"; got != want {
		t.Errorf("what was not sent: got %q, want %q", got, want)
	}
	if got, want := shown(), []string{"east", "west"}; !slices.Equal(got, want) {
		t.Errorf("in a token, once enabled: got %v, want %v", got, want)
	}
	admin.Patch(west, `{"service_provider": {"description": null}}`).Want(200)
	if got := admin.Get(west).Want(200).Value("service_provider.description"); got != nil {
		t.Errorf("description: got %v, want null", got)
	}
	for _, body := range []string{`{"enabled": null}`, `{"relay_state_prefix": null}`, `{"auth_url": null}`, `{"id": "x"}`, `{"sp_url": "here"}`, `{}`} {
		admin.Patch(west, `{"service_provider": `+body+`}`).Want(400)
	}

	admin.Delete(west).Want(204)
	for _, r := range []*testenv.Response{
		admin.Get(west), admin.Delete(west), admin.Patch(west, `{"service_provider": {"enabled": true}}`),
	} {
		if got, want := r.Want(404).Message(), "Could not find Service Provider: west."; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got, want := shown(), []string{"east"}; !slices.Equal(got, want) {
		t.Errorf("in a token, once deleted: got %v, want %v", got, want)
	}
}
