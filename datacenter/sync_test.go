package datacenter

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFromSyncURL(t *testing.T) {
	tests := []struct {
		in      string
		want    DC
		wantErr error
		reason  string
	}{
		{"https://one.zoho.jp/p/7/scim", JP, nil, "Zoho One"},
		{"https://directory.zoho.jp", JP, nil, "Zoho Directory, no path"},
		{"https://one.zohocloud.ca/", CA, nil, "Canada"},
		{"https://directory.zoho.com.au/a?b", AU, nil, "path and query do not matter"},
		{"HTTPS://One.Zoho.JP:443/p", JP, nil, "the same host, spelled differently"},
		{"https://one.zoho.ae/p", "", ErrForeignHost, "not known, and not guessed"},
		{"https://one.zoho.jp:8443/p", "", ErrForeignHost, "another port is another service"},
		{"https://one.zoho.jp.evil.example/p", "", ErrForeignHost, "suffix"},
		{"https://xn--one-zoho.jp/p", "", ErrForeignHost, "punycode is shown as what it is"},
		{"https://accounts.zoho.jp/p", "", ErrForeignHost, "not a host for sync URLs"},
		{"http://127.0.0.1:9/scim", "", ErrForeignHost, "a fake"},
		{"http://one.zoho.jp/p", "", ErrBadURL, "plain http"},
		{"one.zoho.jp/p", "", ErrBadURL, "no scheme"},
		{"https://one.zоho.jp/p", "", ErrBadURL, "a Cyrillic о"},
		{"", "", ErrBadURL, "empty"},
	}
	for _, tt := range tests {
		got, err := FromSyncURL(tt.in)
		if got != tt.want {
			t.Errorf("FromSyncURL(%q) = %q, want %q: %s", tt.in, got, tt.want, tt.reason)
		}
		wantError(t, err, tt.wantErr)
	}
}

func TestCheck(t *testing.T) {
	tests := []struct {
		sync    string
		token   DC
		wantErr error
		reason  string
	}{
		{"https://one.zoho.jp/p/scim", JP, nil, "the same data center"},
		{"https://directory.zoho.com.cn/p?x", CN, nil, "the same, with a query"},
		{"https://one.zoho.jp/p/scim", US, ErrMismatch, "the usual mistake"},
		{"https://ONE.zoho.jp:443/p", US, ErrMismatch, "spelling does not hide it"},
		{"https://one.zoho.ae/p", US, nil, "an unknown host: no verdict"},
		{"https://scim.example.com", SG, nil, "a custom host: no verdict"},
		{"http://localhost:9/scim", JP, nil, "a fake: no verdict"},
		{"https://one.zoho.jp/p", "", ErrUnknownDC, "no token"},
		{"https://scim.example.com", "inec", ErrUnknownDC, "an unknown token, whatever the host"},
		{"https://one.zoho.jp/p", "JP", ErrUnknownDC, "not the code that Zoho sends"},
		{"https://u:p@one.zoho.jp/p", JP, ErrBadURL, "userinfo"},
		{"", JP, ErrBadURL, "no sync URL"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) { wantError(t, Check(tt.sync, tt.token), tt.wantErr) })
	}
}

func TestCheckSaysWhatToUse(t *testing.T) {
	for _, dc := range All() {
		if dc.Endpoints().One == "" {
			continue
		}
		token := US
		if dc == US {
			token = EU
		}
		err := Check(dc.Endpoints().One+"/p", token)
		want := "the sync URL is in " + string(dc) + ", the token from " + string(token) +
			": use " + strings.TrimPrefix(dc.Endpoints().Accounts, "https://")
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: error %v, want one that ends in %q", dc, err, want)
		}
	}
}

