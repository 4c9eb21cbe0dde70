package zohoauth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/zohoauth"
	"github.com/zohoscim/zohoscim/zohoauth/zohoauthtest"
)

func TestMain(m *testing.M) {
	if setting := os.Getenv(childEnv); setting != "" {
		if err := child(setting); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// newServer returns a fake that is closed at the end of the test.
func newServer(t testing.TB, o *zohoauthtest.Options) *zohoauthtest.Server {
	t.Helper()
	s, err := zohoauthtest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// newConfig returns the Config of the fake's default client.
func newConfig(t testing.TB, s *zohoauthtest.Server, o *zohoauth.ConfigOptions) *zohoauth.Config {
	t.Helper()
	var opts zohoauth.ConfigOptions
	if o != nil {
		opts = *o
	}
	if opts.HTTPClient == nil {
		opts.HTTPClient = s.Client()
	}
	if opts.RedirectURL == "" {
		opts.RedirectURL = zohoauthtest.DefaultRedirectURL
	}
	c, err := zohoauth.NewConfig(zohoauthtest.DefaultClientID, zohoauth.NewSecret(zohoauthtest.DefaultClientSecret), &opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newFlow(t testing.TB, c *zohoauth.Config, o *zohoauth.FlowOptions) *zohoauth.Flow {
	t.Helper()
	f, err := zohoauth.NewFlow(c, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func start(t testing.TB, f *zohoauth.Flow, dc datacenter.DC, o *zohoauth.StartOptions) *zohoauth.Consent {
	t.Helper()
	c, err := f.Start(t.Context(), dc, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// accept lets the user consent and returns the callback's query.
func accept(t testing.TB, s *zohoauthtest.Server, authURL string) url.Values {
	t.Helper()
	u, err := s.Consent(t.Context(), authURL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// grant runs a whole first consent in dc.
func grant(t testing.TB, s *zohoauthtest.Server, c *zohoauth.Config, dc datacenter.DC) *zohoauth.Token {
	t.Helper()
	f := newFlow(t, c, nil)
	tok, err := f.HandleCallback(t.Context(), accept(t, s, start(t, f, dc, nil).URL))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// newSource returns a source over a fresh grant in JP.
func newSource(t testing.TB, s *zohoauthtest.Server, c *zohoauth.Config, store zohoauth.TokenStore, o *zohoauth.TokenSourceOptions) *zohoauth.TokenSource {
	t.Helper()
	if err := zohoauth.SaveToken(t.Context(), store, "org", grant(t, s, c, datacenter.JP)); err != nil {
		t.Fatal(err)
	}
	src, err := zohoauth.NewTokenSource(c, store, "org", o)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// jp are the options of a fake whose user is in Japan.
var jp = &zohoauthtest.Options{DC: datacenter.JP}

// wantError fails the test unless err is the sentinel want and one of ours.
func wantError(t testing.TB, err, want error) *zohoauth.Error {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error = %v, want %v", err, want)
	}
	var e *zohoauth.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %T is not *zohoauth.Error", err)
	}
	return e
}

// roundTripper is a transport made of a function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// brokenStore fails what its fields say: put for tokens, count for the records
// of requests, get for both.
type brokenStore struct {
	zohoauth.TokenStore
	get, put, count func() error
}

func (b *brokenStore) Get(ctx context.Context, key string) ([]byte, error) {
	if b.get != nil {
		if err := b.get(); err != nil {
			return nil, err
		}
	}
	return b.TokenStore.Get(ctx, key)
}

func (b *brokenStore) Put(ctx context.Context, key string, data []byte) error {
	fail := b.put
	if strings.HasPrefix(key, "requests/") {
		fail = b.count
	}
	if fail != nil {
		if err := fail(); err != nil {
			return err
		}
	}
	return b.TokenStore.Put(ctx, key, data)
}

// faulty is the answer of a fault, without a server.
func faulty(f *zohoauthtest.Fault, r *http.Request) *http.Response {
	body := f.Body
	if f.Error != "" {
		body = `{"error":"` + f.Error + `"}`
	}
	return &http.Response{StatusCode: f.Status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}
