package source

import (
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

// Encoding is how the bytes of a file stand for text.
type Encoding string

// The encodings. A byte order mark is never part of the text.
const (
	EncodingDetect  Encoding = ""           // by the byte order mark, or else by the bytes
	EncodingUTF8    Encoding = "utf-8"      //
	EncodingUTF16   Encoding = "utf-16"     // little endian, unless a byte order mark says otherwise
	EncodingUTF16BE Encoding = "utf-16be"   //
	EncodingCP932   Encoding = "cp932"      // Shift_JIS as Windows and Excel write it in Japanese
	EncodingLatin1  Encoding = "iso-8859-1" //
	Encoding1252    Encoding = "windows-1252"
)

// ParseEncoding returns the encoding of a name in any letter case; common
// other names are known.
func ParseEncoding(name string) (Encoding, error) {
	switch e := Encoding(strings.ToLower(name)); e {
	case EncodingDetect, EncodingUTF8, EncodingUTF16, EncodingUTF16BE, EncodingCP932, EncodingLatin1, Encoding1252:
		return e, nil
	case "utf8":
		return EncodingUTF8, nil
	case "utf16", "utf-16le":
		return EncodingUTF16, nil
	case "ms932", "windows-31j", "shift_jis", "shift-jis", "sjis":
		return EncodingCP932, nil
	case "iso8859-1", "latin1", "latin-1":
		return EncodingLatin1, nil
	case "cp1252":
		return Encoding1252, nil
	}
	return "", &Error{
		Kind: KindInvalidOption, Column: "encoding",
		Detail: "the name is not known; give utf-8, utf-16, utf-16be, cp932, iso-8859-1 or windows-1252, or none to have it detected",
	}
}

// decoder returns what turns an encoding into UTF-8; nil for UTF-8 itself.
func (e Encoding) decoder() encoding.Encoding {
	switch e {
	case EncodingUTF16:
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case EncodingUTF16BE:
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case EncodingCP932:
		return japanese.ShiftJIS
	case EncodingLatin1:
		return charmap.ISO8859_1
	case Encoding1252:
		return charmap.Windows1252
	}
	return nil
}

// detect reads all of r and says which encoding it has, "" if the bytes could
// be read in two ways: wrong names would be worse than none.
func detect(r io.Reader) (Encoding, error) {
	var s sniffer
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		if done := s.read(buf[:n]); done {
			break
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return "", err
		}
	}
	return s.verdict(), nil
}

// sniffer looks at the bytes of a file, some at a time.
type sniffer struct {
	head     []byte // the first bytes, for a byte order mark and UTF-16
	utf8Part []byte // a rune of UTF-8 that is not complete yet
	notUTF8  bool

	// As CP932:
	lead     byte // the first byte of a pair, 0 if there is none
	notCP932 bool
	runs     int  // pairs directly behind another pair: Japanese words
	paired   bool // the character before was a pair

	controls bool // bytes that are control characters in ISO-8859-1
}

func (s *sniffer) read(b []byte) (done bool) {
	if len(s.head) < 512 {
		s.head = append(s.head, b[:min(len(b), 512-len(s.head))]...)
	}
	if len(s.head) >= 512 && s.utf16() != "" {
		return true
	}
	for _, c := range b {
		s.cp932(c)
		if c >= 0x80 && c < 0xA0 {
			s.controls = true
		}
	}
	if !s.notUTF8 {
		s.utf8(b)
	}
	return false
}

// utf8 checks the bytes as UTF-8.
func (s *sniffer) utf8(b []byte) {
	b = append(s.utf8Part, b...)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			if utf8.FullRune(b) {
				s.notUTF8 = true
				return
			}
			break
		}
		b = b[n:]
	}
	s.utf8Part = append([]byte(nil), b...)
}

// cp932 checks one byte as CP932.
func (s *sniffer) cp932(c byte) {
	switch {
	case s.lead != 0:
		if c < 0x40 || c == 0x7F || c > 0xFC {
			s.notCP932 = true
		}
		if s.paired {
			s.runs++
		}
		s.lead, s.paired = 0, true
	case c >= 0x81 && c <= 0x9F || c >= 0xE0 && c <= 0xFC:
		s.lead = c
	case c == 0x80 || c == 0xA0 || c > 0xFC:
		s.notCP932 = true
	default:
		s.paired = false
	}
}

// utf16 recognises UTF-16 by its mark, or by the zero bytes that ASCII text
// has in it.
func (s *sniffer) utf16() Encoding {
	h := s.head
	switch {
	case len(h) >= 2 && h[0] == 0xFF && h[1] == 0xFE:
		return EncodingUTF16
	case len(h) >= 2 && h[0] == 0xFE && h[1] == 0xFF:
		return EncodingUTF16BE
	}
	var zero [2]int
	for i, c := range h {
		if c == 0 {
			zero[i%2]++
		}
	}
	switch {
	case zero[1] > len(h)/4 && zero[0] == 0:
		return EncodingUTF16
	case zero[0] > len(h)/4 && zero[1] == 0:
		return EncodingUTF16BE
	}
	return ""
}

func (s *sniffer) verdict() Encoding {
	if e := s.utf16(); e != "" {
		return e
	}
	if !s.notUTF8 && len(s.utf8Part) == 0 {
		return EncodingUTF8
	}
	cp932 := !s.notCP932 && s.lead == 0
	switch {
	case cp932 && s.controls && s.runs > 0:
		return EncodingCP932
	case !s.controls && (!cp932 || s.runs == 0):
		return EncodingLatin1
	}
	return ""
}
