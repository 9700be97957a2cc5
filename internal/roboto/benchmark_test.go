// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
)

func BenchmarkParseURI(b *testing.B) {
	for b.Loop() {
		if _, err := ParseURI("roboto-secret://production-database-password@og_0123456789ab"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodePage decodes and checks a page of 100 records.
func BenchmarkDecodePage(b *testing.B) {
	items := make([]map[string]any, 100)
	for i := range items {
		items[i] = map[string]any{
			"name": fmt.Sprintf("secret-%d", i), "org_id": "og_test", "store_type": "aws",
			"location": map[string]any{"store_type": "aws", "arn": fmt.Sprintf("arn:aws:secretsmanager:us-west-2:123456789012:secret:roboto/%d-AbCdEf", i)},
			"created":  "2026-05-20T10:00:00.123456Z", "created_by": "somebody@example.com",
			"modified": "2026-05-20T10:00:00.123456Z", "modified_by": "somebody@example.com", "last_used": nil,
		}
	}
	page, err := json.Marshal(map[string]any{"items": items, "next_token": "token"})
	if err != nil {
		b.Fatal(err)
	}
	c := NewClient(Config{APIKey: NewSensitive("an-api-key-of-some-length"), Endpoint: &url.URL{}}, Options{})
	ans := answer{data: page}
	b.SetBytes(int64(len(page)))
	for b.Loop() {
		var wire struct {
			Items []wireRecord `json:"items"`
		}
		if err := ans.decode(&wire); err != nil {
			b.Fatal(err)
		}
		for _, item := range wire.Items {
			if _, _, err := c.record(ans, item); err != nil {
				b.Fatal(err)
			}
		}
	}
}
