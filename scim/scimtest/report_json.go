package scimtest

import (
	"io"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// jsonReport is the form of [Report.WriteJSON].
type jsonReport struct {
	BaseURL  string       `json:"baseURL"`
	Profile  string       `json:"profile,omitzero"`
	Sender   Level        `json:"sender,omitzero"`
	Began    time.Time    `json:"began"`
	Seconds  float64      `json:"seconds"`
	Conforms bool         `json:"conforms"`
	Passed   int          `json:"passed"`
	Failed   int          `json:"failed"`
	Excepted int          `json:"excepted"`
	Skipped  int          `json:"skipped"`
	Features []Feature    `json:"features"`
	Unused   []string     `json:"unusedExceptions,omitempty"`
	Left     []string     `json:"left,omitempty"`
	Results  []jsonResult `json:"results"`
}

type jsonResult struct {
	ID          string       `json:"id"`
	RFC         string       `json:"rfc"`
	Level       Level        `json:"level"`
	Outcome     Outcome      `json:"outcome"`
	Explanation string       `json:"explanation"`
	Seconds     float64      `json:"seconds,omitzero"`
	Reason      string       `json:"reason,omitzero"`
	Failure     *jsonFailure `json:"failure,omitzero"`
}

type jsonFailure struct {
	Step    int    `json:"step"`
	Request string `json:"request"`
	Place   string `json:"place"`
	Want    string `json:"want"`
	Got     string `json:"got"`
}

// WriteJSON writes the report as one JSON object: baseURL, profile, began,
// conforms, the totals, features, and results with id, rfc, level, outcome,
// explanation and, of a case that failed, the failure. Members may be added
// later; none is taken away.
func (r *Report) WriteJSON(w io.Writer) error {
	out := jsonReport{
		BaseURL: r.BaseURL, Profile: r.Profile, Sender: r.Sender, Began: r.Began, Seconds: r.Took.Seconds(), Conforms: r.Conforms(),
		Passed: r.Count(Passed), Failed: r.Count(Failed), Excepted: r.Count(Excepted), Skipped: r.Count(Skipped),
		Features: r.Features, Unused: r.Unused, Left: r.Left, Results: make([]jsonResult, len(r.Results)),
	}
	for i, x := range r.Results {
		out.Results[i] = jsonResult{
			ID: x.Case.ID, RFC: x.Case.RFC, Level: x.Case.Level, Outcome: x.Outcome, Explanation: x.Case.Explanation,
			Seconds: x.Took.Seconds(), Reason: x.Reason,
		}
		if f := x.Failure; f != nil {
			out.Results[i].Failure = &jsonFailure{f.Step, f.Request, f.Place, f.Want, f.Got}
		}
	}
	data, err := json.Marshal(out, jsontext.WithIndent("  "), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return err
	}
	_, err = w.Write(append(data, '\n'))
	return err
}
