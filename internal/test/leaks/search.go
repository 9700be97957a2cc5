// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package leaks searches what a program left behind for values that must not be there, in common encodings.
// Its tests prove that the provider leaks nothing: make leakscan runs them.
package leaks

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
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Needle is a value that must be found nowhere.
type Needle struct {
	// Name stands for the value in findings.
	Name string
	// Value has at least MinValueBytes. Any 16 bytes in a row of it, or 6 of those that a URL escapes, should
	// be unlikely to be anywhere by chance: random text is.
	Value string
}

const (
	// MinValueBytes is the length below which a value is found by chance.
	MinValueBytes = 4

	// blockBytes is the length of the blocks that values are cut into. Blocks of encoded values are longer, as
	// the encoded value is. Any piece of 2*blockBytes-1 bytes holds a whole block.
	blockBytes = 16

	// prefixBytes is by how many of its first bytes a block is looked up.
	prefixBytes = 8
)

// Artifact is something that could hold a value by mistake.
type Artifact struct {
	Name    string
	Content []byte
}

// Bytes is an artifact in memory.
func Bytes(name string, content []byte) Artifact { return Artifact{name, content} }

// Files returns each regular file in a tree as an artifact named by its path. Symbolic links are not followed.
// Each directory is first shown to skip, which may be nil.
func Files(tree fs.FS, skip func(dir string) bool) ([]Artifact, error) {
	var artifacts []Artifact
	err := fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && skip != nil && skip(path):
			return fs.SkipDir
		case entry.Type().IsRegular():
			content, err := fs.ReadFile(tree, path)
			artifacts = append(artifacts, Artifact{path, content})
			return err
		}
		return nil
	})
	return artifacts, err
}

// Finding says where a needle is. It does not repeat the needle's value.
type Finding struct {
	// Artifact is the artifact's name; members of an archive follow it after a "/".
	Artifact string
	// Needle is the needle's name, and Encoding how it is written, such as "raw" or "base64 of JSON".
	Needle, Encoding string
	// Offset is where the match begins, in bytes.
	Offset int
	// Part is set when the artifact holds a piece of the value and not all of it.
	Part bool
}

func (f Finding) String() string {
	extent := "holds"
	if f.Part {
		extent = "holds a part of"
	}
	return fmt.Sprintf("%s %s %s (%s, at byte %d)", f.Artifact, extent, f.Needle, f.Encoding, f.Offset)
}

// Stats says how much was searched. Members of archives count too.
type Stats struct {
	Artifacts int
	Bytes     int64
}

// Search looks for each needle in each artifact, and in the members of ZIP archives such as Terraform's
// saved plans. A value that was cut or wrapped is found too where 32 bytes in a row of it are left. Of a
// needle that is whole in an artifact it reports each encoding once, of another one part.
//
// It fails when an archive cannot be read, so that nothing counts as searched that was not, and when there
// is nothing to search or to search for.
func Search(artifacts []Artifact, needles []Needle) (findings []Finding, stats Stats, err error) {
	if len(artifacts) == 0 || len(needles) == 0 {
		return nil, stats, errors.New("a search needs artifacts and needles")
	}
	for _, needle := range needles {
		if len(needle.Value) < MinValueBytes {
			return nil, stats, fmt.Errorf("the needle %q is shorter than %d bytes", needle.Name, MinValueBytes)
		}
	}
	ix := newIndex(needles)
	for left := slices.Clone(artifacts); len(left) > 0; {
		artifact := left[0]
		left = left[1:]
		stats.Artifacts++
		stats.Bytes += int64(len(artifact.Content))
		findings = append(findings, ix.search(artifact)...)
		members, err := artifact.members()
		if err != nil {
			return findings, stats, err
		}
		left = append(left, members...)
	}
	return findings, stats, nil
}

// members are those of an archive.
func (a Artifact) members() (members []Artifact, err error) {
	if !bytes.HasPrefix(a.Content, []byte("PK\x03\x04")) {
		return nil, nil
	}
	archive, err := zip.NewReader(bytes.NewReader(a.Content), int64(len(a.Content)))
	if err != nil {
		return nil, fmt.Errorf("unzipping %s: %w", a.Name, err)
	}
	for _, file := range archive.File {
		member := Artifact{Name: a.Name + "/" + file.Name}
		if member.Content, err = fs.ReadFile(archive, file.Name); err != nil {
			return nil, fmt.Errorf("unzipping %s: %w", member.Name, err)
		}
		members = append(members, member)
	}
	return members, nil
}

// index finds all encoded needles in one pass over a text. How long that takes does not depend on how many
// needles there are.
type index struct {
	// blocks are the pieces of all needles in all encodings, by their first bytes, and prefix is how many: as
	// many as the shortest encoded needle has, up to prefixBytes.
	blocks map[string][]block
	prefix int
}

