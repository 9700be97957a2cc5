// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// The value goes where these credentials lead, so nothing in them may lead elsewhere.
func TestCredentialsAreChecked(t *testing.T) {
	for name, test := range map[string]struct {
		old, changed string
		want         roboto.Kind
	}{
		"another name":             {`"name":"db"`, `"name":"other"`, roboto.KindUnexpectedAnswer},
		"another organization":     {`"org_id":"og_test"`, `"org_id":"og_other"`, roboto.KindUnexpectedAnswer},
		"another AWS account":      {"123456789012", "210987654321", roboto.KindReplaced},
		"another service":          {":secretsmanager:", ":s3:", roboto.KindUnexpectedAnswer},
		"another region":           {`"region":"us-west-2"`, `"region":"us-east-1"`, roboto.KindUnexpectedAnswer},
		"a region with a dot":      {`"region":"us-west-2"`, `"region":"evil.s3"`, roboto.KindUnexpectedAnswer},
		"another store":            {`"store_type":"aws"`, `"store_type":"vault"`, roboto.KindRefused},
		"no secret access key":     {`"secret_access_key"`, `"x"`, roboto.KindUnexpectedAnswer},
		"no session token":         {`"session_token"`, `"x"`, roboto.KindUnexpectedAnswer},
		"another secret by ARN":    {"-", "+", roboto.KindUnexpectedAnswer},
		"nothing that is expected": {"{", "[", roboto.KindUnexpectedAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				s.server.AddSecret(robototest.DefaultOrg, "db")
				record, err := s.client.Record(t.Context(), ref("db"))
				s.wantKind(err, roboto.KindOther)
				s.server.Inject(robototest.Fault{Operation: robototest.GetCredentials, Mutate: func(b []byte) []byte {
					return bytes.ReplaceAll(b, []byte(test.old), []byte(test.changed))
				}})
				_, err = s.client.ValueAccess(record).Write(t.Context(), roboto.NewSensitive("value"))
				s.wantKind(err, test.want)
				s.wantCount(robototest.PutValue, 0)
			})
		})
	}
}

// A region gets into the name of AWS's host, which errors and the log show.
func TestRegionThatRepeatsTheCredentials(t *testing.T) {
	inService(t, func(t *testing.T, s service) {
		s.server.AddSecret(robototest.DefaultOrg, "db")
		s.server.Inject(robototest.Fault{Operation: robototest.GetCredentials, Mutate: func(b []byte) []byte {
			b = bytes.ReplaceAll(b, []byte("us-west-2"), []byte("us-kanarien-2"))
			return bytes.Replace(b, []byte(`"session_token":"`), []byte(`"session_token":"xkanarienx`), 1)
		}})
		_, err := s.client.ValueAccess(roboto.Record{SecretRef: ref("db")}).Write(t.Context(), roboto.NewSensitive("value"))
		s.wantKind(err, roboto.KindUnexpectedAnswer)
		if strings.Contains(err.Error(), "kanarien") {
			t.Errorf("the error is %v", err)
		}
		s.wantCount(robototest.PutValue, 0)
	})
}

// A name may belong to another secret by now, whose value must not be overwritten.
func TestCredentialsOfAnotherSecretAreNotUsed(t *testing.T) {
	inService(t, func(t *testing.T, s service) {
		s.server.AddSecret(robototest.DefaultOrg, "db")
		known, err := s.client.Record(t.Context(), ref("db"))
		s.wantKind(err, roboto.KindOther)
		time.Sleep(time.Second)
		s.server.DeleteSecret(robototest.DefaultOrg, "db")
		s.server.AddSecret(robototest.DefaultOrg, "db")
		_, err = s.client.ValueAccess(known).Write(t.Context(), roboto.NewSensitive("value"))
		s.wantKind(err, roboto.KindReplaced)
		s.wantCount(robototest.PutValue, 0)
	})
}
