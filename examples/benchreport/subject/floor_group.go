package subject

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
)

func (f *Floor) createGroup(w http.ResponseWriter, r *http.Request) {
	g := &floorGroup{at: map[string]int{}}
	if err := json.NewDecoder(r.Body).Decode(g); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	g.ID = rand.Text()
	g.Meta = newMeta("Group", g.ID)
	f.mu.Lock()
	f.groups[g.ID] = g
	f.mu.Unlock()
	answer(w, http.StatusCreated, g)
}

func (f *Floor) patchGroup(w http.ResponseWriter, r *http.Request) {
	var p floorPatch
	if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock() // a group is changed in place
	g := f.groups[r.PathValue("id")]
	if g == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	for _, op := range p.Operations {
		if !g.apply(op.Op, op.Path, op.Value) {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
	}
	g.Meta = g.Meta.next()
	if r.URL.RawQuery == "" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	answer(w, http.StatusOK, g)
}

func (g *floorGroup) apply(op, path string, value json.RawMessage) bool {
	if id, ok := strings.CutPrefix(path, `members[value eq "`); ok {
		if at, found := g.at[strings.TrimSuffix(id, `"]`)]; found {
			g.remove(at)
		}
		return true
	}
	var members []floorMember
	if err := json.Unmarshal(value, &members); err != nil {
		return false
	}
	for _, m := range members {
		if _, found := g.at[m.Value]; !found && op != "remove" {
			g.at[m.Value] = len(g.Members)
			g.Members = append(g.Members, m)
		}
	}
	return true
}

// remove fills the gap with the last member.
func (g *floorGroup) remove(at int) {
	last := len(g.Members) - 1
	delete(g.at, g.Members[at].Value)
	if at != last {
		g.Members[at] = g.Members[last]
		g.at[g.Members[at].Value] = at
	}
	g.Members = g.Members[:last]
}
