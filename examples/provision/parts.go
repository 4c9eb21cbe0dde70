package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"

	_ "modernc.org/sqlite" // for -state FILE

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/provision"
	"github.com/zohoscim/zohoscim/scim/provision/source"
	"github.com/zohoscim/zohoscim/scim/sqlstore"
	"github.com/zohoscim/zohoscim/zohoauth"
)

// parts are what a job is made of.
type parts struct {
	job        *provision.Job
	credential scim.Credential
	engine     *provision.Engine
	stderr     io.Writer
	closers    []func() error
}

// build puts the parts together. Nothing is sent.
func build(ctx context.Context, stderr io.Writer, s *settings) (p *parts, err error) {
	p = &parts{stderr: stderr}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if p.job, err = s.job(); err != nil {
		return p, err
	}
	from, err := s.open()
	if err != nil {
		return p, fmt.Errorf("%w: %w", err, errUsage)
	}
	if p.credential, err = s.credential(); err != nil {
		return p, err
	}
	client, err := scim.NewClient(p.job.SyncURL, p.credential, s.clientOptions())
	if err != nil {
		return p, fmt.Errorf("-target: %w: %w", err, errUsage)
	}
	state, err := p.state(ctx, s.state)
	if err != nil {
		return p, fmt.Errorf("-state %s: %w", s.state, err)
	}
	o, err := p.observers(stderr, s)
	if err != nil {
		return p, err
	}
	p.engine, err = provision.New(p.job, from, client, state, o)
	return p, err
}

func (p *parts) close() error {
	var errs []error
	for i := len(p.closers) - 1; i >= 0; i-- {
		errs = append(errs, p.closers[i]())
	}
	return errors.Join(errs...)
}

// job returns what an administrator would save. The state is kept under the
// target's URL, so that one file can hold several.
func (s *settings) job() (*provision.Job, error) {
	job := &provision.Job{Name: s.target, SyncURL: s.target, DataCenter: s.dc, Interval: s.interval.String(), MaxDeletes: s.maxDeletes}
	if s.adopt {
		job.Adopt = provision.AdoptMatching
	}
	if s.mapping != "" {
		if err := s.readMapping(job); err != nil {
			return nil, fmt.Errorf("-mapping %s: %w: %w", s.mapping, err, errUsage)
		}
	}
	if err := job.Check(); err != nil {
		return nil, fmt.Errorf("%w: %w", err, errUsage)
	}
	return job, nil
}

func (s *settings) readMapping(job *provision.Job) error {
	data, err := os.ReadFile(s.mapping)
	if err != nil {
		return err
	}
	use := func(m *mapping.Mapping) {
		if m.Target == provision.Group {
			job.Groups = m
		} else {
			job.Users = m
		}
	}
	if !mapping.IsGraphSchema(data) {
		m := new(mapping.Mapping)
		err := m.UnmarshalJSON(data)
		use(m)
		return err
	}
	schema, err := mapping.ParseGraphSchema(data)
	if err != nil {
		return err
	}
	var mistakes []error
	for _, target := range schema.Targets() {
		m, err := schema.Mapping(target)
		if mistakes = append(mistakes, err); err == nil {
			use(m)
		}
	}
	return errors.Join(mistakes...)
}

func (s *settings) open() (provision.Source, error) {
	if kind(s.source) == ".json" {
		return source.NewJSON(s.source, nil)
	}
	return source.NewCSV(s.source, &source.CSVOptions{Encoding: s.encoding})
}

// credential returns what requests are authenticated with.
func (s *settings) credential() (scim.Credential, error) {
	if s.tokens == "" {
		token := os.Getenv("SCIM_TOKEN")
		if token == "" {
			return nil, fmt.Errorf("set SCIM_TOKEN to the service's token, or give -tokens: %w", errUsage)
		}
		return scim.BearerToken(scim.NewSecret(token)), nil
	}
	secret := os.Getenv("ZOHO_CLIENT_SECRET")
	if secret == "" {
		return nil, fmt.Errorf("set ZOHO_CLIENT_SECRET to the client secret of the data center: %w", errUsage)
	}
	cfg, err := zohoauth.NewConfig(s.clientID, zohoauth.NewSecret(secret), nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, errUsage)
	}
	store, err := zohoauth.NewDirStore(s.tokens)
	if err != nil {
		return nil, fmt.Errorf("-tokens: %w: %w", err, errUsage)
	}
	tokens, err := zohoauth.NewTokenSource(cfg, store, string(s.dc)+"/"+s.clientID, nil)
	if err != nil {
		return nil, err
	}
	return scim.OAuth(tokens), nil
}

// clientOptions are those of the service: what Zoho One is known to differ in.
func (s *settings) clientOptions() *scim.ClientOptions {
	if _, err := datacenter.FromSyncURL(s.target); err != nil {
		return nil // another service
	}
	return &scim.ClientOptions{Profile: scim.ProfileZohoOne()}
}

// state opens the file that remembers what was done.
func (p *parts) state(ctx context.Context, file string) (provision.State, error) {
	db, err := sql.Open("sqlite", sqlstore.SQLiteDSN(file))
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, db.Close)
	if err := sqlstore.Migrate(ctx, db, sqlstore.SQLite); err != nil {
		return nil, err
	}
	kv, err := sqlstore.NewKV(db, sqlstore.SQLite, &sqlstore.KVOptions{Namespace: "provision"})
	if err != nil {
		return nil, err
	}
	return kv.Tables(), nil
}

// observers show progress, keep the log and write the reports.
func (p *parts) observers(stderr io.Writer, s *settings) (*provision.Options, error) {
	o := &provision.Options{Observers: []provision.Observer{
		provision.NewProgress(stderr, &provision.ProgressOptions{Terminal: isTerminal(stderr)}),
	}}
	if s.log != "" {
		file, err := os.OpenFile(s.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, fmt.Errorf("-log: %w", err)
		}
		log := provision.NewLog(file, nil)
		p.closers = append(p.closers, file.Close, log.Err)
		o.Observers = append(o.Observers, log)
	}
	if s.report != "" {
		report := newReportFile(s.report)
		p.closers = append(p.closers, func() error { return report.err })
		o.Observers = append(o.Observers, report)
	}
	return o, nil
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
