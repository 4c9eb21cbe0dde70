package httpx

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestDefaultClient: the zero values of net/http are no limits at all, so each
// one is named here.
func TestDefaultClient(t *testing.T) {
	c := NewHTTPClient()
	tr := c.Transport.(*http.Transport)
	if c.Timeout != time.Minute || tr.TLSHandshakeTimeout != 5*time.Second || tr.ResponseHeaderTimeout != 30*time.Second ||
		tr.IdleConnTimeout == 0 || tr.MaxIdleConnsPerHost < 64 || tr.MaxResponseHeaderBytes == 0 {
		t.Errorf("a limit is missing: %v, %+v", c.Timeout, tr)
	}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	tr.TLSClientConfig = srv.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	tr.TLSClientConfig.NextProtos = nil
	defer tr.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.ProtoMajor != 2 {
		t.Errorf("spoke %s, want HTTP/2", resp.Proto)
	}
}
