//go:build race

package zohoauth_test

// raceEnabled tells tests that measure time that the race detector is on.
const raceEnabled = true
