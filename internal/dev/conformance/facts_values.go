// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// maxValueBytes is AWS's limit.
const maxValueBytes = 65_536

func valueFacts() []fact {
	return []fact{
		{
			number:    60,
			statement: "GetSecretValue of a record without a value answers `ResourceNotFoundException`.",
			sdk:       "not in the SDK; Secrets Manager API Reference, GetSecretValue",
			reliedOn:  []string{"internal/roboto/secretsmanager.go", "internal/roboto/create.go"},
			risk:      "A secret without a value makes plans fail, and a create whose answer was lost is not recognized as Terraform's own.",
			check: func(ctx context.Context, l *lab) error {
				o, err := l.open(ctx, "plain")
				if err == nil && o.first.code() != "ResourceNotFoundException" {
					return saw("%s", o.first)
				}
				return err
			},
		},
		{
			number:    61,
			statement: "PutSecretValue stores a text, and GetSecretValue answers it unchanged.",
			sdk:       "src/roboto/domain/secrets/secret.py:381 and 442",
			reliedOn:  []string{"internal/roboto/values.go"},
			risk:      "Values are written in each apply, or arrive as others.",
			check: func(ctx context.Context, l *lab) error {
				w, err := l.write(ctx)
				if err != nil {
					return err
				}
				if !w.put.success() {
					return saw("PutSecretValue: %s", w.put)
				}
				got, err := l.read(ctx, w.access)
				if err == nil && got.text("SecretString") != w.value {
					return saw("another value")
				}
				return err
			},
		},
		{
			number:    62,
			statement: "The `VersionId` of a written value is the `ClientRequestToken` of the call.",
			sdk:       "not in the SDK, which lets AWS's library make one; Secrets Manager API Reference, PutSecretValue",
			reliedOn:  []string{"internal/roboto/values.go"},
			risk:      "A write whose answer was lost is not found again, and ends in an error.",
			check: func(ctx context.Context, l *lab) error {
				w, err := l.write(ctx)
				if err != nil {
					return err
				}
				answered, err := body(w.put, nil)
				if err == nil && answered.text("VersionId") != w.token {
					return saw("another `VersionId`")
				}
				return err
			},
		},
		{
			number:    63,
			statement: "The same `ClientRequestToken` with the same value is a success and makes no further version.",
			sdk:       "not in the SDK; Secrets Manager API Reference, PutSecretValue",
			reliedOn:  []string{"internal/roboto/values.go"},
			risk:      "A write that is repeated makes two versions, or ends in an error.",
			check: func(ctx context.Context, l *lab) error {
				w, err := l.write(ctx)
				if err != nil {
					return err
				}
				before, err := l.read(ctx, w.access)
				if err != nil {
					return err
				}
				again, err := l.put(ctx, w.access, w.token, w.value)
				if err != nil {
					return err
				}
				if !again.success() {
					return saw("%s", again)
				}
				after, err := l.read(ctx, w.access)
				if err == nil && after.text("VersionId") != before.text("VersionId") {
					return saw("another version")
				}
				return err
			},
		},
		{
			number:    64,
			statement: "The same `ClientRequestToken` with another value answers `ResourceExistsException`.",
			sdk:       "not in the SDK; Secrets Manager API Reference, PutSecretValue",
			reliedOn:  []string{"internal/roboto/values.go"},
			risk:      "A value is taken for written that is not.",
			check: func(ctx context.Context, l *lab) error {
				w, err := l.write(ctx)
				if err != nil {
					return err
				}
				a, err := l.put(ctx, w.access, w.token, l.value())
				if err == nil && a.code() != "ResourceExistsException" {
					return saw("%s", a)
				}
				return err
			},
		},
		{
			number:    65,
			statement: "A new value becomes the current one, and the one before is still read by its `VersionId`.",
			sdk:       "src/roboto/domain/secrets/secret.py:381; Secrets Manager API Reference, GetSecretValue",
			reliedOn:  []string{"internal/roboto/values.go"},
			risk:      "A change of the value elsewhere is not noticed, or a version that Terraform knows cannot be read.",
			check:     checkVersions,
		},
		{
			number:    66,
			statement: "A value of 65,536 bytes is taken, and answered unchanged.",
			sdk:       "not in the SDK; Secrets Manager User Guide, quotas",
			reliedOn:  []string{"internal/roboto/values.go"},
			risk:      "A value that planning accepts is refused by apply.",
			check: func(ctx context.Context, l *lab) error {
				o, err := l.open(ctx, "large")
				if err != nil {
					return err
				}
				value := l.largeValue(maxValueBytes)
				a, err := l.put(ctx, o.access, newToken(), value)
				if err != nil {
					return err
				}
				if !a.success() {
					return saw("%s", a)
				}
				got, err := l.read(ctx, o.access)
				if err == nil && got.text("SecretString") != value {
					return saw("another value")
				}
				return err
			},
		},
		{
			number:    67,
			statement: "A value of 65,537 bytes is refused with 400.",
			sdk:       "not in the SDK; Secrets Manager User Guide, quotas",
			reliedOn:  []string{"internal/roboto/values.go"},
			risk:      "Planning refuses values that could be stored.",
			check: func(ctx context.Context, l *lab) error {
				o, err := l.open(ctx, "large")
				if err != nil {
					return err
				}
				a, err := l.put(ctx, o.access, newToken(), l.largeValue(maxValueBytes+1))
				if err == nil && a.status != http.StatusBadRequest {
					return saw("%s", a)
				}
				return err
			},
		},
		{
			number:    68,
			statement: "Writing a value changes neither the ARN nor the creation time of the record.",
			sdk:       "not in the SDK; src/roboto/domain/secrets/secret.py:442 writes at AWS only",
			reliedOn:  []string{"internal/roboto/identity.go"},
			risk:      "After each write, the secret is taken for another one.",
			check: func(ctx context.Context, l *lab) error {
				before, after, err := l.writtenRecord(ctx)
				if err != nil {
					return err
				}
				return checkSame(before, after)
			},
		},
	}
}

