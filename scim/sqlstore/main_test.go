package sqlstore

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if setting := os.Getenv(childEnv); setting != "" {
		if err := child(setting); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(tests{m}, goleak.Cleanup(func(status int) {
		if builtServer.Load() {
			removeServer()
		}
		os.Exit(status)
	}))
}

type tests struct{ *testing.M }

func (m tests) Run() int {
	defer databases.drop()
	return m.M.Run()
}
