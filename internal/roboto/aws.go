// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"github.com/roboto-ai/terraform-provider-roboto/internal/transport"
)

const (
	opGetSecretValue = "GetSecretValue"
	opPutSecretValue = "PutSecretValue"

	codeAccessDenied       = "AccessDeniedException"
	codeExpiredToken       = "ExpiredTokenException"
	codeInvalidRequest     = "InvalidRequestException"
	codeQuota              = "LimitExceededException"
	codeResourceNotFound   = "ResourceNotFoundException"
	codeUnrecognizedClient = "UnrecognizedClientException"
)

// awsMeanings say what AWS's error codes mean here. The codes are those that AWS documents for the two
// operations and for all services ("Common Errors" in the Secrets Manager API Reference). Another code
// is not shown, because it could be an echo of the value.
var awsMeanings = map[string]string{
	codeAccessDenied:             "the credentials from Roboto do not allow it",
	codeExpiredToken:             "the credentials from Roboto have expired",
	codeInvalidRequest:           "the secret may be marked for deletion at AWS",
	codeQuota:                    "a quota of AWS is used up",
	codeResourceNotFound:         "the secret is not there at AWS",
	codeUnrecognizedClient:       meaningCredentials,
	"InvalidClientTokenId":       meaningCredentials,
	"DecryptionFailure":          meaningKMS,
	"EncryptionFailure":          meaningKMS,
	"KMSAccessDeniedException":   meaningKMS,
	"IncompleteSignature":        meaningSignature,
	"InvalidSignatureException":  meaningSignature,
	"MissingAuthenticationToken": meaningSignature,
	"RequestExpired":             meaningSignature,
	"RequestTimeTooSkewed":       meaningSignature,
	"SignatureDoesNotMatch":      meaningSignature,
	"InvalidParameterException":  meaningInvalid,
	"ResourceExistsException":    meaningInvalid,
	"ValidationError":            meaningInvalid,
	"ValidationException":        meaningInvalid,

	"MalformedHttpRequestException": meaningInvalid,
	"PreconditionNotMetException":   meaningInvalid,
	"UnknownOperationException":     meaningInvalid,
	"NotAuthorized":                 meaningNotAllowed,
	"OptInRequired":                 meaningNotAllowed,
	"InternalFailure":               meaningFailed,
	"InternalServiceError":          meaningFailed,
	"RequestAbortedException":       meaningFailed,
	"ServiceUnavailable":            meaningFailed,
	"ThrottlingException":           "AWS gets too many requests",
}

const (
	meaningCredentials = "AWS does not know the credentials from Roboto"
	meaningFailed      = "AWS failed"
	meaningInvalid     = "AWS finds the request invalid"
	meaningNotAllowed  = "AWS does not allow the account to do this"
	meaningKMS         = "AWS KMS, which encrypts the value, refused it"
	meaningSignature   = "AWS does not accept the signature of the request, which a proxy may have changed"
)

// minSkew is the difference of two clocks at which AWS refuses a signature.
const minSkew = 5 * time.Minute

// clockSkew says how far this machine's clock is from AWS's, by the Date of an answer, or "" if they
// agree. The SDK corrects a wrong clock in the next attempt, if there is one.
func clockSkew(answer http.Header) string {
	date, err := http.ParseTime(answer.Get("Date"))
	skew, where := time.Since(date), "ahead of"
	if skew < 0 {
		where = "behind"
	}
	if err != nil || skew.Abs() < minSkew {
		return ""
	}
	return fmt.Sprintf("the clock of this machine is %.0f minutes %s AWS's: set it", skew.Abs().Minutes(), where)
}

// awsKind is the kind of a refusal by AWS.
func awsKind(operation string, status int, code string) Kind {
	switch {
	case operation == opGetSecretValue && code == codeResourceNotFound:
		return KindNoValue
	case code == codeAccessDenied:
		return KindUnauthorized
	case code == codeQuota:
		return KindLimitExceeded
	case code == codeInvalidRequest, code == codeResourceNotFound:
		return KindLostAtAWS
	case isThrottleCode(code), isTemporary(status):
		return KindUnavailable
	}
	return KindRefused
}

// awsClient makes the two calls of AWS Secrets Manager. Region, credentials and retries are set for
// each call.
//
// It does not hold the SDK's client. The linker would then keep all 23 calls, because
// reflection could find them in a struct.
type awsClient struct {
	clients        clients
	getSecretValue func(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
	putSecretValue func(context.Context, *secretsmanager.PutSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.PutSecretValueOutput, error)
}

// maxAWSAnswer is how many bytes of an answer are read. It is far more than a value of 65,536 bytes
// with any JSON escaping. It is small, because the AWS SDK can take a hundred times the memory of
// the JSON that it decodes.
const maxAWSAnswer = 1 << 20

func newAWSClient(config Config, t *transport.Transport) awsClient {
	options := secretsmanager.Options{}
	if config.SecretsManagerEndpoint != nil {
		options.BaseEndpoint = aws.String(config.SecretsManagerEndpoint.String())
	}
	client := secretsmanager.New(options)
	return awsClient{
		clients:        newClients(t, maxAWSAnswer),
		getSecretValue: client.GetSecretValue,
		putSecretValue: client.PutSecretValue,
	}
}

// awsPlace is AWS Secrets Manager in a region.
func (a *api) awsPlace(region string) place {
	to := awsEndpoint(a.config, region)
	return place{service: ServiceAWS, host: to.Host, proxy: a.transport.Proxy(to)}
}

// awsEndpoint asks the SDK for the host, because not all regions have the same domain.
func awsEndpoint(config Config, region string) *url.URL {
	if config.SecretsManagerEndpoint != nil {
		return config.SecretsManagerEndpoint
	}
	parameters := secretsmanager.EndpointParameters{Region: aws.String(region)}.WithDefaults()
	endpoint, err := secretsmanager.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), parameters)
	if err != nil {
		return &url.URL{}
	}
	return &endpoint.URI
}

// awsAnswer is the status and the header of AWS's answer, or 0 if there is none.
func awsAnswer(err error) (status int, header http.Header) {
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok && response.HTTPStatusCode() != 0 {
		return response.HTTPStatusCode(), response.HTTPResponse().Header
	}
	return 0, nil
}

func awsCode(err error) string {
	if refused, ok := errors.AsType[smithy.APIError](err); ok {
		return refused.ErrorCode()
	}
	return ""
}
