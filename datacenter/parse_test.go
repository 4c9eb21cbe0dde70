package datacenter

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	tests := []struct {
		in     string
		want   DC
		reason string
	}{
		{"jp", JP, "the code"},
		{"JP", JP, "upper case"},
		{" jp\n", JP, "white space from a file or a form"},
		{"com", US, "the US domain's end"},
		{"com.au", AU, "the domain's end where it is not the code"},
		{"au", AU, "the code where it is not the domain's end"},
		{"com.cn", CN, "China"},
		{"zoho.jp", JP, "the domain"},
		{"zoho.com", US, "the domain"},
		{"zohocloud.ca", CA, "Canada's domain"},
		{"zohoapis.ca", CA, "Canada's other domain"},
		{"accounts.zoho.jp", JP, "the accounts host"},
		{"one.zoho.uk", UK, "the Zoho One host"},
		{"directory.zohocloud.ca", CA, "the Zoho Directory host"},
		{"www.zohoapis.com.au", AU, "the API host"},
		{"api.zoho.eu", EU, "the API host of Zoho's samples"},
		{"https://accounts.zoho.jp/", JP, "a URL"},
		{"HTTPS://Accounts.Zoho.JP", JP, "a URL in upper case"},

		{"", "", "empty"},
		{" ", "", "blank"},
		{"https://", "", "a scheme alone: the unknown hosts of ae and sg match nothing"},
		{"https://jp", "", "a code is no host"},
		{"https://com.au/", "", "a domain's end is no host"},
		{"inec", "", "Zoho names it, nobody explains it"},
		{"japan", "", "a name is not a code"},
		{"\u212Azoho.uk", "", "junk before a domain"},
		{"u\u212A", "", "the Kelvin sign folds to k in Unicode only"},
		{"zoho.ca", "", "Canada is in zohocloud.ca; Zoho's own pages get it wrong"},
		{"accounts.zoho.ca", "", "as above"},
		{"zoho.com.jp", "", "no such domain"},
		{"one.zoho.ae", "", "an unknown host is not guessed"},
		{"evil.zoho.jp.example", "", "suffix"},
		{"xzoho.jp", "", "prefix"},
		{"http://accounts.zoho.jp", "", "not https"},
		{"https://accounts.zoho.jp//", "", "a path"},
		{"https://accounts.zoho.jp/oauth", "", "a path"},
		{"https://u@accounts.zoho.jp", "", "userinfo"},
		{"https://accounts.zoho.jp:443", "", "a port"},
		{".", "", "no label at all"},
	}
	for _, tt := range tests {
		got, err := Parse(tt.in)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("Parse(%q) = %q, %v, want %q: %s", tt.in, got, err, tt.want, tt.reason)
		}
		if err != nil {
			wantError(t, err, ErrUnknownDC)
		}
	}
	if _, err := Parse("inec"); err == nil || !strings.Contains(err.Error(), `"inec"`) {
		t.Errorf("the error %v does not name the code", err)
	}
}

func TestParseReadsItsOwnTable(t *testing.T) {
	for _, dc := range All() {
		e := dc.Endpoints()
		for _, in := range []string{string(dc), e.Accounts, e.API, e.One, e.Directory} {
			if got, err := Parse(in); in != "" && (got != dc || err != nil) {
				t.Errorf("Parse(%q) = %q, %v, want %q", in, got, err, dc)
			}
		}
	}
}

// exact lists every input that the two readers of wire values accept.
func exact(bases func(*row) []string) map[string]DC {
	m := map[string]DC{}
	for i := range table {
		for _, base := range bases(&table[i]) {
			m[base] = table[i].dc
			m[base+"/"] = table[i].dc
		}
	}
	return m
}

func exactAccounts() map[string]DC {
	return exact(func(r *row) []string { return []string{r.hosts.Accounts} })
}

func exactAPI() map[string]DC {
	return exact(func(r *row) []string { return []string{r.hosts.API, r.oldAPI()} })
}

