// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"
)

// response is an answer that was read to its end.
type response struct {
	*http.Response
	body []byte
}

// exchange makes an attempt and reads the whole answer, so that the retries above see every
// failure of the connection as one error.
func exchange(req *http.Request, pool http.RoundTripper, timeout time.Duration, maxAnswer int) (*response, *Failure) {
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
		switch {
		case caller.Err() != nil:
			return canceled(context.Cause(caller), connected.Load())
		case ctx.Err() != nil:
			err = context.DeadlineExceeded
		}
		return newFailure(err, connected.Load())
	}
	resp, err := pool.RoundTrip(req.WithContext(traced))
	if isHeaderTooLarge(err) {
		return nil, tooLarge("header of the answer", maxHeader)
	}
	if err != nil {
		return nil, fail(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(maxAnswer)+1))
	switch {
	case err != nil:
		return nil, fail(err)
	case len(body) > maxAnswer:
		return nil, tooLarge("answer", maxAnswer)
	case resp.StatusCode/100 == 2 && bytes.HasPrefix(body, []byte("{")) && !json.Valid(body):
		return nil, &Failure{Reason: "the answer is incomplete JSON", Sent: true}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.Request = req
	return &response{resp, body}, nil
}

// isHeaderTooLarge recognizes the text of net/http for HTTP/1, which is all that it offers. Over
// HTTP/2, such a header breaks the connection.
func isHeaderTooLarge(err error) bool {
	return err != nil && strings.Contains(err.Error(), "response headers exceeded")
}
