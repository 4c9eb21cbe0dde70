package source

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/scim/provision"
)

var users = flag.Int("users", 20_000, "users in the long JSON file")

func readJSON(t *testing.T, text string) ([]provision.Object, error) {
	t.Helper()
	f, err := NewJSON(write(t, "users.json", []byte(text)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return collect(t, f)
}

func TestJSON(t *testing.T) {
	got, err := readJSON(t, "\uFEFF"+`{
		"groups": [{"objectId": "g", "displayName": "G", "members": ["1", "2"]}, {"id": "h", "members": []}, {"id": "i"}],
		"users": [
			{"objectId": "1", "accountEnabled": true, "officeLocation": "本社", "employeeNumber": 12345678901234567, "height": 1.5, "mail": null},
			{"objectId": "2", "accountEnabled": "False", "otherMails": ["a", "b"]},
			{"id": 3, "@removed": {"reason": "changed"}}, {"id": "4", "@removed": {"reason": "deleted"}}
		]}`)
	if err != nil {
		t.Fatal(err)
	}
	group := func(key string, members []string, pairs ...any) provision.Object {
		obj := user(key, pairs...)
		obj.Type, obj.Members = provision.Group, members
		return obj
	}
	soft, hard := user("3", "id", int64(3)), user("4", "id", "4")
	soft.Deleted, hard.Deleted = provision.SoftDeleted, provision.HardDeleted
	want := []provision.Object{
		group("g", []string{"1", "2"}, "objectId", "g", "displayName", "G"), group("h", []string{}, "id", "h"), group("i", nil, "id", "i"),
		user("1", "objectId", "1", "accountEnabled", true, "officeLocation", "本社", "employeeNumber", int64(12345678901234567), "height", 1.5, "mail", nil),
		user("2", "objectId", "2", "accountEnabled", false, "otherMails", []any{"a", "b"}), soft, hard,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBrokenJSON(t *testing.T) {
	for _, test := range []struct {
		text   string
		want   error
		place  string
		reason string
	}{
		{``, ErrMalformed, "users.json", "nothing was written yet"},
		{`[]`, ErrMalformed, "users.json", "another form"},
		{`{"users":[{"objectId":"1"},`, ErrMalformed, "cut short", "the end is missing"},
		{`{"users":[{"objectId":"1"}]`, ErrMalformed, "cut short", "even the last brace counts"},
		{`{"users":[{"objectId":"1"`, ErrMalformed, "cut short", "cut inside an object"},
		{`{"users":[{"objectId":"1"}]} {}`, ErrMalformed, "follows", "two texts in one file"},
		{`{"users":[],"users":[]}`, ErrMalformed, "strict JSON", "which list counts?"},
		{`{"users":[{"id":"1","id":"2"}]}`, ErrMalformed, "/users/0", "which key counts?"},
		{`{"people":[]}`, ErrMalformed, "/people", "a name that nobody reads is a mistake"},
		{`{"users":{}}`, ErrMalformed, "/users", "a list is needed"},
		{`{"users":[1]}`, ErrMalformed, "/users", "an object is needed"},
		{`{"users":[{"mail":"a"}]}`, ErrInvalidValue, "/users/0", "no key"},
		{`{"users":[{"id":"1","accountEnabled":"maybe"}]}`, ErrInvalidValue, "/users/0/accountEnabled", "a guess could disable somebody"},
		{`{"groups":[{"id":"1","members":"2"}]}`, ErrInvalidValue, "/groups/0/members", "a list is needed"},
		{`{"groups":[{"id":"1","members":[2]}]}`, ErrInvalidValue, "/groups/0/members", "keys are texts"},
		{"{\"users\":[{\"id\":\"\xff\"}]}", ErrEncoding, "UTF-8", "RFC 8259 section 8.1"},
		{`{"users":[{"id":"1","n":1e999}]}`, ErrInvalidValue, "/users/0", "no number that a mapping can have"},
	} {
		got, err := readJSON(t, test.text)
		if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.place) {
			t.Errorf("%s: %v, %v (%s)", test.text, got, err, test.reason)
		}
	}
}

// Whatever is cut off, the read does not end well.
func TestCutJSON(t *testing.T) {
	const text = `{"users":[{"objectId":"1","otherMails":["a"],"n":1.5}],"groups":[{"id":"g","members":["1"]}]}`
	for end := range len(text) {
		if _, err := readJSON(t, text[:end]); err == nil {
			t.Errorf("read to its end: %s", text[:end])
		}
	}
}

// The memory that a read needs does not grow with the file.
func TestJSONIsStreamed(t *testing.T) {
	name := filepath.Join(t.TempDir(), "users.json")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(file)
	fmt.Fprint(w, `{"users":[`)
	for i := range *users {
		fmt.Fprintf(w, `%s{"objectId":"%d","userPrincipalName":"user%[2]d@example.com","accountEnabled":true,"officeLocation":"本社"}`, strings.Repeat(",", min(i, 1)), i)
	}
	fmt.Fprint(w, `]}`)
	if err := errors.Join(w.Flush(), file.Close()); err != nil {
		t.Fatal(err)
	}
	f, err := NewJSON(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	changes, err := f.Changes(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, most, n := live(), uint64(0), 0
	for _, err := range changes.Objects {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n%(*users/4) == 0 {
			most = max(most, live())
		}
	}
	if n != *users || most > before+1<<20 {
		t.Errorf("%d objects, %d bytes more than before", n, most-before)
	}
}

// FuzzJSON checks that a text is read to its end or not at all, and that
// every object has what the engine relies on.
func FuzzJSON(f *testing.F) {
	f.Add(`{"users":[{"objectId":"1","accountEnabled":true}],"groups":[{"id":"g","members":["1"]}]}`)
	f.Add(`{"users":[{"id":3,"@removed":{"reason":"deleted"},"a":[1,{"b":null}]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		check(t, jsonReader{}.objects("f", &mark{in: strings.NewReader(text)}))
	})
}

// FuzzCSV is the same for CSV.
func FuzzCSV(f *testing.F) {
	f.Add("objectId,mail\n1,a@example.com\n")
	f.Add("objectId;accountEnabled;members\r\n\"1\";no;\"a;b\"\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		r := csvReader{CSVOptions{Type: provision.Group, Members: "members", Separator: ";"}}
		check(t, r.objects("f", &mark{in: strings.NewReader(text)}))
	})
}

func check(t *testing.T, objects func(func(provision.Object, error) bool)) {
	var ended error
	objects(func(obj provision.Object, err error) bool {
		if ended != nil {
			t.Fatal("something came behind an error")
		}
		if ended = err; err != nil {
			if !errors.As(err, new(*Error)) {
				t.Fatalf("an error without a place: %v", err)
			}
			return true
		}
		enabled, there := obj.Record["accountEnabled"]
		if _, isBool := enabled.(bool); obj.Key == "" || there && enabled != nil && enabled != "" && !isBool {
			t.Fatalf("%+v", obj)
		}
		if obj.Record == nil {
			t.Fatal("no record")
		}
		return true
	})
}
