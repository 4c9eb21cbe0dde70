package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"

	elimityfilter "github.com/elimity-com/scim/filter"
	elimityschema "github.com/elimity-com/scim/schema"
	filterparser "github.com/scim2/filter-parser/v2"

	"github.com/zohoscim/zohoscim/examples/benchreport/subject"
	"github.com/zohoscim/zohoscim/scim"
	"github.com/zohoscim/zohoscim/scim/filter"
)

// pair measures two things and prints a row: ours by the other is at most
// the target.
func (r *report) pair(title string, most float64, allocs bool, ours, other func() error) error {
	fmt.Fprintln(r.progress, title)
	samples, err := r.measure([]turn{r.timed(ours), r.timed(other)})
	if err != nil {
		return fmt.Errorf("%s: %w", title, err)
	}
	x := samples[0].ns / samples[1].ns
	limit := fmt.Sprintf("%.4g", most)
	pass := x <= most
	if allocs {
		limit += ", 0 allocations"
		pass = pass && samples[0].allocs < 0.01
	}
	r.row(pass, title, samples[0].String(), samples[1].String(), fmt.Sprintf("%.4f", x), limit)
	return nil
}

var errNoMatch = errors.New("the filter does not select what it should, or does")

// filters compares with the parser and the validator that elimity uses.
func (r *report) filters() error {
	if !r.wants("Filter") {
		return nil
	}
	r.heading("filter", "zohoscim", "scim2/filter-parser, elimity", "ratio", "at most", "")
	for _, text := range []string{
		`userName eq "hanako.yamada.0000001@example.com"`,
		`emails[type eq "work" and value co "example.com"] and active eq true`,
	} {
		theirs := func() error { _, err := filterparser.ParseFilter([]byte(text)); return err }
		if err := r.pair("parse `"+text+"`", 1.0/500, false, func() error { _, err := filter.Parse(text, nil); return err }, theirs); err != nil {
			return err
		}
		compile := func() error { _, err := scim.UserType().ParseFilter(text); return err }
		if err := r.pair("parse and compile the same", 1.0/200, false, compile, theirs); err != nil {
			return err
		}
		for i, what := range []string{"a miss", "a hit"} { // user 0 is active, user 1 is not
			if err := r.evaluate("evaluate it, "+what, text, 1-i, i == 1); err != nil {
				return err
			}
		}
	}
	return nil
}

// evaluate asks both about a user.
func (r *report) evaluate(title, text string, user int, hit bool) error {
	if user == 1 {
		user = 3 // neither of that name nor active
	}
	body := []byte(subject.UserJSON(user, "Engineer"))
	if hit {
		body = []byte(subject.UserJSON(1, "Engineer"))
		if text[0] == 'e' {
			body = []byte(subject.UserJSON(0, "Engineer"))
		}
	}
	compiled, err := scim.UserType().ParseFilter(text)
	if err != nil {
		return err
	}
	resource, err := scim.DecodeResource(scim.UserType(), body)
	if err != nil {
		return err
	}
	var attributes map[string]any
	if err := json.Unmarshal(body, &attributes); err != nil {
		return err
	}
	validator, err := elimityfilter.NewValidator(text, elimityschema.CoreUserSchema(), elimityschema.ExtensionEnterpriseUser())
	if err != nil {
		return err
	}
	return r.pair(title, 1.0/5, true, func() error {
		if compiled.Match(resource, nil) != hit {
			return errNoMatch
		}
		return nil
	}, func() error {
		if (validator.PassesFilter(attributes) == nil) != hit {
			return errNoMatch
		}
		return nil
	})
}

// parsing compares decoding and validating with decoding alone.
func (r *report) parsing() error {
	if !r.wants("Decode") {
		return nil
	}
	r.heading("resource", "zohoscim", "encoding/json", "ratio", "at most", "")
	body := []byte(subject.UserJSON(1, "Engineer"))
	return r.pair("decode and validate the user", 1, false,
		func() error { _, err := scim.DecodeResource(scim.UserType(), body); return err },
		func() error { var u subject.User; return json.Unmarshal(body, &u) })
}

// scan compares a filter that no index helps with decoding every user.
func (r *report) scan() error {
	if !r.wants("Scan") {
		return nil
	}
	const users = 100_000
	s, err := subject.New("zohoscim")
	if err != nil {
		return err
	}
	if err := s.Load(users, 0); err != nil {
		return err
	}
	bodies := make([][]byte, users)
	for i := range bodies {
		bodies[i] = []byte(subject.UserJSON(i, "Engineer"))
	}
	search := subject.Request{Method: "GET", Target: "/Users?filter=nickName+co+%22hana0099999%22"}
	r.heading("scan", "zohoscim", "encoding/json", "ratio", "at most", "")
	return r.pair("unindexed filter over 100,000 users", 1, false, func() error {
		w, err := s.Do(&search)
		if err == nil && w.Code != 200 {
			err = errNoMatch
		}
		return err
	}, func() error {
		for _, body := range bodies {
			var u subject.User
			if err := json.Unmarshal(body, &u); err != nil {
				return err
			}
		}
		return nil
	})
}

// memory compares the live heap of a store with the JSON in it.
func (r *report) memory() error {
	if !r.wants("Memory") {
		return nil
	}
	const users, most = 100_000, 2.5
	before := liveHeap()
	s, err := subject.New("zohoscim")
	if err != nil {
		return err
	}
	if err := s.Load(users, 0); err != nil {
		return err
	}
	ids := s.Users
	s.Users = nil
	after := liveHeap()
	stored := 0
	for i := 0; i < users; i += users / 100 {
		w, err := s.Do(&subject.Request{Method: "GET", Target: "/Users/" + ids[i]})
		if err != nil {
			return err
		}
		stored += w.Body.Len() * users / 100
	}
	r.heading("memory", "live heap", "JSON", "ratio", "at most", "")
	x := float64(after-before) / float64(stored)
	r.row(x <= most, "store of 100,000 users", fmt.Sprintf("%d MB", (after-before)>>20), fmt.Sprintf("%d MB", stored>>20), ratio(x), fmt.Sprint(most))
	runtime.KeepAlive(s)
	runtime.KeepAlive(ids) // not the store's: counted before as after
	return nil
}

func liveHeap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
