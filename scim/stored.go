package scim

import (
	"strconv"
	"strings"
)

// The stored form is JSON that this package wrote: "schemas" and "id" come
// first and "meta" last, without spaces. What is looked for below is found
// there without reading the rest; where it is not, the caller reads the tree.

// storedID returns the id that a stored form begins with.
func storedID(stored string) (string, bool) {
	if !strings.HasPrefix(stored, `{"schemas":["`) {
		return "", false
	}
	end := strings.IndexByte(stored, ']')
	if end < 0 {
		return "", false
	}
	rest, ok := strings.CutPrefix(stored[end:], `],"id":"`)
	if !ok {
		return "", false
	}
	id, _, ok := strings.Cut(rest, `"`)
	return id, ok && strings.IndexByte(id, '\\') < 0
}

// storedMeta is where the "meta" of a stored form lies.
type storedMeta struct {
	start, end int // the comma before it, and the brace that closes it
	version    string
	number     bool   // version is n of W/"n"
	created    string // without quotes
	kind       string // resourceType, likewise
}

// findStoredMeta finds meta at the end of a stored form. No text of a client
// can look like it: a quote in a text has a backslash before it.
func findStoredMeta(stored string) (m storedMeta, ok bool) {
	const opening = `,"meta":{`
	m.start = strings.LastIndex(stored, opening)
	if m.start < 0 || !strings.HasPrefix(stored, `{"schemas":["`) {
		return m, false
	}
	s := scanner{src: stored, pos: m.start + len(opening)}
	for {
		name, more, ok := s.name()
		if !ok {
			return m, false
		}
		if !more {
			m.end = s.pos - 1
			return m, stored[s.pos:] == "}" && stored[m.end-1] != '{'
		}
		if s.peek() != '"' || name == "location" {
			return m, false
		}
		raw, escaped := s.text()
		if raw == "" {
			return m, false
		}
		switch {
		case name == "created" && !escaped:
			m.created = raw[1 : len(raw)-1]
		case name == "resourceType" && !escaped:
			m.kind = raw[1 : len(raw)-1]
		case name == "version":
			n, weak := strings.CutPrefix(raw, `"W/\"`)
			if n, m.number = strings.CutSuffix(n, `\""`); m.number && weak && strings.IndexByte(n, '\\') < 0 {
				m.version = n
			} else {
				m.version, m.number = unquote(raw, escaped), false
			}
		}
	}
}

// touchStored is Touch for a resource whose stored form ends as one of the
// server's does: the rest of it stays as it is.
func (r *Resource) touchStored() bool {
	m, ok := findStoredMeta(r.stored)
	n, err := strconv.ParseUint(m.version, 10, 64)
	if !ok || !m.number || err != nil || m.created == "" || m.kind != r.typ.name {
		return false
	}
	var modified, number [32]byte
	now := appendTime(modified[:0], timeNow())
	next := strconv.AppendUint(number[:0], n+1, 10)
	// The version as the tree has it is a part of the same text.
	text := r.stored[:m.start] + `,"meta":{"resourceType":"` + m.kind + `","created":"` + m.created +
		`","lastModified":"` + string(now) + `","version":"W/\"` + string(next) + `\""}}` + `W/"` + string(next) + `"`
	end := len(text) - len(`W/""`) - len(next)
	r.stored = text[:end]
	if r.top == nil {
		return true
	}
	meta := r.top.child(r.typ.meta)
	at := end - len(`","version":"W/\"\""}}`) - len(next)
	meta.set(r.typ.meta.names["lastModified"], String(text[at-len(now):at]))
	meta.set(r.typ.meta.names["version"], String(text[end:]))
	return true
}

// answerable reports whether the answer is the stored form and what depends
// on the request, and where that goes.
func (r *Resource) answerable(m *mask) (storedMeta, bool) {
	if r.stored == "" || m != r.typ.whole {
		return storedMeta{}, false
	}
	for _, name := range r.typ.hidden {
		if strings.Contains(r.stored, name) {
			return storedMeta{}, false
		}
	}
	return findStoredMeta(r.stored)
}

// splice writes the answer as the stored form with what depends on the
// request put between. It does nothing and returns false where they hold more
// or less than the answer.
func (w *writer) splice(r *Resource, m *mask, s *surroundings) bool {
	meta, ok := r.answerable(m)
	if !ok || s.prefix == "" {
		return false
	}
	w.mask = m
	from := 0
	if s.links != nil || len(s.owners) > 0 {
		for _, a := range []*Attribute{r.typ.owners, r.typ.links} {
			if a == nil || a == r.typ.links && s.links == nil || a == r.typ.owners && len(s.owners) == 0 {
				continue
			}
			at := r.typ.storedPlace(r.stored, a, meta.start)
			if at < from {
				return false
			}
			w.b = append(w.b, r.stored[from:at]...)
			w.references(a, s)
			from = at
		}
	}
	w.b = append(w.b, r.stored[from:meta.end]...)
	w.b = append(w.b, `,"location":`...)
	w.location(s.prefix, s.id)
	w.b = append(w.b, r.stored[meta.end:]...)
	return true
}

// storedPlace returns where in a stored form an attribute belongs that is not
// in it: the comma before the first member of a later slot, at the latest meta.
func (t *ResourceType) storedPlace(stored string, a *Attribute, meta int) int {
	s := scanner{src: stored, pos: 1}
	for {
		at := s.pos
		name, more, ok := s.name()
		if !ok || !more || s.peek() == 0 {
			return meta
		}
		if have := t.root.names[name]; at > 1 && have != nil && have.slot > a.slot {
			return at
		}
		if _, ok := s.skip(); !ok {
			return meta
		}
	}
}
