// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/settings"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// roundTrip stands between the suite and the services.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// network gives each test connections of its own.
func network(t *testing.T) *http.Transport {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

func startLab(t *testing.T, options robototest.Options, transport http.RoundTripper) (*robototest.Server, *lab) {
	t.Helper()
	options.PageSize = 2
	server := robototest.Start(t, options)
	server.AllowViolations() // some checks ask for what no client should
	if transport == nil {
		own := network(t)
		if options.InMemory {
			own.DialContext = server.DialContext
		}
		transport = own
	}
	s := newService(server.Endpoint(), server.APIKey(), server.SecretsManagerEndpoint(), transport, settings.DefaultRequestTimeout)
	orgs := append(options.Orgs, robototest.DefaultOrg)
	l := newLab(s, orgs[0], 0)
	l.action = server.AddAction(robototest.Action{OrgID: orgs[0], Name: "endless", Hang: true}).Name
	return server, l
}

func silent(result) {}

// verdicts lists the facts that do not hold.
func verdicts(r report) map[int]verdict {
	odd := map[int]verdict{}
	for _, result := range r.results {
		if result.verdict != holds {
			odd[result.number] = result.verdict
		}
	}
	return odd
}

func TestAllFactsHoldOfTheEmbeddedRoboto(t *testing.T) {
	for name, orgs := range map[string][]string{"one organization": nil, "two": {"og_a", "og_b"}} {
		t.Run(name, func(t *testing.T) {
			server, l := startLab(t, robototest.Options{Orgs: orgs}, nil)
			r := inspect(t.Context(), l, facts(), findings(), silent)
			for _, result := range r.results {
				if result.verdict != holds {
					t.Errorf("%d %s: %s, because: %s", result.number, result.verdict, result.statement, result.seen)
				}
			}
			for _, m := range r.measurements {
				if strings.Contains(m.answer, "not known") || m.answer == "" {
					t.Errorf("%s %s", m.question, m.answer)
				}
			}
			if len(r.left) > 0 || len(server.Records(l.orgID)) > 0 {
				t.Errorf("left behind: %q, %v", r.left, server.Records(l.orgID))
			}
			// Some requests are wrong on purpose.
			for _, violation := range server.Violations() {
				if !strings.Contains(violation, "no-such-path") && !strings.Contains(violation, "for something else than reading or writing") {
					t.Error(violation)
				}
			}
		})
	}
}

// traffic is a request with its answer, which a planted difference may change.
type traffic struct {
	method, path, operation string
	sent                    []byte
	status                  int
	header                  http.Header
	body                    []byte
}

func (x *traffic) roboto() bool { return x.operation == "" }

// replace changes the text of an answer.
func (x *traffic) replace(old, replacement string) {
	x.body = bytes.ReplaceAll(x.body, []byte(old), []byte(replacement))
}

// tampered lets ask change a request, and change an answer.
func tampered(t *testing.T, ask func(*http.Request), change func(*traffic)) http.RoundTripper {
	t.Helper()
	next := network(t)
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		var sent []byte
		if r.Body != nil {
			sent, _ = io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(sent))
		}
		if ask != nil {
			ask(r)
		}
		resp, err := next.RoundTrip(r)
		if err != nil || change == nil {
			return resp, err
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, err
		}
		x := &traffic{
			method: r.Method, path: r.URL.EscapedPath(), operation: strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "secretsmanager."),
			sent: sent, status: resp.StatusCode, header: resp.Header, body: body,
		}
		change(x)
		resp.StatusCode, resp.Header, resp.Body = x.status, x.header, io.NopCloser(bytes.NewReader(x.body))
		resp.ContentLength = int64(len(x.body))
		return resp, nil
	})
}

var (
	timeText  = regexp.MustCompile(`"(created|modified)":"[^"]*"`)
	errorText = regexp.MustCompile(`^\{"error":(.*)\}$`)
)

