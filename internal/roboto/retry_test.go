// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// withService runs a test with a client that makes three attempts.
func withService(t *testing.T, test func(*testing.T, *robototest.Server, *Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		client := NewClient(Config{
			APIKey: NewSensitive(server.APIKey()), Endpoint: parseURL(t, server.Endpoint()), SecretsManagerEndpoint: parseURL(t, server.SecretsManagerEndpoint()),
			RequestTimeout: time.Minute, MaxAttempts: 3,
		}, Options{ToolName: "test", DialContext: server.DialContext})
		test(t, server, client)
	})
}

// dialingAWS is a client that can connect to AWS only if connect returns no error.
func dialingAWS(server *robototest.Server, client *Client, connect func() error) *Client {
	return NewClient(client.config, Options{ToolName: "test", DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		if "http://"+addr == server.SecretsManagerEndpoint() {
			if err := connect(); err != nil {
				return nil, &net.OpError{Op: "dial", Err: err}
			}
		}
		return server.DialContext(ctx, network, addr)
	}})
}

// A GET is repeated after an answer that may be a temporary one. Whatever changes something is
// sent once.
func TestRepeatedRequests(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		for _, status := range []int{200, 204, 302, 400, 401, 403, 404, 409, 410, 501, 408, 429, 500, 502, 503, 504} {
			t.Run(fmt.Sprint(method, status), func(t *testing.T) {
				withService(t, func(t *testing.T, server *robototest.Server, client *Client) {
					server.AllowViolations()
					server.Inject(robototest.Fault{Status: status, Body: "{}"})
					_, err := client.send(t.Context(), request{method: method, path: []string{"v1", "x"}})
					want := 1
					if method == http.MethodGet && slices.Contains([]int{408, 429, 500, 501, 502, 503, 504}, status) {
						want = 3
					}
					if n := len(server.Requests()); n != want {
						t.Errorf("%d requests, want %d", n, want)
					}
					if lost := slices.Contains([]int{408, 500, 501, 502, 503, 504}, status); errorOf(err).lost != lost || mayPass(err) != (lost || status == 429) {
						t.Errorf("may have taken effect %t, may pass %t: %v", errorOf(err).lost, mayPass(err), err)
					}
				})
			})
		}
	}
}

// What is not answered is repeated in the same way, unless it cannot help.
func TestRepeatedAttempts(t *testing.T) {
	for name, test := range map[string]struct {
		err   error // of connecting, if any
		fault robototest.Fault
		want  map[string]int
		lost  bool
	}{
		"refused port":    {err: syscall.ECONNREFUSED, want: map[string]int{http.MethodGet: 3, http.MethodPost: 1, http.MethodDelete: 1}},
		"unknown host":    {err: &net.DNSError{IsNotFound: true}, want: map[string]int{http.MethodGet: 1, http.MethodPost: 1, http.MethodDelete: 1}},
		"lost connection": {fault: robototest.Fault{Drop: true}, want: map[string]int{http.MethodGet: 3, http.MethodPost: 1, http.MethodDelete: 1}, lost: true},
		"cut answer":      {fault: robototest.Fault{Status: 200, Body: `{"data"`}, want: map[string]int{http.MethodGet: 3, http.MethodPost: 1, http.MethodDelete: 1}, lost: true},
		"too large":       {fault: robototest.Fault{Huge: 9 << 20}, want: map[string]int{http.MethodGet: 1, http.MethodPost: 1, http.MethodDelete: 1}, lost: true},
	} {
		for method, want := range test.want {
			t.Run(name+"/"+method, func(t *testing.T) {
				withService(t, func(t *testing.T, server *robototest.Server, client *Client) {
					server.AllowViolations()
					attempts := 0
					if test.err == nil {
						server.Inject(test.fault)
					} else {
						client = NewClient(client.config, Options{DialContext: func(context.Context, string, string) (net.Conn, error) {
							attempts++
							return nil, &net.OpError{Op: "dial", Err: test.err}
						}})
					}
					_, err := client.send(t.Context(), request{method: method, path: []string{"v1", "x"}})
					if n := attempts + len(server.Requests()); n != want {
						t.Errorf("%d attempts, want %d", n, want)
					}
					if KindOf(err) != KindNoAnswer || errorOf(err).lost != test.lost {
						t.Errorf("may have taken effect %t: %v", errorOf(err).lost, err)
					}
				})
			})
		}
	}
}

