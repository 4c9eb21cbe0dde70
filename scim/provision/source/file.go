package source

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"unicode/utf8"

	"golang.org/x/text/transform"

	"github.com/zohoscim/zohoscim/scim/provision"
)

// File is a file as a [provision.Source]. Make one with [NewCSV] or [NewJSON].
type File struct {
	name     string
	encoding Encoding
	objects  func(name string, text io.Reader) iter.Seq2[provision.Object, error]
}

// Changes implements [provision.Source]: it reads the whole file.
func (f *File) Changes(ctx context.Context, _ string) (*provision.Changes, error) {
	return &provision.Changes{Full: true, Objects: f.read(ctx)}, nil
}

// read yields what the file holds, and an error instead of its end if it is
// not the file that it was at the beginning.
func (f *File) read(ctx context.Context) iter.Seq2[provision.Object, error] {
	return func(yield func(provision.Object, error) bool) {
		file, err := os.Open(f.name)
		if err != nil {
			yield(provision.Object{}, f.unreadable(err))
			return
		}
		defer file.Close()
		before, err := file.Stat()
		if err == nil && before.IsDir() {
			err = errors.New("it is a directory")
		}
		if err != nil {
			yield(provision.Object{}, f.unreadable(err))
			return
		}
		text, err := f.text(file)
		if err != nil {
			yield(provision.Object{}, err)
			return
		}
		for obj, err := range f.objects(f.name, text) {
			if err == nil {
				err = ctx.Err()
			}
			if !yield(obj, err) || err != nil {
				return
			}
		}
		if err := f.unchanged(file, before); err != nil {
			yield(provision.Object{}, err)
		}
	}
}

// text returns the file as UTF-8.
func (f *File) text(file *os.File) (io.Reader, error) {
	e := f.encoding
	if e == EncodingDetect {
		var err error
		if e, err = detect(file); err != nil {
			return nil, f.unreadable(err)
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return nil, f.unreadable(err)
		}
		if e == "" {
			return nil, &Error{Kind: KindEncoding, Name: f.name, Detail: "the bytes could be text in more than one encoding; name it"}
		}
	}
	r := &mark{in: file}
	if d := e.decoder(); d != nil {
		r.in, r.converted = transform.NewReader(file, d.NewDecoder()), true
	}
	return r, nil
}

func (f *File) unchanged(file *os.File, before fs.FileInfo) error {
	after, err := file.Stat()
	if err != nil {
		return f.unreadable(err)
	}
	if after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime()) {
		return &Error{Kind: KindChanged, Name: f.name, Detail: "the file changed while it was read; write a new file and rename it over the old one"}
	}
	return nil
}

func (f *File) unreadable(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err // the name is there already
	}
	return &Error{Kind: KindUnreadable, Name: f.name, Detail: "cannot be read", Err: err}
}

// errNotText is what a mark returns for bytes that its encoding does not have.
var errNotText = errors.New("some bytes are not text in this encoding")

// mark takes the byte order mark off a text in UTF-8 and refuses what is not
// text. What a decoder could not read it has made U+FFFD, which nobody's name
// has.
type mark struct {
	in        io.Reader
	converted bool
	begun     bool
	buf       []byte
	ready     []byte // the part of buf that is checked and not yet read
	part      []byte // what follows it: a rune that is not complete yet
	err       error
}

func (m *mark) Read(p []byte) (int, error) {
	for len(m.ready) == 0 && m.err == nil {
		m.fill()
	}
	if len(m.ready) == 0 {
		return 0, m.err
	}
	n := copy(p, m.ready)
	m.ready = m.ready[n:]
	return n, nil
}

// fill reads and checks some more.
func (m *mark) fill() {
	const bom = "\uFEFF"
	if m.buf == nil {
		m.buf = make([]byte, 32<<10)
	}
	n := copy(m.buf, m.part)
	read, err := m.in.Read(m.buf[n:])
	n, m.err = n+read, err
	m.ready, m.part = m.buf[:n], nil
	if err == nil {
		m.ready = wholeRunes(m.ready)
		m.part = m.buf[len(m.ready):n]
	}
	if !m.valid(m.ready) {
		m.ready, m.err = nil, errNotText
	}
	if !m.begun && len(m.ready) > 0 {
		m.begun = true
		m.ready = bytes.TrimPrefix(m.ready, []byte(bom))
	}
}

// wholeRunes cuts off a rune at the end that is not complete.
func wholeRunes(b []byte) []byte {
	for i := 1; i <= min(utf8.UTFMax-1, len(b)); i++ {
		if tail := b[len(b)-i:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				return b[:len(b)-i]
			}
			break
		}
	}
	return b
}

func (m *mark) valid(b []byte) bool {
	for len(b) > 0 {
		if b[0] < utf8.RuneSelf {
			b = b[1:]
			continue
		}
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && (n == 1 || m.converted) {
			return false
		}
		b = b[n:]
	}
	return true
}
