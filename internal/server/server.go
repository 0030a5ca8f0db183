// Package server puts the rooms together: configuration becomes a store, keys, a policy, rooms, handlers and listeners.
// It is the one place that knows them all; commands and tests run the same server.
package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/lintel-id/lintel/internal/assignment"
	"github.com/lintel-id/lintel/internal/audit"
	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/directory"
	"github.com/lintel-id/lintel/internal/httpapi"
	"github.com/lintel-id/lintel/internal/mail"
	"github.com/lintel-id/lintel/internal/membership"
	"github.com/lintel-id/lintel/internal/passkey"
	"github.com/lintel-id/lintel/internal/password"
	"github.com/lintel-id/lintel/internal/pattern"
	"github.com/lintel-id/lintel/internal/policy"
	"github.com/lintel-id/lintel/internal/portal"
	"github.com/lintel-id/lintel/internal/store"
	"github.com/lintel-id/lintel/internal/telemetry"
	"github.com/lintel-id/lintel/internal/token"
	"github.com/lintel-id/lintel/internal/trail"
)

// Options are what a server needs beside its configuration.
type Options struct {
	Log *slog.Logger     // nil is slog.Default
	Now func() time.Time // nil is time.Now
}

// Server is an Identity service, ready to serve.
type Server struct {
	DB        *store.DB
	Telemetry *telemetry.Telemetry

	cfg     *config.Config
	stop    context.CancelFunc // of what runs beside requests
	log     *slog.Logger
	handler http.Handler
	portal  http.Handler // nil when it is off
	tls     *tls.Config  // of the listeners; nil for plain ones
	policy  *policy.Enforcer
	files   policy.Files

	services *policy.Services // of the cloud

	deliveries []*audit.Delivery
	post       *mail.Delivery // nil without a mail server
	membership *membership.Service
	assignment *assignment.Service
	directory  *directory.Service
	trail      *trail.Service
	sealed     string // the day of the last seal that was logged
}

