// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// about holds what takes the place of the words in braces: word, text, word, text and so on.
type about []string

// aboutSecret is the secret of a text, and what else is in it.
func aboutSecret(ref roboto.SecretRef, more ...string) about {
	return append(about{"{secret}", describe(ref), "{name}", strconv.Quote(ref.Name), "{org}", ref.OrgID}, more...)
}

func (a about) fill(text string) string { return strings.NewReplacer(a...).Replace(text) }

// addNotice adds a refusal or a warning. first reports whether the advice was not given before; it
// may be nil.
func addNotice(diags *diag.Diagnostics, n *notice, about about, first func(advice string) bool) {
	title, advice := about.fill(n.title), about.fill(n.advice)
	key := advice
	if n.once {
		key = n.advice
	}
	paragraphs := []string{about.fill(n.sentence)}
	switch {
	case n.refuses || first == nil || first(key):
		paragraphs = append(paragraphs, advice)
	case n.once:
		return
	}
	detail := joinParagraphs(paragraphs...)
	switch at := path.Root(n.path); {
	case n.refuses && n.path != "":
		diags.AddAttributeError(at, title, detail)
	case n.refuses:
		diags.AddError(title, detail)
	case n.path != "":
		diags.AddAttributeWarning(at, title, detail)
	default:
		diags.AddWarning(title, detail)
	}
}

// addFailure says what failed, why, and what to do.
func (d *providerData) addFailure(diags *diag.Diagnostics, f *failure, about about, err error) {
	diags.AddError(about.fill(f.title), d.explain(f, about, err))
}

// explain is the text of a failure. Advice is given with the first error that has it.
func (d *providerData) explain(f *failure, about about, err error) string {
	paragraphs := []string{strings.TrimSpace(about.fill(f.sentence)), what(err)}
	if e, ok := errors.AsType[*roboto.Error](err); ok {
		advice, own := f.adviceFor[e.Kind]
		if !own {
			advice = cmp.Or(f.advice, advise(e))
		}
		if d.memory.first(advice) {
			paragraphs = append(paragraphs, advice)
		}
		if f.adopts && e.Ref.Name != "" {
			paragraphs = append(paragraphs, adoptions[e.Kind], importBlock(e.Ref))
		}
	}
	return joinParagraphs(paragraphs...)
}

// advise is the advice for an error, whatever failed.
func advise(e *roboto.Error) string {
	if atAWS := awsAdvices[e.Kind]; e.Service == roboto.ServiceAWS && atAWS != "" {
		return atAWS
	}
	return advices[e.Kind]
}

// what says what happened, in sentences.
func what(err error) string {
	if _, ok := errors.AsType[*roboto.Error](err); ok {
		return err.Error()
	}
	return capitalize(err.Error()) + "."
}

func capitalize(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

// importBlock contains a placeholder for the resource's address, which a provider does not
// know.
func importBlock(ref roboto.SecretRef) string {
	id := ref.Name
	if ref.OrgID != "" {
		id += "@" + ref.OrgID
	}
	return fmt.Sprintf("import {\n  to = roboto_secret.ADDRESS_OF_THIS_RESOURCE\n  id = %s\n}", quoteHCL(id))
}

// quoteHCL returns a string literal of Terraform's language.
func quoteHCL(text string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(strconv.Quote(text))
}
