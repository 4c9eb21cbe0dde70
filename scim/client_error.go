package scim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/zohoscim/zohoscim/internal/httpx"
)

// How much of an error answer is read, and how much of its detail is kept.
const (
	clientErrorBytes  = 64 << 10
	clientDetailRunes = 300
)

// refusal turns an answer whose status is not 2xx into an error.
func (c *Client) refusal(resp *http.Response, r *clientRequest) error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, clientErrorBytes))
	e := clientRefusal(resp.StatusCode, body, r, c.cred.hidden(resp.Request.Header))
	if wait, ok := httpx.RetryAfter(resp.Header, time.Now()); ok {
		e.RetryAfter = wait
	}
	if e.cause != nil {
		e.cause = fmt.Errorf("%w (%s)", e.cause, clientMediaType(resp))
	}
	return e
}

// errNoSCIMError is the cause where an error's body is something else.
var errNoSCIMError = errors.New("the answer's body is not a SCIM error")

// clientRefusal makes an error of a status that is not 2xx and its body, of
// which only the "detail" of a SCIM error is quoted (RFC 7644 section 3.12),
// and not that if it repeats something hidden.
func clientRefusal(status int, body []byte, r *clientRequest, hidden []string) *Error {
	scimType, detail, ok := clientErrorBody(body)
	e := &Error{Kind: clientKind(status, scimType, r), Status: status}
	e.remote = e.Kind != KindTransport
	for _, secret := range hidden {
		if secret != "" && strings.Contains(detail, secret) {
			detail = "" // a service that repeats the credential in its answer
		}
	}
	switch {
	case detail != "":
		e.Detail = detail
	case e.Kind == KindTransport:
		e.Detail = fmt.Sprintf("%s %s was answered with status %d", r.method, r.path, status)
	case e.Kind == KindUnknown || e.Kind == KindInvalidSyntax && scimType == "":
		e.Detail = "the request was refused without a reason"
	}
	if !ok && e.Detail == "" && status == http.StatusNotFound {
		e.Detail = "not found; the answer is not a SCIM error, so check the base URL too"
	}
	if !ok && len(body) > 0 {
		e.cause = errNoSCIMError
	}
	return e
}

// clientKind tells what a status means, with the scimType where the status
// leaves it open.
func clientKind(status int, scimType string, r *clientRequest) Kind {
	switch status {
	case http.StatusNotModified:
		if r.ifNoneMatch == "" {
			return KindTransport
		}
		return KindNotModified
	case http.StatusUnauthorized:
		return KindUnauthorized
	case http.StatusNotFound, http.StatusGone:
		return KindNotFound
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return KindMethodNotAllowed
	case http.StatusPreconditionFailed:
		return KindPreconditionFailed
	case http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong:
		return KindTooLarge
	case http.StatusTooManyRequests:
		return KindRateLimited
	case http.StatusServiceUnavailable:
		return KindUnavailable
	case http.StatusRequestTimeout, http.StatusBadGateway, http.StatusGatewayTimeout:
		return KindTransport // who says so is not the service provider
	}
	if status >= 500 {
		return KindInternal
	}
	if status < 400 {
		return KindTransport
	}
	for k := KindInvalidFilter; k <= KindSensitive; k++ {
		if name, _, _ := k.row(); strings.EqualFold(name, scimType) {
			return k
		}
	}
	switch {
	case status == http.StatusBadRequest || status == http.StatusUnprocessableEntity:
		return KindInvalidSyntax
	case status == http.StatusForbidden:
		return KindForbidden
	case status == http.StatusConflict && r.ifMatch != "":
		return KindPreconditionFailed // RFC 7644 table 8: the version does not match
	case status == http.StatusConflict:
		return KindUniqueness
	}
	return KindUnknown
}

// clientErrorBody reads the members of a SCIM error that matter; ok is false
// if it is not one. Member names are taken in any case, and "schemas" may be
// missing.
func clientErrorBody(body []byte) (scimType, detail string, ok bool) {
	in := jsontext.NewDecoder(bytes.NewReader(body))
	if in.PeekKind() != '{' {
		return "", "", false
	}
	_, _ = in.ReadToken()
	for in.PeekKind() == '"' {
		name, err := in.ReadToken()
		if err != nil {
			break
		}
		key := foldASCII(name.String())
		value, err := in.ReadValue()
		if err != nil {
			break
		}
		text, _ := jsontext.AppendUnquote(nil, value)
		switch {
		case value.Kind() != '"':
			ok = ok || key == "status" || key == "schemas"
		case key == "detail":
			detail, ok = clientClean(string(text)), true
		case key == "scimtype":
			scimType, ok = string(text), true
		case key == "status":
			ok = true
		}
	}
	return scimType, detail, ok
}

// clientClean makes a remote text fit for a log: one line, not too long.
func clientClean(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' }), " ")
	n := 0
	for i := range s {
		if n++; n > clientDetailRunes {
			return s[:i] + "…"
		}
	}
	return s
}

func clientMediaType(resp *http.Response) string {
	if t, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err == nil && len(t) <= 64 {
		return t
	}
	return "no media type"
}
