package zohoauth

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/zohoscim/zohoscim/datacenter"
)

// Device is a consent on a machine without a browser (Zoho's form of RFC 8628):
// the user opens VerificationURL elsewhere and enters UserCode there.
type Device struct {
	UserCode        string
	VerificationURL string    // of the accounts server where the flow began
	CompleteURL     string    // the same with the code in it, for a QR code; "" if Zoho gave none
	Expires         time.Time // when UserCode ends

	code     Secret
	dc       datacenter.DC
	interval time.Duration
}

const (
	// minPoll is the pause between polls that the older of Zoho's pages asks
	// for; the newer one asks for 5 s.
	minPoll = 30 * time.Second

	// slowDown is what RFC 8628 section 3.5 adds to the pause on slow_down.
	slowDown = 5 * time.Second

	// maxDeviceLife is the longest life of a user code that is believed.
	maxDeviceLife = 30 * time.Minute

	// maxPoll is the longest pause that an answer may ask for.
	maxPoll = 5 * time.Minute
)

// wireDevice is the answer of the device endpoint.
type wireDevice struct {
	UserCode        *string        `json:"user_code"`
	DeviceCode      *string        `json:"device_code"`
	VerificationURL *string        `json:"verification_url"`
	CompleteURL     *string        `json:"verification_uri_complete"`
	Interval        jsontext.Value `json:"interval"`
	ExpiresIn       jsontext.Value `json:"expires_in"`
	Error           *string        `json:"error"`
	Description     *string        `json:"error_description"`
}

// StartDevice begins a device flow in dc; zero means datacenter.US. The client
// has to be a non-browser client of Zoho's API console. Show the result's
// UserCode and VerificationURL to the user, and call [Config.WaitDevice].
func (c *Config) StartDevice(ctx context.Context, dc datacenter.DC) (*Device, error) {
	const op = "device"
	if dc == "" {
		dc = datacenter.US
	}
	r, bad := c.request(ctx, dc, "POST", deviceCodePath, values(
		"client_id", c.clientID,
		"grant_type", "device_request",
		"scope", strings.Join(c.scopes, ","),
		"access_type", "offline",
		"prompt", "consent",
	), nil)
	if bad != nil {
		return nil, c.done(ctx, op, dc, bad)
	}
	d, bad := c.parseDevice(dc, r)
	if bad != nil {
		return nil, c.done(ctx, op, dc, bad)
	}
	return d, c.done(ctx, op, dc, nil)
}

// parseDevice reads the answer of the device endpoint.
func (c *Config) parseDevice(dc datacenter.DC, r *reply) (*Device, *Error) {
	var w wireDevice
	switch err := json.Unmarshal(r.body, &w); {
	case err != nil:
		return nil, r.limited(unreadable(r.status, r.body))
	case str(w.Error) != "":
		return nil, r.limited(refusal(r.status, *w.Error, str(w.Description)))
	case r.status < 200 || r.status > 299:
		return nil, r.limited(unreadable(r.status, r.body))
	}
	bad := func(detail string) (*Device, *Error) {
		return nil, &Error{Kind: KindUnexpectedAnswer, Status: r.status, Detail: detail}
	}
	life, ok := deviceTime(w.ExpiresIn, 10_000, 5*time.Minute, maxDeviceLife)
	interval, ok2 := deviceTime(w.Interval, 1_000, minPoll, maxPoll)
	code, user := str(w.DeviceCode), str(w.UserCode)
	switch {
	case !ok, !ok2:
		return bad("expires_in or interval is not a time")
	case code == "", !tokenLike(code):
		return bad("there is no usable device_code")
	case user == "", len(user) > 64, !printable(user):
		return bad("there is no usable user_code")
	}
	// The user is about to be sent there.
	for _, at := range []string{str(w.VerificationURL), str(w.CompleteURL)} {
		if !c.isPage(dc, at) && (at != "" || str(w.VerificationURL) == "") {
			return nil, &Error{Kind: KindForeignHost, Status: r.status, Detail: "the verification URL is not of the accounts server"}
		}
	}
	return &Device{
		UserCode:        user,
		VerificationURL: *w.VerificationURL,
		CompleteURL:     str(w.CompleteURL),
		Expires:         r.sent.Add(life),
		code:            NewSecret(code),
		dc:              dc,
		interval:        max(interval, minPoll),
	}, nil
}

