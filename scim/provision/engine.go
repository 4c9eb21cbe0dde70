package provision

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
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
	links    links
	users    *side
	groups   *side // nil without groups
	print    string
	opts     Options

	cycle sync.Mutex // held while a cycle runs
	locks [64]sync.Mutex
}

// Options are the optional settings of an [Engine].
type Options struct {
	// Observe is told of each thing that is done or left undone, one at a
	// time. It must return soon: the cycle waits for it.
	Observe func(Event)

	// OnCycle is told of each cycle that [Engine.Run] has run, also of one
	// that the context cut short. The report is never nil.
	OnCycle func(*Report, error)
}

// side is what the engine does with the objects of one type.
type side struct {
	name     string
	mapping  *mapping.Compiled
	endpoint *scim.Endpoint[*scim.Resource]
	active   *scim.Path // nil if the mapping does not own it
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
	e := &Engine{job: *job, source: source, state: state, links: links{state, job.Name}}
	if o != nil {
		e.opts = *o
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
	s := &side{name: name, mapping: compiled, endpoint: target.Resources(t)}
	for _, p := range compiled.Owned() {
		if p.Attribute().Path() == "active" {
			s.active = p
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

// Run runs a cycle at once and then one every interval, measured from start
// to start, until its context ends; a cycle that takes longer than the
// interval is followed by the next at once. It returns the context's error.
// A cycle that fails does not end it.
func (e *Engine) Run(ctx context.Context) error {
	for {
		began := time.Now()
		report, err := e.Cycle(ctx)
		if e.opts.OnCycle != nil {
			e.opts.OnCycle(report, err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		wait := time.NewTimer(max(0, e.interval-time.Since(began)))
		select {
		case <-ctx.Done():
			wait.Stop()
			return ctx.Err()
		case <-wait.C:
		}
	}
}

// lock serializes what is done to one object.
func (e *Engine) lock(typ, key string) (unlock func()) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(linkKey(typ, key)))
	m := &e.locks[h.Sum32()%uint32(len(e.locks))]
	m.Lock()
	return m.Unlock
}

func (e *Engine) loadJob(ctx context.Context) (*jobState, error) {
	row, err := e.state.Get(ctx, tableJob, e.job.Name)
	if isMiss(err) {
		return &jobState{Version: stateVersion}, nil
	}
	if err != nil {
		return nil, stateError(err)
	}
	var s jobState
	if err := json.Unmarshal(row, &s); err != nil {
		return nil, stateError(err)
	}
	if s.Version > stateVersion {
		return nil, stateError(errors.New("it was written by a newer version of this library"))
	}
	return &s, nil
}

func (e *Engine) saveJob(ctx context.Context, s *jobState) error {
	row, err := json.Marshal(s)
	if err != nil {
		return stateError(err)
	}
	return stateError(e.state.Put(ctx, tableJob, e.job.Name, row))
}
