//go:build !unix && !windows

package zohoauth

// busy reports whether err means that somebody has the file open.
func busy(error) bool { return false }
