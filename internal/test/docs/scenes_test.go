// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terminal"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// scene is a script of testdata that runs. Its commands are below, in ci_test.go, pages_test.go
// and roboto_test.go. Those of testscript itself are there too.
type scene struct {
	*testscript.TestScript
	t      testing.TB
	neg    bool
	roboto *robototest.Server
	// unset are variables that are not set as long as they are empty.
	unset []string
	page  page
	// terminal is that of a shell before which somebody sits. hidden is what has been typed and is not to be seen.
	terminal *terminal.Session
	shell    string
	hidden   []string
}

type sceneKey struct{}

var commands = map[string]func(s *scene, args []string){
	// Files.
	"use":     (*scene).use,
	"in":      (*scene).in,
	"replace": (*scene).replace,
	"random":  (*scene).random,
	"date":    (*scene).date,
	"nowhere": (*scene).nowhere,
	// Terraform, in forms that ask nothing.
	"need":      (*scene).need,
	"terraform": func(s *scene, args []string) { s.run(1, "terraform", args...) },
	"init":      func(s *scene, args []string) { s.terraform(1, args, "init") },
	"plan":      func(s *scene, args []string) { s.terraform(1, args, "plan") },
	"apply":     func(s *scene, args []string) { s.terraform(1, args, "apply", "-auto-approve") },
	"destroy":   func(s *scene, args []string) { s.terraform(1, args, "destroy", "-auto-approve") },
	"settled":   func(s *scene, args []string) { s.terraform(2, args, "plan", "-detailed-exitcode") },
	"says":      (*scene).says,
	"unset":     (*scene).unsetVariables,
	// The embedded Roboto, and an S3.
	"roboto":      (*scene).command,
	"value":       (*scene).wantValue,
	"generated":   (*scene).wantGenerated,
	"secrets":     (*scene).wantSecrets,
	"version":     (*scene).version,
	"invocations": (*scene).wantInvocations,
	"s3":          (*scene).s3,
	"fresh":       (*scene).fresh,
	"fate":        (*scene).fate,
	"called":      (*scene).called,
	// Pages.
	"page":  (*scene).openPage,
	"block": (*scene).runBlock,
	"file":  (*scene).writeBlock,
	"patch": (*scene).patch,
	"unrun": func(*scene, []string) {},
	"enter": (*scene).enter,
	"leave": (*scene).leave,
	"shell": (*scene).openTerminal,
	// CI.
	"github":     (*scene).githubJob,
	"gitlab":     (*scene).gitlabJob,
	"atlantis":   (*scene).atlantisStage,
	"terragrunt": (*scene).terragrunt,
	"release":    (*scene).release,
}

// robotoCLI stands in for Roboto's command line. It writes down its arguments.
const robotoCLI = "#!/bin/sh\nprintf '%s\\n' \"$@\" > \"$WORK/called\"\n[ -z \"$ROBOTO_PRINTS\" ] || cat \"$ROBOTO_PRINTS\"\n"

// runScenes runs scenes side by side. A scene has a workspace and a Roboto of its own, and begins in
// the directory of its module.
func runScenes(t *testing.T, env []string, files ...string) {
	t.Helper()
	root, err := filepath.Abs(repository)
	if err != nil {
		t.Fatal(err)
	}
	run := map[string]func(*testscript.TestScript, bool, []string){}
	for name, command := range commands {
		run[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			s, _ := ts.Value(sceneKey{}).(*scene)
			s.TestScript, s.neg = ts, neg
			command(s, args)
		}
	}
	testscript.RunT(quiet{t}, testscript.Params{
		Files: files, Cmds: run, RequireUniqueNames: true,
		Condition: func(name string) (bool, error) { return has(name) },
		Setup: func(e *testscript.Env) error {
			tb, _ := e.T().(testing.TB) // as testscript.Run promises
			s := &scene{t: tb, roboto: robototest.Start(tb, robototest.Options{Orgs: []string{testOrg}})}
			workspace, err := terraformcli.NewWorkspace(e.WorkDir, terraform.path, terraform.Mirror, s.roboto.Env()...)
			if err != nil {
				return err
			}
			e.Values[sceneKey{}] = s
			e.Vars = append(e.Vars, workspace.Command(s.t.Context(), env).Env...)
			e.Setenv("TMPDIR", terraformcli.TempDir(s.t)) // short
			path := []string{filepath.Join(e.WorkDir, "bin"), filepath.Dir(terraform.path), os.Getenv("PATH")}
			e.Setenv("PATH", strings.Join(path, string(os.PathListSeparator)))
			e.Setenv("REPOSITORY", root)
			e.Setenv("USER_HOME", os.Getenv("HOME"))
			e.Cd = workspace.Dir
			return errors.Join(
				os.MkdirAll(filepath.Join(e.WorkDir, "bin"), 0o700),
				os.WriteFile(filepath.Join(e.WorkDir, "bin", "roboto"), []byte(robotoCLI), 0o700),
				os.CopyFS(filepath.Join(e.WorkDir, "examples"), os.DirFS(filepath.Join(repository, "examples"))),
			)
		},
	})
}