// written is the value of one secret, as it was written first.
type written struct {
	access       access
	token, value string
	put          answer
}

func (l *lab) write(ctx context.Context) (written, error) {
	if l.wrote == nil {
		w, err := l.writeFirst(ctx)
		l.wrote = &memo[written]{w, err}
	}
	return l.wrote.result, l.wrote.err
}

func (l *lab) writeFirst(ctx context.Context) (written, error) {
	o, err := l.open(ctx, "value")
	if err != nil {
		return written{}, err
	}
	w := written{access: o.access, token: newToken(), value: l.value()}
	w.put, err = l.put(ctx, w.access, w.token, w.value)
	return w, err
}

func checkVersions(ctx context.Context, l *lab) error {
	w, err := l.write(ctx)
	if err != nil {
		return err
	}
	before, err := l.read(ctx, w.access)
	if err != nil {
		return err
	}
	second := l.value()
	if _, err := body(l.put(ctx, w.access, newToken(), second)); err != nil {
		return err
	}
	current, err := l.read(ctx, w.access)
	if err != nil {
		return err
	}
	if current.text("SecretString") != second {
		return saw("the value before is still the current one")
	}
	old, err := body(l.service.aws(ctx, w.access, "GetSecretValue", map[string]any{"SecretId": w.access.arn, "VersionId": before.text("VersionId")}))
	if err == nil && old.text("SecretString") != before.text("SecretString") {
		return saw("the `VersionId` of the value before reads another value")
	}
	return err
}

func (l *lab) largeValue(size int) string {
	start := l.value()
	value := start + strings.Repeat("x", size-len(start))
	l.service.secrets.add(value)
	return value
}

// writtenRecord is the record of a secret before and after its value was written.
func (l *lab) writtenRecord(ctx context.Context) (before, after object, err error) {
	s, err := l.secret(ctx, "value")
	if err != nil {
		return nil, nil, err
	}
	w, err := l.write(ctx)
	if err != nil {
		return nil, nil, err
	}
	if !w.put.success() {
		return nil, nil, errors.New("no value could be written")
	}
	a, err := l.get(ctx, s.name)
	if err != nil {
		return nil, nil, err
	}
	after, err = a.object()
	return s.record, after, err
}

// writeAgain writes a value to a secret whose name a deleted one had, and returns how long
// that took to succeed.
func (l *lab) writeAgain(ctx context.Context) (time.Duration, error) {
	d, err := l.gone(ctx)
	if err == nil {
		err = d.nameRefused
	}
	if err != nil {
		return 0, err
	}
	o, err := l.gainAccess(ctx, d.recreated)
	if err != nil {
		return 0, err
	}
	token, value := newToken(), l.value()
	lag, err := l.until(ctx, func() (bool, error) {
		a, err := l.put(ctx, o.access, token, value)
		return a.success(), err
	})
	return o.lag + lag, err
}

func valueFindings() []finding {
	return []finding{
		{"Does writing a value change `modified` of the record?", func(ctx context.Context, l *lab) (string, error) {
			before, after, err := l.writtenRecord(ctx)
			if err != nil {
				return "", err
			}
			if string(before["modified"]) == string(after["modified"]) {
				return "no", nil
			}
			return "yes", nil
		}},
		{"What does AWS answer for the value of a deleted secret?", func(ctx context.Context, l *lab) (string, error) {
			d, err := l.gone(ctx)
			if err == nil {
				err = d.unread
			}
			return d.value.String(), err
		}},
		{"When can a value be written under the name of a deleted secret?", func(ctx context.Context, l *lab) (string, error) {
			lag, err := l.writeAgain(ctx)
			return after(lag), err
		}},
		{"Which version of HTTP do Roboto and AWS speak?", func(ctx context.Context, l *lab) (string, error) {
			roboto, err := l.missing(ctx)
			if err != nil {
				return "", err
			}
			o, err := l.open(ctx, "plain")
			return fmt.Sprintf("Roboto %s, AWS %s", protocol(roboto), protocol(o.first)), err
		}},
		{"Was there a limit to the rate of requests?", func(_ context.Context, l *lab) (string, error) {
			return fmt.Sprintf("%d of %d requests were answered 429", l.service.throttled, l.service.requests), nil
		}},
	}
}

func protocol(a answer) string {
	if a.tls {
		return a.protocol + " with TLS"
	}
	return a.protocol + " without TLS"
}
