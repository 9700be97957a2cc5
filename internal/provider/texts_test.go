// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// planNotices are about secrets, and otherNotices about something else.
var (
	planNotices = []*notice{
		noticeProtected, noticeKeptElsewhere, noticeMissingValue, noticeCreatedTwice, noticeTwoAddresses, noticeAddressChanged, noticeLost,
		noticeReplacedLost, noticeNoValueAgain, noticeOverwritten, noticeMayBeOverwritten, noticeMoves, noticeOtherDefault,
		noticeNameUnresolvable, noticeChangedByTerraform, noticeLineBreak, noticeDeletedElsewhere,
	}
	otherNotices = []*notice{
		noticeOrgChanged, noticeImportID, noticeActionParameters, noticeActionFailed, noticeActionCanceled, noticeActionNotCanceled,
		noticeListLimit, noticeOmitted, noticeNotListed, noticeNoDrift, noticeBinary, noticeUnusable,
	}
)

// Terraform folds warnings of one title, so the title names the secret.
func TestNoticeTexts(t *testing.T) {
	for _, n := range slices.Concat(planNotices, otherNotices) {
		if n.title == "" || n.sentence == "" || n.advice == "" {
			t.Errorf("a notice lacks a text: %+v", n)
		}
	}
	for _, n := range planNotices {
		if !n.refuses && !n.once && !strings.Contains(n.title, "{name}") {
			t.Errorf("the title %q does not name the secret", n.title)
		}
		if !strings.Contains(n.sentence, "{secret}") && !strings.Contains(n.sentence, "{name}") {
			t.Errorf("the sentence %q does not name the secret", n.sentence)
		}
	}
	source, err := os.ReadFile("texts.go")
	if n := strings.Count(string(source), "&notice{"); err != nil || n != len(planNotices)+len(otherNotices) {
		t.Errorf("there are %d notices, and this test knows others (%v)", n, err)
	}
}

// Each kind of error has advice of its own.
func TestEveryKindOfErrorHasAdvice(t *testing.T) {
	given := map[string]roboto.Kind{}
	for _, kind := range slices.Sorted(maps.Keys(advices)) {
		advice := advise(&roboto.Error{Kind: kind})
		if other, taken := given[advice]; taken {
			t.Errorf("%q has the advice of %q: %q", kind, other, advice)
		}
		given[advice] = kind
		if !strings.HasSuffix(advice, ".") || strings.Contains(advice, "{") {
			t.Errorf("%q: %q is not a sentence", kind, advice)
		}
	}
}

// Advice about certificates names the variables that count on the system.
func TestAdviceTrust(t *testing.T) {
	const reads, ignores = "name its file in SSL_CERT_FILE. AWS_CA_BUNDLE has no effect", "SSL_CERT_FILE and AWS_CA_BUNDLE have no effect"
	for goos, texts := range map[string][]string{
		"linux": {reads}, "freebsd": {reads}, "darwin": {"keychain", ignores}, "windows": {"certificates of Windows", ignores},
	} {
		for _, text := range texts {
			if advice := adviceTrust(goos); !strings.Contains(advice, text) {
				t.Errorf("%s: %q is not in the advice: %s", goos, text, advice)
			}
		}
	}
}

// An error of something else is a sentence too.
func TestOtherErrorsAreSentences(t *testing.T) {
	if got := what(errors.New("some mistake")); got != "Some mistake." {
		t.Errorf("%q", got)
	}
}
