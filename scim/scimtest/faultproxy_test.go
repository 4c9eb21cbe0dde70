package scimtest_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/scimtest"
)

var faultUsers = flag.Int("faults", 200, "users made at each rate of lost answers")

// faultWorld is our service provider behind a proxy, and a client of it.
type faultWorld struct {
	store  *scim.MemoryStore
	proxy  *scimtest.FaultProxy
	client *scim.Client

	requests atomic.Int32
}

func newFaultWorld(t *testing.T, typ *scim.ResourceType, timeout time.Duration, plan func(*http.Request) scimtest.Fault) *faultWorld {
	t.Helper()
	w := &faultWorld{store: scim.NewMemoryStore()}
	server, err := scim.NewServer(w.store, scim.VerifyBearer(verify), &scim.ServerOptions{BaseURL: "/v2", Types: []*scim.ResourceType{typ, scim.GroupType()}})
	if err != nil {
		t.Fatal(err)
	}
	w.proxy, err = scimtest.NewFaultProxy(server, func(r *http.Request) scimtest.Fault {
		w.requests.Add(1)
		return plan(r)
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	hc := w.proxy.Client()
	hc.Timeout = timeout
	w.client, err = scim.NewClient("https://scim.example/v2", scim.BearerToken(scim.NewSecret(token)), &scim.ClientOptions{
		HTTPClient: hc, Profile: scim.Profile{Patch: scim.PatchRFC},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// names counts the users of each name.
func (w *faultWorld) names(t *testing.T, typ *scim.ResourceType) map[string]int {
	t.Helper()
	page, err := w.store.List(t.Context(), &scim.Query{Type: typ, Count: math.MaxInt})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, item := range page.Items {
		out[item.Resource.Get("userName").Text()]++
	}
	return out
}

// freeNames is the core User whose names need not be unique.
func freeNames(t *testing.T) *scim.ResourceType {
	t.Helper()
	core := scim.UserType().Schema()
	schema := &scim.Schema{ID: core.ID, Name: core.Name}
	for _, a := range core.Attributes {
		c := *a
		c.Uniqueness = scim.UniqueNone
		schema.Attributes = append(schema.Attributes, &c)
	}
	typ, err := scim.NewResourceType("User", schema, &scim.ResourceTypeOptions{Owners: "groups"})
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

// An answer that is lost does not double what was asked: every user is there
// once at most, an error says that it is open, and the same again settles it.
func TestLostAnswers(t *testing.T) {
	for _, typ := range []*scim.ResourceType{scim.UserType(), freeNames(t)} {
		unique := typ == scim.UserType()
		for _, share := range []float64{0.01, 0.1, 0.5} {
			for _, id := range []string{"", "e"} {
				t.Run(fmt.Sprintf("unique=%t/%g%%/externalId=%t", unique, 100*share, id != ""), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { lostAnswers(t, typ, share, id) })
				})
			}
		}
	}
}

func lostAnswers(t *testing.T, typ *scim.ResourceType, share float64, externalID string) {
	drop := scimtest.FaultShare(7, share, scimtest.Fault{Kind: scimtest.FaultDrop})
	w := newFaultWorld(t, typ, 0, func(r *http.Request) scimtest.Fault {
		if r.Method == http.MethodGet {
			return scimtest.Fault{}
		}
		return drop(r)
	})
	defer w.proxy.Close()
	ctx, users := t.Context(), w.client.Users()
	made := make([]*scim.User, *faultUsers)
	open := faultEach(len(made), func(i int) error {
		u := &scim.User{UserName: fmt.Sprintf("user%d@example.com", i)}
		if externalID != "" {
			u.ExternalID = fmt.Sprint(externalID, i)
		}
		var err error
		made[i], err = users.Create(ctx, u)
		return err
	})
	for _, err := range open {
		if err != nil && (scim.SafeToRetry(err) || errors.Is(err, scim.ErrUniqueness)) {
			t.Errorf("a lost answer became %v", err)
		}
	}
	names := w.names(t, typ)
	for name, n := range names {
		if n != 1 {
			t.Errorf("%s is there %d times", name, n)
		}
	}
	unresolved := len(open) - count(open, nil)
	if missing := len(made) - len(names); missing > unresolved {
		t.Errorf("%d users are missing, %d calls said so", missing, unresolved)
	}
	for i, u := range made { // the look-up that an unresolved create asks for
		if u == nil {
			var err error
			if made[i], err = users.Find(ctx, scim.FilterEq("userName", fmt.Sprintf("user%d@example.com", i))); err != nil {
				t.Fatalf("user %d: %v", i, err)
			}
		}
	}
	lost := w.proxy.Count(scimtest.FaultDrop)
	patched := faultEach(len(made), func(i int) error {
		_, err := users.Patch(ctx, made[i].ID, new(scim.Patch).Replace("title", scim.String("x")), &scim.WriteOptions{IfMatch: made[i].Meta.Version})
		if errors.Is(err, scim.ErrPreconditionFailed) { // the attempt before it was done
			return nil
		}
		return err
	})
	deleted := faultEach(len(made), func(i int) error {
		err := users.Delete(ctx, made[i].ID, nil)
		if errors.Is(err, scim.ErrNotFound) { // done
			return nil
		}
		return err
	})
	left := len(w.names(t, typ))
	if failed := len(deleted) - count(deleted, nil); left > failed {
		t.Errorf("%d users are left, %d calls said so", left, failed)
	}
	t.Logf("%d users: %d answers to a create lost, %d left open, 0 doubled; %d patches and %d deletes left open",
		len(made), lost, unresolved, len(patched)-count(patched, nil), len(deleted)-count(deleted, nil))
}

func count(list []error, want error) (n int) {
	for _, err := range list {
		if errors.Is(err, want) {
			n++
		}
	}
	return n
}

// faultEach calls fn for each of n, by 8 at once, and returns what it said.
func faultEach(n int, fn func(i int) error) []error {
	out := make([]error, n)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := worker; i < n; i += 8 {
				out[i] = fn(i)
			}
		})
	}
	wg.Wait()
	return out
}

// A service provider that is down is not hammered.
func TestDeadService(t *testing.T) {
	for _, row := range []struct {
		reason string
		fault  scimtest.Fault
		extra  int // requests beyond one for each call
	}{
		{"503 to everything: 500 tokens at 5", scimtest.Fault{Kind: scimtest.FaultRefuse, Status: 503}, 100},
		{"no answer in time: 500 tokens at 10", scimtest.Fault{Latency: time.Hour}, 50},
		{"every connection is reset", scimtest.Fault{Kind: scimtest.FaultReset}, 100},
		{"every answer is lost", scimtest.Fault{Kind: scimtest.FaultDrop}, 100},
		{"429, now", scimtest.Fault{Kind: scimtest.FaultRefuse, RetryAfter: "0"}, 100},
		{"429, in 5 s", scimtest.Fault{Kind: scimtest.FaultRefuse, RetryAfter: "5"}, 100},
		{"429, a date in the past", scimtest.Fault{Kind: scimtest.FaultRefuse, RetryAfter: "Fri, 31 Dec 1999 23:59:59 GMT"}, 100},
		{"429, in 10 years", scimtest.Fault{Kind: scimtest.FaultRefuse, RetryAfter: "315360000"}, 0},
		{"429, more than a Duration", scimtest.Fault{Kind: scimtest.FaultRefuse, RetryAfter: "9223372036854775807"}, 0},
		{"429, garbage", scimtest.Fault{Kind: scimtest.FaultRefuse, RetryAfter: "soon"}, 100},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newFaultWorld(t, scim.UserType(), 10*time.Second, func(*http.Request) scimtest.Fault { return row.fault })
			defer w.proxy.Close()
			const calls = 200
			begin := time.Now()
			for i := range calls {
				if _, err := w.client.Users().Get(t.Context(), "1", nil); err == nil {
					t.Fatal("a dead service answered")
				}
				if _, err := w.client.Users().Create(t.Context(), &scim.User{UserName: fmt.Sprint("user", i)}); err == nil {
					t.Fatal("a dead service made a user")
				}
			}
			extra := int(w.requests.Load()) - 2*calls
			t.Logf("%s: %d calls, %d requests more than that, in %v", row.reason, 2*calls, extra, time.Since(begin).Round(time.Second))
			if extra > row.extra || row.extra > 0 && extra < row.extra/2 {
				t.Errorf("%s: %d requests more than calls, want at most %d", row.reason, extra, row.extra)
			}
		})
	}
}

