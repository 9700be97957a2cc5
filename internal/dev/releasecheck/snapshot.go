// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	project         = "terraform-provider-roboto"
	manifestFile    = "terraform-registry-manifest.json"
	protocolVersion = "6.0"

	// manifestUpload is what makes goreleaser publish the manifest, in the form in
	// which it writes the configuration down. Snapshots are not published, so there is
	// nothing else to see it by.
	manifestUpload = "    - glob: " + manifestFile + "\n      name_template: '{{ .ProjectName }}_{{ .Version }}_manifest.json'\n"
)

// snapshot is what goreleaser made. Its files are named and formed as the registry
// requires (https://developer.hashicorp.com/terraform/registry/providers/publishing).
type snapshot struct {
	dist      string
	version   string
	platforms []platform
}

func (s snapshot) path(name string) string { return filepath.Join(s.dist, name) }

func (s snapshot) name(suffix string) string { return project + "_" + s.version + "_" + suffix }

func (s snapshot) sumsName() string { return s.name("SHA256SUMS") }

func (s snapshot) manifestName() string { return s.name("manifest.json") }

func (s snapshot) archiveName(p platform) string { return s.name(p.String() + ".zip") }

// verify reports all that the registry, or a user's Terraform, would object to.
// manifestPath is where the manifest is published from.
func (s snapshot) verify(manifestPath string) error {
	sums, err := s.sums()
	if err != nil {
		return err
	}
	files := map[string]string{s.manifestName(): manifestPath}
	for _, p := range s.platforms {
		files[s.archiveName(p)] = s.path(s.archiveName(p))
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(files)) {
		errs = append(errs, verifySum(name, files[name], sums))
	}
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		if _, ok := files[name]; !ok {
			errs = append(errs, fmt.Errorf("%s lists %s, which does not belong to the release", s.sumsName(), name))
		}
	}
	errs = append(errs, verifyManifest(manifestPath), s.verifyUpload())
	for _, p := range s.platforms {
		if err := s.verifyArchive(p); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.archiveName(p), err))
		}
	}
	return errors.Join(errs...)
}

// sums reads the checksums, in hexadecimal, by file.
func (s snapshot) sums() (map[string]string, error) {
	content, err := os.ReadFile(s.path(s.sumsName()))
	if err != nil {
		return nil, err
	}
	sums := map[string]string{}
	for line := range strings.Lines(string(content)) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok {
			return nil, fmt.Errorf("%s: %q is not a checksum and a name", s.sumsName(), line)
		}
		sums[name] = sum
	}
	return sums, nil
}

func verifySum(name, path string, sums map[string]string) error {
	content, err := os.ReadFile(path) //nolint:gosec // a path of our own
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	switch want, ok := sums[name]; {
	case !ok:
		return fmt.Errorf("SHA256SUMS does not list %s", name)
	case want != hex.EncodeToString(sum[:]):
		return fmt.Errorf("SHA256SUMS has another checksum for %s than the file", name)
	}
	return nil
}

func verifyManifest(path string) error {
	content, err := os.ReadFile(path) //nolint:gosec // a path of our own
	if err != nil {
		return err
	}
	var manifest struct {
		Version  int `json:"version"`
		Metadata struct {
			ProtocolVersions []string `json:"protocol_versions"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(content, &manifest); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if manifest.Version != 1 || !slices.Equal(manifest.Metadata.ProtocolVersions, []string{protocolVersion}) {
		return fmt.Errorf("%s: got version %d and protocols %q, want version 1 and protocol %s",
			path, manifest.Version, manifest.Metadata.ProtocolVersions, protocolVersion)
	}
	return nil
}

// verifyUpload checks that the release will have the manifest among its files.
func (s snapshot) verifyUpload() error {
	config, err := os.ReadFile(s.path("config.yaml"))
	if err != nil {
		return err
	}
	_, release, _ := strings.Cut("\n"+string(config), "\nrelease:\n")
	// The section lasts as long as lines are indented.
	end := 0
	for line := range strings.Lines(release) {
		if !strings.HasPrefix(line, " ") {
			break
		}
		end += len(line)
	}
	if !strings.Contains(release[:end], manifestUpload) {
		return fmt.Errorf("%s: release.extra_files does not publish %s as %s", configFile, manifestFile, s.manifestName())
	}
	return nil
}

// verifyArchive checks that the archive holds the license and the right binary.
func (s snapshot) verifyArchive(p platform) error {
	archive, err := zip.OpenReader(s.path(s.archiveName(p)))
	if err != nil {
		return err
	}
	defer func() { _ = archive.Close() }()
	binary := project + "_v" + s.version
	if p.os == "windows" {
		binary += ".exe"
	}
	var names []string
	for _, file := range archive.File {
		names = append(names, file.Name)
	}
	if want := []string{"LICENSE", binary}; !slices.Equal(slices.Sorted(slices.Values(names)), want) {
		return fmt.Errorf("holds %q, want %q", names, want)
	}
	file := archive.File[slices.Index(names, binary)]
	if file.Mode().Perm()&0o111 != 0o111 {
		return fmt.Errorf("%s is not executable: its mode is %s", binary, file.Mode())
	}
	reader, err := file.Open()
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }()
	content, err := io.ReadAll(reader)
	if err != nil {
		return fmt.Errorf("reading %s: %w", binary, err)
	}
	return verifyBinary(content, p, s.version)
}

func verifyBinary(content []byte, p platform, version string) error {
	info, err := buildinfo.Read(bytes.NewReader(content))
	if err != nil {
		return err
	}
	var built platform
	for _, setting := range info.Settings {
		switch setting.Key {
		case "GOOS":
			built.os = setting.Value
		case "GOARCH":
			built.arch = setting.Value
		}
	}
	if built != p {
		return fmt.Errorf("the binary is built for %s", built)
	}
	if !bytes.Contains(content, []byte(version)) {
		return fmt.Errorf("the binary does not know its version %s", version)
	}
	return nil
}
