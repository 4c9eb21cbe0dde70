package scim

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

var noExpiry time.Time

// lockedBuffer is a log that many goroutines write to.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// panickyStore panics with the filter that it was asked for.
type panickyStore struct{ Store }

func (s panickyStore) List(ctx context.Context, q *Query) (*Page, error) {
	if q.Filter != nil && strings.Contains(q.Filter.String(), "panic") {
		panic(q.Filter.String())
	}
	return s.Store.List(ctx, q)
}

// canaryRequest draws a request that holds a canary wherever a secret can be
// put: as a password by every name and of every type, as a value that an
// attribute does not take, in a filter, as a parameter that is not known, and
// in the credential. Not as the name of an attribute: errors repeat those.
func canaryRequest(g *traffic, canary string) exchange {
	secret := pick(g, []string{`"C"`, `{"value":"C"}`, `["C"]`, `{"C":"C"}`, `[[{"value":"C"}]]`, `"C\u0000"`, `"\ud800C"`})
	password := pick(g, []string{"password", "PASSWORD", "pass\\u0077ord", SchemaUser + ":password"})
	field := `"` + password + `":` + secret
	if g.IntN(3) == 0 {
		field = pick(g, []string{`"active":"C"`, `"emails":[{"value":"x","primary":"C"}]`, `"meta":{"created":"C"}`, `"name":"C"`, `"client_secret":"C"`, `"x509Certificates":[{"value":"%C"}]`})
	}
	id := "x"
	if len(g.ids) > 0 {
		id = pick(g, g.ids)
	}
	name := fmt.Sprintf(`{"userName":"u%d",`, g.IntN(30))
	var x exchange
	switch g.IntN(9) {
	case 0:
		x = exchange{method: "POST", target: "/Users", body: name + field + `}`}
	case 1:
		x = exchange{method: "PUT", target: "/Users/" + id, body: name + field + `}`}
	case 2:
		path := pick(g, []string{"password", "Password", SchemaUser + ":password", "password.value", "active", "emails.primary", `emails[value eq "C`, `emails[type gt "C"].primary`})
		x = exchange{method: "PATCH", target: "/Users/" + id, body: patchBody(`{"op":"` + pick(g, []string{"add", "replace", "remove"}) + `","path":"` + strings.ReplaceAll(path, `"`, `\"`) + `","value":` + secret + `}`)}
	case 3:
		x = exchange{method: "PATCH", target: "/Users/" + id, body: patchBody(`{"op":"replace","value":{` + field + `}}`)}
	case 4, 5:
		text := pick(g, []string{`userName eq "C"`, `password eq "C"`, `active eq "C"`, `title co "C`, `emails[value eq "C"`, `userName eq "C" and userName eq "panic"`, `meta.created gt "C"`, `"C"`})
		x = exchange{method: "GET", target: "/Users?filter=" + url.QueryEscape(text) + "&attributes=userName,password"}
		if g.IntN(2) == 0 {
			x = exchange{method: "POST", target: "/Users/.search", body: `{"filter":"` + strings.ReplaceAll(text, `"`, `\"`) + `"}`}
		}
	case 6:
		x = exchange{method: "GET", target: "/Users/" + id + pick(g, []string{"?token=C", "?count=C&startIndex=C", "?sortOrder=C", "?access_token=C&attributes=password", "?%C"})}
	case 7:
		x = exchange{method: "GET", target: "/Users?" + pick(g, []string{"count=C", "startIndex=C", "sortOrder=C", "sortBy=password", "access_token=C"})}
	case 8:
		x = exchange{method: "GET", target: "/Users", header: http.Header{"Authorization": {pick(g, []string{"Bearer C", "Basic C", "Bearer " + testToken + " C", "C", "Bearer bad-C"})}}}
	}
	if path, query, _ := strings.Cut(x.target, "?"); x.body != "" && query == "" && g.IntN(4) == 0 {
		x = exchange{method: "POST", target: "/Bulk", body: fmt.Sprintf(`{"Operations":[{"method":%q,"path":%q,"bulkId":"b","version":"C","data":%s}]}`, x.method, path, x.body)}
	}
	x.target, x.body = strings.ReplaceAll(x.target, "C", canary), strings.ReplaceAll(x.body, "C", canary)
	for i, value := range x.header["Authorization"] {
		x.header["Authorization"][i] = strings.ReplaceAll(value, "C", canary)
	}
	if g.IntN(4) == 0 && x.body != "" { // one that ends early
		x.body = x.body[:g.IntN(len(x.body))]
	}
	return x
}

// TestCanary: secrets and what is never returned do not come back, in a body,
// a header or the log, whether the request was done or refused, or ended in
// a panic of the store.
func TestCanary(t *testing.T) {
	const mark = "c4nary"
	var log lockedBuffer
	auth := VerifyBearer(func(_ context.Context, token string) (Subject, error) {
		switch {
		case token == testToken || strings.HasPrefix(token, mark):
			return Subject{}, nil // a canary is a valid token as well
		case len(token)%2 == 0:
			return Subject{}, &Error{Kind: KindRateLimited, Detail: "not now: " + token}
		}
		return Subject{}, fmt.Errorf("token %s is not known", token)
	})
	s, err := NewServer(panickyStore{NewMemoryStore()}, auth, &ServerOptions{Logger: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.Level(-100)}))})
	if err != nil {
		t.Fatal(err)
	}
	g := &traffic{Rand: rand.New(rand.NewPCG(5, 5))}
	statuses := map[int]int{}
	for n := range *canaryRequests {
		x := canaryRequest(g, fmt.Sprintf("%s%d", mark, n))
		w := serve(s, testToken, x)
		statuses[w.Code]++
		if answer := w.Body.String() + fmt.Sprint(w.Header()); strings.Contains(strings.ToLower(answer), mark) {
			t.Fatalf("%s %s %v\n%s\nanswered %d %s", x.method, x.target, x.header, x.body, w.Code, answer)
		}
		if id := createdID(w); id != "" {
			g.ids = append(g.ids, id)
		}
	}
	if strings.Contains(log.String(), mark) {
		t.Errorf("a canary is in the log:\n%.3000s", log.String())
	}
	t.Log("answers by status:", statuses)
	for _, status := range []int{200, 201, 400, 401, 429, 500} {
		if statuses[status] == 0 {
			t.Errorf("no request was answered with %d: the traffic is not what it should be", status)
		}
	}
}
