package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/zohoscim/zohoscim/scim/provision"
)

// progress shows how far a cycle is: one line that changes on a terminal,
// now and then a new line elsewhere.
type progress struct {
	total    int
	terminal bool
	name     string
	done     int
	next     time.Time
}

func newProgress(total int) *progress {
	info, err := os.Stderr.Stat()
	return &progress{total: total, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

func (p *progress) start(name string) {
	p.name, p.done, p.next = name, 0, time.Now().Add(2*time.Second)
}

func (p *progress) CycleBegan(provision.Cycle) {}

func (p *progress) CycleEnded(*provision.Report, error) {}

func (p *progress) Done(e *provision.Event) {
	if e.Type != provision.User || p.name == "" {
		return
	}
	p.done++
	if p.terminal && p.done%97 == 0 {
		fmt.Fprintf(os.Stderr, "\r%s: %d of %d users", p.name, p.done, p.total)
	} else if !p.terminal && p.done%500 == 0 && time.Now().After(p.next) {
		p.next = time.Now().Add(2 * time.Second)
		fmt.Fprintf(os.Stderr, "%s: %d of %d users\n", p.name, p.done, p.total)
	}
}

func (p *progress) stop() {
	if p.terminal {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
	p.name = ""
}

// printTable shows what happened, one row per action.
func printTable(initial *provision.Report, onDemand *provision.OnDemand, incremental *provision.Report) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\tread\tcreated\tupdated\tdisabled\tdeleted\tskipped\tmemberships\tfailed\t")
	row := func(name string, c provision.Counts) {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", name, c.Read, c.Created, c.Updated, c.Disabled, c.Deleted, c.Skipped, c.References, c.Failed)
	}
	row("initial cycle, users", initial.Users)
	row("initial cycle, groups", initial.Groups)
	var one provision.Counts
	one.Read = 1
	if onDemand.Action() == provision.Created {
		one.Created = 1
	}
	row("on demand", one)
	row("incremental cycle, users", incremental.Users)
	row("incremental cycle, groups", incremental.Groups)
	_ = w.Flush()
	fmt.Printf("\nfixed work location on every user at the target: %s\n", workLocation)
	fmt.Println("the target equals what the mapping says")
}

// printFigures shows the measurements and fails if a promise is broken that
// does not depend on how busy the machine is.
func printFigures(f figures) error {
	rate := func(d time.Duration) float64 { return float64(f.created) / d.Seconds() }
	fmt.Printf(`
figures of this run
  initial cycle        %6.0f users/s
  bare loop            %6.0f users/s, the same look-up and POST, 8 workers
  ratio                %6.2f (promised: 0.5)
  peak memory          %6s
  incremental cycle    %6d requests for %d users, %d of them writes (promised: at most %d), in %s
`, rate(f.cycle), rate(f.loop), f.loop.Seconds()/f.cycle.Seconds(), peakMemory(),
		f.requests, f.users, f.writes, f.allowed, f.second.Round(time.Millisecond))
	if f.requests > f.allowed {
		return fmt.Errorf("the incremental cycle sent %d requests, more than %d", f.requests, f.allowed)
	}
	return nil
}

// peakMemory is the most memory the process ever held, as the system counts
// it, or what the runtime took from the system where it does not say.
func peakMemory() string {
	status, err := os.ReadFile("/proc/self/status")
	if err == nil {
		for line := range strings.Lines(string(status)) {
			fields := strings.Fields(line)
			if len(fields) == 3 && fields[0] == "VmHWM:" {
				if kb, err := strconv.Atoi(fields[1]); err == nil {
					return fmt.Sprintf("%d MB", kb/1000)
				}
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return fmt.Sprintf("%d MB taken by the runtime", m.Sys/1_000_000)
}
