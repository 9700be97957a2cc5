// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// Whoever adds a kind of error has to say what happened and what to do next. Only refusals
// that nobody foresaw share their advice.
func TestEveryKindOfErrorHasAdvice(t *testing.T) {
	given := map[string]roboto.Kind{}
	count := 0
	for kind := roboto.KindOther + 1; kind.String() != ""; kind++ {
		count++
		explained := explain(&roboto.Error{
			Kind: kind, Ref: roboto.SecretRef{Name: "db", OrgID: "og_test"}, Service: "Roboto", Request: "GET /v1/x", StatusCode: 418, Problem: "there is a problem",
		})
		if explained.what == "" || explained.next == "" {
			t.Errorf("%s: %q, and next %q", kind, explained.what, explained.next)
		}
		if other, taken := given[explained.next]; taken {
			t.Errorf("%s has the advice of %s: %q", kind, other, explained.next)
		}
		given[explained.next] = kind
		for _, text := range []string{explained.what, explained.next} {
			last := text[strings.LastIndex(text, "\n")+1:]
			if !strings.HasSuffix(last, ".") && !strings.HasSuffix(last, "}") {
				t.Errorf("%s: %q does not end as a sentence", kind, text)
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d kinds were checked", count)
	}
}

// What went wrong inside is told, not hidden.
func TestExplanationTellsTheCause(t *testing.T) {
	cause := &roboto.Error{Kind: roboto.KindUnavailable, Service: "Roboto", Request: "POST /v1/secrets", StatusCode: 503, Message: "busy"}
	for _, kind := range []roboto.Kind{roboto.KindNameTaken, roboto.KindUnsettledCreate, roboto.KindUnsettledDelete, roboto.KindUnsettledInvoke, roboto.KindLostInvocation, roboto.KindUnconfirmedGone} {
		explained := explain(&roboto.Error{Kind: kind, Ref: roboto.SecretRef{Name: "db"}, Err: cause})
		if !strings.Contains(explained.what, "503 Service Unavailable to POST /v1/secrets: busy.") {
			t.Errorf("%s: %q", kind, explained.what)
		}
	}
	if explained := explain(errors.New("some mistake")); explained.what != "Some mistake." {
		t.Errorf("%q", explained.what)
	}
}

// Where a request went is told with the proxy in the way.
func TestExplanationTellsTheRoute(t *testing.T) {
	failure := &roboto.Error{
		Kind: roboto.KindNoAnswer, Service: "Roboto", Request: "GET /v1/x", Problem: "the proxy answered 407 Proxy Authentication Required",
		Route: roboto.Route{Host: "api.roboto.ai", Proxy: "proxy.example.com:3128", APIKey: roboto.KeySource{From: "ROBOTO_API_KEY"}},
	}
	const want = "No usable answer came from Roboto (api.roboto.ai, through the proxy proxy.example.com:3128 of HTTPS_PROXY, with the API key from ROBOTO_API_KEY): " +
		"the proxy answered 407 Proxy Authentication Required (GET /v1/x)."
	if got := explain(failure).what; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
