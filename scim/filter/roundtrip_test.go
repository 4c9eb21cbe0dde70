package filter_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/zohoscim/zohoscim/scim/filter"
)

// wide admits what a tree within the default limits can be written as.
var wide = filter.Options{MaxBytes: 1 << 20, MaxDepth: 1000, MaxTerms: 1 << 20}

// checkRoundTrip fails unless e written and read again, strictly, is e.
func checkRoundTrip(t interface{ Fatalf(string, ...any) }, e filter.Expr) {
	s := e.String()
	again, err := filter.Parse(s, &wide)
	if err != nil {
		t.Fatalf("written as %#q, which is refused: %v", s, err)
	}
	if diff := cmp.Diff(e, again); diff != "" {
		t.Fatalf("written as %#q, which is another tree: -before +after\n%s", s, diff)
	}
	if s2 := again.String(); s2 != s {
		t.Fatalf("written as %#q, then as %#q", s, s2)
	}
}

// checkError fails unless err is an Error with a place inside s.
func checkError(t *testing.T, s string, err error) {
	t.Helper()
	var e *filter.Error
	if !errors.As(err, &e) || !errors.Is(err, e.Kind) || e.Pos < 0 || e.Pos > len(s) || e.Want == "" {
		t.Fatalf("bad error %#v", err)
	}
}

func TestString(t *testing.T) {
	for _, tt := range []struct{ in, want, reason string }{
		{`Title PR`, `Title pr`, "operators in lower case, names as they came"},
		{`NOT(a pr)`, `not (a pr)`, "the form of the RFC's examples"},
		{`((a pr) and (b pr)) or (c pr)`, `a pr and b pr or c pr`, "no needless parentheses"},
		{`(a pr or b pr) and c pr`, `(a pr or b pr) and c pr`, "needed parentheses"},
		{`a[(b pr or c pr)]`, `a[b pr or c pr]`, "brackets are parentheses enough"},
		{`not ((a pr or b pr))`, `not (a pr or b pr)`, "so are those of not"},
		{`a[b pr or c pr].d eq "x"`, `a[(b pr or c pr) and d eq "x"]`, "a test after a bracket goes inside"},
		{`a eq "\u0041\/\n\"\\"`, `a eq "A/\u000a\"\\"`, "only what must be is escaped"},
		{`a eq TRUE and b eq Null and c eq False`, `a eq true and b eq null and c eq false`, "JSON spelling"},
		{`a eq -1.50e3`, `a eq -1.50e3`, "a number is left alone"},
		{`URN:Example:2.0:User:A.b sw "x"`, `URN:Example:2.0:User:A.b sw "x"`, "a URI is left alone"},
		{`a eq x\y`, `a eq "x\\y"`, "text without quotes gets them"},
	} {
		e, err := filter.Parse(tt.in, &filter.Options{Tolerant: true})
		if err != nil {
			t.Errorf("%#q: %v", tt.in, err)
		} else if got := e.String(); got != tt.want {
			t.Errorf("%#q is written as %#q, want %#q: %s", tt.in, got, tt.want, tt.reason)
		}
	}
}

// TestStringOfHandMadeTrees covers what no parser returns.
func TestStringOfHandMadeTrees(t *testing.T) {
	for _, tt := range []struct {
		e      interface{ String() string }
		want   string
		reason string
	}{
		{eq("userName", `x" or userName pr or a eq "`), `userName eq "x\" or userName pr or a eq \""`, "text cannot leave its quotes"},
		{eq("a", "x\xff"), `a eq "x` + "\ufffd" + `"`, "what is not UTF-8 is replaced"},
		{and(pr("a"), and(pr("b"), or(pr("c"), pr("d")))), `a pr and b pr and (c pr or d pr)`, "nested chains are one chain"},
		{or(pr("a"), or(pr("b"), pr("c"))), `a pr or b pr or c pr`, "nested chains are one chain"},
		{filter.Literal{}, `""`, "the zero Literal is the empty string"},
		{filter.Op(200), `Op(200)`, "no operator"},
		{&filter.Not{}, `not ()`, "a missing expression is no panic"},
		{filter.Path{}, ``, "the zero Path"},
	} {
		if got := tt.e.String(); got != tt.want {
			t.Errorf("got %#q, want %#q: %s", got, tt.want, tt.reason)
		}
	}
}

func TestRoundTripTables(t *testing.T) {
	for _, r := range append(strictRows(), tolerantRows...) {
		checkRoundTrip(t, r.want)
	}
}

// TestRoundTripRandomTrees writes trees of every shape that Parse can return.
func TestRoundTripRandomTrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkRoundTrip(t, drawExpr(t, 4))
	})
}

