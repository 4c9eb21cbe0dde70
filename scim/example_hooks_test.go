package scim_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"regexp"
	"strings"
	"time"

	"github.com/zohoscim/zohoscim/scim"
)

const exampleToken = "a-token-of-16-bytes-or-more"

// exampleService is a service provider in memory.
func exampleService(o *scim.ServerOptions) *scim.Server {
	token, err := scim.NewStaticToken(scim.NewSecret(exampleToken), scim.Subject{ID: "entra"}, time.Time{})
	if err != nil {
		log.Fatal(err)
	}
	auth, err := scim.NewStaticTokens(token)
	if err != nil {
		log.Fatal(err)
	}
	server, err := scim.NewServer(scim.NewMemoryStore(), auth, o)
	if err != nil {
		log.Fatal(err)
	}
	return server
}

// request sends a request and returns the answer.
func request(server *scim.Server, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+exampleToken)
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	return w
}

// idOf returns the id in the Location of what was created.
func idOf(w *httptest.ResponseRecorder) string {
	location := w.Header().Get("Location")
	return location[strings.LastIndex(location, "/")+1:]
}

// A user and a group with this user as its member are made by one request.
// The group comes first: it waits for the user.
func ExampleNewServer_bulk() {
	server := exampleService(&scim.ServerOptions{BaseURL: "https://example.com/scim/v2"})
	w := request(server, "POST", "/Bulk", `{
		"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
		"Operations": [
			{"method": "POST", "path": "/Groups", "bulkId": "tokyo", "data": {
				"displayName": "Tokyo", "members": [{"value": "bulkId:hanako"}]}},
			{"method": "POST", "path": "/Users", "bulkId": "hanako", "data": {
				"userName": "hanako@example.com"}},
			{"method": "DELETE", "path": "/Users/nobody"}
		]}`)
	fmt.Println(w.Code)
	for _, result := range regexp.MustCompile(`"method":"\w+"(,"bulkId":"\w+")?|"status":"\d+"[,}]`).FindAllString(w.Body.String(), -1) {
		fmt.Println(result)
	}

	groups := request(server, "GET", "/Groups?attributes=members.type,displayName", "")
	_, members, _ := strings.Cut(groups.Body.String(), `"members":`)
	fmt.Println(members[:strings.Index(members, "]")+1])
	// Output:
	// 200
	// "method":"POST","bulkId":"tokyo"
	// "status":"201"}
	// "method":"POST","bulkId":"hanako"
	// "status":"201"}
	// "method":"DELETE"
	// "status":"404",
	// "status":"404",
	// [{"type":"User"}]
}

// sessions are those of the service that the accounts are for.
type sessions map[string]int

func (s sessions) end(id string) { delete(s, id) }

// The sessions of an account have ended when the sender hears that it is
// disabled or deleted.
func ExampleHooks() {
	open := sessions{}
	server := exampleService(&scim.ServerOptions{Hooks: scim.Hooks{
		After: func(_ context.Context, w *scim.Write) error {
			if w.Disabled() {
				open.end(w.Ref.ID)
			}
			return nil
		},
	}})
	id := idOf(request(server, "POST", "/Users", `{"userName":"hanako@example.com"}`))
	open[id] = 2

	w := request(server, "PATCH", "/Users/"+id, `{"Operations":[{"op":"replace","path":"active","value":false}]}`)
	fmt.Println(w.Code, len(open))
	// Output: 200 0
}

// Accounts that provisioning never touches: the owners of the service.
func ExampleHooks_protect() {
	protect := func(_ context.Context, w *scim.Write) error {
		if w.Old != nil && w.Old.Get("userType").Text() == "Owner" {
			return scim.NewError(scim.KindForbidden, "the account is an owner's: change it in the service", nil)
		}
		return nil
	}
	server := exampleService(&scim.ServerOptions{Hooks: scim.Hooks{Before: protect}})
	id := idOf(request(server, "POST", "/Users", `{"userName":"owner@example.com","userType":"Owner"}`))

	for _, change := range []struct{ method, body string }{
		{"PATCH", `{"Operations":[{"op":"replace","path":"active","value":false}]}`},
		{"PUT", `{"userName":"owner@example.com","userType":"Employee"}`},
		{"DELETE", ""},
	} {
		fmt.Println(change.method, request(server, change.method, "/Users/"+id, change.body).Code)
	}
	fmt.Println(strings.Contains(request(server, "GET", "/Users/"+id, "").Body.String(), `"active":true`))
	// Output:
	// PATCH 403
	// PUT 403
	// DELETE 403
	// true
}

// A hook sees which members a group gained and lost, not the whole group.
func ExampleWrite() {
	server := exampleService(&scim.ServerOptions{Hooks: scim.Hooks{
		After: func(_ context.Context, w *scim.Write) error {
			fmt.Println(w.Method, w.Ref.Type.Name(), w.Changed, len(w.Added), w.Removed)
			return nil
		},
	}})
	id := idOf(request(server, "POST", "/Groups", `{"displayName":"Tokyo","members":[{"value":"1"},{"value":"2"}]}`))
	remove := `{"Operations":[{"op":"remove","path":"members[value eq \"2\"]"}]}`
	request(server, "PATCH", "/Groups/"+id, remove)
	request(server, "PATCH", "/Groups/"+id, remove) // again: the hook may have failed
	// Output:
	// POST Group true 2 []
	// PATCH Group true 0 [2]
	// PATCH Group false 0 [2]
}

// counter counts what a server does. A tracer would begin a span in Start and
// end it in End.
type counter struct{}

func (counter) Start(ctx context.Context, _ scim.Activity) context.Context { return ctx }

func (counter) End(_ context.Context, a scim.Activity, o scim.Outcome) {
	fmt.Printf("action=%s type=%s bulk=%v status=%d\n", a.Action, a.Type, a.InBulk, o.Status)
}

func ExampleObserver() {
	server := exampleService(&scim.ServerOptions{Observer: counter{}})
	request(server, "GET", "/Users?filter=userName+eq+%22hanako%22", "")
	request(server, "POST", "/Bulk", `{"Operations":[{"method":"POST","path":"/Users","bulkId":"1","data":{"userName":"hanako"}}]}`)
	request(server, "GET", "/Groups/none", "")
	// Output:
	// action=query type=User bulk=false status=200
	// action=create type=User bulk=true status=201
	// action=bulk type= bulk=false status=200
	// action=read type=Group bulk=false status=404
}

// The authenticator says which resource is the subject's own.
func ExampleSubject() {
	store := scim.NewMemoryStore()
	id := ""
	auth := scim.VerifyBearer(func(_ context.Context, token string) (scim.Subject, error) {
		if token != exampleToken {
			return scim.Subject{}, scim.ErrUnauthorized
		}
		return scim.Subject{ID: "hanako", Resource: scim.Ref{Type: scim.UserType(), ID: id}}, nil
	})
	server, err := scim.NewServer(store, auth, &scim.ServerOptions{BaseURL: "https://example.com/scim/v2"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(request(server, "GET", "/Me", "").Code) // there is none yet

	id = idOf(request(server, "POST", "/Users", `{"userName":"hanako@example.com"}`))
	w := request(server, "GET", "/Me?attributes=userName", "")
	fmt.Println(w.Code, strings.Replace(w.Header().Get("Location"), id, "{id}", 1))
	// Output:
	// 501
	// 200 https://example.com/scim/v2/Users/{id}
}
