package scim_test

import (
	"flag"
	"testing"

	"github.com/zohoscim/zohoscim/scim/scimtest"
)

var tenantHistories = flag.Int("histories", 1000, "histories of TestTenantIsolation")

// TestTenantIsolation runs the histories of 16 tenants with 2 connections each on
// one server and one store: every answer is the one that the same history gets
// alone.
func TestTenantIsolation(t *testing.T) {
	scimtest.TestStoreIsolation(t, newMemoryStore, *tenantHistories)
}
