package mapping_test

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

// One work location for everyone, as the fixed value on the mapping page of
// Zoho One.
func Example() {
	m := mapping.ZohoOneUser().With(
		mapping.Fixed(`addresses[type eq "work"].formatted`, "本社"),
	)
	c, err := mapping.Compile(m, scim.UserType())
	if err != nil {
		fmt.Println(err)
		return
	}
	res, err := c.Map(mapping.Record{
		"userPrincipalName": "taro@example.com",
		"IsSoftDeleted":     false,
		"givenName":         "太郎",
		"surname":           "例",
	}, mapping.Create)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(res.Resource.AppendJSON(nil)))
	// Output:
	// {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"taro@example.com","name":{"formatted":"太郎 例","familyName":"例","givenName":"太郎"},"active":true,"addresses":[{"formatted":"本社","type":"work"}]}
}

func ExampleExpression() {
	c, err := mapping.Compile(&mapping.Mapping{Target: "User", Rules: []mapping.Rule{
		mapping.Expression("userName", `ToLower(Replace([mail], "@old.example.com", , , "@example.com", , ))`).Match(1),
		mapping.Expression("title", `IIF([country]="JP", "社員", Coalesce([jobTitle], "Staff"))`),
		mapping.Expression("displayName", `Join(", ", [surname], [givenName])`),
	}}, scim.UserType())
	if err != nil {
		fmt.Println(err)
		return
	}
	res, err := c.Map(mapping.Record{"mail": "Hanako@old.example.com", "country": "JP", "surname": "Example"}, mapping.Create)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, path := range res.Flowed {
		fmt.Println(path, "=", path.Get(res.Resource).Text())
	}
	// Output:
	// userName = hanako@example.com
	// title = 社員
	// displayName = Example
}

func ExampleCompiled_Diff() {
	c, err := mapping.Compile(mapping.ZohoOneUser(), scim.UserType())
	if err != nil {
		fmt.Println(err)
		return
	}
	have, err := scim.DecodeResource(scim.UserType(), []byte(`{"userName":"u@example.com","title":"Intern","nickName":"U"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	want, err := c.Map(mapping.Record{"userPrincipalName": "u@example.com", "jobTitle": "Engineer", "mail": "u@example.com"}, mapping.Update)
	if err != nil {
		fmt.Println(err)
		return
	}
	patch := c.Diff(have, want)
	for _, op := range patch.Operations {
		fmt.Println(op.Op, op.Path, string(op.Value))
	}
	if _, err := patch.Apply(have); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Diff(have, want) == nil)
	// Output:
	// replace title "Engineer"
	// add emails[type eq "work"].value "u@example.com"
	// true
}

func ExampleCompile() {
	_, err := mapping.Compile(&mapping.Mapping{Target: "User", Rules: []mapping.Rule{
		mapping.Direct("userPrincipalName", "userName").Match(1),
		mapping.Direct("jobTitle", "titel"),
		mapping.Expression("displayName", `Joint(" ", [givenName], [surname])`),
	}}, scim.UserType())
	fmt.Println(err)
	fmt.Println(errors.Is(err, mapping.ErrExpression))
	// Output:
	// mapping: rule 2 (titel): target attribute is wrong: User has no attribute "titel"; did you mean "title"?
	// mapping: rule 3 (displayName): expression is wrong at character 1: there is no function "Joint" (upper and lower case differ); did you mean "Join"?
	// true
}

func ExampleCompiled_Matching() {
	c, err := mapping.Compile(mapping.EntraUser(), scim.UserType())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range c.Matching() {
		v, err := m.Value(mapping.Record{"userPrincipalName": "u@example.com"})
		fmt.Println(m.Path, "eq", v.Text(), err)
	}
	_, err = c.Map(mapping.Record{"mail": "u@example.com"}, mapping.Update)
	fmt.Println(errors.Is(err, mapping.ErrNoMatchingAttribute))
	fmt.Println(err)
	// Output:
	// userName eq u@example.com <nil>
	// true
	// mapping: rule 1 (userName): source attribute "userPrincipalName": no matching attribute has a value
}

func ExampleCompiled_Contains() {
	m := mapping.ZohoOneUser()
	m.Scope = mapping.Scope{
		{Name: "Tokyo", Clauses: []mapping.Clause{
			{Attribute: "city", Operator: mapping.Equals, Value: "Tokyo"},
			{Attribute: "accountEnabled", Operator: mapping.IsTrue},
		}},
		{Name: "administrators", Clauses: []mapping.Clause{{Attribute: "adminRole", Operator: mapping.IsNotNull}}},
	}
	c, err := mapping.Compile(m, scim.UserType())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Contains(mapping.Record{"city": "Tokyo", "accountEnabled": true}))
	fmt.Println(c.Contains(mapping.Record{"city": "Tokyo"}))
	fmt.Println(c.Contains(mapping.Record{"adminRole": "owner"}))
	// Output:
	// true
	// false
	// true
}

func ExampleMapping_UnmarshalJSON() {
	var m mapping.Mapping
	err := json.Unmarshal([]byte(`{
		"target": "User",
		"rules": [
			{"target": "userName", "attribute": "userPrincipalName", "matching": 1},
			{"target": "title", "attribute": "jobTitle", "flowNull": true}
		]
	}`), &m)
	var wrong *mapping.Error
	if errors.As(err, &wrong) {
		fmt.Println(wrong.Place, wrong.Detail)
	}
	// Output:
	// /rules/1/flowNull there is no such member; did you mean "flowNulls"?
}
