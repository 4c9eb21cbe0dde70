package datacenter

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// parseURL reads an absolute URL that people configure: https, or http on a
// loopback host, without user and fragment. The host comes back in lower case,
// the rest as written.
//
// Only plain ASCII passes, so that a host that merely looks like one of Zoho's
// is seen in its xn-- form, and so that no two programs read the text
// differently.
func parseURL(place, raw string) (*url.URL, error) {
	bad := func(hint string) (*url.URL, error) {
		return nil, &Error{Kind: KindBadURL, Place: place, Input: showHost(raw), Hint: hint}
	}
	if raw == "" {
		return bad("it is empty")
	}
	if strings.ContainsFunc(raw, unsafeRune) {
		return bad("write it in plain ASCII without spaces, line breaks and backslashes")
	}
	if strings.Contains(raw, "#") {
		return bad("remove the fragment")
	}
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" || u.Host == "" {
		return bad("write an absolute URL, https://host/path")
	}
	if u.User != nil {
		return bad("remove the user name and password")
	}
	if !validHost(u) {
		return bad("write a host name or an IP address, and a port between 1 and 65535 if any")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return bad("use https; http is for loopback hosts only")
	}
	u.Host = lowerASCII(u.Host)
	return u, nil
}

// parseOrigin is parseURL for a URL that is only a scheme and a host. It
// returns it without a trailing slash.
func parseOrigin(place, raw string) (string, error) {
	u, err := parseURL(place, raw)
	if err != nil {
		return "", err
	}
	if u.RawQuery != "" || u.ForceQuery || (u.Path != "" && u.Path != "/") {
		return "", &Error{Kind: KindBadURL, Place: place, Input: showHost(raw), Hint: "write scheme and host only, without path and query"}
	}
	return u.Scheme + "://" + u.Host, nil
}

// unsafeRune reports what RFC 3986 has no place for and URL readers disagree
// about.
func unsafeRune(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }

func validHost(u *url.URL) bool {
	if p := u.Port(); p != "" {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return false
		}
	} else if strings.HasSuffix(u.Host, ":") {
		return false
	}
	if strings.HasPrefix(u.Host, "[") {
		a, err := netip.ParseAddr(u.Hostname())
		return err == nil && a.Zone() == ""
	}
	return plainHost(u.Hostname())
}

func loopback(host string) bool {
	if lowerASCII(host) == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// plainHost reports whether s has only what a host name in ASCII has. It also
// guards what an Error shows.
func plainHost(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		digit := '0' <= r && r <= '9'
		return !letter && !digit && r != '.' && r != '-'
	})
}

// showHost returns the host of a URL for an error, or "" if there is none or it
// could hold something else. User, path and query are never shown.
func showHost(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || !plainHost(u.Hostname()) {
		return ""
	}
	return u.Hostname()
}

// showCode returns s for an error if it is short and plain enough to be a code
// or a host. The length keeps out Zoho's client ids, secrets and tokens, should
// one land in the wrong setting.
func showCode(s string) string {
	if len(s) > 32 || !plainHost(s) {
		return ""
	}
	return s
}

// lowerASCII is strings.ToLower without Unicode: the Kelvin sign stays one.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
