// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/wire"
)

// arnPattern is that of a secret in AWS Secrets Manager, in any partition.
var arnPattern = regexp.MustCompile(`^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$`)

func credentials(t *trial) {
	s := t.secret("creds")
	t.fact(52, "The location of a record is the ARN of a secret in AWS Secrets Manager.",
		"src/roboto/domain/secrets/record.py:63, src/roboto/domain/secrets/secret.py:381", "internal/roboto/records.go",
		"Records are refused as unreadable.",
		unless(arnPattern.MatchString(s.record.ARN()), "something else"))
	data := t.object(t.permitted(t.Credentials(t.ctx, s.name)))
	creds, fields := data.Object("creds"), []string{"access_key_id", "secret_access_key", "session_token", "region"}
	t.fact(50, "`GET v1/secrets/name/{name}/creds` answers `creds` with the `record`, which is the one that is known.",
		"src/roboto/domain/secrets/secret.py:447, src/roboto/domain/secrets/record.py:118", "internal/roboto/credentials.go",
		"No value can be read or written.",
		cmp.Or(kind(data, "an object", "record", "creds"), sameRecord(s.record, data.Object("record"))))
	var odd string
	for _, key := range fields {
		visible := !strings.ContainsFunc(creds.Text(key), func(r rune) bool { return r <= ' ' || r > '~' })
		odd = cmp.Or(odd, unless(visible, "`"+key+"` has other characters"))
	}
	t.fact(51, "Credentials are `access_key_id`, `secret_access_key`, `session_token` and `region`, all of visible ASCII characters, and `store_type` \"aws\".",
		"src/roboto/domain/secrets/record.py:26 and 126", "internal/roboto/credentials.go",
		"No value can be read or written.",
		cmp.Or(kind(creds, "text", fields...), odd, unless(creds.Text("store_type") == "aws", "another `store_type`")))
	t.fact(53, "The region of the credentials is that of the ARN.",
		"src/roboto/domain/secrets/record.py:43, src/roboto/domain/secrets/secret.py:461", "internal/roboto/credentials.go",
		"The credentials are refused: no value can be read or written.",
		unless(creds.Text("region") == wire.Access{ARN: s.record.ARN()}.Region(), "another region"))
	t.measured("How long do credentials live?", "the known fields do not tell; other fields: "+otherKeys(creds, append(fields, "store_type")...))
	own, other := t.open(s), t.open(t.secret("others"))
	t.write(other.Access)
	a := t.answer(t.get(own.Access, wire.Object{"SecretId": other.ARN}))
	t.fact(54, "The credentials of one secret do not read another one's value.",
		"src/roboto/domain/secrets/record.py:88", "SECURITY.md",
		"Whoever sees credentials for one secret can read others.",
		unless(a.Code() == "AccessDeniedException", a))
	t.measured("When does AWS grant what the credentials of a new secret allow?", after(own.lag, true))
	for _, operation := range []string{"DescribeSecret", "ListSecretVersionIds"} {
		a := t.answer(t.AWS(t.ctx, own.Access, operation, wire.Object{}))
		t.measured("What do the credentials get from "+operation+"?", a.String())
	}
}

