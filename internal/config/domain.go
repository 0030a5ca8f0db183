package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// Option returns the value of an option as JSON has it: nil when it is unset or secret. It tells whether the option is
// known at all.
func (c *Config) Option(group, name string) (value any, known bool) {
	o := byName[[2]string{group, name}]
	if o == nil {
		return nil, false
	}
	field := reflect.ValueOf(c).Elem().FieldByIndex(o.field)
	if o.secret || field.Kind() == reflect.Pointer && field.IsNil() {
		return nil, true
	}
	if field.Kind() == reflect.Pointer {
		field = field.Elem()
	}
	switch v := field.Interface().(type) {
	case string:
		if v == "" && !o.hasDefault {
			return nil, true
		}
		return v, true
	case time.Duration:
		return float64(v) / float64(o.unit), true
	case []string:
		return append([]string{}, v...), true
	default:
		return v, true
	}
}

// CheckOption tells what is wrong with a JSON value for an option, should a domain have one of its own; nil for an
// option that is not known. Numbers are json.Number. Any driver will do, since a Keystone beside us may have it
// (set_override in oslo_config/cfg.py).
func CheckOption(group, name string, value any) error {
	known := byName[[2]string{group, name}]
	if known == nil {
		return nil
	}
	o := *known
	o.only = nil
	var err error
	switch v := value.(type) {
	case nil:
	case string:
		_, err = o.parse(v)
	case bool, json.Number:
		_, err = o.parse(fmt.Sprint(v))
	case []any:
		if o.kind != reflect.TypeFor[[]string]() {
			return errors.New("it cannot be a list")
		}
		for _, item := range v {
			if _, ok := item.(string); !ok {
				return errors.New("it must be a list of texts")
			}
		}
	default:
		return errors.New("it cannot be an object")
	}
	if errors.Is(err, errEmpty) && known.kind.Kind() == reflect.Pointer {
		return nil
	}
	return err
}

// With returns the configuration with other values of some options of a group, as texts; names that are no options are
// left out (ConfigOptsProxy in oslo_messaging/_drivers/common.py).
func (c *Config) With(group string, values map[string]string) (*Config, error) {
	changed := *c
	for name, text := range values {
		o := byName[[2]string{group, name}]
		if o == nil {
			continue
		}
		if err := o.set(&changed, []string{text}); err != nil {
			return nil, fmt.Errorf("[%s] %s: %w", group, name, err)
		}
	}
	return &changed, nil
}

// ReadDomainFile reads the configuration file of a domain as it is: group -> option -> text, the first of several. The error is
// Faults.
func ReadDomainFile(path string) (map[string]any, error) {
	assignments, faults := readFile(path)
	if faults != nil {
		return nil, Faults(faults)
	}
	groups := make(map[string]any)
	for _, a := range assignments {
		group, _ := groups[a.group].(map[string]any)
		if group == nil {
			group = make(map[string]any)
			groups[a.group] = group
		}
		if _, ok := group[a.key]; !ok {
			group[a.key] = a.value
		}
	}
	return groups, nil
}
