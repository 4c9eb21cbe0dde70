package provision

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Progress shows how far a cycle is: a bar that is drawn again in place on a
// terminal, a line from time to time anywhere else. It is an [Observer].
type Progress struct {
	mu       sync.Mutex
	w        io.Writer
	terminal bool
	every    time.Duration
	cycle    Cycle
	done     int
	failed   int
	last     time.Time
}

// ProgressOptions are the optional settings of a [Progress].
type ProgressOptions struct {
	Terminal bool          // w is a terminal: a bar is drawn
	Every    time.Duration // the shortest time between two lines; 0 is 10 s, or 200 ms for a bar
}

// NewProgress returns a progress that writes to w. Its errors are passed over.
func NewProgress(w io.Writer, o *ProgressOptions) *Progress {
	p := &Progress{w: w, every: 10 * time.Second}
	if o != nil {
		p.terminal, p.every = o.Terminal, o.Every
		switch {
		case o.Every > 0:
		case o.Terminal:
			p.every = 200 * time.Millisecond
		default:
			p.every = 10 * time.Second
		}
	}
	return p
}

// CycleBegan implements [Observer].
func (p *Progress) CycleBegan(c Cycle) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cycle, p.done, p.failed, p.last = c, 0, 0, c.Began
	p.show("")
}

// Done implements [Observer].
func (p *Progress) Done(e *Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cycle.ID == "" || e.Cycle != p.cycle.ID {
		return
	}
	if e.Action != References {
		p.done++
	}
	if e.Action == Failed {
		p.failed++
	}
	if now := time.Now(); now.Sub(p.last) >= p.every {
		p.last = now
		p.show("")
	}
}

// CycleEnded implements [Observer].
func (p *Progress) CycleEnded(r *Report, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cycle.ID = ""
	end := "done"
	if err != nil {
		end = "ended with an error"
	}
	p.show(fmt.Sprintf("%s in %s: %d created, %d updated, %d disabled, %d deleted, %d failed", end, r.Ended.Sub(r.Began).Round(time.Millisecond),
		r.Users.Created+r.Groups.Created, r.Users.Updated+r.Groups.Updated, r.Users.Disabled+r.Groups.Disabled,
		r.Users.Deleted+r.Groups.Deleted, r.Users.Failed+r.Groups.Failed))
	if p.terminal {
		_, _ = fmt.Fprintln(p.w)
	}
}

// barWidth is how many characters a bar has.
const barWidth = 30

func (p *Progress) show(end string) {
	text := end
	if text == "" {
		text = fmt.Sprintf("%d objects", p.done)
		if p.cycle.Total > 0 {
			text = fmt.Sprintf("%d of %d objects", p.done, p.cycle.Total)
		}
		if p.failed > 0 {
			text += fmt.Sprintf(", %d failed", p.failed)
		}
	}
	if !p.terminal {
		_, _ = fmt.Fprintf(p.w, "%s: %s\n", p.cycle.Job, text)
		return
	}
	bar := ""
	if p.cycle.Total > 0 && end == "" {
		n := min(barWidth, p.done*barWidth/p.cycle.Total)
		bar = "[" + strings.Repeat("#", n) + strings.Repeat(".", barWidth-n) + "] "
	}
	_, _ = fmt.Fprintf(p.w, "\r\x1b[K%s: %s%s", p.cycle.Job, bar, text)
}
