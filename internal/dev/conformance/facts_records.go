// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

func recordFacts() []fact {
	return []fact{
		{
			number:    1,
			statement: "`POST v1/secrets` with a name creates a record, and answers it in `data`.",
			sdk:       "src/roboto/domain/secrets/secret.py:114, src/roboto/http/response.py:30",
			reliedOn:  []string{"internal/roboto/create.go"},
			risk:      "No secret can be created.",
			check: func(ctx context.Context, l *lab) error {
				s, err := l.secret(ctx, "plain")
				switch {
				case err != nil && s.answer.status > 0:
					return saw("%s", s.answer)
				case err == nil && s.record.text("name") != s.name:
					return saw("another name in the record")
				}
				return err
			},
		},
		{
			number:    2,
			statement: "A record has `name`, `org_id`, `store_type` and `location` (both of the store \"aws\"), `created`, `created_by`, `modified` and `modified_by`.",
			sdk:       "src/roboto/domain/secrets/record.py:73",
			reliedOn:  []string{"internal/roboto/records.go"},
			risk:      "Records are refused as unreadable, or attributes such as `created_by` are empty.",
			check: func(ctx context.Context, l *lab) error {
				s, err := l.secret(ctx, "plain")
				if err != nil {
					return err
				}
				return checkRecord(s.record)
			},
		},
		{
			number:    3,
			statement: "Times of a record are texts in ISO 8601, with an offset, or without one for UTC.",
			sdk:       "src/roboto/domain/secrets/record.py:78, 84 and 91",
			reliedOn:  []string{"internal/roboto/records.go"},
			risk:      "Records are refused as unreadable.",
			check: func(ctx context.Context, l *lab) error {
				s, err := l.secret(ctx, "plain")
				if err != nil {
					return err
				}
				for _, key := range []string{"created", "modified"} {
					if _, err := recordTime(s.record, key); err != nil {
						return saw("`%s` is %s", key, s.record.kind(key))
					}
				}
				return nil
			},
		},
		{
			number:    4,
			statement: "`created` is not before the request that created the record, by the clock that the `Date` of answers shows.",
			sdk:       "not in the SDK; src/roboto/domain/secrets/record.py:79 says when the secret was created",
			reliedOn:  []string{"internal/roboto/create.go", "internal/roboto/credentials.go"},
			risk:      "A create whose answer was lost is not recognized as Terraform's own, and ends in an error.",
			check:     checkCreated,
		},
		{
			number:    5,
			statement: "Answers have a `Date` header.",
			sdk:       "not in the SDK; RFC 9110, section 6.6.1",
			reliedOn:  []string{"internal/roboto/create.go", "internal/roboto/credentials.go"},
			risk:      "A create whose answer was lost is never recognized as Terraform's own, and ends in an error.",
			check: func(ctx context.Context, l *lab) error {
				s, err := l.secret(ctx, "plain")
				if err != nil {
					return err
				}
				if _, err := s.answer.date(); err != nil {
					return saw("none that can be read")
				}
				return nil
			},
		},
		{
			number:    6,
			statement: "`last_used` of a record that no action has used is null, or not there.",
			sdk:       "src/roboto/domain/secrets/record.py:84",
			reliedOn:  []string{"internal/roboto/records.go"},
			risk:      "The data sources show a use that never was, or records are refused as unreadable.",
			check: func(ctx context.Context, l *lab) error {
				s, err := l.secret(ctx, "plain")
				if err != nil {
					return err
				}
				if kind := s.record.kind("last_used"); kind != "null" && kind != "missing" {
					return saw("%s", kind)
				}
				return nil
			},
		},
		{
			number:    7,
			statement: "`GET v1/secrets/name/{name}` answers the record that creating it answered.",
			sdk:       "src/roboto/domain/secrets/secret.py:228",
			reliedOn:  []string{"internal/roboto/records.go", "internal/roboto/identity.go"},
			risk:      "A secret is taken for another one, or for gone.",
			check: func(ctx context.Context, l *lab) error {
				s, err := l.secret(ctx, "plain")
				if err != nil {
					return err
				}
				a, err := l.get(ctx, s.name)
				if err != nil {
					return err
				}
				if !a.success() {
					return saw("%s", a)
				}
				got, err := a.object()
				if err != nil {
					return err
				}
				return checkSame(s.record, got)
			},
		},
		{
			number:    8,
			statement: "A second `POST` of a name answers 409.",
			sdk:       "src/roboto/domain/secrets/secret.py:93, src/roboto/exceptions/domain.py:302",
			reliedOn:  []string{"internal/roboto/create.go", "internal/roboto/errors.go"},
			risk:      "A name that is taken ends in an error without the import block.",
			check: func(ctx context.Context, l *lab) error {
				a, err := l.conflict(ctx)
				if err == nil && a.status != http.StatusConflict {
					return saw("%s", a)
				}
				return err
			},
		},
		{
			number:    9,
			statement: "The answer to a second `POST` of a name bears the error code `RobotoConflictException`.",
			sdk:       "src/roboto/exceptions/domain.py:302",
			reliedOn:  []string{"internal/roboto/errors.go"},
			risk:      "A name that is taken ends in an error without the import block.",
			check: func(ctx context.Context, l *lab) error {
				a, err := l.conflict(ctx)
				return checkCode(a, err, "RobotoConflictException")
			},
		},
		{
			number:    10,
			statement: "`GET` of a name that no secret has answers 404.",
			sdk:       "src/roboto/domain/secrets/secret.py:211, src/roboto/exceptions/domain.py:192",
			reliedOn:  []string{"internal/roboto/errors.go"},
			risk:      "A deleted secret makes every plan fail.",
			check: func(ctx context.Context, l *lab) error {
				a, err := l.missing(ctx)
				if err == nil && a.status != http.StatusNotFound {
					return saw("%s", a)
				}
				return err
			},
		},
		{
			number:    11,
			statement: "The answer to `GET` of a name that no secret has bears the error code `RobotoNotFoundException`.",
			sdk:       "src/roboto/exceptions/domain.py:192",
			reliedOn:  []string{"internal/roboto/errors.go"},
			risk:      "A deleted secret makes every plan fail.",
			check: func(ctx context.Context, l *lab) error {
				a, err := l.missing(ctx)
				return checkCode(a, err, "RobotoNotFoundException")
			},
		},
		{
			number:    12,
			statement: "Roboto's errors are `{\"error\": {\"error_code\": …, \"message\": …}}`.",
			sdk:       "src/roboto/exceptions/domain.py:63 and 162",
			reliedOn:  []string{"internal/roboto/errors.go"},
			risk:      "Errors are taken for those of a proxy: a deleted secret makes every plan fail.",
			check:     checkEnvelope,
		},
		{
			number:    13,
			statement: "A path that Roboto does not have does not answer `RobotoNotFoundException`.",
			sdk:       "src/roboto/exceptions/domain.py:374",
			reliedOn:  []string{"internal/roboto/errors.go"},
			risk:      "A wrong endpoint makes all secrets disappear from the state.",
			check: func(ctx context.Context, l *lab) error {
				a, err := refused(l.service.roboto(ctx, call{method: http.MethodGet, path: "/v1/" + namePrefix + "no-such-path", header: owningOrg, orgID: l.orgID}))
				if err == nil && a.code() == "RobotoNotFoundException" {
					return saw("%s", a)
				}
				return err
			},
		},
		{
			number:    14,
			statement: "`DELETE v1/secrets/name/{name}` answers with a success.",
			sdk:       "src/roboto/domain/secrets/secret.py:353",
			reliedOn:  []string{"internal/roboto/delete.go"},
			risk:      "Destroying a secret ends in an error.",
			check: func(ctx context.Context, l *lab) error {
				d, err := l.gone(ctx)
				if err == nil && !d.deleted.success() {
					return saw("%s", d.deleted)
				}
				return err
			},
		},
		{
			number:    15,
			statement: "A deleted secret is answered at once as one that never was.",
			sdk:       "src/roboto/domain/secrets/secret.py:211 and 337",
			reliedOn:  []string{"internal/roboto/delete.go", "internal/roboto/create.go"},
			risk:      "A deletion whose answer was lost is done twice, or a create after it ends in an error.",
			check: func(ctx context.Context, l *lab) error {
				d, err := l.gone(ctx)
				return l.checkLikeMissing(ctx, d.then, err)
			},
		},
		{
			number:    16,
			statement: "`DELETE` of a name that no secret has answers as `GET` does.",
			sdk:       "src/roboto/domain/secrets/secret.py:344",
			reliedOn:  []string{"internal/roboto/delete.go"},
			risk:      "Destroying what somebody else has deleted ends in an error.",
			check: func(ctx context.Context, l *lab) error {
				d, err := l.gone(ctx)
				return l.checkLikeMissing(ctx, d.again, err)
			},
		},
		{
			number:    17,
			statement: "A secret that is created again under its name has another ARN and another creation time.",
			sdk:       "not in the SDK; src/roboto/domain/secrets/secret.py:339 says that deletion is for good",
			reliedOn:  []string{"internal/roboto/identity.go"},
			risk:      "Terraform takes another secret of the same name for its own, and may write to it or delete it.",
			check: func(ctx context.Context, l *lab) error {
				d, err := l.gone(ctx)
				switch {
				case err != nil:
					return err
				case d.nameRefused != nil:
					return fmt.Errorf("the name was not free again: %w", d.nameRefused)
				case arn(d.recreated.record) == arn(d.secret.record):
					return saw("the same ARN")
				case string(d.recreated.record["created"]) == string(d.secret.record["created"]):
					return saw("the same time")
				}
				return nil
			},
		},
		{
			number:    18,
			statement: "Names with a space, `ü`, `%`, `%25`, `?`, `#`, `+` and `&` can be created, and are found at their percent-encoded path, decoded once.",
			sdk:       "src/roboto/domain/secrets/record.py:112, src/roboto/domain/secrets/secret.py:229 (which does not encode them)",
			reliedOn:  []string{"internal/roboto/records.go", "internal/roboto/uri.go"},
			risk:      "Secrets with such names cannot be managed, or another one is found.",
			check:     checkNames,
		},
		{
			number:    19,
			statement: "Names that differ in case only are those of two secrets.",
			sdk:       "not in the SDK; src/roboto/domain/secrets/record.py:98 says that names are unique",
			reliedOn:  []string{"internal/roboto/records.go"},
			risk:      "A secret is refused as that of another name.",
			check: func(ctx context.Context, l *lab) error {
				s, err := l.secret(ctx, "case")
				if err != nil {
					return err
				}
				a, err := refused(l.get(ctx, l.prefix+"CASE"))
				if err == nil && a.success() {
					return saw("the other one's record")
				}
				other, otherErr := l.secret(ctx, "CASE")
				switch {
				case err != nil:
					return err
				case otherErr != nil && other.answer.status > 0:
					return saw("creating the second: %s", other.answer)
				case otherErr == nil && arn(other.record) == arn(s.record):
					return saw("the same ARN")
				}
				return otherErr
			},
		},
	}
}

