// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// A key that comes twice counts once: the last one, whose value is checked and used. Neither
// place lets anything else through.
func TestDuplicatedKeys(t *testing.T) {
	const region, arn, name = `"region":"us-west-2"`, `"arn":"arn:aws:[^"]*"`, `"name":"db"`
	for title, test := range map[string]struct {
		pattern, forged string
		want            roboto.Kind
	}{
		"another region":    {region, `"region":"evil.s3"`, roboto.KindUnexpectedAnswer},
		"another account":   {arn, `"arn":"arn:aws:secretsmanager:us-west-2:210987654321:secret:db-AbCdEf"`, roboto.KindReplaced},
		"another service":   {arn, `"arn":"arn:aws:s3:::bucket"`, roboto.KindUnexpectedAnswer},
		"another secret":    {name, `"name":"other"`, roboto.KindUnexpectedAnswer},
		"a key in capitals": {arn, `"ARN":"arn:aws:secretsmanager:us-west-2:210987654321:secret:db-AbCdEf"`, roboto.KindReplaced},
		"another location":  {`"location":\{[^}]*\}`, `"location":{"arn":"arn:aws:s3:::bucket"}`, roboto.KindUnexpectedAnswer},
	} {
		for _, forgedIsLast := range []bool{false, true} {
			t.Run(title+map[bool]string{false: " first", true: " last"}[forgedIsLast], func(t *testing.T) {
				inService(t, func(t *testing.T, s service) {
					s.server.AddSecret(robototest.DefaultOrg, "db")
					s.server.SetValue(robototest.DefaultOrg, "db", "the value")
					record, err := s.client.Record(t.Context(), roboto.SecretRef{Name: "db", OrgID: robototest.DefaultOrg})
					if err != nil {
						t.Fatal(err)
					}
					replacement := test.forged + ",$0"
					if forgedIsLast {
						replacement = "$0," + test.forged
					}
					changed := false
					s.server.Inject(robototest.Fault{Operation: robototest.GetCredentials, Mutate: func(body []byte) []byte {
						mutated := regexp.MustCompile(test.pattern).ReplaceAll(body, []byte(replacement))
						changed = changed || !bytes.Equal(mutated, body)
						return mutated
					}})
					_, err = s.client.ValueAccess(record).Read(t.Context(), roboto.Version{})
					if !changed {
						t.Fatal("no answer was changed")
					}
					if !forgedIsLast {
						s.wantKind(err, roboto.KindOther)
						return
					}
					s.wantKind(err, test.want)
					s.wantCount(robototest.GetValue, 0)
				})
			})
		}
	}
}

// A line break would end a header and begin another one.
func TestCredentialsWithLineBreaks(t *testing.T) {
	for _, key := range []string{"access_key_id", "secret_access_key", "session_token"} {
		for _, forged := range []string{`\n`, `\r\nX-Forged: 1\r\n`, ` `, `\u0000`, `\u2028`, `ü`} {
			t.Run(key+" with "+forged, func(t *testing.T) {
				inService(t, func(t *testing.T, s service) {
					s.server.AddSecret(robototest.DefaultOrg, "db")
					s.server.SetValue(robototest.DefaultOrg, "db", "the value")
					s.server.Inject(robototest.Fault{Operation: robototest.GetCredentials, Mutate: func(body []byte) []byte {
						return bytes.Replace(body, []byte(`"`+key+`":"`), []byte(`"`+key+`":"NobodyMaySeeThis`+forged), 1)
					}})
					record, err := s.client.Record(t.Context(), roboto.SecretRef{Name: "db", OrgID: robototest.DefaultOrg})
					if err != nil {
						t.Fatal(err)
					}
					_, err = s.client.ValueAccess(record).Read(t.Context(), roboto.Version{})
					s.wantKind(err, roboto.KindUnexpectedAnswer)
					s.wantCount(robototest.GetValue, 0)
					if err != nil && strings.Contains(err.Error(), "NobodyMaySeeThis") {
						t.Errorf("the error shows a part of the credentials: %v", err)
					}
				})
			})
		}
	}
}
