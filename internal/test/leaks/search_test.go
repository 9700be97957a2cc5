// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaks_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leaks"
)

// awkward differs from itself in every encoding.
const awkward = "p\"w\\1\n<&>ü😀/+????${a} %41~T7qZ0xKd93LmVb52"

func marshal(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func search(t *testing.T, content string, needles ...leaks.Needle) []leaks.Finding {
	t.Helper()
	findings, _, err := leaks.Search([]leaks.Artifact{leaks.Bytes("log", []byte(content))}, needles)
	if err != nil {
		t.Fatal(err)
	}
	return findings
}

func TestSearchFindsValueInEachEncoding(t *testing.T) {
	plainJSON := `p\"w\\1\n<&>ü😀/+????${a} %41~T7qZ0xKd93LmVb52`
	for _, tc := range []struct {
		encoding, text string
	}{
		{"raw", awkward},
		{"JSON", marshal(t, awkward)},
		{"JSON", plainJSON},
		{"JSON in ASCII", `p\"w\\1\n<&>\u00fc\ud83d\ude00/+????${a} %41~T7qZ0xKd93LmVb52`},
		{"Go-quoted in ASCII", strconv.QuoteToASCII(awkward)},
		{"HCL", `p\"w\\1\n<&>ü😀/+????$${a} %41~T7qZ0xKd93LmVb52`},
		{"URL path", url.PathEscape(awkward)},
		{"URL query", url.QueryEscape(awkward)},
		{"URL", strings.ReplaceAll(url.QueryEscape(awkward), "+", "%20")},
		{"URL", "p%22w%5c1%0a%3c%26%3e%c3%bc%f0%9f%98%80%2f%2b%3f%3f%3f%3f%24%7ba%7d%20%2541~T7qZ0xKd93LmVb52"},
		{"hex", hex.EncodeToString([]byte(awkward))},
		{"hex", strings.ToUpper(hex.EncodeToString([]byte(awkward)))},
		{"base64", base64.StdEncoding.EncodeToString([]byte(awkward))},
		{"base64", base64.StdEncoding.EncodeToString([]byte("1" + awkward + "12"))},
		{"base64", base64.StdEncoding.EncodeToString([]byte("12" + awkward + "1"))},
		{"base64 (URL alphabet)", base64.URLEncoding.EncodeToString([]byte("\xff\xfe" + awkward))},
		{"JSON of JSON", marshal(t, `{"message":"`+plainJSON+`"}`)},
		{"SHA-256", sha256Of(awkward, hex.EncodeToString)},
		{"SHA-256 in base64", sha256Of(awkward, base64.StdEncoding.EncodeToString)},
		{"base64 of JSON", base64.StdEncoding.EncodeToString([]byte(`{"k":` + marshal(t, awkward) + `}`))},
	} {
		for _, around := range []string{"", " ", "x=\x00", strings.Repeat("-", 1000)} {
			want := leaks.Finding{Artifact: "log", Needle: "password", Encoding: tc.encoding, Part: false}
			if !holds(search(t, around+tc.text+around, leaks.Needle{Name: "password", Value: awkward}), want) {
				t.Errorf("not found as %s in %.20q…: %s", tc.encoding, around, tc.text)
			}
		}
	}
}

func sha256Of(text string, encode func([]byte) string) string {
	sum := sha256.Sum256([]byte(text))
	return encode(sum[:])
}

// holds ignores the offset.
func holds(findings []leaks.Finding, want leaks.Finding) bool {
	for _, f := range findings {
		f.Offset = 0
		if f == want {
			return true
		}
	}
	return false
}

func TestSearchNamesGoQuotingThatIsNoJSON(t *testing.T) {
	value := "bell\a-T7qZ0xKd93LmVb52"
	findings := search(t, fmt.Sprintf("password=%q", value), leaks.Needle{Name: "password", Value: value})
	if len(findings) != 1 || findings[0].Encoding != "Go-quoted" {
		t.Errorf("got %v", findings)
	}
}

func TestSearchSaysWhereAndWhatButNeverTheValue(t *testing.T) {
	value := "T7qZ0xKd93LmVb52"
	findings := search(t, "a line\nkey="+value+"\n", leaks.Needle{Name: "API key", Value: value}, leaks.Needle{Name: "other", Value: "not in there"})
	if len(findings) != 1 {
		t.Fatalf("got %v", findings)
	}
	if got, want := findings[0].String(), "log holds API key (raw, at byte 11)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if strings.Contains(fmt.Sprintf("%+v", findings), value) {
		t.Error("the finding repeats the value")
	}
}

func TestSearchFindsWhatIsLeftOfAValue(t *testing.T) {
	value := randomText(60_000)
	needle := leaks.Needle{Name: "password", Value: value}
	for name, content := range map[string]string{
		"beginning":    value[:31] + "…",
		"middle":       "…" + value[777:777+31] + "…",
		"end":          "…" + value[len(value)-31:],
		"wrapped":      value[100:140] + "\n│ " + value[140:180],
		"cut base64":   base64.StdEncoding.EncodeToString([]byte(value))[5:50],
		"without ends": value[1 : len(value)-1],
	} {
		findings := search(t, content, needle)
		if len(findings) != 1 || !findings[0].Part {
			t.Errorf("%s: got %v", name, findings)
		}
	}
	if findings := search(t, value, needle); len(findings) != 1 || findings[0].Part {
		t.Errorf("the whole value: got %v", findings)
	}
	short := randomText(20)
	if findings := search(t, short[1:], leaks.Needle{Name: "key", Value: short}); len(findings) != 1 || !findings[0].Part {
		t.Errorf("a short value without its first byte: got %v", findings)
	}
}

