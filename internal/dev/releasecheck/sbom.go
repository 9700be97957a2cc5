// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// sbom is the suffix of the file that says what is linked into a platform's binary.
func (p platform) sbom() string { return string(p) + ".cdx.json" }

// verifySBOMs checks that each SBOM names what Go links into the binary.
func (s snapshot) verifySBOMs(ctx context.Context) error {
	var errs []error
	for _, p := range s.platforms {
		linked, err := linkedModules(ctx, p)
		if err == nil {
			err = verifySBOM(s.path(p.sbom()), linked)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.name(p.sbom()), err))
		}
	}
	return errors.Join(errs...)
}

// linkedModules are the modules, with their versions, that Go takes packages from.
func linkedModules(ctx context.Context, p platform) ([]string, error) {
	goos, goarch, _ := strings.Cut(string(p), "_")
	output, err := terraformcli.Command(ctx, append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0"),
		"go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}@{{.Version}}{{end}}{{end}}", ".")
	if err != nil {
		return nil, err
	}
	modules := map[string]bool{}
	for module := range strings.FieldsSeq(string(output)) {
		modules[module] = true
	}
	if len(modules) == 0 {
		return nil, errors.New("no module is linked in")
	}
	return slices.Sorted(maps.Keys(modules)), nil
}

func verifySBOM(path string, linked []string) error {
	content, err := os.ReadFile(path) //nolint:gosec // a path of our own
	if err != nil {
		return err
	}
	var document struct {
		Format     string `json:"bomFormat"`
		Components []struct {
			Name    string `json:"name"`
			Version string `json:"version"`
		} `json:"components"`
	}
	if err := json.Unmarshal(content, &document); err != nil {
		return err
	}
	if document.Format != "CycloneDX" {
		return fmt.Errorf("the format is %q, want CycloneDX", document.Format)
	}
	named := map[string]bool{}
	for _, component := range document.Components {
		named[component.Name+"@"+component.Version] = true
	}
	var errs []error
	for _, module := range linked {
		if !named[module] {
			errs = append(errs, fmt.Errorf("%s is linked in and not named", module))
		}
	}
	return errors.Join(errs...)
}
