package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/zohoscim/zohoscim/internal/pgtest"
	"github.com/zohoscim/zohoscim/scim"
)

// BenchmarkByHand compares each operation with the statements that somebody
// would write for it by hand, on the same tables and in the same run.
func BenchmarkByHand(b *testing.B) {
	for _, d := range []Dialect{SQLite, PostgreSQL} {
		b.Run(d.String(), func(b *testing.B) {
			var db *sql.DB
			var err error
			if d == SQLite {
				db, err = sql.Open("sqlite", SQLiteDSN(filepath.Join(b.TempDir(), "scim.db")))
			} else {
				db, err = sql.Open("pgx", pgtest.URL(b))
			}
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = db.Close() })
			if err := Migrate(b.Context(), db, d); err != nil {
				b.Fatal(err)
			}
			// The commit's wait for the disk would hide what is compared.
			off := "PRAGMA synchronous=OFF"
			if d == PostgreSQL {
				off = "SET synchronous_commit=off"
			}
			db.SetMaxOpenConns(1)
			if _, err := db.ExecContext(b.Context(), off); err != nil {
				b.Fatal(err)
			}
			benchStore(b, &bench{db: db, d: d, s: newStore(b, db, d, nil)})
		})
	}
}

type bench struct {
	db   *sql.DB
	d    Dialect
	s    *Store
	made int
}

func benchStore(b *testing.B, x *bench) {
	ctx := b.Context()
	if err := x.s.Create(ctx, testUser(b, "u", "u"), nil); err != nil {
		b.Fatal(err)
	}
	if err := x.s.Create(ctx, testGroup(b, "g", "g"), nil); err != nil {
		b.Fatal(err)
	}
	for range 2000 {
		if err := x.create(ctx); err != nil {
			b.Fatal(err)
		}
	}
	if x.d == PostgreSQL { // which does it by itself, after a minute
		if _, err := x.db.ExecContext(ctx, "ANALYZE"); err != nil {
			b.Fatal(err)
		}
	}
	for _, op := range []struct {
		name        string
		store, hand func(context.Context) error
	}{{"get", x.get, x.getByHand}, {"create", x.create, x.createByHand}, {"member", x.member, x.memberByHand}, {"find", x.find, x.findByHand}} {
		b.Run(op.name, func(b *testing.B) {
			var store, hand []time.Duration
			for b.Loop() { // in turns, so that what else the machine does falls on both
				hand = append(hand, timed(b, op.hand))
				store = append(store, timed(b, op.store))
			}
			b.ReportMetric(medianOf(hand), "hand-ns")
			b.ReportMetric(medianOf(store), "store-ns")
			b.ReportMetric(medianOf(store)/medianOf(hand), "ratio")
		})
	}
}

func timed(b *testing.B, fn func(context.Context) error) time.Duration {
	began := time.Now()
	if err := fn(b.Context()); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}

func medianOf(d []time.Duration) float64 {
	slices.Sort(d)
	return float64(d[len(d)/2])
}

func (x *bench) get(ctx context.Context) error {
	return x.s.View(ctx, scim.Ref{Type: scim.UserType(), ID: "u"}, func(e *scim.Entry) error { return nil })
}

func (x *bench) getByHand(ctx context.Context) error {
	var seq, revision int64
	var body []byte
	return x.s.row(ctx, nil, selectResource, scope{[]byte{}, []byte{}}.args("User", []byte("u")), &seq, &revision, &body)
}

func (x *bench) next() (id, name string) {
	x.made++
	return fmt.Sprint("id", x.made), fmt.Sprintf("user%d@example.com", x.made)
}

func (x *bench) resource() *scim.Resource {
	id, name := x.next()
	return scim.StoredResource(scim.UserType(), []byte(`{"id":"`+id+`","userName":"`+name+`","externalId":"x","active":true,"emails":[{"value":"`+name+
		`","type":"work"}],"meta":{"created":"2024-05-06T07:08:09.000Z","lastModified":"2024-05-06T07:08:09.000Z","version":"W/\"1\""}}`))
}

func (x *bench) create(ctx context.Context) error { return x.s.Create(ctx, x.resource(), nil) }

