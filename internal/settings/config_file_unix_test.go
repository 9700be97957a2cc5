// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package settings

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What is no file of a sensible size would hang the provider or fill its memory. A link is followed.
func TestConfigFileHasToBeAFile(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path("socket"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	for _, err := range []error{
		syscall.Mkfifo(path("fifo"), 0o600),
		os.Symlink("fifo", path("link to a fifo")),
		os.Symlink("loop", path("loop")),
		os.WriteFile(path("largest"), make([]byte, 1<<20), 0o600),
		os.Symlink("largest", path("link to a file")),
		os.WriteFile(path("large"), make([]byte, 1<<20+1), 0o600),
		os.WriteFile(path("sparse"), nil, 0o600),
		os.Truncate(path("sparse"), 1<<40),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for file, problem := range map[string]string{
		path("link to a file"): "",
		path("fifo"):           "not a regular file",
		path("link to a fifo"): "not a regular file",
		path("loop"):           "too many levels of symbolic links",
		path("socket"):         "not a regular file",
		path("large"):          "larger than 1 MiB",
		path("sparse"):         "larger than 1 MiB",
		"/dev/zero":            "not a regular file",
		"/dev/tty":             "not a regular file",
		dir:                    "not a regular file",
	} {
		_, _, err := readRegularFile(file)
		if (err == nil) != (problem == "") || err != nil && !(strings.Contains(err.Error(), file) && strings.Contains(err.Error(), problem)) {
			t.Errorf("%s: the error is %v, want one with %q", file, err, problem)
		}
	}
}
