package zohoauth

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/zohoscim/zohoscim/datacenter"
)

// User is who consented.
type User struct {
	ID          string // Zoho's number for the account (ZUID)
	Email       string
	DisplayName string
	FirstName   string
	LastName    string
}

// wireUser is the answer of the user endpoint.
type wireUser struct {
	ZUID        jsontext.Value `json:"ZUID"`
	Email       *string        `json:"Email"`
	DisplayName *string        `json:"Display_Name"`
	FirstName   *string        `json:"First_Name"`
	LastName    *string        `json:"Last_Name"`
	Error       *string        `json:"error"`
}

// User asks Zoho whose grant t is. The access token needs the scope
// AaaServer.profile.READ beside those of the work, so put it into
// ConfigOptions.Scopes; without it Zoho refuses ([ErrRefused]).
func (c *Config) User(ctx context.Context, t *Token) (*User, error) {
	const op = "info"
	if t.AccessToken.IsZero() {
		return nil, &Error{Kind: KindConfig, Op: op, DC: t.DC, Detail: "the token is empty"}
	}
	r, bad := c.request(ctx, t.DC, http.MethodGet, userPath, nil,
		http.Header{"Authorization": {"Zoho-oauthtoken " + t.AccessToken.Reveal()}})
	if bad != nil {
		return nil, c.done(ctx, op, t.DC, bad)
	}
	var w wireUser
	err := json.Unmarshal(r.body, &w)
	switch {
	case err == nil && str(w.Error) != "":
		bad = r.limited(refusal(r.status, *w.Error, ""))
	case r.status == http.StatusUnauthorized, r.status == http.StatusForbidden:
		bad = &Error{Kind: KindRefused, Status: r.status, Detail: "the access token has ended, or lacks the scope AaaServer.profile.READ"}
	case err != nil, r.status != http.StatusOK, len(w.ZUID) == 0, w.ZUID.Kind() != '0' && w.ZUID.Kind() != '"':
		bad = r.limited(unreadable(r.status, r.body))
	}
	if bad != nil {
		return nil, c.done(ctx, op, t.DC, bad)
	}
	return &User{
		ID: strings.Trim(string(w.ZUID), `"`), Email: str(w.Email), DisplayName: str(w.DisplayName),
		FirstName: str(w.FirstName), LastName: str(w.LastName),
	}, c.done(ctx, op, t.DC, nil)
}

// ServerInfo is what an accounts server says about Zoho's data centers.
type ServerInfo struct {
	Agreed  []datacenter.DC // as in this Config
	Differs []datacenter.DC // with another accounts server than in this Config
	Unknown []string        // codes that this Config does not have, such as "inec"
}

// ServerInfo asks the accounts server of dc which data centers there are, to
// compare: a monitor may warn of what it finds. It changes nothing, and no host
// that it names is ever used; a new data center is added with
// ConfigOptions.Custom. No document shows the answer's form, so what cannot be
// read in it is passed over.
func (c *Config) ServerInfo(ctx context.Context, dc datacenter.DC) (*ServerInfo, error) {
	const op = "info"
	r, bad := c.request(ctx, dc, http.MethodGet, serverInfoPath, nil, nil)
	if bad != nil {
		return nil, c.done(ctx, op, dc, bad)
	}
	var w struct {
		Locations map[string]jsontext.Value `json:"locations"`
	}
	if err := json.Unmarshal(r.body, &w); err != nil || r.status != http.StatusOK || len(w.Locations) == 0 {
		return nil, c.done(ctx, op, dc, r.limited(unreadable(r.status, r.body)))
	}
	info := new(ServerInfo)
	for code, v := range w.Locations {
		var server string
		if json.Unmarshal(v, &server) != nil || cleanCode(code) == "" || len(code) > 16 {
			continue
		}
		at := datacenter.DC(strings.ToLower(code))
		switch want := c.endpoints(at).Accounts; {
		case want == "":
			info.Unknown = append(info.Unknown, string(at))
		case sameURL(want, server):
			info.Agreed = append(info.Agreed, at)
		default:
			info.Differs = append(info.Differs, at)
		}
	}
	slices.Sort(info.Agreed)
	slices.Sort(info.Differs)
	slices.Sort(info.Unknown)
	return info, c.done(ctx, op, dc, nil)
}
