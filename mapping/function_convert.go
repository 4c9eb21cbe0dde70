package mapping

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

func buildBitAnd(args []argument) (eval, *expr, string) {
	left, right := args[0], args[1]
	return func(in input) (value, *Error) {
		a, ok, err := left.integer(in)
		if err != nil || !ok {
			return value{}, err
		}
		b, ok, err := right.integer(in)
		if err != nil || !ok {
			return value{}, err
		}
		return integerValue(a & b), nil
	}, nil, ""
}

func integerValue(n int64) value { return value{kind: kindNumber, text: strconv.FormatInt(n, 10)} }

func buildCStr(args []argument) (eval, *expr, string) {
	return mapText(args[0], func(s string) string { return s })
}

// buildToBase64 encodes the UTF-16LE form of the text, as .NET's "Unicode".
func buildToBase64(args []argument) (eval, *expr, string) {
	return mapText(args[0], func(s string) string {
		if len(s) > maxTextBytes {
			return s // bounded refuses it
		}
		units := utf16.Encode([]rune(s))
		b := make([]byte, 0, 2*len(units))
		for _, u := range units {
			b = binary.LittleEndian.AppendUint16(b, u)
		}
		return base64.StdEncoding.EncodeToString(b)
	})
}

func buildToUTF8Hex(args []argument) (eval, *expr, string) {
	return mapText(args[0], func(s string) string {
		if len(s) > maxTextBytes {
			return s // bounded refuses it
		}
		return fmt.Sprintf("%X", s)
	})
}

// buildFromBase64: the encoding of the bytes is Unicode (UTF-16LE) if none is
// given.
func buildFromBase64(args []argument) (eval, *expr, string) {
	source, encoding := args[0], "Unicode"
	if len(args) == 2 && args[1].given() {
		encoding = args[1].node.text
	}
	return func(in input) (value, *Error) {
		s, ok, err := source.single(in)
		if err != nil || !ok {
			return value{}, err
		}
		b, decodeErr := base64.StdEncoding.DecodeString(s)
		text, ok := decodeText(b, encoding)
		if decodeErr != nil || !ok {
			return value{}, source.at(&Error{Kind: KindValue, Detail: "the value is not base64 of a text in " + encoding})
		}
		return textValue(text), nil
	}, nil, ""
}

func decodeText(b []byte, encoding string) (text string, ok bool) {
	switch strings.ToLower(encoding) {
	case "utf8":
		return string(b), utf8.Valid(b)
	case "ascii":
		return string(b), isASCII(string(b))
	}
	if len(b)%2 != 0 {
		return "", false
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units)), true
}

// buildStringFromSid writes a security identifier as S-1-…; the source is the
// base64 of its bytes ([MS-DTYP] section 2.4.2.2), as directories export it.
func buildStringFromSid(args []argument) (eval, *expr, string) {
	source := args[0]
	return func(in input) (value, *Error) {
		s, ok, err := source.single(in)
		if err != nil || !ok {
			return value{}, err
		}
		b, decodeErr := base64.StdEncoding.DecodeString(s)
		if decodeErr != nil || len(b) < 8 || b[0] != 1 || len(b) != 8+4*int(b[1]) || b[1] > 15 {
			return value{}, source.at(&Error{Kind: KindValue, Detail: "the value is not base64 of a security identifier"})
		}
		authority := uint64(binary.BigEndian.Uint16(b[2:]))<<32 | uint64(binary.BigEndian.Uint32(b[4:]))
		text := "S-1-" + strconv.FormatUint(authority, 10)
		for i := 8; i < len(b); i += 4 {
			text += "-" + strconv.FormatUint(uint64(binary.LittleEndian.Uint32(b[i:])), 10)
		}
		return textValue(text), nil
	}, nil, ""
}
