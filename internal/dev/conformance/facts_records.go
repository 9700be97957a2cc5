// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

func recordFacts() []fact {
	return []fact{{
		number:    1,
		statement: "`POST v1/secrets` with a name creates a record, and answers it in `data`.",
		sdk:       "src/roboto/domain/secrets/secret.py:114, src/roboto/http/response.py:30",
		reliedOn:  []string{"internal/roboto/create.go"},
		risk:      "No secret can be created.",
		check: func(t *trial) {
			s := t.requested("plain")
			if s.record == nil {
				t.differs("%s", s.answer)
			}
			if s.record.text("name") != s.name {
				t.differs("another name in the record")
			}
		},
	}, {
		number:    2,
		statement: "A record has `name`, `org_id`, `store_type` and `location` (both of the store \"aws\"), `created`, `created_by`, `modified` and `modified_by`.",
		sdk:       "src/roboto/domain/secrets/record.py:73",
		reliedOn:  []string{"internal/roboto/records.go"},
		risk:      "Records are refused as unreadable, or attributes such as `created_by` are empty.",
		check: func(t *trial) {
			record := t.secret("plain").record
			var odd []string
			for _, key := range []string{"name", "org_id", "created_by", "modified_by"} {
				if record.text(key) == "" {
					odd = append(odd, fmt.Sprintf("`%s` is %s", key, record.kind(key)))
				}
			}
			for _, key := range []string{"created", "modified"} { // of which kind is another fact
				if kind := record.kind(key); kind == "missing" || kind == "null" {
					odd = append(odd, fmt.Sprintf("`%s` is %s", key, kind))
				}
			}
			location := record.object("location")
			if record.text("store_type") != "aws" || location.text("store_type") != "aws" {
				odd = append(odd, "another `store_type`")
			}
			if location.text("arn") == "" {
				odd = append(odd, "no ARN")
			}
			if len(odd) > 0 {
				t.differs("%s", strings.Join(odd, ", "))
			}
		},
	}, {
		number:    3,
		statement: "Times of a record are texts in ISO 8601, with an offset, or without one for UTC.",
		sdk:       "src/roboto/domain/secrets/record.py:78, 84 and 91",
		reliedOn:  []string{"internal/roboto/records.go"},
		risk:      "Records are refused as unreadable.",
		check: func(t *trial) {
			record := t.secret("plain").record
			for _, key := range []string{"created", "modified"} {
				if _, err := recordTime(record, key); err != nil {
					t.differs("`%s` is %s", key, record.kind(key))
				}
			}
		},
	}, {
		number:    4,
		statement: "`created` is not before the request that created the record, by the clock that the `Date` of answers shows.",
		sdk:       "not in the SDK; src/roboto/domain/secrets/record.py:79 says when the secret was created",
		reliedOn:  []string{"internal/roboto/create.go", "internal/roboto/credentials.go"},
		risk:      "A create whose answer was lost is not recognized as Terraform's own, and ends in an error.",
		check: func(t *trial) {
			s := t.secret("plain")
			created := must(recordTime(s.record, "created"))
			date := must(s.answer.date())
			// Date is cut to the second, so the true time may be almost a second later.
			earliest, latest := date.Add(-s.answer.took), date.Add(time.Second)
			switch {
			case created.Before(earliest):
				t.differs("%s too early", earliest.Sub(created).Round(time.Millisecond))
			case created.After(latest):
				t.differs("%s in the future", created.Sub(latest).Round(time.Millisecond))
			}
		},
	}, {
		number:    5,
		statement: "Answers have a `Date` header.",
		sdk:       "not in the SDK; RFC 9110, section 6.6.1",
		reliedOn:  []string{"internal/roboto/create.go", "internal/roboto/credentials.go"},
		risk:      riskUnsettled,
		check: func(t *trial) {
			if _, err := t.secret("plain").answer.date(); err != nil {
				t.differs("none that can be read")
			}
		},
	}, {
		number:    6,
		statement: "`last_used` of a record that no action has used is null, or not there.",
		sdk:       "src/roboto/domain/secrets/record.py:84",
		reliedOn:  []string{"internal/roboto/records.go"},
		risk:      "The data sources show a use that never was, or records are refused as unreadable.",
		check: func(t *trial) {
			if kind := t.secret("plain").record.kind("last_used"); kind != "null" && kind != "missing" {
				t.differs("%s", kind)
			}
		},
	}, {
		number:    7,
		statement: "`GET v1/secrets/name/{name}` answers the record that creating it answered.",
		sdk:       "src/roboto/domain/secrets/secret.py:228",
		reliedOn:  []string{"internal/roboto/records.go", "internal/roboto/identity.go"},
		risk:      "A secret is taken for another one, or for gone.",
		check: func(t *trial) {
			s := t.secret("plain")
			a := must(t.get(s.name))
			t.want(a.success(), a)
			t.wantSame(s.record, must(a.object()), identity...)
		},
	}, {
		number:    8,
		statement: "A second `POST` of a name answers 409.",
		sdk:       "src/roboto/domain/secrets/secret.py:93, src/roboto/exceptions/domain.py:302",
		reliedOn:  []string{"internal/roboto/create.go", "internal/roboto/errors.go"},
		risk:      "A name that is taken ends in an error without the import block.",
		check: func(t *trial) {
			a := t.conflict()
			t.want(a.status == http.StatusConflict, a)
		},
	}, {
		number:    9,
		statement: "The answer to a second `POST` of a name bears the error code `RobotoConflictException`.",
		sdk:       "src/roboto/exceptions/domain.py:302",
		reliedOn:  []string{"internal/roboto/errors.go"},
		risk:      "A name that is taken ends in an error without the import block.",
		check:     func(t *trial) { t.wantCode(t.conflict(), "RobotoConflictException") },
	}, {
		number:    10,
		statement: "`GET` of a name that no secret has answers 404.",
		sdk:       "src/roboto/domain/secrets/secret.py:211, src/roboto/exceptions/domain.py:192",
		reliedOn:  []string{"internal/roboto/errors.go"},
		risk:      "A deleted secret makes every plan fail.",
		check: func(t *trial) {
			a := t.missing()
			t.want(a.status == http.StatusNotFound, a)
		},
	}, {
		number:    11,
		statement: "The answer to `GET` of a name that no secret has bears the error code `RobotoNotFoundException`.",
		sdk:       "src/roboto/exceptions/domain.py:192",
		reliedOn:  []string{"internal/roboto/errors.go"},
		risk:      "A deleted secret makes every plan fail.",
		check:     func(t *trial) { t.wantCode(t.missing(), "RobotoNotFoundException") },
	}, {
		number:    12,
		statement: "Roboto's errors are `{\"error\": {\"error_code\": …, \"message\": …}}`.",
		sdk:       "src/roboto/exceptions/domain.py:63 and 162",
		reliedOn:  []string{"internal/roboto/errors.go"},
		risk:      "Errors are taken for those of a proxy: a deleted secret makes every plan fail.",
		check: func(t *trial) {
			for _, a := range []answer{t.missing(), t.conflict()} {
				if a.success() {
					t.unknown("there was no error: %s", a)
				}
				envelope, err := parseObject(a.body)
				if err != nil {
					t.differs("no JSON object, with status %d", a.status)
				}
				if kind := envelope.kind("error"); kind != "an object" {
					t.differs("`error` is %s, with status %d", kind, a.status)
				}
				for _, key := range []string{"error_code", "message"} {
					if kind := envelope.object("error").kind(key); kind != "text" {
						t.differs("`error.%s` is %s, with status %d", key, kind, a.status)
					}
				}
			}
		},
	}, {
		number:    13,
		statement: "A path that Roboto does not have does not answer `RobotoNotFoundException`.",
		sdk:       "src/roboto/exceptions/domain.py:374",
		reliedOn:  []string{"internal/roboto/errors.go"},
		risk:      "A wrong endpoint makes all secrets disappear from the state.",
		check: func(t *trial) {
			a := must(orRefusal(t.roboto(call{method: http.MethodGet, path: "/v1/" + namePrefix + "no-such-path", owner: t.orgID})))
			t.want(a.code() != "RobotoNotFoundException", a)
		},
	}, {
		number:    14,
		statement: "`DELETE v1/secrets/name/{name}` answers with a success.",
		sdk:       "src/roboto/domain/secrets/secret.py:353",
		reliedOn:  []string{"internal/roboto/delete.go"},
		risk:      "Destroying a secret ends in an error.",
		check: func(t *trial) {
			a := t.gone().deleted
			t.want(a.success(), a)
		},
	}, {
		number:    15,
		statement: "A deleted secret is answered at once as one that never was.",
		sdk:       "src/roboto/domain/secrets/secret.py:211 and 337",
		reliedOn:  []string{"internal/roboto/delete.go", "internal/roboto/create.go"},
		risk:      "A deletion whose answer was lost is done twice, or a create after it ends in an error.",
		check:     func(t *trial) { t.wantLikeMissing(t.gone().then) },
	}, {
		number:    16,
		statement: "`DELETE` of a name that no secret has answers as `GET` does.",
		sdk:       "src/roboto/domain/secrets/secret.py:344",
		reliedOn:  []string{"internal/roboto/delete.go"},
		risk:      "Destroying what somebody else has deleted ends in an error.",
		check:     func(t *trial) { t.wantLikeMissing(t.gone().again) },
	}, {
		number:    17,
		statement: "A secret that is created again under its name has another ARN and another creation time.",
		sdk:       "not in the SDK; src/roboto/domain/secrets/secret.py:339 says that deletion is for good",
		reliedOn:  []string{"internal/roboto/identity.go"},
		risk:      "Terraform takes another secret of the same name for its own, and may write to it or delete it.",
		check: func(t *trial) {
			d := t.gone()
			switch {
			case d.nameRefused != nil:
				t.unknown("the name was not free again: %w", d.nameRefused)
			case arn(d.recreated.record) == arn(d.secret.record):
				t.differs("the same ARN")
			case string(d.recreated.record["created"]) == string(d.secret.record["created"]):
				t.differs("the same time")
			}
		},
	}, {
		number:    18,
		statement: "Names with a space, `ü`, `%`, `%25`, `?`, `#`, `+` and `&` can be created, and are found at their percent-encoded path, decoded once.",
		sdk:       "src/roboto/domain/secrets/record.py:112, src/roboto/domain/secrets/secret.py:229 (which does not encode them)",
		reliedOn:  []string{"internal/roboto/records.go", "internal/roboto/uri.go"},
		risk:      "Secrets with such names cannot be managed, or another one is found.",
		check: func(t *trial) {
			var odd []string
			for _, special := range []string{"a b", "ü", "100%", "a%25b", "a?b", "a#b", "a+b", "a&b"} {
				s := t.requested(special)
				if s.record == nil {
					odd = append(odd, fmt.Sprintf("`%s` cannot be created (%s)", special, s.answer))
					continue
				}
				a := must(t.get(s.name))
				if record, _ := a.object(); record.text("name") != s.name || arn(record) != arn(s.record) {
					odd = append(odd, fmt.Sprintf("`%s` is not found (%s)", special, a))
				}
			}
			if len(odd) > 0 {
				t.differs("%s", strings.Join(odd, ", "))
			}
		},
	}, {
		number:    19,
		statement: "Names that differ in case only are those of two secrets.",
		sdk:       "not in the SDK; src/roboto/domain/secrets/record.py:98 says that names are unique",
		reliedOn:  []string{"internal/roboto/records.go"},
		risk:      "A secret is refused as that of another name.",
		check: func(t *trial) {
			s := t.secret("case")
			if a := must(orRefusal(t.get(t.prefix + "CASE"))); a.success() {
				t.differs("the other one's record")
			}
			other := t.requested("CASE")
			if other.record == nil {
				t.differs("creating the second: %s", other.answer)
			}
			if arn(other.record) == arn(s.record) {
				t.differs("the same ARN")
			}
		},
	}}
}

