// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/protocol/restjson"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
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
		return KindUnauthorized
	case isThrottleCode(code) || status == http.StatusTooManyRequests:
		return KindThrottled
	case status >= 500:
		return KindUnavailable
	}
	return KindRefused
}

func (v *ValueAccess) unexpectedAWS(operation, problem string) *Error {
	return &Error{Kind: KindUnexpectedAnswer, Service: ServiceAWS, Route: v.route(), Request: operation, Problem: problem}
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

func newSecretsManager(config Config) secretsManager {
	options := secretsmanager.Options{}
	if config.SecretsManagerEndpoint != nil {
		options.BaseEndpoint = aws.String(config.SecretsManagerEndpoint.String())
	}
	client := secretsmanager.New(options)
	return secretsManager{getSecretValue: client.GetSecretValue, putSecretValue: client.PutSecretValue}
}

// isAWSThrottle reports whether AWS refused a request because there are too many. It says so with
// a code, and status 400.
func isAWSThrottle(status int, header http.Header, body []byte) bool {
	if status/100 == 2 {
		return false
	}
	code := header.Get("X-Amzn-ErrorType")
	if code == "" {
		code, _, _ = restjson.GetErrorInfo(json.NewDecoder(bytes.NewReader(body)))
	}
	return status == http.StatusTooManyRequests || isThrottleCode(restjson.SanitizeErrorCode(code))
}

func awsCode(err error) string {
	if refused, ok := errors.AsType[smithy.APIError](err); ok {
		return refused.ErrorCode()
	}
	return ""
}
