// Provision plays Entra's part: it keeps a SCIM service in step with a file,
// every 40 minutes until it is stopped, or once.
//
//	SCIM_TOKEN=… go run ./examples/provision -source users.csv -target https://example.com/scim/v2 -once
//
// What it has done is in the file of -state: keep that file, it says which
// accounts are its own. Credentials come from SCIM_TOKEN, or from the tokens
// that examples/zohologin kept, with ZOHO_CLIENT_SECRET.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/zohoscim/zohoscim/scim/provision"
)

// errUsage is a mistake in how the program was called.
var errUsage = errors.New("see -h")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, os.Stderr, os.Args[1:])
	stop()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "provision:", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "provision:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out, stderr io.Writer, args []string) error {
	s, err := parse(stderr, args)
	if err != nil {
		return err
	}
	p, err := build(ctx, stderr, s)
	if err != nil {
		return err
	}
	err = p.do(ctx, out, s)
	return errors.Join(err, p.close())
}

// do does what the flags ask for: one of the buttons, or cycles.
func (p *parts) do(ctx context.Context, out io.Writer, s *settings) error {
	switch {
	case s.test:
		found, err := provision.TestConnection(ctx, p.job, p.credential, s.clientOptions())
		if err == nil {
			fmt.Fprintln(out, "connected:", found.BaseURL)
		}
		return err
	case s.pause:
		return p.engine.Pause(ctx)
	case s.resume:
		return p.engine.Resume(ctx)
	case s.rejectDeletes:
		return p.engine.RejectDeletes(ctx)
	case s.status:
		status, err := p.engine.Status(ctx)
		if err != nil {
			return err
		}
		return printJSON(out, status)
	case s.user != "":
		return p.onDemand(ctx, out, provision.User, s.user)
	case s.group != "":
		return p.onDemand(ctx, out, provision.Group, s.group)
	case s.dryRun:
		return p.plan(ctx, out)
	}
	if err := p.prepare(ctx, s); err != nil {
		return err
	}
	if s.once {
		return p.once(ctx, out)
	}
	err := p.engine.Run(ctx)
	if ctx.Err() != nil {
		return nil // stopped, as was asked for
	}
	return err
}

// prepare tells the next cycle what is different about it.
func (p *parts) prepare(ctx context.Context, s *settings) error {
	var resets []provision.Reset
	for _, name := range s.restart {
		resets = append(resets, provision.Reset(name))
	}
	if s.full {
		resets = append(resets, provision.ResetWatermark)
	}
	if s.allowDeletes {
		staged := false
		err := p.engine.Staged(ctx, func(provision.StagedDelete) error { staged = true; return nil })
		if err != nil {
			return err
		}
		if staged {
			if err := p.engine.AllowDeletes(ctx); err != nil {
				return err
			}
		} else {
			resets = append(resets, provision.ForceDeletes)
		}
	}
	if len(resets) == 0 {
		return nil
	}
	return p.engine.Restart(ctx, resets...)
}

// once runs one cycle. What failed in part is an error too.
func (p *parts) once(ctx context.Context, out io.Writer) error {
	report, err := p.cycle(ctx)
	if err != nil {
		if errors.Is(err, provision.ErrTooManyDeletes) {
			printStaged(ctx, out, p.engine)
		}
		return err
	}
	printReport(out, report)
	if failed := report.Users.Failed + report.Groups.Failed; failed > 0 {
		for _, f := range report.Failures {
			fmt.Fprintf(out, "  %s %s: %s\n    %s\n", f.Type, f.Key, f.Text, f.Code.Advice())
		}
		return fmt.Errorf("%d objects failed", failed)
	}
	return nil
}

// cycle runs one cycle. A process that was killed holds the job for some
// seconds more: it waits for those.
func (p *parts) cycle(ctx context.Context) (*provision.Report, error) {
	const most = 20 // seconds
	for waited := 0; ; waited++ {
		report, err := p.engine.Cycle(ctx)
		if !errors.Is(err, provision.ErrRunning) || waited == most {
			return report, err
		}
		if waited == 0 {
			fmt.Fprintln(p.stderr, "another process has the job, or had it when it was killed; waiting for it")
		}
		select {
		case <-ctx.Done():
			return report, err
		case <-time.After(time.Second):
		}
	}
}

func (p *parts) onDemand(ctx context.Context, out io.Writer, typ, key string) error {
	result, err := p.engine.ProvisionOnDemand(ctx, typ, key)
	if result != nil {
		fmt.Fprint(out, result)
	}
	return err
}

// plan prints what a cycle would do. Nothing is sent that writes.
func (p *parts) plan(ctx context.Context, out io.Writer) error {
	report, err := p.engine.Plan(ctx, func(e *provision.Event) { printPlanned(out, e) })
	if err != nil {
		return err
	}
	fmt.Fprint(out, "would be: ")
	printReport(out, report)
	return nil
}
