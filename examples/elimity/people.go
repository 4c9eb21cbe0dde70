package main

import (
	"net/http"
	"strconv"

	theirs "github.com/elimity-com/scim"
	"github.com/elimity-com/scim/errors"
	"github.com/elimity-com/scim/optional"
)

// people is a resource handler as a service has it that was written for
// elimity's server. It knows nothing of this module.
type people struct {
	rows map[string]theirs.ResourceAttributes
	last int
}

func (p *people) person(id string) (theirs.Resource, error) {
	row, ok := p.rows[id]
	if !ok {
		return theirs.Resource{}, errors.ScimErrorResourceNotFound(id)
	}
	out := theirs.Resource{ID: id, Attributes: row}
	if external, ok := row["externalId"].(string); ok {
		out.ExternalID = optional.NewString(external)
	}
	return out, nil
}

func (p *people) Create(_ *http.Request, in theirs.ResourceAttributes) (theirs.Resource, error) {
	p.last++
	id := strconv.Itoa(p.last)
	p.rows[id] = in
	return p.person(id)
}

func (p *people) Get(_ *http.Request, id string) (theirs.Resource, error) { return p.person(id) }

func (p *people) GetAll(_ *http.Request, params theirs.ListRequestParams) (theirs.Page, error) {
	page := theirs.Page{TotalResults: len(p.rows)}
	for id := range p.rows {
		if len(page.Resources) < params.Count {
			person, _ := p.person(id) // it is there
			page.Resources = append(page.Resources, person)
		}
	}
	return page, nil
}

func (p *people) Replace(_ *http.Request, id string, in theirs.ResourceAttributes) (theirs.Resource, error) {
	if _, err := p.person(id); err != nil {
		return theirs.Resource{}, err
	}
	p.rows[id] = in
	return p.person(id)
}

func (p *people) Delete(_ *http.Request, id string) error {
	if _, err := p.person(id); err != nil {
		return err
	}
	delete(p.rows, id)
	return nil
}

func (p *people) Patch(_ *http.Request, id string, ops []theirs.PatchOperation) (theirs.Resource, error) {
	for _, op := range ops {
		if op.Path != nil {
			p.rows[id][op.Path.String()] = op.Value
		}
	}
	return p.person(id)
}
