package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/scimtest"
	"github.com/zohoscim/zohoscim/zohoauth"
	"github.com/zohoscim/zohoscim/zohoauth/zohoauthtest"
)

// dataCenter is where the organization of the example lives.
const dataCenter = datacenter.JP

// world is Zoho's side: an accounts server and Zoho One, on loopback HTTP.
type world struct {
	accounts *zohoauthtest.Server
	zoho     *scimtest.ZohoOne
	web      *http.Server
	syncURL  string // what Zoho One shows on its settings page
}

// tokenOfLoop is the SCIM token of a second directory store, for the bare
// loop that the engine is measured against.
const tokenOfLoop = "scim-token-of-the-bare-loop"

// scopes of the two directory stores.
var (
	scopeJob  = scim.Scope{Connection: "job"}
	scopeLoop = scim.Scope{Connection: "loop"}
)

func newWorld(ctx context.Context) (*world, error) {
	accounts, err := zohoauthtest.New(&zohoauthtest.Options{DC: dataCenter, Loopback: true})
	if err != nil {
		return nil, err
	}
	w := &world{accounts: accounts}
	w.zoho, err = scimtest.NewZohoOne(func(_ context.Context, token string) (scim.Subject, error) {
		if token == tokenOfLoop {
			return scim.Subject{Scope: scopeLoop}, nil
		}
		scope, ok := accounts.Scope(token)
		if !ok || scope != datacenter.ScopeSCIM {
			return scim.Subject{}, errors.New("no live token with the scope " + datacenter.ScopeSCIM)
		}
		return scim.Subject{Scope: scopeJob}, nil
	}, nil)
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w.web = scim.NewHTTPServer(w.zoho)
	go func() { _ = w.web.Serve(listener) }() // ends with close
	w.syncURL = "http://" + listener.Addr().String()
	return w, nil
}

func (w *world) close() {
	_ = w.web.Close()
	_ = w.accounts.Close()
}

// login is the administrator's consent: the browser is sent to the data
// center's accounts server, and what comes back is exchanged for a token
// that is kept and refreshed.
func (w *world) login(ctx context.Context) (*zohoauth.TokenSource, error) {
	cfg, err := zohoauth.NewConfig(zohoauthtest.DefaultClientID, zohoauth.NewSecret(zohoauthtest.DefaultClientSecret),
		&zohoauth.ConfigOptions{RedirectURL: zohoauthtest.DefaultRedirectURL, HTTPClient: w.accounts.Client()})
	if err != nil {
		return nil, err
	}
	flow, err := zohoauth.NewFlow(cfg, nil)
	if err != nil {
		return nil, err
	}
	consent, err := flow.Start(ctx, dataCenter, nil)
	if err != nil {
		return nil, err
	}
	callback, err := w.accounts.Consent(ctx, consent.URL) // a browser and a person in real life
	if err != nil {
		return nil, err
	}
	token, err := flow.HandleCallback(ctx, callback.Query())
	if err != nil {
		return nil, err
	}
	fmt.Printf("consent           %s, data center %s, scope %v\n", dataCenter.Endpoints().Accounts, token.DC, token.Scopes)
	store := zohoauth.NewMemoryStore()
	if err := zohoauth.SaveToken(ctx, store, "zoho-one", token); err != nil {
		return nil, err
	}
	return zohoauth.NewTokenSource(cfg, store, "zoho-one", nil)
}
