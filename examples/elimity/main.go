// Elimity shows both ways between this module and
// github.com/elimity-com/scim: one resource handler that was written for
// elimity's server under ours, and one of our stores under elimity's server.
// It sends both the same requests and prints the answers side by side.
//
//	go run ./examples/elimity
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	theirs "github.com/elimity-com/scim"
	"github.com/elimity-com/scim/schema"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/elimity"
)

// errUsage is a mistake in how the program was called.
var errUsage = errors.New("see -h")

func main() {
	err := run(os.Stdout, os.Stderr, os.Args[1:])
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "elimity:", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "elimity:", err)
		os.Exit(1)
	}
}

func run(out, stderr io.Writer, args []string) error {
	flags := flag.NewFlagSet("elimity", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, "Usage: go run ./examples/elimity\n\nSends the same requests to an elimity handler under our server and to one of our stores under elimity's.\n")
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return fmt.Errorf("%w: %w", err, errUsage)
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q: the program takes no arguments: %w", flags.Arg(0), errUsage)
	}
	token, stored, err := scim.MintToken(scim.Subject{ID: "sender"}, time.Hour)
	if err != nil {
		return err
	}
	auth, err := scim.NewStaticTokens(stored)
	if err != nil {
		return err
	}
	left, err := underOurs(auth)
	if err != nil {
		return err
	}
	right, err := underTheirs(auth)
	if err != nil {
		return err
	}
	return compare(out, token, left, right)
}

// underOurs mounts a handler of elimity's under our server.
func underOurs(auth scim.Authenticator) (http.Handler, error) {
	store, err := elimity.NewStore([]theirs.ResourceType{users(&people{rows: map[string]theirs.ResourceAttributes{}})}, nil)
	if err != nil {
		return nil, err
	}
	server, err := scim.NewServer(store, auth, &scim.ServerOptions{Types: store.Types()})
	if err != nil {
		return nil, err
	}
	return elimity.Requests(server), nil
}

// underTheirs mounts one of our stores under elimity's server.
func underTheirs(auth scim.Authenticator) (http.Handler, error) {
	handler, err := elimity.NewHandler(scim.NewMemoryStore(), scim.UserType())
	if err != nil {
		return nil, err
	}
	return elimity.NewGuard(&theirs.ServerArgs{
		ServiceProviderConfig: &theirs.ServiceProviderConfig{SupportFiltering: true, SupportPatch: true},
		ResourceTypes:         []theirs.ResourceType{users(handler)},
	}, auth, nil)
}

func users(h theirs.ResourceHandler) theirs.ResourceType {
	return theirs.ResourceType{Name: "User", Endpoint: "/Users", Schema: schema.CoreUserSchema(), Handler: h}
}

// step is one request; {id} stands for the user that was made.
type step struct{ method, path, body string }

func steps() []step {
	return []step{
		{"POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"user1@example.com","active":true}`},
		{"POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"USER1@example.com"}`},
		{"GET", "/Users/{id}", ""},
		{"GET", "/Users?filter=userName+eq+%22user1@example.com%22", ""},
		{"GET", "/Users?filter=userName+eq+%22nobody%22", ""},
		{"PATCH", "/Users/{id}", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}`},
		{"DELETE", "/Users/{id}", ""},
		{"GET", "/Users/{id}", ""},
	}
}

// compare sends the requests to both and prints what they answered. They need
// not agree in every byte, but in every status.
func compare(out io.Writer, token scim.Secret, left, right http.Handler) error {
	var ids [2]string
	differ := 0
	for _, s := range steps() {
		fmt.Fprintf(out, "%s %s\n", s.method, s.path)
		var status [2]int
		for i, h := range []http.Handler{left, right} {
			w := send(h, token, s.method, strings.ReplaceAll(s.path, "{id}", ids[i]), s.body)
			if status[i] = w.Code; w.Code == http.StatusCreated {
				made, err := scim.DecodeResource(scim.UserType(), w.Body.Bytes())
				if err != nil {
					return err
				}
				ids[i] = made.ID()
			}
			fmt.Fprintf(out, "  %-34s %d %s\n", []string{"their handler under our server", "our store under their server"}[i], w.Code, short(w.Body.String()))
		}
		if status[0] != status[1] {
			differ++
		}
	}
	if differ > 0 {
		return fmt.Errorf("%d of %d requests were answered with different statuses", differ, len(steps()))
	}
	return nil
}

func send(h http.Handler, token scim.Secret, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token.Reveal())
	r.Header.Set("Content-Type", "application/scim+json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// short cuts an answer to what fits on a line.
func short(s string) string {
	const most = 110
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
