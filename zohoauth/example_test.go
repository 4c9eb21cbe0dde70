package zohoauth_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

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
