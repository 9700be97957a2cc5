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
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const (
	codeAccessDenied     = "AccessDeniedException"
	codeExpiredToken     = "ExpiredTokenException"
	codeInvalidRequest   = "InvalidRequestException"
	codeResourceNotFound = "ResourceNotFoundException"

	// newSecretGrace is how long AWS may refuse access to a new secret only because
	// permissions and deletions at AWS are eventually consistent.
	newSecretGrace = 2 * time.Minute
)

// documentedAWSCodes are the error codes that AWS documents for the two operations and for
// all services ("Common Errors" in the Secrets Manager API Reference).
var documentedAWSCodes = []string{
	codeAccessDenied, codeExpiredToken, codeInvalidRequest, codeResourceNotFound,
	"DecryptionFailure", "EncryptionFailure", "IncompleteSignature", "InternalFailure", "InternalServiceError",
	"InvalidClientTokenId", "InvalidParameterException", "InvalidSignatureException", "KMSAccessDeniedException",
	"LimitExceededException", "MalformedHttpRequestException", "MissingAuthenticationToken", "NotAuthorized",
	"OptInRequired", "PreconditionNotMetException", "RequestAbortedException", "RequestExpired",
	"ResourceExistsException", "ServiceUnavailable", "SignatureDoesNotMatch", "UnrecognizedClientException",
	"UnknownOperationException", "ValidationError", "ValidationException",
}

// isKnownAWSCode reports whether a code may be shown. Another text could be an echo of the
// value.
func isKnownAWSCode(code string) bool {
	_, retryable := retry.DefaultRetryableErrorCodes[code]
	return retryable || isThrottleCode(code) || slices.Contains(documentedAWSCodes, code)
}

// awsKind is the kind of a refusal by AWS. code is a known one, or "".
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

func (v *ValueAccess) unexpectedAWS(operation, problem string) *Error {
	return &Error{Kind: KindUnexpectedAWSAnswer, Service: serviceAWS, Route: v.route(), Request: operation, Problem: problem}
}

func isThrottleCode(code string) bool {
	_, ok := retry.DefaultThrottleErrorCodes[code]
	return ok
}

// secretsManager holds the two calls of AWS Secrets Manager that a Client makes. Region,
// credentials and retries are set for each call.
//
// It does not hold the SDK's client. The linker would then keep all 23 calls, because
// reflection could find them in a struct.
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

// awsRetryer retries what the SDK retries by default, and also a plain 429 and the lag of
// a new secret. It disables the SDK's bucket of 500 retry tokens, which all calls of a
// client share and which large applies exhaust.
func awsRetryer(ctx context.Context, host *host, maxAttempts int, operation string, newUntil time.Time) aws.Retryer {
	made := 0
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = maxAttempts
		o.RateLimiter = ratelimit.None
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
			// It sleeps here, because the sleep of the SDK does not end early.
			return 0, host.sleep(ctx, backoff(attempt))
		})
		o.Retryables = append([]retry.IsErrorRetryable{
			retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
				if made++; made == maxAttempts && isUnanswered(err) {
					host.exhausted(maxAttempts)
				}
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

func isUnanswered(err error) bool {
	_, ok := errors.AsType[*smithyhttp.RequestSendError](err)
	return ok
}

func isTooManyRequests(err error) bool {
	response, ok := errors.AsType[*awshttp.ResponseError](err)
	return ok && response.HTTPStatusCode() == http.StatusTooManyRequests
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
