package mapping

import (
	"regexp"
	"strings"
)

const replaceModes = "give one of: oldValue and replacementValue; oldValue and template; regexPattern and replacementValue; " +
	"regexPattern, regexGroupName and replacementValue; regexPattern, regexGroupName and replacementAttributeName"

// replaceArgs are the arguments of Replace by name. Those left out at the end
// are empty.
type replaceArgs struct {
	source, old, pattern, group, replacement, attribute, template argument
}

// buildReplace: which of its five modes is meant is said by the arguments
// that are given. A replacement of "" is given; any other "" is left out.
func buildReplace(list []argument) (eval, *expr, string) {
	var all [7]argument
	copy(all[:], list)
	a := replaceArgs{all[0], all[1], all[2], all[3], all[4], all[5], all[6]}
	var given uint8
	for i, is := range []bool{a.old.given(), a.pattern.given(), a.group.given(), !a.replacement.empty(), a.attribute.given(), a.template.given()} {
		if is {
			given |= 1 << i
		}
	}
	const old, pattern, group, replacement, attribute, template = 1, 2, 4, 8, 16, 32
	switch given {
	case old | replacement:
		return replaceText(a.source, a.old, a.replacement), nil, ""
	case old | template, old | template | replacement:
		if _, isText := a.replacement.constant(); given&replacement != 0 && (!isText || a.replacement.given()) {
			return nil, a.replacement.node, "replacementValue and template exclude each other"
		}
		return replaceTemplate(a.source, a.old, a.template), nil, ""
	case pattern | replacement:
		return replacePattern(a)
	case pattern | group | replacement, pattern | group | attribute:
		return replaceGroup(a, given&attribute != 0)
	}
	return nil, nil, replaceModes
}

// maxTextBytes bounds what a function makes. Replacements of replacements and
// encodings of encodings grow exponentially, and who writes a mapping need not be who runs it.
const maxTextBytes = 1 << 20

func tooLong() *Error {
	return &Error{Kind: KindValue, Detail: "the text that a function makes is longer than 1 MiB"}
}

// replaceText replaces every occurrence of a text.
func replaceText(source, old, replacement argument) eval {
	return func(in input) (value, *Error) {
		s, ok, err := source.single(in)
		if err != nil || !ok {
			return value{}, err
		}
		o, _, err := old.single(in)
		if err != nil {
			return value{}, err
		}
		if o == "" {
			return textValue(s), nil
		}
		r, _, err := replacement.single(in)
		if err != nil {
			return value{}, err
		}
		if int64(len(s))+int64(strings.Count(s, o))*int64(len(r)) > maxTextBytes {
			return value{}, tooLong()
		}
		return textValue(strings.ReplaceAll(s, o, r)), nil
	}
}

// replaceTemplate puts the source in the place of the old value in a template.
func replaceTemplate(source, old, template argument) eval {
	whole := replaceText(template, old, source)
	return func(in input) (value, *Error) {
		_, ok, err := source.single(in)
		if err != nil || !ok {
			return value{}, err
		}
		return whole(in)
	}
}

// constantPattern compiles the pattern once, which it can as it is a constant.
func constantPattern(a argument) (*regexp.Regexp, string) {
	text, ok := a.constant()
	if !ok {
		return nil, "the pattern must be a constant"
	}
	re, detail := compilePattern(text)
	return re, detail
}

// replacePattern replaces every match of a pattern. A constant replacement
// may refer to groups; what comes from a record is text and refers to nothing.
func replacePattern(a replaceArgs) (eval, *expr, string) {
	re, detail := constantPattern(a.pattern)
	if detail != "" {
		return nil, a.pattern.node, detail
	}
	expand := ""
	template, constant := a.replacement.constant()
	if constant {
		if expand, detail = goTemplate(re, template); detail != "" {
			return nil, a.replacement.node, detail
		}
	}
	return func(in input) (value, *Error) {
		s, ok, err := a.source.single(in)
		if err != nil || !ok {
			return value{}, err
		}
		if constant {
			return replaceMatches(re, s, 0, expand, true)
		}
		r, _, err := a.replacement.single(in)
		if err != nil {
			return value{}, err
		}
		return replaceMatches(re, s, 0, r, false)
	}, nil, ""
}

// replaceGroup replaces what a named group matched, or gives a source that
// has no value the part of an attribute that the group matches.
func replaceGroup(a replaceArgs, fromAttribute bool) (eval, *expr, string) {
	re, detail := constantPattern(a.pattern)
	if detail != "" {
		return nil, a.pattern.node, detail
	}
	name, ok := a.group.constant()
	group := re.SubexpIndex(name)
	if !ok || group < 0 {
		return nil, a.group.node, "the group name must be a constant that names a group (?<name>…) of the pattern"
	}
	if fromAttribute {
		return extractGroup(a, re, group), nil, ""
	}
	return func(in input) (value, *Error) {
		s, ok, err := a.source.single(in)
		if err != nil || !ok {
			return value{}, err
		}
		r, _, err := a.replacement.single(in)
		if err != nil {
			return value{}, err
		}
		return replaceMatches(re, s, group, r, false)
	}, nil, ""
}

// replaceMatches replaces, in every match, what a group matched; group 0 is
// the whole match.
func replaceMatches(re *regexp.Regexp, s string, group int, r string, expand bool) (value, *Error) {
	var b []byte
	done, references := 0, 0
	if expand {
		references = strings.Count(r, "$")
	}
	for _, m := range re.FindAllStringSubmatchIndex(s, -1) {
		start, end := m[2*group], m[2*group+1]
		if start < 0 {
			continue
		}
		b = append(b, s[done:start]...)
		if int64(len(b))+int64(len(r))+int64(references)*int64(m[1]-m[0]) > maxTextBytes {
			return value{}, tooLong()
		}
		if expand {
			b = re.ExpandString(b, r, s, m)
		} else {
			b = append(b, r...)
		}
		done = end
	}
	return textValue(string(append(b, s[done:]...))), nil
}

func extractGroup(a replaceArgs, re *regexp.Regexp, group int) eval {
	return func(in input) (value, *Error) {
		v, err := a.source.eval(in)
		if err != nil || !v.empty() {
			return v, err
		}
		s, ok, err := a.attribute.single(in)
		if err != nil || !ok {
			return value{}, err
		}
		m := re.FindStringSubmatch(s)
		if m == nil || m[group] == "" {
			return value{}, nil
		}
		return textValue(m[group]), nil
	}
}
