package source

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim/provision"
)

// collect reads a source to its end.
func collect(t *testing.T, s provision.Source) ([]provision.Object, error) {
	t.Helper()
	changes, err := s.Changes(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if !changes.Full {
		t.Error("a snapshot is always full")
	}
	var out []provision.Object
	for obj, err := range changes.Objects {
		if err != nil {
			return out, err
		}
		out = append(out, obj)
	}
	return out, nil
}

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func readCSV(t *testing.T, data string, o *CSVOptions) ([]provision.Object, error) {
	t.Helper()
	f, err := NewCSV(write(t, "users.csv", []byte(data)), o)
	if err != nil {
		t.Fatal(err)
	}
	return collect(t, f)
}

func user(key string, pairs ...any) provision.Object {
	obj := provision.Object{Type: provision.User, Key: key, Record: mapping.Record{}}
	for i := 0; i < len(pairs); i += 2 {
		obj.Record[pairs[i].(string)] = pairs[i+1]
	}
	return obj
}

func TestCSV(t *testing.T) {
	for _, test := range []struct {
		name, text string
		o          *CSVOptions
		want       []provision.Object
		reason     string
	}{
		{
			"plain", "objectId,mail\n1,a@example.com\n", nil,
			[]provision.Object{user("1", "objectId", "1", "mail", "a@example.com")}, "a header row, then one object a row",
		},
		{
			"no break at the end", "objectId,mail\n1,a@example.com", nil,
			[]provision.Object{user("1", "objectId", "1", "mail", "a@example.com")}, "RFC 4180 section 2: the last break is optional",
		},
		{
			"quotes", "objectId,displayName\r\n1,\"A, \"\"B\"\"\r\nC\"\r\n", nil,
			[]provision.Object{user("1", "objectId", "1", "displayName", "A, \"B\"\nC")}, "RFC 4180 section 2, rules 5 to 7",
		},
		{
			"empty", "objectId,mail,city\n1,,Tokyo\n", nil,
			[]provision.Object{user("1", "objectId", "1", "city", "Tokyo")}, "what is empty has no value",
		},
		{
			"enabled", "objectId,accountEnabled\n1,TRUE\n2,no\n3,\n", nil,
			[]provision.Object{
				user("1", "objectId", "1", "accountEnabled", true), user("2", "objectId", "2", "accountEnabled", false), user("3", "objectId", "3"),
			}, "spreadsheets write TRUE",
		},
		{
			"semicolons", "objectId;mail\n1;a@example.com\n", nil,
			[]provision.Object{user("1", "objectId", "1", "mail", "a@example.com")}, "spreadsheets of many countries write semicolons",
		},
		{
			"tabs", "objectId\tmail\n1\ta,b\n", nil,
			[]provision.Object{user("1", "objectId", "1", "mail", "a,b")}, "so do copies from a spreadsheet, with tabs",
		},
		{
			"lists", "objectId,proxyAddresses\n1,a@example.com; b@example.com;\n", &CSVOptions{Lists: []string{"proxyAddresses"}},
			[]provision.Object{user("1", "objectId", "1", "proxyAddresses", []string{"a@example.com", "b@example.com"})}, "several values in one column",
		},
		{
			"groups", "objectId,displayName,members\ng,G,1;2\nh,H,\n", &CSVOptions{Type: provision.Group},
			[]provision.Object{
				{Type: provision.Group, Key: "g", Members: []string{"1", "2"}, Record: mapping.Record{"objectId": "g", "displayName": "G"}},
				{Type: provision.Group, Key: "h", Members: []string{}, Record: mapping.Record{"objectId": "h", "displayName": "H"}},
			}, "an empty list is a group without members",
		},
		{
			"key by name", "mail,number\na@example.com,7\n", &CSVOptions{Key: "number"},
			[]provision.Object{user("7", "mail", "a@example.com", "number", "7")}, "the key's column is the caller's choice",
		},
		{"no rows", "objectId,mail\n", nil, nil, "a header alone is an empty directory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := readCSV(t, test.text, test.o)
			if err != nil {
				t.Fatalf("%v (%s)", err, test.reason)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s:\n%s", test.reason, diff)
			}
		})
	}
}

