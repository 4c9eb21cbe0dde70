// Package scimtest holds what an integrator tests with: a faithful fake of
// Zoho One's SCIM endpoint. It is real HTTP over the service provider of
// package scim, with the attributes that Zoho documents.
package scimtest
