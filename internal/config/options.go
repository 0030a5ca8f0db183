package config

import "time"

// Config holds every option, one struct per group of the file.
//
// Each field carries its option's name, default and limits as tags, and the rest of the package works from those:
//
//	opt      the option's name; default its value when no file sets it (none: unset, the zero value)
//	min, max limits of a number, in the unit of the file
//	unit     s, m or d: the number in the file is seconds, minutes or days
//	choices  the values that a string, or each item of a list, may have
//	only     the drivers there are; upstream would look for any other as a plug-in
//	multi    the key may repeat, once per value (other lists are one value with commas)
//	uri      must have a scheme and a host; a number limits its length
//	old      a former name: "name" or "group.name"
//	removal  the release that announced its removal
//	secret   never shown in a message
//
// A pointer is an option that can be unset (nil). Strings and lists use their empty value for that.
//
// CacheTime and Caching of each group steer Keystone's memcached regions. Lintel reads them so that files stay valid;
// its own cache follows [lintel] coherence.
type Config struct {
	Default                    DefaultGroup                    `group:"DEFAULT"`
	API                        APIGroup                        `group:"api"`
	ApplicationCredential      ApplicationCredentialGroup      `group:"application_credential"`
	Assignment                 AssignmentGroup                 `group:"assignment"`
	Auth                       AuthGroup                       `group:"auth"`
	Catalog                    CatalogGroup                    `group:"catalog"`
	Credential                 CredentialGroup                 `group:"credential"`
	DomainConfig               DomainConfigGroup               `group:"domain_config"`
	EndpointFilter             EndpointFilterGroup             `group:"endpoint_filter"`
	EndpointPolicy             EndpointPolicyGroup             `group:"endpoint_policy"`
	Federation                 FederationGroup                 `group:"federation"`
	FernetReceipts             FernetReceiptsGroup             `group:"fernet_receipts"`
	FernetTokens               FernetTokensGroup               `group:"fernet_tokens"`
	Identity                   IdentityGroup                   `group:"identity"`
	IdentityMapping            IdentityMappingGroup            `group:"identity_mapping"`
	JWTTokens                  JWTTokensGroup                  `group:"jwt_tokens"`
	LDAP                       LDAPGroup                       `group:"ldap"`
	OAuth1                     OAuth1Group                     `group:"oauth1"`
	OAuth2                     OAuth2Group                     `group:"oauth2"`
	Policy                     PolicyGroup                     `group:"policy"`
	Receipt                    ReceiptGroup                    `group:"receipt"`
	Resource                   ResourceGroup                   `group:"resource"`
	Revoke                     RevokeGroup                     `group:"revoke"`
	Role                       RoleGroup                       `group:"role"`
	SAML                       SAMLGroup                       `group:"saml"`
	SecurityCompliance         SecurityComplianceGroup         `group:"security_compliance"`
	ShadowUsers                ShadowUsersGroup                `group:"shadow_users"`
	Token                      TokenGroup                      `group:"token"`
	TokenlessAuth              TokenlessAuthGroup              `group:"tokenless_auth"`
	TOTP                       TOTPGroup                       `group:"totp"`
	Trust                      TrustGroup                      `group:"trust"`
	UnifiedLimit               UnifiedLimitGroup               `group:"unified_limit"`
	WSGI                       WSGIGroup                       `group:"wsgi"`
	Database                   DatabaseGroup                   `group:"database"`
	Cache                      CacheGroup                      `group:"cache"`
	CORS                       CORSGroup                       `group:"cors"`
	OsloMiddleware             OsloMiddlewareGroup             `group:"oslo_middleware"`
	OsloPolicy                 OsloPolicyGroup                 `group:"oslo_policy"`
	OsloMessagingNotifications OsloMessagingNotificationsGroup `group:"oslo_messaging_notifications"`
	OsloMessagingRabbit        OsloMessagingRabbitGroup        `group:"oslo_messaging_rabbit"`
	Healthcheck                HealthcheckGroup                `group:"healthcheck"`
	Lintel                     LintelGroup                     `group:"lintel"`

	// RemoteIDAttributes are the values of remote_id_attribute in groups that are named by federation protocols.
	RemoteIDAttributes map[string]string

	// MappedMethods are the methods for which an option of [auth] of that name chooses the plug-in of federated logins.
	MappedMethods []string

	files []string // as read, for Dirs
}

// DefaultGroup is [DEFAULT].
type DefaultGroup struct {
	// Shared secret that bypasses policy when sent as X-Auth-Token; unset = off.
	AdminToken string `opt:"admin_token" secret:""`
	// Base URL used in links/discovery instead of the request host.
	PublicEndpoint string `opt:"public_endpoint" uri:""`
	// Deepest project nesting allowed below the domain.
	MaxProjectTreeDepth int `opt:"max_project_tree_depth" default:"5"`
	// No effect any more.
	MaxParamSize int `opt:"max_param_size" default:"64" removal:"2025.1"`
	// Longer fernet tokens only cause an INFO log line.
	MaxTokenSize int `opt:"max_token_size" default:"255"`
	// Default page cap for collections that have no own list_limit; unset = none.
	ListLimit *int `opt:"list_limit"`
	// Hard ceiling for one page; also silently caps un-paged user/group/project/domain listings.
	MaxDBLimit int `opt:"max_db_limit" min:"0" default:"1000"`
	// Reject over-long passwords (403) instead of truncating them.
	StrictPasswordCheck bool `opt:"strict_password_check" default:"false"`
	// Put the real reason in 401/403/500 messages.
	InsecureDebug bool `opt:"insecure_debug" default:"false"`
	// Publisher id of notifications is identity.<this>; unset = hostname.
	DefaultPublisherID string `opt:"default_publisher_id"`
	// Payload shape of resource notifications.
	NotificationFormat string `opt:"notification_format" choices:"basic|cadf" default:"cadf"`
	// Event types not to send; repeatable; authenticate events match with .<outcome> suffix.
	NotificationOptOut []string `opt:"notification_opt_out" multi:"" default:"identity.authenticate.success,identity.authenticate.pending"`

	// Logging (oslo.log). With neither a file nor stderr asked for, records go to standard output.
	Debug bool `opt:"debug" default:"false"` // level DEBUG instead of INFO
	// A Python logging ini file; the other logging options then do not count.
	LogConfigAppend string `opt:"log_config_append" old:"log_config|log-config"`
	// Relative to LogDir; follows rotation by rename.
	LogFile string `opt:"log_file" old:"logfile"`
	// Without LogFile: a file named after the program in here.
	LogDir    string `opt:"log_dir" old:"logdir"`
	UseStderr bool   `opt:"use_stderr" default:"false"`
	UseJSON   bool   `opt:"use_json" default:"false"` // one JSON object a line
	// Message bus, unless [oslo_messaging_notifications] names one.
	TransportURL    string `opt:"transport_url" secret:"" default:"rabbit://"`
	ControlExchange string `opt:"control_exchange" default:"keystone"`
}

