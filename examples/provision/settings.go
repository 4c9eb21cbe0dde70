package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/scim/provision/source"
)

// settings are the flags.
type settings struct {
	source, mapping, target, state, report, log string
	encoding                                    source.Encoding
	tokens, clientID                            string
	dc                                          datacenter.DC
	once, dryRun, full, adopt                   bool
	interval                                    time.Duration
	maxDeletes                                  int
	allowDeletes, rejectDeletes                 bool
	pause, resume, status, test                 bool
	restart                                     []string
	user, group                                 string
}

func parse(stderr io.Writer, args []string) (*settings, error) {
	s := &settings{}
	flags := flag.NewFlagSet("provision", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.source, "source", "", "file of users: FILE.csv, or FILE.json with users and groups (required)")
	encoding := flags.String("encoding", "", "encoding of a CSV file, such as utf-8, utf-16, cp932 or iso-8859-1 (default: detected)")
	flags.StringVar(&s.mapping, "mapping", "", "file of the attribute mapping: this module's JSON or Microsoft Graph's synchronizationSchema (default: the Zoho One mapping)")
	flags.StringVar(&s.target, "target", "", "the service's SCIM base URL (required)")
	flags.StringVar(&s.state, "state", "provision.db", "SQLite file of what was done")
	flags.BoolVar(&s.once, "once", false, "run one cycle and end")
	flags.DurationVar(&s.interval, "interval", 40*time.Minute, "time from the start of one cycle to that of the next")
	flags.BoolVar(&s.dryRun, "dry-run", false, "print what a cycle would do and send no write")
	flags.StringVar(&s.user, "user", "", "provision one user now, by its key in the source")
	flags.StringVar(&s.group, "group", "", "provision one group now, by its key in the source")
	flags.IntVar(&s.maxDeletes, "max-deletes", 0, "the most accounts that one cycle disables or deletes (default: the smaller of 500 and a tenth, but at least 3)")
	flags.BoolVar(&s.allowDeletes, "allow-deletes", false, "let the next cycle disable and delete what was held back, or more than -max-deletes")
	flags.BoolVar(&s.rejectDeletes, "reject-deletes", false, "leave the accounts alone that were held back, and end")
	flags.StringVar(&s.report, "report", "", "file for the report of each cycle: FILE.json or FILE.html")
	flags.StringVar(&s.log, "log", "", "file that the provisioning log is added to, as lines of JSON")
	flags.BoolVar(&s.full, "full", false, "read the whole source in the next cycle")
	flags.BoolVar(&s.adopt, "adopt", false, "take over accounts that are in the service already and match")
	restart := flags.String("restart", "", "what the next cycle begins anew with: Watermark, Escrows, QuarantineState, ConnectorDataStore or Full, several with commas")
	flags.BoolVar(&s.pause, "pause", false, "pause the job and end")
	flags.BoolVar(&s.resume, "resume", false, "end a pause and end")
	flags.BoolVar(&s.status, "status", false, "print the job's state as JSON and end")
	flags.BoolVar(&s.test, "test", false, "test the connection and end")
	flags.StringVar(&s.tokens, "tokens", "", "folder of tokens that examples/zohologin kept, in place of SCIM_TOKEN")
	dc := flags.String("dc", "", "data center of the token, such as jp")
	flags.StringVar(&s.clientID, "client-id", "", "client id of the token")
	flags.Usage = func() {
		fmt.Fprint(stderr, "Usage: SCIM_TOKEN=… go run ./examples/provision -source FILE -target URL [flags]\n\n"+
			"Keeps a SCIM service in step with a file. The credential is SCIM_TOKEN, or\n"+
			"-tokens DIR -dc DC -client-id ID with ZOHO_CLIENT_SECRET.\n\n")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %w", err, errUsage)
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("%q is not a flag: %w", flags.Arg(0), errUsage)
	}
	if *restart != "" {
		s.restart = strings.Split(*restart, ",")
	}
	return s, s.check(*encoding, *dc)
}

// check completes the settings; everything wrong with them is wrong usage.
func (s *settings) check(encoding, dc string) (err error) {
	if s.encoding, err = source.ParseEncoding(encoding); err != nil {
		return fmt.Errorf("-encoding: %w: %w", err, errUsage)
	}
	if dc != "" {
		if s.dc, err = datacenter.Parse(dc); err != nil {
			return fmt.Errorf("-dc: %w: %w", err, errUsage)
		}
	}
	wrong := ""
	switch {
	case s.source == "":
		wrong = "-source is required"
	case !slices.Contains([]string{".csv", ".json"}, kind(s.source)):
		wrong = "-source takes a file whose name ends in .csv or .json"
	case s.target == "":
		wrong = "-target is required"
	case s.report != "" && !slices.Contains([]string{".html", ".json"}, kind(s.report)):
		wrong = "-report takes a file whose name ends in .json or .html"
	case s.maxDeletes < 0:
		wrong = "-max-deletes is not negative"
	case s.user != "" && s.group != "":
		wrong = "-user and -group do not go together"
	case s.tokens != "" && (s.dc == "" || s.clientID == ""):
		wrong = "-tokens needs -dc and -client-id"
	}
	if wrong != "" {
		return fmt.Errorf("%s: %w", wrong, errUsage)
	}
	return nil
}

func kind(name string) string { return strings.ToLower(filepath.Ext(name)) }
