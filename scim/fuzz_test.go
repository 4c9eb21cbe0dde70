package scim

import (
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

var decodeSeeds = []string{
	userBody, `{}`, `{"userName":"u","x":{"y":[1,null]},"X2":2}`, `{"emails":[{"value":"a"},null,{}],"name":{"formatted":""}}`,
	`{"schemas":["urn:x",["urn:y"]],"meta":{"created":"2018-03-27T19:59:26.000Z","odd":1}}`, `{"manager":"m","emails":"a","title":["x"],"active":"False"}`,
	`{"` + entURN + `":{"manager":{"value":"m","$ref":"r"},"department":null}}`, `{"a":1,"A":2}`, `{"userName":"\u00e9\ud83d\ude00"}`, `{"userName":"\ud800"}`,
	`{"x":1e400,"y":"\u0000"}`, `[]`, `{"name":[{"givenName":"x"}]}`,
}

// FuzzDecode: what is read is strict JSON, and what is written from it reads
// as the same tree.
func FuzzDecode(f *testing.F) {
	for _, seed := range decodeSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := DecodeResource(UserType(), data)
		if err != nil {
			if e := asError(err); e.Kind == KindInternal || len(err.Error()) > 1000 {
				t.Errorf("%.2000v", err)
			}
			return
		}
		if !jsontext.Value(data).IsValid() {
			t.Errorf("strict JSON refuses %q", data)
		}
		out := r.AppendJSON(nil)
		again, err := DecodeResource(UserType(), out)
		if err != nil {
			t.Fatalf("%q was written as %q: %v", data, out, err)
		}
		if !r.tree().equal(again.tree()) || !slices.Equal(r.extra, again.extra) {
			t.Errorf("%q was written as %q, which is\n%q", data, out, again.AppendJSON(nil))
		}
		stored, err := r.AppendStored(nil)
		if err != nil {
			t.Fatal(err)
		}
		lazy := StoredResource(UserType(), stored)
		if text, _ := lazy.Clone().AppendStored(nil); string(text) != string(stored) {
			t.Error("the stored form of a stored form differs")
		}
		lazy.changed()
		if text, err := lazy.AppendStored(nil); err != nil || string(text) != string(stored) {
			t.Errorf("%q, %v\n%q", stored, err, text)
		}
	})
}

const fuzzUser = `{"userName":"u","active":true,"title":"T","name":{"givenName":"G","familyName":"F"},
"emails":[{"type":"work","value":"w","primary":true},{"type":"home","value":"h"}],"roles":[{"value":"r"}],
"` + entURN + `":{"department":"D","manager":{"value":"m"}}}`

var patchSeeds = []string{
	`{"op":"Replace","path":"active","value":"False"}`, `{"op":"add","path":"emails","value":[{"value":"x","primary":true}]}`,
	`{"op":"replace","path":"emails[type eq \"work\"].value","value":"x"},{"op":"remove","path":"emails[type eq \"home\"]"}`,
	`{"op":"replace","value":{"name.givenName":"x","` + entURN + `:department":"y","` + entURN + `":{"manager":{"value":""}}}}`,
	`{"op":"remove","path":"emails","value":[{"type":"home"}]}`, `{"op":"add","path":"phoneNumbers[type eq \"fax\" and primary eq true].value","value":"1"}`,
	`{"op":"replace","path":"emails[type eq \"work\"]","value":{"type":"home","value":"x"}}`, `{"op":"add","path":"name","value":{}}`,
	`{"op":"replace","path":"emails","value":null}`, `{"op":"add","path":"emails","value":[]}`, `{"op":"replace","path":"manager","value":[{"value":"b"}]}`,
	`{"op":"remove","path":"emails.value"}`, `{"op":"add","path":"schemas","value":["urn:x"]}`, `{"op":"add","value":{"schemas":["urn:x"]}}`,
	`{"op":"replace","path":"name.givenName","value":{"value":"x"}}`, `{"op":"replace","path":"` + SchemaUser + `","value":{"title":"x"}}`,
	`{"op":"add","path":"x509Certificates[type eq \"a\"].value","value":"eA=="}`, `{"op":"remove","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"}`,
}

// FuzzPatch: a PATCH is done whole or not at all, its result is valid and
// reads back, and to do it on a copy of the resource gives what the service
// provider has.
func FuzzPatch(f *testing.F) {
	for _, seed := range patchSeeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, ops string) { checkPatch(t, ops) })
}

