package source

import (
	"encoding/csv"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim/provision"
)

// CSVOptions sets how a CSV file is read. The zero value reads users.
type CSVOptions struct {
	// Type is what each row is; "" is [provision.User].
	Type string

	// Key is the column of [provision.Object.Key]; "" is the first of objectId,
	// id, employeeId and userPrincipalName that the file has.
	Key string

	// Members is the column of a group's members, their keys in one list; ""
	// is members.
	Members string

	// Lists are columns with several values each; that of members is one too.
	Lists []string

	// Separator parts the values of a list; "" is ";".
	Separator string

	// Comma parts the columns; 0 is a comma, or what parts the header if
	// that is a semicolon or a tab.
	Comma rune

	Encoding Encoding

	// FinalNewline refuses a file whose last row does not end in a line
	// break, as one does that was cut short.
	FinalNewline bool
}

// NewCSV returns a CSV file (RFC 4180) as a source: a header row with the
// names of attributes, and each further row one object. A row with more or
// fewer columns than the header, a column without a name, and a key that is
// missing are errors. The file is opened by each read and not here.
func NewCSV(name string, o *CSVOptions) (*File, error) {
	c := csvReader{CSVOptions: CSVOptions{}}
	if o != nil {
		c.CSVOptions = *o
		c.Lists = slices.Clone(o.Lists)
	}
	if c.Type == "" {
		c.Type = provision.User
	}
	if c.Separator == "" {
		c.Separator = ";"
	}
	if c.Members == "" {
		c.Members = "members"
	}
	encoding, err := ParseEncoding(string(c.Encoding))
	switch {
	case err != nil:
		return nil, err
	case name == "":
		return nil, &Error{Kind: KindInvalidOption, Column: "name", Detail: "give the name of a file"}
	case c.Type != provision.User && c.Type != provision.Group:
		return nil, &Error{Kind: KindInvalidOption, Column: "type", Detail: "give User or Group"}
	case c.Comma == '"' || c.Comma == '\r' || c.Comma == '\n' || c.Comma == '\uFFFD':
		return nil, &Error{Kind: KindInvalidOption, Column: "comma", Detail: "the character cannot part columns"}
	}
	return &File{name: name, encoding: encoding, objects: c.objects}, nil
}

// csvReader reads the text of a CSV file.
type csvReader struct{ CSVOptions }

func (c csvReader) objects(name string, text io.Reader) iter.Seq2[provision.Object, error] {
	return func(yield func(provision.Object, error) bool) {
		t, err := c.open(name, text)
		for err == nil {
			var obj provision.Object
			if obj, err = t.next(); err == nil && !yield(obj, nil) {
				return
			}
		}
		if !errors.Is(err, io.EOF) {
			yield(provision.Object{}, err)
		}
	}
}

// table is a CSV file while it is read.
type table struct {
	csvReader
	name   string
	in     *csv.Reader
	end    *lastByte
	header []string
	key    int
}

func (c csvReader) open(name string, text io.Reader) (*table, error) {
	end := &lastByte{in: text}
	t := &table{csvReader: c, name: name, end: end}
	head, err := end.firstLine()
	if err != nil && err != io.EOF {
		return nil, t.wrong(err)
	}
	t.in = csv.NewReader(io.MultiReader(strings.NewReader(head), end))
	t.in.ReuseRecord = true
	line, _, _ := strings.Cut(head, "\n")
	t.in.Comma = commaOf(c.Comma, line)
	header, err := t.in.Read()
	if err == io.EOF {
		return nil, t.malformed(0, "", "the file is empty; its first row has to name the columns")
	}
	if err != nil {
		return nil, t.wrong(err)
	}
	t.header = slices.Clone(header)
	return t, t.check()
}

// commaOf returns what parts the columns.
func commaOf(given rune, header string) rune {
	if given != 0 {
		return given
	}
	if !strings.Contains(header, ",") {
		for _, c := range []rune{';', '\t'} {
			if strings.ContainsRune(header, c) {
				return c
			}
		}
	}
	return ','
}

