package mapping

import (
	"fmt"
	"strconv"

	"github.com/zohoscim/zohoscim/scim"
)

// ZohoField is a field of a user in Zoho One, by the key of its API
// (zoho.one.addUser and zoho.one.updateUser in the Deluge reference).
type ZohoField struct {
	Key      string
	English  string // label
	Japanese string // label
	SCIM     string // attribute path of a User, "" if SCIM has none
	Required bool   // a system field, which every user has
}

// ZohoFields returns the fields of a user in Zoho One. Each call returns a
// new list. Which SCIM attribute Zoho One itself puts into a field is for its
// attribute mapping page to say; SCIM is the attribute of the same meaning.
func ZohoFields() []ZohoField {
	const work = `addresses[type eq "work"].`
	const enterprise = scim.SchemaEnterpriseUser + ":"
	return []ZohoField{
		{"first_name", "First Name", "名", "name.givenName", true},
		{"last_name", "Last Name", "姓", "name.familyName", true},
		{"email_id", "Email Address", "メールアドレス", "userName", true},
		{"employee_id", "Employee ID", "従業員ID", enterprise + "employeeNumber", false},
		{"designation_id", "Designation", "役職", "title", false},
		{"department_id", "Department", "部署", enterprise + "department", false},
		{"reporting_to", "Reporting To", "上司", enterprise + "manager", false},
		{"work_location", "Work Location", "勤務地", work + "formatted", false},
		{"language_code", "Language", "言語", "preferredLanguage", false},
		{"country", "Country", "国", work + "country", false},
		{"timezone", "Time Zone", "タイムゾーン", "timezone", false},
		{"date_of_birth", "Date of Birth", "生年月日", "", false},
		{"gender", "Gender", "性別", "", false},
		{"date_of_joining", "Date of Joining", "入社日", "", false},
		{"seating_location", "Seating Location", "座席の場所", "", false},
		{"street_address", "Street Address", "番地", work + "streetAddress", false},
		{"city", "City", "市区町村", work + "locality", false},
		{"state", "State", "都道府県", work + "region", false},
		{"postal_code", "Postal Code", "郵便番号", work + "postalCode", false},
		{"extension", "Extension", "内線番号", "", false},
		{"mobile", "Mobile", "携帯電話", `phoneNumbers[type eq "mobile"].value`, false},
		{"phone", "Phone", "電話番号", `phoneNumbers[type eq "work"].value`, false},
	}
}

// ZohoFieldsToUser returns the mapping for sending users whose source has
// Zoho's field names: first_name becomes name.givenName, email_id both
// userName and the e-mail address at work. Fields without a SCIM attribute are
// left out. Each call returns a new value.
func ZohoFieldsToUser() *Mapping {
	m := &Mapping{Target: "User"}
	for _, f := range ZohoFields() {
		switch {
		case f.Key == "email_id":
			m.Rules = append(m.Rules, Direct(f.Key, f.SCIM).Match(1), Direct(f.Key, `emails[type eq "work"].value`))
		case f.SCIM != "":
			m.Rules = append(m.Rules, Direct(f.Key, f.SCIM))
		}
	}
	return m
}

// UserToZohoFields returns the mapping for receiving users: the source is a
// SCIM User, whose attribute paths are the names of the source's attributes
// ([Compiled.RecordOf]), and the target a [ZohoUserType]. Each call returns a
// new value. Zoho One's three kinds of rules are those of this package: a
// profile field or custom attribute is [Direct], a fixed value [Fixed]:
//
//	mapping.UserToZohoFields().With(mapping.Fixed("work_location", "本社"))
func UserToZohoFields() *Mapping {
	m := &Mapping{Target: "ZohoUser"}
	for _, f := range ZohoFields() {
		switch {
		case f.Key == "email_id":
			m.Rules = append(m.Rules, Expression(f.Key, `Coalesce([emails[type eq "work"].value], [userName])`).Match(1))
		case f.SCIM != "":
			m.Rules = append(m.Rules, Direct(f.SCIM, f.Key))
		}
	}
	return m
}

// ZohoUserType returns a resource type with the fields of a user in Zoho One,
// all of them texts. It is for the target of a mapping and is not a type that
// a service provider serves.
func ZohoUserType() (*scim.ResourceType, error) {
	s := &scim.Schema{ID: "urn:zohoscim:ZohoUser", Name: "ZohoUser"}
	for _, f := range ZohoFields() {
		s.Attributes = append(s.Attributes, &scim.Attribute{Name: f.Key, Description: f.English + " / " + f.Japanese, Required: f.Required})
	}
	return scim.NewResourceType("ZohoUser", s, nil)
}

// RecordOf reads a resource into a record: the names of the mapping's source
// attributes are attribute paths of the resource. A reference is the id it
// has, and a list the values of its elements. A path that the resource's type
// does not have is [ErrSource].
func (c *Compiled) RecordOf(r *scim.Resource) (Record, error) {
	rec := Record{}
	for i := range c.rules {
		for _, name := range c.rules[i].inputs {
			if _, done := rec[name]; done {
				continue
			}
			p, err := r.Type().ParsePath(name)
			if err != nil {
				return nil, &Error{Kind: KindSource, Rule: c.rules[i].number, Target: c.rules[i].path.String(), Attribute: name, cause: err}
			}
			if v := fromSCIM(p.Get(r)); v != nil {
				rec[name] = v
			}
		}
	}
	return rec, nil
}

// fromSCIM returns a value in the types of a Record, nil for none.
func fromSCIM(v scim.Value) any {
	switch v.Kind() {
	case scim.KindText:
		return v.Text()
	case scim.KindBool:
		return v.Bool()
	case scim.KindNumber:
		if n, err := strconv.ParseInt(v.Text(), 10, 64); err == nil {
			return n
		}
		f, err := strconv.ParseFloat(v.Text(), 64)
		if err != nil {
			return nil
		}
		return f
	case scim.KindComplex:
		return fromSCIM(v.Get("value"))
	case scim.KindMulti:
		list := make([]any, 0, v.Len())
		for item := range v.All() {
			if one := fromSCIM(item); one != nil {
				list = append(list, one)
			}
		}
		return list
	}
	return nil
}

// String returns the key and both labels.
func (f ZohoField) String() string { return fmt.Sprintf("%s (%s, %s)", f.Key, f.English, f.Japanese) }
