package scimtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// wrongCredential is a token that nobody issued.
const wrongCredential = "Bearer scimtest-token-that-nobody-issued"

const (
	maxAnswer = 16 << 20 // bytes of one answer; a list of everything can be long
	cleanTime = 30 * time.Second
)

// conversation is one case on its way.
type conversation struct {
	*runner
	vars map[string]string
	made []string // paths of what was made, in this order

	unnamed map[string]bool // those that have not been seen under a name of the case
	unheard bool            // a request may have made something that no answer told
}

// answer is what came back for one step.
type answer struct {
	status int
	header http.Header
	body   []byte
	value  any // of the body, once json was called

	redirected bool // it came from another URL
}

func (a *answer) json() (any, error) {
	if a.value != nil {
		return a.value, nil
	}
	if len(a.body) == 0 {
		return missing{}, nil
	}
	err := json.Unmarshal(a.body, &a.value)
	if err != nil {
		a.value = nil // not the half of it
	}
	return a.value, err
}

// have sends the steps until one fails. The error is that of ctx.
func (t *conversation) have(ctx context.Context, steps []Step, result *Result) error {
	for i, s := range steps {
		failure := t.step(ctx, &s)
		if err := ctx.Err(); err != nil {
			return err
		}
		if failure != nil {
			failure.Step, failure.Request = i+1, s.Method+" "+s.Path
			result.Failure = failure
			return nil
		}
	}
	return nil
}

func (t *conversation) step(ctx context.Context, s *Step) *Failure {
	a, err := t.send(ctx, s)
	if err != nil {
		t.unheard = t.unheard || s.Method == http.MethodPost
		return &Failure{Place: "request", Want: "an answer", Got: err.Error()}
	}
	t.unheard = t.unheard || s.Method == http.MethodPost && a.status >= http.StatusInternalServerError
	t.remember(s, a)
	if !slices.Contains(s.Status, a.status) {
		return &Failure{Place: "status", Want: statuses(s.Status), Got: strconv.Itoa(a.status) + " " + cut(string(a.body))}
	}
	body, err := a.json()
	if err != nil && s.looksInto() {
		return &Failure{Place: "body", Want: "JSON", Got: err.Error()}
	}
	for name, from := range s.Capture {
		text, ok := a.look(body, from).(string)
		if !ok || text == "" {
			return &Failure{Place: from, Want: "a text", Got: show(a.look(body, from))}
		}
		t.vars[name] = text
	}
	for _, d := range s.Checks {
		if failure := t.judge(d, a, body); failure != nil {
			return failure
		}
	}
	return nil
}

// looksInto reports whether a step looks at more of an answer than its status
// and its headers.
func (s *Step) looksInto() bool {
	for _, from := range s.Capture {
		if from == "" || from[0] == '/' {
			return true
		}
	}
	return slices.ContainsFunc(s.Checks, func(d Demand) bool { return d.Header == "" })
}

// judge holds an answer against one check.
func (t *conversation) judge(d Demand, a *answer, body any) *Failure {
	place, found := d.Pointer, []any(nil)
	if d.Header != "" {
		place, found = "header "+d.Header, []any{a.look(body, d.Header)}
	} else {
		found = all(body, d.Pointer)
	}
	want, err := t.fill(d.Want, escapeFor(d.Op))
	if err != nil {
		return &Failure{Place: place, Want: "a variable", Got: err.Error()}
	}
	for _, got := range found {
		switch ok, err := d.holds(got, want); {
		case err != nil:
			return &Failure{Place: place, Want: "a check that can be done", Got: err.Error()}
		case !ok:
			return &Failure{Place: place, Want: string(d.Op) + " " + want, Got: show(got)}
		}
	}
	return nil
}

// look finds a value by a JSON pointer or a header's name.
func (a *answer) look(body any, from string) any {
	if from == "" || from[0] == '/' {
		return at(body, from)
	}
	if v := a.header.Values(from); len(v) > 0 {
		return strings.Join(v, ", ")
	}
	return missing{}
}

