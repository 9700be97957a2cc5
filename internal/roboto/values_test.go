// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// A version has its value, its ID and the time at which it was written, however it is asked for.
func TestReadAndWrite(t *testing.T) {
	inService(t, func(s service) {
		access := s.access()
		_, err := access.Read(s.Context(), Version{})
		s.wantKind(err, KindNoValue)

		type version struct {
			Value, ID string
			Created   time.Time
		}
		var written []version
		for _, value := range []string{"first", "second"} {
			time.Sleep(time.Hour + 123*time.Millisecond)
			id, err := access.Write(s.Context(), NewSensitive(value))
			s.wantKind(err, KindOther)
			written = append(written, version{value, id, time.Now().UTC()})
		}
		time.Sleep(time.Hour)
		for asked, want := range map[Version]version{
			{}:                     written[1],
			{ID: written[0].ID}:    written[0],
			{ID: written[1].ID}:    written[1],
			{Stage: StageCurrent}:  written[1],
			{Stage: StagePrevious}: written[0],
		} {
			got, err := access.Read(s.Context(), asked)
			s.wantKind(err, KindOther)
			if diff := cmp.Diff(want, version{got.Text.Reveal(), got.VersionID, got.Created}); diff != "" || got.Created.Location() != time.UTC {
				s.Errorf("version %+v (-want +got):\n%s", asked, diff)
			}
		}
	})
}

// What an error says of the other versions holds no value, and comes in time.
func TestKeptVersions(t *testing.T) {
	inService(t, func(s service) {
		access := s.access()
		want := []Value{}
		for i := range 4 {
			kept, ok := access.Kept(s.Context())
			for _, version := range kept {
				if !version.Text.IsEmpty() {
					s.Error("a version has its value")
				}
			}
			if diff := cmp.Diff(want[:min(i, 2)], kept, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(Sensitive{})); !ok || diff != "" {
				s.Errorf("after %d writes, the versions kept (-want +got):\n%s", i, diff)
			}
			want = append([]Value{{VersionID: s.server.SetValue(testOrg, "db", "value"), Created: time.Now()}}, want...)
		}
		for _, fault := range (faults{{Skip: 1, AWSError: codeAccessDenied}, {Delay: time.Hour}}) {
			s.inject(on(robototest.GetValue, fault))
			began := time.Now()
			if kept, ok := access.Kept(s.Context()); ok || kept != nil || time.Since(began) > 10*time.Second {
				s.Errorf("an answer that is not complete after %s: %v", time.Since(began), kept)
			}
			s.server.ClearFaults()
		}
	})
}

// Whatever happens to the answers, one Write stores one version, and finds out whether it did if a request
// was sent.
func TestWriteStoresOneVersion(t *testing.T) {
	const put = robototest.PutValue
	refused, unknown := syscall.ECONNREFUSED, &net.DNSError{Name: "aws", IsNotFound: true}
	lost := robototest.Fault{Operation: put, Drop: true, After: true}
	type test struct {
		faults faults
		// connects are what becomes of the connections to AWS, if they are counted. The last one is also
		// what becomes of all others.
		connects    []error
		want        Kind
		stored      int
		connections int
	}
	eachCase(t, map[string]test{
		"one answer is lost":               {faults: faults{on(put, lostAnswer)}, stored: 1},
		"all answers are lost":             {faults: faults{lost}, stored: 1},
		"it never takes effect":            {faults: faults{{Operation: put, Drop: true}}, want: KindNoAnswer},
		"a retry of a success is refused":  {faults: faults{on(put, lostAnswer), {Operation: put, AWSError: codeAccessDenied}}, stored: 1},
		"the credentials expire":           {faults: faults{{Operation: put, AWSError: codeExpiredToken, Times: 1}}, stored: 1},
		"the credentials expire each time": {faults: faults{{Operation: put, AWSError: codeExpiredToken}}, want: KindRefused},
		"it is sent once":                  {faults: faults{lost}, connects: []error{nil, refused, refused, nil}, stored: 1, connections: 4},
		"it is never sent":                 {connects: []error{refused}, want: KindNoAnswer, connections: 3},
		"it is never sent, to no avail":    {connects: []error{unknown}, want: KindNoAnswer, connections: 1},
	}, func(s service, test test) {
		connections := 0
		s.client = s.dialing(s.server.SecretsManagerEndpoint(), func() error {
			if connections++; test.connects == nil {
				return nil
			}
			return test.connects[min(connections, len(test.connects))-1]
		})
		access := s.access()
		time.Sleep(time.Hour) // the grace for new secrets is over
		s.inject(test.faults...)
		versionID, err := access.Write(s.Context(), NewSensitive("value"))
		s.wantKind(err, test.want)
		if versions := s.server.Versions(testOrg, "db"); len(versions) != test.stored || len(versions) == 1 && versions[0].ID != versionID {
			s.Errorf("%d versions were stored, want %d with the ID %q", len(versions), test.stored, versionID)
		}
		if test.connects != nil && connections != test.connections {
			s.Errorf("%d connections, want %d", connections, test.connections)
		}
	})
}

