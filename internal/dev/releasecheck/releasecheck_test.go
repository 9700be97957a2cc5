// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"archive/zip"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// testVersion is put together at run time: the binary must not hold it by itself.
var testVersion = strings.Join([]string{"1.2.3", "snapshot", "abcdef0"}, "-")

// fakeSnapshot is a good one of this machine's platform. In place of the provider
// it holds the running test, which is a Go binary too.
func fakeSnapshot(t *testing.T) (s snapshot, manifest string) {
	t.Helper()
	s = snapshot{dist: t.TempDir(), version: testVersion, platforms: []platform{platform(runtime.GOOS + "_" + runtime.GOARCH)}}
	manifest = filepath.Join(t.TempDir(), manifestFile)
	write(t, manifest, `{"version": 1, "metadata": {"protocol_versions": ["6.0"]}}`)
	pack(t, s, binaryName(), "LICENSE", 0o755, testBinary(t)+s.version)
	sum(t, s, manifest)
	return s, manifest
}

// archive is the suffix of the only archive.
func archive(s snapshot) string { return string(s.platforms[0]) + ".zip" }

func binaryName() string {
	if runtime.GOOS == "windows" {
		return project + "_v" + testVersion + ".exe"
	}
	return project + "_v" + testVersion
}

func testBinary(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return read(t, path)
}

