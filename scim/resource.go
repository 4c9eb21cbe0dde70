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
	stored string   // encoded form, as a store keeps it; "" if it is not made or no longer true
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
func (r *Resource) ID() string {
	if r.top == nil {
		if id, ok := storedID(r.stored); ok {
			return id
		}
	}
	return r.tree().get(r.typ.id).text
}

// ExternalID returns the provisioning client's identifier, or "".
func (r *Resource) ExternalID() string { return r.tree().get(r.typ.externalID).text }

// Version returns meta.version, the resource's entity tag, or "".
func (r *Resource) Version() string {
	if r.top == nil {
		if m, ok := findStoredMeta(r.stored); ok && m.number {
			return `W/"` + m.version + `"`
		} else if ok {
			return m.version
		}
	}
	return r.tree().get(r.typ.meta).Get("version").text
}

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
		for _, key := range r.indexKeys(nil) {
			if !yield(Equality{r.typ.indexed[key.at].attr.path, key.text}) {
				return
			}
		}
	}
}

// indexKey is an [Equality] by the position of its path in
// [ResourceType].indexed.
type indexKey struct {
	at   int
	text string
}

// indexKeys appends the keys that IndexKeys yields.
func (r *Resource) indexKeys(keys []indexKey) []indexKey {
	for at, p := range r.typ.indexed {
		keys = appendKeys(keys, at, r.tree(), p.attr.chain)
	}
	return keys
}

func appendKeys(keys []indexKey, at int, n *node, chain []*Attribute) []indexKey {
	v := n.find(chain[0])
	if v == nil {
		return keys
	}
	if v.kind != KindMulti {
		return appendKey(keys, at, *v, chain)
	}
	for _, item := range v.node.items {
		keys = appendKey(keys, at, item, chain)
	}
	return keys
}

func appendKey(keys []indexKey, at int, v Value, chain []*Attribute) []indexKey {
	switch {
	case len(chain) > 1 && v.node != nil:
		return appendKeys(keys, at, v.node, chain[1:])
	case len(chain) == 1 && (v.kind == KindText || v.kind == KindNumber) && v.text != "":
		return append(keys, indexKey{at, equalityOf(chain[0], v.text).Key})
	}
	return keys
}

// displayName returns what other resources show of this one.
func (r *Resource) displayName() string { return r.tree().get(r.typ.display).text }

// tree returns the values, reading the stored form on first use.
func (r *Resource) tree() *node {
	if r.top == nil {
		r.load()
	}
	return r.top
}

func (r *Resource) load() {
	if r.stored == "" {
		r.top = &node{}
		return
	}
	d := decoder{typ: r.typ, mode: decodeStored, depth: defaultLimits.JSONDepth}
	if err := d.checked(r.stored, r); err != nil {
		r.err = err
		r.top = &node{}
	}
}

// changed returns the tree for writing: the stored form is no longer true.
func (r *Resource) changed() *node {
	n := r.tree()
	r.stored = ""
	return n
}

// Touch gives the resource its next version and the present time as
// meta.lastModified. The server does it for each change; a [Store] does it
// for a resource that loses a link because the other end was deleted.
func (r *Resource) Touch() {
	if r.touchStored() {
		return
	}
	r.setMeta(timeOf(r, "created"), timeNow(), nextVersion(r.Version()))
}

// setID and setMeta are the service provider's own writes.
func (r *Resource) setID(id string) { r.changed().set(r.typ.id, String(id)) }

func (r *Resource) setMeta(created, modified time.Time, version string) {
	meta := r.changed().child(r.typ.meta)
	names := r.typ.meta.names
	meta.set(names["resourceType"], String(r.typ.name))
	now := String(formatTime(modified))
	switch {
	case created.IsZero():
	case created.Equal(modified):
		meta.set(names["created"], now)
	default:
		meta.set(names["created"], String(formatTime(created)))
	}
	meta.set(names["lastModified"], now)
	meta.set(names["version"], String(version))
}

func formatTime(t time.Time) string {
	var b [32]byte
	return string(appendTime(b[:0], t))
}

func appendTime(b []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
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

// storedResource is [StoredResource] for a text that is there already.
func storedResource(t *ResourceType, stored string) *Resource {
	return &Resource{typ: t, stored: stored}
}

// encoded returns the stored form, which is made once.
func (r *Resource) encoded() (string, error) {
	if r.stored == "" {
		w := writer{b: make([]byte, 0, 2048), stored: true}
		w.resource(r, nil, nil)
		if r.err != nil {
			return "", r.err
		}
		r.stored = string(w.b)
	}
	return r.stored, nil
}

// before returns the resource as it is now, for a comparison after it has
// been changed.
func (r *Resource) before() *Resource {
	if r.stored != "" {
		return storedResource(r.typ, r.stored)
	}
	return r.Clone()
}

// same reports whether the resource is what it was before.
func (r *Resource) same(old *Resource) bool {
	if old.stored == "" {
		return r.tree().equal(old.tree())
	}
	if r.stored == "" {
		if _, err := r.encoded(); err != nil {
			return false
		}
	}
	if r.stored == old.stored {
		return true
	}
	// A form that a store has written anew says the same in another order.
	_, ours := findStoredMeta(old.stored)
	return !ours && r.tree().equal(old.tree())
}
