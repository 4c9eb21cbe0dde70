module github.com/zohoscim/zohoscim

go 1.26

require (
	github.com/elimity-com/scim v0.0.0-20240320110924-172bf2aee9c8
	github.com/go-json-experiment/json v1.27.0
	github.com/google/go-cmp v0.7.0
	github.com/hashicorp/go-retryablehttp v0.7.8
	go.uber.org/goleak v1.3.0
	golang.org/x/oauth2 v0.30.0
	golang.org/x/text v0.21.0
	pgregory.net/rapid v1.2.0
)

require (
	github.com/di-wu/xsd-datetime v1.0.0 // indirect
	github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
)
