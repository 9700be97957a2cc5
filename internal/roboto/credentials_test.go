// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// readsWithCredentials reads the value of a known secret with credentials that were changed.
func (s service) readsWithCredentials(changed robototest.Fault, want Kind, reads int) {
	s.Helper()
	s.access()
	s.server.SetValue(testOrg, "db", "the value")
	record, err := s.client.Record(s.Context(), ref("db"))
	s.wantKind(err, KindOther)
	s.inject(on(robototest.GetCredentials, changed))
	_, err = s.client.ValueAccess(record).Read(s.Context(), Version{})
	if s.server.Faulted() == 0 {
		s.Error("no answer was changed")
	}
	s.wantKind(err, want)
	s.wantCount(robototest.GetValue, reads)
	if err != nil && strings.Contains(err.Error(), "NobodyMaySeeThis") {
		s.Errorf("the error shows a part of the credentials: %v", err)
	}
}

// A name may belong to another secret by now, whose value must not be overwritten.
func TestCredentialsOfAnotherSecretAreNotUsed(t *testing.T) {
	inService(t, func(s service) {
		known := s.known()
		s.server.DeleteSecret(testOrg, "db")
		s.server.AddSecret(testOrg, "db")
		_, err := s.client.ValueAccess(known).Write(s.Context(), NewSensitive("value"))
		s.wantKind(err, KindReplaced)
		s.wantCount(robototest.PutValue, 0)
	})
}

// A region gets into the name of AWS's host, which errors and the log show.
func TestRegionThatRepeatsTheCredentials(t *testing.T) {
	inService(t, func(s service) {
		access := s.access()
		s.inject(robototest.Fault{Operation: robototest.GetCredentials, Mutate: func(b []byte) []byte {
			repeating := strings.NewReplacer("us-west-2", "us-kanarien-2", `"session_token":"`, `"session_token":"xkanarienx`)
			return []byte(repeating.Replace(string(b)))
		}})
		_, err := access.Write(s.Context(), NewSensitive("value"))
		s.wantKind(err, KindUnexpectedAnswer)
		if strings.Contains(fmt.Sprint(err), "kanarien") {
			s.Errorf("the error is %v", err)
		}
		s.wantCount(robototest.PutValue, 0)
	})
}

// A key that comes twice counts once: the last one, whose value is checked and used.
func TestDuplicatedKeys(t *testing.T) {
	const region, arn, elsewhere = `"region":"us-west-2"`, `"arn":"arn:aws:[^"]*"`, `arn:aws:secretsmanager:us-west-2:210987654321:secret:db-AbCdEf`
	type test struct {
		pattern, forged string
		want            Kind
	}
	for name, c := range map[string]test{
		"another region":    {region, `"region":"evil.s3"`, KindUnexpectedAnswer},
		"another account":   {arn, `"arn":"` + elsewhere + `"`, KindReplaced},
		"another service":   {arn, `"arn":"arn:aws:s3:::bucket"`, KindUnexpectedAnswer},
		"another secret":    {`"name":"db"`, `"name":"other"`, KindUnexpectedAnswer},
		"a key in capitals": {arn, `"ARN":"` + elsewhere + `"`, KindReplaced},
		"another location":  {`"location":\{[^}]*\}`, `"location":{"arn":"arn:aws:s3:::bucket"}`, KindUnexpectedAnswer},
	} {
		with := func(replacement string) robototest.Fault {
			return robototest.Fault{Mutate: func(b []byte) []byte { return regexp.MustCompile(c.pattern).ReplaceAll(b, []byte(replacement)) }}
		}
		t.Run(name+" first", func(t *testing.T) {
			inService(t, func(s service) { s.readsWithCredentials(with(c.forged+",$0"), KindOther, 1) })
		})
		t.Run(name+" last", func(t *testing.T) {
			inService(t, func(s service) { s.readsWithCredentials(with("$0,"+c.forged), c.want, 0) })
		})
	}
}

// A line break would end a header and begin another one.
func TestCredentialsWithLineBreaks(t *testing.T) {
	for _, key := range []string{"access_key_id", "secret_access_key", "session_token"} {
		for _, forged := range []string{`\n`, `\r\nX-Forged: 1\r\n`, ` `, `\u0000`, `\u2028`, `ü`} {
			t.Run(key+" with "+forged, func(t *testing.T) {
				inService(t, func(s service) {
					s.readsWithCredentials(replacing(`"`+key+`":"`, `"`+key+`":"NobodyMaySeeThis`+forged), KindUnexpectedAnswer, 0)
				})
			})
		}
	}
}
