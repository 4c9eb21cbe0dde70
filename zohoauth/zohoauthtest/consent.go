package zohoauthtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/zohoscim/zohoscim/datacenter"
)

// answerPath is where the forms of the consent page go.
const answerPath = "/oauth/v2/approve"

// consent is an authorization request that waits for the user.
type consent struct {
	dc        datacenter.DC
	base      string
	state     string
	hasState  bool
	scopes    []string
	offline   bool
	prompted  bool
	challenge string
	method    string
}

// code is an authorization code.
type code struct {
	consent
	expires time.Time
	self    bool // of a self client: there was no redirect
}

// codeLife is the shortest life that Zoho's documents give a code.
const codeLife = time.Minute

var consentPage = template.Must(template.New("consent").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Zoho Accounts (fake)</title></head><body>
<h1>{{.Client}} would like to access the following information</h1>
<ul>{{range .Scopes}}<li>{{.}}</li>{{end}}</ul>
<p>Data center: {{.DC}}</p>
<form method="post" action="{{.Action}}"><input type="hidden" name="request" value="{{.ID}}"><button name="answer" value="accept">Accept</button></form>
<form method="post" action="{{.Action}}"><input type="hidden" name="request" value="{{.ID}}"><button name="answer" value="reject">Reject</button></form>
</body></html>
`))

var errorPage = template.Must(template.New("error").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Zoho Accounts (fake)</title></head><body>
<h1>An error occurred</h1><p>{{.}}</p></body></html>
`))

// serveAuth is the authorization endpoint (RFC 6749 section 3.1). Whatever it
// refuses is a page, as at Zoho.
func (s *Server) serveAuth(w http.ResponseWriter, r *http.Request) {
	dc, base := s.place(r)
	s.mu.Lock()
	user := s.user
	s.mu.Unlock()
	switch china := datacenter.CN; {
	case dc == user:
	case dc == china, user == china:
		s.refusePage(w, r, dc, "Invalid Client", "the user is not of this data center")
		return
	default: // to the user's own data center
		to := user.Endpoints().AuthURL() + "?" + r.URL.RawQuery
		if own := s.bases[user]; own != "" && base == s.bases[dc] {
			to = own + r.URL.Path + "?" + r.URL.RawQuery
		}
		s.record(r, dc, "", "redirected to "+string(user))
		http.Redirect(w, r, to, http.StatusFound)
		return
	}
	q := r.URL.Query()
	if title, why := s.checkAuth(dc, q); title != "" {
		s.refusePage(w, r, dc, title, why)
		return
	}
	id := rand.Text()
	c := &consent{
		dc:        dc,
		base:      base,
		state:     q.Get("state"),
		hasState:  q.Has("state"),
		scopes:    splitScopes(q.Get("scope")),
		offline:   q.Get("access_type") == "offline",
		prompted:  q.Get("prompt") == "consent",
		challenge: q.Get("code_challenge"),
		method:    q.Get("code_challenge_method"),
	}
	s.mu.Lock()
	s.consents[id] = c
	s.mu.Unlock()
	s.record(r, dc, "", "consent page")
	page(w, http.StatusOK, consentPage, map[string]any{
		"Client": s.clientID, "Scopes": c.scopes, "DC": dc, "Action": answerPath, "ID": id,
	})
}

// checkAuth returns the title of the error page for a request that Zoho refuses.
func (s *Server) checkAuth(dc datacenter.DC, q url.Values) (title, why string) {
	challenge, method := q.Get("code_challenge"), q.Get("code_challenge_method")
	switch {
	case q.Get("client_id") != s.clientID:
		return "Invalid Client", "client_id"
	case s.secrets[dc] == "":
		return "Invalid Client", "the client is not enabled in this data center"
	case q.Get("response_type") != "code":
		return "Invalid response type", "response_type"
	case q.Get("redirect_uri") != s.redirectURL:
		return "Invalid Redirect Uri", "redirect_uri"
	case len(splitScopes(q.Get("scope"))) == 0:
		return "Invalid OAuth scope", "scope"
	case challenge != "" && method != "S256" && method != "plain" && method != "":
		return "Invalid Request", "code_challenge_method"
	}
	return "", ""
}

