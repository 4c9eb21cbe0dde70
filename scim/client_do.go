package scim

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/zohoscim/zohoscim/internal/httpx"
)

// clientContentType is the media type of SCIM messages (RFC 7644 section 3.1).
const clientContentType = "application/scim+json"

// clientRequest is one request before it has a credential.
type clientRequest struct {
	method      string
	at          *string // the URL of the root; nil: the client's own
	path        string  // below the root, escaped
	query       string  // escaped
	body        []byte  // nil for none
	ifMatch     string  // entity tag, "" for none
	ifNoneMatch string  // entity tag, "" for none
	again       bool    // a POST that can be repeated, because that has no other effect
}

// repeat says when the request may be sent again (RFC 9110 section 9.2.2).
func (r *clientRequest) repeat() httpx.Repeat {
	if r.method == http.MethodPost && !r.again || r.method == http.MethodPatch && r.ifMatch == "" {
		return httpx.IfRefused
	}
	return httpx.Always
}

// do sends a request and returns the answer if its status is 2xx. The caller
// closes its body.
func (c *Client) do(ctx context.Context, r *clientRequest) (*http.Response, error) {
	if c == nil || c.http == nil {
		return nil, &Error{Kind: KindInvalidOption, Detail: "the client was not made by NewClient", unsent: true}
	}
	if err := ctx.Err(); err != nil {
		return nil, &Error{Kind: KindTransport, unsent: true, cause: err}
	}
	req, err := c.request(ctx, r)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req, r.repeat())
	if err != nil {
		return nil, clientFailure(err, r)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		defer clientDrain(resp.Body)
		return nil, c.refusal(resp, r)
	}
	return resp, nil
}

func (c *Client) request(ctx context.Context, r *clientRequest) (*http.Request, error) {
	root := c.base
	if r.at != nil {
		root = *r.at
	} else if len(c.profile.Roots) > 0 {
		var err error
		if root, err = c.rootURL(ctx); err != nil {
			return nil, err
		}
	}
	url := root + r.path
	if r.query != "" {
		url += "?" + r.query
	}
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, url, body)
	if err != nil { // its text would quote the URL
		return nil, &Error{Kind: KindInvalidPath, Detail: "the URL of the request is malformed", unsent: true}
	}
	req.Header.Set("Accept", clientContentType+", application/json;q=0.9")
	req.Header.Set("User-Agent", c.userAgent)
	if r.body != nil {
		req.Header.Set("Content-Type", c.profile.MediaType)
	}
	if r.ifNoneMatch != "" {
		req.Header.Set("If-None-Match", r.ifNoneMatch)
	}
	if r.ifMatch != "" {
		req.Header.Set("If-Match", r.ifMatch)
	}
	return req, nil
}

// clientFailure is the error of a request that got no answer.
func clientFailure(err error, r *clientRequest) error {
	var sent *httpx.Error
	if !errors.As(err, &sent) {
		return &Error{Kind: KindTransport, cause: err}
	}
	// Earlier attempts can have had an effect if they were not refused.
	first := sent.Attempts <= 1 || r.repeat() != httpx.Always
	var own *Error
	if errors.As(err, &own) {
		e := *own
		e.unsent = e.unsent && first
		return &e
	}
	return &Error{Kind: KindTransport, unsent: first && clientNotSent(sent), cause: err}
}

// clientNotSent reports whether the attempt that failed got no connection.
func clientNotSent(err *httpx.Error) bool {
	var op *net.OpError
	var cert *tls.CertificateVerificationError
	return err.Kind == httpx.KindRequest || err.Attempts == 0 || errors.As(err, &op) && op.Op == "dial" || errors.As(err, &cert)
}

// clientRead reads the body of an answer and closes it.
func clientRead(resp *http.Response, r *clientRequest) ([]byte, error) {
	defer resp.Body.Close() //nolint:errcheck // nothing is lost: it has been read
	if resp.StatusCode == http.StatusNoContent {
		return nil, nil
	}
	var b bytes.Buffer
	if n := resp.ContentLength; n > 0 && n <= 1<<20 { // more than is said to come is not believed before it does
		b.Grow(int(n) + bytes.MinRead)
	}
	if _, err := b.ReadFrom(resp.Body); err != nil {
		return nil, clientUnusable(resp, r, "it ends early", err)
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// clientUnusable is the error of an answer with status 2xx that is not what
// RFC 7644 has. What was asked for has probably been done.
func clientUnusable(resp *http.Response, r *clientRequest, why string, cause error) error {
	return &Error{
		Kind: KindTransport, Status: resp.StatusCode, cause: cause,
		Detail: "the answer to " + r.method + " " + r.path + " cannot be used: " + why,
	}
}