// Open makes a server out of a configuration. The database must have been prepared by Sync, or by Keystone.
func Open(ctx context.Context, cfg *config.Config, opt Options) (_ *Server, err error) {
	if opt.Log == nil {
		opt.Log = slog.Default()
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	s := &Server{cfg: cfg, log: opt.Log, Telemetry: telemetry.New(opt.Log)}
	s.Telemetry.Now = opt.Now
	s.Telemetry.Proxies.Parse = cfg.OsloMiddleware.EnableProxyHeadersParsing
	if err := telemetry.CheckEnvironPrefix(cfg.Lintel.EnvironPrefix); err != nil {
		return nil, fmt.Errorf("[lintel] environ_prefix: %w", err)
	}
	s.Telemetry.Proxies.EnvironPrefix = cfg.Lintel.EnvironPrefix
	if err := s.Telemetry.Proxies.List(cfg.Lintel.TrustedProxies); err != nil {
		return nil, fmt.Errorf("[lintel] trusted_proxies: %w", err)
	}
	if s.tls, err = listenerTLS(cfg, opt); err != nil {
		return nil, err
	}
	if s.DB, err = OpenDatabase(ctx, cfg, opt); err != nil {
		return nil, err
	}
	s.stop = func() {}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if err := s.DB.Prepare(ctx); err != nil {
		return nil, err
	}
	if s.deliveries, err = deliveries(cfg, s.DB, opt); err != nil {
		return nil, err
	}
	if s.post, err = mailDelivery(cfg, s.DB, opt); err != nil {
		return nil, err
	}
	if err := s.follow(ctx); err != nil {
		return nil, err
	}
	if err := checkTree(ctx, cfg, s.DB); err != nil {
		return nil, err
	}
	if err := s.loadPolicy(); err != nil {
		return nil, err
	}
	if s.services, err = policy.OpenServices(cfg.Lintel.PolicyBundles, policy.ServiceOf("keystone", s.policy), opt.Now); err != nil {
		return nil, fmt.Errorf("[lintel] policy_bundles: %w", err)
	}
	for _, err := range s.services.Problems() {
		s.reportServices(err)
	}
	r, err := openRooms(cfg, s.DB, s.policy, s.services, opt)
	if err != nil {
		return nil, err
	}
	s.membership, s.assignment, s.directory, s.trail = r.membership, r.assignment, r.directory, r.trail
	if err := s.warnOfStrandedPasskeys(ctx, r.auth.Passkeys); err != nil {
		return nil, err
	}
	o := office(cfg, opt)
	r.membership.Office, r.directory.Office, r.assignment.Office, r.credential.Office, r.auth.Office = o, o, o, o, o
	sso, err := webSSO(cfg)
	if err != nil {
		return nil, err
	}
	api := &httpapi.API{
		Auth:           r.auth,
		Catalog:        r.catalog,
		Directory:      r.directory,
		Assignment:     r.assignment,
		Credential:     r.credential,
		Federation:     r.federation,
		Trail:          r.trail,
		Membership:     r.membership,
		Services:       s.services,
		PortalURL:      portalURL(cfg),
		WebSSO:         sso,
		MappedMethods:  cfg.MappedMethods,
		MappingVersion: cfg.Federation.AttributeMappingDefaultSchemaVersion,
		SAML:           samlIssuer(cfg),
		PublicEndpoint: cfg.Default.PublicEndpoint,
		RevokeByID:     cfg.Token.RevokeByID,
		AdminToken:     cfg.Default.AdminToken,
		MaxBody:        int64(cfg.OsloMiddleware.MaxRequestBodySize),
		InsecureDebug:  cfg.Default.InsecureDebug,
		Lists: httpapi.ListLimits{
			Max: cfg.Default.MaxDBLimit, Default: orZero(cfg.Default.ListLimit),
			Identity: orZero(cfg.Identity.ListLimit), Resource: orZero(cfg.Resource.ListLimit),
			Role: orZero(cfg.Role.ListLimit), Catalog: orZero(cfg.Catalog.ListLimit),
			Policy: orZero(cfg.Policy.ListLimit),
		},
		Log: opt.Log,
	}
	health, err := s.health()
	if err != nil {
		return nil, err
	}
	front := &front{health: health, api: api.Handler()}
	if cfg.Lintel.Portal {
		s.portal = (&portal.Portal{
			Auth: r.auth, Directory: r.directory, Assignment: r.assignment, Credential: r.credential, Catalog: r.catalog, Membership: r.membership, Trail: r.trail,
			Services: s.services, Name: cfg.Lintel.CloudName, Terms: cfg.Lintel.SignUpTerms, Endpoint: api.Base, Raw: api.User, Now: opt.Now, Log: opt.Log,
		}).Handler()
		if cfg.Lintel.PortalListen == "" {
			front.portal = s.portal
		} else {
			s.portal = s.Telemetry.Handler(s.portal)
		}
	}
	cors := httpapi.CORS{
		Origins: cfg.CORS.AllowedOrigin, Credentials: cfg.CORS.AllowCredentials, ExposeHeaders: cfg.CORS.ExposeHeaders,
		MaxAge: cfg.CORS.MaxAge, Methods: cfg.CORS.AllowMethods, Headers: cfg.CORS.AllowHeaders,
	}
	s.handler = s.Telemetry.Handler(cors.Handler(front))
	s.measure(r.directory.Passwords)
	s.warn()
	return s, nil
}

func domainConfig(cfg *config.Config) directory.DomainConfig {
	c := directory.NewDomainConfig(cfg.DomainConfig.AdditionalWhitelistedOptions, cfg.DomainConfig.AdditionalSensitiveOptions)
	c.Default, c.Check = cfg.Option, config.CheckOption
	c.PasswordRegex, c.PasswordRegexDescription = cfg.SecurityCompliance.PasswordRegex, cfg.SecurityCompliance.PasswordRegexDescription
	return c
}

// treeDepth is how deep projects may stand. The strict model of limits knows two levels of them.
func treeDepth(cfg *config.Config) int {
	if cfg.UnifiedLimit.EnforcementModel == "strict_two_level" {
		return min(cfg.Default.MaxProjectTreeDepth, 2)
	}
	return cfg.Default.MaxProjectTreeDepth
}

// checkTree refuses the strict model of limits where projects stand deeper than it knows of (LimitTreeExceedError in
// keystone/exception.py, which upstream raises for one level less than it lets be made).
func checkTree(ctx context.Context, cfg *config.Config, db *store.DB) error {
	if cfg.UnifiedLimit.EnforcementModel != "strict_two_level" {
		return nil
	}
	return db.View(ctx, func(tx *store.Tx) error {
		deep, err := tx.ProjectsBelow(ctx, 2)
		if err == nil && len(deep) > 0 {
			err = fmt.Errorf("[unified_limit] enforcement_model is strict_two_level, but projects stand deeper than two levels below their domain: %q; delete them, or set the model to flat", deep)
		}
		return err
	})
}

// OpenDatabase opens the configured database, whatever state it is in.
func OpenDatabase(ctx context.Context, cfg *config.Config, opt Options) (*store.DB, error) {
	if cfg.Database.Connection == "" {
		return nil, errors.New("no database: set [database] connection, for example to sqlite:////var/lib/lintel/lintel.db")
	}
	return store.Open(ctx, store.Options{
		URL:             cfg.Database.Connection,
		MaxConns:        cfg.Database.MaxPoolSize + max(0, cfg.Database.MaxOverflow),
		KeepRevocations: cfg.Token.Expiration + cfg.Token.AllowExpiredWindow + cfg.Revoke.ExpirationBuffer,
		MembershipTTL:   cfg.Federation.DefaultAuthorizationTTL,
		FactMemory:      cfg.Lintel.CacheMemory << 20 / 2,
		Now:             opt.Now,
		KeepTrail:       time.Duration(cfg.Lintel.AuditDays) * 24 * time.Hour,
		Outbox:          store.Outbox{Sinks: sinkNames(cfg), OptOut: cfg.Default.NotificationOptOut},
		Logger:          opt.Log,
	})
}

// Repositories are the key repositories that a configuration names.
func Repositories(cfg *config.Config) (tokens, receipts, credentials token.Repository) {
	tokens = token.Repository{Dir: cfg.FernetTokens.KeyRepository, MaxActive: cfg.FernetTokens.MaxActiveKeys}
	receipts = token.Repository{Dir: cfg.FernetReceipts.KeyRepository, MaxActive: cfg.FernetReceipts.MaxActiveKeys}
	credentials = token.Repository{Dir: cfg.Credential.KeyRepository}
	return tokens, receipts, credentials
}

// formats opens the key repositories and makes what seals tokens and receipts. The server does not start without
// keys, nor with keys that others can read or guess.
func formats(cfg *config.Config, opt Options) (tokens token.Format, receipts *token.Fernet, err error) {
	repoT, repoR, repoC := Repositories(cfg)
	fernet := func(keys token.Repository) (*token.Fernet, error) {
		files := &token.FileKeys{Repository: keys, Report: opt.reportKeys, Now: opt.Now}
		if _, err := files.Keys(); err != nil {
			return nil, err
		}
		return &token.Fernet{Keys: files, Methods: cfg.Auth.Methods, DefaultDomainID: cfg.Identity.DefaultDomainID}, nil
	}
	used := []token.Repository{repoR}
	if receipts, err = fernet(repoR); err != nil {
		return nil, nil, fmt.Errorf("[fernet_receipts] key_repository: %w; create keys with receipt_setup", err)
	}
	if cfg.Token.Provider == "jws" {
		if tokens, err = jws(cfg, opt); err != nil {
			return nil, nil, fmt.Errorf("[jwt_tokens]: %w", err)
		}
	} else {
		if tokens, err = fernet(repoT); err != nil {
			return nil, nil, fmt.Errorf("[fernet_tokens] key_repository: %w; create keys with fernet_setup", err)
		}
		if repoT.Dir != repoR.Dir {
			used = append(used, repoT)
		}
	}
	for _, keys := range used {
		findings, err := keys.Check(repoC.Dir)
		if err != nil {
			return nil, nil, err
		}
		for _, f := range findings {
			if f.Severe {
				return nil, nil, fmt.Errorf("refusing to start: %s", f)
			}
			opt.Log.Warn("key repository", "problem", f.String())
		}
	}
	return tokens, receipts, nil
}

// credentialKeys are the keys of stored credentials. Without any, upstream's null key stands in.
func credentialKeys(cfg *config.Config, opt Options) token.Keys {
	_, _, repo := Repositories(cfg)
	return &token.FileKeys{Repository: repo, Optional: true, Report: opt.reportKeys, Now: opt.Now}
}

func jws(cfg *config.Config, opt Options) (*token.JWS, error) {
	j := cfg.JWTTokens
	format := &token.JWS{
		PrivateDir: j.JWSPrivateKeyRepository, PublicDir: j.JWSPublicKeyRepository,
		Algorithm: j.JWSAlgorithm, Accepted: j.JWSAcceptedAlgorithms, Report: opt.reportKeys, Now: opt.Now,
	}
	return format, format.Check()
}

func (o Options) reportKeys(err error) { o.Log.Warn("key repository", "problem", err) }

// loadPolicy makes the rules: built in, and what the operator's files put over them.
func (s *Server) loadPolicy() (err error) {
	o := s.cfg.OsloPolicy
	s.policy, err = policy.NewEnforcer(authz.Rules(), PolicyOptions(s.cfg))
	if err != nil {
		return err
	}
	s.files = policy.Files{File: o.PolicyFile, Dirs: o.PolicyDirs, Search: s.cfg.Dirs()}
	warnings, err := s.policy.Load(s.files)
	s.reportPolicy(warnings, nil)
	return err
}

// PolicyOptions are those of [oslo_policy] that say how rules are evaluated.
func PolicyOptions(cfg *config.Config) policy.Options {
	o := cfg.OsloPolicy
	return policy.Options{
		EnforceNewDefaults: o.EnforceNewDefaults,
		DefaultRule:        o.PolicyDefaultRule,
		Remote: policy.Remote{
			ContentType: o.RemoteContentType, Timeout: o.RemoteTimeout, VerifyServer: o.RemoteSSLVerifyServerCrt,
			CAFile: o.RemoteSSLCACrtFile, CertFile: o.RemoteSSLClientCrtFile, KeyFile: o.RemoteSSLClientKeyFile,
		},
	}
}

func (s *Server) reportPolicy(warnings []*policy.Problem, err error) {
	for _, w := range warnings {
		s.log.Warn("policy file", "problem", w.Error())
	}
	if err != nil {
		s.log.Error("policy files cannot be used; the rules stay as they were", "error", err)
	}
}

func (s *Server) reportServices(err error) {
	s.log.Error("what a service permits cannot be read; what was read before counts", "error", err)
}

// passwords makes what hashes and judges passwords.
func passwords(cfg *config.Config) (password.Hasher, password.Rules, error) {
	hasher := password.Hasher{
		Algorithm: cfg.Identity.PasswordHashAlgorithm, Rounds: orZero(cfg.Identity.PasswordHashRounds),
		ScryptBlockSize: orZero(cfg.Identity.ScryptBlockSize), ScryptParallelism: orZero(cfg.Identity.ScryptParallelism),
		SaltBytes: orZero(cfg.Identity.SaltByteSize), MaxLength: cfg.Identity.MaxPasswordLength,
		Strict: cfg.Default.StrictPasswordCheck,
	}
	if err := hasher.Validate(); err != nil {
		return hasher, password.Rules{}, fmt.Errorf("[identity]: %w", err)
	}
	rules := password.Rules{Description: cfg.SecurityCompliance.PasswordRegexDescription, MaxBytes: hasher.Limit()}
	if text := cfg.SecurityCompliance.PasswordRegex; text != "" {
		var err error
		if rules.Pattern, err = pattern.CompileStart(text); err != nil {
			return hasher, rules, fmt.Errorf("[security_compliance] password_regex: %w", err)
		}
	}
	return hasher, rules, nil
}

func (s *Server) health() (*telemetry.Health, error) {
	h := s.cfg.Healthcheck
	return telemetry.NewHealth(telemetry.HealthOptions{
		Detailed: h.Detailed, Backends: h.Backends, DisableByFile: h.DisableByFilePath, DisableByFiles: h.DisableByFilePaths,
		EnableByFiles: h.EnableByFilePaths, SourceRanges: h.AllowedSourceRanges, IgnoreProxied: h.IgnoreProxiedRequests,
	})
}

// measure shows how busy the hashing of passwords is.
func (s *Server) measure(pool *password.Pool) {
	gauge := func(name, help string, value func() int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value()) })
	}
	s.Telemetry.Register(
		gauge("lintel_hashes_running", "Password hashes being computed.", func() int { running, _ := pool.Load(); return running }),
		gauge("lintel_hashes_waiting", "Logins that wait for a hash.", func() int { _, waiting := pool.Load(); return waiting }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "lintel_hashes_total", Help: "Password hashes computed."},
			func() float64 { return float64(pool.Done()) }),
	)
}

