// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package settings

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What is no file of a sensible size would hang the provider or fill its memory.
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
		os.WriteFile(path("large"), []byte(configV1+strings.Repeat(" ", 1<<20)), 0o600),
		os.WriteFile(path("sparse"), nil, 0o600),
		os.Truncate(path("sparse"), 1<<40),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for file, problem := range map[string]string{
		path("fifo"):           "not a regular file",
		path("link to a fifo"): "not a regular file",
		path("loop"):           "cannot be read",
		path("socket"):         "cannot be read",
		path("large"):          "larger than 1 MiB",
		path("sparse"):         "larger than 1 MiB",
		"/dev/zero":            "not a regular file",
		"/dev/tty":             "cannot be read",
		dir:                    "it is a directory",
	} {
		t.Run(filepath.Base(file), func(t *testing.T) {
			_, _, err := Resolve(Explicit{ConfigFile: file}, machine{}.environment(t))
			wrong, ok := errors.AsType[*Error](err)
			if !ok || wrong.Setting != ConfigFile || !strings.Contains(wrong.Problem, problem) || !strings.Contains(wrong.Remedy, "config_file") {
				t.Errorf("the error is %v, want one with %q", err, problem)
			}
		})
	}
}

// The kernel calls its log a regular file of no bytes, and keeps a reader waiting for more of it.
func TestConfigFileThatNeverEnds(t *testing.T) {
	const kernelLog = "/proc/kmsg"
	file, err := os.Open(kernelLog)
	if err != nil {
		t.Skipf("skipped: the kernel's log cannot be read here, and TestReadInTime does the same with a reader of its own: %v", err)
	}
	_ = file.Close()
	content, _, err := readInTime(kernelLog, 100*time.Millisecond, readRegularFile)
	if err == nil || err.Error() != "reading it takes longer than 100ms" || len(content) > 0 {
		t.Errorf("%d bytes, %v", len(content), err)
	}
}

func TestConfigFileMayBeALink(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	content := configV1 + strings.Repeat(" ", 1<<20-len(configV1))
	if err := errors.Join(os.WriteFile(target, []byte(content), 0o600), os.Symlink(target, link)); err != nil {
		t.Fatal(err)
	}
	config, notes, err := Resolve(Explicit{ConfigFile: link}, machine{}.environment(t))
	if err != nil || notes.Warning != nil || config.APIKey.Reveal() != "work-key" {
		t.Errorf("%v, %v, want the key", notes.Warning, err)
	}
}

func TestConfigFileOfOtherUsers(t *testing.T) {
	for mode, harm := range map[fs.FileMode]string{
		0o600: "", 0o400: "", 0o700: "", 0o611: "",
		0o640: "may read it", 0o604: "may read it", 0o644: "may read it",
		0o620: "may change it", 0o602: "may change it", 0o666: "may change it",
	} {
		file := filepath.Join(t.TempDir(), "config.json")
		if err := errors.Join(os.WriteFile(file, []byte(configV1), 0o600), os.Chmod(file, mode)); err != nil {
			t.Fatal(err)
		}
		_, notes, err := Resolve(Explicit{ConfigFile: file}, machine{}.environment(t))
		warning := notes.Warning
		switch {
		case err != nil:
			t.Fatal(err)
		case (warning == nil) != (harm == ""):
			t.Errorf("%04o: the warning is %v", mode, warning)
		case warning != nil && (!strings.Contains(warning.Problem, harm) || !strings.Contains(warning.Remedy, "mode 0600")):
			t.Errorf("%04o: the warning is %+v, want one with %q", mode, warning, harm)
		}
	}
	if warning := warnOfOtherUsers("config.json", 0o666, "windows"); warning != nil {
		t.Errorf("on Windows: %+v", warning)
	}
}
