package zohoauth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
)

// record is when token requests were sent for one refresh token, and what Zoho
// refused for longer. It is kept in the store beside the token, so that Zoho's
// limit holds across processes and restarts.
type record struct {
	Version int         `json:"version"`
	Grant   string      `json:"grant"` // hash of the refresh token
	Sent    []time.Time `json:"sent"`  // oldest first
	Until   time.Time   `json:"until,omitzero"`
	Refusal string      `json:"refusal,omitempty"` // holds until Until
}

// The refusals that a record keeps.
const (
	refusedLimit = "limit"
	refusedGrant = "grant"
)

const recordVersion = 1

// recordKey is where the record of the token under key is.
func recordKey(key string) string { return "requests/" + key }

// loadRecord returns the record of t's grant. A record of another grant, or none,
// is a new one, which counts the request that t itself came from. One that cannot
// be read is replaced by one that allows a single request for now.
func loadRecord(ctx context.Context, store TokenStore, key string, t *Token) (*record, error) {
	sum := sha256.Sum256([]byte(t.grantKey().Reveal()))
	r := &record{Version: recordVersion, Grant: hex.EncodeToString(sum[:]), Sent: []time.Time{t.Issued}}
	b, err := store.Get(ctx, recordKey(key))
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	var kept record
	if err := json.Unmarshal(b, &kept); err != nil || kept.Version != recordVersion || len(kept.Sent) > perWindow {
		// What it said is lost, so that nearly all is taken for spent.
		r.Sent = slices.Repeat([]time.Time{wall(time.Now()).UTC()}, perWindow-1)
		return r, nil
	}
	if kept.Grant != r.Grant {
		return r, nil
	}
	return &kept, nil
}

// save keeps the record.
func (r *record) save(ctx context.Context, store TokenStore, key string) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return store.Put(ctx, recordKey(key), b)
}

// take notes a request at now, or returns why it may not be sent. Times that lie
// ahead were written under another clock: they count as now, once.
func (r *record) take(now time.Time) *Error {
	now = wall(now).UTC()
	r.Sent = slices.DeleteFunc(r.Sent, func(t time.Time) bool { return now.Sub(t) > window })
	for i, t := range r.Sent {
		if t.After(now) {
			r.Sent[i] = now
		}
	}
	if limit := now.Add(maxRefusal); r.Until.After(limit) {
		r.Until = limit
	}
	switch {
	case now.Before(r.Until) && r.Refusal == refusedGrant:
		return &Error{Kind: KindConsentRequired, Detail: lostGrant}
	case now.Before(r.Until):
		return &Error{Kind: KindRateLimited, Until: r.Until}
	case len(r.Sent) >= perWindow:
		return &Error{Kind: KindRateLimited, Until: r.Sent[0].Add(window + time.Second),
			Detail: "Zoho's 10 token requests in 10 minutes are used up"}
	}
	r.Until, r.Refusal = time.Time{}, ""
	r.Sent = append(r.Sent, now)
	return nil
}

// refuse notes what Zoho refused, if it makes no sense to ask again soon, and
// reports whether it did.
func (r *record) refuse(err error, now time.Time) bool {
	var e *Error
	switch {
	case !errors.As(err, &e):
		return false
	case e.Kind == KindRateLimited && !e.Until.IsZero():
		r.Until, r.Refusal = wall(e.Until).UTC(), refusedLimit
	case e.Kind == KindConsentRequired:
		r.Until, r.Refusal = wall(now).Add(window).UTC(), refusedGrant
	default:
		return false
	}
	return true
}
