// Quickstart walks the help page "Azure and Zoho One" in one program over
// loopback HTTP: consent in the right data center, token, attribute mapping
// with a fixed value, connection test, initial cycle, one user on demand,
// incremental cycle. Zoho's two services are the fakes that the library ships
// for tests. It exits 0 only if the target then equals what the mapping says.
//
//	go run ./examples/quickstart
//	go run ./examples/quickstart -users 20000
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
)

// errUsage is a mistake in how the program was called.
var errUsage = errors.New("see -h")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	users := flags.Int("users", 1000, "users in the source directory, 20 or more")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return fmt.Errorf("%w: %w", err, errUsage)
	}
	if flags.NArg() > 0 || *users < 20 {
		return fmt.Errorf("-users takes a number of at least 20: %w", errUsage)
	}
	// Three servers and the engine share this process: half the default
	// headroom of the garbage collector keeps them within the memory promised.
	debug.SetGCPercent(50)
	w, err := newWorld(ctx)
	if err != nil {
		return err
	}
	defer w.close()
	return w.walk(ctx, newDirectory(*users))
}
