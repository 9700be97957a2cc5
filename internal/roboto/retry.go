// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/hashicorp/go-retryablehttp"

	"github.com/roboto-ai/terraform-provider-roboto/internal/transport"
)

// retrier repeats a request to Roboto, as the SDK does (src/roboto/http/http_client.py). A
// request that changes something is sent once: its caller looks at the effect first.
func (c *Client) retrier(ctx context.Context, r request) *retryablehttp.Client {
	attempts := c.config.MaxAttempts
	if r.method != http.MethodGet {
		attempts = 1
	}
	return &retryablehttp.Client{
		HTTPClient: client(c.roboto, r.mustSend),
		RetryMax:   attempts - 1,
		CheckRetry: func(_ context.Context, resp *http.Response, err error) (bool, error) {
			failure := transport.FailureOf(err)
			temporary := failure != nil && !failure.Final || resp != nil && slices.Contains(temporaryStatuses, resp.StatusCode)
			return temporary && ctx.Err() == nil && transport.TimeLeft(ctx), nil
		},
		Backoff: func(_, _ time.Duration, attempt int, resp *http.Response) time.Duration {
			var asked time.Duration
			if resp != nil {
				asked, _ = transport.RetryAfter(resp.Header)
			}
			return transport.Wait(ctx, attempt+1, asked)
		},
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
}

var temporaryStatuses = []int{
	http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
	http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
}

// wait waits after an attempt, counted from 1, that failed with err. It returns an error only if
// the context ends.
func wait(ctx context.Context, attempt int, err error) error {
	var asked time.Duration
	if e, ok := errors.AsType[*Error](err); ok {
		asked = e.retryAfter
	}
	return transport.Sleep(ctx, transport.Wait(ctx, attempt, asked))
}

// mayHaveTakenEffect reports whether a failed request may have been carried out. A
// gateway's 502 or 503 can mean either.
func mayHaveTakenEffect(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.lost
}

// mayPass reports whether a request that had no effect may succeed when it is repeated.
func mayPass(err error) bool {
	kind := KindOf(err)
	return kind == KindThrottled || kind == KindNoAnswer && !isFinal(err)
}

// isFinal reports whether another attempt would fail in the same way.
func isFinal(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.final
}

// awsRetryer retries what the SDK retries by default, and also a plain 429 and the lag of
// a new secret. It disables the SDK's bucket of 500 retry tokens, which all calls of a
// client share and which large applies exhaust. failed is called for each failed attempt.
func awsRetryer(ctx context.Context, maxAttempts int, operation string, newUntil time.Time, failed func(error)) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = maxAttempts
		o.RateLimiter = ratelimit.None
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
			return transport.Wait(ctx, attempt, 0), nil
		})
		o.Retryables = append([]retry.IsErrorRetryable{
			retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
				failed(err)
				failure := transport.FailureOf(err)
				response, refused := errors.AsType[*awshttp.ResponseError](err)
				switch {
				case !transport.TimeLeft(ctx):
					return aws.FalseTernary
				case failure != nil:
					return aws.BoolTernary(!failure.Final)
				case time.Now().Before(newUntil) && isNewSecretLag(err, operation):
					return aws.TrueTernary
				case refused && response.HTTPStatusCode() == http.StatusTooManyRequests:
					return aws.TrueTernary
				}
				return aws.UnknownTernary
			}),
		}, o.Retryables...)
	})
}

// isNewSecretLag reports whether AWS may have refused only because the secret is new.
func isNewSecretLag(err error, operation string) bool {
	refused, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return false
	}
	switch refused.ErrorCode() {
	case codeAccessDenied, "UnrecognizedClientException":
		return true
	case codeResourceNotFound: // for a read, it means that there is no value
		return operation == opPutSecretValue
	case codeInvalidRequest:
		return strings.Contains(refused.ErrorMessage(), "for deletion") // "marked …" or "scheduled …"
	}
	return false
}