// TestPatchLaw is FuzzPatch with operations that make sense.
func TestPatchLaw(t *testing.T) {
	paths := []string{"", "userName", "title", "active", "name", "name.givenName", "emails", "emails.value", `emails[type eq \"work\"]`, `emails[type eq \"work\"].value`,
		`emails[type eq \"fax\" and primary eq true].value`, `emails[value ne \"w\"].type`, `emails[primary eq \"True\"].primary`, "roles", entURN, entURN + ":department", "manager", "manager.value",
		`manager[value eq \"m\"]`, "groups", "id", "meta", "schemas", SchemaUser, "password", "x509Certificates.value", "colour"}
	values := []string{"null", `""`, `"x"`, `"True"`, "true", "1", "[]", "{}", `["x"]`, `[{"value":"x"}]`, `{"value":"x"}`, `{"value":""}`, `{"type":"home"}`, `[{"type":"home"},{"value":"w"}]`,
		`[{"value":"x","primary":true}]`, `{"type":"fax","primary":true}`, `{"givenName":"x","familyName":null}`, `{"title":"x","name.givenName":"y","active":"False"}`,
		`{"` + entURN + `":{"department":"x","manager":{"value":"n","displayName":"N"}}}`, `{"emails":[{"value":"x"}],"id":"1"}`, `{"department":"x","manager":null}`}
	rapid.Check(t, func(t *rapid.T) {
		var ops []string
		for range rapid.IntRange(1, 4).Draw(t, "operations") {
			op := `{"op":"` + rapid.SampledFrom([]string{"add", "Replace", "remove"}).Draw(t, "op") + `"`
			if path := rapid.SampledFrom(paths).Draw(t, "path"); path != "" {
				op += `,"path":"` + path + `"`
			}
			if rapid.IntRange(0, 9).Draw(t, "with a value") > 0 {
				op += `,"value":` + rapid.SampledFrom(values).Draw(t, "value")
			}
			ops = append(ops, op+"}")
		}
		checkPatch(t, strings.Join(ops, ","))
	})
}

