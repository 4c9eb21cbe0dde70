package zohoauth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/zohoauth"
	"github.com/zohoscim/zohoscim/zohoauth/zohoauthtest"
)

func TestDevice(t *testing.T) {
	tests := []struct {
		name   string
		user   datacenter.DC
		act    func(*zohoauthtest.Server, string) error
		want   error
		reason string
	}{
		{"same data center", datacenter.US, (*zohoauthtest.Server).ApproveDevice, nil, "plain"},
		{"other data center", datacenter.EU, (*zohoauthtest.Server).ApproveDevice, nil, "other_dc: polling goes on there"},
		{"refused", datacenter.US, (*zohoauthtest.Server).RejectDevice, zohoauth.ErrAccessDenied, "the user pressed Reject"},
		{"nobody", datacenter.US, func(*zohoauthtest.Server, string) error { return nil }, zohoauth.ErrExpired, "the code ends"},
		{"China", datacenter.CN, (*zohoauthtest.Server).ApproveDevice, zohoauth.ErrWrongDataCenter, "stands alone"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(t, &zohoauthtest.Options{DC: tt.user})
				c := newConfig(t, s, nil)
				began := time.Now()
				d, err := c.StartDevice(t.Context(), "")
				if err != nil {
					t.Fatal(err)
				}
				if d.VerificationURL != "https://accounts.zoho.com/oauth/v3/device" || d.UserCode == "" ||
					d.Expires.Sub(began) != 5*time.Minute || !strings.HasSuffix(d.CompleteURL, d.UserCode) {
					t.Errorf("%s %s %v", d.VerificationURL, d.CompleteURL, d.Expires.Sub(began))
				}
				time.AfterFunc(time.Minute, func() {
					if err := tt.act(s, d.UserCode); err != nil {
						t.Error(err)
					}
				})
				tok, err := c.WaitDevice(t.Context(), d)
				for _, r := range s.Requests() {
					if r.Outcome == "slow_down" {
						t.Error("polled too fast")
					}
				}
				if tt.want != nil {
					wantError(t, err, tt.want)
					return
				}
				if err != nil || tok.DC != tt.user || s.Verify(tok.AccessToken.Reveal()) != nil || tok.RefreshToken.IsZero() {
					t.Errorf("%v, %v (%s)", tok, err, tt.reason)
				}
			})
		})
	}
}

func TestWaitDeviceGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, nil)
		c := newConfig(t, s, nil)
		d, err := c.StartDevice(t.Context(), datacenter.US)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := c.WaitDevice(ctx, d); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// deviceAnswers are odd answers of the device endpoint.
var deviceAnswers = []struct {
	name, body string
	life       time.Duration // 0: err
	err        error
	reason     string
}{
	{"milliseconds", `{"user_code":"A","device_code":"d","verification_url":"https://accounts.zoho.com/d","interval":5000,"expires_in":300000}`, 5 * time.Minute, nil, "as seen"},
	{"seconds", `{"user_code":"A","device_code":"d","verification_url":"https://accounts.zoho.com/d","interval":5,"expires_in":1800}`, 30 * time.Minute, nil, "RFC 8628 section 3.2"},
	{"strings", `{"user_code":"A","device_code":"d","verification_url":"https://accounts.zoho.com/d","interval":"5","expires_in":"300"}`, 5 * time.Minute, nil, "numbers in quotes"},
	{"no times", `{"user_code":"A","device_code":"d","verification_url":"https://accounts.zoho.com/d"}`, 5 * time.Minute, nil, "the documented ones"},
	{"long", `{"user_code":"A","device_code":"d","verification_url":"https://accounts.zoho.com/d","expires_in":9223372036854775807}`, 30 * time.Minute, nil, "bounded"},
	{"negative", `{"user_code":"A","device_code":"d","verification_url":"https://accounts.zoho.com/d","expires_in":-1}`, 0, zohoauth.ErrUnexpectedAnswer, "no time"},
	{"foreign", `{"user_code":"A","device_code":"d","verification_url":"https://evil.example/d"}`, 0, zohoauth.ErrForeignHost, "the user would be sent there"},
	{"suffix", `{"user_code":"A","device_code":"d","verification_url":"https://accounts.zoho.com.evil.example/d"}`, 0, zohoauth.ErrForeignHost, "not the host"},
	{"complete", `{"user_code":"A","device_code":"d","verification_url":"https://accounts.zoho.com/d","verification_uri_complete":"https://evil.example"}`, 0, zohoauth.ErrForeignHost, "the user would be sent there"},
	{"no page", `{"user_code":"A","device_code":"d"}`, 0, zohoauth.ErrForeignHost, "nowhere to go"},
	{"no code", `{"user_code":"A","verification_url":"https://accounts.zoho.com/d"}`, 0, zohoauth.ErrUnexpectedAnswer, "nothing to poll with"},
	{"error", `{"error":"invalid_client"}`, 0, zohoauth.ErrInvalidClient, "status 200"},
	{"page", `<html>`, 0, zohoauth.ErrUnexpectedAnswer, "not JSON"},
}

// answering returns a Config whose requests all get the body.
func answering(t testing.TB, body *string) *zohoauth.Config {
	t.Helper()
	hc := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(*body)), Request: r}, nil
	})}
	c, err := zohoauth.NewConfig("1000.C", zohoauth.NewSecret("s"), &zohoauth.ConfigOptions{HTTPClient: hc})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDeviceAnswers(t *testing.T) {
	for _, tt := range deviceAnswers {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, err := answering(t, &tt.body).StartDevice(t.Context(), datacenter.US)
				if tt.err != nil {
					wantError(t, err, tt.err)
					return
				}
				if err != nil || time.Until(d.Expires) != tt.life {
					t.Errorf("%v, %v (%s)", d, err, tt.reason)
				}
			})
		})
	}
}

// FuzzDevice: a device flow is one that can be shown to a user, with times in
// bounds and pages of the accounts server, or an error that shows nothing of it.
func FuzzDevice(f *testing.F) {
	for _, tt := range deviceAnswers {
		f.Add(tt.body)
	}
	var body string
	c := answering(f, &body)
	f.Fuzz(func(t *testing.T, answer string) {
		body = answer
		d, err := c.StartDevice(t.Context(), datacenter.US)
		if err != nil {
			if len(answer) > 60 && strings.Contains(err.Error(), answer) {
				t.Errorf("the error shows the answer: %v", err)
			}
			return
		}
		life := time.Until(d.Expires)
		if d.UserCode == "" || life > 30*time.Minute || !strings.HasPrefix(d.VerificationURL, "https://accounts.zoho.com/") ||
			d.CompleteURL != "" && !strings.HasPrefix(d.CompleteURL, "https://accounts.zoho.com/") {
			t.Errorf("%s %v", d.VerificationURL, life)
		}
		if strings.Contains(fmt.Sprintf("%+v", d), "device_code") {
			t.Error("prints")
		}
	})
}
