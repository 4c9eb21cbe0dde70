package zohoscim_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/zohoscim/zohoscim"

// Patterns of the rules below: "./x" is the package x of this module, "./x/..."
// also what is below it, "std" the standard library, and anything else an import
// path, with /... for what is below it as well.
type importRule struct {
	name   string
	from   []string // packages that the rule binds; one that does not exist yet is no failure
	except []string // packages of from that it does not bind
	graph  bool     // all that comes with the package, not only what it names
	tests  bool     // the imports of its test files too
	only   []string // what may be imported; nil: anything
	never  []string // what may not be
	breaks edge     // an import that the rule has to refuse: proof that it can fail
	reason string
}

// An edge is one import: what from's files name, or in a graph rule what they
// bring with them.
type edge struct{ from, to string }

var drivers = []string{
	"modernc.org/...", "github.com/jackc/...", "github.com/lib/pq/...", "github.com/mattn/go-sqlite3/...",
}

var importRules = []importRule{
	{
		name: "datacenter is a leaf",
		from: []string{"./datacenter"}, only: []string{"std"},
		breaks: edge{"./datacenter", "golang.org/x/text/unicode/norm"},
		reason: "a service that only needs Zoho's host table gets nothing else with it",
	},
	{
		name: "scim/filter is a leaf",
		from: []string{"./scim/filter"}, only: []string{"std"},
		breaks: edge{"./scim/filter", "./scim"},
		reason: "syntax knows no schema, so the parser can be used and fuzzed alone",
	},
	{
		name: "zohoauth stands on datacenter",
		from: []string{"./zohoauth"},
		only: []string{
			"std", "./datacenter", "./internal/...", "golang.org/x/oauth2/...", "github.com/go-json-experiment/json/...",
		},
		breaks: edge{"./zohoauth", "./scim"},
		reason: "tokens are needed without SCIM, and every import here handles secrets",
	},
	{
		name: "zohoauthtest stands on zohoauth",
		from: []string{"./zohoauth/zohoauthtest"}, graph: true, never: []string{"./scim/...", "./mapping/..."},
		breaks: edge{"./zohoauth/zohoauthtest", "./scim"},
		reason: "a test of tokens has no need of SCIM",
	},
	{
		name: "scim knows no user of it",
		from: []string{"./scim"}, graph: true,
		never: []string{
			"./zohoauth/...", "./mapping/...", "./scim/provision/...", "./scim/sqlstore/...", "./scim/directory/...",
		},
		breaks: edge{"./scim", "./zohoauth"},
		reason: "SCIM without Zoho is a complete use; credentials come in as an oauth2.TokenSource",
	},
	{
		name: "the middle layer does not reach up or aside",
		from: []string{"./scim/sqlstore/...", "./scim/elimity/...", "./scim/scimtest/...", "./mapping/..."}, graph: true,
		never:  []string{"./zohoauth/...", "./scim/provision/...", "./scim/directory/..."},
		breaks: edge{"./scim/scimtest", "./zohoauth"},
		reason: "each serves users without the engine; scimtest takes a verify function where it needs tokens checked",
	},
	{
		name: "provision meets its parts in main",
		from: []string{"./scim/provision/..."}, graph: true, never: []string{"./zohoauth/...", "./scim/sqlstore/..."},
		breaks: edge{"./scim/provision", "./scim/sqlstore"},
		reason: "the engine works for any target and any state; the caller joins them",
	},
	{
		name: "mapping is pure",
		from: []string{"./mapping/..."},
		never: []string{
			"context", "database/sql/...", "io/fs", "net", "net/http/...", "os/...", "path/filepath", "syscall",
		},
		breaks: edge{"./mapping", "os"},
		reason: "the same record gives the same resource everywhere, so a preview tells the truth",
	},
	{
		name: "internal is below everything",
		from: []string{"./internal/..."}, graph: true, never: []string{"./scim/...", "./zohoauth/...", "./mapping/...", "./examples/..."},
		breaks: edge{"./internal/httpx", "./scim"},
		reason: "it holds what scim and zohoauth share, so it can know neither",
	},
	{
		name: "go-retryablehttp only in internal/httpx",
		from: []string{"./..."}, except: []string{"./internal/httpx"}, tests: true,
		never:  []string{"github.com/hashicorp/..."},
		breaks: edge{"./scim", "github.com/hashicorp/go-retryablehttp"},
		reason: "its defaults repeat a POST and print query strings; httpx is where that is put right",
	},
	{
		name:   "elimity only in coreschema and scim/elimity",
		from:   []string{"./..."},
		except: []string{"./scim/internal/coreschema", "./scim/elimity", "./examples/elimity", "./examples/benchreport/..."},
		never:  []string{"github.com/elimity-com/..."},
		breaks: edge{"./scim", "github.com/elimity-com/scim/schema"},
		reason: "it gives the core schemas' definitions and is an adapter's other side; its types are not part of our API",
	},
	{
		name:   "nothing of a test in a user's binary",
		from:   []string{"./..."},
		except: []string{"./scim/scimtest/...", "./zohoauth/zohoauthtest/...", "./examples/..."}, graph: true,
		never: []string{
			"testing/...", "net/http/httptest", "github.com/google/go-cmp/...", "./scim/scimtest/...", "./zohoauth/zohoauthtest/...",
		},
		breaks: edge{"./scim/sqlstore", "testing"},
		reason: "package testing registers flags, go-cmp panics by design, and a fake must not be reachable in production",
	},
	{
		name: "property tests and leak checks stay in test files",
		from: []string{"./..."}, graph: true, never: []string{"pgregory.net/rapid/...", "go.uber.org/goleak/..."},
		breaks: edge{"./scim/scimtest", "go.uber.org/goleak"},
		reason: "not even a test package hands them to its users",
	},
	{
		name: "no database driver in the library",
		from: []string{"./..."}, except: []string{"./examples/..."}, graph: true, never: drivers,
		breaks: edge{"./scim/sqlstore", "modernc.org/sqlite"},
		reason: "the caller chooses the driver; sqlstore is given a *sql.DB",
	},
	{
		name: "examples use the public API only",
		from: []string{"./examples/..."}, tests: true, never: []string{"./internal/...", "./scim/internal/..."},
		breaks: edge{"./examples/quickstart", "./internal/httpx"},
		reason: "a user has to be able to copy them",
	},
	{
		name: "no cgo, no unsafe",
		from: []string{"./..."}, tests: true, never: []string{"C", "unsafe"},
		breaks: edge{"./scim", "unsafe"},
		reason: "the library reads hostile input and is built for every platform from one",
	},
	{
		name: "named dependencies",
		from: []string{"./..."}, except: []string{"./examples/benchreport/..."}, tests: true, // it compares with another parser
		only: []string{
			"std", "./...", "golang.org/x/...", "github.com/elimity-com/scim/...", "github.com/hashicorp/go-retryablehttp",
			"github.com/go-json-experiment/json/...", "github.com/google/go-cmp/...", "pgregory.net/rapid", "go.uber.org/goleak",
			"modernc.org/sqlite", "github.com/jackc/pgx/v5/...",
		},
		breaks: edge{"./scim", "github.com/scim2/filter-parser/v2"},
		reason: "a new dependency is a decision: see CONTRIBUTING.md",
	},
	{
		name: "what the dependencies bring",
		from: []string{"./..."}, except: []string{"./examples/..."}, graph: true,
		only: []string{
			"std", "./...", "golang.org/x/...", "github.com/elimity-com/scim/...", "github.com/hashicorp/go-retryablehttp",
			"github.com/go-json-experiment/json/...", "github.com/google/go-cmp/...",
			"github.com/scim2/filter-parser/...", "github.com/di-wu/parser/...", "github.com/di-wu/xsd-datetime", // by elimity
			"github.com/hashicorp/go-cleanhttp", // by go-retryablehttp
		},
		breaks: edge{"./scim", "github.com/jackc/pgx/v5"},
		reason: "every module in a user's build is one that somebody there has to audit",
	},
}

