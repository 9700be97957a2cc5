// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package hostile

import (
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// TestProxyPassword has passwords in HTTPS_PROXY that are not escaped. What Go then takes for the
// host is a piece of what comes before the "@".
func TestProxyPassword(t *testing.T) {
	mirror, err := terraformcli.BuildMirror(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	terraform, err := terraformcli.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	workspace, err := terraformcli.NewWorkspace(terraformcli.TempDir(t), terraform, mirror,
		"ROBOTO_API_KEY="+apiKey, "ROBOTO_SERVICE_ENDPOINT=https://api.example.com", "TF_LOG=TRACE")
	if err != nil {
		t.Fatal(err)
	}
	if err := workspace.Init(t.Context(), required+`
provider "roboto" {
  max_attempts    = 1
  request_timeout = "2s"
}

data "roboto_secrets" "all" {
  org_id = "og_hostile"
}
`); err != nil {
		t.Fatal(err)
	}
	const named = "through the proxy proxy.invalid:3128 of HTTPS_PROXY"
	for proxy, shown := range map[string]bool{
		"http://kanarienvogel:4711@proxy.invalid:3128":      true,
		"kanarienvogel:4711@proxy.invalid:3128":             true,
		"http://kanarien@vogel:4711@proxy.invalid:3128":     true,
		"http://kanarienvogel?4711@proxy.invalid:3128":      false,
		"http://kanarienvogel:4711?x@proxy.invalid:3128":    false,
		"kanarienvogel:4711/x@proxy.invalid:3128":           false,
		"kanarienvogel:4711^x@proxy.invalid:3128":           false,
		"https://kanarienvogel:4711#x@proxy.invalid:3128":   false,
		"socks5://x:47@kanarienvogel?11@proxy.invalid:3128": false,
	} {
		t.Run(proxy, func(t *testing.T) {
			result, err := workspace.Run(t.Context(), []string{"HTTPS_PROXY=" + proxy}, "plan")
			if err != nil {
				t.Fatal(err)
			}
			printed := strings.Join(strings.Fields(strings.ReplaceAll(result.Output(), "│", " ")), " ")
			if !strings.Contains(printed, "proxy of HTTPS_PROXY cannot be reached") || !strings.Contains(printed, "Sent request") {
				t.Errorf("no request went to the proxy, or the log is not at TRACE:\n%.3000s", printed)
			}
			if strings.Contains(printed, named) != shown {
				t.Errorf("it is not %t that the proxy's host is shown", shown)
			}
			for _, piece := range []string{"kanarien", "vogel", ":4711"} {
				if strings.Contains(printed, piece) {
					t.Errorf("%q is shown", piece)
				}
			}
		})
	}
}
