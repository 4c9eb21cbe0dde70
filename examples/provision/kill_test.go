package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zohoscim/zohoscim/scim"
)

var (
	kills     = flag.Int("kills", 1, "how often the program is killed")
	killUsers = flag.Int("killusers", 400, "users of the source; one group for every 50")
)

// build makes the program, to be run as a process that can be killed.
func (w *world) build() string {
	w.Helper()
	program := filepath.Join(w.dir, "provision")
	if out, err := exec.CommandContext(w.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		w.Fatalf("%v\n%s", err, out)
	}
	return program
}

// start starts one cycle in a process of its own.
func (w *world) start(program string) *exec.Cmd {
	w.Helper()
	cmd := exec.CommandContext(w.Context(), program, "-source", filepath.Join(w.dir, "all.json"), "-target", w.url, "-state", filepath.Join(w.dir, "state.db"), "-once")
	cmd.Env = append(os.Environ(), "SCIM_TOKEN="+token)
	if err := cmd.Start(); err != nil {
		w.Fatal(err)
	}
	w.victim.Store(cmd) // it does not write before that
	return cmd
}

// directoryJSON is a source whose titles are those of a round.
func directoryJSON(users, round int) string {
	var b strings.Builder
	b.WriteString(`{"users":[`)
	for i := range users {
		fmt.Fprintf(&b, `%s{"objectId":"u%d","userPrincipalName":"user%[2]d@example.com","mailNickname":"user%[2]d","jobTitle":"round %d","accountEnabled":true}`, comma(i), i, round)
	}
	b.WriteString(`],"groups":[`)
	for g := range users / 50 {
		fmt.Fprintf(&b, `%s{"objectId":"g%d","displayName":"Group %[2]d","mailNickname":"g%[2]d","members":[`, comma(g), g)
		for i := range 10 {
			fmt.Fprintf(&b, `%s"u%d"`, comma(i), g*50+i)
		}
		b.WriteString(`]}`)
	}
	return b.String() + `]}`
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}

// TestKilled kills the program at random instants of its cycles, with titles
// that change in each round. In the end nothing is lost, doubled or wrong. Each
// kill costs the time that its lease still has.
func TestKilled(t *testing.T) {
	w := newWorld(t)
	program := w.build()
	killed, round := 0, 0
	for tries := 0; killed < *kills && tries < 10**kills; tries++ {
		w.write("all.json", directoryJSON(*killUsers, round))
		w.killAt.Store(w.writes.Load() + 1 + rand.Int32N(int32(*killUsers)))
		if w.start(program).Wait() == nil {
			round++
			continue
		}
		killed++
	}
	if killed == 0 {
		t.Fatal("every cycle ended before it was killed")
	}
	w.killAt.Store(0)
	for range 2 { // what a killed cycle left for a look-up is settled by the next
		if err := w.start(program).Wait(); err != nil {
			t.Fatal(err)
		}
	}
	w.checkAll(*killUsers, round)
	writes := w.writes.Load()
	if err := w.start(program).Wait(); err != nil || w.writes.Load() != writes {
		t.Errorf("%v; the cycle after sends %d writes", err, w.writes.Load()-writes)
	}
	t.Logf("%d kills in %d rounds, %d users", killed, round+1, *killUsers)
}

// checkAll compares the service with the source.
func (w *world) checkAll(users, round int) {
	w.Helper()
	ids := map[string]string{}
	for u, err := range w.client.Users().All(w.Context(), nil) {
		if err != nil {
			w.Fatal(err)
		}
		if ids[u.UserName] != "" {
			w.Errorf("%s is there twice", u.UserName)
		}
		if ids[u.UserName] = u.ID; u.Title != fmt.Sprintf("round %d", round) {
			w.Errorf("%s has the title %q, want that of round %d", u.UserName, u.Title, round)
		}
	}
	groups := 0
	for g, err := range w.client.Groups().All(w.Context(), &scim.ListOptions{}) {
		if err != nil {
			w.Fatal(err)
		}
		if groups++; len(g.Members) != 10 {
			w.Errorf("%s has %d members", g.DisplayName, len(g.Members))
		}
	}
	if len(ids) != users || groups != users/50 {
		w.Errorf("%d users and %d groups, want %d and %d", len(ids), groups, users, users/50)
	}
}
