package directory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lintel-id/lintel/internal/authz"
	"github.com/lintel-id/lintel/internal/identity"
	"github.com/lintel-id/lintel/internal/store"
)

// DomainConfig is what domains may configure for themselves, and what holds where they do not.
type DomainConfig struct {
	Plain     map[string][]string // group -> names of options that are shown …
	Sensitive map[string][]string // … and of those that are only written

	// Default returns the value of an option for all domains. It tells whether there is such an option.
	Default func(group, name string) (value any, known bool)

	// Check tells what is wrong with a value for an option.
	Check func(group, name string, value any) error

	// The rules for passwords, shown to everybody as part of the default domain; empty is null.
	PasswordRegex, PasswordRegexDescription string
}

// NewDomainConfig returns the options of upstream (whitelisted_options and sensitive_options of DomainConfigManager in
// keystone/resource/core.py) and the additional ones of [domain_config].
func NewDomainConfig(plain, sensitive map[string][]string) DomainConfig {
	c := DomainConfig{
		Plain: map[string][]string{
			"identity": {"driver", "list_limit"},
			"ldap": strings.Fields(`url user suffix query_scope page_size alias_dereferencing debug_level chase_referrals
				user_tree_dn user_filter user_objectclass user_id_attribute user_name_attribute user_mail_attribute
				user_description_attribute user_pass_attribute user_enabled_attribute user_enabled_invert user_enabled_mask
				user_enabled_default user_attribute_ignore user_default_project_id_attribute user_enabled_emulation
				user_enabled_emulation_dn user_enabled_emulation_use_group_config user_additional_attribute_mapping
				group_tree_dn group_filter group_objectclass group_id_attribute group_name_attribute group_members_are_ids
				group_member_attribute group_desc_attribute group_attribute_ignore group_additional_attribute_mapping
				tls_cacertfile tls_cacertdir use_tls tls_req_cert use_pool pool_size pool_retry_max pool_retry_delay
				pool_connection_timeout pool_connection_lifetime use_auth_pool auth_pool_size auth_pool_connection_lifetime`),
		},
		Sensitive: map[string][]string{"identity": nil, "ldap": {"password"}},
	}
	for group, names := range plain {
		c.Plain[group] = append(c.Plain[group], names...)
	}
	for group, names := range sensitive {
		c.Sensitive[group] = append(c.Sensitive[group], names...)
	}
	return c
}

func (c *DomainConfig) sensitive(group, name string) bool {
	return slices.Contains(c.Sensitive[group], name)
}

// supports refuses groups and options that domains may not configure. Both may be empty.
func (c *DomainConfig) supports(group, name string) error {
	_, plain := c.Plain[group]
	_, sensitive := c.Sensitive[group]
	if group != "" && !plain && !sensitive {
		return badConfig("Group %s is not supported for domain specific configurations", group)
	}
	if name != "" && !slices.Contains(c.Plain[group], name) && !c.sensitive(group, name) {
		return badConfig("Option %s in group %s is not supported for domain specific configurations", name, group)
	}
	return nil
}

// Read reads a configuration as JSON has it, group -> option -> value, which must not be empty.
func (c *DomainConfig) Read(config any) (all []identity.DomainOption, err error) {
	groups, ok := config.(map[string]any)
	if !ok && config != nil {
		return nil, identity.Expecting("an object", "config")
	}
	if len(groups) == 0 {
		return nil, badConfig("No options specified")
	}
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		options, _ := groups[group].(map[string]any)
		if len(options) == 0 {
			return nil, badConfig("The value of group %s specified in the config should be a dictionary of options", group)
		}
		for _, name := range slices.Sorted(maps.Keys(options)) {
			o := identity.DomainOption{Group: group, Name: name, Value: options[name], Sensitive: c.sensitive(group, name)}
			if err := c.supports(group, name); err != nil {
				return nil, err
			}
			if err := c.Check(group, name, o.Value); err != nil {
				reason := ": " + err.Error()
				if o.Sensitive {
					reason = ""
				}
				return nil, badConfig("The value of option %s in group %s is not valid%s", name, group, reason)
			}
			all = append(all, o)
		}
	}
	return all, nil
}

// shown is a configuration as JSON has it, group -> option -> value, without what is sensitive.
func (c *DomainConfig) shown(options []identity.DomainOption) map[string]any {
	config := map[string]any{}
	for _, o := range options {
		if o.Sensitive || c.sensitive(o.Group, o.Name) {
			continue
		}
		group, _ := config[o.Group].(map[string]any)
		if group == nil {
			group = map[string]any{}
			config[o.Group] = group
		}
		group[o.Name] = o.Value
	}
	return config
}

