package zohoauth_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/zohoauth"
	"github.com/zohoscim/zohoscim/zohoauth/zohoauthtest"
)

// A first consent: the user is sent to Zoho, comes back with a code, and the
// grant is stored.
func ExampleFlow() {
	ctx := context.Background()
	zoho, err := zohoauthtest.New(&zohoauthtest.Options{DC: datacenter.JP})
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
	consent, err := flow.Start(ctx, datacenter.JP, nil)
	if err != nil {
		log.Fatal(err)
	}
	callback, err := zoho.Consent(ctx, consent.URL) // a browser and a user in real life
	if err != nil {
		log.Fatal(err)
	}
	token, err := flow.HandleCallback(ctx, callback.Query())
	if err != nil {
		log.Fatal(err)
	}
	if err := zohoauth.SaveToken(ctx, zohoauth.NewMemoryStore(), "org-1", token); err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.DC, token.APIDomain, token.Scopes)
	fmt.Println(token.AccessToken)
	// Output:
	// jp https://www.zohoapis.jp [ZohoOne.SCIM.ALL]
	// [redacted]
}

// After a restart, the stored grant is enough: no user is needed.
func ExampleTokenSource() {
	ctx := context.Background()
	zoho, cfg, token := consented()
	defer zoho.Close()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store, err := zohoauth.NewDirStore(dir)
	if err != nil {
		log.Fatal(err)
	}
	if err := zohoauth.SaveToken(ctx, store, "org-1", token); err != nil {
		log.Fatal(err)
	}

	// The next process.
	store, err = zohoauth.NewDirStore(dir)
	if err != nil {
		log.Fatal(err)
	}
	source, err := zohoauth.NewTokenSource(cfg, store, "org-1", nil)
	if err != nil {
		log.Fatal(err)
	}
	tok, err := source.TokenContext(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tok.Type(), tok.Extra("api_domain"), zoho.Verify(tok.AccessToken) == nil)

	zoho.ExpireAccess() // an API answers 401
	source.Invalidate(tok.AccessToken)
	if tok, err = source.TokenContext(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(zoho.Verify(tok.AccessToken) == nil, zoho.TokenRequests(), "token requests")
	// Output:
	// Bearer https://www.zohoapis.jp true
	// true 2 token requests
}

// What a program does depends on the kind of failure only.
func ExampleTokenSource_errors() {
	ctx := context.Background()
	zoho, cfg, token := consented()
	defer zoho.Close()
	try := func() {
		store := zohoauth.NewMemoryStore()
		if err := zohoauth.SaveToken(ctx, store, "org-1", token); err != nil {
			log.Fatal(err)
		}
		source, err := zohoauth.NewTokenSource(cfg, store, "org-1", nil)
		if err != nil {
			log.Fatal(err)
		}
		tok, err := source.TokenContext(ctx)
		if err != nil {
			log.Fatal(err)
		}
		source.Invalidate(tok.AccessToken) // an API answered 401
		_, err = source.TokenContext(ctx)
		switch {
		case errors.Is(err, zohoauth.ErrConsentRequired):
			fmt.Println("ask the administrator to consent again")
		case errors.Is(err, zohoauth.ErrRateLimited):
			fmt.Println("wait; the grant is still good")
		case errors.Is(err, zohoauth.ErrInvalidClient):
			fmt.Println("check client id and secret")
		default:
			fmt.Println("try again later:", err)
		}
	}
	zoho.FailNext(zohoauthtest.Fault{Status: 503})
	try()
	zoho.FailNext(zohoauthtest.Fault{Error: "invalid_client"})
	try()
	zoho.Revoke()
	try()
	// Output:
	// try again later: zohoauth: refresh in "jp": accounts server is unavailable (status 503): the body is empty
	// check client id and secret
	// ask the administrator to consent again
}

// One client for users of several data centers, each with the secret that the API
// console shows for it. Zoho leads users to their own, and the token remembers.
func ExampleConfigOptions() {
	ctx := context.Background()
	zoho, err := zohoauthtest.New(&zohoauthtest.Options{
		Secrets: map[datacenter.DC]string{datacenter.US: "us-secret", datacenter.EU: "eu-secret", datacenter.CA: "ca-secret"},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer zoho.Close()
	cfg, err := zohoauth.NewConfig(zohoauthtest.DefaultClientID, zohoauth.Secret{}, &zohoauth.ConfigOptions{
		Secrets: map[datacenter.DC]zohoauth.Secret{
			datacenter.US: zohoauth.NewSecret("us-secret"),
			datacenter.EU: zohoauth.NewSecret("eu-secret"),
			datacenter.CA: zohoauth.NewSecret("ca-secret"),
		},
		RedirectURL: zohoauthtest.DefaultRedirectURL, HTTPClient: zoho.Client(),
	})
	if err != nil {
		log.Fatal(err)
	}
	flow, err := zohoauth.NewFlow(cfg, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, home := range []datacenter.DC{datacenter.EU, datacenter.CA} {
		zoho.SetUser(home)
		consent, err := flow.Start(ctx, "", nil) // begins in US, for a user of any data center
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
		if token, err = cfg.Refresh(ctx, token); err != nil {
			log.Fatal(err)
		}
		fmt.Println(token.DC, token.APIDomain)
	}
	// Output:
	// eu https://www.zohoapis.eu
	// ca https://www.zohoapis.ca
}

// A web service mounts the handler at its redirect URL, and Start where an
// administrator begins.
func ExampleHandler() {
	zoho, cfg, _ := consented()
	defer zoho.Close()
	flow, err := zohoauth.NewFlow(cfg, nil)
	if err != nil {
		log.Fatal(err)
	}
	store := zohoauth.NewMemoryStore()
	handler, err := zohoauth.NewHandler(flow, func(ctx context.Context, t *zohoauth.Token) error {
		return cfg.ReplaceToken(ctx, store, "org-1", t)
	}, &zohoauth.HandlerOptions{DC: datacenter.JP})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /zoho", handler.Start) // behind the service's own sign-in
	mux.Handle("/callback", handler)

	// A browser in Japan.
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/zoho", nil))
	callback, err := zoho.Consent(context.Background(), w.Header().Get("Location"))
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("GET", callback.RequestURI(), nil)
	r.Header.Set("Accept-Language", "ja")
	r.AddCookie(w.Result().Cookies()[0])
	w = httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	fmt.Println(w.Code, strings.Contains(w.Body.String(), "Zohoに接続しました"))
	_, err = zohoauth.LoadToken(context.Background(), store, "org-1")
	fmt.Println(err)
	// Output:
	// 200 true
	// <nil>
}

// A client for a product API: the token goes to the API domain of its data center
// and nowhere else.
func ExampleNewClient() {
	zoho, cfg, token := consented()
	defer zoho.Close()
	store := zohoauth.NewMemoryStore()
	if err := zohoauth.SaveToken(context.Background(), store, "org-1", token); err != nil {
		log.Fatal(err)
	}
	source, err := zohoauth.NewTokenSource(cfg, store, "org-1", nil)
	if err != nil {
		log.Fatal(err)
	}
	client, err := zohoauth.NewClient(source, &zohoauth.ClientOptions{Scheme: zohoauth.SchemeZoho})
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Get("https://api.example/")
	fmt.Println(errors.Is(err, zohoauth.ErrForeignHost))
	// Output:
	// true
}

// A machine without a browser.
func ExampleConfig_StartDevice() {
	ctx := context.Background()
	zoho, cfg, _ := consented()
	defer zoho.Close()
	device, err := cfg.StartDevice(ctx, datacenter.JP)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("open", device.VerificationURL, "and enter the code shown")
	// What follows is cfg.WaitDevice, which returns once the user has answered.

	// Output:
	// open https://accounts.zoho.jp/oauth/v3/device and enter the code shown
}

// consented returns a fake, a Config for it, and a grant in JP.
func consented() (*zohoauthtest.Server, *zohoauth.Config, *zohoauth.Token) {
	ctx := context.Background()
	zoho, err := zohoauthtest.New(&zohoauthtest.Options{DC: datacenter.JP})
	if err != nil {
		log.Fatal(err)
	}
	cfg, err := zohoauth.NewConfig(zohoauthtest.DefaultClientID, zohoauth.NewSecret(zohoauthtest.DefaultClientSecret),
		&zohoauth.ConfigOptions{RedirectURL: zohoauthtest.DefaultRedirectURL, HTTPClient: zoho.Client()})
	if err != nil {
		log.Fatal(err)
	}
	flow, err := zohoauth.NewFlow(cfg, nil)
	if err != nil {
		log.Fatal(err)
	}
	consent, err := flow.Start(ctx, datacenter.JP, nil)
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
	return zoho, cfg, token
}
