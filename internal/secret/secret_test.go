package secret_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"text/template"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/zohoscim/zohoscim/internal/secret"
)

const canary = "s3cr3t-canary"

type exported struct{ S secret.String }

type unexported struct{ s secret.String }

// shapes are the ways in which a secret reaches a printer.
func shapes() map[string]any {
	s := secret.New(canary)
	return map[string]any{
		"value":            s,
		"pointer":          &s,
		"exported field":   exported{s},
		"unexported field": unexported{s},
		"pointer to field": &unexported{s},
		"slice":            []secret.String{s},
		"map value":        map[string]secret.String{"k": s},
		"any in a slice":   []any{s, &s},
	}
}

// leaks reports whether out shows the canary in plain, quoted or hexadecimal form.
func leaks(out string) bool {
	out = strings.ToLower(out)
	return strings.Contains(out, canary) ||
		strings.Contains(out, fmt.Sprintf("%x", canary)) ||
		strings.Contains(out, fmt.Sprintf("% x", canary)) ||
		strings.Contains(out, strings.Trim(fmt.Sprint([]byte(canary)), "[]"))
}

func TestRedactionPrinting(t *testing.T) {
	for name, v := range shapes() {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
			if out := fmt.Sprintf(verb, v); leaks(out) {
				t.Errorf("%s of %s leaks: %s", verb, name, out)
			}
		}
		if out := fmt.Sprintf("% x|%50v|%p|%T", v, v, v, v); leaks(out) {
			t.Errorf("flags on %s leak: %s", name, out)
		}
		if err := errors.Join(fmt.Errorf("wrapped: %v", v)); leaks(err.Error()) {
			t.Errorf("error with %s leaks: %v", name, err)
		}
	}
}

func TestRedactionEncoding(t *testing.T) {
	encoders := map[string]func(*bytes.Buffer, any){
		"slog text": func(b *bytes.Buffer, v any) { slog.New(slog.NewTextHandler(b, nil)).Info("m", "v", v) },
		"slog JSON": func(b *bytes.Buffer, v any) { slog.New(slog.NewJSONHandler(b, nil)).Info("m", "v", v) },
		"json":      func(b *bytes.Buffer, v any) { _ = json.NewEncoder(b).Encode(v) },
		"json v2":   func(b *bytes.Buffer, v any) { _ = jsonv2.MarshalWrite(b, v) },
		"xml":       func(b *bytes.Buffer, v any) { _ = xml.NewEncoder(b).Encode(v) },
		"template":  func(b *bytes.Buffer, v any) { _ = template.Must(template.New("").Parse("{{.}}")).Execute(b, v) },
	}
	for encoder, encode := range encoders {
		for name, v := range shapes() {
			var b bytes.Buffer
			encode(&b, v)
			if leaks(b.String()) {
				t.Errorf("%s of %s leaks: %s", encoder, name, b.String())
			}
		}
	}
}

func TestRedactedText(t *testing.T) {
	s := secret.New(canary)
	for _, v := range []secret.String{s, {}} {
		b, err := json.Marshal(v)
		if got := fmt.Sprint(v) + v.String() + string(b); err != nil || got != `[redacted][redacted]"[redacted]"` {
			t.Errorf("got %s, %v", got, err)
		}
	}
	var back exported
	if err := json.Unmarshal([]byte(`{"S":"[redacted]"}`), &back); err == nil {
		t.Error("a redacted text was read back as a secret")
	}
}

func TestString(t *testing.T) {
	var zero secret.String
	for _, tt := range []struct {
		name   string
		s      secret.String
		reveal string
		isZero bool
	}{
		{"zero value", zero, "", true},
		{"empty", secret.New(""), "", true},
		{"set", secret.New(canary), canary, false},
	} {
		if got := tt.s.Reveal(); got != tt.reveal || tt.s.IsZero() != tt.isZero {
			t.Errorf("%s: Reveal = %q, IsZero = %t", tt.name, got, tt.s.IsZero())
		}
	}
}

func TestEqual(t *testing.T) {
	a, b := secret.New(canary), secret.New(strings.Clone(canary))
	for _, tt := range []struct {
		a, b   secret.String
		want   bool
		reason string
	}{
		{a, b, true, "content counts, not identity"},
		{a, a, true, "itself"},
		{a, secret.New(canary + "x"), false, "a prefix is not equal"},
		{a, secret.String{}, false, "set and empty"},
		{secret.New(""), secret.String{}, true, "both empty"},
	} {
		if got := tt.a.Equal(tt.b); got != tt.want {
			t.Errorf("Equal = %t, want %t (%s)", got, tt.want, tt.reason)
		}
	}
}

func ExampleString() {
	token := secret.New("1000.example")
	fmt.Printf("%v %d\n", token, len(token.Reveal()))
	// Output: [redacted] 12
}
