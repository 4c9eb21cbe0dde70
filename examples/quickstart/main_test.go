package main

import (
	"context"
	"errors"
	"testing"
)

func TestQuickstart(t *testing.T) {
	if err := run(t.Context(), []string{"-users", "120"}); err != nil {
		t.Fatal(err)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, []string{"-users", "120"}); err == nil {
		t.Error("an interrupted walk did not fail")
	}
}

func TestCompareFindsDifferences(t *testing.T) {
	ctx := t.Context()
	w, err := newWorld(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	d := newDirectory(30)
	if err := w.walk(ctx, d); err != nil {
		t.Fatal(err)
	}
	d.moved = 0
	d.extra = 2 // a user that no cycle has seen
	if err := w.compare(ctx, d, w.job()); err == nil {
		t.Error("a missing user was not noticed")
	}
	d.extra = 1
	delete(d.changed, 11)
	if err := w.compare(ctx, d, w.job()); err == nil {
		t.Error("a wrong value was not noticed")
	}
}

func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{{"-users", "3"}, {"-users", "many"}, {"-user", "3"}, {"3"}} {
		if err := run(t.Context(), args); !errors.Is(err, errUsage) {
			t.Errorf("%v: got %v, want a usage error", args, err)
		}
	}
}
