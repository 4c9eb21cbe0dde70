package directory

import (
	"crypto/rand"
	"math/big"

	"github.com/zohoscim/zohoscim/scim"
)

// The characters of one-time passwords, without those that look like others.
// A password has one of each class.
const (
	lowerCase = "abcdefghijkmnpqrstuvwxyz"
	upperCase = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	digits    = "23456789"
	signs     = "-_.!"
	allSigns  = lowerCase + upperCase + digits + signs
)

// newPassword returns a one-time password of n characters.
func newPassword(n int) scim.Secret {
	out := make([]byte, n)
	for i, class := range []string{lowerCase, upperCase, digits, signs} {
		out[i] = pick(class)
	}
	for i := 4; i < n; i++ {
		out[i] = pick(allSigns)
	}
	for i := n - 1; i > 0; i-- { // where each class is, is not known either
		j := below(i + 1)
		out[i], out[j] = out[j], out[i]
	}
	return scim.NewSecret(string(out))
}

func pick(class string) byte { return class[below(len(class))] }

// below returns a random number from 0 to n-1.
func below(n int) int {
	i, _ := rand.Int(rand.Reader, big.NewInt(int64(n))) // never fails: crypto/rand ends the program instead
	return int(i.Int64())
}
