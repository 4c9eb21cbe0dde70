package elimity

import (
	"sync"

	"github.com/zohoscim/zohoscim/scim"
)

// versions remembers the versions of resources that were written here, so
// that the entity tag of an answer is still true in the next one. A version
// that is not remembered is made from the content; then a client that has
// the other one is told to read again. Its zero value is empty.
type versions struct {
	mu   sync.Mutex
	byID map[versionKey]version
}

type versionKey struct {
	kind *kind
	id   string
}

type version struct{ content, told string }

// mostVersions bounds what is remembered.
const mostVersions = 10_000

func (v *versions) put(k *kind, r *scim.Resource, told string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.byID == nil {
		v.byID = map[versionKey]version{}
	}
	key := versionKey{k, r.ID()}
	if _, ok := v.byID[key]; !ok && len(v.byID) >= mostVersions {
		for other := range v.byID {
			delete(v.byID, other)
			break
		}
	}
	v.byID[key] = version{r.Version(), told}
}

// of returns r with the version that was told of this content.
func (v *versions) of(k *kind, r *scim.Resource) (*scim.Resource, error) {
	v.mu.Lock()
	known, ok := v.byID[versionKey{k, r.ID()}]
	v.mu.Unlock()
	if !ok || known.content != r.Version() {
		return r, nil
	}
	return r, r.Set("meta.version", scim.String(known.told))
}
