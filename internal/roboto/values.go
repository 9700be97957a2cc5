// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	smithyrand "github.com/aws/smithy-go/rand"

	"github.com/roboto-ai/terraform-provider-roboto/internal/transport"
)

// MaxValueBytes is AWS Secrets Manager's quota on a secret value
// (AWS Secrets Manager User Guide, "quotas").
const MaxValueBytes = 65536

// ValidateValue refuses values that Secrets Manager would refuse, and bytes that JSON cannot
// carry. They would be stored as another value.
func ValidateValue(value Sensitive) error {
	switch size := len(value.Reveal()); {
	case size == 0:
		return errors.New("a secret value must not be empty")
	case size > MaxValueBytes:
		return fmt.Errorf("a secret value must not be longer than %d bytes; this one has %d", MaxValueBytes, size)
	case !utf8.ValidString(value.Reveal()):
		return errors.New("a secret value must be valid UTF-8; encode binary data, for example with base64")
	}
	return nil
}

// Version names a version of a value, by its ID or by the stage that AWS has given it. The zero
// Version is the current one.
type Version struct {
	ID, Stage string
}

// The stages of the versions that AWS promises to keep: the current one, and the one before it
// (Secrets Manager API Reference, PutSecretValue).
const (
	StageCurrent  = "AWSCURRENT"
	StagePrevious = "AWSPREVIOUS"
)

// Value is one version of a value.
type Value struct {
	// Text is empty if the value is binary, which Roboto's own tools do not write.
	Text      Sensitive
	VersionID string
	// Created is when the version was written, by AWS's clock, or zero if AWS does not say.
	Created time.Time
}

// ValueAccess reads and writes the value of one secret at AWS. It gets temporary
// credentials when it first needs them. It is not safe for concurrent use, and does not
// keep the value.
type ValueAccess struct {
	client *Client
	record Record
	creds  *temporaryCredentials
	// exchange is the last call of AWS.
	exchange
	// mustSend is that of its requests.
	mustSend bool
	// sent is whether a request of the last call of AWS may have been carried out.
	sent bool
}

// ValueAccess gives access to the value of a secret. The record needs a reference. If it
// also has an ARN and a creation time, calls fail with KindReplaced if another secret has
// the name.
func (c *Client) ValueAccess(record Record) *ValueAccess {
	return &ValueAccess{client: c, record: record}
}

// Read returns a version of the value. The error is of KindNoValue if there is none.
func (v *ValueAccess) Read(ctx context.Context, version Version) (Value, error) {
	input := &secretsmanager.GetSecretValueInput{}
	if version.ID != "" {
		input.VersionId = &version.ID
	}
	if version.Stage != "" {
		input.VersionStage = &version.Stage
	}
	var output *secretsmanager.GetSecretValueOutput
	err := v.call(ctx, opGetSecretValue, func(options func(*secretsmanager.Options)) (err error) {
		input.SecretId = &v.creds.arn
		output, err = v.client.aws.getSecretValue(ctx, input, options)
		return err
	})
	if err != nil {
		return Value{}, err
	}
	if err := v.checkOutput(output.ARN, output.VersionId, version.ID); err != nil {
		return Value{}, err
	}
	switch {
	case version.Stage != "" && len(output.VersionStages) > 0 && !slices.Contains(output.VersionStages, version.Stage):
		return Value{}, v.unusable("AWS names another stage, not the requested one")
	case output.SecretString == nil && len(output.SecretBinary) == 0:
		return Value{}, v.unusable("the version has no value")
	}
	value := Value{NewSensitive(aws.ToString(output.SecretString)), *output.VersionId, aws.ToTime(output.CreatedDate).UTC()}
	// An ID that was asked for is known not to be an echo.
	if version.ID == "" && repeatsPiece(value.VersionID, value.Text, v.creds.accessKeyID, v.creds.secretAccessKey, v.creds.sessionToken) {
		return Value{}, v.unusable("the ID of the version repeats a part of the value or of the credentials")
	}
	return value, nil
}

// Kept returns the versions that AWS promises to keep, the current one first and without their
// values, for an error about another one. There are none if the secret has no value. ok is false
// if that could not be found out.
func (v *ValueAccess) Kept(ctx context.Context) (kept []Value, ok bool) {
	ctx, cancel := context.WithDeadline(ctx, v.client.completeErrorsUntil())
	defer cancel()
	for _, stage := range []string{StageCurrent, StagePrevious} {
		found, err := v.Read(ctx, Version{Stage: stage})
		switch {
		case KindOf(err) == KindNoValue:
			return kept, true
		case err != nil:
			return nil, false
		}
		found.Text = Sensitive{}
		kept = append(kept, found)
	}
	return kept, true
}

// Write stores a new version and returns its ID. Retries of one Write never create two
// versions. If the answer is lost, Write looks for the version.
func (v *ValueAccess) Write(ctx context.Context, value Sensitive) (versionID string, err error) {
	if err := ValidateValue(value); err != nil {
		return "", err
	}
	text, token := value.Reveal(), newVersionID()
	var output *secretsmanager.PutSecretValueOutput
	err = v.call(ctx, opPutSecretValue, func(options func(*secretsmanager.Options)) (err error) {
		output, err = v.client.aws.putSecretValue(ctx, &secretsmanager.PutSecretValueInput{
			SecretId:           &v.creds.arn,
			SecretString:       &text,
			ClientRequestToken: &token,
		}, options)
		return err
	})
	if err == nil {
		err = v.checkOutput(output.ARN, output.VersionId, token)
	}
	// This is also necessary after a clear refusal, because an earlier attempt may have
	// succeeded.
	if err != nil && !(v.sent && v.wasWritten(ctx, token)) {
		return "", err
	}
	return token, nil
}

