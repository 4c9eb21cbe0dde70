package mapping

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/zohoscim/zohoscim/scim"
)

// Explanation says for each rule of a mapping what it does with one record:
// what Entra's portal shows under "Test expression". It holds values of the
// record, so it is for who tests a mapping and not for a log.
type Explanation struct {
	InScope bool   // the scoping filter selects the record
	Matched bool   // a matching attribute has a value
	Flows   []Flow // in the order of the rules

	// Result and Err are what Map returns, but that after
	// ErrNoMatchingAttribute there is a Result too: what the rules make of a
	// record that is skipped. After any other error Result is nil.
	Result *Result
	Err    error
}

// Flow is what one rule does.
type Flow struct {
	Rule    int    // number of the rule, from 1
	Target  string // attribute path
	Source  string // the rule's source as an expression, "" for none
	Inputs  []Input
	Value   string // JSON of what flows; "" if nothing does
	Outcome Outcome
	Detail  string // why, in a sentence
}

// Input is a source attribute that a rule reads.
type Input struct {
	Attribute string
	Value     string // JSON; "" for no value
}

// Outcome is what became of a rule.
type Outcome string

// The outcomes.
const (
	Flowed       Outcome = "flowed"
	FlowedBack   Outcome = "default"      // the default flowed in place of no value
	SkippedNull  Outcome = "skipped null" // there is no value, and the target keeps its own
	SkippedApply Outcome = "create only"  // the rule applies only during object creation
	Ignored      Outcome = "ignored"      // IgnoreFlowIfNullOrEmpty, or a rule without a source
	Cleared      Outcome = "cleared"      // there is no value, and the target loses its own
	Resolving    Outcome = "reference"    // the target's ids must be found first
	Choosing     Outcome = "candidates"   // the target must be asked which value is free
	Failed       Outcome = "failed"
)

// redacted stands for values that Redact hides.
const redacted = "[Redact]"

// Explain maps a record as [Compiled.Map] does and says what each rule did.
// It goes on after a rule that fails.
func (c *Compiled) Explain(rec Record, a Action) *Explanation {
	out := &Explanation{InScope: c.Contains(rec)}
	res := &Result{Resource: scim.NewResource(c.typ)}
	in := input{rec, c.env}
	for i := range c.rules {
		r := &c.rules[i]
		var v value
		var err *Error
		if a == Create || !r.createOnly || r.matching > 0 {
			v, err = r.value(in)
		}
		out.Matched = out.Matched || r.matching > 0 && err == nil && !v.empty()
		f, err := r.explain(in, res, v, err, a)
		if err != nil && out.Err == nil {
			out.Err = err
		}
		out.Flows = append(out.Flows, f)
	}
	if out.Err == nil {
		out.Result = res
		if !out.Matched {
			out.Err = c.unmatched()
		}
	}
	return out
}

// explain says what one rule does with the value of its source.
func (r *rule) explain(in input, res *Result, v value, err *Error, a Action) (Flow, *Error) {
	f := Flow{Rule: r.number, Target: r.path.String(), Source: r.given.source()}
	for _, name := range r.inputs {
		f.Inputs = append(f.Inputs, Input{name, r.show(inputJSON(in.rec, name))})
	}
	if a != Create && r.createOnly && err == nil {
		f.Outcome, f.Detail = SkippedApply, "the rule applies only during object creation"
		return f, nil
	}
	before := *res
	if err == nil {
		err = r.flow(res, v, a)
	}
	switch {
	case err != nil:
		f.Outcome, f.Detail = Failed, r.at(err).Error()
	case len(res.Candidates) > len(before.Candidates):
		f.Outcome, f.Detail = Choosing, "the first that no object of the target has"
		f.Value = r.show(valueJSON(v))
	case len(res.References) > len(before.References):
		f.Outcome, f.Detail = Resolving, "the ids of these objects in the target"
		f.Value = r.show(string(appendTexts(nil, res.References[len(before.References)].Keys)))
	case len(res.Cleared) > len(before.Cleared):
		f.Outcome, f.Detail = Cleared, "the source has no value, and the rule flows nulls"
	case len(res.Flowed) > len(before.Flowed):
		f.Outcome = Flowed
		f.Value = r.show(string(r.path.Get(res.Resource).AppendJSON(nil)))
		if v.null() || !r.text && v.empty() {
			f.Outcome, f.Detail = FlowedBack, "the source has no value"
		}
	default:
		f.Outcome, f.Detail = r.skipped(v, a)
	}
	return f, err
}

// skipped says why nothing flowed.
func (r *rule) skipped(v value, a Action) (Outcome, string) {
	switch {
	case r.given.None:
		return Ignored, "the rule has no source"
	case v.kind == kindIgnored:
		return Ignored, "IgnoreFlowIfNullOrEmpty takes the attribute out of the flow"
	case a != Create && !r.fallback.null():
		return SkippedNull, "the source has no value, and the default is for objects that are created"
	}
	return SkippedNull, "the source has no value"
}

func (r *rule) show(text string) string {
	if r.redacted && text != "" {
		return redacted
	}
	return text
}

// source returns where the value comes from, as an expression.
func (r Rule) source() string {
	switch {
	case r.Attribute != "":
		return "[" + r.Attribute + "]"
	case r.Expression != "":
		return r.Expression
	case r.Fixed != nil:
		text, _ := plainText(r.Fixed)
		return quoteConstant(text)
	}
	return ""
}

// inputJSON returns a source attribute as JSON, "" for no value.
func inputJSON(rec Record, name string) string {
	v, wrong := rec.value(name)
	if wrong == nil {
		return valueJSON(v)
	}
	b, err := json.Marshal(rec[name], json.Deterministic(true)) // app roles, or a type that is a mistake
	if err != nil {
		return fmt.Sprintf("a value of the Go type %T", rec[name])
	}
	return string(b)
}

func valueJSON(v value) string {
	switch {
	case v.null():
		return ""
	case v.kind == kindBool:
		return strconv.FormatBool(v.flag)
	case v.kind == kindNumber:
		return v.text
	case v.kind >= kindList:
		return string(appendTexts(nil, v.list))
	}
	b, _ := jsontext.AppendQuote(nil, v.text)
	return string(b)
}

func appendTexts(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b, _ = jsontext.AppendQuote(b, s)
	}
	return append(b, ']')
}

// WriteTable writes a line for each rule, for people.
func (e *Explanation) WriteTable(w io.Writer) error {
	rows := [][]string{{"rule", "target", "source", "inputs", "outcome", "value", "why"}}
	for _, f := range e.Flows {
		inputs := make([]string, len(f.Inputs))
		for i, in := range f.Inputs {
			inputs[i] = in.Attribute + "=" + in.Value
			if in.Value == "" {
				inputs[i] = in.Attribute + " has no value"
			}
		}
		rows = append(rows, []string{strconv.Itoa(f.Rule), f.Target, f.Source, strings.Join(inputs, ", "), string(f.Outcome), f.Value, f.Detail})
	}
	if err := writeRows(w, rows); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "in scope: %t, matching attribute has a value: %t\n", e.InScope, e.Matched)
	return err
}