func values(t *trial) {
	s := t.open(t.secret("value"))
	t.fact(60, "GetSecretValue of a record without a value answers `ResourceNotFoundException`.",
		"not in the SDK; Secrets Manager API Reference, GetSecretValue", "internal/roboto/aws.go, internal/roboto/create.go",
		"A secret without a value makes plans fail, and a create whose answer was lost is not recognized as Terraform's own.",
		unless(s.first.Code() == "ResourceNotFoundException", s.first))
	t.measured("Which version of HTTP does AWS speak?", s.first.Protocol)
	token, value := wire.NewToken(), t.value()
	put := t.permitted(t.put(s.Access, token, value))
	first := t.permitted(t.get(s.Access, wire.Object{})).Output()
	t.fact(61, "PutSecretValue stores a text, and GetSecretValue answers it unchanged.",
		"src/roboto/domain/secrets/secret.py:381 and 442", "internal/roboto/values.go",
		"Values are written in each apply, or arrive as others.",
		cmp.Or(unless(put.OK(), put), unless(first.Text("SecretString") == value, "another value")))
	if !put.OK() {
		t.end("no value can be written")
	}
	t.fact(62, "The `VersionId` of a written value is the `ClientRequestToken` of the call.",
		"not in the SDK, which lets AWS's library make one; Secrets Manager API Reference, PutSecretValue", "internal/roboto/values.go",
		"A write whose answer was lost is not found again, and ends in an error.",
		unless(put.Output().Text("VersionId") == token, "another `VersionId`"))
	again := t.permitted(t.put(s.Access, token, value))
	further := t.permitted(t.get(s.Access, wire.Object{"VersionStage": "AWSPREVIOUS"}))
	t.fact(63, "The same `ClientRequestToken` with the same value is a success and makes no further version.",
		"not in the SDK; Secrets Manager API Reference, PutSecretValue", "internal/roboto/values.go",
		"A write that is repeated makes two versions, or ends in an error.",
		cmp.Or(unless(again.OK(), again), same(first, t.read(s.Access), "VersionId"), unless(!further.OK(), "a further version")))
	reused := t.permitted(t.put(s.Access, token, t.value()))
	t.fact(64, "The same `ClientRequestToken` with another value answers `ResourceExistsException`.",
		"not in the SDK; Secrets Manager API Reference, PutSecretValue", "internal/roboto/values.go",
		"A value is taken for written that is not.",
		unless(reused.Code() == "ResourceExistsException", reused))
	_, second, _ := t.write(s.Access)
	before := t.permitted(t.get(s.Access, wire.Object{"VersionId": first["VersionId"]}))
	t.fact(65, "A new value becomes the current one, and the one before is still read by its `VersionId`.",
		"src/roboto/domain/secrets/secret.py:381; Secrets Manager API Reference, GetSecretValue", "internal/roboto/values.go",
		"A change of the value elsewhere is not noticed, or a version that Terraform knows cannot be read.",
		cmp.Or(unless(t.read(s.Access).Text("SecretString") == second, "the value before is still the current one"),
			unless(before.OK(), before), same(first, before.Output(), "SecretString")))
	written := t.object(t.permitted(t.Get(t.ctx, s.name)))
	t.fact(68, "Writing a value changes neither the ARN nor the creation time of the record.",
		"not in the SDK; src/roboto/domain/secrets/secret.py:442 writes at AWS only", "internal/roboto/identity.go",
		"After each write, the secret is taken for another one.",
		cmp.Or(sameRecord(s.record, written), sameCreated(s.record, written)))
	t.measured("Does writing a value change `modified` of the record?", cmp.Or(unless(written["modified"] == s.record["modified"], "yes"), "no"))

	large := t.open(t.secret("large"))
	most := t.value()
	most += strings.Repeat("x", 65_536-len(most))
	put = t.permitted(t.put(large.Access, wire.NewToken(), most))
	var read string
	if put.OK() {
		read = t.read(large.Access).Text("SecretString")
	}
	t.fact(66, "A value of 65,536 bytes is taken, and answered unchanged.",
		"not in the SDK; Secrets Manager User Guide, quotas", "internal/roboto/values.go",
		"A value that planning accepts is refused by apply.",
		cmp.Or(unless(put.OK(), put), unless(read == most, "another value")))
	tooMuch := t.permitted(t.put(large.Access, wire.NewToken(), most+"x"))
	t.fact(67, "A value of 65,537 bytes is refused with 400.",
		"not in the SDK; Secrets Manager User Guide, quotas", "internal/roboto/values.go",
		"Planning refuses values that could be stored.",
		unless(tooMuch.Status == http.StatusBadRequest, tooMuch))

	t.permitted(t.Delete(t.ctx, s.name))
	t.measured("What does AWS answer for the value of a deleted secret?", t.answer(t.get(s.Access, wire.Object{})).String())
	recreated, _ := t.recreate(s.secret)
	access := t.open(recreated)
	lag, ok := t.until(func() bool { return t.permitted(t.put(access.Access, token, value)).OK() })
	t.measured("When can a value be written under the name of a deleted secret?", after(access.lag+lag, ok))
	t.measured("Was there a limit to the rate of requests?", fmt.Sprintf("%d of %d requests were answered 429", t.Throttled, t.Requests))
}

func versions(t *trial) {
	s := t.open(t.secret("rewritten"))
	previous := func() wire.Answer { return t.permitted(t.get(s.Access, wire.Object{"VersionStage": "AWSPREVIOUS"})) }
	first, _, _ := t.write(s.Access)
	none := previous()
	t.fact(81, "`VersionStage` `AWSPREVIOUS` of a value that was written once answers `ResourceNotFoundException`.",
		"not in the SDK; Secrets Manager API Reference, GetSecretValue", "internal/roboto/aws.go, internal/provider/secret_version.go",
		"That there is nothing to undo ends in an error that does not say so.",
		unless(none.Code() == "ResourceNotFoundException", none))
	second, _, _ := t.write(s.Access)
	_, _, last := t.write(s.Access)
	before := previous()
	stages, _ := before.Output()["VersionStages"].([]any)
	t.fact(80, "`VersionStage` `AWSPREVIOUS` reads the version before the current one, and the answer names that stage in `VersionStages`.",
		"not in the SDK; Secrets Manager API Reference, PutSecretValue and GetSecretValue", "internal/roboto/values.go",
		"The version before a rotation is not found, or an answer about it is refused.",
		cmp.Or(unless(before.OK(), before), unless(before.Output().Text("VersionId") == second, "another version"),
			unless(slices.Contains(stages, any("AWSPREVIOUS")), "`VersionStages` without it")))
	current := t.read(s.Access)
	seconds, _ := current["CreatedDate"].(float64)
	t.fact(82, "`CreatedDate` of GetSecretValue is when the version was written, in seconds since 1970, by the clock that the `Date` of answers shows.",
		"not in the SDK; Secrets Manager API Reference, GetSecretValue", "internal/roboto/values.go",
		"Values are refused as without a time, or a check takes an old value for a fresh one.",
		cmp.Or(kind(current, "a number", "CreatedDate"), within(time.UnixMilli(int64(seconds*1000)), last)))
	a := t.permitted(t.get(s.Access, wire.Object{"VersionId": first}))
	t.measured("Is a version still read by its ID after two more writes?", cmp.Or(unless(a.OK(), "no: "+a.String()), "yes"))
}
