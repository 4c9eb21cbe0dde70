package provision

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/internal/memhttp"
	"github.com/zohoscim/zohoscim/scim"
)

func TestTestConnection(t *testing.T) {
	list := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/scim+json")
		_, _ = w.Write([]byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":[]}`))
	}
	below := func(prefix string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == prefix+"/Users" || r.URL.Path == prefix+"/Groups" {
				list(w, r)
				return
			}
			http.NotFound(w, r)
		}
	}
	for _, tt := range []struct {
		reason, url string
		dc          datacenter.DC
		service     http.HandlerFunc
		base        string
		tried       int
		err         error
		says        string
	}{
		{"the URL answers as it is given", "https://one.zoho.jp/x/scim", "jp", below("/x/scim"), "https://one.zoho.jp/x/scim", 1, nil, ""},
		{"the URL lacks the /scim that Azure cuts off", "https://one.zoho.jp/x", "jp", below("/x/scim"), "https://one.zoho.jp/x/scim", 2, nil, ""},
		{"a service without /scim", "https://one.zoho.jp/x", "jp", below("/x"), "https://one.zoho.jp/x", 1, nil, ""},
		{"nothing answers", "https://one.zoho.jp/x", "jp", http.NotFound, "", 2, &Error{Code: CodeIncompatible}, "copy the sync URL"},
		{"a web page is no SCIM service", "https://one.zoho.jp/x", "jp", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("<html>Sign in</html>"))
		}, "", 2, &Error{Code: CodeIncompatible}, "copy the sync URL"},
		{"no groups", "https://one.zoho.jp/scim", "jp", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/scim/Users" {
				http.NotFound(w, r)
				return
			}
			list(w, r)
		}, "", 1, &Error{Code: CodeIncompatible}, ""},
		{"the token is refused", "https://one.zoho.jp/scim", "jp", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }, "", 1, ErrInvalidCredentials, "organization owner"},
		{"something else stands above /scim and refuses", "https://one.zoho.jp/x", "jp", func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, "/x/scim/") {
				w.WriteHeader(401)
				return
			}
			list(w, r)
		}, "https://one.zoho.jp/x/scim", 2, nil, ""},
		{"refused here and not there at all", "https://one.zoho.jp/x", "jp", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/x/Users" {
				w.WriteHeader(401)
				return
			}
			http.NotFound(w, r)
		}, "", 2, ErrInvalidCredentials, "organization owner"},
		{"the person has no right", "https://one.zoho.jp/scim", "jp", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, "", 1, ErrInvalidCredentials, "organization admin"},
		{"the consent was given in another data center", "https://one.zoho.jp/scim", "us", list, "", 0, ErrInvalidJob, "accounts.zoho.jp"},
		{"an unknown data center", "https://one.zoho.jp/scim", "inec", list, "", 0, ErrInvalidJob, "inec"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			network := memhttp.New()
			network.Handle("one.zoho.jp", tt.service)
			t.Cleanup(func() { _ = network.Close() })
			job := &Job{Name: "j", SyncURL: tt.url, DataCenter: tt.dc}
			got, err := TestConnection(t.Context(), job, scim.BearerToken(scim.NewSecret(testToken)), &scim.ClientOptions{HTTPClient: network.Client()})
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%q does not say %q", err, tt.says)
			}
			if diff := cmp.Diff([]any{tt.base, tt.tried}, []any{got.BaseURL, len(got.Tried)}); diff != "" {
				t.Error(diff)
			}
		})
	}
}
