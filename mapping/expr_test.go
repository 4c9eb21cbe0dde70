package mapping

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// printed are expressions and the form in which they are written back.
var printed = []struct{ in, want, reason string }{
	{`Not([IsSoftDeleted])`, `Not([IsSoftDeleted])`, "a function of an attribute"},
	{"  Append( [a] ,\n\t\"x\" ) ", `Append([a], "x")`, "white space between tokens means nothing"},
	{`Replace([mail], "@contoso.com", , ,"", ,)`, `Replace([mail], "@contoso.com", , , "", , )`, "arguments may be left out, at the end too"},
	{`Switch([a], , "k", "v")`, `Switch([a], , "k", "v")`, "the default is left out"},
	{`Now()`, `Now()`, "no argument at all"},
	{`F(,)`, `F(, )`, "one comma makes two empty arguments"},
	{`IIF([country]="USA",[country],[department])`, `IIF([country] = "USA", [country], [department])`, "a comparison"},
	{`IIF([a]<>1,[b]>=2,[c]<=3)`, `IIF([a] <> 1, [b] >= 2, [c] <= 3)`, "operators of two characters"},
	{`BitAnd(&HF, &HF7)`, `BitAnd(&HF, &HF7)`, "hexadecimal numbers keep their spelling"},
	{`DateAdd("d", -10, [x])`, `DateAdd("d", -10, [x])`, "negative numbers"},
	{`InStr("repEated","e",3,vbBinaryCompare)`, `InStr("repEated", "e", 3, vbBinaryCompare)`, "enumeration words"},
	{`F("a\\b\"c")`, `F("a\\b\"c")`, "the two escapes"},
	{`F([extension_00000000_本社])`, `F([extension_00000000_本社])`, "attribute names are not limited to ASCII"},
	{`A(B(C([d])))`, `A(B(C([d])))`, "functions nest"},
	{`F("a,b)]", [x y])`, `F("a,b)]", [x y])`, "punctuation and spaces inside tokens are text"},
}

func TestExpressionPrints(t *testing.T) {
	for _, row := range printed {
		e, err := parseExpr(row.in)
		if err != nil {
			t.Errorf("parseExpr(%q): %v (%s)", row.in, err, row.reason)
			continue
		}
		if diff := cmp.Diff(row.want, e.String()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", row.reason, diff)
		}
		checkPrinted(t, e)
	}
}

// checkPrinted is the law of printing: what is written is read as the same
// tree.
func checkPrinted(t *testing.T, e *expr) {
	t.Helper()
	again, err := parseExpr(e.String())
	if err != nil {
		t.Fatalf("%q is not read again: %v", e, err)
	}
	if diff := cmp.Diff(e, again, cmp.AllowUnexported(expr{}), cmpopts.IgnoreFields(expr{}, "pos"), cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%q is read as another tree (-first +again)\n%s", e, diff)
	}
}

