package scim_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/zohoscim/zohoscim/examples/benchreport/subject"
	"github.com/zohoscim/zohoscim/scim"
)

// loaded returns a subject with 10,000 users, or with a group.
func loaded(b *testing.B, name string, members int) *subject.Subject {
	b.Helper()
	s, err := subject.New(name)
	if err != nil {
		b.Fatal(err)
	}
	users := 10_000
	if members > 0 {
		users = 0
	}
	if err := s.Load(users, members); err != nil {
		b.Fatal(err)
	}
	return s
}

// BenchmarkServer compares the server with the same operations of others, by
// a recorder. "go run ./examples/benchreport" makes a table of it.
func BenchmarkServer(b *testing.B) {
	for _, op := range subject.Operations() {
		b.Run(op.Name, func(b *testing.B) {
			for _, name := range subject.Names() {
				if name != op.Without {
					b.Run(name, func(b *testing.B) { runOperation(b, &op, loaded(b, name, op.Members)) })
				}
			}
		})
	}
}

// BenchmarkMembers adds one member to groups of several sizes.
func BenchmarkMembers(b *testing.B) {
	for _, op := range subject.Operations() {
		if op.Name != "PatchAddMember10000" {
			continue
		}
		for _, size := range []int{10, 1000, 10_000, 100_000} {
			b.Run(fmt.Sprint(size), func(b *testing.B) { runOperation(b, &op, loaded(b, "zohoscim", size)) })
		}
	}
}

func runOperation(b *testing.B, op *subject.Operation, s *subject.Subject) {
	b.ReportAllocs()
	var do, undo []subject.Request
	for i := 0; b.Loop(); i++ {
		if i%subject.Chunk == 0 {
			b.StopTimer()
			sendAll(b, s, undo)
			do, undo = op.Chunk(s, i)
			b.StartTimer()
		}
		w, err := s.Do(&do[i%subject.Chunk])
		if err != nil || w.Code != op.Status && s.Name != "harness" {
			b.Fatalf("%v, status %d: %.300s", err, w.Code, w.Body)
		}
	}
}

func sendAll(b *testing.B, s *subject.Subject, requests []subject.Request) {
	for i := range requests {
		if _, err := s.Do(&requests[i]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkServerHTTP is BenchmarkServer over loopback with connections that
// are kept.
func BenchmarkServerHTTP(b *testing.B) {
	for _, op := range subject.Operations() {
		if op.Members > 0 {
			continue
		}
		b.Run(op.Name, func(b *testing.B) {
			for _, name := range subject.Names() {
				if name != op.Without {
					b.Run(name, func(b *testing.B) { runHTTP(b, &op, loaded(b, name, 0)) })
				}
			}
		})
	}
}

func runHTTP(b *testing.B, op *subject.Operation, s *subject.Subject) {
	server := httptest.NewServer(s.Handler)
	defer server.Close()
	client := server.Client()
	b.ReportAllocs()
	var do []subject.Request
	for i := 0; b.Loop(); i++ {
		if i%subject.Chunk == 0 {
			b.StopTimer()
			do, _ = op.Chunk(s, i)
			b.StartTimer()
		}
		if err := roundTrip(client, server.URL, &do[i%subject.Chunk]); err != nil {
			b.Fatal(err)
		}
	}
}

func roundTrip(client *http.Client, base string, r *subject.Request) error {
	req, err := r.HTTP(base)
	if err != nil {
		return err
	}
	answer, err := client.Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("status %d", answer.StatusCode)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}

// BenchmarkDecode reads and validates one user.
func BenchmarkDecode(b *testing.B) {
	body := []byte(subject.UserJSON(1, "Engineer"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := scim.DecodeResource(scim.UserType(), body); err != nil {
			b.Fatal(err)
		}
	}
}
