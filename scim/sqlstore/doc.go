// Package sqlstore keeps SCIM resources in SQLite or PostgreSQL.
package sqlstore
