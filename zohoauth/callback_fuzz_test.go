package zohoauth_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/zohoauth"
)

// FuzzCallback sends arbitrary callbacks, with the right state and without. The
// transport is a spy: nothing may be sent before the state was verified, nothing
// to a host outside the table, and nothing to one that location and
// accounts-server did not name.
func FuzzCallback(f *testing.F) {
	for _, s := range []string{
		"code=c&location=jp&accounts-server=https%3A%2F%2Faccounts.zoho.jp&",
		"code=c&location=ca&accounts-server=https%3A%2F%2Faccounts.zohocloud.ca%2F",
		"code=c&location=cn&accounts-server=https://accounts.zoho.com.cn",
		"code=c&accounts-server=https://accounts.zoho.jp@evil.example",
		"code=c&accounts-server=https://accounts.zoho.jp.evil.example",
		"code=c&accounts-server=https://evil.example/accounts.zoho.jp",
		"code=c&accounts-server=https://ACCOUNTS.zoho.jp",
		"code=c&accounts-server=https://accounts.zoho.jp.",
		"code=c&accounts-server=https://accounts.zoho.jp:443",
		"code=c&accounts-server=http://accounts.zoho.jp",
		"code=c&accounts-server=https://[::1]",
		"code=c&accounts-server=https:%5C%5Caccounts.zoho.jp",
		"code=c&accounts-server=https://xn--zoho.jp",
		"code=c&accounts-server=https://accounts.zoho.jp%09",
		"code=c&location=us&accounts-server=https://accounts.zoho.jp",
		"code=c&location=inec",
		"code=c&location=us&location=jp",
		"code=c&location=us&iss=https://accounts.zoho.com",
		"error=access_denied", "state=x&code=c&location=us", "state=&code=c", "",
	} {
		f.Add(s, true, false)
		f.Add(s, false, true)
	}
	var sent []string
	spy := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		sent = append(sent, r.URL.String())
		return nil, errors.New("spy")
	})}
	cfg, err := zohoauth.NewConfig("1000.C", zohoauth.NewSecret("s"), &zohoauth.ConfigOptions{
		RedirectURL: "https://app.example/cb", HTTPClient: spy,
	})
	if err != nil {
		f.Fatal(err)
	}
	table := make(map[string]datacenter.DC)
	for _, dc := range datacenter.All() {
		table[dc.Endpoints().TokenURL()] = dc
	}
	f.Fuzz(func(t *testing.T, raw string, withState, pinned bool) {
		q, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		flow := newFlow(t, cfg, nil)
		opts := &zohoauth.StartOptions{AnyDC: !pinned}
		state := stateOf(t, start(t, flow, datacenter.JP, opts).URL).Get("state")
		if withState {
			q.Set("state", state)
		}
		sent = nil
		_, err = flow.HandleCallback(t.Context(), q)
		if err == nil {
			t.Fatal("a grant without an answer")
		}
		if !withState && !errors.Is(err, zohoauth.ErrState) {
			t.Fatalf("the state was not checked first: %v", err)
		}
		if len(sent) == 0 {
			return
		}
		dc, known := table[sent[0]]
		switch {
		case !withState:
			t.Fatal("sent before the state was verified")
		case len(sent) != 1 || !known:
			t.Fatalf("sent to %q", sent)
		case pinned && dc != datacenter.JP, dc == datacenter.CN:
			t.Fatalf("sent to %s", dc)
		case q.Has("location") && q.Get("location") != string(dc),
			q.Has("accounts-server") && strings.TrimSuffix(q.Get("accounts-server"), "/") != dc.Endpoints().Accounts:
			t.Fatalf("sent to %s, which %q does not say", dc, raw)
		}
		if _, err := flow.HandleCallback(t.Context(), q); !errors.Is(err, zohoauth.ErrState) {
			t.Fatalf("the state worked twice: %v", err)
		}
	})
}
