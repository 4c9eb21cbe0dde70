package datacenter

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const (
	helpPageQuery = "?access_type=offline&prompt=consent&response_type=code&state=&client_id=1000.T3YYZHB8J5Y2BQ185U2FWOIKREUWAH&scope=ZohoOne.SCIM.ALL&redirect_uri=https%3A%2F%2Fportal.azure.com%2FTokenAuthorize"
	challenge     = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // RFC 7636 appendix B
)

// TestConsentURLOfTheHelpPage compares byte for byte: administrators compare
// the two by eye.
func TestConsentURLOfTheHelpPage(t *testing.T) {
	c := Consent{ClientID: "1000.T3YYZHB8J5Y2BQ185U2FWOIKREUWAH", RedirectURL: "https://portal.azure.com/TokenAuthorize"}
	for _, dc := range All() {
		got, err := dc.Endpoints().ConsentURL(c)
		if want := dc.Endpoints().Accounts + "/oauth/v2/auth" + helpPageQuery; got != want || err != nil {
			t.Errorf("%s:\n got %s, %v\nwant %s", dc, got, err, want)
		}
	}
	got, _ := US.Endpoints().ConsentURL(c)
	if want := "https://accounts.zoho.com/oauth/v2/auth" + helpPageQuery; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	got, _ = CN.Endpoints().ConsentURL(c)
	if !strings.HasPrefix(got, "https://accounts.zoho.com.cn/") {
		t.Errorf("China's consent starts at %s", got)
	}
}