func TestBrokenCSV(t *testing.T) {
	for _, test := range []struct {
		name, text string
		o          *CSVOptions
		want       error
		place      string
		reason     string
	}{
		{"empty", "", nil, ErrMalformed, "users.csv: the file is empty", "nothing was written yet"},
		{"short row", "objectId,mail\n1,a\n2\n", nil, ErrMalformed, "users.csv:3: ", "a row that was cut off"},
		{"long row", "objectId,mail\n1,a,b\n", nil, ErrMalformed, "users.csv:2: ", "a comma that was not quoted"},
		{"open quote", "objectId,mail\n1,\"a\n2,b\n", nil, ErrMalformed, "users.csv:", "a file that was cut inside a quote"},
		{"no key column", "mail\na\n", nil, ErrMalformed, "objectId, id, employeeId, userPrincipalName", "rows cannot be told apart"},
		{"named key missing", "mail\na\n", &CSVOptions{Key: "nr"}, ErrMalformed, "have one of nr", "the name that was given counts"},
		{"no key", "objectId,mail\n1,a\n,b\n", nil, ErrInvalidValue, "users.csv:3: objectId: ", "the row cannot be linked"},
		{"same column twice", "objectId,mail,mail\n1,a,b\n", nil, ErrMalformed, "users.csv:1: mail: ", "one of them would be lost"},
		{"column without a name", "objectId,,mail\n1,a,b\n", nil, ErrMalformed, "users.csv:1: ", "its values would be lost"},
		{"not a truth value", "objectId,accountEnabled\n1,true\n2,maybe\n", nil, ErrInvalidValue, "users.csv:3: accountEnabled: ", "a guess could disable somebody"},
		{"list that is not there", "objectId\n1\n", &CSVOptions{Lists: []string{"x"}}, ErrMalformed, "users.csv:1: x: ", "a wrong name in the options"},
		{"not UTF-8", "objectId,displayName\n1,\xff\xfe\n", &CSVOptions{Encoding: EncodingUTF8}, ErrEncoding, "users.csv: ", "the encoding that was given counts"},
		{"not CP932", "objectId,displayName\n1,\x81\x20\n", &CSVOptions{Encoding: EncodingCP932}, ErrEncoding, "users.csv: ", "a name with U+FFFD is nobody's"},
		{"two readings", "objectId,displayName\n1,O\x92Brien\n", nil, ErrEncoding, "name it", "Windows-1252, or one kanji in CP932"},
		{"cut at the end", "objectId,mail\n1,a", &CSVOptions{FinalNewline: true}, ErrMalformed, "line break", "asked for"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := readCSV(t, test.text, test.o)
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.place) {
				t.Errorf("%v (%s)", err, test.reason)
			}
		})
	}
}

