package scim_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/zohoscim/zohoscim/scim"
)

// One connection serves all requests of one goroutine, whatever the answers
// are, over HTTP/1.1 and HTTP/2.
func TestConnectionsAreKept(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		var connections atomic.Int64
		protocols := map[string]int{}
		n := 0
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			protocols[r.Proto]++
			n++
			status := []int{200, 404, 409, 412, 204, 400}[n%6]
			w.WriteHeader(status)
			if status != 204 {
				_, _ = io.WriteString(w, clientBob)
			}
		}))
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				connections.Add(1)
			}
		}
		server.EnableHTTP2 = http2
		server.StartTLS()
		hc := &http.Client{Transport: &http.Transport{
			ForceAttemptHTTP2: http2, TLSClientConfig: &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, MinVersion: tls.VersionTLS12},
		}}
		c, err := scim.NewClient(server.URL, scim.BearerToken(scim.NewSecret(clientCanary)), &scim.ClientOptions{HTTPClient: hc, Profile: scim.Profile{Config: clientConfig}})
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			_ = clientGet(t.Context(), c)
			_ = clientReplace(t.Context(), c)
			_ = clientDelete(t.Context(), c)
			_ = clientList(t.Context(), c)
			_ = clientPatch(t.Context(), c)
		}
		want := map[bool]string{false: "HTTP/1.1", true: "HTTP/2.0"}[http2]
		if got := connections.Load(); got != 1 || protocols[want] != n || n < 100 {
			t.Errorf("HTTP/2 %t: %d connections for %d requests, protocols %s", http2, got, n, fmt.Sprint(protocols))
		}
		c.CloseIdleConnections()
		server.Close()
	}
}
