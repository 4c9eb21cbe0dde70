package scim

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// fail answers with an error (RFC 7644 section 3.12). What an internal error
// has to say goes to the log only.
func (c *call) fail(err error) {
	e := asError(err)
	status := e.status()
	if status == 0 {
		status = http.StatusInternalServerError
	}
	detail := e.detail()
	if e.Path != "" {
		detail = e.Path + ": " + detail
	}
	switch {
	case status >= http.StatusInternalServerError && status != http.StatusNotImplemented:
		// The client gets what finds the fault in the log, and no more.
		request := newID()
		c.log.ErrorContext(c.r.Context(), "scim: request failed", "request", request, "method", c.r.Method, "status", status, "error", err)
		_, _, detail = e.Kind.row()
		detail += " (request " + request + ")"
	case e.cause != nil && status < http.StatusInternalServerError && e.Kind != KindUnauthorized && e.Kind != KindRateLimited:
		detail += ": " + e.cause.Error() // of our own parsers, which quote no values
	}
	if e.RetryAfter > 0 {
		c.w.Header().Set("Retry-After", strconv.Itoa(int((e.RetryAfter+time.Second-1)/time.Second)))
	}
	c.answer(status, appendError(nil, status, e.ScimType(), detail))
}

func appendError(b []byte, status int, scimType, detail string) []byte {
	b = append(b, `{"schemas":["`+messageError+`"],"status":"`...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, '"')
	if scimType != "" {
		b = append(b, `,"scimType":"`...)
		b = append(b, scimType...)
		b = append(b, '"')
	}
	b = append(b, `,"detail":`...)
	b, err := jsontext.AppendQuote(b, detail)
	if err != nil {
		b = append(b, `"the request failed"`...)
	}
	return append(b, '}')
}
