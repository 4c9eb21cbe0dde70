package directory

import (
	"testing"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/scimtest"
)

// newStore returns a directory over the accounts of a service, which keeps
// tenants apart.
func newStore(t *testing.T, b base) scim.Store {
	t.Helper()
	return newWorld(t, b, &Settings{StatusSync: StatusSync{OnLeaveGroup: Deactivate}}, Options{}, newService()).d
}

func TestStore(t *testing.T) {
	for _, b := range bases {
		t.Run(b.name, func(t *testing.T) {
			scimtest.TestStore(t, func(t *testing.T) scim.Store { return newStore(t, b) })
		})
	}
}

func TestStoreConcurrent(t *testing.T) {
	for _, b := range fewBases() {
		t.Run(b.name, func(t *testing.T) {
			scimtest.TestStoreConcurrent(t, func(t *testing.T) scim.Store { return newStore(t, b) })
		})
	}
}

func TestTenantIsolation(t *testing.T) {
	for _, b := range fewBases() {
		t.Run(b.name, func(t *testing.T) {
			scimtest.TestStoreIsolation(t, func(t *testing.T) scim.Store { return newStore(t, b) }, 4)
		})
	}
}
