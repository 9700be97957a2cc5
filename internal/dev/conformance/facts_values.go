// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"net/http"
	"strings"
)

// maxValueBytes is AWS's limit.
const maxValueBytes = 65_536

func valueFacts() []fact {
	return []fact{{
		number:    60,
		statement: "GetSecretValue of a record without a value answers `ResourceNotFoundException`.",
		sdk:       "not in the SDK; Secrets Manager API Reference, GetSecretValue",
		reliedOn:  []string{"internal/roboto/aws.go", "internal/roboto/create.go"},
		risk:      "A secret without a value makes plans fail, and a create whose answer was lost is not recognized as Terraform's own.",
		check: func(t *trial) {
			a := t.open("plain").first
			t.want(a.code() == "ResourceNotFoundException", a)
		},
	}, {
		number:    61,
		statement: "PutSecretValue stores a text, and GetSecretValue answers it unchanged.",
		sdk:       "src/roboto/domain/secrets/secret.py:381 and 442",
		reliedOn:  []string{"internal/roboto/values.go"},
		risk:      "Values are written in each apply, or arrive as others.",
		check: func(t *trial) {
			w := t.write()
			if !w.put.success() {
				t.differs("PutSecretValue: %s", w.put)
			}
			t.wantValue(w.access, w.value)
		},
	}, {
		number:    62,
		statement: "The `VersionId` of a written value is the `ClientRequestToken` of the call.",
		sdk:       "not in the SDK, which lets AWS's library make one; Secrets Manager API Reference, PutSecretValue",
		reliedOn:  []string{"internal/roboto/values.go"},
		risk:      "A write whose answer was lost is not found again, and ends in an error.",
		check: func(t *trial) {
			w := t.write()
			if must(w.put.output()).text("VersionId") != w.token {
				t.differs("another `VersionId`")
			}
		},
	}, {
		number:    63,
		statement: "The same `ClientRequestToken` with the same value is a success and makes no further version.",
		sdk:       "not in the SDK; Secrets Manager API Reference, PutSecretValue",
		reliedOn:  []string{"internal/roboto/values.go"},
		risk:      "A write that is repeated makes two versions, or ends in an error.",
		check: func(t *trial) {
			w := t.write()
			before := t.read(w.access)
			again := must(t.put(w.access, w.token, w.value))
			t.want(again.success(), again)
			if t.read(w.access).text("VersionId") != before.text("VersionId") {
				t.differs("another version")
			}
		},
	}, {
		number:    64,
		statement: "The same `ClientRequestToken` with another value answers `ResourceExistsException`.",
		sdk:       "not in the SDK; Secrets Manager API Reference, PutSecretValue",
		reliedOn:  []string{"internal/roboto/values.go"},
		risk:      "A value is taken for written that is not.",
		check: func(t *trial) {
			w := t.write()
			a := must(t.put(w.access, w.token, t.value()))
			t.want(a.code() == "ResourceExistsException", a)
		},
	}, {
		number:    65,
		statement: "A new value becomes the current one, and the one before is still read by its `VersionId`.",
		sdk:       "src/roboto/domain/secrets/secret.py:381; Secrets Manager API Reference, GetSecretValue",
		reliedOn:  []string{"internal/roboto/values.go"},
		risk:      "A change of the value elsewhere is not noticed, or a version that Terraform knows cannot be read.",
		check: func(t *trial) {
			a := t.write().access
			before, second := t.read(a), t.value()
			must(must(t.put(a, newToken(), second)).output())
			if t.read(a).text("SecretString") != second {
				t.differs("the value before is still the current one")
			}
			old := must(must(t.getVersion(a, "VersionId", before.text("VersionId"))).output())
			if old.text("SecretString") != before.text("SecretString") {
				t.differs("the `VersionId` of the value before reads another value")
			}
		},
	}, {
		number:    66,
		statement: "A value of 65,536 bytes is taken, and answered unchanged.",
		sdk:       "not in the SDK; Secrets Manager User Guide, quotas",
		reliedOn:  []string{"internal/roboto/values.go"},
		risk:      "A value that planning accepts is refused by apply.",
		check: func(t *trial) {
			access, value := t.open("large").access, t.largeValue(maxValueBytes)
			a := must(t.put(access, newToken(), value))
			t.want(a.success(), a)
			t.wantValue(access, value)
		},
	}, {
		number:    67,
		statement: "A value of 65,537 bytes is refused with 400.",
		sdk:       "not in the SDK; Secrets Manager User Guide, quotas",
		reliedOn:  []string{"internal/roboto/values.go"},
		risk:      "Planning refuses values that could be stored.",
		check: func(t *trial) {
			a := must(t.put(t.open("large").access, newToken(), t.largeValue(maxValueBytes+1)))
			t.want(a.status == http.StatusBadRequest, a)
		},
	}, {
		number:    68,
		statement: "Writing a value changes neither the ARN nor the creation time of the record.",
		sdk:       "not in the SDK; src/roboto/domain/secrets/secret.py:442 writes at AWS only",
		reliedOn:  []string{"internal/roboto/identity.go"},
		risk:      "After each write, the secret is taken for another one.",
		check: func(t *trial) {
			before, after := t.writtenRecord()
			t.wantSame(before, after, identity...)
			t.wantSameCreated(before, after, "after the write")
		},
	}}
}

// written is the value of one secret, as it was written first.
type written struct {
	access       access
	token, value string
	put          answer
}

func (t *trial) write() written {
	return once(t, "written value", func() written {
		w := written{access: t.open("value").access, token: newToken(), value: t.value()}
		w.put = must(t.put(w.access, w.token, w.value))
		return w
	})
}

func (t *trial) wantValue(a access, want string) {
	if t.read(a).text("SecretString") != want {
		t.differs("another value")
	}
}

func (l *lab) largeValue(size int) string {
	start := l.value()
	value := start + strings.Repeat("x", size-len(start))
	l.service.secrets.add(value)
	return value
}

// writtenRecord is the record of a secret before and after its value was written.
func (t *trial) writtenRecord() (before, after object) {
	s := t.secret("value")
	if !t.write().put.success() {
		t.unknown("no value could be written")
	}
	return s.record, must(must(t.get(s.name)).object())
}

func valueFindings() []finding {
	return []finding{
		{"Does writing a value change `modified` of the record?", func(t *trial) string {
			before, after := t.writtenRecord()
			if string(before["modified"]) == string(after["modified"]) {
				return "no"
			}
			return "yes"
		}},
		{"What does AWS answer for the value of a deleted secret?", func(t *trial) string {
			d := t.gone()
			return must(d.value, d.unread).String()
		}},
		{"When can a value be written under the name of a deleted secret?", func(t *trial) string {
			d := t.gone()
			o := t.gainAccess(must(d.recreated, d.nameRefused))
			token, value := newToken(), t.value()
			lag := must(t.until(func() bool { return must(t.put(o.access, token, value)).success() }))
			return after(o.lag + lag)
		}},
		{"Which version of HTTP do Roboto and AWS speak?", func(t *trial) string {
			return fmt.Sprintf("Roboto %s, AWS %s", protocol(t.missing()), protocol(t.open("plain").first))
		}},
		{"Was there a limit to the rate of requests?", func(t *trial) string {
			return fmt.Sprintf("%d of %d requests were answered 429", t.service.throttled, t.service.requests)
		}},
	}
}

func protocol(a answer) string {
	if a.tls {
		return a.protocol + " with TLS"
	}
	return a.protocol + " without TLS"
}
