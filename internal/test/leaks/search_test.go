// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaks_test

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leaks"
)

// awkward differs from itself in every encoding.
const awkward = "p\"w\\1\n<&>ü😀/+????${a} %41~T7qZ0xKd93LmVb52"

func marshal(value any) string {
	text, _ := json.Marshal(value) // a string can always be encoded
	return string(text)
}

// private is a note in a resource's private data, as the state has it.
func private(note string) string {
	return base64.StdEncoding.EncodeToString([]byte(marshal(map[string][]byte{"note": []byte(marshal(note))})))
}

func search(t *testing.T, content, value string) []leaks.Finding {
	t.Helper()
	findings, _, err := leaks.Search([]leaks.Artifact{leaks.Bytes("log", []byte(content))}, []leaks.Needle{{Name: "API key", Value: value}})
	must(t, err)
	return findings
}

func TestSearchFindsValueInEachEncoding(t *testing.T) {
	const plainJSON = `p\"w\\1\n<&>ü😀/+????${a} %41~T7qZ0xKd93LmVb52`
	const bell = "bell\a-T7qZ0xKd93LmVb52"
	sum := sha256.Sum256([]byte(awkward))
	for _, tc := range []struct {
		encoding, value, text string
	}{
		{"raw", awkward, awkward},
		{"JSON", awkward, marshal(awkward)},
		{"JSON", awkward, plainJSON},
		{"Go-quoted", bell, strconv.Quote(bell)},
		{"URL path", awkward, url.PathEscape(awkward)},
		{"URL query", awkward, url.QueryEscape(awkward)},
		{"hex", awkward, hex.EncodeToString([]byte(awkward))},
		{"hex", awkward, strings.ToUpper(hex.EncodeToString([]byte(awkward)))},
		{"base64", awkward, base64.StdEncoding.EncodeToString([]byte(awkward))},
		{"base64", awkward, base64.StdEncoding.EncodeToString([]byte("1" + awkward + "12"))},
		{"base64", awkward, base64.StdEncoding.EncodeToString([]byte("12" + awkward + "1"))},
		{"base64 (URL alphabet)", awkward, base64.URLEncoding.EncodeToString([]byte("\xff\xfe" + awkward))},
		{"JSON of JSON", awkward, marshal(`{"message":"` + plainJSON + `"}`)},
		{"SHA-256", awkward, hex.EncodeToString(sum[:])},
		{"SHA-256 in base64", awkward, base64.StdEncoding.EncodeToString(sum[:])},
		{"base64 of JSON", awkward, base64.StdEncoding.EncodeToString([]byte(`{"k":` + marshal(awkward) + `}`))},
		{"base64 of base64 of JSON", awkward, private(awkward)},
		{"base64 of base64 of SHA-256", awkward, private(hex.EncodeToString(sum[:]))},
	} {
		for _, around := range []string{"", " ", "x=\x00", strings.Repeat("-", 1000)} {
			found := fmt.Sprint(search(t, around+tc.text+around, tc.value))
			if !strings.Contains(found, "log holds API key ("+tc.encoding+", at byte ") {
				t.Errorf("not found as %s in %.20q…: %s", tc.encoding, around, tc.text)
			}
		}
	}
}

// Of each value a part of 32 bytes is found, or what is left without its ends. The finding says where
// it is, but not the value.
func TestSearchFindsWhatIsLeftOfAValue(t *testing.T) {
	const whole, part, pin = "[log holds API key (%s, at byte %d)]", "[log holds a part of API key (%s, at byte %d)]", "T7qZ0xKd93LmVb52"
	long, short := randomText(60_000), randomText(20)
	for name, tc := range map[string]struct {
		value, content string
		want           string
	}{
		"in a line":         {pin, "a line\nkey=" + pin + "\n", fmt.Sprintf(whole, "raw", 11)},
		"whole":             {long, long, fmt.Sprintf(whole, "raw", 0)},
		"beginning":         {long, long[:31] + "…", fmt.Sprintf(part, "raw", 0)},
		"middle":            {long, "-" + long[777:777+31] + "…", fmt.Sprintf(part, "raw", 8)},
		"end":               {long, "." + long[len(long)-31:], fmt.Sprintf(part, "raw", 16)},
		"wrapped":           {long, long[100:140] + "\n│ " + long[140:180], fmt.Sprintf(part, "raw", 12)},
		"cut base64":        {long, base64.StdEncoding.EncodeToString([]byte(long))[5:50], fmt.Sprintf(part, "base64", 16)},
		"without ends":      {long, long[1 : len(long)-1], fmt.Sprintf(part, "raw", 15)},
		"short without end": {short, short[1:], fmt.Sprintf(part, "raw", 3)},
		"another encoding":  {"ü" + pin, strconv.QuoteToASCII("ü" + pin), fmt.Sprintf(part, "raw", 7)},
		"too little":        {awkward, awkward[:15] + " " + awkward[16:31], "[]"},
		"short in pieces":   {pin[:8], "T7qZ0xK d" + randomText(1<<20) + "T7qZ0xK", "[]"},
		"another text":      {long, randomText(1 << 20), "[]"},
	} {
		if got := fmt.Sprint(search(t, tc.content, tc.value)); got != tc.want {
			t.Errorf("%s: got %s, want %s", name, got, tc.want)
		}
	}
}

func TestSearchRefusesWhatItCannotDoWhole(t *testing.T) {
	var zipped bytes.Buffer
	w := zip.NewWriter(&zipped)
	must(t, w.AddFS(fstest.MapFS{"tfplan": {Data: []byte(randomText(5000))}}))
	must(t, w.Close())
	archive := zipped.String()
	plan := func(content string) []leaks.Artifact { return []leaks.Artifact{leaks.Bytes("plan", []byte(content))} }
	needles := func(value string) []leaks.Needle { return []leaks.Needle{{Name: "pin", Value: value}} }
	for name, tc := range map[string]struct {
		artifacts []leaks.Artifact
		needles   []leaks.Needle
		want      string
	}{
		"no artifacts":      {nil, needles(randomText(20)), "needs artifacts"},
		"no needles":        {plan(""), nil, "needs artifacts and needles"},
		"short needle":      {plan(""), needles("123"), `"pin" is shorter`},
		"truncated archive": {plan(archive[:len(archive)-30]), needles(randomText(20)), "unzipping plan"},
		"damaged member":    {plan(archive[:500] + strings.Repeat("\xff", 64) + archive[564:]), needles(randomText(20)), "unzipping plan/tfplan"},
	} {
		if _, _, err := leaks.Search(tc.artifacts, tc.needles); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got error %v, want %q", name, err, tc.want)
		}
	}
}

func randomText(length int) string {
	random := make([]byte, length)
	_, _ = rand.Read(random) // it never fails
	return base64.RawURLEncoding.EncodeToString(random)[:length]
}
