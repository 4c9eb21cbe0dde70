//go:build goexperiment.jsonv2

package scim

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"flag"
	"math/rand/v2"
	"testing"
)

var differentialTexts = flag.Int("jsontexts", 100000, "texts of TestJSONDifferential")

// TestJSONDifferential: what we read, the standard library's strict reader
// reads as well.
func TestJSONDifferential(t *testing.T) {
	g := &traffic{Rand: rand.New(rand.NewPCG(12, 12)), ids: []string{"1"}}
	taken := 0
	for range *differentialTexts {
		text := drawJSON(g)
		if !readsJSON(text) {
			continue
		}
		taken++
		var v jsontext.Value // numbers of any size, as here
		if err := json.Unmarshal([]byte(text), &v); err != nil || !jsontext.Value(text).IsValid() {
			t.Fatalf("taken here, refused there: %q: %v", text, err)
		}
	}
	t.Logf("%d of %d texts taken", taken, *differentialTexts)
	if taken < *differentialTexts/100 {
		t.Error("too few: the test does not test what it should")
	}
}

// drawJSON draws a text that is JSON or close to it.
func drawJSON(g *traffic) string {
	return g.mutate(g.mutate(g.payload(pick(g, []string{"POST", "PATCH"}))))
}

// readsJSON reports whether any of our readers takes a text.
func readsJSON(text string) bool {
	for _, mode := range []decodeMode{decodeRequest, decodeAnswer} {
		d := decoder{typ: UserType(), mode: mode, profile: profile{tolerant: true}, depth: defaultLimits.JSONDepth}
		if d.resource([]byte(text), NewResource(UserType())) == nil {
			return true
		}
	}
	pr := patchReader{typ: UserType(), limits: defaultLimits, profile: profile{tolerant: true}}
	_, err := pr.read([]byte(text))
	return err == nil
}
