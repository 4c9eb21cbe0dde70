// Package datacenter knows where a Zoho organization lives: which hosts belong
// to which data center, where consent starts, and which URLs an administrator
// copies between Zoho One and Azure. It does no I/O, keeps no state, and may be
// used by any number of goroutines.
//
// # The table
//
// An organization lives in one data center, and everything of it has to come
// from there: a token from Japan means nothing in Europe. [DC.Endpoints] has
// the hosts of each. They follow no rule that code could guess (Canada's
// accounts server is accounts.zohocloud.ca, its API domain www.zohoapis.ca), so
// they are written out and nothing is derived from a code. For [AE] and [SG]
// the hosts of Zoho One and Zoho Directory are not known and left empty.
//
//	dc, err := datacenter.Parse(os.Getenv("ZOHO_DC")) // "jp", "zoho.jp", ...
//	consent, err := dc.Endpoints().ConsentURL(datacenter.Consent{
//		ClientID:    id,
//		RedirectURL: "https://app.example.com/zoho/callback",
//		State:       state,
//	})
//
// # More than one data center
//
// Consent may start at one accounts server and end at another: Zoho sends the
// user to their own data center, and the callback names it in the parameters
// location and accounts-server. Both travel through the user's browser, so they
// are a hint and no address. [FromAccountsServer] and [FromAPIDomain] look them
// up in the table, character by character, and what is not in it gets no secret
// (RFC 9700 section 4.4.2). The two parameters have to agree:
//
//	dc, err := datacenter.FromAccountsServer(accountsServer)
//	if err != nil || datacenter.DC(location) != dc {
//		// refuse
//	}
//
// China ([CN]) stands apart: it is not reached from another accounts server, so
// consent for it starts at accounts.zoho.com.cn.
//
// # Hosts that the table does not have
//
// A code that Zoho's servers list but no document explains is [ErrUnknownDC].
// [Custom] makes Endpoints for such hosts, and for fakes on a loopback address.
// The table is never widened at run time from what a server says.
//
// # The sync URL
//
// Zoho One shows a sync URL for each directory store. [SCIMBaseURL] turns it
// into the base of a SCIM client's requests, [TenantURL] into what Azure's
// field takes, and [Check] tells whether a token of a data center fits it.
// [AzureValues] returns everything that Azure asks for at once. Its client id
// belongs to Microsoft and serves the gallery application only.
//
// # Errors
//
// Every error is an [*Error] with a [Kind]; errors.Is finds the kind by its
// sentinel, such as [ErrForeignHost]. The text shows hosts and codes, and never
// a user, a path, a query or any other part of the input.
package datacenter
