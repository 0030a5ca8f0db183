package server

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/auth"
	"github.com/lintel-id/lintel/internal/authority"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/catalog"
	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/credential"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/federation"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/membership"
	"github.com/lintel-id/lintel/internal/passkey"
	"github.com/lintel-id/lintel/internal/password"
	"github.com/lintel-id/lintel/internal/policy"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/trail"
)

// rooms are those where the rules live.
type rooms struct {
	directory  *directory.Service
	assignment *assignment.Service
	catalog    *catalog.Service
	credential *credential.Service
	federation *federation.Service
	auth       *auth.Service
	membership *membership.Service
	trail      *trail.Service
}

// openRooms gives each room what it needs of the configuration, and the rooms below it.
func openRooms(cfg *config.Config, db *store.DB, rules *policy.Enforcer, services *policy.Services, opt Options) (r rooms, err error) {
	tokens, receipts, err := formats(cfg, opt)
	if err != nil {
		return r, err
	}
	checker := &authz.Checker{Policy: rules, Services: services, Log: opt.Log, TellMissing: cfg.Lintel.TellMissing, Protect: cfg.Lintel.ProtectPeople}
	guard := &authority.Service{DB: db, Authz: checker}
	factor, err := factorDemand(cfg)
	if err != nil {
		return r, err
	}
	hasher, strength, err := passwords(cfg)
	if err != nil {
		return r, err
	}
	invalid, err := invalidPasswords(cfg)
	if err != nil {
		return r, fmt.Errorf("[security_compliance]: %w", err)
	}
	r.directory = &directory.Service{
		DB: db, Authz: checker, Authority: guard, Rules: strength,
		Passwords: &password.Pool{Hasher: hasher, Workers: cmp.Or(cfg.Lintel.HashWorkers, runtime.GOMAXPROCS(0)), Queue: cfg.Lintel.HashQueue, Now: opt.Now},
		Compliance: directory.Compliance{
			LockoutFailures: orZero(cfg.SecurityCompliance.LockoutFailureAttempts), LockoutDuration: cfg.SecurityCompliance.LockoutDuration,
			Inactivity: orZero(cfg.SecurityCompliance.DisableUserAccountDaysInactive), PasswordLife: orZero(cfg.SecurityCompliance.PasswordExpiresDays),
			UniquePasswords: cfg.SecurityCompliance.UniqueLastPasswordCount, MinPasswordAge: cfg.SecurityCompliance.MinimumPasswordAge,
			ChangeAtFirstUse: cfg.SecurityCompliance.ChangePasswordUponFirstUse,
			Factor:           factor, FactorGrace: max(24*time.Hour, cfg.Token.Expiration),
		},
		Limits: &directory.Limits{PerAddress: cfg.Lintel.AddressRate, PerAccount: cfg.Lintel.AccountRate, Now: opt.Now},
		Tree: directory.Tree{
			SafeProjectNames: cfg.Resource.ProjectNameURLSafe != "off", SafeDomainNames: cfg.Resource.DomainNameURLSafe != "off",
			ReservedDomain: cfg.Federation.FederatedDomainName, MaxDepth: treeDepth(cfg),
		},
		Config:           domainConfig(cfg),
		InvalidPasswords: invalid,
		Methods:          cfg.Auth.Methods,
		DefaultDomain:    identity.DomainID(cfg.Identity.DefaultDomainID),
	}
	r.assignment = &assignment.Service{DB: db, Authz: checker, Authority: guard, Directory: r.directory, NeverImplied: cfg.Assignment.ProhibitedImpliedRole}
	r.trail = &trail.Service{
		DB: db, Authz: checker, Authority: guard, Keys: credentialKeys(cfg, opt), Keep: time.Duration(cfg.Lintel.AuditDays) * 24 * time.Hour,
	}
	r.catalog = &catalog.Service{
		DB: db, Authz: checker, Log: opt.Log, PublicEndpoint: cfg.Default.PublicEndpoint,
		HideUnfiltered: !cfg.EndpointFilter.ReturnAllEndpointsIfNoFilter,
		StrictLimits:   cfg.UnifiedLimit.EnforcementModel == "strict_two_level",
	}
	r.credential = &credential.Service{
		DB: db, Authz: checker, Authority: guard, Directory: r.directory, Assignment: r.assignment, Log: opt.Log,
		UserLimit:                  cfg.Credential.UserLimit,
		ApplicationCredentialLimit: cfg.ApplicationCredential.UserLimit,
		RequestTokenLife:           cfg.OAuth1.RequestTokenDuration,
		AccessTokenLife:            cfg.OAuth1.AccessTokenDuration,
		Methods:                    cfg.Auth.Methods,
		TokenLife:                  cfg.Token.Expiration,
		ShowSeeds:                  cfg.Lintel.ShowSeeds,
		RobotPolicy:                cfg.Lintel.MFARobots,
		ResetByTwo:                 cfg.Lintel.FactorResetByTwo,
		PreviousPasscodes:          cfg.TOTP.IncludedPreviousWindows,
		MaxRedelegation:            int64(cfg.Trust.MaxRedelegationCount),
		InsecureTrusts:             cfg.SecurityCompliance.AllowInsecureApplicationCredentialTrustEscalation,
		Keys:                       credentialKeys(cfg, opt),
		InsecureDelegation:         cfg.SecurityCompliance.AllowInsecureAdminTrustCrossProjectCredentialsAccess,
	}
	r.federation = &federation.Service{
		DB: db, Authz: checker, Authority: guard, Directory: r.directory, RelayStatePrefix: cfg.SAML.RelayStatePrefix,
		AssertionPrefix:    cfg.Federation.AssertionPrefix,
		RemoteIDAttributes: cfg.RemoteIDAttributes, RemoteIDAttribute: cfg.Federation.RemoteIDAttribute,
	}
	var secrets *auth.Secrets
	if cfg.Lintel.RememberSecrets {
		secrets = auth.NewSecrets(db, cfg.Lintel.CacheMemory<<20/16)
	}
	r.auth = &auth.Service{
		DB: db, Authz: checker, Directory: r.directory, Assignment: r.assignment, Catalog: r.catalog, Credential: r.credential, Federation: r.federation,
		Tokenless: auth.Tokenless{
			Issuers: cfg.TokenlessAuth.TrustedIssuer, IssuerAttribute: cfg.TokenlessAuth.IssuerAttribute,
			Protocol: identity.ProtocolID(cfg.TokenlessAuth.Protocol),
		},
		Tokens:             tokens,
		Receipts:           receipts,
		Secrets:            secrets,
		Remembered:         auth.NewMemory(db, cfg.Lintel.CacheMemory<<20/2),
		Methods:            cfg.Auth.Methods,
		AdditionalPrimary:  cfg.Auth.AdditionalPrimaryAuthMethods,
		ClientMethods:      cfg.OAuth2.OAuth2AuthnMethods,
		ClientMapping:      identity.MappingID(cfg.OAuth2.OAuth2CertDNMappingID),
		Expiration:         cfg.Token.Expiration,
		AllowExpiredWindow: cfg.Token.AllowExpiredWindow,
		AllowRescopeScoped: cfg.Token.AllowRescopeScopedToken,
		ReceiptExpiration:  cfg.Receipt.Expiration,
		ExternalDomain:     cfg.Auth.External == "Domain",
		SignatureLife:      cfg.Credential.AuthTTL,
		AdminProject:       cfg.Resource.AdminProjectName,
		AdminProjectDomain: cfg.Resource.AdminProjectDomainName,
		StrictProjectNames: cfg.Resource.ProjectNameURLSafe == "strict",
		StrictDomainNames:  cfg.Resource.DomainNameURLSafe == "strict",
		Portal:             portalURL(cfg),
		Log:                opt.Log,
	}
	if r.auth.Passkeys, err = passkeys(cfg); err != nil {
		return r, err
	}
	r.credential.Party, r.credential.Standing = r.auth.Passkeys, r.auth.Standing
	r.membership = &membership.Service{DB: db, Authz: checker, Authority: guard, Directory: r.directory, Assignment: r.assignment, Credential: r.credential, Standing: r.auth.Standing, InviteLife: cfg.Lintel.InviteLife, SetUpLife: cfg.Lintel.SetUpLife, ResetLife: cfg.Lintel.ResetLife, TellUnknown: cfg.Lintel.MailUnknown, SignUp: cfg.Lintel.SignUp}
	r.auth.FactorOn, r.credential.FactorOff = r.membership.TakeEffect, r.membership.FactorOff
	return r, nil
}

