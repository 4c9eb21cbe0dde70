package subject

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	schemaUser       = "urn:ietf:params:scim:schemas:core:2.0:User"
	schemaGroup      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	schemaEnterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	schemaList       = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
)

// User is the user that [Floor] decodes into.
type User struct {
	Schemas           []string    `json:"schemas"`
	ID                string      `json:"id,omitempty"`
	ExternalID        string      `json:"externalId,omitempty"`
	UserName          string      `json:"userName"`
	Name              *Name       `json:"name,omitempty"`
	DisplayName       string      `json:"displayName,omitempty"`
	NickName          string      `json:"nickName,omitempty"`
	ProfileURL        string      `json:"profileUrl,omitempty"`
	Title             string      `json:"title,omitempty"`
	UserType          string      `json:"userType,omitempty"`
	PreferredLanguage string      `json:"preferredLanguage,omitempty"`
	Locale            string      `json:"locale,omitempty"`
	Timezone          string      `json:"timezone,omitempty"`
	Active            bool        `json:"active"`
	Emails            []Multi     `json:"emails,omitempty"`
	PhoneNumbers      []Multi     `json:"phoneNumbers,omitempty"`
	Addresses         []Address   `json:"addresses,omitempty"`
	Enterprise        *Enterprise `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User,omitempty"`
	Meta              *Meta       `json:"meta,omitempty"`
}

// Name is the name of a [User].
type Name struct {
	Formatted       string `json:"formatted,omitempty"`
	FamilyName      string `json:"familyName,omitempty"`
	GivenName       string `json:"givenName,omitempty"`
	MiddleName      string `json:"middleName,omitempty"`
	HonorificPrefix string `json:"honorificPrefix,omitempty"`
}

// Multi is an e-mail address or a telephone number.
type Multi struct {
	Value   string `json:"value"`
	Type    string `json:"type,omitempty"`
	Primary bool   `json:"primary,omitempty"`
}

// Address is a postal address.
type Address struct {
	Type          string `json:"type,omitempty"`
	Formatted     string `json:"formatted,omitempty"`
	StreetAddress string `json:"streetAddress,omitempty"`
	Locality      string `json:"locality,omitempty"`
	Region        string `json:"region,omitempty"`
	PostalCode    string `json:"postalCode,omitempty"`
	Country       string `json:"country,omitempty"`
	Primary       bool   `json:"primary,omitempty"`
}

// Enterprise is the enterprise extension of a [User].
type Enterprise struct {
	EmployeeNumber string   `json:"employeeNumber,omitempty"`
	CostCenter     string   `json:"costCenter,omitempty"`
	Organization   string   `json:"organization,omitempty"`
	Division       string   `json:"division,omitempty"`
	Department     string   `json:"department,omitempty"`
	Manager        *Manager `json:"manager,omitempty"`
}

// Manager refers to another user.
type Manager struct {
	Value string `json:"value"`
}

// Meta is what the server says about a resource.
type Meta struct {
	ResourceType string    `json:"resourceType"`
	Created      time.Time `json:"created"`
	LastModified time.Time `json:"lastModified"`
	Location     string    `json:"location"`
	Version      string    `json:"version"`
}

type floorGroup struct {
	Schemas     []string      `json:"schemas"`
	ID          string        `json:"id"`
	DisplayName string        `json:"displayName"`
	Members     []floorMember `json:"members,omitempty"`
	Meta        *Meta         `json:"meta"`

	at map[string]int // position in Members by value
}

type floorMember struct {
	Value   string `json:"value"`
	Display string `json:"display,omitempty"`
}

// Floor is a hand-written handler without a rule of SCIM. A user that is kept
// is replaced, never changed, so that it is encoded outside the lock.
type Floor struct {
	mu         sync.Mutex
	users      map[string]*User
	order      []*User
	position   map[string]int
	userName   map[string]*User
	externalID map[string]*User
	workEmail  map[string]*User
	groups     map[string]*floorGroup
}

