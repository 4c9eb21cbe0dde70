package scimtest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/scimtest"
)

const token = "scim-token-of-the-tests"

func verify(_ context.Context, got string) (scim.Subject, error) {
	if got != token {
		return scim.Subject{}, errors.New("another token")
	}
	return scim.Subject{}, nil
}

// A test of code that pushes users into Zoho One: no network, no account.
func ExampleNewZohoOne() {
	ctx := context.Background()
	zoho, err := scimtest.NewZohoOne(verify, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer zoho.Close()

	client, err := scim.NewClient("https://one.zoho.jp/scim", scim.BearerToken(scim.NewSecret(token)), &scim.ClientOptions{HTTPClient: zoho.Client()})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := client.Users().Create(ctx, &scim.User{UserName: "user1@example.com"}); err != nil {
		log.Fatal(err)
	}

	users, err := zoho.Users(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(users), users[0].Get("userName").Text(), users[0].Get("active").Bool())
	fmt.Println(zoho.Requests())
	// Output:
	// 1 user1@example.com true
	// [{POST /scim/Users 201}]
}

func TestZohoOne(t *testing.T) {
	zoho, err := scimtest.NewZohoOne(verify, &scimtest.ZohoOneOptions{Path: "/x/scim"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(zoho)
	defer server.Close()
	get := func(path, token string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	for _, tt := range []struct {
		reason, path, token string
		want                int
	}{
		{"below the path", "/x/scim/Users", token, 200},
		{"above the path, as before Azure's template adds it", "/x/Users", token, 404},
		{"a path that only begins alike", "/x/scimitar/Users", token, 404},
		{"another token", "/x/scim/Users", "x", 401},
	} {
		if got := get(tt.path, tt.token); got != tt.want {
			t.Errorf("%s: status %d, want %d", tt.reason, got, tt.want)
		}
	}
	want := []scimtest.Request{{"GET", "/x/scim/Users", 200}, {"GET", "/x/Users", 404}, {"GET", "/x/scimitar/Users", 404}, {"GET", "/x/scim/Users", 401}}
	if diff := cmp.Diff(want, zoho.Requests()); diff != "" {
		t.Errorf("requests:\n%s", diff)
	}
	if got := zoho.Requests(); len(got) != 0 {
		t.Errorf("requests are given once: %v", got)
	}
}

// TestGalleryTable holds the fake to the attributes that Microsoft's page
// lists for the gallery application, and to nothing else.
func TestGalleryTable(t *testing.T) {
	zoho, err := scimtest.NewZohoOne(verify, nil)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(zoho)
	defer server.Close()
	client, err := scim.NewClient(server.URL+"/scim", scim.BearerToken(scim.NewSecret(token)), nil)
	if err != nil {
		t.Fatal(err)
	}
	const body = `{"userName":"user1@example.com","externalId":"user1","active":true,"displayName":"User 1","title":"T","preferredLanguage":"ja-JP",
 "emails":[{"type":"work","value":"user1@example.com"}],"name":{"formatted":"F","familyName":"N","givenName":"G"},
 "addresses":[{"type":"work","formatted":"本社","streetAddress":"S","locality":"L","region":"R","postalCode":"P","country":"C"}],
 "phoneNumbers":[{"type":"mobile","value":"1"},{"type":"fax","value":"2"},{"type":"work","value":"3"}],
 "nickName":"dropped","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"dropped"}}`
	r, err := scim.DecodeResource(scim.UserType(), []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	made, err := client.Resources(scim.UserType()).Create(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"externalId": "user1", "displayName": "User 1", "title": "T", "preferredLanguage": "ja-JP",
		"name.formatted": "F", "name.familyName": "N", "name.givenName": "G",
		`emails[type eq "work"].value`: "user1@example.com", `addresses[type eq "work"].formatted`: "本社",
		`addresses[type eq "work"].country`: "C", `phoneNumbers[type eq "fax"].value`: "2",
		"nickName": "", "department": "",
	} {
		if got := made.Get(path).Text(); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}

func TestVerifyIsRequired(t *testing.T) {
	if _, err := scimtest.NewZohoOne(nil, nil); err == nil {
		t.Error("a fake without authentication was made")
	}
}
