// Package mapping turns a record of the source, such as a user of Microsoft
// Entra or a line of a file, into a SCIM resource, and the difference between
// two resources into a PATCH.
//
// It models the "Attribute mapping" page of Entra provisioning, and with fixed
// values that of Zoho One. It does no input or output and reads no clock: the
// same mapping and record always give the same resource.
//
//	m := mapping.ZohoOneUser().With(
//		mapping.Fixed(`addresses[type eq "work"].formatted`, "本社"),
//	)
//	c, err := mapping.Compile(m, scim.UserType())
//	…
//	res, err := c.Map(record, mapping.Update) // record -> resource
//	patch := c.Diff(have, res)                // difference -> PATCH, nil if there is none
//
// # Rules
//
// A [Mapping] is a list of rules, each of which gives one target attribute its
// value from one of four sources:
//
//   - a source attribute as it is ([Direct]),
//   - one fixed value for everyone ([Fixed]),
//   - an expression ([Expression]),
//   - none, which leaves the target alone ([None]).
//
// [EntraUser], [EntraGroup], [ZohoOneUser] and [ZohoOneGroup] return the usual
// rules, [ZohoFieldsToUser] and [UserToZohoFields] those for Zoho's own field
// names; [Mapping.With] replaces some and adds others, and
// [Mapping.WriteTable] lists them. A Mapping is plain data with a JSON form,
// which is read strictly and has a JSON Schema for editors ([JSONSchema]):
//
//	{"target": "User", "rules": [
//	  {"target": "userName", "attribute": "userPrincipalName", "matching": 1},
//	  {"target": "addresses[type eq \"work\"].formatted", "fixed": "本社"},
//	  {"target": "name.formatted", "expression": "Join(\" \", [givenName], [surname])"},
//	  {"target": "title", "attribute": "jobTitle", "default": "Staff", "apply": "onCreate"}]}
//
// [ParseGraphSchema] reads what Entra's attribute mapping page downloads, the
// synchronizationSchema of Microsoft Graph, and saves it again: what it does
// not understand it keeps and lists in [GraphSchema.Notes]. A target may have
// attributes of its own under a URN; [Mapping.ResourceType] makes the resource
// type that has them.
//
// [Compile] checks a mapping against the target's schema. It reports every
// mistake at once, with the rule, the character in the expression and the
// nearest right name, so that a mapping is repaired in one go.
//
// # When there is no value
//
// A source attribute that is missing, nil, "" or an empty list has no value,
// and then nothing flows: the target keeps what it has. Rule.FlowNulls clears
// the target instead, and Rule.Default takes its place in objects that are
// created. An empty text that an expression makes is a value.
//
// # Expressions
//
// The language is that of Microsoft's "Reference for writing expressions for
// attribute mappings in Microsoft Entra ID":
//
//	Name(argument, …)    a function; names are case-sensitive
//	[attribute]          a source attribute; case-sensitive
//	"constant"           text, with \\ for a backslash and \" for a quote
//	1000  -1  &HFF       whole numbers
//	[a] = "x"            a condition of IIF: = <> > >= < <=
//
// Arguments may be left out, at the end too. Compile knows the types of
// parameters, so that a list where one value is needed, or a text where a
// number is, is a mistake before there is a record.
//
//	logic    Coalesce Error IgnoreFlowIfNullOrEmpty IIF IsNull IsNullOrEmpty IsPresent
//	         IsString Not Redact SelectUniqueValue Switch
//	text     Append Join Left Mid InStr Word Replace StripSpaces Trim ToLower ToUpper
//	         PCase NormalizeDiacritics DNComponent
//	lists    Count Item RemoveDuplicates Split AppRoleAssignmentsComplex
//	         AssertiveAppRoleAssignmentsComplex SingleAppRoleAssignment
//	dates    CDate DateAdd DateDiff DateFromNum FormatDateTime Now NumFromDate
//	other    BitAnd CBool CStr ConvertFromBase64 ConvertToBase64 ConvertToUTF8Hex
//	         Guid RandomString StringFromSid
//
// Now needs a time, and Guid and RandomString need random numbers, which
// [Compiled.WithEnv] brings in. [Compiled.Explain] says what each rule did
// with a record and why.
//
// Where Microsoft does not say what happens to a source without a value,
// functions of one text give none, and so does Join if it has nothing to
// join: a suffix alone is no user name. Left, Mid and Word give an empty text,
// as documented. Not gives True, as for everything but True, whose letter case
// does not count. A condition on an attribute without a value fails. A source
// with several values is spread by Join and refused by functions that need
// one. An attribute in brackets may be a SCIM path with brackets of its own.
//
// Positions count characters and not UTF-16 units. Dates are UTC; DateDiff
// counts boundaries, as Visual Basic does. Switch always sees the whole record:
// that in Entra it nulls the target when its source is not part of a change is
// an error that is not repeated here. No text that a function makes may be
// longer than 1 MiB.
//
// Patterns of Replace are those of .NET as far as RE2 can match them: \w, \d
// and \s know all of Unicode, as in .NET; look-around, references back to a
// group, word boundaries and class subtraction are refused by Compile. Two
// differences remain: $ does not match before a newline that ends the text,
// and a match of nothing directly after another match is not counted.
//
// # Unique values
//
// SelectUniqueValue needs the target, which this package cannot ask. Map gives
// its values back as [Candidates]: set the path to the first one that is free.
// As in Entra it must be a rule's whole expression, and the rule must apply
// only during object creation.
//
// # References
//
// A target that refers to other objects, manager or members, cannot be set
// here: its value is the source's key, and the target needs its own id. Such
// rules give a [Reference] for the caller to resolve.
//
// # Differences
//
// [Compiled.Diff] is bounded by the paths that the mapping owns: what a
// service provider knows beyond the mapping is neither read nor changed. It
// compares exactly, because Entra and Zoho One keep values verbatim. The patch
// has the form of RFC 7644; [EntraPatch] gives it the one that Entra sends.
//
// # Scope and matching
//
// [Compiled.Contains] evaluates the scoping filter of a mapping, and
// [Compiled.Matching] names the attributes by which an existing object is
// looked up. A record without any of them is [ErrNoMatchingAttribute].
//
// # Errors
//
// All errors are of type [*Error], those of Compile in a [Mistakes]. They name
// rules, attributes and functions and never a value of a record, so they may
// go to a log.
//
// # Concurrency
//
// A [Compiled] never changes and may be used by many goroutines. A Mapping, a
// Record and a Result may be read by many as long as none changes them.
package mapping
