package scimtest

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

// features is what a service provider advertises.
type features struct {
	advertised map[Feature]bool
	schemas    any // the answer to GET /Schemas

	maxOperations, maxPayloadSize int // of bulk requests
}

// discover reads the discovery documents. What cannot be read is taken for
// advertised if nearly every service provider has it; cases about discovery
// tell the rest.
func (r *runner) discover(ctx context.Context) (features, error) {
	f := features{advertised: map[Feature]bool{}}
	read := func(s Step) (any, bool, error) {
		talk := &conversation{runner: r}
		a, err := talk.send(ctx, &s)
		if err != nil {
			return nil, false, err
		}
		body, err := a.json()
		return body, err == nil && a.status == http.StatusOK && !a.redirected, nil
	}
	config, known, err := read(get("/ServiceProviderConfig"))
	if err != nil {
		return f, err
	}
	for _, name := range []Feature{FeaturePatch, FeatureFilter, FeatureSort, FeatureETag, FeatureBulk} {
		f.advertised[name] = at(config, "/"+string(name)+"/supported") == true
		if !known {
			f.advertised[name] = name == FeaturePatch || name == FeatureFilter
		}
	}
	f.bulkLimits(config)
	f.advertised[FeatureCursor] = at(config, "/pagination/cursor") == true
	f.advertised[FeatureIndex] = at(config, "/pagination/index") != false
	types, known, err := read(get("/ResourceTypes"))
	if err != nil {
		return f, err
	}
	f.advertised[FeatureGroups] = !known
	f.advertised[FeatureEnterprise] = !known
	list, _ := at(types, "/Resources").([]any)
	for _, t := range list {
		switch at(t, "/endpoint") {
		case "/Groups", "Groups":
			f.advertised[FeatureGroups] = true
		case "/Users", "Users":
			extensions, _ := at(t, "/schemaExtensions").([]any)
			f.advertised[FeatureEnterprise] = slices.ContainsFunc(extensions, func(x any) bool { return at(x, "/schema") == enterpriseSchema })
		}
	}
	if f.schemas, known, err = read(get("/Schemas")); err != nil {
		return f, err
	}
	if !known {
		f.schemas = nil
	}
	if _, f.advertised[FeatureMe], err = read(get("/Me")); err != nil {
		return f, err
	}
	_, f.advertised[FeatureRoot], err = read(search("/.search", `"count":0`))
	return f, err
}

// bulkLimits reads the limits of bulk requests. Those that are too high to be
// exceeded by a test are not asked about.
func (f *features) bulkLimits(config any) {
	const most, mostBytes = 10_000, 8 << 20
	operations, _ := at(config, "/bulk/maxOperations").(float64)
	size, _ := at(config, "/bulk/maxPayloadSize").(float64)
	f.advertised[FeatureBulkLimits] = f.advertised[FeatureBulk] && operations >= 1 && operations <= most && size >= 1 && size <= mostBytes
	if f.advertised[FeatureBulkLimits] {
		f.maxOperations, f.maxPayloadSize = int(operations), int(size)
	}
}

// has reports whether a feature is advertised.
func (f *features) has(name Feature) bool {
	if on, ok := f.advertised[name]; ok {
		return on
	}
	path, ofUser := strings.CutPrefix(string(name), "User.")
	list, ok := at(f.schemas, "/Resources").([]any)
	if !ok || !ofUser {
		return ofUser // the schemas could not be read
	}
	for _, schema := range list {
		if at(schema, "/id") == userSchema {
			return hasAttribute(schema, "/attributes", path)
		}
	}
	return false
}

func hasAttribute(in any, pointer, path string) bool {
	first, rest, dotted := strings.Cut(path, ".")
	list, _ := at(in, pointer).([]any)
	for _, a := range list {
		if name, ok := at(a, "/name").(string); ok && strings.EqualFold(name, first) {
			return !dotted || hasAttribute(a, "/subAttributes", rest)
		}
	}
	return false
}

// list returns the features that are advertised, sorted.
func (f *features) list() []Feature {
	var out []Feature
	for name, on := range f.advertised {
		if on {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
