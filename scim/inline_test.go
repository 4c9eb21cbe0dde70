package scim

import "testing"

// FuzzSelectCursor: a cursor that is accepted is a position, and the cursor of
// that position is the same one.
func FuzzSelectCursor(f *testing.F) {
	sort, err := UserType().ParseSort("userName", false)
	if err != nil {
		f.Fatal(err)
	}
	queries := []*Query{{Type: UserType()}, {Type: UserType(), Sort: sort}, {Type: GroupType()}}
	for _, q := range queries {
		f.Add(q.cursor(placed{id: "1", key: SortKey{text: "\xff本社"}}))
	}
	for _, text := range []string{"", "x", "e30", "AAAA", "eyJJRCI6IjEifQ"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		accepted := 0
		for _, q := range queries {
			q := *q
			q.After = text
			at, err := q.position()
			if err != nil || text == "" {
				continue
			}
			accepted++
			q.After = q.cursor(at)
			if again, err := q.position(); err != nil || q.compare(at, again) != 0 || again.id != at.id {
				t.Errorf("%q is %+v, and then %+v, %v", text, at, again, err)
			}
		}
		if accepted > 1 {
			t.Errorf("%q is a cursor of %d queries", text, accepted)
		}
	})
}
