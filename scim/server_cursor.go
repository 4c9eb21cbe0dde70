package scim

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// cursor is where a page begins (RFC 9865 section 2).
type cursor struct {
	made  int64  // Unix time
	count int64  // what the first request asked for, -1 for nothing
	total int64  // what the first page counted, -1 if it did not
	typ   uint64 // which of the query's resource types
	after string // [Query.After]
}

// cursorBox turns cursors into texts that nobody else can read or make, and
// that are good for one query of one scope only. Nothing is kept for a
// cursor that is out: there is nothing to exhaust.
type cursorBox struct {
	keys    []cipher.AEAD // the first one closes, all open
	timeout time.Duration
}

const defaultCursorTimeout = time.Hour

// newCursorBox returns nil if there are no cursors.
func newCursorBox(keys []Secret, timeout time.Duration) (*cursorBox, error) {
	if timeout < 0 {
		return nil, nil
	}
	if timeout == 0 {
		timeout = defaultCursorTimeout
	}
	if timeout < time.Second {
		return nil, &Error{Kind: KindInvalidOption, Path: "CursorTimeout", Detail: "give a second or more: it is advertised in seconds"}
	}
	if len(keys) == 0 {
		keys = []Secret{NewSecret(rand.Text())}
	}
	box := &cursorBox{timeout: timeout}
	for _, key := range keys {
		if len(key.Reveal()) < minSecret {
			return nil, &Error{Kind: KindInvalidOption, Path: "CursorKeys", Detail: fmt.Sprintf("a key needs at least %d bytes", minSecret)}
		}
		aead, err := cursorKey(key)
		if err != nil {
			return nil, err
		}
		box.keys = append(box.keys, aead)
	}
	return box, nil
}

// seconds returns the timeout as it is advertised, 0 without cursors.
func (b *cursorBox) seconds() int {
	if b == nil {
		return 0
	}
	return int(b.timeout / time.Second)
}

