// Benchreport measures the service provider against a hand-written handler,
// against github.com/elimity-com/scim and against github.com/scim2/filter-parser,
// in turns on one machine, and prints a table of the ratios as Markdown.
//
//	go run ./examples/benchreport         # about ten minutes, up to 8 GB of memory
//	go run ./examples/benchreport -quick  # about two minutes
//
// Only ratios of one run say something: the machine cancels out. The exit
// code is 1 if a ratio misses its target.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/zohoscim/zohoscim/examples/benchreport/subject"
)

func main() {
	missed, err := run(os.Stdout, os.Stderr, os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "benchreport:", err)
		os.Exit(2)
	case missed > 0:
		os.Exit(1)
	}
}

// report collects the rows.
type report struct {
	out      io.Writer
	progress io.Writer
	rounds   int
	batch    time.Duration // how long one turn takes
	quick    bool
	only     string
	clock    func() time.Duration
	rows     int
	missed   int
}

func run(out, progress io.Writer, args []string) (missed int, err error) {
	flags := flag.NewFlagSet("benchreport", flag.ContinueOnError)
	flags.SetOutput(progress)
	quick := flags.Bool("quick", false, "shorter turns and smaller stores: the rows of scaling then say less")
	only := flags.String("run", "", "measure only the rows whose name contains this text")
	cpu := flags.Bool("cpu", false, "measure processor time and not the wall clock, for a machine with other work")
	rounds := flags.Int("rounds", 5, "turns of each subject, of which the median counts; at least 5")
	if err := flags.Parse(args); err != nil {
		return 0, err
	}
	if flags.NArg() > 0 {
		return 0, fmt.Errorf("%q is not a flag", flags.Arg(0))
	}
	r := &report{out: out, progress: progress, rounds: max(*rounds, 5), batch: 100 * time.Millisecond, quick: *quick, only: *only}
	begin, clock := time.Now(), "wall clock"
	r.clock = func() time.Duration { return time.Since(begin) }
	if *cpu && cpuTime() > 0 {
		r.clock, clock = cpuTime, "processor time"
	}
	if r.quick {
		r.batch = 20 * time.Millisecond
	}
	fmt.Fprintf(out, "%s %s/%s, %d cores; medians of %d turns of %v, %s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), r.rounds, r.batch, clock)
	for _, part := range []func() error{r.operations, r.filters, r.parsing, r.scan, r.memory, r.scaling} {
		if err := part(); err != nil {
			return 0, err
		}
	}
	if r.rows == 0 {
		return 0, fmt.Errorf("-run: no row's name contains %q", *only)
	}
	fmt.Fprintf(out, "\n%d missed\n", r.missed)
	return r.missed, nil
}

func (r *report) wants(name string) bool { return strings.Contains(name, r.only) }

// heading begins a table.
func (r *report) heading(columns ...string) {
	fmt.Fprintf(r.out, "\n| %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
}

// row prints a row that ends in a mark: pass is whether all targets are met.
func (r *report) row(pass bool, cells ...string) {
	r.rows++
	mark := "pass"
	if !pass {
		mark = "**missed**"
		r.missed++
	}
	fmt.Fprintf(r.out, "| %s | %s |\n", strings.Join(cells, " | "), mark)
}

// operations measures the requests of package subject.
func (r *report) operations() error {
	r.heading("operation", "zohoscim", "elimity", "floor", "harness", "of floor", "at most", "net", "at most", "allocs", "at most", "")
	loaded := map[int][]*subject.Subject{}
	for _, op := range subject.Operations() {
		if !r.wants(op.Name) {
			continue
		}
		if loaded[op.Members] == nil {
			clear(loaded) // one fixture at a time: what lies on the heap costs everyone
			fmt.Fprintf(r.progress, "loading for %s\n", op.Name)
			subjects, err := load(op.Members)
			if err != nil {
				return err
			}
			loaded[op.Members] = subjects
		}
		if err := r.operation(&op, loaded[op.Members]); err != nil {
			return err
		}
	}
	return nil
}

func load(members int) ([]*subject.Subject, error) {
	users := 10_000
	if members > 0 {
		users = 0
	}
	var out []*subject.Subject
	for _, name := range subject.Names() {
		s, err := subject.New(name)
		if err != nil {
			return nil, err
		}
		if err := s.Load(users, members); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func (r *report) operation(op *subject.Operation, subjects []*subject.Subject) error {
	fmt.Fprintln(r.progress, op.Name)
	var runs []turn
	for _, s := range subjects {
		if s.Name != op.Without {
			runs = append(runs, r.requests(op, s))
		}
	}
	samples, err := r.measure(runs)
	if err != nil {
		return err
	}
	byName := map[string]sample{}
	i := 0
	for _, s := range subjects {
		if s.Name != op.Without {
			byName[s.Name] = samples[i]
			i++
		}
	}
	ours, floor, harness := byName["zohoscim"], byName["floor"], byName["harness"]
	gross, net := ours.ns/floor.ns, (ours.ns-harness.ns)/(floor.ns-harness.ns)
	allocs := (ours.allocs - harness.allocs) / (floor.allocs - harness.allocs)
	other := "–"
	if op.Without != "elimity" {
		other = byName["elimity"].String()
	}
	r.row(within(gross, op.Most) && within(net, op.MostNet) && within(allocs, op.MostAllocs), op.Title,
		ours.String(), other, floor.String(), harness.String(),
		ratio(gross), target(op.Most), ratio(net), target(op.MostNet), ratio(allocs), target(op.MostAllocs))
	return nil
}

// within reports whether a ratio meets a target; 0 is none.
func within(x, most float64) bool { return most == 0 || x <= most }

func ratio(x float64) string { return fmt.Sprintf("%.2f", x) }

func target(most float64) string {
	if most == 0 {
		return ""
	}
	return fmt.Sprint(most)
}