func statuses(codes []int) string {
	texts := make([]string, len(codes))
	for i, code := range codes {
		texts[i] = strconv.Itoa(code)
	}
	return strings.Join(texts, " or ")
}

// send sends a step's request.
func (t *conversation) send(ctx context.Context, s *Step) (*answer, error) {
	target, err := t.target(s.Path)
	if err != nil {
		return nil, err
	}
	body, err := t.fill(t.beyond(s.Body), inJSON)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, s.Method, target, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/scim+json")
	if body != "" {
		req.Header.Set("Content-Type", "application/scim+json")
	}
	for name, value := range s.Header {
		if value, err = t.fill(value, verbatim); err != nil {
			return nil, err
		}
		req.Header.Set(name, value)
		if value == "" {
			req.Header[name] = nil // not sent
		}
	}
	// A connection that the service provider closed before is no answer: with
	// this the transport takes another one. The field is not sent.
	req.Header["Idempotency-Key"] = nil
	client := t.client
	if s.Credential != CredentialValid {
		client = t.plain
	}
	if s.Credential == CredentialWrong {
		req.Header.Set("Authorization", wrongCredential)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return &answer{status: resp.StatusCode, header: resp.Header, body: data, redirected: resp.Request.URL.Path != req.URL.Path}, err
}

// beyond puts what is too long for a bulk request into a body.
func (t *conversation) beyond(body string) string {
	const operation = `{"method":"DELETE","path":"/Users/scimtest-none"}`
	if strings.Contains(body, "${tooManyOperations}") {
		many := strings.Repeat(","+operation, t.features.maxOperations+1)
		body = strings.ReplaceAll(body, "${tooManyOperations}", many[1:])
	}
	if strings.Contains(body, "${tooManyBytes}") {
		body = strings.ReplaceAll(body, "${tooManyBytes}", strings.Repeat("x", t.features.maxPayloadSize+1))
	}
	return body
}

// target makes a URL of a path. A URL that the service provider gave must be
// one of its own: the credential goes nowhere else.
func (t *conversation) target(path string) (string, error) {
	if !strings.HasPrefix(path, "${") {
		text, err := t.fill(path, inURL)
		return t.base.String() + escapeURL(text), err
	}
	text, err := t.fill(path, verbatim)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(t.base.String() + "/")
	if err != nil {
		return "", err
	}
	if u, err = u.Parse(text); err != nil {
		return "", errors.New("the service provider gave a URL that cannot be read")
	}
	if u.Host != t.base.Host || u.Scheme != t.base.Scheme {
		return "", fmt.Errorf("the service provider gave a URL at %s://%s, which is not its base URL", u.Scheme, u.Host)
	}
	return u.String(), nil
}

// remember keeps the path of what a request made. What does not come back
// under a name of the case is not deleted later: a service provider that
// answered with an account of its own must not lose it.
func (t *conversation) remember(s *Step, a *answer) {
	if s.Path == "/Bulk" {
		t.rememberBulk(a)
		return
	}
	if strings.Contains(s.Path, "/.search") || a.status != http.StatusCreated && (s.Method != http.MethodPost || a.status != http.StatusOK) {
		return
	}
	body, err := a.json()
	id, ok := at(body, "/id").(string)
	if err != nil || !ok || id == "" {
		if location := a.header.Get("Location"); location != "" {
			t.left = append(t.left, location)
		}
		return
	}
	endpoint, _, _ := strings.Cut(strings.TrimPrefix(s.Path, "/"), "/")
	endpoint, _, _ = strings.Cut(endpoint, "?")
	path := "/" + endpoint + "/" + inURL(id)
	if !t.named(body) {
		t.left = append(t.left, path)
		return
	}
	t.made = append(t.made, path)
}

// rememberBulk keeps the paths of what the operations of a bulk request made.
func (t *conversation) rememberBulk(a *answer) {
	body, err := a.json()
	if err != nil {
		return
	}
	operations, _ := at(body, "/Operations").([]any)
	for _, op := range operations {
		location, _ := at(op, "/location").(string)
		if method, _ := at(op, "/method").(string); location == "" || !strings.EqualFold(method, http.MethodPost) || at(op, "/status") != "201" {
			continue
		}
		path, own := t.below(location)
		if !own {
			t.left = append(t.left, location)
			continue
		}
		t.made = append(t.made, path)
		t.unnamed[path] = true
	}
}

// below returns what a location, which may be a relative one, has after the
// base URL.
func (t *conversation) below(location string) (string, bool) {
	u, err := t.base.Parse(location)
	if err != nil {
		return "", false
	}
	path, own := strings.CutPrefix(u.String(), t.base.String()+"/")
	return "/" + path, own
}

// isOwn reports whether what is at a path has a name of the case.
func (t *conversation) isOwn(ctx context.Context, path string) bool {
	s := get(path)
	a, err := t.send(ctx, &s)
	if err != nil || a.status == http.StatusNotFound {
		return a != nil // then there is nothing to delete
	}
	body, err := a.json()
	return err == nil && t.named(body)
}

// named reports whether a resource has a name of the case.
func (t *conversation) named(resource any) bool {
	return slices.ContainsFunc([]string{"/userName", "/displayName", "/externalId"}, func(name string) bool {
		text, _ := at(resource, name).(string)
		return strings.Contains(strings.ToLower(text), t.vars["unique"])
	})
}

// clean deletes what the case made and did not delete itself, even if the
// run was ended meanwhile.
func (t *conversation) clean(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTime)
	defer cancel()
	if t.unheard {
		t.find(ctx)
	}
	for _, path := range slices.Backward(t.made) {
		if t.unnamed[path] && !t.isOwn(ctx, path) {
			t.left = append(t.left, path)
			continue
		}
		s := del(path)
		a, err := t.send(ctx, &s)
		if err != nil || a.status != http.StatusNoContent && a.status != http.StatusNotFound && a.status != http.StatusOK {
			t.left = append(t.left, path)
		}
	}
}

