package scim

import (
	"context"
	"net/http"
	"slices"

	"github.com/go-json-experiment/json"
)

// ServiceProviderConfig asks the service provider what it supports (RFC 7644
// section 4). Members that RFC 7643 section 5 does not have are ignored.
func (c *Client) ServiceProviderConfig(ctx context.Context) (*ServiceProviderConfig, error) {
	req := &clientRequest{method: http.MethodGet, path: "/ServiceProviderConfig"}
	resp, err := c.do(ctx, req)
	if err != nil {
		return nil, err
	}
	body, err := clientRead(resp, req)
	if err != nil {
		return nil, err
	}
	var config ServiceProviderConfig
	err = json.Unmarshal(body, &config, json.MatchCaseInsensitiveNames(true))
	named := slices.ContainsFunc(config.Schemas, func(s string) bool { return foldASCII(s) == foldASCII(schemaConfig) })
	says := config.Patch.Supported || config.Filter.Supported || len(config.AuthenticationSchemes) > 0
	if err != nil || !named && (len(config.Schemas) > 0 || !says) {
		// The text of err could quote the answer.
		return nil, clientUnusable(resp, req, "it is not in the form of RFC 7643 section 5", nil)
	}
	return &config, nil
}
