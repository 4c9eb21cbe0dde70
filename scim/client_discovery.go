package scim

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/go-json-experiment/json"
)

// clientFeatures is what decides how requests are sent.
type clientFeatures struct {
	patch, etag, cursor bool
	bulk                BulkSupport
}

// defaultFeatures are taken for a service provider that does not say what it
// supports: PATCH, which all that provisioning clients write to have, and no
// feature that RFC 7644 leaves open.
var defaultFeatures = clientFeatures{patch: true}

// clientState is what a client has found out. Who holds the turn may ask; the
// others wait for it, each as long as its own context lasts.
type clientState struct {
	turn     chan struct{}
	root     string // appended to the base URL
	rooted   bool   // root is known
	features *clientFeatures
}

// ServiceProviderConfig asks the service provider what it supports (RFC 7644
// section 4). Members that RFC 7643 section 5 does not have are ignored. It
// always asks, and what it learns counts for the requests that follow: they
// ask by themselves, once, when a decision depends on it. If there is no such
// endpoint the error is [ErrNotFound].
func (c *Client) ServiceProviderConfig(ctx context.Context) (*ServiceProviderConfig, error) {
	if err := c.take(ctx); err != nil {
		return nil, err
	}
	defer c.release()
	if err := c.findRoot(ctx); err != nil {
		return nil, err
	}
	config, features, err := c.askConfig(ctx, c.state.root)
	if err != nil {
		return nil, err
	}
	if c.profile.Config == nil {
		c.state.features = features
	}
	return config, nil
}

// features returns what the service provider supports, asking it the first
// time.
func (c *Client) features(ctx context.Context) (*clientFeatures, error) {
	if err := c.take(ctx); err != nil {
		return nil, err
	}
	defer c.release()
	if c.state.features != nil {
		return c.state.features, nil
	}
	if err := c.findRoot(ctx); err != nil {
		return nil, err
	}
	if c.state.features != nil { // found on the way
		return c.state.features, nil
	}
	_, features, err := c.askConfig(ctx, c.state.root)
	switch {
	case err == nil:
		c.state.features = features
	case clientNoConfig(err):
		c.state.features = &defaultFeatures
	default:
		return nil, clientNothingDone(err)
	}
	return c.state.features, nil
}

// clientNoConfig reports whether an error of /ServiceProviderConfig means that
// the service provider has none. One that cannot be reached, refuses the
// credential or is overloaded may have one.
func clientNoConfig(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status != 0 && e.Kind != KindUnauthorized && e.Kind != KindRateLimited && e.Kind != KindUnavailable &&
		(e.remote || e.Status < 500)
}

// clientNothingDone marks the error of a question that came before a request:
// the request itself was not sent.
func clientNothingDone(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	unsent := *e
	unsent.unsent = true
	return &unsent
}

// rootURL returns the URL below which the endpoints are.
func (c *Client) rootURL(ctx context.Context) (string, error) {
	if len(c.profile.Roots) == 0 {
		return c.base, nil
	}
	if err := c.take(ctx); err != nil {
		return "", err
	}
	defer c.release()
	if err := c.findRoot(ctx); err != nil {
		return "", clientNothingDone(err)
	}
	return c.base + c.state.root, nil
}

func (c *Client) take(ctx context.Context) error {
	if c == nil || c.http == nil {
		return &Error{Kind: KindInvalidOption, Detail: "the client was not made by NewClient", unsent: true}
	}
	select {
	case c.state.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &Error{Kind: KindTransport, unsent: true, cause: ctx.Err()}
	}
}

func (c *Client) release() { <-c.state.turn }

// findRoot looks for the service provider at the profile's roots. The caller
// holds the turn.
func (c *Client) findRoot(ctx context.Context) error {
	if c.state.rooted {
		return nil
	}
	var failed error
	note := func(err error) {
		// A refused credential says more than a page that is not there.
		if failed == nil || errors.Is(err, ErrUnauthorized) || errors.Is(err, ErrForbidden) {
			failed = err
		}
	}
	for _, root := range c.profile.Roots {
		_, features, err := c.askConfig(ctx, root)
		if err == nil {
			if c.state.features == nil {
				c.state.features = features
			}
			c.state.root, c.state.rooted = root, true
			return nil
		}
		note(err)
	}
	for _, root := range c.profile.Roots {
		err := c.askUsers(ctx, root)
		if err == nil {
			c.state.root, c.state.rooted = root, true
			return nil
		}
		note(err)
	}
	return failed
}

// askUsers asks for one user at a root.
func (c *Client) askUsers(ctx context.Context, root string) error {
	at := c.base + root
	req := &clientRequest{method: http.MethodGet, at: &at, path: c.users.path, query: "count=1"}
	resp, err := c.do(ctx, req)
	if err != nil {
		return err
	}
	_, err = clientReadList(resp, req, c.users.typ, &ListOptions{Count: -1})
	return err
}

// askConfig asks for /ServiceProviderConfig at a root.
func (c *Client) askConfig(ctx context.Context, root string) (*ServiceProviderConfig, *clientFeatures, error) {
	at := c.base + root
	req := &clientRequest{method: http.MethodGet, at: &at, path: "/ServiceProviderConfig"}
	resp, err := c.do(ctx, req)
	if err != nil {
		return nil, nil, err
	}
	body, err := clientRead(resp, req)
	if err != nil {
		return nil, nil, err
	}
	var config ServiceProviderConfig
	err = json.Unmarshal(body, &config, json.MatchCaseInsensitiveNames(true))
	named := slices.ContainsFunc(config.Schemas, func(s string) bool { return foldASCII(s) == foldASCII(schemaConfig) })
	says := config.Patch.Supported || config.Filter.Supported || len(config.AuthenticationSchemes) > 0
	if err != nil || !named && (len(config.Schemas) > 0 || !says) {
		// The text of err could quote the answer.
		return nil, nil, clientUnusable(resp, req, "it is not in the form of RFC 7643 section 5", nil)
	}
	return &config, configFeatures(&config), nil
}

func configFeatures(config *ServiceProviderConfig) *clientFeatures {
	return &clientFeatures{
		patch: config.Patch.Supported, etag: config.ETag.Supported, bulk: config.Bulk,
		cursor: config.Pagination != nil && config.Pagination.Cursor,
	}
}
