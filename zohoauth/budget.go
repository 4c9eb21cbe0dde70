package zohoauth

import (
	"crypto/sha256"
	"sync"
	"time"
)

const (
	// window and perWindow are Zoho's limit: 10 access tokens per refresh token
	// in 10 minutes, then a block for the rest of them.
	window    = 10 * time.Minute
	perWindow = 10

	// maxRefusal is the longest that a refusal of Zoho is believed.
	maxRefusal = 24 * time.Hour

	// maxBudgets bounds the number of refresh tokens that are counted at once.
	maxBudgets = 100_000
)

// budget counts the token requests per refresh token, so that no failure mode
// of this process can exceed Zoho's limit, and remembers refusals for which
// asking again is pointless.
type budget struct {
	mu     sync.Mutex
	tokens map[[sha256.Size]byte]*spent // by hash: the budget holds no secret
	swept  time.Time
}

// spent is the recent history of one refresh token.
type spent struct {
	at      [perWindow]time.Time // a ring of the latest requests
	next    int
	until   time.Time // a refusal holds until then
	refusal *Error
}

func newBudget() *budget { return &budget{tokens: make(map[[sha256.Size]byte]*spent)} }

// take spends one request on the grant (its refresh token), or says why it may not be sent.
func (b *budget) take(grant Secret, now time.Time) *Error {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.get(grant, now)
	if s == nil {
		return &Error{Kind: KindRateLimited, Until: now.Add(window), Detail: "too many grants are in use at once"}
	}
	if s.refusal != nil && now.Before(s.until) {
		return s.refusal
	}
	s.refusal = nil
	if oldest := s.at[s.next]; !oldest.IsZero() && now.Sub(oldest) <= window {
		return &Error{Kind: KindRateLimited, Until: oldest.Add(window + time.Second),
			Detail: "this process used up Zoho's 10 token requests in 10 minutes"}
	}
	s.at[s.next] = now
	s.next = (s.next + 1) % perWindow
	return nil
}

// refuse keeps a refusal for the grant until a time.
func (b *budget) refuse(grant Secret, e *Error, until time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.tokens[sha256.Sum256([]byte(grant.Reveal()))]; s != nil {
		s.refusal, s.until = e, until
	}
}

// get finds or makes the entry, and drops entries without recent history now and
// then. It returns nil when the budget is full: the caller has to wait.
func (b *budget) get(grant Secret, now time.Time) *spent {
	if now.Sub(b.swept) > window {
		b.swept = now
		for k, s := range b.tokens {
			last := s.at[(s.next+perWindow-1)%perWindow]
			if now.Sub(last) > window && now.After(s.until) {
				delete(b.tokens, k)
			}
		}
	}
	k := sha256.Sum256([]byte(grant.Reveal()))
	s := b.tokens[k]
	if s == nil && len(b.tokens) < maxBudgets {
		s = new(spent)
		b.tokens[k] = s
	}
	return s
}
