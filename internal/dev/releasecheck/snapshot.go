// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
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
)

// snapshot is what goreleaser made. Its files are named and formed as the registry
// requires (https://developer.hashicorp.com/terraform/registry/providers/publishing).
type snapshot struct {
	dist      string
	version   string
	platforms []platform
}

// name is that of a file of the release.
func (s snapshot) name(suffix string) string { return project + "_" + s.version + "_" + suffix }

func (s snapshot) path(suffix string) string { return filepath.Join(s.dist, s.name(suffix)) }

// verify reports all that the registry, or a user's Terraform, would object to.
// manifest is the file that is published as the manifest.
func (s snapshot) verify(manifest string) error {
	errs := []error{s.verifySums(manifest), verifyManifest(manifest)}
	for _, p := range s.platforms {
		if err := s.verifyArchive(p); err != nil {
			errs = append(errs, fmt.Errorf("%s.zip: %w", s.name(string(p)), err))
		}
	}
	return errors.Join(errs...)
}

// verifySums checks that SHA256SUMS lists the files of the release, and no others.
func (s snapshot) verifySums(manifest string) error {
	content, err := os.ReadFile(s.path("SHA256SUMS"))
	if err != nil {
		return err
	}
	listed := map[string]string{}
	for line := range strings.Lines(string(content)) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok {
			return fmt.Errorf("SHA256SUMS: %q is not a checksum and a name", line)
		}
		listed[name] = sum
	}
	files := map[string]string{s.name("manifest.json"): manifest}
	for _, p := range s.platforms {
		files[s.name(string(p)+".zip")] = s.path(string(p) + ".zip")
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content, err := os.ReadFile(files[name])
		errs = append(errs, err)
		switch sum, ok := listed[name]; {
		case !ok:
			errs = append(errs, fmt.Errorf("SHA256SUMS does not list %s", name))
		case err == nil && sum != fmt.Sprintf("%x", sha256.Sum256(content)):
			errs = append(errs, fmt.Errorf("SHA256SUMS has another checksum for %s than the file", name))
		}
		delete(listed, name)
	}
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		errs = append(errs, fmt.Errorf("SHA256SUMS lists %s, which does not belong to the release", name))
	}
	return errors.Join(errs...)
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

// verifyArchive checks that the archive holds the license and the right binary.
func (s snapshot) verifyArchive(p platform) error {
	archive, err := zip.OpenReader(s.path(string(p) + ".zip"))
	if err != nil {
		return err
	}
	defer func() { _ = archive.Close() }()
	binary := project + "_v" + s.version
	if strings.HasPrefix(string(p), "windows_") {
		binary += ".exe"
	}
	var names []string
	for _, file := range archive.File {
		names = append(names, file.Name)
	}
	if want := []string{"LICENSE", binary}; !slices.Equal(slices.Sorted(slices.Values(names)), want) {
		return fmt.Errorf("holds %q, want %q", names, want)
	}
	file, err := archive.Open(binary)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err != nil || info.Mode().Perm()&0o111 != 0o111 {
		return errors.Join(err, fmt.Errorf("%s is not executable", binary))
	}
	content, err := io.ReadAll(file)
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
	settings := map[string]string{}
	for _, setting := range info.Settings {
		settings[setting.Key] = setting.Value
	}
	if built := platform(settings["GOOS"] + "_" + settings["GOARCH"]); built != p {
		return fmt.Errorf("the binary is built for %s", built)
	}
	if !bytes.Contains(content, []byte(version)) {
		return fmt.Errorf("the binary does not know its version %s", version)
	}
	return nil
}
