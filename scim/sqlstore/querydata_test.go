package sqlstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/filter"
)

// eachDatabase runs a test of queries on every database that there is.
func eachDatabase(t *testing.T, o *Options, test func(t *testing.T, s *Store)) {
	t.Helper()
	for _, d := range []Dialect{SQLite, PostgreSQL} {
		t.Run(d.String(), func(t *testing.T) { test(t, queryStore(t, d, o)) })
	}
}

func queryStore(t *testing.T, d Dialect, o *Options) *Store {
	t.Helper()
	return newStore(t, relaxed(t, d), d, o)
}

// world is a few resources, in the order they were made, and what refers to
// what.
type world struct {
	users, groups []*scim.Resource
	links         map[string][]string // by group id
}

func (w *world) of(t *scim.ResourceType) []*scim.Resource {
	if t == scim.GroupType() {
		return w.groups
	}
	return w.users
}

// reader answers what a filter asks about links and owners.
type worldReader struct {
	*world
	id string
}

func (w worldReader) HasLink(value string) bool {
	links := w.links[w.id]
	return len(links) > 0 && value == "" || slices.Contains(links, value)
}

func (w worldReader) HasOwner(value string) bool {
	for owner, links := range w.links {
		if slices.Contains(links, w.id) && (value == "" || value == owner) {
			return true
		}
	}
	return false
}

// texts are values that are hard to compare, and near to each other.
var texts = func() []string {
	long := strings.Repeat("é", 255) + "xy" // 512 bytes
	return []string{
		"", "a", "A", "ab", "b", "anna", "Anna", "ANNA", "anna@example.com", "ann%", "a_na", "a%b", `a\b`, `a\%b`, "%", "_", `\`, "*", "?", "$1",
		"a\x00b", "\x00", "a'b", `a"b`, "'; DROP TABLE scim_resources; --", "--", "é", "e\u0301", "É", "ß", "ss", "ẞ", "ſ", "s", "K", "k", "σ", "ς", "Σ",
		"𐐀", "𐐨", "𝒜", "\uffff", "\U0010ffff", "本社", "日本", "10", "9", "010", "2020-01-01T00:00:00Z", "true", "null", " a", "a ", "\t", "ı", "I", "i", "İ",
		long, long + "1", long + "2", strings.ToUpper(long) + "1", long[:511], long + strings.Repeat("z", 600), long + strings.Repeat("z", 600) + "!",
	}
}()

var times = []string{
	"2020-01-01T00:00:00Z", "2020-01-01T00:00:00.000Z", "2020-01-01T01:00:00+01:00", "2020-01-01T00:00:00.000000001Z", "2019-12-31T23:59:59.999999999Z",
	"2021-06-30T12:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1677-12-31T00:00:00Z", "1678-01-01T00:00:00Z", "2261-12-31T00:00:00Z", "2020-01-01T00:00:00",
}

func pick[T any](rnd *rand.Rand, from []T) T { return from[rnd.IntN(len(from))] }

// plain is false in a few worlds: there, keys are cut.
func (g *generator) text() string {
	for {
		if s := pick(g.rnd, texts); !g.plain || len(s) <= keyBytes {
			return s
		}
	}
}

// generator makes resources and filters.
type generator struct {
	rnd   *rand.Rand
	plain bool
	ids   []string
}

func (g *generator) some(out map[string]any, name string, value func() any) {
	if g.rnd.IntN(3) > 0 {
		out[name] = value()
	}
}

func (g *generator) time() string {
	for {
		if s := pick(g.rnd, times); !g.plain || s[:2] == "20" {
			return s
		}
	}
}

func (g *generator) elements() any {
	var out []any
	for range g.rnd.IntN(4) {
		e := map[string]any{}
		g.some(e, "value", func() any { return g.text() })
		g.some(e, "type", func() any { return pick(g.rnd, []string{"work", "Work", "home", "", g.text()}) })
		g.some(e, "primary", func() any { return false })
		out = append(out, e)
	}
	return out
}

// resource makes a user or a group.
func (g *generator) resource(t *testing.T, typ *scim.ResourceType, id string) *scim.Resource {
	text := func() any { return g.text() }
	body := map[string]any{"id": id, "meta": map[string]any{"resourceType": typ.Name(), "version": `W/"1"`}}
	meta := body["meta"].(map[string]any)
	g.some(meta, "created", func() any { return g.time() })
	g.some(meta, "lastModified", func() any { return g.time() })
	g.some(body, "externalId", text)
	g.some(body, "displayName", text)
	if typ == scim.UserType() {
		g.some(body, "userName", text)
		g.some(body, "emails", g.elements)
		g.some(body, "phoneNumbers", g.elements)
		g.some(body, "title", text)
		g.some(body, "active", func() any { return g.rnd.IntN(2) == 0 })
		g.some(body, "name", func() any { return map[string]any{"familyName": g.text()} })
		g.some(body, scim.SchemaEnterpriseUser, func() any {
			return map[string]any{"department": g.text(), "manager": map[string]any{"value": g.text()}}
		})
	}
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := scim.DecodeResource(typ, data)
	if err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	return r
}

