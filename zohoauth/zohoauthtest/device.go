package zohoauthtest

import (
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"github.com/zohoscim/zohoscim/datacenter"
)

// device is a device flow that was begun.
type device struct {
	consent
	user     string // the code that the user enters
	answered datacenter.DC
	rejected bool
	expires  time.Time
	polled   time.Time
}

// Times of the device flow. Zoho sends them in milliseconds.
const (
	deviceLife     = 5 * time.Minute
	deviceInterval = 5 * time.Second
)

// deviceAnswer is the answer of the device endpoint.
type deviceAnswer struct {
	UserCode        string `json:"user_code"`
	DeviceCode      string `json:"device_code"`
	VerificationURL string `json:"verification_url"`
	CompleteURL     string `json:"verification_uri_complete"`
	Interval        int64  `json:"interval"`
	ExpiresIn       int64  `json:"expires_in"`
}

// serveDeviceCode begins a device flow.
func (s *Server) serveDeviceCode(w http.ResponseWriter, r *http.Request) {
	dc, base := s.place(r)
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	scopes := splitScopes(r.PostFormValue("scope"))
	word := ""
	switch {
	case r.PostFormValue("client_id") != s.clientID, s.secrets[dc] == "":
		word = "invalid_client"
	case r.PostFormValue("grant_type") != "device_request":
		word = "invalid_client" // as for the token endpoint
	case len(scopes) == 0:
		word = "invalid_scope"
	}
	if word != "" {
		s.record(r, dc, "device_request", word)
		s.answerToken(w, refuse(word))
		return
	}
	d := &device{
		consent: consent{
			dc: dc, base: base, scopes: scopes,
			offline: r.PostFormValue("access_type") == "offline", prompted: r.PostFormValue("prompt") == "consent",
		},
		user:    rand.Text()[:8],
		expires: time.Now().Add(deviceLife),
	}
	value := newToken()
	s.mu.Lock()
	s.devices[value] = d
	s.mu.Unlock()
	s.record(r, dc, "device_request", "ok")
	page := base + "/oauth/v3/device"
	writeJSON(w, http.StatusOK, deviceAnswer{
		UserCode: d.user, DeviceCode: value, VerificationURL: page, CompleteURL: page + "?user_code=" + d.user,
		Interval: deviceInterval.Milliseconds(), ExpiresIn: deviceLife.Milliseconds(),
	})
}

// serveDeviceToken takes the polls.
func (s *Server) serveDeviceToken(w http.ResponseWriter, r *http.Request) {
	dc, _ := s.place(r)
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	value := r.PostFormValue("code")
	word := s.checkClient(dc, r)
	if word == "" && r.PostFormValue("grant_type") != "device_token" {
		word = "invalid_client"
	}
	a := refuse(word)
	if word == "" {
		s.mu.Lock()
		a = s.poll(dc, value, time.Now())
		s.mu.Unlock()
	}
	outcome := "ok"
	if a.Error != "" {
		outcome = a.Error
	}
	s.record(r, dc, "device_token", outcome)
	s.answerToken(w, a)
}

// poll decides about a poll. The caller holds s.mu.
func (s *Server) poll(dc datacenter.DC, value string, now time.Time) tokenAnswer {
	d := s.devices[value]
	switch {
	case d == nil:
		return refuse("invalid_code")
	case !now.Before(d.expires):
		return refuse("expired")
	case d.rejected:
		delete(s.devices, value)
		return refuse("access_denied")
	}
	early := now.Sub(d.polled) < deviceInterval
	d.polled = now
	switch {
	case early:
		return refuse("slow_down")
	case d.answered == "":
		return refuse("authorization_pending")
	case d.answered != dc:
		return tokenAnswer{Error: "other_dc", UserLocation: string(d.answered)}
	}
	delete(s.devices, value)
	return s.newGrant(dc, &d.consent, now)
}

// ApproveDevice plays the user of a device flow, who enters the code and presses
// Accept, in the user's data center.
func (s *Server) ApproveDevice(userCode string) error { return s.answerDevice(userCode, false) }

// RejectDevice is ApproveDevice for a user who presses Reject.
func (s *Server) RejectDevice(userCode string) error { return s.answerDevice(userCode, true) }

func (s *Server) answerDevice(userCode string, reject bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.devices {
		if d.user == userCode && time.Now().Before(d.expires) {
			d.answered, d.rejected = s.user, reject
			return nil
		}
	}
	return errors.New("zohoauthtest: no device flow has this user code")
}
