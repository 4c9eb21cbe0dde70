package elimity_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	theirs "github.com/elimity-com/scim"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/elimity"
)

func exampleAuth() scim.Authenticator {
	static, err := scim.NewStaticToken(scim.NewSecret(token), scim.Subject{}, time.Time{})
	if err != nil {
		log.Fatal(err)
	}
	auth, err := scim.NewStaticTokens(static)
	if err != nil {
		log.Fatal(err)
	}
	return auth
}

// show sends requests and prints the answers.
func show(h http.Handler) {
	made := send(h, "POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"user1@example.com"}`)
	fmt.Println(made.status, made.body["userName"])
	found := send(h, "GET", "/Users?filter=userName+eq+%22USER1@example.com%22", "")
	fmt.Println(found.status, found.body["totalResults"])
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/Users", nil))
	fmt.Println(w.Code, "without a token")
}

// A resource handler that was written for elimity's server, under ours.
func ExampleNewStore() {
	store, err := elimity.NewStore([]theirs.ResourceType{users(newTable())}, nil)
	if err != nil {
		log.Fatal(err)
	}
	server, err := scim.NewServer(store, exampleAuth(), &scim.ServerOptions{Types: store.Types()})
	if err != nil {
		log.Fatal(err)
	}
	show(elimity.Requests(server))
	// Output:
	// 201 user1@example.com
	// 200 1
	// 401 without a token
}

// One of our stores under elimity's server.
func ExampleNewHandler() {
	handler, err := elimity.NewHandler(scim.NewMemoryStore(), scim.UserType())
	if err != nil {
		log.Fatal(err)
	}
	guard, err := elimity.NewGuard(&theirs.ServerArgs{
		ServiceProviderConfig: &theirs.ServiceProviderConfig{SupportFiltering: true, SupportPatch: true},
		ResourceTypes:         []theirs.ResourceType{users(handler)},
	}, exampleAuth(), nil)
	if err != nil {
		log.Fatal(err)
	}
	show(guard)
	// Output:
	// 201 user1@example.com
	// 200 1
	// 401 without a token
}

// Elimity's server and handler, guarded. The handler leaves filters alone, so
// the answer holds whatever it has.
func ExampleNewGuard() {
	guard, err := elimity.NewGuard(&theirs.ServerArgs{
		ServiceProviderConfig: &theirs.ServiceProviderConfig{},
		ResourceTypes:         []theirs.ResourceType{users(newTable())},
	}, exampleAuth(), nil)
	if err != nil {
		log.Fatal(err)
	}
	show(guard)
	// Output:
	// 201 user1@example.com
	// 200 1
	// 401 without a token
}

func ExampleResourceType() {
	t, err := elimity.ResourceType(users(newTable()))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(t.Name(), t.Endpoint(), t.Schema().ID)
	fmt.Println(t.Extensions()[0].Schema.ID)
	// Output:
	// User /Users urn:ietf:params:scim:schemas:core:2.0:User
	// urn:ietf:params:scim:schemas:extension:enterprise:2.0:User
}

func ExampleSchema() {
	s, err := elimity.Schema(users(nil).Schema)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(s.ID, s.Attributes[0].Name)
	// Output: urn:ietf:params:scim:schemas:core:2.0:User userName
}
