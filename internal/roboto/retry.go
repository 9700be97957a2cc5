// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/restjson"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/hashicorp/go-retryablehttp"

	"github.com/roboto-ai/terraform-provider-roboto/internal/transport"
)

// settleTimeout limits the search for the effect of a canceled call.
const settleTimeout = 10 * time.Second

// settling is the context of a call that finds out what an earlier one did. It goes on after a cancel.
func settling(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Err() == nil {
		return ctx, func() {}
	}
	return context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
}

// retrier repeats a request to Roboto if that may help. mayLag says so of a status, besides isTemporary.
func retrier(ctx context.Context, client *http.Client, maxAttempts int, mayLag func(status int) bool) *retryablehttp.Client {
	return &retryablehttp.Client{
		HTTPClient: client,
		RetryMax:   maxAttempts - 1,
		CheckRetry: func(_ context.Context, resp *http.Response, err error) (bool, error) {
			failure := transport.FailureOf(err)
			again := failure != nil && !failure.Final || resp != nil && (isTemporary(resp.StatusCode) || mayLag(resp.StatusCode))
			return again && ctx.Err() == nil && transport.TimeLeft(ctx), nil
		},
		Backoff: func(_, _ time.Duration, attempt int, resp *http.Response) time.Duration {
			var asked time.Duration
			if resp != nil && resp.StatusCode == http.StatusServiceUnavailable { // else it is a pause
				asked = transport.RetryAfter(resp.Header)
			}
			return transport.Wait(ctx, attempt+1, asked)
		},
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
}

// isTemporary reports whether a service is busy or failing, by the status of its answer.
func isTemporary(status int) bool {
	return status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
}

// isThrottle reports whether a service refused a request because there are too many. AWS says so with
// a code, and status 400.
func isThrottle(status int, header http.Header, body []byte) bool {
	if status/100 == 2 {
		return false
	}
	code := header.Get("X-Amzn-ErrorType")
	if code == "" {
		code, _, _ = restjson.GetErrorInfo(json.NewDecoder(bytes.NewReader(body)))
	}
	return status == http.StatusTooManyRequests || isThrottleCode(restjson.SanitizeErrorCode(code))
}

// isThrottleCode is what the SDK takes for one, but for a quota, which no wait helps against.
func isThrottleCode(code string) bool {
	_, ok := retry.DefaultThrottleErrorCodes[code]
	return ok && code != codeQuota
}

// wait waits after an attempt, counted from 1, that failed with err. It returns an error only if the
// context ends.
func wait(ctx context.Context, attempt int, err error) error {
	if transport.Sleep(ctx, transport.Wait(ctx, attempt, errorOf(err).retryAfter)) != nil {
		return canceled(ctx)
	}
	return nil
}

// tried says how long the call was repeated in vain, and why if it was because a new secret lags.
func (e *Error) tried(began time.Time, lags bool) {
	took := time.Since(began)
	switch {
	case took < time.Second:
	case lags:
		e.What += fmt.Sprintf(" It was tried for %.0f seconds, because a new secret may not be usable at once.", took.Seconds())
	case e.Kind == KindNoAnswer, e.Kind == KindUnavailable:
		e.What += fmt.Sprintf(" It was tried for %.0f seconds.", took.Seconds())
	}
}

// mayPass reports whether a request may succeed when it is repeated.
func mayPass(err error) bool {
	e := errorOf(err)
	return (e.Kind == KindNoAnswer || e.Kind == KindUnavailable) && !e.final
}
