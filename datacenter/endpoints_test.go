package datacenter

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOAuthURLs(t *testing.T) {
	tests := []struct {
		e      Endpoints
		origin string
		reason string
	}{
		{US.Endpoints(), "https://accounts.zoho.com", "the help page's token endpoint"},
		{CA.Endpoints(), "https://accounts.zohocloud.ca", "the domain is not that of the API"},
		{Endpoints{Accounts: "http://127.0.0.1:1/"}, "http://127.0.0.1:1", "a slash in a hand-made value is not doubled"},
	}
	for _, tt := range tests {
		want := []string{tt.origin + "/oauth/v2/auth", tt.origin + "/oauth/v2/token", tt.origin + "/oauth/v2/token/revoke"}
		if diff := cmp.Diff(want, []string{tt.e.AuthURL(), tt.e.TokenURL(), tt.e.RevokeURL()}); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.reason, diff)
		}
	}
}

func TestCustom(t *testing.T) {
	tests := []struct {
		accounts, api string
		want          Endpoints
		wantErr       error
		reason        string
	}{
		{"https://accounts.zoho.example", "https://www.zohoapis.example/", Endpoints{Accounts: "https://accounts.zoho.example", API: "https://www.zohoapis.example"}, nil, "a new data center; the slash goes"},
		{"https://Accounts.Zoho.Example", "", Endpoints{Accounts: "https://accounts.zoho.example"}, nil, "lower case; SCIM needs no API domain"},
		{"http://127.0.0.1:8080", "http://[::1]:8080/", Endpoints{Accounts: "http://127.0.0.1:8080", API: "http://[::1]:8080"}, nil, "fakes on loopback"},
		{"http://LOCALHOST:8080", "", Endpoints{Accounts: "http://localhost:8080"}, nil, "localhost is loopback in any case"},
		{"https://accounts.zoho.jp", "https://www.zohoapis.jp", Endpoints{Accounts: "https://accounts.zoho.jp", API: "https://www.zohoapis.jp"}, nil, "known hosts may be named"},
		{"https://accounts.zoho.jp", "https://api.example.com", Endpoints{Accounts: "https://accounts.zoho.jp", API: "https://api.example.com"}, nil, "one host of the table, one of the integrator's"},
		{"https://accounts.zoho.jp", "https://www.zohoapis.com", Endpoints{}, ErrMismatch, "a token of one never opens the other"},
		{"", "", Endpoints{}, ErrBadURL, "no accounts server"},
		{"accounts.zoho.jp", "", Endpoints{}, ErrBadURL, "no scheme"},
		{"http://accounts.zoho.jp", "", Endpoints{}, ErrBadURL, "the secret would travel in the clear"},
		{"http://10.0.0.1", "", Endpoints{}, ErrBadURL, "private is not loopback"},
		{"http://localhost.example.com", "", Endpoints{}, ErrBadURL, "only the name itself is loopback"},
		{"ftp://127.0.0.1", "", Endpoints{}, ErrBadURL, "loopback allows http, not any scheme"},
		{"https://user:pw@accounts.zoho.jp", "", Endpoints{}, ErrBadURL, "userinfo"},
		{"https://accounts.zoho.jp/oauth/v2/token", "", Endpoints{}, ErrBadURL, "an endpoint is not a base"},
		{"https://accounts.zoho.jp//", "", Endpoints{}, ErrBadURL, "two slashes are a path"},
		{"https://accounts.zoho.jp?x", "", Endpoints{}, ErrBadURL, "query"},
		{"https://accounts.zoho.jp?", "", Endpoints{}, ErrBadURL, "empty query"},
		{"https://accounts.zoho.jp#", "", Endpoints{}, ErrBadURL, "empty fragment"},
		{"https://accounts.example.com", "www.zohoapis.jp", Endpoints{}, ErrBadURL, "the API domain is read as strictly"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			got, err := Custom(tt.accounts, tt.api)
			wantError(t, err, tt.wantErr)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