// urlTests holds for each sync URL the two URLs made of it; "" is ErrBadURL.
var urlTests = []struct{ in, tenant, base, reason string }{
	{"https://one.zoho.jp/p/7/scim", "https://one.zoho.jp/p/7", "https://one.zoho.jp/p/7/scim", "as Zoho shows it"},
	{"https://one.zoho.jp/p/7/scim/", "https://one.zoho.jp/p/7", "https://one.zoho.jp/p/7/scim", "a slash behind"},
	{"https://one.zoho.jp/p/7//scim///", "https://one.zoho.jp/p/7", "https://one.zoho.jp/p/7//scim", "slashes at the end go, others stay"},
	{"https://one.zoho.jp/p/7", "https://one.zoho.jp/p/7", "https://one.zoho.jp/p/7/scim", "a tenant URL already"},
	{"https://one.zoho.jp/p/7/", "https://one.zoho.jp/p/7", "https://one.zoho.jp/p/7/scim", "a tenant URL with a slash"},
	{"https://one.zoho.jp/scim", "https://one.zoho.jp", "https://one.zoho.jp/scim", "nothing but the segment"},
	{"https://one.zoho.jp", "https://one.zoho.jp", "https://one.zoho.jp/scim", "a host alone"},
	{"https://one.zoho.jp//", "https://one.zoho.jp", "https://one.zoho.jp/scim", "a host and slashes"},
	{"https://one.zoho.jp/p/SCIM", "https://one.zoho.jp/p", "https://one.zoho.jp/p/SCIM", "any case counts, and the client keeps it"},
	{"https://one.zoho.jp/p/scim/scim", "https://one.zoho.jp/p/scim", "https://one.zoho.jp/p/scim/scim", "one segment is cut, not two"},
	{"https://scim.example.com/scim/v2", "https://scim.example.com/scim/v2", "https://scim.example.com/scim/v2", "a versioned base is complete as it is"},
	{"https://scim.example.com/scim/v2/", "https://scim.example.com/scim/v2", "https://scim.example.com/scim/v2", "with a slash"},
	{"https://scim.example.com/scim/tenants/7", "https://scim.example.com/scim/tenants/7", "https://scim.example.com/scim/tenants/7", "a segment further in front counts"},
	{"https://scim.example.com/myscim", "https://scim.example.com/myscim", "https://scim.example.com/myscim/scim", "part of a segment does not count, nor does the host"},
	{"https://one.zoho.jp/a%2Fscim", "https://one.zoho.jp/a%2Fscim", "https://one.zoho.jp/a%2Fscim/scim", "an encoded slash makes no segment"},
	{"https://one.zoho.jp/a%20b/Scim", "https://one.zoho.jp/a%20b", "https://one.zoho.jp/a%20b/Scim", "the path keeps case and escapes"},
	{"https://ONE.Zoho.jp:8443/P", "https://one.zoho.jp:8443/P", "https://one.zoho.jp:8443/P/scim", "the host is written in lower case, the port stays"},
	{"http://127.0.0.1:9/scim", "http://127.0.0.1:9", "http://127.0.0.1:9/scim", "http on loopback, for tests"},
	{"http://[::1]:9", "http://[::1]:9", "http://[::1]:9/scim", "IPv6 loopback"},
	{"https://one.zoho.jp/p/scim?aadOptscim062020", "https://one.zoho.jp/p?aadOptscim062020", "", "Azure reads flags in the query; a client cannot add /Users to one"},
	{"https://one.zoho.jp/p/scim/?a=b&c", "https://one.zoho.jp/p?a=b&c", "", "a query stays as written"},
	{"https://one.zoho.jp/p/scim?", "https://one.zoho.jp/p", "", "an empty query says nothing"},

	{"", "", "", "empty"},
	{"/scim", "", "", "relative"},
	{"one.zoho.jp/scim", "", "", "no scheme"},
	{"https:one.zoho.jp/scim", "", "", "opaque"},
	{"https:///scim", "", "", "no host"},
	{"https://:443/scim", "", "", "a port alone"},
	{"https://one.zoho.jp:/scim", "", "", "an empty port"},
	{"https://one.zoho.jp:0/scim", "", "", "port 0"},
	{"https://one.zoho.jp:65536/scim", "", "", "a port too high"},
	{"https://one.zoho.jp:x/scim", "", "", "a port that is no number"},
	{"http://one.zoho.jp/scim", "", "", "the token would travel in the clear"},
	{"http://192.168.0.1/scim", "", "", "private is not loopback"},
	{"ftp://one.zoho.jp/scim", "", "", "another scheme"},
	{"https://u@one.zoho.jp/scim", "", "", "user"},
	{"https://u:p@one.zoho.jp/scim", "", "", "user and password"},
	{"https://one.zoho.jp/scim#x", "", "", "fragment"},
	{"https://one.zoho.jp/scim#", "", "", "empty fragment"},
	{"https://one.zoho.jp/scim ", "", "", "white space from copying"},
	{"https://one.zoho.jp/scim\n", "", "", "a line break"},
	{"https://one.zoho.jp\\scim", "", "", "a backslash"},
	{"https://one.zоho.jp/scim", "", "", "a look-alike host"},
	{"https://one_zoho.jp/scim", "", "", "no host name"},
	{"https://[fe80::1%25eth0]/scim", "", "", "an address zone"},
	{"https://one.zoho.jp/%zz", "", "", "a broken escape"},
}

