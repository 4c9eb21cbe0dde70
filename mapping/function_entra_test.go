package mapping

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// documented are the examples of Microsoft's pages with what they print, and
// for functions without one an example of ours, so that each has a row.
// Records are ours where a page says in words what they hold. A result with
// several values is written with " | " between them.
var documented = []struct {
	expr   string
	record Record
	want   string
	reason string // "" for a page's example and what is printed there
}{
	{`Append([userPrincipalName], ".test")`, Record{"userPrincipalName": "John.Doe@contoso.com"}, "John.Doe@contoso.com.test", ""},
	{`AppRoleAssignmentsComplex([appRoleAssignments])`, Record{"appRoleAssignments": []any{map[string]any{"id": "06b07648-ecfe-589f-9d2f-6325724a46ee", "value": "25", "displayName": "Role1234"}}},
		`{"id":"06b07648-ecfe-589f-9d2f-6325724a46ee","value":"25","displayName":"Role1234"}`, "the JSON inside a text that Entra sends"},
	{`BitAnd(&HF, &HF7)`, nil, "7", ""},
	{`CBool([a] = [b])`, Record{"a": "x", "b": "x"}, "True", "ours"},
	{`CBool([a] = [b])`, Record{"a": "x", "b": "y"}, "False", "ours"},
	{`CDate("2020-03-16-07:00")`, nil, "3/16/2020 7:00:00 AM", ""},
	{`CDate("2021-06-30+08:00")`, nil, "6/29/2021 4:00:00 PM", ""},
	{`CDate("2009-06-15T01:45:30-07:00")`, nil, "6/15/2009 8:45:30 AM", ""},
	{`Coalesce([mail],[userPrincipalName])`, Record{"userPrincipalName": "u@contoso.com"}, "u@contoso.com", "ours"},
	{`ConvertToBase64("Hello world!")`, nil, "SABlAGwAbABvACAAdwBvAHIAbABkACEA", ""},
	{`ConvertToUTF8Hex("Hello world!")`, nil, "48656C6C6F20776F726C6421", ""},
	{`Count([proxyAddresses])`, Record{"proxyAddresses": []string{"a", "b"}}, "2", "ours"},
	{`CStr([employeeId])`, Record{"employeeId": 42}, "42", "ours"},
	{`DateAdd("d", 7, CDate("2012-03-16-07:00"))`, nil, "3/23/2012 7:00:00 AM", ""},
	{`DateAdd("d", -10, CDate("2012-03-16-07:00"))`, nil, "3/6/2012 7:00:00 AM", ""},
	{`DateAdd("ww", 2, CDate("2012-03-16-07:00"))`, nil, "3/30/2012 7:00:00 AM", ""},
	{`DateAdd("m", 10, CDate("2012-03-16-07:00"))`, nil, "1/16/2013 7:00:00 AM", ""},
	{`DateAdd("yyyy", 2, CDate("2012-03-16-07:00"))`, nil, "3/16/2014 7:00:00 AM", ""},
	{`DateDiff("d", "8/25/2021 5:41:18 PM", CDate("2012-03-16-07:00"))`, nil, "-3449", ""},
	{`DateDiff("ww", "8/25/2021 5:41:18 PM", CDate("2012-03-16-07:00"))`, nil, "-493", "the Sundays between them, which is not -3449/7"},
	{`DateDiff("m", "8/25/2021 5:41:18 PM", CDate("2012-03-16-07:00"))`, nil, "-113", ""},
	{`DateDiff("yyyy", "8/25/2021 5:41:18 PM", CDate("2012-03-16-07:00"))`, nil, "-9", ""},
	{`DateDiff("h", "2021-08-24", "2021-08-25")`, nil, "24", ""},
	{`DateDiff("n", "2021-08-24", "2021-08-25")`, nil, "1440", ""},
	{`DateDiff("s", "2021-08-24", "2021-08-25")`, nil, "86400", ""},
	{`DateDiff("d", "2021-08-18+08:00", "2021-08-31+08:00")`, nil, "13", ""},
	{`DateFromNum(129699324000000000)`, nil, "1/1/2012 11:00:00 PM", "the page says it in words: 1 January 2012 at 23:00"},
	{`FormatDateTime([x], , "yyyyMMddHHmmss.fZ", "yyyy-MM-dd")`, Record{"x": "20150123105347.1Z"}, "2015-01-23", ""},
	{`IgnoreFlowIfNullOrEmpty([department])`, Record{"department": "Sales"}, "Sales", "ours"},
	{`IIF([country]="USA",[country],[department])`, Record{"country": "USA", "department": "Sales"}, "USA", "ours"},
	{`IIF([country]="USA",[country],[department])`, Record{"country": "JP", "department": "Sales"}, "Sales", "ours"},
	{`InStr("The quick brown fox","quick")`, nil, "5", ""},
	{`InStr("repEated","e",3,vbBinaryCompare)`, nil, "7", ""},
	{`Item([proxyAddresses], 1)`, Record{"proxyAddresses": []string{"first", "second"}}, "first", "ours"},
	{`Join(", ", "", [surname], [givenName])`, Record{"surname": "Doe", "givenName": "John"}, "Doe, John", ""},
	{`Left("John Doe",3)`, nil, "Joh", ""},
	{`Append(Mid([givenName],1,3), Mid([surname],1,5))`, Record{"givenName": "John", "surname": "Doe"}, "JohDoe", ""},
	{`NormalizeDiacritics([givenName])`, Record{"givenName": "Zoë"}, "Zoe", ""},
	{`Not([IsSoftDeleted])`, Record{"IsSoftDeleted": "True"}, "False", "ours"},
	{`NumFromDate(Join("", FormatDateTime([ContractEndDate], ,"yyyy-MM-ddzzz","yyyy-MM-dd"), " 23:59:59-08:00"))`, Record{"ContractEndDate": "2021-06-30-08:00"}, "132695999990000000", "the page's expression; the date is ours and the result was computed apart"},
	{`NumFromDate("1/1/2012 11:00:00 PM")`, nil, "129699324000000000", "ours: the inverse of DateFromNum"},
	{`PCase("PABLO GONSALVES (SECOND)")`, nil, "Pablo Gonsalves (Second)", ""},
	{`PCase("PINTO-DE'SILVA"," '-")`, nil, "Pinto-De'Silva", ""},
	{`Redact([userPrincipalName])`, Record{"userPrincipalName": "u@contoso.com"}, "u@contoso.com", "logs show [Redact], the value flows"},
	{`RemoveDuplicates([proxyAddresses])`, Record{"proxyAddresses": []string{"a", "b", "a"}}, "a | b", "ours"},
	{`Replace([mail], "@contoso.com", , ,"", ,)`, Record{"mail": "john@contoso.com"}, "john", ""},
	{`Replace([UserID],"<username>", , , , , "<username>@contoso.com")`, Record{"UserID": "jsmith"}, "jsmith@contoso.com", ""},
	{`Replace([telephoneNumber], , "\\+(?<isdCode>\\d* )(?<phoneNumber>\\d{10})", , "${phoneNumber}", , )`, Record{"telephoneNumber": "+91 9998887777"}, "9998887777", ""},
	{`Replace([mailNickname], , "[a-zA-Z_]*", , "", , )`, Record{"mailNickname": "john_doe72"}, "72", ""},
	{`Replace([AddressLineData], ,"(?<streetNumber>^\\d*)","streetNumber", "888", , )`, Record{"AddressLineData": "545 Tremont Street"}, "888 Tremont Street", ""},
	{`Replace([userPrincipalName], , "(?<Suffix>@(.)*)", "Suffix", "", , )`, Record{"userPrincipalName": "jsmith@contoso.com"}, "jsmith", ""},
	{`Replace([mobile], , "[()\\s-]+", , "", , )`, Record{"mobile": "+1 (999) 888-7777"}, "+19998887777", "the page prints 19998887777, but the pattern leaves the plus"},
	{`SingleAppRoleAssignment([appRoleAssignments])`, Record{"appRoleAssignments": []string{"Admin"}}, "Admin", "ours"},
	{`Split([extensionAttribute5], ",")`, Record{"extensionAttribute5": "PermissionSetOne, PermissionSetTwo"}, "PermissionSetOne | PermissionSetTwo", ""},
	{`StripSpaces("J ohn Doe")`, nil, "JohnDoe", "ours"},
	{`Switch([state],"Australia/Sydney","NSW","Australia/Sydney","QLD","Australia/Brisbane")`, Record{"state": "QLD"}, "Australia/Brisbane", ""},
	{`Switch([country],[country],"","Other")`, nil, "Other", ""},
	{`ToLower("ABC")`, nil, "abc", "ours"},
	{`ToUpper("abc")`, nil, "ABC", "ours"},
	{`Word("The quick brown fox",3," ")`, nil, "brown", ""},
	{`Word("This,string!has&many separators",3,",!&#")`, nil, "has", ""},
	{`ConvertFromBase64("SABlAGwAbABvACAAdwBvAHIAbABkACEA")`, nil, "Hello world!", "ours, of cloud sync"},
	{`ConvertFromBase64("SGVsbG8gd29ybGQh", UTF8)`, nil, "Hello world!", "ours, of cloud sync"},
	{`DNComponent("cn=Joe,ou=People,dc=contoso", 1)`, nil, "Joe", "ours, of cloud sync"},
	{`StringFromSid("AQUAAAAAAAUVAAAAoGXPfnhLm1/nfIdwr/EDAA==")`, nil, "S-1-5-21-2127521184-1604012920-1887927527-258479", "cloud sync; decoded by hand as well"},
	{`Trim("  John ")`, nil, "John", "ours, of cloud sync"},
	{`FormatDateTime([x], "yyyyMMddHHmmss.fZ", "yyyy-MM-dd")`, Record{"x": "20150123105347.1Z"}, "2015-01-23", "ours: cloud sync has three arguments"},
}

