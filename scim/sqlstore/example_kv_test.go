package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/zohoscim/zohoscim/scim/sqlstore"
)

// One of several processes does the nightly work. A holder that was asleep for
// too long cannot write any more.
func ExampleKV_Under() {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "kv")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(filepath.Join(folder, "scim.db")))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if err := sqlstore.Migrate(ctx, db, sqlstore.SQLite); err != nil {
		log.Fatal(err)
	}
	kv, err := sqlstore.NewKV(db, sqlstore.SQLite, &sqlstore.KVOptions{Namespace: "nightly"})
	if err != nil {
		log.Fatal(err)
	}

	lease, err := kv.Lease(ctx, "work", time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	err = lease.Run(ctx, func(ctx context.Context) error {
		return kv.Under(lease).Put(ctx, "last", []byte("2024-05-06"))
	})
	if err != nil {
		log.Fatal(err)
	}
	last, err := kv.Get(ctx, "last")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", last)
	err = kv.Under(lease).Put(ctx, "last", []byte("too late"))
	fmt.Println(errors.Is(err, sqlstore.ErrLeaseLost))
	// Output:
	// 2024-05-06
	// true
}
