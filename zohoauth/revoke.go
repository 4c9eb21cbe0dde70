package zohoauth

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"

	"github.com/go-json-experiment/json"
)

// Revoke ends t's grant at Zoho, with all its access tokens. A token without a
// refresh token ends alone. What Zoho no longer knows counts as ended, as RFC
// 7009 section 2.2 has it, so that repeating does no harm.
//
// Zoho documents two endpoints; the second is asked if the first does not say
// that it worked. Errors are [ErrInvalidClient], [ErrUnavailable] and the like;
// the grant may then be live.
func (c *Config) Revoke(ctx context.Context, t *Token) error {
	const op = "revoke"
	token, hint := t.RefreshToken, "refresh_token"
	if token.IsZero() {
		token, hint = t.AccessToken, "access_token"
	}
	secret, bad := c.secretOf(t.DC)
	switch {
	case bad != nil:
	case token.IsZero():
		bad = &Error{Kind: KindConfig, Detail: "the token is empty"}
	case t.ClientID != c.clientID:
		bad = &Error{Kind: KindConfig, Detail: "the token belongs to another client id"}
	}
	if bad != nil {
		return c.done(ctx, op, t.DC, bad)
	}
	r, err := c.request(ctx, t.DC, http.MethodPost, revokePath, values("token", token.Reveal()), nil)
	if err == nil && r.revoked() {
		return c.done(ctx, op, t.DC, nil)
	}
	if ctx.Err() != nil {
		return c.done(ctx, op, t.DC, err)
	}
	// RFC 6749 section 2.3.1: both parts are form-encoded first.
	pair := url.QueryEscape(c.clientID) + ":" + url.QueryEscape(secret.Reveal())
	basic := http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(pair))}}
	r2, err2 := c.request(ctx, t.DC, http.MethodPost, revokePathNew, values("token", token.Reveal(), "token_type", hint), basic)
	switch {
	case err2 != nil:
		return c.done(ctx, op, t.DC, err2)
	case r2.status == http.StatusOK && r2.error() == "",
		r2.unknown() && err == nil && (r.unknown() || r.status == http.StatusNotFound):
		return c.done(ctx, op, t.DC, nil)
	}
	return c.done(ctx, op, t.DC, r2.refused())
}

// wireStatus is what the answers of both revocation endpoints may hold.
type wireStatus struct {
	Status *string `json:"status"`
	Error  *string `json:"error"`
}

func (r *reply) wire() (w wireStatus) {
	if json.Unmarshal(r.body, &w) != nil {
		return wireStatus{} // a page
	}
	return w
}

// revoked reports whether the older endpoint says that it worked.
func (r *reply) revoked() bool {
	w := r.wire()
	return r.status == http.StatusOK && str(w.Status) == "success" && str(w.Error) == ""
}

func (r *reply) error() string { return str(r.wire().Error) }

// unknown reports whether an endpoint does not know the token: 400 with a page,
// or with a word that does not blame the client.
func (r *reply) unknown() bool {
	switch r.error() {
	case "", "invalid_token", "invalid_code", "invalid_grant":
		return r.status == http.StatusBadRequest
	}
	return false
}

// refused is the error of a revocation that did not work.
func (r *reply) refused() *Error {
	if word := r.error(); word != "" {
		return r.limited(refusal(r.status, word, ""))
	}
	e := r.limited(unreadable(r.status, r.body))
	if r.status == http.StatusUnauthorized {
		e.Kind, e.Detail = KindInvalidClient, "check client id and secret"
	}
	return e
}

// ReplaceToken is [SaveToken] for a consent that may not be the first: once t is
// saved, the grant that was under key before is revoked. Without that, Zoho keeps
// up to 20 of them live and then silently ends the oldest, which may be in use.
//
// The error is that of saving, with the old grant untouched. A revocation that
// fails is logged only: t is good.
func (c *Config) ReplaceToken(ctx context.Context, store TokenStore, key string, t *Token) error {
	old, err := c.swap(ctx, store, key, t)
	if err != nil || old == nil || old.ClientID != c.clientID {
		return err
	}
	if old.RefreshToken.IsZero() || old.RefreshToken.Equal(t.RefreshToken) {
		return nil
	}
	_ = c.Revoke(ctx, old) // logged there
	return nil
}

// swap saves t and returns the token that was there, under the lock if the store
// has one: a refresh that is under way must not put the old token back.
func (c *Config) swap(ctx context.Context, store TokenStore, key string, t *Token) (old *Token, err error) {
	unlock, err := lockKey(ctx, store, key)
	if err != nil {
		return nil, storeError("save", t.DC, err)
	}
	ctx, cancel := context.WithTimeout(ctx, workTimeout) // the lock lasts no longer
	defer cancel()
	old, err = LoadToken(ctx, store, key)
	if err != nil {
		old = nil // nothing, or nothing that could be revoked
	}
	return old, errors.Join(SaveToken(ctx, store, key, t), unlock())
}

// Disconnect revokes the grant that store keeps under key and then deletes it.
// Sources of that key then give [ErrConsentRequired]. If revoking fails, nothing
// is deleted, so that it can be tried again; a key with nothing under it is no
// error.
func (c *Config) Disconnect(ctx context.Context, store TokenStore, key string) error {
	unlock, err := lockKey(ctx, store, key)
	if err != nil {
		return storeError("revoke", "", err)
	}
	return errors.Join(c.disconnect(ctx, store, key), unlock())
}

func (c *Config) disconnect(ctx context.Context, store TokenStore, key string) error {
	t, err := LoadToken(ctx, store, key)
	if errors.Is(err, ErrConsentRequired) {
		return nil
	}
	if err != nil {
		return err
	}
	timed, cancel := context.WithTimeout(ctx, workTimeout) // the lock lasts no longer
	defer cancel()
	if err := c.Revoke(timed, t); err != nil {
		return err
	}
	for _, k := range []string{key, recordKey(key)} {
		if err := store.Delete(ctx, k); err != nil {
			return storeError("revoke", t.DC, err)
		}
	}
	return nil
}

// lockKey takes the lock of key, if store has locks.
func lockKey(ctx context.Context, store TokenStore, key string) (unlock func() error, err error) {
	none := func() error { return nil }
	l, ok := store.(Locker)
	if !ok {
		return none, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	unlock, err = l.Lock(ctx, key, lockTTL)
	if errors.Is(err, errors.ErrUnsupported) {
		return none, nil
	}
	return unlock, err
}
