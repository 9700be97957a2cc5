// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// TokenPage is where people manage their tokens.
const TokenPage = "https://app.roboto.ai/settings/tokens"

// Warning says what is unsafe about a setting that works, in full sentences.
type Warning struct {
	Problem, Remedy string
}

// configFile is the config file of Roboto's first-party tools, ~/.roboto/config.json.
// Both versions are in use (src/roboto/config.py).
type configFile struct {
	defaultProfile string
	profiles       map[string]profile
}

type profile struct {
	apiKey   roboto.Sensitive
	endpoint string
	// requestTimeoutSeconds is nil if the profile has none.
	requestTimeoutSeconds *float64
}

// maxConfigFileBytes is far more than any config file has.
const maxConfigFileBytes = 1 << 20

// configFileTimeout is far more than reading any config file takes.
const configFileTimeout = 5 * time.Second

// readInTime does not wait for longer than the limit: the read of a file that a network or the
// kernel serves may never end, and cannot be stopped.
func readInTime(path string, limit time.Duration, read func(string) ([]byte, fs.FileMode, error)) ([]byte, fs.FileMode, error) {
	var (
		content []byte
		mode    fs.FileMode
		err     error
	)
	done := make(chan struct{})
	go func() {
		defer close(done)
		content, mode, err = read(path)
	}()
	select {
	case <-done:
		return content, mode, err
	case <-time.After(limit):
		return nil, 0, fmt.Errorf("reading it takes longer than %s", limit)
	}
}

// readRegularFile reads a regular file, to which a symbolic link may lead, and returns its mode. It
// opens the file without blocking, because a FIFO would wait for a writer.
func readRegularFile(path string) ([]byte, fs.FileMode, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) //nolint:gosec // the practitioner names the file
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, 0, err
	case info.IsDir():
		return nil, 0, errors.New("it is a directory")
	case !info.Mode().IsRegular():
		return nil, 0, errors.New("it is a device, a pipe or a socket, not a regular file")
	}
	content, err := io.ReadAll(io.LimitReader(file, maxConfigFileBytes+1))
	if err == nil && len(content) > maxConfigFileBytes {
		err = fmt.Errorf("it is larger than %d MiB", maxConfigFileBytes>>20)
	}
	return content, info.Mode(), err
}

// warnOfOtherUsers returns nil if only the owner of the file may read and write it. On
// Windows, the mode says nothing about other users.
func warnOfOtherUsers(path string, mode fs.FileMode, goos string) *Warning {
	if goos == "windows" || mode&0o066 == 0 {
		return nil
	}
	harm := "Other users of this machine may read it, and with it the API key."
	if mode&0o022 != 0 {
		harm = "Other users of this machine may change it, and so have the API key sent elsewhere."
	}
	return &Warning{
		Problem: fmt.Sprintf("The config file %s has the mode %04o. %s", path, mode.Perm(), harm),
		Remedy:  "Let only the owner of the file read and write it (mode 0600). If somebody may have read the API key, replace it at " + TokenPage + ".",
	}
}

// parseConfigFile reads either version. Its errors never repeat the content.
func parseConfigFile(content []byte) (configFile, error) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal(content, &top); err != nil {
		return configFile{}, errors.New("it is not a JSON object")
	}
	var value any
	_ = json.Unmarshal(top["version"], &value) // there may be none
	version, isText := value.(string)
	if !isText { // in the older version, "version" may be a profile's name
		return parseConfigFileV0(top), nil
	}
	if version != "v1" {
		return configFile{}, errors.New("its version is not known")
	}
	return parseConfigFileV1(top)
}

func parseConfigFileV1(top map[string]json.RawMessage) (configFile, error) {
	var file configFile
	if raw, ok := top["default_profile"]; ok && json.Unmarshal(raw, &file.defaultProfile) != nil {
		return configFile{}, errors.New(`its "default_profile" is not a string`)
	}
	var profiles map[string]struct {
		APIKey             string   `json:"api_key"`
		Endpoint           string   `json:"endpoint"`
		DefaultHTTPTimeout *float64 `json:"default_http_timeout"`
	}
	if json.Unmarshal(top["profiles"], &profiles) != nil {
		return configFile{}, errors.New(`its "profiles" is not an object of profiles with "api_key" and "endpoint"`)
	}
	file.profiles = make(map[string]profile, len(profiles))
	for name, p := range profiles {
		file.profiles[name] = profile{
			apiKey:                roboto.NewSensitive(p.APIKey),
			endpoint:              p.Endpoint,
			requestTimeoutSeconds: p.DefaultHTTPTimeout,
		}
	}
	return file, nil
}

// parseConfigFileV0 treats every top-level object with a token as a profile and skips the
// rest, as the SDK does.
func parseConfigFileV0(top map[string]json.RawMessage) configFile {
	file := configFile{profiles: map[string]profile{}}
	for name, raw := range top {
		var p struct {
			Token           string `json:"token"`
			DefaultEndpoint string `json:"default_endpoint"`
		}
		if json.Unmarshal(raw, &p) != nil || p.Token == "" {
			continue
		}
		file.profiles[name] = profile{apiKey: roboto.NewSensitive(p.Token), endpoint: p.DefaultEndpoint}
	}
	return file
}
