package mapping

import (
	"strconv"
	"strings"
)

// The types of parameters and results. A parameter in upper case must be
// given; any other may be left out between two commas.
const (
	anyType      = 'a' // whatever there is
	textType     = 't' // one value
	integerType  = 'i' // one whole number
	boolType     = 'b' // as a parameter also a comparison
	listType     = 'l' // several values
	dateType     = 'd' // one date and time
	intervalType = 'v' // one of the intervals of DateAdd
	compareType  = 'c' // a word: how InStr compares
	encodingType = 'e' // a word: an encoding
	styleType    = 's' // words: how .NET reads a date
	roleType     = 'r' // an attribute that holds app role assignments
)

// function is a row of the table of functions.
type function struct {
	name     string
	params   string // their names, as the documentation has them
	types    string // of the parameters; the last ones repeat
	repeat   int    // how many of the last ones do; 0 is 1
	fewer    string // types if there are fewer arguments than max; "" is types
	result   byte
	min, max int  // number of arguments; max -1: no upper bound
	top      bool // must be the whole expression

	// build returns the function for its arguments. What is wrong with them
	// is an argument's node and a sentence.
	build func(args []argument) (eval, *expr, string)
}

// functions are those that Microsoft documents for expressions, by name. They
// are from "Functions for customizing application data" unless a row says
// otherwise. The table must not be changed.
var functions = [...]function{
	{name: "Append", params: "source, suffix", types: "Tt", result: textType, min: 2, max: 2, build: buildAppend},
	{name: "AppRoleAssignmentsComplex", params: "[appRoleAssignments]", types: "R", result: listType, min: 1, max: 1, build: buildRolesAsJSON},
	{name: "AssertiveAppRoleAssignmentsComplex", params: "[appRoleAssignments]", types: "R", result: listType, min: 1, max: 1, build: buildRoles}, // attribute mapping
	{name: "BitAnd", params: "value1, value2", types: "II", result: integerType, min: 2, max: 2, build: buildBitAnd},
	{name: "CBool", params: "expression", types: "B", result: boolType, min: 1, max: 1, build: buildCBool},
	{name: "CDate", params: "expression", types: "D", result: dateType, min: 1, max: 1, build: buildCDate},
	{name: "Coalesce", params: "source1, source2, …, default", types: "a", result: anyType, min: 1, max: -1, build: buildCoalesce},
	{name: "ConvertFromBase64", params: "source, encoding", types: "Te", result: textType, min: 1, max: 2, build: buildFromBase64}, // cloud sync
	{name: "ConvertToBase64", params: "source", types: "T", result: textType, min: 1, max: 1, build: buildToBase64},
	{name: "ConvertToUTF8Hex", params: "source", types: "T", result: textType, min: 1, max: 1, build: buildToUTF8Hex},
	{name: "Count", params: "attribute", types: "L", result: integerType, min: 1, max: 1, build: buildCount},
	{name: "CStr", params: "value", types: "T", result: textType, min: 1, max: 1, build: buildCStr},
	{name: "DateAdd", params: "interval, value, dateTime", types: "VID", result: dateType, min: 3, max: 3, build: buildDateAdd},
	{name: "DateDiff", params: "interval, date1, date2", types: "VDD", result: integerType, min: 3, max: 3, build: buildDateDiff},
	{name: "DateFromNum", params: "value", types: "I", result: dateType, min: 1, max: 1, build: buildDateFromNum},
	{name: "DNComponent", params: "dn, number", types: "TI", result: textType, min: 2, max: 2, build: buildDNComponent}, // cloud sync
	{name: "Error", params: "message", types: "T", result: anyType, min: 1, max: 1, build: buildError},                  // cloud sync
	{name: "FormatDateTime", params: "source, dateTimeStyles, inputFormat, outputFormat", types: "Tstt", fewer: "Ttt", result: textType, min: 3, max: 4, build: buildFormatDateTime},
	{name: "Guid", result: textType, build: buildGuid},
	{name: "IgnoreFlowIfNullOrEmpty", params: "expression", types: "A", result: anyType, min: 1, max: 1, build: buildIgnoreFlow},
	{name: "IIF", params: "condition, value if true, value if false", types: "Baa", result: anyType, min: 3, max: 3, build: buildIIF},
	{name: "InStr", params: "value1, value2, start, compareType", types: "TTic", result: integerType, min: 2, max: 4, build: buildInStr},
	{name: "IsNull", params: "expression", types: "A", result: boolType, min: 1, max: 1, build: buildIsNull},
	{name: "IsNullOrEmpty", params: "expression", types: "A", result: boolType, min: 1, max: 1, build: buildIsNullOrEmpty},
	{name: "IsPresent", params: "expression", types: "A", result: boolType, min: 1, max: 1, build: buildIsPresent},
	{name: "IsString", params: "expression", types: "A", result: boolType, min: 1, max: 1, build: buildIsString},
	{name: "Item", params: "attribute, index", types: "LI", result: textType, min: 2, max: 2, build: buildItem},
	{name: "Join", params: "separator, source1, source2, …", types: "tl", result: textType, min: 2, max: -1, build: buildJoin},
	{name: "Left", params: "source, numChars", types: "TI", result: textType, min: 2, max: 2, build: buildLeft},
	{name: "Mid", params: "source, start, length", types: "TII", result: textType, min: 3, max: 3, build: buildMid},
	{name: "NormalizeDiacritics", params: "source", types: "T", result: textType, min: 1, max: 1, build: buildNormalizeDiacritics},
	{name: "Not", params: "source", types: "T", result: boolType, min: 1, max: 1, build: buildNot},
	{name: "Now", result: dateType, build: buildNow},
	{name: "NumFromDate", params: "value", types: "D", result: integerType, min: 1, max: 1, build: buildNumFromDate},
	{name: "PCase", params: "source, wordSeparators", types: "Tt", result: textType, min: 1, max: 2, build: buildPCase},
	{name: "RandomString", params: "length, minimumNumbers, minimumSpecialCharacters, minimumCapital, minimumLowercase, charactersToAvoid", types: "Iiiiit", result: textType, min: 1, max: 6, build: buildRandomString},
	{name: "Redact", params: "value", types: "A", result: anyType, min: 1, max: 1, build: buildRedact},
	{name: "RemoveDuplicates", params: "attribute", types: "L", result: listType, min: 1, max: 1, build: buildRemoveDuplicates},
	{name: "Replace", params: "source, oldValue, regexPattern, regexGroupName, replacementValue, replacementAttributeName, template", types: "Tt", result: textType, min: 3, max: 7, build: buildReplace},
	{name: "SelectUniqueValue", params: "rule1, rule2, …", types: "T", result: anyType, min: 1, max: -1, top: true, build: buildSelectUniqueValue},
	{name: "SingleAppRoleAssignment", params: "[appRoleAssignments]", types: "R", result: textType, min: 1, max: 1, build: buildSingleRole},
	{name: "Split", params: "source, delimiter", types: "TT", result: listType, min: 2, max: 2, build: buildSplit},
	{name: "StringFromSid", params: "objectSid", types: "T", result: textType, min: 1, max: 1, build: buildStringFromSid}, // cloud sync
	{name: "StripSpaces", params: "source", types: "T", result: textType, min: 1, max: 1, build: buildStripSpaces},
	{name: "Switch", params: "source, default, key1, value1, …", types: "Tata", repeat: 2, result: anyType, min: 4, max: -1, build: buildSwitch},
	{name: "ToLower", params: "source, culture", types: "Tt", result: textType, min: 1, max: 2, build: buildToLower},
	{name: "ToUpper", params: "source, culture", types: "Tt", result: textType, min: 1, max: 2, build: buildToUpper},
	{name: "Trim", params: "source", types: "T", result: textType, min: 1, max: 1, build: buildTrim}, // cloud sync
	{name: "Word", params: "source, wordNumber, delimiters", types: "TIT", result: textType, min: 3, max: 3, build: buildWord},
}

