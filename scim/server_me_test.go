package scim

import (
	"context"
	"strings"
	"testing"
)

// TestMe: the alias is the resource, for every method that it has.
func TestMe(t *testing.T) {
	store := NewMemoryStore()
	subject := Subject{}
	s, err := NewServer(store, VerifyBearer(func(context.Context, string) (Subject, error) { return subject, nil }), &ServerOptions{BaseURL: "https://example.com/scim"})
	if err != nil {
		t.Fatal(err)
	}
	id := createdID(ask(s, "POST", "/Users", `{"userName":"u"}`))
	group := createdID(ask(s, "POST", "/Groups", `{"displayName":"g"}`))
	other, err := NewResourceType("User", UserType().Schema(), &ResourceTypeOptions{Owners: "groups"})
	if err != nil {
		t.Fatal(err)
	}
	me := Subject{Resource: Ref{UserType(), id}}
	for _, tt := range []struct {
		reason, method, target, body string
		subject                      Subject
		status                       int
		holds                        string
	}{
		{"no resource belongs to the subject", "GET", "/Me", "", Subject{}, 501, "no resource"},
		{"an id without a type", "GET", "/Me", "", Subject{Resource: Ref{nil, id}}, 501, "no resource"},
		{"a type that is not served", "GET", "/Me", "", Subject{Resource: Ref{doorType(t), id}}, 501, "no resource"},
		{"the resource is gone", "GET", "/Me", "", Subject{Resource: Ref{UserType(), "gone"}}, 404, "no such"},
		{"the resource of another scope", "GET", "/Me", "", Subject{Scope: Scope{Tenant: "x"}, Resource: Ref{UserType(), id}}, 404, "no such"},
		{"GET", "GET", "/Me", "", me, 200, `"userName":"u"`},
		{"the server's own type of that name", "GET", "/me/", "", Subject{Resource: Ref{other, id}}, 200, `"userName":"u"`},
		{"a projection", "GET", "/Me?attributes=userName", "", me, 200, `"userName":"u","id"`},
		{"HEAD", "HEAD", "/Me", "", me, 200, ""},
		{"PATCH", "PATCH", "/Me", patchBody(`{"op":"add","path":"title","value":"T"}`), me, 200, `"title":"T"`},
		{"PUT", "PUT", "/Me", `{"userName":"v"}`, me, 200, `"userName":"v"`},
		{"a group", "GET", "/Me", "", Subject{Resource: Ref{GroupType(), group}}, 200, `"displayName":"g"`},
		{"POST: who has a resource needs no other", "POST", "/Me", `{"userName":"w"}`, me, 405, "method"},
		{"below it", "GET", "/Me/x", "", me, 404, "endpoint"},
		{"of an operation of a bulk request", "POST", "/Bulk", bulkBody(`{"method":"PATCH","path":"/Me","data":{"Operations":[{"op":"add","path":"title","value":"B"}]}}`), me, 200, `"location":"https://example.com/scim/Users/` + id + `","method":"PATCH","version":"W/\"4\"","status":"200"`},
		{"DELETE", "DELETE", "/Me", "", me, 204, ""},
		{"afterwards", "GET", "/Me", "", me, 404, "no such"},
	} {
		subject = tt.subject
		w := ask(s, tt.method, tt.target, tt.body)
		if tt.reason == "a projection" {
			tt.holds = `"id":"` + id + `","userName":"u"`
		}
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.holds) {
			t.Errorf("%s: %d %s", tt.reason, w.Code, w.Body)
		}
		want := ""
		if ref := tt.subject.Resource; ref.Type != nil && ref.Type.Name() != "Door" && strings.EqualFold(strings.Trim(tt.target, "/"), "me") {
			want = "https://example.com/scim" + ref.Type.Endpoint() + "/" + ref.ID
		}
		if got := w.Header().Get("Location"); want != "" && got != want {
			t.Errorf("%s: Location is %q, want %q", tt.reason, got, want)
		}
	}
}