func cursorKey(key Secret) (cipher.AEAD, error) {
	raw, err := hkdf.Key(sha256.New, []byte(key.Reveal()), nil, "scim cursor 1", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// text closes a cursor. Its characters are unreserved in a URL.
func (b *cursorBox) text(c *cursor, query []byte) string {
	c.made = timeNow().Unix()
	plain := binary.AppendVarint(nil, c.made)
	plain = binary.AppendVarint(plain, c.count)
	plain = binary.AppendVarint(plain, c.total)
	plain = binary.AppendUvarint(plain, c.typ)
	plain = append(plain, c.after...)
	return base64.RawURLEncoding.EncodeToString(b.keys[0].Seal(nil, nil, plain, query))
}

// open reads what text returned for the same query.
func (b *cursorBox) open(text string, query []byte) (*cursor, error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") { // which the decoder passes over
		return nil, errCursor
	}
	for _, key := range b.keys {
		plain, err := key.Open(nil, nil, sealed, query)
		if err != nil {
			continue
		}
		c, err := readCursor(plain)
		if err == nil && timeNow().Unix()-c.made > int64(b.timeout/time.Second) {
			err = &Error{Kind: KindExpiredCursor, Path: "cursor", Detail: "the cursor has expired: begin again with an empty one"}
		}
		return c, err
	}
	return nil, errCursor
}

func readCursor(plain []byte) (*cursor, error) {
	r := bytes.NewReader(plain)
	c := &cursor{}
	var err error
	for _, at := range []*int64{&c.made, &c.count, &c.total} {
		if err == nil {
			*at, err = binary.ReadVarint(r)
		}
	}
	if err == nil {
		c.typ, err = binary.ReadUvarint(r)
	}
	if err != nil {
		return nil, errCursor
	}
	c.after = string(plain[len(plain)-r.Len():])
	return c, nil
}

// errCursor is one answer for whatever is wrong with a cursor: which it is
// could tell about data that the sender must not see (RFC 9865 section 5.2).
var errCursor error = &Error{Kind: KindInvalidCursor, Path: "cursor", Detail: "this is no cursor for this query: begin with an empty one and send the same query with each nextCursor"}

// errCount is for a count that is no number, with a cursor (RFC 9865 section 2.1).
var errCount error = &Error{Kind: KindInvalidCount, Path: "count", Detail: "the parameter takes a whole number"}

// fingerprint says which query a cursor is for. Case does not count, as in
// the example of RFC 9865 section 2, where the filter's changes.
func (c *call) fingerprint(queries []*Query) []byte {
	scope := ScopeFrom(c.r.Context())
	h := sha256.New()
	add := func(s string) { fmt.Fprintf(h, "%d:%s,", len(s), s) }
	add(scope.Tenant)
	add(scope.Connection)
	for _, q := range queries {
		add(q.Type.name)
		if q.Filter != nil {
			add("filter " + foldASCII(q.Filter.String()))
		}
		if q.Sort != nil {
			add("sort " + foldASCII(q.Sort.String()))
		}
	}
	return h.Sum(nil)
}

// findByCursor answers with a page by position.
func (c *call) findByCursor(queries []*Query, req *searchRequest) error {
	switch {
	case c.cursors == nil:
		return &Error{Kind: KindInvalidCursor, Path: "cursor", Detail: "this service provider has pages by index only: send startIndex"}
	case req.indexed:
		return invalidValue("startIndex", "a page is asked for by startIndex or by cursor, not by both")
	}
	at, query := &cursor{count: -1, total: -1}, c.fingerprint(queries)
	if req.count != nil {
		at.count = int64(max(*req.count, 0))
	}
	if *req.cursor != "" {
		var err error
		if at, err = c.cursors.open(*req.cursor, query); err != nil {
			return err
		}
		if err := at.checkCount(req); err != nil {
			return err
		}
	}
	w := listWriter{call: c, req: req}
	next, total, err := w.listFrom(queries, at)
	if err != nil {
		if errors.Is(err, ErrInvalidCursor) {
			err = errCursor
		}
		return err
	}
	head := listHead{total: total, found: w.found}
	if next != nil {
		head.next = c.cursors.text(next, query)
	}
	c.answer(http.StatusOK, head.append(make([]byte, 0, 192)), append(w.out.b, "]}"...))
	return nil
}

// checkCount holds the count of a request against that of the first one,
// which counts where this one has none.
func (at *cursor) checkCount(req *searchRequest) error {
	count := int(at.count)
	switch {
	case req.count == nil && count >= 0:
		req.count = &count
	case req.count != nil && *req.count != count:
		return &Error{Kind: KindInvalidCount, Path: "count", Detail: "send the count of the first page with its cursors"}
	}
	return nil
}

// listFrom writes a page. At the root it goes on from one type to the next.
// The first page asks every type, for the total; the others carry it on.
func (w *listWriter) listFrom(queries []*Query, at *cursor) (next *cursor, total int, err error) {
	size, first := w.call.pageSize(w.req), at.after == "" && at.typ == 0
	for i := min(at.typ, uint64(len(queries))); i < uint64(len(queries)); i++ {
		q := queries[i]
		q.Cursor, q.Count = true, size-w.found
		if i == at.typ {
			q.After = at.after
		}
		page, err := w.list(q)
		if err != nil {
			return nil, 0, err
		}
		switch {
		case first && (total < 0 || page.Total < 0):
			total = -1
		case first:
			total += page.Total
		case len(queries) == 1:
			total = page.Total
		}
		full := q.Count == 0 && page.Total != 0
		if next == nil && size > 0 && (page.Next != "" || full) {
			next = &cursor{count: at.count, typ: i, after: page.Next}
		}
		if next != nil && !first {
			break
		}
	}
	if !first && (len(queries) > 1 || total < 0) {
		total = int(at.total)
	}
	if next != nil {
		next.total = int64(total)
	}
	return next, total, nil
}