// badConfig is the 403 for a configuration that cannot be (InvalidDomainConfig in keystone/exception.py).
func badConfig(format string, args ...any) error {
	return identity.Refusedf("Invalid domain specific configuration: %s.", fmt.Sprintf(format, args...))
}

// noConfig is the 404 for what a domain has not configured.
func noConfig(domain identity.DomainID, group, name string) error {
	what := "any options"
	if name != "" {
		what = "option " + name + " in group " + group
	} else if group != "" {
		what = "group " + group
	}
	return identity.Failf(identity.NotFound, "Could not find %s in domain configuration for domain %s.", what, domain)
}

// The methods below take the group and the name of an option to act on; both empty is the whole configuration. A
// configuration is shown, and sent, as group -> option -> value, one option as name -> value.

// DomainConfig shows the configuration of a domain.
func (s *Service) DomainConfig(ctx context.Context, caller identity.Caller, domain identity.DomainID, group, name string) (map[string]any, error) {
	if group == "security_compliance" {
		return s.passwordRules(ctx, caller, domain, name)
	}
	if err := s.Authz.Check(ctx, caller, authz.GetDomainConfig, nil); err != nil {
		return nil, err
	}
	if err := s.Config.supports(group, name); err != nil {
		return nil, err
	}
	var config map[string]any
	err := s.DB.View(ctx, func(tx *store.Tx) error {
		options, err := tx.DomainOptions(ctx, domain, group, name)
		if err != nil {
			return err
		}
		if config = s.Config.shown(options); len(config) == 0 {
			return noConfig(domain, group, name)
		}
		_, err = tx.Domain(ctx, domain)
		return err
	})
	if err == nil && name != "" {
		config = config[group].(map[string]any)
	}
	return config, err
}

// passwordRules shows what everybody may know about passwords of the default domain.
func (s *Service) passwordRules(ctx context.Context, caller identity.Caller, domain identity.DomainID, name string) (map[string]any, error) {
	if err := s.Authz.Check(ctx, caller, authz.GetSecurityComplianceDomainConfig, nil); err != nil {
		return nil, err
	}
	if domain != s.DefaultDomain {
		return nil, badConfig("Reading security compliance information for any domain other than the default domain is not allowed or" +
			" supported.")
	}
	rules := map[string]any{"password_regex": nil, "password_regex_description": nil}
	if s.Config.PasswordRegex != "" {
		rules["password_regex"] = s.Config.PasswordRegex
	}
	if s.Config.PasswordRegexDescription != "" {
		rules["password_regex_description"] = s.Config.PasswordRegexDescription
	}
	if name == "" {
		return map[string]any{"security_compliance": rules}, nil
	}
	rule, readable := rules[name]
	if !readable {
		return nil, badConfig("Reading security compliance values other than password_regex and password_regex_description is not" +
			" allowed.")
	}
	return map[string]any{name: rule}, nil
}

// DomainConfigDefault shows what holds for domains that do not configure it themselves.
func (s *Service) DomainConfigDefault(ctx context.Context, caller identity.Caller, group, name string) (map[string]any, error) {
	if err := s.Authz.Check(ctx, caller, authz.GetDomainConfigDefault, nil); err != nil {
		return nil, err
	}
	if err := s.Config.supports(group, name); err != nil {
		return nil, err
	}
	if name != "" {
		value, known := s.Config.Default(group, name)
		if !known || s.Config.sensitive(group, name) {
			return nil, badConfig("Reading the default for option %s in group %s is not supported", name, group)
		}
		return map[string]any{name: value}, nil
	}
	var options []identity.DomainOption
	for g, names := range s.Config.Plain {
		for _, n := range names {
			if value, known := s.Config.Default(g, n); known && (group == "" || g == group) {
				options = append(options, identity.DomainOption{Group: g, Name: n, Value: value})
			}
		}
	}
	return s.Config.shown(options), nil
}

