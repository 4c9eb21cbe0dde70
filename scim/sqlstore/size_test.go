package sqlstore

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zohoscim/zohoscim/scim"
)

var users = flag.Int("users", 2000, "users of TestSize: a hundredth of them, or 10,000, is what the costs are compared with")

// sized is a store with users, and a hundredth as many groups, one of which
// has a tenth of the users.
type sized struct {
	*Store
	users int
	added int // members that measuring added
}

const membersOfMost = 5

// sizedStore fills a store with what Create would write, many rows in each
// statement.
func sizedStore(t *testing.T, d Dialect, users int) *sized {
	t.Helper()
	s := queryStore(t, d, &Options{Changes: -1})
	ctx := t.Context()
	ld := &loader{Store: s, ctx: ctx}
	for i := range users {
		r := testUser(t, fmt.Sprintf("u%07d", i), fmt.Sprintf("user%07d@example.com", i))
		ld.add(t, r)
	}
	for i := range users / 100 {
		r := testResource(t, scim.GroupType(), fmt.Sprintf("g%07d", i), fmt.Sprintf(`"displayName":"Group %d"`, i))
		seq := ld.add(t, r)
		n, from := membersOfMost, i*membersOfMost
		if i == 0 {
			n, from = users/10, 0
		}
		for m := range n {
			ld.links = append(ld.links, seq, []byte(fmt.Sprintf("u%07d", from+m)), []byte("User"), []byte{})
			ld.flush(t, 8000)
		}
	}
	ld.flush(t, 0)
	if d == PostgreSQL { // which analyses by itself; nobody does it for SQLite
		for _, text := range []string{"SELECT setval(pg_get_serial_sequence('scim_resources', 'seq'), (SELECT max(seq) FROM scim_resources))", "ANALYZE"} {
			if _, err := s.db.ExecContext(ctx, text); err != nil {
				t.Fatal(err)
			}
		}
	}
	return &sized{Store: s, users: users}
}

// loader writes rows in large statements.
type loader struct {
	*Store
	ctx                      context.Context
	seq                      int64
	resources, values, links []any
}

func (l *loader) add(t *testing.T, r *scim.Resource) int64 {
	t.Helper()
	w, err := l.newWrite(scopeOf(l.ctx), r)
	if err != nil {
		t.Fatal(err)
	}
	l.seq++
	l.resources = append(append(l.resources, l.seq, w.typ, w.cols.id), w.columnArgs()...)
	for i, v := range w.cols.values {
		l.values = append(l.values, w.typ, l.seq, v.path, i, v.key, v.kind, number(v.unique))
	}
	l.flush(t, 6000)
	return l.seq
}

