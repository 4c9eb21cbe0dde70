package mapping

import (
	"strconv"
	"strings"
	"unicode"
)

// buildAppend: nothing is appended to nothing. A suffix alone, as a user's
// name for instance, would be worse than no value.
func buildAppend(args []argument) (eval, *expr, string) {
	source, suffix := args[0], args[1]
	return func(rec Record) (value, *Error) {
		s, ok, err := source.single(rec)
		if err != nil || !ok {
			return value{}, err
		}
		t, _, err := suffix.single(rec)
		if err != nil {
			return value{}, err
		}
		return textValue(s + t), nil
	}, nil, ""
}

// buildCoalesce: the last argument is the default, which is the value when
// the others are null; null if it is too.
func buildCoalesce(args []argument) (eval, *expr, string) {
	return func(rec Record) (value, *Error) {
		for _, arg := range args {
			v, err := arg.eval(rec)
			if err != nil || !v.null() {
				return v, err
			}
		}
		return value{}, nil
	}, nil, ""
}

// buildIIF: a condition that is not a comparison holds for True and for
// numbers other than 0.
func buildIIF(args []argument) (eval, *expr, string) {
	condition, yes, no := args[0], args[1], args[2]
	if condition.empty() {
		return nil, condition.node, "the condition is missing"
	}
	return func(rec Record) (value, *Error) {
		text, ok, err := condition.single(rec)
		if err != nil {
			return value{}, err
		}
		if ok && isTrue(text) {
			return yes.eval(rec)
		}
		return no.eval(rec)
	}, nil, ""
}

func isTrue(s string) bool {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n != 0
	}
	return strings.EqualFold(s, "true")
}

func buildIgnoreFlow(args []argument) (eval, *expr, string) {
	source := args[0]
	return func(rec Record) (value, *Error) {
		v, err := source.eval(rec)
		if err == nil && v.empty() {
			v = value{kind: kindIgnored}
		}
		return v, err
	}, nil, ""
}

// buildJoin: where there is nothing to join, the result is null and not "",
// so that a user without names does not get an empty one.
func buildJoin(args []argument) (eval, *expr, string) {
	separator, sources := args[0], args[1:]
	return func(rec Record) (value, *Error) {
		sep, _, err := separator.single(rec)
		if err != nil {
			return value{}, err
		}
		var buf [8]string
		parts := buf[:0]
		for _, source := range sources {
			v, err := source.eval(rec)
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
		return textValue(strings.Join(parts, sep)), nil
	}, nil, ""
}

// buildNot: "True" in any spelling is true: Not([IsSoftDeleted]) must not
// make a deleted user active for a capital letter.
func buildNot(args []argument) (eval, *expr, string) {
	source := args[0]
	return func(rec Record) (value, *Error) {
		s, _, err := source.single(rec)
		if err != nil {
			return value{}, err
		}
		return boolValue(!strings.EqualFold(s, "true")), nil
	}, nil, ""
}

// buildSwitch compares keys by exact text. The key "" stands for a source
// without a value.
func buildSwitch(args []argument) (eval, *expr, string) {
	if len(args)%2 != 0 {
		return nil, args[len(args)-1].node, "keys and values come in pairs after the source and the default"
	}
	source, otherwise, pairs := args[0], args[1], args[2:]
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i].empty() {
			return nil, pairs[i].node, `a key is missing; the key "" stands for no value`
		}
	}
	return func(rec Record) (value, *Error) {
		s, _, err := source.single(rec)
		if err != nil {
			return value{}, err
		}
		for i := 0; i < len(pairs); i += 2 {
			key, given, err := pairs[i].single(rec)
			if err != nil {
				return value{}, err
			}
			if given && key == s {
				return pairs[i+1].eval(rec)
			}
		}
		return otherwise.eval(rec)
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
	return func(rec Record) (value, *Error) {
		s, ok, err := source.single(rec)
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