// The end of a context ends the longest wait at once.
func TestWaitEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFaultWorld(t, scim.UserType(), 0, func(*http.Request) scimtest.Fault {
			return scimtest.Fault{Kind: scimtest.FaultRefuse, RetryAfter: "600"}
		})
		defer w.proxy.Close()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		time.AfterFunc(time.Minute, cancel)
		begin := time.Now()
		_, err := w.client.Users().Create(ctx, &scim.User{UserName: "bob"})
		if late := time.Since(begin) - time.Minute; !errors.Is(err, context.Canceled) || late < 0 || late > 100*time.Millisecond {
			t.Errorf("%v, %v after the end of the context", err, late)
		}
	})
}

// Every kind of fault, over loopback and over pipes.
func TestFaultProxy(t *testing.T) {
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		_, _ = io.WriteString(w, "0123456789")
	})
	var fault atomic.Pointer[scimtest.Fault] // an answer may be sent while its request is still served
	proxy, err := scimtest.NewFaultProxy(next, func(*http.Request) scimtest.Fault { return *fault.Load() }, &scimtest.FaultProxyOptions{Hosts: []string{"a.example"}})
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	web := httptest.NewServer(proxy)
	defer web.Close()
	for _, row := range []struct {
		reason       string
		fault        scimtest.Fault
		method, want string
	}{
		{"nothing", scimtest.Fault{}, "POST", "200 0123456789"},
		{"nothing, late", scimtest.Fault{Latency: time.Millisecond}, "POST", "200 0123456789"},
		{"a reset", scimtest.Fault{Kind: scimtest.FaultReset}, "POST", "no answer"},
		{"a lost answer", scimtest.Fault{Kind: scimtest.FaultDrop}, "POST", "no answer"},
		{"half a body", scimtest.Fault{Kind: scimtest.FaultCut}, "POST", "200 01234, cut"},
		{"nothing to cut", scimtest.Fault{Kind: scimtest.FaultCut}, "DELETE", "204 "},
		{"refused", scimtest.Fault{Kind: scimtest.FaultRefuse, RetryAfter: "5", Body: "no"}, "POST", "429 no 5"},
		{"refused in another way", scimtest.Fault{Kind: scimtest.FaultRefuse, Status: 503}, "POST", "503 "},
		{"no such kind", scimtest.Fault{Kind: 99}, "POST", "200 0123456789"},
	} {
		fault.Store(&row.fault)
		for url, client := range map[string]*http.Client{web.URL: web.Client(), "https://a.example": proxy.Client()} {
			if got := ask(t, client, row.method, url); got != row.want {
				t.Errorf("%s at %s: got %q, want %q", row.reason, url, got, row.want)
			}
		}
	}
	if n := proxy.Count(scimtest.FaultRefuse); n != 4 {
		t.Errorf("%d refusals counted, want 4", n)
	}
	if _, err := scimtest.NewFaultProxy(nil, nil, nil); err == nil {
		t.Error("a proxy before nothing")
	}
}