// CreateDomainConfig gives a domain a configuration in the place of the one it has, if any. It tells whether there was
// none before.
func (s *Service) CreateDomainConfig(ctx context.Context, caller identity.Caller, domain identity.DomainID, sent any) (config map[string]any, created bool, err error) {
	if err := s.Authz.Check(ctx, caller, authz.CreateDomainConfig, nil); err != nil {
		return nil, false, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := s.mayConfigure(ctx, tx, caller, domain); err != nil {
			return err
		}
		options, err := s.Config.Read(sent)
		if err != nil {
			return err
		}
		old, err := tx.DomainOptions(ctx, domain, "", "")
		if err != nil {
			return err
		}
		config, created = s.Config.shown(options), len(old) == 0
		if err := tx.DeleteDomainOptions(ctx, domain, "", ""); err != nil {
			return err
		}
		if err := tx.PutDomainOptions(ctx, domain, options); err != nil {
			return err
		}
		return tx.Record(ctx, identity.Updated("domain_config", domain).ForTrail().By(caller))
	})
	return config, created, err
}

// UpdateDomainConfig changes options of a domain, or adds them. With a group, or a name too, it changes what is there
// and nothing else may be sent. It shows the whole configuration.
func (s *Service) UpdateDomainConfig(ctx context.Context, caller identity.Caller, domain identity.DomainID, group, name string, sent any) (config map[string]any, err error) {
	if err := s.Authz.Check(ctx, caller, authz.UpdateDomainConfig, nil); err != nil {
		return nil, err
	}
	if name != "" {
		sent = map[string]any{group: sent}
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := s.mayConfigure(ctx, tx, caller, domain); err != nil {
			return err
		}
		options, err := s.Config.Read(sent)
		if err != nil {
			return err
		}
		if group != "" {
			if err := s.Config.matches(sent.(map[string]any), group, name); err != nil {
				return err
			}
			old, err := tx.DomainOptions(ctx, domain, group, name)
			if err != nil {
				return err
			}
			if len(old) == 0 {
				return noConfig(domain, group, name)
			}
		}
		if err := tx.PutDomainOptions(ctx, domain, options); err != nil {
			return err
		}
		if err := tx.Record(ctx, identity.Updated("domain_config", domain).ForTrail().By(caller)); err != nil {
			return err
		}
		all, err := tx.DomainOptions(ctx, domain, "", "")
		config = s.Config.shown(all)
		return err
	})
	return config, err
}

// mayConfigure refuses to configure a domain that is not there, and one of whose users somebody stands above the caller: where a
// domain's people come from decides who can log in as they.
func (s *Service) mayConfigure(ctx context.Context, tx *store.Tx, caller identity.Caller, domain identity.DomainID) error {
	if _, err := tx.Domain(ctx, domain); err != nil {
		return err
	}
	return s.Authority.Within(ctx, tx, caller, domain)
}

// matches refuses a change that has not just the group, or the option, that it is for.
func (c *DomainConfig) matches(sent map[string]any, group, name string) error {
	if err := c.supports(group, name); err != nil {
		return err
	}
	options, there := sent[group].(map[string]any)
	switch {
	case name == "" && len(sent) != 1:
		return badConfig("Trying to update group %s, so that, and only that, group must be specified in the config", group)
	case name == "" && !there:
		return badConfig("request to update group %s, but config provided contains group %s instead", group, anyKey(sent))
	case name != "" && len(options) != 1:
		return badConfig("Trying to update option %s in group %s, so that, and only that, option must be specified  in the config", name, group)
	case name != "" && anyKey(options) != name:
		return badConfig("Trying to update option %s in group %s, but config provided contains option %s instead", name, group, anyKey(options))
	}
	return nil
}

func anyKey(m map[string]any) string {
	for key := range m {
		return key
	}
	return ""
}

// DeleteDomainConfig takes options of a domain away.
func (s *Service) DeleteDomainConfig(ctx context.Context, caller identity.Caller, domain identity.DomainID, group, name string) error {
	if err := s.Authz.Check(ctx, caller, authz.DeleteDomainConfig, nil); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		if err := s.mayConfigure(ctx, tx, caller, domain); err != nil {
			return err
		}
		if err := s.Config.supports(group, name); err != nil {
			return err
		}
		if err := tx.Record(ctx, identity.Deleted("domain_config", domain).ForTrail().By(caller)); err != nil {
			return err
		}
		if group == "" {
			return tx.DeleteDomainOptions(ctx, domain, "", "")
		}
		old, err := tx.DomainOptions(ctx, domain, group, "")
		if err != nil {
			return err
		}
		if len(old) == 0 {
			return noConfig(domain, group, "")
		}
		if name != "" && !slices.ContainsFunc(old, func(o identity.DomainOption) bool { return o.Name == name }) {
			return noConfig(domain, group, name)
		}
		return tx.DeleteDomainOptions(ctx, domain, group, name)
	})
}
