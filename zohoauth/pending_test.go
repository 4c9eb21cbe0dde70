package zohoauth

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestKeeperModel compares the keeper with a plain list over random histories.
func TestKeeperModel(t *testing.T) {
	type entry struct {
		state   string
		expires time.Time
	}
	rapid.Check(t, func(t *rapid.T) {
		max := rapid.IntRange(1, 5).Draw(t, "max")
		k := newKeeper(max, time.Minute)
		var model []entry
		now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
		for i := range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				state := strconv.Itoa(i)
				model = slices.DeleteFunc(model, func(e entry) bool { return !now.Before(e.expires) })
				if len(model) == max {
					model = model[1:]
				}
				model = append(model, entry{state, k.put(state, new(pending), now)})
			case 1:
				state := strconv.Itoa(rapid.IntRange(0, i).Draw(t, "state"))
				at := slices.IndexFunc(model, func(e entry) bool { return e.state == state })
				want := at >= 0 && now.Before(model[at].expires)
				if at >= 0 {
					model = slices.Delete(model, at, at+1)
				}
				if got := k.take(state, now) != nil; got != want {
					t.Fatalf("take(%s) = %v, want %v", state, got, want)
				}
			case 2:
				now = now.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "seconds")) * time.Second)
			}
			if len(k.byKey) > max {
				t.Fatalf("%d entries kept, at most %d", len(k.byKey), max)
			}
		}
	})
}

// TestKeeperFlood: a million starts cost no more memory than the limit.
func TestKeeperFlood(t *testing.T) {
	k := newKeeper(100, time.Minute)
	now := time.Now()
	for i := range 1_000_000 {
		k.put(strconv.Itoa(i), new(pending), now)
	}
	n := 0
	for p := k.oldest; p != nil; p = p.next {
		n++
	}
	if n != 100 || len(k.byKey) != 100 || k.take("999999", now) == nil {
		t.Errorf("%d in the list, %d in the map", n, len(k.byKey))
	}
}
