package provision

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
)

// Engine keeps one target in step with one source. It is safe for concurrent
// use: an on-demand run can go beside a cycle, and what they do to one
// object is done in turn.
type Engine struct {
	job      Job
	interval time.Duration
	source   Source
	state    State
	users    *side
	groups   *side // nil without groups
	print    string
	opts     Options
	gate     *gate
	seed     maphash.Seed

	cycle sync.Mutex // held while a cycle runs
	locks [256]sync.Mutex

	unique sync.Mutex // held from the choice of a unique value until its account is made

	mu      sync.Mutex
	session *session // nil while nothing runs

	tellMu sync.Mutex // observers are told one thing at a time
}

// Options are the optional settings of an [Engine].
type Options struct {
	// Observers are told what happens, in their order.
	Observers []Observer
}

// Observer is told what an engine does: to count it, to log it ([Log]), to
// show it ([Progress]). Its methods are called one at a time for one engine,
// and must return soon: the run waits for them.
type Observer interface {
	// CycleBegan is called when the source begins to be read.
	CycleBegan(Cycle)

	// Done is called for each thing that was done or left undone, also by
	// on-demand runs.
	Done(*Event)

	// CycleEnded is called when a cycle has ended, with what
	// [Engine.Cycle] returns.
	CycleEnded(*Report, error)
}

// Cycle says what kind of cycle begins.
type Cycle struct {
	ID    string
	Job   string
	Began time.Time
	Full  bool // the whole source is read
	Total int  // objects that the source will give; 0 is not known
}

// New returns an engine. All but the options are required. A mistake in a
// mapping is reported with its place; nothing is sent.
func New(job *Job, source Source, target *scim.Client, state State, o *Options) (*Engine, error) {
	if job == nil || source == nil || target == nil || state == nil {
		return nil, &Error{Code: CodeInvalidJob, Detail: "an engine needs a job, a source, a target and a state"}
	}
	if err := job.Check(); err != nil {
		return nil, err
	}
	e := &Engine{job: *job, source: source, state: state, gate: newGate(job.workers()), seed: maphash.MakeSeed()}
	if o != nil {
		e.opts.Observers = append(e.opts.Observers, o.Observers...)
	}
	e.interval, _ = job.interval()
	users, groups := job.Users, job.Groups
	if users == nil {
		users = mapping.ZohoOneUser()
	}
	if groups == nil {
		groups = mapping.ZohoOneGroup()
	}
	var err error
	if e.users, err = newSide(User, users, target); err != nil {
		return nil, err
	}
	if !job.NoGroups {
		if e.groups, err = newSide(Group, groups, target); err != nil {
			return nil, err
		}
	}
	e.print, err = fingerprint(users, groups, job.NoGroups)
	return e, err
}

func newSide(name string, m *mapping.Mapping, target *scim.Client) (*side, error) {
	bad := func(err error) (*side, error) {
		return nil, &Error{Code: CodeInvalidJob, Detail: "the mapping of " + name + "s", Err: err}
	}
	if m.Target != name {
		return bad(fmt.Errorf("its target is %q", m.Target))
	}
	t, err := m.ResourceType()
	if err != nil {
		return bad(err)
	}
	compiled, err := mapping.Compile(m, t)
	if err != nil {
		return bad(err)
	}
	s := &side{name: name, mapping: compiled, endpoint: target.Resources(t), probe: "userName"}
	if name == Group {
		s.probe = "displayName"
	}
	for _, p := range compiled.Owned() {
		switch p.Attribute().Path() {
		case "active":
			s.active = p
		case "members", "members.value":
			if name == Group {
				s.members = p
			}
		}
	}
	return s, nil
}

// fingerprint tells whether the settings are those of the last cycle.
func fingerprint(settings ...any) (string, error) {
	h := sha256.New()
	for _, v := range settings {
		data, err := json.Marshal(v, json.Deterministic(true))
		if err != nil {
			return "", &Error{Code: CodeInvalidJob, Err: err}
		}
		h.Write(data)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// lock serializes what is done to one object.
func (e *Engine) lock(typ, key string) (unlock func()) {
	m := &e.locks[maphash.String(e.seed, linkKey(typ, key))%uint64(len(e.locks))]
	m.Lock()
	return m.Unlock
}
