// Mapping shows what an attribute mapping makes of one record: it prints the
// SCIM resource that a new object would have. The schema is what Entra's
// attribute mapping page downloads (a synchronizationSchema of Microsoft
// Graph), or a mapping in this module's own form.
//
//	go run ./examples/mapping -schema schema.json -record user.json
//	echo '{"userPrincipalName":"user@example.com"}' | go run ./examples/mapping -record - -explain
package main

import (
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

// errUsage is a mistake in how the program was called.
var errUsage = errors.New("see -h")

func main() {
	err := run(os.Stdin, os.Stdout, os.Stderr, os.Args[1:])
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "mapping:", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type settings struct {
	explain                 bool
	schema, record, typName string
}

func parse(args []string, stderr io.Writer) (s settings, err error) {
	flags := flag.NewFlagSet("mapping", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&s.explain, "explain", false, "print for each target where its value comes from, on stderr")
	flags.StringVar(&s.schema, "schema", "", "file with a synchronizationSchema or a mapping (default: the Zoho One mapping)")
	flags.StringVar(&s.record, "record", "", "file with the source's object as JSON, or - for stdin (required)")
	flags.StringVar(&s.typName, "type", "User", "User or Group")
	flags.Usage = func() {
		fmt.Fprint(stderr, "Usage: go run ./examples/mapping [-schema FILE] -record FILE [flags]\n\n"+
			"Prints the SCIM resource of a new object. There is no target to ask: references\n"+
			"hold the source's keys, and SelectUniqueValue gives its first value.\n\n")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return s, err
		}
		return s, fmt.Errorf("%w: %w", err, errUsage)
	}
	switch {
	case flags.NArg() > 0:
		return s, fmt.Errorf("%q is not a flag: %w", flags.Arg(0), errUsage)
	case s.record == "":
		return s, fmt.Errorf("-record is missing: %w", errUsage)
	case s.typName != "User" && s.typName != "Group":
		return s, fmt.Errorf("-type is User or Group: %w", errUsage)
	}
	return s, nil
}

func run(in io.Reader, out, stderr io.Writer, args []string) error {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	c, err := compile(s, stderr)
	if err != nil {
		return err
	}
	rec, err := readRecord(s.record, in)
	if err != nil {
		return err
	}
	c = c.WithEnv(mapping.Env{Now: time.Now(), Rand: rand.Reader})
	explanation := c.Explain(rec, mapping.Create)
	if s.explain {
		if err := explanation.WriteTable(stderr); err != nil {
			return err
		}
	}
	if !explanation.InScope {
		fmt.Fprintln(stderr, "mapping: the record is not in the mapping's scope and would be skipped")
	}
	if errors.Is(explanation.Err, mapping.ErrNoMatchingAttribute) {
		fmt.Fprintln(stderr, "mapping: the record could not be looked up in a target and would be skipped:", explanation.Err)
	} else if explanation.Err != nil {
		return explanation.Err
	}
	res := explanation.Result
	if err := complete(res); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, string(res.Resource.AppendJSON(nil)))
	return err
}

// compile reads the schema and compiles the mapping of the type. Mistakes in
// the schema's other mapping are mistakes too.
func compile(s settings, stderr io.Writer) (*mapping.Compiled, error) {
	if s.schema == "" {
		m := mapping.ZohoOneUser()
		if s.typName == "Group" {
			m = mapping.ZohoOneGroup()
		}
		return compileMapping(m)
	}
	data, err := os.ReadFile(s.schema)
	if err != nil {
		return nil, err
	}
	if !mapping.IsGraphSchema(data) {
		m := new(mapping.Mapping)
		if err := m.UnmarshalJSON(data); err != nil {
			return nil, err
		}
		return compileMapping(m)
	}
	schema, err := mapping.ParseGraphSchema(data)
	if err != nil {
		return nil, err
	}
	for _, note := range schema.Notes() {
		fmt.Fprintln(stderr, "mapping: note:", note)
	}
	var found *mapping.Compiled
	var mistakes []error
	for _, target := range schema.Targets() {
		c, err := schema.Compile(target)
		if err != nil {
			mistakes = append(mistakes, err)
		}
		if target == s.typName {
			found = c
		}
	}
	if len(mistakes) == 0 && found == nil {
		_, err := schema.Compile(s.typName)
		mistakes = append(mistakes, err)
	}
	return found, errors.Join(mistakes...)
}

func compileMapping(m *mapping.Mapping) (*mapping.Compiled, error) {
	t, err := m.ResourceType()
	if err != nil {
		return nil, err
	}
	return mapping.Compile(m, t)
}

func readRecord(name string, in io.Reader) (mapping.Record, error) {
	data, err := []byte(nil), error(nil)
	if name == "-" {
		data, err = io.ReadAll(in)
	} else {
		data, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, err
	}
	rec := mapping.Record{}
	if err := rec.UnmarshalJSON(data); err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	return rec, nil
}

// complete sets what only a target could say.
func complete(res *mapping.Result) error {
	for _, ref := range res.References {
		values := make([]scim.Value, len(ref.Keys))
		for i, key := range ref.Keys {
			values[i] = scim.String(key)
		}
		v := scim.Multi(values...)
		if len(values) == 1 && !ref.Path.Attribute().MultiValued {
			v = values[0]
		}
		if err := ref.Path.Set(res.Resource, v); err != nil {
			return err
		}
	}
	for _, c := range res.Candidates {
		if err := c.Path.Set(res.Resource, c.Values[0]); err != nil {
			return err
		}
	}
	return nil
}
