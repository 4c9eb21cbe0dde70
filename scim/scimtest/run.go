package scimtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Options are the optional settings of [Run] and [TestServer].
type Options struct {
	// Only restricts the cases to those whose ID begins with it.
	Only string

	// Except names cases that are known to fail, each with the reason. They
	// are asked all the same: one that passes is reported as a failure, so
	// that the list stays true.
	Except map[string]string

	// Strict asks for what RFC 7643 and RFC 7644 say and nothing else: cases
	// of level [Entra] and [Okta] are not asked, and cases that these clients
	// contradict are.
	Strict bool

	// Plain sends the requests that have no credential or a wrong one. Nil
	// is a client with the settings of [http.DefaultTransport].
	Plain *http.Client
}

// Run asks a service provider all cases. The base URL is the one below which
// "/Users" is. The client adds the credential to each request; nothing else
// does, and no request leaves the base URL's host, by a redirect neither. ctx
// and the client's timeout bound a request. A report is returned even if cases
// failed; the error says that the run itself could not be done or was ended by
// ctx, and then the report, if there is one, holds what was asked until then.
//
// Run makes and deletes users and groups, all with a userName or displayName
// that begins with "scimtest". It must not be pointed at a service that acts
// on new users, by sending them mail for example, unless that is wanted.
func Run(ctx context.Context, baseURL string, client *http.Client, o *Options) (*Report, error) {
	r, err := newRunner(ctx, baseURL, client, o)
	if err != nil {
		return nil, err
	}
	defer r.close()
	report := &Report{BaseURL: r.base.String(), Features: r.features.list()}
	for _, c := range r.cases {
		result, err := r.run(ctx, &c)
		report.Left = r.left
		if err != nil {
			return report, err
		}
		report.Results = append(report.Results, result)
	}
	return report, nil
}

// TestServer is [Run] with a subtest for each case. A case of any level fails
// its test; [Options.Except] says which may and why.
func TestServer(t *testing.T, baseURL string, client *http.Client, o *Options) {
	t.Helper()
	r, err := newRunner(t.Context(), baseURL, client, o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	for _, c := range r.cases {
		t.Run(c.ID, func(t *testing.T) {
			result, err := r.run(t.Context(), &c)
			if err != nil {
				t.Fatal(err)
			}
			switch result.Outcome {
			case Failed:
				t.Error(result.String())
			case Skipped:
				t.Skip(result.Reason)
			case Excepted:
				t.Log(result.String())
			}
		})
	}
	for _, path := range r.left {
		t.Errorf("%s was made and is still there", path)
	}
}

// runner is one run.
type runner struct {
	base          *url.URL
	client, plain *http.Client
	cases         []Case
	except        map[string]string
	strict        bool
	features      features
	left          []string
	close         func()
}

func newRunner(ctx context.Context, baseURL string, client *http.Client, o *Options) (*runner, error) {
	var opts Options
	if o != nil {
		opts = *o
	}
	base, err := url.Parse(strings.TrimRight(baseURL, "/"))
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.RawQuery != "" || base.Fragment != "" || base.User != nil {
		return nil, errors.New("scimtest: give a base URL of http or https, without query or credentials")
	}
	if client == nil {
		return nil, errors.New("scimtest: give a client that adds the credential")
	}
	r := &runner{base: base, client: client, plain: opts.Plain, except: opts.Except, strict: opts.Strict, close: func() {}}
	all := Cases()
	for id := range opts.Except {
		if !slices.ContainsFunc(all, func(c Case) bool { return c.ID == id }) {
			return nil, fmt.Errorf("scimtest: Except names %q, which is no case", id)
		}
	}
	r.cases = slices.DeleteFunc(all, func(c Case) bool { return !strings.HasPrefix(c.ID, opts.Only) })
	if len(r.cases) == 0 {
		return nil, fmt.Errorf("scimtest: no case begins with %q", opts.Only)
	}
	if r.plain == nil {
		r.plain = &http.Client{}
		if t, ok := http.DefaultTransport.(*http.Transport); ok {
			t = t.Clone()
			r.plain.Transport, r.close = t, t.CloseIdleConnections
		}
	}
	r.client, r.plain = within(base, r.client), within(base, r.plain)
	if r.features, err = r.discover(ctx); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// within returns a client that follows redirects below the same host only:
// the credential goes nowhere else.
func within(base *url.URL, client *http.Client) *http.Client {
	c := *client
	c.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if req.URL.Host != base.Host || req.URL.Scheme != base.Scheme {
			return errors.New("scimtest: a redirect leads to another host")
		}
		if client.CheckRedirect != nil {
			return client.CheckRedirect(req, via)
		}
		if len(via) >= 10 {
			return errors.New("scimtest: there are too many redirects")
		}
		return nil
	}
	return &c
}

// run asks one case.
func (r *runner) run(ctx context.Context, c *Case) (Result, error) {
	result := Result{Case: *c}
	reason, excepted := r.except[c.ID]
	if why := r.skip(c); why != "" {
		result.Outcome, result.Reason = Skipped, why
		return result, nil
	}
	talk := &conversation{runner: r, unnamed: map[string]bool{}, vars: map[string]string{
		"unique": "scimtest" + strings.ToLower(rand.Text()[:10]), "maxOperations": strconv.Itoa(r.features.maxOperations), "maxPayloadSize": strconv.Itoa(r.features.maxPayloadSize),
	}}
	err := talk.have(ctx, c.Steps, &result)
	talk.clean(ctx)
	switch {
	case err != nil:
		return result, err
	case result.Failure == nil && excepted:
		result.Outcome = Failed
		result.Failure = &Failure{Request: "Options.Except", Want: "a case that fails", Got: "the case passes: take it off the list"}
	case result.Failure == nil:
		result.Outcome = Passed
	case excepted:
		result.Outcome, result.Reason = Excepted, reason
	default:
		result.Outcome = Failed
	}
	return result, nil
}

// skip says why a case is not asked, "" if it is.
func (r *runner) skip(c *Case) string {
	client := c.Level == Entra || c.Level == Okta
	switch {
	case r.strict && client:
		return "only what the RFCs say is asked"
	case !r.strict && c.Strict:
		return "asked in strict runs only: provisioning clients need another answer"
	}
	for _, f := range c.Needs {
		if !r.features.has(f) {
			return "the service provider does not advertise " + string(f)
		}
	}
	return ""
}