type block struct {
	text   string
	whole  encoded
	needle string
}

func newIndex(needles []Needle) *index {
	ix := &index{blocks: map[string][]block{}, prefix: prefixBytes}
	var blocks []block
	for _, needle := range needles {
		for _, whole := range encodings(needle.Value) {
			length := len(whole.text)
			ix.prefix = min(ix.prefix, length)
			size := max(blockBytes, blockBytes*length/len(needle.Value))
			for from := 0; from < length; from += size {
				text := whole.text[max(0, min(from, length-size)):min(from+size, length)] // the last one overlaps
				blocks = append(blocks, block{text, whole, needle.Name})
			}
		}
	}
	for _, b := range blocks {
		ix.blocks[b.text[:ix.prefix]] = append(ix.blocks[b.text[:ix.prefix]], b)
	}
	return ix
}

func (ix *index) search(a Artifact) (findings []Finding) {
	whole, partial := map[[2]string]bool{}, map[string]Finding{} // by needle and encoding, by needle
	content := string(a.Content)
	for at := 0; at+ix.prefix <= len(content); at++ {
		rest := content[at:]
		for _, b := range ix.blocks[rest[:ix.prefix]] {
			if !strings.HasPrefix(rest, b.text) {
				continue
			}
			finding := Finding{Artifact: a.Name, Needle: b.needle, Encoding: b.whole.encoding, Offset: at, Part: true}
			if _, ok := partial[b.needle]; !ok {
				partial[b.needle] = finding
			}
			if key := [2]string{b.needle, b.whole.encoding}; !whole[key] && strings.HasPrefix(rest, b.whole.text) {
				finding.Part = false
				whole[key] = true
				findings = append(findings, finding)
			}
		}
	}
	for _, finding := range findings {
		delete(partial, finding.Needle)
	}
	return slices.AppendSeq(findings, maps.Values(partial))
}

// encoded is what a value looks like in one encoding.
type encoded struct {
	encoding string
	text     string
}

// encodings lists what a value can look like, each text once and under its simplest name. Text in JSON is
// often encoded once more: state holds base64 of JSON, JSON logs hold JSON in JSON. Other ways to escape a
// text leave letters and digits as they are, so that parts of a value are found there.
func encodings(value string) []encoded {
	inJSON, plainJSON := inJSON(value)
	all := append([]encoded{{"raw", value}}, simple(value, "")...)
	all = append(append(all, simple(inJSON, " of JSON")...), simple(plainJSON, " of JSON")...)
	// Whoever guesses the value could compare a digest.
	sum := sha256.Sum256([]byte(value))
	digest := hex.EncodeToString(sum[:])
	all = append(all, encoded{"SHA-256", digest}, encoded{"SHA-256 in base64", base64.RawStdEncoding.EncodeToString(sum[:])})
	// State holds a resource's private data in base64, and that its values.
	for _, inner := range append(inBase64(inJSON, " of JSON"), inBase64(digest, " of SHA-256")...) {
		all = append(all, inBase64(inner.text, " of "+inner.encoding)...)
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(e encoded) bool {
		defer func() { seen[e.text] = true }()
		return seen[e.text]
	})
}

func simple(value, of string) []encoded {
	inJSON, plainJSON := inJSON(value)
	hexadecimal := hex.EncodeToString([]byte(value))
	forms := []encoded{
		{"JSON" + of, inJSON},
		{"JSON" + of, plainJSON},
		{"Go-quoted" + of, unquote(strconv.Quote(value))},
		{"URL path" + of, url.PathEscape(value)},
		{"URL query" + of, url.QueryEscape(value)},
		{"hex" + of, hexadecimal},
		{"hex" + of, strings.ToUpper(hexadecimal)},
	}
	return append(forms, inBase64(value, of)...)
}

// inBase64 is for a text with others around it: zero, one or two bytes can stand before it in its group of
// three. The characters that depend on its neighbors too do not count.
func inBase64(value, of string) (forms []encoded) {
	for before := range 3 {
		padded := append(make([]byte, before), value...)
		first, last := (before*8+5)/6, len(padded)*8/6
		forms = append(forms,
			encoded{"base64" + of, base64.RawStdEncoding.EncodeToString(padded)[first:last]},
			encoded{"base64 (URL alphabet)" + of, base64.RawURLEncoding.EncodeToString(padded)[first:last]},
		)
	}
	return forms
}

// inJSON is what Go's encoder makes of a text, with and without its escaping of HTML.
func inJSON(value string) (escaped, plain string) {
	text, _ := json.Marshal(value) // a string can always be encoded
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value)
	return unquote(string(text)), unquote(strings.TrimSuffix(b.String(), "\n"))
}

func unquote(literal string) string { return literal[1 : len(literal)-1] }
