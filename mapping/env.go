package mapping

import (
	"io"
	"time"
)

// Env is what expressions may use beside the record. The package itself has
// no clock and no source of random numbers, so that the same mapping, record
// and Env always give the same resource.
type Env struct {
	// Now is the time that the function Now gives. The zero value means that
	// there is none, and an expression with Now is [ErrEnv].
	Now time.Time

	// Rand is read by Guid and RandomString, such as crypto/rand.Reader. It
	// must be safe for concurrent use if the Compiled is used so. Nil means
	// that there is none, and an expression with one of them is [ErrEnv].
	Rand io.Reader
}

// WithEnv returns the mapping for evaluation with a time and random numbers;
// c itself does not change. It is cheap: a provisioning cycle calls it once,
// so that all of its objects see one time.
func (c *Compiled) WithEnv(env Env) *Compiled {
	out := *c
	out.env = &env
	return &out
}

func (in input) now() (time.Time, *Error) {
	if in.env == nil || in.env.Now.IsZero() {
		return time.Time{}, &Error{Kind: KindEnv, Detail: "the expression needs the time; give Env.Now to Compiled.WithEnv"}
	}
	return in.env.Now.UTC(), nil
}

// random fills b with random bytes.
func (in input) random(b []byte) *Error {
	if in.env == nil || in.env.Rand == nil {
		return &Error{Kind: KindEnv, Detail: "the expression needs random numbers; give Env.Rand to Compiled.WithEnv"}
	}
	if _, err := io.ReadFull(in.env.Rand, b); err != nil {
		return &Error{Kind: KindEnv, Detail: "the source of random numbers failed", cause: err}
	}
	return nil
}