// wasWritten looks for the version of a failed Write. It also does so after a cancel,
// because a value that was written belongs in state.
func (v *ValueAccess) wasWritten(ctx context.Context, versionID string) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	v.mustSend = true
	_, err := v.Read(ctx, Version{ID: versionID})
	return err == nil
}

// newVersionID returns a ClientRequestToken, which becomes the ID of the version. It is a
// UUID, as AWS recommends (Secrets Manager API Reference, PutSecretValue).
func newVersionID() string {
	id, _ := smithyrand.NewUUID(rand.Reader).GetUUID() // the reader never fails
	return id
}

// call makes a call of AWS. If the credentials have expired, it calls again with fresh ones.
func (v *ValueAccess) call(ctx context.Context, operation string, call func(options func(*secretsmanager.Options)) error) error {
	began := time.Now()
	v.sent = false
	for fresh := false; ; fresh = true {
		if v.creds == nil {
			creds, err := v.client.credentials(ctx, v.record, v.mustSend)
			if err != nil {
				return err
			}
			v.creds = creds
		}
		v.exchange = exchange{v.client.awsPlace(v.creds.region), operation}
		err := call(func(o *secretsmanager.Options) {
			o.Region = v.creds.region
			o.Credentials = v.creds
			o.HTTPClient = v.client.aws.clients[v.mustSend]
			o.Retryer = v.retryer(ctx)
		})
		switch {
		case err == nil:
			v.sent = true
			return nil
		case fresh || awsCode(err) != codeExpiredToken:
			e := v.awsError(ctx, err)
			e.tried(began, v.mayLag(awsCode(err)))
			return e
		}
		v.creds = nil
	}
}

// retryer retries what the SDK retries by default, and also a plain 429 and what AWS may refuse only
// because the secret is new. It disables the SDK's bucket of 500 retry tokens,
// which all calls of a client share and which large applies exhaust.
func (v *ValueAccess) retryer(ctx context.Context) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = v.client.config.MaxAttempts
		o.RateLimiter = ratelimit.None
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
			return transport.Wait(ctx, attempt, 0), nil
		})
		o.Retryables = append([]retry.IsErrorRetryable{
			retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
				failure := transport.FailureOf(err)
				status, _ := awsAnswer(err)
				v.sent = v.sent || failure == nil || failure.Sent
				switch {
				case !transport.TimeLeft(ctx), awsCode(err) == codeQuota:
					return aws.FalseTernary
				case failure != nil:
					return aws.BoolTernary(!failure.Final)
				case status == http.StatusTooManyRequests, v.mayLag(awsCode(err)):
					return aws.TrueTernary
				}
				return aws.UnknownTernary
			}),
		}, o.Retryables...)
	})
}

// mayLag reports whether AWS may refuse with the code only because the secret is new. For a read, "not
// found" means that there is no value.
func (v *ValueAccess) mayLag(code string) bool {
	switch code {
	case codeAccessDenied, codeUnrecognizedClient:
		return v.creds.isNew || v.record.isNew()
	case codeInvalidRequest:
		return v.record.isNew()
	case codeResourceNotFound:
		return v.record.isNew() && v.request == opPutSecretValue
	}
	return false
}

var versionIDPattern = lazyRegexp(`^[A-Za-z0-9-]{32,64}$`)

// ValidateVersionID refuses text that cannot be the ID of a version. The ID is the
// client's request token (Secrets Manager API Reference, PutSecretValue).
func ValidateVersionID(versionID string) error {
	if !versionIDPattern().MatchString(versionID) {
		return errors.New("the ID of an AWS version has 32 to 64 letters, digits and hyphens")
	}
	return nil
}

// checkOutput checks that AWS's answer is about this secret and this version, which
// callers store in state.
func (v *ValueAccess) checkOutput(arn, versionID *string, wantVersionID string) error {
	switch {
	case aws.ToString(arn) != v.creds.arn:
		return v.unusable("AWS names another secret, not the requested one")
	case wantVersionID != "" && aws.ToString(versionID) != wantVersionID:
		return v.unusable("AWS names another version, not the requested one")
	case ValidateVersionID(aws.ToString(versionID)) != nil:
		return v.unusable("AWS names no valid version")
	}
	return nil
}

// awsError converts an error of the AWS SDK. AWS's messages are not shown: they may repeat the
// value, in any form.
func (v *ValueAccess) awsError(ctx context.Context, err error) *Error {
	status, header := awsAnswer(err)
	switch {
	case status == 0 || ctx.Err() != nil:
		return v.noAnswer(ctx, err)
	case status/100 == 2:
		return v.unusable("it does not have the shape of AWS Secrets Manager's answers")
	}
	code := awsCode(err)
	kind, meaning := awsKind(v.request, status, code), awsMeanings[code]
	switch {
	case meaning == "": // the code may be an echo
		code = ""
	case kind == KindNoValue:
		meaning = ""
	case meaning == meaningSignature:
		meaning = cmp.Or(clockSkew(header), meaning)
	}
	return v.refused(kind, status, code, "", meaning)
}
