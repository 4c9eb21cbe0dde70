package interop

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/filter"
)

const (
	providerToken = "a-token-of-the-providers-0123456789"
	providerUsers = 2500
)

// provider is a service provider that the client is tried on.
type provider struct {
	name, url, token string
	dialect
}

// dialect is what is known of a service provider.
type dialect struct {
	profile scim.Profile
	differs map[string]difference // by step
}

// difference is another outcome than ours.
type difference struct{ outcome, why string }

// provided are the service providers that are programs of their own:
// ZOHOSCIM_TEST_PROVIDERS is "name=URL name=URL", with the token in SCIM_TOKEN.
func provided(t *testing.T) (out []provider) {
	t.Helper()
	for field := range strings.FieldsSeq(os.Getenv("ZOHOSCIM_TEST_PROVIDERS")) {
		name, url, ok := strings.Cut(field, "=")
		if !ok {
			t.Fatalf("ZOHOSCIM_TEST_PROVIDERS: %q is not name=URL", field)
		}
		out = append(out, provider{name, url, os.Getenv("SCIM_TOKEN"), known[name]})
	}
	return out
}

func serve(t *testing.T, name, path string, h http.Handler) provider {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return provider{name, server.URL + path, providerToken, known[name]}
}

// TestProviders takes the client through the life of users and groups at every
// service provider and prints what came of it. Ours decides what is expected;
// what differs is in the table of known differences, with its reason.
func TestProviders(t *testing.T) {
	providers := append(serveOurs(t), append([]provider{serveElimity(t)}, provided(t)...)...)

	columns := make([]map[string]string, len(providers))
	for i, p := range providers {
		columns[i] = walk(t, p)
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "step")
	for _, p := range providers {
		fmt.Fprint(w, "\t", p.name)
	}
	fmt.Fprintln(w)
	for _, s := range steps {
		fmt.Fprint(w, s.name)
		for i, p := range providers {
			got, want := columns[i][s.name], s.want
			if d, ok := p.differs[s.name]; ok {
				want = d.outcome
			}
			if got != want {
				t.Errorf("%s, %s: got %q, want %q", p.name, s.name, got, want)
			}
			fmt.Fprint(w, "\t", got)
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush()
	t.Logf("\n%s", b.String())
	for _, p := range providers {
		for _, s := range steps {
			if d, ok := p.differs[s.name]; ok {
				t.Logf("%s, %s: %s", p.name, s.name, d.why)
			}
		}
	}
}

// walk returns the outcome of each step.
func walk(t *testing.T, p provider) map[string]string {
	t.Helper()
	c, err := scim.NewClient(p.url, scim.BearerToken(scim.NewSecret(p.token)), &scim.ClientOptions{Profile: p.profile})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	v := &visit{Client: c}
	out := map[string]string{}
	for _, s := range steps {
		out[s.name] = s.do(ctx, v)
		if err := ctx.Err(); err != nil {
			t.Fatalf("%s, %s: %v", p.name, s.name, err)
		}
	}
	return out
}

// visit is what the steps leave to each other.
type visit struct {
	*scim.Client
	bob, eve *scim.User
	group    *scim.Group
}

// outcome is "ok", or what is wrong.
func outcome(err error, problems ...string) string {
	var e *scim.Error
	switch {
	case errors.As(err, &e):
		return fmt.Sprintf("%d %s", e.Status, e.Kind)
	case err != nil:
		return err.Error()
	}
	problems = slices.DeleteFunc(problems, func(s string) bool { return s == "" })
	if len(problems) > 0 {
		return strings.Join(problems, ", ")
	}
	return "ok"
}

func unless(ok bool, problem string) string {
	if ok {
		return ""
	}
	return problem
}

var steps = []struct {
	name, want string
	do         func(ctx context.Context, v *visit) string
}{
	{"discovery", "ok", func(ctx context.Context, v *visit) string {
		_, err := v.ServiceProviderConfig(ctx)
		return outcome(err)
	}},
	{"create", "ok", func(ctx context.Context, v *visit) (out string) {
		u := &scim.User{
			UserName: "bob@example.com", ExternalID: "e1", DisplayName: "Bob", Active: new(true), Name: scim.Name{GivenName: "Bob", FamilyName: "本社"},
			Emails: []scim.MultiValue{{Value: "bob@example.com", Type: "work", Primary: new(true)}},
		}
		var err error
		if v.bob, err = v.Users().Create(ctx, u); err != nil {
			return outcome(err)
		}
		v.eve, err = v.Users().Create(ctx, &scim.User{UserName: "eve@example.com", Active: new(true)})
		return outcome(err, unless(v.bob.ID != "" && v.bob.Name == u.Name && len(v.bob.Emails) == 1, "not as sent"))
	}},
	{"read", "ok", func(ctx context.Context, v *visit) string {
		u, err := v.Users().Get(ctx, v.bob.ID, nil)
		return outcome(err, unless(err != nil || u.UserName == v.bob.UserName && u.ExternalID == "e1", "not as created"))
	}},
	{"read a part", "ok", func(ctx context.Context, v *visit) string {
		u, err := v.Users().Get(ctx, v.bob.ID, &scim.GetOptions{Attributes: []string{"userName"}})
		return outcome(err, unless(err != nil || u.UserName == v.bob.UserName, "no userName"), unless(err != nil || u.DisplayName == "", "everything"))
	}},
	{"read if changed", "304 the resource has not changed", func(ctx context.Context, v *visit) string {
		if v.bob.Meta.Version == "" {
			return "no version"
		}
		_, err := v.Users().Get(ctx, v.bob.ID, &scim.GetOptions{IfNoneMatch: v.bob.Meta.Version})
		return outcome(err)
	}},
	{"duplicate", "409 uniqueness", func(ctx context.Context, v *visit) string {
		_, err := v.Users().Create(ctx, &scim.User{UserName: "BOB@example.com"})
		return outcome(err)
	}},
	{"not found", "404 not found", func(ctx context.Context, v *visit) string {
		_, err := v.Users().Get(ctx, "0b9a2e1c-0000-4000-8000-000000000000", nil)
		return outcome(err)
	}},
	{"find by userName", "ok", func(ctx context.Context, v *visit) string {
		u, err := v.Users().Find(ctx, scim.FilterEq("userName", "bob@example.com"))
		return outcome(err, unless(err != nil || u.ID == v.bob.ID, "another user"))
	}},
	{"find by externalId", "ok", func(ctx context.Context, v *visit) string {
		u, err := v.Users().Find(ctx, scim.FilterEq("externalId", "e1"))
		return outcome(err, unless(err != nil || u.ID == v.bob.ID, "another user"))
	}},
	{"find nobody", "ok", func(ctx context.Context, v *visit) string {
		_, err := v.Users().Find(ctx, scim.FilterEq("userName", "nobody"))
		if errors.Is(err, scim.ErrNotFound) {
			return "ok"
		}
		return outcome(err, "found")
	}},
	{"filter", "ok", func(ctx context.Context, v *visit) string {
		f := filter.Where("userName", filter.Sw, "bob").And(filter.Where("active", filter.Eq, true))
		page, err := v.Users().List(ctx, &scim.ListOptions{Filter: f.String()})
		return outcome(err, unless(err != nil || page.TotalResults == 1, "not one user"))
	}},
	{"filter by element", "ok", func(ctx context.Context, v *visit) string {
		f := filter.Where("type", filter.Eq, "work").And(filter.Where("value", filter.Eq, "bob@example.com")).In("emails")
		page, err := v.Users().List(ctx, &scim.ListOptions{Filter: f.String()})
		return outcome(err, unless(err != nil || page.TotalResults == 1, "not one user"))
	}},
	{"search by POST", "ok", func(ctx context.Context, v *visit) string {
		page, err := v.Users().Search(ctx, &scim.ListOptions{Filter: scim.FilterEq("userName", "bob@example.com")})
		return outcome(err, unless(err != nil || page.TotalResults == 1, "not one user"))
	}},
	{"PATCH", "ok", func(ctx context.Context, v *visit) string {
		p := new(scim.Patch).Replace("active", scim.Bool(false)).Add("title", scim.String("Lead")).
			Replace(filter.Where("type", filter.Eq, "work").In("emails").String()+".value", scim.String("bob2@example.com"))
		if _, err := v.Users().Patch(ctx, v.bob.ID, p, nil); err != nil {
			return outcome(err)
		}
		u, err := v.Users().Get(ctx, v.bob.ID, nil)
		if err != nil {
			return outcome(err)
		}
		v.bob = u
		return outcome(nil, unless(u.Active != nil && !*u.Active, "still active"), unless(u.Title == "Lead", "no title"),
			unless(len(u.Emails) == 1 && u.Emails[0].Value == "bob2@example.com", "another e-mail"))
	}},
	{"PUT", "ok", func(ctx context.Context, v *visit) string {
		v.bob.Title, v.bob.DisplayName, v.bob.Active = "", "Robert", new(true)
		if _, err := v.Users().Replace(ctx, v.bob.ID, v.bob, &scim.WriteOptions{IfMatch: v.bob.Meta.Version}); err != nil {
			return outcome(err)
		}
		u, err := v.Users().Get(ctx, v.bob.ID, nil)
		return outcome(err, unless(err != nil || u.DisplayName == "Robert" && u.Title == "", "not as sent"))
	}},
	{"PUT of an old version", "412 the resource has another version", func(ctx context.Context, v *visit) string {
		if v.bob.Meta.Version == "" {
			return "no version"
		}
		_, err := v.Users().Replace(ctx, v.bob.ID, v.bob, &scim.WriteOptions{IfMatch: v.bob.Meta.Version})
		return outcome(err)
	}},
	{"group", "ok", func(ctx context.Context, v *visit) (out string) {
		var err error
		v.group, err = v.Groups().Create(ctx, &scim.Group{DisplayName: "All", Members: []scim.Reference{{Value: v.bob.ID}}})
		return outcome(err, unless(err != nil || len(v.group.Members) == 1, "no member"))
	}},
	{"add a member", "ok", func(ctx context.Context, v *visit) string {
		return members(ctx, v, new(scim.Patch).AddMembers(v.eve.ID), v.bob.ID, v.eve.ID)
	}},
	{"remove a member", "ok", func(ctx context.Context, v *visit) string {
		return members(ctx, v, new(scim.Patch).RemoveMembers(v.bob.ID), v.eve.ID)
	}},
	{"bulk", "ok", bulk},
	{"create 2,500", "ok", fill},
	{"list all", "2500", func(ctx context.Context, v *visit) string {
		names := map[string]bool{}
		for u, err := range v.Users().All(ctx, &scim.ListOptions{Count: 500, Attributes: []string{"userName"}}) {
			if err != nil {
				return outcome(err)
			}
			names[u.UserName] = true
		}
		return fmt.Sprint(len(names))
	}},
	{"delete", "ok", func(ctx context.Context, v *visit) string {
		return outcome(v.Users().Delete(ctx, v.bob.ID, nil))
	}},
	{"delete again", "404 not found", func(ctx context.Context, v *visit) string {
		return outcome(v.Users().Delete(ctx, v.bob.ID, nil))
	}},
}

// members patches the group and compares its members.
func members(ctx context.Context, v *visit, p *scim.Patch, want ...string) string {
	if _, err := v.Groups().Patch(ctx, v.group.ID, p, nil); err != nil {
		return outcome(err)
	}
	g, err := v.Groups().Get(ctx, v.group.ID, nil)
	if err != nil {
		return outcome(err)
	}
	var got []string
	for _, m := range g.Members {
		got = append(got, m.Value)
	}
	slices.Sort(got)
	slices.Sort(want)
	return outcome(nil, unless(slices.Equal(got, want), fmt.Sprintf("%d members", len(got))))
}

// bulk makes a user and a group that has it in one job.
func bulk(ctx context.Context, v *visit) string {
	results, err := v.Bulk(ctx, []scim.BulkOperation{
		v.Groups().BulkCreate("g", &scim.Group{DisplayName: "Bulk", Members: []scim.Reference{{Value: scim.BulkRef("u")}}}),
		v.Users().BulkCreate("u", &scim.User{UserName: "bulk@example.com"}),
		v.Users().BulkPatch(scim.BulkRef("u"), new(scim.Patch).Replace("title", scim.String("Lead")), nil),
	}, nil)
	if err != nil {
		return outcome(err)
	}
	for _, r := range results {
		if r.Err != nil {
			return outcome(r.Err)
		}
	}
	g, err := v.Groups().Get(ctx, results[0].ID, nil)
	if err != nil {
		return outcome(err)
	}
	u, err := v.Users().Get(ctx, results[1].ID, nil)
	return outcome(err, unless(len(g.Members) == 1 && g.Members[0].Value == results[1].ID, "no member"), unless(err != nil || u.Title == "Lead", "no title"))
}

// fill makes as many users as are to be listed.
func fill(ctx context.Context, v *visit) string {
	there := 0
	for _, err := range v.Users().All(ctx, nil) {
		if err != nil {
			return outcome(err)
		}
		there++
	}
	failed := make(chan error, 8)
	for worker := range 8 {
		go func() {
			var err error
			for i := worker; i < providerUsers-there && err == nil; i += 8 {
				_, err = v.Users().Create(ctx, &scim.User{UserName: fmt.Sprintf("user%04d@example.com", i)})
			}
			failed <- err
		}()
	}
	var out []error
	for range 8 {
		out = append(out, <-failed)
	}
	return outcome(errors.Join(out...))
}
