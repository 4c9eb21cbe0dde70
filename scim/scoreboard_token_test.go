package scim

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/zohoscim/zohoscim/internal/secret"
)

// secretName are names of variables, fields and methods that hold or return
// what a credential is compared with.
var secretName = regexp.MustCompile(`(?i)^(hash|token|bearer|secret|password|credential|digest|reveal|accesstoken|hashes|tokens|stored)$`)

// namesSecret reports whether an expression is, calls or indexes something
// with such a name.
func namesSecret(e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.Ident:
		return secretName.MatchString(x.Name)
	case *ast.SelectorExpr:
		return secretName.MatchString(x.Sel.Name)
	case *ast.CallExpr:
		switch f := x.Fun.(type) {
		case *ast.Ident:
			if f.Name == "len" {
				return false
			}
		case *ast.SelectorExpr:
			if pkg, ok := f.X.(*ast.Ident); ok && pkg.Name == "subtle" {
				return false // this is the right way
			}
		}
		return namesSecret(x.Fun) || slices.ContainsFunc(x.Args, namesSecret)
	case *ast.SliceExpr:
		return namesSecret(x.X)
	case *ast.IndexExpr:
		return namesSecret(x.X)
	case *ast.ParenExpr:
		return namesSecret(x.X)
	case *ast.StarExpr:
		return namesSecret(x.X)
	case *ast.UnaryExpr:
		return namesSecret(x.X)
	}
	return false
}

// isNothing reports whether an expression is "" or nil: to ask whether there
// is a secret tells nothing of it.
func isNothing(e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.BasicLit:
		return x.Value == `""`
	case *ast.Ident:
		return x.Name == "nil"
	}
	return false
}

// unsafeComparisons returns where a file compares a secret in a time that
// depends on it.
func unsafeComparisons(fset *token.FileSet, f *ast.File) []string {
	var out []string
	report := func(n ast.Node) { out = append(out, fset.Position(n.Pos()).String()) }
	compares := []string{"Equal", "EqualFold", "Compare", "Contains", "HasPrefix", "HasSuffix", "Index", "DeepEqual"}
	ast.Inspect(f, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.BinaryExpr:
			if (x.Op == token.EQL || x.Op == token.NEQ) && !isNothing(x.X) && !isNothing(x.Y) && (namesSecret(x.X) || namesSecret(x.Y)) {
				report(x)
			}
		case *ast.CallExpr:
			sel, ok := x.Fun.(*ast.SelectorExpr)
			if !ok {
				break
			}
			pkg, ok := sel.X.(*ast.Ident)
			if ok && slices.Contains([]string{"bytes", "strings", "slices", "cmp", "reflect"}, pkg.Name) && slices.Contains(compares, sel.Sel.Name) && slices.ContainsFunc(x.Args, namesSecret) {
				report(x)
			}
		case *ast.SwitchStmt:
			if x.Tag != nil && namesSecret(x.Tag) {
				report(x)
			}
		}
		return true
	})
	return out
}

// TestSecretsAreComparedInConstantTime looks for the comparisons that give a
// secret away, in every file of the package that handles one. What the client
// does with its own credential in the answers to it is no comparison with a
// guess.
func TestSecretsAreComparedInConstantTime(t *testing.T) {
	fset := token.NewFileSet()
	for _, name := range []string{"auth.go", "token.go", "credential.go", "server.go", "server_error.go", "client_do.go", "client_transport.go"} {
		f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, place := range unsafeComparisons(fset, f) {
			t.Errorf("%s: a secret is compared; use subtle.ConstantTimeCompare on hashes", place)
		}
	}
	for _, row := range []struct {
		reason, code string
		found        bool
	}{
		{"equality", `t.hash == hash`, true}, {"inequality", `token != "x"`, true}, {"of slices", `bytes.Equal(hash[:], t.hash[:])`, true}, {"without case", `strings.EqualFold(x, s.Reveal())`, true},
		{"a prefix", `strings.HasPrefix(token, x)`, true}, {"a dereferenced one", `*token == x`, true}, {"converted", `string(hash) == x`, true},
		{"whether there is one", `token == "" || "" != s.Reveal()`, false}, {"a length", `len(token) == 16`, false}, {"another name", `scheme == "x"`, false}, {"constant time", `subtle.ConstantTimeCompare(hash[:], t.hash[:]) == 1`, false},
	} {
		f, err := parser.ParseFile(fset, "x.go", "package x\nvar _ = "+row.code, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(unsafeComparisons(fset, f)) > 0; got != row.found {
			t.Errorf("%s: %s: found is %v", row.reason, row.code, got)
		}
	}
}

// texts calls fn for every text and list of bytes that a value holds.
func texts(v reflect.Value, seen map[uintptr]bool, fn func(string)) {
	switch v.Kind() {
	case reflect.String:
		fn(v.String())
	case reflect.Array, reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			var b []byte
			for i := range v.Len() {
				b = append(b, byte(v.Index(i).Uint()))
			}
			fn(string(b))
			return
		}
		for i := range v.Len() {
			texts(v.Index(i), seen, fn)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			texts(v.Field(i), seen, fn)
		}
	case reflect.Pointer:
		if !v.IsNil() && !seen[v.Pointer()] {
			seen[v.Pointer()] = true
			texts(v.Elem(), seen, fn)
		}
	case reflect.Interface:
		texts(v.Elem(), seen, fn)
	case reflect.Map:
		for _, key := range v.MapKeys() {
			texts(key, seen, fn)
			texts(v.MapIndex(key), seen, fn)
		}
	}
}

// TestOnlyHashesAreKept looks through the memory of a token, of an
// authenticator that has answered for it and of the server.
func TestOnlyHashesAreKept(t *testing.T) {
	const text = "c4nary-0123456789"
	kept, err := NewStaticToken(secret.New(text), Subject{ID: "sender"}, noExpiry)
	if err != nil {
		t.Fatal(err)
	}
	auth, err := NewStaticTokens(kept)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewServer(NewMemoryStore(), auth, nil)
	if err != nil {
		t.Fatal(err)
	}
	if w := serve(s, text, exchange{method: "POST", target: "/Users", body: `{"userName":"u"}`}); w.Code != 201 {
		t.Fatal(w.Code)
	}
	looked := 0
	for _, v := range []any{kept, *auth.tokens.Load(), s} {
		texts(reflect.ValueOf(v), map[uintptr]bool{}, func(found string) {
			looked++
			if strings.Contains(found, "c4nary") {
				t.Errorf("%T keeps the text of a token", v)
			}
		})
	}
	if looked < 100 {
		t.Errorf("only %d texts were looked at", looked)
	}
	if all := fmt.Sprintf("%v %+v %#v", kept, kept, kept); strings.Contains(all, "c4nary") {
		t.Error("the token prints its text")
	}
}
