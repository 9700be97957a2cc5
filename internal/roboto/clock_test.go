// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// AWS refuses signatures that are more than five minutes off. The SDK then signs again by AWS's clock. If
// it may not, the error says how far off the clock is, and blames no clock that is right.
func TestWrongClock(t *testing.T) {
	const proxy = "AWS does not accept the signature of the request, which a proxy may have changed."
	for name, test := range map[string]struct {
		ahead    time.Duration // AWS's clock
		attempts int
		fault    robototest.Fault
		writes   int // of two values
		want     string
	}{
		"almost right":     {ahead: 4 * time.Minute, attempts: 1, writes: 2},
		"behind":           {ahead: 14 * time.Minute, attempts: 3, writes: 3},
		"ahead":            {ahead: -14 * time.Minute, attempts: 3, writes: 3},
		"a day behind":     {ahead: 26 * time.Hour, attempts: 2, writes: 3},
		"one attempt":      {ahead: 14 * time.Minute, attempts: 1, writes: 2, want: "The clock of this machine is 14 minutes behind AWS's: set it."},
		"ahead, expired":   {ahead: -20 * time.Minute, attempts: 3, fault: robototest.Fault{AWSError: "RequestExpired"}, writes: 2, want: "The clock of this machine is 20 minutes ahead of AWS's: set it."},
		"right, refused":   {attempts: 3, fault: robototest.Fault{AWSError: "InvalidSignatureException"}, writes: 2, want: proxy},
		"without a Date":   {attempts: 3, fault: robototest.Fault{AWSError: "SignatureDoesNotMatch", Header: http.Header{"Date": nil}}, writes: 2, want: proxy},
		"an unusable Date": {attempts: 3, fault: robototest.Fault{AWSError: "SignatureDoesNotMatch", Header: http.Header{"Date": {"now"}}}, writes: 2, want: proxy},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := robototest.Start(t, robototest.Options{InMemory: true, ClockAhead: test.ahead})
				s := service{t, server, newClient(t, server, roboto.Config{MaxAttempts: test.attempts})}
				if test.fault.AWSError != "" {
					test.fault.Operation, test.fault.Times = robototest.PutValue, 1
					server.Inject(test.fault)
				}
				for i, name := range []string{"a", "b"} {
					server.AddSecret(robototest.DefaultOrg, name)
					_, err := s.client.ValueAccess(roboto.Record{SecretRef: ref(name)}).Write(t.Context(), roboto.NewSensitive("value"))
					if i == 0 && test.want != "" {
						if s.wantKind(err, roboto.KindRefused); err != nil && !strings.HasSuffix(err.Error(), test.want) {
							t.Errorf("the error is %v", err)
						}
						continue
					}
					s.wantKind(err, roboto.KindOther)
				}
				s.wantCount(robototest.PutValue, test.writes)
			})
		})
	}
}
