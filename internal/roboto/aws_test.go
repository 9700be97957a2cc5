// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"net"
	"net/url"
	"testing"
)

func parseURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestAWSPlace(t *testing.T) {
	for region, host := range map[string]string{
		"us-west-2":  "secretsmanager.us-west-2.amazonaws.com",
		"cn-north-1": "secretsmanager.cn-north-1.amazonaws.com.cn",
	} {
		c := NewClient(
			Config{APIKey: NewSensitive("key"), APIKeySource: "here", Endpoint: parseURL(t, "https://roboto.example.com")},
			Options{DialContext: new(net.Dialer).DialContext}, // without the environment's proxies
		)
		if got := c.awsPlace(region); got != (place{service: ServiceAWS, host: host}) {
			t.Errorf("%s: %+v", region, got)
		}
	}
}
