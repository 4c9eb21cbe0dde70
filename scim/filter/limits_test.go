package filter_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/zohoscim/zohoscim/scim/filter"
)

// nested returns n openings around one term.
func nested(opening, closing string, n int) string {
	return strings.Repeat(opening, n) + "a pr" + strings.Repeat(closing, n)
}

// chain returns n terms.
func chain(n int, joiner string) string { return repeated(n, "a pr", joiner) }

// repeated returns n times term.
func repeated(n int, term, joiner string) string {
	return term + strings.Repeat(joiner+term, n-1)
}

// sized returns a filter of n bytes.
func sized(n int) string {
	return `a eq "` + strings.Repeat("x", n-len(`a eq ""`)) + `"`
}

func TestLimits(t *testing.T) {
	all := &filter.Options{MaxBytes: 1 << 30, MaxDepth: 1 << 30, MaxTerms: 1 << 30}
	for _, tt := range []struct {
		name   string
		in     string
		o      *filter.Options
		want   error // nil: accepted
		pos    int
		reason string
	}{
		{"bytes at the default", sized(4096), nil, nil, 0, "the limit is inclusive"},
		{"bytes over the default", sized(4097), nil, filter.ErrTooLong, 4096, "one byte more"},
		{"bytes at an option", "a pr", &filter.Options{MaxBytes: 4}, nil, 0, "the limit is inclusive"},
		{"bytes over an option", "a pr ", &filter.Options{MaxBytes: 4}, filter.ErrTooLong, 4, "spaces count"},
		{"length first", strings.Repeat("\xff", 5000), nil, filter.ErrTooLong, 4096, "an input that is too long is not looked at"},
		{"depth at the default", nested("(", ")", 16), nil, nil, 0, "the limit is inclusive"},
		{"depth over the default", nested("(", ")", 17), nil, filter.ErrTooDeep, 16, "one level more"},
		{"not", nested("not (", ")", 17), nil, filter.ErrTooDeep, 16*5 + 4, "negation nests too"},
		{"value paths", nested("a[", "]", 17), nil, filter.ErrTooDeep, 16*2 + 1, "so do square brackets"},
		{"mixed", nested("a[not((", "))]", 6), nil, filter.ErrTooDeep, 5*7 + 5, "all kinds are counted together"},
		{"side by side", repeated(8, nested("(", ")", 16), " and "), nil, nil, 0, "what is closed is not counted"},
		{"value path chain", "a" + strings.Repeat("[b pr].c", 16) + " pr", nil, nil, 0, "the limit is inclusive"},
		{"long value path chain", "a" + strings.Repeat("[b pr].c", 17) + " pr", nil, filter.ErrTooDeep, 16*8 + 1, "the tree is as deep as the chain is long"},
		{"chains side by side", repeated(20, "a[b pr].c pr", " and "), nil, nil, 0, "what is closed is not counted"},
		{"depth at an option", "(a pr)", &filter.Options{MaxDepth: 1}, nil, 0, "the limit is inclusive"},
		{"depth over an option", "((a pr))", &filter.Options{MaxDepth: 1}, filter.ErrTooDeep, 1, "one level more"},
		{"depth over the ceiling", nested("(", ")", 1<<20), all, filter.ErrTooDeep, 1000, "no option lets the stack grow without bound"},
		{"terms at the default", chain(64, " and "), nil, nil, 0, "the limit is inclusive"},
		{"terms over the default", chain(65, " or "), nil, filter.ErrTooManyTerms, 64 * 8, "one term more"},
		{"terms after brackets", repeated(33, "a[b pr].c pr", " or "), nil, filter.ErrTooManyTerms, 32*16 + 2, "a test after a bracket counts"},
		{"terms over an option", "a pr or b pr", &filter.Options{MaxTerms: 1}, filter.ErrTooManyTerms, 8, "one term more"},
		{"negative limits", nested("(", ")", 17), &filter.Options{MaxBytes: -1, MaxDepth: -1, MaxTerms: -1}, filter.ErrTooDeep, 16, "below zero is the default, never no limit"},
		{"10,000 terms", chain(10_000, " and "), all, nil, 0, "terms cost no stack"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := filter.Parse(tt.in, tt.o)
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v: %s", err, tt.want, tt.reason)
			}
			var e *filter.Error
			if errors.As(err, &e) && tt.pos > 0 && e.Pos != tt.pos {
				t.Errorf("at byte %d, want %d", e.Pos, tt.pos)
			}
		})
	}
}

func TestPathLimits(t *testing.T) {
	path := func(n int) string { return "a[" + sized(n-len("a[]")) + "]" }
	if _, err := filter.ParsePath(path(1024), nil); err != nil {
		t.Errorf("1024 bytes: %v", err)
	}
	if _, err := filter.ParsePath(path(1025), nil); !errors.Is(err, filter.ErrTooLong) {
		t.Errorf("1025 bytes: %v", err)
	}
	if _, err := filter.ParsePath(path(1025), &filter.Options{MaxBytes: 2000}); err != nil {
		t.Errorf("1025 bytes of 2000: %v", err)
	}
	if _, err := filter.ParsePath("a["+nested("(", ")", 16)+"]", nil); !errors.Is(err, filter.ErrTooDeep) {
		t.Errorf("the path's own bracket must count: %v", err)
	}
	if _, err := filter.ParsePath("a["+chain(65, " or ")+"]", nil); !errors.Is(err, filter.ErrTooManyTerms) {
		t.Errorf("65 terms: %v", err)
	}
}

// TestBombs shows that refusing costs the error and nothing more, whatever the
// size of what is refused.
func TestBombs(t *testing.T) {
	for name, in := range map[string]string{
		"2,000 parentheses":     strings.Repeat("(", 2000),
		"1,000,000 parentheses": strings.Repeat("(", 1_000_000),
		"16 MB of parentheses":  strings.Repeat("(", 16<<20),
		"16 MB of not":          strings.Repeat("not(", 4<<20),
		"16 MB of brackets":     strings.Repeat("a[", 8<<20),
		"16 MB of text":         sized(16 << 20),
		"10,000 terms":          chain(10_000, " and "),
	} {
		allocs := testing.AllocsPerRun(10, func() {
			if _, err := filter.Parse(in, nil); err == nil {
				t.Errorf("%s: accepted", name)
			}
			if _, err := filter.ParsePath("a["+in[:min(len(in), 5000)], nil); err == nil {
				t.Errorf("%s: accepted as a path", name)
			}
		})
		if allocs > 8 {
			t.Errorf("%s: %v allocations", name, allocs)
		}
	}
}
