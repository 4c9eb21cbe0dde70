package zohoauthtest

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/zohoscim/zohoscim/datacenter"
)

// maxRequest caps the body of a token request.
const maxRequest = 64 << 10

// Zoho's limits.
const (
	window      = 10 * time.Minute
	perWindow   = 10 // token requests per refresh token
	liveAccess  = 10 // access tokens per refresh token
	liveRefresh = 20 // refresh tokens per user and client
)

// grant is a refresh token. One without offline access has an empty token and
// is not listed.
type grant struct {
	refresh string
	dc      datacenter.DC
	scopes  []string
	issued  time.Time
	live    []string // access tokens, oldest first
	serial  int

	windowStart time.Time
	spent       int
}

// access is an access token.
type access struct {
	grant   *grant
	expires time.Time
}

func (a *access) scope() string { return strings.Join(a.grant.scopes, " ") }

// tokenAnswer is the answer of the token endpoint, good or bad.
type tokenAnswer struct {
	AccessToken  string `json:"access_token,omitempty"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Scope        string `json:"scope,omitempty"`
	APIDomain    string `json:"api_domain,omitempty"`
	TokenType    string `json:"token_type,omitempty"`
	ExpiresIn    int64  `json:"expires_in,omitzero"`
	ExpiresInSec int64  `json:"expires_in_sec,omitzero"`
	Error        string `json:"error,omitempty"`
	UserLocation string `json:"user_location,omitempty"`
	Description  string `json:"error_description,omitempty"`
	Status       string `json:"status,omitempty"`
}

func refuse(word string) tokenAnswer { return tokenAnswer{Error: word} }

// throttled is Zoho's text, from its page on token limits.
var throttled = tokenAnswer{
	Error:       "Access Denied",
	Description: "You have made too many requests continuously. Please try again after some time.",
	Status:      "failure",
}

// serveToken is the token endpoint. It takes parameters from the body only:
// Zoho takes them from the query too, but a client must not send them there.
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	dc, _ := s.place(r)
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.URL.RawQuery != "" || media != "application/x-www-form-urlencoded" || r.ParseForm() != nil {
		s.refusePage(w, r, dc, "Bad request", "the parameters have to be a urlencoded body")
		return
	}
	for name, v := range r.PostForm {
		if len(v) != 1 {
			s.refusePage(w, r, dc, "Bad request", "doubled parameter "+name)
			return
		}
	}
	grantType := r.PostFormValue("grant_type")
	if grantType == "" {
		s.refusePage(w, r, dc, "Bad request", "no grant_type")
		return
	}
	s.mu.Lock()
	serial := s.serialOf(r)
	a := s.token(dc, r, time.Now())
	if g := s.grants[a.RefreshToken]; g != nil {
		serial = g.serial
	}
	s.mu.Unlock()
	outcome := "ok"
	if a.Error != "" {
		outcome = a.Error
	}
	s.recordGrant(r, dc, grantType, outcome, serial)
	s.answerToken(w, a)
}

// answerToken sends the answer of the token endpoint as the options want it.
func (s *Server) answerToken(w http.ResponseWriter, a tokenAnswer) {
	status := http.StatusOK
	if a.Error != "" {
		status = s.opts.ErrorStatus
	}
	for _, name := range s.opts.Omit {
		switch name {
		case "access_token":
			a.AccessToken = ""
		case "refresh_token":
			a.RefreshToken = ""
		case "scope":
			a.Scope = ""
		case "api_domain":
			a.APIDomain = ""
		case "token_type":
			a.TokenType = ""
		case "expires_in":
			a.ExpiresIn, a.ExpiresInSec = 0, 0
		}
	}
	writeJSON(w, status, a)
}

// serialOf returns the number of the grant that a request names. The caller holds
// s.mu.
func (s *Server) serialOf(r *http.Request) int {
	if g := s.grants[r.PostFormValue("refresh_token")]; g != nil {
		return g.serial
	}
	return 0
}

// token decides about a request. The caller holds s.mu.
func (s *Server) token(dc datacenter.DC, r *http.Request, now time.Time) tokenAnswer {
	if word := s.checkClient(dc, r); word != "" {
		return refuse(word)
	}
	switch r.PostFormValue("grant_type") {
	case "authorization_code":
		return s.exchange(dc, r, now)
	case "refresh_token":
		return s.refresh(dc, r.PostFormValue("refresh_token"), now)
	case "client_credentials":
		return s.clientCredentials(dc, r, now)
	}
	return refuse("invalid_client") // as documented for an invalid grant_type
}

// checkClient returns the error word for wrong credentials, "" for right ones.
// They come in the body or in the header (RFC 6749 section 2.3.1).
func (s *Server) checkClient(dc datacenter.DC, r *http.Request) string {
	id, got := r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	if user, pass, ok := r.BasicAuth(); ok && id == "" && got == "" {
		var err, err2 error
		id, err = url.QueryUnescape(user)
		got, err2 = url.QueryUnescape(pass)
		if err != nil || err2 != nil {
			return "invalid_client"
		}
	}
	want := s.secrets[dc]
	switch {
	case id != s.clientID, want == "":
		return "invalid_client"
	case subtle.ConstantTimeCompare([]byte(want), []byte(got)) != 1:
		return "invalid_client_secret"
	}
	return ""
}

// clientCredentials gives a token without a refresh token.
func (s *Server) clientCredentials(dc datacenter.DC, r *http.Request, now time.Time) tokenAnswer {
	scopes, soid := splitScopes(r.PostFormValue("scope")), r.PostFormValue("soid")
	switch {
	case len(scopes) == 0:
		return refuse("invalid_scope")
	case s.opts.SOID != "" && soid == "":
		return refuse("missing_org_info")
	case s.opts.SOID != "" && soid != s.opts.SOID:
		return refuse("invalid_soid")
	}
	return s.issue(&grant{dc: dc, scopes: scopes, issued: now}, now)
}

// exchange redeems a code, which is used up by the attempt.
func (s *Server) exchange(dc datacenter.DC, r *http.Request, now time.Time) tokenAnswer {
	value := r.PostFormValue("code")
	c := s.codes[value]
	switch {
	case c == nil:
		return refuse("invalid_code")
	case c.dc != dc:
		return refuse("invalid_client") // as documented for the wrong accounts server
	}
	delete(s.codes, value)
	switch {
	case !now.Before(c.expires), !verified(c, r.PostFormValue("code_verifier")):
		return refuse("invalid_code")
	case !c.self && r.PostFormValue("redirect_uri") != s.redirectURL, c.self && r.PostForm.Has("redirect_uri"):
		return refuse("invalid_redirect_uri")
	}
	return s.newGrant(dc, &c.consent, now)
}

// newGrant is the answer to a consent.
func (s *Server) newGrant(dc datacenter.DC, c *consent, now time.Time) tokenAnswer {
	g := &grant{dc: dc, scopes: c.scopes, issued: now}
	consented := string(dc) + " " + strings.Join(c.scopes, " ")
	again := s.agreed[consented]
	s.agreed[consented] = true
	if c.offline && (c.prompted || !again) {
		g.refresh = newToken()
		s.list(g)
	}
	a := s.issue(g, now)
	a.RefreshToken = g.refresh
	return a
}

// verified checks the PKCE verifier of a code whose consent began with one
// (RFC 7636 section 4.6).
func verified(c *code, verifier string) bool {
	switch {
	case c.challenge == "":
		return true
	case c.method == "S256":
		sum := sha256.Sum256([]byte(verifier))
		verifier = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return subtle.ConstantTimeCompare([]byte(verifier), []byte(c.challenge)) == 1
}

// refresh gets a new access token for a refresh token.
func (s *Server) refresh(dc datacenter.DC, token string, now time.Time) tokenAnswer {
	g := s.grants[token]
	switch {
	case g == nil:
		return refuse("invalid_code")
	case g.dc != dc:
		return refuse("invalid_client")
	}
	if now.Sub(g.windowStart) >= window {
		g.windowStart, g.spent = now, 0
	}
	if g.spent++; s.throttle && g.spent > perWindow {
		return throttled
	}
	a := s.issue(g, now)
	if s.opts.Rotate {
		delete(s.grants, g.refresh)
		g.refresh = newToken()
		s.grants[g.refresh] = g
		a.RefreshToken = g.refresh
	}
	return a
}

// issue makes an access token for g and ends the oldest one if there are too many.
func (s *Server) issue(g *grant, now time.Time) tokenAnswer {
	token := newToken()
	s.access[token] = &access{grant: g, expires: now.Add(s.lifetime)}
	g.live = append(g.live, token)
	if len(g.live) > liveAccess {
		delete(s.access, g.live[0])
		g.live = slices.Delete(g.live, 0, 1)
	}
	sec := int64(s.lifetime / time.Second)
	a := tokenAnswer{
		AccessToken: token,
		Scope:       strings.Join(g.scopes, " "),
		APIDomain:   g.dc.Endpoints().API,
		TokenType:   "Bearer",
		ExpiresIn:   sec,
	}
	if s.legacy {
		a.ExpiresIn, a.ExpiresInSec = sec*1000, sec
	}
	return a
}

// list adds a refresh token and ends the oldest one if there are too many.
func (s *Server) list(g *grant) {
	s.serial++
	g.serial = s.serial
	s.grants[g.refresh] = g
	if len(s.grants) <= liveRefresh {
		return
	}
	oldest := g
	for _, other := range s.grants {
		if other.issued.Before(oldest.issued) {
			oldest = other
		}
	}
	s.drop(oldest)
}

// drop ends a refresh token and its access tokens.
func (s *Server) drop(g *grant) {
	delete(s.grants, g.refresh)
	for _, token := range g.live {
		delete(s.access, token)
	}
	g.live = nil
}

// newToken returns a value of the form of Zoho's codes and tokens.
func newToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return "1000." + hex.EncodeToString(b[:16]) + "." + hex.EncodeToString(b[16:])
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // fails only if the client went away
}
