package client

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Settings are what OpenStack's clients call parameters: auth_url, username, project_name and so on, by their names in lower case.
type Settings map[string]string

func (s Settings) is(key string) bool {
	return slices.Contains([]string{"1", "true", "yes", "on"}, strings.ToLower(s[key]))
}

// Find takes the settings of a cloud of clouds.yaml, and of the environment, a list of NAME=VALUE; without the name of a cloud
// OS_CLOUD says which. As for the openstack command, a variable wins over the file.
func Find(cloud string, environ []string) (Settings, error) {
	s := Settings{}
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		if key, ours := strings.CutPrefix(name, "OS_"); ours && value != "" {
			s[strings.ToLower(key)] = value
		}
	}
	cloud = cmp.Or(cloud, s["cloud"])
	if cloud == "" {
		return s, nil
	}
	file := s["client_config_file"]
	found, err := inFiles(cloud, candidates(file, "clouds"))
	if err != nil {
		return nil, err
	}
	secret, err := inFiles(cloud, candidates(s["client_secure_file"], "secure"))
	if err != nil && !errors.Is(err, errNoCloud) {
		return nil, err
	}
	maps.Copy(found, secret)
	maps.Copy(found, s)
	return found, nil
}

var errNoCloud = errors.New("there is no such cloud")

// candidates are where a file of settings may be.
func candidates(file, name string) []string {
	if file != "" {
		return []string{file}
	}
	dirs := []string{"."}
	if dir, err := os.UserConfigDir(); err == nil {
		dirs = append(dirs, filepath.Join(dir, "openstack"))
	}
	var all []string
	for _, dir := range append(dirs, "/etc/openstack") {
		for _, ending := range []string{".yaml", ".yml", ".json"} {
			all = append(all, filepath.Join(dir, name+ending))
		}
	}
	return all
}

// inFiles reads a cloud from the first file that exists.
func inFiles(cloud string, files []string) (Settings, error) {
	for _, file := range files {
		data, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, err
		}
		return inFile(cloud, file, data)
	}
	return nil, fmt.Errorf("%w as %q: none of these files is there: %s", errNoCloud, cloud, strings.Join(files, ", "))
}

func inFile(cloud, file string, data []byte) (Settings, error) {
	var all struct {
		Clouds map[string]map[string]any `yaml:"clouds"`
	}
	if err := yaml.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	found, ok := all.Clouds[cloud]
	if !ok {
		return nil, fmt.Errorf("%w as %q in %s", errNoCloud, cloud, file)
	}
	s := Settings{}
	for key, value := range found {
		switch value := value.(type) {
		case map[string]any:
			if key != "auth" {
				continue
			}
			for key, value := range value {
				s[strings.ReplaceAll(key, "-", "_")] = fmt.Sprint(value)
			}
		case []any:
			var words []string
			for _, v := range value {
				words = append(words, fmt.Sprint(v))
			}
			s[key] = strings.Join(words, ",")
		case nil:
		default:
			s[strings.ReplaceAll(key, "-", "_")] = fmt.Sprint(value)
		}
	}
	return s, nil
}