func drawExpr(t *rapid.T, depth int) filter.Expr {
	shapes := 2
	if depth > 0 {
		shapes = 6
	}
	switch rapid.IntRange(0, shapes-1).Draw(t, "shape") {
	case 0:
		return &filter.Present{Attr: drawAttr(t)}
	case 1:
		op := filter.Op(rapid.IntRange(int(filter.Eq), int(filter.Le)).Draw(t, "op"))
		return &filter.Compare{Attr: drawAttr(t), Op: op, Value: drawLiteral(t)}
	case 2:
		return &filter.Not{Expr: drawExpr(t, depth-1)}
	case 3:
		return &filter.ValuePath{Attr: drawAttr(t), Expr: drawExpr(t, depth-1)}
	case 4:
		return &filter.And{Terms: drawTerms(t, depth-1, func(e filter.Expr) bool { _, ok := e.(*filter.And); return !ok })}
	default:
		return &filter.Or{Terms: drawTerms(t, depth-1, func(e filter.Expr) bool { _, ok := e.(*filter.Or); return !ok })}
	}
}

func drawTerms(t *rapid.T, depth int, allowed func(filter.Expr) bool) []filter.Expr {
	term := rapid.Custom(func(t *rapid.T) filter.Expr { return drawExpr(t, depth) }).Filter(allowed)
	return rapid.SliceOfN(term, 2, 4).Draw(t, "terms")
}

func drawAttr(t *rapid.T) filter.AttrPath {
	const name = `(not|and|or|pr|eq|true|\$ref|[a-zA-Z][-_$a-zA-Z0-9]{0,4})`
	return filter.AttrPath{
		URN:  rapid.StringMatching(`(urn:[a-z0-9:._%-]{1,8}|http://[a-z0-9.:/]{0,6})?`).Draw(t, "urn"),
		Name: rapid.StringMatching(name).Draw(t, "name"),
		Sub:  rapid.StringMatching(name+"?").Draw(t, "sub"),
	}
}

func drawLiteral(t *rapid.T) filter.Literal {
	l := filter.Literal{Kind: filter.LiteralKind(rapid.IntRange(int(filter.String), int(filter.Null)).Draw(t, "kind"))}
	switch l.Kind {
	case filter.String:
		l.Text = strings.ToValidUTF8(rapid.String().Draw(t, "text"), "")
	case filter.Number:
		l.Text = rapid.StringMatching(`-?(0|[1-9][0-9]{0,4})(\.[0-9]{1,3})?([eE][-+]?[0-9]{1,2})?`).Draw(t, "number")
	}
	return l
}

// FuzzParse checks that what is accepted can be written and read again, that
// tolerant parsing changes no meaning, and that what is refused says where.
func FuzzParse(f *testing.F) {
	for _, r := range append(strictRows(), tolerantRows...) {
		f.Add(r.in)
	}
	for _, r := range append(refuseRows, strictRefuseRows...) {
		f.Add(r.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tolerant, err := filter.Parse(s, &filter.Options{Tolerant: true})
		if err != nil {
			checkError(t, s, err)
			if _, err := filter.Parse(s, nil); err == nil {
				t.Fatalf("%#q is accepted strictly but not tolerantly", s)
			}
			return
		}
		checkRoundTrip(t, tolerant)
		strict, err := filter.Parse(s, nil)
		if err != nil {
			checkError(t, s, err)
		} else if diff := cmp.Diff(strict, tolerant); diff != "" {
			t.Fatalf("%#q: -strict +tolerant\n%s", s, diff)
		}
	})
}

// FuzzParsePath checks that a path can be written and read again, and that it
// agrees with the filter language on the parts they share.
func FuzzParsePath(f *testing.F) {
	for _, r := range pathRows {
		f.Add(r.in)
	}
	for _, r := range pathRefuseRows {
		f.Add(r.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := filter.ParsePath(s, nil)
		if err != nil {
			checkError(t, s, err)
			return
		}
		again, err := filter.ParsePath(p.String(), &wide)
		if err != nil {
			t.Fatalf("written as %#q, which is refused: %v", p, err)
		}
		if diff := cmp.Diff(p, again); diff != "" {
			t.Fatalf("written as %#q, which is another path: -before +after\n%s", p, diff)
		}
		asFilter, want := s+" pr", filter.Expr(&filter.Present{Attr: p.Attr})
		if p.Filter != nil {
			asFilter = strings.TrimSuffix(s, "."+p.Sub)
			want = &filter.ValuePath{Attr: p.Attr, Expr: p.Filter}
		}
		got, err := filter.Parse(asFilter, &wide)
		if err != nil {
			t.Fatalf("%#q is a path but %#q no filter: %v", s, asFilter, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%#q and %#q disagree: -path +filter\n%s", s, asFilter, diff)
		}
	})
}
