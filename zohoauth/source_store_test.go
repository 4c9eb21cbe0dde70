package zohoauth_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/zohoauth"
	"github.com/zohoscim/zohoscim/zohoauth/zohoauthtest"
)

// TestAdopt: what another process saved is used instead of a request.
func TestAdopt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		store := zohoauth.NewMemoryStore()
		one := newSource(t, s, newConfig(t, s, nil), store, nil)
		two, err := zohoauth.NewTokenSource(newConfig(t, s, nil), store, "org", nil)
		if err != nil {
			t.Fatal(err)
		}
		need(t, s, one)
		need(t, s, two)
		for range 24 {
			time.Sleep(61 * time.Minute)
			before := s.TokenRequests()
			if need(t, s, one) != need(t, s, two) {
				t.Error("the second source did not adopt the first one's token")
			}
			if n := refreshes(s, before); n != 1 {
				t.Errorf("%d refreshes for two sources, want 1", n)
			}
		}
	})
}

func TestLogout(t *testing.T) {
	s := newServer(t, jp)
	store := zohoauth.NewMemoryStore()
	src := newSource(t, s, newConfig(t, s, nil), store, nil)
	tok := need(t, s, src)
	if err := store.Delete(t.Context(), "org"); err != nil {
		t.Fatal(err)
	}
	src.Invalidate(tok)
	_, err := src.TokenContext(t.Context())
	wantError(t, err, zohoauth.ErrConsentRequired)
}

// TestSaveFails: with an unchanged refresh token a full disk stops nothing, and
// saving is tried again.
func TestSaveFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		var full atomic.Bool
		puts := 0
		store := &brokenStore{TokenStore: zohoauth.NewMemoryStore(), put: func() error {
			if puts++; full.Load() {
				return errors.New("no space left on device")
			}
			return nil
		}}
		src := newSource(t, s, newConfig(t, s, nil), store, nil)
		old := need(t, s, src)
		full.Store(true)
		s.ExpireAccess()
		src.Invalidate(old)
		fresh := need(t, s, src)
		before := s.TokenRequests()
		for range 600 {
			if need(t, s, src) != fresh {
				t.Fatal("the token in memory was lost")
			}
			time.Sleep(time.Second)
		}
		if n := refreshes(s, before); n != 0 || puts < 3 || puts > 20 {
			t.Errorf("%d refreshes, %d attempts to save in 10 minutes", n, puts)
		}
		full.Store(false)
		time.Sleep(5 * time.Minute)
		need(t, s, src)
		stored, err := zohoauth.LoadToken(t.Context(), store, "org")
		if err != nil || stored.AccessToken.Reveal() != fresh {
			t.Errorf("the token was not saved in the end: %v", err)
		}
	})
}

// TestRotation: a new refresh token is held back until it is saved, and not lost.
func TestRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		var full atomic.Bool
		store := &brokenStore{TokenStore: zohoauth.NewMemoryStore(), put: func() error {
			if full.Load() {
				return errors.New("no space left on device")
			}
			return nil
		}}
		src := newSource(t, s, newConfig(t, s, nil), store, nil)
		src.Invalidate(need(t, s, src))
		s.FailNext(zohoauthtest.Fault{Body: `{"access_token":"1000.new","refresh_token":"1000.rotated","expires_in":3600}`})
		full.Store(true)
		before := s.TokenRequests()
		for range 60 {
			_, err := src.TokenContext(t.Context())
			wantError(t, err, zohoauth.ErrStore)
			time.Sleep(time.Second)
		}
		full.Store(false)
		time.Sleep(5 * time.Minute)
		tok, err := src.TokenContext(t.Context())
		if err != nil || tok.AccessToken != "1000.new" || tok.RefreshToken != "1000.rotated" {
			t.Errorf("the rotated token was lost: %v", err)
		}
		if n := refreshes(s, before); n != 1 {
			t.Errorf("%d refreshes, want 1", n)
		}
	})
}