// The library sleeps by itself: for as long as the service asks, and within the deadline.
func TestWaits(t *testing.T) {
	for name, test := range map[string]struct {
		fault    robototest.Fault
		deadline time.Duration
		want     []time.Duration // the least times of the attempts
	}{
		"503":                                {fault: robototest.Fault{Status: 503}, want: []time.Duration{0, time.Second / 2, 3 * time.Second / 2}},
		"503 that asks":                      {fault: robototest.Fault{Status: 503, Header: http.Header{"Retry-After": {"7"}}}, want: []time.Duration{0, 7 * time.Second, 14 * time.Second}},
		"429 that asks":                      {fault: robototest.Fault{Status: 429, Header: http.Header{"Retry-After": {"7"}}}, want: []time.Duration{0, 7 * time.Second, 14 * time.Second}},
		"lost connection":                    {fault: robototest.Fault{Drop: true}, want: []time.Duration{0, time.Second / 2, 3 * time.Second / 2}},
		"asks too much":                      {fault: robototest.Fault{Status: 503, Header: http.Header{"Retry-After": {"60"}}}, deadline: 30 * time.Second, want: []time.Duration{0, time.Second / 2, 3 * time.Second / 2}},
		"429, and time for one more attempt": {fault: robototest.Fault{Status: 429, Header: http.Header{"Retry-After": {"60"}}}, deadline: 30 * time.Second, want: []time.Duration{0, time.Second / 2, 3 * time.Second / 2}},
	} {
		t.Run(name, func(t *testing.T) {
			withService(t, func(t *testing.T, server *robototest.Server, client *Client) {
				server.AllowViolations()
				server.Inject(test.fault)
				ctx := t.Context()
				if test.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.deadline)
					defer cancel()
				}
				began := time.Now()
				_, err := client.send(ctx, request{method: http.MethodGet, path: []string{"v1", "x"}})
				if err == nil || KindOf(err) == KindCanceled {
					t.Errorf("the error is %v", err)
				}
				requests := server.Requests()
				if len(requests) != len(test.want) {
					t.Fatalf("%d requests", len(requests))
				}
				for i, request := range requests {
					if at := request.Time.Sub(began); at < test.want[i] || at > 2*test.want[i] {
						t.Errorf("attempt %d after %s, want %s or a little later", i+1, at, test.want[i])
					}
				}
			})
		})
	}
}

// A deadline does not make a call use up its attempts at once, and the error is that of the last.
func TestAttemptsBeforeADeadline(t *testing.T) {
	for name, fault := range map[string]robototest.Fault{
		"503":  {Status: 503},
		"429":  {Status: 429, Header: http.Header{"Retry-After": {"60"}}},
		"lost": {Drop: true},
	} {
		t.Run(name, func(t *testing.T) {
			withService(t, func(t *testing.T, server *robototest.Server, client *Client) {
				server.AllowViolations()
				server.Inject(fault)
				client.config.MaxAttempts = 10
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				began := time.Now()
				_, err := client.send(ctx, request{method: http.MethodGet, path: []string{"v1", "x"}})
				if took := time.Since(began); KindOf(err) == KindCanceled || took > 25*time.Second {
					t.Errorf("after %s: %v", took, err)
				}
				if n := len(server.Requests()); n > 8 {
					t.Errorf("%d attempts", n)
				}
				server.ResetRequests()
				_, err = client.CancelInvocation(t.Context(), Invocation{ID: "iv_1", OrgID: robototest.DefaultOrg})
				if n := len(server.Requests()); err == nil || KindOf(err) == KindCanceled || n > 15 {
					t.Errorf("%d requests to cancel an invocation: %v", n, err)
				}
			})
		})
	}
}