// check looks at the header row.
func (t *table) check() error {
	for i, column := range t.header {
		t.header[i] = strings.TrimSpace(column)
		switch {
		case t.header[i] == "":
			return t.malformed(1, "", "a column has no name")
		case slices.Contains(t.header[:i], t.header[i]):
			return t.malformed(1, t.header[i], "two columns have this name")
		}
	}
	for _, want := range t.Lists {
		if !slices.Contains(t.header, want) {
			return t.malformed(1, want, "the column is to hold lists and is not there")
		}
	}
	candidates := keys(t.Key)
	for _, column := range candidates {
		if t.key = slices.Index(t.header, column); t.key >= 0 {
			return nil
		}
	}
	return t.malformed(1, "", "no column identifies a row: name the key's column, or have one of "+strings.Join(candidates, ", "))
}

// next reads one row.
func (t *table) next() (provision.Object, error) {
	row, err := t.in.Read()
	if err == io.EOF {
		if t.FinalNewline && t.end.last != '\n' {
			return provision.Object{}, t.malformed(0, "", "the last row does not end in a line break: the file may be cut short")
		}
		return provision.Object{}, io.EOF
	}
	if err != nil {
		return provision.Object{}, t.wrong(err)
	}
	obj := provision.Object{Type: t.Type, Key: row[t.key], Record: make(mapping.Record, len(row))}
	if obj.Key == "" {
		return obj, t.invalid(t.key, "the row has no key")
	}
	for i, text := range row {
		column := t.header[i]
		switch {
		case t.Type == provision.Group && column == t.Members:
			obj.Members = append([]string{}, t.list(text)...)
		case text == "":
		case column == enabled:
			if obj.Record[column], err = truth(text); err != nil {
				return obj, t.invalid(i, err.Error())
			}
		case slices.Contains(t.Lists, column):
			obj.Record[column] = t.list(text)
		default:
			obj.Record[column] = text
		}
	}
	return obj, nil
}

// list parts the values of one field.
func (t *table) list(text string) []string {
	var out []string
	for part := range strings.SplitSeq(text, t.Separator) {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

func (t *table) malformed(line int, column, detail string) error {
	return &Error{Kind: KindMalformed, Name: t.name, Line: line, Column: column, Detail: detail}
}

func (t *table) invalid(column int, detail string) error {
	line, _ := t.in.FieldPos(column)
	return &Error{Kind: KindInvalidValue, Name: t.name, Line: line, Column: t.header[column], Detail: detail}
}

// wrong gives an error of reading its place.
func (t *table) wrong(err error) error {
	var parse *csv.ParseError
	switch {
	case errors.As(err, &parse) && errors.Is(err, csv.ErrFieldCount):
		return t.malformed(parse.StartLine, "", "the row does not have as many columns as the header")
	case errors.As(err, &parse):
		return t.malformed(parse.Line, "", "a quote is not where it can be, or is not closed")
	case errors.Is(err, errNotText):
		return &Error{Kind: KindEncoding, Name: t.name, Detail: err.Error() + "; name another"}
	}
	return &Error{Kind: KindUnreadable, Name: t.name, Detail: "cannot be read to its end", Err: err}
}

// lastByte remembers how a text ends.
type lastByte struct {
	in   io.Reader
	last byte
}

func (l *lastByte) Read(p []byte) (int, error) {
	n, err := l.in.Read(p)
	if n > 0 {
		l.last = p[n-1]
	}
	return n, err
}

// firstLine reads at least the header, to see what parts its columns.
func (l *lastByte) firstLine() (string, error) {
	const longest = 1 << 20
	var head []byte
	buf := make([]byte, 4096)
	for len(head) < longest {
		n, err := l.Read(buf)
		head = append(head, buf[:n]...)
		if err != nil || slices.Contains(buf[:n], '\n') {
			return string(head), err
		}
	}
	return string(head), nil
}
