// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"cmp"
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
	t.fact(52, unless(arnPattern.MatchString(s.record.ARN()), "something else"))
	data := t.object(t.permitted(t.Credentials(t.ctx, s.name)))
	creds, fields := data.Object("creds"), []string{"access_key_id", "secret_access_key", "session_token", "region"}
	t.fact(50, cmp.Or(kind(data, "an object", "record", "creds"), sameRecord(s.record, data.Object("record"))))
	var odd string
	for _, key := range fields {
		visible := !strings.ContainsFunc(creds.Text(key), func(r rune) bool { return r <= ' ' || r > '~' })
		odd = cmp.Or(odd, unless(visible, "`"+key+"` has other characters"))
	}
	t.fact(51, cmp.Or(kind(creds, "text", fields...), odd, unless(creds.Text("store_type") == "aws", "another `store_type`")))
	t.fact(53, unless(creds.Text("region") == wire.Access{ARN: s.record.ARN()}.Region(), "another region"))
	own, other := t.open(s), t.open(t.secret("others"))
	t.write(other.Access)
	a := t.answer(t.get(own.Access, wire.Object{"SecretId": other.ARN}))
	t.fact(54, unless(a.Code() == "AccessDeniedException", a))
}

func values(t *trial) {
	s := t.open(t.secret("value"))
	t.fact(60, unless(s.first.Code() == "ResourceNotFoundException", s.first))
	token, value := wire.NewToken(), t.value()
	put := t.permitted(t.put(s.Access, token, value))
	first := t.permitted(t.get(s.Access, wire.Object{})).Output()
	t.fact(61, cmp.Or(unless(put.OK(), put), unless(first.Text("SecretString") == value, "another value")))
	if !put.OK() {
		t.end("no value can be written")
	}
	t.fact(62, unless(put.Output().Text("VersionId") == token, "another `VersionId`"))
	again := t.permitted(t.put(s.Access, token, value))
	further := t.permitted(t.get(s.Access, wire.Object{"VersionStage": "AWSPREVIOUS"}))
	t.fact(63, cmp.Or(unless(again.OK(), again), same(first, t.read(s.Access), "VersionId"), unless(!further.OK(), "a further version")))
	reused := t.permitted(t.put(s.Access, token, t.value()))
	t.fact(64, unless(reused.Code() == "ResourceExistsException", reused))
	_, second, _ := t.write(s.Access)
	before := t.permitted(t.get(s.Access, wire.Object{"VersionId": first["VersionId"]}))
	t.fact(65, cmp.Or(unless(t.read(s.Access).Text("SecretString") == second, "the value before is still the current one"),
		unless(before.OK(), before), same(first, before.Output(), "SecretString")))
	written := t.object(t.permitted(t.Get(t.ctx, s.name)))
	t.fact(68, cmp.Or(sameRecord(s.record, written), sameCreated(s.record, written)))

	large := t.open(t.secret("large"))
	most := t.value()
	most += strings.Repeat("x", 65_536-len(most))
	put = t.permitted(t.put(large.Access, wire.NewToken(), most))
	var read string
	if put.OK() {
		read = t.read(large.Access).Text("SecretString")
	}
	t.fact(66, cmp.Or(unless(put.OK(), put), unless(read == most, "another value")))
	tooMuch := t.permitted(t.put(large.Access, wire.NewToken(), most+"x"))
	t.fact(67, unless(tooMuch.Status == http.StatusBadRequest, tooMuch))
}

func versions(t *trial) {
	s := t.open(t.secret("rewritten"))
	previous := func() wire.Answer { return t.permitted(t.get(s.Access, wire.Object{"VersionStage": "AWSPREVIOUS"})) }
	t.write(s.Access)
	none := previous()
	t.fact(81, unless(none.Code() == "ResourceNotFoundException", none))
	second, _, _ := t.write(s.Access)
	_, _, last := t.write(s.Access)
	before := previous()
	stages, _ := before.Output()["VersionStages"].([]any)
	t.fact(80, cmp.Or(unless(before.OK(), before), unless(before.Output().Text("VersionId") == second, "another version"),
		unless(slices.Contains(stages, any("AWSPREVIOUS")), "`VersionStages` without it")))
	current := t.read(s.Access)
	seconds, _ := current["CreatedDate"].(float64)
	t.fact(82, cmp.Or(kind(current, "a number", "CreatedDate"), within(time.UnixMilli(int64(seconds*1000)), last)))
}
