// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/wire"
)

// TestWhatDiffersIsNoticed runs TestConformance in a process of its own, as against a real service. Whatever
// is wrong there, nothing stays and nothing secret is printed.
func TestWhatDiffersIsNoticed(t *testing.T) {
	replace := func(old, replacement string) func([]byte) []byte {
		return func(body []byte) []byte { return bytes.ReplaceAll(body, []byte(old), []byte(replacement)) }
	}
	const key = "rbt_ABCDEFGHIJ"
	for name, test := range map[string]struct {
		fault robototest.Fault
		// env replaces a variable, and interrupt comes while a value is written.
		env       string
		interrupt bool
		// holds is the exit code, want a text in what is printed or reported.
		holds bool
		want  string
	}{
		"nothing":                 {holds: true, want: fmt.Sprintf("%[1]d of %[1]d facts hold, 0 differ", len(facts()))},
		"no action":               {env: actionVariable + "=", holds: true, want: "| The rest of TestConformance/actions. | there is no action"},
		"a field left out":        {fault: robototest.Fault{Mutate: replace(`"created_by"`, `"creator"`)}, want: "| 2 | differs |"},
		"no Date":                 {fault: robototest.Fault{Header: http.Header{"Date": nil}}, want: "| 5 | differs |"},
		"another value":           {fault: robototest.Fault{Operation: robototest.GetValue, Mutate: replace(`ü"`, `u"`)}, want: "| 61 | differs |"},
		"a lost create":           {fault: robototest.Fault{Operation: robototest.CreateSecret, After: true, Drop: true}, holds: true, want: "| The rest of TestConformance/records. | no answer"},
		"trouble":                 {fault: robototest.Fault{Operation: robototest.GetUser, Status: 503}, holds: true, want: "| The rest of TestConformance/organizations. | the answer was 503"},
		"a refusal":               {fault: robototest.Fault{Operation: robototest.GetCredentials, Status: 403}, holds: true, want: "| The rest of TestConformance/values. | the answer was 403"},
		"an idle cancellation":    {fault: robototest.Fault{Operation: robototest.CancelInvocation, Status: 204}, want: `Left behind: "the invocation iv_`},
		"an idle deletion":        {fault: robototest.Fault{Operation: robototest.DeleteSecret, Status: 204}, want: `Left behind: "` + wire.NamePrefix},
		"another organization":    {env: "ROBOTO_ORG_ID=og_wrong", want: "| 42 | differs |"},
		"an interrupt":            {interrupt: true, want: "| The rest of TestConformance/credentials. | interrupted"},
		"echoes":                  {fault: robototest.Fault{Operation: robototest.GetValue, Echo: true}, want: "| 60 | differs |"},
		"another key":             {env: "ROBOTO_API_KEY=another", want: "Roboto answered 403"},
		"no organization":         {env: "ROBOTO_ORG_ID=", want: "name an organization for tests"},
		"something else":          {fault: robototest.Fault{Body: "<html>Sign in</html>"}, want: "Roboto answered 200"},
		"secrets where a code is": {fault: robototest.Fault{Operation: robototest.GetSecret, Code: key}, want: "| 10 | differs |"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestConformance$", "-lag=0", "-report="+filepath.Join(t.TempDir(), "report.md"))
			server := robototest.Start(t, robototest.Options{PageSize: 2, APIKey: key})
			server.AllowViolations()
			server.AddAction(robototest.Action{Name: "endless", Hang: true})
			server.AddSecret(robototest.DefaultOrg, "production")
			if !test.interrupt {
				server.Inject(test.fault)
			}
			child.Env = slices.Concat(os.Environ(), server.Env(), []string{"TF_ACC=1", "ROBOTO_ORG_ID=" + robototest.DefaultOrg, actionVariable + "=endless", test.env})
			var printed bytes.Buffer
			child.Stdout, child.Stderr = &printed, &printed
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			if test.interrupt { // of a process that has begun
				server.Inject(robototest.Fault{Operation: robototest.PutValue, Delay: time.Hour, Match: func(robototest.Request) bool {
					return child.Process.Signal(os.Interrupt) == nil
				}})
			}
			err := child.Wait()
			report, _ := os.ReadFile(strings.TrimPrefix(child.Args[len(child.Args)-1], "-report="))
			text := printed.String() + string(report)
			if (err == nil) != test.holds || !strings.Contains(text, test.want) {
				t.Errorf("%v; %q is missing in\n%s", err, test.want, text)
			}
			if n := len(server.Records(robototest.DefaultOrg)); n > 1 && name != "an idle deletion" || n == 0 {
				t.Errorf("%d secrets are there", n)
			}
			secrets := []string{key, "caller@example.com", "123456789012", strings.TrimPrefix(server.Endpoint(), "http://")}
			for _, issued := range server.IssuedCredentials() {
				secrets = append(secrets, issued.AccessKeyID, issued.SecretAccessKey, issued.SessionToken)
			}
			for _, r := range server.Requests() {
				var input struct{ SecretString string }
				_ = json.Unmarshal(r.Body, &input) // only what writes a value has one
				secrets = append(secrets, input.SecretString)
			}
			for _, secret := range secrets {
				if secret != "" && strings.Contains(text, secret) {
					t.Errorf("%.12s… is printed:\n%s", secret, text)
				}
			}
		})
	}
}
