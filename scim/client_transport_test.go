package scim_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/zohoscim/zohoscim/scim"
)

// A redirect to the same origin, however it is spelled, is followed with the
// credential.
func TestClientSameOrigin(t *testing.T) {
	for _, to := range []string{"/v2/Users/2", "https://scim.example:443/v2/Users/2", "https://SCIM.example/v2/Users/2"} {
		synctest.Test(t, func(t *testing.T) {
			s := newScripted(scriptedAnswer{status: 308, header: map[string]string{"Location": to}}, scriptedAnswer{status: 200, body: clientBob})
			defer s.close(t)
			err := clientGet(t.Context(), s.client(t, scim.BearerToken(scim.NewSecret(clientCanary))))
			if err != nil || len(s.got) != 2 || s.got[1].Auth != "Bearer "+clientCanary || s.got[1].Line != "GET /v2/Users/2" {
				t.Errorf("%s: %v, %+v", to, err, s.got)
			}
		})
	}
}

// A create that got no connection has done nothing.
func TestClientNoConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + l.Addr().String()
	_ = l.Close()
	c, err := scim.NewClient(base, scim.BearerToken(scim.NewSecret(clientCanary)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseIdleConnections()
	if err := clientCreate(t.Context(), c); !errors.Is(err, scim.ErrTransport) || !scim.SafeToRetry(err) || scim.IsRemote(err) {
		t.Errorf("%v", err)
	}
}

func TestClientZero(t *testing.T) {
	var c scim.Client
	c.CloseIdleConnections()
	for _, err := range []error{clientGet(t.Context(), &c), clientCreate(t.Context(), &c), clientList(t.Context(), &c)} {
		if err == nil || !scim.SafeToRetry(err) {
			t.Errorf("%v", err)
		}
	}
	if _, err := c.Resources(scim.UserType()).Get(t.Context(), "1", nil); err == nil {
		t.Error("a resource of no client")
	}
	if _, err := c.ServiceProviderConfig(t.Context()); err == nil {
		t.Error("the configuration of no client")
	}
}

func TestClientServiceProviderConfig(t *testing.T) {
	const schemas = `"schemas":["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"]`
	for _, row := range []struct {
		reason, body, want string
	}{
		{"RFC 7643 section 5", `{` + schemas + `,"patch":{"supported":true},"filter":{"supported":true,"maxResults":50},"bulk":{"supported":false},"x":1}`, "true 50"},
		{"nothing is supported, and it says so", `{` + schemas + `}`, "false 0"},
		{"without schemas", `{"patch":{"supported":true}}`, "true 0"},
		{"anything else", `{}`, "error"},
		{"an error", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"patch":{"supported":true}}`, "error"},
		{"a login page", `<html>`, "error"},
		{"nothing", ``, "error"},
		{"of other types", `{` + schemas + `,"patch":true}`, "error"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScripted(scriptedAnswer{status: 200, body: row.body})
			defer s.close(t)
			got := "error"
			config, err := s.client(t, scim.BearerToken(scim.NewSecret(clientCanary))).ServiceProviderConfig(t.Context())
			if err == nil {
				got = fmt.Sprint(config.Patch.Supported, config.Filter.MaxResults)
			}
			if got != row.want || err != nil && !errors.Is(err, scim.ErrTransport) {
				t.Errorf("%s: %s, %v", row.reason, got, err)
			}
		})
	}
}

// A user of a resource type with more schemas goes through the typed
// endpoint whole, and the other way round.
func TestClientOwnType(t *testing.T) {
	badge := &scim.Schema{ID: "urn:example:badge", Attributes: []*scim.Attribute{{Name: "color"}, {Name: "seen", Mutability: scim.ReadOnly}}}
	own, err := scim.NewResourceType("User", scim.UserType().Schema(), &scim.ResourceTypeOptions{Extensions: []scim.Extension{{Schema: badge}}})
	if err != nil {
		t.Fatal(err)
	}
	const body = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:example:badge"],"id":"1","userName":"bob","urn:example:badge":{"color":"red","seen":"now"}}`
	synctest.Test(t, func(t *testing.T) {
		s := newScripted(scriptedAnswer{status: 200, body: body})
		defer s.close(t)
		c := s.client(t, scim.BearerToken(scim.NewSecret(clientCanary)))
		r, err := c.Resources(own).Get(t.Context(), "1", nil)
		if err != nil || r.Get("urn:example:badge:color").Text() != "red" {
			t.Fatalf("%v", err)
		}
		if _, err := c.Resources(own).Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		u, err := scim.UserFrom(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Users().Create(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		if got := s.got[1].Body; !strings.HasSuffix(got, `"urn:example:badge":{"color":"red"}}`) || strings.Contains(got, `"id"`) {
			t.Errorf("read-only attributes were sent: %s", got)
		}
		if got := s.got[2].Body; !strings.Contains(got, `"urn:example:badge":{"color":"red"`) || strings.Contains(got, `"id"`) {
			t.Errorf("the extension was lost: %s", got)
		}
	})
}

// A credential for a network in the clear is refused.
func ExampleNewClient() {
	token := scim.BearerToken(scim.NewSecret("example-token"))
	_, err := scim.NewClient("http://scim.example/v2", token, nil)
	fmt.Println(err)

	c, err := scim.NewClient("https://scim.example/v2/", token, &scim.ClientOptions{MaxAttempts: 6})
	fmt.Println(c != nil, err)
	// Output:
	// scim: baseURL: the base URL is http, which would show the credential to the network: use https
	// true <nil>
}

// A value from elsewhere cannot change what a filter says.
func ExampleFilterEq() {
	fmt.Println(scim.FilterEq("userName", `x" or userName pr or "`))
	// Output: userName eq "x\" or userName pr or \""
}
