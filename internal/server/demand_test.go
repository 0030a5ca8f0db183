package server

import (
	"testing"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/identity"
)

// D9: what the configuration requires about second factors can be fulfilled.
func TestFactorDemand(t *testing.T) {
	for what, c := range map[string]struct {
		set  func(*config.Config)
		want identity.FactorLevel
		ok   bool
	}{
		"nothing":             {func(c *config.Config) {}, identity.FactorOff, true},
		"asked for":           {func(c *config.Config) { c.Lintel.SecondFactor = "encourage" }, identity.FactorEncouraged, true},
		"of all, from a day":  {func(c *config.Config) { c.Lintel.SecondFactor, c.Lintel.SecondFactorFrom = "all", "2027-01-31" }, identity.FactorForAll, true},
		"of roles":            {func(c *config.Config) { c.Lintel.SecondFactor, c.Lintel.SecondFactorRoles = "roles", []string{"admin"} }, identity.FactorForRoles, true},
		"of no roles":         {func(c *config.Config) { c.Lintel.SecondFactor = "roles" }, "", false},
		"from no day":         {func(c *config.Config) { c.Lintel.SecondFactor, c.Lintel.SecondFactorFrom = "all", "soon" }, "", false},
		"without the method":  {func(c *config.Config) { c.Lintel.SecondFactor, c.Auth.Methods = "all", []string{"password", "token"} }, "", false},
		"without the portal":  {func(c *config.Config) { c.Lintel.SecondFactor, c.Lintel.Portal = "all", false }, "", false},
		"asked for, the same": {func(c *config.Config) { c.Lintel.SecondFactor, c.Lintel.Portal = "encourage", false }, identity.FactorEncouraged, true},
	} {
		cfg := &config.Config{}
		cfg.Auth.Methods, cfg.Lintel.Portal, cfg.Lintel.SecondFactor = []string{"password", "token", "totp"}, true, "off"
		c.set(cfg)
		if d, err := factorDemand(cfg); (err == nil) != c.ok || c.ok && d.Level != c.want {
			t.Errorf("%s: %+v, %v", what, d, err)
		}
	}
}
