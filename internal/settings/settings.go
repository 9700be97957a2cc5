// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package settings finds the provider's settings: in the provider block, in the environment
// and in the config file of Roboto's own tools. It makes no network call.
package settings

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

const (
	// DefaultEndpoint is Roboto's production API (src/roboto/config.py).
	DefaultEndpoint = "https://api.roboto.ai"
	// defaultRequestTimeout is the SDK's limit for one attempt.
	defaultRequestTimeout = 30 * time.Second
	// defaultMaxAttempts is the SDK's default. It includes the first attempt.
	defaultMaxAttempts = 10

	// TokenPage is where people manage their tokens.
	TokenPage = "https://app.roboto.ai/settings/tokens"
)

// Explicit holds the settings of the provider block, which were validated. A setting that is zero
// here comes from the environment, the config file or a default.
type Explicit struct {
	APIKey                 roboto.Sensitive
	Endpoint               string
	Profile                string
	ConfigFile             string
	OrgID                  string
	RequestTimeout         time.Duration
	MaxAttempts            int
	SecretsManagerEndpoint string
	BulkRefresh            bool
}

// Environment gives access to the environment of the process.
type Environment struct {
	Getenv      func(string) string
	UserHomeDir func() (string, error)
	// DialContext opens connections. If it is nil, the network is used, with the proxies
	// from the environment of the process.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
}

// OSEnvironment is the environment of this process.
func OSEnvironment() Environment {
	return Environment{Getenv: os.Getenv, UserHomeDir: os.UserHomeDir}
}

// sourced is the text of a setting, and where it came from.
type sourced struct {
	text, source string
}

// find returns a setting from the provider block, else from the first variable that is set.
func (e Environment) find(setting, explicit string, variables ...string) sourced {
	if explicit != "" {
		return sourced{explicit, setting + " in the provider block"}
	}
	for _, name := range variables {
		if text := e.Getenv(name); text != "" {
			return sourced{text, name}
		}
	}
	return sourced{}
}

// expand replaces "~/". Without a home directory, there is no such file.
func (e Environment) expand(path string) (string, error) {
	rest, inHome := strings.CutPrefix(path, "~/")
	if !inHome {
		return path, nil
	}
	home, err := e.UserHomeDir()
	if err != nil {
		return "", &os.PathError{Op: "open", Path: path, Err: os.ErrNotExist}
	}
	return filepath.Join(home, rest), nil
}

// failure says in sentences what is wrong and, in a paragraph of its own, what to do.
func failure(format string, a ...any) error {
	return &roboto.Error{Kind: roboto.KindNotConfigured, What: fmt.Sprintf(format, a...)}
}

// unusable says which setting is wrong, and where it came from.
func unusable(setting string, given sourced, problem error) error {
	return failure("The %s from %s is not usable: %v.", setting, given.source, problem)
}

// Resolve completes the explicit settings from the environment, the config file and the
// defaults, in this order. It reads the config file only when the API key has to come
// from it. warning says what is unsafe about the file, or is "". No text repeats an API key. Errors
// are of KindNotConfigured.
func Resolve(explicit Explicit, env Environment) (config roboto.Config, warning string, err error) {
	login, err := findLogin(explicit, env)
	if err != nil {
		return config, "", err
	}
	if err := CheckAPIKey(login.apiKey.Reveal()); err != nil {
		return config, "", unusable("api_key", sourced{source: login.source}, err)
	}
	// An endpoint in the block is used with any key, and one of another source with no other key.
	if explicit.Endpoint != "" {
		login.endpoint = env.find("endpoint", explicit.Endpoint)
	}
	endpoint, err := ParseEndpoint(cmp.Or(login.endpoint.text, DefaultEndpoint))
	if err != nil {
		return config, "", unusable("endpoint", login.endpoint, err)
	}
	var manager *url.URL
	if given := env.find("secrets_manager_endpoint", explicit.SecretsManagerEndpoint, "AWS_ENDPOINT_URL_SECRETS_MANAGER"); given.text != "" {
		if manager, err = ParseEndpoint(given.text); err != nil {
			return config, "", unusable("secrets_manager_endpoint", given, err)
		}
	}
	timeout := explicit.RequestTimeout
	if timeout == 0 {
		given := cmp.Or(env.find("request_timeout", "", "ROBOTO_DEFAULT_HTTP_TIMEOUT"), login.requestTimeout)
		if timeout, err = parseSeconds(given.text); err != nil {
			return config, "", unusable("request_timeout", given, err)
		}
	}
	return roboto.Config{
		APIKey:                 login.apiKey,
		APIKeySource:           login.source,
		Endpoint:               endpoint,
		RequestTimeout:         timeout,
		MaxAttempts:            cmp.Or(explicit.MaxAttempts, defaultMaxAttempts),
		SecretsManagerEndpoint: manager,
		BulkRefresh:            explicit.BulkRefresh,
	}, login.warning, nil
}

