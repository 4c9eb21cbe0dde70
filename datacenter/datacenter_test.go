package datacenter

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wantTable is the published table once more, so that a slip in the package's
// own shows. "-" is a host that is not known.
const wantTable = `
us accounts.zoho.com     www.zohoapis.com    one.zoho.com      directory.zoho.com
eu accounts.zoho.eu      www.zohoapis.eu     one.zoho.eu       directory.zoho.eu
in accounts.zoho.in      www.zohoapis.in     one.zoho.in       directory.zoho.in
au accounts.zoho.com.au  www.zohoapis.com.au one.zoho.com.au   directory.zoho.com.au
jp accounts.zoho.jp      www.zohoapis.jp     one.zoho.jp       directory.zoho.jp
ca accounts.zohocloud.ca www.zohoapis.ca     one.zohocloud.ca  directory.zohocloud.ca
sa accounts.zoho.sa      www.zohoapis.sa     one.zoho.sa       directory.zoho.sa
uk accounts.zoho.uk      www.zohoapis.uk     one.zoho.uk       directory.zoho.uk
cn accounts.zoho.com.cn  www.zohoapis.com.cn one.zoho.com.cn   directory.zoho.com.cn
ae accounts.zoho.ae      www.zohoapis.ae     -                 -
sg accounts.zoho.sg      www.zohoapis.sg     -                 -`

func TestTable(t *testing.T) {
	base := func(host string) string {
		if host == "-" {
			return ""
		}
		return "https://" + host
	}
	var order []DC
	for line := range strings.Lines(strings.TrimSpace(wantTable)) {
		f := strings.Fields(line)
		dc := DC(f[0])
		order = append(order, dc)
		want := Endpoints{Accounts: base(f[1]), API: base(f[2]), One: base(f[3]), Directory: base(f[4])}
		if diff := cmp.Diff(want, dc.Endpoints()); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", dc, diff)
		}
	}
	if diff := cmp.Diff(order, All()); diff != "" {
		t.Errorf("All (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(order, []DC{US, EU, IN, AU, JP, CA, SA, UK, CN, AE, SG}); diff != "" {
		t.Errorf("constants (-want +got)\n%s", diff)
	}
}

func TestAllIsACopy(t *testing.T) {
	All()[0] = "changed"
	if got := All()[0]; got != US {
		t.Errorf("All()[0] = %q after a caller wrote to an earlier slice, want %q", got, US)
	}
}

func TestNoNameIsShared(t *testing.T) {
	owner := map[string]DC{}
	for i := range table {
		r := &table[i]
		names := []string{r.hosts.Accounts, r.hosts.API, r.hosts.One, r.hosts.Directory, r.oldAPI(), string(r.dc), r.suffix}
		for _, name := range names {
			if dc, ok := owner[name]; name != "" && ok && dc != r.dc {
				t.Errorf("%q belongs to %s and %s", name, dc, r.dc)
			}
			owner[name] = r.dc
		}
	}
}

func TestEndpointsOfUnknownDC(t *testing.T) {
	for _, dc := range []DC{"", "inec", "JP", "com", "zoho.jp", " us"} {
		e := dc.Endpoints()
		if e != (Endpoints{}) {
			t.Errorf("DC(%q).Endpoints() = %+v, want none", dc, e)
		}
		for _, got := range []string{e.AuthURL(), e.TokenURL(), e.RevokeURL()} {
			if got != "" {
				t.Errorf("DC(%q) has the URL %q, want none", dc, got)
			}
		}
	}
}
