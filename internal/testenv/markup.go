package testenv

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// node is an element of a page.
type node struct {
	name   string
	attrs  map[string]string
	text   string // of it and all in it
	parent *node
}

// under is the nearest element around a node that has one of some names.
func (n *node) under(names ...string) *node {
	for n = n.parent; n != nil && !slices.Contains(names, n.name); n = n.parent {
	}
	return n
}

// elements are those of a page, in their order.
func elements(body string) (all []*node, err error) {
	in := xml.NewDecoder(strings.NewReader(body))
	in.Strict, in.AutoClose, in.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var at *node
	for {
		switch t, err := in.Token(); t := t.(type) {
		case xml.StartElement:
			n := &node{name: t.Name.Local, attrs: map[string]string{}, parent: at}
			for _, a := range t.Attr {
				n.attrs[a.Name.Local] = a.Value
			}
			all, at = append(all, n), n
		case xml.EndElement:
			at = at.parent
		case xml.CharData:
			for n := at; n != nil; n = n.parent {
				n.text += string(t)
			}
		case nil:
			if errors.Is(err, io.EOF) {
				return all, nil
			}
			return nil, err
		}
	}
}

// flaws are what keeps somebody from using a page who cannot see it, has no mouse, or reads it by a program (WCAG 2.2), as far as
// the markup tells; the browser's stories judge the rest.
func flaws(body string) (found []string) {
	all, err := elements(body)
	if err != nil {
		return []string{err.Error()}
	}
	flaw := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	ids, labelled := map[string]*node{}, map[string]bool{}
	count := map[string]int{}
	var title, heading string
	level := 0
	for _, n := range all {
		count[n.name]++
		if id, ok := n.attrs["id"]; ok {
			if ids[id] != nil {
				flaw("two elements have the id %q", id)
			}
			ids[id] = n
		}
		if n.name == "label" {
			labelled[n.attrs["for"]] = true
		}
		switch n.name {
		case "html":
			if n.attrs["lang"] == "" {
				flaw("the language of the page is not told (3.1.1)")
			}
		case "title":
			title = n.text
		case "h1", "h2", "h3", "h4":
			if n.name == "h1" {
				heading = n.text
			}
			if n.under("dialog") != nil {
				break
			}
			if here := int(n.name[1] - '0'); here > level+1 && n.under("nav") == nil {
				flaw("%s %q comes after a heading of level %d (1.3.1)", n.name, n.text, level)
			} else if n.under("nav") == nil {
				level = here
			}
		case "th":
			if n.attrs["scope"] == "" {
				flaw("the heading %q of a table has no scope (1.3.1)", n.text)
			}
		case "script":
			if n.attrs["src"] == "" {
				flaw("a script stands in the page")
			}
		case "style":
			flaw("a style stands in the page")
		case "a", "button", "summary", "legend":
			if strings.TrimSpace(n.text) == "" && n.attrs["aria-label"] == "" {
				flaw("%s has no words (4.1.2)", n.name)
			}
		case "svg":
			if n.attrs["aria-hidden"] == "" && n.attrs["aria-label"] == "" {
				flaw("a picture has no words (1.1.1)")
			}
		}
		for name, value := range n.attrs {
			switch {
			case name == "style", strings.HasPrefix(name, "on"):
				flaw("%s has %s, which the policy of the page does not let work", n.name, name)
			case name == "tabindex" && value != "0" && value != "-1":
				flaw("%s takes the focus out of turn (2.4.3)", n.name)
			}
		}
		if class := " " + n.attrs["class"] + " "; strings.Contains(class, " note good ") && n.attrs["role"] != "status" {
			flaw("%q is not announced (4.1.3)", n.text)
		}
	}
	if !strings.HasPrefix(title, heading+" · ") {
		flaw("the title %q does not begin with the heading %q (2.4.2)", title, heading)
	}
	for _, one := range []string{"h1", "main", "title"} {
		if count[one] != 1 {
			flaw("there are %d of %s", count[one], one)
		}
	}
	for _, n := range all {
		for _, name := range []string{"for", "aria-describedby", "aria-labelledby", "form"} {
			for id := range strings.FieldsSeq(n.attrs[name]) {
				if ids[id] == nil {
					flaw("%s of %s names %q, which is not there (1.3.1)", name, n.name, id)
				}
			}
		}
		if to, ok := strings.CutPrefix(n.attrs["href"], "#"); ok && ids[to] == nil {
			flaw("the link %q leads to nothing (3.3.1)", n.text)
		}
		if !slices.Contains([]string{"input", "select", "textarea"}, n.name) || n.attrs["type"] == "hidden" {
			continue
		}
		if _, hidden := n.attrs["hidden"]; hidden {
			continue
		}
		if !labelled[n.attrs["id"]] && n.under("label") == nil && n.attrs["aria-label"] == "" {
			flaw("the field %q has no label (3.3.2)", n.attrs["name"])
		}
		if n.attrs["aria-invalid"] != "" && n.attrs["aria-describedby"] == "" {
			flaw("what is wrong with the field %q is not read out with it (3.3.1)", n.attrs["name"])
		}
	}
	return found
}
