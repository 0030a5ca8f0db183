package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
)

// This file is the command oslopolicy-checker (oslo_policy/shell.py): it tries the rules of one file, alone.

// ReadAccess makes credentials of the body of a token, as an answer to POST /v3/auth/tokens has it: the whole body, and roles,
// user_id, project_id, system_scope and is_admin beside it.
func ReadAccess(data []byte, isAdmin bool) (map[string]any, error) {
	body, err := readObject(data)
	if err != nil {
		return nil, err
	}
	creds, ok := body["token"].(map[string]any)
	if !ok {
		return nil, errors.New(`there is no map "token"`)
	}
	held, ok := creds["roles"].([]any)
	if !ok {
		return nil, errors.New(`there is no list "token.roles"`)
	}
	roles := make([]any, len(held))
	for i, v := range held {
		role, _ := v.(map[string]any)
		if roles[i], ok = role["name"]; !ok {
			return nil, fmt.Errorf(`"token.roles" has an item without a name`)
		}
	}
	creds["roles"] = roles
	user, _ := creds["user"].(map[string]any)
	if creds["user_id"], ok = user["id"]; !ok {
		return nil, errors.New(`there is no "token.user.id"`)
	}
	if truthy(creds["project"]) {
		project, _ := creds["project"].(map[string]any)
		if creds["project_id"], ok = project["id"]; !ok {
			return nil, errors.New(`there is no "token.project.id"`)
		}
	}
	if truthy(creds["system"]) {
		creds["system_scope"] = "all"
	}
	creds["is_admin"] = isAdmin
	return creds, nil
}

// ReadCaller makes the credentials of a token's body that a service has of it: those of [ReadAccess], and domain_id, user_domain_id and
// project_domain_id as far as they apply, and the whole body under the key token.
func ReadCaller(data []byte, isAdmin bool) (map[string]any, error) {
	creds, err := ReadAccess(data, isAdmin)
	if err != nil {
		return nil, err
	}
	body := make(map[string]any, len(creds))
	maps.Copy(body, creds)
	id := func(path ...string) (any, bool) {
		var v any = body
		for _, key := range path {
			m, _ := v.(map[string]any)
			v = m[key]
		}
		return v, v != nil
	}
	for key, path := range map[string][]string{
		"domain_id":         {"domain", "id"},
		"user_domain_id":    {"user", "domain", "id"},
		"project_domain_id": {"project", "domain", "id"},
	} {
		if v, ok := id(path...); ok {
			creds[key] = v
		}
	}
	creds["token"] = body
	return creds, nil
}

// ReadTarget reads a target in JSON.
func ReadTarget(data []byte) (map[string]any, error) { return readObject(data) }

// OwnTarget is the target that stands in for a missing one: what the caller owns.
func OwnTarget(creds map[string]any) map[string]any {
	target := map[string]any{"user_id": creds["user_id"]}
	if id := creds["project_id"]; truthy(id) {
		target["project_id"] = id
	}
	return target
}

func readObject(data []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var m map[string]any
	err := decoder.Decode(&m)
	if err == nil && m == nil {
		err = errors.New("it holds null, not a map")
	}
	if err == nil {
		if _, tail := decoder.Token(); tail != io.EOF {
			err = errors.New("there is something after the JSON text")
		}
	}
	return m, located(err, data, int(decoder.InputOffset()))
}

// located adds the line and column to an error of the JSON decoder.
func located(err error, data []byte, offset int) error {
	if err == nil {
		return nil
	}
	if syntaxErr, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = int(syntaxErr.Offset) - 1
	} else if typeErr, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("it holds a JSON %s, not a map", typeErr.Value)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		offset = len(bytes.TrimSpace(data))
	}
	offset = max(0, min(offset, len(data)))
	line := 1 + bytes.Count(data[:offset], []byte("\n"))
	column := offset - bytes.LastIndexByte(data[:offset], '\n')
	return fmt.Errorf("line %d, column %d: %w", line, column, err)
}

// Check tries the rule, or if that is empty each rule of the file whose name has a colon, and writes a line for each: "passed: NAME" or
// "failed: NAME", or for one that cannot be evaluated the reason and "exception: CHECK". It returns an error if there is no such
// rule and no rule "default", or if a name is not a text.
//
// Upstream cannot ask a remote server unless it was given a configuration file; a nil remote stands for that.
func (f *File) Check(ctx context.Context, w io.Writer, rule string, target, creds map[string]any, remote *Remote) error {
	rules := &ruleset{checks: map[string]node{}, fallback: "default"}
	if remote != nil {
		var err error
		if rules.remote, err = remote.client(); err != nil {
			return err
		}
	}
	for _, e := range f.entries {
		rules.checks[e.name] = e.check
	}
	names := []string{rule}
	if rule == "" {
		if f.odd != nil {
			return f.odd
		}
		names = sortedKeys(rules.checks)
	}
	for _, name := range names {
		if rule == "" && !strings.Contains(name, ":") {
			continue
		}
		check, ok := rules.lookup(name)
		if !ok {
			return &Problem{Path: f.Path, Rule: name, Text: "there is no such rule, and no rule \"default\" to stand in"}
		}
		question := evaluation{ctx: ctx, rules: rules, rule: name, target: target, creds: creds}
		switch ok, err := question.eval(check, 0); {
		case err != nil:
			fmt.Fprintf(w, "%s\nexception: %s\n", err, check)
		case ok:
			fmt.Fprintf(w, "passed: %s\n", name)
		default:
			fmt.Fprintf(w, "failed: %s\n", name)
		}
	}
	return nil
}
