package scimtest

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/zohoscim/zohoscim/scim"
)

// complete fills in the store and its types.
func (o *ZohoOneOptions) complete() error {
	if !(o.RequestsPerSecond >= 0 && o.RequestsPerSecond <= 1e6) {
		return errors.New("scimtest: ZohoOneOptions.RequestsPerSecond is out of range")
	}
	if (o.Store == nil) != (o.Types == nil) {
		return errors.New("scimtest: ZohoOneOptions has Store or Types: give both, or none")
	}
	if o.Store != nil {
		return nil
	}
	user, err := galleryUser()
	if err != nil {
		return err
	}
	o.Store, o.Types = scim.NewMemoryStore(), []*scim.ResourceType{user, scim.GroupType()}
	return nil
}

// rate is a bucket that holds a second's requests.
type rate struct {
	perSecond float64
	tokens    float64
	at        time.Time
}

// take returns how long a request has to wait, 0 if it is let through.
func (z *ZohoOne) take() time.Duration {
	z.mu.Lock()
	defer z.mu.Unlock()
	r, now := &z.rate, time.Now()
	if r.perSecond == 0 {
		return 0
	}
	full := math.Max(1, r.perSecond)
	if r.at.IsZero() {
		r.tokens = full
	} else {
		r.tokens = math.Min(full, r.tokens+now.Sub(r.at).Seconds()*r.perSecond)
	}
	r.at = now
	if r.tokens < 1 {
		return time.Duration((1 - r.tokens) / r.perSecond * float64(time.Second))
	}
	r.tokens--
	return 0
}

// refuse429 refuses a request (RFC 6585 section 4) with the form of an error
// that RFC 7644 section 3.12 gives.
func refuse429(w http.ResponseWriter, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	w.Header().Set("Content-Type", "application/scim+json")
	w.WriteHeader(http.StatusTooManyRequests)
	fmt.Fprintf(w, `{"schemas":["%s"],"status":"429","detail":"too many requests"}`, errorMessage)
}
