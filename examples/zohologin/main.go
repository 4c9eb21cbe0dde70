// Zohologin gets a token from Zoho and keeps it: it shows the consent page in a
// browser, takes the callback on a loopback address, and stores the grant for
// other programs. The client secret comes from ZOHO_CLIENT_SECRET.
//
//	ZOHO_CLIENT_SECRET=… go run ./examples/zohologin -client-id 1000.… -dc jp
//
// The redirect URL has to be registered for the client in Zoho's API console. The
// token is kept under "DC/CLIENT-ID", such as "jp/1000.ABC".
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/zohoauth"
)

// errUsage is a mistake in how the program was called.
var errUsage = errors.New("see -h")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, os.Stderr, os.Args[1:])
	stop()
	switch {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "zohologin:", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "zohologin:", err)
		os.Exit(1)
	}
}

// settings are the flags.
type settings struct {
	dc                                  datacenter.DC
	clientID, redirect, tokens, account string
	printURL                            bool
}

func parse(errOut io.Writer, args []string) (*settings, error) {
	s := new(settings)
	flags := flag.NewFlagSet("zohologin", flag.ContinueOnError)
	flags.SetOutput(errOut)
	dc := flags.String("dc", "", "the user's data center, such as jp or zoho.eu; empty: any but China")
	flags.StringVar(&s.clientID, "client-id", "", "client id of Zoho's API console (required)")
	flags.StringVar(&s.redirect, "redirect", "http://127.0.0.1:9004/callback", "registered redirect URL, on a loopback address")
	flags.StringVar(&s.tokens, "tokens", "", "folder to keep tokens in (default zohoscim/tokens in your configuration folder)")
	flags.BoolVar(&s.printURL, "print-url", false, "only print the consent URL, do not open a browser")
	flags.StringVar(&s.account, "accounts", "", "accounts server in place of Zoho's, on a loopback address, for tests")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), "Usage: ZOHO_CLIENT_SECRET=… go run ./examples/zohologin -client-id ID [flags]\n\nThe client secret comes from ZOHO_CLIENT_SECRET.\n\n")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %w", err, errUsage)
	}
	switch {
	case flags.NArg() > 0:
		return nil, fmt.Errorf("%q is not a flag: %w", flags.Arg(0), errUsage)
	case s.clientID == "":
		return nil, fmt.Errorf("-client-id is required: %w", errUsage)
	}
	if *dc != "" {
		var err error
		if s.dc, err = datacenter.Parse(*dc); err != nil {
			return nil, fmt.Errorf("-dc: %w: %w", err, errUsage)
		}
	}
	if s.tokens == "" {
		dir, err := os.UserConfigDir()
		if err != nil {
			return nil, fmt.Errorf("-tokens is required here: %w: %w", err, errUsage)
		}
		s.tokens = filepath.Join(dir, "zohoscim", "tokens")
	}
	return s, nil
}

// config makes the client; everything wrong with it is wrong usage.
func (s *settings) config() (*zohoauth.Config, error) {
	secret := os.Getenv("ZOHO_CLIENT_SECRET")
	if secret == "" {
		return nil, fmt.Errorf("set ZOHO_CLIENT_SECRET to the client secret of the data center: %w", errUsage)
	}
	o := &zohoauth.ConfigOptions{RedirectURL: s.redirect}
	if s.account != "" {
		u, err := url.Parse(s.account)
		if err != nil || !loopback(u.Hostname()) {
			return nil, fmt.Errorf("-accounts has to be on a loopback address: %w", errUsage)
		}
		own, err := datacenter.Custom(s.account, "")
		if err != nil {
			return nil, fmt.Errorf("-accounts: %w: %w", err, errUsage)
		}
		if s.dc == "" {
			s.dc = datacenter.US
		}
		o.Custom = map[datacenter.DC]datacenter.Endpoints{s.dc: own}
	}
	cfg, err := zohoauth.NewConfig(s.clientID, zohoauth.NewSecret(secret), o)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, errUsage)
	}
	return cfg, nil
}

func run(ctx context.Context, out, errOut io.Writer, args []string) error {
	s, err := parse(errOut, args)
	if err != nil {
		return err
	}
	redirect, err := url.Parse(s.redirect)
	if err != nil || redirect.Scheme != "http" || !loopback(redirect.Hostname()) {
		return fmt.Errorf("-redirect has to be an http URL on a loopback address: %w", errUsage)
	}
	cfg, err := s.config()
	if err != nil {
		return err
	}
	store, err := zohoauth.NewDirStore(s.tokens)
	if err != nil {
		return err
	}
	flow, err := zohoauth.NewFlow(cfg, nil)
	if err != nil {
		return err
	}
	l, err := listen(ctx, redirect)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "listening on http://%s\n", l.Addr())
	consent, err := flow.Start(ctx, s.dc, nil)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	fmt.Fprintf(out, "open this address in a browser:\n%s\n", consent.URL)
	if !s.printURL {
		openBrowser(ctx, consent.URL)
	}
	ctx, cancel := context.WithDeadline(ctx, consent.Expires)
	defer cancel()
	t, err := wait(ctx, l, redirect.Path, flow, func(ctx context.Context, t *zohoauth.Token) error {
		return cfg.ReplaceToken(ctx, store, key(t), t)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "the token is kept in %s as %q: data center %s, API %s, scopes %v\n", s.tokens, key(t), t.DC, t.APIDomain, t.Scopes)
	return nil
}

// key is where a token is kept.
func key(t *zohoauth.Token) string { return string(t.DC) + "/" + t.ClientID }

// wait serves the callback until a consent succeeded or was refused.
func wait(ctx context.Context, l net.Listener, path string, flow *zohoauth.Flow,
	save func(context.Context, *zohoauth.Token) error) (*zohoauth.Token, error) {
	type end struct {
		t   *zohoauth.Token
		err error
	}
	ends := make(chan end, 1)
	finish := func(e end) {
		select {
		case ends <- e:
		default: // one end is enough
		}
	}
	handler, err := zohoauth.NewHandler(flow, func(ctx context.Context, t *zohoauth.Token) error {
		err := save(ctx, t)
		if err == nil {
			finish(end{t: t})
		}
		return err
	}, &zohoauth.HandlerOptions{OnFailure: func(_ context.Context, err error) {
		// Anyone on this machine can send a callback with a wrong state.
		if !errors.Is(err, zohoauth.ErrState) {
			finish(end{err: err})
		}
	}})
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	mux := http.NewServeMux()
	if path == "" {
		path = "/{$}"
	}
	mux.Handle(path, handler)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { finish(end{err: server.Serve(l)}) }()
	var e end
	select {
	case e = <-ends:
	case <-ctx.Done():
		e.err = fmt.Errorf("nobody consented: %w", ctx.Err())
	}
	// The page is still on its way to the browser.
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return e.t, errors.Join(e.err, server.Shutdown(ending))
}

// listen opens the address of the redirect URL.
func listen(ctx context.Context, redirect *url.URL) (net.Listener, error) {
	port := redirect.Port()
	if port == "" {
		port = "80"
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(redirect.Hostname(), port))
}

// loopback reports whether host is this machine.
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// openBrowser shows address, if it can: it was printed, too.
func openBrowser(ctx context.Context, address string) {
	name, args := "xdg-open", []string{address}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", address}
	}
	cmd := exec.CommandContext(ctx, name, args...)
	if cmd.Start() == nil {
		go func() { _ = cmd.Wait() }() // how the browser ends does not matter
	}
}
