// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// arnPattern is that of a secret in AWS Secrets Manager, in any partition.
var arnPattern = regexp.MustCompile(`^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$`)

func credentialFacts() []fact {
	return []fact{
		{
			number:    50,
			statement: "`GET v1/secrets/name/{name}/creds` answers `creds` with the `record`, which is the one that is known.",
			sdk:       "src/roboto/domain/secrets/secret.py:447, src/roboto/domain/secrets/record.py:118",
			reliedOn:  []string{"internal/roboto/credentials.go"},
			risk:      "No value can be read or written.",
			check: func(ctx context.Context, l *lab) error {
				s, data, err := l.handed(ctx)
				if err != nil {
					return err
				}
				for _, key := range []string{"record", "creds"} {
					if kind := data.kind(key); kind != "an object" {
						return saw("`%s` is %s", key, kind)
					}
				}
				return checkSame(s.record, data.object("record"))
			},
		},
		{
			number:    51,
			statement: "Credentials are `access_key_id`, `secret_access_key`, `session_token` and `region`, all of visible ASCII characters, and `store_type` \"aws\".",
			sdk:       "src/roboto/domain/secrets/record.py:26 and 126",
			reliedOn:  []string{"internal/roboto/credentials.go"},
			risk:      "No value can be read or written.",
			check: func(ctx context.Context, l *lab) error {
				_, data, err := l.handed(ctx)
				if err != nil {
					return err
				}
				creds := data.object("creds")
				for _, key := range []string{"access_key_id", "secret_access_key", "session_token", "region"} {
					if kind := creds.kind(key); kind != "text" {
						return saw("`%s` is %s", key, kind)
					}
					if strings.ContainsFunc(creds.text(key), func(r rune) bool { return r <= ' ' || r > '~' }) {
						return saw("`%s` has other characters", key)
					}
				}
				if creds.text("store_type") != "aws" {
					return saw("another `store_type`")
				}
				return nil
			},
		},
		{
			number:    52,
			statement: "The location of a record is the ARN of a secret in AWS Secrets Manager.",
			sdk:       "src/roboto/domain/secrets/record.py:63, src/roboto/domain/secrets/secret.py:381",
			reliedOn:  []string{"internal/roboto/records.go"},
			risk:      "Records are refused as unreadable.",
			check: func(ctx context.Context, l *lab) error {
				s, err := l.secret(ctx, "plain")
				if err == nil && !arnPattern.MatchString(arn(s.record)) {
					return saw("something else")
				}
				return err
			},
		},
		{
			number:    53,
			statement: "The region of the credentials is that of the ARN.",
			sdk:       "src/roboto/domain/secrets/record.py:43, src/roboto/domain/secrets/secret.py:461",
			reliedOn:  []string{"internal/roboto/credentials.go"},
			risk:      "The credentials are refused: no value can be read or written.",
			check: func(ctx context.Context, l *lab) error {
				s, data, err := l.handed(ctx)
				if err != nil {
					return err
				}
				parts := strings.Split(arn(s.record), ":")
				if len(parts) < 4 {
					return errors.New("the ARN cannot be read")
				}
				if data.object("creds").text("region") != parts[3] {
					return saw("another region")
				}
				return nil
			},
		},
		{
			number:    54,
			statement: "The credentials of one secret do not read another one's value.",
			sdk:       "src/roboto/domain/secrets/record.py:88",
			reliedOn:  []string{"SECURITY.md"},
			risk:      "Whoever sees credentials for one secret can read others.",
			check: func(ctx context.Context, l *lab) error {
				other, err := l.open(ctx, "value")
				if err != nil {
					return err
				}
				own, err := l.open(ctx, "plain")
				if err != nil {
					return err
				}
				a, err := refused(l.service.aws(ctx, own.access, "GetSecretValue", map[string]any{"SecretId": other.access.arn}))
				if err == nil && a.code() != "AccessDeniedException" {
					return saw("%s", a)
				}
				return err
			},
		},
	}
}

// handed is what Roboto answers for credentials.
func (l *lab) handed(ctx context.Context) (secret, object, error) {
	s, err := l.secret(ctx, "plain")
	if err != nil {
		return s, nil, err
	}
	a, err := l.credentials(ctx, s.name)
	if err != nil {
		return s, nil, err
	}
	data, err := a.object()
	return s, data, err
}

func credentialFindings() []finding {
	return []finding{
		{"When does AWS grant what the credentials of a new secret allow?", func(ctx context.Context, l *lab) (string, error) {
			o, err := l.open(ctx, "plain")
			return after(o.lag), err
		}},
		{"What may the credentials do besides reading and writing the value?", func(ctx context.Context, l *lab) (string, error) {
			o, err := l.open(ctx, "plain")
			if err != nil {
				return "", err
			}
			var answers []string
			for _, operation := range []string{"DescribeSecret", "ListSecretVersionIds"} {
				a, err := refused(l.service.aws(ctx, o.access, operation, map[string]any{"SecretId": o.access.arn}))
				if err != nil {
					return "", err
				}
				answers = append(answers, fmt.Sprintf("%s: %s", operation, a))
			}
			return strings.Join(answers, ", "), nil
		}},
		{"How long do credentials live?", func(ctx context.Context, l *lab) (string, error) {
			_, data, err := l.handed(ctx)
			if err != nil {
				return "", err
			}
			return "the known fields do not tell; other fields: " +
				unread(data.object("creds"), "access_key_id", "secret_access_key", "session_token", "region", "store_type"), nil
		}},
	}
}

// unread lists the keys that are not known.
func unread(o object, known ...string) string {
	var keys []string
	for key := range o {
		if !slices.Contains(known, key) {
			keys = append(keys, word(key))
		}
	}
	if len(keys) == 0 {
		return "none"
	}
	slices.Sort(keys)
	return strings.Join(keys, ", ")
}
