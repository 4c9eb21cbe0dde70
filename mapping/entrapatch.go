package mapping

import "github.com/zohoscim/zohoscim/scim"

// EntraPatch returns a patch as [scim.Patch.Entra] writes it, nil for nil.
func EntraPatch(p *scim.Patch) *scim.Patch {
	if p == nil {
		return nil
	}
	return p.Entra()
}
