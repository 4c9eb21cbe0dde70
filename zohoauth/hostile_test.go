package zohoauth_test

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/zohoauth"
)

// hostileHosts are makings of an accounts-server: % is a host of the table.
var hostileHosts = []string{
	"https://%", "https://%/", "http://%", "HTTPS://%", "https://%.", "https://%:443", "https://%:8443", "https://%@evil.example",
	"https://evil.example@%", "https://evil.example#%", "https://evil.example/%", "https://evil.example?%", "https://%.evil.example",
	"https://evil-%", "https://evil.example\\@%", "https:\\\\%", "//%", "%", "https://[::1]", "https://[::ffff:127.0.0.1]", "https://127.0.0.1",
	"https://xn--zoho-0qa.jp", "https://%\t", " https://%", "https://%\r\nX: y", "https://%/../evil", "https://%//", "javascript:%", "",
	"https://accounts.zоho.jp", "https://ACCOUNTS.ZOHO.JP", "https://accounts.zoho.au", "https://accounts.zoho.ca", "https://localhost",
}

// TestHostileCallbacks makes up callbacks from the list. The transport is a spy:
// nothing is sent before the state was verified, and nothing ever to a host
// outside the table or to one that the parameters do not agree on.
func TestHostileCallbacks(t *testing.T) {
	table := make(map[string]datacenter.DC)
	var names []string
	for _, dc := range datacenter.All() {
		table[dc.Endpoints().TokenURL()] = dc
		names = append(names, strings.TrimPrefix(dc.Endpoints().Accounts, "https://"))
	}
	sent := ""
	spy := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		sent = r.URL.String()
		return nil, errors.New("spy")
	})}
	cfg, err := zohoauth.NewConfig("1000.C", zohoauth.NewSecret("s"), &zohoauth.ConfigOptions{
		RedirectURL: "https://app.example/cb", HTTPClient: spy,
	})
	if err != nil {
		t.Fatal(err)
	}
	flow := newFlow(t, cfg, &zohoauth.FlowOptions{MaxPending: 100})
	rng := rand.New(rand.NewPCG(1, 2)) // the same choices each time
	locations := append(datacenter.All(), "inec", "JP", "xx", "", "accounts.zoho.jp")
	pick := func(list []string) string { return list[rng.IntN(len(list))] }
	dials, callbacks := 0, *flagCallbacks
	if raceEnabled {
		callbacks /= 10
	}
	for n := range callbacks {
		c, err := flow.Start(t.Context(), datacenter.All()[rng.IntN(11)], &zohoauth.StartOptions{AnyDC: rng.IntN(2) == 0})
		if err != nil {
			t.Fatal(err)
		}
		q := url.Values{"code": {"1000.c"}}
		good := rng.IntN(4) != 0
		if good {
			q.Set("state", c.URL[strings.Index(c.URL, "&state=")+7:][:26])
		} else if rng.IntN(2) == 0 {
			q.Set("state", pick([]string{"", "x", strings.Repeat("A", 26)}))
		}
		for range rng.IntN(3) {
			q.Add("accounts-server", strings.ReplaceAll(pick(hostileHosts), "%", pick(names)))
		}
		for range rng.IntN(3) {
			q.Add("location", string(locations[rng.IntN(len(locations))]))
		}
		switch rng.IntN(12) {
		case 0:
			q.Set("iss", pick(hostileHosts))
		case 1:
			q.Set("error", "access_denied")
		}
		sent = ""
		_, err = flow.HandleCallback(t.Context(), q)
		if err == nil || !good && !errors.Is(err, zohoauth.ErrState) {
			t.Fatalf("callback %d %q: %v", n, q.Encode(), err)
		}
		if sent == "" {
			continue
		}
		dials++
		dc, known := table[sent]
		server := strings.TrimSuffix(q.Get("accounts-server"), "/")
		if !good || !known || q.Has("location") && q.Get("location") != string(dc) ||
			q.Has("accounts-server") && server != dc.Endpoints().Accounts {
			t.Fatalf("callback %d %q: sent to %q", n, q.Encode(), sent)
		}
	}
	t.Logf("%d callbacks, %d sent to the right host, 0 elsewhere", callbacks, dials)
	if dials == 0 {
		t.Error("nothing was sent at all, so this proves nothing")
	}
}

// TestManyStarts: a million consents that nobody finishes take the memory of
// those that are kept.
func TestManyStarts(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a million consents")
	}
	cfg, err := zohoauth.NewConfig("1000.C", zohoauth.NewSecret("s"), &zohoauth.ConfigOptions{RedirectURL: "https://app.example/cb"})
	if err != nil {
		t.Fatal(err)
	}
	flow := newFlow(t, cfg, nil)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	starts := 10 * *flagCallbacks
	if raceEnabled {
		starts /= 20
	}
	before := heap()
	for range starts {
		start(t, flow, datacenter.JP, nil)
	}
	grown := int64(heap()) - int64(before)
	runtime.KeepAlive(flow)
	t.Logf("%d starts: the heap grew by %d KiB", starts, grown>>10)
	if grown > 16<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
}
