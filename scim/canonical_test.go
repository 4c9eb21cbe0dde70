package scim

import (
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestCanonical(t *testing.T) {
	for _, tt := range []struct {
		reason, a, b string
		same         bool
	}{
		{"ASCII", "Anna@Example.COM", "anna@example.com", true},
		{"KELVIN SIGN", "\u212A", "k", true},
		{"LONG S", "\u017F", "S", true},
		{"dotted capital I", "\u0130", "i", false},
		{"dotted capital I and its parts", "\u0130", "i\u0307", true},
		{"dotless i", "\u0131", "I", false},
		{"a ligature is not its letters", "\uFB01", "fi", false},
		{"composed and decomposed", "\u00E9", "e\u0301", true},
		{"with case", "\u00C9", "e\u0301", true},
		{"long s with an accent", "\u017F\u0301", "\u015B", true},
		{"full width", "\uFF41", "a", false},
		{"full width by case", "\uFF21", "\uFF41", true},
		{"Greek sigmas", "\u03A3", "\u03C2", true},
		{"iota below", "\u0345", "\u03B9", true},
		{"Cyrillic looks alike only", "\u0430", "a", false},
		{"ANGSTROM SIGN", "\u212B", "\u00E5", true},
		{"sharp s is one letter", "\u1E9E", "\u00DF", true},
		{"a letter beyond U+FFFF is not that of its lower 16 bits", "\U0001043A\u0301", "\u045C", false},
		{"sharp s is not two", "\u00DF", "ss", false},
	} {
		if got := Canonical(tt.a) == Canonical(tt.b); got != tt.same {
			t.Errorf("%s: %+q and %+q: %v", tt.reason, tt.a, tt.b, got)
		}
	}
}

func checkCanonical(t interface{ Errorf(string, ...any) }, s string) {
	c := Canonical(s)
	if again := Canonical(c); again != c {
		t.Errorf("%+q: %+q, and again %+q", s, c, again)
	}
	same := []string{norm.NFD.String(s), toSimpleFold(norm.NFD.String(s))}
	if strings.IndexFunc(s, func(r rune) bool { return r > 0xFFFF }) < 0 {
		same = append(same, norm.NFC.String(s)) // beyond, NFC of x/text is wrong: see compose
	}
	for _, same := range same {
		if got := Canonical(same); got != c {
			t.Errorf("%+q is %+q, but %+q is %+q", s, c, same, got)
		}
	}
}

// toSimpleFold replaces each character by the next in its folding orbit. It
// leaves the orbit of the one combining mark with a case alone: in place of
// a letter the mark would move.
func toSimpleFold(s string) string {
	out := []rune(s)
	for i, r := range out {
		if unicode.SimpleFold(r) != '\u0345' && r != '\u0345' {
			out[i] = unicode.SimpleFold(r)
		}
	}
	return string(out)
}

// TestCanonicalOfAllCharacters checks every character alone and before some
// that combine.
func TestCanonicalOfAllCharacters(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if unicode.SimpleFold(r) == r && norm.NFD.IsNormalString(string(r)) && r > 0x3000 {
			continue // nothing happens to it
		}
		for _, after := range []string{"", "\u0301", "\u0307", "\u0345", "\u0323\u0307"} {
			checkCanonical(t, string(r)+after)
		}
	}
}

func TestCanonicalLaws(t *testing.T) {
	alphabet := []rune("aAkKsSiI\u0130\u0131\u017F\u212A\u0301\u0307\u0323\u0345\u03B9\u0399\u1FBE\u03B1\u00E9\u00C9\u015A\u015B\u1E9B\u1E61\u3042\u3099\uFF21")
	rapid.Check(t, func(t *rapid.T) {
		checkCanonical(t, rapid.StringOf(rapid.SampledFrom(alphabet)).Draw(t, "close"))
		checkCanonical(t, rapid.String().Draw(t, "any"))
	})
}

// TestOneNotionOfUserName: a name is refused as a second one if and only if
// a filter finds the first by it.
func TestOneNotionOfUserName(t *testing.T) {
	alphabet := []rune("aAkKsS\u0130\u0131\u017F\u212A\u0301\u0307\u00E9\u00C9")
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.StringOfN(rapid.SampledFrom(alphabet), 1, 3, -1)
		a, b := names.Draw(t, "a"), names.Draw(t, "b")
		store := NewMemoryStore()
		try := func(id, name string) error {
			r := NewResource(UserType())
			r.setID(id)
			if err := r.Set("userName", String(name)); err != nil {
				t.Fatal(err)
			}
			return store.Create(t.Context(), r, nil)
		}
		if err := try("1", a); err != nil {
			t.Fatal(err)
		}
		second := try("2", b) != nil
		f, err := UserType().ParseFilter(`userName eq "` + b + `"`)
		if err != nil {
			t.Fatal(err)
		}
		page, err := store.List(t.Context(), &Query{Type: UserType(), Filter: f, Count: 1})
		if err != nil {
			t.Fatal(err)
		}
		if found := page.Items[0].Resource.ID() == "1"; found != second || second != (Canonical(a) == Canonical(b)) {
			t.Errorf("%+q, %+q: refused %v, found %v", a, b, second, found)
		}
	})
}
