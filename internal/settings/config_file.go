// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package settings

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// configFile is the config file of Roboto's first-party tools, ~/.roboto/config.json.
// Both versions are in use (src/roboto/config.py).
type configFile struct {
	defaultProfile string
	// profiles are those with an API key.
	profiles map[string]profile
}

type profile struct {
	apiKey roboto.Sensitive
	// endpoint and requestTimeout, in seconds, are "" if the profile has none.
	endpoint, requestTimeout string
}

const (
	// maxConfigFileBytes is far more than any config file has.
	maxConfigFileBytes = 1 << 20

	// configFileTimeout is far more than reading any config file takes.
	configFileTimeout = 5 * time.Second
)

// loginFromFile reads a profile of the config file. A name of "" stands for the default.
func loginFromFile(path, name string) (login, error) {
	content, mode, err := readInTime(path, configFileTimeout, readRegularFile)
	if err != nil {
		return login{}, err
	}
	file, err := parseConfigFile(content)
	if err != nil {
		return login{}, fmt.Errorf("%s: %w", path, err)
	}
	name = cmp.Or(name, file.defaultProfile, "default")
	p, ok := file.profiles[name]
	if !ok {
		return login{}, fmt.Errorf("%s has no API key for the profile %.40q, only for %.40q", path, name, slices.Sorted(maps.Keys(file.profiles)))
	}
	source := fmt.Sprintf("the profile %q in %s", name, path)
	return login{
		apiKey:         p.apiKey,
		source:         source,
		endpoint:       sourced{p.endpoint, source},
		requestTimeout: sourced{p.requestTimeout, source},
		warning:        warnOfOtherUsers(path, mode, runtime.GOOS),
	}, nil
}

// readInTime does not wait for longer than the limit: the read of a file that a network or the
// kernel serves may never end, and cannot be stopped.
func readInTime(path string, limit time.Duration, read func(string) ([]byte, fs.FileMode, error)) ([]byte, fs.FileMode, error) {
	type result struct {
		content []byte
		mode    fs.FileMode
		err     error
	}
	done := make(chan result, 1)
	go func() {
		content, mode, err := read(path)
		done <- result{content, mode, err}
	}()
	select {
	case r := <-done:
		return r.content, r.mode, r.err
	case <-time.After(limit):
		return nil, 0, fmt.Errorf("read %s: it takes longer than %s", path, limit)
	}
}

// readRegularFile reads a regular file, to which a symbolic link may lead, and returns its mode.
// Anything else may wait for its reader, or never end.
func readRegularFile(path string) ([]byte, fs.FileMode, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("read %s: it is not a regular file", path)
	}
	file, err := os.Open(path) //nolint:gosec // the practitioner names the file
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, maxConfigFileBytes+1))
	if err == nil && len(content) > maxConfigFileBytes {
		err = fmt.Errorf("read %s: it is larger than %d MiB", path, maxConfigFileBytes>>20)
	}
	return content, info.Mode(), err
}

// warnOfOtherUsers returns "" if only the owner of the file may read and write it. On
// Windows, the mode says nothing about other users.
func warnOfOtherUsers(path string, mode fs.FileMode, goos string) string {
	if goos == "windows" || mode&0o066 == 0 {
		return ""
	}
	return fmt.Sprintf("The config file %s has the mode %04o. Other users of this machine may read the API key, or change the file and so have it sent elsewhere.\n\n"+
		"Let only the owner of the file read and write it (mode 0600). If somebody may have read the API key, replace it at %s.", path, mode.Perm(), TokenPage)
}

// parseConfigFile reads either version. Its errors never repeat the content.
func parseConfigFile(content []byte) (configFile, error) {
	type wireProfile struct {
		APIKey         string      `json:"api_key"`
		Endpoint       string      `json:"endpoint"`
		RequestTimeout json.Number `json:"default_http_timeout"`
	}
	var wire struct {
		DefaultProfile string                 `json:"default_profile"`
		Profiles       map[string]wireProfile `json:"profiles"`
	}
	if bytes.HasPrefix(content, []byte("\xff\xfe")) || bytes.HasPrefix(content, []byte("\xfe\xff")) {
		return configFile{}, errors.New("it is UTF-16, which > and Out-File of PowerShell 5 write; save it as UTF-8")
	}
	content = bytes.TrimPrefix(content, []byte("\ufeff")) // editors on Windows mark UTF-8 with it
	var top map[string]json.RawMessage
	if err := json.Unmarshal(content, &top); err != nil {
		return configFile{}, mistake(content, err)
	}
	var version string
	switch err := json.Unmarshal(top["version"], &version); {
	case err != nil:
		// It is version 0, where "version" may be a profile's name. As the SDK does, skip what is no
		// profile.
		wire.Profiles = map[string]wireProfile{}
		for name, raw := range top {
			var p struct {
				Token           string `json:"token"`
				DefaultEndpoint string `json:"default_endpoint"`
			}
			if json.Unmarshal(raw, &p) == nil {
				wire.Profiles[name] = wireProfile{APIKey: p.Token, Endpoint: p.DefaultEndpoint}
			}
		}
	case version != "v1":
		return configFile{}, errors.New("its version is not known")
	default:
		if err := json.Unmarshal(content, &wire); err != nil {
			return configFile{}, mistake(content, err)
		}
	}
	file := configFile{defaultProfile: wire.DefaultProfile, profiles: map[string]profile{}}
	for name, p := range wire.Profiles {
		if p.APIKey != "" {
			file.profiles[name] = profile{roboto.NewSensitive(p.APIKey), p.Endpoint, p.RequestTimeout.String()}
		}
	}
	return file, nil
}

// mistake says where the JSON is wrong. Errors of package json repeat the content.
func mistake(content []byte, err error) error {
	syntax, ok := errors.AsType[*json.SyntaxError](err)
	if !ok {
		return errors.New("its JSON has another form than Roboto's tools write")
	}
	before := content[:max(syntax.Offset-1, 0)]
	return fmt.Errorf("its JSON is not valid at line %d, column %d", bytes.Count(before, []byte("\n"))+1, len(before)-bytes.LastIndexByte(before, '\n'))
}
