package scim

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// TestOneNotionOfUserNameByPairs compares 1,000 names with each other: the
// filter, the index of the store, uniqueness and [Canonical] have one opinion
// on each of the 1,000,000 pairs, and what is stored keeps its case.
func TestOneNotionOfUserNameByPairs(t *testing.T) {
	const count = 1000
	alphabet := []rune("aAkKsSiI\u0130\u0131\u017F\u212A\u212B\u00E5\u0301\u0307\u0323\u0345\u03B9\u0399\u03A3\u03C2\u03C3\u00E9\u00C9\u015A\u015B\u1E9B\u1E61\u1E9E\u00DF\uFB01\uFF21\uFF41\u0430\U0001043A")
	random := rand.New(rand.NewPCG(11, 11))
	names := make([]string, count)
	users := make([]*Resource, count)
	filters := make([]*Filter, count)
	canonical := make([]string, count)
	store := NewMemoryStore()
	first := map[string]bool{}
	for i := range names {
		name := make([]rune, 1+random.IntN(3))
		for j := range name {
			name[j] = alphabet[random.IntN(len(alphabet))]
		}
		names[i], canonical[i] = string(name), Canonical(string(name))
		quoted, err := jsontext.AppendQuote(nil, names[i])
		if err != nil {
			t.Fatal(err)
		}
		if filters[i], err = UserType().ParseFilter("userName eq " + string(quoted)); err != nil {
			t.Fatal(err)
		}
		r := NewResource(UserType())
		if err := r.Set("userName", String(names[i])); err != nil {
			t.Fatal(err)
		}
		r.setID(newID())
		page, err := store.List(t.Context(), &Query{Type: UserType(), Filter: filters[i], Count: 1})
		if err != nil {
			t.Fatal(err)
		}
		switch err := store.Create(t.Context(), r, nil); {
		case err != nil && !errors.Is(err, ErrUniqueness):
			t.Fatal(err)
		case (err != nil) != first[canonical[i]] || page.Total == 1 != first[canonical[i]]:
			t.Errorf("%+q: %v, found %d", names[i], err, page.Total)
		}
		first[canonical[i]] = true
		stored, err := r.AppendStored(nil)
		if err != nil {
			t.Fatal(err)
		}
		users[i] = StoredResource(UserType(), stored)
		if got := users[i].Get("userName").Text(); got != names[i] {
			t.Errorf("%+q was stored as %+q", names[i], got)
		}
	}
	same := 0
	for i := range names {
		for j := range names {
			equal := canonical[i] == canonical[j]
			if filters[i].Match(users[j], nil) != equal {
				t.Fatalf("%+q and %+q: the filter says %v", names[i], names[j], !equal)
			}
			if equal {
				same++
			}
		}
	}
	t.Logf("%d pairs, %d of the same name", count*count, same)
}
