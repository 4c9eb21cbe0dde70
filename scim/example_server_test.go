package scim_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/zohoscim/zohoscim/scim"
)

// exampleServer serves a store, and returns a function that sends requests.
func exampleServer(store scim.Store, o *scim.ServerOptions) func(method, target, body string) string {
	token, err := scim.NewStaticToken(scim.NewSecret("0123456789abcdef"), scim.Subject{ID: "entra"}, time.Time{})
	if err != nil {
		panic(err)
	}
	auth, err := scim.NewStaticTokens(token)
	if err != nil {
		panic(err)
	}
	server, err := scim.NewServer(store, auth, o)
	if err != nil {
		panic(err)
	}
	return func(method, target, body string) string {
		r := httptest.NewRequest(method, target, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer 0123456789abcdef")
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		return w.Body.String()
	}
}

// Pages by cursor: the first one has an empty cursor, each says where the
// next one begins, and the last one does not.
func ExampleServer_cursor() {
	send := exampleServer(scim.NewMemoryStore(), &scim.ServerOptions{
		CursorKeys:    []scim.Secret{scim.NewSecret("a random key that all servers share")},
		CursorTimeout: 10 * time.Minute,
	})
	for _, name := range []string{"aoi", "hanako", "ken"} {
		send(http.MethodPost, "/Users", `{"userName":"`+name+`"}`)
	}
	for cursor, more := "", true; more; more = cursor != "" {
		var page struct {
			Total     int    `json:"totalResults"`
			Next      string `json:"nextCursor"`
			Resources []struct {
				UserName string `json:"userName"`
			}
		}
		answer := send(http.MethodGet, "/Users?sortBy=userName&count=2&cursor="+url.QueryEscape(cursor), "")
		if err := json.Unmarshal([]byte(answer), &page); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(page.Total, page.Resources)
		cursor = page.Next
	}
	// Output:
	// 3 [{aoi} {hanako}]
	// 3 [{ken}]
}

// A reader follows what is written. One that comes too late is told so, and
// from which number it goes on once it has read everything anew.
func ExampleChangeFeed() {
	store := scim.NewMemoryStore()
	send := exampleServer(store, nil)
	send(http.MethodPost, "/Users", `{"userName":"hanako","title":"Engineer"}`)
	send(http.MethodPost, "/Groups", `{"displayName":"Tokyo"}`)

	ctx := scim.WithScope(context.Background(), scim.Scope{}) // whose changes: that of the sender's Subject
	var feed scim.ChangeFeed = store
	var after uint64
	for {
		changes, err := feed.Changes(ctx, after, 100)
		switch {
		case errors.Is(err, scim.ErrExpiredCursor):
			after = changes[0].Seq // and read all resources, from Store.List
			continue
		case err != nil:
			fmt.Println(err)
			return
		case len(changes) == 0:
			return // ask again later
		}
		for _, c := range changes {
			fmt.Println(c.Type, c.Version, c.Events, c.Attributes)
			after = c.Seq
		}
	}
	// Output:
	// User W/"1" [urn:ietf:params:scim:event:prov:create:notice] [id userName title active]
	// Group W/"1" [urn:ietf:params:scim:event:prov:create:notice] [id displayName]
}

// The mistakes of a schema come all at once, each with its place.
func ExampleParseSchema_mistakes() {
	_, err := scim.ParseSchema([]byte(`{
		"id": "badge",
		"attributes": [
			{"name": "number", "type": "int", "required": "yes"},
			{"name": "door", "type": "complex", "subAttributes": [{"name": "floor"}, {"name": "Floor"}]}
		]
	}`))
	fmt.Println(err)
	// Output:
	// scim: attributes[0].required: true or false belongs here, without quotes
	// scim: attributes[0].type: use one of string, boolean, decimal, integer, dateTime, binary, reference, complex
	// scim: id: "badge" is not a URI: give one such as urn:example:params:scim:schemas:2.0:Badge
	// scim: attributes[1].subAttributes[1].name: "Floor" is there already, as attributes[1].subAttributes[0].name: names compare without regard to case
}

// A resource type of one's own is served beside the core types.
func ExampleServerOptions_types() {
	schema, err := scim.ParseSchema([]byte(`{
		"id": "urn:example:2.0:Device",
		"attributes": [
			{"name": "serial", "required": true, "uniqueness": "server"},
			{"name": "floors", "type": "integer", "multiValued": true}
		]
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	device, err := scim.NewResourceType("Device", schema, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	send := exampleServer(scim.NewMemoryStore(), &scim.ServerOptions{Types: []*scim.ResourceType{scim.UserType(), scim.GroupType(), device}})
	send(http.MethodPost, "/Devices", `{"serial":"A-1","floors":[2,3]}`)
	fmt.Println(strings.Contains(send(http.MethodGet, "/Devices?filter=serial+eq+%22a-1%22", ""), `"floors":[2,3]`))
	fmt.Println(send(http.MethodPost, "/Devices", `{"serial":"a-1"}`))
	// Output:
	// true
	// {"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"409","scimType":"uniqueness","detail":"serial: the value is in use by another Device"}
}
