package scimtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/zohoscim/zohoscim/scim"
)

// Sizes of the comparison of filters.
const (
	filteredUsers = 60
	drawnFilters  = 600
)

// filterTexts are values that are easily taken for one another, or for syntax.
var filterTexts = []string{
	"a", "A", "b", "ab", "aB", "abc", "", " ", "a%", "%", "_", "a_c", `\`, `\%`, `'`, `"`, "';--", "*", "a*", "[a]", "\u00e4", "\u00c4", "a\u0308", "\u672c\u793e", "\U0001F600", "\u017f", "s", "S", "\u212a", "k", "\u0130", "i", "\x00", "a\x00b", "null", "true", "0", "1", "10", "9",
	strings.Repeat("long", 200), strings.Repeat("long", 200) + "x",
}

// filterDraw draws resources and filters.
type filterDraw struct {
	*rand.Rand
}

func (d filterDraw) text() string { return filterTexts[d.IntN(len(filterTexts))] }

// user draws a user of whom each attribute may be missing.
func (d filterDraw) user(t testing.TB, i int) *scim.Resource {
	pairs := []any{"userName", d.text() + fmt.Sprint(i)}
	for _, path := range []string{
		"externalId", "displayName", "title", "nickName", "name.familyName", "name.givenName", `emails[type eq "work"].value`, `emails[type eq "home"].value`,
		`phoneNumbers[type eq "work"].value`, `addresses[type eq "work"].formatted`, scim.SchemaEnterpriseUser + ":department", scim.SchemaEnterpriseUser + ":manager.value",
	} {
		if text := d.text(); d.IntN(2) == 0 && text != "" {
			pairs = append(pairs, path, text)
		}
	}
	if d.IntN(2) == 0 {
		pairs = append(pairs, "active", scim.Bool(d.IntN(2) == 0))
	}
	return storable(t, scim.UserType(), fmt.Sprint("u", i), pairs...)
}

// userFilter draws a filter on users.
func (d filterDraw) userFilter(depth int) string {
	if depth > 0 && d.IntN(2) == 0 {
		switch d.IntN(4) {
		case 0:
			return "not (" + d.userFilter(depth-1) + ")"
		case 1:
			return "(" + d.userFilter(depth-1) + " or " + d.userFilter(depth-1) + ")"
		default:
			return "(" + d.userFilter(depth-1) + " and " + d.userFilter(depth-1) + ")"
		}
	}
	paths := []string{
		"userName", "USERNAME", "externalId", "displayName", "title", "nickName", "name.familyName", "emails.value", "emails.type", "emails", "phoneNumbers.value", "addresses.formatted", "id",
		scim.SchemaEnterpriseUser + ":department", scim.SchemaEnterpriseUser + ":manager.value", "urn:ietf:params:scim:schemas:core:2.0:User:userName",
	}
	switch d.IntN(12) {
	case 0:
		return "active " + d.one("eq", "ne") + " " + d.one("true", "false")
	case 1:
		return "meta." + d.one("created", "lastModified") + " " + d.one("gt", "ge", "lt", "le", "eq", "ne") + ` "` + d.one("2000-01-01T00:00:00Z", "2100-01-01T00:00:00+09:00", "1000-01-01T00:00:00Z", "9999-01-01T00:00:00Z") + `"`
	case 2:
		return "groups.value " + d.one("eq", "ne") + fmt.Sprintf(` "g%d"`, d.IntN(5))
	case 3:
		return d.one("emails", "phoneNumbers", "addresses") + `[type ` + d.one("eq", "ne", "sw") + ` "` + d.one("work", "home", "WORK", "x") + `"` + d.one("", " and "+d.compare(d.one("value", "display")), " or "+d.compare("display")) + "]"
	case 4:
		return d.one(paths...) + " pr"
	case 5:
		return d.one("groups", "active", "name", "emails", scim.SchemaEnterpriseUser+":manager") + " pr"
	case 6:
		return d.one(paths...) + " " + d.one("eq", "ne") + " null"
	case 7:
		return `id ` + d.one("eq", "ne", "sw", "gt", "le") + fmt.Sprintf(` "u%d"`, d.IntN(filteredUsers+5))
	}
	return d.compare(d.one(paths...))
}

