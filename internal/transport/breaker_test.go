// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

// outcome is what becomes of a request that is sent.
type outcome func(*http.Request) (*http.Response, error)

func (o outcome) RoundTrip(req *http.Request) (*http.Response, error) { return o(req) }

// playing is a Transport all of whose hosts are played by a function.
func playing(play outcome) *Transport {
	transport := New(Options{Timeout: time.Hour, DialContext: hanging})
	transport.pool.RegisterProtocol("http", play)
	return transport
}

func answering(status int, body string) outcome {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

func partly(req *http.Request) (*http.Response, error) {
	httptrace.ContextClientTrace(req.Context()).GotConn(httptrace.GotConnInfo{})
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF))}, nil
}

func lostBy(err error) outcome {
	return func(*http.Request) (*http.Response, error) { return nil, &net.OpError{Op: "dial", Err: err} }
}

// The outcomes of the requests of a test.
var (
	fine      = answering(http.StatusOK, "")
	broken    = answering(http.StatusServiceUnavailable, "")
	tooLong   = answering(http.StatusOK, strings.Repeat("x", 2<<20))
	lost      = lostBy(os.NewSyscallError("connect", syscall.ECONNREFUSED))
	untrusted = lostBy(&tls.CertificateVerificationError{Err: errors.New("x509")})
	unknown   = lostBy(&net.DNSError{Name: "api.example.com", IsNotFound: true})
)

// What a caller sees of a request.
const (
	answered   = "answered"
	failed     = "failed"
	final      = "failed, and another attempt would fail too"
	outOfReach = "sent, and the host is out of reach"
	unsent     = "not sent, because the host is out of reach"
	ended      = "canceled"
)

// step is a request at a time, in seconds.
type step struct {
	at, takes float64
	outcome   outcome // nil if the caller cancels it
	want      string
	mustSend  bool
}

func at(at float64, outcome outcome, want string) step { return over(at, 0, outcome, want) }

func over(at, takes float64, outcome outcome, want string) step {
	return step{at: at, takes: takes, outcome: outcome, want: want}
}

func must(s step) step {
	s.mustSend = true
	return s
}

func TestBreaker(t *testing.T) {
	for name, script := range map[string][]step{
		"half a minute since the first was sent": {
			over(0, 20, lost, failed), over(20, 9.9, lost, failed), over(20, 10, lost, outOfReach), at(31, fine, unsent),
		},
		"lost at one time":                    {over(0, 40, lost, failed), over(39, 2, lost, failed), over(39, 3, lost, failed), at(43, fine, answered)},
		"lost at one time, and another later": {over(0, 40, lost, failed), over(39, 2, lost, failed), at(42, lost, outOfReach)},
		"an answer in between": {
			at(0, lost, failed), at(20, broken, answered), at(31, lost, failed), at(60, lost, failed), at(61, lost, outOfReach),
		},
		"an answer that is too large": {at(0, lost, failed), at(20, tooLong, answered), at(31, lost, failed)},
		"partial answers":             {at(0, partly, failed), at(20, partly, failed), at(31, partly, outOfReach)},
		"canceled requests": {
			at(0, nil, ended), over(31, 9, nil, ended), at(41, lost, failed), at(80, nil, ended), at(81, fine, answered),
		},
		"a late answer": {
			at(0, lost, failed), over(1, 40, fine, answered), at(30, lost, outOfReach), at(40, fine, unsent), at(42, fine, answered),
		},
		"one probe each half minute": {
			at(0, lost, failed), at(30, lost, outOfReach), at(59.9, fine, unsent), over(60, 1, lost, outOfReach), at(60.5, fine, unsent),
			at(89.9, fine, unsent), over(90, 1, fine, answered), at(90.5, fine, unsent), at(92, lost, failed), at(93, fine, answered),
		},
		"a probe that takes longer": {
			at(0, lost, failed), at(30, lost, outOfReach), over(60, 45, lost, failed), at(89, fine, unsent), at(90, broken, answered),
		},
		"a probe that is answered partly": {at(0, lost, failed), at(30, lost, outOfReach), at(60, partly, outOfReach), at(61, fine, unsent)},
		"a canceled probe": {
			at(0, lost, failed), at(30, lost, outOfReach), over(60, 2, nil, ended), at(61, fine, unsent), at(63, lost, outOfReach),
			at(64, fine, unsent),
		},
		"what must be sent": {
			at(0, lost, failed), at(30, lost, outOfReach), must(at(31, lost, outOfReach)), at(32, fine, unsent),
			must(at(33, nil, ended)), at(34, fine, unsent), must(at(35, fine, answered)), at(36, fine, answered),
		},
		"what must be sent is no probe":              {at(0, lost, failed), at(30, lost, outOfReach), must(at(60, lost, outOfReach)), at(61, fine, answered)},
		"an unknown host that has never answered":    {at(0, unknown, outOfReach), at(1, unknown, outOfReach), at(2, fine, answered)},
		"an unknown host that has answered before":   {at(0, broken, answered), at(1, unknown, failed), at(31, unknown, outOfReach)},
		"an untrusted host that has never answered":  {at(0, untrusted, outOfReach), at(1, fine, answered)},
		"an untrusted host that has answered before": {at(0, broken, answered), at(1, untrusted, final), at(31, untrusted, outOfReach)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { follow(t, script) })
		})
	}
}

// follow makes the requests of a script.
func follow(t *testing.T, script []step) {
	seconds := func(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }
	type key struct{}
	var wasSent sync.Map
	transport := playing(func(req *http.Request) (*http.Response, error) {
		i, _ := req.Context().Value(key{}).(int)
		wasSent.Store(i, true)
		if script[i].outcome == nil {
			<-req.Context().Done()
			return nil, req.Context().Err()
		}
		time.Sleep(seconds(script[i].takes))
		return script[i].outcome(req)
	})
	began := time.Now()
	var group sync.WaitGroup
	for i, step := range script {
		group.Go(func() {
			time.Sleep(time.Until(began.Add(seconds(step.at))))
			service := one
			service.MustSend = step.mustSend
			ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, i))
			defer cancel()
			if step.outcome == nil {
				time.AfterFunc(seconds(step.takes), cancel)
			}
			failure := get(ctx, t, transport.Client(service), "http://api.example.com")
			_, sent := wasSent.Load(i)
			if got := seen(ctx, failure, sent); got != step.want {
				t.Errorf("after %g s: %s, want %s: %+v", step.at, got, step.want, failure)
			}
		})
	}
	group.Wait()
}

func seen(ctx context.Context, failure *Failure, sent bool) string {
	switch {
	case failure == nil || strings.Contains(failure.Reason, "larger than"):
		return answered
	case ctx.Err() != nil:
		return ended
	}
	type flags struct{ sent, outOfReach, final bool }
	return map[flags]string{
		{true, false, false}: failed, {true, false, true}: final, {true, true, true}: outOfReach, {false, true, true}: unsent,
	}[flags{sent || failure.Sent, failure.OutOfReach, failure.Final}]
}
