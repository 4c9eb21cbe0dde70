package scim_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/zohoscim/zohoscim/internal/memhttp"
	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/filter"
)

// deviant is our service provider at https://scim.example/v2 with something
// before it that changes how it answers. It writes down what it was asked.
type deviant struct {
	net    *memhttp.Network
	client *scim.Client

	mu  sync.Mutex
	got []string // method, path, and the body of a write
}

func newDeviant(t *testing.T, p scim.Profile, before func(next http.Handler) http.Handler) *deviant {
	t.Helper()
	secret := scim.NewSecret("example-token-0123456789")
	token, err := scim.NewStaticToken(secret, scim.Subject{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	auth, err := scim.NewStaticTokens(token)
	if err != nil {
		t.Fatal(err)
	}
	server, err := scim.NewServer(scim.NewMemoryStore(), auth, &scim.ServerOptions{BaseURL: "/v2"})
	if err != nil {
		t.Fatal(err)
	}
	d := &deviant{net: memhttp.New()}
	t.Cleanup(func() {
		if err := d.net.Close(); err != nil {
			t.Error(err)
		}
	})
	handler := http.Handler(server)
	if before != nil {
		handler = before(server)
	}
	d.net.Handle("scim.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		d.mu.Lock()
		d.got = append(d.got, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+string(body)))
		d.mu.Unlock()
		handler.ServeHTTP(w, r)
	}))
	d.client, err = scim.NewClient("https://scim.example/v2", scim.BearerToken(secret), &scim.ClientOptions{HTTPClient: d.net.Client(), Profile: p})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// asked returns what was asked since the last call.
func (d *deviant) asked() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.got
	d.got = nil
	return out
}