func TestValidateValue(t *testing.T) {
	for value, valid := range map[string]bool{"": false, "x": true, strings.Repeat("x", 65536): true, strings.Repeat("x", 65537): false} {
		if err := ValidateValue(NewSensitive(value)); (err == nil) != valid {
			t.Errorf("a value of %d bytes: %v", len(value), err)
		}
	}
}

// JSON would replace what is no UTF-8, and another value would be stored.
func TestValuesThatAreNotUTF8(t *testing.T) {
	inService(t, func(s service) {
		_, err := s.access().Write(s.Context(), NewSensitive("caf\xe9-au-lait"))
		if text := fmt.Sprint(err); !strings.Contains(text, "valid UTF-8") || strings.Contains(text, "lait") {
			s.Errorf("the error is %v", err)
		}
		s.wantCount(robototest.PutValue, 0)
	})
}

// What AWS says of another secret or version is not believed.
func TestAnswersOfAWSAreChecked(t *testing.T) {
	type test struct{ stage, old, changed string }
	eachCase(t, map[string]test{
		"another secret":  {"", "123456789012", "210987654321"},
		"another version": {"", `"VersionId":"`, `"VersionId":"x`},
		"no value":        {"", `"SecretString"`, `"Secret"`},
		"another stage":   {StagePrevious, `["AWSPREVIOUS"]`, `["AWSCURRENT"]`},
		"no version":      {StagePrevious, `"VersionId"`, `"Version"`},
	}, func(s service, test test) {
		access := s.access()
		version := Version{ID: s.server.SetValue(testOrg, "db", "dmFsdWU=")}
		if test.stage != "" {
			s.server.SetValue(testOrg, "db", "b3RoZXI=")
			version = Version{Stage: test.stage}
		}
		_, err := access.Read(s.Context(), version)
		s.wantKind(err, KindOther)
		s.inject(on(robototest.GetValue, replacing(test.old, test.changed)))
		_, err = access.Read(s.Context(), version)
		s.wantKind(err, KindUnexpectedAnswer)
	})
}

// The ID of a version goes into the state. An ID that was asked for cannot be an echo. TestDisguises
// tries other forms.
func TestVersionIDThatRepeatsTheValue(t *testing.T) {
	type test struct {
		value, versionID string
		want             Kind
	}
	eachCase(t, map[string]test{
		"holds the value":     {"s3cr3t-8", "0123-s3cr3t-8-0123456789-0123456789", KindUnexpectedAnswer},
		"holds a short value": {"e", "11111111-2222-3333-4444-55555555555e", KindOther},
		"holds seven bytes":   {"1111111", "11111111-2222-3333-4444-555555555555", KindOther},
	}, func(s service, test test) {
		access := s.access()
		s.inject(on(robototest.GetValue, replacing(s.server.SetValue(testOrg, "db", test.value), test.versionID)))
		for _, version := range []Version{{}, {Stage: StageCurrent}} {
			got, err := access.Read(s.Context(), version)
			if s.wantKind(err, test.want); err == nil && got.VersionID != test.versionID {
				s.Errorf("the version %q was read", got.VersionID)
			}
		}
	})
}

// AWS's message is not shown, because it may repeat the value in any form. The code comes from a
// list of known ones, so it is shown even if the value is the same.
func TestAWSMessagesAreNotShown(t *testing.T) {
	for code, shown := range map[string]bool{codeAccessDenied: true, "EveException": false} {
		inService(t, func(s service) {
			access := s.access()
			s.inject(robototest.Fault{Operation: robototest.PutValue, AWSError: code, Message: "User eve"})
			_, err := access.Write(s.Context(), NewSensitive(code))
			text := fmt.Sprintf("%v %+v %#v", err, err, err)
			if err == nil || strings.Contains(text, "eve") || strings.Contains(text, code) != shown {
				s.Errorf("the error is %s", text)
			}
		})
	}
}

// Not all regions have the same domain.
func TestAWSPlace(t *testing.T) {
	config := Config{APIKey: NewSensitive("key"), APIKeySource: "here", Endpoint: parseURL(t, "https://roboto.example.com")}
	c := NewClient(config, Options{DialContext: new(net.Dialer).DialContext}) // without the environment's proxies
	for region, host := range map[string]string{
		"us-west-2":  "secretsmanager.us-west-2.amazonaws.com",
		"cn-north-1": "secretsmanager.cn-north-1.amazonaws.com.cn",
	} {
		if got := c.awsPlace(region); got != (place{service: ServiceAWS, host: host}) {
			t.Errorf("%s: %+v", region, got)
		}
	}
}

// AWS refuses signatures that are more than five minutes off, and no clock is blamed that is right.
func TestClockSkew(t *testing.T) {
	now := time.Now()
	for date, want := range map[string]string{
		now.Add(4 * time.Minute).UTC().Format(http.TimeFormat):   "",
		now.Add(14 * time.Minute).UTC().Format(http.TimeFormat):  "the clock of this machine is 14 minutes behind AWS's: set it",
		now.Add(-20 * time.Minute).UTC().Format(http.TimeFormat): "the clock of this machine is 20 minutes ahead of AWS's: set it",
		"now": "",
		"":    "",
	} {
		if got := clockSkew(http.Header{"Date": {date}}); got != want {
			t.Errorf("%s by the clock of AWS: %q, want %q", date, got, want)
		}
	}
}