// APIGroup is [api].
type APIGroup struct {
	// What to do when a response body fails its JSON schema: raise 500, log, or skip.
	ResponseValidation string `opt:"response_validation" choices:"error|warn|ignore" default:"warn"`
}

// ApplicationCredentialGroup is [application_credential].
type ApplicationCredentialGroup struct {
	Driver    string         `opt:"driver" default:"sql" only:"sql"`
	Caching   bool           `opt:"caching" default:"true"`
	CacheTime *time.Duration `opt:"cache_time" unit:"s"`
	// Max application credentials per user; -1 = unlimited.
	UserLimit int `opt:"user_limit" default:"-1"`
}

// AssignmentGroup is [assignment].
type AssignmentGroup struct {
	Driver string `opt:"driver" default:"sql" only:"sql"`
	// Role names that may never be the implied side of an inference rule.
	ProhibitedImpliedRole []string `opt:"prohibited_implied_role" default:"admin"`
}

// AuthGroup is [auth]. The options named after methods choose among plug-ins upstream.
type AuthGroup struct {
	// Enabled methods; their order defines the bitmap in Fernet tokens.
	Methods  []string `opt:"methods" default:"external,password,token,oauth1,mapped,application_credential,ec2credential"`
	Password string   `opt:"password" only:"default"`
	Token    string   `opt:"token" only:"default"`
	// Who REMOTE_USER is: a user of the default domain, or with Domain one of REMOTE_DOMAIN.
	External              string `opt:"external" only:"default|DefaultDomain|Domain"`
	OAuth1                string `opt:"oauth1" only:"default"`
	Mapped                string `opt:"mapped" only:"default"`
	ApplicationCredential string `opt:"application_credential" only:"default"`
	EC2Credential         string `opt:"ec2credential" only:"default"`
	// Further methods that prove a user in person rather than by delegation.
	AdditionalPrimaryAuthMethods []string `opt:"additional_primary_auth_methods"`
}

// CatalogGroup is [catalog].
type CatalogGroup struct {
	Driver    string         `opt:"driver" default:"sql" only:"sql"`
	Caching   bool           `opt:"caching" default:"true"`
	CacheTime *time.Duration `opt:"cache_time" unit:"s"`
	ListLimit *int           `opt:"list_limit"`
}

// CredentialGroup is [credential].
type CredentialGroup struct {
	Driver   string `opt:"driver" default:"sql" only:"sql"`
	Provider string `opt:"provider" default:"fernet" only:"fernet"`
	// Folder of the fernet keys that encrypt credential blobs.
	KeyRepository string         `opt:"key_repository" default:"/etc/keystone/credential-keys/"`
	Caching       bool           `opt:"caching" default:"true"`
	CacheTime     *time.Duration `opt:"cache_time" unit:"s"`
	// How long a signed EC2/S3 request stays acceptable after its timestamp.
	AuthTTL time.Duration `opt:"auth_ttl" unit:"m" default:"15"`
	// Max credentials per user; -1 = unlimited.
	UserLimit int `opt:"user_limit" default:"-1"`
}

// DomainConfigGroup is [domain_config].
type DomainConfigGroup struct {
	Driver    string        `opt:"driver" default:"sql" only:"sql"`
	Caching   bool          `opt:"caching" default:"true"`
	CacheTime time.Duration `opt:"cache_time" unit:"s" default:"300"`
	// Extra {group: [options]} allowed in the domain config API.
	AdditionalWhitelistedOptions map[string][]string `opt:"additional_whitelisted_options"`
	// Extra {group: [options]} stored as sensitive in the domain config API.
	AdditionalSensitiveOptions map[string][]string `opt:"additional_sensitive_options"`
}

// EndpointFilterGroup is [endpoint_filter].
type EndpointFilterGroup struct {
	Driver string `opt:"driver" default:"sql"`
	// Full catalog when a project has no endpoint filter; false = empty catalog.
	ReturnAllEndpointsIfNoFilter bool `opt:"return_all_endpoints_if_no_filter" default:"true"`
}

// EndpointPolicyGroup is [endpoint_policy].
type EndpointPolicyGroup struct {
	Driver string `opt:"driver" default:"sql" only:"sql"`
}

// FederationGroup is [federation].
type FederationGroup struct {
	Driver string `opt:"driver" default:"sql" only:"sql"`
	// Only environment variables with this prefix reach the mapping engine.
	AssertionPrefix string `opt:"assertion_prefix" default:""`
	// Default environment variable that carries the IdP entity id.
	RemoteIDAttribute string `opt:"remote_id_attribute"`
	// Reserved domain name/id that cannot be created or used (case-insensitive).
	FederatedDomainName string `opt:"federated_domain_name" default:"Federated" removal:"T"`
	// Exact origin URLs accepted by WebSSO (their host is lower-cased first); repeatable.
	TrustedDashboard []string `opt:"trusted_dashboard" multi:""`
	// HTML file with $host and $token used to post the token back to the dashboard
	SSOCallbackTemplate string `opt:"sso_callback_template" default:"/etc/keystone/sso_callback_template.html"`
	Caching             bool   `opt:"caching" default:"true"`
	// How long a mapped group membership stays valid when the IdP sets none; 0 = not kept.
	DefaultAuthorizationTTL time.Duration `opt:"default_authorization_ttl" unit:"m" default:"0"`
	// Schema version given to mappings registered without one.
	AttributeMappingDefaultSchemaVersion string `opt:"attribute_mapping_default_schema_version" default:"1.0"`
}

