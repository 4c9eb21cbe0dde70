package interop

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/provision"
)

// counting counts the requests that write.
type counting struct {
	http.RoundTripper
	writes atomic.Int32
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		c.writes.Add(1)
	}
	return c.RoundTripper.RoundTrip(r)
}

// people is a source that a test changes between cycles.
type people struct{ objects []provision.Object }

func (p *people) all(context.Context) iter.Seq2[provision.Object, error] {
	return func(yield func(provision.Object, error) bool) {
		for _, obj := range p.objects {
			if !yield(obj, nil) {
				return
			}
		}
	}
}

func person(key, name string, enabled bool) provision.Object {
	return provision.Object{Type: provision.User, Key: key, Record: mapping.Record{
		"userPrincipalName": name + "@engine.example.com", "mailNickname": key, "displayName": name, "accountEnabled": enabled,
	}}
}

func team(key, name string, members ...string) provision.Object {
	return provision.Object{Type: provision.Group, Key: key, Members: members, Record: mapping.Record{"displayName": name, "objectId": key}}
}

// TestEngine takes the engine through cycles at every service provider. After
// each, what the service provider has is what the source has, and the cycle
// after that sends nothing.
func TestEngine(t *testing.T) {
	for _, p := range append(serveOurs(t), append([]provider{serveElimity(t)}, provided(t)...)...) {
		t.Run(p.name, func(t *testing.T) { newCycles(t, p).walk() })
	}
}

// cycles are an engine and its two sides.
type cycles struct {
	*testing.T
	source people
	count  *counting
	client *scim.Client
	engine *provision.Engine
}

func newCycles(t *testing.T, p provider) *cycles {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	c := &cycles{T: t, count: &counting{RoundTripper: transport}}
	var err error
	c.client, err = scim.NewClient(p.url, scim.BearerToken(scim.NewSecret(p.token)), &scim.ClientOptions{
		Profile: p.profile, HTTPClient: &http.Client{Transport: c.count},
	})
	if err != nil {
		t.Fatal(err)
	}
	job := &provision.Job{
		Name: p.name, SyncURL: p.url, MaxDeletes: 10,
		Users: &mapping.Mapping{Target: "User", Rules: []mapping.Rule{
			{Target: "userName", Attribute: "userPrincipalName", Matching: 1}, {Target: "displayName", Attribute: "displayName"},
			{Target: "active", Expression: `Not([IsSoftDeleted])`}, {Target: `addresses[type eq "work"].formatted`, Fixed: "本社"},
		}},
		Groups: &mapping.Mapping{Target: "Group", Rules: []mapping.Rule{
			{Target: "displayName", Attribute: "displayName", Matching: 1}, {Target: "members", Attribute: "members"},
		}},
	}
	c.engine, err = provision.New(job, provision.Snapshot(c.source.all), c.client, provision.NewMemoryState(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// walk changes the source in the ways that a directory changes.
func (c *cycles) walk() {
	var list []provision.Object
	for i := range 12 {
		list = append(list, person(fmt.Sprintf("e%02d", i), fmt.Sprintf("Engine%02d", i), true))
	}
	list = append(list, team("g1", "Engine team", "e00", "e01", "e02"), team("g2", "Engine empty"))
	c.cycle("initial", list)

	list[3] = person("e03", "EngineRenamed", true)
	c.cycle("rename", list)

	list[4] = person("e04", "Engine04", false)
	c.cycle("disable", list)

	list[12] = team("g1", "Engine team", "e01", "e02", "e05")
	list[13] = team("g2", "Engine not empty", "e06")
	c.cycle("group changes", list)

	list = slices.Delete(list, 7, 8)
	c.cycle("leave", list)

	gone := person("e04", "Engine04", false)
	gone.Deleted = provision.HardDeleted
	c.cycle("delete", append(slices.Delete(slices.Clone(list), 4, 5), gone))
}

// cycle runs a cycle and one more that has nothing to do.
func (c *cycles) cycle(name string, list []provision.Object) {
	c.Helper()
	c.source.objects = list
	report, err := c.engine.Cycle(c.Context())
	if err != nil || report.Users.Failed+report.Groups.Failed > 0 {
		c.Fatalf("%s: %v %+v", name, err, report)
	}
	c.compare(name, list)
	before := c.count.writes.Load()
	if _, err := c.engine.Cycle(c.Context()); err != nil || c.count.writes.Load() != before {
		c.Errorf("after %s: %v; %d writes in a cycle without changes", name, err, c.count.writes.Load()-before)
	}
}

// compare asks the service provider for everything in the source.
func (c *cycles) compare(name string, list []provision.Object) {
	c.Helper()
	ids := map[string]string{}
	for _, obj := range list {
		if obj.Type != provision.User {
			continue
		}
		want := obj.Record["userPrincipalName"].(string)
		page, err := c.client.Users().List(c.Context(), &scim.ListOptions{Filter: scim.FilterEq("userName", want)})
		if err != nil {
			c.Fatalf("%s: %v", name, err)
		}
		if obj.Deleted == provision.HardDeleted {
			if len(page.Resources) > 0 {
				c.Errorf("%s: %s is still there", name, obj.Key)
			}
			continue
		}
		if len(page.Resources) != 1 {
			c.Errorf("%s: %d accounts of %s", name, len(page.Resources), obj.Key)
			continue
		}
		u := page.Resources[0]
		ids[obj.Key] = u.ID
		if u.Active == nil || *u.Active != obj.Record["accountEnabled"] || u.DisplayName != obj.Record["displayName"] || len(u.Addresses) != 1 || u.Addresses[0].Formatted != "本社" {
			c.Errorf("%s: %s is %+v", name, obj.Key, u)
		}
	}
	for _, obj := range list {
		if obj.Type == provision.Group {
			c.compareGroup(name, obj, ids)
		}
	}
}

func (c *cycles) compareGroup(name string, obj provision.Object, ids map[string]string) {
	c.Helper()
	page, err := c.client.Groups().List(c.Context(), &scim.ListOptions{Filter: scim.FilterEq("displayName", obj.Record["displayName"].(string))})
	if err != nil || len(page.Resources) != 1 {
		c.Errorf("%s: group %s: %v, %d found", name, obj.Key, err, len(page.Resources))
		return
	}
	g, err := c.client.Groups().Get(c.Context(), page.Resources[0].ID, nil)
	if err != nil {
		c.Fatalf("%s: %v", name, err)
	}
	var got, want []string
	for _, m := range g.Members {
		got = append(got, m.Value)
	}
	for _, key := range obj.Members {
		want = append(want, ids[key])
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		c.Errorf("%s: members of %s: %v, want %v", name, obj.Key, got, want)
	}
}