// serveConsent takes the user's answer and sends the browser back to the client.
func (s *Server) serveConsent(w http.ResponseWriter, r *http.Request) {
	dc, _ := s.place(r)
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	id, choice := r.PostFormValue("request"), r.PostFormValue("answer")
	s.mu.Lock()
	c := s.consents[id]
	delete(s.consents, id)
	s.mu.Unlock()
	if c == nil {
		s.refusePage(w, r, dc, "Invalid Request", "the consent page is not open")
		return
	}
	var q strings.Builder
	if choice == "accept" && s.mayGiveCode(time.Now()) {
		value := newToken()
		s.mu.Lock()
		s.codes[value] = &code{consent: *c, expires: time.Now().Add(codeLife)}
		s.mu.Unlock()
		q.WriteString("code=" + value + "&location=" + string(c.dc) +
			"&accounts-server=" + url.QueryEscape(c.base))
	} else {
		q.WriteString("error=access_denied")
	}
	if c.hasState {
		q.WriteString("&state=" + url.QueryEscape(c.state))
	}
	// Zoho's own sample of a callback ends like this.
	q.WriteString("&")
	s.record(r, dc, "", "consent: "+choice)
	sep := "?"
	if strings.Contains(s.redirectURL, "?") {
		sep = "&"
	}
	http.Redirect(w, r, s.redirectURL+sep+q.String(), http.StatusFound)
}

// mayGiveCode counts an authorization code and reports whether Zoho would give
// it.
func (s *Server) mayGiveCode(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.given = slices.DeleteFunc(s.given, func(t time.Time) bool { return now.Sub(t) >= window })
	if s.opts.CodeThrottle && len(s.given) >= perWindow {
		return false
	}
	s.given = append(s.given, now)
	return true
}

// selfLife is the life that the console proposes for the code of a self client.
const selfLife = 3 * time.Minute

// SelfClientCode returns a code such as an administrator generates for a self
// client in the API console, in the user's data center. Without scopes it is for
// that of SCIM.
func (s *Server) SelfClientCode(scopes ...string) string {
	if len(scopes) == 0 {
		scopes = []string{datacenter.ScopeSCIM}
	}
	value := newToken()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[value] = &code{
		consent: consent{dc: s.user, scopes: scopes, offline: true, prompted: true},
		expires: time.Now().Add(selfLife), self: true,
	}
	return value
}

func (s *Server) refusePage(w http.ResponseWriter, r *http.Request, dc datacenter.DC, title, why string) {
	s.record(r, dc, "", title+": "+why)
	page(w, http.StatusBadRequest, errorPage, title)
}

func page(w http.ResponseWriter, status int, t *template.Template, data any) {
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = t.Execute(w, data) // fails only if the client went away
}

// Consent plays the user: it loads the page at authURL, follows Zoho to the
// user's data center, presses Accept, and returns the address that the browser
// is sent back to. It does not load that address.
func (s *Server) Consent(ctx context.Context, authURL string) (callback *url.URL, err error) {
	return s.answer(ctx, authURL, "accept")
}

// Reject is Consent for a user who presses Reject.
func (s *Server) Reject(ctx context.Context, authURL string) (callback *url.URL, err error) {
	return s.answer(ctx, authURL, "reject")
}

var hiddenInput = regexp.MustCompile(`name="request" value="([A-Z0-9]+)"`)

func (s *Server) answer(ctx context.Context, authURL, choice string) (*url.URL, error) {
	browser := s.Client()
	defer browser.CloseIdleConnections()
	browser.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
		if req.Method == http.MethodGet && req.URL.Path == "/oauth/v2/auth" {
			return nil
		}
		return http.ErrUseLastResponse
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, authURL, nil)
	if err != nil {
		return nil, errors.New("zohoauthtest: the consent URL is not a URL")
	}
	resp, body, err := fetch(browser, req)
	if err != nil {
		return nil, err
	}
	id := hiddenInput.FindSubmatch(body)
	if id == nil {
		return nil, fmt.Errorf("zohoauthtest: no consent page but status %d: %s", resp.StatusCode, pageTitle(body))
	}
	to := resp.Request.URL.ResolveReference(&url.URL{Path: answerPath})
	form := url.Values{"request": {string(id[1])}, "answer": {choice}}
	req, err = http.NewRequestWithContext(ctx, http.MethodPost, to.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("zohoauthtest: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if resp, body, err = fetch(browser, req); err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusFound {
		return nil, fmt.Errorf("zohoauthtest: no redirect but status %d: %s", resp.StatusCode, pageTitle(body))
	}
	return resp.Location()
}

// fetch sends req and reads the answer.
func fetch(c *http.Client, req *http.Request) (*http.Response, []byte, error) {
	resp, err := c.Do(req)
	if err != nil {
		var u *url.Error // its text would hold the state
		if errors.As(err, &u) {
			err = u.Err
		}
		return nil, nil, fmt.Errorf("zohoauthtest: %s %s: %w", req.Method, req.URL.Host, err)
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp, body, err
}

var paragraph = regexp.MustCompile(`<p>([^<]*)</p>`)

// pageTitle returns what an error page says.
func pageTitle(body []byte) string {
	if m := paragraph.FindSubmatch(body); m != nil {
		return string(m[1])
	}
	return "another page"
}

// splitScopes splits a scope list: the documents use commas, many clients spaces.
func splitScopes(s string) []string {
	return slices.DeleteFunc(strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }),
		func(s string) bool { return s == "" })
}
