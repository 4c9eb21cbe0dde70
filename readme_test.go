package zohoscim_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var readmes = []string{"README.md", "README.ja.md"}

var goBlock = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// TestReadmeSnippets: what the front pages show is what the examples run.
func TestReadmeSnippets(t *testing.T) {
	bodies := exampleBodies(t)
	for _, name := range readmes {
		var shown []string
		for _, m := range goBlock.FindAllStringSubmatch(read(t, name), -1) {
			shown = append(shown, m[1])
		}
		if diff := cmp.Diff(bodies, shown); diff != "" {
			t.Errorf("%s differs from examples_test.go (- example, + page):\n%s", name, diff)
		}
	}
}

// exampleBodies returns the bodies of the examples without their output, in
// the order of the file.
func exampleBodies(t *testing.T) []string {
	t.Helper()
	const file = "examples_test.go"
	src := read(t, file)
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, src, 0)
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || !strings.HasPrefix(fn.Name.Name, "Example") {
			continue
		}
		body, _, ok := strings.Cut(src[fset.Position(fn.Body.Lbrace).Offset+1:fset.Position(fn.Body.Rbrace).Offset], "\t// Output:\n")
		if !ok {
			t.Fatalf("%s has no output, so nothing runs it", fn.Name.Name)
		}
		bodies = append(bodies, strings.ReplaceAll(strings.TrimPrefix(body, "\n\t"), "\n\t", "\n"))
	}
	return bodies
}

// TestReadmeCommands: a newcomer, and what checks this module, finds the two
// commands on lines of their own in a code block.
func TestReadmeCommands(t *testing.T) {
	block := regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	for _, name := range readmes {
		text := read(t, name)
		first := block.FindStringSubmatch(text)
		if first == nil || first[1] != "go run ./examples/quickstart\ngo test ./...\n" {
			t.Errorf("%s: the first block of commands is not the quickstart and the tests", name)
		}
		for _, other := range readmes {
			if other != name && !strings.Contains(text, "("+other+")") {
				t.Errorf("%s has no link to %s", name, other)
			}
		}
	}
	if n := strings.Count(read(t, "README.md"), "\n"); n >= 190 {
		t.Errorf("README.md has %d lines: it is a front page", n)
	}
}

// packages are the folders of the packages that the pages name.
var packages = map[string]string{
	"datacenter": "datacenter", "zohoauth": "zohoauth", "zohoauthtest": "zohoauth/zohoauthtest", "mapping": "mapping",
	"scim": "scim", "filter": "scim/filter", "provision": "scim/provision", "scimtest": "scim/scimtest",
}

// TestPagesNameWhatExists: names and paths on the front pages and in doc.go
// are those of the code.
func TestPagesNameWhatExists(t *testing.T) {
	known := map[string]bool{}
	for name, dir := range packages {
		exportedNames(t, name, dir, known)
	}
	names := regexp.MustCompile(`\b(?:datacenter|zohoauth|zohoauthtest|mapping|scim|filter|provision|scimtest)\.[A-Z]\w*(?:\.[A-Z]\w*)?`)
	paths := regexp.MustCompile(`(?:\]\(|\./)([\w./-]+)`)
	for _, page := range append([]string{"doc.go"}, readmes...) {
		text := read(t, page)
		for _, name := range names.FindAllString(text, -1) {
			if !known[name] {
				t.Errorf("%s names %s, which does not exist", page, name)
			}
		}
		for _, m := range paths.FindAllStringSubmatch(text, -1) {
			if name := path.Clean(m[1]); name != "..." && !strings.HasPrefix(name, "http") {
				if _, err := os.Stat(name); err != nil {
					t.Errorf("%s: %v", page, err)
				}
			}
		}
	}
}

// exportedNames adds pkg.Name and pkg.Type.Member for all that a package in
// dir exports.
func exportedNames(t *testing.T, pkg, dir string, known map[string]bool) {
	t.Helper()
	add := func(parts ...string) { known[pkg+"."+strings.Join(parts, ".")] = true }
	for _, f := range parseDir(t, dir) {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					add(d.Name.Name)
				} else {
					add(receiver(d.Recv.List[0].Type), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.ValueSpec:
						for _, id := range s.Names {
							add(id.Name)
						}
					case *ast.TypeSpec:
						add(s.Name.Name)
						for _, member := range members(s.Type) {
							add(s.Name.Name, member)
						}
					}
				}
			}
		}
	}
}

