package scim_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/zohoscim/zohoscim/scim"
)

// A service provider over a store in memory, and one user created in it.
func ExampleNewServer() {
	token, err := scim.NewStaticToken(scim.NewSecret("a-token-of-16-bytes-or-more"), scim.Subject{ID: "entra"}, time.Time{})
	if err != nil {
		fmt.Println(err)
		return
	}
	auth, err := scim.NewStaticTokens(token)
	if err != nil {
		fmt.Println(err)
		return
	}
	server, err := scim.NewServer(scim.NewMemoryStore(), auth, &scim.ServerOptions{BaseURL: "/scim/v2"})
	if err != nil {
		fmt.Println(err)
		return
	}
	web := httptest.NewServer(server)
	defer web.Close()

	req, err := http.NewRequest("POST", web.URL+"/scim/v2/Users?attributes=userName,emails.value", strings.NewReader(`{
		"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
		"userName": "hanako@example.com",
		"emails": [{"value": "hanako@example.com", "type": "work"}]
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	req.Header.Set("Authorization", "Bearer a-token-of-16-bytes-or-more")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.StatusCode, resp.Header.Get("ETag"))
	// Output: 201 W/"1"
}

// Two tokens are valid while a sender changes from one to the other.
func ExampleNewStaticTokens() {
	entra := scim.Subject{ID: "entra", Scope: scim.Scope{Tenant: "example", Connection: "entra"}}
	old, err := scim.NewStaticToken(scim.NewSecret("the-token-of-this-year"), entra, time.Now().Add(24*time.Hour))
	if err != nil {
		fmt.Println(err)
		return
	}
	next, err := scim.NewStaticToken(scim.NewSecret("the-token-of-next-year"), entra, time.Time{})
	if err != nil {
		fmt.Println(err)
		return
	}
	auth, err := scim.NewStaticTokens(old, next)
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest("GET", "/Users", nil)
	r.Header.Set("Authorization", "Bearer the-token-of-next-year")
	subject, err := auth.Authenticate(r)
	fmt.Println(subject.ID, subject.Scope.Tenant, err)

	_, err = scim.NewStaticToken(scim.NewSecret("short"), entra, time.Time{})
	fmt.Println(err)
	// Output:
	// entra example <nil>
	// scim: a token needs at least 16 bytes: a short one can be guessed
}

// The resource type User with an extension of one's own.
func ExampleNewResourceType() {
	badge, err := scim.ParseSchema([]byte(`{
		"id": "urn:example:2.0:Badge",
		"name": "Badge",
		"attributes": [{"name": "number", "type": "integer", "multiValued": false, "uniqueness": "server"}]
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	user, err := scim.NewResourceType("User", scim.UserType().Schema(), &scim.ResourceTypeOptions{
		Owners:     "groups",
		Extensions: append(scim.UserType().Extensions(), scim.Extension{Schema: badge}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := scim.NewResource(user)
	for path, value := range map[string]scim.Value{
		"userName":                     scim.String("hanako@example.com"),
		"urn:example:2.0:Badge:number": scim.String("1234"), // becomes a number
	} {
		if err := r.Set(path, value); err != nil {
			fmt.Println(err)
			return
		}
	}
	os.Stdout.Write(r.AppendJSON(nil))
	// Output: {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:example:2.0:Badge"],"userName":"hanako@example.com","urn:example:2.0:Badge":{"number":1234}}
}

func ExampleFilter_Match() {
	r, err := scim.DecodeResource(scim.UserType(), []byte(`{"userName":"Hanako","emails":[{"value":"h@example.com","type":"work"}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range []string{`userName eq "HANAKO"`, `emails[type eq "work" and value ew "example.org"]`, `colour eq "red"`} {
		f, err := scim.UserType().ParseFilter(text)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(f.Match(r, nil))
	}
	// Output:
	// true
	// false
	// scim: colour: no schema of User has this attribute
}

// The operations are those that Entra sends. They are done all or not at all.
func ExamplePatch_Apply() {
	r, err := scim.DecodeResource(scim.UserType(), []byte(`{"userName":"hanako","active":true}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	patch := &scim.Patch{Operations: []scim.Operation{
		{Op: scim.OpReplace, Path: "active", Value: []byte(`"False"`)},
		{Op: scim.OpAdd, Path: `addresses[type eq "work"].formatted`, Value: []byte(`"本社"`)},
	}}
	changed, err := patch.Apply(r)
	fmt.Println(changed, err)
	fmt.Println(r.Get("active").Bool(), r.Get(`addresses[type eq "work"].formatted`).Text())

	patch.Operations = append(patch.Operations, scim.Operation{Op: scim.OpRemove, Path: "userName"})
	_, err = patch.Apply(r)
	fmt.Println(err)
	// Output:
	// true <nil>
	// false 本社
	// scim: Operations[2]: userName: the attribute is required and cannot be removed
}