func TestEachDifferenceIsReportedAsItself(t *testing.T) {
	for name, test := range map[string]struct {
		ask    func(*http.Request)
		change func(*traffic)
		fact   int
		// unknown are the facts that cannot be seen then.
		unknown []int
	}{
		"created_by left out": {
			change:  func(x *traffic) { x.replace(`"created_by"`, `"creator"`) },
			fact:    2,
			unknown: []int{47},
		},
		"times as numbers": {
			change: func(x *traffic) {
				if strings.Contains(x.path, "/secrets") {
					x.body = timeText.ReplaceAllFunc(x.body, func(text []byte) []byte {
						digits := regexp.MustCompile(`\D`).ReplaceAll(text, nil)
						return append([]byte(`"`+string(timeText.FindSubmatch(text)[1])+`":`), digits...)
					})
				}
			},
			fact:    3,
			unknown: []int{4, 34, 68},
		},
		"creation before the request": {
			change: func(x *traffic) {
				if x.roboto() && x.method == http.MethodPost {
					x.header.Set("Date", "Sun, 06 Nov 2050 08:49:37 GMT")
				}
			},
			fact: 4,
		},
		"no Date": {
			change:  func(x *traffic) { x.header.Del("Date") },
			fact:    5,
			unknown: []int{4, 82},
		},
		"last_used from the start": {
			change: func(x *traffic) { x.replace(`"last_used":null`, `"last_used":"2026-01-02T03:04:05Z"`) },
			fact:   6,
		},
		"a conflict is 400": {
			change: func(x *traffic) {
				if x.status == http.StatusConflict {
					x.status = http.StatusBadRequest
				}
			},
			fact: 8,
		},
		"410 for 404": {
			change: func(x *traffic) {
				if x.status == http.StatusNotFound {
					x.status = http.StatusGone
				}
			},
			fact: 10,
		},
		"a refusal of what is not there": {
			change: func(x *traffic) {
				if x.status == http.StatusNotFound {
					x.status = http.StatusForbidden
				}
			},
			fact: 10,
		},
		"another code for not found": {
			change: func(x *traffic) { x.replace("RobotoNotFoundException", "NotFound") },
			fact:   11,
		},
		"another envelope": {
			change: func(x *traffic) { x.body = errorText.ReplaceAll(x.body, []byte(`{"errors":[$1]}`)) },
			fact:   12,
		},
		"not found for unknown paths": {
			change: func(x *traffic) {
				if strings.Contains(x.path, "no-such-path") {
					x.body = []byte(`{"error":{"error_code":"RobotoNotFoundException","message":"No such path."}}`)
				}
			},
			fact: 13,
		},
		"deleting nothing is a success": {
			change: func(x *traffic) {
				if x.method == http.MethodDelete {
					x.status, x.body = http.StatusNoContent, nil
				}
			},
			fact: 16,
		},
		"names decoded twice": {
			ask: func(r *http.Request) {
				// A path that cannot be decoded again stays.
				if twice, err := url.PathUnescape(r.URL.Path); err == nil {
					r.URL.Path, r.URL.RawPath = twice, ""
				}
			},
			fact: 18,
		},
		"page token in a header": {
			change: func(x *traffic) {
				if x.path == "/v1/secrets" && x.method == http.MethodGet {
					x.body = regexp.MustCompile(`,"next_token":("[^"]*"|null)`).ReplaceAll(x.body, nil)
				}
			},
			fact:    30,
			unknown: []int{31, 32, 33, 34},
		},
		"the last page names the first": {
			ask: func(r *http.Request) {
				if r.URL.Query().Get("page_token") == "first" {
					r.URL.RawQuery = ""
				}
			},
			change: func(x *traffic) {
				if x.path == "/v1/secrets" {
					x.replace(`"next_token":null`, `"next_token":"first"`)
				}
			},
			fact: 31,
		},
		"other times in a listing": {
			change: func(x *traffic) {
				if x.path == "/v1/secrets" && x.method == http.MethodGet {
					x.body = timeText.ReplaceAll(x.body, []byte(`"$1":"2026-01-02T03:04:05Z"`))
				}
			},
			fact: 34,
		},
		"a user without an ID": {
			change:  func(x *traffic) { x.replace(`"user_id"`, `"id"`) },
			fact:    46,
			unknown: []int{47},
		},
		"created by a device": {
			change: func(x *traffic) { x.replace(`"created_by":"user:`, `"created_by":"device:`) },
			fact:   47,
		},
		"organizations as a page": {
			change: func(x *traffic) {
				if x.path == "/v1/orgs/caller" && x.status == http.StatusOK {
					x.replace(`{"data":[`, `{"data":{"items":[`)
					x.body = append(bytes.TrimSuffix(x.body, []byte("}")), "}}"...)
				}
			},
			fact:    40,
			unknown: []int{41, 42, 44},
		},
		"an unknown key is a conflict": {
			change: func(x *traffic) {
				if bytes.Contains(x.body, []byte("explicit deny")) {
					x.status = http.StatusTeapot
				}
			},
			fact: 45,
		},
		"another region": {
			change: func(x *traffic) { x.replace(`"region":"us-west-2"`, `"region":"us-east-1"`) },
			fact:   53,
		},
		"no value is an empty value": {
			change: func(x *traffic) {
				if bytes.Contains(x.body, []byte("can't find the specified secret value for staging label: AWSCURRENT")) {
					x.status, x.body = http.StatusOK, []byte(`{"SecretString":""}`)
				}
			},
			fact: 60,
		},
		"a version ID of AWS's own": {
			change: func(x *traffic) {
				if x.operation == "PutSecretValue" {
					x.replace(`"VersionId":"`, `"VersionId":"own-`)
				}
			},
			fact: 62,
		},
		"another version before the current one": {
			change: func(x *traffic) {
				if bytes.Contains(x.sent, []byte(stagePrevious)) {
					x.replace(`"VersionId":"`, `"VersionId":"own-`)
				}
			},
			fact: 80,
		},
		"no version before the first one": {
			change: func(x *traffic) {
				if bytes.Contains(x.sent, []byte(stagePrevious)) {
					x.replace("ResourceNotFoundException", "InvalidRequestException")
				}
			},
			fact: 81,
		},
		"no stages": {
			change: func(x *traffic) { x.replace(`"VersionStages"`, `"Stages"`) },
			fact:   80,
		},
		"no time of a value": {
			change: func(x *traffic) { x.replace(`"CreatedDate"`, `"Created"`) },
			fact:   82,
		},
		"the time of a value in milliseconds": {
			change: func(x *traffic) {
				x.body = regexp.MustCompile(`("CreatedDate":\d+)\.?(\d*)`).ReplaceAll(x.body, []byte("${1}000"))
			},
			fact: 82,
		},
		"a token used twice": {
			change: func(x *traffic) {
				if bytes.Contains(x.body, []byte("ResourceExistsException")) {
					x.status, x.body = http.StatusOK, []byte(`{}`)
				}
			},
			fact: 64,
		},
		"an unknown action is a bad request": {
			change: func(x *traffic) {
				if strings.HasPrefix(x.path, "/v1/actions/tf-conformance-") {
					x.status = http.StatusBadRequest
				}
			},
			fact: 70,
		},
		"statuses by name": {
			change: func(x *traffic) { x.replace(`"status":0`, `"status":"Queued"`) },
			fact:   73,
		},
		"idempotency IDs ignored": {
			ask: func(r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/invoke") {
					body, _ := io.ReadAll(r.Body)
					body = regexp.MustCompile(`conformance-\w{12}`).ReplaceAll(body, []byte("conformance-"+rand.Text()[:12]))
					r.Body = io.NopCloser(bytes.NewReader(body))
				}
			},
			fact: 75,
		},
		"canceling is refused, and done": {
			change: func(x *traffic) {
				if strings.HasSuffix(x.path, "/cancel") {
					x.status = http.StatusBadRequest
				}
			},
			fact: 76,
		},
		"an unknown invocation is no secret of others": {
			change: func(x *traffic) {
				if x.path == "/v1/actions/invocations/iv_tfconformance" {
					x.status = http.StatusUnauthorized
				}
			},
			fact: 77,
		},
		"a value that is too large": {
			change: func(x *traffic) {
				if bytes.Contains(x.body, []byte("ValidationException")) {
					x.status, x.body = http.StatusOK, []byte(`{}`)
				}
			},
			fact: 67,
		},
	} {
		t.Run(name, func(t *testing.T) {
			server, l := startLab(t, robototest.Options{}, tampered(t, test.ask, test.change))
			r := inspect(t.Context(), l, facts(), nil, silent)
			want := map[int]verdict{test.fact: differs}
			for _, number := range test.unknown {
				want[number] = notKnown
			}
			if got := verdicts(r); !maps.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
			for _, record := range server.Records(l.orgID) {
				if !slices.Contains(r.left, record.Name) {
					t.Errorf("%q stays in silence", record.Name)
				}
			}
			for _, invocation := range server.Invocations() {
				if invocation.Status() != robototest.Cancelled {
					t.Errorf("an invocation has the status %d", invocation.Status())
				}
			}
			for _, result := range r.results {
				if result.verdict != holds {
					t.Logf("%d %s: %s", result.number, result.verdict, result.seen)
				}
				if result.verdict != holds && result.seen == "" {
					t.Errorf("%d does not say what was seen", result.number)
				}
			}
		})
	}
}

