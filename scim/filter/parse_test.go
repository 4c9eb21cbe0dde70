package filter_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/scim/filter"
)

const coreUser = "urn:ietf:params:scim:schemas:core:2.0:User"

// Short constructors, so that a row's tree fits on a line.

func at(name string) filter.AttrPath {
	name, sub, _ := strings.Cut(name, ".")
	return filter.AttrPath{Name: name, Sub: sub}
}

func text(s string) filter.Literal { return filter.Literal{Kind: filter.String, Text: s} }
func num(s string) filter.Literal  { return filter.Literal{Kind: filter.Number, Text: s} }

func cmpr(attr string, op filter.Op, v filter.Literal) filter.Expr {
	return &filter.Compare{Attr: at(attr), Op: op, Value: v}
}
func eq(attr, s string) filter.Expr        { return cmpr(attr, filter.Eq, text(s)) }
func co(attr, s string) filter.Expr        { return cmpr(attr, filter.Co, text(s)) }
func pr(attr string) filter.Expr           { return &filter.Present{Attr: at(attr)} }
func and(terms ...filter.Expr) filter.Expr { return &filter.And{Terms: terms} }
func or(terms ...filter.Expr) filter.Expr  { return &filter.Or{Terms: terms} }
func not(e filter.Expr) filter.Expr        { return &filter.Not{Expr: e} }
func vp(attr string, e filter.Expr) filter.Expr {
	return &filter.ValuePath{Attr: at(attr), Expr: e}
}

type acceptRow struct {
	in     string
	want   filter.Expr
	reason string
}

