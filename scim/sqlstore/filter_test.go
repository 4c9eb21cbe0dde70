package sqlstore

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/filter"
)

var trees = flag.Int("trees", 20_000, "filters of TestFilterSQL")

func compiledSQL(d Dialect, f *scim.Filter, typ *scim.ResourceType) *where {
	t := &table{d, newLayout(typ), typ, scope{[]byte("tenant"), []byte("connection")}}
	return t.where(f)
}

// goldenFilters are the shapes of filters and their SQL. In it, ? is an
// argument, [r] what confines r to the type's resources in the scope, and [v]
// and [l] what confines v and l.
var goldenFilters = []struct {
	filter, sqlite, postgres, reason string
	exact                            exactness
}{
	{`userName eq "A%"`, `r.user_name = ?`, "", "an index serves it; % is a character", exact},
	{`userName ne "a"`, `(r.user_name IS NULL OR NOT (r.user_name = ?))`, "", "what has no value is not equal", exact},
	{`not (userName eq "a")`, `(r.user_name IS NULL OR NOT (r.user_name = ?))`, "", "the same question", exact},
	{`userName sw "a_"`, `r.user_name >= ? AND r.user_name < ?`, "", "a range of the index, no pattern to escape", exact},
	{`userName co "%"`, `(COALESCE(instr(r.user_name, ?), 0) > 0 OR length(r.user_name) > 512)`, `(position(CAST(? AS BYTEA) IN r.user_name) > 0 OR length(r.user_name) > 512)`, "no pattern; a cut key can hide it", exactUncut},
	{
		`userName ew "x"`, `(COALESCE(substr(r.user_name, length(r.user_name) - length(?) + 1), x'') = ? OR length(r.user_name) > 512)`,
		`(substr(r.user_name, length(r.user_name) - length(CAST(? AS BYTEA)) + 1) = ? OR length(r.user_name) > 512)`, "no pattern", exactUncut,
	},
	{
		`not (userName co "x")`, `(r.user_name IS NULL OR NOT ((COALESCE(instr(r.user_name, ?), 0) > 0 AND length(r.user_name) <= 512)))`,
		`(r.user_name IS NULL OR NOT ((position(CAST(? AS BYTEA) IN r.user_name) > 0 AND length(r.user_name) <= 512)))`, "the opposite keeps to the other side", exactUncut,
	},
	{`userName gt "a" and userName le "b"`, `(r.user_name > ? AND r.user_name <= ?)`, "", "by bytes, as in Go", exact},
	{`userName pr`, `length(r.user_name) > 0`, "", "an empty text is not present (RFC 7644 table 3)", exact},
	{`userName eq null`, `(r.user_name IS NULL OR length(r.user_name) = 0)`, "", "null is not present", exact},
	{`id eq "a" or externalId eq "b"`, `(r.id = ? OR r.external_id = ?)`, "", "", exact},
	{`meta.lastModified gt "2020-01-01T00:00:00Z"`, `r.modified > ?`, "", "nanoseconds, not text", exact},
	{`meta.lastModified sw "2020"`, `TRUE`, "", "the column has no text", superset},
	{`emails.value eq "a"`, `r.seq IN (SELECT v.seq FROM scim_values v WHERE [v] AND v.path = ? AND v.key = ?)`, "", "the index on keys", exact},
	{
		`emails[type eq "work" and value co "a"]`,
		`r.seq IN (SELECT v.seq FROM scim_values v WHERE [v] AND v.path = ? AND (v.kind = ? AND (COALESCE(instr(v.key, ?), 0) > 0 OR length(v.key) > 512)))`,
		`r.seq IN (SELECT v.seq FROM scim_values v WHERE [v] AND v.path = ? AND (v.kind = ? AND (position(CAST(? AS BYTEA) IN v.key) > 0 OR length(v.key) > 512)))`,
		"both of one element", exactUncut,
	},
	{
		`not (emails[type eq "work"])`, `r.seq NOT IN (SELECT v.seq FROM scim_values v WHERE [v] AND v.path = ? AND ((v.kind IS NULL OR NOT (v.kind = ?))) IS NOT TRUE)`, "",
		"no element of that type", exact,
	},
	{
		`emails.value ne "a"`,
		`(r.seq NOT IN (SELECT v.seq FROM scim_values v WHERE [v] AND v.path = ? AND v.key IS NOT NULL) OR r.seq IN (SELECT v.seq FROM scim_values v WHERE [v] AND v.path = ? AND NOT (v.key = ?)))`,
		"", "another value, or none", exact,
	},
	{`groups.value eq "g"`, `r.id IN (SELECT l.value FROM scim_resources o CROSS JOIN scim_links l WHERE l.owner = o.seq AND [o] AND o.id = ? AND [l])`, "", "owners", exact},
	{`groups pr`, `(SELECT 1 FROM scim_links l WHERE [l] AND l.value = r.id LIMIT 1) IS NOT NULL`, "", "any owner", exact},
	{`title eq "x"`, `TRUE`, "", "no column has it: each candidate is matched", superset},
	{`title eq "x" and userName eq "a"`, `r.user_name = ?`, "", "the other term narrows the candidates", superset},
	{`not (title eq "x" or userName eq "a")`, `(r.user_name IS NULL OR NOT (r.user_name = ?))`, "", "also from within a negation", superset},
	{`title eq "x" or userName eq "a"`, `TRUE`, "", "anything can match", superset},
}

