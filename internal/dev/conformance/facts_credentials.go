// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// arnPattern is that of a secret in AWS Secrets Manager, in any partition.
var arnPattern = regexp.MustCompile(`^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$`)

func credentialFacts() []fact {
	return []fact{{
		number:    50,
		statement: "`GET v1/secrets/name/{name}/creds` answers `creds` with the `record`, which is the one that is known.",
		sdk:       "src/roboto/domain/secrets/secret.py:447, src/roboto/domain/secrets/record.py:118",
		reliedOn:  []string{"internal/roboto/credentials.go"},
		risk:      "No value can be read or written.",
		check: func(t *trial) {
			s := t.secret("plain")
			data := must(t.handed(s))
			for _, key := range []string{"record", "creds"} {
				t.wantKind(data, key, "an object")
			}
			t.wantSame(s.record, data.object("record"), identity...)
		},
	}, {
		number:    51,
		statement: "Credentials are `access_key_id`, `secret_access_key`, `session_token` and `region`, all of visible ASCII characters, and `store_type` \"aws\".",
		sdk:       "src/roboto/domain/secrets/record.py:26 and 126",
		reliedOn:  []string{"internal/roboto/credentials.go"},
		risk:      "No value can be read or written.",
		check: func(t *trial) {
			creds := must(t.handed(t.secret("plain"))).object("creds")
			for _, key := range []string{"access_key_id", "secret_access_key", "session_token", "region"} {
				t.wantKind(creds, key, "text")
				if strings.ContainsFunc(creds.text(key), func(r rune) bool { return r <= ' ' || r > '~' }) {
					t.differs("`%s` has other characters", key)
				}
			}
			if creds.text("store_type") != "aws" {
				t.differs("another `store_type`")
			}
		},
	}, {
		number:    52,
		statement: "The location of a record is the ARN of a secret in AWS Secrets Manager.",
		sdk:       "src/roboto/domain/secrets/record.py:63, src/roboto/domain/secrets/secret.py:381",
		reliedOn:  []string{"internal/roboto/records.go"},
		risk:      "Records are refused as unreadable.",
		check: func(t *trial) {
			if !arnPattern.MatchString(arn(t.secret("plain").record)) {
				t.differs("something else")
			}
		},
	}, {
		number:    53,
		statement: "The region of the credentials is that of the ARN.",
		sdk:       "src/roboto/domain/secrets/record.py:43, src/roboto/domain/secrets/secret.py:461",
		reliedOn:  []string{"internal/roboto/credentials.go"},
		risk:      "The credentials are refused: no value can be read or written.",
		check: func(t *trial) {
			s := t.secret("plain")
			data := must(t.handed(s))
			if data.object("creds").text("region") != must(regionOf(arn(s.record))) {
				t.differs("another region")
			}
		},
	}, {
		number:    54,
		statement: "The credentials of one secret do not read another one's value.",
		sdk:       "src/roboto/domain/secrets/record.py:88",
		reliedOn:  []string{"SECURITY.md"},
		risk:      "Whoever sees credentials for one secret can read others.",
		check: func(t *trial) {
			other, own := t.open("value"), t.open("plain")
			a := must(orRefusal(t.getValue(own.access, other.access.arn)))
			t.want(a.code() == "AccessDeniedException", a)
		},
	}}
}

func credentialFindings() []finding {
	return []finding{
		{"When does AWS grant what the credentials of a new secret allow?", func(t *trial) string {
			return after(t.open("plain").lag)
		}},
		{"What may the credentials do besides reading and writing the value?", func(t *trial) string {
			access := t.open("plain").access
			var answers []string
			for _, operation := range []string{"DescribeSecret", "ListSecretVersionIds"} {
				a := must(orRefusal(t.service.aws(t.ctx, access, operation, map[string]any{"SecretId": access.arn})))
				answers = append(answers, fmt.Sprintf("%s: %s", operation, a))
			}
			return strings.Join(answers, ", ")
		}},
		{"How long do credentials live?", func(t *trial) string {
			creds := must(t.handed(t.secret("plain"))).object("creds")
			return "the known fields do not tell; other fields: " +
				unread(creds, "access_key_id", "secret_access_key", "session_token", "region", "store_type")
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
