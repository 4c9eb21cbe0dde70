package scim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zohoscim/zohoscim/scim"
)

var (
	clientListed   = flag.Int("listed", 10_000, "users to list for the comparison of memory with 1,000")
	clientRequests = flag.Int("clientrequests", 3000, "requests of each side for the comparison with net/http")
	clientRatio    = flag.Bool("clientratio", false, "fail if the client reaches less than 90 % of net/http; only on a quiet machine")
)

// A long list takes the memory of a short one: what is held is the page in
// use and the next one.
func TestAllKeepsNothing(t *testing.T) {
	peak := func(users int) uint64 {
		server := httptest.NewServer(&endpointPages{users: users, most: 200})
		defer server.Close()
		c, err := scim.NewClient(server.URL, scim.BearerToken(scim.NewSecret(clientCanary)), &scim.ClientOptions{Profile: scim.Profile{Config: clientConfig}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseIdleConnections()
		var most uint64
		n := 0
		for _, err := range c.Users().All(t.Context(), nil) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n%max(500, users/20) == 0 {
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc)
			}
		}
		if n != users {
			t.Fatalf("%d of %d users", n, users)
		}
		return most
	}
	peak(1000) // what is made once
	short, long := peak(1000), peak(*clientListed)
	ratio := float64(long) / float64(short)
	t.Logf("live heap at its peak: %d bytes for 1,000 users, %d for %d: ratio %.2f", short, long, *clientListed, ratio)
	if ratio > 1.2 {
		t.Errorf("a list of %d users holds %.2f times what one of 1,000 does, want at most 1.2", *clientListed, ratio)
	}
}

// loopback is our service provider on a loopback address.
func loopback(t *testing.T) (base, token string) {
	t.Helper()
	token = "example-token-0123456789"
	static, err := scim.NewStaticToken(scim.NewSecret(token), scim.Subject{}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	auth, err := scim.NewStaticTokens(static)
	if err != nil {
		t.Fatal(err)
	}
	server, err := scim.NewServer(scim.NewMemoryStore(), auth, &scim.ServerOptions{BaseURL: "/scim/v2"})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	return web.URL + "/scim/v2", token
}

// The client against a bare net/http client that sends the same bodies and
// reads the answers: runs of both in turn, each with 8 workers that create a
// user and read it.
func TestThroughput(t *testing.T) {
	base, token := loopback(t)
	c, err := scim.NewClient(base, scim.BearerToken(scim.NewSecret(token)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseIdleConnections()
	bare := &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer bare.CloseIdleConnections()
	var next atomic.Int64
	user := func() *scim.User {
		name := fmt.Sprintf("user%d@example.com", next.Add(1))
		return &scim.User{
			UserName: name, Name: scim.Name{GivenName: "Barbara", FamilyName: "Jensen"}, Title: "Lead", Active: new(true),
			Emails: []scim.MultiValue{{Value: name, Type: "work"}}, Addresses: []scim.Address{{Formatted: "本社", Type: "work"}},
		}
	}
	withClient := func(ctx context.Context) error {
		u, err := c.Users().Create(ctx, user())
		if err == nil {
			_, err = c.Users().Get(ctx, u.ID, nil)
		}
		return err
	}
	withNet := func(ctx context.Context) error {
		u := user()
		body := fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":%q,"name":{"familyName":"Jensen","givenName":"Barbara"},"title":"Lead","active":true,"emails":[{"value":%q,"type":"work"}],"addresses":[{"formatted":"本社","type":"work"}]}`, u.UserName, u.UserName)
		answer, err := bareRequest(ctx, bare, token, "POST", base+"/Users", body)
		if err != nil {
			return err
		}
		_, id, _ := strings.Cut(string(answer), `"id":"`)
		id, _, _ = strings.Cut(id, `"`)
		_, err = bareRequest(ctx, bare, token, "GET", base+"/Users/"+id, "")
		return err
	}
	const each = 160 // requests of a round
	withJSON := func(ctx context.Context) error {
		u := user()
		body, err := json.Marshal(&bareUser{
			Schemas: []string{scim.SchemaUser}, UserName: u.UserName, Name: &u.Name, Title: u.Title, Active: true,
			Emails: []bareValue{{Value: u.UserName, Type: "work"}}, Addresses: []bareValue{{Formatted: "本社", Type: "work"}},
		})
		if err != nil {
			return err
		}
		var made, read bareUser
		answer, err := bareRequest(ctx, bare, token, "POST", base+"/Users", string(body))
		if err == nil {
			err = json.Unmarshal(answer, &made)
		}
		if err != nil {
			return err
		}
		if answer, err = bareRequest(ctx, bare, token, "GET", base+"/Users/"+made.ID, ""); err != nil {
			return err
		}
		return json.Unmarshal(answer, &read)
	}
	run := func(fn func(context.Context) error) time.Duration {
		begin := time.Now()
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range each / 16 {
					if err := fn(t.Context()); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		return time.Since(begin)
	}
	run(withClient)
	run(withNet)
	run(withJSON)
	// Rounds in turn, compared by pairs: what else the machine does falls on all.
	var plain, decoded []float64
	var client time.Duration
	for range max(1, *clientRequests/each) {
		took := run(withClient)
		client += took
		plain = append(plain, run(withNet).Seconds()/took.Seconds())
		decoded = append(decoded, run(withJSON).Seconds()/took.Seconds())
	}
	slices.Sort(plain)
	slices.Sort(decoded)
	ratio, n := plain[len(plain)/2], len(plain)
	t.Logf("%.0f requests/s; of net/http %.2f, of net/http with encoding/json and a struct %.2f, medians of %d pairs",
		float64(each*n)/client.Seconds(), ratio, decoded[n/2], n)
	if *clientRatio && ratio < 0.9 {
		t.Errorf("ratio %.2f, want 0.9", ratio)
	}
}

// bareUser is what a program without this package would have.
type bareUser struct {
	Schemas   []string       `json:"schemas"`
	ID        string         `json:"id,omitempty"`
	UserName  string         `json:"userName"`
	Name      *scim.Name     `json:"name,omitempty"`
	Title     string         `json:"title,omitempty"`
	Active    bool           `json:"active"`
	Emails    []bareValue    `json:"emails,omitempty"`
	Addresses []bareValue    `json:"addresses,omitempty"`
	Meta      map[string]any `json:"meta,omitempty"`
}

type bareValue struct {
	Value     string `json:"value,omitempty"`
	Formatted string `json:"formatted,omitempty"`
	Type      string `json:"type,omitempty"`
}

func bareRequest(ctx context.Context, c *http.Client, token, method, url, body string) ([]byte, error) {
	var r io.Reader
	if body != "" {
		r = bytes.NewReader([]byte(body))
	}
	req, err := http.NewRequestWithContext(ctx, method, url, r)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/scim+json")
	resp, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is lost: it has been read
	if resp.StatusCode > 299 {
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	return io.ReadAll(resp.Body)
}
