package mapping

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var people = Record{
	"userPrincipalName": "John.Doe@contoso.com", "mail": "john_doe@contoso.com", "givenName": "John", "surname": "Doe",
	"mailNickname": "john_doe72", "UserID": "jsmith", "telephoneNumber": "+91 9998887777", "mobile": "+1 (999) 888-7777",
	"AddressLineData": "545 Tremont Street", "state": "QLD", "country": "USA", "department": "Sales", "upn": "jsmith@contoso.com",
	"IsSoftDeleted": "False", "deleted": true, "level": 7, "blank": "", "none": nil, "office": "東京本社 2階",
	"proxy": []string{"smtp:a@example.com", "smtp:b@example.com"}, "one": []any{"only"}, "empty": []string{}, "map": map[string]any{},
}

const null = "\x00null"

// results are expressions and what they give for people.
var results = []struct{ expr, want, reason string }{
	{`Append([userPrincipalName], ".test")`, "John.Doe@contoso.com.test", "the documented example"},
	{`Append([missing], ".test")`, null, "nothing is appended to nothing"},
	{`Append([surname], [missing])`, "Doe", "a suffix without a value adds nothing"},
	{`Append([one], "!")`, "only!", "a list of one is that one"},
	{`Append([level], "a")`, "7a", "numbers have a text"},

	{`Join(", ", "", [surname], [givenName])`, "Doe, John", "the documented example: empty sources are passed over"},
	{`Join(" ", [givenName], [missing], [blank], [surname])`, "John Doe", "null is passed over too"},
	{`Join(";", [proxy], [mail])`, "smtp:a@example.com;smtp:b@example.com;john_doe@contoso.com", "lists are spread"},
	{`Join("", [missing], [none])`, null, "nothing joined is null, so that it does not flow"},
	{`Join(, [givenName], [surname])`, "JohnDoe", "the separator may be left out"},

	{`Not([IsSoftDeleted])`, "True", "anything but True"},
	{`Not([deleted])`, "False", "True"},
	{`Not("true")`, "False", "true in any spelling, or a deleted user would be active"},
	{`Not([missing])`, "True", "anything but True, null as well"},

	{`Switch([state], "Australia/Sydney", "NSW", "Australia/Sydney", "QLD", "Australia/Brisbane", "SA", "Australia/Adelaide")`, "Australia/Brisbane", "the documented example"},
	{`Switch([country],[country],"","Other")`, "USA", "the default may be an attribute"},
	{`Switch([missing],[missing],"","Other")`, "Other", "the key empty matches no value"},
	{`Switch([blank], "x","","Other")`, "Other", "and an empty one"},
	{`Switch([IsSoftDeleted], , "False", "True", "True", "False")`, "True", "the mapping of active"},
	{`Switch([deleted], , "False", "True", "True", "False")`, "False", "a boolean has Entra's spelling"},
	{`Switch([missing], , "False", "True", "True", "False")`, null, "the default left out is null"},
	{`Switch([state], "no", "qld", "yes")`, "no", "keys are case-sensitive"},
	{`Switch([missing], "no", [none], "yes")`, "no", "a key without a value matches nothing"},
	{`Switch([level], "no", 7, "yes")`, "yes", "numbers are keys by their text"},

	{`IIF([country]="USA",[country],[department])`, "USA", "the documented example"},
	{`IIF([country]="usa",[country],[department])`, "Sales", "text compares exactly"},
	{`IIF([missing]<>"USA","yes","no")`, "no", "an attribute without a value fails every condition"},
	{`IIF([level]>10,"high","low")`, "low", "whole numbers compare by value"},
	{`IIF([level]>=7,"high","low")`, "high", "whole numbers compare by value"},
	{`IIF([level]<&HF,"low","high")`, "low", "hexadecimal too"},
	{`IIF([surname]<="Doe","yes","no")`, "yes", "text has an order"},
	{`IIF([deleted],"yes","no")`, "yes", "True is a condition"},
	{`IIF(Not([deleted]),"yes","no")`, "no", "so is a function's result"},
	{`IIF([level],"yes","no")`, "yes", "a number other than 0 holds"},
	{`IIF(0,"yes","no")`, "no", "0 does not"},
	{`IIF([country]="USA",,"no")`, null, "a result may be left out"},

	{`Coalesce([mail],[userPrincipalName])`, "john_doe@contoso.com", "the documented example: the first"},
	{`Coalesce([missing],[blank],[none],[userPrincipalName])`, "John.Doe@contoso.com", "those without a value are passed over"},
	{`Coalesce([missing],"default")`, "default", "the default"},
	{`Coalesce([missing],[none])`, null, "null if there is none"},
	{`Coalesce([missing],"")`, "", "an empty constant is a value"},

	{`ToLower([userPrincipalName])`, "john.doe@contoso.com", "the invariant culture"},
	{`ToUpper([surname], )`, "DOE", "the culture left out"},
	{`ToLower("I", "tr-TR")`, "ı", "Turkish has a letter of its own"},
	{`ToUpper("i", "tr")`, "İ", "Turkish has a letter of its own"},
	{`ToUpper("i", "de-DE")`, "I", "most cultures agree"},
	{`ToUpper([missing])`, null, "null stays null"},

	{`Replace([mail], "@contoso.com", , ,"", ,)`, "john_doe", "mode 1: all occurrences"},
	{`Replace([mailNickname], "o", , , "0", , )`, "j0hn_d0e72", "mode 1: all occurrences"},
	{`Replace([missing], "o", , , "0", , )`, null, "null stays null"},
	{`Replace([UserID],"<username>", , , , , "<username>@contoso.com")`, "jsmith@contoso.com", "mode 2, the documented example"},
	{`Replace([missing],"<username>", , , , , "<username>@contoso.com")`, null, "a template without a source is nothing"},
	{`Replace([telephoneNumber], , "\\+(?<isdCode>\\d* )(?<phoneNumber>\\d{10})", , "${phoneNumber}", , )`, "9998887777", "mode 3, the documented example"},
	{`Replace([mailNickname], , "[a-zA-Z_]*", , "", , )`, "72", "mode 3, the documented example"},
	{`Replace([mobile], , "[()\\s-]+", , "", , )`, "+19998887777", "mode 3: the pattern leaves the plus, whatever the page prints"},
	{`Replace([mobile], , "[()\\s-]+", , [state], , )`, "+1QLD999QLD888QLD7777", "a replacement from the record is text"},
	{`Replace([surname], , "(D)(oe)", , "$2$1$$$&$x", , )`, "oeD$Doe$x", "mode 3: references by number, $$ and $&; other dollar signs are text"},
	{`Replace([office], , "^\\w+", , "x", , )`, "x 2階", "\\w knows all letters, as in .NET"},
	{`Replace([office], , "[\\w\\s]", , "", , )`, "", "in brackets too"},
	{`Replace([office], , "[^\\d]", , "", , )`, "2", "and negated"},
	{`Replace([office], , "\\W", , "-", , )`, "東京本社-2階", "and the opposite"},
	{`Replace([AddressLineData], ,"(?<streetNumber>^\\d*)","streetNumber", "888", , )`, "888 Tremont Street", "mode 4, the documented example"},
	{`Replace([upn], , "(?<Suffix>@(.)*)", "Suffix", "", , )`, "jsmith", "mode 4, the documented example"},
	{`Replace([upn], , "(?<Suffix>#(.)*)", "Suffix", "", , )`, "jsmith@contoso.com", "mode 4: no match, no change"},
	{`Replace([missing], , "(?<id>^[^@]+)", "id", , [upn], )`, "jsmith", "mode 5: the group, from the attribute"},
	{`Replace([UserID], , "(?<id>^[^@]+)", "id", , [mail], )`, "jsmith", "mode 5: the source, if it has a value"},
	{`Replace([missing], , "(?<id>^[^@]+)", "id", , [missing], )`, null, "mode 5: neither has a value"},

	{`IgnoreFlowIfNullOrEmpty([mail])`, "john_doe@contoso.com", "a value flows"},
	{`IgnoreFlowIfNullOrEmpty([missing])`, null, "nothing does not"},
	{`IgnoreFlowIfNullOrEmpty(Replace([UserID], "jsmith", , , "", , ))`, null, "an empty text does not either"},
	{`Append(ToLower(Replace([surname], "o", , , "0", , )), Switch([state], "", "QLD", "-q"))`, "d0e-q", "functions nest"},
}