func TestConsentURL(t *testing.T) {
	const front = "https://accounts.zoho.jp/oauth/v2/auth?access_type=offline&prompt=consent&response_type=code"
	const back = "https://app.example.com/cb"
	jp := JP.Endpoints()
	tests := []struct {
		e       Endpoints
		c       Consent
		want    string
		wantErr error
		reason  string
	}{
		{jp, Consent{ClientID: "id", RedirectURL: back, State: "a b&c=é"}, front + "&state=a+b%26c%3D%C3%A9&client_id=id&scope=ZohoOne.SCIM.ALL&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb", nil, "a state cannot break out of its parameter"},
		{jp, Consent{ClientID: "i&d", RedirectURL: back + "?x=1&y"}, front + "&state=&client_id=i%26d&scope=ZohoOne.SCIM.ALL&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb%3Fx%3D1%26y", nil, "nor can client id and redirect URL, whose query RFC 6749 allows"},
		{jp, Consent{ClientID: "id", RedirectURL: back, Scopes: []string{ScopeSCIM, "AaaServer.profile.READ"}}, front + "&state=&client_id=id&scope=ZohoOne.SCIM.ALL%2CAaaServer.profile.READ&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb", nil, "scopes are joined by commas, not by the spaces of RFC 6749"},
		{jp, Consent{ClientID: "id", RedirectURL: back, Scopes: []string{}}, front + "&state=&client_id=id&scope=ZohoOne.SCIM.ALL&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb", nil, "an empty list is no list"},
		{jp, Consent{ClientID: "id", RedirectURL: back, CodeChallenge: challenge}, front + "&state=&client_id=id&scope=ZohoOne.SCIM.ALL&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb&code_challenge=" + challenge + "&code_challenge_method=S256", nil, "PKCE comes last"},
		{jp, Consent{ClientID: "id", RedirectURL: "http://localhost:8080/cb"}, front + "&state=&client_id=id&scope=ZohoOne.SCIM.ALL&redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fcb", nil, "http on loopback"},
		{jp, Consent{ClientID: "id", RedirectURL: "HTTPS://App.Example.com/CB"}, front + "&state=&client_id=id&scope=ZohoOne.SCIM.ALL&redirect_uri=HTTPS%3A%2F%2FApp.Example.com%2FCB", nil, "the redirect URL goes out as registered"},
		{Endpoints{Accounts: "http://127.0.0.1:9/"}, Consent{ClientID: "id", RedirectURL: back}, "http://127.0.0.1:9/oauth/v2/auth?access_type=offline&prompt=consent&response_type=code&state=&client_id=id&scope=ZohoOne.SCIM.ALL&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb", nil, "a fake"},

		{Endpoints{}, Consent{ClientID: "id", RedirectURL: back}, "", ErrUnknownDC, "the zero Endpoints"},
		{DC("inec").Endpoints(), Consent{ClientID: "id", RedirectURL: back}, "", ErrUnknownDC, "an unknown data center"},
		{Endpoints{Accounts: "http://accounts.zoho.jp"}, Consent{ClientID: "id", RedirectURL: back}, "", ErrBadURL, "a hand-made server without TLS"},
		{Endpoints{Accounts: "https://accounts.zoho.jp/oauth?"}, Consent{ClientID: "id", RedirectURL: back}, "", ErrBadURL, "a hand-made server that is no base"},
		{jp, Consent{RedirectURL: back}, "", ErrBadConsent, "no client id"},
		{jp, Consent{ClientID: "id ", RedirectURL: back}, "", ErrBadConsent, "a space from copying"},
		{jp, Consent{ClientID: "id"}, "", ErrBadURL, "no redirect URL"},
		{jp, Consent{ClientID: "id", RedirectURL: "/cb"}, "", ErrBadURL, "a relative redirect URL"},
		{jp, Consent{ClientID: "id", RedirectURL: "https:///cb"}, "", ErrBadURL, "no host"},
		{jp, Consent{ClientID: "id", RedirectURL: "http://app.example.com/cb"}, "", ErrBadURL, "the code would travel in the clear (RFC 9700 section 2.6)"},
		{jp, Consent{ClientID: "id", RedirectURL: back + "#x"}, "", ErrBadURL, "a fragment (RFC 6749 section 3.1.2)"},
		{jp, Consent{ClientID: "id", RedirectURL: "https://u:p@app.example.com/cb"}, "", ErrBadURL, "userinfo"},
		{jp, Consent{ClientID: "id", RedirectURL: "urn:ietf:wg:oauth:2.0:oob"}, "", ErrBadURL, "Zoho refuses it"},
		{jp, Consent{ClientID: "id", RedirectURL: back, Scopes: []string{""}}, "", ErrBadConsent, "an empty scope"},
		{jp, Consent{ClientID: "id", RedirectURL: back, Scopes: []string{"A B"}}, "", ErrBadConsent, "two scopes in one"},
		{jp, Consent{ClientID: "id", RedirectURL: back, Scopes: []string{"A,B"}}, "", ErrBadConsent, "two scopes in one"},
		{jp, Consent{ClientID: "id", RedirectURL: back, CodeChallenge: challenge[1:]}, "", ErrBadConsent, "too short for a SHA-256"},
		{jp, Consent{ClientID: "id", RedirectURL: back, CodeChallenge: challenge + "="}, "", ErrBadConsent, "padding"},
		{jp, Consent{ClientID: "id", RedirectURL: back, CodeChallenge: "." + challenge[1:]}, "", ErrBadConsent, "not base64url"},
		{jp, Consent{ClientID: "id", RedirectURL: back, CodeChallenge: "&" + challenge[1:]}, "", ErrBadConsent, "not base64url, and a parameter of its own"},
	}
	for _, tt := range tests {
		t.Run(tt.reason, func(t *testing.T) {
			got, err := tt.e.ConsentURL(tt.c)
			wantError(t, err, tt.wantErr)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestConsentURLProperty: what a server decodes is what was given.
func TestConsentURLProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Consent{
			ClientID:    rapid.StringMatching(`[!-~]{1,20}`).Draw(t, "id"),
			RedirectURL: "https://app.example.com/cb?" + rapid.StringMatching(`[a-z&=+%]{0,8}`).Draw(t, "query"),
			State:       rapid.String().Draw(t, "state"),
			Scopes:      rapid.SliceOfN(rapid.StringMatching(`[A-Za-z.&+]{1,9}`), 1, 4).Draw(t, "scopes"),
		}
		raw, err := JP.Endpoints().ConsentURL(c)
		if strings.Contains(c.ClientID, `\`) {
			if !errors.Is(err, ErrBadConsent) {
				t.Fatalf("error = %v, want %v", err, ErrBadConsent)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		got, err := url.ParseQuery(u.RawQuery)
		if err != nil {
			t.Fatal(err)
		}
		want := url.Values{
			"access_type": {"offline"}, "prompt": {"consent"}, "response_type": {"code"},
			"state": {c.State}, "client_id": {c.ClientID},
			"scope": {strings.Join(c.Scopes, ",")}, "redirect_uri": {c.RedirectURL},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
	})
}