// What of AWS is repeated: for a secret that this process has just created, for another new one, and
// for an old one.
func TestRepeatedCallsOfAWS(t *testing.T) {
	for _, test := range []struct {
		code   string
		status int
		// attempts to read and to write
		old, fresh, here [2]int
	}{
		{"ThrottlingException", 400, [2]int{3, 3}, [2]int{3, 3}, [2]int{3, 3}},
		{"", 429, [2]int{3, 3}, [2]int{3, 3}, [2]int{3, 3}},
		{"InternalServiceError", 500, [2]int{3, 3}, [2]int{3, 3}, [2]int{3, 3}},
		{"", 503, [2]int{3, 3}, [2]int{3, 3}, [2]int{3, 3}},
		{"AccessDeniedException", 400, [2]int{1, 1}, [2]int{3, 3}, [2]int{3, 3}},
		{"UnrecognizedClientException", 400, [2]int{1, 1}, [2]int{3, 3}, [2]int{3, 3}},
		{"ResourceNotFoundException", 400, [2]int{1, 1}, [2]int{1, 1}, [2]int{1, 3}},
		{"InvalidRequestException", 400, [2]int{1, 1}, [2]int{1, 1}, [2]int{3, 3}},
		{"LimitExceededException", 400, [2]int{1, 1}, [2]int{1, 1}, [2]int{1, 1}},
		{"EncryptionFailure", 400, [2]int{1, 1}, [2]int{1, 1}, [2]int{1, 1}},
		{"ValidationException", 400, [2]int{1, 1}, [2]int{1, 1}, [2]int{1, 1}},
		{"", 308, [2]int{1, 1}, [2]int{1, 1}, [2]int{1, 1}},
	} {
		t.Run(fmt.Sprint(test.status, test.code), func(t *testing.T) {
			withService(t, func(t *testing.T, server *robototest.Server, client *Client) {
				for _, secret := range []struct {
					name string
					age  time.Duration
					here bool
					want [2]int
				}{
					{"new", 0, false, test.fresh},
					{"a minute old", time.Minute, false, test.fresh},
					{"an hour old", time.Hour, false, test.old},
					{"created here", 0, true, test.here},
					{"created here a minute ago", time.Minute, true, test.here},
					{"created here an hour ago", time.Hour, true, test.old},
				} {
					known := Record{SecretRef: SecretRef{Name: "db", OrgID: robototest.DefaultOrg}}
					if server.AddSecret(robototest.DefaultOrg, "db"); secret.here {
						known.CreatedHere = time.Now()
					}
					time.Sleep(secret.age)
					server.Inject(robototest.Fault{Match: robototest.Request.AWS, Status: test.status, AWSError: test.code, Header: http.Header{"X": nil}})
					access := client.ValueAccess(known)
					if _, err := access.Read(t.Context(), Version{}); err == nil {
						t.Error("a read succeeded")
					}
					if n := server.Count(robototest.GetValue); n != secret.want[0] {
						t.Errorf("%d attempts to read a secret that is %s, want %d", n, secret.name, secret.want[0])
					}
					if _, err := access.Write(t.Context(), NewSensitive("value")); err == nil {
						t.Error("a write succeeded")
					}
					if n := server.Count(robototest.PutValue); n != secret.want[1] {
						t.Errorf("%d attempts to write a secret that is %s, want %d", n, secret.name, secret.want[1])
					}
					server.ClearFaults()
					server.ResetRequests()
					server.DeleteSecret(robototest.DefaultOrg, "db")
				}
			})
		})
	}
}

// AWS refuses with status 400 what is too much. All requests to AWS then pause, and none to
// Roboto.
func TestPauseOfAWS(t *testing.T) {
	withService(t, func(t *testing.T, server *robototest.Server, client *Client) {
		var accesses []*ValueAccess
		for i := range 5 {
			name := fmt.Sprint("db", i)
			server.AddSecret(robototest.DefaultOrg, name)
			server.SetValue(robototest.DefaultOrg, name, "value")
			access := client.ValueAccess(Record{SecretRef: SecretRef{Name: name, OrgID: robototest.DefaultOrg}})
			if _, err := access.Read(t.Context(), Version{}); err != nil {
				t.Fatal(err)
			}
			accesses = append(accesses, access)
		}
		server.ResetRequests()
		server.Inject(robototest.Fault{Operation: robototest.GetValue, Times: 1, AWSError: "ThrottlingException", Header: http.Header{"Retry-After": {"7"}}})
		began := time.Now()
		var calls sync.WaitGroup
		for i, access := range accesses {
			calls.Go(func() {
				time.Sleep(time.Duration(i) * time.Second)
				if _, err := access.Read(t.Context(), Version{}); err != nil {
					t.Error(err)
				}
			})
		}
		time.Sleep(time.Second)
		if _, err := client.callerOrgs(t.Context()); err != nil {
			t.Error(err)
		}
		calls.Wait()
		for i, request := range server.Requests() {
			if after := request.Time.Sub(began); i > 0 && (request.AWS() && (after < 7*time.Second || after > 9*time.Second) || !request.AWS() && after != time.Second) {
				t.Errorf("a %s after %s", request.Operation, after)
			}
		}
	})
}

