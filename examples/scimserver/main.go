// Scimserver is a SCIM 2.0 service provider that Entra, Okta or Zoho can
// provision into. The bearer token that senders use comes from SCIM_TOKEN.
// Resources are kept in SQLite, in the file scim.db unless -store says
// otherwise; several servers can share a PostgreSQL.
//
//	SCIM_TOKEN=0123456789abcdef go run ./examples/scimserver -addr 127.0.0.1:9191
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/zohoscim/zohoscim/scim"
)

// errUsage is a mistake in how the program was called.
var errUsage = errors.New("see -h")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, os.Args[1:])
	stop()
	switch {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "scimserver:", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "scimserver:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, args []string) error {
	flags := flag.NewFlagSet("scimserver", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:0", "address to listen on")
	storeName := flags.String("store", "sqlite:scim.db", "where resources are kept: sqlite:FILE, memory or postgres://USER:PASSWORD@HOST/DATABASE")
	basePath := flags.String("base-path", "/scim/v2", "path of the SCIM root; the same endpoints answer below / too")
	settings := flags.String("directory", "", "`FILE` with the settings of a directory (package scim/directory) in JSON: users become accounts in a table of the database")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), "Usage: SCIM_TOKEN=… go run ./examples/scimserver [flags]\n\nThe bearer token of senders comes from SCIM_TOKEN (16 bytes or more).\n\n")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return fmt.Errorf("%w: %w", err, errUsage)
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is not a flag: %w", flags.Arg(0), errUsage)
	}
	auth, err := newAuthenticator()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	options := &scim.ServerOptions{BaseURL: *basePath, Logger: log}
	if *settings != "" {
		d, closeStore, err := openDirectory(ctx, *storeName, *settings, log)
		if err != nil {
			return err
		}
		options.Types = d.Types()
		running, stop := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- d.Run(running) }()
		err = serveStore(ctx, out, *addr, d, auth, options)
		stop()
		<-done // it ends because it was stopped
		return errors.Join(err, closeStore())
	}
	store, closeStore, err := openStore(ctx, *storeName)
	if err != nil {
		return err
	}
	err = serveStore(ctx, out, *addr, store, auth, options)
	return errors.Join(err, closeStore())
}

func serveStore(ctx context.Context, out io.Writer, addr string, store scim.Store, auth scim.Authenticator, o *scim.ServerOptions) error {
	handler, err := scim.NewServer(store, auth, o)
	if err != nil {
		return err
	}
	return serve(ctx, out, addr, handler)
}

func newAuthenticator() (scim.Authenticator, error) {
	if os.Getenv("SCIM_TOKEN") == "" {
		return nil, fmt.Errorf("set SCIM_TOKEN to the bearer token that senders use, 16 bytes or more: %w", errUsage)
	}
	token, err := scim.NewStaticToken(scim.NewSecret(os.Getenv("SCIM_TOKEN")), scim.Subject{ID: "sender"}, time.Time{})
	if err != nil {
		return nil, fmt.Errorf("SCIM_TOKEN: %w: %w", err, errUsage)
	}
	return scim.NewStaticTokens(token)
}

func serve(ctx context.Context, out io.Writer, addr string, handler http.Handler) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "listening on http://%s\n", listener.Addr())
	server := scim.NewHTTPServer(handler)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	// Requests that have begun get a moment to end.
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return server.Shutdown(ending)
}
