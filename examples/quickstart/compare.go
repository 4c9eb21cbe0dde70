package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/provision"
)

// compare checks that the target has what the mapping makes of the source:
// every active user with every mapped value, no one else active, every group
// with its members.
func (w *world) compare(ctx context.Context, d *directory, job *provision.Job) error {
	ctx = scim.WithScope(ctx, scopeJob)
	users, err := w.zoho.Users(ctx)
	if err != nil {
		return err
	}
	byName := make(map[string]*scim.Resource, len(users))
	names := make(map[string]string, len(users)) // userName by id
	active := 0
	for _, user := range users {
		u := user.Clone() // what is looked at is decoded, and 20,000 of that is a lot of memory
		name := strings.Clone(u.Get("userName").Text())
		byName[name], names[strings.Clone(u.ID())] = user, name
		if got := u.Get(`addresses[type eq "work"].formatted`).Text(); got != workLocation {
			return fmt.Errorf("the work location of %s is not the fixed value", name)
		}
		if u.Get("active").Bool() {
			active++
		}
	}
	expected, err := compareUsers(ctx, d, job, byName)
	if err != nil {
		return err
	}
	if active != expected {
		return fmt.Errorf("%d users are active and should be %d", active, expected)
	}
	return w.compareGroups(ctx, d, names)
}

// compareUsers checks the values of every active user of the source and
// counts them.
func compareUsers(ctx context.Context, d *directory, job *provision.Job, byName map[string]*scim.Resource) (active int, err error) {
	compiled, err := mapping.Compile(job.Users, scim.UserType())
	if err != nil {
		return 0, err
	}
	for obj, err := range d.all(ctx) {
		if err != nil {
			return 0, err
		}
		if obj.Type != provision.User || obj.Record["accountEnabled"] == false {
			continue
		}
		active++
		obj.Record["IsSoftDeleted"] = false
		want, err := compiled.Map(obj.Record, mapping.Create)
		if err != nil {
			return 0, err
		}
		name := want.Resource.Get("userName").Text()
		if byName[name] == nil {
			return 0, fmt.Errorf("%s is not in the target", name)
		}
		have := byName[name].Clone()
		for _, p := range compiled.Owned() {
			if !p.Get(want.Resource).Equal(have.Get(p.String())) {
				return 0, fmt.Errorf("%s: %s is not what the mapping says", name, p)
			}
		}
	}
	return active, nil
}

func (w *world) compareGroups(ctx context.Context, d *directory, names map[string]string) error {
	groups, err := w.zoho.Groups(ctx)
	if err != nil {
		return err
	}
	have := map[string]map[string]bool{} // user names by group
	for _, g := range groups {
		have[g.DisplayName] = map[string]bool{}
		for _, m := range g.Members {
			have[g.DisplayName][names[m.Value]] = true
		}
	}
	linked := map[string]bool{}
	for _, name := range names {
		linked[name] = true
	}
	for g := range d.users / 100 {
		obj := d.group(g)
		name := obj.Record["displayName"].(string)
		want := 0
		for i := g*10 + 1; i <= g*10+10; i++ {
			upn := d.record(i)["userPrincipalName"].(string)
			if i == d.moved || !linked[upn] {
				continue
			}
			want++
			if !have[name][upn] {
				return fmt.Errorf("%s is not in %s", upn, name)
			}
		}
		if len(have[name]) != want {
			return fmt.Errorf("%s has %d members and should have %d", name, len(have[name]), want)
		}
	}
	return nil
}
