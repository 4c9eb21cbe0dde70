package scim

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

func TestMintAndRotate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		subject := Subject{Scope: Scope{Tenant: "t", Connection: "c"}, ID: "entra"}
		oldSecret, oldToken, err := MintToken(subject, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		newSecret, newToken, err := MintToken(subject, 0)
		if err != nil {
			t.Fatal(err)
		}
		if oldSecret.Equal(newSecret) || len(newSecret.Reveal()) < 43 {
			t.Error("a token is not 256 random bits")
		}
		stored, err := json.Marshal(oldToken)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(stored), oldSecret.Reveal()) {
			t.Error("what is kept holds the secret")
		}
		var loaded StaticToken
		if err := json.Unmarshal(stored, &loaded); err != nil {
			t.Fatal(err)
		}
		auth, err := NewStaticTokens(loaded)
		if err != nil {
			t.Fatal(err)
		}
		try := func(s Secret) bool {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+s.Reveal())
			got, err := auth.Authenticate(r)
			return err == nil && cmp.Diff(subject, got) == ""
		}
		check := func(when string, wantOld, wantNew bool) {
			t.Helper()
			if o, n := try(oldSecret), try(newSecret); o != wantOld || n != wantNew {
				t.Errorf("%s: old %v, new %v; want %v, %v", when, o, n, wantOld, wantNew)
			}
		}
		check("at first", true, false)
		if err := auth.Replace(loaded, newToken); err != nil {
			t.Fatal(err)
		}
		check("while both are valid", true, true)
		time.Sleep(time.Hour)
		check("after the old one's life", false, true)
		if !loaded.Expires().Before(time.Now().Add(time.Nanosecond)) || loaded.Subject() != subject {
			t.Errorf("loaded: %v %v", loaded.Expires(), loaded.Subject())
		}
	})
}

func TestTokensThatAreRefused(t *testing.T) {
	if _, _, err := MintToken(Subject{}, -time.Second); err == nil {
		t.Error("a token of the past was minted")
	}
	if _, err := json.Marshal(StaticToken{}); err == nil {
		t.Error("the zero token was stored")
	}
	for reason, data := range map[string]string{
		"no hash": `{}`, "a short hash": `{"sha256":"AAAA"}`, "another member": `{"sha256":"AAAA","token":"x"}`, "no object": `"x"`,
	} {
		var token StaticToken
		if err := json.Unmarshal([]byte(data), &token); err == nil {
			t.Errorf("%s was read as a token", reason)
		}
	}
}

// whoStore notes who asks.
type whoStore struct {
	*MemoryStore
	asked []Subject
}

func (w *whoStore) List(ctx context.Context, q *Query) (*Page, error) {
	w.asked = append(w.asked, SubjectFrom(ctx))
	return w.MemoryStore.List(ctx, q)
}

func TestStoreKnowsWhoAsks(t *testing.T) {
	subject := Subject{Scope: Scope{Tenant: "t", Connection: "c"}, ID: "okta"}
	store := &whoStore{MemoryStore: NewMemoryStore()}
	s, err := NewServer(store, VerifyBearer(func(context.Context, string) (Subject, error) { return subject, nil }), nil)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/Users", nil)
	r.Header.Set("Authorization", "Bearer x")
	s.ServeHTTP(httptest.NewRecorder(), r)
	if diff := cmp.Diff([]Subject{subject}, store.asked); diff != "" {
		t.Error(diff)
	}
	if got := ScopeFrom(WithScope(WithSubject(t.Context(), subject), Scope{Tenant: "u"})); got.Tenant != "u" || got.Connection != "" {
		t.Errorf("scope %+v", got)
	}
}
