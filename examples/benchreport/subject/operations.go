package subject

import (
	"fmt"
	"net/http"
	"net/url"
)

// Operation is one row of the comparison.
type Operation struct {
	Name    string // as benchmarks are named
	Title   string // as the report has it
	Members int    // members of the group that is loaded; 0: users are loaded
	Status  int    // of every answer
	Without string // a subject that does not have it

	// Most are the targets: our time by that of the floor, the same without
	// the harness in both, and allocations without the harness by those of
	// the floor. 0 is none.
	Most, MostNet, MostAllocs float64

	// Request returns the request of number i.
	Request func(s *Subject, i int) Request

	// Undo returns the request that puts back what number i changed; nil if
	// nothing has to be.
	Undo func(s *Subject, i int) Request
}

// Operations returns the rows in order.
func Operations() []Operation {
	out := []Operation{
		{
			Name: "GetUser", Title: "GET by id", Status: http.StatusOK, Most: 0.6, MostNet: 0.5, MostAllocs: 1,
			Request: func(s *Subject, i int) Request { return Request{Method: http.MethodGet, Target: "/Users/" + s.user(i)} },
		},
		search("FilterUserName", `userName eq`, `userName eq "hanako.yamada.%07d@example.com"`),
		search("FilterExternalID", `externalId eq`, `externalId eq "00u%07d"`),
		search("FilterEmail", `emails[type eq "work"].value eq`, `emails[type eq "work"].value eq "hanako.yamada.%07d@example.com"`),
		{
			Name: "List100", Title: "list of 100", Status: http.StatusOK, Most: 0.25, MostAllocs: 0.5,
			Request: func(*Subject, int) Request { return Request{Method: http.MethodGet, Target: "/Users?count=100"} },
		},
		{
			Name: "PatchActive", Title: "PATCH active=false (Entra's shape)", Status: http.StatusOK, Most: 1, MostAllocs: 1,
			Request: func(s *Subject, i int) Request {
				return Request{http.MethodPatch, "/Users/" + s.user(i), fmt.Sprintf(patchActive, i/len(s.Users)%2 == 0 != (i%len(s.Users)%2 == 0))}
			},
		},
	}
	for _, size := range []int{10_000, 100_000} {
		out = append(out, members(size)...)
	}
	return append(out, Operation{
		Name: "PatchMember10000Answer", Title: "PATCH add a member, group of 10,000, answer 200", Members: 10_000, Status: http.StatusOK, Most: 0.3, MostAllocs: 1,
		Request: func(s *Subject, i int) Request {
			r := addMembers(s, s.outside(i))
			r.Target += "?attributes=displayName,members"
			return r
		},
		Undo: func(s *Subject, i int) Request { return removeMember(s, s.outside(i)) },
	}, Operation{
		Name: "PutUser", Title: "PUT user", Status: http.StatusOK, Most: 1, MostAllocs: 0.5,
		Request: func(s *Subject, i int) Request {
			at := i % len(s.Users)
			return Request{http.MethodPut, "/Users/" + s.user(i), UserJSON(at, fmt.Sprint("Engineer ", i/len(s.Users)+1))}
		},
	}, Operation{
		Name: "PostUser", Title: "POST user", Status: http.StatusCreated, Most: 1, MostAllocs: 0.5,
		Request: func(s *Subject, i int) Request {
			return Request{http.MethodPost, "/Users", UserJSON(len(s.Users)+i, "Engineer")}
		},
	})
}

// patchActive is what Entra sends to disable an account.
const patchActive = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"active","value":%t}]}`

// user returns the id of a user for request i, spread over all of them.
func (s *Subject) user(i int) string { return s.Users[i%len(s.Users)] }

// outside returns the id of a user that is not in the group.
func (s *Subject) outside(i int) string { return s.Users[len(s.Users)-1-i%spare] }

// Chunk is how many requests are made at a time: no more than a group has
// spare users.
const Chunk = 1000

// Chunk returns the requests from number i on, and those that put back what
// they changed.
func (o *Operation) Chunk(s *Subject, i int) (do, undo []Request) {
	for n := range Chunk {
		do = append(do, o.Request(s, i+n))
		if o.Undo != nil {
			undo = append(undo, o.Undo(s, i+n))
		}
	}
	return do, undo
}

func search(name, title, filter string) Operation {
	o := Operation{
		Name: name, Title: "GET " + title, Status: http.StatusOK, Most: 0.8, MostAllocs: 1,
		Request: func(s *Subject, i int) Request {
			return Request{Method: http.MethodGet, Target: "/Users?filter=" + url.QueryEscape(fmt.Sprintf(filter, i*7919%len(s.Users)))}
		},
	}
	if name != "FilterUserName" {
		o.Without = "elimity" // it refuses externalId, and a test behind a bracket
	}
	return o
}

func members(size int) []Operation {
	return []Operation{{
		Name: fmt.Sprint("PatchAddMember", size), Title: fmt.Sprintf("PATCH add a member, group of %d,000, answer 204", size/1000),
		Members: size, Status: http.StatusNoContent, Most: 1, MostAllocs: 1,
		Request: func(s *Subject, i int) Request { return addMembers(s, s.outside(i)) },
		Undo:    func(s *Subject, i int) Request { return removeMember(s, s.outside(i)) },
	}, {
		Name: fmt.Sprint("PatchRemoveMember", size), Title: fmt.Sprintf("PATCH remove a member, group of %d,000, answer 204", size/1000),
		Members: size, Status: http.StatusNoContent, Most: 1, MostAllocs: 1,
		Request: func(s *Subject, i int) Request { return removeMember(s, s.user(i%spare)) },
		Undo:    func(s *Subject, i int) Request { return addMembers(s, s.user(i%spare)) },
	}}
}