// FernetReceiptsGroup is [fernet_receipts].
type FernetReceiptsGroup struct {
	// Folder of the fernet keys for auth receipts.
	KeyRepository string `opt:"key_repository" default:"/etc/keystone/fernet-keys/"`
	// How many receipt keys rotation keeps (staged+primary+secondary).
	MaxActiveKeys int `opt:"max_active_keys" min:"1" default:"3"`
}

// FernetTokensGroup is [fernet_tokens].
type FernetTokensGroup struct {
	// Folder of the fernet keys for tokens.
	KeyRepository string `opt:"key_repository" default:"/etc/keystone/fernet-keys/"`
	// How many token keys rotation keeps (staged+primary+secondary).
	MaxActiveKeys int `opt:"max_active_keys" min:"1" default:"3"`
}

// IdentityGroup is [identity].
type IdentityGroup struct {
	// Id of the domain used when a request names none.
	DefaultDomainID string `opt:"default_domain_id" default:"default"`
	// Allow per-domain identity drivers.
	DomainSpecificDriversEnabled bool `opt:"domain_specific_drivers_enabled" default:"false"`
	// Read per-domain driver config from the database (API) instead of files.
	DomainConfigurationsFromDatabase bool `opt:"domain_configurations_from_database" default:"false"`
	// Folder with keystone.<domain name>.conf files.
	DomainConfigDir string        `opt:"domain_config_dir" default:"/etc/keystone/domains"`
	Driver          string        `opt:"driver" default:"sql" only:"sql|ldap"`
	Caching         bool          `opt:"caching" default:"true"`
	CacheTime       time.Duration `opt:"cache_time" unit:"s" default:"600"`
	// Bytes; longer passwords are truncated or refused (bcrypt caps at 72).
	MaxPasswordLength int  `opt:"max_password_length" max:"4096" default:"4096"`
	ListLimit         *int `opt:"list_limit"`
	// Algorithm for new password and app-credential secret hashes.
	PasswordHashAlgorithm string `opt:"password_hash_algorithm" choices:"bcrypt|bcrypt_sha256|scrypt|pbkdf2_sha512" default:"bcrypt"`
	// Work factor for new hashes (bcrypt/bcrypt_sha256 log2 rounds, pbkdf2 iterations; ignored by scrypt code path).
	PasswordHashRounds *int `opt:"password_hash_rounds"`
	// The r of scrypt for new hashes.
	ScryptBlockSize *int `opt:"scrypt_block_size"`
	// The p of scrypt for new hashes.
	ScryptParallelism *int `opt:"scrypt_parallelism"`
	// Salt length in bytes for scrypt and pbkdf2.
	SaltByteSize *int `opt:"salt_bytesize" min:"0" max:"96"`
}

// IdentityMappingGroup is [identity_mapping].
type IdentityMappingGroup struct {
	Driver string `opt:"driver" default:"sql" only:"sql"`
	// Public id generator; only sha256 exists.
	Generator string `opt:"generator" default:"sha256" only:"sha256"`
	// Leave ids of the default LDAP driver unmapped.
	BackwardCompatibleIDs bool `opt:"backward_compatible_ids" default:"true"`
}

// JWTTokensGroup is [jwt_tokens].
type JWTTokensGroup struct {
	// Signing algorithm for JWS tokens and for create_jws_keypair.
	JWSAlgorithm string `opt:"jws_algorithm" choices:"ES256|ES384|ES512|EdDSA" default:"ES256"`
	// Algorithms accepted when validating JWS tokens.
	JWSAcceptedAlgorithms []string `opt:"jws_accepted_algorithms" default:"ES256"`
	// Folder of PEM public keys, all tried when validating.
	JWSPublicKeyRepository string `opt:"jws_public_key_repository" default:"/etc/keystone/jws-keys/public"`
	// Folder holding private.pem used for signing.
	JWSPrivateKeyRepository string `opt:"jws_private_key_repository" default:"/etc/keystone/jws-keys/private"`
}