func checkRecord(record object) error {
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
		return saw("%s", strings.Join(odd, ", "))
	}
	return nil
}

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

func checkCreated(ctx context.Context, l *lab) error {
	s, err := l.secret(ctx, "plain")
	if err != nil {
		return err
	}
	created, err := recordTime(s.record, "created")
	if err != nil {
		return err
	}
	date, err := s.answer.date()
	if err != nil {
		return err
	}
	// Date is cut to the second, so the true time may be almost a second later.
	earliest, latest := date.Add(-s.answer.took), date.Add(time.Second)
	switch {
	case created.Before(earliest):
		return saw("%s too early", earliest.Sub(created).Round(time.Millisecond))
	case created.After(latest):
		return saw("%s in the future", created.Sub(latest).Round(time.Millisecond))
	}
	return nil
}

// checkSame compares what tells secrets apart. Other fields may move by themselves.
func checkSame(want, got object) error {
	for _, key := range []string{"name", "org_id", "store_type", "location", "created", "created_by"} {
		if string(want[key]) != string(got[key]) {
			return saw("another `%s`", key)
		}
	}
	return nil
}

func (l *lab) conflict(ctx context.Context) (answer, error) {
	s, err := l.secret(ctx, "plain")
	if err != nil {
		return answer{}, err
	}
	return l.create(ctx, s.name)
}

