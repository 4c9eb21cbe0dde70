package directory

import (
	"os"

	"github.com/go-json-experiment/json"
)

// Settings are what an administrator chooses for one connected source: the
// pages of Zoho One's set-up of a directory store. The zero value maps no
// fields but keeps userName, e-mail address and status, takes all users and
// groups, tells nobody, and deactivates what the source deactivates or deletes.
type Settings struct {
	// Attributes say what the fields of accounts are made of.
	Attributes []Attribute `json:"attributes,omitzero"`

	// CustomSchema is the URN of an extension of the User schema whose
	// attributes, all of them texts, are those that Attributes names as
	// custom. See [Directory.Types].
	CustomSchema string `json:"customSchema,omitzero"`

	// Criteria selects the users that get an account: attribute, relation and
	// value, joined by "and" and "or", as a filter of RFC 7644 section 3.4.2.2,
	// for example `userType eq "Employee" or department co "Sales"`. "" is all
	// users. Who is not selected is accepted, so that the source does not send
	// it as new each time, and has no account. Who is not selected any more
	// is treated as deactivated.
	Criteria string `json:"criteria,omitzero"`

	// Resources are what is synchronised; none named is both. Others
	// cannot be written and their lists are empty.
	Resources []Resource `json:"resources,omitzero"`

	PasswordNotification PasswordNotification `json:"passwordNotification,omitzero"`
	StatusSync           StatusSync           `json:"statusSync,omitzero"`

	// VerifiedDomains are the e-mail domains that the service knows to belong
	// to its customer. Each is itself only: "example.com" does not stand for
	// "mail.example.com". Letter case does not count, and internationalised
	// names may be given in either form.
	VerifiedDomains []string `json:"verifiedDomains,omitzero"`

	// Adopt says whether a new user of the source may be an account that is
	// there already: "" or [AdoptNone] never, [AdoptEmail] one with the same
	// e-mail address in one of VerifiedDomains. An adopted account keeps its
	// user name and e-mail address until the source changes them.
	Adopt Adopt `json:"adopt,omitzero"`

	// Protected are the user names and e-mail addresses of accounts that
	// provisioning never touches, such as the owners'.
	Protected []string `json:"protected,omitzero"`
}

// Attribute says what one field of an account is made of. Fixed wins over
// Profile and Custom.
type Attribute struct {
	Field   string `json:"field"`            // of the account
	Profile string `json:"profile,omitzero"` // attribute path of the User, such as `addresses[type eq "work"].formatted`
	Custom  string `json:"custom,omitzero"`  // attribute of CustomSchema; its letter case counts

	// Fixed is one value for all users, such as "本社". The source does not
	// change it. Nil is none.
	Fixed *string `json:"fixed,omitzero"`
}

// FixedValue returns an attribute with one value for all users.
func FixedValue(field, value string) Attribute { return Attribute{Field: field, Fixed: &value} }

// Resource is a kind of resource that is synchronised.
type Resource string

// The kinds of resources.
const (
	Users  Resource = "users"
	Groups Resource = "groups"
)

// Recipient is who gets the one-time password of a new account.
type Recipient string

// The recipients.
const (
	Nobody        Recipient = "nobody"
	User          Recipient = "user"          // by the e-mail address of the account
	Administrator Recipient = "administrator" // by [PasswordNotification.Administrator]
)

// PasswordNotification says who is told of a new account. Only users whose
// e-mail address is in one of [Settings.VerifiedDomains] are written about,
// whoever the recipient is; for others the activity log has the reason.
type PasswordNotification struct {
	To            Recipient `json:"to,omitzero"`            // "" is [Nobody]
	Administrator string    `json:"administrator,omitzero"` // e-mail address

	// Length of the one-time password in characters; 0 is 20, the least is 12.
	// It has an upper and a lower case letter, a digit and one of "-_.!", and no
	// character that looks like another.
	Length int `json:"length,omitzero"`
}

// Action is what is done to an account.
type Action string

// The actions.
const (
	Activate   Action = "activate"
	Deactivate Action = "deactivate"
	Delete     Action = "delete"
	Nothing    Action = "nothing"
)

// StatusSync says what a change of status in the source does to the account.
// What the sender sees of the user is the source's status, whatever is done.
type StatusSync struct {
	OnActivate   Action `json:"onActivate,omitzero"`   // "" is [Activate]; or [Nothing]. A new user is not an activation.
	OnDeactivate Action `json:"onDeactivate,omitzero"` // "" is [Deactivate]; or [Delete], [Nothing]
	OnDelete     Action `json:"onDelete,omitzero"`     // "" is [Deactivate]; or [Delete], [Nothing]

	// OnLeaveGroup is for a user that leaves the last group it was a member
	// of: "" is [Nothing]; or [Deactivate], [Delete]. Who never was a member is
	// left alone; who joins a group again is treated as activated.
	OnLeaveGroup Action `json:"onLeaveGroup,omitzero"`
}

// Adopt says whether accounts that provisioning did not make may be taken over.
type Adopt string

// The values of [Settings.Adopt].
const (
	AdoptNone  Adopt = "none"
	AdoptEmail Adopt = "email"
)

// ParseSettings reads the JSON form of settings, strictly: a member that is
// unknown or there twice is [ErrJSON]. The settings are checked with
// [Settings.Validate].
func ParseSettings(data []byte) (*Settings, error) {
	var s Settings
	if err := json.Unmarshal(data, &s, json.RejectUnknownMembers(true)); err != nil {
		return nil, &Error{Kind: KindJSON, Detail: "the settings cannot be read", cause: withoutValues(err)}
	}
	if err := s.Validate(); err != nil {
		return nil, err
	}
	return &s, nil
}

// LoadSettings is [ParseSettings] of a file.
func LoadSettings(name string) (*Settings, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, &Error{Kind: KindJSON, Detail: "the settings cannot be read", cause: err}
	}
	return ParseSettings(data)
}