// LDAPGroup is [ldap].
type LDAPGroup struct {
	// LDAP server URL(s), comma separated, tried in order
	URL string `opt:"url" default:"ldap://localhost"`
	// Shuffle the URL list once per process.
	RandomizeURLs bool `opt:"randomize_urls" default:"false"`
	// Bind DN for searches.
	User string `opt:"user"`
	// Bind password for searches.
	Password string `opt:"password" secret:""`
	// Base DN used to build default user/group trees.
	Suffix string `opt:"suffix" default:"cn=example,cn=com"`
	// Search depth: one level or whole subtree.
	QueryScope string `opt:"query_scope" choices:"one|sub" default:"one"`
	// Simple paged results size; 0 = off.
	PageSize int `opt:"page_size" min:"0" default:"0"`
	// Alias dereference mode; default = library default.
	AliasDereferencing string `opt:"alias_dereferencing" choices:"never|searching|always|finding|default" default:"default"`
	// The LDAP library's debug bitmask.
	DebugLevel *int `opt:"debug_level" min:"-1"`
	// Follow referrals; unset = library default.
	ChaseReferrals *bool `opt:"chase_referrals"`
	// User search base; unset = ou=Users,<suffix>.
	UserTreeDN string `opt:"user_tree_dn"`
	// Extra filter ANDed into user searches.
	UserFilter string `opt:"user_filter"`
	// ObjectClass of users.
	UserObjectClass string `opt:"user_objectclass" default:"inetOrgPerson"`
	// Attribute used as local user id (single-valued).
	UserIDAttribute string `opt:"user_id_attribute" default:"cn"`
	// Attribute used as user name.
	UserNameAttribute string `opt:"user_name_attribute" default:"sn"`
	// Attribute used as description.
	UserDescriptionAttribute string `opt:"user_description_attribute" default:"description"`
	// Attribute used as email.
	UserMailAttribute string `opt:"user_mail_attribute" default:"mail"`
	// Attribute used as password.
	UserPassAttribute string `opt:"user_pass_attribute" default:"userPassword"`
	// Attribute used as enabled flag.
	UserEnabledAttribute string `opt:"user_enabled_attribute" default:"enabled"`
	// Enabled attribute means disabled.
	UserEnabledInvert bool `opt:"user_enabled_invert" default:"false"`
	// Bit in the enabled integer that means disabled (e.g. 2 for AD); 0 = not a mask.
	UserEnabledMask int `opt:"user_enabled_mask" min:"0" default:"0"`
	// Value assumed when the enabled attribute is absent (e.g. 512 for AD).
	UserEnabledDefault string `opt:"user_enabled_default" default:"True"`
	// User attributes never read or written.
	UserAttributeIgnore []string `opt:"user_attribute_ignore" default:"default_project_id"`
	// Attribute used as default project id.
	UserDefaultProjectIDAttribute string `opt:"user_default_project_id_attribute"`
	// Enabled = membership of a special group.
	UserEnabledEmulation bool `opt:"user_enabled_emulation" default:"false"`
	// DN of that group; unset = cn=enabled_users,<user tree>
	UserEnabledEmulationDN string `opt:"user_enabled_emulation_dn"`
	// Use the configured group member attribute/objectclass for it.
	UserEnabledEmulationUseGroupConfig bool `opt:"user_enabled_emulation_use_group_config" default:"false"`
	// Pairs of LDAP attribute and ours, joined by a colon.
	UserAdditionalAttributeMapping []string `opt:"user_additional_attribute_mapping"`
	// Group search base; unset = ou=UserGroups,<suffix>.
	GroupTreeDN string `opt:"group_tree_dn"`
	// Extra filter ANDed into group searches.
	GroupFilter string `opt:"group_filter"`
	// ObjectClass of groups.
	GroupObjectClass string `opt:"group_objectclass" default:"groupOfNames"`
	// Attribute used as local group id.
	GroupIDAttribute string `opt:"group_id_attribute" default:"cn"`
	// Attribute used as group name.
	GroupNameAttribute string `opt:"group_name_attribute" default:"ou"`
	// Attribute listing members.
	GroupMemberAttribute string `opt:"group_member_attribute" default:"member"`
	// Members hold user ids (posixGroup) instead of DNs.
	GroupMembersAreIDs bool `opt:"group_members_are_ids" default:"false"`
	// Attribute used as group description.
	GroupDescAttribute string `opt:"group_desc_attribute" default:"description"`
	// Group attributes never read or written.
	GroupAttributeIgnore []string `opt:"group_attribute_ignore"`
	// Pairs of LDAP attribute and ours, joined by a colon.
	GroupAdditionalAttributeMapping []string `opt:"group_additional_attribute_mapping"`
	// Use the AD matching rule 1.2.840.113556.1.4.1941 for nested groups.
	GroupADNesting bool `opt:"group_ad_nesting" default:"false"`
	// CA bundle file for TLS
	TLSCACertFile string `opt:"tls_cacertfile"`
	// CA folder for TLS (used if no file)
	TLSCACertDir string `opt:"tls_cacertdir"`
	// StartTLS on ldap:// (invalid together with ldaps://)
	UseTLS bool `opt:"use_tls" default:"false"`
	// Server certificate check level.
	TLSReqCert string `opt:"tls_req_cert" choices:"demand|never|allow" default:"demand"`
	// Network timeout when not pooled; negative = library default.
	ConnectionTimeout time.Duration `opt:"connection_timeout" min:"-1" unit:"s" default:"-1"`
	// Pool the service connections.
	UsePool bool `opt:"use_pool" default:"true"`
	// Service pool size.
	PoolSize int `opt:"pool_size" min:"1" default:"10"`
	// Reconnect attempts.
	PoolRetryMax int `opt:"pool_retry_max" min:"1" default:"3"`
	// Wait between reconnects.
	PoolRetryDelay time.Duration `opt:"pool_retry_delay" float:"" unit:"s" default:"0.1"`
	// Connect timeout for pooled connections; negative = library default.
	PoolConnectionTimeout time.Duration `opt:"pool_connection_timeout" min:"-1" unit:"s" default:"-1"`
	// How long a pooled connection is used.
	PoolConnectionLifetime time.Duration `opt:"pool_connection_lifetime" min:"1" unit:"s" default:"600"`
	// Also pool end-user bind connections.
	UseAuthPool bool `opt:"use_auth_pool" default:"true"`
	// End-user bind pool size.
	AuthPoolSize int `opt:"auth_pool_size" min:"1" default:"100"`
	// How long an end-user bind connection is used.
	AuthPoolConnectionLifetime time.Duration `opt:"auth_pool_connection_lifetime" min:"1" unit:"s" default:"60"`
}

// OAuth1Group is [oauth1].
type OAuth1Group struct {
	Driver string `opt:"driver" default:"sql" only:"sql"`
	// Request token lifetime; 0 = never expires.
	RequestTokenDuration time.Duration `opt:"request_token_duration" min:"0" unit:"s" default:"28800"`
	// Access token lifetime; 0 = never expires.
	AccessTokenDuration time.Duration `opt:"access_token_duration" min:"0" unit:"s" default:"86400"`
}

// OAuth2Group is [oauth2].
type OAuth2Group struct {
	// Client auth methods allowed at the OAuth2 token endpoint.
	OAuth2AuthnMethods []string `opt:"oauth2_authn_methods" default:"tls_client_auth,client_secret_basic"`
	// Mapping id used to check the client certificate DN against the user.
	OAuth2CertDNMappingID string `opt:"oauth2_cert_dn_mapping_id" default:"oauth2_mapping"`
}

// PolicyGroup is [policy].
type PolicyGroup struct {
	Driver    string `opt:"driver" default:"sql" only:"sql|rules"`
	ListLimit *int   `opt:"list_limit"`
}

// ReceiptGroup is [receipt].
type ReceiptGroup struct {
	// Auth receipt lifetime.
	Expiration   time.Duration `opt:"expiration" min:"0" max:"86400" unit:"s" default:"300"`
	Provider     string        `opt:"provider" default:"fernet" only:"fernet"`
	Caching      bool          `opt:"caching" default:"true"`
	CacheTime    time.Duration `opt:"cache_time" min:"0" unit:"s" default:"300"`
	CacheOnIssue bool          `opt:"cache_on_issue" default:"true"` // put fresh receipts into the cache
}

