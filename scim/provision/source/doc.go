// Package source has the sources of a provisioning cycle that are snapshots:
// files in CSV and JSON, and queries of a database. Each read gives everything
// there is.
//
//	users, err := source.NewCSV("users.csv", nil)
//	…
//	engine, err := provision.New(job, users, client, state, nil)
//
// # What a broken source does
//
// Nothing. A file that cannot be read, that is cut short, that changes while
// it is read or has one value that cannot be right ends the read with an
// error; no user then counts as missing, and none is disabled. An [Error] names the file, the line and the
// column, and never a value. A CSV file that ends behind a whole row cannot be
// told from a shorter one: the limits of [provision.Job] are the guard there, or
// [CSVOptions.FinalNewline].
//
// # Values
//
// What is empty has no value. The attribute accountEnabled, which decides
// whether a user is active, is read strictly in every form a source has for it:
// true and false, yes and no, 1 and 0. A text that is none of them is an error.
//
// # Memory
//
// Everything is streamed: what is held is one object, with the members of a
// group.
//
// # Concurrency
//
// A source may be used by several goroutines; each read opens it anew.
package source
