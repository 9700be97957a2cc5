// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// Each kind of error has advice of its own. Only refusals that nobody foresaw share it.
func TestEveryKindOfErrorHasAdvice(t *testing.T) {
	given := map[string]roboto.Kind{}
	for _, kind := range append(slices.Collect(maps.Keys(advices)), roboto.KindTokenRefused, roboto.KindUnauthorized) {
		advice := advise(&roboto.Error{Kind: kind, Ref: roboto.SecretRef{Name: "db", OrgID: "og_test"}})
		if other, taken := given[advice]; taken && kind != roboto.KindRefused && other != roboto.KindRefused {
			t.Errorf("%q has the advice of %q: %q", kind, other, advice)
		}
		given[advice] = kind
		if !strings.HasSuffix(advice, ".") {
			t.Errorf("%q: %q does not end as a sentence", kind, advice)
		}
	}
}

// An error of something else is a sentence too.
func TestExplainOtherErrors(t *testing.T) {
	if explained := explain(errors.New("some mistake")); explained.what != "Some mistake." {
		t.Errorf("%q", explained.what)
	}
}
