package scim

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// How many requests the tests of the scoreboard send. A long run takes
// 100,000 of each.
var (
	malformedRequests = flag.Int("requests", 20000, "requests of TestMalformed")
	canaryRequests    = flag.Int("canaries", 10000, "requests of TestCanary")
	drawnIdentities   = flag.Int("identities", 10000, "identities of TestIdentityIsOurs")
)

// exchange is a request before it is sent.
type exchange struct {
	method, target, body string
	header               http.Header
	host                 string
}

// serve sends a request past the parsers of net/http, so that the handler
// gets what those would refuse as well.
func serve(h http.Handler, token string, x exchange) *httptest.ResponseRecorder {
	u := &url.URL{}
	u.Path, u.RawQuery, _ = strings.Cut(x.target, "?")
	r := &http.Request{
		Method: x.method, URL: u, Host: x.host, Header: http.Header{"Authorization": {"Bearer " + token}},
		Body: io.NopCloser(strings.NewReader(x.body)), ContentLength: -1,
	}
	for name, values := range x.header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// createdID returns the id in an answer, "" if it has none.
func createdID(w *httptest.ResponseRecorder) string {
	var created struct {
		ID string `json:"id"`
	}
	if w.Code != http.StatusCreated || json.Unmarshal(w.Body.Bytes(), &created) != nil {
		return ""
	}
	return created.ID
}

// traffic draws requests: well-formed ones from what clients send, and
// mutations of them.
type traffic struct {
	*rand.Rand
	ids []string
}

func pick[T any](g *traffic, list []T) T { return list[g.IntN(len(list))] }

var (
	trafficPaths = []string{
		"userName", "title", "active", "name", "name.givenName", "emails", "emails.value", `emails[type eq "work"]`, `emails[type eq "work"].value`,
		`phoneNumbers[type eq "fax" and primary eq true].value`, "roles", entURN, entURN + ":department", entURN + ":manager", "manager.value", "groups", "id",
		"meta.created", "schemas", SchemaUser, SchemaUser + ":title", "password", "x509Certificates.value", "externalId", "members", `members[value eq "ID"]`, "displayName", "colour", "", "[", "a.b.c",
		`emails[not (type pr)]`, "\u017Fchemas", "userName ", "emails[", "emails[]", "urn:", "urn:x:y",
	}
	trafficValues = []string{
		"null", `""`, `"x"`, `"True"`, "true", "false", "1", "-0", "1e999", "9007199254740993", "[]", "{}", `["x"]`, `[{"value":"x"}]`, `{"value":"x"}`, `{"value":""}`, `[[]]`, `[null]`,
		`[{"value":"x","primary":true},{"value":"y","primary":true}]`, `{"givenName":"x","familyName":null}`, `"\u0000"`, `"\ud83d\ude00"`, `"\ud800"`, `"2018-03-27T19:59:26.000Z"`,
		`{"` + entURN + `":{"department":"x","manager":{"value":"ID"}}}`, `[{"value":"ID","type":"User"}]`, `{"$ref":"../Users/ID"}`, `"<script>"`, `{"a":{"a":{"a":{"a":{}}}}}`, `"本社"`,
	}
	trafficFilters = []string{
		`userName eq "u1"`, `emails[type eq "work" and value co "x"]`, `not (title pr) or active ne false`, `id eq "ID"`, `groups.value eq "ID"`, `members eq "ID"`, `meta.created gt "2020-01-01T00:00:00Z"`,
		`name.givenName sw "x" and (title ew "y" or title co "")`, `externalId eq null`, `active eq "True"`, `password pr`, `userName gt 1`, `((active pr))`, entURN + `:manager.value eq "ID"`, `schemas eq "x"`, `userName eq u1`, `a`, ``, `"`, `(`, `emails[`,
	}
	trafficTokens = []string{
		`"`, `\`, `{`, `}`, `[`, `]`, `,`, `:`, "\x00", "\xff", "\u2028", `\u0000`, `\ud800`, "null", "1e400", `"id":"ID",`, `(`, `)`, ` and `, ` eq `, "%", "%00", "&", "?", "/", "..", "\r\n", strings.Repeat("[", 40), strings.Repeat("(", 40), strings.Repeat("9", 400),
	}
	trafficMethods = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "get", "BREW", "", "PROPFIND"}
	trafficRoutes  = []string{
		"/Users", "/Users/ID", "/Users/.search", "/Groups", "/Groups/ID", "/Groups/.search", "/.search", "/", "/Me", "/Bulk", "/Schemas", "/Schemas/" + SchemaUser, "/ResourceTypes/User", "/ServiceProviderConfig",
		"/users/ID/", "/Users/ID/x", "/Users//", "//", "/Users/\x00", "/Users/\xff", "/Users/..", "/Users/../Groups", "/Users/%2e", "/Nothing", "",
	}
	trafficHeaders = []struct{ name, value string }{
		{"Content-Type", "application/json"}, {"Content-Type", "text/plain"}, {"Content-Type", ";"}, {"If-Match", `W/"1"`}, {"If-Match", "*"}, {"If-Match", ",,\x00"}, {"If-None-Match", `W/"1"`}, {"If-None-Match", "*"}, {"Accept", "x"},
	}
)

func (g *traffic) object(depth int) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := range g.IntN(6) {
		if i > 0 {
			b.WriteByte(',')
		}
		value := pick(g, trafficValues)
		if depth > 0 && g.IntN(4) == 0 {
			value = g.object(depth - 1)
		}
		name, _ := jsontext.AppendQuote(nil, strings.ToValidUTF8(pick(g, trafficPaths), "?"))
		b.Write(name)
		b.WriteString(":" + value)
	}
	b.WriteByte('}')
	return b.String()
}

func (g *traffic) operations() string {
	if g.IntN(3) == 0 {
		return patchBody(pick(g, patchSeeds))
	}
	var ops []string
	for range 1 + g.IntN(4) {
		path, _ := jsontext.AppendQuote(nil, pick(g, trafficPaths))
		value := pick(g, trafficValues)
		if g.IntN(4) == 0 {
			value = g.object(1)
		}
		ops = append(ops, `{"op":"`+pick(g, []string{"add", "Replace", "remove", "move"})+`","path":`+string(path)+`,"value":`+value+`}`)
	}
	return patchBody(strings.Join(ops, ","))
}

func (g *traffic) query() string {
	q := url.Values{}
	for range g.IntN(4) {
		switch g.IntN(5) {
		case 0:
			q.Set("filter", g.mutate(pick(g, trafficFilters)))
		case 1:
			q.Set(pick(g, []string{"startIndex", "count"}), pick(g, []string{"0", "-1", "1", "7", "9223372036854775808", "x", "", "1.5", "\x00"}))
		case 2:
			q.Set(pick(g, []string{"attributes", "excludedAttributes"}), pick(g, trafficPaths)+","+pick(g, trafficPaths))
		case 3:
			q.Set("sortBy", pick(g, trafficPaths))
		case 4:
			q.Set("sortOrder", pick(g, []string{"ascending", "DESCENDING", "x"}))
		}
	}
	return q.Encode()
}

func (g *traffic) payload(method string) string {
	switch {
	case g.IntN(400) == 0:
		return strings.Repeat(pick(g, trafficTokens), 1<<15)
	case method == "PATCH":
		return g.operations()
	}
	switch g.IntN(7) {
	case 0:
		return pick(g, decodeSeeds)
	case 1, 4, 5:
		return fmt.Sprintf(`{"schemas":[%q],"userName":"u%d","displayName":"g%d","externalId":"e","emails":[{"type":"work","value":"w"}]}`, SchemaUser, g.IntN(40), g.IntN(20))
	case 2:
		return fmt.Sprintf(`{"displayName":"g%d","members":[{"value":"ID"},{"value":"x"}]}`, g.IntN(20))
	case 3:
		filter, _ := jsontext.AppendQuote(nil, pick(g, trafficFilters))
		return fmt.Sprintf(`{"schemas":[%q],"filter":%s,"startIndex":%s,"count":3,"attributes":["name",%q]}`, messageSearch, filter, pick(g, trafficValues), pick(g, trafficPaths))
	}
	return g.object(3)
}

// bulk draws a bulk request, the operations of which refer to each other.
func (g *traffic) bulk() string {
	var ops []string
	for i := range 1 + g.IntN(5) {
		method := pick(g, []string{"POST", "POST", "POST", "PUT", "PATCH", "DELETE", "GET"})
		path := pick(g, []string{"/Users", "/Groups"})
		if method != "POST" || g.IntN(10) == 0 {
			path = pick(g, []string{"/Users/ID", "/Groups/ID", "/Users/bulkId:0", "/Groups/bulkId:1", "/Bulk", "/Me", "", "/Users/", "Users"})
		}
		data := strings.ReplaceAll(g.payload(method), `"ID"`, fmt.Sprintf(`"bulkId:%d"`, g.IntN(6)))
		if !jsontext.Value(data).IsValid() {
			data = "null"
		}
		ops = append(ops, fmt.Sprintf(`{"method":%q,"path":%q,"bulkId":"%d","version":%s,"data":%s}`, method, path, i, pick(g, []string{"null", `"W/\"1\""`, "1"}), data))
	}
	return fmt.Sprintf(`{"schemas":[%q],"failOnErrors":%s,"Operations":[%s]}`, messageBulk, pick(g, []string{"null", "1", "2", "-1"}), strings.Join(ops, ","))
}

// mutate changes a few places of a text, or none.
func (g *traffic) mutate(s string) string {
	if g.IntN(2) == 0 {
		return s
	}
	b := []byte(s)
	for range 1 + g.IntN(3) {
		at := g.IntN(len(b) + 1)
		switch g.IntN(5) {
		case 0:
			b = slices.Insert(b, at, []byte(pick(g, trafficTokens))...)
		case 1:
			b = b[:at]
		case 2:
			end := min(at+g.IntN(20), len(b))
			b = slices.Insert(b, g.IntN(len(b)+1), bytes.Clone(b[at:end])...)
		case 3:
			b = slices.Delete(b, at, min(at+g.IntN(8), len(b)))
		default:
			if at < len(b) {
				b[at] ^= 1 << g.IntN(8)
			}
		}
	}
	return string(b)
}

func (g *traffic) next() exchange {
	x := exchange{method: pick(g, []string{"GET", "GET", "POST", "POST", "PUT", "PATCH", "PATCH", "PATCH"}), target: "/Users/ID", host: "scim.example"}
	switch g.IntN(8) {
	case 0:
		x.method, x.target = pick(g, trafficMethods), pick(g, trafficRoutes)
	case 1, 2:
		x.target = pick(g, trafficRoutes[:7])
	case 3:
		x.target = "/Groups/ID"
	case 4:
		if g.IntN(8) == 0 {
			x.method = "DELETE"
		}
	default:
		if x.method == "POST" {
			x.target = pick(g, []string{"/Users", "/Groups"})
		}
	}
	if g.IntN(10) == 0 {
		x.target = g.mutate(x.target)
	}
	if query := g.query(); query != "" {
		x.target += "?" + query
		if g.IntN(10) == 0 {
			x.target = g.mutate(x.target)
		}
	}
	x.body = g.mutate(g.payload(x.method))
	if g.IntN(12) == 0 {
		x = exchange{method: "POST", target: "/Bulk", body: g.mutate(g.bulk()), host: x.host}
	}
	if len(g.ids) > 0 {
		named := strings.NewReplacer("ID", pick(g, g.ids))
		x.target, x.body = named.Replace(x.target), named.Replace(x.body)
	}
	if g.IntN(4) == 0 {
		h := pick(g, trafficHeaders)
		x.header = http.Header{h.name: {h.value}}
	}
	if g.IntN(50) == 0 {
		x.host = pick(g, []string{"", "\xff", `"`, "a/b", "\r\n", strings.Repeat("x", 5000)})
	}
	return x
}

// badAnswer says what is wrong with an answer of the server, "" if nothing is.
func badAnswer(method string, w *httptest.ResponseRecorder) string {
	body := w.Body.Bytes()
	switch {
	case w.Code >= 500 && w.Code != http.StatusNotImplemented:
		return "the server failed"
	case w.Code >= 400 && method != "HEAD":
		var e struct {
			Schemas []string `json:"schemas"`
			Status  string   `json:"status"`
			Detail  string   `json:"detail"`
		}
		if err := json.Unmarshal(body, &e); err != nil || !slices.Equal(e.Schemas, []string{messageError}) || e.Detail == "" || e.Status != fmt.Sprint(w.Code) {
			return "the refusal is not a SCIM error"
		}
		if len(body) > 2000 {
			return "the error is long"
		}
	case len(body) > 0 && !jsontext.Value(body).IsValid():
		return "the answer is not strict JSON"
	}
	if len(body) > 0 && (w.Header().Get("Content-Type") != "application/scim+json" || w.Header().Get("X-Content-Type-Options") != "nosniff") {
		return "the answer could be taken for something else"
	}
	return ""
}

// TestMalformed sends drawn requests from 64 goroutines at once: no panic,
// no 5xx, and every refusal a SCIM error. What the requests made is deleted
// through the server and nothing of it stays in memory.
func TestMalformed(t *testing.T) {
	const workers = 64
	var log lockedBuffer
	s, err := NewServer(NewMemoryStore(), staticTokens(t, testToken, noExpiry), &ServerOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	start := heapInUse()
	var statuses [600]atomic.Int64
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			g := &traffic{Rand: rand.New(rand.NewPCG(7, uint64(worker)))}
			for range *malformedRequests/workers + 1 {
				x := g.next()
				w := serve(s, testToken, x)
				statuses[w.Code].Add(1)
				if fault := badAnswer(x.method, w); fault != "" {
					t.Errorf("%s: %q %.300q %q %v\n%.500q\n%d %.500s", fault, x.method, x.target, x.host, x.header, x.body, w.Code, w.Body)
					return
				}
				if id := createdID(w); id != "" {
					g.ids = append(g.ids[max(len(g.ids)-9, 0):], id)
				}
			}
		})
	}
	wg.Wait()
	if log.String() != "" {
		t.Errorf("faults in the log:\n%.3000s", log.String())
	}
	deleteAll(t, s, testToken)
	if grown := heapInUse() - start; grown > 16<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	} else {
		t.Logf("the heap grew by %d KiB", grown>>10)
	}
	seen := ""
	for status := range statuses {
		if n := statuses[status].Load(); n > 0 {
			seen += fmt.Sprintf(" %d: %d", status, n)
		}
	}
	t.Log("answers by status:", seen)
	for _, status := range []int{200, 201, 204, 400, 404, 405, 409, 412, 415} {
		if statuses[status].Load() == 0 {
			t.Errorf("no request was answered with %d: the traffic is not what it should be", status)
		}
	}
}

func deleteAll(t *testing.T, s *Server, token string) {
	t.Helper()
	for {
		var page struct {
			Resources []struct {
				ID   string `json:"id"`
				Meta struct {
					ResourceType string `json:"resourceType"`
				} `json:"meta"`
			} `json:"Resources"`
		}
		list := serve(s, token, exchange{method: "GET", target: "/?count=1000&attributes=id,meta"})
		if err := json.Unmarshal(list.Body.Bytes(), &page); err != nil || list.Code != 200 {
			t.Fatal(err, list.Code)
		}
		if len(page.Resources) == 0 {
			return
		}
		for _, r := range page.Resources {
			if w := serve(s, token, exchange{method: "DELETE", target: "/" + r.Meta.ResourceType + "s/" + r.ID}); w.Code != 204 {
				t.Fatalf("DELETE: %d %s", w.Code, w.Body)
			}
		}
	}
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