// find looks for what the case made without hearing of it: the connection was
// lost, or the service provider answered with an error and made it all the
// same. The names of a case are its own, so that nothing else is found.
func (t *conversation) find(ctx context.Context) {
	for endpoint, name := range map[string]string{"/Users": "userName", "/Groups": "displayName"} {
		s := get(endpoint + "?filter=" + name + ` sw "${unique}"`)
		a, err := t.send(ctx, &s)
		if err != nil || a.status != http.StatusOK {
			continue
		}
		body, err := a.json()
		list, _ := at(body, "/Resources").([]any)
		for _, resource := range list {
			id, _ := at(resource, "/id").(string)
			path := endpoint + "/" + inURL(id)
			if err == nil && id != "" && t.named(resource) && !slices.Contains(t.made, path) {
				t.made = append(t.made, path)
			}
		}
	}
}

// fill puts the variables into a text.
func (t *conversation) fill(text string, escape func(string) string) (string, error) {
	if !strings.Contains(text, "${") {
		return text, nil
	}
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		name, after, _ := strings.Cut(rest, "}")
		value, ok := t.vars[name]
		if !ok {
			return "", fmt.Errorf("no step captured %q", name)
		}
		out.WriteString(escape(value))
		text = after
	}
}

func verbatim(s string) string { return s }

func inJSON(s string) string {
	quoted, err := jsontext.AppendQuote(nil, s)
	if err != nil {
		return ""
	}
	return string(quoted[1 : len(quoted)-1])
}

func inURL(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

func escapeFor(op Op) func(string) string {
	if op == OpMatches {
		return regexp.QuoteMeta
	}
	return inJSON
}

// escapeURL escapes what cannot stand in a URL and leaves the rest.
func escapeURL(text string) string {
	var out bytes.Buffer
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>[]\\^`{|}", c) >= 0 {
			fmt.Fprintf(&out, "%%%02X", c)
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
}
