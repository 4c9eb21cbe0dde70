package sqlstore

import (
	"flag"
	"sync"
	"testing"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/scimtest"
)

// newStores are the stores that the suites are run on.
var newStores = []struct {
	name     string
	newStore func(t testing.TB) scim.Store
}{
	{"SQLite", func(t testing.TB) scim.Store { return newStore(t, relaxed(t, SQLite), SQLite, nil) }},
	{"PostgreSQL", func(t testing.TB) scim.Store { return newStore(t, relaxed(t, PostgreSQL), PostgreSQL, nil) }},
}

func TestStore(t *testing.T) {
	for _, s := range newStores {
		t.Run(s.name, func(t *testing.T) { scimtest.TestStore(t, inTest(s.newStore)) })
	}
}

func TestStoreConcurrent(t *testing.T) {
	for _, s := range newStores {
		t.Run(s.name, func(t *testing.T) { scimtest.TestStoreConcurrent(t, inTest(s.newStore)) })
	}
}

var tenantHistories = flag.Int("histories", 32, "histories of TestTenantIsolation on each database; 1000 for the long run")

// TestTenantIsolation: nothing of one tenant or connection reaches another. In
// its short form only the store that all share is in PostgreSQL, and those with
// whose answers its answers are compared are in SQLite: to make 33 databases
// costs more than the histories.
func TestTenantIsolation(t *testing.T) {
	short := *tenantHistories <= 32
	for _, s := range newStores {
		t.Run(s.name, func(t *testing.T) {
			var shared sync.Map // names of subtests that have one
			scimtest.TestStoreIsolation(t, func(t *testing.T) scim.Store {
				if _, later := shared.LoadOrStore(t.Name(), true); later && short {
					return newStores[0].newStore(t)
				}
				return s.newStore(t)
			}, *tenantHistories)
		})
	}
}

func BenchmarkStore(b *testing.B) {
	for _, s := range newStores {
		b.Run(s.name, func(b *testing.B) { scimtest.BenchStore(b, func(b *testing.B) scim.Store { return s.newStore(b) }) })
	}
}

func inTest(newStore func(t testing.TB) scim.Store) func(t *testing.T) scim.Store {
	return func(t *testing.T) scim.Store { return newStore(t) }
}
