// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// changedCredentials are credentials in which a pattern is replaced. want is how the value of a known secret is
// then read.
type changedCredentials struct {
	pattern, changed string
	want             Kind
}

func (c changedCredentials) check(s service) {
	s.access()
	s.server.SetValue(testOrg, "db", "the value")
	record, err := s.client.Record(s.Context(), ref("db"))
	s.wantKind(err, KindOther)
	s.inject(on(robototest.GetCredentials, replacing(c.pattern, c.changed)))
	_, err = s.client.ValueAccess(record).Read(s.Context(), Version{})
	s.wantKind(err, c.want)
	reads := 0
	if c.want == KindOther {
		reads = 1
	}
	s.wantCount(robototest.GetValue, reads)
	if s.server.Faulted() == 0 || err != nil && strings.Contains(err.Error(), "NobodyMaySeeThis") {
		s.Errorf("no answer was changed, or the error shows a part of the credentials: %v", err)
	}
}

// A key that comes twice counts once: the last one, whose value is checked and used.
func TestDuplicatedKeys(t *testing.T) {
	const region, arn, elsewhere = `"region":"us-west-2"`, `"arn":"arn:aws:[^"]*"`, `arn:aws:secretsmanager:us-west-2:210987654321:secret:db-AbCdEf`
	cases := map[string]changedCredentials{}
	for name, c := range map[string]changedCredentials{
		"another region":    {region, `"region":"evil.s3"`, KindUnexpectedAnswer},
		"another account":   {arn, `"arn":"` + elsewhere + `"`, KindReplaced},
		"another service":   {arn, `"arn":"arn:aws:s3:::bucket"`, KindUnexpectedAnswer},
		"another secret":    {`"name":"db"`, `"name":"other"`, KindUnexpectedAnswer},
		"a key in capitals": {arn, `"ARN":"` + elsewhere + `"`, KindReplaced},
		"another location":  {`"location":\{[^}]*\}`, `"location":{"arn":"arn:aws:s3:::bucket"}`, KindUnexpectedAnswer},
	} {
		cases[name+" first"] = changedCredentials{c.pattern, c.changed + ",$0", KindOther}
		cases[name+" last"] = changedCredentials{c.pattern, "$0," + c.changed, c.want}
	}
	eachCase(t, cases, func(s service, c changedCredentials) { c.check(s) })
}

// A line break would end a header and begin another one.
func TestCredentialsWithLineBreaks(t *testing.T) {
	cases := map[string]changedCredentials{}
	for _, key := range []string{"access_key_id", "secret_access_key", "session_token"} {
		for _, forged := range []string{`\n`, `\r\nX-Forged: 1\r\n`, ` `, `\u0000`, `\u2028`, `ü`} {
			cases[key+" with "+forged] = changedCredentials{`"` + key + `":"`, `"` + key + `":"NobodyMaySeeThis` + forged, KindUnexpectedAnswer}
		}
	}
	eachCase(t, cases, func(s service, c changedCredentials) { c.check(s) })
}

// A region gets into the name of AWS's host, which errors and the log show.
func TestRegionThatRepeatsTheCredentials(t *testing.T) {
	inService(t, func(s service) {
		access := s.access()
		s.inject(on(robototest.GetCredentials, replacing(`us-west-2|("session_token":")`, `${1}us-kanarien-2`)))
		_, err := access.Write(s.Context(), NewSensitive("value"))
		if s.wantKind(err, KindUnexpectedAnswer); strings.Contains(fmt.Sprint(err), "kanarien") {
			s.Errorf("the error shows a part of the credentials: %v", err)
		}
		s.wantCount(robototest.PutValue, 0)
	})
}

// AWS may not know a new secret everywhere yet, whoever has created it.
func TestCredentialsOfANewSecret(t *testing.T) {
	for age, want := range map[time.Duration]bool{0: true, time.Minute: true, time.Hour: false} {
		inService(t, func(s service) {
			s.access()
			time.Sleep(age)
			creds, err := s.client.credentials(s.Context(), unread("db"), false)
			if s.wantKind(err, KindOther); creds.isNew != want {
				s.Errorf("a secret %s old is new: %t", age, creds.isNew)
			}
		})
	}
}
