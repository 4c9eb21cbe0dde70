package filter_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/zohoscim/zohoscim/scim/filter"
)

func TestWhere(t *testing.T) {
	bob := filter.Where("userName", filter.Eq, "bob")
	active := filter.Where("active", filter.Eq, true)
	title := filter.Has("title")
	at := time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.FixedZone("JST", 9*3600))
	for _, tt := range []struct {
		c            filter.Condition
		want, reason string
	}{
		{bob, `userName eq "bob"`, "a text is quoted"},
		{filter.Where("userName", filter.Eq, `" or id pr or "`), `userName eq "\" or id pr or \""`, "and cannot end early"},
		{filter.Where("name.familyName", filter.Co, "本社\n"), `name.familyName co "本社\u000a"`, "a sub-attribute"},
		{filter.Where("urn:example:2.0:Badge:number", filter.Gt, 5), `urn:example:2.0:Badge:number gt 5`, "an attribute of an extension"},
		{filter.Where("x", filter.Le, int64(math.MinInt64)), `x le -9223372036854775808`, "the whole range"},
		{filter.Where("x", filter.Ne, 0.1), `x ne 0.1`, "a fraction"},
		{filter.Where("x", filter.Ne, 1e300), "", "a large number without an exponent"},
		{filter.Where("meta.lastModified", filter.Ge, at), `meta.lastModified ge "2026-01-01T18:04:05.006Z"`, "a time in UTC"},
		{active.And(title), `active eq true and title pr`, "and"},
		{bob.Or(title).And(active), `(userName eq "bob" or title pr) and active eq true`, "parentheses where they are needed"},
		{bob.And(title).Or(active), `userName eq "bob" and title pr or active eq true`, "and none where they are not"},
		{bob.And(title).And(active, bob), `userName eq "bob" and title pr and active eq true and userName eq "bob"`, "several"},
		{bob.Or(title).Or(active), `userName eq "bob" or title pr or active eq true`, "several"},
		{bob.And(), `userName eq "bob"`, "nothing to join"},
		{bob.Or(title).Not(), `not (userName eq "bob" or title pr)`, "not"},
		{filter.Where("type", filter.Eq, "work").And(filter.Where("value", filter.Ew, "@example.com")).In("emails"), `emails[type eq "work" and value ew "@example.com"]`, "one element"},
	} {
		got := tt.c.String()
		if tt.want != "" && got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.reason, got, tt.want)
		}
		want, err := tt.c.Expr()
		if err != nil {
			t.Errorf("%s: %v", tt.reason, err)
			continue
		}
		parsed, err := filter.Parse(got, nil)
		if err != nil {
			t.Errorf("%s: %v", tt.reason, err)
			continue
		}
		if diff := cmp.Diff(want, parsed); diff != "" {
			t.Errorf("%s: it says another thing:\n%s", tt.reason, diff)
		}
	}
	path := filter.Where("value", filter.Eq, `a"b`).In("members")
	if _, err := filter.ParsePath(path.String(), nil); err != nil {
		t.Errorf("the text is a path too: %v", err)
	}
}

// What is wrong with a part is wrong with the whole, and the text that comes
// of it is no filter.
func TestWhereRefuses(t *testing.T) {
	good := filter.Has("id")
	for reason, c := range map[string]filter.Condition{
		"nothing":                  {},
		"no name":                  filter.Has(""),
		"two words":                filter.Where("user name", filter.Eq, "x"),
		"more than a name":         filter.Where(`id pr or userName`, filter.Eq, "x"),
		"a path with a filter":     filter.Has(`emails[type eq "work"]`),
		"no such operator":         filter.Where("id", filter.Op(99), "x"),
		"not a number":             filter.Where("id", filter.Gt, math.NaN()),
		"infinity":                 filter.Where("id", filter.Gt, math.Inf(1)),
		"inside and":               good.And(filter.Has("")),
		"inside or":                filter.Has("").Or(good),
		"inside not":               filter.Has("").Not(),
		"inside brackets":          filter.Has("").In("emails"),
		"brackets with a bad name": good.In("a b"),
	} {
		if e, err := c.Expr(); err == nil || e != nil {
			t.Errorf("%s: %v, %v", reason, e, err)
		}
		if text := c.String(); text == "" {
			t.Errorf("%s: an empty text selects everything", reason)
		} else if _, err := filter.Parse(text, &filter.Options{Tolerant: true}); err == nil {
			t.Errorf("%s: %s is a filter", reason, text)
		}
	}
}

// Whatever a name and a value are, the filter compares that name with that
// value, or is none.
func FuzzWhere(f *testing.F) {
	f.Add("userName", "bob")
	f.Add("emails.value", `a" or id pr`)
	f.Add(`x[y eq "z"]`, "\\")
	f.Add("id pr or id", "\x00\x7f")
	f.Fuzz(func(t *testing.T, name, value string) {
		c := filter.Where(name, filter.Eq, value)
		parsed, err := filter.Parse(c.String(), &filter.Options{MaxBytes: 1 << 20})
		if _, broken := c.Expr(); broken != nil {
			if err == nil {
				t.Fatalf("%q is broken (%v) and parses", c, broken)
			}
			return
		}
		compare, ok := parsed.(*filter.Compare)
		if err != nil || !ok || compare.Op != filter.Eq || compare.Attr.String() != name || compare.Value.Text != string([]rune(value)) {
			t.Fatalf("%q: %v, %v", c, parsed, err)
		}
	})
}

func ExampleWhere() {
	c := filter.Where("userName", filter.Sw, "a").And(filter.Where("active", filter.Eq, true))
	fmt.Println(c)
	fmt.Println(filter.Where("type", filter.Eq, "work").In("emails").String() + ".value")
	// Output:
	// userName sw "a" and active eq true
	// emails[type eq "work"].value
}
