package scimtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Check asks a service provider what a profile says; nil is the zero
// [Profile]. The base URL is the one below which "/Users" is. The client adds
// the credential to each request; nothing else does, and no request leaves the
// base URL's host, by a redirect neither. ctx and the client's timeout bound a
// request. A report is returned even if cases failed; the error says that the
// run itself could not be done or was ended by ctx, and then the report, if
// there is one, holds what was asked until then.
//
// Unless the profile says that it only reads, Check makes and deletes users
// and groups, all with a userName or displayName that begins with "scimtest".
// It also deletes them when ctx ends. It must not be pointed at a service that
// acts on new users, by sending them mail for example, unless that is wanted.
func Check(ctx context.Context, baseURL string, client *http.Client, profile *Profile) (*Report, error) {
	r, err := newRunner(ctx, baseURL, client, profile)
	if err != nil {
		return nil, err
	}
	defer r.close()
	report := &Report{
		BaseURL: r.base.String(), Profile: r.profile.Name, Sender: r.profile.Sender, Features: r.features.list(), Began: time.Now(),
	}
	for i, c := range r.cases {
		result, err := r.run(ctx, &c)
		report.Left, report.Took = r.left, time.Since(report.Began)
		if err != nil {
			return report, err
		}
		report.Results = append(report.Results, result)
		if r.profile.Progress != nil {
			r.profile.Progress(i+1, len(r.cases), result)
		}
	}
	report.Unused = r.unused()
	return report, nil
}

// TestServer is [Check] with a subtest for each case. A case of any level
// fails its test; [Profile.Except] says which may and why.
func TestServer(t *testing.T, baseURL string, client *http.Client, profile *Profile) {
	t.Helper()
	r, err := newRunner(t.Context(), baseURL, client, profile)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	asked := 0
	for _, c := range r.cases {
		t.Run(c.ID, func(t *testing.T) {
			asked++
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
	if asked == len(r.cases) { // and not a part of them, by -run
		for _, what := range r.unused() {
			t.Errorf("Except names %q, which nothing needs: take it off the list", what)
		}
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
	profile       Profile
	features      features
	left          []string
	used          map[string]bool // exceptions that a case needed
	close         func()
}

func newRunner(ctx context.Context, baseURL string, client *http.Client, p *Profile) (*runner, error) {
	base, err := url.Parse(strings.TrimRight(baseURL, "/"))
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.RawQuery != "" || base.Fragment != "" || base.User != nil {
		return nil, errors.New("scimtest: give a base URL of http or https, without query or credentials")
	}
	if client == nil {
		return nil, errors.New("scimtest: give a client that adds the credential")
	}
	r := &runner{base: base, client: client, used: map[string]bool{}, close: func() {}}
	if p != nil {
		r.profile = *p
		r.profile.Except, r.profile.Needs = maps.Clone(p.Except), slices.Clone(p.Needs)
	}
	all := Cases()
	if err := r.profile.check(all); err != nil {
		return nil, err
	}
	r.cases = slices.DeleteFunc(all, func(c Case) bool { return !strings.HasPrefix(c.ID, r.profile.Only) })
	if len(r.cases) == 0 {
		return nil, fmt.Errorf("scimtest: no case begins with %q", r.profile.Only)
	}
	r.plain = r.profile.Plain
	if r.plain == nil {
		r.plain = &http.Client{Timeout: client.Timeout}
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
	if why := r.skip(c); why != "" {
		result.Outcome, result.Reason = Skipped, why
		return result, nil
	}
	began := time.Now()
	talk := &conversation{runner: r, unnamed: map[string]bool{}, vars: map[string]string{
		"unique": "scimtest" + strings.ToLower(rand.Text()[:10]), "maxOperations": strconv.Itoa(r.features.maxOperations), "maxPayloadSize": strconv.Itoa(r.features.maxPayloadSize),
	}}
	err := talk.have(ctx, c.Steps, &result)
	talk.clean(ctx)
	result.Took = time.Since(began)
	if err != nil {
		return result, err
	}
	result.Outcome = Passed
	if result.Failure != nil {
		result.Outcome = Failed
		for _, what := range slices.Sorted(maps.Keys(r.profile.Except)) {
			if strings.Contains(what, "/") && excepts(what, c) {
				r.used[what] = true
				result.Outcome, result.Reason = Excepted, r.profile.Except[what]
			}
		}
	}
	return result, nil
}

// skip says why a case is not asked, "" if it is.
func (r *runner) skip(c *Case) string {
	p := &r.profile
	switch {
	case p.Strict && c.Level.isClient():
		return "only what the RFCs say is asked"
	case p.Sender != "" && c.Level.isClient() && c.Level != p.Sender:
		return "it is what " + string(c.Level) + " sends, and the sender is " + string(p.Sender)
	case !p.Strict && c.Strict:
		return "asked in strict runs only: provisioning clients need another answer"
	}
	for _, f := range c.Needs {
		if !r.features.has(f) && !slices.Contains(p.Needs, f) {
			return "the service provider does not advertise " + string(f)
		}
	}
	for _, f := range c.Needs {
		if why := p.Except[string(f)]; why != "" {
			r.used[string(f)] = true
			return why
		}
	}
	if p.ReadOnly && c.Writes() {
		return "it writes, and only reading is allowed"
	}
	return ""
}

// unused returns the exceptions that no case needed, sorted. Exceptions for
// cases that were not to be asked are not among them.
func (r *runner) unused() (out []string) {
	for what := range r.profile.Except {
		asked := slices.ContainsFunc(r.cases, func(c Case) bool {
			return excepts(what, &c) && (!r.profile.ReadOnly || !c.Writes())
		})
		if asked && !r.used[what] {
			out = append(out, what)
		}
	}
	slices.Sort(out)
	return out
}
