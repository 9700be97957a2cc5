// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package terraformcli

import (
	"archive/zip"
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

// TestFind goes from what cannot be downloaded, over what can, to what is on the PATH.
func TestFind(t *testing.T) {
	home := t.TempDir()
	for _, name := range []string{"HOME", "LocalAppData", "PATH"} {
		t.Setenv(name, home)
	}
	t.Setenv("XDG_CACHE_HOME", "")
	cache, cacheErr := os.UserCacheDir()
	executable := product.Terraform.BinaryName()
	var served http.ServeMux
	server := httptest.NewServer(&served)
	defer server.Close()
	latest := releases.LatestVersion{
		Product: product.Terraform, ApiBaseURL: server.URL, HTTPClient: server.Client(),
		// Only HashiCorp can sign checksums that the library believes.
		SkipChecksumVerification: true,
	}

	path, findErr := find(t.Context(), latest)
	for _, want := range []string{"terraform is not on the PATH", "install Terraform and put it on the PATH", "404"} {
		if message := fmt.Sprint(findErr); !strings.Contains(message, want) || strings.Contains(message, "\n") {
			t.Errorf("found %q, and the error is %q, want one line with %q", path, message, want)
		}
	}

	served.HandleFunc("/terraform/index.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"name": "terraform", "versions": {"1.14.0": {"name": "terraform", "version": "1.14.0", "builds": [{
			"name": "terraform", "version": "1.14.0", "os": %q, "arch": %q, "filename": "terraform.zip", "url": "/terraform.zip"}]}}}`,
			runtime.GOOS, runtime.GOARCH)
	})
	served.HandleFunc("/terraform.zip", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/zip")
		archive := zip.NewWriter(w)
		for _, name := range []string{executable, "LICENSE.txt"} {
			_, _ = archive.Create(name)
		}
		_ = archive.Close()
	})
	installed := filepath.Join(cache, "terraform-provider-roboto", executable)
	onPath := filepath.Join(home, executable)
	finds := func(what, want string) {
		t.Helper()
		if path, err := find(t.Context(), latest); err != nil || path != want {
			t.Errorf("%s: found %q, %v, want %q", what, path, err, want)
		}
	}
	finds("a download", installed)
	server.Close()
	finds("what was downloaded, without a network", installed)
	if err := errors.Join(cacheErr, os.WriteFile(onPath, nil, 0o700)); err != nil {
		t.Fatal(err)
	}
	finds("what is on the PATH", onPath)
	if entries, err := os.ReadDir(filepath.Dir(installed)); err != nil || len(entries) != 1 {
		t.Errorf("left in the cache directory: %v, %v, want the executable alone", entries, err)
	}
}
