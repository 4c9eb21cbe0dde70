package provision_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/provision"
	"github.com/zohoscim/zohoscim/scim/scimtest"
)

// The page of each cycle takes the place of the one before, at once: who has
// it open never sees half of it.
func ExampleHTMLReport() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "report")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	zoho, err := scimtest.NewZohoOne(func(context.Context, string) (scim.Subject, error) { return scim.Subject{}, nil }, nil)
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(zoho)
	defer server.Close()
	client, err := scim.NewClient(server.URL+"/scim", scim.BearerToken(scim.NewSecret(token)), nil)
	if err != nil {
		log.Fatal(err)
	}

	page := provision.NewHTMLReport(&provision.HTMLReportOptions{Language: "ja", Values: []string{"active"}})
	job := &provision.Job{Name: "zoho-one", SyncURL: server.URL + "/scim"}
	options := &provision.Options{Observers: []provision.Observer{page}}
	engine, err := provision.New(job, provision.Snapshot(directory), client, provision.NewMemoryState(), options)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := engine.Cycle(ctx); err != nil {
		log.Fatal(err)
	}

	name := filepath.Join(dir, "report.html")
	file, err := os.CreateTemp(dir, "report-*.tmp") // only its owner may read it
	if err != nil {
		log.Fatal(err)
	}
	_, err = page.WriteTo(file)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		log.Fatal(err)
	}
	written, err := os.ReadFile(name)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", written[:32])
	// Output:
	// <!DOCTYPE html>
	// <html lang="ja">
}
