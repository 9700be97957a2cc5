// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/json"
	"slices"
	"time"
)

func versionFacts() []fact {
	return []fact{{
		number:    80,
		statement: "`VersionStage` `AWSPREVIOUS` reads the version before the current one, and the answer names that stage in `VersionStages`.",
		sdk:       "not in the SDK; Secrets Manager API Reference, PutSecretValue and GetSecretValue",
		reliedOn:  []string{"internal/roboto/values.go"},
		risk:      "The version before a rotation is not found, or an answer about it is refused.",
		check: func(t *trial) {
			s := t.rewritten()
			previous := must(must(t.getVersion(s.access, "VersionStage", stagePrevious)).output())
			if previous.text("VersionId") != s.tokens[1] {
				t.differs("another version")
			}
			var stages []string
			if json.Unmarshal(previous["VersionStages"], &stages) != nil || !slices.Contains(stages, stagePrevious) {
				t.differs("`VersionStages` is %s without it", previous.kind("VersionStages"))
			}
		},
	}, {
		number:    81,
		statement: "`VersionStage` `AWSPREVIOUS` of a value that was written once answers `ResourceNotFoundException`.",
		sdk:       "not in the SDK; Secrets Manager API Reference, GetSecretValue",
		reliedOn:  []string{"internal/roboto/aws.go", "internal/provider/secret_version.go"},
		risk:      "That there is nothing to undo ends in an error that does not say so.",
		check: func(t *trial) {
			a := t.rewritten().unwritten
			t.want(a.code() == "ResourceNotFoundException", a)
		},
	}, {
		number:    82,
		statement: "`CreatedDate` of GetSecretValue is when the version was written, in seconds since 1970, by the clock that the `Date` of answers shows.",
		sdk:       "not in the SDK; Secrets Manager API Reference, GetSecretValue",
		reliedOn:  []string{"internal/roboto/values.go"},
		risk:      "Values are refused as without a time, or a check takes an old value for a fresh one.",
		check: func(t *trial) {
			s := t.rewritten()
			var seconds float64
			current := t.read(s.access)
			if json.Unmarshal(current["CreatedDate"], &seconds) != nil {
				t.differs("it is %s", current.kind("CreatedDate"))
			}
			created, date := time.UnixMilli(int64(seconds*1000)), must(s.last.date())
			// Date is cut to the second, so the true time may be almost a second later.
			if created.Before(date.Add(-s.last.took)) || created.After(date.Add(time.Second)) {
				t.differs("%s from the write", created.Sub(date).Round(time.Millisecond))
			}
		},
	}}
}

const stagePrevious = "AWSPREVIOUS"

func (t *trial) getVersion(a access, key, version string) (answer, error) {
	return t.service.aws(t.ctx, a, "GetSecretValue", map[string]any{"SecretId": a.arn, key: version})
}

// rewritten is a value that was written three times.
type rewritten struct {
	access access
	tokens []string
	// unwritten is the answer for AWSPREVIOUS after the first write, and last is that to the
	// last write.
	unwritten, last answer
}

func (t *trial) rewritten() rewritten {
	return once(t, "value written three times", func() rewritten {
		s := rewritten{access: t.open("rewritten").access}
		for i := range 3 {
			s.tokens = append(s.tokens, newToken())
			s.last = must(t.put(s.access, s.tokens[i], t.value()))
			must(s.last.output())
			if i == 0 {
				s.unwritten = must(t.getVersion(s.access, "VersionStage", stagePrevious))
			}
		}
		return s
	})
}

func versionFindings() []finding {
	return []finding{
		{"Is a version still read by its ID after two more writes?", func(t *trial) string {
			s := t.rewritten()
			a := must(t.getVersion(s.access, "VersionId", s.tokens[0]))
			if a.success() {
				return "yes"
			}
			return "no: " + a.String()
		}},
	}
}