// TestTroubleIsNoDifference makes each operation fail in ways that say nothing about Roboto.
func TestTroubleIsNoDifference(t *testing.T) {
	for _, op := range robototest.Operations() {
		for _, status := range []int{401, 403, 429, 500, 503} {
			t.Run(fmt.Sprintf("%s %d", op, status), func(t *testing.T) {
				server, l := startLab(t, robototest.Options{}, nil)
				server.Inject(robototest.Fault{
					Operation: op, Status: status, Header: http.Header{"Retry-After": {"0"}},
					Message: "User is not authorized to access this resource with an explicit deny",
				})
				checkTrouble(t, inspect(t.Context(), l, facts(), findings(), silent))
			})
		}
	}
}

func TestTimesWithFewerDigitsAreNoDifference(t *testing.T) {
	_, l := startLab(t, robototest.Options{CreatedBy: "caller@example.com"}, tampered(t, nil, func(x *traffic) {
		if x.method == http.MethodGet {
			x.body = regexp.MustCompile(`("created":"[^".]*)\.\d+`).ReplaceAll(x.body, []byte("$1"))
		}
	}))
	if got := verdicts(inspect(t.Context(), l, facts(), nil, silent)); len(got) > 0 {
		t.Errorf("got %v", got)
	}
}

func TestAnUnknownFieldOfCredentialsIsShown(t *testing.T) {
	_, l := startLab(t, robototest.Options{}, tampered(t, nil, func(x *traffic) {
		x.replace(`"session_token"`, `"expiration":"soon","session_token"`)
	}))
	for _, f := range credentialFindings() {
		m := f.try(t.Context(), l)
		if told := strings.Contains(m.answer, "expiration"); told != strings.HasPrefix(m.question, "How long") || told && strings.Contains(m.answer, "not told") {
			t.Errorf("%s %s", m.question, m.answer)
		}
	}
	l.made.run(t.Context())
}

