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
	"io/fs"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leaks"
)

// awkward differs from itself in every encoding.
const awkward = "p\"w\\1\n<&>ü😀/+????${a} %41~T7qZ0xKd93LmVb52"

func marshal(value any) string {
	text, _ := json.Marshal(value) // a string can always be encoded
	return string(text)
}

// search looks for what is named in one text.
func search(t *testing.T, content string, values map[string]string) []leaks.Finding {
	t.Helper()
	var needles []leaks.Needle
	for name, value := range values {
		needles = append(needles, leaks.Needle{Name: name, Value: value})
	}
	findings, _, err := leaks.Search([]leaks.Artifact{leaks.Bytes("log", []byte(content))}, needles)
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
		{"JSON in ASCII", awkward, `p\"w\\1\n<&>\u00fc\ud83d\ude00/+????${a} %41~T7qZ0xKd93LmVb52`},
		{"Go-quoted", bell, strconv.Quote(bell)},
		{"Go-quoted in ASCII", awkward, strconv.QuoteToASCII(awkward)},
		{"HCL", awkward, `p\"w\\1\n<&>ü😀/+????$${a} %41~T7qZ0xKd93LmVb52`},
		{"URL path", awkward, url.PathEscape(awkward)},
		{"URL query", awkward, url.QueryEscape(awkward)},
		{"URL", awkward, strings.ReplaceAll(url.QueryEscape(awkward), "+", "%20")},
		{"URL", awkward, "p%22w%5c1%0a%3c%26%3e%c3%bc%f0%9f%98%80%2f%2b%3f%3f%3f%3f%24%7ba%7d%20%2541~T7qZ0xKd93LmVb52"},
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
	} {
		for _, around := range []string{"", " ", "x=\x00", strings.Repeat("-", 1000)} {
			findings := search(t, around+tc.text+around, map[string]string{"password": tc.value})
			if !slices.ContainsFunc(findings, func(f leaks.Finding) bool {
				return f.Artifact == "log" && f.Needle == "password" && f.Encoding == tc.encoding && !f.Part
			}) {
				t.Errorf("not found as %s in %.20q…: %s", tc.encoding, around, tc.text)
				break
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
		"end":               {long, "-" + long[len(long)-31:], fmt.Sprintf(part, "raw", 16)},
		"wrapped":           {long, long[100:140] + "\n│ " + long[140:180], fmt.Sprintf(part, "raw", 12)},
		"cut base64":        {long, base64.StdEncoding.EncodeToString([]byte(long))[5:50], fmt.Sprintf(part, "base64", 16)},
		"without ends":      {long, long[1 : len(long)-1], fmt.Sprintf(part, "raw", 15)},
		"short without end": {short, short[1:], fmt.Sprintf(part, "raw", 3)},
		"too little":        {awkward, awkward[:15] + " " + awkward[16:31], "[]"},
		"short in pieces":   {pin[:8], "T7qZ0xK d" + randomText(1<<20) + "T7qZ0xK", "[]"},
		"another text":      {long, randomText(1 << 20), "[]"},
	} {
		if got := fmt.Sprint(search(t, tc.content, map[string]string{"API key": tc.value})); got != tc.want {
			t.Errorf("%s: got %s, want %s", name, got, tc.want)
		}
	}
}

func TestSearchTellsApartWhatSharesLessThanABlock(t *testing.T) {
	const shared = "\"'\\ <ü&%/+?>\n" // 15 bytes, which are many more in most encodings
	mine, others := randomText(13)+shared+randomText(13), randomText(13)+shared+randomText(13)
	for _, content := range []string{
		mine, marshal(mine), strconv.Quote(mine),
		hex.EncodeToString([]byte(mine)), base64.StdEncoding.EncodeToString([]byte(mine)),
	} {
		for _, f := range search(t, content, map[string]string{"mine": mine, "other's": others}) {
			if f.Needle != "mine" || f.Part {
				t.Errorf("in %s: %s", content, f)
			}
		}
	}
}

func TestSearchUnzipsArchivesInArchives(t *testing.T) {
	value := randomText(20)
	inner := zipped(t, "state.json", strings.Repeat(" ", 5000)+value)
	plan := zipped(t, "tfplan", inner)
	findings, stats, err := leaks.Search([]leaks.Artifact{leaks.Bytes("plan.tfplan", []byte(plan))}, []leaks.Needle{{Name: "password", Value: value}})
	must(t, err)
	if len(findings) != 1 || findings[0].Artifact != "plan.tfplan/tfplan/state.json" {
		t.Errorf("got %v", findings)
	}
	if want := int64(len(plan) + len(inner) + 5020); stats.Artifacts != 3 || stats.Bytes != want {
		t.Errorf("got %+v, want 3 artifacts with %d bytes", stats, want)
	}
}

func TestSearchRefusesWhatItCannotDoWhole(t *testing.T) {
	archive := zipped(t, "tfplan", randomText(5000))
	plan := func(content string) leaks.Artifact { return leaks.Bytes("plan", []byte(content)) }
	for name, tc := range map[string]struct {
		artifacts []leaks.Artifact
		needle    string
		want      string
	}{
		"no artifacts":      {nil, randomText(20), "needs artifacts"},
		"no needles":        {[]leaks.Artifact{plan("")}, "", "needs artifacts and needles"},
		"short needle":      {[]leaks.Artifact{plan("")}, "123", `"pin" is shorter`},
		"truncated archive": {[]leaks.Artifact{plan(archive[:len(archive)-30])}, randomText(20), "unzipping plan"},
		"damaged member":    {[]leaks.Artifact{plan(archive[:500] + strings.Repeat("\xff", 64) + archive[564:])}, randomText(20), "unzipping plan/tfplan"},
	} {
		var needles []leaks.Needle
		if tc.needle != "" {
			needles = []leaks.Needle{{Name: "pin", Value: tc.needle}}
		}
		_, _, err := leaks.Search(tc.artifacts, needles)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got error %v, want %q", name, err, tc.want)
		}
	}
}

func TestFilesListsRegularFilesOnly(t *testing.T) {
	artifacts, err := leaks.Files(fstest.MapFS{
		"terraform.tfstate":        {Data: []byte("state")},
		"deep/er/trace.log":        {Data: []byte("log")},
		".terraform/providers/bin": {Data: []byte("binary")},
		"link":                     {Data: []byte("elsewhere"), Mode: fs.ModeSymlink},
	}, func(dir string) bool { return dir == ".terraform/providers" })
	must(t, err)
	got := map[string]string{}
	for _, a := range artifacts {
		got[a.Name] = string(a.Content)
	}
	if diff := cmp.Diff(map[string]string{"deep/er/trace.log": "log", "terraform.tfstate": "state"}, got); diff != "" {
		t.Errorf("the files (-want +got):\n%s", diff)
	}
}

func randomText(length int) string {
	random := make([]byte, length)
	_, _ = rand.Read(random) // it never fails
	return base64.RawURLEncoding.EncodeToString(random)[:length]
}

func zipped(t *testing.T, name, content string) string {
	t.Helper()
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	member, err := w.Create(name)
	must(t, err)
	_, err = member.Write([]byte(content))
	must(t, err)
	must(t, w.Close())
	return archive.String()
}
