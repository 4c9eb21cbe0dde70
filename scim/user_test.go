package scim_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/zohoscim/zohoscim/scim"
	"pgregory.net/rapid"
)

const userFull = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","urn:example:x"],` +
	`"id":"1","externalId":"e","userName":"bob","name":{"formatted":"B","familyName":"F","givenName":"G","x":1},"displayName":"D","nickName":"",` +
	`"profileUrl":"https://x.example","title":"T","active":false,"password":"pw",` +
	`"emails":[{"value":"a@x.example","type":"work","primary":true,"verified":true},{"value":"b@x.example","primary":false},{"display":"no value"}],` +
	`"addresses":[{"formatted":"本社","type":"work","floor":"3"}],` +
	`"groups":[{"value":"g","$ref":"https://x.example/g","display":"G","type":"direct"}],"x509Certificates":[{"value":"AAAA"}],` +
	`"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"R","manager":{"value":"2","displayName":"M"},"y":[1]},` +
	`"meta":{"resourceType":"User","created":"2026-01-02T03:04:05Z","lastModified":"2026-01-02T03:04:06Z","version":"W/\"1\"","location":"https://x.example/1"},` +
	`"urn:example:x":{"a":[true,null,{"b":1.50}]}}`

func newUserResource(t testing.TB, text string) *scim.Resource {
	t.Helper()
	r, err := scim.DecodeResource(scim.UserType(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func userJSON(t testing.TB, u *scim.User) string {
	t.Helper()
	r, err := u.Resource()
	if err != nil {
		t.Fatal(err)
	}
	return string(r.AppendJSON(nil))
}

func TestUserFrom(t *testing.T) {
	u, err := scim.UserFrom(newUserResource(t, userFull))
	if err != nil {
		t.Fatal(err)
	}
	want := &scim.User{
		ID: "1", ExternalID: "e", UserName: "bob", Name: scim.Name{Formatted: "B", FamilyName: "F", GivenName: "G"},
		DisplayName: "D", ProfileURL: "https://x.example", Title: "T", Active: new(false), Password: scim.NewSecret("pw"),
		Emails: []scim.MultiValue{
			{Value: "a@x.example", Type: "work", Primary: new(true)}, {Value: "b@x.example", Primary: new(false)}, {Display: "no value"},
		},
		Addresses:        []scim.Address{{Formatted: "本社", Type: "work"}},
		X509Certificates: []scim.MultiValue{{Value: "AAAA"}},
		Enterprise:       &scim.EnterpriseUser{Department: "R", Manager: scim.Manager{Value: "2", DisplayName: "M"}},
		Groups:           []scim.Reference{{Value: "g", Ref: "https://x.example/g", Display: "G", Type: "direct"}},
		Meta: scim.Meta{
			ResourceType: "User", Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), LastModified: time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC),
			Location: "https://x.example/1", Version: `W/"1"`,
		},
	}
	if diff := cmp.Diff(want, u, userCompare...); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

var userCompare = []cmp.Option{
	cmpopts.IgnoreUnexported(scim.User{}, scim.Group{}), cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b scim.Secret) bool { return a.Equal(b) }),
}

func TestUserResource(t *testing.T) {
	for _, row := range []struct {
		reason string
		change func(*scim.User)
		old    string // part of userFull
		new    string // what it becomes
	}{
		{"unchanged is byte for byte the same", func(*scim.User) {}, "", ""},
		{"a field is set", func(u *scim.User) { u.Title = "C" }, `"title":"T"`, `"title":"C"`},
		{"a field is cleared", func(u *scim.User) { u.Title = "" }, `"title":"T",`, ``},
		{"a boolean is cleared", func(u *scim.User) { u.Active = nil }, `"active":false,`, ``},
		{"a boolean is set", func(u *scim.User) { u.Active = new(true) }, `"active":false`, `"active":true`},
		{"the password is cleared", func(u *scim.User) { u.Password = scim.Secret{} }, `"password":"pw",`, ``},
		{"sub-attributes that the view does not name stay", func(u *scim.User) { u.Name = scim.Name{} }, `"formatted":"B","familyName":"F","givenName":"G","x":1`, `"x":1`},
		{"an element keeps what the view does not name", func(u *scim.User) { u.Emails[0].Type = "home" }, `"type":"work","primary":true,"verified":true`, `"type":"home","primary":true,"verified":true`},
		{
			"elements change places with all they hold", func(u *scim.User) { u.Emails[0], u.Emails[1] = u.Emails[1], u.Emails[0] },
			`{"value":"a@x.example","type":"work","primary":true,"verified":true},{"value":"b@x.example","primary":false}`,
			`{"value":"b@x.example","primary":false},{"value":"a@x.example","type":"work","primary":true,"verified":true}`,
		},
		{
			"another address does not inherit that the first was verified", func(u *scim.User) { u.Emails[0].Value = "c@x.example" },
			`"value":"a@x.example","type":"work","primary":true,"verified":true`, `"value":"c@x.example","type":"work","primary":true`,
		},
		{"a list is cleared", func(u *scim.User) { u.Addresses = nil }, `"addresses":[{"formatted":"本社","type":"work","floor":"3"}],`, ``},
		{"groups are the service provider's", func(u *scim.User) { u.Groups, u.Meta = nil, scim.Meta{} }, "", ""},
		{"the extension is changed", func(u *scim.User) { u.Enterprise.Manager = scim.Manager{} }, `"manager":{"value":"2","displayName":"M"},`, ``},
		{"the unknown extension stays when the known one is removed", func(u *scim.User) { u.Enterprise = nil }, "", "-"},
	} {
		u, err := scim.UserFrom(newUserResource(t, userFull))
		if err != nil {
			t.Fatal(err)
		}
		row.change(u)
		want := strings.Replace(userFull, row.old, row.new, 1)
		if row.new == "-" {
			want = strings.Replace(userFull, `"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"R","manager":{"value":"2","displayName":"M"},"y":[1]},`, "", 1)
			want = strings.Replace(want, `,"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`, "", 1)
		}
		if diff := cmp.Diff(want, userJSON(t, u)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.reason, diff)
		}
	}
}