func (d filterDraw) one(list ...string) string { return list[d.IntN(len(list))] }

// compare draws a comparison of a text.
func (d filterDraw) compare(path string) string {
	text := d.text()
	if path == "userName" && d.IntN(2) == 0 {
		text += fmt.Sprint(d.IntN(filteredUsers))
	}
	return path + " " + d.one("eq", "eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le") + " " + string(scim.String(text).AppendJSON(nil))
}

// linkModel answers a filter's questions about one user of the model.
type linkModel map[string]bool

func (m linkModel) HasLink(string) bool { return false }

func (m linkModel) HasOwner(value string) bool {
	return value == "" && len(m) > 0 || m[value]
}

// filters: a filter selects what Filter.Match selects, whether the store
// evaluates it itself or not. A filter that the store refuses with ErrTooMany is
// not wrong.
func (s *storeTest) filters() {
	d := filterDraw{rand.New(rand.NewPCG(1, 2))}
	users := make([]*scim.Resource, filteredUsers)
	owners := make([]linkModel, filteredUsers)
	for i := range users {
		users[i], owners[i] = d.user(s, i), linkModel{}
		s.ok(s.Create(s.ctx, users[i], nil), "a new user is kept")
	}
	for g := range 4 {
		var members []string
		for i := range users {
			if d.IntN(4) == 0 {
				members = append(members, users[i].ID())
				owners[i][fmt.Sprint("g", g)] = true
			}
		}
		s.group(fmt.Sprint("g", g), fmt.Sprint("G", g), link(members...)...)
	}
	asked, refused, selected := 0, 0, 0
	for range drawnFilters {
		text := d.userFilter(3)
		f, err := scim.UserType().ParseFilter(text)
		if err != nil {
			continue // a comparison that its attribute does not have
		}
		asked++
		var want []string
		for i, r := range users {
			if f.Match(r, owners[i]) {
				want = append(want, r.ID())
			}
		}
		page, err := s.List(s.ctx, &scim.Query{Type: scim.UserType(), Filter: f, Start: 1, Count: 2 * filteredUsers})
		if errors.Is(err, scim.ErrTooMany) {
			refused++
			continue
		}
		if err != nil {
			s.Fatalf("%s: %v", text, err)
		}
		got := slices.Sorted(slices.Values(idsOf(page)))
		slices.Sort(want)
		if !slices.Equal(got, want) || page.Total != len(want) {
			s.Errorf("%s\ngot  %v, a total of %d\nwant %v: what Filter.Match selects", text, got, page.Total, want)
		}
		selected += len(want)
	}
	s.Logf("%d filters, %d refused, %d resources selected", asked, refused, selected)
	if asked < drawnFilters/2 || selected == 0 {
		s.Error("too few filters were asked: the test tests nothing")
	}
	s.groupFilters()
}

// groupFilters: filters on links.
func (s *storeTest) groupFilters() {
	page, err := s.List(s.ctx, &scim.Query{Type: scim.GroupType(), Start: 1, Count: 10, Links: true})
	s.ok(err, "a list is no error")
	for _, text := range []string{
		`members.value eq "u1"`, `members eq "u2"`, `members.value ne "u1"`, `not (members.value eq "u3")`, `members pr`, `not (members pr)`,
		`members[value eq "u4"]`, `members.value eq "U1"`, `members.value eq "nobody"`, `members.value eq "u5" and displayName sw "g"`, `displayName eq "G1" or members.value eq "u6"`,
	} {
		f, err := scim.GroupType().ParseFilter(text)
		if err != nil {
			continue // not a question that the type answers
		}
		var want []string
		for _, item := range page.Items {
			if f.Match(item.Resource, memberModel(item.Links)) {
				want = append(want, item.Resource.ID())
			}
		}
		slices.Sort(want)
		s.same(s.found(scim.GroupType(), text), strings.Join(want, " "), text)
	}
}

// memberModel answers a filter's questions about one group.
type memberModel []scim.Link

func (m memberModel) HasLink(value string) bool {
	return slices.ContainsFunc(m, func(l scim.Link) bool { return value == "" || l.Value == value })
}

func (m memberModel) HasOwner(string) bool { return false }
