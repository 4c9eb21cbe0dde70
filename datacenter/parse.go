package datacenter

import "strings"

// Parse reads a data center as people write it in configuration: a code ("jp",
// "JP"), the end of Zoho's domain name there ("com.au", "zohocloud.ca"), or a
// host of the table, bare or as an https URL without a path
// ("accounts.zoho.jp", "https://accounts.zoho.jp/"). ASCII case and
// surrounding white space do not matter. Anything else is [ErrUnknownDC], also
// codes that Zoho lists but nobody documents, such as "inec".
//
// Parse must never read what comes over the wire. There, use
// [FromAccountsServer] and [FromAPIDomain], and compare the parameter location
// with ==: DC(location) == dc.
func Parse(s string) (DC, error) {
	name, isURL := strings.CutPrefix(lowerASCII(strings.TrimSpace(s)), "https://")
	if isURL {
		name = strings.TrimSuffix(name, "/")
	}
	for i := range table {
		if table[i].named(name, isURL) {
			return table[i].dc, nil
		}
	}
	return "", unknownDC(name)
}

func unknownDC(name string) *Error {
	codes := make([]string, len(table))
	for i := range table {
		codes[i] = string(table[i].dc)
	}
	return &Error{
		Kind:  KindUnknownDC,
		Place: "data center",
		Input: showCode(name),
		Hint:  "use one of " + strings.Join(codes, ", ") + ", or Custom for hosts that are newer than this list",
	}
}

// named reports whether a lower-case name is one of the row's spellings. From
// a URL only its hosts count, not the code and the suffix.
func (r *row) named(name string, isURL bool) bool {
	if !isURL && (name == string(r.dc) || name == r.suffix) {
		return true
	}
	e := r.hosts
	for _, base := range []string{e.Accounts, e.API, e.One, e.Directory, r.oldAPI()} {
		host := strings.TrimPrefix(base, "https://")
		_, domain, _ := strings.Cut(host, ".")
		if name != "" && (name == host || name == domain) {
			return true
		}
	}
	return false
}

// oldAPI returns the API domain that Zoho's OAuth pages show in their samples,
// api.zoho.com, where tokens in use say www.zohoapis.com. It lies in the
// domain of the accounts server, which sees every secret anyway. Samples exist
// for com and eu; the others are taken to follow them.
func (r *row) oldAPI() string {
	return "https://api." + strings.TrimPrefix(r.hosts.Accounts, "https://accounts.")
}

// FromAccountsServer returns the data center of an accounts server, such as the
// parameter accounts-server of an OAuth callback. It is a security boundary:
// the client secret goes to the server that it accepts (RFC 9700 section
// 4.4.2).
//
// It accepts exactly the table's URLs, with or without one trailing slash:
// lower case, https, no user, port, path, query or fragment. Everything else is
// [ErrForeignHost], also a spelling that a browser would take for the same
// host.
func FromAccountsServer(rawURL string) (DC, error) {
	base := strings.TrimSuffix(rawURL, "/")
	for i := range table {
		if base == table[i].hosts.Accounts {
			return table[i].dc, nil
		}
	}
	return "", foreignHost("accounts server", rawURL, "https://accounts.zoho.com")
}

// FromAPIDomain returns the data center of an API domain, such as the member
// api_domain of a token answer: www.zohoapis.com or the older api.zoho.com, and
// their likes. It is as strict as [FromAccountsServer], because the access
// token goes there.
func FromAPIDomain(rawURL string) (DC, error) {
	base := strings.TrimSuffix(rawURL, "/")
	for i := range table {
		if base == table[i].hosts.API || base == table[i].oldAPI() {
			return table[i].dc, nil
		}
	}
	return "", foreignHost("API domain", rawURL, "https://www.zohoapis.com")
}

func foreignHost(place, raw, like string) *Error {
	return &Error{
		Kind:  KindForeignHost,
		Place: place,
		Input: showHost(raw),
		Hint:  "send nothing there: it is not written exactly as one of Zoho's, such as " + like,
	}
}
