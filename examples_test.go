package zohoscim_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"log"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/provision"
	"github.com/zohoscim/zohoscim/scim/scimtest"
	"github.com/zohoscim/zohoscim/zohoauth"
	"github.com/zohoscim/zohoscim/zohoauth/zohoauthtest"
)

// The bodies of the examples are the snippets of README.md, see readme_test.go.

// Provision a directory into Zoho One with the SCIM token of a custom
// directory store. Everyone has the same work location.
func Example_send() {
	ctx := context.Background()
	cred := scim.BearerToken(scim.NewSecret(os.Getenv("ZOHO_SCIM_TOKEN")))
	job := &provision.Job{
		Name: "zoho-one", SyncURL: os.Getenv("ZOHO_SYNC_URL"), // as Zoho One shows it, with or without /scim
		Users: mapping.ZohoOneUser().With(mapping.Fixed(`addresses[type eq "work"].formatted`, "本社")),
	}
	connection, err := provision.TestConnection(ctx, job, cred, nil)
	if err != nil {
		log.Fatal(err)
	}
	client, err := scim.NewClient(connection.BaseURL, cred, nil)
	if err != nil {
		log.Fatal(err)
	}
	engine, err := provision.New(job, provision.Snapshot(people), client, provision.NewMemoryState(), nil)
	if err != nil {
		log.Fatal(err)
	}
	report, err := engine.Cycle(ctx) // engine.Run(ctx): one every 40 minutes, until ctx ends
	fmt.Println("created:", report.Users.Created, "error:", err)
	// Output:
	// created: 2 error: <nil>
}

// The same with OAuth: the token source refreshes the grant that an
// administrator's consent left in the store.
func Example_oauth() {
	cfg, err := zohoauth.NewConfig(os.Getenv("ZOHO_CLIENT_ID"), zohoauth.NewSecret(os.Getenv("ZOHO_CLIENT_SECRET")), nil)
	if err != nil {
		log.Fatal(err)
	}
	store, err := zohoauth.NewDirStore(os.Getenv("ZOHO_TOKENS"))
	if err != nil {
		log.Fatal(err)
	}
	source, err := zohoauth.NewTokenSource(cfg, store, "zoho-one", nil)
	if err != nil {
		log.Fatal(err)
	}
	cred := scim.OAuth(source) // in place of scim.BearerToken
	job := &provision.Job{Name: "zoho-one", SyncURL: os.Getenv("ZOHO_SYNC_URL"), DataCenter: datacenter.JP}
	_, err = provision.TestConnection(context.Background(), job, cred, nil)
	fmt.Println("connected:", err == nil)
	// Output:
	// connected: true
}

// Receive users and groups from Entra, Okta or Zoho.
func Example_receive() {
	token, err := scim.NewStaticToken(scim.NewSecret(os.Getenv("SCIM_TOKEN")), scim.Subject{ID: "entra"}, time.Time{})
	if err != nil {
		log.Fatal(err)
	}
	auth, err := scim.NewStaticTokens(token)
	if err != nil {
		log.Fatal(err)
	}
	server, err := scim.NewServer(scim.NewMemoryStore(), auth, &scim.ServerOptions{BaseURL: "/scim/v2"})
	if err != nil {
		log.Fatal(err)
	}
	w := httptest.NewRecorder()
	server.ServeHTTP(w, httptest.NewRequest("GET", "/scim/v2/Users", nil))
	fmt.Println("without a token:", w.Code)
	// Output:
	// without a token: 401
}

// Test an integration offline against the fake of Zoho One.
func Example_prove() {
	ctx := context.Background()
	zoho, err := scimtest.NewZohoOne(func(context.Context, string) (scim.Subject, error) {
		return scim.Subject{}, nil // takes any token; zohoauthtest knows which ones are live
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	web := httptest.NewServer(zoho)
	defer web.Close()
	client, err := scim.NewClient(web.URL+"/scim", scim.BearerToken(scim.NewSecret("any")), nil)
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Users().Create(ctx, &scim.User{UserName: "user1@example.com"})
	fmt.Println("writes:", scimtest.Writes(zoho.Requests()), "error:", err)
	// Output:
	// writes: 1 error: <nil>
}

// people is a source of two users, who are new each time the examples run.
func people(context.Context) iter.Seq2[provision.Object, error] {
	return func(yield func(provision.Object, error) bool) {
		for range 2 {
			key := rand.Text()
			if !yield(provision.Object{Type: provision.User, Key: key, Record: mapping.Record{
				"userPrincipalName": key + "@example.com", "displayName": "Example User", "accountEnabled": true,
			}}, nil) {
				return
			}
		}
	}
}

// TestMain gives the examples the environment of a real program, with fakes
// at the addresses.
func TestMain(m *testing.M) {
	stop, err := environment()
	if err != nil {
		log.Fatal(err)
	}
	status := m.Run()
	stop()
	os.Exit(status)
}

func environment() (stop func(), err error) {
	accounts, err := zohoauthtest.New(&zohoauthtest.Options{DC: datacenter.JP})
	if err != nil {
		return nil, err
	}
	const scimToken = "scim-token-of-the-directory-store"
	zoho, err := scimtest.NewZohoOne(func(_ context.Context, token string) (scim.Subject, error) {
		if scope, ok := accounts.Scope(token); token == scimToken || ok && scope == datacenter.ScopeSCIM {
			return scim.Subject{}, nil
		}
		return scim.Subject{}, errors.New("neither the SCIM token nor a live access token")
	}, nil)
	if err != nil {
		return nil, err
	}
	web := httptest.NewServer(zoho)
	tokens, err := os.MkdirTemp("", "zohoscim")
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{
		"ZOHO_SYNC_URL": web.URL, "ZOHO_SCIM_TOKEN": scimToken, "SCIM_TOKEN": scimToken, "ZOHO_TOKENS": tokens,
		"ZOHO_CLIENT_ID": zohoauthtest.DefaultClientID, "ZOHO_CLIENT_SECRET": zohoauthtest.DefaultClientSecret,
	} {
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
	}
	stop = func() {
		web.Close()
		_ = accounts.Close()
		_ = os.RemoveAll(tokens)
	}
	return stop, consent(accounts, tokens)
}

// consent is what an administrator does once: the grant is kept in the
// directory of tokens.
func consent(accounts *zohoauthtest.Server, tokens string) error {
	ctx := context.Background()
	cfg, err := zohoauth.NewConfig(zohoauthtest.DefaultClientID, zohoauth.NewSecret(zohoauthtest.DefaultClientSecret),
		&zohoauth.ConfigOptions{RedirectURL: zohoauthtest.DefaultRedirectURL, HTTPClient: accounts.Client()})
	if err != nil {
		return err
	}
	flow, err := zohoauth.NewFlow(cfg, nil)
	if err != nil {
		return err
	}
	begun, err := flow.Start(ctx, datacenter.JP, nil)
	if err != nil {
		return err
	}
	callback, err := accounts.Consent(ctx, begun.URL)
	if err != nil {
		return err
	}
	token, err := flow.HandleCallback(ctx, callback.Query())
	if err != nil {
		return err
	}
	store, err := zohoauth.NewDirStore(tokens)
	if err != nil {
		return err
	}
	return zohoauth.SaveToken(ctx, store, "zoho-one", token)
}
