package scim

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Observer is told what a [Server] does, for metrics and traces. It learns
// nothing of persons: no id, no name, no value and no query. Both methods may
// be called concurrently and must return at once.
type Observer interface {
	// Start is called when something begins. What it returns is the context
	// of all that belongs to it, store calls and hooks too; it is made from
	// ctx.
	Start(ctx context.Context, a Activity) context.Context

	// End is called with that context when it ended, also by a panic.
	End(ctx context.Context, a Activity, o Outcome)
}

// Activity is something that a [Server] does: a request, or an operation of a
// bulk request within one.
type Activity struct {
	Action Action
	Type   string // name of the resource type; "" if there is none or are several
	InBulk bool   // an operation of a bulk request
}

// Action is the kind of an [Activity].
type Action string

// The actions. A request that is none of them, such as one to an endpoint
// that does not exist, is [ActionOther].
const (
	ActionCreate   Action = "create"
	ActionRead     Action = "read"
	ActionQuery    Action = "query"
	ActionReplace  Action = "replace"
	ActionPatch    Action = "patch"
	ActionDelete   Action = "delete"
	ActionBulk     Action = "bulk"
	ActionDiscover Action = "discover"
	ActionOther    Action = "other"
)

// Outcome is how an [Activity] ended.
type Outcome struct {
	Status   int           // of the answer, or of the operation's result
	Kind     Kind          // of the error, KindUnknown if there was none
	Duration time.Duration // until the answer was handed over to be sent
}

// statusWriter keeps the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements [http.ResponseWriter].
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for [http.ResponseController].
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// observes reports whether somebody wants to know what is done.
func (s *Server) observes(ctx context.Context) bool {
	return s.observer != nil || s.log.Enabled(ctx, slog.LevelDebug)
}

// observe begins the observation of a request, if it is of interest.
func (c *call) observe() func() {
	if !c.observes(c.r.Context()) {
		return func() {}
	}
	w := &statusWriter{ResponseWriter: c.w}
	c.w = w
	ctx, end := c.start(c.r.Context(), c.activity())
	c.r = c.r.WithContext(ctx)
	return func() { end(w.status, c.failed) }
}

// start says that something begins. The function that is returned says how
// it ended.
func (s *Server) start(ctx context.Context, a Activity) (context.Context, func(status int, kind Kind)) {
	if !s.observes(ctx) {
		return ctx, func(int, Kind) {}
	}
	begin := time.Now()
	if s.observer != nil {
		ctx = s.observer.Start(ctx, a)
	}
	return ctx, func(status int, kind Kind) {
		o := Outcome{status, kind, time.Since(begin)}
		s.log.DebugContext(ctx, "scim: done", "action", a.Action, "type", a.Type, "bulk", a.InBulk, "status", status, "duration", o.Duration)
		if s.observer != nil {
			s.observer.End(ctx, a, o)
		}
	}
}

// actions by method, of one resource or of an endpoint. It must not be changed.
var actions = map[string]Action{
	http.MethodGet: ActionRead, http.MethodHead: ActionRead, http.MethodPost: ActionCreate,
	http.MethodPut: ActionReplace, http.MethodPatch: ActionPatch, http.MethodDelete: ActionDelete,
}

// activity classifies a request by its method and path.
func (c *call) activity() Activity {
	a := Activity{Action: ActionOther}
	endpoint, id, _ := strings.Cut(strings.TrimPrefix(c.path, "/"), "/")
	action := actions[c.r.Method]
	for _, t := range c.types {
		if strings.EqualFold("/"+endpoint, t.endpoint) {
			a.Type = t.name
		}
	}
	switch folded := foldASCII(endpoint); {
	case folded == "me" && action != "":
		a.Action = action
	case folded == "bulk" && action == ActionCreate:
		a.Action = ActionBulk
	case (id == ".search" || c.path == "/.search") && action == ActionCreate:
		a.Action = ActionQuery
	case (id == "" && a.Type != "" || c.path == "") && action == ActionRead:
		a.Action = ActionQuery
	case a.Type != "" && action != "":
		a.Action = action
	case action == ActionRead && (c.discovery[foldASCII(c.path)] != nil || folded == "schemas" || folded == "resourcetypes"):
		a.Action = ActionDiscover
	}
	return a
}
