package scim

import (
	"iter"
	"slices"
	"time"
)

// Resource is one SCIM resource: an ordered tree of typed values, each
// already resolved against its resource type's compiled schemas. A Resource
// is not safe for concurrent use while it is changed.
type Resource struct {
	typ    *ResourceType
	top    *node    // nil until a stored form is read
	stored []byte   // encoded form from a store; nil once top is the truth
	extra  []string // schema URIs that the resource type does not know
	err    error    // why the stored form could not be read

	linksGiven bool // the JSON named the link attribute, if only to empty it
}

// NewResource returns an empty resource of a type.
func NewResource(t *ResourceType) *Resource {
	return &Resource{typ: t, top: newNode(16)}
}

// Type returns the resource type.
func (r *Resource) Type() *ResourceType { return r.typ }

// ID returns the service provider's identifier, "" before the resource is
// created.
func (r *Resource) ID() string { return r.tree().get(r.typ.id).text }

// ExternalID returns the provisioning client's identifier, or "".
func (r *Resource) ExternalID() string { return r.tree().get(r.typ.externalID).text }

// Version returns meta.version, the resource's entity tag, or "".
func (r *Resource) Version() string { return r.tree().get(r.typ.meta).Get("version").text }

// LastModified returns meta.lastModified, or the zero time.
func (r *Resource) LastModified() time.Time { return timeOf(r, "lastModified") }

func timeOf(r *Resource, name string) time.Time {
	t, _ := parseTime(r.tree().get(r.typ.meta).Get(name).text)
	return t
}

// Location returns meta.location, or "".
func (r *Resource) Location() string { return r.tree().get(r.typ.meta).Get("location").text }

// Get returns the value at an attribute path such as "userName",
// "name.familyName" or `emails[type eq "work"].value`; the first one where
// the path selects several. It is the zero Value if there is none or the
// path is not one of the resource type's. Use [ResourceType.ParsePath] for
// paths that are not constants.
func (r *Resource) Get(path string) Value {
	p, err := r.typ.ParsePath(path)
	if err != nil {
		return Value{}
	}
	return p.Get(r)
}

// Set puts a value at an attribute path, as [Path.Set] does.
func (r *Resource) Set(path string, v Value) error {
	p, err := r.typ.ParsePath(path)
	if err != nil {
		return err
	}
	return p.Set(r, v)
}

// Remove removes what an attribute path selects and reports whether there
// was something.
func (r *Resource) Remove(path string) (bool, error) {
	p, err := r.typ.ParsePath(path)
	if err != nil {
		return false, err
	}
	return p.Remove(r), nil
}

// Clone returns an independent copy.
func (r *Resource) Clone() *Resource {
	c := *r
	if c.top != nil {
		c.top = c.top.clone()
	}
	c.extra = slices.Clone(c.extra)
	return &c
}

// Attributes yields the attributes that have a value, in schema order;
// those of an extension under the attribute that stands for it.
func (r *Resource) Attributes() iter.Seq2[*Attribute, Value] {
	return func(yield func(*Attribute, Value) bool) {
		for _, m := range r.tree().members {
			if !yield(m.attr, m.val) {
				return
			}
		}
	}
}

// UniqueKeys yields, for each attribute that must be unique on the server
// and has a value, its path and the value in canonical form: what a [Store]
// must keep unique per tenant, connection and resource type.
func (r *Resource) UniqueKeys() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, p := range r.typ.unique {
			v := p.Get(r)
			if v.kind != KindText && v.kind != KindNumber || v.text == "" {
				continue
			}
			if !yield(p.text, equalityOf(p.attr, v.text).Key) {
				return
			}
		}
	}
}

// IndexKeys yields what senders look the resource up by, one [Equality] for
// each value: the unique attributes, externalId, displayName and the values
// of emails. A [Store] that keeps an index of them finds with it what
// [Filter.Equalities] names.
func (r *Resource) IndexKeys() iter.Seq[Equality] {
	return func(yield func(Equality) bool) {
		for _, p := range r.typ.indexed {
			for v := range p.All(r) {
				if (v.kind == KindText || v.kind == KindNumber) && v.text != "" && !yield(equalityOf(p.attr, v.text)) {
					return
				}
			}
		}
	}
}

// tree returns the values, reading the stored form on first use.
func (r *Resource) tree() *node {
	if r.top == nil {
		r.load()
	}
	return r.top
}

func (r *Resource) load() {
	r.top = &node{}
	if r.stored == nil {
		return
	}
	d := decoder{typ: r.typ, mode: decodeStored, depth: defaultLimits.JSONDepth}
	if err := d.resource(r.stored, r); err != nil {
		r.err = err
		r.top = &node{}
	}
}

// changed returns the tree for writing: the stored form is no longer true.
func (r *Resource) changed() *node {
	n := r.tree()
	r.stored = nil
	return n
}

// Touch gives the resource its next version and the present time as
// meta.lastModified. The server does it for each change; a [Store] does it
// for a resource that loses a link because the other end was deleted.
func (r *Resource) Touch() {
	r.setMeta(timeOf(r, "created"), timeNow(), nextVersion(r.Version()))
}

// setID and setMeta are the service provider's own writes.
func (r *Resource) setID(id string) { r.changed().set(r.typ.id, String(id)) }

func (r *Resource) setMeta(created, modified time.Time, version string) {
	meta := r.changed().child(r.typ.meta)
	names := r.typ.meta.names
	meta.set(names["resourceType"], String(r.typ.name))
	if !created.IsZero() {
		meta.set(names["created"], String(formatTime(created)))
	}
	meta.set(names["lastModified"], String(formatTime(modified)))
	meta.set(names["version"], String(version))
}

func formatTime(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// takeLinks removes the link attribute from the tree and returns its values.
func (r *Resource) takeLinks() []Link {
	if r.typ.links == nil {
		return nil
	}
	v := r.tree().get(r.typ.links)
	if v.kind == KindNone {
		return nil
	}
	r.changed().remove(r.typ.links)
	return linksOf(v)
}

// linksOf returns the links that a value lists. Links are a set: of two with
// one id the last one counts.
func linksOf(v Value) []Link {
	at := map[string]int{}
	var out []Link
	for item := range v.All() {
		l := Link{Value: item.Get("value").text, Type: item.Get("type").text, Display: item.Get("display").text}
		if i, ok := at[l.Value]; ok {
			out[i] = l
			continue
		}
		at[l.Value] = len(out)
		out = append(out, l)
	}
	return out
}
