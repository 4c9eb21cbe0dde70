package scim_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/filter"
)

// What a service provider supports is asked once, by however many at a time,
// and one that does not say it gets what RFC 7644 does not leave open.
func TestFeatures(t *testing.T) {
	const config = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],"patch":{"supported":true}}`
	for _, row := range []struct {
		reason  string
		answers []scriptedAnswer
		calls   int
		asked   int // /ServiceProviderConfig
		fails   bool
	}{
		{"asked once", []scriptedAnswer{{status: 200, body: config}, {status: 204}}, 8, 1, false},
		{"there is none", []scriptedAnswer{{status: 404}, {status: 204}}, 8, 1, false},
		{"a login page", []scriptedAnswer{{status: 200, body: "<html>"}, {status: 204}}, 8, 1, false},
		{"it is forbidden", []scriptedAnswer{{status: 403}, {status: 204}}, 8, 1, false},
		{"it is broken, after all attempts", []scriptedAnswer{{status: 500}, {status: 500}, {status: 500}, {status: 500}, {status: 204}}, 8, 4, false},
		{"the credential is refused: the patch was not sent", []scriptedAnswer{{status: 401}}, 1, 1, true},
		{"no answer: the patch was not sent", []scriptedAnswer{{lose: true}}, 1, 4, true},
		{"it cannot answer now", []scriptedAnswer{{status: 503}}, 1, 4, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScripted(row.answers...)
			defer s.close(t)
			c := s.clientAs(t, scim.BearerToken(scim.NewSecret(clientCanary)), scim.Profile{})
			var wg sync.WaitGroup
			for range row.calls {
				wg.Go(func() {
					if err := clientPatch(t.Context(), c); (err != nil) != row.fails || err != nil && !scim.SafeToRetry(err) {
						t.Errorf("%s: %v", row.reason, err)
					}
				})
			}
			wg.Wait()
			asked := 0
			for _, r := range s.got {
				if strings.HasSuffix(r.Line, "/ServiceProviderConfig") {
					asked++
				}
			}
			if asked != row.asked || !row.fails && len(s.got) != asked+row.calls {
				t.Errorf("%s: asked %d times in %d requests, want %d", row.reason, asked, len(s.got), row.asked)
			}
		})
	}
}

// Who waits for another's question waits as long as its own context lasts.
func TestFeaturesContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScripted()
		defer s.close(t)
		s.net.Handle("scim.example", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
		c := s.clientAs(t, scim.BearerToken(scim.NewSecret(clientCanary)), scim.Profile{})
		first, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _ = clientPatch(first, c) })
		synctest.Wait()
		second, stop := context.WithCancel(t.Context())
		stop()
		if err := clientPatch(second, c); !errors.Is(err, context.Canceled) || !scim.SafeToRetry(err) {
			t.Errorf("%v", err)
		}
		cancel()
		wg.Wait()
	})
}

// A version that the caller has costs no second answer.
func TestIfNoneMatchAndMe(t *testing.T) {
	d := newDeviant(t, scim.Profile{}, nil)
	ctx, users := t.Context(), d.client.Users()
	u := d.user(t, &scim.User{UserName: "bob"})
	if _, err := users.Get(ctx, u.ID, &scim.GetOptions{IfNoneMatch: u.Meta.Version}); !errors.Is(err, scim.ErrNotModified) || !scim.IsRemote(err) {
		t.Errorf("unchanged: %v", err)
	}
	if got, err := users.Get(ctx, u.ID, &scim.GetOptions{IfNoneMatch: `W/"other"`}); err != nil || got.UserName != "bob" {
		t.Errorf("changed: %v, %v", got, err)
	}
	d.asked()
	if _, err := users.Me(ctx, nil); err == nil || !scim.IsRemote(err) {
		t.Errorf("Me: %v", err) // the subject of this test is no user
	}
	if got := d.asked(); len(got) != 1 || got[0] != "GET /v2/Me" {
		t.Errorf("requests %v", got)
	}
}

// A query that is too long for a URL goes in a body, if there is such an
// endpoint, and one whose URL is refused too.
func TestSearch(t *testing.T) {
	long := scim.FilterEq("userName", strings.Repeat("x", 3000)) + " or " + scim.FilterEq("userName", strings.Repeat("y", 900)) + ` or userName eq "bob"`
	refuse := func(status int, match func(*http.Request) bool) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if match(r) {
					w.WriteHeader(status)
					return
				}
				next.ServeHTTP(w, r)
			})
		}
	}
	search := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/.search") }
	for _, row := range []struct {
		reason, filter string
		before         func(http.Handler) http.Handler
		want           []string
	}{
		{"short", `userName eq "bob"`, nil, []string{"GET"}},
		{"long", long, nil, []string{"POST"}},
		{"long, and no such endpoint", long, refuse(404, search), []string{"POST", "GET"}},
		{"long, and no such method", long, refuse(501, search), []string{"POST", "GET"}},
		{"the URL is refused", `userName eq "bob"`, refuse(414, func(r *http.Request) bool { return r.Method == "GET" }), []string{"GET", "POST"}},
	} {
		d := newDeviant(t, scim.Profile{}, row.before)
		d.user(t, &scim.User{UserName: "bob"})
		d.asked()
		page, err := d.client.Users().List(t.Context(), &scim.ListOptions{Filter: row.filter, Count: 5, SortBy: "userName", Descending: true})
		if err != nil || page.TotalResults != 1 {
			t.Errorf("%s: %+v, %v", row.reason, page, err)
		}
		got := d.asked()
		for i := range got {
			got[i], _, _ = strings.Cut(got[i], " ")
		}
		if strings.Join(got, " ") != strings.Join(row.want, " ") {
			t.Errorf("%s: %v, want %v", row.reason, got, row.want)
		}
	}
	d := newDeviant(t, scim.Profile{}, nil)
	if _, err := d.client.Users().Search(t.Context(), &scim.ListOptions{
		Filter: `userName pr`, StartIndex: 2, Count: -1, SortBy: "userName", Descending: true, Attributes: []string{"userName"},
	}); err != nil {
		t.Error(err)
	}
	const want = `POST /v2/Users/.search {"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"attributes":["userName"],` +
		`"filter":"userName pr","sortBy":"userName","sortOrder":"descending","startIndex":2,"count":0}`
	if got := d.asked(); len(got) != 1 || got[0] != want {
		t.Errorf("%v", got)
	}
	for _, bad := range []string{`userName eq "a`, `userName eq "a" or`, `userName eq "x") or (id pr`, filter.Where("a b", filter.Eq, "x").String()} {
		if _, err := d.client.Users().List(t.Context(), &scim.ListOptions{Filter: bad}); !errors.Is(err, scim.ErrInvalidFilter) || !scim.SafeToRetry(err) || len(d.asked()) != 0 {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
