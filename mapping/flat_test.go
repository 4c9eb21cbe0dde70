package mapping_test

import (
	"flag"
	"runtime"
	"testing"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

var records = flag.Int("records", 20_000, "records of TestMapKeepsNothing; 1000000 for the long run")

// TestMapKeepsNothing: mapping many records needs no more memory than mapping
// one, because nothing of them is kept.
func TestMapKeepsNothing(t *testing.T) {
	c, rec := compiled(t, mapping.EntraUser(), scim.UserType()), zohoRecord()
	held := func(n int) uint64 {
		for range n {
			if _, err := c.Map(rec, mapping.Create); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := held(1000)
	if after := held(*records); after > before+1<<20 {
		t.Errorf("the heap has grown from %d to %d bytes", before, after)
	}
}
