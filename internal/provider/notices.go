// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// notice is a refusal or a warning about what a plan does.
type notice int

const (
	noticeNone notice = iota

	// Refusals.
	noticeProtected
	noticeKeptElsewhere
	noticeMissingValue
	noticeCreatedTwice

	// Warnings.
	noticeTwoAddresses
	noticeAddressChanged
	noticeNamesShifted
	noticeDriftLost
	noticeUnknownLost
	noticeReplacedDriftLost
	noticeReplacedUnknownLost
	noticeReplacedValueLost
	noticeOverwritten
	noticeUnknownOverwritten
	noticeMayBeOverwritten
	noticeMoves
	noticeOtherDefault
	noticeNameSpace
	noticeNameUnresolvable
)

// noticeText is how a notice reads. In all texts, {secret} describes the secret, {name} is its
// name in quotes, {org} its organization, and {default} the default organization.
type noticeText struct {
	refuses bool
	// path is the attribute that the notice is about, or "".
	path string
	// The title of a warning names the secret, because Terraform folds warnings of one title.
	title, sentence string
	// advice is given with the first warning that has it.
	advice string
	// once is set if one warning stands for all secrets.
	once bool
}

const (
	titleLost       = "Value of Roboto Secret {name} Will Be Lost"
	titleOverwrites = "Value of Roboto Secret {name} Will Be Overwritten"
	adviceLost      = "To keep a secret and stop managing it, use a removed block with destroy = false."
	adviceReplaced  = "To keep a value, copy it into a new secret before you delete the old one. The guide \"Rename, move and copy secrets\" shows how."
	adviceOverwrite = "To keep the other value, put it into value_wo before you apply, or remove value_wo and value_wo_version."
	sentenceLost    = "The plan deletes the secret {secret}. "
	sentenceReplace = "The plan deletes the secret {secret} and creates another one in its place. "
	sentenceDrift   = "Its value was written outside Terraform, and is deleted for good."
	sentenceUnknown = "According to the state, Terraform did not write its value. If it has one, it is deleted for good, and perhaps no configuration contains it."
)

