package datacenter_test

import (
	"errors"
	"fmt"

	"github.com/zohoscim/zohoscim/datacenter"
)

// An administrator wrote the data center as it stands in the browser's address
// bar.
func ExampleParse() {
	dc, err := datacenter.Parse("zoho.com.au")
	fmt.Println(dc, err)
	fmt.Println(dc.Endpoints().Accounts)

	_, err = datacenter.Parse("inec")
	fmt.Println(errors.Is(err, datacenter.ErrUnknownDC))
	// Output:
	// au <nil>
	// https://accounts.zoho.com.au
	// true
}

// The callback of a consent names an accounts server. Only an exact one of the
// table may see the client secret.
func ExampleFromAccountsServer() {
	dc, err := datacenter.FromAccountsServer("https://accounts.zohocloud.ca")
	fmt.Println(dc, err)

	_, err = datacenter.FromAccountsServer("https://accounts.zoho.jp@attacker.example")
	fmt.Println(errors.Is(err, datacenter.ErrForeignHost))
	// Output:
	// ca <nil>
	// true
}

func ExampleEndpoints_ConsentURL() {
	consent, err := datacenter.JP.Endpoints().ConsentURL(datacenter.Consent{
		ClientID:    "1000.EXAMPLE",
		RedirectURL: "https://app.example.com/zoho/callback",
		State:       "opaque",
	})
	fmt.Println(consent, err)
	// Output:
	// https://accounts.zoho.jp/oauth/v2/auth?access_type=offline&prompt=consent&response_type=code&state=opaque&client_id=1000.EXAMPLE&scope=ZohoOne.SCIM.ALL&redirect_uri=https%3A%2F%2Fapp.example.com%2Fzoho%2Fcallback <nil>
}

func ExampleCheck() {
	err := datacenter.Check("https://one.zoho.jp/provision/7/scim", datacenter.US)
	fmt.Println(err)
	fmt.Println(errors.Is(err, datacenter.ErrMismatch))
	fmt.Println(datacenter.Check("https://scim.example.com/v2", datacenter.US))
	// Output:
	// datacenter: sync URL "one.zoho.jp": data center mismatch: the sync URL is in jp, the token from us: use accounts.zoho.jp
	// true
	// <nil>
}

// Azure's gallery application adds /scim itself; a SCIM client of ours does not.
func ExampleTenantURL() {
	const sync = "https://one.zoho.jp/provision/7/scim/"
	tenant, err := datacenter.TenantURL(sync)
	fmt.Println(tenant, err)
	base, err := datacenter.SCIMBaseURL(sync)
	fmt.Println(base, err)
	// Output:
	// https://one.zoho.jp/provision/7 <nil>
	// https://one.zoho.jp/provision/7/scim <nil>
}

func ExampleAzureValues() {
	v, err := datacenter.AzureValues(datacenter.JP, "https://one.zoho.jp/provision/7/scim", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("Tenant URL:            ", v.TenantURL)
	fmt.Println("Authorization endpoint:", v.AuthorizationEndpoint)
	fmt.Println("Token endpoint:        ", v.TokenEndpoint)
	fmt.Println(v.Note)
	// Output:
	// Tenant URL:             https://one.zoho.jp/provision/7
	// Authorization endpoint: https://accounts.zoho.jp/oauth/v2/auth?access_type=offline&prompt=consent&response_type=code&state=&client_id=1000.T3YYZHB8J5Y2BQ185U2FWOIKREUWAH&scope=ZohoOne.SCIM.ALL&redirect_uri=https%3A%2F%2Fportal.azure.com%2FTokenAuthorize
	// Token endpoint:         https://accounts.zoho.jp/oauth/v2/token
	// Paste these values into the Zoho One application of the Microsoft Entra gallery; an application of your own does not work with them. The client id belongs to Microsoft: do not use it for a consent of your own.
}

// A fake accounts server on a loopback address is an explicit choice.
func ExampleCustom() {
	e, err := datacenter.Custom("http://127.0.0.1:8080", "")
	fmt.Println(e.TokenURL(), err)

	_, err = datacenter.Custom("http://accounts.example.com", "")
	fmt.Println(err)
	// Output:
	// http://127.0.0.1:8080/oauth/v2/token <nil>
	// datacenter: accounts server "accounts.example.com": bad URL: use https; http is for loopback hosts only
}
