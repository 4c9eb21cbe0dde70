package subject

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/zohoscim/zohoscim/scim"
)

// token is what [Server] authenticates every request by.
const token = "benchmark-token-0123456789"

// Subject is one server with what was loaded into it.
type Subject struct {
	Name    string
	Handler http.Handler
	Users   []string // ids, in the order they were made
	Group   string   // id of the group
}

// Names are the subjects that [New] makes, the one that is judged first.
func Names() []string { return []string{"zohoscim", "elimity", "floor", "harness"} }

// New returns an empty subject.
func New(name string) (*Subject, error) {
	s := &Subject{Name: name}
	var err error
	switch name {
	case "zohoscim":
		s.Handler, err = NewServer()
	case "elimity":
		s.Handler, err = NewElimity()
	case "floor":
		s.Handler = NewFloor()
	case "harness":
		s.Handler = Harness{}
	default:
		err = fmt.Errorf("there is no subject %q", name)
	}
	return s, err
}

// NewServer returns this module's server over its store in memory, with every
// rule on and one static token.
func NewServer() (*scim.Server, error) {
	static, err := scim.NewStaticToken(scim.NewSecret(token), scim.Subject{ID: "benchmark"}, time.Time{})
	if err != nil {
		return nil, err
	}
	auth, err := scim.NewStaticTokens(static)
	if err != nil {
		return nil, err
	}
	return scim.NewServer(scim.NewMemoryStore(), auth, nil)
}

// Harness answers every request with 1.5 KB and does nothing else.
type Harness struct{}

// ServeHTTP answers one request.
func (Harness) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(idle[:]) // a recorder takes everything
}

var idle [1500]byte

// Request is one request as it is told to every subject.
type Request struct {
	Method, Target, Body string
}

// HTTP returns the request for a server at base, "" for a handler that is
// called directly.
func (r *Request) HTTP(base string) (*http.Request, error) {
	req, err := http.NewRequest(r.Method, base+r.Target, strings.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	req.Header["Authorization"] = authorization
	if r.Body != "" {
		req.Header["Content-Type"] = contentType
	}
	return req, nil
}

var (
	authorization = []string{"Bearer " + token}
	contentType   = []string{"application/scim+json"}
)

// Do sends a request to the subject's handler.
func (s *Subject) Do(r *Request) (*httptest.ResponseRecorder, error) {
	req, err := r.HTTP("")
	if err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	s.Handler.ServeHTTP(w, req)
	return w, nil
}

// send is Do for what must succeed.
func (s *Subject) send(r Request) (id string, err error) {
	w, err := s.Do(&r)
	if err != nil || s.Name == "harness" {
		return "id", err
	}
	if w.Code >= http.StatusBadRequest {
		return "", fmt.Errorf("%s: %s %s: status %d: %.200s", s.Name, r.Method, r.Target, w.Code, w.Body)
	}
	var made struct {
		ID string `json:"id"`
	}
	if err := json.NewDecoder(w.Body).Decode(&made); err != nil && err != io.EOF {
		return "", err
	}
	return made.ID, nil
}

// Load makes users and, if members is not 0, as many short users with a group
// of them.
func (s *Subject) Load(users, members int) error {
	for i := range users {
		id, err := s.send(Request{http.MethodPost, "/Users", UserJSON(i, "Engineer")})
		if err != nil {
			return err
		}
		s.Users = append(s.Users, id)
	}
	if members == 0 {
		return nil
	}
	var err error
	if s.Group, err = s.send(Request{http.MethodPost, "/Groups", `{"schemas":["` + schemaGroup + `"],"displayName":"Everyone"}`}); err != nil {
		return err
	}
	for i := range members + spare {
		id, err := s.send(Request{http.MethodPost, "/Users", fmt.Sprintf(`{"schemas":["%s"],"userName":"member%06d"}`, schemaUser, i)})
		if err != nil {
			return err
		}
		s.Users = append(s.Users, id)
	}
	const batch = 1000
	for from := 0; from < members; from += batch {
		_, err := s.send(addMembers(s, s.Users[from:min(from+batch, members)]...))
		if err != nil {
			return err
		}
	}
	return nil
}

// spare is how many users of a group's subject are not in the group.
const spare = 2000

func addMembers(s *Subject, ids ...string) Request {
	var b strings.Builder
	b.WriteString(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"members","value":[`)
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"value":%q,"display":"Member %s"}`, id, id[:min(len(id), 8)])
	}
	b.WriteString("]}]}")
	return Request{http.MethodPatch, "/Groups/" + s.Group, b.String()}
}

func removeMember(s *Subject, id string) Request {
	body := fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"remove","path":"members[value eq \"%s\"]"}]}`, id)
	return Request{http.MethodPatch, "/Groups/" + s.Group, body}
}

// UserJSON returns an enterprise user of 37 attribute paths and 1.3 KB.
func UserJSON(i int, title string) string {
	return fmt.Sprintf(userForm, i, i, i, i, i, i, title, i%2 == 0, i, i, i, i, i, i%100, i%10, i/100)
}

const userForm = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],` +
	`"externalId":"00u%07d","userName":"hanako.yamada.%07d@example.com",` +
	`"name":{"formatted":"山田 花子 %07d","familyName":"山田","givenName":"花子","middleName":"M.","honorificPrefix":"Dr."},` +
	`"displayName":"Yamada Hanako %07d","nickName":"hana%07d","profileUrl":"https://directory.example.com/people/%07d",` +
	`"title":"%s","userType":"Employee","preferredLanguage":"ja-JP","locale":"ja-JP","timezone":"Asia/Tokyo","active":%t,` +
	`"emails":[{"value":"hanako.yamada.%07d@example.com","type":"work","primary":true},{"value":"hana%07d@example.net","type":"home"}],` +
	`"phoneNumbers":[{"value":"+81-3-5555-%07d","type":"work"},{"value":"+81-90-5555-%07d","type":"mobile"}],` +
	`"addresses":[{"type":"work","formatted":"本社","streetAddress":"1-2-3 Marunouchi","locality":"Chiyoda-ku","region":"Tokyo","postalCode":"100-0005","country":"JP","primary":true}],` +
	`"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"%07d","costCenter":"CC-%02d",` +
	`"organization":"Example Corporation","division":"Division %d","department":"Research and Development",` +
	`"manager":{"value":"00m%07d"}}}`
