package scim

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/go-json-experiment/json"
)

// MintToken makes a new bearer token for a subject: 256 random bits. The
// secret is for the sender and cannot be had again; the [StaticToken] is kept
// (it has a JSON form) and holds no more than a hash. RFC 7644 section 7.4
// wants a limited life: give one, and mint the next before it ends. A life of
// 0 has no end.
//
// To rotate, mint a token, make both valid with [StaticTokens.Replace], give
// the sender the new one, and leave the old one out of the next Replace.
func MintToken(subject Subject, life time.Duration) (Secret, StaticToken, error) {
	if life < 0 {
		return Secret{}, StaticToken{}, &Error{Kind: KindInvalidOption, Path: "life", Detail: "a token cannot live a negative time"}
	}
	var expires time.Time
	if life > 0 {
		expires = timeNow().Add(life)
	}
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
	secret := NewSecret(base64.RawURLEncoding.EncodeToString(random))
	token, err := NewStaticToken(secret, subject, expires)
	return secret, token, err
}

// Subject returns whom the token speaks for.
func (t StaticToken) Subject() Subject { return t.subject }

// Expires returns when the token ends; the zero time is never.
func (t StaticToken) Expires() time.Time { return t.expires }

// storedToken is the JSON form of a StaticToken.
type storedToken struct {
	Hash       []byte    `json:"sha256"`
	Tenant     string    `json:"tenant,omitzero"`
	Connection string    `json:"connection,omitzero"`
	ID         string    `json:"id,omitzero"`
	Expires    time.Time `json:"expires,omitzero"`
}

// MarshalJSON returns the form in which a token is kept: its hash and whom it
// speaks for.
func (t StaticToken) MarshalJSON() ([]byte, error) {
	if !t.valid {
		return nil, &Error{Kind: KindInvalidOption, Detail: "the token was not made by NewStaticToken or MintToken"}
	}
	return json.Marshal(storedToken{t.hash[:], t.subject.Scope.Tenant, t.subject.Scope.Connection, t.subject.ID, t.expires})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (t *StaticToken) UnmarshalJSON(data []byte) error {
	var s storedToken
	if err := json.Unmarshal(data, &s, json.RejectUnknownMembers(true)); err != nil || len(s.Hash) != sha256.Size {
		return &Error{Kind: KindInvalidSyntax, Detail: "this is not a stored token", cause: err}
	}
	*t = StaticToken{
		hash: [sha256.Size]byte(s.Hash), valid: true, expires: s.Expires,
		subject: Subject{Scope: Scope{Tenant: s.Tenant, Connection: s.Connection}, ID: s.ID},
	}
	return nil
}
