// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package hostile

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestTerraformListsALargePage measures the whole provider, in which the framework takes
// most of the memory.
func TestTerraformListsALargePage(t *testing.T) {
	for name, test := range map[string]struct {
		piece string
		least int
	}{
		"many records": {longRecord(206, 206), 7_800},
		"long names":   {longRecord(1_900, 20), 2_000},
	} {
		t.Run(name, func(t *testing.T) {
			endpoint := serve(t, body(fill(nearlyRobotoLimit, `{"data":{"items":[`, test.piece, "]}}")))
			provider := startDebugged(t, nil, "TF_LOG=", "ROBOTO_API_KEY="+apiKey, "ROBOTO_SERVICE_ENDPOINT="+endpoint, "ROBOTO_ORG_ID="+orgID)
			workspace, err := provider.workspace(t)
			if err != nil {
				t.Fatal(err)
			}
			if err := workspace.Init(t.Context(), required+`

data "roboto_secrets" "all" {}

output "count" {
  value = length(data.roboto_secrets.all.secrets)
}
`); err != nil {
				t.Fatal(err)
			}
			result, err := workspace.Run(t.Context(), nil, "plan")
			if err != nil {
				t.Fatal(err)
			}
			found := regexp.MustCompile(`count = (\d+)`).FindStringSubmatch(result.Output())
			if found == nil {
				t.Fatal(result.Output())
			}
			if n, _ := strconv.Atoi(found[1]); n < test.least {
				t.Errorf("%d records were listed, want %d at least", n, test.least)
			}
			mib := peakMiB(strconv.Itoa(provider.cmd.Process.Pid))
			t.Logf("%s records, %d MiB", found[1], mib)
			if mib > mostMiB {
				t.Errorf("it took %d MiB, want %d at most", mib, mostMiB)
			}
		})
	}
}

// longRecord is a record for fill, with texts of the given lengths.
func longRecord(name, by int) string {
	return fmt.Sprintf(`{"name":"%[1]s-#","org_id":%[2]q,"store_type":"aws","location":{"store_type":"aws","arn":"%[3]s-%[1]s-#"},"created":"2026-01-02T03:04:05Z","created_by":%[4]q,"modified_by":%[4]q}`,
		strings.Repeat("x", name), orgID, arn, strings.Repeat("y", by))
}