func checkCode(a answer, err error, want string) error {
	switch code := a.code(); {
	case err != nil:
		return err
	case a.success():
		return fmt.Errorf("the answer was no error: %s", a)
	case code == "":
		return fmt.Errorf("the answer has no code: %s", a)
	case code != want:
		return saw("%s", code)
	}
	return nil
}

func checkEnvelope(ctx context.Context, l *lab) error {
	missing, err := l.missing(ctx)
	if err != nil {
		return err
	}
	conflict, err := l.conflict(ctx)
	if err != nil {
		return err
	}
	for _, a := range []answer{missing, conflict} {
		if a.success() {
			return fmt.Errorf("there was no error: %s", a)
		}
		envelope, err := parseObject(a.body)
		if err != nil {
			return saw("no JSON object, with status %d", a.status)
		}
		if kind := envelope.kind("error"); kind != "an object" {
			return saw("`error` is %s, with status %d", kind, a.status)
		}
		for _, key := range []string{"error_code", "message"} {
			if kind := envelope.object("error").kind(key); kind != "text" {
				return saw("`error.%s` is %s, with status %d", key, kind, a.status)
			}
		}
	}
	return nil
}

// checkLikeMissing compares with the answer about a secret that never was.
func (l *lab) checkLikeMissing(ctx context.Context, got answer, err error) error {
	if err != nil {
		return err
	}
	want, err := l.missing(ctx)
	if err != nil {
		return err
	}
	if got.String() != want.String() {
		return saw("%s, and not %s", got, want)
	}
	return nil
}

func arn(record object) string { return record.object("location").text("arn") }

func checkNames(ctx context.Context, l *lab) error {
	var odd []string
	for _, special := range []string{"a b", "ü", "100%", "a%25b", "a?b", "a#b", "a+b", "a&b"} {
		s, err := l.secret(ctx, special)
		if err != nil {
			if s.answer.status == 0 {
				return err
			}
			odd = append(odd, fmt.Sprintf("`%s` cannot be created (%s)", special, s.answer))
			continue
		}
		a, err := l.get(ctx, s.name)
		if err != nil {
			return err
		}
		if record, err := a.object(); err != nil || record.text("name") != s.name || arn(record) != arn(s.record) {
			odd = append(odd, fmt.Sprintf("`%s` is not found (%s)", special, a))
		}
	}
	if len(odd) > 0 {
		return saw("%s", strings.Join(odd, ", "))
	}
	return nil
}
