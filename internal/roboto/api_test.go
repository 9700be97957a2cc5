// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"net/http"
	"net/url"
	"testing"
)

// Gateways refuse a GET with a body, an empty one too, which HTTP/2 makes visible.
func TestRequestsWithoutABodyHaveNone(t *testing.T) {
	endpoint, err := url.Parse("https://api.roboto.ai")
	if err != nil {
		t.Fatal(err)
	}
	c := NewClient(Config{APIKey: NewSensitive("key"), Endpoint: endpoint}, Options{})
	req, err := c.newRequest(t.Context(), request{method: http.MethodGet, path: []string{"v1", "secrets"}})
	if err != nil {
		t.Fatal(err)
	}
	if body, err := req.BodyBytes(); err != nil || body != nil || req.ContentLength != 0 {
		t.Errorf("the request has the body %q of %d bytes (%v)", body, req.ContentLength, err)
	}
}