func TestSearchFindsNothingInOtherText(t *testing.T) {
	needles := []leaks.Needle{{Name: "awkward", Value: awkward}, {Name: "long", Value: randomText(60_000)}, {Name: "short", Value: "T7qZ0xKd"}}
	content := awkward[:15] + " " + awkward[16:31] + "T7qZ0xK d" + randomText(1<<20) + "T7qZ0xK"
	if findings := search(t, content, needles...); len(findings) != 0 {
		t.Errorf("got %v", findings)
	}
}

func TestSearchTellsApartWhatSharesLessThanABlock(t *testing.T) {
	const shared = "\"'\\ <ü&%/+?>\n" // 15 bytes, which are many more in most encodings
	mine, others := randomText(13)+shared+randomText(13), randomText(13)+shared+randomText(13)
	for _, content := range []string{
		mine, marshal(t, mine), strconv.Quote(mine),
		hex.EncodeToString([]byte(mine)), base64.StdEncoding.EncodeToString([]byte(mine)),
	} {
		for _, f := range search(t, content, leaks.Needle{Name: "mine", Value: mine}, leaks.Needle{Name: "other's", Value: others}) {
			if f.Needle != "mine" || f.Part {
				t.Errorf("in %s: %s", content, f)
			}
		}
	}
}

func TestSearchUnzipsArchivesInArchives(t *testing.T) {
	value := randomText(20)
	inner := zipped(t, "state.json", []byte(strings.Repeat(" ", 5000)+value))
	plan := zipped(t, "tfplan", inner)
	findings, stats, err := leaks.Search([]leaks.Artifact{leaks.Bytes("plan.tfplan", plan)}, []leaks.Needle{{Name: "password", Value: value}})
	if err != nil {
		t.Fatal(err)
	}
	if len(findings) != 1 || findings[0].Artifact != "plan.tfplan/tfplan/state.json" {
		t.Errorf("got %v", findings)
	}
	if want := int64(len(plan) + len(inner) + 5020); stats.Artifacts != 3 || stats.Bytes != want || stats.Searches%3 != 0 || stats.Searches == 0 {
		t.Errorf("got %+v, want 3 artifacts with %d bytes", stats, want)
	}
}

func TestSearchRefusesWhatItCannotDoWhole(t *testing.T) {
	needles := []leaks.Needle{{Name: "password", Value: randomText(20)}}
	archive := zipped(t, "tfplan", []byte(randomText(5000)))
	some := []leaks.Artifact{leaks.Bytes("log", nil)}
	for name, tc := range map[string]struct {
		artifacts []leaks.Artifact
		needles   []leaks.Needle
		want      string
	}{
		"no artifacts":      {nil, needles, "needs artifacts"},
		"no needles":        {some, nil, "needs artifacts and needles"},
		"short needle":      {some, []leaks.Needle{{Name: "pin", Value: "123"}}, `"pin" is shorter`},
		"unreadable":        {[]leaks.Artifact{{Name: "state", Read: func() ([]byte, error) { return nil, errors.New("gone") }}}, needles, "searching state: gone"},
		"truncated archive": {[]leaks.Artifact{leaks.Bytes("plan", archive[:len(archive)-30])}, needles, "unzipping plan"},
		"damaged member":    {[]leaks.Artifact{leaks.Bytes("plan", damaged(archive))}, needles, "unzipping plan/tfplan"},
	} {
		_, _, err := leaks.Search(tc.artifacts, tc.needles)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got error %v, want %q", name, err, tc.want)
		}
	}
}

func TestFilesListsRegularFilesOnly(t *testing.T) {
	tree := fstest.MapFS{
		"terraform.tfstate":        {Data: []byte("state")},
		"deep/er/trace.log":        {Data: []byte("log")},
		".terraform/providers/bin": {Data: []byte("binary")},
		"link":                     {Data: []byte("elsewhere"), Mode: fs.ModeSymlink},
	}
	artifacts, err := leaks.Files(tree, func(dir string) bool { return dir == ".terraform/providers" })
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, a := range artifacts {
		content, err := a.Read()
		if err != nil {
			t.Fatal(err)
		}
		got[a.Name] = string(content)
	}
	if want := "map[deep/er/trace.log:log terraform.tfstate:state]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func BenchmarkSearch(b *testing.B) {
	content := []byte(randomText(100 << 20))
	needles := []leaks.Needle{{Name: "awkward", Value: awkward}, {Name: "long", Value: strings.Repeat(awkward+randomText(50), 600)}}
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		if _, _, err := leaks.Search([]leaks.Artifact{leaks.Bytes("log", content)}, needles); err != nil {
			b.Fatal(err)
		}
	}
}

// randomText is the same in each run, and different in each call of a run.
func randomText(length int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	text := make([]byte, length)
	for i := range text {
		text[i] = letters[random.IntN(len(letters))]
	}
	return string(text)
}

var random = rand.New(rand.NewPCG(1, 2))

func zipped(t *testing.T, name string, content []byte) []byte {
	t.Helper()
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	member, err := w.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := member.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return archive.Bytes()
}

// damaged flips bytes in the compressed content of the only member.
func damaged(archive []byte) []byte {
	archive = bytes.Clone(archive)
	for i := range 64 {
		archive[500+i] ^= 0xff
	}
	return archive
}
