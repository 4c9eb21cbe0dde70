package main

import (
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"time"

	"github.com/zohoscim/zohoscim/examples/benchreport/subject"
)

// sample is what one operation costs.
type sample struct {
	ns     float64
	allocs float64
}

// String returns the time and the number of allocations.
func (s sample) String() string {
	allocs := fmt.Sprintf("%.0f", s.allocs)
	switch {
	case s.ns < 1000:
		return fmt.Sprintf("%.0f ns, %s", s.ns, allocs)
	case s.ns < 1e6:
		return fmt.Sprintf("%.1f µs, %s", s.ns/1e3, allocs)
	}
	return fmt.Sprintf("%.2f ms, %s", s.ns/1e6, allocs)
}

// turn runs an operation n times and says how long that took and how much it
// allocated, without what was done to prepare it.
type turn func(n int) (took time.Duration, allocs uint64, err error)

// timed is a turn of an operation that needs no preparation.
func (r *report) timed(fn func() error) turn {
	return func(n int) (time.Duration, uint64, error) {
		before := mallocs()
		start := r.clock()
		for range n {
			if err := fn(); err != nil {
				return 0, 0, err
			}
		}
		return r.clock() - start, mallocs() - before, nil
	}
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// requests is the turn of an operation with a subject.
func (r *report) requests(op *subject.Operation, s *subject.Subject) turn {
	next := 0
	return func(n int) (took time.Duration, allocs uint64, err error) {
		for done := 0; done < n; {
			do, undo := op.Chunk(s, next)
			do = do[:min(n-done, len(do))]
			t, a, err := r.timed(eachOf(op, s, do))(len(do))
			if err != nil {
				return 0, 0, err
			}
			took, allocs = took+t, allocs+a
			done, next = done+len(do), next+len(do)
			for i := range undo[:min(len(undo), len(do))] {
				if _, err := s.Do(&undo[i]); err != nil {
					return 0, 0, err
				}
			}
		}
		return took, allocs, nil
	}
}

// eachOf sends the next of some requests each time it is called.
func eachOf(op *subject.Operation, s *subject.Subject, do []subject.Request) func() error {
	i := 0
	return func() error {
		w, err := s.Do(&do[i])
		i++
		if err == nil && w.Code != op.Status && w.Code != http.StatusOK {
			err = fmt.Errorf("%s: %s: status %d: %.300s", s.Name, op.Name, w.Code, w.Body)
		}
		return err
	}
}

// measure lets each run take its turns, one after the other, and returns the
// medians.
func (r *report) measure(runs []turn) ([]sample, error) {
	counts := make([]int, len(runs))
	for i, run := range runs {
		for counts[i] = 1; ; counts[i] *= 2 {
			took, _, err := run(counts[i])
			if err != nil {
				return nil, err
			}
			if took >= r.batch/2 {
				break
			}
		}
	}
	times, allocs := make([][]float64, len(runs)), make([][]float64, len(runs))
	for range r.rounds {
		for i, run := range runs {
			took, a, err := run(counts[i])
			if err != nil {
				return nil, err
			}
			times[i] = append(times[i], float64(took.Nanoseconds())/float64(counts[i]))
			allocs[i] = append(allocs[i], float64(a)/float64(counts[i]))
		}
	}
	out := make([]sample, len(runs))
	for i := range out {
		out[i] = sample{median(times[i]), median(allocs[i])}
	}
	return out, nil
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}
