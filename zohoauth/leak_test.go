package zohoauth_test

import (
	"bytes"
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/zohoauth"
	"github.com/zohoscim/zohoscim/zohoauth/zohoauthtest"
)

const canary = "CANARY"

// leakRows has a value of every exported struct type, full of canaries where the
// type can hold secrets.
func leakRows(t *testing.T) map[string]any {
	t.Helper()
	s := newServer(t, jp)
	secret := zohoauth.NewSecret(canary)
	opts := &zohoauth.ConfigOptions{
		Secrets: map[datacenter.DC]zohoauth.Secret{datacenter.JP: secret}, RedirectURL: "https://app.example/cb", HTTPClient: s.Client(),
	}
	cfg, err := zohoauth.NewConfig("1000.C", secret, opts)
	if err != nil {
		t.Fatal(err)
	}
	tok := &zohoauth.Token{AccessToken: secret, RefreshToken: secret, DC: datacenter.JP, ClientID: "1000.C",
		Scopes: []string{datacenter.ScopeSCIM}}
	store := zohoauth.NewMemoryStore()
	if err := zohoauth.SaveToken(t.Context(), store, "k", tok); err != nil {
		t.Fatal(err)
	}
	src, err := zohoauth.NewTokenSource(cfg, store, "k", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, tokenErr := src.TokenContext(t.Context()) // loads the token; the fake does not know it
	flow := newFlow(t, cfg, nil)
	start(t, flow, datacenter.JP, nil)
	handler, err := zohoauth.NewHandler(flow, func(context.Context, *zohoauth.Token) error { return nil }, nil)
	if err != nil {
		t.Fatal(err)
	}
	client, err := zohoauth.NewClient(src, nil)
	if err != nil {
		t.Fatal(err)
	}
	device := leakDevice(t)
	return map[string]any{
		"Config": cfg, "ConfigOptions": opts, "Token": tok, "MemoryStore": store, "TokenSource": src, "Flow": flow,
		"Error":              tokenErr,
		"FlowOptions":        &zohoauth.FlowOptions{},
		"StartOptions":       &zohoauth.StartOptions{},
		"Consent":            &zohoauth.Consent{},
		"DirStore":           newDirStore(t, t.TempDir()+"/d"),
		"TokenSourceOptions": &zohoauth.TokenSourceOptions{},
		"Device":             device,
		"Handler":            handler,
		"HandlerOptions":     &zohoauth.HandlerOptions{},
		"ClientOptions":      &zohoauth.ClientOptions{HTTPClient: client},
		"User":               &zohoauth.User{},
		"ServerInfo":         &zohoauth.ServerInfo{},
	}
}

// leakDevice returns a Device whose device code is a canary.
func leakDevice(t *testing.T) *zohoauth.Device {
	t.Helper()
	hc := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		body := `{"user_code":"ABCD","device_code":"` + canary + `","verification_url":"https://accounts.zoho.jp/oauth/v3/device"}`
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	})}
	cfg, err := zohoauth.NewConfig("1000.C", zohoauth.NewSecret("s"), &zohoauth.ConfigOptions{HTTPClient: hc})
	if err != nil {
		t.Fatal(err)
	}
	d, err := cfg.StartDevice(t.Context(), datacenter.JP)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestRedaction prints every exported type in every way there is.
func TestRedaction(t *testing.T) {
	rows := leakRows(t)
	for _, name := range exportedStructs(t) {
		if rows[name] == nil {
			t.Errorf("type %s has no row: add one with canaries wherever it can hold a secret", name)
		}
	}
	for name, v := range rows {
		for how, text := range prints(v) {
			if strings.Contains(text, canary) || strings.Contains(text, "43414e415259") || strings.Contains(text, "43414E415259") ||
				strings.Contains(text, "67 65 78 65 82 89") {
				t.Errorf("%s leaks through %s", name, how)
			}
		}
	}
}

// prints returns v in many forms: 9 verbs, 8 shapes, slog and JSON.
func prints(v any) map[string]string {
	type holder struct {
		Exported   any
		unexported any
	}
	shapes := map[string]any{
		"value": v, "pointer": &v, "slice": []any{v}, "array": [1]any{v}, "map": map[string]any{"k": v},
		"field": holder{Exported: v}, "unexported": holder{unexported: v}, "error": fmt.Errorf("wrapped: %v", v),
	}
	out := make(map[string]string)
	for shape, x := range shapes {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
			out[shape+" "+verb] = fmt.Sprintf(verb, x)
		}
		var text, js bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).Info("m", "v", x)
		slog.New(slog.NewJSONHandler(&js, nil)).Info("m", "v", x)
		out[shape+" slog text"], out[shape+" slog json"] = text.String(), js.String()
		if b, err := stdjson.Marshal(x); err == nil {
			out[shape+" encoding/json"] = string(b)
		}
		if b, err := json.Marshal(x); err == nil {
			out[shape+" json v2"] = string(b)
		}
	}
	return out
}

