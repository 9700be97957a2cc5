// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaktest

import (
	"crypto/rand"
	"strings"
)

// awkward are values that are hard to write down, by kind. Each ~ becomes random
// text; what stands between two is short, so that no piece of a value is anywhere
// else by chance.
var awkward = map[string]string{
	"quotes":        `"~"~'~\~` + "`~`",
	"newlines":      "~\n~\r\n~\t~\n",
	"non-ascii":     "~ü~日~😀~é~",
	"regexp-like":   `^(~|~)*[~-~]+\d{3}~.?$`,
	"json-like":     `{"~":"~","~":[~,~]}`,
	"template-like": `${var.~}%{if ~}~%%{~$${~}<%~%>`,
	"60-kB":         strings.Repeat("~", 60_000/slotBytes),
}

// slotBytes is the length of the random text in place of a ~: long enough that the
// search, which finds any 32 bytes of a value, finds one in pieces too, as those of
// several lines are in Terraform's log; and too short to pass for a token, since what
// looks like one is redacted wherever it comes from.
const slotBytes = 36

// canary is a value of a kind that is nowhere else in the world.
func canary(kind string) string {
	pieces := strings.Split(awkward[kind], "~")
	var value strings.Builder
	for i, piece := range pieces {
		if i > 0 {
			value.WriteString((rand.Text() + rand.Text())[:slotBytes])
		}
		value.WriteString(piece)
	}
	return value.String()
}