// ResourceGroup is [resource].
type ResourceGroup struct {
	Driver    string         `opt:"driver" default:"sql" only:"sql"`
	Caching   bool           `opt:"caching" default:"true" old:"assignment.caching"`
	CacheTime *time.Duration `opt:"cache_time" unit:"s" old:"assignment.cache_time"`
	ListLimit *int           `opt:"list_limit" old:"assignment.list_limit"`
	// Domain name of the admin project (is_admin_project flag).
	AdminProjectDomainName string `opt:"admin_project_domain_name"`
	// Name of the admin project (is_admin_project flag).
	AdminProjectName string `opt:"admin_project_name"`
	// Whether to refuse nothing (off), new URL-unsafe project names (new), or to scope to old ones too (strict).
	ProjectNameURLSafe string `opt:"project_name_url_safe" choices:"off|new|strict" default:"off"`
	// Whether to refuse nothing (off), new URL-unsafe domain names (new), or to scope to old ones too (strict).
	DomainNameURLSafe string `opt:"domain_name_url_safe" choices:"off|new|strict" default:"off"`
}

// RevokeGroup is [revoke].
type RevokeGroup struct {
	Driver string `opt:"driver" default:"sql" only:"sql"`
	// Added to the token lifetime before revocation events are pruned.
	ExpirationBuffer time.Duration `opt:"expiration_buffer" min:"0" unit:"s" default:"1800"`
	Caching          bool          `opt:"caching" default:"true"`
	CacheTime        time.Duration `opt:"cache_time" unit:"s" default:"3600" old:"token.revocation_cache_time"`
}

// RoleGroup is [role].
type RoleGroup struct {
	Driver    string         `opt:"driver" only:"sql"`
	Caching   bool           `opt:"caching" default:"true"`
	CacheTime *time.Duration `opt:"cache_time" unit:"s"`
	ListLimit *int           `opt:"list_limit"`
}

// SAMLGroup is [saml].
type SAMLGroup struct {
	// Lifetime of K2K assertions.
	AssertionExpirationTime time.Duration `opt:"assertion_expiration_time" unit:"s" default:"3600"`
	// Upstream signs assertions with this program; no effect.
	XMLSec1Binary string `opt:"xmlsec1_binary" default:"xmlsec1"`
	// Signing certificate (no comma in the path).
	CertFile string `opt:"certfile" default:"/etc/keystone/ssl/certs/signing_cert.pem"`
	// Signing key (no comma in the path).
	KeyFile string `opt:"keyfile" default:"/etc/keystone/ssl/private/signing_key.pem"`
	// Issuer of assertions and entityID of metadata (max 1024 chars).
	IdPEntityID string `opt:"idp_entity_id" uri:"1024"`
	// SSO location published in metadata
	IdPSSOEndpoint string `opt:"idp_sso_endpoint" uri:""`
	// The xml:lang of organization data.
	IdPLang string `opt:"idp_lang" default:"en"`
	// Organization name in metadata.
	IdPOrganizationName string `opt:"idp_organization_name" default:"SAML Identity Provider"`
	// Organization display name in metadata.
	IdPOrganizationDisplayName string `opt:"idp_organization_display_name" default:"OpenStack SAML Identity Provider"`
	// Organization URL in metadata.
	IdPOrganizationURL string `opt:"idp_organization_url" uri:"" default:"https://example.com/"`
	// Contact company in metadata.
	IdPContactCompany string `opt:"idp_contact_company" default:"Example, Inc."`
	// Contact given name in metadata.
	IdPContactName string `opt:"idp_contact_name" default:"SAML Identity Provider Support"`
	// Contact surname in metadata.
	IdPContactSurname string `opt:"idp_contact_surname" default:"Support"`
	// Contact email in metadata.
	IdPContactEmail string `opt:"idp_contact_email" default:"support@example.com"`
	// Contact phone in metadata.
	IdPContactTelephone string `opt:"idp_contact_telephone" default:"+1 800 555 0100"`
	// Contact type in metadata.
	IdPContactType string `opt:"idp_contact_type" choices:"technical|support|administrative|billing|other" default:"other"`
	// File served by GET OS-FEDERATION/saml2/metadata.
	IdPMetadataPath string `opt:"idp_metadata_path" default:"/etc/keystone/saml2_idp_metadata.xml"`
	// RelayState prefix for ECP and default for new service providers
	RelayStatePrefix string `opt:"relay_state_prefix" default:"ss:mem:"`
}

// SecurityComplianceGroup is [security_compliance].
type SecurityComplianceGroup struct {
	// Time without login after which a user counts as disabled.
	DisableUserAccountDaysInactive *time.Duration `opt:"disable_user_account_days_inactive" min:"1" unit:"d"`
	// Failed logins before lockout.
	LockoutFailureAttempts *int `opt:"lockout_failure_attempts" min:"1"`
	// How long a lockout lasts.
	LockoutDuration time.Duration `opt:"lockout_duration" min:"1" unit:"s" default:"1800"`
	// How long a new password is valid.
	PasswordExpiresDays *time.Duration `opt:"password_expires_days" min:"1" unit:"d"`
	// How many past passwords may not be reused; 0 = off.
	UniqueLastPasswordCount int `opt:"unique_last_password_count" min:"0" default:"0"`
	// How long until a self-changed password may be changed again.
	MinimumPasswordAge time.Duration `opt:"minimum_password_age" min:"0" unit:"d" default:"0"`
	// Regex new passwords must match (Python re.match).
	PasswordRegex string `opt:"password_regex"`
	// Text shown when the regex fails.
	PasswordRegexDescription string `opt:"password_regex_description"`
	// Admin-set passwords expire at once.
	ChangePasswordUponFirstUse bool `opt:"change_password_upon_first_use" default:"false"`
	// Add a partial hash of a wrong password to failure events (value: event).
	ReportInvalidPasswordHash []string `opt:"report_invalid_password_hash" choices:"event"`
	// Pepper for that hash.
	InvalidPasswordHashSecretKey string `opt:"invalid_password_hash_secret_key" secret:""`
	// HMAC digest for that hash
	InvalidPasswordHashFunction string `opt:"invalid_password_hash_function" default:"sha256"`
	// Characters of that hash to keep; unset = all.
	InvalidPasswordHashMaxChars *int `opt:"invalid_password_hash_max_chars" min:"1"`
	// Insecure: delegated tokens with the admin role may touch EC2 credentials of any project.
	AllowInsecureAdminTrustCrossProjectCredentialsAccess bool `opt:"allow_insecure_admin_trust_cross_project_credentials_access" default:"false" removal:"2026.1"`
	// Insecure: tokens of application credentials may manage trusts.
	AllowInsecureApplicationCredentialTrustEscalation bool `opt:"allow_insecure_application_credential_trust_escalation" default:"false" removal:"2026.1"`
}

