package provision

import (
	"context"
	"crypto/rand"
	"slices"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/scim"
)

// Connection is the result of a connection test.
type Connection struct {
	BaseURL string   // the URL that answered: what a client is made with
	Tried   []string // the URLs that were asked, in order
}

// TestConnection asks a service for a user and a group that do not exist:
// as the sync URL is given, and then with "/scim", because Zoho shows it
// either way. The job's data center is checked against the URL first. Nothing
// is written. A refused credential is [ErrInvalidCredentials] and says who
// has to give the consent.
func TestConnection(ctx context.Context, job *Job, cred scim.Credential, o *scim.ClientOptions) (*Connection, error) {
	out := &Connection{}
	if job == nil {
		return out, &Error{Code: CodeInvalidJob, Detail: "a job is needed"}
	}
	if err := job.Check(); err != nil {
		return out, err
	}
	withSCIM, err := datacenter.SCIMBaseURL(job.SyncURL)
	if err != nil {
		return out, &Error{Code: CodeInvalidJob, Detail: "syncUrl", Err: err}
	}
	var last, refused error
	for _, url := range slices.Compact([]string{job.SyncURL, withSCIM}) {
		out.Tried = append(out.Tried, url)
		client, err := scim.NewClient(url, cred, o)
		if err != nil {
			return out, &Error{Code: CodeInvalidJob, Detail: "syncUrl", Err: err}
		}
		last = probe(ctx, client, job)
		if o == nil || o.HTTPClient == nil {
			client.CloseIdleConnections() // its own: it is not used again
		}
		if last == nil {
			out.BaseURL = url
			return out, nil
		}
		// Another URL can still take the credential: what stands at this one
		// may be another service of the same host.
		if pe := objectError("", last); pe.Code == CodeInvalidCredentials {
			refused = pe
		} else if pe.Code == CodeCanceled {
			return out, pe
		}
	}
	if refused != nil {
		return out, refused
	}
	return out, &Error{Code: CodeIncompatible, Detail: "no URL answered as a SCIM service does: copy the sync URL again from the service's settings page", Err: last}
}

// probe asks for a random user and group, as Entra does.
func probe(ctx context.Context, client *scim.Client, job *Job) error {
	name := rand.Text()
	_, err := client.Users().List(ctx, &scim.ListOptions{Filter: scim.FilterEq("userName", name)})
	if err != nil || job.NoGroups {
		return err
	}
	_, err = client.Groups().List(ctx, &scim.ListOptions{
		Filter: scim.FilterEq("displayName", name), ExcludedAttributes: []string{"members"},
	})
	return err
}
