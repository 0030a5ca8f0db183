package httpapi

import (
	"encoding/json"
	"reflect"
	"testing"
)

// TestObjectText writes by hand what encode writes of a map, down to the byte, whatever the text.
func TestObjectText(t *testing.T) {
	for _, text := range []string{
		"", "plain", `a "quoted" \ name`, "<b>&amp;</b>", "línea ünï", "\u2028\u2029", "tab\tline\nnul\x00", "\x7f", "bad \xff UTF-8", "🜁",
	} {
		w := newObjectText()
		w.object("a", func() {
			w.texts("list", []string{text, text})
			w.named("named", text, text)
			w.null("nothing")
			w.flag("off", false)
			w.flag("on", true)
		})
		w.texts("b", nil)
		w.any("c", object{"deep": []string{text}})
		w.list("d", 2, func(int) { w.namedElement(text, "x") })
		w.text("e", text)
		got, err := w.end()
		if err != nil {
			t.Fatal(err)
		}
		both := object{"id": text, "name": text}
		element := object{"id": text, "name": "x"}
		want, err := encode(object{
			"a": object{"list": []string{text, text}, "named": both, "nothing": nil, "off": false, "on": true},
			"b": []string{}, "c": object{"deep": []string{text}}, "d": []object{element, element}, "e": text,
		})
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%q:\ngot  %s\nwant %s", text, got, want)
		}
	}
	w := newObjectText()
	w.any("a", func() {})
	if _, err := w.end(); !reflect.DeepEqual(err, error(&json.UnsupportedTypeError{Type: reflect.TypeFor[func()]()})) {
		t.Errorf("what cannot be written: got %v", err)
	}
}
