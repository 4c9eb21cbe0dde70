package zohoauth_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/zohoauth"
	"github.com/zohoscim/zohoscim/zohoauth/zohoauthtest"
)

// TestRefreshAnswers sends odd answers over real HTTP. None of them may change
// the grant.
func TestRefreshAnswers(t *testing.T) {
	tests := []struct {
		name   string
		fault  zohoauthtest.Fault
		want   error
		reason string
	}{
		{"revoked", zohoauthtest.Fault{Error: "invalid_code"}, zohoauth.ErrConsentRequired, "on a refresh it is the refresh token"},
		{"client", zohoauthtest.Fault{Error: "invalid_client"}, zohoauth.ErrInvalidClient, "also the wrong data center"},
		{"limit", zohoauthtest.Fault{Error: "Access Denied"}, zohoauth.ErrRateLimited, "with status 200"},
		{"page", zohoauthtest.Fault{Body: "<html>"}, zohoauth.ErrUnexpectedAnswer, "HTML with 200"},
		{"empty", zohoauthtest.Fault{}, zohoauth.ErrUnexpectedAnswer, "nothing with 200"},
		{"long", zohoauthtest.Fault{Body: strings.Repeat(" ", 2<<20)}, zohoauth.ErrUnexpectedAnswer, "2 MiB: the cap is 64 KiB"},
		{"error 500", zohoauthtest.Fault{Status: 500, Body: "oops"}, zohoauth.ErrUnavailable, "server error"},
		{"cut", zohoauthtest.Fault{Drop: true}, zohoauth.ErrUnavailable, "the connection ended"},
		{"redirect", zohoauthtest.Fault{Status: 307, Header: http.Header{"Location": {"https://accounts.zoho.com/oauth/v2/token"}}},
			zohoauth.ErrUnexpectedAnswer, "a redirect would carry the secret along"},
		{"api domain", zohoauthtest.Fault{Body: `{"access_token":"a","api_domain":"https://www.zohoapis.jp.evil.example","expires_in":60}`},
			zohoauth.ErrForeignHost, "the access token would be sent there"},
		{"api elsewhere", zohoauthtest.Fault{Body: `{"access_token":"a","api_domain":"https://www.zohoapis.com","expires_in":60}`},
			zohoauth.ErrWrongDataCenter, "tokens do not cross data centers"},
		{"fewer scopes", zohoauthtest.Fault{Body: `{"access_token":"a","scope":"AaaServer.profile.READ","expires_in":60}`},
			zohoauth.ErrMissingScope, "the wanted scope is not there"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, jp)
			c, store := newConfig(t, s, nil), zohoauth.NewMemoryStore()
			src := newSource(t, s, c, store, nil)
			tok := need(t, s, src)
			before, err := store.Get(t.Context(), "org")
			if err != nil {
				t.Fatal(err)
			}
			src.Invalidate(tok)
			s.FailNext(tt.fault)
			_, err = src.TokenContext(t.Context())
			e := wantError(t, err, tt.want)
			if e.Op != "refresh" || e.DC == "" {
				t.Errorf("op %q in %q", e.Op, e.DC)
			}
			if zohoauth.IsRemote(err) != (e.Status != 0) {
				t.Error("IsRemote is wrong")
			}
			after, err := store.Get(t.Context(), "org")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("the error changed the store (%s):\n%s", tt.reason, diff)
			}
			if n := s.TokenRequests(); n != 2 {
				t.Errorf("%d token requests, want 2 with the exchange (%s)", n, tt.reason)
			}
		})
	}
}

// TestRefreshKeeps: what an answer leaves out stays.
func TestRefreshKeeps(t *testing.T) {
	s := newServer(t, jp)
	c := newConfig(t, s, nil)
	tok := grant(t, s, c, datacenter.JP)
	s.FailNext(zohoauthtest.Fault{Body: `{"access_token":"only"}`})
	next, err := c.Refresh(t.Context(), tok)
	if err != nil {
		t.Fatal(err)
	}
	if !next.RefreshToken.Equal(tok.RefreshToken) || next.APIDomain != tok.APIDomain || next.DC != tok.DC {
		t.Error("refresh token, API domain or data center were lost")
	}
	if diff := cmp.Diff(tok.Scopes, next.Scopes); diff != "" {
		t.Error(diff)
	}
	if next.AccessToken.Reveal() != "only" || next.Expiry.Sub(next.Issued) != 10*time.Minute {
		t.Error("access token or its life is wrong")
	}
	o := next.OAuth2()
	if o.AccessToken != "only" || o.Type() != "Bearer" || o.Extra("api_domain") != "https://www.zohoapis.jp" || !o.Expiry.Equal(next.Expiry) {
		t.Error("the oauth2.Token differs")
	}
}

