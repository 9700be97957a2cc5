// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
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
	// check comes to its end if the fact holds, and is ended by the trial if it does not.
	check func(*trial)
}

// facts lists all, in the order in which they are checked.
func facts() []fact {
	return slices.Concat(recordFacts(), listingFacts(), organizationFacts(), credentialFacts(), valueFacts(), actionFacts(), versionFacts())
}

// finding is something that the provider copes with however it is.
type finding struct {
	question string
	measure  func(*trial) string
}

func findings() []finding {
	return slices.Concat(listingFindings(), organizationFindings(), credentialFindings(), actionFindings(), valueFindings(), versionFindings())
}

type verdict string

const (
	holds    verdict = "holds"
	differs  verdict = "differs"
	notKnown verdict = "not known"
)

type result struct {
	fact
	verdict verdict
	// seen is what was seen instead, or why it is not known. It is "" if the fact holds.
	seen string
}

type measurement struct {
	question, answer string
}

func (f fact) try(ctx context.Context, l *lab) result {
	err := l.try(ctx, "check", f.check)
	if err == nil {
		return result{fact: f, verdict: holds}
	}
	r := result{fact: f, verdict: notKnown, seen: l.service.redact(err.Error())}
	if _, ok := errors.AsType[*difference](err); ok {
		r.verdict = differs
	}
	return r
}

func (f finding) try(ctx context.Context, l *lab) measurement {
	var answer string
	if err := l.try(ctx, "measurement", func(t *trial) { answer = f.measure(t) }); err != nil {
		answer = "not known: " + err.Error()
	}
	return measurement{f.question, l.service.redact(answer)}
}