// createByHand does with statements of its own what Create does: the
// resource, its address, the change.
func (x *bench) createByHand(ctx context.Context) error {
	body, err := x.resource().AppendStored(nil)
	if err != nil {
		return err
	}
	id, name := []byte(fmt.Sprint("id", x.made)), []byte(fmt.Sprintf("user%d@example.com", x.made))
	tx, err := x.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	var seq, last int64
	for _, st := range []struct {
		text string
		args []any
		into *int64
	}{
		{liteInsert, []any{[]byte{}, []byte{}, "User", id, name, []byte("x"), nil, 1, nil, 1, 1, 0, []byte{}, body}, &seq},
		{liteInsertValue, nil, nil},
		{`INSERT INTO scim_feeds (tenant, connection, last) VALUES (?, ?, 1)
	ON CONFLICT (tenant, connection) DO UPDATE SET last = scim_feeds.last + 1 RETURNING last`, []any{[]byte{}, []byte{}}, &last},
		{liteChange, nil, nil},
	} {
		switch {
		case st.into != nil:
			if err := x.s.row(ctx, tx, st.text, st.args, st.into); err != nil {
				return err
			}
			continue
		case st.text == liteChange:
			st.args = []any{[]byte{}, []byte{}, last, []byte(`{"events":["urn:ietf:params:scim:event:prov:create:notice"],"type":"User"}`)}
		default:
			st.args = []any{[]byte{}, []byte{}, "User", seq, "emails", 0, name, []byte("work"), 0}
		}
		if err := x.s.exec(ctx, tx, st.text, st.args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (x *bench) member(ctx context.Context) error {
	id, _ := x.next()
	return x.s.Update(ctx, scim.Ref{Type: scim.GroupType(), ID: "g"}, func(e *scim.Entry) error {
		e.Resource.Touch()
		_, err := e.Links.Put(ctx, scim.Link{Value: id})
		return err
	})
}

func (x *bench) memberByHand(ctx context.Context) error {
	id, _ := x.next()
	tx, err := x.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	text := selectResource
	if x.d == PostgreSQL {
		text = selectForUpdate
	}
	var seq, revision, last int64
	var body []byte
	none := scope{[]byte{}, []byte{}}
	if err := x.s.row(ctx, tx, text, none.args("Group", []byte("g")), &seq, &revision, &body); err != nil {
		return err
	}
	r := scim.StoredResource(scim.GroupType(), body)
	r.Touch()
	if body, err = r.AppendStored(nil); err != nil {
		return err
	}
	if err := x.s.exec(ctx, tx, putLink, none.args(seq, []byte(id), []byte{}, []byte{})...); err != nil {
		return err
	}
	err = x.s.exec(ctx, tx, `UPDATE scim_resources SET revision = revision + 1, modified = ?, body = ? WHERE tenant = ? AND connection = ? AND seq = ?`,
		append([]any{revision, body}, none.args(seq)...)...)
	if err != nil {
		return err
	}
	feed := `INSERT INTO scim_feeds (tenant, connection, last) VALUES (?, ?, 1)
	ON CONFLICT (tenant, connection) DO UPDATE SET last = scim_feeds.last + 1 RETURNING last`
	if err := x.s.row(ctx, tx, feed, none.args(), &last); err != nil {
		return err
	}
	if err := x.s.exec(ctx, tx, liteChange, none.args(last, []byte(`{"events":["urn:ietf:params:scim:event:prov:patch:notice"],"type":"Group"}`))...); err != nil {
		return err
	}
	return tx.Commit()
}

func (x *bench) find(ctx context.Context) error {
	f, err := scim.UserType().ParseFilter(`userName eq "u"`)
	if err != nil {
		return err
	}
	page, err := x.s.List(ctx, &scim.Query{Type: scim.UserType(), Filter: f, Start: 1, Count: 10})
	if err == nil && page.Total != 1 {
		err = sql.ErrNoRows
	}
	return err
}

func (x *bench) findByHand(ctx context.Context) error {
	var seq int64
	var body []byte
	return x.s.row(ctx, nil, `SELECT seq, body FROM scim_resources WHERE tenant = ? AND connection = ? AND type = ? AND user_name = ?`,
		scope{[]byte{}, []byte{}}.args("User", []byte("u")), &seq, &body)
}