// ShadowUsersGroup is [shadow_users].
type ShadowUsersGroup struct {
	Driver string `opt:"driver" default:"sql" only:"sql"`
}

// TokenGroup is [token].
type TokenGroup struct {
	Expiration time.Duration  `opt:"expiration" min:"0" max:"9223372036854775807" unit:"s" default:"3600"` // token lifetime
	Provider   string         `opt:"provider" default:"fernet" only:"fernet|jws"`
	Caching    bool           `opt:"caching" default:"true"`
	CacheTime  *time.Duration `opt:"cache_time" min:"0" max:"9223372036854775807" unit:"s"`
	// Gates the OS-PKI/revoked stub (403 vs 410) and cache drop on group-grant removal.
	RevokeByID bool `opt:"revoke_by_id" default:"true"`
	// Allow a scoped token to be exchanged for another token.
	AllowRescopeScopedToken bool `opt:"allow_rescope_scoped_token" default:"true"`
	// Put fresh tokens into the cache.
	CacheOnIssue bool `opt:"cache_on_issue" default:"true" removal:"S"`
	// How long past expiry ?allow_expired=1 still validates.
	AllowExpiredWindow time.Duration `opt:"allow_expired_window" unit:"s" default:"172800"`
}

// TokenlessAuthGroup is [tokenless_auth].
type TokenlessAuthGroup struct {
	// Client certificate issuer DNs allowed for X.509 tokenless auth; repeatable.
	TrustedIssuer []string `opt:"trusted_issuer" multi:""`
	// Federation protocol id used for tokenless auth.
	Protocol string `opt:"protocol" default:"x509"`
	// Environment variable with the issuer DN; its sha256 is the IdP id.
	IssuerAttribute string `opt:"issuer_attribute" default:"SSL_CLIENT_I_DN"`
}

// TOTPGroup is [totp].
type TOTPGroup struct {
	// How many earlier 30 s windows are accepted.
	IncludedPreviousWindows int `opt:"included_previous_windows" min:"0" max:"10" default:"1"`
}

// TrustGroup is [trust].
type TrustGroup struct {
	// Upstream does not read it either.
	AllowRedelegation    bool   `opt:"allow_redelegation" default:"false"`
	MaxRedelegationCount int    `opt:"max_redelegation_count" default:"3"` // longest chain of redelegated trusts
	Driver               string `opt:"driver" default:"sql" only:"sql"`
}

// UnifiedLimitGroup is [unified_limit].
type UnifiedLimitGroup struct {
	Driver    string         `opt:"driver" default:"sql" only:"sql"`
	Caching   bool           `opt:"caching" default:"true"`
	CacheTime *time.Duration `opt:"cache_time" unit:"s"`
	ListLimit *int           `opt:"list_limit"`
	// Limit model: flat or strict_two_level.
	EnforcementModel string `opt:"enforcement_model" choices:"flat|strict_two_level" default:"flat"`
}

// WSGIGroup is [wsgi].
type WSGIGroup struct {
	// Insert the oslo debug middleware first in the pipeline.
	DebugMiddleware bool `opt:"debug_middleware" default:"false"`
}

// DatabaseGroup is [database] (oslo.db).
type DatabaseGroup struct {
	Connection            string         `opt:"connection" secret:""`       // SQLAlchemy URL
	SlaveConnection       string         `opt:"slave_connection" secret:""` // the same, for reads that may be stale
	SQLiteSynchronous     bool           `opt:"sqlite_synchronous" default:"true"`
	MySQLSQLMode          string         `opt:"mysql_sql_mode" default:"TRADITIONAL"`
	MySQLWsrepSyncWait    *int           `opt:"mysql_wsrep_sync_wait"` // Galera: bit mask of statements that wait for replication
	ConnectionRecycleTime time.Duration  `opt:"connection_recycle_time" unit:"s" default:"3600"`
	MaxPoolSize           int            `opt:"max_pool_size" default:"5"` // idle connections kept; 0 = no limit
	MaxOverflow           int            `opt:"max_overflow" default:"50"` // further ones opened under load
	PoolTimeout           *time.Duration `opt:"pool_timeout" unit:"s"`
	MaxRetries            int            `opt:"max_retries" default:"10"` // attempts to connect at start; -1 = for ever
	RetryInterval         time.Duration  `opt:"retry_interval" unit:"s" default:"10"`
	DBMaxRetries          int            `opt:"db_max_retries" default:"20"` // of a transaction that met a deadlock
	ConnectionParameters  string         `opt:"connection_parameters"`       // a=b&c=d, appended to Connection
}

// CacheGroup is [cache] (oslo.cache).
type CacheGroup struct {
	Enabled        bool          `opt:"enabled" default:"true"`
	Backend        string        `opt:"backend" default:"dogpile.cache.null"`
	ExpirationTime time.Duration `opt:"expiration_time" unit:"s" min:"1" default:"600"`
}

