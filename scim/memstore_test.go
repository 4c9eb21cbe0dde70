package scim_test

import (
	"testing"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/scimtest"
)

func newMemoryStore(*testing.T) scim.Store { return scim.NewMemoryStore() }

func TestMemoryStore(t *testing.T) {
	scimtest.TestStore(t, newMemoryStore)
}

// TestZeroMemoryStore: the zero value is an empty store.
func TestZeroMemoryStore(t *testing.T) {
	scimtest.TestStore(t, func(*testing.T) scim.Store { return &scim.MemoryStore{} })
}

func TestMemoryStoreConcurrent(t *testing.T) {
	scimtest.TestStoreConcurrent(t, newMemoryStore)
}

func BenchmarkMemoryStore(b *testing.B) {
	scimtest.BenchStore(b, func(*testing.B) scim.Store { return scim.NewMemoryStore() })
}