func functionNames() []string {
	names := make([]string, len(functions))
	for i := range functions {
		names[i] = functions[i].name
	}
	return names
}

func findFunction(name string) *function {
	for i := range functions {
		if functions[i].name == name {
			return &functions[i]
		}
	}
	return nil
}

func (f *function) arity() string {
	text := strconv.Itoa(f.min)
	switch {
	case f.max == 0:
		text = "no"
	case f.max < 0:
		text += " or more"
	case f.max > f.min:
		text += " to " + strconv.Itoa(f.max)
	}
	if text == "1" {
		return "1 argument"
	}
	return text + " arguments"
}

// param returns the name and type of parameter i of n; required says that it
// must not be left out.
func (f *function) param(i, n int) (name string, typ byte, required bool) {
	names := strings.Split(f.params, ", ")
	name = names[min(i, len(names)-1)]
	if name == "…" {
		name = "value"
	}
	types := f.types
	if f.fewer != "" && n < f.max {
		types, name = f.fewer, "argument "+strconv.Itoa(i+1)
	}
	for repeat := max(1, f.repeat); i >= len(types); {
		i -= repeat
	}
	typ = types[i]
	return name, typ | 0x20, typ < 'a'
}

// check says what is wrong with an argument, as far as that can be seen
// before there is a record.
func (f *function) check(i, n int, arg *expr) string {
	name, typ, required := f.param(i, n)
	detail := ""
	switch arg.kind {
	case exprEmpty:
		if required {
			detail = "is missing"
		}
	case exprCompare:
		if typ != boolType {
			return "a comparison can only be the condition of IIF or the argument of CBool"
		}
	case exprWord:
		if words := wordsOf(typ); words == nil {
			return wordDetail(arg.text)
		} else if !isWord(words, arg.text) {
			detail = "is none of " + strings.Join(words, ", ")
		}
	case exprText:
		detail = checkText(typ, arg.text)
	case exprInteger:
		switch typ {
		case dateType, intervalType, compareType, encodingType, styleType, roleType:
			detail = "is a number; " + needs(typ) + " is needed"
		}
	case exprCall:
		detail = checkCall(typ, findFunction(arg.text))
	case exprAttribute:
		switch typ {
		case compareType, encodingType, styleType:
			detail = "must be a word: one of " + strings.Join(wordsOf(typ), ", ")
		}
	}
	if detail == "" {
		return ""
	}
	return f.name + ": the argument " + name + " " + detail
}

