package scimtest

import (
	"context"
	"errors"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/internal/memhttp"
	"github.com/zohoscim/zohoscim/scim"
)

// ZohoOne is a fake of Zoho One's SCIM endpoint as an [http.Handler]. It
// takes what Microsoft's "Zoho One" gallery application maps and drops the
// rest: there is no enterprise extension. Its directory is in memory, unless
// [ZohoOneOptions.Store] is another one.
//
// Zoho does not document the wire. What the fake answers is RFC 7644 as Entra
// needs it, below the path "/scim" only: the sync URL that Zoho shows has it
// or not.
type ZohoOne struct {
	server *scim.Server
	store  scim.Store
	user   *scim.ResourceType
	path   string
	pipes  *memhttp.Network

	mu       sync.Mutex
	requests []Request
	rate     rate
}

// Request is one request that a fake answered.
type Request struct {
	Method string
	Path   string // without the query
	Status int
}

// ZohoOneOptions are the optional settings of a fake.
type ZohoOneOptions struct {
	// Path is that of the SCIM root; "" is "/scim".
	Path string
	// Limits bound what a request can cost, as in [scim.ServerOptions].
	Limits scim.Limits
	// RequestsPerSecond bounds the requests of all clients together. More are
	// refused with 429 and a Retry-After in seconds. 0 is no bound: Zoho
	// documents none.
	RequestsPerSecond float64
	// Store keeps the users and groups, and Types are what it keeps: the store
	// of a directory with settings, such as status sync and fixed values. They
	// are given together. Nil is a store in memory with the attributes of the
	// gallery application.
	Store scim.Store
	Types []*scim.ResourceType
}

// NewZohoOne returns a fake whose requests carry a bearer token that verify
// takes: an access token of a fake accounts server, or the SCIM token of a
// custom directory store. Subjects of different scopes see directories of
// their own. verify is required and may be called concurrently.
func NewZohoOne(verify func(ctx context.Context, token string) (scim.Subject, error), o *ZohoOneOptions) (*ZohoOne, error) {
	var opts ZohoOneOptions
	if o != nil {
		opts = *o
	}
	if verify == nil {
		return nil, errors.New("scimtest: NewZohoOne needs a function that verifies tokens")
	}
	if opts.Path == "" {
		opts.Path = "/scim"
	}
	if err := opts.complete(); err != nil {
		return nil, err
	}
	z := &ZohoOne{store: opts.Store, path: opts.Path, pipes: memhttp.New(), rate: rate{perSecond: opts.RequestsPerSecond}}
	for _, t := range opts.Types {
		if t.Endpoint() == "/Users" {
			z.user = t
		}
	}
	if z.user == nil {
		return nil, errors.New("scimtest: ZohoOneOptions.Types has no type with the endpoint /Users")
	}
	var err error
	opts.Limits.BulkOperations = -1 // Zoho documents no bulk requests
	z.server, err = scim.NewServer(z.store, scim.VerifyBearer(verify), &scim.ServerOptions{
		Types: opts.Types, BaseURL: opts.Path, Limits: opts.Limits,
		CursorTimeout: -1, // RFC 9865 is younger than the gallery application
	})
	if err != nil {
		return nil, err
	}
	for _, dc := range datacenter.All() {
		for _, base := range []string{dc.Endpoints().One, dc.Endpoints().Directory} {
			if host, ok := strings.CutPrefix(base, "https://"); ok {
				z.pipes.Handle(host, z)
			}
		}
	}
	return z, nil
}

// Client returns a client for which every host of Zoho One and Zoho Directory
// (https://one.zoho.jp, …) is this fake, over in-memory pipes: it works
// without a network and inside a testing/synctest bubble. Other hosts fail.
func (z *ZohoOne) Client() *http.Client { return z.pipes.Client() }

// Close ends what [ZohoOne.Client] started. A fake that only served as a
// handler need not be closed.
func (z *ZohoOne) Close() error { return z.pipes.Close() }

// galleryAttributes are the attributes of a user in the gallery
// application's table, with their sub-attributes.
func galleryAttributes() map[string][]string {
	return map[string][]string{
		"userName": nil, "active": nil, "displayName": nil, "title": nil, "preferredLanguage": nil, "groups": nil,
		"name":         {"formatted", "familyName", "givenName"},
		"emails":       {"value", "type", "primary"},
		"phoneNumbers": {"value", "type", "primary"},
		"addresses":    {"formatted", "streetAddress", "locality", "region", "postalCode", "country", "type", "primary"},
	}
}

// galleryUser is the core User without what the gallery application's table
// does not have.
func galleryUser() (*scim.ResourceType, error) {
	keep := galleryAttributes()
	core := scim.UserType().Schema()
	schema := &scim.Schema{ID: core.ID, Name: core.Name, Description: core.Description}
	for _, a := range core.Attributes {
		subs, ok := keep[a.Name]
		if !ok {
			continue
		}
		c := *a
		if subs != nil {
			c.SubAttributes = slices.DeleteFunc(slices.Clone(a.SubAttributes), func(s *scim.Attribute) bool {
				return !slices.Contains(subs, s.Name)
			})
		}
		schema.Attributes = append(schema.Attributes, &c)
	}
	return scim.NewResourceType("User", schema, &scim.ResourceTypeOptions{Description: "Zoho One user", Owners: "groups"})
}

// ServeHTTP implements [http.Handler].
func (z *ZohoOne) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec := &recorder{ResponseWriter: w, status: http.StatusOK}
	if wait := z.take(); wait > 0 {
		refuse429(rec, wait)
	} else if below, ok := strings.CutPrefix(r.URL.Path, z.path); ok && (below == "" || below[0] == '/') {
		z.server.ServeHTTP(rec, r)
	} else {
		http.NotFound(rec, r)
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	z.requests = append(z.requests, Request{Method: r.Method, Path: r.URL.Path, Status: rec.status})
}

type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Requests returns the requests answered since the last call, in the order
// in which they ended.
func (z *ZohoOne) Requests() []Request {
	z.mu.Lock()
	defer z.mu.Unlock()
	out := z.requests
	z.requests = nil
	return out
}

// Users returns the users of the directory, in the order they were made. The
// context has the subject's scope, see [scim.WithScope].
func (z *ZohoOne) Users(ctx context.Context) ([]*scim.Resource, error) {
	page, err := z.store.List(ctx, &scim.Query{Type: z.user, Count: math.MaxInt})
	if err != nil {
		return nil, err
	}
	out := make([]*scim.Resource, len(page.Items))
	for i, item := range page.Items {
		out[i] = item.Resource
	}
	return out, nil
}

// Groups returns the groups with their members, in the order they were made.
// The context has the subject's scope.
func (z *ZohoOne) Groups(ctx context.Context) ([]*scim.Group, error) {
	page, err := z.store.List(ctx, &scim.Query{Type: scim.GroupType(), Count: math.MaxInt, Links: true})
	if err != nil {
		return nil, err
	}
	var out []*scim.Group
	for _, item := range page.Items {
		g, err := scim.GroupFrom(item.Resource)
		if err != nil {
			return nil, err
		}
		for _, l := range item.Links {
			g.Members = append(g.Members, scim.Reference{Value: l.Value, Type: l.Type, Display: l.Display})
		}
		out = append(out, g)
	}
	return out, nil
}

// Writes counts the requests that change something.
func Writes(requests []Request) int {
	n := 0
	for _, r := range requests {
		if r.Method != http.MethodGet && r.Method != http.MethodHead && !strings.HasSuffix(r.Path, "/.search") {
			n++
		}
	}
	return n
}
