package scim

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// bulkBomb is a bulk request of n operations that could cost more than it
// weighs.
type bulkBomb struct {
	reason string
	body   func(n int) string
	want   string // the status of each operation
}

func bulkBombs() []bulkBomb {
	each := func(n int, op func(i int) string) string {
		ops := make([]string, n)
		for i := range ops {
			ops[i] = op(i)
		}
		return bulkBody(ops...)
	}
	group := func(i int, members ...string) string {
		return makeGroup(fmt.Sprintf("g%d", i), members...)
	}
	pad := func(op string) string { // to 1 KB
		if len(op) >= 1000 {
			return op
		}
		return strings.TrimSuffix(op, "}}") + `,"x":"` + strings.Repeat("x", 1000-len(op)-8) + `"}}`
	}
	return []bulkBomb{
		{"operations of 1 KB", func(n int) string {
			return each(n, func(i int) string { return pad(makeUser(fmt.Sprintf("u%d", i), "")) })
		}, "201"},
		{"operations of 1 KB that fail", func(n int) string {
			return each(n, func(i int) string { return pad(makeUser(fmt.Sprintf("u%d", i), `,"active":"x"`)) })
		}, "400"},
		{"a chain forwards", func(n int) string {
			return each(n, func(i int) string { return group(i, fmt.Sprintf("bulkId:g%d", min(i+1, n-1))) })
		}, "201"},
		{"a chain backwards", func(n int) string {
			return each(n, func(i int) string { return group(i, fmt.Sprintf("bulkId:g%d", max(i-1, 0))) })
		}, "201"},
		{"a circle", func(n int) string {
			return each(n, func(i int) string { return group(i, fmt.Sprintf("bulkId:g%d", (i+1)%n)) })
		}, "201"},
		{"a circle whose last one fails", func(n int) string {
			return each(n, func(i int) string {
				if i == n-1 {
					return makeUser(fmt.Sprintf("g%d", i), `,"active":"x","`+entURN+`":{"manager":{"value":"bulkId:g0"}}`)
				}
				return group(i, fmt.Sprintf("bulkId:g%d", i+1))
			})
		}, "4.."},
		{"circles within circles", func(n int) string {
			return each(n, func(i int) string {
				return group(i, fmt.Sprintf("bulkId:g%d", (i+1)%n), fmt.Sprintf("bulkId:g%d", i/2), "bulkId:g0", fmt.Sprintf("bulkId:g%d", n-1-i))
			})
		}, "201"},
		{"a reference over and over", func(n int) string {
			return each(n, func(i int) string { return group(i, strings.Split(times(20, "bulkId:g0", " "), " ")...) })
		}, "201"},
		{"escapes", func(n int) string {
			return each(n, func(i int) string {
				return makeUser(fmt.Sprintf("u%d", i), `,"title":"`+strings.Repeat(`\u0041`, 60)+`"`)
			})
		}, "201"},
	}
}

// TestBulkBombs: a bulk request costs what it weighs. Its memory and its calls
// of the store grow with the number of operations and no faster, up to 1,000
// operations of 1 KB and circles of 500.
func TestBulkBombs(t *testing.T) {
	for _, bomb := range bulkBombs() {
		var last, lastCalls uint64
		for _, n := range []int{125, 250, 500, 1000} {
			body := bomb.body(n)
			if len(body) > 1<<20 {
				t.Fatalf("%s: %d bytes", bomb.reason, len(body))
			}
			var store *countingStore
			answer := ""
			cost := allocated(func() {
				store = &countingStore{Store: NewMemoryStore()}
				s, err := NewServer(store, staticTokens(t, testToken, noExpiry), nil)
				if err != nil {
					t.Fatal(err)
				}
				w := serve(s, testToken, exchange{method: "POST", target: "/Bulk", body: body})
				if answer = w.Body.String(); w.Code != 200 {
					t.Fatalf("%s: %d %.300s", bomb.reason, w.Code, answer)
				}
			})
			if got := len(regexp.MustCompile(`"status":"`+bomb.want+`"(}|,"response")`).FindAllString(answer, -1)); got != n {
				t.Errorf("%s: %d of %d operations are answered with %s: %.600s", bomb.reason, got, n, bomb.want, answer)
			}
			calls := uint64(store.calls)
			if last > 0 && (cost > 5*last/2 || calls > 2*lastCalls+2) {
				t.Errorf("%s: %d operations cost %d bytes and %d calls, half of them %d and %d", bomb.reason, n, cost, calls, last, lastCalls)
			}
			if n == 1000 {
				t.Logf("%s: %d KiB take %d KiB and %d calls of the store", bomb.reason, len(body)>>10, cost>>10, calls)
			}
			last, lastCalls = cost, calls
		}
	}
}

