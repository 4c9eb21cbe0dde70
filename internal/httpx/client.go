package httpx

import (
	"context"
	"errors"
	"net/http"

	"github.com/hashicorp/go-retryablehttp"
)

// Repeat says when a request may be sent again. Whoever makes the request
// decides, because only they know what happens if the service does it twice.
//
// Below this package, net/http opens another connection by itself when nothing of
// a request was written, and for GET and HEAD also when a kept connection turns
// out to be closed.
type Repeat uint8

// The permissions.
const (
	// Never sends the request once, whatever happens: token requests.
	Never Repeat = iota
	// IfRefused sends it again only when the service said that it did nothing:
	// 429, or 503 with a Retry-After. For POST and unconditional PATCH.
	IfRefused
	// Always also sends it again after connection errors and 5xx other than 501
	// and 505. For GET, HEAD, PUT, DELETE and conditional writes.
	Always
)

// Client sends requests. It is safe for concurrent use; make one for each service
// and keep it, because connections and the budget belong to it.
type Client struct {
	opts   Options
	retry  *retryablehttp.Client
	budget budget
	limit  *limiter
}

// New returns a client. Nil options mean the defaults. It returns an error if an
// option is out of range.
func New(o *Options) (*Client, error) {
	opts, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	hc := *opts.Client
	base := hc.Transport
	if base == nil {
		base = http.DefaultTransport
	}
	hc.Transport = &guard{base: base}
	hc.CheckRedirect = follow(hc.CheckRedirect)

	c := &Client{opts: opts, limit: newLimiter(opts.Rate)}
	c.retry = &retryablehttp.Client{
		HTTPClient:   &hc,
		RetryWaitMin: opts.MinWait,
		RetryWaitMax: opts.MaxWait,
		RetryMax:     opts.MaxAttempts - 1,
		CheckRetry:   c.check,
		Backoff:      backoff,
		PrepareRetry: c.prepare,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	return c, nil
}

// Do sends req and, as far as rep and the limits allow, sends it again until there
// is an answer worth returning. The answer is returned whatever its status, also
// after the last attempt, with its body; the caller closes the body.
//
// A body is sent again through req.GetBody, which [http.NewRequest] sets for
// bytes and strings; a request with a body but without GetBody is sent once. Do
// closes req.Body and changes nothing else in req.
//
// The URL must be http or https and have no user information. Errors are of type
// *[Error]. When req's context ends, so does Do, and with it a wait; a wait that
// would outlast the context's deadline is not begun.
func (c *Client) Do(req *http.Request, rep Repeat) (*http.Response, error) {
	call := &call{repeat: rep, req: req}
	if err := checkRequest(req); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, call.error(KindRequest, err)
	}
	if req.Body != nil && req.Body != http.NoBody && req.GetBody == nil {
		call.repeat = Never
	}
	r := req.WithContext(context.WithValue(req.Context(), callKey{}, call))
	if c.retry.HTTPClient.Jar != nil {
		r.Header = req.Header.Clone() // net/http adds the cookies to it
	}
	if err := c.limit.wait(req.Context()); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, call.error(KindCanceled, err)
	}
	resp, err := c.retry.Do(&retryablehttp.Request{Request: r})
	if err != nil {
		return nil, asError(req.Context(), call, err)
	}
	if !transient(resp.StatusCode) {
		c.budget.give()
	}
	if resp.Body != http.NoBody {
		limit := c.opts.MaxResponseBytes
		resp.Body = &limitedBody{ReadCloser: resp.Body, left: limit, max: limit, call: call}
	}
	return resp, nil
}

// MaxAttempts is how often a request is sent at most.
func (c *Client) MaxAttempts() int { return c.opts.MaxAttempts }

// Again waits as before an attempt of [Client.Do] and pays for it, for a
// caller that decides by itself what is sent after a failure. Attempts is how
// many there have been, and err is how the last one failed, nil if there was
// an answer. It reports false, without a wait, when the budget is spent and
// when ctx has ended or would end meanwhile.
func (c *Client) Again(ctx context.Context, attempts int, err error) bool {
	price := int64(priceRetry)
	if err != nil && timeout(err) {
		price = priceTimeout
	}
	wait := backoff(c.opts.MinWait, c.opts.MaxWait, max(attempts-1, 0), nil)
	return ctx.Err() == nil && !outlasts(ctx, wait) && c.budget.take(price) && sleep(ctx, wait) == nil
}

// checkRequest returns why req cannot be sent.
func checkRequest(req *http.Request) error {
	switch {
	case req.URL == nil:
		return errors.New("the request has no URL")
	case req.URL.User != nil:
		return errors.New("the URL has user information: use the Authorization header")
	case req.URL.Scheme != "https" && req.URL.Scheme != "http":
		return errors.New("the URL is not http or https")
	case req.URL.Host == "":
		return errors.New("the URL has no host")
	}
	return nil
}
