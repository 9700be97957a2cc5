// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package leakscan searches what a program left behind for values that must not
// be there, in every encoding in which software commonly writes text down.
package leakscan

import (
	"errors"
	"fmt"
)

// Needle is a value that must be found nowhere.
type Needle struct {
	// Name stands for the value in findings.
	Name string
	// Value has at least MinValueBytes. Any 16 bytes in a row of it, or 6 of those that
	// a URL escapes, should be unlikely to be anywhere by chance: random text is.
	Value string
}

// MinValueBytes is the length below which a match would be no evidence.
const MinValueBytes = 8

// Finding says where a needle is. It does not repeat the needle's value.
type Finding struct {
	// Artifact is the artifact's name; members of an archive follow it after a "/".
	Artifact string
	// Needle is the needle's name.
	Needle string
	// Encoding is how the value is written there, such as "raw" or "base64 of JSON".
	Encoding string
	// Offset is where in the artifact the match begins, in bytes.
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

// Stats says how much was searched.
type Stats struct {
	// Artifacts counts members of archives too.
	Artifacts int
	Bytes     int64
	// Searches is the number of encoded needles times the number of artifacts.
	Searches int
}

// Search looks for each needle in each artifact, and in the members of those that
// are ZIP archives, as Terraform's saved plans are. A value that was cut or wrapped is
// found too where 32 bytes in a row of it are left; the encoding that it reports then
// is one of those that have the found part in common. Of a needle that is whole in an
// artifact it reports each encoding once, of another at most one part.
//
// It fails when an artifact cannot be read, so that no artifact counts as searched
// that was not, and when there is nothing to search or to search for.
func Search(artifacts []Artifact, needles []Needle) ([]Finding, Stats, error) {
	if len(artifacts) == 0 || len(needles) == 0 {
		return nil, Stats{}, errors.New("a search needs artifacts and needles")
	}
	for _, needle := range needles {
		if len(needle.Value) < MinValueBytes {
			return nil, Stats{}, fmt.Errorf("the needle %q is shorter than %d bytes", needle.Name, MinValueBytes)
		}
	}
	ix := newIndex(needles)
	var findings []Finding
	var stats Stats
	for _, artifact := range artifacts {
		err := artifact.visit(func(name string, content []byte) {
			stats.Artifacts++
			stats.Bytes += int64(len(content))
			stats.Searches += len(ix.forms)
			findings = append(findings, ix.search(name, content)...)
		})
		if err != nil {
			return findings, stats, fmt.Errorf("searching %s: %w", artifact.Name, err)
		}
	}
	return findings, stats, nil
}
