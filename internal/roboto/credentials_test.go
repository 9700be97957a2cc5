// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// Credentials that would take the value elsewhere are refused before AWS is called, and not shown. Of a key that
// comes twice, the last one counts, whose value is checked and used. A line break would end a header and begin
// another one. A region gets into the name of AWS's host, which errors and the log show.
func TestCredentialsThatMustNotBeUsed(t *testing.T) {
	const region, arn, elsewhere = `"region":"us-west-2"`, `"arn":"arn:aws:[^"]*"`, `arn:aws:secretsmanager:us-west-2:210987654321:secret:db-AbCdEf`
	type test struct {
		pattern, changed string
		want             Kind
	}
	cases := map[string]test{
		"a region that repeats them": {`us-west-2|("session_token":")`, `${1}us-nobodymayseethis-2`, KindUnexpectedAnswer},
		// The record is that of a secret at AWS.
		"another store": {`"store_type":"aws"\},"record"`, `"store_type":"vault"},"record"`, KindRefused},
	}
	for name, c := range map[string]test{
		"another region":    {region, `"region":"evil.s3"`, KindUnexpectedAnswer},
		"another account":   {arn, `"arn":"` + elsewhere + `"`, KindReplaced},
		"another service":   {arn, `"arn":"arn:aws:s3:::bucket"`, KindUnexpectedAnswer},
		"another secret":    {`"name":"db"`, `"name":"other"`, KindUnexpectedAnswer},
		"a key in capitals": {arn, `"ARN":"` + elsewhere + `"`, KindReplaced},
		"another location":  {`"location":\{[^}]*\}`, `"location":{"arn":"arn:aws:s3:::bucket"}`, KindUnexpectedAnswer},
	} {
		cases[name+" first"] = test{c.pattern, c.changed + ",$0", KindOther}
		cases[name+" last"] = test{c.pattern, "$0," + c.changed, c.want}
	}
	for _, key := range []string{"access_key_id", "secret_access_key", "session_token"} {
		cases["no "+key] = test{`"` + key + `":"`, `"` + key + `":"","x":"`, KindUnexpectedAnswer}
		for _, forged := range []string{`\n`, `\r\nX-Forged: 1\r\n`, ` `, `\u0000`, `\u2028`, `ü`} {
			cases[key+" with "+forged] = test{`"` + key + `":"`, `"` + key + `":"NobodyMaySeeThis` + forged, KindUnexpectedAnswer}
		}
	}
	eachCase(t, cases, func(s service, test test) {
		s.access()
		s.server.SetValue(testOrg, "db", "the value")
		known, err := s.client.Record(s.Context(), ref("db"))
		if s.wantKind(err, KindOther); test.want != KindReplaced {
			known.ARN = ""
		}
		s.inject(on(robototest.GetCredentials, replacing(test.pattern, test.changed)))
		value, err := s.client.ValueAccess(known).Read(s.Context(), Version{})
		s.wantKind(err, test.want)
		if asked := s.server.Count(robototest.GetValue) > 0; asked != (err == nil) || asked == value.Text.IsEmpty() || s.server.Faulted() == 0 {
			s.Errorf("AWS was asked: %t, or no answer was changed: %v", asked, err)
		}
		if err != nil && strings.Contains(strings.ToLower(err.Error()), "nobodymayseethis") {
			s.Errorf("the error shows a part of the credentials: %v", err)
		}
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
