package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"time"

	"github.com/zohoscim/zohoscim/examples/benchreport/subject"
)

// scaling compares the throughput over loopback of a large and a small store,
// and that of two cores and one.
func (r *report) scaling() error {
	if !r.wants("Scaling") {
		return nil
	}
	small, large := 10_000, 1_000_000
	if r.quick {
		large = 100_000
	}
	servers := make([]*loopback, 2)
	for i, users := range []int{small, large} {
		fmt.Fprintf(r.progress, "loading %d users\n", users)
		s, err := subject.New("zohoscim")
		if err != nil {
			return err
		}
		if err := s.Load(users, 0); err != nil {
			return err
		}
		servers[i] = newLoopback(s)
		defer servers[i].Close()
	}
	r.heading("scaling over loopback", fmt.Sprintf("%d users", large), fmt.Sprintf("%d users", small), "ratio", "at least", "")
	for _, op := range subject.Operations() {
		if op.Members > 0 || op.Name == "List100" {
			continue
		}
		fmt.Fprintln(r.progress, "scaling", op.Name)
		rates, err := r.rates(func(i int) (float64, error) { return servers[i].rate(&op, r.batch*4) })
		if err != nil {
			return err
		}
		r.rateRow(op.Title, rates[1], rates[0], 0.6)
	}
	r.heading("cores", "two", "one", "ratio", "at least", "")
	get := subject.Operations()[0]
	rates, err := r.rates(func(i int) (float64, error) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(i + 1))
		return servers[0].rate(&get, r.batch*4)
	})
	if err != nil {
		return err
	}
	r.rateRow(get.Title, rates[1], rates[0], 1.4)
	return nil
}

func (r *report) rateRow(title string, x, y, least float64) {
	r.row(x/y >= least, title, fmt.Sprintf("%.0f/s", x), fmt.Sprintf("%.0f/s", y), ratio(x/y), fmt.Sprint(least))
}

// rates measures two things in turns and returns the medians.
func (r *report) rates(measure func(i int) (float64, error)) ([2]float64, error) {
	var all [2][]float64
	for range r.rounds {
		for i := range all {
			x, err := measure(i)
			if err != nil {
				return [2]float64{}, err
			}
			all[i] = append(all[i], x)
		}
	}
	return [2]float64{median(all[0]), median(all[1])}, nil
}

// loopback is a subject behind a listener, with clients whose connections
// are kept.
type loopback struct {
	*httptest.Server
	subject *subject.Subject
	next    int
}

const clients = 4

func newLoopback(s *subject.Subject) *loopback {
	server := httptest.NewServer(s.Handler)
	transport, ok := server.Client().Transport.(*http.Transport)
	if ok {
		transport.MaxIdleConnsPerHost = clients
	}
	return &loopback{Server: server, subject: s}
}

// rate returns how many requests a second are answered.
func (l *loopback) rate(op *subject.Operation, least time.Duration) (float64, error) {
	done := 0
	start := time.Now()
	var spent time.Duration // on making requests
	for time.Since(start)-spent < least {
		before := time.Now()
		do, _ := op.Chunk(l.subject, l.next)
		l.next += len(do)
		spent += time.Since(before)
		if err := l.sendAll(op, do); err != nil {
			return 0, err
		}
		done += len(do)
	}
	return float64(done) / (time.Since(start) - spent).Seconds(), nil
}

func (l *loopback) sendAll(op *subject.Operation, do []subject.Request) error {
	errs := make([]error, clients)
	var wg sync.WaitGroup
	for n := range clients {
		wg.Go(func() {
			for i := n; i < len(do) && errs[n] == nil; i += clients {
				errs[n] = l.send(op, &do[i])
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *loopback) send(op *subject.Operation, r *subject.Request) error {
	req, err := r.HTTP(l.URL)
	if err != nil {
		return err
	}
	answer, err := l.Client().Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	if answer.StatusCode != op.Status {
		return fmt.Errorf("%s: status %d", op.Name, answer.StatusCode)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}