func TestFunctions(t *testing.T) {
	for _, row := range results {
		run := compileExpression(row.expr, func(e *Error) { t.Errorf("%s: %v", row.expr, e) })
		if run == nil {
			continue
		}
		v, err := run(input{rec: people})
		if err != nil {
			t.Errorf("%s: %v", row.expr, err)
			continue
		}
		got, ok, err := v.single()
		if err != nil {
			t.Errorf("%s: %v", row.expr, err)
		}
		if !ok {
			got = null
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s: %s (-want +got)\n%s", row.expr, row.reason, diff)
		}
	}
}

func TestFunctionErrors(t *testing.T) {
	rows := []struct{ expr, attribute, reason string }{
		{`Append([proxy], "x")`, "proxy", "several values where one is needed"},
		{`ToLower([map])`, "map", "a Go type that cannot be mapped"},
		{`Join(" ", [map])`, "map", "a Go type that cannot be mapped"},
		{bomb(`Replace(%, "x", , , "` + strings.Repeat("x", 100) + `", , )`), "", "replacements of replacements grow"},
		{bomb(`Replace(%, , "x", , "` + strings.Repeat("$&", 50) + `", , )`), "", "so do patterns"},
		{bomb(`Replace(%, , "(?<n>x)", "n", "` + strings.Repeat("x", 100) + `", , )`), "", "so do groups"},
	}
	for _, row := range rows {
		run := compileExpression(row.expr, func(e *Error) { t.Errorf("%s: %v", row.expr, e) })
		if run == nil {
			continue
		}
		if _, err := run(input{rec: people}); err == nil || err.Kind != KindValue || err.Attribute != row.attribute {
			t.Errorf("%s = %v; want ErrValue for %q: %s", row.expr, err, row.attribute, row.reason)
		}
	}
}

