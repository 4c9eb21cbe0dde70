package httpx

import "sync/atomic"

// Prices of repetitions in tokens.
const (
	budgetSize   = 500
	priceRetry   = 5
	priceTimeout = 10
)

// budget counts the tokens that a [Client] has left. The zero value is full.
type budget struct{ spent atomic.Int64 }

// take spends price tokens if that many are left.
func (b *budget) take(price int64) bool {
	for {
		spent := b.spent.Load()
		if spent+price > budgetSize {
			return false
		}
		if b.spent.CompareAndSwap(spent, spent+price) {
			return true
		}
	}
}

// give returns one token, up to a full budget.
func (b *budget) give() {
	for {
		spent := b.spent.Load()
		if spent == 0 || b.spent.CompareAndSwap(spent, spent-1) {
			return
		}
	}
}
