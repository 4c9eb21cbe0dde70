package provision

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// durationLimits are the upper ends of the classes of durations; one more
// class has no end.
var durationLimits = [...]time.Duration{
	5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond,
	200 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
}

// durations counts how long things took, in classes.
type durations struct {
	counts [len(durationLimits) + 1]int
	all    int
	max    time.Duration
}

func (d *durations) add(took time.Duration) {
	i := slices.IndexFunc(durationLimits[:], func(limit time.Duration) bool { return took <= limit })
	if i < 0 {
		i = len(durationLimits)
	}
	d.counts[i]++
	d.all++
	d.max = max(d.max, took)
}

// within returns the end of the class that all but the longest are in:
// percent of them took no longer than that.
func (d *durations) within(percent int) time.Duration {
	sum := 0
	for i, n := range d.counts[:len(durationLimits)] {
		if sum += n; sum*100 >= d.all*percent {
			return min(durationLimits[i], d.max)
		}
	}
	return d.max
}

// rateSlots is how many bars the chart of a rate has at most.
const rateSlots = 60

// rate counts what ended in slots of time. Its slots become twice as long
// whenever they do not reach far enough: its size does not depend on the time.
type rate struct {
	began  time.Time
	slot   time.Duration
	all    [rateSlots]int
	failed [rateSlots]int
}

func (r *rate) add(ended time.Time, failed bool) {
	if r.slot == 0 {
		r.slot = 10 * time.Millisecond
	}
	at := max(0, ended.Sub(r.began))
	for at/r.slot >= rateSlots {
		for i := range rateSlots / 2 {
			r.all[i], r.failed[i] = r.all[2*i]+r.all[2*i+1], r.failed[2*i]+r.failed[2*i+1]
		}
		clear(r.all[rateSlots/2:])
		clear(r.failed[rateSlots/2:])
		r.slot *= 2
	}
	r.all[at/r.slot]++
	if failed {
		r.failed[at/r.slot]++
	}
}

// used is how many slots there are up to the last one in which anything ended.
func (r *rate) used() int {
	for i := rateSlots; i > 0; i-- {
		if r.all[i-1] > 0 {
			return i
		}
	}
	return 0
}

// bar is a rectangle of a chart, in percent of its width and height.
type bar struct {
	Class      string
	Title      string
	X, Y, W, H string
}

func percent(n, of int) string {
	if of == 0 {
		return "0"
	}
	return strings.TrimSuffix(fmt.Sprintf("%.2f", float64(n)*100/float64(of)), ".00")
}

// column returns the bar of n in the i-th of several columns. What is not
// nothing can be seen.
func column(class string, i, columns, n, most int, title string) bar {
	width, height := 100/float64(columns), 0.0
	if n > 0 {
		height = max(1.5, float64(n)*100/float64(most))
	}
	return bar{
		Class: class, Title: title, X: fmt.Sprintf("%.2f", float64(i)*width+width*0.08), W: fmt.Sprintf("%.2f", width*0.84),
		Y: fmt.Sprintf("%.2f", 100-height), H: fmt.Sprintf("%.2f", height),
	}
}

// span prints a duration in three digits or so.
func span(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < 10*time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// grouped prints a number with a comma for each three digits.
func grouped(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plain returns a copy of at most n characters, in which what cannot be seen
// or turns the direction of what follows is written out. It says when
// something is left out.
func plain(s string, n int) string {
	var b strings.Builder
	for i, r := range s {
		if n--; n < 0 {
			fmt.Fprintf(&b, "… (%s bytes)", grouped(len(s)))
			break
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\u200c' || r == '\u200d' || r == '\u3000' || unicode.IsPrint(r): // scripts and emoji need the joiners
			b.WriteRune(r)
		case r == '\n' || r == '\t' || r == '\r':
			b.WriteByte(' ')
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// rateText prints a rate.
func rateText(f float64) string {
	if f >= 100 {
		return grouped(int(f + 0.5))
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0")
}