// evaluate compiles and runs an expression; several values are joined by " | ".
func evaluate(t *testing.T, text string, in input) (string, *Error) {
	t.Helper()
	run := compileExpression(text, func(e *Error) { t.Errorf("%s: %v", text, e) })
	if run == nil {
		return "", nil
	}
	v, err := run(in)
	if err != nil {
		return "", err
	}
	switch {
	case v.null():
		return null, nil
	case v.kind >= kindList:
		return strings.Join(v.list, " | "), nil
	}
	s, _, err := v.single()
	return s, err
}

func TestDocumented(t *testing.T) {
	covered := make(map[string]bool)
	for _, row := range documented {
		got, err := evaluate(t, row.expr, input{rec: row.record})
		if err != nil {
			t.Errorf("%s: %v", row.expr, err)
			continue
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s %s (-want +got)\n%s", row.expr, row.reason, diff)
		}
		if tree, err := parseExpr(row.expr); err == nil {
			walk(tree, func(e *expr) { covered[e.text] = true })
		}
	}
	// Those without an example on the page have tests of their own.
	for _, name := range []string{"AssertiveAppRoleAssignmentsComplex", "Error", "Guid", "IsNull", "IsNullOrEmpty", "IsPresent", "IsString", "Now", "RandomString", "SelectUniqueValue"} {
		covered[name] = true
	}
	for _, f := range functions {
		if !covered[f.name] {
			t.Errorf("%s has no row", f.name)
		}
	}
}