var singlePath = regexp.MustCompile(`^/(Users|Groups)(/[^/%?#:]+)?$`)

// FuzzBulk: a bulk request without references does what its operations do as
// requests of their own, and one that is refused does nothing.
func FuzzBulk(f *testing.F) {
	patch := func(ops string) string {
		return `{"method":"PATCH","path":"/Users/ID","version":"W/\"1\"","data":` + patchBody(ops) + `}`
	}
	for _, seed := range decodeSeeds {
		f.Add(bulkBody(`{"method":"POST","path":"/Users","bulkId":"a","data":`+seed+`}`, makeUser("b", "")))
	}
	for _, seed := range patchSeeds {
		f.Add(bulkBody(patch(seed), patch(seed), `{"method":"DELETE","path":"/Users/ID"}`))
	}
	f.Add(bulkBody(makeGroup("a", "bulkId:b"), makeGroup("b", "bulkId:a"), makeUser("c", `,"`+entURN+`":{"manager":{"$ref":"../Users/bulkId:d"}}`), makeUser("d", "")))
	f.Add(`{"failOnErrors":1,"Operations":[{"method":"PUT","path":"/Groups/x","data":{}},` + makeUser("c", "") + `]}`)
	f.Add(bulkBody(`{"method":"PATCH","path":"/Groups/bulkId:g","data":{"Operations":[{"op":"remove","path":"members[value eq \"bulkId:\\\"\"]"}]}}`, makeGroup("g"), makeUser(`\"`, "")))
	f.Fuzz(func(t *testing.T, body string) {
		together, id := fuzzServer(t)
		apart, twin := fuzzServer(t)
		w := ask(together, "POST", "/Bulk", strings.ReplaceAll(body, "ID", id))
		if fault := badAnswer("POST", w); fault != "" || w.Body.Len() > 2000+700*strings.Count(body, "{")+7*len(body) {
			t.Fatalf("%s: %q: %d %.2000s", fault, body, w.Code, w.Body)
		}
		for _, list := range []string{"/Users", "/Groups"} {
			if kept := ask(together, "GET", list, ""); kept.Code != 200 || !jsontext.Value(kept.Body.Bytes()).IsValid() {
				t.Fatalf("%q left %d %s", body, kept.Code, kept.Body)
			}
		}
		if w.Code != 200 {
			if rest := ask(together, "GET", "/", ""); !strings.Contains(rest.Body.String(), `"totalResults":1,`) {
				t.Fatalf("%q is answered with %d and was done", body, w.Code)
			}
			return
		}
		compareBulk(t, apart, strings.ReplaceAll(body, "ID", twin), w.Body.Bytes())
	})
}

// compareBulk sends the operations of a bulk request one by one to another
// server and compares the results.
func compareBulk(t *testing.T, s *Server, body string, answer []byte) {
	var results struct {
		Operations []struct {
			Status string `json:"status"`
		} `json:"Operations"`
	}
	if err := json.Unmarshal(answer, &results); err != nil {
		t.Fatal(err)
	}
	job := &bulkJob{call: &call{Server: s}, made: map[string]int{}}
	if err := job.read([]byte(body)); err != nil {
		t.Fatalf("%q was done and cannot be read: %v", body, err)
	}
	job.refer()
	for i := range job.ops {
		op := &job.ops[i]
		if len(op.refs) > 0 || op.err == nil && !singlePath.MatchString(op.path) {
			return
		}
	}
	for i, result := range results.Operations {
		op := &job.ops[i]
		if op.err != nil {
			if result.Status[0] != '4' {
				t.Errorf("%q: operation %d is answered with %s in spite of %v", body, i, result.Status, op.err)
			}
			continue
		}
		x := exchange{method: op.method, target: op.path, body: string(op.data), header: map[string][]string{}}
		if op.version != "" {
			x.header.Set("If-Match", op.version)
		}
		if got := serve(s, testToken, x); fmt.Sprint(got.Code) != result.Status {
			t.Errorf("%q: operation %d is answered with %s, alone with %d %s", body, i, result.Status, got.Code, got.Body)
		}
	}
}
