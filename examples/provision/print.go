package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/zohoscim/zohoscim/scim/provision"
)

func printJSON(out io.Writer, v any) error {
	data, err := json.Marshal(v, jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", data)
	return err
}

func printReport(out io.Writer, r *provision.Report) {
	fmt.Fprintf(out, "users: %s; groups: %s; %d look-ups and %d writes in %s\n",
		counts(r.Users), counts(r.Groups), r.Lookups, r.Writes, r.Ended.Sub(r.Began).Round(time.Millisecond))
}

// counts names what there was.
func counts(c provision.Counts) string {
	text := fmt.Sprintf("%d read", c.Read)
	for _, part := range []struct {
		n    int
		what string
	}{
		{c.Created, "created"}, {c.Updated, "updated"}, {c.Disabled, "disabled"}, {c.Deleted, "deleted"},
		{c.Staged, "held back"}, {c.Skipped, "skipped"}, {c.Failed, "failed"},
	} {
		if part.n > 0 {
			text += fmt.Sprintf(", %d %s", part.n, part.what)
		}
	}
	return text
}

// printPlanned prints one object of a plan, with the values: they are for who
// decides about it.
func printPlanned(out io.Writer, e *provision.Event) {
	if e.Action == provision.Skipped && e.Reason == "RedundantExport" {
		return // nothing to do, as for most
	}
	fmt.Fprintf(out, "%s %s %s", e.Action, e.Type, e.Key)
	if e.Reason != "" {
		fmt.Fprintf(out, " (%s)", e.Reason)
	}
	if e.Err != nil {
		fmt.Fprintf(out, ": %v", e.Err)
	}
	fmt.Fprintln(out)
	for _, p := range e.Properties() {
		fmt.Fprintf(out, "  %s: %s -> %s\n", p.Path, orNone(p.Old), orNone(p.New))
	}
	if e.Joined > 0 || e.Left > 0 {
		fmt.Fprintf(out, "  members: %d more, %d fewer\n", e.Joined, e.Left)
	}
}

func orNone(v jsontext.Value) string {
	if v == nil {
		return "none"
	}
	return string(v)
}

// printStaged lists what was held back.
func printStaged(ctx context.Context, out io.Writer, e *provision.Engine) {
	fmt.Fprintln(out, "held back, for -allow-deletes or -reject-deletes:")
	err := e.Staged(ctx, func(d provision.StagedDelete) error {
		what := "disable"
		if d.Delete {
			what = "delete"
		}
		_, err := fmt.Fprintf(out, "  %s %s %s (%s)\n", what, d.Type, d.Key, d.Reason)
		return err
	})
	if err != nil {
		fmt.Fprintln(out, " ", err)
	}
}

// reportFile writes the report of each cycle over that of the one before.
type reportFile struct {
	name string
	page *provision.HTMLReport // nil for JSON
	err  error
}

func newReportFile(name string) *reportFile {
	f := &reportFile{name: name}
	if kind(name) == ".html" {
		f.page = provision.NewHTMLReport(nil)
	}
	return f
}

func (f *reportFile) CycleBegan(c provision.Cycle) {
	if f.page != nil {
		f.page.CycleBegan(c)
	}
}

func (f *reportFile) Done(e *provision.Event) {
	if f.page != nil {
		f.page.Done(e)
	}
}

func (f *reportFile) CycleEnded(r *provision.Report, err error) {
	f.err = f.write(func(out io.Writer) error {
		if f.page == nil {
			return printJSON(out, r)
		}
		f.page.CycleEnded(r, err)
		_, err := f.page.WriteTo(out)
		return err
	})
}

// write writes a new file and puts it in the place of the old one, so that
// nobody reads half of it.
func (f *reportFile) write(print func(io.Writer) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(f.name), filepath.Base(f.name)+"-*")
	if err != nil {
		return fmt.Errorf("-report: %w", err)
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // it has another name by then
	err = print(tmp)
	if closeErr := tmp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), f.name)
	}
	if err != nil {
		return fmt.Errorf("-report: %w", err)
	}
	return nil
}
