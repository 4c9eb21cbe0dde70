package subject

import (
	"testing"
)

// TestOperations: every subject does what it is asked, or its time says
// nothing.
func TestOperations(t *testing.T) {
	for _, name := range Names() {
		for _, op := range Operations() {
			if name == "harness" || op.Without == name {
				continue
			}
			t.Run(name+"/"+op.Name, func(t *testing.T) {
				s, err := New(name)
				if err != nil {
					t.Fatal(err)
				}
				members := min(op.Members, 20)
				if err := s.Load(200-members, members); err != nil {
					t.Fatal(err)
				}
				for i := range 30 {
					r := op.Request(s, i)
					w, err := s.Do(&r)
					if err != nil || w.Code != op.Status {
						t.Fatalf("%s %s: %v, status %d, want %d: %.300s", r.Method, r.Target, err, w.Code, op.Status, w.Body)
					}
					if i == 0 {
						t.Logf("%d bytes in, %d out", len(r.Body), w.Body.Len())
					}
					if op.Undo == nil {
						continue
					}
					r = op.Undo(s, i)
					if w, err := s.Do(&r); err != nil || w.Code >= 300 {
						t.Fatalf("undo: %v, status %d: %.300s", err, w.Code, w.Body)
					}
				}
			})
		}
	}
}
