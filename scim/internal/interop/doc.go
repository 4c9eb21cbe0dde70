// Package interop has no code, only tests: this module's packages against servers
// that others wrote in Go, such as the authorization server of ory/fosite. It is
// a module of its own, so that what those servers need stays out of the build of
// anyone who uses the library.
package interop