func TestErrorsHoldNoValue(t *testing.T) {
	const canary = "canary"
	for _, text := range []string{
		"objectId,accountEnabled\n1," + canary + "\n", "objectId,mail\n" + canary + "\n", "objectId,mail\n1,\"" + canary + "\n",
		`{"users":[{"objectId":"1","accountEnabled":"canary"}]}`, `{"users":[{"mail":"canary"}]}`, `{"users":[{"objectId":"1","mail":"canary]}`,
	} {
		for _, source := range []func(string) (*File, error){
			func(name string) (*File, error) { return NewCSV(name, nil) }, func(name string) (*File, error) { return NewJSON(name, nil) },
		} {
			f, err := source(write(t, "f", []byte(text)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err = collect(t, f); err == nil || strings.Contains(err.Error(), canary) {
				t.Errorf("%v", err)
			}
		}
	}
}

func TestEncodings(t *testing.T) {
	const japaneseText = "objectId,displayName,officeLocation\n1,髙橋 ﾀﾛｳ,本社①\n"
	const latinText = "objectId,displayName\n1,Hélène Müller\n2,Zoé Ångström\n"
	utf16 := func(e unicode.Endianness, bom unicode.BOMPolicy, text string) string {
		out, err := unicode.UTF16(e, bom).NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	cp932, err := japanese.ShiftJIS.NewEncoder().String(japaneseText)
	if err != nil {
		t.Fatal(err)
	}
	latin1, err := charmap.ISO8859_1.NewEncoder().String(latinText)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, data string
		encoding   Encoding
		want       string
	}{
		{"UTF-8", japaneseText, "", japaneseText},
		{"UTF-8 with a mark", "\uFEFF" + japaneseText, "", japaneseText},
		{"UTF-16 little endian with a mark", utf16(unicode.LittleEndian, unicode.UseBOM, japaneseText), "", japaneseText},
		{"UTF-16 big endian with a mark", utf16(unicode.BigEndian, unicode.UseBOM, japaneseText), "", japaneseText},
		{"UTF-16 little endian", utf16(unicode.LittleEndian, unicode.IgnoreBOM, japaneseText), "", japaneseText},
		{"UTF-16 big endian", utf16(unicode.BigEndian, unicode.IgnoreBOM, japaneseText), "", japaneseText},
		{"UTF-16 by name", utf16(unicode.LittleEndian, unicode.IgnoreBOM, japaneseText), EncodingUTF16, japaneseText},
		{"CP932", cp932, "", japaneseText},
		{"CP932 by name", cp932, "Shift_JIS", japaneseText},
		{"ISO-8859-1", latin1, "", latinText},
		{"ISO-8859-1 by name", latin1, "Latin1", latinText},
		{"ISO-8859-1 with other Japanese before", latin1, EncodingLatin1, latinText},
	} {
		t.Run(test.name, func(t *testing.T) {
			want, err := readCSV(t, test.want, &CSVOptions{Encoding: EncodingUTF8})
			if err != nil {
				t.Fatal(err)
			}
			got, err := readCSV(t, test.data, &CSVOptions{Encoding: test.encoding})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := ParseEncoding("ebcdic"); !errors.Is(err, ErrInvalidOption) {
		t.Error(err)
	}
}

// A rune may be cut by the end of a read anywhere.
func TestLongTexts(t *testing.T) {
	for pad := range 8 {
		text := "objectId,displayName\n1," + strings.Repeat("x", pad) + strings.Repeat("本社😀", 20_000) + "\n"
		for _, data := range []string{text, "\uFEFF" + text} {
			got, err := readCSV(t, data, nil)
			if err != nil || len(got) != 1 || got[0].Record["displayName"] != text[len("objectId,displayName\n1,"):len(text)-1] {
				t.Fatalf("pad %d: %v", pad, err)
			}
		}
	}
}

func TestChangedWhileRead(t *testing.T) {
	name := write(t, "users.csv", []byte("objectId\n1\n"))
	f, err := NewCSV(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	changes, err := f.Changes(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, err = range changes.Objects {
		if err == nil {
			if writeErr := os.WriteFile(name, []byte("objectId\n1\n2\n"), 0o600); writeErr != nil {
				t.Fatal(writeErr)
			}
		}
	}
	if !errors.Is(err, ErrChanged) {
		t.Error(err)
	}
}

func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{filepath.Join(dir, "none.csv"), dir} {
		f, err := NewCSV(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := collect(t, f); !errors.Is(err, ErrUnreadable) {
			t.Error(err)
		}
	}
	for _, o := range []*CSVOptions{{Type: "Device"}, {Comma: '"'}, {Encoding: "x"}} {
		if _, err := NewCSV("f", o); !errors.Is(err, ErrInvalidOption) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if _, err := NewCSV("", nil); !errors.Is(err, ErrInvalidOption) {
		t.Error(err)
	}
	if _, err := NewJSON("", nil); !errors.Is(err, ErrInvalidOption) {
		t.Error(err)
	}
}

func TestCanceled(t *testing.T) {
	f, err := NewCSV(write(t, "users.csv", []byte("objectId\n1\n2\n")), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	changes, err := f.Changes(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, err = range changes.Objects {
		n++
		cancel()
	}
	if !errors.Is(err, context.Canceled) || n != 2 {
		t.Error(n, err)
	}
}