func TestExchangeErrors(t *testing.T) {
	tests := []struct {
		name   string
		fault  zohoauthtest.Fault
		want   error
		reason string
	}{
		{"code", zohoauthtest.Fault{Error: "invalid_code"}, zohoauth.ErrCodeRejected, "on an exchange it is the code"},
		{"no refresh token", zohoauthtest.Fault{Body: `{"access_token":"a","expires_in":3600}`}, zohoauth.ErrNoRefreshToken, "a grant of an hour is of no use"},
		{"scope", zohoauthtest.Fault{Body: `{"access_token":"a","refresh_token":"r","scope":"Z","expires_in":3600}`}, zohoauth.ErrMissingScope, "less was granted"},
		{"limit", zohoauthtest.Fault{Status: 429, Header: http.Header{"Retry-After": {"9223372036854775807"}}}, zohoauth.ErrRateLimited, "bounded to a day"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, jp)
			f := newFlow(t, newConfig(t, s, nil), nil)
			q := accept(t, s, start(t, f, datacenter.JP, nil).URL)
			s.FailNext(tt.fault)
			tok, err := f.HandleCallback(t.Context(), q)
			e := wantError(t, err, tt.want)
			if tok != nil {
				t.Errorf("a token came with the error (%s)", tt.reason)
			}
			if e.Kind == zohoauth.KindRateLimited && time.Until(e.Until) > 24*time.Hour {
				t.Errorf("limited until %v (%s)", e.Until, tt.reason)
			}
		})
	}
}

// TestPerDCSecret: the wrong secret never leaves, the right one works.
func TestPerDCSecret(t *testing.T) {
	s := newServer(t, &zohoauthtest.Options{DC: datacenter.JP, Secrets: map[datacenter.DC]string{
		datacenter.US: "us-secret", datacenter.JP: "jp-secret", datacenter.EU: "eu-secret"}})
	c, err := zohoauth.NewConfig(zohoauthtest.DefaultClientID, zohoauth.Secret{}, &zohoauth.ConfigOptions{
		HTTPClient: s.Client(), RedirectURL: zohoauthtest.DefaultRedirectURL,
		Secrets: map[datacenter.DC]zohoauth.Secret{
			datacenter.JP: zohoauth.NewSecret("jp-secret"), datacenter.EU: zohoauth.NewSecret("wrong")},
	})
	if err != nil {
		t.Fatal(err)
	}
	grant(t, s, c, datacenter.JP)
	f := newFlow(t, c, nil)
	_, err = f.Start(t.Context(), datacenter.US, nil)
	wantError(t, err, zohoauth.ErrConfig)

	s.SetUser(datacenter.EU)
	_, err = f.HandleCallback(t.Context(), accept(t, s, start(t, f, "", nil).URL))
	if e := wantError(t, err, zohoauth.ErrInvalidClient); e.DC != datacenter.EU || !strings.Contains(e.Error(), "each data center") {
		t.Errorf("%v does not name the place and the remedy", err)
	}
	s.SetUser(datacenter.US)
	n := s.TokenRequests()
	_, err = f.HandleCallback(t.Context(), accept(t, s, start(t, f, "", nil).URL))
	wantError(t, err, zohoauth.ErrConfig)
	if s.TokenRequests() != n {
		t.Error("a request without a secret was sent")
	}
}

// TestCustomHosts is a data center that the table does not know, and a loopback
// fake in the place of one that it does.
func TestCustomHosts(t *testing.T) {
	e, err := datacenter.Custom("https://accounts.zoho.inec", "https://www.zohoapis.inec")
	if err != nil {
		t.Fatal(err)
	}
	var dialled string
	hc := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		dialled = r.URL.String()
		return &http.Response{StatusCode: 200, Header: http.Header{}, Request: r, Body: io.NopCloser(strings.NewReader(
			`{"access_token":"a","refresh_token":"r","api_domain":"https://www.zohoapis.inec/","expires_in":3600}`))}, nil
	})}
	c, err := zohoauth.NewConfig("1000.C", zohoauth.NewSecret("s"), &zohoauth.ConfigOptions{
		HTTPClient: hc, RedirectURL: "https://app.example/cb", Custom: map[datacenter.DC]datacenter.Endpoints{"inec": e},
	})
	if err != nil {
		t.Fatal(err)
	}
	f := newFlow(t, c, nil)
	q := stateOf(t, start(t, f, "", nil).URL)
	q.Set("code", "c")
	q.Set("location", "inec")
	q.Set("accounts-server", "https://accounts.zoho.inec")
	tok, err := f.HandleCallback(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if tok.DC != "inec" || dialled != "https://accounts.zoho.inec/oauth/v2/token" {
		t.Errorf("%s at %s", tok.DC, dialled)
	}
}