func ask(t *testing.T, c *http.Client, method, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return "no answer"
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	out := fmt.Sprintf("%d %s", resp.StatusCode, body)
	if after := resp.Header.Get("Retry-After"); after != "" {
		out += " " + after
	}
	if err != nil {
		out += ", cut"
	}
	return out
}

func TestFaultSlowClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFaultWorld(t, scim.UserType(), 0, func(*http.Request) scimtest.Fault { return scimtest.Fault{Kind: scimtest.FaultSlowClose} })
		defer w.proxy.Close()
		begin := time.Now()
		_, err := w.client.Users().Create(t.Context(), &scim.User{UserName: "bob"})
		if took := time.Since(begin); err != nil || took != time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestFaultShare(t *testing.T) {
	draw := func() (kinds []scimtest.FaultKind) {
		plan := scimtest.FaultShare(1, 0.25, scimtest.Fault{Kind: scimtest.FaultDrop})
		for range 1000 {
			kinds = append(kinds, plan(nil).Kind)
		}
		return kinds
	}
	first, n := draw(), 0
	for _, k := range first {
		if k == scimtest.FaultDrop {
			n++
		}
	}
	if !slices.Equal(first, draw()) || n < 200 || n > 300 {
		t.Errorf("%d of 1000 at a share of a quarter, or another choice with the same seed", n)
	}
}

// Every second answer is lost, and a user is there once all the same.
func ExampleNewFaultProxy() {
	zoho, err := scimtest.NewZohoOne(verify, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer zoho.Close()
	posts := 0
	proxy, err := scimtest.NewFaultProxy(zoho, func(r *http.Request) scimtest.Fault {
		if r.Method == http.MethodPost {
			if posts++; posts%2 == 1 {
				return scimtest.Fault{Kind: scimtest.FaultDrop}
			}
		}
		return scimtest.Fault{}
	}, &scimtest.FaultProxyOptions{Hosts: []string{"one.zoho.jp"}})
	if err != nil {
		log.Fatal(err)
	}
	defer proxy.Close()

	ctx := context.Background()
	client, err := scim.NewClient("https://one.zoho.jp/scim", scim.BearerToken(scim.NewSecret(token)), &scim.ClientOptions{HTTPClient: proxy.Client()})
	if err != nil {
		log.Fatal(err)
	}
	user, err := client.Users().Create(ctx, &scim.User{UserName: "user1@example.com"})
	if err != nil {
		log.Fatal(err)
	}
	users, err := zoho.Users(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.UserName, proxy.Count(scimtest.FaultDrop), len(users))
	// Output: user1@example.com 1 1
}
