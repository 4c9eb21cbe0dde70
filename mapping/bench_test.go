package mapping_test

import (
	"testing"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

// zohoRecord has a value for each of the 19 rules of ZohoOneUser.
func zohoRecord() mapping.Record {
	return mapping.Record{
		"userPrincipalName": "user@example.com", "IsSoftDeleted": false, "displayName": "Example User", "jobTitle": "Engineer",
		"mail": "user@example.com", "preferredLanguage": "ja-JP", "givenName": "Example", "surname": "User",
		"physicalDeliveryOfficeName": "Main", "streetAddress": "1 Example Street", "city": "Tokyo", "state": "Tokyo",
		"postalCode": "100-0001", "country": "Japan", "telephoneNumber": "+81 3 0000 0000", "mobile": "+81 90 0000 0000",
		"facsimileTelephoneNumber": "+81 3 0000 0001", "mailNickname": "user",
	}
}

func compiled(tb testing.TB, m *mapping.Mapping, t *scim.ResourceType) *mapping.Compiled {
	tb.Helper()
	c, err := mapping.Compile(m, t)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func BenchmarkMap(b *testing.B) {
	c := compiled(b, mapping.ZohoOneUser(), scim.UserType())
	rec := zohoRecord()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Map(rec, mapping.Create); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMapByHand does what BenchmarkMap does as one would without rules:
// the same reads of the record and writes to the same kind of resource.
func BenchmarkMapByHand(b *testing.B) {
	byHand := handWritten(b)
	rec := zohoRecord()
	b.ReportAllocs()
	for b.Loop() {
		byHand(rec)
	}
}

// BenchmarkMapByView does the same with the typed view of a user, which is
// what one writes by hand.
func BenchmarkMapByView(b *testing.B) {
	rec := zohoRecord()
	text := func(name string) string { s, _ := rec[name].(string); return s }
	b.ReportAllocs()
	for b.Loop() {
		active := rec["IsSoftDeleted"] != true
		u := &scim.User{
			UserName: text("userPrincipalName"), ExternalID: text("mailNickname"), DisplayName: text("displayName"), Title: text("jobTitle"), Active: &active,
			PreferredLanguage: text("preferredLanguage"),
			Name:              scim.Name{GivenName: text("givenName"), FamilyName: text("surname"), Formatted: text("givenName") + " " + text("surname")},
			Emails:            []scim.MultiValue{{Value: text("mail"), Type: "work"}},
			PhoneNumbers:      []scim.MultiValue{{Value: text("telephoneNumber"), Type: "work"}, {Value: text("mobile"), Type: "mobile"}, {Value: text("facsimileTelephoneNumber"), Type: "fax"}},
			Addresses: []scim.Address{{
				Type: "work", Formatted: text("physicalDeliveryOfficeName"), StreetAddress: text("streetAddress"), Locality: text("city"),
				Region: text("state"), PostalCode: text("postalCode"), Country: text("country"),
			}},
		}
		if _, err := u.Resource(); err != nil {
			b.Fatal(err)
		}
	}
}

// handWritten returns a function that sets each attribute in turn.
func handWritten(tb testing.TB) func(mapping.Record) *scim.Resource {
	t := scim.UserType()
	var paths []*scim.Path
	var names []string
	for _, r := range mapping.ZohoOneUser().Rules {
		p, err := t.ParsePath(r.Target)
		if err != nil {
			tb.Fatal(err)
		}
		paths, names = append(paths, p), append(names, r.Attribute)
	}
	return func(rec mapping.Record) *scim.Resource {
		r := scim.NewResource(t)
		for i, p := range paths {
			var v scim.Value
			switch p.String() {
			case "active":
				v = scim.Bool(rec["IsSoftDeleted"] != true)
			case "name.formatted":
				v = scim.String(rec["givenName"].(string) + " " + rec["surname"].(string))
			default:
				v = scim.String(rec[names[i]].(string))
			}
			if err := p.Set(r, v); err != nil {
				tb.Fatal(err)
			}
		}
		return r
	}
}

func BenchmarkDiffEqual(b *testing.B) {
	c := compiled(b, mapping.ZohoOneUser(), scim.UserType())
	res, err := c.Map(zohoRecord(), mapping.Update)
	if err != nil {
		b.Fatal(err)
	}
	have := res.Resource.Clone()
	b.ReportAllocs()
	for b.Loop() {
		if c.Diff(have, res) != nil {
			b.Fatal("a difference")
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	m := mapping.ZohoOneUser()
	t := scim.UserType()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mapping.Compile(m, t); err != nil {
			b.Fatal(err)
		}
	}
}
