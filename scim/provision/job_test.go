package provision

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

func TestParseJob(t *testing.T) {
	for _, tt := range []struct{ reason, job, says string }{
		{"the least", `{"name":"j","syncUrl":"https://one.zoho.jp/scim"}`, ""},
		{"everything", `{"name":"j","syncUrl":"https://one.zoho.jp/scim","dataCenter":"jp","credential":"zoho-one","interval":"20m","adopt":"matching","maxDeletes":5,"noGroups":true,"workers":2,"skipOutOfScopeDeletions":true,"users":{"target":"User","rules":[{"target":"userName","attribute":"userPrincipalName","matching":1}]}}`, ""},
		{"a setting that is not there", `{"name":"j","syncUrl":"https://one.zoho.jp/scim","maxDelete":5}`, "maxDelete"},
		{"no name", `{"syncUrl":"https://one.zoho.jp/scim"}`, "name"},
		{"no sync URL", `{"name":"j"}`, "syncUrl"},
		{"a bad sync URL", `{"name":"j","syncUrl":"one.zoho.jp"}`, "syncUrl"},
		{"plain http", `{"name":"j","syncUrl":"http://one.zoho.jp/scim"}`, "syncUrl"},
		{"another data center", `{"name":"j","syncUrl":"https://one.zoho.jp/scim","dataCenter":"eu"}`, "accounts.zoho.jp"},
		{"an interval without a unit", `{"name":"j","syncUrl":"https://one.zoho.jp/scim","interval":"40"}`, "interval"},
		{"an interval that hammers", `{"name":"j","syncUrl":"https://one.zoho.jp/scim","interval":"1ms"}`, "interval"},
		{"an unknown policy", `{"name":"j","syncUrl":"https://one.zoho.jp/scim","adopt":"all"}`, "adopt"},
		{"a negative limit", `{"name":"j","syncUrl":"https://one.zoho.jp/scim","maxDeletes":-1}`, "maxDeletes"},
		{"too many workers", `{"name":"j","syncUrl":"https://one.zoho.jp/scim","workers":5000}`, "workers"},
		{"a duplicate member", `{"name":"j","name":"k","syncUrl":"https://one.zoho.jp/scim"}`, "name"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			j, err := ParseJob([]byte(tt.job))
			if tt.says == "" {
				if err != nil {
					t.Fatal(err)
				}
				data, err := json.Marshal(j)
				if err != nil {
					t.Fatal(err)
				}
				again, err := ParseJob(data)
				if diff := cmp.Diff(j, again); err != nil || diff != "" {
					t.Errorf("saved and loaded: %v\n%s", err, diff)
				}
				return
			}
			if !errors.Is(err, ErrInvalidJob) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want one that says %q", err, tt.says)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	f := newFixture(t, nil)
	bad := *f.job
	bad.Users = mapping.ZohoOneUser().With(mapping.Direct("color", "favouriteColour"))
	for _, tt := range []struct {
		reason, says string
		make         func() (*Engine, error)
	}{
		{"no job", "needs a job", func() (*Engine, error) { return New(nil, f.source, f.client, f.state, nil) }},
		{"no source", "a source", func() (*Engine, error) { return New(f.job, nil, f.client, f.state, nil) }},
		{"no target", "a target", func() (*Engine, error) { return New(f.job, f.source, nil, f.state, nil) }},
		{"no state", "a state", func() (*Engine, error) { return New(f.job, f.source, f.client, nil, nil) }},
		{"a mapping that names an unknown attribute", "favouriteColour", func() (*Engine, error) { return New(&bad, f.source, f.client, f.state, nil) }},
	} {
		if _, err := tt.make(); !errors.Is(err, ErrInvalidJob) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: got %v, want one that says %q", tt.reason, err, tt.says)
		}
	}
}

func TestManagerIsAReference(t *testing.T) {
	f := newFixture(t, func(j *Job) { j.Users = mapping.EntraUser() })
	// The fake Zoho One has no enterprise extension; a full server has.
	server, err := scim.NewServer(scim.NewMemoryStore(), scim.VerifyBearer(func(context.Context, string) (scim.Subject, error) {
		return scim.Subject{}, nil
	}), &scim.ServerOptions{BaseURL: "/scim"})
	if err != nil {
		t.Fatal(err)
	}
	writes := 0
	f.breakWith(func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet {
				writes++
			}
			server.ServeHTTP(w, r)
		})
	})
	f.job.Workers = 1
	f.restart()
	// The manager comes after the user, and so gets its id later.
	f.source.set(user("1", mapping.Record{"manager": "2"}), user("2", nil))
	f.cycle()
	find := func(key string) *scim.User {
		u, err := f.client.Users().Find(t.Context(), scim.FilterEq("userName", "user"+key+"@example.com"))
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	boss := find("2")
	if u := find("1"); u.Enterprise == nil || u.Enterprise.Manager.Value != boss.ID {
		t.Errorf("the manager is not the id of the second user")
	}
	if writes != 3 {
		t.Errorf("%d writes, want two creates and one late reference", writes)
	}
	if f.cycle(); writes != 3 {
		t.Errorf("the reference is set: %d writes", writes)
	}
}