var noticeTexts = map[notice]noticeText{
	noticeProtected: {
		refuses:  true,
		title:    "Roboto Secret Is Protected",
		sentence: "The secret {secret} has deletion_protection, and this would delete the secret with its value, for good. Nothing was deleted.",
		advice: "To delete it anyway:\n" +
			"  1. Set deletion_protection = false in its resource block, change nothing else there, and apply. If the block is gone, put it back for this.\n" +
			"  2. Then delete or replace it.\n\n" +
			"If the resource is marked as tainted, run terraform untaint with its address before the first step. If the plan calls the secret a deposed object, " +
			"run terraform state rm with the address of the resource, and import the secret that its block describes. Nothing manages the deposed secret then.",
	},
	noticeKeptElsewhere: {
		refuses: true,
		title:   "Roboto Secret Is Kept at Another Address",
		sentence: "Two resource addresses have the secret {secret}. This plan deletes it at one of them, and keeps it at the other. " +
			"The deletion would take the secret, with its value, from both.",
		advice: "To keep the secret, run terraform state rm with the address that you no longer need: this forgets the address and deletes nothing. Then plan again. " +
			"To delete the secret, remove both resource blocks.",
	},
	noticeMissingValue: {
		refuses:  true,
		path:     "value_wo_version",
		title:    "Missing Secret Value",
		sentence: "The value_wo_version of the secret {name} changes, but there is no value_wo to write: it is null, or ignore_changes keeps it from the provider.",
		advice:   "To write the value, remove value_wo from ignore_changes. To leave it alone, add value_wo_version to ignore_changes too, or keep its current value.",
	},
	noticeCreatedTwice: {
		refuses:  true,
		title:    "Roboto Secret Is Created Twice",
		sentence: "Another resource block of this configuration creates the secret {secret} too. Names are unique within an organization. Nothing was created for this block.",
		advice:   "Give one of the two blocks another name, or remove it and refer to the other one.",
	},
	noticeTwoAddresses: {
		title: "Roboto Secret {name} Is at Two Addresses",
		sentence: "Two resource addresses have the secret {secret}. Each may overwrite the value that the other has written, " +
			"and a deletion at one takes the secret from both.",
		advice: "Keep one of the two. For the other, run terraform state rm with its address, which deletes nothing, and remove its resource block, with its import block if there is one.",
	},
	noticeAddressChanged: {
		title:    "Roboto Secret {name} Is Deleted and Created Again",
		sentence: "The plan deletes the secret {secret} at one resource address, and creates a secret of the same name at another. The stored value and its earlier versions are deleted for good.",
		advice:   "If the address of the resource was renamed, add a moved block with the old and the new address before you apply. Terraform then keeps the secret.",
	},
	noticeNamesShifted: {
		title: "Roboto Secret Name {name} Goes to Another Address",
		sentence: "The plan deletes the secret {secret} at one resource address, and creates a secret of the same name at another. This happens if names are swapped, or if an item is inserted into the list " +
			"behind a count, or removed from it. The stored values are deleted for good, and the apply may fail because a name is still taken.",
		advice: "To keep the secrets, use for_each with the names as keys, in place of count. Moved blocks do not help if names are swapped.",
	},
	noticeDriftLost:           {title: titleLost, sentence: sentenceLost + sentenceDrift, advice: adviceLost},
	noticeUnknownLost:         {title: titleLost, sentence: sentenceLost + sentenceUnknown, advice: adviceLost},
	noticeReplacedDriftLost:   {title: titleLost, sentence: sentenceReplace + sentenceDrift, advice: adviceReplaced},
	noticeReplacedUnknownLost: {title: titleLost, sentence: sentenceReplace + sentenceUnknown, advice: adviceReplaced},
	noticeReplacedValueLost: {
		title: titleLost, advice: adviceReplaced,
		sentence: sentenceReplace + "The value is deleted for good, and the configuration has no value_wo, or ignores it. Without value_wo, the new secret has no value.",
	},
	noticeOverwritten: {title: titleOverwrites, sentence: "The value of the secret {secret} was written outside Terraform; applying overwrites it.", advice: adviceOverwrite},
	noticeUnknownOverwritten: {
		title: titleOverwrites, advice: adviceOverwrite,
		sentence: "The secret {secret} has another value than value_wo. The state does not say who wrote it; applying overwrites it.",
	},
	noticeMayBeOverwritten: {
		title: "Value of Roboto Secret {name} May Be Overwritten", advice: adviceOverwrite,
		sentence: "According to the state, Terraform did not write the value of the secret {secret}. If it has one, applying overwrites it.",
	},
	noticeMoves: {
		title:    "Roboto Secret {name} Moves to Another Organization",
		sentence: "The plan replaces the secret {secret}, and creates it in {default}, the provider's organization, because the resource has no org_id.",
		advice:   "If it should stay in its organization, set its org_id to \"{org}\".",
	},
	noticeOtherDefault: {
		once:  true,
		title: "Roboto Secrets Stay in Their Organization",
		sentence: "The provider's organization is {default}, and the secret {secret} stays where it is. The same may be true of other secrets. The default counts only when a secret is created. " +
			"If the secret is replaced, for example with -replace or taint, the new one is created in {default}.",
		advice: "If the secret is where it should be, set its org_id to \"{org}\". To move it, see the guide \"Rename, move and copy secrets\".",
	},
	noticeNameSpace: {
		path:     "name",
		title:    "Secret Name {name} Has Space Around It",
		sentence: "The name {name} begins or ends with white space, which is part of the name. Actions cannot look up such a secret.",
		advice:   "If the space got there by accident, as from a file or a variable, remove it, for example with trimspace().",
	},
	noticeNameUnresolvable: {
		path:     "name",
		title:    "Actions Cannot Use the Secret Name {name}",
		sentence: "Roboto's own software (SDK 0.53) cannot look up the secret {name}, because it does not encode spaces, %, #, ? or characters beyond ASCII.",
		advice: "An action fails if it gets the URI of such a secret as a parameter. Terraform can manage and read the secret. " +
			"If an action has to use it, choose a name without these characters.",
	},
}

// addNotice adds a notice about a secret. first reports whether the advice was not given before.
func addNotice(diags *diag.Diagnostics, n notice, ref roboto.SecretRef, defaultOrgID string, first func(advice string) bool) {
	text := noticeTexts[n]
	fill := strings.NewReplacer("{secret}", describe(ref), "{name}", strconv.Quote(ref.Name), "{org}", ref.OrgID, "{default}", defaultOrgID)
	title, detail, advice := fill.Replace(text.title), fill.Replace(text.sentence), fill.Replace(text.advice)
	key := advice
	if text.once {
		key = text.advice
	}
	switch {
	case text.refuses || first(key):
		detail += "\n\n" + advice
	case text.once:
		return
	}
	at := path.Root(text.path)
	switch {
	case text.refuses && text.path != "":
		diags.AddAttributeError(at, title, detail)
	case text.refuses:
		diags.AddError(title, detail)
	case text.path != "":
		diags.AddAttributeWarning(at, title, detail)
	default:
		diags.AddWarning(title, detail)
	}
}