// further are results that the pages do not print.
var further = []struct {
	expr, want, reason string
}{
	{`Left("John", 0)`, "", "nothing"}, {`Left("John", -1)`, "John", "all of it"}, {`Left([missing], 2)`, "", "an empty text, as documented"}, {`Left("本社ビル", 2)`, "本社", "characters, not bytes"},
	{`Mid("John", 3, 10)`, "hn", "clipped"}, {`Mid("John", 9, 1)`, "", "beyond the end"}, {`Mid([missing], 1, 1)`, "", "an empty text"}, {`Mid("a本社", 2, 1)`, "本", "characters"},
	{`InStr("repEated","E",1,vbTextCompare)`, "2", "without regard to case"}, {`InStr("abc","x")`, "0", "not there"}, {`InStr("abc","a",2)`, "0", "not from there on"}, {`InStr("本社","社")`, "2", "characters"}, {`InStr([missing],"a")`, "0", "nothing in nothing"},
	{`Word("a", 0, " ")`, "", "there is no word 0"}, {`Word("a b", 3, " ")`, "", "too few"}, {`Word([missing], 1, " ")`, "", "no text"}, {`Word("a  b", 2, " ")`, "b", "no word between delimiters"},
	{`Item([proxy], 3)`, null, "after the last"}, {`Item([surname], 1)`, "Doe", "a list of one"}, {`Count([missing])`, "0", "none"}, {`Count([surname])`, "1", "one"},
	{`Item(Split("a,b,c", ","), 2)`, "b", "lists go into functions of lists"}, {`Join("-", Split("c b", " "))`, "c-b", "and are spread"}, {`Split("a,, b ,", ",")`, "a | b", "nothing between delimiters"}, {`Split("abc", "x")`, "abc", "no delimiter"},
	{`IsNull([missing])`, "True", "none"}, {`IsNull([surname])`, "False", "a value"}, {`IsNullOrEmpty(Left("a", 0))`, "True", "empty"}, {`IsNull(Left("a", 0))`, "False", "an empty text is not null"}, {`IsPresent([surname])`, "True", "a value"}, {`IsPresent([blank])`, "False", "empty"}, {`IsString([surname])`, "True", "text"}, {`IsString([level])`, "False", "a number"},
	{`CBool([missing])`, null, "silence is not False"}, {`CBool("7")`, "True", "not 0"}, {`CBool(0)`, "False", "0"}, {`CBool([level] > 3)`, "True", "a comparison"},
	{`BitAnd([level], 2)`, "2", "an attribute"}, {`BitAnd([missing], 2)`, null, "null stays null"}, {`CStr([deleted])`, "True", "Entra's spelling"},
	{`NormalizeDiacritics("ÄÖÜ äöü ß ø Łódź Çelik İıi Æsir œuvre ñ ź")`, "AOU aou ss oe Lodz Celik Iii AEsir oeuvre n z", "the table"}, {`NormalizeDiacritics("đ þ ð 本社 が")`, "đ þ ð 本社 が", "what it does not list stays"}, {"NormalizeDiacritics(\"e\u0301\")", "e", "an accent that follows its letter"},
	{`PCase("o'NEIL mac-arthur 2nd")`, "O'neil Mac-Arthur 2Nd", "as .NET has it"}, {`PCase("mac-arthur smith", " ")`, "Mac-arthur Smith", "the given separators only"}, {`PCase("ÉMILE ÅSA")`, "Émile Åsa", "letters of all scripts"},
	{`CDate("2020-02-29 13:05:00")`, "2/29/2020 1:05:00 PM", "without an offset it is UTC"}, {`CDate("1/2/2020")`, "1/2/2020 12:00:00 AM", "the month first"}, {`CDate([missing])`, null, "null stays null"}, {`CDate("2020-01-01T00:00:00.5Z")`, "1/1/2020 12:00:00 AM", "fractions are not printed"},
	{`DateAdd("m", 1, "2021-01-31")`, "2/28/2021 12:00:00 AM", "a month that is too short"}, {`DateAdd("yyyy", 1, "2020-02-29")`, "2/28/2021 12:00:00 AM", "a year that is too short"}, {`DateAdd("h", -1, "2021-01-01")`, "12/31/2020 11:00:00 PM", "hours"}, {`DateAdd("n", 90, "2021-01-01")`, "1/1/2021 1:30:00 AM", "minutes"}, {`DateAdd("s", 61, "2021-01-01")`, "1/1/2021 12:01:01 AM", "seconds"},
	{`DateDiff("yyyy", "2020-12-31", "2021-01-01")`, "1", "a boundary is crossed"}, {`DateDiff("m", "2021-01-31", "2021-02-01")`, "1", "so is that of a month"}, {`DateDiff("d", "2021-01-01T23:59:00Z", "2021-01-02T00:01:00Z")`, "1", "and of a day"}, {`DateDiff("ww", "2021-08-28", "2021-08-29")`, "1", "a week begins on Sunday"}, {`DateDiff("h", "2021-01-01T10:59:00Z", "2021-01-01T11:01:00Z")`, "1", "and of an hour"}, {`DateDiff("d", "1969-12-31", "1970-01-02")`, "2", "before 1970 too"},
	{`DateDiff("D", "2021-08-24", "2021-08-25")`, "1", "the interval in capitals"},
	{`FormatDateTime("2020-03-16", , , "dd.MM.yy")`, "16.03.20", "the input format left out"}, {`FormatDateTime("16 March 2020 3 PM", None, "d MMMM yyyy h tt", "yyyy-MM-ddTHH:mm:ssK")`, "2020-03-16T15:00:00Z", "names and halves of the day"}, {`FormatDateTime(" 2020 ", AllowWhiteSpaces, "yyyy", "yyyy")`, "2020", "white space allowed"}, {`FormatDateTime("2020-03-16T23:30:00+09:00", , "yyyy-MM-ddTHH:mm:sszzz", "s")`, "2020-03-16T14:30:00", "the result is UTC"}, {`FormatDateTime([missing], , "yyyy", "yyyy")`, null, "null stays null"},
	{`ConvertFromBase64(ConvertToBase64("本社"))`, "本社", "there and back"}, {`ConvertFromBase64("SGk=", ASCII)`, "Hi", "an encoding"}, {`ConvertToUTF8Hex("本")`, "E69CAC", "bytes of UTF-8"},
	{`DNComponent("CN=Doe\\, John,OU=A", 1)`, "Doe, John", "an escaped comma"}, {`DNComponent("CN=a\\C3\\A9,OU=A", 2)`, "A", "the second"}, {`DNComponent("CN=a", 2)`, null, "no such component"},
	{`AssertiveAppRoleAssignmentsComplex([roles])`, "Admin | admin", "names and values in turn"}, {`SingleAppRoleAssignment([missing])`, null, "no role"}, {`Coalesce(SingleAppRoleAssignment([roles]), "none")`, "admin", "the value of the first"},
	{`SelectUniqueValue([UserID], Append([UserID], "1"), [missing], [UserID])`, "jsmith | jsmith1", "each candidate once"},
	{`Now()`, "3/16/2020 3:04:05 PM", "the time that is given"}, {`Guid()`, "00010203-0405-4607-8809-0a0b0c0d0e0f", "a version 4 UUID"},
}

