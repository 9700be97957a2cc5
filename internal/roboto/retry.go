// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"net/http"
	"slices"
	"time"

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

// retrier repeats a request to Roboto if that may help.
func retrier(ctx context.Context, client *http.Client, maxAttempts int) *retryablehttp.Client {
	return &retryablehttp.Client{
		HTTPClient: client,
		RetryMax:   maxAttempts - 1,
		CheckRetry: func(_ context.Context, resp *http.Response, err error) (bool, error) {
			failure := transport.FailureOf(err)
			temporary := failure != nil && !failure.Final || resp != nil && slices.Contains(temporaryStatuses, resp.StatusCode)
			return temporary && ctx.Err() == nil && transport.TimeLeft(ctx), nil
		},
		Backoff: func(_, _ time.Duration, attempt int, _ *http.Response) time.Duration {
			return transport.Wait(ctx, attempt+1)
		},
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
}

var temporaryStatuses = []int{
	http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
	http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
}

// wait waits after an attempt that failed, counted from 1. It returns an error only if the context
// ends.
func wait(ctx context.Context, attempt int) error {
	if transport.Sleep(ctx, transport.Wait(ctx, attempt)) != nil {
		return canceled(ctx)
	}
	return nil
}

// mayPass reports whether a request may succeed when it is repeated.
func mayPass(err error) bool {
	e := errorOf(err)
	return (e.Kind == KindNoAnswer || e.Kind == KindUnavailable) && !e.final
}