// exportedStructs lists the exported struct types of the package's source.
func exportedStructs(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.IsExported() {
				if _, ok := spec.Type.(*ast.StructType); ok {
					names = append(names, spec.Name.Name)
				}
			}
			return true
		})
	}
	if len(names) < 10 {
		t.Fatalf("found only %v", names)
	}
	return names
}

// TestNoSecretInErrors drives the failures with canaries in every secret place,
// and reads what comes out: errors, with their causes, and the log.
func TestNoSecretInErrors(t *testing.T) {
	s := newServer(t, &zohoauthtest.Options{DC: datacenter.JP, ClientSecret: canary + "-client"})
	var log bytes.Buffer
	var dumps [][]byte
	base := s.Client().Transport
	fail := error(nil)
	hc := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		dump, err := httputil.DumpRequestOut(r.Clone(r.Context()), false)
		if err != nil {
			return nil, err
		}
		dumps = append(dumps, dump)
		if fail != nil {
			return nil, fail
		}
		return base.RoundTrip(r)
	})}
	cfg, err := zohoauth.NewConfig(zohoauthtest.DefaultClientID, zohoauth.NewSecret(canary+"-client"), &zohoauth.ConfigOptions{
		HTTPClient: hc, RedirectURL: zohoauthtest.DefaultRedirectURL,
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	tok := &zohoauth.Token{AccessToken: zohoauth.NewSecret(canary), RefreshToken: zohoauth.NewSecret(canary + "-refresh"),
		DC: datacenter.JP, ClientID: zohoauthtest.DefaultClientID, Scopes: []string{datacenter.ScopeSCIM}}
	var errs []error
	collect := func(_ *zohoauth.Token, err error) {
		if err == nil {
			t.Error("no error")
		}
		errs = append(errs, err, errors.Join(err, err))
	}
	exchange := func() {
		collect(cfg.Exchange(t.Context(), datacenter.JP, zohoauth.NewSecret(canary+"-code"), zohoauth.NewSecret(canary+"-verifier")))
	}
	exchange()
	collect(cfg.Refresh(t.Context(), tok))
	for _, f := range []zohoauthtest.Fault{
		{Body: canary}, {Status: 500, Body: "<html>" + canary}, {Error: "1000." + canary}, {Drop: true},
		{Body: `{"access_token":"` + canary + ` x","expires_in":60}`},
		{Body: `{"access_token":"` + canary + `","access_token":"` + canary + `"}`},
		{Body: `{"access_token":"` + canary + `","refresh_token":"` + canary + `","scope":"X","expires_in":60}`},
		{Body: `{"access_token":"` + canary + `","expires_in":"` + canary + `"}`},
	} {
		s.FailNext(f)
		exchange()
	}
	fail = &url.Error{Op: "Post", URL: "https://user:" + canary + "@accounts.zoho.jp/?client_secret=" + canary, Err: errors.New("refused")}
	exchange()
	flow := newFlow(t, cfg, nil)
	for _, q := range []url.Values{
		{"state": {canary}, "code": {canary}}, {"state": {canary, canary}},
		{"accounts-server": {"https://" + canary + "@evil.example"}, "code": {"c"}},
		{"location": {canary + "1"}, "code": {"c"}}, {canary + "1": {"a", "b"}}, {"error": {canary + "1"}},
	} {
		if !q.Has("state") {
			q["state"] = stateOf(t, start(t, flow, datacenter.JP, nil).URL)["state"]
		}
		collect(flow.HandleCallback(t.Context(), q))
	}
	for _, err := range errs {
		for how, text := range prints(err) {
			if strings.Contains(text, canary) {
				t.Errorf("%s: %s", how, text)
			}
		}
	}
	if log.Len() == 0 || strings.Contains(log.String(), canary) {
		t.Errorf("log:\n%s", &log)
	}
	for _, d := range dumps {
		if strings.Contains(string(d), canary) {
			t.Errorf("request line or header:\n%s", d)
		}
	}
	if len(dumps) == 0 {
		t.Error("no request was seen")
	}
	for _, r := range s.Requests() {
		if strings.Contains(fmt.Sprintf("%+v", r), canary) {
			t.Errorf("request log of the fake: %+v", r)
		}
	}
}
