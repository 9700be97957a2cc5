// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Requests are repeated in nine places, and nowhere else:
//
//   - retrier repeats requests to Roboto, depending on status and method.
//   - awsRetryer repeats requests to AWS, depending on AWS's error code.
//   - ValueAccess.withCredentials repeats a call once if its credentials had expired.
//   - ValueAccess.freshCredentials waits until Roboto finds a record that was just created.
//   - CreateSecret repeats a POST if the record does not exist.
//   - DeleteSecret repeats a DELETE if the record still exists.
//   - Invoke repeats a POST, whose idempotency ID keeps the action from running twice.
//   - Follow asks again if it did not learn the status of an invocation.
//   - CancelInvocation repeats a POST if the invocation has not ended.
//
// Each request also waits for the throttle of its service.

// Back-off of the SDK (src/roboto/http/retry.py): full jitter below base × 2^attempt,
// capped.
const (
	backoffBase = 500 * time.Millisecond
	backoffCap  = 30 * time.Second

	// retryAfterCap limits the wait that a server can request.
	retryAfterCap = 60 * time.Second

	// minAttemptTime is the time before a deadline that a wait must leave for an attempt.
	minAttemptTime = 5 * time.Second
)

// retrier sends requests to Roboto as often as the SDK's rules allow
// (src/roboto/http/http_client.py).
func (c *Client) retrier(ctx context.Context, r request) *retryablehttp.Client {
	idempotent := r.method != http.MethodPost
	attempts := c.config.MaxAttempts
	if r.once {
		attempts = 1
	}
	made := 0
	return &retryablehttp.Client{
		HTTPClient: c.robotoHTTP,
		RetryMax:   attempts - 1,
		CheckRetry: func(ctx context.Context, resp *http.Response, err error) (bool, error) {
			made++
			retry := shouldRetry(ctx, resp, err, idempotent)
			if retry && err != nil && made == attempts && !r.once {
				c.robotoHost.exhausted(attempts)
			}
			return retry, nil
		},
		Backoff: func(_, _ time.Duration, attempt int, resp *http.Response) time.Duration {
			asked, _ := retryAfter(resp)
			// It sleeps here, because the sleep of retryablehttp does not end early.
			_ = c.robotoHost.sleep(ctx, attemptWait(ctx, attempt+1, resp != nil && resp.StatusCode == http.StatusTooManyRequests, asked))
			return 0
		},
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
}

func shouldRetry(ctx context.Context, resp *http.Response, err error, idempotent bool) bool {
	switch {
	case ctx.Err() != nil:
		return false
	case err != nil:
		return !isFinalFailure(err) && (idempotent || !wasSent(err))
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return idempotent
	}
	return false
}

// attemptWait is the wait after the given attempt, counted from 1. asked is the wait that
// the service requested, or 0.
func attemptWait(ctx context.Context, attempt int, throttled bool, asked time.Duration) time.Duration {
	_, hasDeadline := ctx.Deadline()
	if throttled && !hasDeadline {
		return 0 // the throttle makes all requests wait, this one too
	}
	if asked > 0 && leavesTime(ctx, asked) {
		return asked
	}
	return backoffWithin(ctx, attempt)
}

// waitAfter is attemptWait for the error of a request.
func waitAfter(ctx context.Context, attempt int, err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok && e.StatusCode != 0 {
		return attemptWait(ctx, attempt, e.Kind == KindThrottled, e.retryAfter)
	}
	return backoffWithin(ctx, attempt)
}

// leavesTime reports whether an attempt after the wait still makes sense.
func leavesTime(ctx context.Context, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || wait <= time.Until(deadline)-minAttemptTime
}

// backoffWithin is backoff, but leaves time for another attempt before the deadline if
// there is any.
func backoffWithin(ctx context.Context, attempt int) time.Duration {
	wait := backoff(attempt)
	if leavesTime(ctx, wait) {
		return wait
	}
	deadline, _ := ctx.Deadline()
	if left := time.Until(deadline) - minAttemptTime; left > 0 {
		return left
	}
	return wait
}

// backoff is the wait after the given attempt, counted from 1.
func backoff(attempt int) time.Duration {
	limit := backoffCap
	if attempt < 6 { // 500 ms × 2^6 is above the cap
		limit = min(limit, backoffBase<<attempt)
	}
	return rand.N(limit) //nolint:gosec // jitter, not a secret
}

// retryAfter is the wait that the answer requests, up to retryAfterCap. It returns false
// if the answer requests none.
func retryAfter(resp *http.Response) (time.Duration, bool) {
	// DefaultBackoff with no bounds gives the Retry-After header's wait or nothing.
	wait := retryablehttp.DefaultBackoff(0, 0, 0, resp)
	return min(wait, retryAfterCap), wait > 0
}

// isFinalFailure reports whether another attempt would fail in the same way.
func isFinalFailure(err error) bool {
	_, tooLarge := errors.AsType[*tooLargeError](err)
	refusal, refused := errors.AsType[*proxyError](err)
	return tooLarge || isUntrusted(err) || verdictIn(err) != nil || refused && refusal.status == http.StatusProxyAuthRequired
}

// isUntrusted reports whether the server's certificate was refused.
func isUntrusted(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

// sleep returns early, with the cause, if the context ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
