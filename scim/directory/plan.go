package directory

import (
	"strconv"
	"strings"

	"github.com/zohoscim/zohoscim/scim"
)

// op is what a plan does.
type op string

const (
	opNone   op = ""
	opCreate op = "create"
	opUpdate op = "update"
	opDelete op = "delete"
	opGroup  op = "group"
)

// plan is what is to become of an account, or of a group of the service. It
// is kept as JSON while a service is asked that cannot share a transaction.
type plan struct {
	Op      op      `json:"op"`
	Account Account `json:"account,omitzero"`
	State   state   `json:"state,omitzero"`  // of the account then
	Reason  string  `json:"reason,omitzero"` // why, for the activity log
	Renamed bool    `json:"renamed,omitzero"`
	New     bool    `json:"new,omitzero"`    // the source's user is new
	Gone    bool    `json:"gone,omitzero"`   // the source has deleted it
	Before  []byte  `json:"before,omitzero"` // stored form of the user before; nil if it was not changed

	Group *groupPlan `json:"group,omitzero"`
}

// wanted reports whether a user is to have an account that may be used.
func (r *rules) wanted(u *scim.Resource) bool { return u.Get("active").Bool() && r.selected(u) }

func (r *rules) selected(u *scim.Resource) bool {
	return r.criteria == nil || r.criteria.Match(u, noLinks{})
}

// noLinks answers criteria, which know no groups.
type noLinks struct{}

func (noLinks) HasLink(string) bool  { return false }
func (noLinks) HasOwner(string) bool { return false }

// decide says what a change of a user means for its account. was is nil for
// a new user, is for a deleted one; departed says whether it has left its
// last group.
func (d *Directory) decide(b *binding, was, is *scim.Resource, departed bool) *plan {
	p := &plan{State: b.state}
	switch {
	case is == nil:
		d.decideGone(p, b)
		p.Account = d.account(b, was, nil)
		p.Account.Active = false
		return p
	case was == nil || b.version == 0: // it never had an account
		if d.rules.selected(is) && !departed {
			p.Op, p.State = opCreate, stateOf(is.Get("active").Bool())
		} else {
			p.Reason = "the sync criteria do not select the user"
		}
	default:
		d.decideStatus(p, b, d.rules.wanted(was) && !b.departed, d.rules.wanted(is) && !departed, departed)
	}
	p.New = was == nil
	p.Account = d.account(b, was, is)
	p.Account.Active = p.State == active
	if p.Op == opUpdate && p.State == b.state && p.sameAs(d.account(b, was, was)) {
		p.Op = opNone
	}
	if was != nil && was != is {
		p.Before, _ = was.AppendStored(nil) // it came from there
	}
	p.Renamed = was == nil || identityOf(was) != identityOf(is)
	return p
}

func stateOf(usable bool) state {
	if usable {
		return active
	}
	return inactive
}

func (d *Directory) decideGone(p *plan, b *binding) {
	p.Gone = true
	switch {
	case b.state == absent:
	case d.rules.StatusSync.OnDelete == Delete:
		p.Op, p.State, p.Reason = opDelete, absent, "the source deleted the user"
	case d.rules.StatusSync.OnDelete == Nothing:
		p.Reason = "the source deleted the user and onDelete is nothing"
	case b.state == active:
		p.Op, p.State, p.Reason = opUpdate, inactive, "the source deleted the user"
	}
}

// decideStatus follows a change of what the source wants.
func (d *Directory) decideStatus(p *plan, b *binding, before, after, departed bool) {
	s := &d.rules.StatusSync
	action, reason := Nothing, ""
	switch {
	case before && !after && departed && !b.departed:
		action, reason = s.OnLeaveGroup, "the user left its last group"
	case before && !after:
		action, reason = s.OnDeactivate, "the source deactivated the user, or the sync criteria no longer select it"
	case !before && after:
		action, reason = s.OnActivate, "the source activated the user"
	}
	switch action {
	case Activate:
		p.State = active
	case Deactivate:
		if b.state == active {
			p.State = inactive
		}
	case Delete:
		p.State = absent
	case Nothing:
		if reason != "" {
			p.Reason = reason + "; the settings say to do nothing"
		}
	}
	switch {
	case p.State == absent && b.state == absent:
	case p.State == absent:
		p.Op = opDelete
	case b.state == absent:
		p.Op = opCreate
	default:
		p.Op = opUpdate
	}
	if p.State != b.state {
		p.Reason = reason
	}
}

// sameAs reports whether an update would write what is there.
func (p *plan) sameAs(a Account) bool {
	if p.Account.UserName != a.UserName || p.Account.Email != a.Email || len(p.Account.Fields) != len(a.Fields) {
		return false
	}
	for name, value := range p.Account.Fields {
		if have, ok := a.Fields[name]; !ok || have != value {
			return false
		}
	}
	return true
}

// account returns what the settings make of a user. An adopted account keeps
// its identity as long as the source does not change it.
func (d *Directory) account(b *binding, was, is *scim.Resource) Account {
	a := Account{ID: b.id, Key: b.key, scope: b.scope}
	u := is
	if u == nil {
		u = was
	}
	kept := b.adopted && was != nil && identityOf(was) == identityOf(u)
	if !kept {
		id := identityOf(u)
		a.UserName, a.Email = id.userName, id.email
	}
	a.Fields = map[string]string{}
	for _, f := range d.rules.fields {
		switch {
		case f.identity && kept:
		case f.path == nil:
			a.Fields[f.name] = f.fixed
		default:
			a.Fields[f.name] = textOf(f.path.Get(u))
		}
	}
	return a
}

// withoutIdentity leaves out who the user is: the first adoption never
// rewrites it.
func (d *Directory) withoutIdentity(a Account) Account {
	fields := map[string]string{}
	for _, f := range d.rules.fields {
		if value, ok := a.Fields[f.name]; ok && !f.identity {
			fields[f.name] = value
		}
	}
	a.UserName, a.Email, a.Fields = "", "", fields
	return a
}

// identity is by what people and services know a user.
type identity struct{ userName, email string }

// identityOf returns the user name and the e-mail address: the primary one,
// else that at work, else the first, else the user name if it is one.
func identityOf(u *scim.Resource) identity {
	id := identity{userName: u.Get("userName").Text()}
	rank := 0
	for e := range u.Get("emails").All() {
		r := 1
		switch {
		case e.Get("primary").Bool():
			r = 3
		case strings.EqualFold(e.Get("type").Text(), "work"):
			r = 2
		}
		if address := e.Get("value").Text(); address != "" && r > rank {
			id.email, rank = address, r
		}
	}
	if rank == 0 && strings.Contains(id.userName, "@") {
		id.email = id.userName
	}
	return id
}

// textOf returns a value as one text, of several the first.
func textOf(v scim.Value) string {
	switch v.Kind() {
	case scim.KindText, scim.KindNumber:
		return v.Text()
	case scim.KindBool:
		return strconv.FormatBool(v.Bool())
	case scim.KindComplex:
		return textOf(v.Get("value"))
	case scim.KindMulti:
		for item := range v.All() {
			return textOf(item)
		}
	}
	return ""
}