// warn tells of settings that work and are not safe.
func (s *Server) warn() {
	if s.cfg.Default.PublicEndpoint == "" {
		s.log.Warn("[DEFAULT] public_endpoint is not set: links name the host that the client sent")
	}
	if s.cfg.OsloMiddleware.EnableProxyHeadersParsing && len(s.cfg.Lintel.TrustedProxies) == 0 {
		s.log.Warn("[oslo_middleware] enable_proxy_headers_parsing believes everybody: list the proxies in [lintel] trusted_proxies")
	}
	if s.cfg.Lintel.EnvironPrefix != "" && len(s.cfg.Lintel.TrustedProxies) == 0 {
		s.log.Warn("[lintel] environ_prefix has no effect: list the web servers in front in [lintel] trusted_proxies")
	}
	if s.cfg.Default.AdminToken != "" {
		s.log.Warn("[DEFAULT] admin_token is set: whoever knows it may do anything; use bootstrap instead")
	}
	if s.cfg.Default.InsecureDebug {
		s.log.Warn("[DEFAULT] insecure_debug is on: clients learn why they are refused")
	}
	if c := s.cfg.SecurityCompliance; len(c.ReportInvalidPasswordHash) > 0 && c.InvalidPasswordHashSecretKey == "" {
		s.log.Warn("[security_compliance] report_invalid_password_hash has no effect without invalid_password_hash_secret_key")
	}
}

