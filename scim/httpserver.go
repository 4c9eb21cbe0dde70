package scim

import (
	"net/http"
	"time"
)

// NewHTTPServer returns an [http.Server] for a handler with the timeouts and
// the header limit that a service on the open network needs: the zero
// http.Server has none. Its Addr and TLSConfig are the caller's to set.
func NewHTTPServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    32 << 10,
	}
}