// login is the API key, and what else its source gives.
type login struct {
	apiKey roboto.Sensitive
	// source completes the sentence "The API key is from …".
	source string
	// endpoint is the one that the key is meant for. requestTimeout is in seconds.
	endpoint, requestTimeout sourced
	// warning says what is unsafe about the config file, or is "".
	warning string
}

// findLogin takes the API key from the first source that has one.
func findLogin(explicit Explicit, env Environment) (login, error) {
	key := env.find("api_key", explicit.APIKey.Reveal(), "ROBOTO_API_KEY", "ROBOTO_BEARER_TOKEN")
	switch {
	case !explicit.APIKey.IsEmpty():
		return login{apiKey: explicit.APIKey, source: key.source}, nil
	case key.text != "" && explicit.Profile == "" && explicit.ConfigFile == "":
		return login{
			apiKey:   roboto.NewSensitive(key.text),
			source:   key.source,
			endpoint: env.find("endpoint", "", "ROBOTO_SERVICE_ENDPOINT"),
		}, nil
	}
	path := env.find("config_file", explicit.ConfigFile, "ROBOTO_CONFIG_FILE")
	profile := env.find("profile", explicit.Profile, "ROBOTO_PROFILE")
	file, err := env.expand(cmp.Or(path.text, "~/.roboto/config.json"))
	var found login
	if err == nil {
		found, err = loginFromFile(file, profile.text)
	}
	switch {
	case err == nil:
		return found, nil
	case path.text+profile.text == "" && errors.Is(err, os.ErrNotExist):
		return login{}, failure("No API key was found.\n\n"+
			"The provider looks for one in its api_key argument, in the environment variables ROBOTO_API_KEY and ROBOTO_BEARER_TOKEN, and in ~/.roboto/config.json. "+
			"Create a token at %s and set ROBOTO_API_KEY to it.", TokenPage)
	}
	because := cmp.Or(path.source, profile.source, "the lack of ROBOTO_API_KEY")
	return login{}, failure("Because of %s, the API key has to come from a config file, which fails: %v.\n\n"+
		"Create or correct the file, or name another file or profile. Or set ROBOTO_API_KEY, which is used unless the provider block has profile or config_file.", because, err)
}

// DefaultOrgID is the organization that the provider block or the environment names, "" if
// neither does. Errors are of KindNotConfigured.
func DefaultOrgID(explicit Explicit, env Environment) (string, error) {
	given := env.find("org_id", explicit.OrgID, "ROBOTO_ORG_ID")
	if given.text == "" {
		return "", nil
	}
	if err := roboto.ValidateOrgID(given.text); err != nil {
		return "", unusable("org_id", given, fmt.Errorf("%w.\n\nCopy the ID from the organization's settings page; it is not the organization's name", err))
	}
	return given.text, nil
}

// CheckAPIKey refuses tokens of the retired format (src/roboto/http/request_decorators.py), keys in
// quotes, and keys that an HTTP header cannot carry.
func CheckAPIKey(token string) error {
	switch {
	case strings.HasPrefix(token, "robo_pat"):
		return errors.New(`tokens that begin with "robo_pat" are of a retired format, which Roboto no longer accepts` +
			".\n\nCreate a new token at " + TokenPage)
	case !roboto.IsHeaderText(token) || strings.Trim(token, `"'`) != token:
		return errors.New("it has white space or another character that no token has, or begins or ends with a quotation mark.\n\n" +
			"Copy the token again, without a line break and quotes. Some CI systems, and docker --env-file, keep quotes as part of the value")
	}
	return nil
}

// parseSeconds accepts a millisecond to 68 years.
func parseSeconds(text string) (time.Duration, error) {
	if text == "" {
		return defaultRequestTimeout, nil
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds >= 0.001 && seconds <= math.MaxInt32) { // NaN is neither
		return 0, fmt.Errorf("%.40q is not a positive number of seconds.\n\nGive a number of seconds such as 30, without a unit", text)
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

// ParseEndpoint accepts https, and plain http only for loopback addresses, because every
// request carries a credential. Only a path may follow the host: paths are added to it, and
// diagnostics show it.
func ParseEndpoint(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(text, "/"))
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" || *u != (url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}) {
		return nil, errors.New("it has to be https://, a host name and perhaps a path, with nothing else.\n\nGive a URL such as " + DefaultEndpoint)
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) {
		return nil, fmt.Errorf("plain http to %q would send credentials unencrypted; http is accepted for a loopback address only.\n\nUse https://%s", u.Hostname(), u.Host)
	}
	return u, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