// riskUnsettled is shared by the facts that show whose record it is.
const riskUnsettled = "A create whose answer was lost is never recognized as Terraform's own, and ends in an error."

// identity is what tells secrets apart, besides the creation time, whose digits may differ. Other
// fields may move by themselves.
var identity = []string{"name", "org_id", "store_type", "location", "created_by"}

// timePattern is what Python's isoformat and pydantic write.
var timePattern = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})?$`)

func recordTime(record object, key string) (time.Time, error) {
	match := timePattern.FindStringSubmatch(record.text(key))
	if match == nil {
		return time.Time{}, fmt.Errorf("`%s` cannot be read", key)
	}
	text := strings.Replace(match[0], " ", "T", 1)
	if match[2] == "" {
		text += "Z"
	}
	return time.Parse(time.RFC3339, text)
}

// wantSameCreated compares creation times, of which one may have fewer digits.
func (t *trial) wantSameCreated(want, got object, where string) {
	a, b := must(recordTime(want, "created")), must(recordTime(got, "created"))
	for _, unit := range []time.Duration{time.Nanosecond, time.Microsecond, time.Millisecond, time.Second} {
		if a.Truncate(unit).Equal(b) || b.Truncate(unit).Equal(a) {
			return
		}
	}
	t.differs("%s apart %s", b.Sub(a).Abs(), where)
}

// conflict is the answer to a second secret of one name.
func (t *trial) conflict() answer { return must(t.create(t.secret("plain").name)) }
