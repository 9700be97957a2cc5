// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// AWS's message is not shown, because it may repeat the value in any form. The code comes from a
// list of known ones, so it is shown even if the value is the same.
func TestAWSMessagesAreNotShown(t *testing.T) {
	inService(t, func(t *testing.T, s service) {
		record, err := s.client.CreateSecret(t.Context(), ref("db"), roboto.Record{})
		if err != nil {
			t.Fatal(err)
		}
		s.server.Inject(robototest.Fault{Operation: robototest.PutValue, Status: http.StatusBadRequest, AWSError: "AccessDeniedException", Message: "User eve"})
		_, err = s.client.ValueAccess(record).Write(t.Context(), roboto.NewSensitive("AccessDeniedException"))
		s.wantKind(err, roboto.KindUnauthorized)
		if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, "eve") || !strings.Contains(text, "AccessDeniedException") {
			t.Errorf("the error is %s", text)
		}
	})
}

// JSON would replace what is no UTF-8, and another value would be stored.
func TestValuesThatAreNotUTF8(t *testing.T) {
	inService(t, func(t *testing.T, s service) {
		record, err := s.client.CreateSecret(t.Context(), roboto.SecretRef{Name: "db", OrgID: robototest.DefaultOrg}, roboto.Record{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.client.ValueAccess(record).Write(t.Context(), roboto.NewSensitive("caf\xe9-au-lait"))
		if err == nil || !strings.Contains(err.Error(), "valid UTF-8") || strings.Contains(err.Error(), "lait") {
			t.Errorf("the error is %v", err)
		}
		s.wantCount(robototest.PutValue, 0)
	})
}

// A list leaves out what Terraform would change, because another secret may have the changed name. The
// warning shows how it is written.
func TestNamesThatTerraformChanges(t *testing.T) {
	for name, shown := range map[string]string{
		"caf\u00e9":                         "",
		"\ud55c\uae00":                      "",
		"a\u0323\u0302\u0301":               `"a\u0323\u0302\u0301"`,
		"cafe\u0301":                        `"cafe\u0301"`,
		"\u1112\u1161\u11ab":                `"\u1112\u1161\u11ab"`,
		"273 \u212a":                        `"273 \u212a"`,
		"\u0958":                            `"\u0958"`,
		"a/e\u0301":                         `"a/e\u0301"`,
		"e\u0301::##[error]x":               `"e\u0301:\\x3a#\\x23[error]x"`, // no command of a CI
		"e" + strings.Repeat("\u0301", 300): strings.Repeat(`\u0301`, 249) + `\u2026"`,
	} {
		t.Run(name, func(t *testing.T) {
			if changed := cty.StringVal(name).AsString(); changed != roboto.NFC(name) {
				t.Errorf("Terraform has %+q, and the provider expects %+q", changed, roboto.NFC(name))
			}
			inService(t, func(t *testing.T, s service) {
				s.server.AddSecret(robototest.DefaultOrg, name)
				if changed := roboto.NFC(name); changed != name && roboto.ValidateName(changed) == nil {
					s.server.AddSecret(robototest.DefaultOrg, changed)
				}
				var omitted []string
				for record, err := range s.client.Records(t.Context(), robototest.DefaultOrg, func(why string) { omitted = append(omitted, why) }) {
					if err != nil || record.Name != roboto.NFC(name) {
						t.Errorf("the listing has %+q: %v", record.Name, err)
					}
				}
				switch {
				case shown == "" && len(omitted) > 0:
					t.Errorf("omitted: %q", omitted)
				case shown != "" && (len(omitted) != 1 || !strings.Contains(omitted[0], "by user:somebody@example.com, and its name is ") || !strings.Contains(omitted[0], shown)):
					t.Errorf("omitted: %q, want one with %s", omitted, shown)
				}
			})
		})
	}
}

// An ARN says where the value goes.
func TestARNs(t *testing.T) {
	for arn, fine := range map[string]bool{
		"arn:aws:secretsmanager:us-west-2:123456789012:secret:db":            true,
		"arn:aws:secretsmanager:ap-southeast-12:123456789012:secret:db":      true,
		"arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:db":        true,
		"arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:db": true,
		"arn:aws-iso-b:secretsmanager:us-isob-east-1:123456789012:secret:db": true,
		"arn:aws-eusc:secretsmanager:eusc-de-east-1:123456789012:secret:db":  true,
		"arn:aws-cn:secretsmanager:us-west-2:123456789012:secret:db":         false,
		"arn:aws:secretsmanager:cn-north-1:123456789012:secret:db":           false,
		"arn:aws:secretsmanager:us-gov-west-1:123456789012:secret:db":        false,
		"arn:aws-us-gov:secretsmanager:us-iso-east-1:123456789012:secret:db": false,
		"arn:aws:secretsmanager:s3:123456789012:secret:db":                   false,
		"arn:aws:secretsmanager:us-west:123456789012:secret:db":              false,
		"arn:aws:secretsmanager:us-west-2.evil:123456789012:secret:db":       false,
		"arn:aws:secretsmanager:us-west-2:123456789012:secret:a\u00a0b":      false,
		"arn:aws:s3:us-west-2:123456789012:secret:db":                        false,
		"arn:aws:secretsmanager:us-west-2:123456789012:secret:" + "\n::x":    false,
	} {
		t.Run(arn, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				s.server.AddRecord(robototest.Record{OrgID: robototest.DefaultOrg, Name: "db", ARN: arn})
				s.server.AddSecret(robototest.DefaultOrg, "fine")
				record, err := s.client.Record(t.Context(), ref("db"))
				if !fine {
					s.wantKind(err, roboto.KindUnexpectedAnswer)
				} else if record.ARN != arn {
					t.Errorf("%q: %v", record.ARN, err)
				}
				var listed, omitted []string
				for record, err := range s.client.Records(t.Context(), robototest.DefaultOrg, func(why string) { omitted = append(omitted, why) }) {
					if err != nil {
						t.Fatal(err)
					}
					listed = append(listed, record.Name)
				}
				if fine != slices.Contains(listed, "db") || !slices.Contains(listed, "fine") || fine != (len(omitted) == 0) {
					t.Errorf("the listing has %q, and omits %q", listed, omitted)
				}
			})
		})
	}
}
