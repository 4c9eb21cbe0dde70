package scim

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// read takes the message apart.
func (j *bulkJob) read(data []byte) error {
	const around = 3 // levels of the message around what an operation carries
	fields, err := messageMembers(data, j.limits.JSONDepth+around, "a BulkRequest message: a JSON object with \"Operations\"")
	if err != nil {
		return err
	}
	if !j.tolerant && !strings.Contains(fields.get("schemas"), `"`+messageBulk+`"`) {
		return invalidSyntax("schemas: a bulk message names %s", messageBulk)
	}
	if n := fields.get("failonerrors"); n != "" && n != "null" {
		if j.failOn, err = strconv.Atoi(n); err != nil || j.failOn < 1 {
			return invalidValue("failOnErrors", "the number of errors after which to stop is an integer of at least 1")
		}
	}
	list := fields.get("operations")
	if !strings.HasPrefix(list, "[") {
		return invalidSyntax("Operations: the message needs an array of operations")
	}
	elements, err := arrayElements(list)
	if err != nil {
		return err
	}
	return j.readOperations(elements)
}

func (j *bulkJob) readOperations(elements []string) error {
	switch limit := j.limits.BulkOperations; {
	case len(elements) == 0:
		return invalidSyntax("Operations: the message needs at least one operation")
	case len(elements) > limit:
		return &Error{Kind: KindTooLarge, Path: "Operations", Detail: fmt.Sprintf("there are more operations than the service provider's maxOperations (%d)", limit)}
	}
	j.ops = make([]bulkOperation, len(elements))
	for i, element := range elements {
		op := &j.ops[i]
		if !strings.HasPrefix(element, "{") {
			return invalidSyntax("Operations[%d]: an operation is an object with method, path and data", i)
		}
		op.err = j.readOperation(op, element)
		if op.bulkID == nil || op.method != http.MethodPost {
			continue
		}
		if _, twice := j.made[*op.bulkID]; twice {
			return invalidValue(fmt.Sprintf("Operations[%d].bulkId", i), "another POST of the request has this bulkId")
		}
		j.made[*op.bulkID] = i
	}
	return nil
}

// readOperation reads one operation; the error is its own.
func (j *bulkJob) readOperation(op *bulkOperation, raw string) error {
	fields, err := objectMembers(nil, raw)
	if err != nil {
		return err
	}
	if fields.has("bulkid") {
		bulkID, err := jsonText(fields.get("bulkid"))
		if err != nil || bulkID == "" {
			return invalidValue("bulkId", "the operation takes a text that is not empty")
		}
		op.bulkID = &bulkID
	}
	word, err := jsonText(fields.get("method"))
	if j.tolerant {
		word = strings.ToUpper(word)
	}
	if err != nil || word != http.MethodPost && word != http.MethodPut && word != http.MethodPatch && word != http.MethodDelete {
		return invalidValue("method", "the method is one of POST, PUT, PATCH and DELETE")
	}
	op.method = word
	if op.path, err = jsonText(fields.get("path")); err != nil {
		return invalidPath("path", "an operation names an endpoint or a resource below the base URL")
	}
	if fields.has("version") {
		if op.version, err = jsonText(fields.get("version")); err != nil || op.version == "" {
			return invalidValue("version", "the version is the entity tag of the resource, as a text")
		}
	}
	op.data = []byte(fields.get("data"))
	switch {
	case word == http.MethodPost && op.bulkID == nil:
		return invalidValue("bulkId", "a POST needs one")
	case word != http.MethodDelete && !fields.has("data"):
		return invalidSyntax("data: a %s needs it", word)
	case word == http.MethodPost:
		op.version = "" // there is none yet
	}
	return nil
}
