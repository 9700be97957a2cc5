// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package terraformcli

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
)

// Release says which release an executable is of.
type Release struct {
	// Version is 1.Minor and more.
	Version  string
	Minor    int
	OpenTofu bool
}

// HasActions tells whether a configuration can have actions.
func (r Release) HasActions() bool { return r.Minor >= 14 && !r.OpenTofu }

var versionLine = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v(1\.(\d+)\.\S+)$`)

// Identify asks an executable for its release.
func Identify(ctx context.Context, path string) (Release, error) {
	output, err := Command(ctx, []string{"CHECKPOINT_DISABLE=1"}, path, "version")
	if err != nil {
		return Release{}, err
	}
	match := versionLine.FindStringSubmatch(string(output))
	if match == nil {
		return Release{}, fmt.Errorf("%s has no version 1.x.y:\n\n%s", path, output)
	}
	minor, err := strconv.Atoi(match[3])
	return Release{Version: match[2], Minor: minor, OpenTofu: match[1] == "OpenTofu"}, err
}
