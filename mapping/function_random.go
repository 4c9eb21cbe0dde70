package mapping

import (
	"fmt"
	"strings"
)

// maxRandomString is the longest text of RandomString, as Microsoft has it.
const maxRandomString = 256

// The characters of RandomString.
const (
	randomDigits  = "0123456789"
	randomSpecial = "!#$%&()*+-./:;<=>?@[]^_{|}~"
	randomCapital = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	randomLower   = "abcdefghijklmnopqrstuvwxyz"
)

// buildGuid makes a version 4 UUID (RFC 9562 section 5.4).
func buildGuid([]argument) (eval, *expr, string) {
	return func(in input) (value, *Error) {
		var b [16]byte
		if err := in.random(b[:]); err != nil {
			return value{}, err
		}
		b[6] = b[6]&0x0f | 0x40
		b[8] = b[8]&0x3f | 0x80
		return textValue(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])), nil
	}, nil, ""
}

// buildRandomString: what the minimums leave open is filled with digits and
// letters, and with special characters only if some are asked for, because
// many attributes do not take them.
func buildRandomString(args []argument) (eval, *expr, string) {
	var all [6]argument
	copy(all[:], args)
	var constant [5]int64
	sum, known := int64(0), true
	for i, arg := range all[:5] {
		n, ok := constantInteger(arg)
		switch {
		case arg.empty():
			continue
		case !ok:
			known = false
			continue
		case n < 0 || n > maxRandomString || i == 0 && n == 0:
			return nil, arg.node, "the length is 1 to 256, and a minimum 0 to 256"
		}
		constant[i] = n
		if i > 0 {
			sum += n
		}
	}
	if known && sum > constant[0] {
		return nil, all[0].node, "the minimums together are more than the length"
	}
	return func(in input) (value, *Error) { return randomString(in, all) }, nil, ""
}

func randomString(in input, args [6]argument) (value, *Error) {
	var n [5]int64
	for i, arg := range args[:5] {
		var err *Error
		if n[i], _, err = arg.integer(in); err != nil {
			return value{}, err
		}
		if n[i] < 0 || n[i] > maxRandomString {
			return value{}, arg.at(&Error{Kind: KindValue, Detail: "a number of RandomString is not 0 to 256"})
		}
	}
	avoid, _, err := args[5].single(in)
	if err != nil {
		return value{}, err
	}
	classes := [4]string{randomDigits, randomSpecial, randomCapital, randomLower}
	open := ""
	for i := range classes {
		classes[i] = without(classes[i], avoid)
		if i != 1 || n[2] > 0 {
			open += classes[i]
		}
	}
	rest := n[0] - n[1] - n[2] - n[3] - n[4]
	if rest < 0 {
		return value{}, &Error{Kind: KindValue, Detail: "the minimums of RandomString are together more than the length"}
	}
	text, err := appendRandom(in, make([]byte, 0, n[0]), open, rest)
	for i, class := range classes {
		if err == nil {
			text, err = appendRandom(in, text, class, n[i+1])
		}
	}
	if err == nil {
		err = in.shuffle(text)
	}
	return textValue(string(text)), err
}

// shuffle puts the bytes of a text in an order of which each is equally likely.
func (in input) shuffle(text []byte) *Error {
	for i := len(text) - 1; i > 0; i-- {
		j, err := in.below(i + 1)
		if err != nil {
			return err
		}
		text[i], text[j] = text[j], text[i]
	}
	return nil
}

func without(class, avoid string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(avoid, r) {
			return -1
		}
		return r
	}, class)
}

func appendRandom(in input, text []byte, class string, n int64) ([]byte, *Error) {
	if n > 0 && class == "" {
		return nil, &Error{Kind: KindValue, Detail: "the characters that RandomString is to avoid leave none"}
	}
	for range n {
		i, err := in.below(len(class))
		if err != nil {
			return nil, err
		}
		text = append(text, class[i])
	}
	return text, nil
}

// below returns a number from 0 to n-1, each equally likely; n is at most 256.
func (in input) below(n int) (int, *Error) {
	limit := 256 - 256%n
	for range 1000 { // a source that never fits is not random
		var b [1]byte
		if err := in.random(b[:]); err != nil {
			return 0, err
		}
		if int(b[0]) < limit {
			return int(b[0]) % n, nil
		}
	}
	return 0, &Error{Kind: KindEnv, Detail: "the source of random numbers repeats itself"}
}
