package mapping_test

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

// What Entra's attribute mapping page downloads is loaded and run unchanged.
func ExampleParseGraphSchema() {
	schema, err := mapping.ParseGraphSchema([]byte(`{"synchronizationRules":[{"objectMappings":[{
		"targetObjectName":"User","attributeMappings":[
		{"matchingPriority":1,"source":{"expression":"[userPrincipalName]","type":"Attribute"},"targetAttributeName":"userName"},
		{"source":{"expression":"PCase([displayName])","type":"Function"},"targetAttributeName":"displayName"},
		{"source":null,"defaultValue":"本社","targetAttributeName":"addresses[type eq \"work\"].formatted"}]}]}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := schema.Compile("User")
	if err != nil {
		fmt.Println(err)
		return
	}
	res, err := c.Map(mapping.Record{"userPrincipalName": "u@example.com", "displayName": "EXAMPLE USER"}, mapping.Create)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, path := range res.Flowed {
		fmt.Println(path, "=", path.Get(res.Resource).Text())
	}
	// Output:
	// userName = u@example.com
	// displayName = Example User
	// addresses[type eq "work"].formatted = 本社
}

func ExampleNewGraphSchema() {
	schema, notes := mapping.NewGraphSchema(&mapping.Mapping{Target: "User", Rules: []mapping.Rule{
		mapping.Direct("userPrincipalName", "userName").Match(1),
		mapping.Direct("jobTitle", "title").Clearing(),
	}})
	fmt.Println(schema.Targets())
	for _, note := range notes {
		fmt.Println(note)
	}
	// Output:
	// [User]
	// /synchronizationRules/0/objectMappings/0/attributeMappings/1: that an empty source clears the target is not written
}

func ExampleCompiled_Explain() {
	c, err := mapping.Compile(&mapping.Mapping{Target: "User", Rules: []mapping.Rule{
		mapping.Direct("userPrincipalName", "userName").Match(1),
		mapping.Direct("jobTitle", "title").OrDefault("Staff"),
		mapping.Expression("nickName", `Left([mailNickname], 3)`).CreateOnly(),
	}}, scim.UserType())
	if err != nil {
		fmt.Println(err)
		return
	}
	e := c.Explain(mapping.Record{"userPrincipalName": "u@example.com", "mailNickname": "nick"}, mapping.Update)
	for _, f := range e.Flows {
		fmt.Printf("%s <- %s: %s %s%s\n", f.Target, f.Source, f.Outcome, f.Value, f.Detail)
	}
	// Output:
	// userName <- [userPrincipalName]: flowed "u@example.com"
	// title <- [jobTitle]: skipped null the source has no value, and the default is for objects that are created
	// nickName <- Left([mailNickname], 3): create only the rule applies only during object creation
}

func ExampleCompiled_WithEnv() {
	c, err := mapping.Compile(&mapping.Mapping{Target: "User", Rules: []mapping.Rule{
		mapping.Direct("userPrincipalName", "userName").Match(1),
		mapping.Expression("nickName", `FormatDateTime(DateAdd("m", 1, Now()), , , "yyyy-MM-dd")`),
		mapping.Expression("title", `Append("T-", RandomString(4,4))`),
	}}, scim.UserType())
	if err != nil {
		fmt.Println(err)
		return
	}
	env := mapping.Env{
		Now:  time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC),
		Rand: bytes.NewReader(make([]byte, 64)), // crypto/rand.Reader outside a test
	}
	res, err := c.WithEnv(env).Map(mapping.Record{"userPrincipalName": "u@example.com"}, mapping.Update)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.Resource.Get("nickName").Text(), res.Resource.Get("title").Text())
	// Output:
	// 2026-02-28 T-0000
}

// A user that was received has the names of Zoho's fields, with one work
// location for everyone.
func ExampleUserToZohoFields() {
	t, err := mapping.ZohoUserType()
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := mapping.Compile(mapping.UserToZohoFields().With(mapping.Fixed("work_location", "本社")), t)
	if err != nil {
		fmt.Println(err)
		return
	}
	user, err := scim.DecodeResource(scim.UserType(), []byte(`{"userName":"taro@example.com","name":{"givenName":"太郎","familyName":"例"}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	rec, err := c.RecordOf(user)
	if err != nil {
		fmt.Println(err)
		return
	}
	res, err := c.Map(rec, mapping.Create)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range mapping.ZohoFields() {
		if v := res.Resource.Get(f.Key); !v.IsZero() {
			fmt.Println(f, v.Text())
		}
	}
	// Output:
	// first_name (First Name, 名) 太郎
	// last_name (Last Name, 姓) 例
	// email_id (Email Address, メールアドレス) taro@example.com
	// work_location (Work Location, 勤務地) 本社
}

func ExampleMapping_WriteTable() {
	if err := mapping.ZohoOneGroup().WriteTable(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// source         target       matching  apply   default
	// [displayName]  displayName  1         always
	// [objectId]     externalId             always
	// [members]      members                always
}

func ExampleEntraPatch() {
	patch := &scim.Patch{Operations: []scim.Operation{
		{Op: scim.OpReplace, Path: "active", Value: []byte("false")},
		{Op: scim.OpRemove, Path: `members[value eq "u1091"]`},
	}}
	for _, op := range mapping.EntraPatch(patch).Operations {
		fmt.Println(op.Op, op.Path, string(op.Value))
	}
	// Output:
	// Replace active "False"
	// Remove members [{"value":"u1091"}]
}
