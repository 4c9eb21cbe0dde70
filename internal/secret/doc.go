// Package secret holds text that must not be printed: client secrets, access
// and refresh tokens, passwords.
//
// A [String] is a struct around a pointer, not a named string. A named string
// leaks wherever it is an unexported field, because fmt and log/slog reach such
// a field by reflection without calling its methods; behind a pointer they find
// an address.
package secret
