// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package terraformcli

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
)

// newHome gives the test a home of its own, without a Terraform on the PATH. It returns the directory into
// which Terraform is installed.
func newHome(t *testing.T) (dir string) {
	t.Helper()
	home := t.TempDir()
	for _, name := range []string{"HOME", "LocalAppData", "PATH"} {
		t.Setenv(name, home)
	}
	t.Setenv("XDG_CACHE_HOME", "")
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(cache, "terraform-provider-roboto")
}

func writeExecutable(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, product.Terraform.BinaryName())
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(path, nil, 0o700)); err != nil {
		t.Fatal(err)
	}
	return path
}

// from is the latest release of a server.
func from(server *httptest.Server) releases.LatestVersion {
	return releases.LatestVersion{
		Product: product.Terraform, ApiBaseURL: server.URL, HTTPClient: server.Client(),
		// Only HashiCorp can sign checksums that the library believes.
		SkipChecksumVerification: true,
	}
}

// TestFind goes from what has to be downloaded to what is on the PATH.
func TestFind(t *testing.T) {
	const latest = "the latest terraform"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/terraform/index.json" {
			w.Header().Set("Content-Type", "application/zip")
			archive := zip.NewWriter(w)
			for _, name := range []string{product.Terraform.BinaryName(), "LICENSE.txt"} {
				file, _ := archive.Create(name)
				_, _ = file.Write([]byte(strings.TrimPrefix(r.URL.Path, "/")))
			}
			_ = archive.Close()
			return
		}
		var versions []string
		for version, url := range map[string]string{"1.13.5": "older", "1.14.0": latest, "1.15.0-rc1": "prerelease"} {
			versions = append(versions, fmt.Sprintf(`%q: {"name": "terraform", "version": %[1]q, "builds": [{"name": "terraform",
				"version": %[1]q, "os": %q, "arch": %q, "filename": "terraform.zip", "url": "/%s"}]}`, version, runtime.GOOS, runtime.GOARCH, url))
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"name": "terraform", "versions": {%s}}`, strings.Join(versions, ","))
	}))
	dir := newHome(t)
	installed, err := find(t.Context(), from(server))
	if err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(installed); err != nil || string(content) != latest {
		t.Errorf("installed %q, %v, want %q", content, err, latest)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left in the cache directory: %v, %v, want the executable alone", entries, err)
	}
	server.Close()
	if again, err := find(t.Context(), from(server)); err != nil || again != installed {
		t.Errorf("found %q, %v without a network, want %q", again, err, installed)
	}
	want := writeExecutable(t, os.Getenv("PATH"))
	if path, err := find(t.Context(), from(server)); err != nil || path != want {
		t.Errorf("found %q, %v, want %q, which is on the PATH", path, err, want)
	}
}

func TestFindSaysWhatToDo(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	for name, test := range map[string]struct {
		spoil func(t *testing.T, dir string, cancel func()) error
		want  string
	}{
		"no release": {func(*testing.T, string, func()) error { return nil }, "404"},
		"canceled":   {func(_ *testing.T, _ string, cancel func()) error { cancel(); return nil }, context.Canceled.Error()},
		"no cache directory": {func(t *testing.T, _ string, _ func()) error {
			t.Setenv("HOME", "")
			t.Setenv("LocalAppData", "")
			// What lies in the working directory must not be run in its stead.
			t.Chdir(t.TempDir())
			writeExecutable(t, "terraform-provider-roboto")
			return nil
		}, "defined"},
		"the cache directory is a file": {func(_ *testing.T, dir string, _ func()) error {
			return errors.Join(os.MkdirAll(filepath.Dir(dir), 0o700), os.WriteFile(dir, nil, 0o600))
		}, "not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := newHome(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if err := test.spoil(t, dir, cancel); err != nil {
				t.Fatal(err)
			}
			path, err := find(ctx, from(server))
			if err == nil {
				t.Fatalf("found %q, want an error", path)
			}
			for _, want := range []string{"terraform is not on the PATH", "install Terraform and put it on the PATH", test.want} {
				if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("the error is %q, want one line with %q", err, want)
				}
			}
			if entries, _ := os.ReadDir(dir); len(entries) > 0 {
				t.Errorf("left in the cache directory: %v", entries)
			}
		})
	}
}
