package mapping

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteTable writes a line for each rule, as the attribute mapping page shows
// a mapping: the source as an expression, the target, the matching precedence,
// when the rule applies, and the default.
func (m *Mapping) WriteTable(w io.Writer) error {
	rows := [][]string{{"source", "target", "matching", "apply", "default"}}
	for _, r := range m.Rules {
		source := r.source()
		if r.None {
			source = "none"
		}
		matching := ""
		if r.Matching > 0 {
			matching = fmt.Sprint(r.Matching)
		}
		fallback, _ := plainText(r.Default)
		rows = append(rows, []string{source, r.Target, matching, r.Apply.String(), fallback})
	}
	return writeRows(w, rows)
}

// writeRows writes a table in columns, without space at the end of a line.
func writeRows(w io.Writer, rows [][]string) error {
	var b strings.Builder
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			row[i] = oneLine(cell)
		}
		fmt.Fprintln(tw, strings.Join(row, "\t"))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) {
		if _, err := io.WriteString(w, strings.TrimRight(line, " \n")+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// oneLine keeps a text from breaking the table.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
