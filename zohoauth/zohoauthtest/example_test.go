package zohoauthtest_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/zohoauth"
	"github.com/zohoscim/zohoscim/zohoauth/zohoauthtest"
)

// A fake API takes the access tokens of the fake accounts server.
func ExampleServer() {
	ctx := context.Background()
	zoho, err := zohoauthtest.New(&zohoauthtest.Options{DC: datacenter.EU})
	if err != nil {
		log.Fatal(err)
	}
	defer zoho.Close()

	cfg, err := zohoauth.NewConfig(zohoauthtest.DefaultClientID, zohoauth.NewSecret(zohoauthtest.DefaultClientSecret),
		&zohoauth.ConfigOptions{RedirectURL: zohoauthtest.DefaultRedirectURL, HTTPClient: zoho.Client()})
	if err != nil {
		log.Fatal(err)
	}
	flow, err := zohoauth.NewFlow(cfg, nil)
	if err != nil {
		log.Fatal(err)
	}
	consent, err := flow.Start(ctx, "", nil) // starts in US; the user is in EU
	if err != nil {
		log.Fatal(err)
	}
	callback, err := zoho.Consent(ctx, consent.URL)
	if err != nil {
		log.Fatal(err)
	}
	token, err := flow.HandleCallback(ctx, callback.Query())
	if err != nil {
		log.Fatal(err)
	}

	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if zoho.Verify(bearer) != nil {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	call := func() {
		req := httptest.NewRequest("GET", "/scim/Users", nil)
		token.OAuth2().SetAuthHeader(req)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, req)
		fmt.Println(w.Code)
	}
	call()
	zoho.Revoke()
	call()
	for _, r := range zoho.Requests() {
		fmt.Println(r.DC, r.Method, r.Path, r.Outcome)
	}
	// Output:
	// 200
	// 401
	// us GET /oauth/v2/auth redirected to eu
	// eu GET /oauth/v2/auth consent page
	// eu POST /oauth/v2/approve consent: accept
	// eu POST /oauth/v2/token ok
}
