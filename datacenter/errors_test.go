package datacenter

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// wantError checks that err is of the kind of want and can be taken apart; a
// nil want is no error.
func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error = %v, want %v", err, want)
	}
	if want == nil {
		return
	}
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error is a %T, want *Error", err)
	}
	if e.Place == "" || e.Hint == "" {
		t.Errorf("error %+v has no place or no hint", *e)
	}
}

func TestErrorText(t *testing.T) {
	tests := []struct {
		err    error
		want   string
		reason string
	}{
		{&Error{Kind: KindBadURL, Place: "sync URL", Input: "h", Hint: "do"}, `datacenter: sync URL "h": bad URL: do`, "all fields"},
		{&Error{Kind: KindBadURL, Place: "sync URL", Hint: "do"}, "datacenter: sync URL: bad URL: do", "nothing safe to show"},
		{ErrUnknownDC, "datacenter: unknown data center", "a sentinel"},
	}
	for _, tt := range tests {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.reason, got, tt.want)
		}
	}
}

func TestSentinelsAreApart(t *testing.T) {
	all := []error{ErrUnknownDC, ErrForeignHost, ErrBadURL, ErrMismatch, ErrBadConsent}
	for i, a := range all {
		full := *a.(*Error)
		full.Place, full.Hint = "somewhere", "something"
		wrapped := fmt.Errorf("connect: %w", &full)
		for j, b := range all {
			if got := errors.Is(wrapped, b); got != (i == j) {
				t.Errorf("errors.Is(%v, %v) = %v", wrapped, b, got)
			}
		}
		if errors.Is(a, &full) {
			t.Errorf("%v is an error with more detail", a)
		}
	}
}

// TestErrorsShowNoSecret puts a canary wherever a URL or a setting could hold a
// secret, through every function that can fail.
func TestErrorsShowNoSecret(t *testing.T) {
	const canary = "c0ffee1234567890c0ffee1234567890c0ffee1234"
	inputs := []string{
		canary,
		"1000." + canary + "." + canary,
		"https://user:" + canary + "@accounts.zoho.jp/",
		"https://" + canary + "@accounts.zoho.jp/",
		"https://user:" + canary, // net/url's own error would quote this as a port
		"https://accounts.zoho.jp:" + canary,
		"https://one.zoho.jp/" + canary + "?token=" + canary + "#" + canary,
		"https://one.zoho.jp/%zz" + canary,
		"ftp://host.example/" + canary,
		"http://host.example/" + canary + "?" + canary,
		"https:" + canary,
		"\x00" + canary,
	}
	for _, in := range inputs {
		var errs []error
		note := func(err error) { errs = append(errs, err) }
		_, err := Parse(in)
		note(err)
		_, err = FromAccountsServer(in)
		note(err)
		_, err = FromAPIDomain(in)
		note(err)
		_, err = FromSyncURL(in)
		note(err)
		_, err = TenantURL(in)
		note(err)
		_, err = SCIMBaseURL(in)
		note(err)
		_, err = Custom(in, in)
		note(err)
		note(Check(in, US))
		note(Check("https://one.zoho.jp", DC(in)))
		_, err = AzureValues(JP, in, nil)
		note(err)
		_, err = AzureValues(JP, "https://one.zoho.jp", &AzureOptions{Portal: Portal(in)})
		note(err)
		_, err = Endpoints{Accounts: in}.ConsentURL(Consent{ClientID: "id", RedirectURL: "https://app.example.com/"})
		note(err)
		_, err = JP.Endpoints().ConsentURL(Consent{ClientID: in + " ", RedirectURL: "https://app.example.com/"})
		note(err)
		_, err = JP.Endpoints().ConsentURL(Consent{ClientID: "id", RedirectURL: in + " "})
		note(err)
		_, err = JP.Endpoints().ConsentURL(Consent{ClientID: "id", RedirectURL: "https://app.example.com/", Scopes: []string{in + ","}})
		note(err)
		_, err = JP.Endpoints().ConsentURL(Consent{ClientID: "id", RedirectURL: "https://app.example.com/", CodeChallenge: in})
		note(err)
		for _, err := range errs {
			if err != nil && strings.Contains(fmt.Sprintf("%v %+v %q", err, err, err), canary) {
				t.Errorf("the error for %q shows the secret: %v", in, err)
			}
		}
	}
}
