package mapping

import (
	"strconv"
	"strings"

	"github.com/zohoscim/zohoscim/scim"
)

// suggestion returns `; did you mean "x"?` for the name that is nearest to
// one that is wrong, or "" if none is near.
func suggestion(wrong string, names []string) string {
	wrong = strings.ToLower(wrong)
	best, least := "", 1+max(1, (len(wrong)+1)/3)
	for _, name := range names {
		if d := distance(wrong, strings.ToLower(name), least); d < least {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + strconv.Quote(best) + "?"
}

// distance returns the Levenshtein distance of two texts, or limit if it is
// not less.
func distance(a, b string, limit int) int {
	if max(len(a)-len(b), len(b)-len(a)) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// attributeNames returns the paths of everything a rule could have as its
// target.
func attributeNames(t *scim.ResourceType) []string {
	names := []string{"externalId"}
	add := func(prefix string, list []*scim.Attribute) {
		for _, a := range list {
			names = append(names, prefix+a.Name)
			for _, sub := range a.SubAttributes {
				names = append(names, prefix+a.Name+"."+sub.Name)
			}
		}
	}
	add("", t.Schema().Attributes)
	for _, x := range t.Extensions() {
		add(x.Schema.ID+":", x.Schema.Attributes)
	}
	return names
}
