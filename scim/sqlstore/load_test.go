package sqlstore

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/internal/pgtest"
	"github.com/zohoscim/zohoscim/scim"
)

var load = flag.Duration("load", 2*time.Second, "how long each of the load tests runs; a claim rests on 60s")

// senders is how many requests are on their way at once, at most.
const senders = 32

// traffic is requests at a rate, of senders that each play Entra.
type traffic struct {
	send func(ctx context.Context, sender, request int, method, path, body string) answer

	answered atomic.Int64
	once     sync.Once
	failure  string
	stop     context.CancelFunc
}

// run sends the rate of requests a second for the time of the load, and
// fails the test at the first answer that is not the right one.
func (tr *traffic) run(t *testing.T, rate int) {
	t.Helper()
	if raceEnabled {
		t.Skip("the race detector is no load test")
	}
	ctx, cancel := context.WithTimeout(t.Context(), *load)
	defer cancel()
	tr.stop = cancel
	pace := make(chan struct{}, rate) // a moment in which nothing runs is made up for
	began := time.Now()
	go func() {
		defer close(pace)
		ticker := time.NewTicker(time.Second / time.Duration(rate))
		defer ticker.Stop()
		for sent := 0; ; { // a ticker leaves ticks out when nobody takes them
			select {
			case <-ctx.Done():
				return
			case now := <-ticker.C:
				for ; sent < int(now.Sub(began).Seconds()*float64(rate)); sent++ {
					select {
					case <-ctx.Done():
						return
					case pace <- struct{}{}:
					}
				}
			}
		}
	}()
	var wg sync.WaitGroup
	for n := range senders {
		wg.Go(func() {
			// A sender's last round ends without the pace.
			s := &sender{traffic: tr, number: n, pace: pace}
			for round := 0; ctx.Err() == nil; round++ {
				s.round(t.Context(), round)
			}
		})
	}
	wg.Wait()
	achieved := float64(tr.answered.Load()) / time.Since(began).Seconds()
	t.Logf("%d requests, %.0f a second of %d, over %v: %q", tr.answered.Load(), achieved, rate, *load, tr.failure)
	if tr.failure != "" {
		t.Error(tr.failure)
	}
	if *load >= time.Minute && achieved < 0.95*float64(rate) {
		t.Error("the rate was not reached")
	}
}

type sender struct {
	*traffic
	number, sent int
	pace         <-chan struct{}
	group        string
}

// do sends one request when it is its turn and checks its answer.
func (s *sender) do(ctx context.Context, method, path, body string, status int, right func(answer) bool) answer {
	<-s.pace
	s.sent++
	a := s.send(ctx, s.number, s.sent, method, path, body)
	if a.status != status || right != nil && !right(a) {
		s.once.Do(func() {
			s.failure = fmt.Sprintf("%s %s: status %d, want %d: %+v", method, path, a.status, status, a.body)
			s.stop()
		})
	}
	s.answered.Add(1)
	return a
}

