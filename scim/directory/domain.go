package directory

import (
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// domainOf returns the domain of an e-mail address in normal form, "" if it
// has none.
func domainOf(address string) string {
	i := strings.LastIndexByte(address, '@')
	if i <= 0 {
		return ""
	}
	return normalDomain(address[i+1:])
}

// normalDomain returns a domain name as it is looked up in the DNS (UTS #46,
// nontransitional: "straße" is not "strasse"), "" if it is none.
func normalDomain(name string) string {
	ascii, err := idna.Lookup.ToASCII(strings.TrimSuffix(name, "."))
	if err != nil || !strings.Contains(ascii, ".") || len(ascii) > 253 || slices.Contains(strings.Split(ascii, "."), "") {
		return ""
	}
	ascii = strings.ToLower(ascii)
	// Some names pass whose result idna then refuses.
	if again, err := idna.Lookup.ToASCII(ascii); err != nil || again != ascii {
		return ""
	}
	return ascii
}

// verified reports whether an e-mail address is in a verified domain.
func (r *rules) verified(address string) bool { return r.domains[domainOf(address)] }
