package httpx

import (
	"fmt"
	"io"
)

// limitedBody is a response body that fails where a longer one than allowed goes
// on, instead of ending as if it were complete.
type limitedBody struct {
	io.ReadCloser
	left int64
	max  int64 // what left started with
	call *call
	over bool
}

// Read implements [io.Reader].
func (b *limitedBody) Read(p []byte) (int, error) {
	if b.over {
		return 0, b.error()
	}
	if int64(len(p))-1 > b.left { // one more byte shows whether there is one
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if int64(n) > b.left {
		n, err, b.over = int(b.left), b.error(), true
	}
	b.left -= int64(n)
	return n, err
}

// error returns what the byte after the last allowed one gives.
func (b *limitedBody) error() error {
	return b.call.error(KindTooLarge, fmt.Errorf("the answer is longer than %d bytes: ask for less, or raise MaxResponseBytes", b.max))
}
