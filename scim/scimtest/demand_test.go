package scimtest

import (
	"net/url"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

var likeTests = []struct {
	reason, got, want string
	like              bool
}{
	{"the same text", `"a"`, `"a"`, true},
	{"another text", `"a"`, `"A"`, false},
	{"a text is no number", `"1"`, `1`, false},
	{"a text is no boolean", `"true"`, `true`, false},
	{"numbers by value", `1.0`, `1`, true},
	{"more members", `{"a":1,"b":2}`, `{"a":1}`, true},
	{"fewer members", `{"a":1}`, `{"a":1,"b":2}`, false},
	{"names in another case", `{"username":"a"}`, `{"userName":"a"}`, true},
	{"the exact name first", `{"USERNAME":"b","userName":"a"}`, `{"userName":"a"}`, true},
	{"null is absent", `{}`, `{"a":null}`, true},
	{"absent is null", `{"a":null}`, `{"a":null}`, true},
	{"an empty list is absent", `{"a":[]}`, `{"a":null}`, true},
	{"absent is an empty list", `{}`, `{"a":[]}`, true},
	{"an empty text is a value", `{"a":""}`, `{"a":null}`, false},
	{"an empty object is a value", `{"a":{}}`, `{"a":null}`, false},
	{"false is a value", `{"a":false}`, `{"a":null}`, false},
	{"primary is false where it is absent", `{"value":"a"}`, `{"value":"a","primary":false}`, true},
	{"other booleans are not", `{"value":"a"}`, `{"value":"a","active":false}`, false},
	{"elements in any order", `[1,2]`, `[2,1]`, true},
	{"an element more", `[1,2,3]`, `[1,2]`, false},
	{"an element less", `[1]`, `[1,2]`, false},
	{"each element has a partner of its own", `[{"a":1},{"a":1}]`, `[{"a":1},{"a":2}]`, false},
	{"the first partner is not always the right one", `[{"a":1,"b":2},{"a":1}]`, `[{"a":1},{"a":1,"b":2}]`, true},
	{"an object is no list", `{"a":1}`, `[{"a":1}]`, false},
	{"a list is no object", `[{"a":1}]`, `{"a":1}`, false},
}

func TestLike(t *testing.T) {
	for _, tt := range likeTests {
		if got := like(parse(t, tt.got), parse(t, tt.want)); got != tt.like {
			t.Errorf("%s: like(%s, %s) = %v", tt.reason, tt.got, tt.want, got)
		}
	}
}

func parse(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestChecks(t *testing.T) {
	const body = `{"n":2,"t":"2011-05-13T04:42:34Z","l":[{"a":1,"b":[1]},{"a":2}],"e":[],"s":"W/\"1\""}`
	for _, tt := range []struct {
		reason, pointer string
		op              Op
		want            string
		holds           bool
	}{
		{"an element", "/l/1/a", OpLike, `2`, true},
		{"an element that is not there", "/l/2/a", OpLike, `null`, true},
		{"each element", "/l/*/a", OpType, "integer", true},
		{"not each element", "/l/*/a", OpLike, `1`, false},
		{"each element of each list, where there is one", "/l/*/b/*", OpLike, `1`, true},
		{"no element", "/e/*", OpPresent, "", true},
		{"the star needs a list", "/n/*", OpPresent, "", false},
		{"present", "/n", OpPresent, "", true},
		{"an empty list is not present", "/e", OpPresent, "", false},
		{"a time", "/t", OpType, "dateTime", true},
		{"a time is a string", "/t", OpType, "string", true},
		{"a text is no time", "/s", OpType, "dateTime", false},
		{"contains", "/l", OpContains, `{"a":2}`, true},
		{"contains no", "/l", OpContains, `{"a":3}`, false},
		{"nothing contains nothing", "/x", OpContains, `null`, false},
		{"lacks", "/l", OpLacks, `{"a":3}`, true},
		{"lacks not", "/l", OpLacks, `{"a":1}`, false},
		{"what is not there lacks all", "/x", OpLacks, `1`, true},
		{"a number is no list", "/n", OpLacks, `1`, false},
		{"sequence", "/l", OpSequence, `[{"a":1},{"a":2}]`, true},
		{"another sequence", "/l", OpSequence, `[{"a":2},{"a":1}]`, false},
		{"at most", "/l", OpAtMost, `2`, true},
		{"more", "/l", OpAtMost, `1`, false},
		{"one of", "/n", OpOneOf, `[1,2]`, true},
		{"none of", "/n", OpOneOf, `[1,3]`, false},
		{"unlike", "/n", OpUnlike, `3`, true},
		{"not unlike", "/n", OpUnlike, `2`, false},
		{"matches", "/s", OpMatches, `^W/"`, true},
		{"a number matches nothing", "/n", OpMatches, `2`, false},
	} {
		c := Demand{Pointer: tt.pointer, Op: tt.op, Want: tt.want}
		talk := &conversation{vars: map[string]string{}}
		if failure := talk.judge(c, &answer{}, parse(t, body)); (failure == nil) != tt.holds {
			t.Errorf("%s: %v: %+v", tt.reason, c, failure)
		}
	}
}

func TestCheckThatCannotBeDone(t *testing.T) {
	for _, c := range []Demand{{Op: "no such kind", Want: "1"}, {Op: OpLike, Want: "{"}, {Op: OpMatches, Want: "("}, {Op: OpLike, Want: `"${x}"`}} {
		talk := &conversation{vars: map[string]string{}}
		if talk.judge(c, &answer{}, map[string]any{}) == nil {
			t.Errorf("%v passed", c)
		}
	}
}

// FuzzLike holds like to its laws: a value is like itself, null is like no
// value only, and the order of a list does not matter.
func FuzzLike(f *testing.F) {
	for _, tt := range likeTests {
		f.Add(tt.got)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var v any
		if len(text) > 200 || json.Unmarshal([]byte(text), &v) != nil {
			return
		}
		if !like(v, v) {
			t.Errorf("%s is not like itself", text)
		}
		if like(v, nil) != unassigned(v) {
			t.Errorf("%s and null", text)
		}
		if list, ok := v.([]any); ok && len(list) > 1 {
			if turned := append(list[1:len(list):len(list)], list[0]); !like(turned, v) {
				t.Errorf("%s in another order", text)
			}
		}
	})
}

// FuzzTarget holds paths to this: whatever a service provider gives as an
// id, the request goes to that resource below the base URL and to no other.
func FuzzTarget(f *testing.F) {
	for _, id := range []string{"1", "a/b", "../Groups/1", "a b", "a?b=c", "a#b", "a%2Fb", "本社", "a+b&c=d", "${unique}", "\x00", ".."} {
		f.Add(id)
	}
	base, err := url.Parse("http://example.com/scim/v2")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, id string) {
		talk := &conversation{runner: &runner{base: base}, vars: map[string]string{"a": id}}
		text, err := talk.target(`/Users/${a}?filter=id eq "${a}"&count=1`)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if want := "/scim/v2/Users/" + id; u.Path != want || u.Host != "example.com" {
			t.Errorf("path %q, want %q", u.Path, want)
		}
		q, err := url.ParseQuery(u.RawQuery)
		if err != nil || q.Get("filter") != `id eq "`+id+`"` || q.Get("count") != "1" || len(q) != 2 {
			t.Errorf("query %q: %v", u.RawQuery, err)
		}
	})
}

// FuzzFill holds variables to this: a body stays JSON whatever they stand
// for, and has their text.
func FuzzFill(f *testing.F) {
	f.Add(`plain`)
	f.Add(`"quoted" \ back`)
	f.Add("${a}\n\u2028")
	f.Fuzz(func(t *testing.T, value string) {
		talk := &conversation{vars: map[string]string{"a": value}}
		text, err := talk.fill(`{"x":"${a}!"}`, inJSON)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		if want := strings.ToValidUTF8(value, "") + "!"; got["x"] != want && strings.ToValidUTF8(value, "") == value {
			t.Errorf("%q became %q", value, got["x"])
		}
	})
}