// isPage reports whether raw is a page of dc's accounts server.
func (c *Config) isPage(dc datacenter.DC, raw string) bool {
	rest, ok := strings.CutPrefix(raw, c.endpoints(dc).Accounts+"/")
	u, err := url.Parse(raw)
	return ok && err == nil && u.Fragment == "" && len(raw) <= maxParam && printable(rest)
}

// deviceTime reads a time of the device endpoint, which is in milliseconds where
// it was seen and in seconds where RFC 8628 is believed: from milli on it is the
// former, because as seconds it would be too long to make sense.
func deviceTime(v jsontext.Value, milli int64, missing, limit time.Duration) (time.Duration, bool) {
	if absent(v) {
		return missing, true
	}
	text := string(v)
	if v.Kind() == '"' && json.Unmarshal(v, &text) != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		return 0, false
	}
	unit := time.Second
	if n >= milli {
		unit = time.Millisecond
	}
	return min(time.Duration(min(n, int64(limit/unit)))*unit, limit), true
}

// WaitDevice polls until the user has answered, and returns the token. Zoho tells
// when the user lives in another data center, and polling goes on there: a
// location that is not of the table is [ErrWrongDataCenter], and China stays
// apart.
//
// It ends with [ErrExpired] at d.Expires, with [ErrAccessDenied] if the user
// refuses, and when ctx ends. One call per Device.
func (c *Config) WaitDevice(ctx context.Context, d *Device) (*Token, error) {
	const op = "device"
	at, pause, moves := d.dc, d.interval, 0
	for {
		t := time.NewTimer(pause)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return nil, &Error{Kind: KindCanceled, Op: op, DC: at, Err: ctx.Err()}
		}
		if !wall(time.Now()).Before(d.Expires) {
			return nil, c.done(ctx, op, at, &Error{Kind: KindExpired})
		}
		r, err := c.post(ctx, at, deviceTokenPath, values("grant_type", "device_token", "code", d.code.Reveal()))
		if err == nil {
			var a *answer
			if a, err = r.grant(); err == nil {
				return c.granted(ctx, op, at, a)
			}
		}
		switch {
		case err.Kind == KindUnavailable || err.Code == "authorization_pending":
		case err.Code == "slow_down":
			pause += slowDown
		case err.Code == "other_dc":
			if at, err = c.moved(d.dc, r); err != nil {
				return nil, c.done(ctx, op, d.dc, err)
			}
			// Two servers that point at each other would take for ever.
			if moves++; moves > 3 {
				return nil, c.done(ctx, op, at, &Error{Kind: KindUnexpectedAnswer, Detail: "sent from data center to data center"})
			}
		case err.Code == "expired", err.Code == "expired_token":
			err.Kind = KindExpired
			return nil, c.done(ctx, op, at, err)
		default:
			return nil, c.done(ctx, op, at, err)
		}
	}
}

// moved reads where Zoho says that the user is.
func (c *Config) moved(start datacenter.DC, r *reply) (datacenter.DC, *Error) {
	var w struct {
		Location *string `json:"user_location"`
	}
	dc := start
	if err := json.Unmarshal(r.body, &w); err == nil {
		dc = datacenter.DC(str(w.Location))
	}
	if c.endpoints(dc).Accounts == "" {
		return "", &Error{Kind: KindWrongDataCenter, Status: r.status,
			Detail: "the user's location " + show(dc) + " is not known: add its hosts with ConfigOptions.Custom"}
	}
	p := &pending{start: start, any: true}
	return dc, p.allows(dc)
}
