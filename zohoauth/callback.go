package zohoauth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/url"
	"time"

	"github.com/zohoscim/zohoscim/datacenter"
)

// The parameters of Zoho's callback.
const (
	paramState    = "state"
	paramError    = "error"
	paramCode     = "code"
	paramLocation = "location"
	paramServer   = "accounts-server"
	paramIssuer   = "iss" // RFC 9207; Zoho is not known to send it
)

// maxParam bounds a parameter of the callback, in bytes.
const maxParam = 4096

// HandleCallback finishes a consent that [Flow.Start] began without a Session:
// it checks the parameters of Zoho's redirect and exchanges the code. The query
// is what [http.Request.URL] has, from url.ParseQuery.
//
// The order is part of the promise. First the state, which is used up whatever
// comes after it ([ErrState]); then the shape ([ErrCallback]) and Zoho's own
// error ([ErrAccessDenied]); then the data center: location and accounts-server
// must be of the table and agree ([ErrForeignHost], [ErrWrongDataCenter]). Until
// then nothing is sent anywhere. Last the exchange, with the errors of
// [Config.Exchange]; a failed one cannot be repeated, because a code works once.
//
// A callback with neither location nor accounts-server, as a client of one data
// center may get, is for the data center where the flow started; a flow with
// AnyDC refuses it.
func (f *Flow) HandleCallback(ctx context.Context, query url.Values) (*Token, error) {
	return f.HandleSessionCallback(ctx, "", query)
}

// HandleSessionCallback is [Flow.HandleCallback] for a flow that was started
// with StartOptions.Session. Another session is [ErrState].
func (f *Flow) HandleSessionCallback(ctx context.Context, session string, query url.Values) (*Token, error) {
	p, err := f.takePending(session, query)
	if err != nil {
		return nil, err
	}
	code, err := readCode(query)
	if err != nil {
		return nil, err
	}
	dc, err := f.cfg.readDC(query, p)
	if err != nil {
		return nil, err
	}
	return f.cfg.Exchange(ctx, dc, NewSecret(code), p.verifier)
}

// takePending uses the state up.
func (f *Flow) takePending(session string, query url.Values) (*pending, error) {
	bad := func(detail string) (*pending, error) {
		return nil, &Error{Kind: KindState, Op: "callback", Detail: detail}
	}
	states := query[paramState]
	if len(states) != 1 || states[0] == "" {
		// Several states may hide a good one: none may be used later.
		for _, s := range states {
			f.pending.take(s, time.Now())
		}
		return bad("there has to be one state: start the consent again")
	}
	p := f.pending.take(states[0], time.Now())
	if p == nil {
		return bad("start the consent again")
	}
	got := sha256.Sum256([]byte(session))
	if subtle.ConstantTimeCompare(got[:], p.session[:]) != 1 {
		return bad("it was started in another session")
	}
	return p, nil
}

// readCode returns the authorization code, or the error that came instead.
func readCode(query url.Values) (string, error) {
	bad := func(detail string) (string, error) {
		return "", &Error{Kind: KindCallback, Op: "callback", Detail: detail}
	}
	for name, v := range query {
		if len(v) == 1 && len(v[0]) <= maxParam {
			continue
		}
		if cleanCode(name) == "" {
			name = "(unprintable)"
		}
		return bad("parameter " + name + " is doubled, empty or too long")
	}
	if query.Has(paramError) {
		e := &Error{Kind: KindRefused, Op: "callback", Code: cleanCode(query.Get(paramError))}
		if e.Code == "access_denied" {
			e.Kind = KindAccessDenied
		}
		return "", e
	}
	code := query.Get(paramCode)
	if code == "" || !printable(code) {
		return bad("there is no usable code")
	}
	return code, nil
}

// readDC returns the data center that the callback names, if the consent may end
// there. RFC 9700 section 4.4.2: the answer must not choose who gets the code
// and the client secret beyond what was agreed on at the start.
func (c *Config) readDC(query url.Values, p *pending) (datacenter.DC, error) {
	location, server := query.Get(paramLocation), query.Get(paramServer)
	dc := p.start
	if query.Has(paramLocation) || query.Has(paramServer) {
		var err *Error
		if dc, err = c.namedDC(location, server, query); err != nil {
			err.Op = "callback"
			return "", err
		}
	} else if p.any {
		return "", &Error{Kind: KindCallback, Op: "callback",
			Detail: "neither location nor accounts-server: start the consent in the user's data center without AnyDC"}
	}
	if iss := query.Get(paramIssuer); query.Has(paramIssuer) && !sameURL(iss, c.endpoints(dc).Accounts) {
		return "", &Error{Kind: KindForeignHost, Op: "callback", Detail: "iss is not the accounts server of " + show(dc)}
	}
	if err := p.allows(dc); err != nil {
		err.Op = "callback"
		return "", err
	}
	return dc, nil
}

// namedDC reads location and accounts-server, which have to agree if both are
// there.
func (c *Config) namedDC(location, server string, query url.Values) (datacenter.DC, *Error) {
	dc := datacenter.DC(location)
	if query.Has(paramLocation) && (location == "" || c.endpoints(dc).Accounts == "") {
		return "", &Error{Kind: KindWrongDataCenter,
			Detail: "location " + show(dc) + " is not known: add its hosts with ConfigOptions.Custom"}
	}
	if !query.Has(paramServer) {
		return dc, nil
	}
	at, err := c.accountsServer(server)
	switch {
	case err != nil:
		return "", &Error{Kind: KindForeignHost, Detail: paramServer, Err: err}
	case query.Has(paramLocation) && at != dc:
		return "", &Error{Kind: KindWrongDataCenter, DC: dc,
			Detail: "location says " + show(dc) + ", accounts-server is in " + show(at)}
	}
	return at, nil
}

// allows reports an end in dc that the start did not agree on.
func (p *pending) allows(dc datacenter.DC) *Error {
	e := &Error{Kind: KindWrongDataCenter, DC: dc}
	china := dc == datacenter.CN || p.start == datacenter.CN
	switch {
	case dc == p.start:
		return nil
	case china:
		e.Detail = "China's data center stands alone: start there for a user of " + string(datacenter.CN) + ", and elsewhere for all others"
	case !p.any:
		e.Detail = "consent started in " + show(p.start) + ", the user is in " + show(dc) + ": start there, or allow AnyDC"
	default:
		return nil
	}
	return e
}