// login is the body of the request for a token; nil when there is one already.
func (s Settings) login() (any, error) {
	kind := strings.TrimPrefix(cmp.Or(s["auth_type"], s["auth_plugin"]), "v3")
	if kind == "" || kind == "auto" {
		kind = "password"
		switch {
		case s["application_credential_id"] != "" || s["application_credential_name"] != "":
			kind = "applicationcredential"
		case s["token"] != "" && s["username"] == "" && s["user_id"] == "":
			kind = "token"
		}
	}
	identity := map[string]any{}
	var methods []string
	var missing error
	add := func(method string, evidence any, unsaid error) {
		methods = append(methods, method)
		identity[method] = evidence
		missing = cmp.Or(missing, unsaid)
	}
	user := s.need("who you are", "username", "user_name", "user_id")
	password, passcode := s.need("your password", "password"), s.need("your one-time code", "passcode")
	credential := s.need("which application credential to use", "application_credential_id", "application_credential_name")
	secret := s.need("its secret", "application_credential_secret")
	switch kind {
	case "token", "admin_token":
		if s["token"] == "" {
			return nil, errors.New("set OS_TOKEN, or choose another OS_AUTH_TYPE")
		}
		if s.scope() == nil {
			return nil, nil
		}
		add("token", map[string]any{"id": s["token"]}, nil)
	case "applicationcredential":
		add("application_credential", s.applicationCredential(), cmp.Or(credential, secret))
	case "password":
		add("password", map[string]any{"user": s.user("password", s["password"])}, cmp.Or(user, password))
	case "totp":
		add("totp", map[string]any{"user": s.user("passcode", s["passcode"])}, cmp.Or(user, passcode))
	case "multifactor":
		for method := range strings.SplitSeq(s["auth_methods"], ",") {
			switch strings.TrimPrefix(strings.TrimSpace(method), "v3") {
			case "password":
				add("password", map[string]any{"user": s.user("password", s["password"])}, cmp.Or(user, password))
			case "totp":
				add("totp", map[string]any{"user": s.user("passcode", s["passcode"])}, cmp.Or(user, passcode))
			case "applicationcredential":
				add("application_credential", s.applicationCredential(), cmp.Or(credential, secret))
			default:
				return nil, fmt.Errorf("auth_methods: %q is none that this command knows (v3password, v3totp, v3applicationcredential)", method)
			}
		}
	default:
		return nil, fmt.Errorf("auth_type %q is none that this command knows (password, v3token, v3totp, v3multifactor, v3applicationcredential)", kind)
	}
	if missing != nil {
		return nil, missing
	}
	identity["methods"] = methods
	auth := map[string]any{"identity": identity}
	if scope := s.scope(); scope != nil && kind != "applicationcredential" {
		auth["scope"] = scope
	}
	return map[string]any{"auth": auth}, nil
}

// need is an error that says what is missing, and the variable that says it, unless one of some settings is there.
func (s Settings) need(what string, keys ...string) error {
	if slices.ContainsFunc(keys, func(key string) bool { return s[key] != "" }) {
		return nil
	}
	return fmt.Errorf("nobody said %s: set OS_%s, or OS_CLOUD to a cloud of clouds.yaml", what, strings.ToUpper(keys[0]))
}

func (s Settings) user(proof, value string) map[string]any {
	u := map[string]any{proof: value}
	if id := s["user_id"]; id != "" {
		u["id"] = id
		return u
	}
	u["name"], u["domain"] = cmp.Or(s["username"], s["user_name"]), s.domain("user_domain")
	return u
}

func (s Settings) applicationCredential() map[string]any {
	c := map[string]any{"secret": s["application_credential_secret"]}
	if id := s["application_credential_id"]; id != "" {
		c["id"] = id
		return c
	}
	c["name"] = s["application_credential_name"]
	u := s.user("", "")
	delete(u, "")
	c["user"] = u
	return c
}

// domain names a domain by what begins with a prefix, or the default one.
func (s Settings) domain(prefix string) map[string]any {
	switch {
	case s[prefix+"_id"] != "":
		return map[string]any{"id": s[prefix+"_id"]}
	case s[prefix+"_name"] != "":
		return map[string]any{"name": s[prefix+"_name"]}
	case s["default_domain_name"] != "":
		return map[string]any{"name": s["default_domain_name"]}
	}
	return map[string]any{"id": cmp.Or(s["default_domain_id"], s["default_domain"], "default")}
}

// scope is what the token is to be for; nil for nothing.
func (s Settings) scope() any {
	switch name := cmp.Or(s["project_name"], s["tenant_name"]); {
	case s["system_scope"] != "":
		return map[string]any{"system": map[string]any{"all": true}}
	case cmp.Or(s["project_id"], s["tenant_id"]) != "":
		return map[string]any{"project": map[string]any{"id": cmp.Or(s["project_id"], s["tenant_id"])}}
	case name != "":
		return map[string]any{"project": map[string]any{"name": name, "domain": s.domain("project_domain")}}
	case s["domain_id"] != "":
		return map[string]any{"domain": map[string]any{"id": s["domain_id"]}}
	case s["domain_name"] != "":
		return map[string]any{"domain": map[string]any{"name": s["domain_name"]}}
	}
	return nil
}
