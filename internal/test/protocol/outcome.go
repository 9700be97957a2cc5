// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package protocol

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Outcome is what an answer says besides its result.
type Outcome struct {
	Diagnostics []*tfprotov6.Diagnostic
	Deferred    *tfprotov6.Deferred
}

// Err is the errors, nil for none.
func (o Outcome) Err() error { return o.of(tfprotov6.DiagnosticSeverityError) }

// Warning is the warnings, nil for none.
func (o Outcome) Warning() error { return o.of(tfprotov6.DiagnosticSeverityWarning) }

func (o Outcome) of(severity tfprotov6.DiagnosticSeverity) error {
	var all error
	for _, d := range o.Diagnostics {
		if d.Severity == severity {
			all = errors.Join(all, DiagnosticError{d.Severity, d.Summary, d.Detail})
			if steps := d.Attribute.Steps(); len(steps) > 0 && slices.Contains(valueAttributes, steps[0]) {
				all = errors.Join(all, fmt.Errorf("%w: %s", errPointsAtValue, d.Attribute))
			}
		}
	}
	return all
}

// DiagnosticError is one of the errors or warnings in an Outcome.
type DiagnosticError struct {
	Severity        tfprotov6.DiagnosticSeverity
	Summary, Detail string
}

func (d DiagnosticError) Error() string { return d.Summary + "\n\n" + d.Detail }

// Diagnostics are those that an error consists of.
func Diagnostics(err error) (all []DiagnosticError) {
	type several interface {
		error
		Unwrap() []error
	}
	if joined, ok := errors.AsType[several](err); ok {
		for _, one := range joined.Unwrap() {
			all = append(all, Diagnostics(one)...)
		}
	} else if one, ok := errors.AsType[DiagnosticError](err); ok {
		all = append(all, one)
	}
	return all
}

// valueAttributes are those on whose lines a value may stand.
var valueAttributes = []tftypes.AttributePathStep{tftypes.AttributeName("value_wo"), tftypes.AttributeName("api_key"), tftypes.AttributeName("parameter_values")}

// errPointsAtValue is a mistake in a diagnostic: Terraform prints the line that it points at.
var errPointsAtValue = errors.New("the diagnostic points at a value")

// Succeeds ends the test if there is an error, or a deferral.
func (p *Provider) Succeeds(out Outcome) {
	p.t.Helper()
	p.hasNoError(out)
	if out.Deferred != nil {
		p.t.Fatalf("deferred: %s", out.Deferred.Reason)
	}
}

// Fails ends the test unless there is an error, which should hold each of the texts.
func (p *Provider) Fails(out Outcome, texts ...string) {
	p.t.Helper()
	p.says(out.Err(), texts)
}

// Warns ends the test unless there is one warning, which should hold each of the
// texts, or none if there are no texts.
func (p *Provider) Warns(out Outcome, texts ...string) {
	p.t.Helper()
	p.Succeeds(out)
	if n := len(Diagnostics(out.Warning())); n != min(len(texts), 1) {
		p.t.Fatalf("%d warnings, want %d:\n%v", n, min(len(texts), 1), out.Warning())
	}
	if len(texts) > 0 {
		p.says(out.Warning(), texts)
	}
}

func (p *Provider) says(err error, texts []string) {
	p.t.Helper()
	if err == nil {
		p.t.Fatal("there was no error")
	}
	if errors.Is(err, errPointsAtValue) {
		p.t.Error(err)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			p.t.Errorf("%q is not in what was said:\n%s", text, err)
		}
	}
}

// Defers ends the test unless the provider put off its answer until its settings
// are known.
func (p *Provider) Defers(out Outcome) {
	p.t.Helper()
	p.hasNoError(out)
	if out.Deferred == nil || out.Deferred.Reason != tfprotov6.DeferredReasonProviderConfigUnknown {
		p.t.Fatalf("deferred: %v", out.Deferred)
	}
}

func (p *Provider) hasNoError(out Outcome) {
	p.t.Helper()
	if err := out.Err(); err != nil {
		p.t.Fatalf("unexpected error:\n%s", err)
	}
}
