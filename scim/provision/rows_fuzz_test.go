package provision

import (
	"bytes"
	"testing"

	"github.com/zohoscim/zohoscim/mapping"
)

// What was read of the source and kept is the same when it is read and kept
// again: an object in escrow is known by it.
func FuzzObjectRow(f *testing.F) {
	for _, obj := range []Object{
		user("1", nil),
		{Type: Group, Key: "g", Members: []string{}, Record: mapping.Record{"list": []string{"a"}, "n": int64(1), "f": 1.5, "none": nil}},
		{Type: Group, Key: "g", Joined: []string{"1"}, Left: []string{"2"}, Deleted: HardDeleted},
	} {
		data, err := encodeObject(obj)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		obj, err := decodeObject(data)
		if err != nil {
			return
		}
		first, err := encodeObject(obj)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeObject(first)
		if err != nil {
			t.Fatal(err)
		}
		if second, err := encodeObject(again); err != nil || !bytes.Equal(first, second) {
			t.Errorf("%v\n%s\n%s", err, first, second)
		}
	})
}