// warnOfStrandedPasskeys tells of people whose passkeys are bound to another domain than the portal's of now: it was renamed.
func (s *Server) warnOfStrandedPasskeys(ctx context.Context, party *passkey.Party) error {
	domain := ""
	if party != nil {
		domain = party.ID
	}
	n, err := s.DB.StrandedPasskeys(ctx, domain)
	if err == nil && n > 0 {
		s.log.Warn("passkeys are bound to another domain than the portal's: their owners need recovery codes, or another factor; set [lintel] passkey_rp_id or portal_url back to keep them",
			"users", n, "passkey_rp_id", domain)
	}
	return err
}

// follow keeps what the server remembers coherent with the database ([lintel] coherence).
func (s *Server) follow(ctx context.Context) error {
	exclusive := s.cfg.Lintel.Coherence == "exclusive"
	if s.cfg.Lintel.Coherence == "" {
		var err error
		if exclusive, err = s.DB.Exclusive(ctx); err != nil {
			return err
		}
	}
	s.log.Info("database", "dialect", s.DB.Dialect(), "exclusive", exclusive)
	if exclusive {
		s.DB.Remember()
	} else {
		s.DB.RememberShared(s.cfg.Lintel.SharedCacheTime)
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.DB.Follow(work)
	}()
	s.stop = func() {
		stop()
		<-done
	}
	return nil
}

