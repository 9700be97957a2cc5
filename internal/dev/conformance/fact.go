// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// sdk is the source of the facts. Files of a fact are paths in it.
const sdk = "roboto-ai/roboto-python-sdk 0.53.0 (commit eabde11)"

// fact is one thing that the provider takes for granted about Roboto or AWS.
type fact struct {
	// number never changes, so that reports can be compared.
	number int
	// statement is a full sentence.
	statement string
	// sdk is where the SDK's source says or shows so, or what else does.
	sdk string
	// reliedOn are files of this project.
	reliedOn []string
	// risk is what the provider may do wrong if the fact does not hold.
	risk string
	// check returns nil if the fact holds and a *difference if it does not. Any other error
	// is the reason why that is not known.
	check func(context.Context, *lab) error
}

// facts lists all, in the order in which they are checked.
func facts() []fact {
	return slices.Concat(
		recordFacts(),
		listingFacts(),
		organizationFacts(),
		credentialFacts(),
		valueFacts(),
		actionFacts(),
	)
}

// finding is something that the provider copes with however it is.
type finding struct {
	question string
	measure  func(context.Context, *lab) (string, error)
}

type verdict string

const (
	holds    verdict = "holds"
	differs  verdict = "differs"
	notKnown verdict = "not known"
)

// difference is what was seen in place of the fact. It holds no text of the service's own.
type difference struct {
	seen string
}

func (d *difference) Error() string { return d.seen }

func saw(format string, args ...any) error {
	return &difference{fmt.Sprintf(format, args...)}
}

type result struct {
	fact
	verdict verdict
	// seen is what was seen instead, or why it is not known. It is "" if the fact holds.
	seen string
}

type measurement struct {
	question, answer string
}

// try runs a check, and survives it.
func (f fact) try(ctx context.Context, l *lab) (r result) {
	r = result{fact: f, verdict: notKnown}
	defer func() {
		if recover() != nil { // what it says may repeat an answer
			r.seen = "the check itself failed"
		}
	}()
	if ctx.Err() != nil {
		r.seen = "interrupted"
		return r
	}
	err := f.check(ctx, l)
	switch {
	case err == nil:
		r.verdict = holds
	case ctx.Err() != nil:
		r.seen = "interrupted"
	default:
		r.seen = l.service.redact(err.Error())
		if _, ok := errors.AsType[*difference](err); ok {
			r.verdict = differs
		}
	}
	return r
}

func (f finding) try(ctx context.Context, l *lab) (m measurement) {
	m = measurement{question: f.question, answer: "not known: the measurement itself failed"}
	defer func() { _ = recover() }()
	answer, err := f.measure(ctx, l)
	switch {
	case ctx.Err() != nil:
		answer = "not known: interrupted"
	case err != nil:
		answer = "not known: " + err.Error()
	}
	m.answer = l.service.redact(answer)
	return m
}
