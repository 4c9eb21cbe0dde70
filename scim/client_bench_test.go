package scim_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/zohoscim/zohoscim/scim"
)

const benchUser = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"8f14e45f","meta":{"resourceType":"User","created":"2026-01-01T00:00:00.000Z","lastModified":"2026-01-01T00:00:00.000Z","location":"https://scim.example/Users/8f14e45f","version":"W/\"1\""},"userName":"user1@example.com","name":{"familyName":"Jensen","givenName":"Barbara"},"title":"Lead","active":true,"emails":[{"value":"user1@example.com","type":"work"}],"addresses":[{"formatted":"本社","type":"work"}]}`

// What the client costs beside net/http, without a network.
func BenchmarkClient(b *testing.B) {
	answer := clientFunc(func(r *http.Request) *http.Response {
		return &http.Response{StatusCode: 200, ContentLength: int64(len(benchUser)), Body: io.NopCloser(bytes.NewReader([]byte(benchUser))), Request: r, Header: http.Header{"Content-Type": {"application/scim+json"}}}
	})
	hc := &http.Client{Transport: answer, Timeout: time.Minute}
	c, err := scim.NewClient("https://scim.example", scim.BearerToken(scim.NewSecret(clientCanary)), &scim.ClientOptions{HTTPClient: hc})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("Get", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.Users().Get(b.Context(), "1", nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Create", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.Users().Create(b.Context(), &scim.User{UserName: "user1@example.com", Title: "Lead", Emails: []scim.MultiValue{{Value: "user1@example.com", Type: "work"}}}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("net/http", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := bareRequest(b.Context(), hc, "token", "GET", "https://scim.example/Users/1", ""); err != nil {
				b.Fatal(err)
			}
		}
	})
}