// Close ends what runs beside requests and lets go of the database.
func (s *Server) Close() error {
	s.stop()
	return s.DB.Close()
}

// ReadServices reads now what the services of the cloud permit, for tests that do not wait until Serve does.
func (s *Server) ReadServices() error { return s.services.Reload() }

// Handler serves the whole service, for tests that need no listener.
func (s *Server) Handler() http.Handler { return s.handler }

// lookAtFiles is how often policy files are looked at.
const lookAtFiles = 500 * time.Millisecond

const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	idleTimeout   = 120 * time.Second
	maxHeader     = 32 << 10
	drainTime     = 30 * time.Second
)

// PortalURL is where people find the portal of a server that listens on l; empty when it is off.
func PortalURL(cfg *config.Config, l net.Listener) string {
	switch {
	case !cfg.Lintel.Portal:
		return ""
	case cfg.Lintel.PortalListen != "":
		return scheme(cfg) + cfg.Lintel.PortalListen + portal.Prefix
	}
	return URL(cfg, l) + portal.Prefix
}

// tuned is done once a process. It lets as many threads run as there are processors beside those that hash: these have a lower
// priority, and so the kernel gives the processors to whom a hash would keep waiting. And it makes garbage collections rare.
var tuned sync.Once

// Serve answers requests until ctx ends, then lets those in flight finish. ready is called once requests are taken.
func (s *Server) Serve(ctx context.Context, l net.Listener, ready func()) error {
	tuned.Do(func() {
		paceCollector()
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + cmp.Or(s.cfg.Lintel.HashWorkers, runtime.GOMAXPROCS(0)))
	})
	work, stop := context.WithCancel(ctx)
	defer stop()
	group, work := errgroup.WithContext(work)
	api := s.httpServer(s.handler)
	group.Go(func() error { return serve(api, l, s.tls) })
	servers := []*http.Server{api}
	for _, more := range []struct {
		addr    string
		handler http.Handler
		tls     *tls.Config
	}{{s.cfg.Lintel.AdminListen, s.Telemetry.Metrics(), nil}, {s.cfg.Lintel.PortalListen, s.portal, s.tls}} {
		if more.addr == "" || more.handler == nil {
			continue
		}
		l, err := Listen(more.addr)
		if err != nil {
			return err
		}
		srv := s.httpServer(more.handler)
		servers = append(servers, srv)
		group.Go(func() error { return serve(srv, l, more.tls) })
	}
	group.Go(func() error {
		s.policy.Follow(work, s.files, lookAtFiles, s.reportPolicy)
		return nil
	})
	group.Go(func() error {
		s.services.Follow(work, lookAtFiles, s.reportServices)
		return nil
	})
	for _, d := range s.deliveries {
		group.Go(func() error {
			d.Run(work)
			return nil
		})
	}
	group.Go(func() error {
		s.keepTrail(work)
		return nil
	})
	group.Go(func() error {
		s.keepGrants(work)
		return nil
	})
	if s.post != nil {
		group.Go(func() error {
			s.post.Run(work)
			return nil
		})
	}
	group.Go(func() error {
		s.tend(work)
		return nil
	})
	group.Go(func() error {
		s.remind(work)
		return nil
	})
	group.Go(func() error {
		<-work.Done()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer cancel()
		for _, srv := range servers {
			if err := srv.Shutdown(drain); err != nil {
				return fmt.Errorf("some requests did not finish within %v: %w", drainTime, err)
			}
		}
		return nil
	})
	if ready != nil {
		ready()
	}
	return group.Wait()
}

func (s *Server) httpServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

func serve(srv *http.Server, l net.Listener, secure *tls.Config) error {
	if secure != nil {
		l = tls.NewListener(l, secure)
	}
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Listen opens an address, and says what to do when that fails.
func Listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w; stop what uses it or choose another address with --listen", addr, errors.Unwrap(err))
	}
	return l, nil
}

func orZero[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
