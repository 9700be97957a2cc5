// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

//go:embed module/main.tf
var module string

// action is not part of the module from the start, because an older Terraform would
// refuse it.
//
//go:embed action.tf
var action string

// terraform runs Terraform and keeps all that the run leaves behind. It returns the
// standard output.
func (s *story) terraform(ctx context.Context, wantCode int, args ...string) string {
	if s.err != nil {
		return ""
	}
	s.runs++
	// Beside the module.
	record := filepath.Join(filepath.Dir(s.workspace.Dir), fmt.Sprintf("%02d-%s", s.runs, args[0]))
	result, err := s.workspace.Expect(ctx, wantCode, append(s.variables, "TF_LOG_PATH="+record+".trace.log"), args...)
	if err != nil {
		s.err = err
		return ""
	}
	files := map[string][]byte{".stdout": result.Stdout, ".stderr": result.Stderr}
	// Later runs replace the state.
	state, err := os.ReadFile(filepath.Join(s.workspace.Dir, "terraform.tfstate"))
	if err == nil {
		files[".tfstate"] = state
	} else if !errors.Is(err, os.ErrNotExist) {
		s.err = err
	}
	for extension, content := range files {
		s.err = errors.Join(s.err, os.WriteFile(record+extension, content, 0o600))
	}
	return string(result.Stdout)
}

// secret is what Terraform says about one.
type secret struct {
	URI       string `json:"uri"`
	VersionID string `json:"version_id"`
}

// show reads a saved plan, or the state if there is none. It returns the secrets by
// resource address.
func (s *story) show(ctx context.Context, plan ...string) map[string]secret {
	output := s.terraform(ctx, 0, append([]string{"show", "-json"}, plan...)...)
	if s.err != nil {
		return nil
	}
	type values struct {
		RootModule struct {
			Resources []struct {
				Address string `json:"address"`
				Values  secret `json:"values"`
			} `json:"resources"`
		} `json:"root_module"`
	}
	var shown struct {
		OfState values `json:"values"`
		OfPlan  values `json:"planned_values"`
	}
	if err := json.Unmarshal([]byte(output), &shown); err != nil {
		s.err = fmt.Errorf("reading terraform show: %w", err)
	}
	found := map[string]secret{}
	for _, resource := range append(shown.OfState.RootModule.Resources, shown.OfPlan.RootModule.Resources...) {
		found[resource.Address] = resource.Values
	}
	return found
}