func TestTenantAndSCIMBaseURL(t *testing.T) {
	want := func(s string) error {
		if s == "" {
			return ErrBadURL
		}
		return nil
	}
	for _, tt := range urlTests {
		t.Run(tt.reason, func(t *testing.T) {
			got, err := TenantURL(tt.in)
			wantError(t, err, want(tt.tenant))
			if diff := cmp.Diff(tt.tenant, got); diff != "" {
				t.Errorf("TenantURL(%q) (-want +got)\n%s", tt.in, diff)
			}
			got, err = SCIMBaseURL(tt.in)
			wantError(t, err, want(tt.base))
			if diff := cmp.Diff(tt.base, got); diff != "" {
				t.Errorf("SCIMBaseURL(%q) (-want +got)\n%s", tt.in, diff)
			}
		})
	}
}

// FuzzSyncURL: both results keep scheme and host, can be read again, a base is
// a fixed point, and the way through Azure ends at the same base.
func FuzzSyncURL(f *testing.F) {
	for _, tt := range urlTests {
		f.Add(tt.in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		tenant, err := TenantURL(in)
		if err != nil {
			if tenant != "" || !errors.Is(err, ErrBadURL) {
				t.Fatalf("TenantURL(%q) = %q, %v", in, tenant, err)
			}
			if base, err := SCIMBaseURL(in); err == nil {
				t.Fatalf("SCIMBaseURL(%q) = %q, but there is no tenant URL", in, base)
			}
			return
		}
		sameHost(t, in, tenant)
		if _, err := FromSyncURL(in); err != nil && !errors.Is(err, ErrForeignHost) {
			t.Fatalf("FromSyncURL(%q): %v", in, err)
		}
		base, err := SCIMBaseURL(in)
		if err != nil {
			if !strings.Contains(in, "?") {
				t.Fatalf("SCIMBaseURL(%q): %v", in, err)
			}
			return
		}
		sameHost(t, in, base)
		if strings.HasSuffix(base, "/") || strings.HasSuffix(tenant, "/") {
			t.Fatalf("%q: tenant %q, base %q end in a slash", in, tenant, base)
		}
		if again, err := SCIMBaseURL(base); again != base || err != nil {
			t.Fatalf("SCIMBaseURL(%q) = %q, %v", base, again, err)
		}
		back, err := SCIMBaseURL(tenant)
		if err != nil {
			t.Fatalf("SCIMBaseURL(%q): %v", tenant, err)
		}
		// Another scim segment further in front makes the tenant URL complete
		// without the one that was cut.
		if back != tenant && fold(back) != fold(base) {
			t.Fatalf("%q: base %q, by way of Azure %q", in, base, back)
		}
	})
}

func sameHost(t *testing.T, in, out string) {
	t.Helper()
	a, errA := url.Parse(in)
	b, errB := url.Parse(out)
	if errA != nil || errB != nil {
		t.Fatalf("%q, %q: %v, %v", in, out, errA, errB)
	}
	if a.Scheme != b.Scheme || lowerASCII(a.Host) != b.Host || b.User != nil || b.Fragment != "" {
		t.Fatalf("%q became %q", in, out)
	}
}

// fold drops what the two functions may change in a path: the segment's case and
// the slashes in front of it.
func fold(s string) string {
	for strings.Contains(s, "//") {
		s = strings.ReplaceAll(s, "//", "/")
	}
	return lowerASCII(s)
}
