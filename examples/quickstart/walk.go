package main

import (
	"context"
	"fmt"
	"time"

	"github.com/zohoscim/zohoscim/datacenter"
	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/provision"
	"github.com/zohoscim/zohoscim/scim/scimtest"
)

// workLocation is the same for everyone: a fixed value (固定の値).
const workLocation = "本社"

// walk is the help page, step by step.
func (w *world) walk(ctx context.Context, d *directory) error {
	tokens, err := w.login(ctx)
	if err != nil {
		return err
	}
	job := w.job()
	azure, err := datacenter.AzureValues(dataCenter, "https://one.zoho.jp/scim", nil)
	if err != nil {
		return err
	}
	fmt.Printf("to paste in Azure tenant URL %s, token endpoint %s\n", azure.TenantURL, azure.TokenEndpoint)
	cred := scim.OAuth(tokens)
	connection, err := provision.TestConnection(ctx, job, cred, nil)
	if err != nil {
		return err
	}
	fmt.Printf("test connection   ok: %s answered after %d tried\n", connection.BaseURL, len(connection.Tried))
	target, err := scim.NewClient(connection.BaseURL, cred, nil)
	if err != nil {
		return err
	}
	p := newProgress(d.users)
	engine, err := provision.New(job, provision.Snapshot(d.all), target, provision.NewMemoryState(), &provision.Options{Observers: []provision.Observer{p}})
	if err != nil {
		return err
	}
	return w.cycles(ctx, d, engine, p, connection.BaseURL, job)
}

// job is what the administrator saves.
func (w *world) job() *provision.Job {
	return &provision.Job{
		Name: "zoho-one", SyncURL: w.syncURL, DataCenter: dataCenter,
		Users: mapping.ZohoOneUser().With(mapping.Fixed(`addresses[type eq "work"].formatted`, workLocation)),
	}
}

func (w *world) cycles(ctx context.Context, d *directory, engine *provision.Engine, p *progress, baseURL string, job *provision.Job) error {
	loop, err := bareLoop(ctx, baseURL, d, job)
	if err != nil {
		return fmt.Errorf("bare loop: %w", err)
	}
	w.zoho.Requests()

	p.start("initial cycle")
	initial, err := engine.Cycle(ctx)
	p.stop()
	if err != nil {
		return err
	}
	if err := w.compare(ctx, d, job); err != nil {
		return fmt.Errorf("after the initial cycle: %w", err)
	}

	d.extra = 1
	onDemand, err := engine.ProvisionOnDemand(ctx, provision.User, key(d.users+1))
	if err != nil {
		return err
	}

	changes := d.change()
	w.zoho.Requests()
	p.start("incremental cycle")
	incremental, err := engine.Cycle(ctx)
	p.stop()
	if err != nil {
		return err
	}
	requests := w.zoho.Requests()
	if err := w.compare(ctx, d, job); err != nil {
		return fmt.Errorf("after the incremental cycle: %w", err)
	}

	fmt.Printf("\nprovision on demand of %s\n%s\n", onDemand.Key, onDemand)
	printTable(initial, onDemand, incremental)
	return printFigures(figures{
		users: d.users, loop: loop, cycle: initial.Ended.Sub(initial.Began), created: initial.Users.Created,
		requests: len(requests), writes: scimtest.Writes(requests), allowed: changes + 20,
		second: incremental.Ended.Sub(incremental.Began),
	})
}

// figures are what the program measures of itself.
type figures struct {
	users, created, requests, writes, allowed int
	loop, cycle, second                       time.Duration
}