func (d *deviant) user(t *testing.T, u *scim.User) *scim.User {
	t.Helper()
	out, err := d.client.Users().Create(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// withoutPatch refuses PATCH and says so in /ServiceProviderConfig.
func withoutPatch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPatch:
			w.WriteHeader(http.StatusNotImplemented)
		case strings.HasSuffix(r.URL.Path, "/ServiceProviderConfig"):
			_, _ = io.WriteString(w, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],"patch":{"supported":false},"etag":{"supported":true}}`)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// A service provider without PATCH gets the whole resource, with the version
// that was read, and nothing that the patch does not name is lost.
func TestPatchByPut(t *testing.T) {
	interfere := false
	d := newDeviant(t, scim.Profile{}, func(next http.Handler) http.Handler {
		next = withoutPatch(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if interfere && r.Method == http.MethodPut { // somebody else was faster
				interfere = false
				w.WriteHeader(http.StatusPreconditionFailed)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	ctx, users := t.Context(), d.client.Users()
	u := d.user(t, &scim.User{UserName: "bob", Title: "Lead", Emails: []scim.MultiValue{{Value: "b@example.com", Type: "work"}}})
	d.asked()

	patch := new(scim.Patch).Replace("active", scim.Bool(false)).Remove("title")
	got, err := users.Patch(ctx, u.ID, patch, nil)
	if err != nil || got == nil || *got.Active || got.Title != "" || len(got.Emails) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	path := "/v2/Users/" + u.ID
	want := []string{
		"GET /v2/ServiceProviderConfig", "GET " + path,
		"PUT " + path + ` {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"` + u.ID + `","userName":"bob","active":false,"emails":[{"value":"b@example.com","type":"work"}]}`,
	}
	if diff := cmp.Diff(want, d.asked()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if _, err = users.Patch(ctx, u.ID, patch, nil); err != nil || len(d.asked()) != 1 {
		t.Errorf("nothing to change, so nothing is sent: %v", err)
	}

	interfere = true
	if _, err = users.Patch(ctx, u.ID, new(scim.Patch).Add("title", scim.String("Chief")), nil); err != nil || len(d.asked()) != 4 {
		t.Errorf("a change in between: the patch is applied to the newer resource: %v", err)
	}
	interfere = true
	if _, err = users.Patch(ctx, u.ID, patch, &scim.WriteOptions{IfMatch: got.Meta.Version}); !errors.Is(err, scim.ErrPreconditionFailed) {
		t.Errorf("the caller's version is not replaced by a newer one: %v", err)
	}
	if _, err = users.Patch(ctx, u.ID, new(scim.Patch).Remove("userName"), nil); err == nil || !scim.SafeToRetry(err) || scim.IsRemote(err) {
		t.Errorf("a patch that cannot be applied is not sent: %v", err)
	}
	if _, err = users.Patch(ctx, "gone", patch, nil); !errors.Is(err, scim.ErrNotFound) {
		t.Errorf("no such user: %v", err)
	}
}

func TestPatchForms(t *testing.T) {
	for _, row := range []struct {
		reason  string
		profile scim.Profile
		patch   func(member string) *scim.Patch
		want    []string // without the path; MEMBER and OTHER stand for ids
	}{
		{
			"as it is", scim.Profile{Patch: scim.PatchRFC},
			func(m string) *scim.Patch {
				return new(scim.Patch).AddMembers(m).Replace("displayName", scim.String("x"))
			},
			[]string{`PATCH [{"op":"add","path":"members","value":[{"value":"MEMBER"}]},{"op":"replace","path":"displayName","value":"x"}]`},
		},
		{
			"as Entra does", scim.Profile{Patch: scim.PatchEntra},
			func(m string) *scim.Patch { return new(scim.Patch).RemoveMembers(m) },
			[]string{`PATCH [{"op":"Remove","path":"members","value":[{"value":"MEMBER"}]}]`},
		},
		{
			"members as a whole: what is not about members goes as it is", scim.Profile{Patch: scim.PatchRFC, WholeMembers: true},
			func(m string) *scim.Patch { return new(scim.Patch).Replace("displayName", scim.String("x")) },
			[]string{`PATCH [{"op":"replace","path":"displayName","value":"x"}]`},
		},
		{
			"members as a whole: one is added to those that are there", scim.Profile{Patch: scim.PatchRFC, WholeMembers: true},
			func(m string) *scim.Patch {
				return new(scim.Patch).Replace("displayName", scim.String("x")).AddMembers(m)
			},
			[]string{"GET", `PATCH [{"op":"replace","path":"displayName","value":"x"},{"op":"replace","path":"members","value":[{"value":"OTHER"},{"value":"MEMBER"}]}]`},
		},
		{
			"members as a whole: the last one goes", scim.Profile{Patch: scim.PatchRFC, WholeMembers: true},
			func(m string) *scim.Patch {
				return &scim.Patch{Operations: []scim.Operation{{Op: scim.OpReplace, Value: []byte(`{"members":[],"displayName":"x"}`)}}}
			},
			[]string{"GET", `PATCH [{"op":"replace","value":{"displayName":"x"}},{"op":"replace","path":"members","value":[]}]`},
		},
	} {
		d := newDeviant(t, row.profile, nil)
		ctx := t.Context()
		other, member := d.user(t, &scim.User{UserName: "other"}), d.user(t, &scim.User{UserName: "member"})
		g, err := d.client.Groups().Create(ctx, &scim.Group{DisplayName: "g", Members: []scim.Reference{{Value: other.ID}}})
		if err != nil {
			t.Fatal(err)
		}
		d.asked()
		if _, err := d.client.Groups().Patch(ctx, g.ID, row.patch(member.ID), nil); err != nil {
			t.Errorf("%s: %v", row.reason, err)
		}
		clean := strings.NewReplacer(" /v2/Groups/"+g.ID, "", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":`, "",
			`,"$ref":"http://scim.example/v2/Users/`+other.ID+`"`, "", `,"type":"User"`, "", member.ID, "MEMBER", other.ID, "OTHER")
		var got []string
		for _, request := range d.asked() {
			got = append(got, clean.Replace(strings.TrimSuffix(request, "}")))
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.reason, diff)
		}
	}
}

