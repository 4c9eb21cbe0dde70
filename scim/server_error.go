package scim

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/zohoscim/zohoscim/scim/filter"
)

// fail answers with an error (RFC 7644 section 3.12).
func (c *call) fail(err error) {
	status, body := c.explain(c.r.Context(), c.r.Method, err)
	e := asError(err)
	c.failed = e.Kind
	if e.RetryAfter > 0 {
		c.w.Header().Set("Retry-After", strconv.Itoa(int((e.RetryAfter+time.Second-1)/time.Second)))
	}
	c.answer(status, body)
}

// explain makes the body of an error. What an internal error has to say goes
// to the log only.
func (s *Server) explain(ctx context.Context, method string, err error) (status int, body []byte) {
	e := asError(err)
	status = e.status()
	if status == 0 {
		status = http.StatusInternalServerError
	}
	detail := e.detail()
	if e.Path != "" {
		detail = e.Path + ": " + detail
	}
	var syntax *filter.Error
	switch {
	case status >= http.StatusInternalServerError && status != http.StatusNotImplemented:
		// The client gets what finds the fault in the log, and no more.
		request := newID()
		s.log.ErrorContext(ctx, "scim: request failed", "request", request, "method", method, "status", status, "error", err)
		_, _, detail = e.Kind.row()
		detail += " (request " + request + ")"
	case errors.As(e.cause, &syntax):
		detail += ": " + syntax.Error() // which quotes no values
	}
	return status, appendError(nil, status, e.ScimType(), detail)
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
