package scimtest_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/scimtest"
)

// TestZohoOneRate: five requests a second are answered, and the sixth when
// Retry-After has passed.
func TestZohoOneRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		zoho, err := scimtest.NewZohoOne(verify, &scimtest.ZohoOneOptions{RequestsPerSecond: 5})
		if err != nil {
			t.Fatal(err)
		}
		defer zoho.Close()
		client := zoho.Client()
		get := func() (int, string) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://one.zoho.jp/scim/Users", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+token)
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			return resp.StatusCode, resp.Header.Get("Retry-After")
		}
		for i := range 5 {
			if status, _ := get(); status != http.StatusOK {
				t.Fatalf("request %d: status %d", i+1, status)
			}
		}
		if status, after := get(); status != http.StatusTooManyRequests || after != "1" {
			t.Fatalf("the sixth request: status %d, Retry-After %q", status, after)
		}
		time.Sleep(time.Second)
		if status, _ := get(); status != http.StatusOK {
			t.Errorf("a second later: status %d", status)
		}
		if got := zoho.Requests(); len(got) != 7 || got[5].Status != http.StatusTooManyRequests {
			t.Errorf("requests: %v", got)
		}
	})
}

// TestZohoOneStore: a store of the integrator's stands behind the fake.
func TestZohoOneStore(t *testing.T) {
	store, types := scim.NewMemoryStore(), []*scim.ResourceType{scim.UserType(), scim.GroupType()}
	zoho, err := scimtest.NewZohoOne(verify, &scimtest.ZohoOneOptions{Store: store, Types: types})
	if err != nil {
		t.Fatal(err)
	}
	defer zoho.Close()
	client, err := scim.NewClient("https://one.zoho.eu/scim", scim.BearerToken(scim.NewSecret(token)), &scim.ClientOptions{HTTPClient: zoho.Client()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Users().Create(t.Context(), &scim.User{UserName: "user1@example.com", NickName: "one"}); err != nil {
		t.Fatal(err)
	}
	page, err := store.List(t.Context(), &scim.Query{Type: scim.UserType(), Start: 1, Count: 10})
	if err != nil || page.Total != 1 {
		t.Fatalf("%v, %v", page, err)
	}
	users, err := zoho.Users(t.Context())
	if err != nil || len(users) != 1 || users[0].Get("nickName").Text() != "one" {
		t.Errorf("%v, %v", users, err)
	}
}

func TestZohoOneRefuses(t *testing.T) {
	for reason, o := range map[string]*scimtest.ZohoOneOptions{
		"a store without types":    {Store: scim.NewMemoryStore()},
		"types without a store":    {Types: []*scim.ResourceType{scim.UserType()}},
		"no users":                 {Store: scim.NewMemoryStore(), Types: []*scim.ResourceType{scim.GroupType()}},
		"a rate below 0":           {RequestsPerSecond: -1},
		"a rate without a meaning": {RequestsPerSecond: 1e9},
	} {
		if _, err := scimtest.NewZohoOne(verify, o); err == nil {
			t.Errorf("%s was taken", reason)
		}
	}
}
