// Package filter reads and writes the SCIM filter language: the filter
// expressions of RFC 7644 section 3.4.2.2 and the PATCH paths of section 3.5.2.
//
// It knows syntax only. Whether an attribute exists, which type it has and
// whether letter case matters is for the schema, and so for package scim, to say.
//
// [Parse] turns a filter into an [Expr], a tree of six node types:
//
//	userName eq "bjensen"            *Compare
//	title pr                         *Present
//	a pr and b pr and c pr           *And, one node with three terms
//	a pr or b pr                     *Or
//	not (a pr)                       *Not
//	emails[type eq "work"]           *ValuePath
//
// [ParsePath] turns a PATCH path into a [Path]: an attribute, perhaps a value
// filter, perhaps a sub-attribute.
//
// The String method of a tree writes it as a filter again. Building a tree and
// writing it is also the safe way to put a value into a filter: text is quoted
// and escaped, so it cannot end its string early.
//
// # What is accepted
//
// The grammar is that of RFC 7644 figure 1, with these readings where the text
// and common use differ:
//
//   - Keywords and operators ignore case, true, false and null included.
//     Attribute names keep the spelling they came in.
//   - "not" may be followed by spaces before its parenthesis, as in the RFC's
//     own examples. Where no parenthesis follows, not is an attribute name.
//   - One space or more separates words. Spaces may also surround a filter and
//     stand inside its brackets. Other white space is refused.
//   - Attribute names may contain "$", as RFC 7643 section 2.1 has it, and may
//     start with it, as $ref does.
//   - The schema URI before an attribute name is everything up to the last
//     colon, so that an http URI works as well as a URN. It must not contain
//     parentheses or square brackets.
//   - emails[type eq "work"].value eq "x", which Microsoft Entra sends and the
//     grammar lacks, asks for one element that meets both conditions. It gives
//     the same tree as emails[type eq "work" and value eq "x"].
//   - Value paths may nest.
//
// Strings are JSON strings and are read strictly: raw control characters, lone
// surrogates and invalid UTF-8 are refused.
//
// [Options].Tolerant admits one thing more, string values without quotes, which
// Microsoft documents and some of its clients send: externalId eq jyoung.
//
// # Limits
//
// A filter comes from outside, so its length, nesting and number of terms are
// bounded while it is read; see [Options]. Length is looked at first, and an
// input of any size over the limit costs the same.
//
// # Concurrency
//
// The functions share no state. A tree is not changed by this package once it
// is returned, and may be read by many goroutines.
package filter
