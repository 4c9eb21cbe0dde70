package mapping

import (
	"strings"
	"unicode"
)

// buildAppend: nothing is appended to nothing. A suffix alone, as a user's
// name for instance, would be worse than no value.
func buildAppend(args []argument) (eval, *expr, string) {
	source, suffix := args[0], args[1]
	return func(in input) (value, *Error) {
		s, ok, err := source.single(in)
		if err != nil || !ok {
			return value{}, err
		}
		t, _, err := suffix.single(in)
		if err != nil {
			return value{}, err
		}
		return bounded(s + t)
	}, nil, ""
}

// buildJoin: where there is nothing to join, the result is null and not "",
// so that a user without names does not get an empty one.
func buildJoin(args []argument) (eval, *expr, string) {
	separator, sources := args[0], args[1:]
	return func(in input) (value, *Error) {
		sep, _, err := separator.single(in)
		if err != nil {
			return value{}, err
		}
		var buf [8]string
		parts := buf[:0]
		for _, source := range sources {
			v, err := source.eval(in)
			if err != nil {
				return value{}, err
			}
			if v.kind == kindList {
				parts = append(parts, v.list...)
			} else if s, _, _ := v.single(); s != "" { // one value has no error
				parts = append(parts, s)
			}
		}
		if len(parts) == 0 {
			return value{}, nil
		}
		return bounded(strings.Join(parts, sep))
	}, nil, ""
}

func buildToLower(args []argument) (eval, *expr, string) {
	return buildCase(args, strings.ToLower, strings.ToLowerSpecial)
}

func buildToUpper(args []argument) (eval, *expr, string) {
	return buildCase(args, strings.ToUpper, strings.ToUpperSpecial)
}

// buildCase: Turkish and Azeri are the cultures whose letters change case in
// another way than the invariant culture's.
func buildCase(args []argument, invariant func(string) string, special func(unicode.SpecialCase, string) string) (eval, *expr, string) {
	change := invariant
	if len(args) == 2 && args[1].given() {
		culture, ok := args[1].constant()
		if !ok || !isCulture(culture) {
			return nil, args[1].node, `the culture is a constant such as "tr-TR"`
		}
		if language, _, _ := strings.Cut(strings.ToLower(culture), "-"); language == "tr" || language == "az" {
			change = func(s string) string { return special(unicode.TurkishCase, s) }
		}
	}
	source := args[0]
	return func(in input) (value, *Error) {
		s, ok, err := source.single(in)
		if err != nil || !ok {
			return value{}, err
		}
		return textValue(change(s)), nil
	}, nil, ""
}

func isCulture(s string) bool {
	for part := range strings.SplitSeq(s, "-") {
		if len(part) < 2 || len(part) > 8 {
			return false
		}
		for i := range len(part) {
			if !isLetter(part[i]) && !isDigit(part[i]) {
				return false
			}
		}
	}
	return isLetter(s[0])
}

// foldRune is upper and then lower case: the way .NET compares without case.
func foldRune(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }

func buildStripSpaces(args []argument) (eval, *expr, string) {
	return mapText(args[0], func(s string) string { return strings.ReplaceAll(s, " ", "") })
}

func buildTrim(args []argument) (eval, *expr, string) {
	return mapText(args[0], strings.TrimSpace)
}

func buildNormalizeDiacritics(args []argument) (eval, *expr, string) {
	return mapText(args[0], normalizeDiacritics)
}

// mapText builds a function of one text; null stays null.
func mapText(source argument, change func(string) string) (eval, *expr, string) {
	return func(in input) (value, *Error) {
		s, ok, err := source.single(in)
		if err != nil || !ok {
			return value{}, err
		}
		return bounded(change(s))
	}, nil, ""
}

// bounded is textValue for what may be longer than its source.
func bounded(s string) (value, *Error) {
	if len(s) > maxTextBytes {
		return value{}, tooLong()
	}
	return textValue(s), nil
}

// buildPCase: all letters become small and the first one of each word
// capital. Without separators words are those of .NET's ToTitleCase.
func buildPCase(args []argument) (eval, *expr, string) {
	if len(args) == 1 || !args[1].given() {
		return mapText(args[0], titleCase)
	}
	source, separators := args[0], args[1]
	return func(in input) (value, *Error) {
		s, ok, err := source.single(in)
		if err != nil || !ok {
			return value{}, err
		}
		set, _, err := separators.single(in)
		if err != nil {
			return value{}, err
		}
		return textValue(capitals(s, func(r rune) bool { return strings.ContainsRune(set, r) })), nil
	}, nil, ""
}

// capitals makes the character after a separator a capital.
func capitals(s string, separates func(rune) bool) string {
	first := true
	return strings.Map(func(r rune) rune {
		was := first
		first = separates(r)
		if was {
			return unicode.ToTitle(r)
		}
		return r
	}, strings.ToLower(s))
}

// titleCase is .NET's ToTitleCase over small letters: a word begins with a
// letter and goes on through letters, marks, digits and apostrophes.
func titleCase(s string) string {
	inWord := false
	return strings.Map(func(r rune) rune {
		was := inWord
		switch {
		case unicode.IsLetter(r):
			inWord = true
		case r == '\'' || unicode.In(r, unicode.M, unicode.N):
			// part of a word, but not its beginning
		default:
			inWord = false
		}
		if !was && inWord {
			return unicode.ToTitle(r)
		}
		return r
	}, strings.ToLower(s))
}