func checkTrouble(t *testing.T, r report, unless ...int) {
	t.Helper()
	for _, result := range r.results {
		if result.verdict == differs && !slices.Contains(unless, result.number) {
			t.Errorf("%d: %s", result.number, result.seen)
		}
	}
	if r.count(notKnown) == 0 {
		t.Error("there was no trouble")
	}
}

func TestTheWrongOrganizationIsOneDifference(t *testing.T) {
	_, l := startLab(t, robototest.Options{}, nil)
	l.orgID, l.made.orgID = "og_wrong", "og_wrong"
	checkTrouble(t, inspect(t.Context(), l, facts(), findings(), silent), 42)
}

func TestWithoutAnActionNoneIsInvoked(t *testing.T) {
	server, l := startLab(t, robototest.Options{}, nil)
	l.action = ""
	want := map[int]verdict{71: notKnown, 72: notKnown, 73: notKnown, 74: notKnown, 75: notKnown, 76: notKnown}
	if got := verdicts(inspect(t.Context(), l, facts(), findings(), silent)); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if n := server.Count(robototest.InvokeAction); n > 0 {
		t.Errorf("%d were invoked", n)
	}
}

func TestFactsSayWhereTheyAreFromAndWhoReliesOnThem(t *testing.T) {
	last, statements := 0, map[string]bool{}
	for _, f := range facts() {
		if statements[f.statement] {
			t.Errorf("%d says what another one says", f.number)
		}
		statements[f.statement] = true
		if f.number <= last {
			t.Errorf("%d comes after %d", f.number, last)
		}
		last = f.number
		if !regexp.MustCompile(`^src/roboto/\S+\.py:\d+|^not in the SDK[,;] `).MatchString(f.sdk) {
			t.Errorf("%d names no line of the SDK: %s", f.number, f.sdk)
		}
		if !strings.HasSuffix(f.statement, ".") || !strings.HasSuffix(f.risk, ".") {
			t.Errorf("%d is not made of sentences", f.number)
		}
		if len(f.reliedOn) == 0 {
			t.Errorf("%d is relied on by nobody", f.number)
		}
		for _, file := range f.reliedOn {
			if _, err := os.Stat(filepath.Join("../../..", file)); err != nil {
				t.Errorf("%d: %v", f.number, err)
			}
		}
	}
}