func TestUserResourceErrors(t *testing.T) {
	small, err := scim.NewResourceType("User", &scim.Schema{ID: scim.SchemaUser, Attributes: []*scim.Attribute{{Name: "userName"}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := scim.DecodeResource(small, []byte(`{"id":"1","userName":"bob"}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		reason string
		change func(*scim.User)
		want   error
		path   string
	}{
		{"the schema does not have it", func(u *scim.User) { u.Title = "x" }, scim.ErrInvalidPath, "title"},
		{"nor this list", func(u *scim.User) { u.Roles = []scim.MultiValue{{Value: "x"}} }, scim.ErrInvalidPath, "roles"},
		{"nor the name", func(u *scim.User) { u.Name.GivenName = "x" }, scim.ErrInvalidPath, "name"},
		{"nor the extension", func(u *scim.User) { u.Enterprise = new(scim.EnterpriseUser) }, scim.ErrInvalidPath, scim.SchemaEnterpriseUser},
		{"what is not said is no mistake", func(u *scim.User) { u.UserName = "" }, nil, ""},
	} {
		u, err := scim.UserFrom(r)
		if err != nil {
			t.Fatal(err)
		}
		row.change(u)
		_, err = u.Resource()
		var e *scim.Error
		if !errors.Is(err, row.want) || row.want != nil && (!errors.As(err, &e) || e.Path != row.path || !scim.SafeToRetry(err)) {
			t.Errorf("%s: %v", row.reason, err)
		}
	}
	u := &scim.User{X509Certificates: []scim.MultiValue{{Value: "s3cr3t!"}}}
	if _, err := u.Resource(); !errors.Is(err, scim.ErrInvalidValue) || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("a certificate that is not base64: %v", err)
	}
	if _, err := scim.UserFrom(scim.NewResource(scim.GroupType())); !errors.Is(err, scim.ErrInvalidValue) {
		t.Errorf("a group as a user: %v", err)
	}
	if _, err := scim.UserFrom(nil); err == nil {
		t.Error("nil as a user")
	}
	if _, err := scim.GroupFrom(scim.StoredResource(scim.GroupType(), []byte(`{`))); err == nil {
		t.Error("a stored form that cannot be read")
	}
}

func TestUserIndependent(t *testing.T) {
	r := newUserResource(t, userFull)
	u, err := scim.UserFrom(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Set("title", scim.String("later")); err != nil {
		t.Fatal(err)
	}
	out, err := u.Resource()
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Set("emails.type", scim.String("changed")); err != nil {
		t.Fatal(err)
	}
	if got := userJSON(t, u); got != userFull {
		t.Errorf("a change elsewhere shows: %s", got)
	}
}

func TestUserLogValue(t *testing.T) {
	var b bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&b, nil))
	u := scim.User{ID: "42", UserName: "canary", Password: scim.NewSecret("canary")}
	g := scim.Group{ID: "43", DisplayName: "canary"}
	log.Info("x", "a", u, "b", &u, "c", g, "d", &g)
	if text := b.String(); strings.Contains(text, "canary") || strings.Count(text, `"id":"42"`) != 2 || strings.Count(text, `"id":"43"`) != 2 {
		t.Error(text)
	}
}

// Laws of the views, over random users: the view of a user's resource is that
// user, also when the user is put over the resource of another; and what the
// view does not name stays.
func TestUserLaws(t *testing.T) {
	text := rapid.StringMatching(`[a-zA-Z本社é "\\]{0,8}`)
	flag := rapid.Map(rapid.IntRange(0, 2), func(i int) *bool { return []*bool{nil, new(false), new(true)}[i] })
	element := rapid.Custom(func(t *rapid.T) scim.MultiValue {
		return scim.MultiValue{Value: "v" + text.Draw(t, "value"), Type: text.Draw(t, "type"), Display: text.Draw(t, "display"), Primary: flag.Draw(t, "primary")}
	})
	address := rapid.Custom(func(t *rapid.T) scim.Address {
		return scim.Address{Formatted: "f" + text.Draw(t, "formatted"), Locality: text.Draw(t, "locality"), Type: text.Draw(t, "type"), Primary: flag.Draw(t, "primary")}
	})
	user := rapid.Custom(func(t *rapid.T) scim.User {
		u := scim.User{
			ID: text.Draw(t, "id"), ExternalID: text.Draw(t, "externalId"), UserName: text.Draw(t, "userName"), Title: text.Draw(t, "title"),
			ProfileURL: text.Draw(t, "profileUrl"), Active: flag.Draw(t, "active"), Password: scim.NewSecret(text.Draw(t, "password")),
			Name:   scim.Name{GivenName: text.Draw(t, "givenName"), FamilyName: text.Draw(t, "familyName")},
			Emails: rapid.SliceOfN(element, 0, 4).Draw(t, "emails"), Roles: rapid.SliceOfN(element, 0, 2).Draw(t, "roles"),
			Addresses: rapid.SliceOfN(address, 0, 3).Draw(t, "addresses"),
		}
		if rapid.Bool().Draw(t, "enterprise") {
			u.Enterprise = &scim.EnterpriseUser{Department: "d" + text.Draw(t, "department"), Manager: scim.Manager{Value: text.Draw(t, "manager")}}
		}
		return u
	})
	const unknown = `"urn:example:x":{"a":[true,null,{"b":1.50}]}`
	rapid.Check(t, func(t *rapid.T) {
		want := user.Draw(t, "user")
		r, err := want.Resource()
		if err != nil {
			t.Fatal(err)
		}
		got, err := scim.UserFrom(r)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&want, got, userCompare...); diff != "" {
			t.Fatalf("a user's own resource (-want +got):\n%s", diff)
		}
		again, err := got.Resource()
		if err != nil || !bytes.Equal(again.AppendJSON(nil), r.AppendJSON(nil)) {
			t.Fatalf("%s\n%s\n%v", again.AppendJSON(nil), r.AppendJSON(nil), err)
		}

		other, err := scim.DecodeResource(scim.UserType(), []byte(`{"title":"T","emails":[{"value":"v","type":"work"}],"name":{"givenName":"G"},"addresses":[{"formatted":"f"}],`+unknown+`}`))
		if err != nil {
			t.Fatal(err)
		}
		over, err := scim.UserFrom(other)
		if err != nil {
			t.Fatal(err)
		}
		userOverlay(over, want)
		if r, err = over.Resource(); err != nil {
			t.Fatal(err)
		}
		if got, err = scim.UserFrom(r); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&want, got, userCompare...); diff != "" {
			t.Fatalf("over another resource (-want +got):\n%s", diff)
		}
		if !bytes.Contains(r.AppendJSON(nil), []byte(unknown)) {
			t.Fatalf("lost: %s", r.AppendJSON(nil))
		}
	})
}

func userOverlay(u *scim.User, with scim.User) {
	u.ID, u.ExternalID, u.UserName, u.Title, u.ProfileURL = with.ID, with.ExternalID, with.UserName, with.Title, with.ProfileURL
	u.Active, u.Password, u.Name = with.Active, with.Password, with.Name
	u.Emails, u.Roles, u.Addresses, u.Enterprise = with.Emails, with.Roles, with.Addresses, with.Enterprise
}

func TestGroupView(t *testing.T) {
	const text = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"1","displayName":"G","members":[{"value":"a","x":1},{"value":"b","type":"User","display":"B"}],"y":2}`
	r, err := scim.DecodeResource(scim.GroupType(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	g, err := scim.GroupFrom(r)
	if err != nil {
		t.Fatal(err)
	}
	want := &scim.Group{ID: "1", DisplayName: "G", Members: []scim.Reference{{Value: "a"}, {Value: "b", Type: "User", Display: "B"}}}
	if diff := cmp.Diff(want, g, userCompare...); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	g.Members = append(g.Members[:1], scim.Reference{Value: "c"})
	g.DisplayName = "H"
	if r, err = g.Resource(); err != nil {
		t.Fatal(err)
	}
	wantText := strings.Replace(strings.Replace(text, `"G"`, `"H"`, 1), `{"value":"b","type":"User","display":"B"}`, `{"value":"c"}`, 1)
	if diff := cmp.Diff(wantText, string(r.AppendJSON(nil))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
