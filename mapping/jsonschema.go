package mapping

import _ "embed" // for the JSON Schema

//go:embed mapping.schema.json
var jsonSchema string

// JSONSchema returns the JSON Schema (draft 2020-12) of a [Mapping]'s JSON
// form, with which an editor completes and checks it. [Compile] finds more.
func JSONSchema() []byte { return []byte(jsonSchema) }