// quiet keeps a scene that is skipped from telling its whole environment.
type quiet struct{ *testing.T }

func (quiet) Verbose() bool { return false }

func (q quiet) Run(name string, f func(testscript.T)) {
	q.T.Run(name, func(t *testing.T) { f(quiet{t}) })
}

// scripts are the scenes in a directory of testdata.
func scripts(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no scenes in testdata/%s (%v)", dir, err)
	}
	return files
}

// commandsOf lists the commands of scenes that have arguments, as words.
func commandsOf(t *testing.T, files []string) (lines [][]string) {
	t.Helper()
	command := regexp.MustCompile(`(?m)^(?:\[\S+\] )?(?:! )?([a-z]+ .+)$`)
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		script, _, _ := strings.Cut(string(content), "\n-- ")
		for _, match := range command.FindAllStringSubmatch(script, -1) {
			lines = append(lines, strings.Fields(match[1]))
		}
	}
	return lines
}

// files are those of the repository below a directory that a test of the documentation may be about.
func files(t testing.TB, dir string) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(repository), dir, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{".git", "bin", "dist", ".terraform", "testdata"}, entry.Name()):
			return fs.SkipDir
		case !entry.IsDir():
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func exampleFiles(t testing.TB) []string {
	t.Helper()
	return slices.DeleteFunc(files(t, "examples"), func(name string) bool { return path.Ext(name) == ".md" })
}

func markdownPages(t testing.TB) []string {
	t.Helper()
	return slices.DeleteFunc(files(t, "."), func(name string) bool { return path.Ext(name) != ".md" })
}

// TestExamples applies the examples, and looks for examples that no scene uses.
func TestExamples(t *testing.T) {
	var patterns []string
	for _, words := range commandsOf(t, slices.Concat(scripts(t, "examples"), scripts(t, "pages"))) {
		switch words[0] {
		case "use":
			patterns = append(patterns, words[1:]...)
		case "in":
			for _, name := range append(words[2:], "*.tf") {
				patterns = append(patterns, path.Join(words[1], name))
			}
		}
	}
	for _, file := range exampleFiles(t) {
		if !slices.ContainsFunc(patterns, func(pattern string) bool {
			ok, err := path.Match("examples/"+pattern, file)
			return ok && err == nil
		}) {
			t.Errorf("no scene in testdata runs %s", file)
		}
	}
	runScenes(t, nil, scripts(t, "examples")...)
}

// use copies examples into the working directory. Where a file of its name is there, the name of its directory
// comes before it.
func (s *scene) use(patterns []string) {
	for _, pattern := range patterns {
		examples, err := filepath.Glob(filepath.Join(s.Getenv("WORK"), "examples", pattern))
		if err != nil || len(examples) == 0 {
			s.Fatalf("no example matches %q (%v)", pattern, err)
		}
		for _, example := range examples {
			to := s.MkAbs(filepath.Base(example))
			if _, err := os.Stat(to); err == nil {
				to = s.MkAbs(filepath.Base(filepath.Dir(example)) + "_" + filepath.Base(example))
			}
			s.Check(os.WriteFile(to, []byte(s.ReadFile(example)), 0o600))
		}
	}
}