// refuses tells whether the rule binds from and forbids it to import to.
func (r *importRule) refuses(from, to string) bool {
	if !matchAny(r.from, from) || matchAny(r.except, from) {
		return false
	}
	return matchAny(r.never, to) || r.only != nil && !matchAny(r.only, to)
}

func matchAny(patterns []string, importPath string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(p, importPath) })
}

func match(pattern, importPath string) bool {
	if pattern == "std" {
		first, _, _ := strings.Cut(importPath, "/")
		return !strings.Contains(first, ".")
	}
	pattern = absolute(pattern)
	if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
		return importPath == prefix || strings.HasPrefix(importPath, prefix+"/")
	}
	return importPath == pattern
}

// absolute turns "./x" into the import path of this module's package x.
func absolute(pattern string) string {
	if rest, ok := strings.CutPrefix(pattern, "./"); ok {
		return module + "/" + rest
	}
	return pattern
}

type listedPackage struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
	Deps                               []string
}

// listPackages returns the module's packages as they are built for goos.
func listPackages(t *testing.T, goos string) []listedPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports,Deps", "./...")
	cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list for %s: %v\n%s", goos, err, stderr.Bytes())
	}
	var pkgs []listedPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listedPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

// imported returns what the rule looks at in p.
func (r *importRule) imported(p *listedPackage) []string {
	all := slices.Clone(p.Imports)
	if r.graph {
		all = append(all, p.Deps...)
	}
	if r.tests {
		all = append(append(all, p.TestImports...), p.XTestImports...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestImports(t *testing.T) {
	for _, goos := range []string{"linux", "windows"} { // files with and without the build tag unix
		pkgs := listPackages(t, goos)
		if len(pkgs) == 0 {
			t.Fatalf("go list found no package for %s", goos)
		}
		for _, r := range importRules {
			t.Run(goos+"/"+r.name, func(t *testing.T) {
				for _, p := range pkgs {
					for _, to := range r.imported(&p) {
						if !r.refuses(p.ImportPath, to) {
							continue
						}
						verb := "import"
						if !slices.Contains(p.Imports, to) {
							verb = "depend on"
						}
						t.Errorf("%s must not %s %s: %s", p.ImportPath, verb, to, r.reason)
					}
				}
			})
		}
	}
}

// TestImportRulesBite guards against a rule whose pattern matches nothing.
func TestImportRulesBite(t *testing.T) {
	for _, r := range importRules {
		t.Run(r.name, func(t *testing.T) {
			if !r.refuses(absolute(r.breaks.from), absolute(r.breaks.to)) {
				t.Errorf("the rule lets %s import %s", r.breaks.from, r.breaks.to)
			}
			if r.reason == "" {
				t.Error("the rule has no reason")
			}
		})
	}
}

// TestDependenciesExplained: a direct requirement has its row in CONTRIBUTING.md.
func TestDependenciesExplained(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mod.Require {
		if !m.Indirect && !bytes.Contains(text, []byte("| `"+m.Path+"` |")) {
			t.Errorf("go.mod requires %s, and CONTRIBUTING.md has no row that says why", m.Path)
		}
	}
}

var topLevel = map[string]string{
	"datacenter":       "package",
	"examples":         "main packages",
	"internal":         "what scim and zohoauth share",
	"mapping":          "package",
	"scim":             "package",
	"zohoauth":         "package",
	"CHANGELOG.md":     "what changed for users",
	"CONTRIBUTING.md":  "how to work on it",
	"LICENSE":          "Apache-2.0",
	"README.ja.md":     "the front page in Japanese",
	"README.md":        "the front page",
	"doc.go":           "the module's overview",
	"go.mod":           "module",
	"go.sum":           "module",
	"imports_test.go":  "this file",
	"examples_test.go": "the snippets of the front pages",
	"readme_test.go":   "keeps the front pages true",
	".ci":              "what CI runs",
	".git":             "the repository",
	".gitignore":       "results of runs",
	".golangci.yml":    "linters",
}

func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	ignored := ignorePatterns(t)
	for _, e := range entries {
		isResult := slices.ContainsFunc(ignored, func(p string) bool {
			ok, err := path.Match(p, e.Name())
			return ok && err == nil
		})
		if topLevel[e.Name()] == "" && !isResult {
			t.Errorf("%s is not part of the layout: move it below a package, or add it to topLevel with its purpose", e.Name())
		}
	}
}

// ignorePatterns returns the names in .gitignore.
func ignorePatterns(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(".gitignore")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var patterns []string
	for line := range strings.Lines(string(data)) {
		if line = strings.Trim(strings.TrimSpace(line), "/"); line != "" && line[0] != '#' {
			patterns = append(patterns, line)
		}
	}
	return patterns
}

// maxLines is past what a reader keeps in mind at once.
const maxLines = 500

var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

func TestFileSize(t *testing.T) {
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (d.Name()[0] == '.' || d.Name() == "testdata" || d.Name() == "node_modules"):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if n := bytes.Count(data, []byte("\n")); n > maxLines && !generated.Match(data) {
			t.Errorf("%s has %d lines, more than %d: divide it by what its parts do", name, n, maxLines)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
