package scim_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zohoscim/zohoscim/scim"
)

// While the caller works on a page the next one is on its way, and no other.
func TestAllIsOnePageAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const pages, each = 10, 50 * time.Millisecond
		var mu sync.Mutex
		asked, most, yielded := 0, 0, 0
		source := &endpointPages{users: pages * 10, most: 10}
		s := newScripted()
		defer s.close(t)
		s.net.Handle("scim.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			asked++
			most = max(most, asked-yielded/10)
			mu.Unlock()
			<-time.After(10 * each) // as long as the caller needs for a page
			source.ServeHTTP(w, r)
		}))
		begin := time.Now()
		for _, err := range s.client(t, scim.BearerToken(scim.NewSecret(clientCanary))).Users().All(t.Context(), nil) {
			if err != nil {
				t.Fatal(err)
			}
			<-time.After(each)
			mu.Lock()
			yielded++
			mu.Unlock()
		}
		// The first page is waited for; every other one came while the caller worked.
		if took, want := time.Since(begin), 10*each*(pages+1); took != want {
			t.Errorf("took %v, want %v", took, want)
		}
		if asked != pages || most != 2 {
			t.Errorf("%d requests, at most %d pages ahead of what was yielded, want %d and 2: the one in use and the next", asked, most, pages)
		}
	})
}

// The end of the context is an error, not the end of the list, and no
// goroutine is left by a caller that breaks off or panics.
func TestAllEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScripted()
		defer s.close(t)
		s.net.Handle("scim.example", &endpointPages{users: 100, most: 10})
		users := s.client(t, scim.BearerToken(scim.NewSecret(clientCanary))).Users()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		n := 0
		var failed error
		for _, err := range users.All(ctx, nil) {
			if n++; n == 15 {
				cancel()
			}
			failed = err
		}
		if !errors.Is(failed, context.Canceled) {
			t.Errorf("%d users and %v", n, failed)
		}
		func() {
			defer func() { _ = recover() }()
			for range users.All(t.Context(), nil) {
				panic("the caller's")
			}
		}()
	})
}

// cursorPages serves users by cursor (RFC 9865).
type cursorPages struct {
	users, most int
	noTotal     bool
	emptyEvery  int // each so many pages are empty
	forever     bool
	onlyCursors bool // does not know startIndex
	got         []string
}

func (p *cursorPages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if strings.HasSuffix(r.URL.Path, "/ServiceProviderConfig") {
		fmt.Fprintf(w, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],"patch":{"supported":true},"pagination":{"cursor":%t,"index":true}}`, !p.onlyCursors)
		return
	}
	p.got = append(p.got, r.URL.RawQuery)
	start, _ := strconv.Atoi(strings.TrimPrefix(q.Get("cursor"), "c"))
	end := min(start+p.most, p.users)
	list, next := endpointUsers(start+1, end), ""
	if p.emptyEvery > 0 && len(p.got)%p.emptyEvery == 0 {
		end, list = start, ""
	}
	if end < p.users {
		next = fmt.Sprintf(`,"nextCursor":"c%d"`, end)
	}
	if p.forever {
		next = `,"nextCursor":"` + q.Get("cursor") + `c"`
		list = ""
	}
	total := fmt.Sprintf(`"totalResults":%d,`, p.users)
	if p.noTotal {
		total = ""
	}
	fmt.Fprintf(w, `{%s"Resources":[%s]%s}`, total, list, next)
}

func TestAllByCursor(t *testing.T) {
	for _, row := range []struct {
		reason string
		pages  cursorPages
		o      *scim.ListOptions
		want   int
		got    string // the queries
		fails  string
	}{
		{"the first cursor is empty", cursorPages{users: 25, most: 10}, &scim.ListOptions{Count: 10}, 25, "count=10&cursor= count=10&cursor=c10 count=10&cursor=c20", ""},
		{"one page", cursorPages{users: 5, most: 10}, nil, 5, "cursor=", ""},
		{"nobody", cursorPages{most: 10}, nil, 0, "cursor=", ""},
		{"the total may be missing", cursorPages{users: 25, most: 10, noTotal: true}, nil, 25, "cursor= cursor=c10 cursor=c20", ""},
		{"a page may be empty", cursorPages{users: 20, most: 10, emptyEvery: 2}, nil, 20, "cursor= cursor=c10 cursor=c10", ""},
		{"an index is asked for", cursorPages{users: 5, most: 10}, &scim.ListOptions{StartIndex: 2}, 5, "startIndex=2", ""},
		{"it has nothing but cursors and does not say so", cursorPages{users: 25, most: 10, onlyCursors: true}, nil, 25, " cursor=c10 cursor=c20", ""},
		{"a list without end", cursorPages{users: 5, most: 10, forever: true}, nil, 0, "", "101 pages without a resource"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScripted()
			defer s.close(t)
			s.net.Handle("scim.example", &row.pages)
			n := 0
			var failed error
			for _, err := range s.clientAs(t, scim.BearerToken(scim.NewSecret(clientCanary)), scim.Profile{}).Users().All(t.Context(), row.o) {
				if failed = err; err == nil {
					n++
				}
			}
			if n != row.want || (failed != nil) != (row.fails != "") || failed != nil && !strings.Contains(failed.Error(), row.fails) {
				t.Errorf("%s: %d users, %v", row.reason, n, failed)
			}
			if got := strings.Join(row.pages.got, " "); row.fails == "" && got != row.got {
				t.Errorf("%s: %s, want %s", row.reason, got, row.got)
			}
		})
	}
}

func TestListByCursor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScripted(scriptedAnswer{status: 200, body: `{"Resources":[` + endpointUsers(1, 2) + `],"nextCursor":"n","previousCursor":"p"}`})
		defer s.close(t)
		users := s.client(t, scim.BearerToken(scim.NewSecret(clientCanary))).Users()
		page, err := users.List(t.Context(), &scim.ListOptions{Cursor: new("c d"), Count: 2})
		if err != nil || page.TotalResults != -1 || page.NextCursor != "n" || page.PreviousCursor != "p" || len(page.Resources) != 2 {
			t.Errorf("%+v, %v", page, err)
		}
		if s.got[0].Line != "GET /v2/Users?count=2&cursor=c%20d" {
			t.Error(s.got[0].Line)
		}
		if _, err := users.List(t.Context(), &scim.ListOptions{Cursor: new(""), StartIndex: 2}); !errors.Is(err, scim.ErrInvalidValue) || len(s.got) != 1 {
			t.Errorf("an index with a cursor: %v", err)
		}
	})
}

// A service provider whose totals are those of a page.
func TestPageTotals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScripted()
		defer s.close(t)
		pages := &endpointPages{users: 25, most: 10}
		pages.total = func(p int) int { return []int{10, 10, 5, 0}[p-1] }
		s.net.Handle("scim.example", pages)
		n := 0
		for _, err := range s.clientAs(t, scim.BearerToken(scim.NewSecret(clientCanary)), scim.Profile{PageTotals: true, Config: clientConfig}).Users().All(t.Context(), nil) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != 25 || pages.requests.Load() != 4 {
			t.Errorf("%d users with %d requests", n, pages.requests.Load())
		}
	})
}
