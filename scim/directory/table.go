package directory

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"unicode"

	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/sqlstore"
)

// TableOptions name the columns of a table of users. Names are quoted in SQL:
// on PostgreSQL their letter case counts.
type TableOptions struct {
	Key      string // primary key; "" is "id"
	UserName string // what users sign in with; "" if the table has none
	Email    string // e-mail address; "" if the table has none, or UserName holds it
	Active   string // boolean, in SQLite 0 or 1: the account may be used; "" is "active"

	// Password is the column of the password's hash, which HashPassword
	// makes. They are needed for password notification.
	Password     string
	HashPassword func(password string) (string, error)

	// Columns are those of [Settings.Attributes], by field; a field without
	// an entry is its own column. A field without a value is NULL.
	Columns map[string]string

	// NotNull are columns that hold an empty text in place of NULL.
	NotNull []string

	// KeyIsID makes the id of the SCIM resource, a UUID, the key of new rows.
	// Otherwise the database makes the key.
	KeyIsID bool
}

// Table is a table of users that is there already, as [Accounts]. It touches
// the columns it is given and no others: those of a new row have their
// defaults. It works inside a [Directory] only, and in its transactions.
//
// A user name or e-mail address is looked for with lower(column), which an
// index on that expression makes fast; SQLite knows the letter case of ASCII
// only. An index that makes them unique in the table is the last word.
type Table struct {
	name    string // quoted
	o       TableOptions
	key     string // quoted
	columns map[string]string
	dialect sqlstore.Dialect
	db      *sql.DB
}

var (
	_ Accounts  = (*Table)(nil)
	_ Passwords = (*Table)(nil)
)

// NewTable returns the accounts of a table, "users" or "schema.users".
func NewTable(db *sql.DB, table string, o *TableOptions) (*Table, error) {
	t := &Table{db: db}
	if o != nil {
		t.o = *o
	}
	if db == nil {
		return nil, optionError("db", "a database is required")
	}
	if t.o.Key == "" {
		t.o.Key = "id"
	}
	if t.o.Active == "" {
		t.o.Active = "active"
	}
	var parts []string
	for part := range strings.SplitSeq(table, ".") {
		parts = append(parts, quote(part))
	}
	t.name, t.key = strings.Join(parts, "."), quote(t.o.Key)
	switch {
	case len(parts) > 2 || slices.Contains(parts, ""):
		return nil, optionError("table", "give the name of a table, of letters, digits and underscores")
	case t.o.UserName == "" && t.o.Email == "":
		return nil, optionError("UserName, Email", "name at least one column by which an account is found")
	case (t.o.Password == "") != (t.o.HashPassword == nil):
		return nil, optionError("Password, HashPassword", "give both or none")
	}
	seen := map[string]bool{}
	for _, column := range []string{t.o.Key, t.o.UserName, t.o.Email, t.o.Active, t.o.Password} {
		if column != "" && (quote(column) == "" || seen[fold(column)]) {
			return nil, optionError("columns", "a column has no plain name, or two purposes")
		}
		seen[fold(column)] = true
	}
	return t, nil
}

// fold gives names that may be the same column one form.
func fold(column string) string { return strings.ToLower(column) }

// quote returns a name as SQL takes it, "" if it is none that a setting may
// have.
func quote(name string) string {
	if name == "" || len(name) > 63 {
		return ""
	}
	for i, r := range name {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return ""
		}
	}
	return `"` + name + `"`
}

// join checks the columns of the settings' fields.
func (t *Table) join(db *sql.DB, d sqlstore.Dialect, r *rules) error {
	if t.db != db {
		return optionError("accounts", "the table must be in the directory's database, by the same *sql.DB")
	}
	seen := map[string]bool{}
	for _, column := range []string{t.o.Key, t.o.UserName, t.o.Email, t.o.Active, t.o.Password} {
		seen[fold(column)] = true
	}
	columns := map[string]string{}
	for _, f := range r.fields {
		column := f.name
		if c, ok := t.o.Columns[f.name]; ok {
			column = c
		}
		if quote(column) == "" || seen[fold(column)] {
			return optionError("attributes", "the column of a field has no plain name, or another purpose")
		}
		seen[fold(column)] = true
		columns[f.name] = column
	}
	t.dialect, t.columns = d, columns
	return nil
}

// assignment is one column and what it gets.
type assignment struct {
	column string
	value  any
}

// assignments returns what an account says, in one order.
func (t *Table) assignments(a *Account) []assignment {
	out := []assignment{{t.o.Active, a.Active}}
	if t.o.UserName != "" && a.UserName != "" {
		out = append(out, assignment{t.o.UserName, a.UserName})
	}
	if t.o.Email != "" && (a.Email != "" || a.UserName != "") { // "" beside a user name: there is none
		out = append(out, assignment{t.o.Email, t.text(t.o.Email, a.Email)})
	}
	for field, column := range t.columns {
		if value, ok := a.Fields[field]; ok {
			out = append(out, assignment{column, t.text(column, value)})
		}
	}
	slices.SortFunc(out, func(a, b assignment) int { return strings.Compare(a.column, b.column) })
	return out
}

