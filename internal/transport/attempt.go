// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// exchange makes an attempt and reads the whole answer, so that the retries above see every
// failure of the connection as one error. An answer that is too large is returned with a failure.
func exchange(req *http.Request, pool http.RoundTripper, timeout time.Duration, maxAnswer int) (*http.Response, []byte, *Failure) {
	caller := req.Context()
	if deadline, ok := caller.Deadline(); ok {
		// An attempt that hangs must leave time for another one.
		timeout = min(timeout, max(time.Until(deadline)/2, minAttemptTime))
	}
	ctx, cancel := context.WithTimeout(caller, timeout)
	defer cancel()
	var connected atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	fail := func(err error) *Failure {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return newFailure(err, connected.Load())
	}
	resp, err := pool.RoundTrip(req.WithContext(traced))
	if err != nil {
		return nil, nil, fail(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(maxAnswer)+1))
	switch {
	case err != nil:
		return nil, nil, fail(err)
	case len(body) > maxAnswer:
		return resp, nil, &Failure{Reason: fmt.Sprintf("the answer is larger than %d MiB", maxAnswer>>20), Sent: true, Final: true}
	case resp.StatusCode/100 == 2 && bytes.HasPrefix(body, []byte("{")) && !json.Valid(body):
		return nil, nil, &Failure{Reason: "the answer is incomplete JSON", Sent: true}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.Request = req
	return resp, body, nil
}
