package main

import (
	"context"
	"fmt"
	"iter"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim/provision"
)

// directory is a source of numbered users and of groups of ten.
type directory struct {
	users   int
	changed map[int]func(mapping.Record) // what is different from the first cycle
	gone    map[int]bool
	moved   int // this user changed groups; 0 is none
	extra   int // users that joined later
}

func newDirectory(users int) *directory {
	return &directory{users: users, changed: map[int]func(mapping.Record){}, gone: map[int]bool{}}
}

func key(i int) string { return fmt.Sprintf("user-%06d", i) }

// record is a user as Entra's directory has it.
func (d *directory) record(i int) mapping.Record {
	n := fmt.Sprintf("%06d", i)
	rec := mapping.Record{
		"objectId":          key(i),
		"userPrincipalName": "user" + n + "@example.com",
		"mail":              "user" + n + "@example.com",
		"mailNickname":      "user" + n,
		"displayName":       "User " + n,
		"givenName":         "User",
		"surname":           n,
		"jobTitle":          "Member",
		"preferredLanguage": "ja-JP",
		"city":              "東京",
		"country":           "Japan",
		"telephoneNumber":   "+81 3 0000 " + n[2:],
		"accountEnabled":    i%50 != 0, // the source has disabled accounts, too
	}
	if change := d.changed[i]; change != nil {
		change(rec)
	}
	return rec
}

// all yields every user and group there is, as a table or file would.
func (d *directory) all(context.Context) iter.Seq2[provision.Object, error] {
	return func(yield func(provision.Object, error) bool) {
		for i := 1; i <= d.users+d.extra; i++ {
			if !d.gone[i] && !yield(provision.Object{Type: provision.User, Key: key(i), Record: d.record(i)}, nil) {
				return
			}
		}
		for g := range d.users / 100 {
			if !yield(d.group(g), nil) {
				return
			}
		}
	}
}

func (d *directory) group(g int) provision.Object {
	id := fmt.Sprintf("group-%04d", g+1)
	obj := provision.Object{Type: provision.Group, Key: id, Record: mapping.Record{"objectId": id, "displayName": fmt.Sprintf("Group %04d", g+1)}}
	for i := g*10 + 1; i <= g*10+10; i++ {
		if i != d.moved {
			obj.Members = append(obj.Members, key(i))
		}
	}
	return obj
}

// change is what happens between the two cycles: one in a hundred gets a new
// title, one is renamed, one leaves, one is disabled, one leaves a group. It
// returns how many objects are different.
func (d *directory) change() int {
	changes := d.users / 100
	for n := range changes {
		d.changed[n*100+7] = func(rec mapping.Record) { rec["jobTitle"] = "Lead" }
	}
	d.changed[11] = func(rec mapping.Record) {
		rec["userPrincipalName"], rec["displayName"] = "renamed000011@example.com", "Renamed 000011"
	}
	d.changed[12] = func(rec mapping.Record) { rec["accountEnabled"] = false }
	d.gone[13] = true
	d.moved = 1
	return changes
}