func (t *Table) text(column, value string) any {
	if value == "" && !slices.Contains(t.o.NotNull, column) {
		return nil
	}
	return value
}

// sidecarOf returns the transaction of a call.
func (t *Table) sidecarOf(ctx context.Context) (*sidecar, error) {
	q, ok := ctx.Value(sidecarKey{}).(*sidecar)
	if !ok {
		return nil, scim.NewError(scim.KindInternal, "a Table works inside a Directory only", nil)
	}
	return q, nil
}

// Find implements [Accounts].
func (t *Table) Find(ctx context.Context, a *Account) ([]Existing, error) {
	q, err := t.sidecarOf(ctx)
	if err != nil {
		return nil, err
	}
	var conditions []string
	var args []any
	if a.Key != "" {
		conditions, args = append(conditions, t.key+" = ?"), append(args, a.Key)
	}
	for _, x := range []assignment{{t.o.UserName, a.UserName}, {t.o.Email, a.Email}} {
		if x.column != "" && x.value != "" {
			conditions, args = append(conditions, "lower("+quote(x.column)+") = lower(?)"), append(args, x.value)
		}
	}
	if len(conditions) == 0 {
		return nil, nil
	}
	text := "SELECT CAST(" + t.key + " AS TEXT), " + t.column(t.o.UserName) + ", " + t.column(t.o.Email) + ", " + quote(t.o.Active) +
		" FROM " + t.name + " WHERE " + strings.Join(conditions, " OR ")
	var found []Existing
	err = q.each(ctx, text, args, func(rows *sql.Rows) error {
		var e Existing
		var userName, email sql.NullString
		var usable sql.NullBool
		err := rows.Scan(&e.Key, &userName, &email, &usable)
		e.UserName, e.Email, e.Active = userName.String, email.String, usable.Bool
		if t.o.Email == "" {
			e.Email = e.UserName
		}
		found = append(found, e)
		return err
	})
	return found, tableError(err)
}

// column returns a column in a list of results, NULL if the table has none.
func (t *Table) column(name string) string {
	if name == "" {
		return "NULL"
	}
	return quote(name)
}

// Create implements [Accounts].
func (t *Table) Create(ctx context.Context, a *Account) (key string, err error) {
	q, err := t.sidecarOf(ctx)
	if err != nil {
		return "", err
	}
	var columns, marks []string
	var args []any
	if t.o.KeyIsID {
		columns, marks, args = append(columns, t.key), append(marks, "?"), append(args, a.ID)
	}
	for _, x := range t.assignments(a) {
		if x.value == nil {
			continue // its default
		}
		columns, marks, args = append(columns, quote(x.column)), append(marks, "?"), append(args, x.value)
	}
	err = q.one(ctx, "INSERT INTO "+t.name+" ("+strings.Join(columns, ", ")+") VALUES ("+strings.Join(marks, ", ")+
		") RETURNING CAST("+t.key+" AS TEXT)", args, &key)
	return key, tableError(err)
}

// Update implements [Accounts].
func (t *Table) Update(ctx context.Context, a *Account) error {
	q, err := t.sidecarOf(ctx)
	if err != nil {
		return err
	}
	var columns []string
	var args []any
	for _, x := range t.assignments(a) {
		columns, args = append(columns, quote(x.column)+" = ?"), append(args, x.value)
	}
	n, err := q.changed(ctx, "UPDATE "+t.name+" SET "+strings.Join(columns, ", ")+" WHERE "+t.key+" = ?", append(args, a.Key)...)
	if err == nil && n == 0 {
		return scim.NewError(scim.KindNotFound, "the row of the account is gone", nil)
	}
	return tableError(err)
}

// Delete implements [Accounts].
func (t *Table) Delete(ctx context.Context, a *Account) error {
	q, err := t.sidecarOf(ctx)
	if err != nil {
		return err
	}
	return tableError(q.exec(ctx, "DELETE FROM "+t.name+" WHERE "+t.key+" = ?", a.Key))
}

// SetPassword implements [Passwords]: it writes the hash.
func (t *Table) SetPassword(ctx context.Context, a *Account, password scim.Secret) error {
	q, err := t.sidecarOf(ctx)
	if err != nil {
		return err
	}
	hash, err := t.o.HashPassword(password.Reveal())
	if err != nil {
		return err
	}
	n, err := q.changed(ctx, "UPDATE "+t.name+" SET "+quote(t.o.Password)+" = ? WHERE "+t.key+" = ?", hash, a.Key)
	if err == nil && n == 0 {
		return scim.NewError(scim.KindNotFound, "the row of the account is gone", nil)
	}
	return tableError(err)
}

// tableError names the refusals of a table that are the sender's to hear.
func tableError(err error) error {
	switch unique, value := refusal(err); {
	case unique:
		return taken("the table of accounts has this value already")
	case value:
		return scim.NewError(scim.KindInvalidValue, "the table of accounts does not take one of the values", nil)
	}
	return err
}
