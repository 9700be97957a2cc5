// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package terraformcli

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
)

var errUnreachable = errors.New("network is unreachable")

type unreachable struct{}

func (unreachable) RoundTrip(*http.Request) (*http.Response, error) { return nil, errUnreachable }

// offline is a finder without a network, and the directory that it caches in.
func offline(t *testing.T) (f finder, dir string) {
	t.Helper()
	cache := t.TempDir()
	return finder{
		userCacheDir: func() (string, error) { return cache, nil },
		release: releases.LatestVersion{
			Product:    product.Terraform,
			HTTPClient: &http.Client{Transport: unreachable{}},
		},
	}, filepath.Join(cache, "terraform-provider-roboto")
}

func writeExecutable(t *testing.T, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, product.Terraform.BinaryName())
	if err := os.WriteFile(path, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFindTakesTerraformOnThePath(t *testing.T) {
	f, dir := offline(t)
	writeExecutable(t, dir)
	onPath := t.TempDir()
	want := writeExecutable(t, onPath)
	t.Setenv("PATH", onPath)

	got, err := f.find(t.Context())
	if err != nil || got != want {
		t.Errorf("find() = %q, %v, want %q", got, err, want)
	}
}

func TestFindNeedsNoNetworkOnceInstalled(t *testing.T) {
	f, dir := offline(t)
	want := writeExecutable(t, dir)
	t.Setenv("PATH", "")

	got, err := f.find(t.Context())
	if err != nil || got != want {
		t.Errorf("find() = %q, %v, want %q", got, err, want)
	}
}

func TestFindInstallsTheLatestReleaseOnce(t *testing.T) {
	const executable = "the latest terraform"
	server, requests := serveReleases(t, map[string]string{"1.13.5": "older", "1.14.0": executable, "1.15.0-rc1": "prerelease"})
	f, dir := offline(t)
	f.release = releases.LatestVersion{
		Product:    product.Terraform,
		ApiBaseURL: server.URL,
		HTTPClient: server.Client(),
		// Only HashiCorp can sign checksums that the library believes.
		SkipChecksumVerification: true,
	}
	t.Setenv("PATH", "")

	path, err := f.find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(content) != executable {
		t.Errorf("installed %q, want %q", content, executable)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left in the cache directory: %v, %v, want the executable alone", entries, err)
	}

	before := requests.Load()
	again, err := f.find(t.Context())
	if err != nil || again != path {
		t.Errorf("second find() = %q, %v, want %q", again, err, path)
	}
	if n := requests.Load() - before; n != 0 {
		t.Errorf("second find() made %d requests, want none", n)
	}
}

func TestFindSaysWhatWasTriedAndWhatToDo(t *testing.T) {
	errNoHome := errors.New("$HOME is not defined")
	tests := map[string]struct {
		change func(*testing.T, *finder)
		cause  error
	}{
		"no network": {func(*testing.T, *finder) {}, errUnreachable},
		"no cache directory": {func(t *testing.T, f *finder) {
			f.userCacheDir = func() (string, error) { return "", errNoHome }
			// What lies in the working directory must not be run in its stead.
			t.Chdir(t.TempDir())
			writeExecutable(t, "terraform-provider-roboto")
		}, errNoHome},
		"cache directory is a file": {func(t *testing.T, f *finder) {
			file := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			f.userCacheDir = func() (string, error) { return file, nil }
		}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f, dir := offline(t)
			test.change(t, &f)
			t.Setenv("PATH", "")

			path, err := f.find(t.Context())
			if err == nil {
				t.Fatalf("find() = %q, want an error", path)
			}
			if test.cause != nil && !errors.Is(err, test.cause) {
				t.Errorf("error %q does not wrap %q", err, test.cause)
			}
			for _, want := range []string{"terraform is not on the PATH", "install", "put it on the PATH"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not contain %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q is more than one line", err)
			}
			if entries, err := os.ReadDir(dir); !errors.Is(err, fs.ErrNotExist) && len(entries) > 0 {
				t.Errorf("left in the cache directory: %v", entries)
			}
		})
	}
}

func TestFindStopsWhenCanceled(t *testing.T) {
	server, _ := serveReleases(t, map[string]string{"1.14.0": ""})
	f, _ := offline(t)
	f.release.ApiBaseURL = server.URL
	f.release.HTTPClient = server.Client()
	t.Setenv("PATH", "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	if _, err := f.find(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("find() error = %v, want %v", err, context.Canceled)
	}
}

// serveReleases serves the versions, each with its executable, in the layout of
// HashiCorp's release site, and counts the requests.
func serveReleases(t *testing.T, executables map[string]string) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	type object = map[string]any
	versions := object{}
	mux := http.NewServeMux()
	for version, executable := range executables {
		file := "terraform_" + version + ".zip"
		path := "/terraform/" + version + "/" + file
		versions[version] = object{"name": "terraform", "version": version, "builds": []object{{
			"name": "terraform", "version": version, "os": runtime.GOOS, "arch": runtime.GOARCH,
			"filename": file, "url": path,
		}}}
		archive := zipped(t, map[string]string{product.Terraform.BinaryName(): executable, "LICENSE.txt": "the license"})
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/zip")
			_, _ = w.Write(archive)
		})
	}
	index, err := json.Marshal(object{"name": "terraform", "versions": versions})
	if err != nil {
		t.Fatal(err)
	}
	mux.HandleFunc("/terraform/index.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(index)
	})

	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server, &requests
}

func zipped(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var archive bytes.Buffer
	writer := zip.NewWriter(&archive)
	for name, content := range files {
		file, err := writer.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}
