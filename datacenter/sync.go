package datacenter

import (
	"net/url"
	"strings"
)

// FromSyncURL returns the data center of a sync URL, the endpoint that Zoho One
// or Zoho Directory shows for a directory store: one.zoho.jp, directory.zoho.jp
// and their likes, whatever path and query follow. The host is compared without
// regard to ASCII case, and port 443 may be written out.
//
// Any other host is [ErrForeignHost], which here means only that its data
// center cannot be told: Zoho publishes no list of these hosts, and those of
// [AE] and [SG] are unknown. What is not a usable URL is [ErrBadURL].
func FromSyncURL(rawURL string) (DC, error) {
	u, err := parseURL("sync URL", rawURL)
	if err != nil {
		return "", err
	}
	if dc := syncDC(u); dc != "" {
		return dc, nil
	}
	return "", &Error{
		Kind:  KindForeignHost,
		Place: "sync URL",
		Input: showHost(rawURL),
		Hint:  "its data center is not known: name it yourself",
	}
}

// syncDC returns the zero DC for a host that is not in the table.
func syncDC(u *url.URL) DC {
	base := u.Scheme + "://" + strings.TrimSuffix(u.Host, ":443")
	for i := range table {
		if h := table[i].hosts; base == h.One || base == h.Directory {
			return table[i].dc
		}
	}
	return ""
}

// Check tells whether a token of the given data center can open the sync URL,
// before Zoho answers with a bare "invalid token". Two data centers are
// [ErrMismatch], and the error names the accounts server to use. A sync URL on
// an unknown host gives no verdict: nil. A zero or unknown token is
// [ErrUnknownDC], a sync URL that cannot be used [ErrBadURL].
func Check(syncURL string, token DC) error {
	if !token.known() {
		return unknownDC(string(token))
	}
	u, err := parseURL("sync URL", syncURL)
	if err != nil {
		return err
	}
	dc := syncDC(u)
	if dc == "" || dc == token {
		return nil
	}
	return &Error{
		Kind:  KindMismatch,
		Place: "sync URL",
		Input: showHost(syncURL),
		Hint: "the sync URL is in " + string(dc) + ", the token from " + string(token) +
			": use " + strings.TrimPrefix(dc.Endpoints().Accounts, "https://"),
	}
}

// TenantURL returns what Azure's field "Tenant URL" takes for Zoho's sync URL:
// the same without one last segment "scim", which the gallery application adds
// itself, and without slashes at the end. The segment counts in any ASCII case;
// a path such as /scim/v2 stays.
//
// A query stays too: Azure reads flags there, such as aadOptscim062020. A URL
// that is not https (or http on a loopback host), or has a user or a fragment,
// is [ErrBadURL].
func TenantURL(syncURL string) (string, error) {
	u, err := parseURL("sync URL", syncURL)
	if err != nil {
		return "", err
	}
	path := strings.TrimRight(u.EscapedPath(), "/")
	if i := strings.LastIndexByte(path, '/'); i >= 0 && isSCIM(path[i+1:]) {
		path = strings.TrimRight(path[:i], "/")
	}
	tenant := u.Scheme + "://" + u.Host + path
	if u.RawQuery != "" {
		tenant += "?" + u.RawQuery
	}
	return tenant, nil
}

// SCIMBaseURL returns the base of a SCIM client's requests, to which it adds
// /Users and the like, for Zoho's sync URL or for a tenant URL: with a segment
// "scim" at the end, unless the path has one already (/scim, /scim/v2, in any
// ASCII case), and without slashes after it.
//
// A query is [ErrBadURL]: in front of /Users it has no meaning. The rest is as
// in [TenantURL].
func SCIMBaseURL(syncURL string) (string, error) {
	u, err := parseURL("sync URL", syncURL)
	if err != nil {
		return "", err
	}
	if u.RawQuery != "" || u.ForceQuery {
		return "", &Error{
			Kind:  KindBadURL,
			Place: "sync URL",
			Input: showHost(syncURL),
			Hint:  "remove the query: Azure's flags belong into its tenant URL only",
		}
	}
	path := strings.TrimRight(u.EscapedPath(), "/")
	has := false
	for segment := range strings.SplitSeq(path, "/") {
		has = has || isSCIM(segment)
	}
	if !has {
		path += "/scim"
	}
	return u.Scheme + "://" + u.Host + path, nil
}

func isSCIM(segment string) bool { return lowerASCII(segment) == "scim" }
