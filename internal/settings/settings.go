// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package settings finds the provider's settings: in the provider block, in the environment
// and in the config file of Roboto's own tools. It makes no network call.
package settings

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

const (
	// DefaultEndpoint is Roboto's production API (src/roboto/config.py).
	DefaultEndpoint = "https://api.roboto.ai"
	// DefaultRequestTimeout is the SDK's limit for one attempt.
	DefaultRequestTimeout = 30 * time.Second
	// defaultMaxAttempts is the SDK's default. It includes the first attempt.
	defaultMaxAttempts = 10

	defaultProfile = "default"
)

// The names of the settings in the provider block.
const (
	APIKey                 = "api_key"
	Endpoint               = "endpoint"
	Profile                = "profile"
	ConfigFile             = "config_file"
	OrgID                  = "org_id"
	RequestTimeout         = "request_timeout"
	MaxAttempts            = "max_attempts"
	SecretsManagerEndpoint = "secrets_manager_endpoint"
	BulkRefresh            = "bulk_refresh"
)

// Explicit holds the settings of the provider block, whose numbers are not negative. A
// setting that is zero here comes from the environment, the config file or a default.
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

// Error says which setting is wrong, where its value came from, and what to do. It never
// repeats an API key.
type Error struct {
	// Setting is one of the names in the provider block.
	Setting string
	// Source is the environment variable or file that gave the value, or "" for the
	// provider block.
	Source  string
	Problem string
	Remedy  string
	// Err is why a file could not be read, or nil.
	Err error
}

func (e *Error) Unwrap() error { return e.Err }

func (e *Error) Error() string {
	from := ""
	if e.Source != "" {
		from = " (from " + e.Source + ")"
	}
	return e.Setting + from + ": " + e.Problem
}

// Notes are what to tell about the settings.
type Notes struct {
	// CheckAPIKey is a sentence about what to check when the API key is refused.
	CheckAPIKey string
	// Warning is about the config file, or nil.
	Warning *Warning
}

// Resolve completes the explicit settings from the environment, the config file and the
// defaults, in this order. It reads the config file only when the API key has to come
// from it. Finding no API key is not an error here, so that operations that make no call
// work without one. Errors are of type *Error.
func Resolve(explicit Explicit, env Environment) (roboto.Config, Notes, error) {
	login, err := resolveLogin(explicit, env)
	if err != nil {
		return roboto.Config{}, Notes{}, err
	}
	config, err := resolveConfig(explicit, env, login)
	return config, Notes{login.check, login.warning}, err
}

func resolveConfig(explicit Explicit, env Environment, login login) (_ roboto.Config, err error) {
	config := roboto.Config{APIKey: login.apiKey, APIKeySource: login.source, MaxAttempts: defaultMaxAttempts, BulkRefresh: explicit.BulkRefresh}
	if config.Endpoint, err = parseEndpoint(Endpoint, login.endpoint); err != nil {
		return roboto.Config{}, err
	}
	if config.RequestTimeout, err = resolveRequestTimeout(explicit, env, login.requestTimeout); err != nil {
		return roboto.Config{}, err
	}
	if explicit.MaxAttempts > 0 {
		config.MaxAttempts = explicit.MaxAttempts
	}
	manager := firstGiven(
		sourced{value: explicit.SecretsManagerEndpoint},
		fromEnv(env, "AWS_ENDPOINT_URL_SECRETS_MANAGER"),
	)
	if manager.value != "" {
		if config.SecretsManagerEndpoint, err = parseEndpoint(SecretsManagerEndpoint, manager); err != nil {
			return roboto.Config{}, err
		}
	}
	return config, nil
}

// sourced is a value with its source, which is "" for the provider block.
type sourced struct {
	value, source string
}

func fromEnv(env Environment, name string) sourced {
	return sourced{value: env.Getenv(name), source: name}
}

func firstGiven(candidates ...sourced) sourced {
	for _, c := range candidates {
		if c.value != "" {
			return c
		}
	}
	return sourced{}
}

// login is the API key with the endpoint that it is meant for.
type login struct {
	apiKey roboto.Sensitive
	// source completes the sentence "The API key is from …", and check says what to check when the
	// key is refused.
	source, check string
	endpoint      sourced
	// requestTimeout is the profile's, in seconds.
	requestTimeout sourced
	// warning is about the config file, or nil.
	warning *Warning
}

// resolveLogin takes API key and endpoint from the first source that has an API key, so
// that the key is never sent to an endpoint that it was not meant for. Only an explicit
// endpoint is used with any key.
func resolveLogin(explicit Explicit, env Environment) (login, error) {
	found, err := findLogin(explicit, env)
	if err != nil {
		return login{}, err
	}
	if explicit.Endpoint != "" {
		found.endpoint = sourced{value: explicit.Endpoint}
	}
	if found.endpoint.value == "" {
		found.endpoint.value = DefaultEndpoint
	}
	return found, nil
}

