package scim_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/zohoscim/zohoscim/scim"
	"golang.org/x/oauth2"
)

// clientSource gives the tokens "t1", "t2", … and a new one after each that
// was refused.
type clientSource struct {
	n           int
	invalidated []string
	err         error // from the second token on
}

func (s *clientSource) Token() (*oauth2.Token, error) { return nil, errors.New("no context") }

func (s *clientSource) TokenContext(context.Context) (*oauth2.Token, error) {
	if s.n > 0 && s.err != nil {
		return nil, s.err
	}
	return &oauth2.Token{AccessToken: fmt.Sprint("t", s.n+1)}, nil
}

func (s *clientSource) Invalidate(token string) {
	s.invalidated = append(s.invalidated, token)
	s.n++
}

func TestClientOAuth(t *testing.T) {
	refused := scriptedAnswer{status: http.StatusUnauthorized}
	created := scriptedAnswer{status: http.StatusCreated, body: clientBob}
	for _, row := range []struct {
		name, reason string
		source       oauth2.TokenSource
		answers      []scriptedAnswer
		auth         []string
		want         error
		safe         bool
	}{
		{"plain", "a token that is accepted", &clientSource{}, []scriptedAnswer{created}, []string{"Bearer t1"}, nil, false},
		{
			"invalidated", "a refused create was not applied, so it is sent once more with the next token",
			&clientSource{}, []scriptedAnswer{refused, created}, []string{"Bearer t1", "Bearer t2"}, nil, false,
		},
		{"refused-twice", "once more, not for ever", &clientSource{}, []scriptedAnswer{refused}, []string{"Bearer t1", "Bearer t2"}, scim.ErrUnauthorized, false},
		{
			"no-next-token", "the reason why there is no other token is what the administrator needs",
			&clientSource{err: errors.New("consent was withdrawn")}, []scriptedAnswer{refused}, []string{"Bearer t1"}, scim.ErrUnauthorized, true,
		},
		{
			"static", "a source that cannot invalidate has no other token",
			oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "s"}), []scriptedAnswer{refused}, []string{"Bearer s"}, scim.ErrUnauthorized, false,
		},
		{
			"type", "the type of the token names the scheme",
			oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "s", TokenType: "Zoho-oauthtoken"}), []scriptedAnswer{created}, []string{"Zoho-oauthtoken s"}, nil, false,
		},
		{"empty", "an empty token is not sent", oauth2.StaticTokenSource(&oauth2.Token{}), []scriptedAnswer{created}, nil, scim.ErrUnauthorized, true},
		{
			"each-attempt", "each attempt asks for a token, so that a wait cannot outlive it",
			&clientSource{}, []scriptedAnswer{{status: 429, header: map[string]string{"Retry-After": "500"}}, refused, created},
			[]string{"Bearer t1", "Bearer t1", "Bearer t2"}, nil, false,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScripted(row.answers...)
				defer s.close(t)
				err := clientCreate(t.Context(), s.client(t, scim.OAuth(row.source)))
				if !errors.Is(err, row.want) || scim.SafeToRetry(err) != row.safe {
					t.Errorf("%s: %v, safe %v", row.reason, err, scim.SafeToRetry(err))
				}
				var auth []string
				for _, r := range s.got {
					auth = append(auth, r.Auth)
					if !strings.Contains(r.Body, `"userName":"bob"`) {
						t.Errorf("%s: the body is %q", row.reason, r.Body)
					}
				}
				if diff := cmp.Diff(row.auth, auth); diff != "" {
					t.Errorf("%s (-want +got):\n%s", row.reason, diff)
				}
			})
		})
	}
}

// The text of a token source's error can hold what was sent and answered.
func TestClientOAuthText(t *testing.T) {
	for _, cause := range []error{
		&oauth2.RetrieveError{Response: &http.Response{StatusCode: 400}, Body: []byte(clientCanary), ErrorDescription: clientCanary, ErrorCode: "invalid_grant"},
		&oauth2.RetrieveError{Body: []byte(clientCanary), ErrorCode: clientCanary + " x"},
		fmt.Errorf("refresh: %w", &url.Error{Op: "Post", URL: "https://accounts.example/token?refresh_token=" + clientCanary, Err: context.DeadlineExceeded}),
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScripted(scriptedAnswer{status: 200})
			defer s.close(t)
			err := clientGet(t.Context(), s.client(t, scim.OAuth(&clientSource{n: 1, err: cause})))
			if !errors.Is(err, scim.ErrUnauthorized) || !errors.Is(err, cause) || strings.Contains(err.Error(), clientCanary) || len(s.got) != 0 || !scim.SafeToRetry(err) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestClientWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScripted(scriptedAnswer{status: 503, header: map[string]string{"Retry-After": "300"}})
		defer s.close(t)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		err := clientCreate(ctx, s.client(t, scim.BearerToken(scim.NewSecret(clientCanary))))
		if !errors.Is(err, context.Canceled) || !errors.Is(err, scim.ErrTransport) || time.Since(start) > 1100*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}
