package schema

import (
	_ "embed"
	"encoding/json"
)

// answers holds the JSON schemas of what the API answers, by the names of entities. They refer to each other as components
// of an OpenAPI document.
//
//go:embed answers.json
var answers json.RawMessage

// Answers returns the schemas of what the API answers, for the components of the OpenAPI document. Nothing is checked
// against them but in tests.
func Answers() json.RawMessage { return answers }