// TestStoreUnreadable: a store that fails later does not stop a running process.
func TestStoreUnreadable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		var broken atomic.Bool
		store := &brokenStore{TokenStore: zohoauth.NewMemoryStore(), get: func() error {
			if broken.Load() {
				return errors.New("input/output error")
			}
			return nil
		}}
		src := newSource(t, s, newConfig(t, s, nil), store, nil)
		broken.Store(true)
		_, err := src.TokenContext(t.Context())
		wantError(t, err, zohoauth.ErrStore)
		broken.Store(false)
		time.Sleep(time.Minute)
		need(t, s, src)
		broken.Store(true)
		time.Sleep(time.Hour)
		need(t, s, src)
	})
}

// TestStoredTokenIsChecked: what is in the store is not trusted more than an
// answer, and a token of a bad entry is not handed out later either.
func TestStoredTokenIsChecked(t *testing.T) {
	tests := []struct {
		name   string
		edit   func(*zohoauth.Token)
		want   error
		reason string
	}{
		{"client", func(t *zohoauth.Token) { t.ClientID = "1000.OTHER" }, zohoauth.ErrConfig, "another client's refresh token"},
		{"dc", func(t *zohoauth.Token) { t.DC = "xx" }, zohoauth.ErrConfig, "no such data center"},
		{"api", func(t *zohoauth.Token) { t.APIDomain = "https://evil.example" }, zohoauth.ErrForeignHost, "the token would go there"},
		{"api dc", func(t *zohoauth.Token) { t.APIDomain = "https://www.zohoapis.com" }, zohoauth.ErrWrongDataCenter, "another data center"},
		{"scope", func(t *zohoauth.Token) { t.Scopes = []string{"AaaServer.profile.READ"} }, zohoauth.ErrMissingScope, "too little was granted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, jp)
			c, store := newConfig(t, s, nil), zohoauth.NewMemoryStore()
			tok := *grant(t, s, c, datacenter.JP)
			tt.edit(&tok)
			if err := zohoauth.SaveToken(t.Context(), store, "org", &tok); err != nil {
				t.Fatal(err)
			}
			src, err := zohoauth.NewTokenSource(c, store, "org", nil)
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				_, err = src.TokenContext(t.Context())
				wantError(t, err, tt.want)
			}
			if n := s.TokenRequests(); n != 1 {
				t.Errorf("%d token requests (%s)", n, tt.reason)
			}
		})
	}
}

// TestHeldTokenIsSavedFirst: a rotated refresh token that is not saved yet gets
// its turn even while refreshing fails.
func TestHeldTokenIsSavedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, jp)
		var full atomic.Bool
		store := &brokenStore{TokenStore: zohoauth.NewMemoryStore(), put: func() error {
			if full.Load() {
				return errors.New("no space left on device")
			}
			return nil
		}}
		src := newSource(t, s, newConfig(t, s, nil), store, nil)
		src.Invalidate(need(t, s, src))
		s.FailNext(zohoauthtest.Fault{Body: `{"access_token":"new","refresh_token":"rotated","expires_in":3600}`})
		full.Store(true)
		_, err := src.TokenContext(t.Context())
		wantError(t, err, zohoauth.ErrStore)
		full.Store(false)
		time.Sleep(2 * time.Hour) // the access token has ended
		s.FailNext(zohoauthtest.Fault{Status: 503})
		_, err = src.TokenContext(t.Context())
		wantError(t, err, zohoauth.ErrUnavailable)
		tok, err := zohoauth.LoadToken(t.Context(), store, "org")
		if err != nil || tok.RefreshToken.Reveal() != "rotated" {
			t.Errorf("the rotated refresh token is not in the store: %v", err)
		}
	})
}

// TestShortLives: tokens of seconds are never handed out after their end.
func TestShortLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, &zohoauthtest.Options{DC: datacenter.JP, Lifetime: 100 * time.Second})
		src := newSource(t, s, newConfig(t, s, nil), zohoauth.NewMemoryStore(), nil)
		s.SetLatency(8 * time.Second)
		for range 600 {
			need(t, s, src)
			time.Sleep(time.Second)
		}
		checkWindows(t, s)
	})
}
