package scimtest

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	userSchema       = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupSchema      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	enterpriseSchema = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	listMessage      = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	patchMessage     = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	searchMessage    = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
	bulkMessage      = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	bulkAnswer       = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
	errorMessage     = "urn:ietf:params:scim:api:messages:2.0:Error"
)

func needs(f ...Feature) []Feature { return f }

func request(method, path, body string, status ...int) Step {
	return Step{Method: method, Path: path, Body: body, Status: status}
}

func get(path string) Step  { return request(http.MethodGet, path, "", http.StatusOK) }
func del(path string) Step  { return request(http.MethodDelete, path, "", http.StatusNoContent) }
func head(path string) Step { return request(http.MethodHead, path, "", http.StatusOK) }

func post(path, body string) Step { return request(http.MethodPost, path, body, http.StatusCreated) }

func put(path, body string) Step { return request(http.MethodPut, path, body, http.StatusOK) }

// patch is one PATCH with operations, which are JSON objects.
func patch(path string, operations ...string) Step {
	body := `{"schemas":["` + patchMessage + `"],"Operations":[` + strings.Join(operations, ",") + `]}`
	return request(http.MethodPatch, path, body, http.StatusOK, http.StatusNoContent)
}

// search is a POST of a SearchRequest with members.
func search(path, members string) Step {
	return request(http.MethodPost, path, `{"schemas":["`+searchMessage+`"]`+comma(members)+`}`, http.StatusOK)
}

// user is the body of a user of this name with further members.
func user(name, members string) string {
	schemas := `"` + userSchema + `"`
	if strings.Contains(members, `"`+enterpriseSchema+`"`) {
		schemas += `,"` + enterpriseSchema + `"`
	}
	return `{"schemas":[` + schemas + `],"userName":"` + userName(name) + `"` + comma(members) + `}`
}

func userName(name string) string { return "${unique}." + name + "@example.com" }

func group(name, members string) string {
	return `{"schemas":["` + groupSchema + `"],"displayName":"${unique} ` + name + `"` + comma(members) + `}`
}

func enterprise(members string) string { return `"` + enterpriseSchema + `":{` + members + `}` }

func comma(members string) string {
	if members == "" {
		return ""
	}
	return "," + members
}

// newUser makes a user; ${name} is its id from then on.
func newUser(name, members string) Step {
	return post("/Users", user(name, members)).capture(name, "/id")
}

// newGroup makes a group; ${name} is its id from then on.
func newGroup(name, members string) Step {
	return post("/Groups", group(name, members)).capture(name, "/id")
}

// members is the attribute of that name with the resources that were
// captured under these names.
func members(names ...string) string {
	return `"members":` + values(names...)
}

func values(names ...string) string {
	items := make([]string, len(names))
	for i, name := range names {
		items[i] = `{"value":"${` + name + `}"}`
	}
	return `[` + strings.Join(items, ",") + `]`
}

// mine restricts a list to the users of the case.
const mine = `userName sw "${unique}"`

func (s Step) status(codes ...int) Step {
	s.Status = codes
	return s
}

func (s Step) as(c Credential) Step {
	s.Credential = c
	return s
}

func (s Step) with(header, value string) Step {
	s.Header = maps.Clone(s.Header)
	if s.Header == nil {
		s.Header = map[string]string{}
	}
	s.Header[header] = value
	return s
}

func (s Step) check(d Demand) Step {
	s.Checks = append(slices.Clip(s.Checks), d)
	return s
}

func (s Step) at(pointer string, op Op, want string) Step {
	return s.check(Demand{Pointer: pointer, Op: op, Want: want})
}

func (s Step) like(want string) Step              { return s.at("", OpLike, want) }
func (s Step) is(pointer, want string) Step       { return s.at(pointer, OpLike, want) }
func (s Step) not(pointer, want string) Step      { return s.at(pointer, OpUnlike, want) }
func (s Step) contains(pointer, want string) Step { return s.at(pointer, OpContains, want) }
func (s Step) lacks(pointer, want string) Step    { return s.at(pointer, OpLacks, want) }
func (s Step) typ(pointer, want string) Step      { return s.at(pointer, OpType, want) }
func (s Step) header(name string, op Op, want string) Step {
	return s.check(Demand{Header: name, Op: op, Want: want})
}

func (s Step) present(pointers ...string) Step {
	for _, p := range pointers {
		s = s.at(p, OpPresent, "")
	}
	return s
}

func (s Step) absent(pointers ...string) Step {
	for _, p := range pointers {
		s = s.at(p, OpLike, "null")
	}
	return s
}

// finds checks a list: these users, as userName, in any order.
func (s Step) finds(names ...string) Step {
	items := make([]string, len(names))
	for i, name := range names {
		items[i] = `{"userName":"` + userName(name) + `"}`
	}
	return s.status(http.StatusOK).is("/totalResults", strconv.Itoa(len(names))).is("/Resources", `[`+strings.Join(items, ",")+`]`)
}

// fails checks an error: its status, its form, and if scimTypes are given,
// that it has one of them (RFC 7644 section 3.12).
func (s Step) fails(status int, scimTypes ...string) Step {
	s = s.status(status).contains("/schemas", `"`+errorMessage+`"`).is("/status", `"`+strconv.Itoa(status)+`"`)
	if len(scimTypes) > 0 {
		s = s.at("/scimType", OpOneOf, `["`+strings.Join(scimTypes, `","`)+`"]`)
	}
	return s
}

// refuses checks an error of status 400 whose scimType, which is optional
// (RFC 7644 section 3.12), is one of these if it is there.
func (s Step) refuses(scimTypes ...string) Step {
	return s.fails(http.StatusBadRequest).at("/scimType", OpOneOf, `[null,"`+strings.Join(scimTypes, `","`)+`"]`)
}

func (s Step) capture(name, from string) Step {
	s.Capture = maps.Clone(s.Capture)
	if s.Capture == nil {
		s.Capture = map[string]string{}
	}
	s.Capture[name] = from
	return s
}
