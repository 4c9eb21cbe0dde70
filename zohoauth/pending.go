package zohoauth

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/zohoscim/zohoscim/datacenter"
)

// pending is a consent that was started and not finished.
type pending struct {
	verifier Secret
	start    datacenter.DC     // where it started
	any      bool              // it may end in another data center
	session  [sha256.Size]byte // of the empty string: bound to none
	expires  time.Time

	key        [sha256.Size]byte
	prev, next *pending
}

// keeper holds pending consents: bounded, expiring, each taken once. They are
// found by the hash of their state, so that the time of a look-up says nothing
// about a state that is nearly right.
type keeper struct {
	max int
	ttl time.Duration

	mu             sync.Mutex
	byKey          map[[sha256.Size]byte]*pending
	oldest, newest *pending // a list in the order of expiry: all live equally long
}

func newKeeper(max int, ttl time.Duration) *keeper {
	return &keeper{max: max, ttl: ttl, byKey: make(map[[sha256.Size]byte]*pending)}
}

// put keeps p under state and returns when it expires.
func (k *keeper) put(state string, p *pending, now time.Time) time.Time {
	p.key, p.expires = sha256.Sum256([]byte(state)), now.Add(k.ttl)
	k.mu.Lock()
	defer k.mu.Unlock()
	for k.oldest != nil && (len(k.byKey) >= k.max || !now.Before(k.oldest.expires)) {
		k.remove(k.oldest)
	}
	k.byKey[p.key] = p
	if p.prev = k.newest; p.prev != nil {
		p.prev.next = p
	} else {
		k.oldest = p
	}
	k.newest = p
	return wall(p.expires)
}

// take removes and returns what is kept under state, nil if there is nothing or
// it has expired.
func (k *keeper) take(state string, now time.Time) *pending {
	key := sha256.Sum256([]byte(state))
	k.mu.Lock()
	defer k.mu.Unlock()
	p := k.byKey[key]
	if p == nil {
		return nil
	}
	k.remove(p)
	if !now.Before(p.expires) {
		return nil
	}
	return p
}

// remove forgets p.
func (k *keeper) remove(p *pending) {
	delete(k.byKey, p.key)
	if p.prev != nil {
		p.prev.next = p.next
	} else {
		k.oldest = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	} else {
		k.newest = p.prev
	}
	p.prev, p.next = nil, nil
}
