package datacenter

// DC is the code of a Zoho data center, as Zoho sends it in the parameter
// location of an OAuth callback. The zero DC is no data center, and only the
// lower-case codes below are known: DC("JP") is not [JP]. [Parse] reads the
// spellings that people use.
type DC string

// The data centers of the table. China is not part of Zoho's multi-data-center
// set: its accounts exist there only, and consent has to start there too.
const (
	US DC = "us" // United States
	EU DC = "eu" // Europe
	IN DC = "in" // India
	AU DC = "au" // Australia
	JP DC = "jp" // Japan
	CA DC = "ca" // Canada
	SA DC = "sa" // Saudi Arabia
	UK DC = "uk" // United Kingdom
	CN DC = "cn" // China
	AE DC = "ae" // United Arab Emirates
	SG DC = "sg" // Singapore
)

// row is one data center with its hosts. The suffix is what Parse takes for it
// beside the code: the last labels of its domain names.
type row struct {
	dc     DC
	suffix string
	hosts  Endpoints
}

// table is the closed list of hosts that may see a credential. It is never
// written to, and never widened from what a server says.
var table = [...]row{
	{US, "com", Endpoints{
		Accounts:  "https://accounts.zoho.com",
		API:       "https://www.zohoapis.com",
		One:       "https://one.zoho.com",
		Directory: "https://directory.zoho.com",
	}},
	{EU, "eu", Endpoints{
		Accounts:  "https://accounts.zoho.eu",
		API:       "https://www.zohoapis.eu",
		One:       "https://one.zoho.eu",
		Directory: "https://directory.zoho.eu",
	}},
	{IN, "in", Endpoints{
		Accounts:  "https://accounts.zoho.in",
		API:       "https://www.zohoapis.in",
		One:       "https://one.zoho.in",
		Directory: "https://directory.zoho.in",
	}},
	{AU, "com.au", Endpoints{
		Accounts:  "https://accounts.zoho.com.au",
		API:       "https://www.zohoapis.com.au",
		One:       "https://one.zoho.com.au",
		Directory: "https://directory.zoho.com.au",
	}},
	{JP, "jp", Endpoints{
		Accounts:  "https://accounts.zoho.jp",
		API:       "https://www.zohoapis.jp",
		One:       "https://one.zoho.jp",
		Directory: "https://directory.zoho.jp",
	}},
	// Canada is the row that a rule "accounts.zoho." + code gets wrong.
	{CA, "ca", Endpoints{
		Accounts:  "https://accounts.zohocloud.ca",
		API:       "https://www.zohoapis.ca",
		One:       "https://one.zohocloud.ca",
		Directory: "https://directory.zohocloud.ca",
	}},
	{SA, "sa", Endpoints{
		Accounts:  "https://accounts.zoho.sa",
		API:       "https://www.zohoapis.sa",
		One:       "https://one.zoho.sa",
		Directory: "https://directory.zoho.sa",
	}},
	{UK, "uk", Endpoints{
		Accounts:  "https://accounts.zoho.uk",
		API:       "https://www.zohoapis.uk",
		One:       "https://one.zoho.uk",
		Directory: "https://directory.zoho.uk",
	}},
	{CN, "com.cn", Endpoints{
		Accounts:  "https://accounts.zoho.com.cn",
		API:       "https://www.zohoapis.com.cn",
		One:       "https://one.zoho.com.cn",
		Directory: "https://directory.zoho.com.cn",
	}},
	{AE, "ae", Endpoints{
		Accounts: "https://accounts.zoho.ae",
		API:      "https://www.zohoapis.ae",
	}},
	{SG, "sg", Endpoints{
		Accounts: "https://accounts.zoho.sg",
		API:      "https://www.zohoapis.sg",
	}},
}

// All returns every data center of the table, in the table's order. The slice
// is the caller's own.
func All() []DC {
	all := make([]DC, len(table))
	for i := range table {
		all[i] = table[i].dc
	}
	return all
}

// Endpoints returns the hosts of d. A zero or unknown d gives the zero
// Endpoints, with which [Endpoints.ConsentURL] is an error.
func (d DC) Endpoints() Endpoints {
	for i := range table {
		if table[i].dc == d {
			return table[i].hosts
		}
	}
	return Endpoints{}
}

// known reports whether d is in the table.
func (d DC) known() bool { return d.Endpoints().Accounts != "" }
