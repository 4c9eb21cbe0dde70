package scimtest_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/scimtest"
)

// The script says what a sender has to send and what it is answered. Here a
// user that is there already is looked up before it is made.
func ExampleTestClient() {
	var t *testing.T // of the test
	exchanges := []scimtest.Exchange{{
		Method: http.MethodGet, Path: `/Users?filter=userName eq "user1@example.com"`,
		Answer: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0}`,
	}, {
		Method: http.MethodPost, Path: "/Users",
		Checks: []scimtest.Demand{{Pointer: "/active", Op: scimtest.OpLike, Want: "true"}},
		Status: http.StatusConflict,
		Answer: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"409","scimType":"uniqueness"}`,
	}}
	scimtest.TestClient(t, exchanges, func(baseURL string, hc *http.Client) {
		cred := scim.BearerToken(scim.NewSecret("a-token-of-the-script"))
		client, err := scim.NewClient(baseURL, cred, &scim.ClientOptions{HTTPClient: hc})
		if err != nil {
			t.Fatal(err)
		}
		push(context.Background(), client) // your sender
	})
}

func push(context.Context, *scim.Client) {}
