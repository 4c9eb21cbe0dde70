package source_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite"

	"github.com/zohoscim/zohoscim/scim/provision"
	"github.com/zohoscim/zohoscim/scim/provision/source"
)

// show prints what a source holds.
func show(s provision.Source, err error) {
	if err != nil {
		log.Fatal(err)
	}
	changes, err := s.Changes(context.Background(), "")
	if err != nil {
		log.Fatal(err)
	}
	for obj, err := range changes.Objects {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(obj.Type, obj.Key, obj.Record["displayName"], obj.Record["accountEnabled"], obj.Members)
	}
}

// file makes the files of the examples.
func file(name, text string) string {
	dir, err := os.MkdirTemp("", "source")
	if err != nil {
		log.Fatal(err)
	}
	name = filepath.Join(dir, name)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		log.Fatal(err)
	}
	return name
}

func ExampleNewCSV() {
	name := file("users.csv", "objectId,displayName,accountEnabled\n1,本社 太郎,TRUE\n2,User 2,no\n")
	defer os.RemoveAll(filepath.Dir(name))
	show(source.NewCSV(name, nil))
	// Output:
	// User 1 本社 太郎 true []
	// User 2 User 2 false []
}

func ExampleNewJSON() {
	name := file("directory.json", `{
		"users": [{"objectId": "1", "displayName": "User 1", "accountEnabled": true}],
		"groups": [{"objectId": "g", "displayName": "Group", "members": ["1"]}]
	}`)
	defer os.RemoveAll(filepath.Dir(name))
	show(source.NewJSON(name, nil))
	// Output:
	// User 1 User 1 true []
	// Group g Group <nil> [1]
}

func ExampleNewQuery() {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE TABLE staff (number INTEGER, name TEXT, left_on TEXT); INSERT INTO staff VALUES (1, 'User 1', NULL), (2, 'User 2', '2026-01-31')`); err != nil {
		log.Fatal(err)
	}
	show(source.NewQuery(db, `SELECT number AS "objectId", name AS "displayName", left_on IS NULL AS "accountEnabled" FROM staff ORDER BY number`, nil))
	// Output:
	// User 1 User 1 true []
	// User 2 User 2 false []
}
