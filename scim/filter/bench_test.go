package filter_test

import (
	"testing"

	"github.com/zohoscim/zohoscim/scim/filter"
)

func BenchmarkParse(b *testing.B) {
	for _, bb := range []struct{ name, in string }{
		{"match", `userName eq "bjensen@example.com"`},
		{"values", `emails[type eq "work" and value co "example.com"] and active eq true`},
		{"entra", `emails[type eq "work"].value eq "bjensen@example.com"`},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := filter.Parse(bb.in, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParsePath(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := filter.ParsePath(`addresses[type eq "work"].formatted`, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkString(b *testing.B) {
	e, err := filter.Parse(`emails[type eq "work" and value co "example.com"] and active eq true`, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = e.String()
	}
}
