// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// platform is one that Go builds for, named as Go names it. The registry takes
// the same names.
type platform struct{ os, arch string }

func (p platform) String() string { return p.os + "_" + p.arch }

// releasePlatforms are those that a release is promised for, whatever
// .goreleaser.yml says.
var releasePlatforms = []platform{
	{"darwin", "amd64"},
	{"darwin", "arm64"},
	{"freebsd", "386"},
	{"freebsd", "amd64"},
	{"freebsd", "arm"},
	{"freebsd", "arm64"},
	{"linux", "386"},
	{"linux", "amd64"},
	{"linux", "arm"},
	{"linux", "arm64"},
	{"windows", "386"},
	{"windows", "amd64"},
	{"windows", "arm64"},
}

// platformsFor lists the platforms to build for: all, or this machine's, which is
// always among them, since the provider is to run here.
func platformsFor(all bool) ([]platform, error) {
	here := platform{runtime.GOOS, runtime.GOARCH}
	if !slices.Contains(releasePlatforms, here) {
		return nil, fmt.Errorf("a release has no archive for %s, so it cannot be tried on this machine", here)
	}
	if all {
		return releasePlatforms, nil
	}
	return []platform{here}, nil
}

func describe(platforms []platform) string {
	if len(platforms) == 1 {
		return platforms[0].String()
	}
	names := make([]string, len(platforms))
	for i, p := range platforms {
		names[i] = p.String()
	}
	return fmt.Sprintf("%d platforms (%s)", len(names), strings.Join(names, ", "))
}
