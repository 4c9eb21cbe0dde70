package datacenter

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAzureValues(t *testing.T) {
	const authorize = "/TokenAuthorize"
	tests := []struct {
		dc       DC
		sync     string
		opts     *AzureOptions
		tenant   string
		redirect string
		wantErr  error
		reason   string
	}{
		{JP, "https://one.zoho.jp/p/7/scim", nil, "https://one.zoho.jp/p/7", "https://portal.azure.com" + authorize, nil, "the help page's case"},
		{US, "https://directory.zoho.com/p/7", &AzureOptions{}, "https://directory.zoho.com/p/7", "https://portal.azure.com" + authorize, nil, "nothing to cut; the zero options"},
		{AE, "https://one.zoho.ae/p/scim/", nil, "https://one.zoho.ae/p", "https://portal.azure.com" + authorize, nil, "an unknown sync host gives no verdict"},
		{EU, "https://scim.example.com/p/scim?aadOptscim062020", nil, "https://scim.example.com/p?aadOptscim062020", "https://portal.azure.com" + authorize, nil, "a custom host with Azure's flag"},
		{US, "https://one.zoho.com/p", &AzureOptions{Portal: PortalUSGovernment}, "https://one.zoho.com/p", "https://portal.azure.us" + authorize, nil, "the US government's cloud"},
		{CN, "https://one.zoho.com.cn/p", &AzureOptions{Portal: PortalChina}, "https://one.zoho.com.cn/p", "https://portal.azure.cn" + authorize, nil, "China's cloud"},
		{US, "https://one.zoho.jp/p", nil, "", "", ErrMismatch, "the wrong accounts server"},
		{"", "https://one.zoho.jp/p", nil, "", "", ErrUnknownDC, "the zero data center"},
		{"inec", "https://scim.example.com", nil, "", "", ErrUnknownDC, "an unknown data center"},
		{JP, "one.zoho.jp/p", nil, "", "", ErrBadURL, "no scheme"},
		{JP, "https://one.zoho.jp/p", &AzureOptions{Portal: "portal.example.com"}, "", "", ErrForeignHost, "the code would go to someone else"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			got, err := AzureValues(tt.dc, tt.sync, tt.opts)
			wantError(t, err, tt.wantErr)
			var want Azure
			if tt.wantErr == nil {
				query := strings.Replace(helpPageQuery, url.QueryEscape("https://portal.azure.com"+authorize), url.QueryEscape(tt.redirect), 1)
				want = Azure{
					TenantURL:             tt.tenant,
					AuthorizationEndpoint: tt.dc.Endpoints().Accounts + "/oauth/v2/auth" + query,
					TokenEndpoint:         tt.dc.Endpoints().Accounts + "/oauth/v2/token",
					ClientID:              "1000.T3YYZHB8J5Y2BQ185U2FWOIKREUWAH",
					RedirectURL:           tt.redirect,
					Note:                  azureNote,
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
