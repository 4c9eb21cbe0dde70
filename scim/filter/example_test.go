package filter_test

import (
	"errors"
	"fmt"

	"github.com/zohoscim/zohoscim/scim/filter"
)

func ExampleParse() {
	e, err := filter.Parse(`emails[type eq "work"].value ew "@example.com" AND active eq True`, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, term := range e.(*filter.And).Terms {
		switch term := term.(type) {
		case *filter.ValuePath:
			fmt.Println("one element of", term.Attr, "meets", term.Expr)
		case *filter.Compare:
			fmt.Println(term.Attr, "is compared by", term.Op, "with", term.Value)
		}
	}
	// Output:
	// one element of emails meets type eq "work" and value ew "@example.com"
	// active is compared by eq with true
}

func ExampleParse_tolerant() {
	const documented = `externalId eq jyoung`

	_, err := filter.Parse(documented, nil)
	fmt.Println(err)
	fmt.Println(errors.Is(err, filter.ErrSyntax))

	e, err := filter.Parse(documented, &filter.Options{Tolerant: true})
	fmt.Println(e, err)
	// Output:
	// filter: syntax error at byte 14: want a string in double quotes, a number, true, false or null
	// true
	// externalId eq "jyoung" <nil>
}

func ExampleParsePath() {
	p, err := filter.ParsePath(`addresses[type eq "work"].formatted`, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("attribute:", p.Attr)
	fmt.Println("elements: ", p.Filter)
	fmt.Println("sub:      ", p.Sub)
	// Output:
	// attribute: addresses
	// elements:  type eq "work"
	// sub:       formatted
}

// A filter built as a tree needs no quoting by hand.
func ExampleCompare() {
	e := &filter.Compare{
		Attr:  filter.AttrPath{Name: "displayName"},
		Op:    filter.Eq,
		Value: filter.Literal{Text: `The "A" team`},
	}
	fmt.Println(e)
	// Output:
	// displayName eq "The \"A\" team"
}
