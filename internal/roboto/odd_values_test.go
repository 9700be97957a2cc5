// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

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

// The texts of a record go into the state.
func TestRecordTextsThatAreRefused(t *testing.T) {
	key := func(s service) string { return s.server.APIKey() }
	for name, test := range map[string]struct {
		createdBy func(service) string
		want      string
	}{
		"API key":           {key, "repeats the API key"},
		"API key in hex":    {func(s service) string { return hex.EncodeToString([]byte(key(s))) }, "repeats the API key"},
		"API key in base64": {func(s service) string { return base64.StdEncoding.EncodeToString([]byte("x" + key(s))) }, "repeats the API key"},
		"API key in a URL":  {func(s service) string { return url.QueryEscape("of " + key(s)) }, "repeats the API key"},
		"as long as an ARN": {func(service) string { return strings.Repeat("x", 2048) }, ""},
		"longer":            {func(service) string { return strings.Repeat("x", 2049) }, "a secret record has a text of more than 2048 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			inService(t, func(t *testing.T, s service) {
				s.server.AddSecret(robototest.DefaultOrg, "db")
				createdBy, err := json.Marshal(test.createdBy(s))
				if err != nil {
					t.Fatal(err)
				}
				s.server.Inject(robototest.Fault{Operation: robototest.GetSecret, Mutate: func(b []byte) []byte {
					return regexp.MustCompile(`"created_by":"[^"]*"`).ReplaceAllLiteral(b, append([]byte(`"created_by":`), createdBy...))
				}})
				_, err = s.client.Record(t.Context(), ref("db"))
				if test.want == "" {
					s.wantKind(err, roboto.KindOther)
					return
				}
				s.wantKind(err, roboto.KindUnexpectedAnswer)
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("the error is %v, want one with %q", err, test.want)
				}
			})
		})
	}
}
