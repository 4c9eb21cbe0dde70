package provision

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var toxicUsers = flag.Int("toxicusers", 60, "users of TestToxics; 1000 in full")

// toxics are what a network and a service can do to a request. Each returns
// true if the request was dealt with.
var toxics = map[string]func(w http.ResponseWriter, r *http.Request, h http.Handler) bool{
	"slow answers": func(http.ResponseWriter, *http.Request, http.Handler) bool {
		time.Sleep(5 * time.Second)
		return false
	},
	"no answers": func(http.ResponseWriter, *http.Request, http.Handler) bool {
		time.Sleep(40 * time.Second) // longer than the client waits
		panic(http.ErrAbortHandler)
	},
	"answers after the end of patience": func(_ http.ResponseWriter, r *http.Request, h http.Handler) bool {
		h.ServeHTTP(httptest.NewRecorder(), r)
		time.Sleep(40 * time.Second)
		panic(http.ErrAbortHandler)
	},
	"connections that break": func(http.ResponseWriter, *http.Request, http.Handler) bool {
		panic(http.ErrAbortHandler)
	},
	"answers that are lost": func(_ http.ResponseWriter, r *http.Request, h http.Handler) bool {
		h.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	},
	"answers that are cut": func(w http.ResponseWriter, r *http.Request, h http.Handler) bool {
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		w.Header().Set("Content-Type", "application/scim+json")
		w.Header().Set("Content-Length", fmt.Sprint(answer.Body.Len()+1))
		w.WriteHeader(answer.Code)
		_, _ = io.CopyN(w, answer.Body, int64(answer.Body.Len()/2))
		panic(http.ErrAbortHandler)
	},
	"a service that is overloaded": func(w http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	},
	"too many requests": func(w http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
		w.Header().Set("Retry-After", "5")
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	},
}

// Bad networks change how long it takes, not what comes of it.
func TestToxics(t *testing.T) {
	for name, toxic := range toxics {
		for _, percent := range []int{5, 20, 50} {
			t.Run(fmt.Sprintf("%s %d", name, percent), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var mu sync.Mutex
					random := rand.New(rand.NewPCG(7, uint64(percent)))
					f := newFixture(t, func(j *Job) { j.Workers = 8 })
					f.source.set(append(many(*toxicUsers), group("g", "1", "2", "3"))...)
					f.breakWith(func(h http.Handler) http.Handler {
						return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
							mu.Lock()
							hit := random.IntN(100) < percent
							mu.Unlock()
							if !hit || !toxic(w, r, h) {
								h.ServeHTTP(w, r)
							}
						})
					})
					cycles := 1
					for ; cycles < 30; cycles++ {
						if report, err := f.engine.Cycle(t.Context()); err == nil && report.Escrowed == 0 {
							break
						}
						time.Sleep(24 * time.Hour)
					}
					f.breakWith(nil)
					f.under.Wait()
					if _, requests := f.cycle(); len(requests) != 0 {
						t.Errorf("after %d cycles there was more to do: %v", cycles, requests)
					}
					if got := f.users(); len(got) != *toxicUsers {
						t.Errorf("%d users", len(got))
					}
					if got := f.members("Group g"); len(got) != 3 {
						t.Errorf("members %v", got)
					}
					f.client.CloseIdleConnections()
				})
			})
		}
	}
}