// everything is all that a run may print.
func everything(r report) string {
	var all bytes.Buffer
	for _, result := range r.results {
		tellResult(&all, result)
	}
	r.tellRest(&all)
	r.markdown(&all)
	return all.String()
}

func TestNothingSecretIsReported(t *testing.T) {
	echo := func(op robototest.Operation) func(*robototest.Server) {
		return func(s *robototest.Server) { s.Inject(robototest.Fault{Operation: op, Echo: true}) }
	}
	tests := map[string]struct {
		prepare func(*robototest.Server)
		change  func(*traffic)
	}{
		"nothing wrong": {},
		"secrets as codes": {change: func(x *traffic) {
			// The key, and what else there is, stand where the report quotes from.
			if x.status >= 400 {
				x.body = []byte(`{"error":{"error_code":"SECRET","message":"SECRET"},"__type":"SECRET"}`)
			}
		}},
		"secrets as keys": {change: func(x *traffic) {
			x.replace(`"last_used"`, `"caller@example.com":1,"123456789012":2,"SECRET":3,"last_used"`)
		}},
		"secrets as Date": {change: func(x *traffic) { x.header.Set("Date", "SECRET") }},
	}
	for _, op := range robototest.Operations() {
		tests["echo of "+string(op)] = struct {
			prepare func(*robototest.Server)
			change  func(*traffic)
		}{prepare: echo(op)}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			secrets := map[string]bool{"123456789012": true, "caller@example.com": true}
			var apiKey string
			server, l := startLab(t, robototest.Options{}, tampered(t, nil, func(x *traffic) {
				var input struct{ SecretString string }
				if json.Unmarshal(x.sent, &input) == nil && input.SecretString != "" {
					secrets[input.SecretString] = true
				}
				if test.change != nil {
					test.change(x)
					x.replace("SECRET", apiKey)
				}
			}))
			apiKey = server.APIKey()
			secrets[apiKey] = true
			if test.prepare != nil {
				test.prepare(server)
			}
			text := everything(inspect(t.Context(), l, facts(), findings(), silent))
			for _, issued := range server.IssuedCredentials() {
				for _, part := range []string{issued.AccessKeyID, issued.SecretAccessKey, issued.SessionToken} {
					secrets[part] = true
				}
			}
			if name == "nothing wrong" && len(secrets) < 10 {
				t.Fatalf("only %d secrets to look for", len(secrets))
			}
			for secret := range secrets {
				if strings.Contains(text, secret) {
					t.Errorf("%.12s… is in the report", secret)
				}
			}
			for _, address := range []string{server.Endpoint(), server.SecretsManagerEndpoint()} {
				if strings.Contains(text, strings.TrimPrefix(address, "http://")) {
					t.Error("a host is in the report")
				}
			}
		})
	}
}

func TestMarkdownTellsEachFactOnce(t *testing.T) {
	_, l := startLab(t, robototest.Options{}, tampered(t, nil, func(x *traffic) { x.header.Del("Date") }))
	r := inspect(t.Context(), l, facts(), findings(), silent)
	r.against = "a service"
	var markdown bytes.Buffer
	r.markdown(&markdown)
	text := markdown.String()
	for _, f := range facts() {
		cell := regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(strconv.Itoa(f.number)) + ` \| `)
		if n := len(cell.FindAllString(text, -1)); n != 1 {
			t.Errorf("%d is told %d times", f.number, n)
		}
	}
	for _, want := range []string{
		"## Differs", "none that can be read", "never recognized as Terraform's own", "internal/roboto/create.go", "RFC 9110",
		"## Not known", "the answer has no valid Date", "## Holds", "## Measured", "a service, on ", sdk,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Index(text, "## Differs") > strings.Index(text, "## Holds") {
		t.Error("what differs does not come first")
	}
	columns := 0
	for line := range strings.Lines(text) {
		switch n := strings.Count(line, " | "); {
		case !strings.HasPrefix(line, "| "):
			columns = 0
		case columns == 0:
			columns = n
		case n != columns:
			t.Errorf("a row with other columns: %s", line)
		}
	}
}
