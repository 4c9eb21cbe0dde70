package mapping

import (
	"strings"
	"time"
)

func buildNow([]argument) (eval, *expr, string) {
	return func(in input) (value, *Error) {
		t, err := in.now()
		if err != nil {
			return value{}, err
		}
		return dateValue(t), nil
	}, nil, ""
}

func buildCDate(args []argument) (eval, *expr, string) {
	source := args[0]
	return func(in input) (value, *Error) {
		t, ok, err := source.date(in)
		if err != nil || !ok {
			return value{}, err
		}
		return dateValue(t), nil
	}, nil, ""
}

// interval computes the name of an interval.
func (a argument) interval(in input) (string, *Error) {
	s, _, err := a.single(in)
	if err != nil {
		return "", err
	}
	s = strings.ToLower(s)
	if !isWord(intervals(), s) {
		return "", a.at(&Error{Kind: KindValue, Detail: "the interval is none of " + strings.Join(intervals(), ", ")})
	}
	return s, nil
}

func buildDateAdd(args []argument) (eval, *expr, string) {
	interval, number, date := args[0], args[1], args[2]
	return func(in input) (value, *Error) {
		unit, err := interval.interval(in)
		if err != nil {
			return value{}, err
		}
		n, given, err := number.integer(in)
		if err != nil {
			return value{}, err
		}
		t, ok, err := date.date(in)
		if err != nil || !ok || !given {
			return value{}, err
		}
		if t, ok = dateAdd(unit, n, t); !ok {
			return value{}, &Error{Kind: KindValue, Detail: "the date that DateAdd makes is not in the years 1 to 9999"}
		}
		return dateValue(t), nil
	}, nil, ""
}

func buildDateDiff(args []argument) (eval, *expr, string) {
	interval, from, to := args[0], args[1], args[2]
	return func(in input) (value, *Error) {
		unit, err := interval.interval(in)
		if err != nil {
			return value{}, err
		}
		a, ok, err := from.date(in)
		if err != nil || !ok {
			return value{}, err
		}
		b, ok, err := to.date(in)
		if err != nil || !ok {
			return value{}, err
		}
		return integerValue(dateDiff(unit, a, b)), nil
	}, nil, ""
}

func buildDateFromNum(args []argument) (eval, *expr, string) {
	source := args[0]
	return func(in input) (value, *Error) {
		n, ok, err := source.integer(in)
		if err != nil || !ok {
			return value{}, err
		}
		t, ok := inRange(time.Unix(floorDiv(n, ticksSecond)-fileTimeEpoch, (n-floorDiv(n, ticksSecond)*ticksSecond)*100))
		if !ok || n < 0 {
			return value{}, source.at(&Error{Kind: KindValue, Detail: "the number is not a FILETIME of the years 1601 to 9999"})
		}
		return dateValue(t), nil
	}, nil, ""
}

func buildNumFromDate(args []argument) (eval, *expr, string) {
	source := args[0]
	return func(in input) (value, *Error) {
		t, ok, err := source.date(in)
		if err != nil || !ok {
			return value{}, err
		}
		if t.Year() < 1601 {
			return value{}, source.at(&Error{Kind: KindValue, Detail: "a FILETIME begins with the year 1601"})
		}
		return integerValue((t.Unix()+fileTimeEpoch)*ticksSecond + int64(t.Nanosecond()/100)), nil
	}, nil, ""
}

// buildFormatDateTime has four arguments in Entra and three, without the
// styles, in cloud sync.
func buildFormatDateTime(args []argument) (eval, *expr, string) {
	source, style, from, to := args[0], argument{}, args[1], args[len(args)-1]
	if len(args) == 4 {
		style, from = args[1], args[2]
	}
	whiteSpace := style.given() && strings.HasPrefix(strings.ToLower(style.node.text), "allow")
	var formats [2]dateFormat
	for i, arg := range [...]argument{from, to} {
		text, ok := arg.constant()
		switch {
		case arg.empty() && i == 0:
			continue
		case !ok:
			return nil, arg.node, "the format must be a constant"
		case text == "" && i == 1:
			return nil, arg.node, "the output format is missing"
		}
		var detail string
		if formats[i], detail = parseDateFormat(text); detail != "" {
			return nil, arg.node, detail
		}
	}
	return func(in input) (value, *Error) {
		s, ok, err := source.single(in)
		if err != nil || !ok || s == "" {
			return value{}, err
		}
		if whiteSpace {
			s = strings.TrimSpace(s)
		}
		var t time.Time
		if len(formats[0]) == 0 {
			t, ok = parseDate(s)
		} else {
			t, ok = formats[0].parse(s)
		}
		if !ok {
			return value{}, source.at(&Error{Kind: KindValue, Detail: "the value is not a date of FormatDateTime's input format"})
		}
		return bounded(formats[1].format(t))
	}, nil, ""
}