// in enters the directory of an example, and adds the provider block that it lacks. Files without
// the extension .tf that the example needs are named.
func (s *scene) in(args []string) {
	s.Check(s.Chdir(filepath.Join(s.Getenv("WORK"), "examples", args[0])))
	modules, err := filepath.Glob(s.MkAbs("*.tf"))
	s.Check(err)
	if !slices.ContainsFunc(modules, func(file string) bool { return strings.Contains(s.ReadFile(file), "required_providers") }) {
		s.use([]string{"provider/provider.tf"})
	}
}

// replace changes one text in a file. In both texts, \n is a line break.
func (s *scene) replace(args []string) {
	breaks := strings.NewReplacer(`\n`, "\n")
	content, old := s.ReadFile(args[0]), breaks.Replace(args[1])
	if n := strings.Count(content, old); n != 1 {
		s.Fatalf("%q is in %s %d times, not once:\n%s", old, args[0], n, content)
	}
	s.Check(os.WriteFile(s.MkAbs(args[0]), []byte(strings.Replace(content, old, breaks.Replace(args[2]), 1)), 0o600))
}

// need skips the scene without a feature of Terraform, or a program.
func (s *scene) need(names []string) {
	for _, name := range names {
		ok, err := has(name)
		if err != nil {
			_, err = exec.LookPath(name)
			ok = err == nil
		}
		if !ok {
			s.t.Skipf("skipped: it needs %s, which version %s of Terraform or OpenTofu, or this machine, does not have", name, terraform.Version)
		}
	}
}

// unsetVariables empties variables of the environment, which means that they are not set.
func (s *scene) unsetVariables(names []string) {
	s.unset = append(s.unset, names...)
	for _, name := range names {
		s.Setenv(name, "")
	}
}

// terraform runs a subcommand that asks nothing. Arguments come after its own, as does a saved plan.
func (s *scene) terraform(failed int, args []string, own ...string) {
	s.run(failed, "terraform", slices.Concat(own, []string{"-input=false"}, args)...)
}

// run runs a program, which has to end with the exit code 0, or after ! with that of a failure.
func (s *scene) run(failed int, program string, args ...string) {
	var removed []string
	for _, name := range s.unset {
		if s.Getenv(name) == "" {
			removed = append(removed, "-u", name)
		}
	}
	err := s.Exec("env", slices.Concat(removed, []string{program}, args)...)
	got, want := 0, 0
	if s.neg {
		want = failed
	}
	if exited, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exited.ExitCode()
	} else {
		s.Check(err)
	}
	if got == want {
		return
	}
	if failure := terraformError.FindString(s.unwrapped()); failure != "" {
		if first, known := failures.LoadOrStore(failure, s.Name()); known {
			s.t.Skipf("skipped: it fails as the scene %s does: %s", first, failure)
		}
	}
	s.Fatalf("%s ended with exit code %d, want %d", program, got, want)
}

var (
	// terraformError is an error of Terraform, with the block that it is about.
	terraformError = regexp.MustCompile(`Error: .*? on \S+ line \d+(, in [^:]+)?:`)
	// failures has the first scene of each.
	failures sync.Map
)

func (s *scene) unwrapped() string {
	printed := s.ReadFile("stdout") + s.ReadFile("stderr")
	return strings.Join(strings.FieldsFunc(printed, func(r rune) bool { return strings.ContainsRune(" \n│╵╷", r) }), " ")
}

// says fails if a text is not in what the last command printed, whatever the line breaks that
// Terraform put into it. With !, it fails if one is.
func (s *scene) says(texts []string) {
	for _, text := range texts {
		if strings.Contains(s.unwrapped(), text) == s.neg {
			s.Fatalf("the output has %q: %t", text, s.neg)
		}
	}
}

// number is an argument that is one.
func (s *scene) number(arg string) int {
	n, err := strconv.Atoi(arg)
	s.Check(err)
	return n
}
