// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"regexp"
	"strings"
)

// minSecret is the length from which a secret is told from a word by chance.
const minSecret = 8

// redactor is the second line of defense: what is reported is made of fixed words,
// statuses, codes and counts in the first place.
type redactor struct {
	known []string
}

func (r *redactor) add(secrets ...string) {
	for _, secret := range secrets {
		if len(secret) >= minSecret {
			r.known = appendNew(r.known, secret)
		}
	}
}

var (
	arnText   = regexp.MustCompile(`arn:aws[^\s"]*`)
	eMailText = regexp.MustCompile(`[^\s"@]+@[^\s"@]+\.[A-Za-z]+`)
	// An AWS account's ID has twelve digits.
	longNumber = regexp.MustCompile(`\d{12,}`)
)

func (r *redactor) redact(text string) string {
	for _, secret := range r.known {
		text = strings.ReplaceAll(text, secret, "(redacted)")
	}
	text = arnText.ReplaceAllString(text, "(an ARN)")
	text = eMailText.ReplaceAllString(text, "(an e-mail address)")
	return longNumber.ReplaceAllString(text, "(a long number)")
}
