// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

const (
	apiVersion  = "2026-05-20"
	requester   = `{"schema_version":"v1","roboto_tool":"terraform-provider-roboto-conformance"}`
	maxAnswer   = 8 << 20
	maxAttempts = 5
	maxPause    = 10 * time.Second
)

// service speaks plain HTTP to Roboto and AWS. It shares nothing with the provider's
// client, whose reading of the wire is in question here.
type service struct {
	// endpoint is Roboto's, without a slash at the end.
	endpoint string
	apiKey   string
	// awsEndpoint is "" for the public one of the region.
	awsEndpoint string
	http        *http.Client

	requests, throttled int
	secrets             redactor
}

func newService(endpoint, apiKey, awsEndpoint string, transport http.RoundTripper, timeout time.Duration) *service {
	s := &service{
		endpoint: strings.TrimSuffix(endpoint, "/"), apiKey: apiKey, awsEndpoint: awsEndpoint,
		http: &http.Client{
			Transport: transport, Timeout: timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	s.secrets.add(apiKey)
	return s
}

func (s *service) redact(text string) string { return s.secrets.redact(text) }

// call is one request to Roboto.
type call struct {
	method string
	// path is percent-encoded, and may have a query.
	path string
	// acting is the organization that acts, and owner that of what the call acts on. They
	// are named in a header each, if at all.
	acting, owner string
	// body is nil for none.
	body any
	// apiKey is another one than the service's, or "".
	apiKey string
}

// answer is what came back.
type answer struct {
	status   int
	header   http.Header
	body     []byte
	protocol string
	tls      bool
	took     time.Duration
}

// errNoRequest leaves out the reason, which may repeat the address.
var errNoRequest = errors.New("the request cannot be made")

func (s *service) roboto(ctx context.Context, c call) (answer, error) {
	var body io.Reader // none is not the same as an empty one
	if c.body != nil {
		raw, err := json.Marshal(c.body)
		if err != nil {
			return answer{}, err
		}
		body = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(ctx, c.method, s.endpoint+c.path, body)
	if err != nil {
		return answer{}, errNoRequest
	}
	r.Header.Set("Authorization", "Bearer "+cmp.Or(c.apiKey, s.apiKey))
	r.Header.Set("X-Roboto-Api-Version", apiVersion)
	r.Header.Set("X-Roboto-Requester", requester)
	if c.acting != "" {
		r.Header.Set("X-Roboto-Org-Id", c.acting)
	}
	if c.owner != "" {
		r.Header.Set("X-Roboto-Resource-Owner-Id", c.owner)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return s.send(r)
}

// trouble is an answer that is none to the question: the service is down or busy, or the
// API key lacks a permission. Whoever asks about refusals gets the answer from orRefusal.
type trouble struct{ answer }

func (t *trouble) Error() string { return "the answer was " + t.String() }

func (a answer) refusal() bool {
	return a.status == http.StatusUnauthorized || a.status == http.StatusForbidden
}

// orRefusal takes a refusal for an answer.
func orRefusal(a answer, err error) (answer, error) {
	if t, ok := errors.AsType[*trouble](err); ok && t.refusal() {
		return t.answer, nil
	}
	return a, err
}

// mayBeDone tells whether a request that failed can have had an effect, or have one yet.
func mayBeDone(err error) bool {
	t, ok := errors.AsType[*trouble](err)
	return err != nil && (!ok || t.status >= http.StatusInternalServerError)
}

// send repeats a request that came too early, and only such a one.
func (s *service) send(r *http.Request) (answer, error) {
	for attempt := 1; ; attempt++ {
		fresh := r.Clone(r.Context())
		if r.GetBody != nil {
			fresh.Body, _ = r.GetBody() // the one before is read
		}
		a, err := s.attempt(fresh)
		switch {
		case err != nil:
			return answer{}, err
		case a.refusal(), a.status >= http.StatusInternalServerError:
			return answer{}, &trouble{a}
		case a.status != http.StatusTooManyRequests:
			return a, nil
		}
		s.throttled++
		if attempt == maxAttempts {
			return answer{}, &trouble{a}
		}
		pause := time.Second << attempt
		if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); err == nil {
			pause = time.Duration(seconds) * time.Second
		}
		if err := sleep(r.Context(), min(pause, maxPause)); err != nil {
			return answer{}, err
		}
	}
}

func (s *service) attempt(r *http.Request) (answer, error) {
	s.requests++
	start := time.Now()
	resp, err := s.http.Do(r)
	if err != nil {
		return answer{}, noAnswer(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return answer{}, noAnswer(err)
	}
	return answer{
		status: resp.StatusCode, header: resp.Header, body: body,
		protocol: resp.Proto, tls: resp.TLS != nil, took: time.Since(start),
	}, nil
}

// noAnswer leaves out the address, in which the name of a host may be private.
func noAnswer(err error) error {
	if failure, ok := errors.AsType[*url.Error](err); ok && failure.Timeout() {
		return errors.New("no answer in time")
	}
	return errors.New("no answer, or not all of it")
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// access is what reading and writing one value takes.
type access struct {
	arn   string
	creds object
}

var regionPattern = regexp.MustCompile(`^[a-z0-9-]+$`)

// aws makes a call of AWS Secrets Manager in its JSON 1.1 protocol.
func (s *service) aws(ctx context.Context, a access, operation string, input map[string]any) (answer, error) {
	body, err := json.Marshal(input)
	if err != nil {
		return answer{}, err
	}
	address := s.awsEndpoint
	region, _ := regionOf(a.arn)
	if address == "" {
		if !regionPattern.MatchString(region) {
			return answer{}, errors.New("the region is none")
		}
		endpoint, err := secretsmanager.NewDefaultEndpointResolverV2().ResolveEndpoint(
			ctx, secretsmanager.EndpointParameters{Region: aws.String(region)}.WithDefaults())
		if err != nil {
			return answer{}, errors.New("AWS has no endpoint for the region")
		}
		address = endpoint.URI.String()
	}
	hash := sha256.Sum256(body)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(address, "/")+"/", bytes.NewReader(body))
	if err != nil {
		return answer{}, errNoRequest
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "secretsmanager."+operation)
	err = v4.NewSigner().SignHTTP(ctx, aws.Credentials{
		AccessKeyID: a.creds.text("access_key_id"), SecretAccessKey: a.creds.text("secret_access_key"), SessionToken: a.creds.text("session_token"),
	}, r, hex.EncodeToString(hash[:]), "secretsmanager", region, time.Now())
	if err != nil {
		return answer{}, err
	}
	return s.send(r)
}

func (a answer) success() bool { return a.status/100 == 2 }

// data is what Roboto's answer wraps.
func (a answer) data() (json.RawMessage, error) {
	if !a.success() {
		return nil, fmt.Errorf("the answer was %s", a)
	}
	envelope, err := parseObject(a.body)
	if err != nil || envelope["data"] == nil {
		return nil, errors.New("the answer has no data")
	}
	return envelope["data"], nil
}

// object is Roboto's data if that is an object.
func (a answer) object() (object, error) {
	data, err := a.data()
	if err != nil {
		return nil, err
	}
	return parseObject(data)
}

// output is what AWS answered.
func (a answer) output() (object, error) {
	if !a.success() {
		return nil, fmt.Errorf("AWS answered %s", a)
	}
	return parseObject(a.body)
}

// code is that of an error, wherever it stands, so that another envelope is one
// difference and not many. It is "" if there is none.
func (a answer) code() string {
	var body any
	_ = json.Unmarshal(a.body, &body)
	name, _, _ := strings.Cut(a.header.Get("X-Amzn-Errortype"), ":")
	code := cmp.Or(search(body, "error_code"), search(body, "__type"), name)
	if _, bare, found := strings.Cut(code, "#"); found { // AWS may put a namespace before it
		code = bare
	}
	return word(code)
}

func search(in any, key string) string {
	var inner []any
	switch in := in.(type) {
	case map[string]any:
		if text, ok := in[key].(string); ok {
			return text
		}
		inner = slices.Collect(maps.Values(in))
	case []any:
		inner = in
	}
	for _, value := range inner {
		if text := search(value, key); text != "" {
			return text
		}
	}
	return ""
}

var wordPattern = regexp.MustCompile(`^[A-Za-z_]{1,60}$`)

// word lets through what can be a code or a key, and nothing that could be a secret.
func word(text string) string {
	if text == "" || wordPattern.MatchString(text) {
		return text
	}
	return "(odd)"
}

// String shows status and code, nothing else: messages may repeat anything.
func (a answer) String() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", a.status, a.code()))
}

// date is the Date header's time.
func (a answer) date() (time.Time, error) {
	date, err := http.ParseTime(a.header.Get("Date"))
	if err != nil {
		return time.Time{}, errors.New("the answer has no valid Date")
	}
	return date, nil
}

// object is a JSON object whose fields are looked at one by one, so that one odd field
// is one difference.
type object map[string]json.RawMessage

func parseObject(raw []byte) (object, error) {
	var o object
	if json.Unmarshal(raw, &o) != nil || o == nil {
		return nil, errors.New("the answer is not the expected object")
	}
	return o, nil
}

// text is a field that is a string, "" for all else.
func (o object) text(key string) string {
	var text string
	_ = json.Unmarshal(o[key], &text)
	return text
}

func (o object) object(key string) object {
	inner, _ := parseObject(o[key])
	return inner
}

// objects are the items of a list, nil for each that is none.
func (o object) objects(key string) []object {
	var all []object
	_ = json.Unmarshal(o[key], &all)
	return all
}

// kind says what a field is without saying what is in it.
func (o object) kind(key string) string {
	raw, ok := o[key]
	if !ok {
		return "missing"
	}
	switch raw[0] {
	case '"':
		if o.text(key) == "" {
			return "empty text"
		}
		return "text"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 'n':
		return "null"
	case 't', 'f':
		return "true or false"
	}
	return "a number"
}
