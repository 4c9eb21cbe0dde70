package filter

import "strconv"

// Kind says what is wrong with a filter or path. Each kind is itself an error,
// so that errors.Is(err, filter.ErrTooDeep) works on what Parse returns.
type Kind uint8

// The kinds of error.
const (
	ErrSyntax       Kind = iota // not in the language
	ErrTooLong                  // more bytes than Options.MaxBytes
	ErrTooDeep                  // more nesting than Options.MaxDepth
	ErrTooManyTerms             // more terms than Options.MaxTerms
)

// Error describes the kind in a few words.
func (k Kind) Error() string {
	switch k {
	case ErrSyntax:
		return "filter: syntax error"
	case ErrTooLong:
		return "filter: too long"
	case ErrTooDeep:
		return "filter: nested too deep"
	case ErrTooManyTerms:
		return "filter: too many terms"
	default:
		return "filter: error of unknown kind " + strconv.Itoa(int(k))
	}
}

// Error is the error of [Parse] and [ParsePath]. It holds nothing of the input,
// so its text may go to a log or to the sender.
type Error struct {
	Kind Kind
	Pos  int    // byte offset into the input, from 0 to its length
	Want string // what would have been right there
}

// Error returns the kind, the place and what was expected.
func (e *Error) Error() string {
	return e.Kind.Error() + " at byte " + strconv.Itoa(e.Pos) + ": want " + e.Want
}

// Unwrap returns e.Kind.
func (e *Error) Unwrap() error { return e.Kind }

// What can be missing. The texts are fixed so that no input gets into an error.
const (
	wantAttr     = "an attribute name: letters, digits, -, _ and $, a letter first"
	wantURI      = "a schema URI such as urn:example:2.0:User before the last colon"
	wantOperator = "a space and an operator: eq, ne, co, sw, ew, gt, ge, lt, le or pr"
	wantOperand  = "a space and a value"
	wantValue    = "a string in double quotes, a number, true, false or null"
	wantTerm     = "a space and another expression"
	wantEnd      = `the end of the filter, or "and" or "or" between spaces`
	wantParen    = `a closing parenthesis, or "and" or "or" between spaces`
	wantBracket  = `a closing square bracket, or "and" or "or" between spaces`
	wantPathEnd  = "the end of the path"
	wantQuote    = "a closing double quote"
	wantEscape   = "a JSON escape, surrogates in pairs"
	wantNoCtrl   = "control characters escaped"
	wantUTF8     = "valid UTF-8"
)
