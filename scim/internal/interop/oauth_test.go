package interop

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/storage"
	"golang.org/x/crypto/bcrypt"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/zohoauth"
)

const (
	clientID     = "1000.FOREIGN"
	clientSecret = "foreign-client-secret"
	redirectURL  = "http://127.0.0.1:9004/callback"
)

// newFosite returns an authorization server of ory/fosite at Zoho's paths: PKCE
// required, refresh tokens rotated. Whoever asks for consent gives it.
func newFosite(t *testing.T) *httptest.Server {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(clientSecret), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	store := storage.NewMemoryStore()
	store.Clients[clientID] = &fosite.DefaultClient{
		ID: clientID, Secret: hash, RedirectURIs: []string{redirectURL},
		ResponseTypes: []string{"code"}, GrantTypes: []string{"authorization_code", "refresh_token", "client_credentials"},
		Scopes: []string{datacenter.ScopeSCIM},
	}
	provider := compose.Compose(&fosite.Config{
		AccessTokenLifespan: time.Hour, AuthorizeCodeLifespan: time.Minute, EnforcePKCE: true,
		RefreshTokenScopes: []string{}, GlobalSecret: []byte("0123456789abcdef0123456789abcdef"),
		SendDebugMessagesToClients: true,
	}, store, compose.NewOAuth2HMACStrategy(&fosite.Config{GlobalSecret: []byte("0123456789abcdef0123456789abcdef")}),
		compose.OAuth2AuthorizeExplicitFactory, compose.OAuth2PKCEFactory, compose.OAuth2RefreshTokenGrantFactory,
		compose.OAuth2ClientCredentialsGrantFactory, compose.OAuth2TokenRevocationFactory)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /oauth/v2/auth", func(w http.ResponseWriter, r *http.Request) {
		ar, err := provider.NewAuthorizeRequest(r.Context(), r)
		if err != nil {
			provider.WriteAuthorizeError(r.Context(), w, ar, err)
			return
		}
		for _, scope := range ar.GetRequestedScopes() {
			ar.GrantScope(scope)
		}
		resp, err := provider.NewAuthorizeResponse(r.Context(), ar, &fosite.DefaultSession{Subject: "user1"})
		if err != nil {
			provider.WriteAuthorizeError(r.Context(), w, ar, err)
			return
		}
		provider.WriteAuthorizeResponse(r.Context(), w, ar, resp)
	})
	mux.HandleFunc("POST /oauth/v2/token", func(w http.ResponseWriter, r *http.Request) {
		req, err := provider.NewAccessRequest(r.Context(), r, &fosite.DefaultSession{})
		if err != nil {
			provider.WriteAccessError(r.Context(), w, req, err)
			return
		}
		if req.GetGrantTypes().ExactOne("client_credentials") {
			for _, scope := range req.GetRequestedScopes() {
				req.GrantScope(scope)
			}
		}
		resp, err := provider.NewAccessResponse(r.Context(), req)
		if err != nil {
			provider.WriteAccessError(r.Context(), w, req, err)
			return
		}
		provider.WriteAccessResponse(r.Context(), w, req, resp)
	})
	mux.HandleFunc("POST /oauth/v2/revoke/token", func(w http.ResponseWriter, r *http.Request) {
		provider.WriteRevocationResponse(r.Context(), w, provider.NewRevocationRequest(r.Context(), r))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func newConfig(t *testing.T, server, secret string) *zohoauth.Config {
	t.Helper()
	own, err := datacenter.Custom(server, "")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := zohoauth.NewConfig(clientID, zohoauth.NewSecret(secret), &zohoauth.ConfigOptions{
		RedirectURL: redirectURL, Custom: map[datacenter.DC]datacenter.Endpoints{datacenter.US: own},
	})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// consent asks for consent and returns the callback's query.
func consent(t *testing.T, flow *zohoauth.Flow) url.Values {
	t.Helper()
	c, err := flow.Start(t.Context(), datacenter.US, nil)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	to, err := resp.Location()
	if err != nil {
		t.Fatalf("status %d: %v", resp.StatusCode, err)
	}
	if !strings.HasPrefix(to.String(), redirectURL) {
		t.Fatalf("sent to %s", to.Host)
	}
	return to.Query()
}

// TestFosite walks code with PKCE, refresh with rotation, client credentials,
// revocation and a wrong secret.
func TestFosite(t *testing.T) {
	s := newFosite(t)
	cfg := newConfig(t, s.URL, clientSecret)
	flow, err := zohoauth.NewFlow(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := flow.HandleCallback(t.Context(), consent(t, flow))
	if err != nil {
		t.Fatal(err)
	}
	store := zohoauth.NewMemoryStore()
	if err := zohoauth.SaveToken(t.Context(), store, "k", tok); err != nil {
		t.Fatal(err)
	}
	src, err := zohoauth.NewTokenSource(cfg, store, "k", nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		at, err := src.TokenContext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		src.Invalidate(at.AccessToken)
		next, err := src.TokenContext(t.Context())
		if err != nil || next.AccessToken == at.AccessToken || next.RefreshToken == at.RefreshToken {
			t.Fatalf("no new pair: %v", err)
		}
	}
	last, err := zohoauth.LoadToken(t.Context(), store, "k")
	if err != nil {
		t.Fatal(err)
	}
	want(t, newConfig(t, s.URL, "wrong"), last, zohoauth.ErrInvalidClient)
	if err := cfg.Revoke(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	want(t, cfg, last, zohoauth.ErrConsentRequired)

	code := zohoauth.NewSecret(consent(t, flow).Get("code"))
	_, err = cfg.Exchange(t.Context(), datacenter.US, code, zohoauth.NewSecret(strings.Repeat("x", 43)))
	if !errors.Is(err, zohoauth.ErrCodeRejected) {
		t.Errorf("another verifier: %v", err)
	}
	if _, err := cfg.ClientCredentials(t.Context(), datacenter.US, ""); err != nil {
		t.Errorf("client credentials: %v", err)
	}
}

// want refreshes and expects an error.
func want(t *testing.T, cfg *zohoauth.Config, tok *zohoauth.Token, target error) {
	t.Helper()
	if _, err := cfg.Refresh(context.Background(), tok); !errors.Is(err, target) {
		t.Errorf("got %v, want %v", err, target)
	}
}
