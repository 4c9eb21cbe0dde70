package scim

// Limits bound what one request can make the service provider do. The zero
// value of each field is its default; no limit can be switched off.
type Limits struct {
	BodyBytes       int64 // size of a request body; 1 MiB
	JSONDepth       int   // levels of arrays and objects in a body; 32
	FilterBytes     int   // length of a filter; 4,096
	FilterDepth     int   // levels of parentheses and brackets in a filter; 16
	FilterTerms     int   // comparisons in a filter; 64
	PathBytes       int   // length of a PATCH path; 1,024
	PatchOperations int   // operations of one PATCH; 1,000
	BulkOperations  int   // operations of one bulk request; 1,000. Negative: there are no bulk requests
	PageSize        int   // resources of a page if the client does not say; 200
	MaxPageSize     int   // resources of a page at most; 1,000
	QueryBytes      int   // length of the query string; 8 KiB
	QueryParameters int   // parameters in the query string; 64
	GroupDepth      int   // levels of groups around a user's own that its groups are looked for in; 16
	IndirectGroups  int   // indirect groups that a user is shown with, the nearest first; 1,000
}

// defaultLimits must not be changed.
var defaultLimits = Limits{
	BodyBytes: 1 << 20, JSONDepth: 32, FilterBytes: 4096, FilterDepth: 16, FilterTerms: 64, PathBytes: 1024,
	PatchOperations: 1000, BulkOperations: 1000, PageSize: 200, MaxPageSize: 1000, QueryBytes: 8 << 10, QueryParameters: 64,
	GroupDepth: 16, IndirectGroups: 1000,
}

func (l Limits) withDefaults() Limits {
	d := defaultLimits
	setDefault(&l.BodyBytes, d.BodyBytes)
	for _, x := range []struct{ at, def *int }{
		{&l.JSONDepth, &d.JSONDepth}, {&l.FilterBytes, &d.FilterBytes}, {&l.FilterDepth, &d.FilterDepth},
		{&l.FilterTerms, &d.FilterTerms}, {&l.PathBytes, &d.PathBytes}, {&l.PatchOperations, &d.PatchOperations},
		{&l.PageSize, &d.PageSize}, {&l.MaxPageSize, &d.MaxPageSize}, {&l.QueryBytes, &d.QueryBytes},
		{&l.QueryParameters, &d.QueryParameters}, {&l.GroupDepth, &d.GroupDepth}, {&l.IndirectGroups, &d.IndirectGroups},
	} {
		setDefault(x.at, *x.def)
	}
	if l.BulkOperations == 0 {
		l.BulkOperations = d.BulkOperations
	}
	l.PageSize = min(l.PageSize, l.MaxPageSize)
	return l
}

func setDefault[N int | int64](at *N, def N) {
	if *at <= 0 {
		*at = def
	}
}