func checkPatch(t rapid.TB, ops string) {
	body := patchBody(ops)
	s, id := fuzzServer(t)
	before := ask(s, "GET", "/Users/"+id, "")
	local, err := DecodeResource(UserType(), before.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	answer := ask(s, "PATCH", "/Users/"+id, body)
	after := ask(s, "GET", "/Users/"+id, "")
	p, ok := readPatch([]byte(body))
	if !ok {
		return
	}
	was := string(local.AppendJSON(nil))
	changed, err := p.Apply(local)
	now := string(local.AppendJSON(nil))
	if (err == nil) != (answer.Code == 200) {
		t.Fatalf("%s: %d %s here: %v", body, answer.Code, answer.Body, err)
	}
	if err != nil {
		if now != was || after.Body.String() != before.Body.String() {
			t.Errorf("%s: %v, and yet something changed", body, err)
		}
		return
	}
	if changed != (now != was) {
		t.Errorf("%s: changed is %v", body, changed)
	}
	there, err := DecodeResource(UserType(), after.Body.Bytes())
	if err != nil {
		t.Fatalf("%s: %v\n%s", body, err, after.Body)
	}
	there.top.remove(there.typ.meta)
	local.top.remove(local.typ.meta)
	if !there.tree().equal(local.tree()) {
		t.Errorf("%s:\nthere %s\nhere  %s", body, there.AppendJSON(nil), local.AppendJSON(nil))
	}
	if err := local.checkRequired(); err != nil {
		t.Errorf("%s: %v", body, err)
	}
}

// readPatch reads a message as a client would have built it.
func readPatch(data []byte) (*Patch, bool) {
	if !jsontext.Value(data).IsValid() {
		return nil, false
	}
	fields, err := objectMembers(nil, string(data))
	if err != nil || !strings.HasPrefix(fields.get("operations"), "[") {
		return nil, false
	}
	elements, err := arrayElements(fields.get("operations"))
	if err != nil {
		return nil, false
	}
	p := &Patch{}
	for _, element := range elements {
		op, err := objectMembers(nil, element)
		if err != nil {
			return nil, false
		}
		word, err := jsonText(op.get("op"))
		if err != nil {
			return nil, false
		}
		path, err := jsonText(op.get("path"))
		if err != nil && op.get("path") != "" {
			return nil, false
		}
		o := Operation{Op: Op(word), Path: path}
		if value := op.get("value"); value != "" {
			o.Value = []byte(value)
		}
		p.Operations = append(p.Operations, o)
	}
	return p, true
}

func fuzzServer(t rapid.TB) (*Server, string) {
	s, err := NewServer(NewMemoryStore(), staticTokens(t, testToken, time.Time{}), nil)
	if err != nil {
		t.Fatal(err)
	}
	var created struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(ask(s, "POST", "/Users", fuzzUser).Body.Bytes(), &created); err != nil || created.ID == "" {
		t.Fatal(err)
	}
	return s, created.ID
}

func ask(s *Server, method, target, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/", strings.NewReader(body))
	r.Method = method
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(target, "?")
	r.Header.Set("Authorization", "Bearer "+testToken)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// FuzzServeHTTP: no request makes the server fail, and every refusal is a
// SCIM error.
func FuzzServeHTTP(f *testing.F) {
	for _, seed := range decodeSeeds {
		f.Add("POST", "/Users", seed)
		f.Add("PUT", "/Users/ID", seed)
	}
	for _, seed := range patchSeeds {
		f.Add("PATCH", "/Users/ID?attributes=emails", patchBody(seed))
	}
	f.Add("POST", "/Groups", `{"displayName":"g","members":[{"value":"ID"}]}`)
	f.Add("PATCH", "/Groups/GID", patchBody(`{"op":"add","path":"members","value":[{"value":"x","operation":"delete"},{"value":"y"}]}`))
	f.Add("PATCH", "/Groups/GID", patchBody(`{"op":"replace","path":"members[value eq \"ID\"].display","value":"x"}`))
	f.Add("POST", "/Users/.search", `{"filter":"emails[type eq \"work\"].value co \"w\"","attributes":["name"],"count":1}`)
	f.Add("GET", `/Users?filter=userName+eq+"u"&startIndex=-1&count=0&excludedAttributes=id`, "")
	f.Add("GET", "/Schemas/"+entURN, "")
	f.Add("DELETE", "/Users/ID", "")
	f.Fuzz(func(t *testing.T, method, target, body string) {
		s, id := fuzzServer(t)
		var created struct {
			ID string `json:"id"`
		}
		group := ask(s, "POST", "/Groups", `{"displayName":"G","members":[{"value":"`+id+`"}]}`)
		if err := json.Unmarshal(group.Body.Bytes(), &created); err != nil {
			t.Fatal(err)
		}
		named := strings.NewReplacer("GID", created.ID, "ID", id)
		w := ask(s, strings.ToUpper(method), named.Replace(target), named.Replace(body))
		switch {
		case w.Code >= 500 && w.Code != 501:
			t.Fatalf("%s %q %q: %d %s", method, target, body, w.Code, w.Body)
		case w.Code >= 400 && method != "HEAD":
			var e struct {
				Schemas []string `json:"schemas"`
				Detail  string   `json:"detail"`
			}
			if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || !slices.Equal(e.Schemas, []string{messageError}) || e.Detail == "" {
				t.Fatalf("%s %q: %d %q", method, target, w.Code, w.Body)
			}
		case w.Body.Len() > 0 && !jsontext.Value(w.Body.Bytes()).IsValid():
			t.Fatalf("%s %q: not strict JSON: %q", method, target, w.Body)
		}
		for _, endpoint := range []string{"/Users", "/Groups"} {
			if list := ask(s, "GET", endpoint, ""); list.Code != 200 || !jsontext.Value(list.Body.Bytes()).IsValid() {
				t.Fatalf("%s %q %q left %d %s", method, target, body, list.Code, list.Body)
			}
		}
	})
}

// FuzzFilter: a filter gives the same answer for a resource as it was read,
// as it was stored and as the store's index finds it.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{`userName eq "U"`, `emails[type eq "work" and primary eq true]`, `not (title pr) or active ne false`, `id eq "1" and name.givenName co "g"`,
		`schemas co "enterprise"`, `externalId eq ""`, `emails.value eq "W"`, entURN + `:manager eq "m"`, `title ne null`, `groups pr`, `meta.lastModified gt "2020-01-01T00:00:00Z"`} {
		f.Add(seed)
	}
	tree, err := DecodeResource(UserType(), []byte(fuzzUser))
	if err != nil {
		f.Fatal(err)
	}
	tree.setID("1")
	tree.setMeta(timeNow(), timeNow(), `W/"1"`)
	stored, err := tree.AppendStored(nil)
	if err != nil {
		f.Fatal(err)
	}
	store := NewMemoryStore()
	if err := store.Create(f.Context(), tree, nil); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		compiled, err := UserType().ParseFilter(text)
		if err != nil {
			if !errors.Is(err, ErrInvalidFilter) {
				t.Error(err)
			}
			return
		}
		want := compiled.Match(tree, nil)
		if got := compiled.Match(StoredResource(UserType(), stored), nil); got != want {
			t.Errorf("%s: %v on the tree, %v on the stored form", text, want, got)
		}
		page, err := store.List(t.Context(), &Query{Type: UserType(), Filter: compiled, Count: 1})
		if err != nil || (page.Total == 1) != want {
			t.Errorf("%s: %v on the tree, %d in the store, %v", text, want, page.Total, err)
		}
		again, err := UserType().ParseFilter(compiled.String())
		if err == nil && again.Match(tree, nil) != want {
			t.Errorf("%s: its text %s says something else", text, compiled)
		}
	})
}
