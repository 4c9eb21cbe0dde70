package elimity

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	elimity "github.com/elimity-com/scim"
	"github.com/elimity-com/scim/schema"

	"github.com/zohoscim/zohoscim/scim"
)

// kind is one resource type on both sides.
type kind struct {
	handler
	theirs elimity.ResourceType
	common schema.Schema // theirs.Schema with externalId, as their server has it
	ours   *scim.ResourceType
}

func newKind(t elimity.ResourceType, h handler) (*kind, error) {
	ours, err := ResourceType(t)
	if err != nil {
		return nil, err
	}
	k := &kind{handler: h, theirs: t, common: t.Schema, ours: ours}
	k.common.Attributes = append(t.Schema.Attributes[:len(t.Schema.Attributes):len(t.Schema.Attributes)], schema.SimpleCoreAttribute(
		schema.SimpleStringParams(schema.StringParams{Name: schema.CommonAttributeExternalID, CaseExact: true}),
	))
	return k, nil
}

// toTheirs returns what elimity's server would hand to the handler.
func (k *kind) toTheirs(r *scim.Resource) (elimity.ResourceAttributes, error) {
	raw, err := r.AppendStored(nil)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		return nil, scim.NewError(scim.KindInternal, "", err)
	}
	out, refused := k.common.Validate(m)
	if refused != nil {
		return nil, handlerError(*refused)
	}
	for _, x := range k.theirs.SchemaExtensions {
		given, ok := m[x.Schema.ID].(map[string]any)
		if !ok {
			continue
		}
		given["schemas"] = []any{x.Schema.ID} // later versions of their Validate ask for it
		values, refused := x.Schema.Validate(given)
		if refused != nil {
			return nil, handlerError(*refused)
		}
		out[x.Schema.ID] = values
	}
	for name, v := range out {
		if v == nil {
			delete(out, name) // Validate names every attribute of the schema
		}
	}
	return out, nil
}

// toOurs returns a handler's resource in the form of this module. Its version
// is made from its content: handlers differ in what they say of versions
// from one call to the next.
func (k *kind) toOurs(res elimity.Resource) (*scim.Resource, error) {
	m := copyMap(res.Attributes)
	if m == nil {
		m = elimity.ResourceAttributes{}
	}
	for _, name := range []string{"schemas", "meta", "id"} {
		delete(m, name)
	}
	m["id"] = res.ID
	if res.ExternalID.Present() {
		m["externalId"] = res.ExternalID.Value()
	}
	raw, err := json.Marshal(m) // names in order, so that equal content is equal text
	if err != nil {
		return nil, k.unreadable(err)
	}
	hash := fnv.New64a()
	_, _ = hash.Write(raw) // never fails
	meta := map[string]any{"resourceType": k.ours.Name(), "version": `W/"` + strconv.FormatUint(hash.Sum64()>>1, 10) + `"`}
	for name, t := range map[string]*time.Time{"created": res.Meta.Created, "lastModified": res.Meta.LastModified} {
		if t != nil && !t.IsZero() {
			meta[name] = t.UTC().Format(time.RFC3339Nano)
		}
	}
	m["meta"] = meta
	if raw, err = json.Marshal(m); err != nil {
		return nil, k.unreadable(err)
	}
	r, err := scim.DecodeResource(k.ours, raw)
	if err != nil {
		return nil, k.unreadable(err)
	}
	return r, nil
}

func (k *kind) unreadable(err error) error {
	return scim.NewError(scim.KindInternal, "", fmt.Errorf("the handler of %s answered what is not a resource of its schema: %w", k.theirs.Name, err))
}
