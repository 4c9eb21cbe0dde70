package zohoauthtest

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/zohoscim/zohoscim/datacenter"
)

// Fault is an answer that the server gives instead of its own, see
// [Server.FailNext]. The zero Fault answers status 200 with an empty body.
type Fault struct {
	Status      int           // 0 means 200
	Error       string        // Zoho's error word: the body is {"error":"..."}
	Body        string        // the body, if Error is empty
	ContentType string        // of Body; "" means text/html
	Header      http.Header   // further fields, such as Retry-After
	Delay       time.Duration // before the answer
	Drop        bool          // no answer at all: the connection is cut
	Pass        bool          // after the delay, the server's own answer
}

// FailNext makes the next token requests, one for each fault, end as the faults
// say. The requests have no effect unless Pass is set.
func (s *Server) FailNext(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// SetUser changes the data center of the user who consents.
func (s *Server) SetUser(dc datacenter.DC) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.user = dc
}

// SetLifetime changes how long access tokens live that are issued from now on.
func (s *Server) SetLifetime(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lifetime = d
}

// SetThrottle turns Zoho's limit of token requests on or off.
func (s *Server) SetThrottle(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.throttle = on
}

// SetLatency delays every answer of the token endpoint.
func (s *Server) SetLatency(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency = d
}

// ExpireAccess ends all access tokens; the grants stay.
func (s *Server) ExpireAccess() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.grants {
		g.live = nil
	}
	clear(s.access)
}

// Revoke ends all grants with their access tokens, as a user does in Zoho's
// settings under Connected Apps.
func (s *Server) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.grants {
		s.drop(g)
	}
	clear(s.access)
}

// Grants returns how many refresh tokens are live.
func (s *Server) Grants() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.grants)
}

// Request is an entry of the request log. It holds no secret, code or token.
type Request struct {
	Time    time.Time
	DC      datacenter.DC
	Method  string
	Path    string
	Grant   string // grant_type of a token request
	Serial  int    // of the refresh token that was given or sent, counted from 1; 0 if none
	Outcome string // "ok", Zoho's error word, or what happened
}

// Requests returns what the server was asked so far, oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// TokenRequests returns how many token requests came so far, faults included.
func (s *Server) TokenRequests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.log {
		if r.Path == "/oauth/v2/token" {
			n++
		}
	}
	return n
}

// record writes an entry of the request log.
func (s *Server) record(r *http.Request, dc datacenter.DC, grant, outcome string) {
	s.recordGrant(r, dc, grant, outcome, 0)
}

// recordGrant is record for a token request.
func (s *Server) recordGrant(r *http.Request, dc datacenter.DC, grant, outcome string, serial int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, Request{
		Time: time.Now(), DC: dc, Method: r.Method, Path: r.URL.Path, Grant: grant, Serial: serial, Outcome: outcome,
	})
}

// FailAll makes every token request end as f says, until the next call; nil ends
// it. FailNext goes before.
func (s *Server) FailAll(f *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always = f
}

// interfere applies latency and faults to a token request, and reports whether
// it answered.
func (s *Server) interfere(w http.ResponseWriter, r *http.Request) bool {
	if r.URL.Path != "/oauth/v2/token" {
		return false
	}
	s.mu.Lock()
	delay, fault := s.latency, Fault{Pass: true}
	if len(s.faults) > 0 {
		fault, s.faults = s.faults[0], s.faults[1:]
	} else if s.always != nil {
		fault = *s.always
	}
	s.mu.Unlock()
	// A server sees that its client went away only after reading the body.
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, "the body cannot be read", http.StatusBadRequest)
		return true
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if delay += fault.Delay; delay > 0 {
		t := time.NewTimer(delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
			return true
		}
	}
	if fault.Pass {
		return false
	}
	dc, _ := s.place(r)
	s.mu.Lock()
	serial := s.serialOf(r)
	s.mu.Unlock()
	s.recordGrant(r, dc, "", "fault", serial)
	fault.write(w)
	return true
}

// write answers as f says.
func (f *Fault) write(w http.ResponseWriter) {
	if f.Drop {
		panic(http.ErrAbortHandler) // net/http's way to cut a connection
	}
	for k, v := range f.Header {
		w.Header()[k] = v
	}
	status := f.Status
	setDefault(&status, http.StatusOK)
	if f.Error != "" {
		writeJSON(w, status, refuse(f.Error))
		return
	}
	ct := f.ContentType
	setDefault(&ct, "text/html;charset=UTF-8")
	w.Header().Set("Content-Type", ct)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(f.Body)) // fails only if the client went away
}