// refused are texts that are no expressions, with the character at fault.
var refused = []struct {
	in     string
	pos    int
	word   string // part of the message
	reason string
}{
	{``, 1, "an expression is a function", "nothing"},
	{`[mail]`, 1, "use the rule's attribute", "an attribute alone is a direct mapping"},
	{`"x"`, 1, "fixed value", "a constant alone is a fixed value"},
	{`12`, 1, "fixed value", "so is a number"},
	{`vbTextCompare`, 1, "is a function", "a word alone"},
	{`[a] = [b]`, 1, "is a function", "a comparison alone"},
	{`Append([mail], "x"`, 7, "not closed", "the opening parenthesis is the place"},
	{`Append([mail], "x)`, 16, "closing double quote", "the constant swallows the rest"},
	{`Append([mail, "x")`, 8, "closing square bracket", "the bracket is not closed"},
	{`Append([ma[il], "x")`, 8, "closing square bracket", "a bracket inside a name"},
	{`Append([ ], "x")`, 8, "no attribute name", "blank brackets"},
	{`Append([本社] "x")`, 13, "a comma", "positions count characters, not bytes"},
	{`Append([a], 'x')`, 13, "double quotes", "single quotes do not quote"},
	{`Append([a], "\d")`, 14, "backslash", "other escapes are refused"},
	{`Append([a], "x") y`, 18, "has ended", "something follows"},
	{`Append([a], 12x)`, 13, "whole number", "a number with letters"},
	{`Append([a], &H)`, 13, "whole number", "no digits"},
	{`Append([a], 9223372036854775808)`, 13, "64 bits", "a number that is too large"},
	{`IIF(= "x", , )`, 5, "nothing on its left", "a comparison needs two sides"},
	{`IIF([a] = , , )`, 11, "nothing on its right", "a comparison needs two sides"},
	{`IIF([a] = "x" = "y", , )`, 15, "one operator", "comparisons do not chain"},
	{`Append([a], ])`, 13, "a comma", "a stray bracket"},
	{"Append([a], \x00)", 13, "a comma", "a NUL is not the end"},
}

func TestExpressionRefused(t *testing.T) {
	for _, row := range refused {
		_, err := parseExpr(row.in)
		if err == nil {
			t.Errorf("parseExpr(%q) is accepted: %s", row.in, row.reason)
			continue
		}
		if !errors.Is(err, ErrExpression) || err.Pos != row.pos || !strings.Contains(err.Detail, row.word) {
			t.Errorf("parseExpr(%q) = %v; want character %d and %q (%s)", row.in, err, row.pos, row.word, row.reason)
		}
	}
}

func TestExpressionLimits(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("F(", n) + strings.Repeat(")", n) }
	rows := []struct {
		name, in string
		ok       bool
	}{
		{"10,000 characters", `F("` + strings.Repeat("本", maxExpressionChars-5) + `")`, true},
		{"10,001 characters", `F("` + strings.Repeat("本", maxExpressionChars-4) + `")`, false},
		{"64 functions deep", nested(maxExpressionDepth), true},
		{"65 functions deep", nested(maxExpressionDepth + 1), false},
		{"a bomb of parentheses", strings.Repeat("F(", 4000), false},
		{"invalid UTF-8", "F(\"\xff\")", false},
	}
	for _, row := range rows {
		if _, err := parseExpr(row.in); (err == nil) != row.ok {
			t.Errorf("%s: error %v, want accepted %t", row.name, err, row.ok)
		}
	}
}

func FuzzExpression(f *testing.F) {
	for _, row := range printed {
		f.Add(row.in)
	}
	for _, row := range refused {
		f.Add(row.in)
	}
	for _, row := range results {
		f.Add(row.expr)
	}
	for _, row := range documented {
		f.Add(row.expr)
	}
	for _, row := range further {
		f.Add(row.expr)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := parseExpr(s)
		if err != nil {
			if err.Pos < 0 || err.Pos > len([]rune(s))+1 {
				t.Fatalf("position %d is not in the text", err.Pos)
			}
			return
		}
		if len(e.String()) <= maxExpressionChars { // printing adds spaces
			checkPrinted(t, e)
		}
		var mistakes int
		run := compileExpression(s, func(*Error) { mistakes++ })
		if (run == nil) != (mistakes > 0) {
			t.Fatalf("compiled %t with %d mistakes", run != nil, mistakes)
		}
		if run == nil {
			return
		}
		env := &Env{Now: time.Unix(1584342245, 0), Rand: &counter{}}
		v, evalErr := run(input{Record{"a": "x", "b": []string{"y", "z"}, "n": 7}, env})
		if evalErr == nil && (len(v.text) > maxTextBytes || !utf8.ValidString(v.text)) {
			t.Fatalf("%q gives %d bytes, valid UTF-8 %t", s, len(v.text), utf8.ValidString(v.text))
		}
	})
}
