package httpx

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// call is the state of one [Client.Do]. It travels in the request's context, the
// only thing of a request that go-retryablehttp shows to its policy.
type call struct {
	repeat   Repeat
	req      *http.Request // the caller's
	attempts int
}

type callKey struct{}

// error returns an error with the call's place.
func (c *call) error(k Kind, err error) *Error {
	return &Error{Kind: k, Method: c.req.Method, URL: place(c.req.URL), Attempts: c.attempts, Err: err}
}

// check is the retry policy: it is called after each attempt and pays for the
// next one.
func (c *Client) check(ctx context.Context, resp *http.Response, err error) (bool, error) {
	call := ctx.Value(callKey{}).(*call)
	call.attempts++
	if err == nil {
		_, asked := RetryAfter(resp.Header, time.Now())
		c.limit.answered(time.Now(), IfRefused.allows(resp.StatusCode, asked))
	}
	if call.attempts >= c.opts.MaxAttempts || ctx.Err() != nil {
		return false, nil
	}
	price := int64(priceRetry)
	var wait time.Duration
	if err != nil {
		if call.repeat != Always || permanent(ctx, err) {
			return false, nil
		}
		if timeout(err) {
			price = priceTimeout
		}
	} else {
		var asked bool
		wait, asked = RetryAfter(resp.Header, time.Now())
		if !call.repeat.allows(resp.StatusCode, asked) || wait > c.opts.MaxRetryAfter || outlasts(ctx, wait) {
			return false, nil
		}
	}
	if !c.budget.take(price) {
		c.log(ctx, call, "not repeating a request: the budget for repetitions is spent", resp, err, 0)
		return false, nil
	}
	c.log(ctx, call, "repeating a request", resp, err, wait)
	return true, nil
}

// allows reports whether an answer lets the request be sent again.
func (r Repeat) allows(status int, retryAfter bool) bool {
	switch r {
	case IfRefused:
		return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable && retryAfter
	case Always:
		return transient(status)
	}
	return false
}

// transient reports whether a later attempt may have another answer.
func transient(status int) bool {
	return status == http.StatusTooManyRequests ||
		status >= 500 && status != http.StatusNotImplemented && status != http.StatusHTTPVersionNotSupported
}

// permanent reports whether the next attempt would fail in the same way.
func permanent(ctx context.Context, err error) bool {
	var own *Error // of this client, or of one in a transport below, which has repeated what it may
	var cert *tls.CertificateVerificationError
	if errors.As(err, &own) || errors.As(err, &cert) {
		return true
	}
	again, _ := retryablehttp.DefaultRetryPolicy(ctx, nil, err)
	return !again
}

func timeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// outlasts reports whether ctx ends before wait is over.
func outlasts(ctx context.Context, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) <= wait
}

// backoff returns a random wait ("full jitter", so that clients that failed
// together do not come back together), or what the service asked for if that is
// longer. check has bounded the latter.
func backoff(first, longest time.Duration, attempt int, resp *http.Response) time.Duration {
	ceiling := first
	for range attempt {
		if ceiling > longest/2 {
			ceiling = longest
			break
		}
		ceiling *= 2
	}
	wait := rand.N(ceiling + 1)
	if resp != nil {
		if asked, ok := RetryAfter(resp.Header, time.Now()); ok {
			wait = max(wait, asked)
		}
	}
	return wait
}

// prepare makes the next attempt ready and waits for its turn.
func (c *Client) prepare(r *http.Request) error {
	if err := rewind(r); err != nil {
		return err
	}
	if err := c.limit.wait(r.Context()); err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return &Error{Kind: KindCanceled, Err: err}
	}
	return nil
}

// rewind gives the next attempt the caller's header and a body of its own.
func rewind(r *http.Request) error {
	orig := r.Context().Value(callKey{}).(*call).req
	r.Header = orig.Header.Clone()
	if orig.GetBody == nil {
		return nil
	}
	body, err := orig.GetBody()
	if err != nil {
		return &Error{Kind: KindRequest, Err: err}
	}
	r.Body = body
	return nil
}

// log writes what is known about a failed attempt.
func (c *Client) log(ctx context.Context, call *call, msg string, resp *http.Response, err error, wait time.Duration) {
	if !c.opts.Logger.Enabled(ctx, slog.LevelWarn) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", call.req.Method),
		slog.String("url", place(call.req.URL)),
		slog.Int("attempt", call.attempts),
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", scrub(cause(err).Error())))
	} else {
		attrs = append(attrs, slog.Int("status", resp.StatusCode), slog.Duration("retry_after", wait))
	}
	c.opts.Logger.LogAttrs(ctx, slog.LevelWarn, msg, attrs...)
}