// checkText checks a constant text.
func checkText(typ byte, text string) string {
	ok := true
	switch typ {
	case integerType:
		_, ok = integerOf(text)
	case dateType:
		_, ok = parseDate(text)
	case intervalType:
		ok = isWord(intervals(), text)
	case compareType, encodingType, styleType:
		ok = text == "" || isWord(wordsOf(typ), text)
	case roleType:
		ok = false
	}
	if ok {
		return ""
	}
	return "is a text; " + needs(typ) + " is needed"
}

// checkCall checks the result of a function that is an argument.
func checkCall(typ byte, inner *function) string {
	if inner == nil { // it has been reported
		return ""
	}
	fits := true
	switch typ {
	case anyType, listType:
	case boolType:
		switch inner.name {
		case "IsNull", "IsNullOrEmpty", "IsPresent":
			return "cannot be " + inner.name + ", as in Entra; use Coalesce, or Switch with the key \"\""
		}
		fits = inner.result != listType && inner.result != dateType
	case compareType, encodingType, styleType:
		return "must be a word: one of " + strings.Join(wordsOf(typ), ", ")
	case roleType:
		fits = false
	case integerType:
		fits = inner.result == integerType || inner.result == textType || inner.result == anyType
	case dateType:
		fits = inner.result == dateType || inner.result == textType || inner.result == anyType
	default:
		fits = inner.result != listType
	}
	switch {
	case fits:
		return ""
	case inner.result == listType:
		return "is " + inner.name + ", which gives several values; use Join or Item to make one of them"
	}
	return "is " + inner.name + ", which does not give " + needs(typ)
}

// needs names what a type stands for.
func needs(typ byte) string {
	switch typ {
	case integerType:
		return "a whole number"
	case dateType:
		return "a date such as 2020-03-16T07:00:00Z"
	case intervalType:
		return "one of the intervals " + strings.Join(intervals(), ", ")
	case compareType, encodingType, styleType:
		return "one of " + strings.Join(wordsOf(typ), ", ")
	case roleType:
		return "the attribute [appRoleAssignments]"
	case boolType:
		return "a condition"
	}
	return "one value"
}

// wordsOf returns the enumeration words that a type takes, nil for none.
func wordsOf(typ byte) []string {
	switch typ {
	case compareType:
		return []string{"vbTextCompare", "vbBinaryCompare"}
	case encodingType:
		return []string{"Unicode", "ASCII", "UTF8"}
	case styleType:
		return []string{"None", "AllowLeadingWhite", "AllowTrailingWhite", "AllowInnerWhite", "AllowWhiteSpaces", "AdjustToUniversal", "AssumeUniversal", "RoundtripKind"}
	}
	return nil
}

func isWord(words []string, text string) bool {
	for _, word := range words {
		if strings.EqualFold(word, text) {
			return true
		}
	}
	return false
}

// listResult reports whether an expression gives several values.
func listResult(e *expr) bool {
	if e.kind != exprCall {
		return false
	}
	f := findFunction(e.text)
	switch {
	case f == nil:
		return false
	case f.result == listType:
		return true
	case f.result != anyType:
		return false
	}
	for _, arg := range e.args {
		if listResult(arg) {
			return true
		}
	}
	return false
}
