// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package terraformcli

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// Release says which release an executable is of: 1.Minor.
type Release struct {
	Minor    int
	OpenTofu bool
}

// HasActions tells whether a configuration can have actions.
func (r Release) HasActions() bool { return r.Minor >= 14 && !r.OpenTofu }

// Identify asks an executable for its release.
func Identify(ctx context.Context, path string) (Release, error) {
	ask := func(args ...string) ([]byte, error) {
		command := exec.CommandContext(ctx, path, args...) //nolint:gosec // the executable that the tests run
		command.Env = []string{"CHECKPOINT_DISABLE=1"}
		out, err := command.Output()
		if err != nil {
			return nil, fmt.Errorf("asking terraform for its version: %w", err)
		}
		return out, nil
	}
	out, err := ask("version", "-json")
	if err != nil {
		return Release{}, err
	}
	var version struct {
		Terraform string `json:"terraform_version"`
	}
	if err := json.Unmarshal(out, &version); err != nil {
		return Release{}, fmt.Errorf("asking terraform for its version: %w", err)
	}
	numbers := strings.Split(version.Terraform, ".")
	if len(numbers) < 3 || numbers[0] != "1" {
		return Release{}, fmt.Errorf("terraform has the version %q; versions 1.x.y are known", version.Terraform)
	}
	minor, err := strconv.Atoi(numbers[1])
	if err != nil {
		return Release{}, err
	}
	out, err = ask("version")
	return Release{Minor: minor, OpenTofu: strings.Contains(string(out), "OpenTofu")}, err
}