func TestLoopback(t *testing.T) {
	s := newServer(t, &zohoauthtest.Options{DC: datacenter.JP, Loopback: true})
	e, err := datacenter.Custom(s.URL(), "")
	if err != nil {
		t.Fatal(err)
	}
	c := newConfig(t, s, &zohoauth.ConfigOptions{
		HTTPClient: http.DefaultClient, // no mapping: a real connection
		Custom:     map[datacenter.DC]datacenter.Endpoints{datacenter.JP: e},
	})
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	tok := grant(t, s, c, datacenter.JP)
	if err := s.Verify(tok.AccessToken.Reveal()); err != nil {
		t.Error(err)
	}
	f := newFlow(t, c, nil)
	q := accept(t, s, start(t, f, datacenter.JP, nil).URL)
	q.Set("accounts-server", "https://accounts.zoho.jp")
	_, err = f.HandleCallback(t.Context(), q)
	wantError(t, err, zohoauth.ErrForeignHost) // replaced by the custom host

	plain := newConfig(t, s, nil) // the mapped hosts reach the same listener
	grant(t, s, plain, datacenter.JP)
}

// TestOwnDeadline: a caller's client without a timeout does not hang for ever.
func TestOwnDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		c := newConfig(t, s, nil)
		tok := grant(t, s, c, datacenter.JP)
		s.SetLatency(time.Hour)
		began := time.Now()
		_, err := c.Refresh(t.Context(), tok)
		wantError(t, err, zohoauth.ErrUnavailable)
		if d := time.Since(began); d != time.Minute {
			t.Errorf("waited %v", d)
		}
	})
}

func TestNewConfigErrors(t *testing.T) {
	secret := zohoauth.NewSecret("s")
	tests := []struct {
		name   string
		id     string
		secret zohoauth.Secret
		o      *zohoauth.ConfigOptions
		reason string
	}{
		{"no id", "", secret, nil, "required"},
		{"spaced id", "1000. X", secret, nil, "pasted with a space"},
		{"no secret", "1000.X", zohoauth.Secret{}, nil, "required"},
		{"empty dc secret", "1000.X", secret, &zohoauth.ConfigOptions{Secrets: map[datacenter.DC]zohoauth.Secret{"jp": {}}}, "would be sent empty"},
		{"unknown dc secret", "1000.X", secret, &zohoauth.ConfigOptions{Secrets: map[datacenter.DC]zohoauth.Secret{"JP": secret}}, "never used: a mistake"},
		{"relative redirect", "1000.X", secret, &zohoauth.ConfigOptions{RedirectURL: "/callback"}, "Zoho needs a whole one"},
		{"bad scope", "1000.X", secret, &zohoauth.ConfigOptions{Scopes: []string{"a b"}}, "two in one"},
		{"empty custom", "1000.X", secret, &zohoauth.ConfigOptions{Custom: map[datacenter.DC]datacenter.Endpoints{"xx": {}}}, "no host"},
	}
	for _, tt := range tests {
		if _, err := zohoauth.NewConfig(tt.id, tt.secret, tt.o); !errors.Is(err, zohoauth.ErrConfig) {
			t.Errorf("%s: %v (%s)", tt.name, err, tt.reason)
		}
	}
	if _, err := zohoauth.NewFlow(nil, nil); !errors.Is(err, zohoauth.ErrConfig) {
		t.Error(err)
	}
	if _, err := zohoauth.NewTokenSource(nil, nil, "", nil); !errors.Is(err, zohoauth.ErrConfig) {
		t.Error(err)
	}
	c, err := zohoauth.NewConfig("1000.X", secret, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []*zohoauth.FlowOptions{nil, {TTL: time.Hour}, {MaxPending: -1}} {
		if _, err := zohoauth.NewFlow(c, o); !errors.Is(err, zohoauth.ErrConfig) {
			t.Errorf("a Flow with %+v: %v", o, err)
		}
	}
	if _, err := c.Exchange(t.Context(), datacenter.JP, secret, zohoauth.Secret{}); !errors.Is(err, zohoauth.ErrConfig) {
		t.Error(err)
	}
}

// TestCallerGivesUp: the error is the caller's, and nothing is called unavailable.
func TestCallerGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		c := newConfig(t, s, nil)
		tok := grant(t, s, c, datacenter.JP)
		s.SetLatency(time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.Refresh(ctx, tok)
		var e *zohoauth.Error
		if !errors.As(err, &e) || e.Kind != zohoauth.KindCanceled || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v", err)
		}
		n := s.TokenRequests()
		if _, err := c.Refresh(ctx, tok); !errors.Is(err, context.DeadlineExceeded) || s.TokenRequests() != n {
			t.Errorf("with an ended context: %v", err)
		}
	})
}