// pack writes the only archive.
func pack(t *testing.T, s snapshot, binary, license string, mode os.FileMode, content string) {
	t.Helper()
	file, err := os.Create(s.path(archive(s)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	writer := zip.NewWriter(file)
	for name, text := range map[string]string{binary: content, license: "the license"} {
		header := &zip.FileHeader{Name: name}
		header.SetMode(mode)
		entry, err := writer.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
}

// sum writes SHA256SUMS.
func sum(t *testing.T, s snapshot, manifest string) {
	t.Helper()
	write(t, s.path("SHA256SUMS"), fmt.Sprintf("%x  %s\n%x  %s\n",
		sha256.Sum256([]byte(read(t, s.path(archive(s))))), s.name(archive(s)),
		sha256.Sum256([]byte(read(t, manifest))), s.name("manifest.json")))
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyTakesAGoodSnapshot(t *testing.T) {
	s, manifest := fakeSnapshot(t)
	if err := s.verify(manifest); err != nil {
		t.Error(err)
	}
}

func TestVerifyRefusesABadSnapshot(t *testing.T) {
	sums := func(s snapshot) string { return s.path("SHA256SUMS") }
	tests := map[string]struct {
		spoil func(t *testing.T, s *snapshot, manifest string)
		want  string
	}{
		"tampered archive": {func(t *testing.T, s *snapshot, _ string) {
			path := s.path(archive(*s))
			content := []byte(read(t, path))
			content[len(content)/2] ^= 1
			write(t, path, string(content))
		}, "another checksum for " + project + "_" + testVersion + "_" + runtime.GOOS},
		"missing archive": {func(t *testing.T, s *snapshot, _ string) {
			if err := os.Remove(s.path(archive(*s))); err != nil {
				t.Fatal(err)
			}
		}, ".zip: no such file"},
		"archive of another platform": {func(_ *testing.T, s *snapshot, _ string) {
			s.platforms = append(s.platforms, "plan9_amd64")
		}, "plan9_amd64.zip: no such file"},
		"file that is none of the release's": {func(t *testing.T, s *snapshot, _ string) {
			write(t, sums(*s), read(t, sums(*s))+"00  surprise.zip\n")
		}, "lists surprise.zip"},
		"malformed checksums": {func(t *testing.T, s *snapshot, _ string) {
			write(t, sums(*s), "surprise")
		}, "is not a checksum and a name"},
		"manifest missing from the checksums": {func(t *testing.T, s *snapshot, _ string) {
			first, _, _ := strings.Cut(read(t, sums(*s)), "\n")
			write(t, sums(*s), first+"\n")
		}, "does not list " + project + "_" + testVersion + "_manifest.json"},
		"no manifest": {func(t *testing.T, _ *snapshot, manifest string) {
			if err := os.Remove(manifest); err != nil {
				t.Fatal(err)
			}
		}, manifestFile + ": no such file"},
		"manifest of another protocol": {func(t *testing.T, s *snapshot, manifest string) {
			write(t, manifest, `{"version": 1, "metadata": {"protocol_versions": ["5.0"]}}`)
			sum(t, *s, manifest)
		}, `protocols ["5.0"]`},
		"binary of another version": {func(t *testing.T, s *snapshot, manifest string) {
			pack(t, *s, binaryName(), "LICENSE", 0o755, testBinary(t)+"1.2.4")
			sum(t, *s, manifest)
		}, "does not know its version"},
		"binary of another name": {func(t *testing.T, s *snapshot, manifest string) {
			pack(t, *s, project, "LICENSE", 0o755, testBinary(t)+s.version)
			sum(t, *s, manifest)
		}, "want [\"LICENSE\" \"" + project + "_v"},
		"binary that cannot be run": {func(t *testing.T, s *snapshot, manifest string) {
			pack(t, *s, binaryName(), "LICENSE", 0o644, testBinary(t)+s.version)
			sum(t, *s, manifest)
		}, "is not executable"},
		"no license": {func(t *testing.T, s *snapshot, manifest string) {
			pack(t, *s, binaryName(), "README", 0o755, testBinary(t)+s.version)
			sum(t, *s, manifest)
		}, `"README"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, manifest := fakeSnapshot(t)
			test.spoil(t, &s, manifest)
			if err := s.verify(manifest); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestVerifyRefusesABinaryForAnotherPlatform(t *testing.T) {
	err := verifyBinary([]byte(testBinary(t)+testVersion), "plan9_arm", testVersion)
	if want := "built for " + runtime.GOOS + "_" + runtime.GOARCH; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestNarrowLeavesOnePlatformAndTheRest(t *testing.T) {
	content := read(t, filepath.Join("..", "..", "..", configFile))
	narrowed, err := narrow([]byte(content), "linux_386")
	if err != nil {
		t.Fatal(err)
	}
	var got, want map[string]any
	for text, config := range map[string]*map[string]any{content: &want, string(narrowed): &got} {
		if err := yaml.Unmarshal([]byte(text), config); err != nil {
			t.Fatal(err)
		}
	}
	builds, _ := want["builds"].([]any)
	for _, build := range builds {
		if build, ok := build.(map[string]any); ok {
			build["goos"], build["goarch"] = []any{"linux"}, []any{"386"}
		}
	}
	if len(builds) == 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestSBOMHasToNameWhatIsLinkedIn(t *testing.T) {
	document := filepath.Join(t.TempDir(), "sbom")
	for name, test := range map[string]struct{ content, want string }{
		"all":               {`{"bomFormat": "CycloneDX", "components": [{"name": "a", "version": "v1"}, {"name": "b", "version": "v2"}]}`, ""},
		"one missing":       {`{"bomFormat": "CycloneDX", "components": [{"name": "a", "version": "v1"}]}`, "b@v2 is linked in and not named"},
		"another version":   {`{"bomFormat": "CycloneDX", "components": [{"name": "a", "version": "v2"}, {"name": "b", "version": "v2"}]}`, "a@v1 is linked in and not named"},
		"another format":    {`{"bomFormat": "SPDX"}`, `"SPDX"`},
		"not even a format": {`[]`, "cannot unmarshal"},
	} {
		write(t, document, test.content)
		err := verifySBOM(document, []string{"a@v1", "b@v2"})
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
	if err := verifySBOM(document+" elsewhere", nil); err == nil {
		t.Error("an SBOM that is not there was taken")
	}
}

func TestLinkedModulesAreThoseOfThePackage(t *testing.T) {
	// This package takes YAML from a module. Terminals are for tests.
	linked, err := linkedModules(t.Context(), "linux_amd64")
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Join(linked, " ")
	if !strings.Contains(names, "go.yaml.in/yaml/v3@v3.") || strings.Contains(names, "pty") {
		t.Errorf("got %q", linked)
	}
}

func TestADifferenceIsFound(t *testing.T) {
	snapshots := [2]snapshot{}
	for i := range snapshots {
		snapshots[i] = snapshot{dist: t.TempDir(), version: testVersion, platforms: []platform{"linux_amd64"}}
		for _, suffix := range []string{"SHA256SUMS", "linux_amd64.zip", "linux_amd64.cdx.json"} {
			write(t, snapshots[i].path(suffix), "the same")
		}
	}
	if err := snapshots[0].sameAs(snapshots[1]); err != nil {
		t.Error(err)
	}
	for _, suffix := range []string{"SHA256SUMS", "linux_amd64.zip", "linux_amd64.cdx.json"} {
		write(t, snapshots[1].path(suffix), "another")
		if err := snapshots[0].sameAs(snapshots[1]); err == nil || !strings.Contains(err.Error(), suffix+" differs") {
			t.Errorf("got %v", err)
		}
		write(t, snapshots[1].path(suffix), "the same")
	}
}

func TestTheCopyHasWhatIsNotCommitted(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	git := func(args ...string) {
		t.Helper()
		command := exec.CommandContext(t.Context(), "git", append([]string{"-C", from, "-c", "user.name=test", "-c", "user.email=test"}, args...)...)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	git("init", "--quiet")
	for _, name := range []string{"kept", "changed", "deleted"} {
		write(t, filepath.Join(from, name), "committed")
	}
	git("add", ".")
	git("commit", "--quiet", "--message", "test")
	write(t, filepath.Join(from, "changed"), "not committed")
	write(t, filepath.Join(from, "new"), "not committed")
	write(t, filepath.Join(from, ".gitignore"), "ignored")
	write(t, filepath.Join(from, "ignored"), "not committed")
	if err := os.Remove(filepath.Join(from, "deleted")); err != nil {
		t.Fatal(err)
	}
	if err := copyRepository(t.Context(), from, to); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"kept": "committed", "changed": "not committed", "new": "not committed"} {
		if got := read(t, filepath.Join(to, name)); got != want {
			t.Errorf("%s has %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"deleted", "ignored"} {
		if _, err := os.Stat(filepath.Join(to, name)); err == nil {
			t.Errorf("the copy has the file %q", name)
		}
	}
}

// testKey skips the test on a machine without gpg.
func testKey(t *testing.T) signingKey {
	t.Helper()
	dir, err := os.MkdirTemp("", "gpg") //nolint:usetesting // its path is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	key, err := newSigningKey(t.Context(), filepath.Join(dir, "home"))
	if err != nil {
		t.Fatal(err)
	}
	if key == "" {
		t.Skip("there is no gpg on the PATH")
	}
	t.Cleanup(key.close)
	return key
}

func TestSignatureIsVerified(t *testing.T) {
	key := testKey(t)
	file := filepath.Join(t.TempDir(), "SHA256SUMS")
	sign := func(args ...string) {
		t.Helper()
		write(t, file, "the checksums")
		if _, err := key.gpg(t.Context(), append(args, "--yes", "--output", file+".sig", "--detach-sign", file)...); err != nil {
			t.Fatal(err)
		}
	}
	want := func(text string) {
		t.Helper()
		if err := key.verify(t.Context(), file); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("got %v, want %q", err, text)
		}
	}

	want("no such file")
	sign()
	if err := key.verify(t.Context(), file); err != nil {
		t.Error(err)
	}
	write(t, file, "other checksums")
	want("BAD signature")
	sign("--armor")
	want("ASCII-armored")
}

// The commands are those of the release workflow. They sign no file that is not the one that was
// built.
func TestWorkflowSigns(t *testing.T) {
	steps, err := workflowSteps(filepath.Join("..", "..", "..", workflowFile))
	if err != nil {
		t.Fatal(err)
	}
	s, manifest := fakeSnapshot(t)
	write(t, s.path("manifest.json"), read(t, manifest))
	key := testKey(t)
	if err := key.sign(t.Context(), steps["Sign"].Run, s.dist); err != nil {
		t.Fatal(err)
	}
	if err := key.verify(t.Context(), s.path("SHA256SUMS")); err != nil {
		t.Error(err)
	}

	write(t, s.path(archive(s)), "another archive")
	if err := key.sign(t.Context(), steps["Sign"].Run, s.dist); err == nil || !strings.Contains(err.Error(), archive(s)+": FAILED") {
		t.Errorf("got %v", err)
	}
}

func TestHandedOverAreTheFilesOfARelease(t *testing.T) {
	steps, err := workflowSteps(filepath.Join("..", "..", "..", workflowFile))
	if err != nil {
		t.Fatal(err)
	}
	s, _ := fakeSnapshot(t)
	t.Chdir(t.TempDir())
	if err := os.Mkdir("dist", 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, manifestFile, "the manifest")
	for _, name := range []string{s.name(archive(s)), s.name(s.platforms[0].sbom()), s.name("SHA256SUMS"), "config.yaml", "artifacts.json"} {
		write(t, filepath.Join("dist", name), "the same")
	}
	handed := snapshot{dist: "handed", version: s.version, platforms: s.platforms}
	if err := shell(t.Context(), append(os.Environ(), "GITHUB_REF_NAME=v"+s.version), ".", steps["Add the manifest"].Run); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(handOver(strings.Fields(steps["Hand over"].With.Path), handed.dist), handed.verifyFiles()); err != nil {
		t.Error(err)
	}
	if err := handed.verifyFiles("SHA256SUMS.sig"); err == nil || !strings.Contains(err.Error(), "SHA256SUMS.sig") {
		t.Errorf("got %v", err)
	}
}

func TestWithoutGPGThereIsNoKey(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := exec.LookPath("gpg"); err == nil {
		t.Fatal("gpg is still found")
	}
	key, err := newSigningKey(t.Context(), filepath.Join(t.TempDir(), "gpg"))
	if key != "" || err != nil {
		t.Errorf("got %v, %v, want no key", key, err)
	}
	key.close()
}

func TestRunningVersionIsTheOneThatTheProviderTells(t *testing.T) {
	from := func(agent string) robototest.Request {
		return robototest.Request{Header: http.Header{"User-Agent": {agent}}}
	}
	tests := map[string]struct {
		requests []robototest.Request
		want     string
	}{
		"the snapshot's": {[]robototest.Request{from(project + "/" + testVersion)}, ""},
		"another":        {[]robototest.Request{from(project + "/" + testVersion), from(project + "/dev")}, `calls itself "` + project + `/dev"`},
		"no request":     {nil, "version is not known"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := verifyRunningVersion(test.requests, testVersion)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