// NewFloor returns an empty one.
func NewFloor() http.Handler {
	f := &Floor{
		users: map[string]*User{}, position: map[string]int{}, userName: map[string]*User{},
		externalID: map[string]*User{}, workEmail: map[string]*User{}, groups: map[string]*floorGroup{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /Users", f.create)
	mux.HandleFunc("GET /Users", f.list)
	mux.HandleFunc("GET /Users/{id}", f.get)
	mux.HandleFunc("PUT /Users/{id}", f.replace)
	mux.HandleFunc("PATCH /Users/{id}", f.patch)
	mux.HandleFunc("POST /Groups", f.createGroup)
	mux.HandleFunc("PATCH /Groups/{id}", f.patchGroup)
	return mux
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/scim+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func newMeta(kind, id string) *Meta {
	now := time.Now().UTC()
	return &Meta{ResourceType: kind, Created: now, LastModified: now, Location: "http://localhost/" + kind + "s/" + id, Version: `W/"1"`}
}

func (m *Meta) next() *Meta {
	c := *m
	c.LastModified = time.Now().UTC()
	n, _ := strconv.Atoi(strings.Trim(m.Version, `W/"`))
	c.Version = `W/"` + strconv.Itoa(n+1) + `"`
	return &c
}

func (u *User) workEmail() string {
	for _, e := range u.Emails {
		if e.Type == "work" {
			return e.Value
		}
	}
	return ""
}

func (f *Floor) create(w http.ResponseWriter, r *http.Request) {
	var u User
	if err := json.NewDecoder(r.Body).Decode(&u); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	u.ID = rand.Text()
	u.Meta = newMeta("User", u.ID)
	f.mu.Lock()
	if f.userName[u.UserName] != nil {
		f.mu.Unlock()
		w.WriteHeader(http.StatusConflict)
		return
	}
	f.position[u.ID] = len(f.order)
	f.order = append(f.order, &u)
	f.keep(&u)
	f.mu.Unlock()
	answer(w, http.StatusCreated, &u)
}

func (f *Floor) keep(u *User) {
	f.users[u.ID], f.order[f.position[u.ID]] = u, u
	f.userName[u.UserName] = u
	f.externalID[u.ExternalID] = u
	f.workEmail[u.workEmail()] = u
}

func (f *Floor) change(old, u *User) {
	delete(f.userName, old.UserName)
	delete(f.externalID, old.ExternalID)
	delete(f.workEmail, old.workEmail())
	f.keep(u)
}

func (f *Floor) replace(w http.ResponseWriter, r *http.Request) {
	var u User
	if err := json.NewDecoder(r.Body).Decode(&u); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	old := f.users[r.PathValue("id")]
	if old == nil {
		f.mu.Unlock()
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if other := f.userName[u.UserName]; other != nil && other != old {
		f.mu.Unlock()
		w.WriteHeader(http.StatusConflict)
		return
	}
	u.ID, u.Meta = old.ID, old.Meta.next()
	f.change(old, &u)
	f.mu.Unlock()
	answer(w, http.StatusOK, &u)
}

type floorPatch struct {
	Operations []struct {
		Op    string          `json:"op"`
		Path  string          `json:"path"`
		Value json.RawMessage `json:"value"`
	} `json:"Operations"`
}

func (f *Floor) patch(w http.ResponseWriter, r *http.Request) {
	var p floorPatch
	if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	old := f.users[r.PathValue("id")]
	if old == nil {
		f.mu.Unlock()
		w.WriteHeader(http.StatusNotFound)
		return
	}
	u := *old
	for _, op := range p.Operations {
		if op.Path == "active" {
			u.Active = strings.EqualFold(strings.Trim(string(op.Value), `"`), "true")
		}
	}
	u.Meta = old.Meta.next()
	f.change(old, &u)
	f.mu.Unlock()
	answer(w, http.StatusOK, &u)
}

func (f *Floor) get(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	u := f.users[r.PathValue("id")]
	f.mu.Unlock()
	if u == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	answer(w, http.StatusOK, u)
}

type floorList struct {
	Schemas      []string `json:"schemas"`
	TotalResults int      `json:"totalResults"`
	StartIndex   int      `json:"startIndex"`
	ItemsPerPage int      `json:"itemsPerPage"`
	Resources    []*User  `json:"Resources"`
}

func (f *Floor) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	page := floorList{Schemas: []string{schemaList}, StartIndex: 1}
	f.mu.Lock()
	if text := q.Get("filter"); text != "" {
		if u := f.find(text); u != nil {
			page.TotalResults, page.Resources = 1, []*User{u}
		}
	} else {
		count, err := strconv.Atoi(q.Get("count"))
		if err != nil {
			count = 100
		}
		page.TotalResults = len(f.order)
		page.Resources = append(page.Resources, f.order[:min(count, len(f.order))]...)
	}
	f.mu.Unlock()
	page.ItemsPerPage = len(page.Resources)
	answer(w, http.StatusOK, &page)
}

// find knows the three filters that senders match by.
func (f *Floor) find(text string) *User {
	attribute, value, _ := strings.Cut(text, " eq \"")
	if attribute == "emails[type" {
		attribute, value = "emails", strings.TrimPrefix(value, `work"].value eq "`)
	}
	value = strings.TrimSuffix(value, `"`)
	switch attribute {
	case "userName":
		return f.userName[value]
	case "externalId":
		return f.externalID[value]
	case "emails":
		return f.workEmail[value]
	}
	return nil
}
