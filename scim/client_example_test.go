package scim_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/filter"
	"golang.org/x/oauth2"
)

// A client of Zoho One with a token source, such as one of package zohoauth.
// Nothing is sent before the first request.
func ExampleNewClient_zohoOne() {
	source := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "an-access-token"})
	profile := scim.ProfileZohoOne()
	profile.Patch = scim.PatchEntra // where an organization's endpoint proves to need it
	_, err := scim.NewClient("https://one.zoho.jp/example", scim.OAuth(source), &scim.ClientOptions{Profile: profile})
	fmt.Println(err)

	_, err = scim.NewClient("http://one.zoho.jp/example", scim.OAuth(source), nil)
	fmt.Println(err)
	// Output:
	// <nil>
	// scim: baseURL: the base URL is http, which would show the credential to the network: use https
}

// What a service provider supports is asked when it matters; this is for
// those who want to know.
func ExampleClient_ServiceProviderConfig() {
	c, stop, err := newClientServer()
	if err != nil {
		log.Fatal(err)
	}
	defer stop()
	config, err := c.ServiceProviderConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(config.Patch.Supported, config.Filter.Supported, config.ETag.Supported)
	// Output: true true true
}

// Two users and a group of both, in as few requests as the service provider
// takes. The group refers to users that do not exist yet.
func ExampleClient_Bulk() {
	c, stop, err := newClientServer()
	if err != nil {
		log.Fatal(err)
	}
	defer stop()
	ctx := context.Background()

	results, err := c.Bulk(ctx, []scim.BulkOperation{
		c.Users().BulkCreate("anna", &scim.User{UserName: "anna"}),
		c.Users().BulkCreate("bjensen", &scim.User{UserName: "bjensen"}),
		c.Users().BulkCreate("", &scim.User{UserName: "ANNA"}),
		c.Groups().BulkCreate("", &scim.Group{DisplayName: "Tour guides", Members: []scim.Reference{
			{Value: scim.BulkRef("anna")}, {Value: scim.BulkRef("bjensen")},
		}}),
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range results {
		fmt.Println(r.Status, errors.Is(r.Err, scim.ErrUniqueness))
	}
	group, err := c.Groups().Get(ctx, results[3].ID, nil)
	fmt.Println(group.DisplayName, len(group.Members), err)
	// Output:
	// 201 false
	// 201 false
	// 409 true
	// 201 false
	// Tour guides 2 <nil>
}

// The one user that a filter selects. The name comes from elsewhere and is
// quoted.
func ExampleEndpoint_Find() {
	c, stop, err := newClientServer()
	if err != nil {
		log.Fatal(err)
	}
	defer stop()
	ctx := context.Background()
	if _, err := c.Users().Create(ctx, &scim.User{UserName: "bjensen", ExternalID: "e1"}); err != nil {
		log.Fatal(err)
	}

	u, err := c.Users().Find(ctx, scim.FilterEq("externalId", "e1"))
	fmt.Println(u.UserName, err)
	_, err = c.Users().Find(ctx, scim.FilterEq("userName", `x" or userName pr or "`))
	fmt.Println(errors.Is(err, scim.ErrNotFound))
	// Output:
	// bjensen <nil>
	// true
}

// A filter made of conditions, in the body of a POST.
func ExampleEndpoint_Search() {
	c, stop, err := newClientServer()
	if err != nil {
		log.Fatal(err)
	}
	defer stop()
	ctx := context.Background()
	for _, name := range []string{"anna@example.com", "bjensen@example.com", "carol@example.org"} {
		u := &scim.User{UserName: name, Emails: []scim.MultiValue{{Value: name, Type: "work"}}}
		if _, err := c.Users().Create(ctx, u); err != nil {
			log.Fatal(err)
		}
	}

	work := filter.Where("type", filter.Eq, "work").And(filter.Where("value", filter.Ew, "@example.com")).In("emails")
	f := work.And(filter.Where("active", filter.Eq, true))
	page, err := c.Users().Search(ctx, &scim.ListOptions{Filter: f.String(), SortBy: "userName", Descending: true, Count: 10})
	if err != nil {
		log.Fatal(err)
	}
	for _, u := range page.Resources {
		fmt.Println(u.UserName)
	}
	// Output:
	// bjensen@example.com
	// anna@example.com
}

// One page after the other, by cursor.
func ExampleEndpoint_List() {
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

	o := &scim.ListOptions{Count: 2, Cursor: new("")}
	for {
		page, err := c.Users().List(ctx, o)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(len(page.Resources), "of", page.TotalResults)
		if page.NextCursor == "" {
			break
		}
		o.Cursor = new(page.NextCursor)
	}
	// Output:
	// 2 of 3
	// 1 of 3
}

// A write that depends on the version that was read, and a read that depends
// on a newer one.
func ExampleEndpoint_Replace() {
	c, stop, err := newClientServer()
	if err != nil {
		log.Fatal(err)
	}
	defer stop()
	ctx := context.Background()
	u, err := c.Users().Create(ctx, &scim.User{UserName: "bjensen"})
	if err != nil {
		log.Fatal(err)
	}

	_, err = c.Users().Get(ctx, u.ID, &scim.GetOptions{IfNoneMatch: u.Meta.Version})
	fmt.Println(errors.Is(err, scim.ErrNotModified))
	u.Title = "Lead"
	_, err = c.Users().Replace(ctx, u.ID, u, &scim.WriteOptions{IfMatch: u.Meta.Version})
	fmt.Println(err)
	_, err = c.Users().Replace(ctx, u.ID, u, &scim.WriteOptions{IfMatch: u.Meta.Version})
	fmt.Println(errors.Is(err, scim.ErrPreconditionFailed))
	// Output:
	// true
	// <nil>
	// true
}

// A user that is not there any more is as good as deleted.
func ExampleEndpoint_Delete() {
	c, stop, err := newClientServer()
	if err != nil {
		log.Fatal(err)
	}
	defer stop()
	ctx := context.Background()
	u, err := c.Users().Create(ctx, &scim.User{UserName: "bjensen"})
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		err := c.Users().Delete(ctx, u.ID, nil)
		fmt.Println(err == nil, errors.Is(err, scim.ErrNotFound))
	}
	// Output:
	// true false
	// false true
}

// Members come and go without the rest of the group being sent.
func ExamplePatch_AddMembers() {
	c, stop, err := newClientServer()
	if err != nil {
		log.Fatal(err)
	}
	defer stop()
	ctx := context.Background()
	anna, err := c.Users().Create(ctx, &scim.User{UserName: "anna"})
	if err != nil {
		log.Fatal(err)
	}
	group, err := c.Groups().Create(ctx, &scim.Group{DisplayName: "Tour guides"})
	if err != nil {
		log.Fatal(err)
	}

	if _, err := c.Groups().Patch(ctx, group.ID, new(scim.Patch).AddMembers(anna.ID), nil); err != nil {
		log.Fatal(err)
	}
	group, err = c.Groups().Get(ctx, group.ID, nil)
	fmt.Println(len(group.Members), err)
	_, err = c.Groups().Patch(ctx, group.ID, new(scim.Patch).RemoveMembers(anna.ID).Replace("displayName", scim.String("Guides")), nil)
	fmt.Println(err)
	// Output:
	// 1 <nil>
	// <nil>
}
