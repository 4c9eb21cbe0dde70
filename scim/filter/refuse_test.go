package filter_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/zohoscim/zohoscim/scim/filter"
)

type refuseRow struct {
	in     string
	pos    int
	want   string // part of Error.Want
	reason string
}

// refuseRows are refused strictly and tolerantly alike.
var refuseRows = []refuseRow{
	{``, 0, "attribute name", "RFC 7644 section 3.4.2.2: at least one expression"},
	{`   `, 3, "attribute name", "spaces are no expression"},
	{`(`, 1, "attribute name", "nothing in the parenthesis"},
	{`()`, 1, "attribute name", "nothing in the parentheses"},
	{`)`, 0, "attribute name", "closes nothing"},
	{`userName`, 8, "operator", "an attribute alone"},
	{`userName eq`, 11, "a value", "no value"},
	{`userName eq `, 12, "in double quotes", "no value"},
	{`userName eq and title pr`, 12, "in double quotes", "no value: and is taken for none"},
	{`userName regex "x"`, 9, "operator", "unknown operator"},
	{`userName lte "x"`, 9, "operator", "an operator is a whole word"},
	{`userName prx`, 9, "operator", "an operator is a whole word"},
	{`userName e`, 9, "operator", "half an operator"},
	{`userName pr "x"`, 12, "end of the filter", "pr has no value"},
	{`userName eq "x" eq`, 16, "end of the filter", "two operators"},
	{`userName eq "x""y"`, 15, "end of the filter", "two values"},
	{`userName eq ("x")`, 12, "in double quotes", "a parenthesised value"},
	{`userName eq 'x'`, 12, "in double quotes", "single quotes are not JSON"},
	{`userName eq"x"`, 11, "a space", "no space before the value"},
	{`userName eq "x"and title pr`, 15, "between spaces", "no space before and"},
	{`userName eq "x" and(title pr)`, 19, "a space", "no space after and"},
	{`userName eq "x" and`, 19, "another expression", "nothing after and"},
	{`userName eq "x" or `, 19, "attribute name", "nothing after or"},
	{`and or`, 4, "operator", "keywords alone"},
	{`not userName pr`, 4, "operator", "not needs parentheses"},
	{`not ()`, 5, "attribute name", "not of nothing"},
	{`not (a pr`, 9, "closing parenthesis", "left open"},
	{`(a pr`, 5, "closing parenthesis", "left open"},
	{`(a pr]`, 5, "closing parenthesis", "closed by the other bracket"},
	{`a pr)`, 4, "end of the filter", "closed but not opened"},
	{`a[b pr`, 6, "closing square bracket", "left open"},
	{`a[b pr)`, 6, "closing square bracket", "closed by the other bracket"},
	{`a[b pr]]`, 7, "end of the filter", "closed but not opened"},
	{`a[]`, 2, "attribute name", "nothing in the brackets"},
	{`[b pr]`, 0, "attribute name", "no attribute before the bracket"},
	{`a [b pr]`, 2, "operator", "a space before the bracket"},
	{`a[b pr] pr`, 8, "end of the filter", "a value path is a whole expression"},
	{`a[b pr].`, 8, "attribute name", "no sub-attribute"},
	{`a[b pr].c`, 9, "operator", "a sub-attribute with no test is a path, not a filter"},
	{`a[b pr].c.d pr`, 9, "operator", "a sub-attribute has no sub-attributes"},
	{"a\tpr", 1, "operator", "a tab is no space"},
	{"a pr\n", 4, "end of the filter", "a line feed is no space"},
	{"a\u00a0pr", 1, "operator", "a no-break space is no space"},
	{`1a pr`, 0, "attribute name", "a name begins with a letter"},
	{`-a pr`, 0, "attribute name", "a name begins with a letter"},
	{`$ pr`, 1, "attribute name", "a dollar sign alone is no name"},
	{`$1 pr`, 1, "attribute name", "a letter follows the dollar sign"},
	{`é pr`, 0, "attribute name", "names are ASCII"},
	{`.a pr`, 0, "attribute name", "no attribute before the dot"},
	{`a. pr`, 2, "attribute name", "no sub-attribute after the dot"},
	{`a.b.c pr`, 3, "operator", "one level of sub-attributes"},
	{`a,b pr`, 1, "operator", "one attribute at a time"},
	{`urn:a pr`, 0, "schema URI", "urn is no URI"},
	{`:a pr`, 0, "schema URI", "an empty URI"},
	{`::a pr`, 0, "schema URI", "an empty scheme"},
	{`urn::a pr`, 0, "schema URI", "nothing after the scheme"},
	{`1urn:x:a pr`, 0, "schema URI", "a scheme begins with a letter"},
	{`u/n:x:a pr`, 0, "schema URI", "a slash in the scheme"},
	{`urn:x: pr`, 6, "attribute name", "nothing after the URI"},
	{`urn:x:2.0 pr`, 6, "attribute name", "a version is no attribute name"},
	{`urn:x:y(z:a pr`, 7, "operator", "a parenthesis ends the URI"},
	{`a eq "x`, 7, "double quote", "left open"},
	{`a eq "x\`, 7, "escape", "left open in an escape"},
	{`a eq "x\"`, 9, "double quote", "the quote is escaped"},
	{`a eq "\a"`, 6, "escape", "no escape of JSON"},
	{`a eq "\U0041"`, 6, "escape", "escapes heed case"},
	{`a eq "\u12"`, 6, "escape", "too few digits"},
	{`a eq "\u12G4"`, 6, "escape", "not a digit"},
	{`a eq "EXAMPLE\user"`, 13, "escape", "a Windows account name needs its backslash doubled"},
	{`a eq "\uD83D"`, 6, "escape", "high surrogate alone"},
	{`a eq "\uDE00"`, 6, "escape", "low surrogate alone"},
	{`a eq "\uD83D\uD83D"`, 6, "escape", "two high surrogates"},
	{`a eq "\uDE00\uD83D"`, 6, "escape", "a pair the wrong way round"},
	{`a eq "\uD83Dx"`, 6, "escape", "high surrogate before text"},
	{"a eq \"x\x00\"", 7, "control", "raw NUL"},
	{"a eq \"\\\\\n\"", 8, "control", "raw line feed after an escape"},
	{"a eq \"é\xff\"", 8, "UTF-8", "not UTF-8, at the byte"},
	{"a eq \"\\n\xe3\x81\"", 8, "UTF-8", "cut off, after an escape"},
	{"a eq \"\xc0\xaf\"", 6, "UTF-8", "overlong form"},
	{"a eq \"\xed\xa0\x80\"", 6, "UTF-8", "a surrogate as UTF-8"},
	{"a eq x\xff", 5, "double quotes", "without quotes, not UTF-8"},
	{"a eq x\x01y", 5, "double quotes", "without quotes, a control character"},
	{"a eq x\x7f", 5, "double quotes", "without quotes, a control character"},
	{"a eq x\ty", 5, "double quotes", "without quotes, a tab"},
	{`a eq x y`, 7, "", "without quotes, two words"},
	{`a eq x"y"`, 6, "", "without quotes, a quote inside"},
}

func TestParseRefuses(t *testing.T) {
	for _, r := range refuseRows {
		_, err := filter.Parse(r.in, &filter.Options{Tolerant: true})
		checkSyntaxError(t, r, err)
		if r.want == "" { // strictly these fail a little earlier
			r.pos = 5
		}
		_, err = filter.Parse(r.in, nil)
		checkSyntaxError(t, r, err)
	}
	for _, r := range strictRefuseRows {
		_, err := filter.Parse(r.in, nil)
		checkSyntaxError(t, r, err)
	}
}

// strictRefuseRows are refused by strict parsing only; tolerantly they are text.
var strictRefuseRows = []refuseRow{
	{`a eq 01`, 5, "a number", "leading zero"},
	{`a eq +1`, 5, "a number", "plus sign"},
	{`a eq -`, 5, "a number", "a sign alone"},
	{`a eq .5`, 5, "a number", "no whole part"},
	{`a eq 1.`, 5, "a number", "no fraction after the point"},
	{`a eq 1e`, 5, "a number", "no exponent"},
	{`a eq 1e+`, 5, "a number", "no exponent"},
	{`a eq 1e5x`, 5, "a number", "text after the exponent"},
	{`a eq 0x10`, 5, "a number", "hexadecimal"},
	{`a eq NaN`, 5, "a number", "not JSON"},
	{`a eq truex`, 5, "true", "a keyword is a whole word"},
}

func checkSyntaxError(t *testing.T, r refuseRow, err error) {
	t.Helper()
	var e *filter.Error
	if !errors.As(err, &e) || !errors.Is(err, filter.ErrSyntax) {
		t.Errorf("%#q: got error %v, want a syntax error (%s)", r.in, err, r.reason)
		return
	}
	if e.Pos != r.pos || !strings.Contains(e.Want, r.want) {
		t.Errorf("%#q: %v; want byte %d and %q (%s)", r.in, e, r.pos, r.want, r.reason)
	}
}

// TestErrorsHoldNoInput puts a secret word into every place where parsing can
// fail.
func TestErrorsHoldNoInput(t *testing.T) {
	const canary = "Canary"
	for _, in := range []string{
		canary, canary + ` canary "x"`, `a eq "` + canary, `a eq "` + canary + "\xff", `a eq "` + canary + `\u"`,
		`a eq ` + canary, `a eq "x" ` + canary, `a[b eq "` + canary + `"`, `(a eq "` + canary + `"`,
		canary + `:a pr`, `a.` + canary + `.` + canary, `a[b pr]` + canary, `a[b pr].c` + canary,
		strings.Repeat("("+canary, 20), `a eq "` + strings.Repeat(canary, 1000) + `"`,
	} {
		_, err := filter.Parse(in, nil)
		if err == nil || strings.Contains(strings.ToLower(err.Error()), "canary") {
			t.Errorf("Parse(%.40q): error %v", in, err)
		}
		_, err = filter.ParsePath(in+"[", nil)
		if err == nil || strings.Contains(strings.ToLower(err.Error()), "canary") {
			t.Errorf("ParsePath(%.40q): error %v", in, err)
		}
	}
}

func TestErrorText(t *testing.T) {
	_, err := filter.Parse(`title xx "secret"`, nil)
	const want = "filter: syntax error at byte 6: want a space and an operator: eq, ne, co, sw, ew, gt, ge, lt, le or pr"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if got := filter.Kind(200).Error(); got != "filter: error of unknown kind 200" {
		t.Errorf("unknown kind: %s", got)
	}
}
