package scim_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zohoscim/zohoscim/internal/memhttp"
	"github.com/zohoscim/zohoscim/scim"
)

// answeredBy is a service provider that gives answers by method, one after
// the other; the last one of a method repeats.
type answeredBy struct {
	net     *memhttp.Network
	answers map[string][]scriptedAnswer
	asked   []string
}

func (s *answeredBy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	s.asked = append(s.asked, r.Method)
	list := s.answers[r.Method]
	if len(list) > 1 {
		s.answers[r.Method] = list[1:]
	}
	a := list[0]
	if a.lose {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Date", a.header["Date"])
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

// What is done about a create whose outcome is not known.
func TestCreateSettles(t *testing.T) {
	const now = "Fri, 01 Jan 2027 00:00:10 GMT" // by the service provider's clock
	user := func(id, external, created string) string {
		return fmt.Sprintf(`{"id":%q,"userName":"Bob","externalId":%q,"meta":{"created":%q}}`, id, external, created)
	}
	list := func(users ...string) scriptedAnswer {
		return scriptedAnswer{
			status: 200, header: map[string]string{"Date": now},
			body: fmt.Sprintf(`{"totalResults":%d,"Resources":[%s]}`, len(users), strings.Join(users, ",")),
		}
	}
	lost, taken := scriptedAnswer{lose: true}, scriptedAnswer{status: 409, body: `{"scimType":"uniqueness"}`}
	made := scriptedAnswer{status: 201, body: user("1", "", "2027-01-01T00:00:10Z")}
	for _, row := range []struct {
		reason, externalID string
		posts, gets        []scriptedAnswer
		want               error
		asked              string
	}{
		{"it was made by this call: the service provider's clock says so", "", []scriptedAnswer{lost}, []scriptedAnswer{list(user("1", "", "2027-01-01T00:00:09Z"))}, nil, "POST GET"},
		{"it has our externalId", "e1", []scriptedAnswer{lost}, []scriptedAnswer{list(user("1", "e1", "2020-01-01T00:00:00Z"))}, nil, "POST GET"},
		{"it has another's externalId", "e1", []scriptedAnswer{lost}, []scriptedAnswer{list(user("1", "e2", "2027-01-01T00:00:10Z"))}, scim.ErrTransport, "POST GET"},
		{"it was there before", "", []scriptedAnswer{lost}, []scriptedAnswer{list(user("1", "", "2026-12-31T00:00:00Z"))}, scim.ErrTransport, "POST GET"},
		{"nobody knows when it was made", "", []scriptedAnswer{lost}, []scriptedAnswer{list(user("1", "", ""))}, scim.ErrTransport, "POST GET"},
		{"it was not made: a second try", "", []scriptedAnswer{lost, made}, []scriptedAnswer{list()}, nil, "POST GET POST"},
		{"a 5xx is as open as a lost answer", "", []scriptedAnswer{{status: 502}, made}, []scriptedAnswer{list()}, nil, "POST GET POST"},
		{"a 501 is not", "", []scriptedAnswer{{status: 501}}, []scriptedAnswer{list()}, &scim.Error{Kind: scim.KindMethodNotAllowed}, "POST"},
		{"the second try meets the first, which was late", "", []scriptedAnswer{lost, taken}, []scriptedAnswer{list(), list(user("1", "", "2027-01-01T00:00:10Z"))}, nil, "POST GET POST GET"},
		{"the second try meets another's", "", []scriptedAnswer{lost, taken}, []scriptedAnswer{list(), list(user("1", "", "2020-01-01T00:00:00Z"))}, scim.ErrUniqueness, "POST GET POST GET"},
		{"a first try that is refused is not open", "", []scriptedAnswer{taken}, []scriptedAnswer{list()}, scim.ErrUniqueness, "POST"},
		{"two of them", "", []scriptedAnswer{lost}, []scriptedAnswer{list(user("1", "", now), user("2", "", now))}, scim.ErrTransport, "POST GET"},
		{"filters are ignored: another user is not ours", "", []scriptedAnswer{lost}, []scriptedAnswer{list(`{"id":"1","userName":"eve","meta":{"created":"2027-01-01T00:00:10Z"}}`)}, scim.ErrTransport, "POST GET"},
		{"it cannot be looked up", "", []scriptedAnswer{lost}, []scriptedAnswer{{status: 400}}, scim.ErrTransport, "POST GET"},
		{"it is never there", "", []scriptedAnswer{lost}, []scriptedAnswer{list()}, scim.ErrTransport, "POST GET POST GET POST GET POST GET"},
		{"it was made, and the answer cannot be used", "", []scriptedAnswer{{status: 201, body: "<html>"}}, []scriptedAnswer{list()}, scim.ErrTransport, "POST"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &answeredBy{net: memhttp.New(), answers: map[string][]scriptedAnswer{"POST": row.posts, "GET": row.gets}}
			defer s.net.Close()
			s.net.Handle("scim.example", s)
			c, err := scim.NewClient("https://scim.example", scim.BearerToken(scim.NewSecret(clientCanary)), &scim.ClientOptions{HTTPClient: s.net.Client()})
			if err != nil {
				t.Fatal(err)
			}
			u, err := c.Users().Create(t.Context(), &scim.User{UserName: "bob", ExternalID: row.externalID})
			if !errors.Is(err, row.want) || (u != nil) != (row.want == nil) || err != nil && scim.SafeToRetry(err) {
				t.Errorf("%s: %v, %v", row.reason, u != nil, err)
			}
			if got := strings.Join(s.asked, " "); got != row.asked {
				t.Errorf("%s: %s, want %s", row.reason, got, row.asked)
			}
		})
	}
}

// What has nothing to be found by is not sent twice.
func TestCreateWithoutKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScripted(scriptedAnswer{lose: true})
		defer s.close(t)
		begin := time.Now()
		_, err := s.client(t, scim.BearerToken(scim.NewSecret(clientCanary))).Groups().Create(t.Context(), &scim.Group{})
		if !errors.Is(err, scim.ErrTransport) || scim.SafeToRetry(err) || len(s.got) != 1 || time.Since(begin) != 0 {
			t.Errorf("%v after %d requests", err, len(s.got))
		}
	})
}
