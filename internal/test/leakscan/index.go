// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leakscan

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
)

const (
	// windowBytes is what one step of a search looks at: a machine word.
	windowBytes = 8
	// blockBytes is the length of the blocks that values are cut into; those of encoded
	// values are as much longer as the encoding makes the value. Any piece of
	// 2*blockBytes-1 bytes holds one of them whole.
	blockBytes = 16
)

// index finds all encoded needles in one pass, whose time does not depend on how
// many there are.
type index struct {
	needles []Needle
	forms   []form
	blocks  []block
	// heads leads from a window to the blocks that begin with it.
	heads map[uint64][]int32
	// filter has a bit set for the hash of each window in heads.
	filter []uint64
	shift  int
}

type form struct {
	encoded
	needle int
}

// block is a piece of a form.
type block struct {
	form int
	text string
}

func newIndex(needles []Needle) *index {
	ix := &index{needles: needles, heads: map[uint64][]int32{}}
	for n, needle := range needles {
		seen := map[string]bool{}
		for _, e := range encodings(needle.Value) {
			ix.forms = append(ix.forms, form{encoded: e, needle: n})
			size := max(blockBytes, blockBytes*len(e.text)/len(needle.Value))
			for _, offset := range blockOffsets(len(e.text), size) {
				text := e.text[offset:min(offset+size, len(e.text))]
				// The first block leads to the whole form; of the others one is enough, whichever
				// form it is of.
				if offset == 0 || !seen[text] {
					seen[text] = true
					ix.addBlock(block{form: len(ix.forms) - 1, text: text})
				}
			}
		}
	}
	// Sixteen bits a window keep the filter sparse, and small enough for the cache.
	size := max(16, bits.Len(uint(16*len(ix.heads))))
	ix.filter = make([]uint64, 1<<size/64)
	ix.shift = 64 - size
	for window := range ix.heads {
		hash := ix.hash(window)
		ix.filter[hash/64] |= 1 << (hash % 64)
	}
	return ix
}

func (ix *index) addBlock(b block) {
	window := binary.LittleEndian.Uint64([]byte(b.text[:windowBytes]))
	ix.heads[window] = append(ix.heads[window], int32(len(ix.blocks))) //nolint:gosec // far below 1<<31
	ix.blocks = append(ix.blocks, b)
}

// blockOffsets cuts a form of the given length into blocks of the given size, the
// last of which may overlap with the one before.
func blockOffsets(length, size int) []int {
	if length < size {
		return []int{0}
	}
	var offsets []int
	for offset := 0; offset+size <= length; offset += size {
		offsets = append(offsets, offset)
	}
	if length%size != 0 {
		offsets = append(offsets, length-size)
	}
	return offsets
}

// hash multiplies by 2^64 divided by the golden ratio (Knuth, TAOCP 6.4).
func (ix *index) hash(window uint64) uint64 { return window * 0x9e3779b97f4a7c15 >> ix.shift }

func (ix *index) search(name string, content []byte) []Finding {
	whole := map[int]int{}   // form → offset
	partial := map[int]hit{} // needle → first part
	for at := 0; at+windowBytes <= len(content); at++ {
		window := binary.LittleEndian.Uint64(content[at:])
		hash := ix.hash(window)
		if ix.filter[hash/64]&(1<<(hash%64)) == 0 {
			continue
		}
		for _, i := range ix.heads[window] {
			b := ix.blocks[i]
			f := ix.forms[b.form]
			if !hasPrefix(content[at:], b.text) {
				continue
			}
			if _, ok := partial[f.needle]; !ok {
				partial[f.needle] = hit{b.form, at}
			}
			if _, ok := whole[b.form]; !ok && hasPrefix(content[at:], f.text) {
				whole[b.form] = at
			}
		}
	}
	return ix.report(name, whole, partial)
}

type hit struct{ form, offset int }

func (ix *index) report(name string, whole map[int]int, partial map[int]hit) []Finding {
	var findings []Finding
	for i, f := range ix.forms {
		offset, ok := whole[i]
		if !ok {
			continue
		}
		delete(partial, f.needle)
		findings = append(findings, Finding{
			Artifact: name, Needle: ix.needles[f.needle].Name, Encoding: f.encoding, Offset: offset,
		})
	}
	for n, h := range partial {
		findings = append(findings, Finding{
			Artifact: name, Needle: ix.needles[n].Name, Encoding: ix.forms[h.form].encoding, Offset: h.offset, Part: true,
		})
	}
	slices.SortStableFunc(findings, func(a, b Finding) int { return strings.Compare(a.Needle, b.Needle) })
	return findings
}

func hasPrefix(content []byte, text string) bool {
	return len(content) >= len(text) && string(content[:len(text)]) == text
}