// Without filters everything is read and selected on this side, so that a
// create whose answer was lost can be found too.
func TestNoFilter(t *testing.T) {
	d := newDeviant(t, scim.Profile{NoFilter: true, Config: clientConfig}, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.RawQuery, "filter") {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	ctx, users := t.Context(), d.client.Users()
	for i := range 30 {
		d.user(t, &scim.User{UserName: fmt.Sprintf("user%02d", i), Title: []string{"even", "odd"}[i%2]})
	}
	even := filter.Where("title", filter.Eq, "even").String()
	var got []string
	for u, err := range users.All(ctx, &scim.ListOptions{Filter: even, Count: 7, Attributes: []string{"userName"}}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, u.UserName)
	}
	if len(got) != 15 || !slices.IsSorted(got) {
		t.Errorf("%d of 15 users: %v", len(got), got)
	}
	page, err := users.List(ctx, &scim.ListOptions{Filter: even, StartIndex: 3, Count: 2})
	if err != nil || page.TotalResults != 15 || page.StartIndex != 3 || len(page.Resources) != 2 || page.Resources[0].UserName != "user04" {
		t.Errorf("page %+v, %v", page, err)
	}
	if u, err := users.Find(ctx, scim.FilterEq("userName", "USER07")); err != nil || u.UserName != "user07" {
		t.Errorf("found %v, %v", u, err)
	}
	if _, err := users.Find(ctx, scim.FilterEq("userName", "nobody")); !errors.Is(err, scim.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
	if _, err := users.List(ctx, &scim.ListOptions{Filter: "colour eq 1"}); !errors.Is(err, scim.ErrInvalidFilter) || !scim.SafeToRetry(err) {
		t.Errorf("a filter that this side cannot evaluate: %v", err)
	}
}

// The root is found once, with the credential going to no other host, and a
// refused credential is told from a page that is not there.
func TestRoots(t *testing.T) {
	below := func(root string) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				path, ok := strings.CutPrefix(r.URL.Path, "/v2"+root+"/")
				if !ok {
					_, _ = io.WriteString(w, "<html>Sign in</html>")
					return
				}
				r.URL.Path = "/v2/" + path
				next.ServeHTTP(w, r)
			})
		}
	}
	silent := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/ServiceProviderConfig") {
				http.NotFound(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	refusing := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/v2/scim/") {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			http.NotFound(w, r)
		})
	}
	for _, row := range []struct {
		reason string
		before func(http.Handler) http.Handler
		want   error
		asked  int
	}{
		{"the base URL is the root", below(""), nil, 2},
		{"the root is below", below("/scim"), nil, 3},
		{"without discovery the users are asked for", func(h http.Handler) http.Handler { return silent(below("/scim")(h)) }, nil, 5},
		{"it refuses the credential", refusing, scim.ErrUnauthorized, 4},
		{"nothing there", func(http.Handler) http.Handler { return http.HandlerFunc(http.NotFound) }, scim.ErrNotFound, 4},
	} {
		p := scim.ProfileZohoOne()
		p.RequestsPerSecond = 0 // the test is not in a bubble
		d := newDeviant(t, p, row.before)
		if _, err := d.client.Users().List(t.Context(), nil); !errors.Is(err, row.want) || err != nil && !scim.SafeToRetry(err) {
			t.Errorf("%s: %v", row.reason, err)
		}
		if got := d.asked(); len(got) != row.asked {
			t.Errorf("%s: %d requests, want %d: %v", row.reason, len(got), row.asked, got)
		}
		if row.want == nil {
			if _, err := d.client.Users().Create(t.Context(), &scim.User{UserName: "bob"}); err != nil || len(d.asked()) != 1 {
				t.Errorf("%s: the root is known then: %v", row.reason, err)
			}
		}
	}
}

func TestProfileRefused(t *testing.T) {
	for _, row := range []struct {
		reason string
		p      scim.Profile
		path   string
	}{
		{"another host", scim.Profile{Roots: []string{".evil.example"}}, "Profile.Roots"},
		{"user information", scim.Profile{Roots: []string{"@evil.example/"}}, "Profile.Roots"},
		{"out of the base URL", scim.Profile{Roots: []string{"/../admin"}}, "Profile.Roots"},
		{"a query", scim.Profile{Roots: []string{"/scim?x"}}, "Profile.Roots"},
		{"a form that does not exist", scim.Profile{Patch: 9}, "Profile.Patch"},
		{"a negative rate", scim.Profile{RequestsPerSecond: -1}, "Profile.RequestsPerSecond"},
		{"a header that ends early", scim.Profile{MediaType: "a\r\nb"}, "Profile.MediaType"},
	} {
		_, err := scim.NewClient("https://scim.example", scim.BearerToken(scim.NewSecret("x")), &scim.ClientOptions{Profile: row.p})
		var e *scim.Error
		if !errors.As(err, &e) || e.Kind != scim.KindInvalidOption || e.Path != row.path {
			t.Errorf("%s: %v", row.reason, err)
		}
	}
}
