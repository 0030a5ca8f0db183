package credential_test

import (
	"context"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/testenv"
)

// S-120; 5.6: 6. Who acts by a right that was handed on, or with a token alone, can do nothing about the user's factor.
func TestFactorIsForWhoIsThere(t *testing.T) {
	env := testenv.New(t)
	s := &credential.Service{DB: env.Server.DB, Methods: []string{"password", "totp"}}
	user := identity.User{ID: "u"}
	now := env.Clock.Now()
	byRobot := &identity.Token{User: user, Methods: []string{"application_credential"}}
	byBoth := &identity.Token{User: user, Methods: []string{"password", "totp"}}
	for who, caller := range map[string]identity.Caller{
		"a robot":            {Token: byRobot, Delegated: true, ConfirmedAt: now},
		"a token":            {Token: byBoth},
		"an old session":     {Token: byBoth, ConfirmedAt: now.Add(-16 * time.Minute)},
		"the admin token":    {Admin: true},
		"nobody, not at all": {},
	} {
		for what, do := range map[string]func(context.Context) error{
			"begin":   func(ctx context.Context) error { _, err := s.BeginFactor(ctx, caller, false); return err },
			"see":     func(ctx context.Context) error { _, err := s.Enrolment(ctx, caller); return err },
			"prove":   func(ctx context.Context) error { _, err := s.ProveFactor(ctx, caller, "e", "000000", ""); return err },
			"finish":  func(ctx context.Context) error { _, err := s.ConfirmRecovery(ctx, caller, "e", "x"); return err },
			"remove":  func(ctx context.Context) error { return s.MayRemoveFactor(ctx, caller) },
			"recover": func(ctx context.Context) error { _, err := s.NewRecoveryCodes(ctx, caller); return err },
		} {
			if err := do(t.Context()); !errors.Is(err, identity.Forbidden) {
				t.Errorf("%s may %s: %v", who, what, err)
			}
		}
	}
}

// 5.6: 20. Apps keep accounts apart by the label; nothing in a name ends it early.
func TestAuthenticatorURI(t *testing.T) {
	for _, tt := range [][3]string{
		{"Northwind Cloud", "alice@Acme", "otpauth://totp/Northwind%20Cloud:alice%40Acme?secret=S&issuer=Northwind%20Cloud&algorithm=SHA1&digits=6&period=30"},
		{"Northwind Cloud", "alice@Other", "otpauth://totp/Northwind%20Cloud:alice%40Other?secret=S&issuer=Northwind%20Cloud&algorithm=SHA1&digits=6&period=30"},
		{"a:b&c?", "Jürgen/x:y#z@Ä", "otpauth://totp/a%20b%26c%3F:J%C3%BCrgen%2Fx%3Ay%23z%40%C3%84?secret=S&issuer=a%20b%26c%3F&algorithm=SHA1&digits=6&period=30"},
	} {
		got := credential.AuthenticatorURI(tt[0], tt[1], "S")
		if got != tt[2] {
			t.Errorf("got  %s\nwant %s", got, tt[2])
		}
		if u, err := url.Parse(got); err != nil || u.Query().Get("secret") != "S" {
			t.Errorf("%s: %v", got, err)
		}
	}
}