// CORSGroup is [cors] (oslo_middleware/cors.py, with the defaults of keystone/conf/__init__.py). Without AllowedOrigin
// no CORS header is sent.
type CORSGroup struct {
	AllowedOrigin    []string      `opt:"allowed_origin"` // scheme://host[:port], or *
	AllowCredentials bool          `opt:"allow_credentials" default:"true"`
	ExposeHeaders    []string      `opt:"expose_headers" default:"X-Auth-Token,X-Openstack-Request-Id,X-Subject-Token,Openstack-Auth-Receipt"`
	MaxAge           time.Duration `opt:"max_age" unit:"s" default:"3600"`
	AllowMethods     []string      `opt:"allow_methods" default:"GET,PUT,POST,DELETE,PATCH"`
	AllowHeaders     []string      `opt:"allow_headers" default:"X-Auth-Token,X-Openstack-Request-Id,X-Subject-Token,X-Project-Id,X-Project-Name,X-Project-Domain-Id,X-Project-Domain-Name,X-Domain-Id,X-Domain-Name,Openstack-Auth-Receipt"`
}

// OsloMiddlewareGroup is [oslo_middleware].
type OsloMiddlewareGroup struct {
	MaxRequestBodySize        int  `opt:"max_request_body_size" default:"114688"` // bytes; more is answered 413
	EnableProxyHeadersParsing bool `opt:"enable_proxy_headers_parsing" default:"false"`
}

// OsloPolicyGroup is [oslo_policy].
type OsloPolicyGroup struct {
	EnforceNewDefaults       bool          `opt:"enforce_new_defaults" default:"true"` // false: a rule's deprecated default allows too
	PolicyFile               string        `opt:"policy_file" default:"policy.yaml"`   // looked for in Config.Dirs
	PolicyDefaultRule        string        `opt:"policy_default_rule" default:"default"`
	PolicyDirs               []string      `opt:"policy_dirs" multi:"" default:"policy.d"`
	RemoteContentType        string        `opt:"remote_content_type" choices:"application/x-www-form-urlencoded|application/json" default:"application/x-www-form-urlencoded"`
	RemoteSSLVerifyServerCrt bool          `opt:"remote_ssl_verify_server_crt" default:"false"`
	RemoteSSLCACrtFile       string        `opt:"remote_ssl_ca_crt_file"`
	RemoteSSLClientCrtFile   string        `opt:"remote_ssl_client_crt_file"`
	RemoteSSLClientKeyFile   string        `opt:"remote_ssl_client_key_file"`
	RemoteTimeout            time.Duration `opt:"remote_timeout" unit:"s" min:"0" float:"" default:"60"`
}

// OsloMessagingNotificationsGroup is [oslo_messaging_notifications].
type OsloMessagingNotificationsGroup struct {
	Driver       []string `opt:"driver" multi:""` // messaging, messagingv2, log, noop, test; none: nothing is sent
	TransportURL string   `opt:"transport_url" secret:""`
	Topics       []string `opt:"topics" default:"notifications"`
	Retry        int      `opt:"retry" default:"-1"` // attempts to deliver; -1 = for ever
}

// OsloMessagingRabbitGroup is [oslo_messaging_rabbit], as far as notifications go. A transport_url may end in
// ?option=value for any of them.
type OsloMessagingRabbitGroup struct {
	AMQPDurableQueues bool `opt:"amqp_durable_queues" default:"false"`
	AMQPAutoDelete    bool `opt:"amqp_auto_delete" default:"false"`
	SSL               bool `opt:"ssl" default:"false"`
	// Without it the system's authorities are asked; upstream then asks none.
	SSLCAFile   string `opt:"ssl_ca_file"`
	SSLCertFile string `opt:"ssl_cert_file"` // the client's own
	SSLKeyFile  string `opt:"ssl_key_file"`
	// Whether the certificate must be the broker's own, not only one of the authority's.
	SSLEnforceHostnameVerification bool   `opt:"ssl_enforce_hostname_verification" default:"true" removal:"2026.2"`
	RabbitLoginMethod              string `opt:"rabbit_login_method" choices:"PLAIN|AMQPLAIN|EXTERNAL" default:"AMQPLAIN"`
	// After a failure the next attempt comes after interval, each further one backoff later, up to interval_max.
	RabbitRetryInterval time.Duration `opt:"rabbit_retry_interval" unit:"s" min:"1" default:"1"`
	RabbitRetryBackoff  time.Duration `opt:"rabbit_retry_backoff" unit:"s" min:"0" default:"2"`
	RabbitIntervalMax   time.Duration `opt:"rabbit_interval_max" unit:"s" min:"1" default:"30"`
	// The queues' kind: mirrored, or quorum, which always last.
	RabbitHAQueues              bool          `opt:"rabbit_ha_queues" default:"false"`
	RabbitQuorumQueue           bool          `opt:"rabbit_quorum_queue" default:"false"`
	RabbitQuorumDeliveryLimit   int           `opt:"rabbit_quorum_delivery_limit" default:"0"`
	RabbitQuorumMaxMemoryLength int           `opt:"rabbit_quorum_max_memory_length" default:"0"`
	RabbitQuorumMaxMemoryBytes  int           `opt:"rabbit_quorum_max_memory_bytes" default:"0"`
	HeartbeatTimeoutThreshold   time.Duration `opt:"heartbeat_timeout_threshold" unit:"s" default:"60"` // 0: as the broker says
	KombuCompression            string        `opt:"kombu_compression" only:"gzip"`
	KombuFailoverStrategy       string        `opt:"kombu_failover_strategy" choices:"round-robin|shuffle" default:"round-robin"`
}

// HealthcheckGroup is [healthcheck] (oslo_middleware/healthcheck).
type HealthcheckGroup struct {
	Detailed              bool     `opt:"detailed" default:"false"`
	Backends              []string `opt:"backends"` // disable_by_file, disable_by_files_ports, enable_by_files
	AllowedSourceRanges   []string `opt:"allowed_source_ranges"`
	IgnoreProxiedRequests bool     `opt:"ignore_proxied_requests" default:"false"`
	DisableByFilePath     string   `opt:"disable_by_file_path"`
	DisableByFilePaths    []string `opt:"disable_by_file_paths"` // port:path
	EnableByFilePaths     []string `opt:"enable_by_file_paths"`
}