func findLogin(explicit Explicit, env Environment) (login, error) {
	if !explicit.APIKey.IsEmpty() {
		return login{
			apiKey: explicit.APIKey,
			source: APIKey + " in the provider block",
			check:  "Check api_key in the provider block, and that it is meant for the endpoint. That is endpoint in the same block, else " + DefaultEndpoint + ".",
		}, checkAPIKey(explicit.APIKey, "")
	}
	if explicit.Profile == "" && explicit.ConfigFile == "" {
		if key := firstGiven(fromEnv(env, "ROBOTO_API_KEY"), fromEnv(env, "ROBOTO_BEARER_TOKEN")); key.value != "" {
			apiKey := roboto.NewSensitive(key.value)
			return login{
				apiKey:   apiKey,
				source:   key.source,
				check:    "Check " + key.source + " in the environment that Terraform runs in, and that the key is meant for the endpoint. That is endpoint in the provider block, else ROBOTO_SERVICE_ENDPOINT, else " + DefaultEndpoint + ".",
				endpoint: fromEnv(env, "ROBOTO_SERVICE_ENDPOINT"),
			}, checkAPIKey(apiKey, key.source)
		}
	}
	return loginFromFile(explicit, env)
}

func loginFromFile(explicit Explicit, env Environment) (login, error) {
	fail := func(setting, source, problem, remedy string) (login, error) {
		return login{}, &Error{Setting: setting, Source: source, Problem: problem, Remedy: remedy}
	}
	path := firstGiven(sourced{value: explicit.ConfigFile}, fromEnv(env, "ROBOTO_CONFIG_FILE"))
	name := firstGiven(sourced{value: explicit.Profile}, fromEnv(env, "ROBOTO_PROFILE"))

	home, homeErr := env.UserHomeDir()
	file := path.value
	switch {
	case file == "" && homeErr != nil:
		if name.value == "" {
			return login{}, nil
		}
		return fail(ConfigFile, "", "there is no home directory to look for .roboto/config.json in", "Set config_file or ROBOTO_CONFIG_FILE.")
	case file == "":
		file = filepath.Join(home, ".roboto", "config.json")
	case strings.HasPrefix(file, "~/") && homeErr == nil:
		file = filepath.Join(home, file[2:])
	}

	// The API key in the environment is ignored if one of these two is set.
	insteadOfFile := "set ROBOTO_API_KEY"
	if explicit := explicitNames(explicit); explicit != "" {
		insteadOfFile = "remove " + explicit + " and set ROBOTO_API_KEY"
	}
	content, mode, err := readInTime(file, configFileTimeout, readRegularFile)
	if errors.Is(err, fs.ErrNotExist) && path.value == "" && name.value == "" {
		return login{}, nil
	}
	if err != nil {
		return login{}, &Error{
			Setting: ConfigFile,
			Source:  path.source,
			Problem: fmt.Sprintf("the config file %s cannot be read: %v", file, pathErrorReason(err)),
			Remedy:  "Set config_file or ROBOTO_CONFIG_FILE to an existing file, or " + insteadOfFile + ".",
			Err:     err,
		}
	}
	parsed, err := parseConfigFile(content)
	if err != nil {
		return fail(ConfigFile, path.source, fmt.Sprintf("there is a mistake in the config file %s: %v", file, err),
			"Repair the file, or "+insteadOfFile+", which makes it unnecessary.")
	}

	if name.value == "" {
		name = firstGiven(
			sourced{value: parsed.defaultProfile, source: file},
			sourced{value: defaultProfile, source: file},
		)
	}
	p, ok := parsed.profiles[name.value]
	if !ok {
		remedy := "Set profile or ROBOTO_PROFILE to one of these, or add the profile to the file."
		if name.source == "" {
			remedy = "Set profile to one of these, or add the profile to the file."
		}
		return fail(Profile, name.source, fmt.Sprintf("the config file %s has no profile %q; it has %s", file, name.value, quotedList(parsed.profiles)), remedy)
	}
	if p.apiKey.IsEmpty() {
		return fail(APIKey, file, fmt.Sprintf("the profile %q has no API key", name.value), "Add one to the profile, or "+insteadOfFile+".")
	}
	source := fmt.Sprintf("the profile %q in %s", name.value, file)
	found := login{
		apiKey:   p.apiKey,
		source:   source,
		check:    "Check that " + source + " is the right one, and that its API key is valid at the endpoint. The profile is the one in profile, else in ROBOTO_PROFILE, else the file's default.",
		endpoint: sourced{value: p.endpoint, source: source},
		warning:  warnOfOtherUsers(file, mode, runtime.GOOS),
	}
	if p.requestTimeoutSeconds != nil {
		found.requestTimeout = sourced{value: strconv.FormatFloat(*p.requestTimeoutSeconds, 'g', -1, 64), source: source}
	}
	return found, checkAPIKey(p.apiKey, source)
}