// round is what Entra sends for one user, from the first look-up to the
// last change.
func (s *sender) round(ctx context.Context, n int) {
	total := func(want int) func(answer) bool { return func(a answer) bool { return a.body.Total == want } }
	patch := func(op string) string {
		return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + op + `]}`
	}
	if s.group == "" {
		name := fmt.Sprint("group", s.number)
		s.do(ctx, "GET", "/Groups?excludedAttributes=members&filter=displayName+eq+%22"+name+"%22", "", 200, total(0))
		s.group = s.do(ctx, "POST", "/Groups", `{"displayName":"`+name+`"}`, 201, nil).body.ID
	}
	name := fmt.Sprintf("user%d-%d@example.com", s.number, n)
	find := "/Users?filter=userName+eq+%22" + name + "%22"
	s.do(ctx, "GET", find, "", 200, total(0))
	made := s.do(ctx, "POST", "/Users", `{"userName":"`+name+`","externalId":"x`+name+`","displayName":"A","emails":[{"value":"`+name+`","type":"work"}]}`, 201, nil)
	user := "/Users/" + made.body.ID
	s.do(ctx, "GET", find, "", 200, total(1))
	s.do(ctx, "PATCH", user, patch(`{"op":"replace","path":"displayName","value":"B"}`), 200, nil)
	s.do(ctx, "GET", user, "", 200, func(a answer) bool { return a.body.DisplayName == "B" && a.body.Meta.Version == `W/"2"` })
	s.do(ctx, "GET", `/Users?filter=emails%5Btype+eq+%22work%22%5D.value+eq+%22`+name+`%22`, "", 200, total(1))
	group := "/Groups/" + s.group
	s.do(ctx, "PATCH", group, patch(`{"op":"add","path":"members","value":[{"value":"`+made.body.ID+`"}]}`), 204, nil)
	s.do(ctx, "GET", group+"?excludedAttributes=members", "", 200, nil)
	s.do(ctx, "GET", "/Groups?filter=id+eq+%22"+s.group+"%22+and+members+eq+%22"+made.body.ID+"%22", "", 200, total(1))
	s.do(ctx, "PATCH", user, patch(`{"op":"replace","path":"active","value":false}`), 200, nil)
	if n%2 == 0 {
		s.do(ctx, "PATCH", group, patch(`{"op":"remove","path":"members[value eq \"`+made.body.ID+`\"]"}`), 204, nil)
	}
	if n%4 == 0 {
		s.do(ctx, "DELETE", user, "", 204, nil)
		s.do(ctx, "GET", user, "", 404, nil)
	}
}

// TestLoadPostgreSQL sends 200 requests a second to two processes on one
// database, each request of a sender to the other one than the last: what
// one wrote the other has to know.
func TestLoadPostgreSQL(t *testing.T) {
	url := pgtest.URL(t)
	servers := []*server{startServer(t, url), startServer(t, url)}
	tr := &traffic{send: func(ctx context.Context, sender, request int, method, path, body string) answer {
		return servers[(sender+request)%2].do(ctx, method, path, body)
	}}
	tr.run(t, 200)
	for _, path := range []string{"/Users?count=200&sortBy=userName", "/Groups?count=200", "/Users?count=10&startIndex=50"} {
		a, b := servers[0].do(t.Context(), "GET", path, ""), servers[1].do(t.Context(), "GET", path, "")
		if diff := cmp.Diff(a.body, b.body); diff != "" || a.status != 200 {
			t.Errorf("%s: status %d\n%s", path, a.status, diff)
		}
	}
}

// TestLoadSQLite sends 25 requests a second for each of 8 tenants to one
// server. No SQLITE_BUSY reaches a client: each answer is the right one.
func TestLoadSQLite(t *testing.T) {
	const tenants = 8
	store := newStore(t, openSQLite(t, filepath.Join(t.TempDir(), "scim.db")), SQLite, nil)
	var tokens []scim.StaticToken
	for i := range tenants {
		subject := scim.Subject{ID: "entra", Scope: scim.Scope{Tenant: fmt.Sprint("tenant", i)}}
		token, err := scim.NewStaticToken(scim.NewSecret(fmt.Sprint(serverToken, i)), subject, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, token)
	}
	auth, err := scim.NewStaticTokens(tokens...)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := scim.NewServer(store, auth, &scim.ServerOptions{BaseURL: "/scim/v2"})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(handler)
	defer web.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: senders}}
	defer client.CloseIdleConnections()
	servers := make([]*server, tenants)
	for i := range servers {
		servers[i] = &server{base: web.URL + "/scim/v2", client: client, token: fmt.Sprint(serverToken, i)}
	}
	tr := &traffic{send: func(ctx context.Context, sender, _ int, method, path, body string) answer {
		return servers[sender%tenants].do(ctx, method, path, body)
	}}
	tr.run(t, 25*tenants)
}