func parseDir(t *testing.T, dir string) map[string]*ast.File {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*ast.File{}
	for _, e := range entries {
		if path.Ext(e.Name()) != ".go" || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path.Join(dir, e.Name()), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = f
	}
	return files
}

// receiver returns the name of a receiver's type without star and parameters.
func receiver(x ast.Expr) string {
	for {
		switch y := x.(type) {
		case *ast.StarExpr:
			x = y.X
		case *ast.IndexExpr:
			x = y.X
		case *ast.Ident:
			return y.Name
		default:
			return ""
		}
	}
}

// members returns the names of a struct's fields or an interface's methods.
func members(x ast.Expr) []string {
	var list *ast.FieldList
	switch x := x.(type) {
	case *ast.StructType:
		list = x.Fields
	case *ast.InterfaceType:
		list = x.Methods
	default:
		return nil
	}
	var names []string
	for _, f := range list.List {
		for _, id := range f.Names {
			names = append(names, id.Name)
		}
	}
	return names
}

// TestWalks: the functions that doc.go leads through are where it says.
func TestWalks(t *testing.T) {
	doc := strings.Join(strings.Fields(strings.ReplaceAll(read(t, "doc.go"), "//", " ")), " ")
	for _, step := range []struct{ dir, file, says, functions string }{
		{"scim", "server.go", "server.go: ", "ServeHTTP locate route"},
		{"scim", "server_write.go", "server_write.go: ", "patch linkTypes update checkMatch"},
		{"scim", "patch_parse.go", "patch_parse.go: ", "read"},
		{"scim", "patch_apply.go", "patch_apply.go: ", "apply"},
		{"scim", "patch_links.go", "patch_links.go ", "link"},
		{"scim", "validate.go", "validate.go: ", "checkRequired"},
		{"scim", "resource.go", "in resource.go", "setMeta"},
		{"scim", "server_read.go", "in server_read.go", "render"},
		{"scim", "memstore.go", "memstore.go: ", "Update"},
		{"scim", "server_error.go", "server_error.go ", "fail"},
		{"scim/filter", "parse.go", "filter.ParsePath", "ParsePath"},
		{"scim/provision", "loop.go", "loop.go: ", "Run"},
		{"scim/provision", "cycle.go", "cycle.go: ", "Cycle readGroups"},
		{"scim/provision", "run.go", "in run.go", "each"},
		{"scim/provision", "object.go", "object.go: ", "scope update"},
		{"scim/provision", "match.go", "match.go: ", "join match create"},
		{"scim/provision", "journal.go", "journal.go: ", "keep flush"},
		{"scim/provision", "deprovision.go", "deprovision.go: ", "stage guard"},
		{"scim/provision", "members.go", "(members.go)", "sendMembers"},
		{"scim/provision", "reference.go", "in reference.go", "late"},
		{"scim/provision", "status.go", "status.go: ", "finish"},
		{"scim", "endpoint_create.go", "scim/endpoint_create.go and scim/endpoint_patch.go: ", "Create"},
		{"scim", "endpoint_patch.go", "scim/endpoint_create.go and scim/endpoint_patch.go: ", "Patch"},
		{"scim", "client_do.go", "client_do.go ", "do"},
		{"scim", "client_transport.go", "scim/client_transport.go: ", "RoundTrip"},
	} {
		f := parseDir(t, step.dir)[step.file]
		if f == nil || !strings.Contains(doc, step.says) {
			t.Errorf("%s/%s is not there, or doc.go does not say %q", step.dir, step.file, step.says)
			continue
		}
		for name := range strings.FieldsSeq(step.functions) {
			if !slices.ContainsFunc(f.Decls, func(d ast.Decl) bool {
				fn, ok := d.(*ast.FuncDecl)
				return ok && fn.Name.Name == name
			}) {
				t.Errorf("%s/%s has no function %s: walk through the code again", step.dir, step.file, name)
			}
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")))
}