func TestFurther(t *testing.T) {
	rec := Record{"roles": []any{map[string]any{"id": "1", "value": "admin", "displayName": "Admin"}}}
	for name, v := range people {
		rec[name] = v
	}
	for _, row := range further {
		env := &Env{Now: time.Date(2020, 3, 17, 0, 4, 5, 6, time.FixedZone("", 9*3600)), Rand: bytes.NewReader([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})}
		got, err := evaluate(t, row.expr, input{rec: rec, env: env})
		if err != nil {
			t.Errorf("%s: %v", row.expr, err)
		} else if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s: %s (-want +got)\n%s", row.expr, row.reason, diff)
		}
	}
}

func TestRandomString(t *testing.T) {
	rows := []struct{ expr, pattern, reason string }{
		{`RandomString(6,3,0,0,3)`, `^[0-9a-z]{6}$`, "the documented example, such as 1a73qt"},
		{`RandomString(256)`, `^[0-9A-Za-z]{256}$`, "no special characters unless they are asked for"},
		{`RandomString(4,0,4)`, `^[^0-9A-Za-z]{4}$`, "special characters"},
		{`RandomString(8,0,0,8,0,"A")`, `^[B-Z]{8}$`, "characters to avoid"},
		{`RandomString([n],1)`, `^[0-9A-Za-z]{5}$`, "a length from the record"},
	}
	for _, row := range rows {
		for seed := range byte(20) {
			got, err := evaluate(t, row.expr, input{Record{"n": "5"}, &Env{Rand: &counter{next: seed}}})
			if err != nil || !regexp.MustCompile(row.pattern).MatchString(got) {
				t.Fatalf("%s = %q, %v: %s", row.expr, got, err, row.reason)
			}
			if row.expr == `RandomString(6,3,0,0,3)` && len(regexp.MustCompile(`[0-9]`).FindAllString(got, -1)) != 3 {
				t.Fatalf("%s = %q has not three digits", row.expr, got)
			}
		}
	}
}

