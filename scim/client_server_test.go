package scim_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/filter"
	"go.uber.org/goleak"
)

// newClientServer starts a service provider over loopback HTTP and returns a
// client for it.
func newClientServer() (c *scim.Client, stop func(), err error) {
	secret := scim.NewSecret("example-token-0123456789")
	token, err := scim.NewStaticToken(secret, scim.Subject{}, time.Time{})
	if err != nil {
		return nil, nil, err
	}
	auth, err := scim.NewStaticTokens(token)
	if err != nil {
		return nil, nil, err
	}
	server, err := scim.NewServer(scim.NewMemoryStore(), auth, &scim.ServerOptions{BaseURL: "/scim/v2"})
	if err != nil {
		return nil, nil, err
	}
	hs := httptest.NewServer(server)
	if c, err = scim.NewClient(hs.URL+"/scim/v2", scim.BearerToken(secret), nil); err != nil {
		hs.Close()
		return nil, nil, err
	}
	return c, func() { c.CloseIdleConnections(); hs.Close() }, nil
}

func TestClientServer(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	c, stop, err := newClientServer()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	config, err := c.ServiceProviderConfig(ctx)
	must(err)
	if !config.Patch.Supported || !config.Filter.Supported || len(config.AuthenticationSchemes) == 0 {
		t.Errorf("config %+v", config)
	}

	users, groups := c.Users(), c.Groups()
	bob, err := users.Create(ctx, &scim.User{
		UserName: "bob@example.com", ExternalID: "e1", Emails: []scim.MultiValue{{Value: "bob@example.com", Type: "work", Primary: new(true)}},
		Addresses: []scim.Address{{Formatted: "本社", Type: "work"}}, Enterprise: &scim.EnterpriseUser{Department: "R&D"},
	})
	must(err)
	if bob.ID == "" || bob.Meta.Version == "" || bob.Active == nil || !*bob.Active || bob.Enterprise == nil {
		t.Errorf("created %+v", bob)
	}
	_, err = users.Create(ctx, &scim.User{UserName: "BOB@example.com"})
	if !errors.Is(err, scim.ErrUniqueness) || !scim.IsRemote(err) || scim.SafeToRetry(err) {
		t.Errorf("a second bob: %v", err)
	}
	found, err := users.Find(ctx, scim.FilterEq("externalId", "e1"))
	must(err)
	again, err := users.Get(ctx, bob.ID, nil)
	must(err)
	if diff := cmp.Diff(again, found, userCompare...); diff != "" {
		t.Errorf("found and got differ:\n%s", diff)
	}
	if _, err = users.Find(ctx, scim.FilterEq("userName", "nobody")); !errors.Is(err, scim.ErrNotFound) || scim.IsRemote(err) {
		t.Errorf("nobody: %v", err)
	}

	again.Title = "Chief"
	replaced, err := users.Replace(ctx, bob.ID, again, &scim.WriteOptions{IfMatch: again.Meta.Version})
	must(err)
	if replaced.Title != "Chief" || replaced.Meta.Version == again.Meta.Version {
		t.Errorf("replaced: title %q, version %s after %s", replaced.Title, replaced.Meta.Version, again.Meta.Version)
	}
	patch := &scim.Patch{Operations: []scim.Operation{{Op: scim.OpReplace, Path: "active", Value: []byte("false")}}}
	if _, err = users.Patch(ctx, bob.ID, patch, &scim.WriteOptions{IfMatch: again.Meta.Version}); !errors.Is(err, scim.ErrPreconditionFailed) {
		t.Errorf("an old version: %v", err)
	}
	patched, err := users.Patch(ctx, bob.ID, patch, nil)
	must(err)
	if patched == nil || patched.Active == nil || *patched.Active {
		t.Errorf("patched %+v", patched)
	}

	group, err := groups.Create(ctx, &scim.Group{DisplayName: "All", Members: []scim.Reference{{Value: bob.ID, Type: "User"}}})
	must(err)
	if len(group.Members) != 1 || group.Members[0].Value != bob.ID {
		t.Errorf("group %+v", group)
	}
	if none, err := groups.Patch(ctx, group.ID, &scim.Patch{Operations: []scim.Operation{{Op: scim.OpRemove, Path: "members"}}}, nil); err != nil || none != nil {
		t.Errorf("patched group %v, %v", none, err)
	}
	trimmed, err := groups.Get(ctx, group.ID, &scim.GetOptions{Attributes: []string{"displayName"}})
	must(err)
	if trimmed.DisplayName != "All" || trimmed.Members != nil {
		t.Errorf("trimmed %+v", trimmed)
	}
	clientServerPages(ctx, t, users)

	must(users.Delete(ctx, bob.ID, nil))
	if err := users.Delete(ctx, bob.ID, nil); !errors.Is(err, scim.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
	if _, err := users.Get(ctx, bob.ID, nil); !errors.Is(err, scim.ErrNotFound) || !scim.IsRemote(err) {
		t.Errorf("got after delete: %v", err)
	}
}

func clientServerPages(ctx context.Context, t *testing.T, users *scim.Endpoint[*scim.User]) {
	t.Helper()
	for i := range 24 {
		if _, err := users.Create(ctx, &scim.User{UserName: fmt.Sprintf("user%02d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	for u, err := range users.All(ctx, &scim.ListOptions{Count: 7, Attributes: []string{"userName"}}) {
		if err != nil {
			t.Fatal(err)
		}
		seen[u.UserName] = true
	}
	if len(seen) != 25 {
		t.Errorf("%d of 25 users", len(seen))
	}
	page, err := users.List(ctx, &scim.ListOptions{Filter: `userName sw "user0"`, StartIndex: 3, Count: 2})
	if err != nil || page.TotalResults != 10 || page.StartIndex != 3 || len(page.Resources) != 2 {
		t.Errorf("page %+v, %v", page, err)
	}
	total, err := users.List(ctx, &scim.ListOptions{Count: -1})
	if err != nil || total.TotalResults != 25 || len(total.Resources) != 0 {
		t.Errorf("total %+v, %v", total, err)
	}
}

// A client makes a user. The second attempt meets the first.
func ExampleEndpoint_Create() {
	c, stop, err := newClientServer() // scim.NewClient("https://…/scim/v2", scim.BearerToken(token), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer stop()
	ctx := context.Background()

	u := &scim.User{
		UserName:  "bjensen@example.com",
		Name:      scim.Name{GivenName: "Barbara", FamilyName: "Jensen"},
		Addresses: []scim.Address{{Type: "work", Formatted: "本社"}},
	}
	created, err := c.Users().Create(ctx, u)
	fmt.Println(created.UserName, created.Addresses[0].Formatted, *created.Active, err)

	_, err = c.Users().Create(ctx, u)
	fmt.Println(errors.Is(err, scim.ErrUniqueness))
	// Output:
	// bjensen@example.com 本社 true <nil>
	// true
}

// All takes the pages that the service provider gives.
func ExampleEndpoint_All() {
	c, stop, err := newClientServer()
	if err != nil {
		log.Fatal(err)
	}
	defer stop()
	ctx := context.Background()
	for _, name := range []string{"anna", "bjensen", "carol"} {
		if _, err := c.Users().Create(ctx, &scim.User{UserName: name}); err != nil {
			log.Fatal(err)
		}
	}

	for u, err := range c.Users().All(ctx, &scim.ListOptions{Filter: `userName ne "carol"`, Count: 1}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(u.UserName)
	}
	// Output:
	// anna
	// bjensen
}

// A patch changes what it names and nothing else.
func ExampleEndpoint_Patch() {
	c, stop, err := newClientServer()
	if err != nil {
		log.Fatal(err)
	}
	defer stop()
	ctx := context.Background()
	u, err := c.Users().Create(ctx, &scim.User{UserName: "bjensen", Title: "Engineer"})
	if err != nil {
		log.Fatal(err)
	}

	work := filter.Where("type", filter.Eq, "work").In("emails").String()
	patch := new(scim.Patch).Replace("active", scim.Bool(false)).Add(work+".value", scim.String("bjensen@example.com"))
	u, err = c.Users().Patch(ctx, u.ID, patch, &scim.WriteOptions{IfMatch: u.Meta.Version})
	fmt.Println(u.Title, *u.Active, u.Emails[0].Value, err)
	// Output: Engineer false bjensen@example.com <nil>
}

// A user is read, changed and written back with everything it had.
func ExampleUser_Resource() {
	r, err := scim.DecodeResource(scim.UserType(), []byte(`{"userName":"bjensen","title":"Engineer","urn:example:badge":{"color":"red"}}`))
	if err != nil {
		log.Fatal(err)
	}
	u, err := scim.UserFrom(r)
	if err != nil {
		log.Fatal(err)
	}
	u.Title = ""
	u.Active = new(true)
	if r, err = u.Resource(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", r.AppendJSON(nil))
	// Output: {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bjensen","active":true,"urn:example:badge":{"color":"red"}}
}
