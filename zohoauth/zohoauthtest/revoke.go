package zohoauthtest

import (
	"net/http"
	"slices"
)

// serveRevoke is the older revocation endpoint: no client authentication, and a
// page for a token that it does not know.
func (s *Server) serveRevoke(w http.ResponseWriter, r *http.Request) {
	dc, _ := s.place(r)
	if s.opts.OneRevoke {
		s.record(r, dc, "", "not found")
		http.NotFound(w, r)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	if kind := s.end(r.PostFormValue("token"), ""); kind == "" {
		s.refusePage(w, r, dc, "Bad request", "the token is not live")
		return
	}
	s.record(r, dc, "", "revoked")
	writeJSON(w, http.StatusOK, tokenAnswer{Status: "success"})
}

// serveRevokeNew is the newer one: the client authenticates with its header, and
// the kind of token has to be right.
func (s *Server) serveRevokeNew(w http.ResponseWriter, r *http.Request) {
	dc, _ := s.place(r)
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	kind := r.PostFormValue("token_type")
	setDefault(&kind, tokenRefresh)
	if word := s.checkClient(dc, r); word != "" {
		s.record(r, dc, "", word)
		writeJSON(w, http.StatusBadRequest, refuse(word))
		return
	}
	if s.end(r.PostFormValue("token"), kind) == "" {
		s.record(r, dc, "", "invalid_token")
		writeJSON(w, http.StatusBadRequest, refuse("invalid_token"))
		return
	}
	s.record(r, dc, "", "revoked")
	w.WriteHeader(http.StatusOK) // the documents do not show a body
}

// The kinds of token, as in the parameter token_type.
const (
	tokenRefresh = "refresh_token"
	tokenAccess  = "access_token"
)

// end ends a token of the kind, or of any, and returns what it was.
func (s *Server) end(token, kind string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.grants[token]; g != nil && kind != tokenAccess {
		s.drop(g)
		return tokenRefresh
	}
	if a := s.access[token]; a != nil && kind != tokenRefresh {
		delete(s.access, token)
		a.grant.live = slices.DeleteFunc(a.grant.live, func(t string) bool { return t == token })
		return tokenAccess
	}
	return ""
}