// counter is a source of numbers that are not random.
type counter struct{ next byte }

func (c *counter) Read(b []byte) (int, error) {
	for i := range b {
		c.next = c.next*5 + 3
		b[i] = c.next
	}
	return len(b), nil
}

func TestEvaluationErrors(t *testing.T) {
	same := &Env{Rand: bytes.NewReader(bytes.Repeat([]byte{255}, 1<<20))}
	rows := []struct {
		expr      string
		env       *Env
		kind      Kind
		attribute string
		reason    string
	}{
		{`Now()`, nil, KindEnv, "", "no time"},
		{`Guid()`, &Env{Now: time.Now()}, KindEnv, "", "no random numbers"},
		{`Guid()`, &Env{Rand: bytes.NewReader(nil)}, KindEnv, "", "they end"},
		{`RandomString(9)`, same, KindEnv, "", "they are always the same"},
		{`RandomString([level], 9)`, &Env{Rand: &counter{}}, KindValue, "", "the minimums are too many"},
		{`RandomString(3,3,0,0,0,"0123456789")`, &Env{Rand: &counter{}}, KindValue, "", "nothing is left"},
		{`Left([surname], [surname])`, nil, KindValue, "surname", "not a number"},
		{`CDate([surname])`, nil, KindValue, "surname", "not a date"},
		{`CBool([surname])`, nil, KindValue, "surname", "neither true nor false"},
		{`DateAdd([surname], 1, "2020-01-01")`, nil, KindValue, "surname", "not an interval"},
		{`DateAdd("yyyy", 9000, "2020-01-01")`, nil, KindValue, "", "the year 11020"},
		{`DateAdd("s", 9223372036854775807, "2020-01-01")`, nil, KindValue, "", "no overflow"},
		{`DateFromNum(-1)`, nil, KindValue, "", "before 1601"},
		{`NumFromDate("1600-01-01")`, nil, KindValue, "", "before 1601"},
		{`FormatDateTime([surname], , "yyyy", "yy")`, nil, KindValue, "surname", "not of the format"},
		{`ConvertFromBase64([surname])`, nil, KindValue, "surname", "not base64"},
		{`StringFromSid([surname])`, nil, KindValue, "surname", "not a SID"},
		{`DNComponent([surname], 1)`, nil, KindValue, "surname", "not a name"},
		{`Error("The user has no manager.")`, nil, KindValue, "", "a message"},
		{`Error([surname])`, nil, KindValue, "", "a message from the record is not told"},
		{`AppRoleAssignmentsComplex([level])`, nil, KindValue, "level", "not roles"},
		{bomb(`ConvertToBase64(%)`), nil, KindValue, "", "encodings of encodings grow"},
		{bomb(`ConvertToUTF8Hex(%)`), nil, KindValue, "", "encodings of encodings grow"},
	}
	for _, row := range rows {
		run := compileExpression(row.expr, func(e *Error) { t.Errorf("%s: %v", row.expr, e) })
		if run == nil {
			continue
		}
		_, err := run(input{people, row.env})
		if err == nil || err.Kind != row.kind || err.Attribute != row.attribute || strings.Contains(err.Error(), "Doe") {
			t.Errorf("%s: %v; want %s for %q: %s", row.expr, err, row.kind, row.attribute, row.reason)
		}
	}
}