// explicitNames lists the settings in the provider block that select the config file.
func explicitNames(explicit Explicit) string {
	var names []string
	if explicit.Profile != "" {
		names = append(names, Profile)
	}
	if explicit.ConfigFile != "" {
		names = append(names, ConfigFile)
	}
	return strings.Join(names, " and ")
}

// checkAPIKey refuses tokens of the retired format (src/roboto/http/request_decorators.py),
// keys in quotes, and keys that an HTTP header cannot carry.
func checkAPIKey(key roboto.Sensitive, source string) error {
	fail := func(problem, remedy string) error {
		return &Error{Setting: APIKey, Source: source, Problem: problem, Remedy: remedy}
	}
	token := key.Reveal()
	trimmed := strings.TrimSpace(token)
	switch {
	case strings.HasPrefix(token, "robo_pat"):
		return fail(`tokens that begin with "robo_pat" are of a retired format, which Roboto no longer accepts`, "Create a new token at "+TokenPage+".")
	case strings.Trim(trimmed, `"'`) != trimmed:
		return fail("it begins or ends with a quotation mark, which no token does",
			"Remove the quotes. Some CI systems, and docker --env-file, treat quotes as part of the value.")
	case !roboto.IsHeaderText(token):
		return fail("it contains white space or other characters that no token has", "Copy the token again, without a line break.")
	}
	return nil
}

// DefaultOrgID is the organization that the provider block or the environment names, "" if
// neither does. The error is of type *Error.
func DefaultOrgID(explicit Explicit, env Environment) (string, error) {
	org := firstGiven(sourced{value: explicit.OrgID}, fromEnv(env, "ROBOTO_ORG_ID"))
	if org.value == "" {
		return "", nil
	}
	if err := roboto.ValidateOrgID(org.value); err != nil {
		return "", &Error{
			Setting: OrgID,
			Source:  org.source,
			Problem: err.Error(),
			Remedy:  "Copy the ID from the organization's settings page; it is not the organization's name.",
		}
	}
	return org.value, nil
}

func resolveRequestTimeout(explicit Explicit, env Environment, profile sourced) (time.Duration, error) {
	if explicit.RequestTimeout > 0 {
		return explicit.RequestTimeout, nil
	}
	seconds := firstGiven(fromEnv(env, "ROBOTO_DEFAULT_HTTP_TIMEOUT"), profile)
	if seconds.value == "" {
		return DefaultRequestTimeout, nil
	}
	number, err := strconv.ParseFloat(seconds.value, 64)
	timeout, ok := secondsDuration(number)
	if err != nil || !ok {
		return 0, &Error{
			Setting: RequestTimeout,
			Source:  seconds.source,
			Problem: fmt.Sprintf("%.40q is not a positive number of seconds", seconds.value),
			Remedy:  "Give a number of seconds such as 30, without a unit.",
		}
	}
	return timeout, nil
}

// secondsDuration accepts a millisecond to 68 years.
func secondsDuration(seconds float64) (time.Duration, bool) {
	if !(seconds >= 0.001 && seconds <= math.MaxInt32) { // NaN is neither
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}

// parseEndpoint accepts https, and plain http only for loopback addresses, because every
// request carries a credential.
func parseEndpoint(setting string, endpoint sourced) (*url.URL, error) {
	fail := func(problem, remedy string) (*url.URL, error) {
		return nil, &Error{Setting: setting, Source: endpoint.source, Problem: problem, Remedy: remedy}
	}
	const example = `Give a URL such as "https://api.roboto.ai".`
	u, err := url.Parse(endpoint.value)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "":
		return fail("it is not a URL with a host name", example)
	case u.User != nil:
		return fail("it must not contain a user name or password", example)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return fail("it must not have a query or a fragment", example)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return fail(
			fmt.Sprintf("plain http to %q would send credentials unencrypted; http is accepted for a loopback address only", u.Hostname()),
			fmt.Sprintf("Use https://%s.", u.Host),
		)
	case u.Scheme != "http" && u.Scheme != "https":
		return fail(fmt.Sprintf("the scheme %q is not supported", u.Scheme), example)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	return u, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func pathErrorReason(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}

func quotedList(profiles map[string]profile) string {
	if len(profiles) == 0 {
		return "none"
	}
	names := slices.Sorted(maps.Keys(profiles))
	for i, name := range names {
		names[i] = fmt.Sprintf("%.40q", name)
	}
	return strings.Join(names, ", ")
}
