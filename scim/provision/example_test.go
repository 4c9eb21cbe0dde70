package provision_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log"
	"net/http/httptest"
	"strings"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/provision"
	"github.com/zohoscim/zohoscim/scim/scimtest"
)

const token = "scim-token-of-the-example"

// directory is a source: anything that can be read row by row.
func directory(context.Context) iter.Seq2[provision.Object, error] {
	return func(yield func(provision.Object, error) bool) {
		for _, name := range []string{"user1", "user2"} {
			record := mapping.Record{"userPrincipalName": name + "@example.com", "mailNickname": name, "accountEnabled": true}
			if !yield(provision.Object{Type: provision.User, Key: name, Record: record}, nil) {
				return
			}
		}
	}
}

// One cycle with a fixed work location for everyone, then a second one that
// has nothing to do.
func ExampleEngine_Cycle() {
	ctx := context.Background()
	zoho, err := scimtest.NewZohoOne(func(_ context.Context, got string) (scim.Subject, error) {
		if got != token {
			return scim.Subject{}, errors.New("another token")
		}
		return scim.Subject{}, nil
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(zoho)
	defer server.Close()

	job := &provision.Job{
		Name:    "zoho-one",
		SyncURL: server.URL + "/scim",
		Users:   mapping.ZohoOneUser().With(mapping.Fixed(`addresses[type eq "work"].formatted`, "本社")),
	}
	client, err := scim.NewClient(job.SyncURL, scim.BearerToken(scim.NewSecret(token)), nil)
	if err != nil {
		log.Fatal(err)
	}
	engine, err := provision.New(job, provision.Snapshot(directory), client, provision.NewMemoryState(), nil)
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		report, err := engine.Cycle(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("created", report.Users.Created, "skipped", report.Users.Skipped)
	}
	users, err := zoho.Users(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, u := range users {
		fmt.Println(u.Get("userName").Text(), u.Get(`addresses[type eq "work"].formatted`).Text())
	}
	// Unordered output:
	// created 2 skipped 0
	// created 0 skipped 2
	// user1@example.com 本社
	// user2@example.com 本社
}

// A plan says what a cycle would do; nothing is sent. Then the cycle does it,
// and its log has the values of one attribute.
func ExampleEngine_Plan() {
	ctx := context.Background()
	zoho, err := scimtest.NewZohoOne(func(context.Context, string) (scim.Subject, error) { return scim.Subject{}, nil }, nil)
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(zoho)
	defer server.Close()
	job := &provision.Job{Name: "zoho-one", SyncURL: server.URL + "/scim", Workers: 1}
	client, err := scim.NewClient(job.SyncURL, scim.BearerToken(scim.NewSecret(token)), nil)
	if err != nil {
		log.Fatal(err)
	}
	var lines bytes.Buffer
	options := &provision.Options{Observers: []provision.Observer{
		provision.NewLog(&lines, &provision.LogOptions{Values: []string{"active"}}),
		provision.NewProgress(io.Discard, nil), // os.Stderr in a program
	}}
	engine, err := provision.New(job, provision.Snapshot(directory), client, provision.NewMemoryState(), options)
	if err != nil {
		log.Fatal(err)
	}
	_, err = engine.Plan(ctx, func(e *provision.Event) { fmt.Println("plan:", e) })
	if err != nil {
		log.Fatal(err)
	}
	if _, err := engine.Cycle(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Count(lines.String(), `"provisioningAction":"create"`), "accounts in the log")
	// Unordered output:
	// plan: User user1 create: userName, active, externalId
	// plan: User user2 create: userName, active, externalId
	// 2 accounts in the log
}

// A job is saved as JSON; a mistake in it is named.
func ExampleParseJob() {
	_, err := provision.ParseJob([]byte(`{"name": "zoho-one", "syncUrl": "https://one.zoho.jp/scim", "dataCenter": "us"}`))
	fmt.Println(err)
	// Output:
	// provision: InvalidJob: dataCenter: datacenter: sync URL "one.zoho.jp": data center mismatch: the sync URL is in jp, the token from us: use accounts.zoho.jp
}