// rfcRows are the examples of RFC 7644 figure 2, in its order, then those of
// its text.
var rfcRows = []acceptRow{
	{`userName eq "bjensen"`, eq("userName", "bjensen"), "figure 2"},
	{`name.familyName co "O'Malley"`, co("name.familyName", "O'Malley"), "figure 2: a single quote is text"},
	{`userName sw "J"`, cmpr("userName", filter.Sw, text("J")), "figure 2"},
	{
		coreUser + `:userName sw "J"`,
		&filter.Compare{Attr: filter.AttrPath{URN: coreUser, Name: "userName"}, Op: filter.Sw, Value: text("J")},
		"figure 2: the last colon divides, the dot of 2.0 does not",
	},
	{`title pr`, pr("title"), "figure 2"},
	{`meta.lastModified gt "2011-05-13T04:42:34Z"`, cmpr("meta.lastModified", filter.Gt, text("2011-05-13T04:42:34Z")), "figure 2"},
	{`meta.lastModified ge "2011-05-13T04:42:34Z"`, cmpr("meta.lastModified", filter.Ge, text("2011-05-13T04:42:34Z")), "figure 2"},
	{`meta.lastModified lt "2011-05-13T04:42:34Z"`, cmpr("meta.lastModified", filter.Lt, text("2011-05-13T04:42:34Z")), "figure 2"},
	{`meta.lastModified le "2011-05-13T04:42:34Z"`, cmpr("meta.lastModified", filter.Le, text("2011-05-13T04:42:34Z")), "figure 2"},
	{`title pr and userType eq "Employee"`, and(pr("title"), eq("userType", "Employee")), "figure 2"},
	{`title pr or userType eq "Intern"`, or(pr("title"), eq("userType", "Intern")), "figure 2"},
	{
		`schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`,
		eq("schemas", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"),
		"figure 2: a URN as a value",
	},
	{
		`userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")`,
		and(eq("userType", "Employee"), or(co("emails", "example.com"), co("emails.value", "example.org"))),
		"figure 2",
	},
	{
		`userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")`,
		and(cmpr("userType", filter.Ne, text("Employee")), not(or(co("emails", "example.com"), co("emails.value", "example.org")))),
		"figure 2: a space between not and its parenthesis",
	},
	{
		`userType eq "Employee" and (emails.type eq "work")`,
		and(eq("userType", "Employee"), eq("emails.type", "work")),
		"figure 2: parentheses around one term leave no trace",
	},
	{
		`userType eq "Employee" and emails[type eq "work" and value co "@example.com"]`,
		and(eq("userType", "Employee"), vp("emails", and(eq("type", "work"), co("value", "@example.com")))),
		"figure 2",
	},
	{
		`emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]`,
		or(vp("emails", and(eq("type", "work"), co("value", "@example.com"))),
			vp("ims", and(eq("type", "xmpp"), co("value", "@foo.com")))),
		"figure 2",
	},
	{`userName Eq "john"`, eq("userName", "john"), "section 3.4.2.2: operators ignore case"},
	{`Username eq "john"`, eq("Username", "john"), "section 3.4.2.2: names keep their spelling"},
}

var grammarRows = []acceptRow{
	{`not(a pr)`, not(pr("a")), "the grammar has no space after not"},
	{`NOT  (A PR)`, not(pr("A")), "any number of spaces, any case"},
	{`not (not (a pr))`, not(not(pr("a"))), "not nests"},
	{`not pr`, pr("not"), "without a parenthesis not is a legal attribute name"},
	{`pr pr and and pr or or pr`, or(and(pr("pr"), pr("and")), pr("or")), "keywords are legal attribute names"},
	{`notes pr`, pr("notes"), "a name that begins with not"},
	{`a pr and order pr`, and(pr("a"), pr("order")), "a name that begins with or"},
	{`a pr or b pr and c pr`, or(pr("a"), and(pr("b"), pr("c"))), "and binds tighter than or"},
	{`a pr and b pr or c pr`, or(and(pr("a"), pr("b")), pr("c")), "and binds tighter than or"},
	{`(a pr or b pr) and c pr`, and(or(pr("a"), pr("b")), pr("c")), "parentheses bind tightest"},
	{`not (a pr) and b pr`, and(not(pr("a")), pr("b")), "not binds tighter than and"},
	{`a pr AND b pr And c pr`, and(pr("a"), pr("b"), pr("c")), "a chain is one node"},
	{`a pr or b pr OR c pr`, or(pr("a"), pr("b"), pr("c")), "a chain is one node"},
	{`a pr and (b pr and c pr)`, and(pr("a"), pr("b"), pr("c")), "a parenthesised chain is still one node"},
	{`(a pr or b pr) or c pr`, or(pr("a"), pr("b"), pr("c")), "a parenthesised chain is still one node"},
	{`((a pr))`, pr("a"), "needless parentheses"},
	{`  a   eq   "x"   and   (  b  pr  )  `, and(eq("a", "x"), pr("b")), "spaces around and inside"},
	{`a[ b pr ]`, vp("a", pr("b")), "spaces inside square brackets"},
	{`a[not (b pr)]`, vp("a", not(pr("b"))), "valFilter has not"},
	{`a[b[c pr]]`, vp("a", vp("b", pr("c"))), "value paths nest"},
	{`a.b[c pr]`, vp("a.b", pr("c")), "attrPath of a value path may have a sub-attribute"},
	{`$ref pr`, pr("$ref"), "$ref is an attribute of RFC 7643 section 2.4"},
	{`manager.$ref eq "x"`, eq("manager.$ref", "x"), "$ref as a sub-attribute"},
	{`a-b_c$1 pr`, pr("a-b_c$1"), "name characters of RFC 7643 section 2.1"},
}

var literalRows = []acceptRow{
	{`a eq true`, cmpr("a", filter.Eq, filter.Literal{Kind: filter.True}), "boolean"},
	{`a eq False`, cmpr("a", filter.Eq, filter.Literal{Kind: filter.False}), "boolean, any case"},
	{`a ne NULL`, cmpr("a", filter.Ne, filter.Literal{Kind: filter.Null}), "null, any case"},
	{`(a eq true)`, cmpr("a", filter.Eq, filter.Literal{Kind: filter.True}), "a parenthesis ends a word"},
	{`a[b eq 1]`, vp("a", cmpr("b", filter.Eq, num("1"))), "a square bracket ends a number"},
	{`a eq 0`, cmpr("a", filter.Eq, num("0")), "number"},
	{`a eq -0.50E+07`, cmpr("a", filter.Eq, num("-0.50E+07")), "a number keeps its text"},
	{`a eq 12345678901234567890123`, cmpr("a", filter.Eq, num("12345678901234567890123")), "no number is too big to keep"},
	{`a eq ""`, eq("a", ""), "empty string"},
	{`a eq "x y) and ] \" z"`, eq("a", `x y) and ] " z`), "delimiters inside a string are text"},
	{`a eq "\"\\\/\b\f\n\r\t"`, eq("a", "\"\\/\b\f\n\r\t"), "every short escape of JSON"},
	{`a eq "\u0041\u00e9\uFE00"`, eq("a", "Aé\ufe00"), "unicode escapes, hex in any case"},
	{`a eq "\uD83D\uDE00!"`, eq("a", "😀!"), "a surrogate pair is one character"},
	{`a eq "\uFFFD\u0000"`, eq("a", "\ufffd\x00"), "escaped, these are legal in JSON"},
	{`a eq "山田 😀"`, eq("a", "山田 😀"), "raw UTF-8"},
	{"a eq \"\x7f\ufffd\"", eq("a", "\x7f\ufffd"), "JSON allows DEL and U+FFFD"},
}

var uriRows = []acceptRow{
	{
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName pr`,
		&filter.Present{Attr: filter.AttrPath{URN: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", Name: "manager", Sub: "displayName"}},
		"extension, attribute and sub-attribute",
	},
	{
		`URN:Example:my-ext_1%20a:2.0.1:User:x pr`,
		&filter.Present{Attr: filter.AttrPath{URN: "URN:Example:my-ext_1%20a:2.0.1:User", Name: "x"}},
		"any case, and the characters of a URN",
	},
	{
		`http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group:name pr`,
		&filter.Present{Attr: filter.AttrPath{URN: "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group", Name: "name"}},
		"the schema URI of Microsoft's older groups",
	},
	{
		`http://localhost:8080/Group:name pr`,
		&filter.Present{Attr: filter.AttrPath{URN: "http://localhost:8080/Group", Name: "name"}},
		"the last colon divides, whatever came before",
	},
	{
		`urn:example:2.0:User:emails[type eq "work"]`,
		&filter.ValuePath{Attr: filter.AttrPath{URN: "urn:example:2.0:User", Name: "emails"}, Expr: eq("type", "work")},
		"a URI before a value path",
	},
	{
		`not(urn:example:2.0:User:x pr)`,
		not(&filter.Present{Attr: filter.AttrPath{URN: "urn:example:2.0:User", Name: "x"}}),
		"not( is not part of the URI",
	},
}

// entraRows are value paths with a test after them.
var entraRows = []acceptRow{
	{
		`emails[type eq "work"].value eq "user@contoso.com"`,
		vp("emails", and(eq("type", "work"), eq("value", "user@contoso.com"))),
		"Entra's matching query: one element meets both",
	},
	{`emails[type eq "work"].value pr`, vp("emails", and(eq("type", "work"), pr("value"))), "presence after a bracket"},
	{
		`roles[primary eq "True"].value ne "x" and active eq true`,
		and(vp("roles", and(eq("primary", "True"), cmpr("value", filter.Ne, text("x")))),
			cmpr("active", filter.Eq, filter.Literal{Kind: filter.True})),
		"the test after a bracket ends at and",
	},
	{
		`emails[type eq "work" or primary eq true].value ew "x"`,
		vp("emails", and(or(eq("type", "work"), cmpr("primary", filter.Eq, filter.Literal{Kind: filter.True})),
			cmpr("value", filter.Ew, text("x")))),
		"an Or in the bracket stays one term",
	},
	{
		`emails[type eq "work" and primary pr].value gt 1`,
		vp("emails", and(eq("type", "work"), pr("primary"), cmpr("value", filter.Gt, num("1")))),
		"an And in the bracket grows by one term",
	},
	{`a[b[c pr].d pr]`, vp("a", vp("b", and(pr("c"), pr("d")))), "inside a bracket"},
	{`a[b pr].c[d pr].e pr`, vp("a", and(pr("b"), vp("c", and(pr("d"), pr("e"))))), "a value path after a bracket"},
	{`not (a[b pr].c pr)`, not(vp("a", and(pr("b"), pr("c")))), "negated"},
}

// tolerantRows are refused unless Options.Tolerant is set.
var tolerantRows = []acceptRow{
	{`externalId eq jyoung`, eq("externalId", "jyoung"), "Microsoft's documentation"},
	{
		`id eq 54D382A4-2050-4C03-94D1-E769F1D15682 and manager eq 2819c223-7f76-453a-919d-413861904646`,
		and(eq("id", "54D382A4-2050-4C03-94D1-E769F1D15682"), eq("manager", "2819c223-7f76-453a-919d-413861904646")),
		"Entra's reference check, sent live; one id begins like a number",
	},
	{
		`name.FamilyName eq Employee and (emails.Value co example.com or emails.Value co example.org)`,
		and(eq("name.FamilyName", "Employee"), or(co("emails.Value", "example.com"), co("emails.Value", "example.org"))),
		"a parenthesis ends the value",
	},
	{`userName eq first.last+tag@example.com`, eq("userName", "first.last+tag@example.com"), "e-mail address"},
	{`meta.created gt 2015-10-10T14:38:21.8617979-07:00`, cmpr("meta.created", filter.Gt, text("2015-10-10T14:38:21.8617979-07:00")), "time"},
	{`members[value eq abc].x co O'Malley`, vp("members", and(eq("value", "abc"), co("x", "O'Malley"))), "a square bracket ends the value"},
	{`a eq 007`, eq("a", "007"), "not a JSON number, so text"},
	{`a eq EXAMPLE\user`, eq("a", `EXAMPLE\user`), "escapes belong to quotes"},
	{`a eq 山田`, eq("a", "山田"), "raw UTF-8"},
	{`a eq pr`, eq("a", "pr"), "an operator's name is a word like any other"},
}

func strictRows() []acceptRow {
	var rows []acceptRow
	for _, r := range [][]acceptRow{rfcRows, grammarRows, literalRows, uriRows, entraRows} {
		rows = append(rows, r...)
	}
	return rows
}

func TestParse(t *testing.T) {
	check := func(r acceptRow, o *filter.Options) {
		t.Helper()
		got, err := filter.Parse(r.in, o)
		if err != nil {
			t.Errorf("Parse(%#q) = %v (%s)", r.in, err, r.reason)
		} else if diff := cmp.Diff(r.want, got); diff != "" {
			t.Errorf("Parse(%#q): -want +got (%s)\n%s", r.in, r.reason, diff)
		}
	}
	for _, r := range strictRows() {
		check(r, nil)
		check(r, &filter.Options{Tolerant: true})
	}
	for _, r := range tolerantRows {
		check(r, &filter.Options{Tolerant: true})
		if _, err := filter.Parse(r.in, nil); !errors.Is(err, filter.ErrSyntax) {
			t.Errorf("strict Parse(%#q) = %v, want a syntax error", r.in, err)
		}
	}
}
