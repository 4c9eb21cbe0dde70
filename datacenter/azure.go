package datacenter

// Portal is the host of Microsoft's administration portal in one of its clouds.
type Portal string

// The portals of Microsoft's clouds.
const (
	PortalGlobal       Portal = "portal.azure.com"
	PortalUSGovernment Portal = "portal.azure.us"
	PortalChina        Portal = "portal.azure.cn"
)

// microsoftClientID is the client of Microsoft's gallery application at Zoho,
// as Zoho's help page and Microsoft's tutorial print it.
const microsoftClientID = "1000.T3YYZHB8J5Y2BQ185U2FWOIKREUWAH"

// azureNote is what the values cannot say themselves.
const azureNote = "Paste these values into the Zoho One application of the Microsoft Entra gallery; " +
	"an application of your own does not work with them. " +
	"The client id belongs to Microsoft: do not use it for a consent of your own."

// AzureOptions are the rarer choices of [AzureValues]. Nil means the defaults.
type AzureOptions struct {
	// Portal is the portal that the administrator signs in to. Zero means
	// PortalGlobal, the only one whose redirect URL Zoho's help page prints:
	// those of the other clouds follow from it, unconfirmed.
	Portal Portal
}

// Azure holds what an administrator pastes into Azure to provision into Zoho
// One. It is for the Zoho One application of the Microsoft Entra gallery only.
type Azure struct {
	TenantURL             string
	AuthorizationEndpoint string // the whole consent URL, with an empty state
	TokenEndpoint         string
	ClientID              string // Microsoft's; never for a consent of your own
	RedirectURL           string // the portal's; part of AuthorizationEndpoint
	Note                  string // for the administrator, in English
}

// AzureValues returns the values that Azure asks for, for a Zoho One
// organization in dc with the given sync URL, as in Zoho's help page "Azure and
// Zoho One" but with the hosts of dc.
//
// A sync URL that is known to be in another data center is [ErrMismatch]; one
// on an unknown host is accepted. A zero or unknown dc is [ErrUnknownDC], a
// portal that is not Microsoft's [ErrForeignHost]; the sync URL is read as in
// [TenantURL].
func AzureValues(dc DC, syncURL string, opts *AzureOptions) (Azure, error) {
	if err := Check(syncURL, dc); err != nil {
		return Azure{}, err
	}
	tenant, err := TenantURL(syncURL)
	if err != nil {
		return Azure{}, err
	}
	portal, err := opts.portal()
	if err != nil {
		return Azure{}, err
	}
	e := dc.Endpoints()
	redirect := "https://" + string(portal) + "/TokenAuthorize"
	consent, err := e.ConsentURL(Consent{ClientID: microsoftClientID, RedirectURL: redirect})
	if err != nil {
		return Azure{}, err
	}
	return Azure{
		TenantURL:             tenant,
		AuthorizationEndpoint: consent,
		TokenEndpoint:         e.TokenURL(),
		ClientID:              microsoftClientID,
		RedirectURL:           redirect,
		Note:                  azureNote,
	}, nil
}

func (o *AzureOptions) portal() (Portal, error) {
	if o == nil || o.Portal == "" {
		return PortalGlobal, nil
	}
	switch o.Portal {
	case PortalGlobal, PortalUSGovernment, PortalChina:
		return o.Portal, nil
	}
	return "", &Error{
		Kind:  KindForeignHost,
		Place: "portal",
		Input: showCode(string(o.Portal)),
		Hint:  "use portal.azure.com, portal.azure.us or portal.azure.cn",
	}
}
