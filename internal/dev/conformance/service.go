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
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

const (
	apiVersion  = "2026-05-20"
	actingOrg   = "X-Roboto-Org-Id"
	owningOrg   = "X-Roboto-Resource-Owner-Id"
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
	// header names the organization; "" sends none.
	header, orgID string
	// owner is the organization of what the call acts on, if that may be another one.
	owner string
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

func (s *service) roboto(ctx context.Context, c call) (answer, error) {
	var body []byte
	if c.body != nil {
		var err error
		if body, err = json.Marshal(c.body); err != nil {
			return answer{}, err
		}
	}
	return s.send(ctx, func() (*http.Request, error) {
		r, err := newRequest(ctx, c.method, s.endpoint+c.path, body)
		if err != nil {
			return nil, err
		}
		r.Header.Set("Authorization", "Bearer "+cmp.Or(c.apiKey, s.apiKey))
		r.Header.Set("X-Roboto-Api-Version", apiVersion)
		r.Header.Set("X-Roboto-Requester", requester)
		if c.header != "" {
			r.Header.Set(c.header, c.orgID)
		}
		if c.owner != "" {
			r.Header.Set(owningOrg, c.owner)
		}
		if body != nil {
			r.Header.Set("Content-Type", "application/json")
		}
		return r, nil
	})
}

// newRequest has no body at all if there is none to send.
func newRequest(ctx context.Context, method, address string, body []byte) (*http.Request, error) {
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, address, reader)
	if err != nil {
		return nil, errors.New("the request cannot be made") // the reason may repeat the address
	}
	return r, nil
}

// trouble is an answer that is none to the question: the service is down or busy, or the
// API key lacks a permission. Whoever asks about refusals gets the answer from refused.
type trouble struct{ answer }

func (t *trouble) Error() string { return "the answer was " + t.String() }

func (a answer) refusal() bool {
	return a.status == http.StatusUnauthorized || a.status == http.StatusForbidden
}

// refused takes a refusal for an answer.
func refused(a answer, err error) (answer, error) {
	if t, ok := errors.AsType[*trouble](err); ok && t.refusal() {
		return t.answer, nil
	}
	return a, err
}

// mayBeDone tells whether a request that ended so can have had an effect, or have one yet.
func mayBeDone(err error) bool {
	t, ok := errors.AsType[*trouble](err)
	return !ok || t.status >= http.StatusInternalServerError
}

// send repeats a request that came too early, and only such a one.
func (s *service) send(ctx context.Context, build func() (*http.Request, error)) (answer, error) {
	for attempt := 1; ; attempt++ {
		r, err := build()
		if err != nil {
			return answer{}, err
		}
		a, err := s.attempt(r)
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
		if err := sleep(ctx, min(pause, maxPause)); err != nil {
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
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// access is what reading and writing one value takes.
type access struct {
	arn, region                                string
	accessKeyID, secretAccessKey, sessionToken string
}

var regionPattern = regexp.MustCompile(`^[a-z0-9-]+$`)

// aws makes a call of AWS Secrets Manager in its JSON 1.1 protocol.
func (s *service) aws(ctx context.Context, a access, operation string, input map[string]any) (answer, error) {
	body, err := json.Marshal(input)
	if err != nil {
		return answer{}, err
	}
	address := s.awsEndpoint
	if address == "" {
		if !regionPattern.MatchString(a.region) {
			return answer{}, errors.New("the region is none")
		}
		endpoint, err := secretsmanager.NewDefaultEndpointResolverV2().ResolveEndpoint(
			ctx, secretsmanager.EndpointParameters{Region: aws.String(a.region)}.WithDefaults())
		if err != nil {
			return answer{}, errors.New("AWS has no endpoint for the region")
		}
		address = endpoint.URI.String()
	}
	hash := sha256.Sum256(body)
	return s.send(ctx, func() (*http.Request, error) {
		r, err := newRequest(ctx, http.MethodPost, strings.TrimSuffix(address, "/")+"/", body)
		if err != nil {
			return nil, err
		}
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		r.Header.Set("X-Amz-Target", "secretsmanager."+operation)
		err = v4.NewSigner().SignHTTP(ctx, aws.Credentials{
			AccessKeyID: a.accessKeyID, SecretAccessKey: a.secretAccessKey, SessionToken: a.sessionToken,
		}, r, hex.EncodeToString(hash[:]), "secretsmanager", a.region, time.Now())
		return r, err
	})
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

func (a answer) object() (object, error) {
	data, err := a.data()
	if err != nil {
		return nil, err
	}
	return parseObject(data)
}

// code is that of an error, wherever it stands, so that another envelope is one
// difference and not many. It is "" if there is none.
func (a answer) code() string {
	for _, key := range []string{"error_code", "__type"} {
		var anything any
		if json.Unmarshal(a.body, &anything) != nil {
			break
		}
		if code := search(anything, key); code != "" {
			_, bare, found := strings.Cut(code, "#") // AWS may put a namespace before it
			if found {
				code = bare
			}
			return word(code)
		}
	}
	name, _, _ := strings.Cut(a.header.Get("X-Amzn-Errortype"), ":")
	return word(name)
}

func search(in any, key string) string {
	switch in := in.(type) {
	case map[string]any:
		if text, ok := in[key].(string); ok {
			return text
		}
		for _, value := range in {
			if text := search(value, key); text != "" {
				return text
			}
		}
	case []any:
		for _, value := range in {
			if text := search(value, key); text != "" {
				return text
			}
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

// kind says what a field is without saying what is in it.
func (o object) kind(key string) string {
	raw, ok := o[key]
	switch {
	case !ok:
		return "missing"
	case len(raw) > 0 && raw[0] == '"':
		if o.text(key) == "" {
			return "empty text"
		}
		return "text"
	case len(raw) > 0 && raw[0] == '{':
		return "an object"
	case len(raw) > 0 && raw[0] == '[':
		return "a list"
	case string(raw) == "null":
		return "null"
	case string(raw) == "true" || string(raw) == "false":
		return "true or false"
	}
	return "a number"
}
