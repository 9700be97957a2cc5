// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// dialing is a client whose connections to a host fail with what connect returns, unless that is nil.
func (s service) dialing(host string, connect func() error) *Client {
	s.Helper()
	return s.newClient(func(ctx context.Context, network, addr string) (net.Conn, error) {
		if "http://"+addr == host {
			if err := connect(); err != nil {
				return nil, &net.OpError{Op: "dial", Err: err}
			}
		}
		return s.server.DialContext(ctx, network, addr)
	})
}

// Gateways refuse a GET with a body, an empty one too, which HTTP/2 makes visible.
func TestRequestsWithoutABodyHaveNone(t *testing.T) {
	inService(t, func(s service) {
		req, err := s.client.newRequest(s.Context(), request{method: http.MethodGet, path: []string{"v1", "secrets"}})
		if err != nil {
			s.Fatal(err)
		}
		if body, err := req.BodyBytes(); err != nil || body != nil || req.ContentLength != 0 {
			s.Errorf("the request has the body %q of %d bytes (%v)", body, req.ContentLength, err)
		}
	})
}

// A GET is repeated after a failure that may be a temporary one. Whatever changes something is sent once.
func TestRepeatedRequests(t *testing.T) {
	type test struct {
		connect error // of connecting, if any
		fault   robototest.Fault
		// repeated is whether a GET is. lost is whether the request may have taken effect.
		repeated, lost bool
	}
	tests := map[string]test{
		"refused port":    {connect: syscall.ECONNREFUSED, repeated: true},
		"unknown host":    {connect: &net.DNSError{IsNotFound: true}},
		"lost connection": {fault: robototest.Fault{Drop: true}, repeated: true, lost: true},
		"cut answer":      {fault: robototest.Fault{Body: `{"data"`}, repeated: true, lost: true},
		"too large":       {fault: robototest.Fault{Huge: 9 << 20}, lost: true},
		"429":             {fault: robototest.Fault{Status: 429}, repeated: true},
		"a redirect":      {fault: robototest.Fault{Status: 307, Times: 1, Header: http.Header{"Location": {"/v1/y"}}}},
	}
	for _, status := range []int{200, 204, 302, 400, 401, 403, 404, 409, 410} {
		tests[fmt.Sprint(status)] = test{fault: robototest.Fault{Status: status, Body: "{}"}}
	}
	for _, status := range []int{408, 500, 501, 502, 503, 504} {
		tests[fmt.Sprint(status)] = test{fault: robototest.Fault{Status: status}, repeated: true, lost: true}
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		t.Run(method, func(t *testing.T) {
			eachCase(t, tests, func(s service, test test) {
				s.server.AllowViolations()
				s.inject(test.fault)
				dialed, want := 0, 1
				client := s.dialing(s.server.Endpoint(), func() error { dialed++; return test.connect })
				_, err := client.send(s.Context(), request{method: method, path: []string{"v1", "x"}})
				attempts := len(s.server.Requests())
				if test.connect != nil {
					attempts = dialed
				}
				if method == http.MethodGet && test.repeated {
					want = 3
				}
				if attempts != want || mayPass(err) != test.repeated || errorOf(err).lost != test.lost {
					s.Errorf("%d attempts, want %d; another one may help: %t, want %t; it may have taken effect: %t, want %t: %v",
						attempts, want, mayPass(err), test.repeated, errorOf(err).lost, test.lost, err)
				}
			})
		})
	}
}

