package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run(&out, io.Discard, nil); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "\n"); n != 3*len(steps()) {
		t.Errorf("%d lines:\n%s", n, out.String())
	}
	for _, line := range []string{" 201 ", " 409 ", " 204 ", " 404 "} {
		if strings.Count(out.String(), line) < 2 {
			t.Errorf("no %q from both:\n%s", line, out.String())
		}
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-x"}, {"more"}} {
		if err := run(io.Discard, io.Discard, args); !errors.Is(err, errUsage) {
			t.Errorf("%v: %v", args, err)
		}
	}
	if err := run(io.Discard, io.Discard, []string{"-h"}); !errors.Is(err, flag.ErrHelp) {
		t.Error(err)
	}
}