func TestIsThrottle(t *testing.T) {
	for _, test := range []struct {
		status       int
		header, body string
		want         bool
	}{
		{400, "", `{"__type": "ThrottlingException", "message": "Rate exceeded"}`, true},
		{400, "", `{"__type": "com.amazonaws.secretsmanager#ThrottlingException"}`, true},
		{400, "ThrottlingException:http://internal.amazon.com/", ``, true},
		{400, "", `{"__type": "AccessDeniedException", "message": "ThrottlingException"}`, false},
		{400, "", `canary`, false},
		{429, "", ``, true},
		{503, "", ``, false},
		{200, "", `{"__type": "ThrottlingException"}`, false},
	} {
		header := http.Header{}
		if test.header != "" {
			header.Set("X-Amzn-ErrorType", test.header)
		}
		if got := isThrottle(test.status, header, []byte(test.body)); got != test.want {
			t.Errorf("%+v: %t", test, got)
		}
	}
}

// A value that was written belongs in state, also if the last attempt was not even sent.
func TestWriteIsLookedForAfterItsLastAttempt(t *testing.T) {
	withService(t, func(t *testing.T, server *robototest.Server, client *Client) {
		server.AddSecret(robototest.DefaultOrg, "db")
		toAWS := 0
		client = dialingAWS(server, client, func() error {
			if toAWS++; toAWS == 2 || toAWS == 3 {
				return syscall.ECONNREFUSED
			}
			return nil
		})
		server.Inject(robototest.Fault{Operation: robototest.PutValue, Drop: true, After: true})
		versionID, err := client.ValueAccess(Record{SecretRef: SecretRef{Name: "db", OrgID: robototest.DefaultOrg}}).Write(t.Context(), NewSensitive("value"))
		if versions := server.Versions(robototest.DefaultOrg, "db"); err != nil || len(versions) != 1 || versions[0].ID != versionID {
			t.Errorf("%d versions: %v", len(versions), err)
		}
		if n := server.Count(robototest.PutValue); n != 1 || toAWS != 4 {
			t.Errorf("%d writes, %d connections", n, toAWS)
		}
	})
}

// A write that was never sent is not looked for, and repeated only if that may help.
func TestWriteThatWasNotSent(t *testing.T) {
	for cause, attempts := range map[error]int{syscall.ECONNREFUSED: 3, &net.DNSError{Name: "aws", IsNotFound: true}: 1} {
		t.Run(cause.Error(), func(t *testing.T) {
			withService(t, func(t *testing.T, server *robototest.Server, client *Client) {
				server.AddSecret(robototest.DefaultOrg, "db")
				toAWS := 0
				client = dialingAWS(server, client, func() error { toAWS++; return cause })
				_, err := client.ValueAccess(Record{SecretRef: SecretRef{Name: "db", OrgID: robototest.DefaultOrg}}).Write(t.Context(), NewSensitive("value"))
				if KindOf(err) != KindNoAnswer || errorOf(err).lost || toAWS != attempts {
					t.Errorf("%d connections: %v", toAWS, err)
				}
			})
		})
	}
}

// The SDK's own budget for retries would end after a hundred.
func TestRetriesOfAWSHaveNoBudget(t *testing.T) {
	withService(t, func(t *testing.T, server *robototest.Server, client *Client) {
		server.AddSecret(robototest.DefaultOrg, "db")
		server.Inject(robototest.Fault{Operation: robototest.GetValue, AWSError: "ThrottlingException"})
		client.config.MaxAttempts = 150
		_, err := client.ValueAccess(Record{SecretRef: SecretRef{Name: "db", OrgID: robototest.DefaultOrg}}).Read(t.Context(), Version{})
		if n := server.Count(robototest.GetValue); KindOf(err) != KindUnavailable || n != 150 {
			t.Errorf("%d attempts: %v", n, err)
		}
	})
}
