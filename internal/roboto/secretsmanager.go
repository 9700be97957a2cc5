// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
)

const (
	codeAccessDenied     = "AccessDeniedException"
	codeExpiredToken     = "ExpiredTokenException"
	codeInvalidRequest   = "InvalidRequestException"
	codeResourceNotFound = "ResourceNotFoundException"

	// newSecretGrace is how long after a create a refusal may be AWS's own lag:
	// permissions and deletions there are eventually consistent.
	newSecretGrace = 2 * time.Minute
)

// knownAWSCodes are those that AWS documents for the two operations and for all
// services ("Common Errors" in the Secrets Manager API Reference). Only these
// are repeated: anything else in their place could be an echo of the value.
var knownAWSCodes = func() map[string]bool {
	known := map[string]bool{}
	for _, code := range []string{
		codeAccessDenied, codeExpiredToken, codeInvalidRequest, codeResourceNotFound,
		"DecryptionFailure", "EncryptionFailure", "IncompleteSignature", "InternalFailure", "InternalServiceError",
		"InvalidClientTokenId", "InvalidParameterException", "InvalidSignatureException", "KMSAccessDeniedException",
		"LimitExceededException", "MalformedHttpRequestException", "MissingAuthenticationToken", "NotAuthorized",
		"OptInRequired", "PreconditionNotMetException", "RequestAbortedException", "RequestExpired",
		"ResourceExistsException", "ServiceUnavailable", "SignatureDoesNotMatch", "UnrecognizedClientException",
		"UnknownOperationException", "ValidationError", "ValidationException",
	} {
		known[code] = true
	}
	for code := range retry.DefaultThrottleErrorCodes {
		known[code] = true
	}
	for code := range retry.DefaultRetryableErrorCodes {
		known[code] = true
	}
	return known
}()

// awsKind sorts a refusal by AWS. Code is one that AWS documents, or "".
func awsKind(operation string, status int, code string) Kind {
	switch {
	case operation == opGetSecretValue && code == codeResourceNotFound:
		return KindNoValue
	case code == codeAccessDenied:
		return KindAWSAccessDenied
	case isThrottleCode(code) || status == http.StatusTooManyRequests:
		return KindThrottled
	case status >= 500:
		return KindUnavailable
	}
	return KindRefused
}

func unexpectedAWS(operation, problem string) *Error {
	return &Error{Kind: KindUnexpectedAWSAnswer, Service: serviceAWS, Request: operation, Problem: problem}
}

func isThrottleCode(code string) bool {
	_, ok := retry.DefaultThrottleErrorCodes[code]
	return ok
}

// secretsManager is the one AWS client of a Client; region, credentials and
// retries are set for each call.
//
// It holds the two calls rather than the SDK's client: of a client in a struct,
// the linker must keep all calls, for somebody may find them by reflection. The
// other twenty, and what they need, are not in the program at all.
type secretsManager struct {
	getSecretValue func(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
	putSecretValue func(context.Context, *secretsmanager.PutSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.PutSecretValueOutput, error)
}

func newSecretsManager(config Config, httpClient *http.Client) secretsManager {
	options := secretsmanager.Options{HTTPClient: httpClient}
	if config.SecretsManagerEndpoint != nil {
		options.BaseEndpoint = aws.String(config.SecretsManagerEndpoint.String())
	}
	client := secretsmanager.New(options)
	return secretsManager{getSecretValue: client.GetSecretValue, putSecretValue: client.PutSecretValue}
}

func (c *Client) secretsManagerHost(region string) string {
	if c.config.SecretsManagerEndpoint != nil {
		return c.config.SecretsManagerEndpoint.Host
	}
	return serviceAWS + " in " + region
}

// awsRetryer keeps the SDK's judgment of what is worth another attempt, adds a
// bare 429 and the lag of a new secret, and replaces the bucket of 500 tokens,
// which all calls of a client share and which runs dry under load.
func awsRetryer(maxAttempts int, operation string, newUntil time.Time) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = maxAttempts
		o.RateLimiter = ratelimit.None
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
			return backoff(attempt), nil
		})
		o.Retryables = append([]retry.IsErrorRetryable{
			retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
				switch {
				case isFinalFailure(err):
					return aws.FalseTernary
				case time.Now().Before(newUntil) && isNewSecretLag(err, operation), isTooManyRequests(err):
					return aws.TrueTernary
				}
				return aws.UnknownTernary
			}),
		}, o.Retryables...)
	})
}

func isTooManyRequests(err error) bool {
	response, ok := errors.AsType[*awshttp.ResponseError](err)
	return ok && response.HTTPStatusCode() == http.StatusTooManyRequests
}

// isNewSecretLag tells whether AWS may refuse only because the secret is so new.
func isNewSecretLag(err error, operation string) bool {
	refused, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return false
	}
	switch refused.ErrorCode() {
	case codeAccessDenied, "UnrecognizedClientException":
		return true
	case codeResourceNotFound: // to a read it says that there is no value
		return operation == opPutSecretValue
	case codeInvalidRequest:
		return strings.Contains(refused.ErrorMessage(), "marked for deletion") ||
			strings.Contains(refused.ErrorMessage(), "scheduled for deletion")
	}
	return false
}

func awsCode(err error) string {
	if refused, ok := errors.AsType[smithy.APIError](err); ok {
		return refused.ErrorCode()
	}
	return ""
}