// factorDemand is what the cloud asks of people about a second factor.
func factorDemand(cfg *config.Config) (d identity.FactorDemand, err error) {
	l := cfg.Lintel
	if l.SecondFactor == "off" {
		return d, nil
	}
	d.Level, d.Roles = identity.FactorLevel(l.SecondFactor), l.SecondFactorRoles
	if l.SecondFactorFrom != "" {
		if d.From, err = time.Parse(time.DateOnly, l.SecondFactorFrom); err != nil {
			return d, fmt.Errorf("[lintel] second_factor_from is no day such as 2027-01-31: %q", l.SecondFactorFrom)
		}
	}
	switch {
	case d.Level == identity.FactorForRoles && len(d.Roles) == 0:
		return d, errors.New("[lintel] second_factor = roles needs second_factor_roles")
	case d.Required() && (!slices.Contains(cfg.Auth.Methods, "totp") || !slices.Contains(cfg.Auth.Methods, "password")):
		return d, errors.New("[lintel] second_factor cannot be required without totp and password in [auth] methods")
	case d.Required() && !cfg.Lintel.Portal:
		return d, errors.New("[lintel] second_factor cannot be required without the portal, where people set it up")
	}
	return d, nil
}

// passkeys is for whom passkeys are made; nil where the portal's address is none that they can be bound to.
func passkeys(cfg *config.Config) (*passkey.Party, error) {
	party, err := passkey.NewParty(cfg.Lintel.CloudName, portalURL(cfg), cfg.Lintel.PasskeyRPID)
	if errors.Is(err, passkey.ErrNoDomain) && cfg.Lintel.PasskeyRPID == "" {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("[lintel] passkey_rp_id: %w", err)
	}
	return party, nil
}