// flush writes the rows, if one kind has more arguments than most.
func (l *loader) flush(t *testing.T, most int) {
	t.Helper()
	if max(len(l.resources), len(l.values), len(l.links)) <= most {
		return
	}
	override := oneOf(l.dialect == PostgreSQL, " OVERRIDING SYSTEM VALUE", "")
	tx, err := l.db.BeginTx(l.ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []struct {
		into string
		row  string
		n    int
		args *[]any
	}{
		{"scim_resources (tenant, connection, revision, seq, type, id, user_name, external_id, display_name, user_unique, display_unique, created, modified, cut, display, body)" + override, "1, ", 13, &l.resources},
		{"scim_values (tenant, connection, type, seq, path, pos, key, kind, is_unique)", "", 7, &l.values},
		{"scim_links (tenant, connection, owner, value, type, display)", "", 4, &l.links},
	} {
		if len(*part.args) == 0 {
			continue
		}
		empty := oneOf(l.dialect == PostgreSQL, "''::bytea", "x''")
		row := "(" + empty + ", " + empty + ", " + part.row + strings.TrimSuffix(strings.Repeat("?, ", part.n), ", ") + "), "
		text := "INSERT INTO " + part.into + " VALUES " + strings.TrimSuffix(strings.Repeat(row, len(*part.args)/part.n), ", ")
		if _, err := tx.ExecContext(l.ctx, l.dialect.rebind(text), *part.args...); err != nil {
			t.Fatal(err)
		}
		*part.args = (*part.args)[:0]
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// operations are what is measured, each on another resource every time.
var operations = []struct {
	name string
	do   func(t *testing.T, s *sized, i int)
}{
	{"GET by id", func(t *testing.T, s *sized, i int) {
		ref := scim.Ref{Type: scim.UserType(), ID: fmt.Sprintf("u%07d", i*7919%s.users)}
		if err := s.View(t.Context(), ref, func(e *scim.Entry) error {
			for _, err := range e.Links.Owners(t.Context(), "") {
				if err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}},
	{"userName eq", func(t *testing.T, s *sized, i int) { s.one(t, `userName eq "USER%07d@example.com"`, i) }},
	{"emails[type eq …].value eq", func(t *testing.T, s *sized, i int) {
		s.one(t, `emails[type eq "work" and value eq "user%07d@example.com"]`, i)
	}},
	{"member added", func(t *testing.T, s *sized, i int) {
		s.added++
		ref := scim.Ref{Type: scim.GroupType(), ID: "g0000000"}
		if err := s.Update(t.Context(), ref, func(e *scim.Entry) error {
			n, err := e.Links.Put(t.Context(), scim.Link{Value: fmt.Sprintf("u%07d", s.users/10+s.added), Type: "User"})
			if err == nil && n != 1 {
				err = fmt.Errorf("%d links were added", n)
			}
			e.Resource.Touch()
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}},
	{"page of 100 at 90 %", func(t *testing.T, s *sized, i int) {
		q := &scim.Query{Type: scim.UserType(), Cursor: true, Count: 100, Owners: true}
		q.After = (&position{form: positionSeq, seq: int64(s.users*9/10 - i)}).text(q)
		page, err := s.List(t.Context(), q)
		if err != nil || len(page.Items) != 100 {
			t.Fatalf("%v, %d", err, len(page.Items))
		}
	}},
	{"page of 100 at 90 %, by userName", func(t *testing.T, s *sized, i int) {
		q := &scim.Query{Type: scim.UserType(), Cursor: true, Count: 100, Owners: true, Sort: sorted(t, scim.UserType(), "userName", false)}
		at := s.users*9/10 - i
		q.After = (&position{form: positionKey, seq: int64(at + 1), key: []byte(fmt.Sprintf("user%07d@example.com", at))}).text(q)
		page, err := s.List(t.Context(), q)
		if err != nil || len(page.Items) != min(100, s.users-at-1) {
			t.Fatalf("%v, %d", err, len(page.Items))
		}
	}},
}

func (s *sized) one(t *testing.T, text string, i int) {
	t.Helper()
	n := i * 7919 % s.users
	q := &scim.Query{Type: scim.UserType(), Start: 1, Count: 100, Owners: true, Filter: parsed(t, scim.UserType(), fmt.Sprintf(text, n))}
	page, err := s.List(t.Context(), q)
	if err != nil || page.Total != 1 || page.Items[0].Resource.ID() != fmt.Sprintf("u%07d", n) {
		t.Fatalf("%s: %v, %+v", q.Filter, err, page)
	}
}

// TestSize: what one request costs does not grow with the directory. The long
// form is -users=1000000: it prints the ratios and takes 1.5 as their bound;
// the short one shows that the requests work.
func TestSize(t *testing.T) {
	long := *users > 10_000
	for _, d := range []Dialect{SQLite, PostgreSQL} {
		t.Run(d.String(), func(t *testing.T) {
			few, rounds := 1000, 5
			if long {
				few, rounds = 10_000, 400
			}
			small, large := sizedStore(t, d, few), sizedStore(t, d, *users)
			for _, op := range operations {
				var took [2][]time.Duration
				for i := range rounds {
					for j, s := range []*sized{small, large} {
						begin := time.Now()
						op.do(t, s, i)
						took[j] = append(took[j], time.Since(begin))
					}
				}
				a, b := median(took[0][rounds/10:]), median(took[1][rounds/10:])
				if !long {
					continue
				}
				ratio := float64(b) / float64(a)
				t.Logf("%-34s %8d users %10v   %8d users %10v   ratio %.2f", op.name, few, a, *users, b, ratio)
				if ratio > 1.5 {
					t.Errorf("%s costs %.2f times as much", op.name, ratio)
				}
			}
		})
	}
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// TestPlans: what the columns tell is found by an index, on each database.
func TestPlans(t *testing.T) {
	for _, d := range []Dialect{SQLite, PostgreSQL} {
		t.Run(d.String(), func(t *testing.T) {
			s := sizedStore(t, d, 5000)
			for _, row := range []struct{ filter, by, index, reason string }{
				{`userName eq "user0000001@example.com"`, "", "scim_resources_user_name", "the look-up of every sender"},
				{`externalId eq "x-u0000001"`, "", "scim_resources_external_id", "Entra's matching attribute"},
				{`emails[type eq "work" and value eq "user0000001@example.com"]`, "", "scim_values_key", "by the work address"},
				{`emails.value eq "user0000001@example.com"`, "", "scim_values_key", "by any address"},
				{`id eq "u0000001"`, "", "scim_resources_id", "the unique index on ids"},
				{`userName sw "user00000"`, "userName", "scim_resources_user_name", "a range"},
				{`groups.value eq "g0000001"`, "", "scim_resources_id", "members of a group: from the group to its links"},
				{"", "", "scim_resources_seq|scim_resources_pkey", "the next page; where one tenant has all rows, both indexes are one order"},
				{"", "userName", "scim_resources_user_name", "the next page in an order"},
				{"", "meta.lastModified", "scim_resources_modified", "what changed last"},
			} {
				q := &scim.Query{Type: scim.UserType(), Cursor: true, Count: 10, Owners: true}
				if row.filter != "" {
					q.Filter = parsed(t, scim.UserType(), row.filter)
				}
				if row.by != "" {
					q.Sort = sorted(t, scim.UserType(), row.by, false)
				}
				plan := s.plan(t, q)
				if !regexp.MustCompile(row.index).MatchString(plan) {
					t.Errorf("%s by %q (%s): no use of %s:\n%s", row.filter, row.by, row.reason, row.index, plan)
				}
				for line := range strings.SplitSeq(plan, "\n") {
					if wholeTable.MatchString(line) {
						t.Errorf("%s by %q (%s): all rows are read: %s\n%s", row.filter, row.by, row.reason, line, plan)
					}
				}
			}
		})
	}
}

// wholeTable is a step that reads a table from end to end. In PostgreSQL it
// can be that of the links, which here has only a few pages.
var wholeTable = regexp.MustCompile(`Seq Scan on scim_(resources|values)|SCAN [rvlo]($| [^U]*$)`)

// plan returns how the database would answer a query.
func (s *sized) plan(t *testing.T, q *scim.Query) string {
	t.Helper()
	tab := &table{s.dialect, s.layout(q.Type), q.Type, scopeOf(t.Context())}
	o, _ := tab.orderOf(q.Sort)
	p := &pageQuery{table: tab, query: q, order: o, limit: q.Count, where: tab.where(q.Filter), at: &position{}}
	explain := p.inOrder()
	explain.text = "EXPLAIN QUERY PLAN " + explain.text
	if s.dialect == PostgreSQL {
		explain = p.statement()
		explain.text = s.dialect.rebind("EXPLAIN " + explain.text)
	}
	rows, err := s.db.QueryContext(t.Context(), explain.text, explain.args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for rows.Next() {
		var line sql.NullString
		into := make([]any, len(columns))
		for i := range into {
			into[i] = new(any)
		}
		into[len(into)-1] = &line
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		out.WriteString(line.String + "\n")
	}
	return out.String()
}
