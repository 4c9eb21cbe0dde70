// Conformance checks a SCIM service provider: whether it does what RFC 7643 and
// RFC 7644 demand, and what the provisioning clients of Microsoft Entra and
// Okta send. The bearer token comes from SCIM_TOKEN.
//
//	SCIM_TOKEN=… go run ./examples/conformance -url http://127.0.0.1:9191/scim/v2 -report report.html
//
// It ends with 0 if nothing that must hold failed, 1 if something did, and 2
// if it was called wrongly. Away from this machine it only reads, unless
// -allow-writes is given: it makes users and groups, and deletes them again.
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
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/zohoscim/zohoscim/scim/scimtest"
)

// How a call can fail.
var (
	errUsage  = errors.New("see -h")
	errFailed = errors.New("the service provider does not conform")
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, os.Stderr, os.Args[1:])
	stop()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

// settings are the flags.
type settings struct {
	url, profile, report, only string
	allowWrites                bool
}

func parse(args []string, stderr io.Writer) (s settings, err error) {
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.url, "url", "", "the SCIM base URL, below which /Users is (required)")
	flags.StringVar(&s.profile, "profile", "", "who provisions into it: zoho, entra or okta (default: everything is asked, and only what the RFCs demand must hold)")
	flags.StringVar(&s.report, "report", "", "also write the report to this file: .txt, .json, .xml (JUnit) or .html")
	flags.StringVar(&s.only, "only", "", "only the cases whose names begin with this, such as patch/")
	flags.BoolVar(&s.allowWrites, "allow-writes", false, "make, change and delete users and groups on another machine")
	flags.Usage = func() {
		fmt.Fprint(stderr, "Usage: SCIM_TOKEN=… go run ./examples/conformance -url URL [flags]\n\n"+
			"Checks a SCIM service provider. The bearer token comes from SCIM_TOKEN. Away from\n"+
			"this machine it only reads unless -allow-writes is given. It exits with 1 if\n"+
			"something that must hold failed.\n\n")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return s, err
		}
		return s, fmt.Errorf("%w: %w", err, errUsage)
	}
	switch {
	case flags.NArg() > 0:
		return s, fmt.Errorf("%q is not a flag: %w", flags.Arg(0), errUsage)
	case s.url == "":
		return s, fmt.Errorf("-url is missing: %w", errUsage)
	case os.Getenv("SCIM_TOKEN") == "":
		return s, fmt.Errorf("set SCIM_TOKEN to the bearer token of the service provider: %w", errUsage)
	case s.report != "" && writers[filepath.Ext(s.report)] == nil:
		return s, fmt.Errorf("-report takes a file that ends in .txt, .json, .xml or .html: %w", errUsage)
	}
	return s, nil
}

// writers are the forms of a report, by the end of its file's name.
var writers = map[string]func(*scimtest.Report, io.Writer) error{
	".txt": (*scimtest.Report).WriteText, ".json": (*scimtest.Report).WriteJSON,
	".xml": (*scimtest.Report).WriteJUnit, ".html": (*scimtest.Report).WriteHTML,
}

func run(ctx context.Context, out, stderr io.Writer, args []string) error {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	u, err := url.Parse(s.url)
	if err != nil || u.Host == "" || u.User != nil {
		return fmt.Errorf("-url takes an absolute URL without credentials: %w", errUsage)
	}
	if u.Scheme != "https" && !isLoopback(u.Hostname()) {
		return fmt.Errorf("-url is https on another machine, or the token could be read on the way: %w", errUsage)
	}
	profile, err := newProfile(&s, u)
	if err != nil {
		return err
	}
	p := progress{w: stderr}
	profile.Progress = p.show
	if profile.ReadOnly {
		fmt.Fprintln(stderr, "only reading: -allow-writes lets it make and delete users and groups")
	}
	report, err := scimtest.Check(ctx, s.url, newClient(os.Getenv("SCIM_TOKEN")), profile)
	p.end()
	if report == nil {
		return err
	}
	if failed := finish(&s, report, out); failed != nil {
		return failed
	}
	switch {
	case err != nil:
		return err
	case !report.Conforms():
		return errFailed
	case len(report.Left) > 0:
		return fmt.Errorf("%d resources could not be deleted again: see the report", len(report.Left))
	}
	return nil
}

// finish prints the report and writes its file.
func finish(s *settings, report *scimtest.Report, out io.Writer) error {
	if err := report.WriteText(out); err != nil || s.report == "" {
		return err
	}
	f, err := os.Create(s.report)
	if err != nil {
		return err
	}
	return errors.Join(writers[filepath.Ext(s.report)](report, f), f.Close())
}

func newProfile(s *settings, u *url.URL) (*scimtest.Profile, error) {
	profile := &scimtest.Profile{}
	switch s.profile {
	case "":
	case "zoho":
		profile = scimtest.ProfileZoho()
	case "entra":
		profile = scimtest.ProfileEntra()
	case "okta":
		profile = scimtest.ProfileOkta()
	default:
		return nil, fmt.Errorf("-profile is zoho, entra or okta, not %q: %w", s.profile, errUsage)
	}
	profile.Only = s.only
	profile.ReadOnly = !s.allowWrites && !isLoopback(u.Hostname())
	return profile, nil
}

// isLoopback reports whether a host is this machine.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback() || strings.EqualFold(host, "localhost")
}

// newClient returns a client that adds the token to each request.
func newClient(token string) *http.Client {
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second, ForceAttemptHTTP2: true,
	}
	return &http.Client{Transport: bearer{t, token}, Timeout: time.Minute}
}

type bearer struct {
	next  http.RoundTripper
	token string
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(r)
}

// progress is a line that is written over while cases are asked. It appears
// on a terminal only.
type progress struct {
	w      io.Writer
	failed int
	shown  bool
}

func (p *progress) show(done, total int, r scimtest.Result) {
	if r.Outcome == scimtest.Failed {
		p.failed++
	}
	f, ok := p.w.(*os.File)
	if !ok {
		return
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return
	}
	p.shown = true
	fmt.Fprintf(p.w, "\r\x1b[K%d of %d, %d failed, %.50s", done, total, p.failed, r.Case.ID)
}

func (p *progress) end() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
