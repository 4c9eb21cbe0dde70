package mapping

import (
	"slices"
	"strconv"
	"strings"
)

// buildCoalesce: the last argument is the default, which is the value when
// the others are null; null if it is too.
func buildCoalesce(args []argument) (eval, *expr, string) {
	return func(in input) (value, *Error) {
		for _, arg := range args {
			v, err := arg.eval(in)
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
	return func(in input) (value, *Error) {
		text, ok, err := condition.single(in)
		if err != nil {
			return value{}, err
		}
		if ok && isTrue(text) {
			return yes.eval(in)
		}
		return no.eval(in)
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
	return func(in input) (value, *Error) {
		v, err := source.eval(in)
		if err == nil && v.empty() {
			v = value{kind: kindIgnored}
		}
		return v, err
	}, nil, ""
}

// buildNot: "True" in any spelling is true: Not([IsSoftDeleted]) must not
// make a deleted user active for a capital letter.
func buildNot(args []argument) (eval, *expr, string) {
	source := args[0]
	return func(in input) (value, *Error) {
		s, _, err := source.single(in)
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
	return func(in input) (value, *Error) {
		s, _, err := source.single(in)
		if err != nil {
			return value{}, err
		}
		for i := 0; i < len(pairs); i += 2 {
			key, given, err := pairs[i].single(in)
			if err != nil {
				return value{}, err
			}
			if given && key == s {
				return pairs[i+1].eval(in)
			}
		}
		return otherwise.eval(in)
	}, nil, ""
}

func buildIsNull(args []argument) (eval, *expr, string) {
	return test(args[0], func(v value) bool { return v.null() })
}

func buildIsNullOrEmpty(args []argument) (eval, *expr, string) {
	return test(args[0], func(v value) bool { return v.empty() })
}

func buildIsPresent(args []argument) (eval, *expr, string) {
	return test(args[0], func(v value) bool { return !v.empty() })
}

func buildIsString(args []argument) (eval, *expr, string) {
	return test(args[0], func(v value) bool { return v.kind == kindText })
}

func test(source argument, holds func(value) bool) (eval, *expr, string) {
	return func(in input) (value, *Error) {
		v, err := source.eval(in)
		if err != nil {
			return value{}, err
		}
		return boolValue(holds(v)), nil
	}, nil, ""
}

// buildCBool: null stays null. To read silence as False would disable
// everyone whose attribute the source does not send.
func buildCBool(args []argument) (eval, *expr, string) {
	source := args[0]
	return func(in input) (value, *Error) {
		s, ok, err := source.single(in)
		if err != nil || !ok || s == "" {
			return value{}, err
		}
		if _, isInt := integerOf(s); !isInt && !strings.EqualFold(s, "true") && !strings.EqualFold(s, "false") {
			return value{}, source.at(&Error{Kind: KindValue, Detail: "the value is neither a whole number nor true or false"})
		}
		return boolValue(isTrue(s)), nil
	}, nil, ""
}

// buildError fails the record. A constant message is part of the error, one
// that is made from the record is not.
func buildError(args []argument) (eval, *expr, string) {
	detail := "the expression's Error was reached"
	if message, ok := args[0].constant(); ok {
		detail = message
	}
	return func(input) (value, *Error) { return value{}, &Error{Kind: KindValue, Detail: detail} }, nil, ""
}

// buildRedact: the value flows as it is; [Explanation] hides it.
func buildRedact(args []argument) (eval, *expr, string) { return args[0].eval, nil, "" }

// buildSelectUniqueValue: which candidate is free, only the target knows.
func buildSelectUniqueValue(args []argument) (eval, *expr, string) {
	return func(in input) (value, *Error) {
		v := value{kind: kindCandidates}
		for _, arg := range args {
			s, ok, err := arg.single(in)
			if err != nil {
				return value{}, err
			}
			if ok && s != "" && !slices.Contains(v.list, s) {
				v.list = append(v.list, s)
			}
		}
		return v, nil
	}, nil, ""
}