func TestArgumentTypes(t *testing.T) {
	rows := []struct {
		expr   string
		pos    int
		word   string
		reason string
	}{
		{`Left([a], "two")`, 11, "numChars is a text; a whole number", "a text for a number"},
		{`Left([a], Split([b], ","))`, 11, "which gives several values", "a list for a number"},
		{`ToUpper(Split([b], ","))`, 9, "use Join or Item", "a list for a text"},
		{`Left([a], Now())`, 11, "does not give a whole number", "a date for a number"},
		{`DateAdd("day", 1, [d])`, 9, "yyyy, m, d, ww, h, n, s", "no such interval"},
		{`CDate("soon")`, 7, "a date such as", "not a date"},
		{`CDate(7)`, 7, "is a number", "a number is not a date"},
		{`InStr([a], "b", 0)`, 17, "first character is 1", "there is no character 0"},
		{`InStr([a], "b", 1, vbFoo)`, 20, "vbTextCompare, vbBinaryCompare", "no such word"},
		{`InStr([a], "b", 1, [c])`, 20, "must be a word", "an attribute for a word"},
		{`Item([a], 0)`, 11, "first element is 1", "there is no element 0"},
		{`Mid([a], 0, 1)`, 10, "first character is 1", "there is no character 0"},
		{`Left(, 1)`, 6, "source is missing", "no source"},
		{`IIF(IsPresent([a]), "x", "y")`, 5, "cannot be IsPresent", "Entra does not have it"},
		{`Append(SelectUniqueValue([a]), "x")`, 8, "whole expression", "at the top only"},
		{`AppRoleAssignmentsComplex("x")`, 27, "[appRoleAssignments]", "a text for the attribute"},
		{`Split([a], "")`, 12, "delimiter is empty", "nothing to split at"},
		{`RandomString(300)`, 14, "1 to 256", "too long"},
		{`RandomString(4, 3, 3)`, 14, "more than the length", "minimums"},
		{`FormatDateTime([a], , "'yyyy", "yy")`, 23, "quote", "a format that is not closed"},
		{`FormatDateTime([a], , "yyyy", [b])`, 31, "must be a constant", "a format from the record"},
		{`FormatDateTime([a], , "yyyy", "q")`, 31, "one character", "no such format"},
		{`FormatDateTime([a], AssumeLocal, "yyyy", "yy")`, 21, "is none of", "there is no local time"},
		{`Now(1)`, 1, "takes no arguments", "too many"},
		{`DNComponent([a], 0)`, 18, "first component is 1", "there is no component 0"},
	}
	for _, row := range rows {
		var got []*Error
		run := compileExpression(row.expr, func(e *Error) { got = append(got, e) })
		if run != nil || len(got) != 1 || got[0].Pos != row.pos || !strings.Contains(got[0].Detail, row.word) {
			t.Errorf("%s: compiled %t, mistakes %v; want one at %d with %q: %s", row.expr, run != nil, got, row.pos, row.word, row.reason)
		}
	}
}