// The library sleeps by itself: for as long as the service asks, and within the deadline, for which all
// attempts are not used up at once. The error is that of the last one.
func TestWaits(t *testing.T) {
	const second = time.Second
	asks := func(status int, after string) robototest.Fault {
		return robototest.Fault{Status: status, Header: http.Header{"Retry-After": {after}}}
	}
	backOff, asked := []time.Duration{0, second / 2, 3 * second / 2}, []time.Duration{0, 7 * second, 14 * second}
	type test struct {
		fault    robototest.Fault
		deadline time.Duration
		want     []time.Duration // the least times of the attempts
	}
	eachCase(t, map[string]test{
		"503":                                {fault: robototest.Fault{Status: 503}, want: backOff},
		"503 that asks":                      {fault: asks(503, "7"), want: asked},
		"429 that asks":                      {fault: asks(429, "7"), want: asked},
		"lost connection":                    {fault: robototest.Fault{Drop: true}, want: backOff},
		"asks too much":                      {fault: asks(503, "60"), deadline: 30 * second, want: backOff},
		"429, and time for one more attempt": {fault: asks(429, "60"), deadline: 30 * second, want: backOff},
		"many attempts":                      {fault: robototest.Fault{Status: 503}, deadline: 30 * second},
		"many attempts, throttled":           {fault: asks(429, "60"), deadline: 30 * second},
		"many attempts, lost":                {fault: robototest.Fault{Drop: true}, deadline: 30 * second},
	}, func(s service, test test) {
		s.server.AllowViolations()
		s.inject(test.fault)
		most := len(test.want)
		if test.want == nil {
			s.client.config.MaxAttempts, most = 10, 8
		}
		ctx, cancel := context.WithTimeout(s.Context(), cmp.Or(test.deadline, time.Hour))
		defer cancel()
		began := time.Now()
		_, err := s.client.send(ctx, request{method: http.MethodGet, path: []string{"v1", "x"}})
		if took := time.Since(began); err == nil || KindOf(err) == KindCanceled || took > 25*second {
			s.Errorf("after %s, the error is %v", took, err)
		}
		requests := s.server.Requests()
		if len(requests) > most || len(requests) < len(test.want) {
			s.Fatalf("%d requests, want %d", len(requests), most)
		}
		for i, want := range test.want {
			if at := requests[i].Time.Sub(began); at < want || at > 2*want {
				s.Errorf("attempt %d after %s, want %s or a little later", i+1, at, want)
			}
		}
	})
}

// What of AWS is repeated: for a secret that this process has just created, for another new one, and
// for an old one.
func TestRepeatedCallsOfAWS(t *testing.T) {
	type attempts struct{ reads, writes int }
	type test struct {
		code             string
		status           int
		old, fresh, here attempts
	}
	always, never := attempts{3, 3}, attempts{1, 1}
	eachCase(t, map[string]test{
		"throttled":        {"ThrottlingException", 400, always, always, always},
		"429":              {"", 429, always, always, always},
		"failing":          {"InternalServiceError", 500, always, always, always},
		"503":              {"", 503, always, always, always},
		"not allowed":      {codeAccessDenied, 400, never, always, always},
		"unknown key":      {codeUnrecognizedClient, 400, never, always, always},
		"not found":        {codeResourceNotFound, 400, never, never, attempts{1, 3}},
		"to be deleted":    {codeInvalidRequest, 400, never, never, always},
		"a quota":          {codeQuota, 400, never, never, never},
		"encryption fails": {"EncryptionFailure", 400, never, never, never},
		"invalid":          {"ValidationException", 400, never, never, never},
		"a redirect":       {"", 308, never, never, never},
	}, func(s service, test test) {
		for _, secret := range []struct {
			age  time.Duration
			here bool
			want attempts
		}{
			{0, false, test.fresh},
			{time.Minute, false, test.fresh},
			{time.Hour, false, test.old},
			{0, true, test.here},
			{time.Minute, true, test.here},
			{time.Hour, true, test.old},
		} {
			access := s.access()
			if secret.here {
				access.record.CreatedHere = time.Now()
			}
			time.Sleep(secret.age)
			s.inject(robototest.Fault{Match: robototest.Request.AWS, Status: test.status, AWSError: test.code, Header: http.Header{"X": nil}})
			_, readErr := access.Read(s.Context(), Version{})
			reads := s.server.Count(robototest.GetValue)
			_, writeErr := access.Write(s.Context(), NewSensitive("value"))
			got := attempts{reads, s.server.Count(robototest.PutValue)}
			if readErr == nil || writeErr == nil || got != secret.want {
				s.Errorf("a secret %s old, created here %t: %+v, want %+v (%v, %v)", secret.age, secret.here, got, secret.want, readErr, writeErr)
			}
			s.server.ClearFaults()
			s.server.ResetRequests()
			s.server.DeleteSecret(testOrg, "db")
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

// The SDK's own budget for retries would end after a hundred.
func TestRetriesOfAWSHaveNoBudget(t *testing.T) {
	inService(t, func(s service) {
		s.inject(robototest.Fault{Operation: robototest.GetValue, AWSError: "ThrottlingException"})
		s.client.config.MaxAttempts = 150
		_, err := s.access().Read(s.Context(), Version{})
		s.wantKind(err, KindUnavailable)
		s.wantCount(robototest.GetValue, 150)
	})
}
