package scim

import (
	"fmt"
	"strings"
	"testing"
)

// strictTexts are texts that JSON parsers read in different ways, or in a way
// of their own. V stands for a text value, M for the name of a member that the
// message has. Each has to be refused on every road.
var strictTexts = []struct{ reason, text string }{
	{"a member twice", `{M:V,M:V}`},
	{"a member twice by case", `{M:V,"UPPER":V}`},
	{"a member twice by an escape", `{M:V,"ESCAPED":V}`},
	{"a member twice, the first null", `{M:null,M:V}`},
	{"an unknown member twice", `{M:V,"x":1,"x":1}`},
	{"an unknown member twice by case", `{M:V,"x":1,"X":1}`},
	{"a member twice, deep", `{M:V,"x":{"y":{"z":1,"z":2}}}`},
	{"two objects for one member", `{M:V,"name":{"givenName":"x"},"name":{"familyName":"y"}}`},
	{"a byte that is not UTF-8", "{M:V,\"x\":\"\xff\"}"},
	{"a byte that is not UTF-8 in a name", "{M:V,\"\xff\":1}"},
	{"an overlong NUL", "{M:V,\"x\":\"\xc0\x80\"}"},
	{"a surrogate in UTF-8", "{M:V,\"x\":\"\xed\xa0\x80\"}"},
	{"a lone surrogate", `{M:V,"x":"\ud800"}`},
	{"surrogates in the wrong order", `{M:V,"x":"\udc00\ud800"}`},
	{"a lone surrogate in a name", `{M:V,"\ud800":1}`},
	{"a raw NUL", "{M:V,\"x\":\"\x00\"}"},
	{"a raw line break", "{M:V,\"x\":\"\n\"}"},
	{"an escape that is none", `{M:V,"x":"\x41"}`},
	{"an object after the end", `{M:V}{}`},
	{"a comma after the end", `{M:V},`},
	{"a bracket after the end", `{M:V}]`},
	{"a NUL after the end", "{M:V}\x00"},
	{"a comma too many", `{M:V,}`},
	{"no comma", `{M:V "x":1}`},
	{"a comment", `{M:V/* */}`},
	{"a name without quotes", `{M:V,x:1}`},
	{"single quotes", `{M:V,'x':1}`},
	{"a byte order mark", "\xef\xbb\xbf{M:V}"},
	{"a space that is none in JSON", "{M:V,\u00a0\"x\":1}"},
	{"a vertical tab", "{M:V,\v\"x\":1}"},
	{"NaN", `{M:V,"x":NaN}`},
	{"Infinity", `{M:V,"x":-Infinity}`},
	{"a leading zero", `{M:V,"x":01}`},
	{"a plus sign", `{M:V,"x":+1}`},
	{"a number without digits", `{M:V,"x":1.}`},
	{"hexadecimal", `{M:V,"x":0x10}`},
	{"True", `{M:V,"x":True}`},
	{"10,001 levels", `{M:V,"x":` + strings.Repeat("[", 10001) + strings.Repeat("]", 10001) + `}`},
	{"33 levels", `{M:V,"x":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`},
	{"no end", `{M:V`},
	{"two bytes of UTF-16", "\xff\xfe{M:V}"},
	{"an array around it", `[{M:V}]`},
	{"nothing", ``},
	{"a name that Unicode folds to ours", `{"FOLDED":V}`},
}

// TestStrictJSON sends each to every road that reads JSON.
func TestStrictJSON(t *testing.T) {
	store := NewMemoryStore()
	s, err := NewServer(store, staticTokens(t, testToken, noExpiry), nil)
	if err != nil {
		t.Fatal(err)
	}
	user := createdID(ask(s, "POST", "/Users", `{"userName":"u"}`))
	before := storedRows(store)[user]
	type road struct {
		method, target      string
		name, upper, folded string
		value               string
		wrap                func(string) string
	}
	whole := func(text string) string { return text }
	roads := []road{
		{"POST", "/Users", "userName", "USERNAME", "u\u017FerName", `"v"`, whole},
		{"PUT", "/Users/" + user, "userName", "USERNAME", "u\u017FerName", `"v"`, whole},
		{"PATCH", "/Users/" + user, "Operations", "OPERATIONS", "Operation\u017F", `[{"op":"add","path":"title","value":"v"}]`, whole},
		{"PATCH", "/Users/" + user, "op", "OP", "\u00f6p", `"add"`, func(text string) string { return `{"Operations":[` + text + `]}` }},
		{"PATCH", "/Users/" + user, "title", "TITLE", "", `"v"`, func(text string) string { return patchBody(`{"op":"add","value":` + text + `}`) }},
		{"PATCH", "/Users/" + user, "givenName", "GIVENNAME", "", `"v"`, func(text string) string { return patchBody(`{"op":"add","path":"name","value":` + text + `}`) }},
		{"POST", "/Users/.search", "filter", "FILTER", "", `"active pr"`, whole},
		{"POST", "/.search", "filter", "FILTER", "", `"active pr"`, whole},
	}
	sent := 0
	for _, road := range roads {
		for _, tt := range strictTexts {
			inner := road.wrap(`X`) != `X`
			if strings.Contains(tt.text, "FOLDED") && road.folded == "" || inner && road.name != "op" && tt.reason == "an array around it" {
				continue // the road drops names that it does not know, and takes an array in some places
			}
			if inner && strings.HasSuffix(tt.text, "},") {
				continue // a comma is right there
			}
			escaped := fmt.Sprintf(`\u%04x%s`, road.name[0], road.name[1:])
			text := strings.NewReplacer("M", `"`+road.name+`"`, "V", road.value, "UPPER", road.upper, "ESCAPED", escaped, "FOLDED", road.folded).Replace(tt.text)
			body := road.wrap(text)
			w := ask(s, road.method, road.target, body)
			sent++
			if w.Code != 400 || badAnswer(road.method, w) != "" {
				t.Errorf("%s %s: %s: %d %.300s\n%.300q", road.method, road.name, tt.reason, w.Code, w.Body, body)
			}
			if after := storedRows(store); after[user] != before || len(after) != 1 {
				t.Fatalf("%s %s: %s changed something", road.method, road.name, tt.reason)
			}
		}
	}
	t.Logf("%d texts refused", sent)
}
