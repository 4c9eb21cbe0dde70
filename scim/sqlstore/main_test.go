package sqlstore

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	status := m.Run()
	if builtServer.Load() {
		removeServer()
	}
	os.Exit(status)
}