// LintelGroup is [lintel]: what Keystone has no word for.
type LintelGroup struct {
	Coherence        string        `opt:"coherence" choices:"exclusive|shared"`           // who writes the database: Lintel alone, or a Keystone too; unset: exclusive if Lintel made it
	SharedCacheTime  time.Duration `opt:"shared_cache_time" unit:"s" min:"0" default:"0"` // how long a shared database's rows are believed without asking
	CacheMemory      int           `opt:"cache_memory" min:"0" default:"64"`              // MiB of tokens and of what they are made from that a node remembers at most
	RememberSecrets  bool          `opt:"remember_secrets" default:"true"`                // compare generated secrets of application credentials with a digest in memory after their first use
	Listen           string        `opt:"listen" default:"127.0.0.1:5000"`
	AdminListen      string        `opt:"admin_listen"`                                                                   // address of the listener for /metrics; unset: none
	HashWorkers      int           `opt:"hash_workers" min:"0" default:"0"`                                               // password hashes at a time; 0: as many as processors
	HashQueue        int           `opt:"hash_queue" min:"0" default:"0"`                                                 // logins that wait for one before 429; 0: 1000. Never more than 4 s of waiting
	TLSCertFile      string        `opt:"tls_cert_file"`                                                                  // PEM: with tls_key_file, the API is served over TLS
	TLSKeyFile       string        `opt:"tls_key_file"`                                                                   // PEM
	TLSClientCAFile  string        `opt:"tls_client_ca_file"`                                                             // PEM: whose certificates clients may show; unset: clients show none
	TrustedProxies   []string      `opt:"trusted_proxies"`                                                                // addresses or CIDRs whose forwarding headers count
	EnvironPrefix    string        `opt:"environ_prefix"`                                                                 // begins the headers by which trusted_proxies set REMOTE_USER and other variables; unset: they set none
	AddressRate      int           `opt:"address_rate" min:"0" default:"1200"`                                            // failed logins a minute from one address (IPv6: /64); 0: no limit
	AccountRate      int           `opt:"account_rate" min:"0" default:"600"`                                             // failed logins a minute to one account, or by one application credential; 0: no limit
	Portal           bool          `opt:"portal" default:"true"`                                                          // serve the web portal under /portal
	PortalListen     string        `opt:"portal_listen"`                                                                  // address of a listener of the portal's own; unset: it is on the API's
	CloudName        string        `opt:"cloud_name" default:"Lintel"`                                                    // what the portal calls the cloud
	PortalURL        string        `opt:"portal_url" uri:""`                                                              // where people find the portal, for links in mails; unset: /portal at [DEFAULT] public_endpoint
	MFARobots        string        `opt:"mfa_robots" choices:"minted-under-mfa|keystone|seed" default:"minted-under-mfa"` // what a second factor that people set up themselves means for what logs in without them
	FactorResetByTwo bool          `opt:"factor_reset_by_two" default:"false"`                                            // the second factor of somebody with a role of high impact is reset only when another helper agrees
	PasskeyRPID      string        `opt:"passkey_rp_id"`                                                                  // domain that passkeys are bound to, the portal's or one above it; unset: the portal's
	SMTPURL          string        `opt:"smtp_url" secret:""`                                                             // the mail server, smtp://user:password@host:port or smtps://…; unset: no mail is sent
	MailFrom         string        `opt:"mail_from"`                                                                      // "Name <address>" that mails come from
	MailReplyTo      string        `opt:"mail_reply_to"`                                                                  // "Name <address>" that answers to mails go to; unset: whom they come from
	MailAccess       bool          `opt:"mail_access" default:"true"`                                                     // where mail is sent, tell people when what they may do changes
	MailUnknown      bool          `opt:"mail_unknown" default:"false"`                                                   // who asks for a new password by an address of no account gets a mail that says so
	InviteLife       time.Duration `opt:"invite_life" unit:"s" min:"3600" max:"2592000" default:"604800"`                 // how long an invitation can be accepted; one to a role of high impact for a day at most
	SetUpLife        time.Duration `opt:"set_up_life" unit:"s" min:"3600" max:"1209600" default:"259200"`                 // how long a link works by which a new person sets the first password
	ResetLife        time.Duration `opt:"reset_life" unit:"s" min:"600" max:"86400" default:"3600"`                       // how long a link works by which a forgotten password is set anew
	SignUp           bool          `opt:"sign_up" default:"false"`                                                        // where mail is sent, anybody may ask for an account in the portal, and administrators of the cloud let them in
	SignUpTerms      string        `opt:"sign_up_terms" uri:""`                                                           // page of the terms that they must agree to; unset: none
	PolicyBundles    string        `opt:"policy_bundles"`                                                                 // folder of the rules of the cloud's services, from which the portal computes what roles permit; followed; unset: it does not
	AuditDays        int           `opt:"audit_days" min:"0" default:"365"`                                               // how long the audit trail in the database is kept; 0: there is none
	ProtectPeople    bool          `opt:"protect_people" default:"true"`                                                  // nobody reaches above themselves: by granting, by joining a group, or by changing somebody's account
	TellMissing      bool          `opt:"tell_missing" default:"false"`                                                   // strangers may learn of more ids that they are not there, as from Keystone

	// What is asked of people about a second factor; domains can ask for more.
	SecondFactor      string   `opt:"second_factor" choices:"off|encourage|roles|all" default:"off"`
	SecondFactorRoles []string `opt:"second_factor_roles"`                             // names or ids of the roles whose holders must have one, for roles
	SecondFactorFrom  string   `opt:"second_factor_from"`                              // the day on which it must be there, such as 2027-01-31, at 00:00 UTC; unset: at once
	ShowSeeds         string   `opt:"show_seeds" choices:"api|all|none" default:"api"` // of one-time codes, which GET /v3/credentials shows: those made by the API, all as Keystone, or none

	// Where events go beside [oslo_messaging_notifications].
	EventFile           string        `opt:"event_file"`                                          // a line of JSON each
	EventWebhook        string        `opt:"event_webhook" uri:""`                                // a POST each
	EventWebhookSecret  string        `opt:"event_webhook_secret" secret:""`                      // signs them
	EventWebhookTimeout time.Duration `opt:"event_webhook_timeout" unit:"s" min:"1" default:"10"` // of each
	EventBacklog        int           `opt:"event_backlog" min:"1" default:"1000000"`             // events kept for each place that cannot be reached; beyond, the oldest are given up
}
