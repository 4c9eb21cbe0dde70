package zohoauthtest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/zohoscim/zohoscim/datacenter"
)

// scopeProfile lets a token read who its user is.
const scopeProfile = "AaaServer.profile.READ"

// serveUser is the user information endpoint.
func (s *Server) serveUser(w http.ResponseWriter, r *http.Request) {
	dc, _ := s.place(r)
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	a, err := s.lookUp(token)
	if err != nil || a.grant.dc != dc || scheme != "Zoho-oauthtoken" && scheme != "Bearer" {
		s.record(r, dc, "", "INVALID_OAUTHTOKEN")
		writeJSON(w, http.StatusUnauthorized, refuse("INVALID_OAUTHTOKEN"))
		return
	}
	if !slices.ContainsFunc(a.grant.scopes, func(v string) bool { return strings.EqualFold(v, scopeProfile) }) {
		s.record(r, dc, "", "OAUTH_SCOPE_MISMATCH")
		writeJSON(w, http.StatusUnauthorized, refuse("OAUTH_SCOPE_MISMATCH"))
		return
	}
	s.record(r, dc, "", "ok")
	u := s.opts.User
	writeJSON(w, http.StatusOK, map[string]any{
		"ZUID": u.ZUID, "Email": u.Email, "First_Name": u.FirstName, "Last_Name": u.LastName, "Display_Name": u.DisplayName,
	})
}

// serveServerInfo lists the data centers, with one that no document explains and
// without China's, as Zoho does.
func (s *Server) serveServerInfo(w http.ResponseWriter, r *http.Request) {
	dc, _ := s.place(r)
	locations := map[string]string{"inec": "https://accounts.example.com"}
	for _, other := range datacenter.All() {
		if other != datacenter.CN {
			locations[string(other)] = other.Endpoints().Accounts
		}
	}
	s.record(r, dc, "", "ok")
	writeJSON(w, http.StatusOK, map[string]any{"result": "success", "locations": locations})
}