func TestFilterSQLGolden(t *testing.T) {
	for _, row := range goldenFilters {
		f, err := scim.UserType().ParseFilter(row.filter)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range []Dialect{SQLite, PostgreSQL} {
			want := row.sqlite
			if d == PostgreSQL && row.postgres != "" {
				want = row.postgres
			}
			for _, alias := range []string{"v", "l", "o"} {
				confined := alias + ".tenant = ? AND " + alias + ".connection = ?"
				if alias == "v" {
					confined += " AND v.type = ?"
				}
				want = strings.ReplaceAll(want, "["+alias+"]", confined)
			}
			got := compiledSQL(d, f, scim.UserType())
			if diff := cmp.Diff(want, got.text); diff != "" || got.exactness != row.exact {
				t.Errorf("%s on %v (%s), exactness %d: (-want +got)\n%s", row.filter, d, row.reason, got.exactness, diff)
			}
		}
	}
}

// TestFilterSQL: the text of a filter's SQL follows from the filter's shape,
// whatever its values are; they are in the arguments only.
func TestFilterSQL(t *testing.T) {
	g := &generator{rnd: rand.New(rand.NewPCG(*seed, 0))}
	withArgs := 0
	for i := range *trees {
		typ := pick(g.rnd, []*scim.ResourceType{scim.UserType(), scim.GroupType()})
		f := g.compiled(typ, 3)
		other, values := g.revalued(t, typ, f)
		for _, d := range []Dialect{SQLite, PostgreSQL} {
			a, b := compiledSQL(d, f, typ), compiledSQL(d, other, typ)
			if a.text != b.text && fit(f.Expr()) {
				t.Fatalf("%v, tree %d: two texts for one shape\n%v\n%s\n%v\n%s", d, i, f, a.text, other, b.text)
			}
			if n := strings.Count(b.text, "?"); n != len(b.args) {
				t.Fatalf("%v: %d places for %d arguments: %s", d, n, len(b.args), b.text)
			}
			if strings.Contains(strings.ToUpper(b.text), "LIKE") {
				t.Fatalf("a pattern: %s", b.text)
			}
			for _, v := range values {
				if strings.Contains(b.text, v) || strings.Contains(b.text, scim.Canonical(v)) {
					t.Fatalf("%v: a value is in the text: %s", d, b.text)
				}
				withArgs += holding(b.args, v)
			}
		}
	}
	t.Logf("%d trees, 0 texts that hold a value; %d values in arguments", *trees, withArgs)
	if withArgs < *trees/10 {
		t.Error("hardly a value came into an argument")
	}
}

func holding(args []any, value string) (n int) {
	for _, a := range args {
		if b, ok := a.([]byte); ok && (bytes.Contains(b, []byte(value)) || bytes.Contains(b, []byte(scim.Canonical(value)))) {
			n++
		}
	}
	return n
}

// revalued returns a filter of the same shape with values that no statement
// has in its text.
func (g *generator) revalued(t *testing.T, typ *scim.ResourceType, f *scim.Filter) (*scim.Filter, []string) {
	var values []string
	e := replace(f.Expr(), func(l filter.Literal) filter.Literal {
		if l.Kind != filter.String || l.Text == "true" { // a boolean takes no other text
			return l
		}
		if _, isTime := parseTime(l.Text); isTime { // it may have to stay one
			l.Text = fmt.Sprintf("20%02d-01-01T00:00:00Z", 20+g.rnd.IntN(70))
		} else if l.Text != "" {
			long := len(l.Text) > keyBytes
			l.Text = fmt.Sprintf("Zq%x", g.rnd.Uint32()) + pick(g.rnd, []string{"%", "_", `\`, "'", `"`, "?", "$1", "\x00", "--", ";", "é", "\xff", "/*"})
			if long {
				l.Text += strings.Repeat("é", keyBytes)
			}
		}
		values = append(values, l.Text)
		return l
	})
	other, err := typ.CompileFilter(e)
	if err != nil {
		t.Fatal(err)
	}
	return other, slices.DeleteFunc(values, func(v string) bool { return v == "" })
}

// fit reports whether the times of a filter fit their columns: a filter on
// another time has a shape of its own.
func fit(e filter.Expr) bool {
	all := true
	replace(e, func(l filter.Literal) filter.Literal {
		at, isTime := parseTime(l.Text)
		_, cut := nanos(at)
		all = all && !(isTime && cut)
		return l
	})
	return all
}

// replace copies an expression with other literals.
func replace(e filter.Expr, with func(filter.Literal) filter.Literal) filter.Expr {
	list := func(terms []filter.Expr) []filter.Expr {
		out := make([]filter.Expr, len(terms))
		for i, term := range terms {
			out[i] = replace(term, with)
		}
		return out
	}
	switch e := e.(type) {
	case *filter.And:
		return &filter.And{Terms: list(e.Terms)}
	case *filter.Or:
		return &filter.Or{Terms: list(e.Terms)}
	case *filter.Not:
		return &filter.Not{Expr: replace(e.Expr, with)}
	case *filter.ValuePath:
		return &filter.ValuePath{Attr: e.Attr, Expr: replace(e.Expr, with)}
	case *filter.Compare:
		return &filter.Compare{Attr: e.Attr, Op: e.Op, Value: with(e.Value)}
	}
	return e
}