func TestExactInputsAreAccepted(t *testing.T) {
	for in, want := range exactAccounts() {
		if got, err := FromAccountsServer(in); got != want || err != nil {
			t.Errorf("FromAccountsServer(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	for in, want := range exactAPI() {
		if got, err := FromAPIDomain(in); got != want || err != nil {
			t.Errorf("FromAPIDomain(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"https://api.zoho.com", "https://api.zoho.eu", "https://api.zohocloud.ca"} {
		if _, err := FromAPIDomain(in); err != nil {
			t.Errorf("FromAPIDomain(%q): %v", in, err)
		}
	}
}

var hostileServers = []struct{ in, reason string }{
	{"", "empty"},
	{"/", "a slash"},
	{"//", "two slashes"},
	{"https://", "a scheme; the unknown hosts of ae and sg match nothing"},
	{"https:///", "no host"},
	{"accounts.zoho.jp", "no scheme"},
	{"//accounts.zoho.jp", "no scheme"},
	{"http://accounts.zoho.jp", "plain http"},
	{"HTTPS://accounts.zoho.jp", "scheme in upper case"},
	{"https:accounts.zoho.jp", "opaque"},
	{"https:/accounts.zoho.jp", "one slash"},
	{"https:///accounts.zoho.jp", "browsers read it as a host"},
	{"javascript://accounts.zoho.jp", "another scheme"},
	{"https://ACCOUNTS.zoho.jp", "upper case"},
	{"https://accounts.zoho.jp.", "trailing dot"},
	{"https://accounts.zoho.jp:443", "the default port"},
	{"https://accounts.zoho.jp:", "an empty port"},
	{"https://accounts.zoho.jp:8443/", "another port"},
	{"https://accounts.zoho.jp//", "two slashes"},
	{"https://accounts.zoho.jp/oauth/v2/token", "a path"},
	{"https://accounts.zoho.jp/..", "dot segments"},
	{"https://accounts.zoho.jp?", "an empty query"},
	{"https://accounts.zoho.jp/?x=1", "a query"},
	{"https://accounts.zoho.jp#", "an empty fragment"},
	{"https://accounts.zoho.jp/#x", "a fragment"},
	{"https://@accounts.zoho.jp", "an empty user"},
	{"https://user:pw@accounts.zoho.jp", "userinfo"},
	{"https://accounts.zoho.jp@evil.example", "the host is behind the @"},
	{"https://accounts.zoho.jp%40evil.example", "an encoded @"},
	{"https://evil.example\\@accounts.zoho.jp", "a backslash: browsers and Go disagree on the host"},
	{"https://accounts.zoho.jp\\.evil.example", "a backslash"},
	{"https:\\\\accounts.zoho.jp", "backslashes for slashes"},
	{"https://accounts.zoho.jp.evil.example", "suffix"},
	{"https://accounts.zoho.jpevil.example", "suffix without a dot"},
	{"https://evil.example/accounts.zoho.jp", "the name in the path"},
	{"https://evil.example?https://accounts.zoho.jp", "the name in the query"},
	{"https://xaccounts.zoho.jp", "prefix"},
	{"https://x.accounts.zoho.jp", "a subdomain"},
	{"https://accounts.zoho.ca", "a host that Zoho's own pages print wrongly"},
	{"https://accounts.zoho.com.jp", "no such domain"},
	{"https://accounts-zoho.jp", "a near miss"},
	{"https://accounts.zоho.jp", "a Cyrillic о"},
	{"https://accounts.zoho.j\u200bp", "a zero-width space"},
	{"https://accounts。zoho。jp", "ideographic full stops"},
	{"https://ａccounts.zoho.jp", "a full-width letter"},
	{"https://accounts.zoho.u\u212A", "the Kelvin sign"},
	{"https://xn--accounts-zoho.jp", "punycode"},
	{"https://%61ccounts.zoho.jp", "an encoded letter"},
	{"https://accounts%2Ezoho.jp", "an encoded dot"},
	{"https://accounts.zoho.jp%00", "an encoded zero byte"},
	{"https://accounts.zoho.jp\x00", "a zero byte"},
	{"https://accounts.zoho.jp\n", "a line break"},
	{"https://acc\tounts.zoho.jp", "browsers drop tabs"},
	{" https://accounts.zoho.jp", "a space in front"},
	{"https://accounts.zoho.jp ", "a space behind"},
	{"https://[::1]", "IPv6"},
	{"https://[accounts.zoho.jp]", "brackets"},
	{"https://127.0.0.1", "an address"},
	{"https://169.254.169.254/", "a cloud's metadata service"},
	{"https://one.zoho.jp", "the table's, but neither of the two"},
	{"https%3A%2F%2Faccounts.zoho.jp", "still percent-encoded"},
	{"https://accounts.zoho.jp,https://accounts.zoho.eu", "two values"},
}

func TestHostileServersAreRefused(t *testing.T) {
	readers := map[string]func(string) (DC, error){"accounts": FromAccountsServer, "api": FromAPIDomain}
	for name, read := range readers {
		for _, tt := range hostileServers {
			in := tt.in
			if name == "api" {
				in = strings.Replace(in, "accounts.zoho.jp", "www.zohoapis.jp", 1)
			}
			got, err := read(in)
			if got != "" {
				t.Errorf("%s: %q is accepted as %q: %s", name, in, got, tt.reason)
			}
			wantError(t, err, ErrForeignHost)
		}
	}
	if _, err := FromAPIDomain("https://accounts.zoho.jp"); err == nil {
		t.Error("an accounts server is taken for an API domain")
	}
	if _, err := FromAccountsServer("https://www.zohoapis.jp"); err == nil {
		t.Error("an API domain is taken for an accounts server")
	}
}

// checkExact is the property of both readers: what they accept is one of the
// exact inputs, and nothing else is an answer.
func checkExact(t interface {
	Helper()
	Errorf(string, ...any)
}, in string, want map[string]DC, read func(string) (DC, error)) {
	t.Helper()
	got, err := read(in)
	dc, ok := want[in]
	if got != dc || (err == nil) != ok {
		t.Errorf("%q: got %q, %v, want %q", in, got, err, dc)
	}
	if err != nil && !errors.Is(err, ErrForeignHost) {
		t.Errorf("%q: error %v, want %v", in, err, ErrForeignHost)
	}
}

// TestServersProperty disturbs real hosts by the tricks of the table above, one
// or several at once, at any place.
func TestServersProperty(t *testing.T) {
	accounts, api := exactAccounts(), exactAPI()
	var seeds []string
	for in := range accounts {
		seeds = append(seeds, in)
	}
	for in := range api {
		seeds = append(seeds, in)
	}
	slices.Sort(seeds) // rapid replays by seed, so the order must not vary
	pieces := []string{
		"", "@", "user:pw@", ".", "..", ":", ":443", ":0", "/", "//", "\\", "?", "#", "%2e", "%00", "%40", "\x00", "\t", "\n", "\r", " ",
		"A", "Z", "о", "。", "\u212A", "\u200b", "\u202e", "xn--", "[", "]", "::1", "-", "evil.example", "https://", "http:", ";", ",",
	}
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SampledFrom(seeds).Draw(t, "seed")
		for range rapid.IntRange(0, 3).Draw(t, "tricks") {
			at := rapid.IntRange(0, len(in)).Draw(t, "at")
			cut := rapid.IntRange(0, min(2, len(in)-at)).Draw(t, "cut")
			in = in[:at] + rapid.SampledFrom(pieces).Draw(t, "piece") + in[at+cut:]
		}
		checkExact(t, in, accounts, FromAccountsServer)
		checkExact(t, in, api, FromAPIDomain)
	})
}

func FuzzServers(f *testing.F) {
	accounts, api := exactAccounts(), exactAPI()
	for _, tt := range hostileServers {
		f.Add(tt.in)
	}
	for in := range accounts {
		f.Add(in)
	}
	for in := range api {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		checkExact(t, in, accounts, FromAccountsServer)
		checkExact(t, in, api, FromAPIDomain)
	})
}

// FuzzParse holds Parse to ASCII, and to what its own table can spell.
func FuzzParse(f *testing.F) {
	for _, in := range []string{"jp", "COM.AU", "zoho.jp", "https://accounts.zohocloud.ca/", "u\u212A", "inec", "https://jp"} {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		dc, err := Parse(in)
		if err != nil {
			if dc != "" || !errors.Is(err, ErrUnknownDC) {
				t.Errorf("Parse(%q) = %q, %v", in, dc, err)
			}
			return
		}
		if !dc.known() {
			t.Errorf("Parse(%q) = %q, which is not in the table", in, dc)
		}
		name := strings.ToLower(strings.TrimSpace(in))
		if strings.ContainsFunc(name, unsafeRune) || strings.ContainsAny(name, "@?#%") {
			t.Errorf("Parse(%q) = %q despite a character that no host has", in, dc)
		}
		if again, err := Parse(string(dc)); again != dc || err != nil {
			t.Errorf("Parse(%q) = %q, %v", dc, again, err)
		}
	})
}
