package provision

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/zohoscim/zohoscim/mapping"
)

func steps(o *OnDemand) []string {
	var out []string
	for _, s := range o.Steps {
		out = append(out, s.Name+": "+string(s.Status))
	}
	return out
}

func TestProvisionOnDemand(t *testing.T) {
	linked := func(f *fixture) { f.cycle() }
	for _, tt := range []struct {
		reason string
		setUp  func(*fixture)
		object Object
		want   []string
		action Action
		err    error
		users  []string
	}{
		{"a new user is created", nil, user("1", nil), []string{"Import: success", "Determine scope: success", "Match: success", "Perform action: success"}, Created, nil, []string{"user1@example.com true"}},
		{"an unchanged user is left alone", linked, user("1", nil), []string{"Import: success", "Determine scope: success", "Match: success", "Perform action: skipped"}, Skipped, nil, []string{"user1@example.com true"}},
		{"a changed user is updated", linked, user("1", mapping.Record{"jobTitle": "Lead"}), []string{"Import: success", "Determine scope: success", "Match: success", "Perform action: success"}, Updated, nil, []string{"user1@example.com true Lead"}},
		{"a disabled user that was never provisioned is not created", nil, user("1", mapping.Record{"accountEnabled": false}), []string{"Import: success", "Determine scope: success", "Perform action: skipped"}, Skipped, nil, nil},
		{"a disabled user is disabled", linked, user("1", mapping.Record{"accountEnabled": "False"}), []string{"Import: success", "Determine scope: success", "Match: success", "Perform action: success"}, Disabled, nil, []string{"user1@example.com false"}},
		{"a user without the matching attribute", nil, user("1", mapping.Record{"userPrincipalName": nil}), []string{"Import: success", "Determine scope: success", "Perform action: failure"}, Failed, &Error{Code: CodeImportSkipped}, nil},
		{"a user that the source does not have", nil, user("2", nil), []string{"Import: failure"}, Skipped, ErrNotFound, nil},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			f := newFixture(t, nil)
			f.source.set(user("1", nil))
			if tt.setUp != nil {
				tt.setUp(f)
			}
			f.source.set(tt.object)
			got, err := f.engine.ProvisionOnDemand(t.Context(), User, "1")
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, steps(got)); diff != "" {
				t.Errorf("steps:\n%s", diff)
			}
			if got.Action() != tt.action {
				t.Errorf("action %s, want %s", got.Action(), tt.action)
			}
			f.wantUsers(tt.users...)
			if !strings.Contains(got.String(), "Import") {
				t.Errorf("text: %s", got)
			}
		})
	}
}

// finder is a source that can fetch one object.
type finder struct {
	testSource
	asked int
}

func (f *finder) Find(_ context.Context, typ, key string) (Object, error) {
	f.asked++
	if typ != User || key != "1" {
		return Object{}, ErrNotFound
	}
	return user("1", nil), nil
}

func TestOnDemandUsesFinder(t *testing.T) {
	f := newFixture(t, nil)
	source := &finder{}
	engine, err := New(f.job, source, f.client, f.state, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := engine.ProvisionOnDemand(t.Context(), User, "1"); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.ProvisionOnDemand(t.Context(), User, "2"); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if source.asked != 2 || len(source.cursors) != 0 {
		t.Errorf("the source was read whole: %v", source.cursors)
	}
	f.wantUsers("user1@example.com true")
}