// bomb nests a call twenty times.
func bomb(call string) string {
	s := `Append("x", "x")`
	for range 20 {
		s = strings.Replace(call, "%", s, 1)
	}
	return s
}

// TestPatterns compares what is matched with what .NET matches.
func TestPatterns(t *testing.T) {
	rows := []struct{ pattern, text, want, reason string }{
		{`[]a]+`, "x]a", "]a", "a bracket that comes first is text"},
		{`[^]a]+`, "]xa", "x", "after the negation too"},
		{`\u672c\u793e`, "東京本社", "本社", "four digits"},
		{`\x41+`, "BAA", "AA", "two digits"},
		{`\p{L}+`, "1本2", "本", "Unicode categories"},
		{`[\D]+`, "1ab2", "ab", "the one negated class that fits into brackets"},
		{`\S+`, " a　b", "a", "white space of all of Unicode"},
		{`(?i:ABC)`, "xabc", "abc", "flags that both have"},
		{`\.\-\/`, "a.-/", ".-/", "escaped punctuation"},
		{`(?'n'b)(?#comment)c`, "abc", "bc", "a name in quotes, and a comment"},
		{`\e`, "a\x1b", "\x1b", "escape"},
		{`\Aa|b\z`, "xab", "b", "the ends of the text"},
	}
	for _, row := range rows {
		re, detail := compilePattern(strings.ReplaceAll(row.pattern, `\\`, `\`))
		if detail != "" {
			t.Errorf("%s: %s", row.pattern, detail)
			continue
		}
		if got := re.FindString(row.text); got != row.want {
			t.Errorf("%s finds %q in %q, want %q: %s", row.pattern, got, row.text, row.want, row.reason)
		}
	}
	for _, bad := range []string{`(?'n`, `(?'a-b'c)`, `(?#c`, `\Z`, `\G`, `(?P<n>a)`, `(?(a)b)`, `(?<a-b>c)`, `(?<n`, `(?i`, `(?=a)`, `(?!a)`, `(?<=a)`, `[[:alpha:]]`, `\`, `\u12`, `\x1`, `\k<n>`, `\Qa\E`, `\C`, `\0`, `\é`, `a**`, `[b-a]`, `\B`, `[\S]`} {
		if _, detail := compilePattern(bad); detail == "" {
			t.Errorf("%s is accepted", bad)
		}
	}
}

// FuzzPattern: a pattern without backslashes is left as it is; a replacement
// that is accepted refers to groups that are there.
func FuzzPattern(f *testing.F) {
	for _, s := range []string{`a|b`, `[^a-z]*`, `(?<n>x)+y{2,3}`, `\w\D[\d-]`, `(?i)x$`} {
		f.Add(s, "$1 ${n} $& $$ $")
	}
	f.Fuzz(func(t *testing.T, s, template string) {
		re, detail := compilePattern(s)
		if detail != "" {
			return
		}
		if !strings.ContainsAny(s, `\'#`) && re.String() != s {
			t.Fatalf("%q has become %q", s, re)
		}
		out, detail := goTemplate(re, template)
		if detail == "" && !strings.Contains(template, "$") && out != template {
			t.Fatalf("%q has become %q", template, out)
		}
		if _, err := replaceMatches(re, "abc 本社 xx", 0, out, true); err != nil && len(out) < maxTextBytes/100 {
			t.Fatal(err)
		}
	})
}

func TestCompileExpressionRefuses(t *testing.T) {
	rows := []struct {
		expr   string
		pos    int
		word   string
		reason string
	}{
		{`Appendd([a], "x")`, 1, `did you mean "Append"`, "the nearest name"},
		{`append([a], "x")`, 1, `did you mean "Append"`, "names are case-sensitive"},
		{`Frobnicate([a])`, 1, `no function "Frobnicate"`, "nothing is near"},
		{`Append([a])`, 1, "takes 2 arguments, not 1", "too few"},
		{`Not([a], [b])`, 1, "takes 1 argument, not 2", "too many"},
		{`Append([a], Joi(" ", [b]))`, 13, `did you mean "Join"`, "the place is that of the inner function"},
		{`Append([a], nickname)`, 13, "square brackets", "a bare word"},
		{`Append([a] = [b], "x")`, 8, "condition of IIF", "a comparison elsewhere"},
		{`IIF([a] = "", "x", "y")`, 11, "never holds", "a condition that Entra does not have"},
		{`IIF(, "x", "y")`, 5, "condition is missing", "no condition"},
		{`Switch([a], "d", "k")`, 1, "takes 4 or more", "no pair"},
		{`Switch([a], "d", "k", "v", "k2")`, 28, "pairs", "a key without a value"},
		{`Switch([a], "d", , "v")`, 18, "key is missing", "a value without a key"},
		{`ToLower([a], "not a culture")`, 14, "culture", "not a culture's name"},
		{`Replace([a], "x", "y", , "z")`, 1, "give one of", "a text and a pattern"},
		{`Replace([a], "x", )`, 1, "give one of", "nothing to put in its place"},
		{`Replace([a], , [p], , "")`, 16, "must be a constant", "a pattern from the record"},
		{`Replace([a], , "(?=x)", , "")`, 16, "look-ahead", "RE2 lacks it"},
		{`Replace([a], , "a(?<!x)", , "")`, 16, "character 2 of the pattern", "the place in the pattern"},
		{`Replace([a], , "(a)\\1", , "")`, 16, "references back", "RE2 lacks it"},
		{`Replace([a], , "\\bx", , "")`, 16, "word boundaries", "RE2 means something else"},
		{`Replace([a], , "[a-z-[aeiou]]", , "")`, 16, "class subtraction", "RE2 means something else"},
		{`Replace([a], , "[\\W]", , "")`, 16, "inside brackets", "RE2 cannot"},
		{`Replace([a], , "(?>a)", , "")`, 16, "atomic", "RE2 lacks it"},
		{`Replace([a], , "(?x)a", , "")`, 16, "flags", "RE2 lacks it"},
		{`Replace([a], , "(a", , "")`, 16, "not a regular expression", "not closed"},
		{`Replace([a], , "(?<n>a)", , "${m}")`, 29, `no group named "m"`, "a reference to nothing"},
		{`Replace([a], , "(?<n>a)(b)", , "$1")`, 32, "by name", ".NET numbers named groups last"},
		{`Replace([a], , "(a)", , "$2")`, 25, "no group 2", "a reference to nothing"},
		{`Replace([a], , "(?<n>a)", "m", "x")`, 27, "names a group", "no such group"},
		{`Replace([a], "x", , , "y", , "z")`, 23, "exclude each other", "replacement and template"},
	}
	for _, row := range rows {
		var got []*Error
		run := compileExpression(row.expr, func(e *Error) { got = append(got, e) })
		if run != nil || len(got) != 1 {
			t.Errorf("%s: compiled %t, mistakes %v; want one: %s", row.expr, run != nil, got, row.reason)
			continue
		}
		if e := got[0]; e.Pos != row.pos || !strings.Contains(e.Detail, row.word) {
			t.Errorf("%s: %v; want character %d and %q (%s)", row.expr, e, row.pos, row.word, row.reason)
		}
	}
}

func TestCompileExpressionReportsAll(t *testing.T) {
	var got []int
	compileExpression(`Join(" ", Lower([a]), Append([b]), nickname)`, func(e *Error) { got = append(got, e.Pos) })
	if diff := cmp.Diff([]int{11, 23, 36}, got); diff != "" {
		t.Errorf("positions (-want +got)\n%s", diff)
	}
}

// TestFunctionTable keeps the table in order, for readers and for rows to come.
func TestFunctionTable(t *testing.T) {
	for i := 1; i < len(functions); i++ {
		if strings.ToLower(functions[i-1].name) >= strings.ToLower(functions[i].name) {
			t.Errorf("%s comes before %s", functions[i-1].name, functions[i].name)
		}
	}
	if len(functionNames()) != len(functions) {
		t.Error("a function has no name")
	}
}
