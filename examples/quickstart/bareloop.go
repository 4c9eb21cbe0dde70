package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/zohoscim/zohoscim/mapping"
	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/provision"
)

// request is what the engine sends for one user: a look-up and a POST.
type request struct {
	filter string
	body   []byte
}

// bareLoop sends the same look-up and the same POST body for each user to the
// same server, with as many workers as the engine has and nothing else: no
// mapping, no state, no checks. It returns how long that took.
func bareLoop(ctx context.Context, baseURL string, d *directory, job *provision.Job) (time.Duration, error) {
	requests, err := prepare(ctx, d, job)
	if err != nil {
		return 0, err
	}
	const workers = 8 // the engine's default
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	defer client.CloseIdleConnections()
	queue := make(chan request)
	errs := make(chan error, workers)
	began := time.Now()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for r := range queue {
				if err := send(ctx, client, baseURL, r); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	err = func() error {
		defer close(queue)
		for _, r := range requests {
			select {
			case queue <- r:
			case err := <-errs:
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	}()
	wg.Wait()
	return time.Since(began), err
}

// prepare makes the requests beforehand, so that making them is not measured.
func prepare(ctx context.Context, d *directory, job *provision.Job) ([]request, error) {
	compiled, err := mapping.Compile(job.Users, scim.UserType())
	if err != nil {
		return nil, err
	}
	var out []request
	for obj, err := range d.all(ctx) {
		if err != nil {
			return nil, err
		}
		if obj.Type != provision.User || obj.Record["accountEnabled"] == false {
			continue
		}
		obj.Record["IsSoftDeleted"] = false
		result, err := compiled.Map(obj.Record, mapping.Create)
		if err != nil {
			return nil, err
		}
		name := result.Resource.Get("userName").Text()
		out = append(out, request{filter: scim.FilterEq("userName", name), body: result.Resource.AppendJSON(nil)})
	}
	return out, nil
}

func send(ctx context.Context, client *http.Client, baseURL string, r request) error {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		target, body := baseURL+"/Users", io.Reader(nil)
		want := http.StatusOK
		if method == http.MethodGet {
			target += "?" + url.Values{"filter": {r.filter}}.Encode()
		} else {
			body, want = bytes.NewReader(r.body), http.StatusCreated
		}
		req, err := http.NewRequestWithContext(ctx, method, target, body)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+tokenOfLoop)
		req.Header.Set("Content-Type", "application/scim+json")
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			return err
		}
		if resp.StatusCode != want {
			return fmt.Errorf("%s was answered with %s", method, resp.Status)
		}
	}
	return nil
}