// world makes and stores resources; those whose unique values are taken are
// left out.
func (g *generator) world(t *testing.T, s scim.Store, scope scim.Scope, users, groups int) *world {
	t.Helper()
	ctx := scim.WithScope(t.Context(), scope)
	w := &world{links: map[string][]string{}}
	g.ids = nil
	for i := range users {
		g.ids = append(g.ids, fmt.Sprintf("u%d", i))
	}
	for i := range groups {
		g.ids = append(g.ids, fmt.Sprintf("g%d", i))
	}
	for i := range users {
		r := g.resource(t, scim.UserType(), fmt.Sprintf("u%d", i))
		if created(t, s.Create(ctx, r, nil)) {
			w.users = append(w.users, r)
		}
	}
	for i := range groups {
		r := g.resource(t, scim.GroupType(), fmt.Sprintf("g%d", i))
		var links []scim.Link
		for range g.rnd.IntN(4) {
			id := pick(g.rnd, g.ids)
			if !slices.ContainsFunc(links, func(l scim.Link) bool { return l.Value == id }) {
				links = append(links, scim.Link{Value: id, Display: g.text(), Type: pick(g.rnd, []string{"", "User"})})
			}
		}
		if created(t, s.Create(ctx, r, slices.Values(links))) {
			w.groups = append(w.groups, r)
			for _, l := range links {
				w.links[r.ID()] = append(w.links[r.ID()], l.Value)
			}
		}
	}
	return w
}

func created(t *testing.T, err error) bool {
	if err != nil && !errors.Is(err, scim.ErrUniqueness) {
		t.Fatal(err)
	}
	return err == nil
}

var (
	userPaths = []string{
		"id", "userName", "externalId", "displayName", "emails.value", "emails", "emails.type", "phoneNumbers.value", "phoneNumbers", "meta.created",
		"meta.lastModified", "groups.value", "groups", "title", "active", "name.familyName", "schemas", "meta.resourceType", "emails.primary",
		scim.SchemaUser + ":userName", scim.SchemaEnterpriseUser + ":department", scim.SchemaEnterpriseUser + ":manager.value", "department",
	}
	groupPaths   = []string{"id", "externalId", "displayName", "members.value", "members", "meta.created", "meta.lastModified"}
	elementPaths = []string{"value", "type", "primary"}
)

// filter makes an expression. What does not compile is for the caller to drop.
func (g *generator) filter(paths []string, depth int) filter.Expr {
	many := func() []filter.Expr {
		out := make([]filter.Expr, 2+g.rnd.IntN(2))
		for i := range out {
			out[i] = g.filter(paths, depth-1)
		}
		return out
	}
	n := g.rnd.IntN(10)
	if depth == 0 {
		n = 4 + g.rnd.IntN(6)
	}
	switch {
	case n == 0:
		return &filter.And{Terms: many()}
	case n == 1:
		return &filter.Or{Terms: many()}
	case n < 4:
		return &filter.Not{Expr: g.filter(paths, depth-1)}
	case n == 4:
		return &filter.Present{Attr: g.path(paths)}
	case n == 5 && len(paths) > len(elementPaths):
		attr := pick(g.rnd, []string{"emails", "phoneNumbers", "members", "groups", "name"})
		return &filter.ValuePath{Attr: filter.AttrPath{Name: attr}, Expr: g.filter(elementPaths, min(depth, 2))}
	}
	return &filter.Compare{Attr: g.path(paths), Op: filter.Op(g.rnd.IntN(9)), Value: g.literal()}
}

func (g *generator) path(paths []string) filter.AttrPath {
	p, err := filter.ParsePath(pick(g.rnd, paths), nil)
	if err != nil {
		panic(err)
	}
	return p.Attr
}

func (g *generator) literal() filter.Literal {
	switch g.rnd.IntN(12) {
	case 0:
		return filter.Literal{Kind: filter.True}
	case 1:
		return filter.Literal{Kind: filter.Null}
	case 2, 3:
		return filter.Literal{Kind: filter.String, Text: g.time()}
	case 4, 5:
		return filter.Literal{Kind: filter.String, Text: pick(g.rnd, append([]string{"work", "User"}, g.ids...))}
	}
	return filter.Literal{Kind: filter.String, Text: g.text()}
}

// compiled makes filters until one compiles.
func (g *generator) compiled(typ *scim.ResourceType, depth int) *scim.Filter {
	paths := userPaths
	if typ == scim.GroupType() {
		paths = groupPaths
	}
	for {
		if f, err := typ.CompileFilter(g.filter(paths, depth)); err == nil {
			return f
		}
	}
}
