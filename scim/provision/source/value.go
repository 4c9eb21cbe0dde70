package source

import (
	"errors"
	"strings"
)

// enabled is the attribute that decides whether a user is active.
const enabled = "accountEnabled"

// keys are the attributes that an object may be known by, the best one first.
func keys(given string) []string {
	if given != "" {
		return []string{given}
	}
	return []string{"objectId", "id", "employeeId", "userPrincipalName"}
}

var errNotTruth = errors.New("give true or false, yes or no, 1 or 0, or nothing")

// truth reads what a file has for a truth value.
func truth(text string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "yes", "1":
		return true, nil
	case "false", "no", "0":
		return false, nil
	}
	return false, errNotTruth
}
