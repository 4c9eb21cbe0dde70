package directory

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/zohoscim/zohoscim/scim"
)

// service is a service behind an API: its accounts cannot share a transaction
// with the directory. It is what [Accounts] demands and counts its effects.
type service struct {
	mu       sync.Mutex
	accounts map[string]*Account // by key
	keys     map[string]string   // by id
	versions map[string]int64    // by id
	groups   map[string]string   // name by id
	members  map[string]map[string]bool
	made     int // keys are numbers

	// before and after are called around each change; their errors are its answer.
	before, after func(call string, a *Account) error
}

// idOf tells the same id of two tenants apart, which only tests make.
func idOf(a *Account) string { return a.Scope().Tenant + "/" + a.Scope().Connection + "/" + a.ID }

func newService() *service {
	return &service{
		accounts: map[string]*Account{}, keys: map[string]string{}, versions: map[string]int64{},
		groups: map[string]string{}, members: map[string]map[string]bool{},
	}
}

// call does one change unless before says no, and loses the answer if after
// says so.
func (s *service) call(name string, a *Account, do func() error) error {
	if s.before != nil {
		if err := s.before(name, a); err != nil {
			return err
		}
	}
	s.mu.Lock()
	err := error(nil)
	if a == nil || a.Version >= s.versions[idOf(a)] {
		if a != nil {
			s.versions[idOf(a)] = a.Version
		}
		err = do()
	}
	s.mu.Unlock()
	if err == nil && s.after != nil {
		err = s.after(name, a)
	}
	return err
}

func (s *service) Find(_ context.Context, a *Account) ([]Existing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Existing
	same := func(x, y string) bool { return x != "" && scim.Canonical(x) == scim.Canonical(y) }
	for key, b := range s.accounts {
		if key == a.Key || a.Scope() == b.Scope() && (same(a.UserName, b.UserName) || same(a.Email, b.Email)) {
			out = append(out, Existing{Key: key, UserName: b.UserName, Email: b.Email, Active: b.Active, ID: b.ID})
		}
	}
	return out, nil
}

func (s *service) Create(_ context.Context, a *Account) (string, error) {
	var key string
	err := s.call("create", a, func() error {
		if key = s.keys[idOf(a)]; key != "" && s.accounts[key] != nil {
			return nil // done before
		}
		s.made++
		key = strconv.Itoa(s.made)
		c := *a
		c.Key, s.keys[idOf(a)], s.accounts[key] = key, key, &c
		return nil
	})
	return key, err
}

func (s *service) Update(_ context.Context, a *Account) error {
	return s.call("update", a, func() error {
		b := s.accounts[a.Key]
		if b == nil {
			return scim.NewError(scim.KindNotFound, "", nil)
		}
		b.Active = a.Active
		if a.UserName != "" {
			b.UserName, b.Email = a.UserName, a.Email
		}
		for name, value := range a.Fields {
			b.Fields[name] = value
		}
		return nil
	})
}

func (s *service) Delete(_ context.Context, a *Account) error {
	return s.call("delete", a, func() error {
		delete(s.accounts, a.Key)
		return nil
	})
}

func (s *service) SetPassword(context.Context, *Account, scim.Secret) error { return nil }

func (s *service) SaveGroup(_ context.Context, g Group) error {
	return s.call("group", nil, func() error { s.groups[g.ID] = g.Name; return nil })
}

func (s *service) DeleteGroup(_ context.Context, g Group) error {
	return s.call("group", nil, func() error {
		delete(s.groups, g.ID)
		delete(s.members, g.ID)
		return nil
	})
}

func (s *service) ChangeMembers(_ context.Context, g Group, join, leave []string) error {
	return s.call("members", nil, func() error {
		if s.members[g.ID] == nil {
			s.members[g.ID] = map[string]bool{}
		}
		for _, key := range join {
			s.members[g.ID][key] = true
		}
		for _, key := range leave {
			delete(s.members[g.ID], key)
		}
		return nil
	})
}

// state returns an account's, as the tests compare it.
func (s *service) state(key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[key]; a != nil {
		return fmt.Sprintf("%s active=%t", a.UserName, a.Active)
	}
	return "none"
}
