// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"maps"
	"runtime"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
	"github.com/roboto-ai/terraform-provider-roboto/internal/settings"
)

// notice is a refusal or a warning about what a plan does, and the like. In all texts, {secret}
// describes the secret, {name} is its name in quotes, and {org} its organization. What other words in
// braces mean is said where the text is used.
type notice struct {
	refuses bool
	// path is the attribute that it is about, or "".
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
	adviceLost      = "To keep a secret and stop managing it, use a removed block with destroy = false."
	adviceReplaced  = "To keep a value, copy it into a new secret before you delete the old one. The guide \"Rename, move and copy secrets\" shows how."
	adviceOverwrite = "To keep the other value, put it into value_wo before you apply, or remove value_wo and value_wo_version."
	adviceLogs      = "To see its output, use roboto invocations logs {invocation}. The provider does not show it, because it may hold the value of a secret."
	sentenceLost    = "According to the state, Terraform did not write its value. If it has one, that is deleted for good, and perhaps no configuration contains it."
	sentenceReplace = "The plan deletes the secret {secret} and creates another one in its place. "
)

var (
	noticeProtected = &notice{
		refuses:  true,
		title:    "Roboto Secret Is Protected",
		sentence: "The secret {secret} has deletion_protection, and this would delete the secret with its value, for good. Nothing was deleted.",
		advice: "To delete it anyway, set deletion_protection = false in its resource block, change nothing else there, and apply. If the block is gone, put it back first. " +
			"Then delete or replace the secret. If the resource is tainted, run terraform untaint with its address before you apply. " +
			"For a deposed object, see \"Deletion\" in the documentation of roboto_secret.",
	}
	noticeKeptElsewhere = &notice{
		refuses: true,
		title:   "Roboto Secret Is Kept at Another Address",
		sentence: "Two resource addresses have the secret {secret}. This plan deletes it at one of them, and keeps it at the other. " +
			"The deletion would take the secret, with its value, from both.",
		advice: "To keep the secret, run terraform state rm with the address that you no longer need: this forgets the address and deletes nothing. Then plan again. " +
			"To delete the secret, remove both resource blocks.",
	}
	noticeMissingValue = &notice{
		refuses:  true,
		path:     "value_wo_version",
		title:    "Missing Secret Value",
		sentence: "The value_wo_version of the secret {name} changes, but there is no value_wo to write: it is null, or ignore_changes keeps it from the provider.",
		advice:   "To write the value, remove value_wo from ignore_changes. To leave it alone, add value_wo_version to ignore_changes too, or keep its current value.",
	}
	noticeCreatedTwice = &notice{
		refuses:  true,
		title:    "Roboto Secret Is Created Twice",
		sentence: "Another resource block of this configuration creates the secret {secret} too. Names are unique within an organization. Nothing was created for this block.",
		advice:   "Give one of the two blocks another name, or remove it and refer to the other one.",
	}
	noticeOrgChanged = &notice{
		refuses:  true,
		title:    "Roboto Organization Changed Since the Plan",
		sentence: "The secret {secret} was not deleted. The plan replaces it with a secret in the organization {planned}, the provider's organization at that time. Now the provider's organization is {default}.",
		advice:   "Apply with the same org_id or ROBOTO_ORG_ID as the plan, or plan again.",
	}
	noticeImportID = &notice{
		refuses:  true,
		title:    "Invalid Import ID",
		sentence: "The import ID {id} is not valid: {problem}.",
		advice:   "Give the secret's name, name@org_id, or its URI roboto-secret://name@org_id.",
	}
	noticeActionParameters = &notice{
		refuses:  true,
		title:    "Invalid Action Parameters",
		sentence: "The parameter_values do not fit the action {action}, which {problems}.",
		advice:   "Correct parameter_values. The parameters of the action are: {parameters}.",
	}
	noticeActionFailed = &notice{
		refuses:  true,
		title:    "Roboto Action Failed",
		sentence: "The invocation {invocation} of the action {action} has ended with the status {status}.",
		advice:   adviceLogs + " If a new value of a secret is the cause, the guide \"Prove a rotation\" says how to go back.",
	}
	noticeActionCanceled = &notice{
		refuses:  true,
		title:    "Roboto Action Was Canceled",
		sentence: "{why} The invocation {invocation} of the action {action} was canceled. Its last known status was {before}.",
		advice:   adviceLogs,
	}
	noticeActionNotCanceled = &notice{
		refuses:  true,
		title:    "Roboto Action May Still Run",
		sentence: "{why} The invocation {invocation} of the action {action} could not be canceled. Its last known status was {before}. {problem}",
		advice:   "To see how it ends, use roboto invocations status {invocation}. To end it, use roboto invocations cancel {invocation}. " + adviceLogs,
	}
	noticeTwoAddresses = &notice{
		title: "Roboto Secret {name} Is at Two Addresses",
		sentence: "Two resource addresses have the secret {secret}. Each may overwrite the value that the other has written, " +
			"and a deletion at one takes the secret from both.",
		advice: "Keep one of the two. For the other, run terraform state rm with its address, which deletes nothing, and remove its resource block, with its import block if there is one.",
	}
	noticeAddressChanged = &notice{
		title: "Roboto Secret {name} Is Deleted and Created Again",
		sentence: "The plan deletes the secret {secret} at one resource address, and creates a secret of the same name at another. " +
			"The stored value and its earlier versions are deleted for good, and the apply may fail because the name is still taken.",
		advice: "If the address of the resource was renamed, add a moved block with the old and the new address before you apply. Terraform then keeps the secret. " +
			"If the items of a count shift, use for_each with the names as keys, and a moved block from each old index to its key. If names are swapped, swap the addresses too, with terraform state mv.",
	}
	noticeLost         = &notice{title: titleLost, sentence: "The plan deletes the secret {secret}. " + sentenceLost, advice: adviceLost}
	noticeReplacedLost = &notice{title: titleLost, sentence: sentenceReplace + sentenceLost, advice: adviceReplaced}
	noticeNoValueAgain = &notice{
		title: titleLost, advice: adviceReplaced,
		sentence: sentenceReplace + "The value is deleted for good, and the configuration has no value_wo, or ignores it. Without value_wo, the new secret has no value.",
	}
	noticeOverwritten = &notice{
		title: "Value of Roboto Secret {name} Will Be Overwritten", advice: adviceOverwrite,
		sentence: "The secret {secret} has a value that Terraform did not write, according to the state. Applying overwrites it.",
	}
	noticeMayBeOverwritten = &notice{
		title: "Value of Roboto Secret {name} May Be Overwritten", advice: adviceOverwrite,
		sentence: "According to the state, Terraform did not write the value of the secret {secret}. If it has one, applying overwrites it. With value_wo_version, no plan compares the two.",
	}
	noticeNotListed = &notice{
		once:     true,
		title:    "Roboto Secrets Are Refreshed One by One",
		sentence: "The secrets of the organization {org} could not be listed, so bulk_refresh has no effect in this run: each secret takes a request. {why}",
		advice:   "If this happens in each run, remove bulk_refresh.",
	}
	noticeMoves = &notice{
		title:    "Roboto Secret {name} Moves to Another Organization",
		sentence: "The plan replaces the secret {secret}, and creates it in {default}, the provider's organization, because the resource has no org_id.",
		advice:   "If it should stay in its organization, set its org_id to \"{org}\".",
	}
	noticeOtherDefault = &notice{
		once:  true,
		title: "Roboto Secrets Stay in Their Organization",
		sentence: "The provider's organization is {default}, and the secret {secret} stays where it is. The same may be true of other secrets. The default counts only when a secret is created. " +
			"If the secret is replaced, for example with -replace or taint, the new one is created in {default}.",
		advice: "If the secret is where it should be, set its org_id to \"{org}\". To move it, see the guide \"Rename, move and copy secrets\".",
	}
	noticeBinary = &notice{
		refuses:  true,
		title:    "Cannot Read Roboto Secret",
		sentence: "The value of the secret {secret} is binary, so another tool than Roboto's has written it. Terraform can only read text.",
		advice:   "Write a text in its place, for example in base64, with value_wo. " + otherWrite,
	}
	noticeChangedByTerraform = &notice{
		title: "Value of Roboto Secret {name} Is Changed by Terraform",
		sentence: "The value of the secret {secret} is not in Unicode NFC. Terraform changes all text to NFC, so the receiver gets other bytes than those that are stored. " +
			"The text looks the same, but as a password it may not work.",
		advice: "If the receiver needs the stored bytes, store the value in base64, and let the receiver decode it. Terraform's base64decode changes the text too. " +
			"Or pass the URI of the secret to an action, which reads the value as it is stored. If the receiver accepts NFC, store the value in NFC, as value_wo does.",
	}
	noticeLineBreak = &notice{
		title:    "Value of Roboto Secret {name} Ends with a Line Break",
		sentence: "The value_wo of the secret {secret} is one line, and ends with a line break, which is part of the value. Most programs do not expect one in a password or a token.",
		advice:   "If the value comes from a file, remove the line break, for example with chomp(file(…)).",
	}
	noticeDeletedElsewhere = &notice{
		title:    "Roboto Secret {name} Was Deleted Elsewhere",
		sentence: "The secret {secret} is gone, and its value with it. According to the state, Terraform did not write the value, so perhaps no configuration has it.",
		advice:   "If the configuration still contains the resource, applying creates the secret again, without the old value. Write the value again, or remove the resource.",
	}
	noticeNoDrift = &notice{
		path:     "detect_value_drift",
		title:    "detect_value_drift Has No Effect",
		sentence: "The secret {secret} has detect_value_drift, which needs value_wo and value_wo_version. Without value_wo, Terraform does not manage the value. Without value_wo_version, each plan compares the value anyway.",
		advice:   "Set the missing arguments, or remove detect_value_drift.",
	}
	noticeUnusable = &notice{
		once:     true,
		title:    "Applying Will Need Other Settings",
		sentence: "The secret {secret} can be planned, because that takes no call of Roboto. It cannot be applied with these settings. {why}",
		advice:   "If the plan is applied elsewhere, with settings that work, ignore this warning.",
	}
	noticeNameUnresolvable = &notice{
		path:     "name",
		title:    "Actions Cannot Use the Secret Name {name}",
		sentence: "Roboto's own software (SDK 0.53) cannot look up the secret {name}, because it does not encode spaces, %, #, ? or characters beyond ASCII. An action fails if it gets the URI of such a secret as a parameter.",
		advice: "Terraform can manage and read the secret. If an action has to use it, choose a name without these characters. " +
			"Space at the beginning or the end may come from a file or a variable: trimspace() removes it.",
	}
	noticeOmitted = &notice{
		title:    "Unusable Roboto Secrets of {org} Are Not Listed",
		sentence: "The list of the secrets of the organization {org} leaves out {count} that Terraform cannot use. Of the first one, this is known: {why}.",
		advice:   "Look at them with Roboto's own tools. The rest of the list is complete.",
	}
	noticeListLimit = &notice{
		title:    "Not All Roboto Secrets Are Listed",
		sentence: "The list of the secrets of the organization {org} stops at the limit of {limit}, {more}",
		advice:   "To list more, set a higher limit in the list block. Without one, Terraform asks for at most 100. To list fewer, set name_prefix.",
	}
)

// failure is how something that failed reads, before and after what package roboto says about it.
type failure struct {
	title, sentence string
	// advice takes the place of the advice for the kind of error, adviceFor for some kinds.
	advice    string
	adviceFor map[roboto.Kind]string
	// adopts is set if a block is shown with which the resource takes a record over.
	adopts bool
}

const (
	adviceUseOtherKey = "Use an API key of somebody who belongs to the organization. To stop managing the secret, remove it from the state with terraform state rm or a removed block."
	otherWrite        = "The command roboto secrets write can do so too, but the list of processes and the shell's history show the value."
	titleNoFirstValue = "Cannot Write Roboto Secret Value"
	titleNoVersion    = "Cannot Read Roboto Secret Version"
	sentenceNoVersion = "The secret {secret} has no version {version}. AWS guarantees only the current version and the one before it. {kept}"
	adviceIfCreated   = " If this configuration creates it, also pass version_id = roboto_secret.….version_id to the ephemeral resource: it then waits until the value is written."
)

// inState is advice about a secret that is in the state.
func inState(advice map[roboto.Kind]string) map[roboto.Kind]string {
	all := map[roboto.Kind]string{roboto.KindForeignOrg: adviceUseOtherKey}
	maps.Copy(all, advice)
	return all
}

// mayNotRead is advice for an API key that may not read the value.
func mayNotRead(advice string) map[roboto.Kind]string {
	return map[roboto.Kind]string{roboto.KindUnauthorized: advice, roboto.KindTokenRefused: advice}
}

// ofInvocation is advice without that to apply again, and without that about secrets.
func ofInvocation(advice map[roboto.Kind]string) map[roboto.Kind]string {
	all := map[roboto.Kind]string{
		roboto.KindNoAnswer:      adviceNetwork,
		roboto.KindUnsettled:     "To see whether it runs, use roboto actions list-invocations NAME --org ORG, with the name of the action and the organization in which it is invoked.",
		roboto.KindUnavailable:   "",
		roboto.KindCanceled:      "",
		roboto.KindLimitExceeded: "",
	}
	maps.Copy(all, advice)
	return all
}

var (
	failCreate            = &failure{title: "Cannot Create Roboto Secret", sentence: "The secret {secret} could not be created.", adopts: true}
	failPlan              = &failure{title: "Cannot Find Organization of Roboto Secret", sentence: "The secret {secret} has no org_id, and the provider's organization could not be found."}
	failRefresh           = &failure{title: "Cannot Read Roboto Secret", sentence: "The secret {secret} could not be read.", adviceFor: inState(nil)}
	failReplacedElsewhere = &failure{
		title: "Roboto Secret {name} Was Replaced Elsewhere",
		advice: "Terraform removes the old secret from the state. If the configuration no longer contains this resource, there is nothing left to do. " +
			"Otherwise the plan creates the secret again, which fails while the other one has the name. Choose another name here, or delete the other secret if nobody needs it.",
		adopts: true,
	}
	failUpdate = &failure{
		title: "Cannot Update Roboto Secret", sentence: "The secret {secret} could not be updated.",
		adviceFor: inState(map[roboto.Kind]string{
			roboto.KindNotFound: "It was deleted after the last refresh. Apply again, without -refresh=false: Terraform then creates it anew.",
		}),
	}
	failDelete = &failure{
		title: "Cannot Delete Roboto Secret", sentence: "The secret {secret} could not be deleted.",
		adviceFor: inState(map[roboto.Kind]string{
			roboto.KindUnsettled: "Once the problem is fixed, apply again. Terraform then first checks whether the secret still exists.",
		}),
	}
	failReplace = &failure{
		title:    "Cannot Replace Roboto Secret",
		sentence: "The secret {secret} was not deleted, because the secret that replaces it, {new}, cannot be created.",
		adviceFor: map[roboto.Kind]string{
			roboto.KindNameTaken: "Choose another name. If another resource of this configuration gives that name up, apply again: the name may be free by then. " +
				"If names are swapped, apply in two steps: first give each secret a name that is free. To keep the secrets when a count shifts, use for_each with the names as keys.",
		},
	}
	failImport = &failure{
		title: "Cannot Import Roboto Secret", sentence: "The secret {secret} could not be imported.",
		adviceFor: map[roboto.Kind]string{
			roboto.KindNoOnlyOrg: "Name the organization in the import ID, as name@org_id. Or set the provider's org_id, or the environment variable ROBOTO_ORG_ID.",
		},
	}
	failImportMissing = &failure{
		title: "Cannot Import Roboto Secret", sentence: "There is no secret {name} in the organization {org}.",
		advice: "Check the name and the organization. An import ID without an organization means the provider's organization. To name another one, import name@org_id.",
	}
	failCompare = &failure{
		title:    "Cannot Compare Roboto Secret Value",
		sentence: "The secret {secret} has value_wo without value_wo_version, so planning compares value_wo with the stored value. The stored value could not be read.",
		adviceFor: inState(mayNotRead("Use an API key that may read and write the value. If you then set value_wo_version and apply, later plans read no value. " +
			"To destroy the secret with this API key, remove value_wo first. Then there is nothing to compare.")),
	}
	failDrift = &failure{
		title:    "Cannot Detect Roboto Secret Value Drift",
		sentence: "The secret {secret} has detect_value_drift, so each refresh asks for the current version of its value. The version could not be read.",
		adviceFor: inState(mayNotRead("Use an API key that may read the value. Or remove detect_value_drift, and run terraform apply -refresh=false -target=… with the address of this resource once: a refresh uses the setting from the last apply. " +
			"Do this also before you destroy the secret with this API key.")),
	}
	failFirstValue = &failure{
		title:    titleNoFirstValue,
		sentence: "The value of the secret {secret} could not be written, so its new record was deleted again. Nothing is left behind, and the next apply starts over.",
		adviceFor: map[roboto.Kind]string{
			roboto.KindNotFound: "Roboto may not show a new record at once. Apply again in a minute.",
		},
	}
	failFirstValueReplaced = &failure{
		title:    titleNoFirstValue,
		sentence: "The record of the secret {secret} was created, but its value could not be written, and the record is gone. {why}",
		advice:   "Apply again. If the other secret still has the name, the error then says how to import it.",
	}
	failLeftover = &failure{
		title: titleNoFirstValue,
		sentence: "The record of the secret {secret} was created, but its value could not be written. {why}\n\n" +
			"The record could not be deleted again. It is in Terraform's state, without a value and marked as tainted.",
		advice: "Once the problem is fixed, run terraform apply, which replaces the record. If create_before_destroy or prevent_destroy is set, " +
			"run terraform untaint with the resource's address first. The next apply then writes the value.",
	}
	failRead        = &failure{title: "Cannot Read Roboto Secret", sentence: "The secret {secret} could not be read."}
	failReadVersion = &failure{
		title:     "Cannot Read Roboto Secret Version",
		sentence:  "The data source of the secret {secret} has read_version_id, so it asks for the version of the value. The version could not be read.",
		adviceFor: mayNotRead("Use an API key that may read the value, or remove read_version_id."),
	}
	failReadValue = &failure{
		title: "Cannot Read Roboto Secret", sentence: "The value of the secret {secret} could not be read.",
		adviceFor: map[roboto.Kind]string{
			roboto.KindNotFound: advices[roboto.KindNotFound] + adviceIfCreated,
			roboto.KindNoValue:  advices[roboto.KindNoValue] + adviceIfCreated,
		},
	}
	failReadOldVersion = &failure{
		title: titleNoVersion, sentence: sentenceNoVersion,
		advice: "To read the current value, leave version_id out. If version_id comes from a roboto_secret resource, the value has since been written elsewhere: " +
			"change value_wo_version of that resource, and the next apply writes the value again. " +
			"If version_id was set to undo a rotation, and that is done, give value_wo its usual source again, and leave value_wo_version as it is. " +
			"To destroy or only refresh, remove this ephemeral resource from the configuration first.",
	}
	failReadStage = &failure{
		title: titleNoVersion, sentence: sentenceNoVersion,
		advice: "There is a version before the current one once the value has been written twice. To read the current version, leave version_stage out.",
	}
	failReadNoVersion = &failure{
		title: titleNoVersion, sentence: "The secret {secret} has no value yet, and so no version {version}.",
		advice: "Write a value first, with value_wo. " + otherWrite + " There is a version before the current one once the value has been written twice.",
	}
	failList = &failure{
		title: "Cannot List Roboto Secrets", sentence: "{secrets} could not be listed.",
		adviceFor: map[roboto.Kind]string{
			roboto.KindLimitExceeded: "If the organization has so many secrets, read those that you need with the data source roboto_secret. Otherwise check that the provider's endpoint is Roboto's API.",
		},
	}
	failOrganizations = &failure{title: "Cannot List Roboto Organizations", sentence: "The organizations of the API key's owner could not be listed."}
	failFindAction    = &failure{
		title: "Cannot Find Roboto Action", sentence: "The action {action} could not be looked up. Nothing was invoked.",
		adviceFor: ofInvocation(map[roboto.Kind]string{
			roboto.KindNotFound:   "Check the name, the digest and the organization. An action of the Action Hub belongs to another organization: set action_org_id to it.",
			roboto.KindForeignOrg: "Correct action_org_id, or org_id if it is not set. Only an action of the Action Hub can be used from another organization.",
		}),
	}
	failParameter = &failure{
		title:    titleInvoke,
		sentence: "The parameter {parameter} of the action {action} names the secret {secret}, which could not be looked up. Nothing was invoked.",
		adviceFor: ofInvocation(map[roboto.Kind]string{
			roboto.KindNotFound: "Check the name and the organization. A URI without an organization means the one in which the action is invoked.",
		}),
	}
	failInvoke = &failure{title: titleInvoke, sentence: "Invoking the action {action} failed.", adviceFor: ofInvocation(nil)}
)

const (
	titleInvoke = "Cannot Invoke Roboto Action"

	// invokeAgain is part of each error of an invocation. The change that triggered it is in
	// the state by then, so another apply has nothing to do.
	invokeAgain = "To invoke it again, run terraform apply -invoke=action.roboto_action_invoke.NAME, with the name of this block. A plain apply does so only if its trigger fires again."
)

const adviceNetwork = "Check the network, the proxy in HTTPS_PROXY and NO_PROXY, and the endpoints in the provider configuration. No other proxy settings of the system are used."

// adviceTrust says how to trust a certificate. Go reads SSL_CERT_FILE neither on macOS nor on Windows
// (crypto/x509), and AWS_CA_BUNDLE is for AWS's own tools.
func adviceTrust(goos string) string {
	switch goos {
	case "darwin":
		return "add its certificate to the keychain of the system, and trust it there. SSL_CERT_FILE and AWS_CA_BUNDLE have no effect here."
	case "windows":
		return "add its certificate to the trusted root certificates of Windows. SSL_CERT_FILE and AWS_CA_BUNDLE have no effect here."
	}
	return "add its certificate to the system's trusted certificates, or name its file in SSL_CERT_FILE. AWS_CA_BUNDLE has no effect here."
}

// advices are what to do about each kind of error. An error of the settings says so itself.
var advices = map[roboto.Kind]string{
	roboto.KindNotFound:   "Check the name and the organization.",
	roboto.KindForeignOrg: "Correct the organization, which comes from org_id or uri, from the provider's org_id or from ROBOTO_ORG_ID. Or use an API key of somebody who belongs to it.",
	roboto.KindReplaced:   "Terraform leaves the other secret alone. Apply again, without -refresh=false. Terraform then removes the old secret from the state, and says how to adopt the other one.",
	roboto.KindNameTaken: "If another resource block, another Terraform state or somebody else manages it, choose another name: two that manage one secret overwrite each other. " +
		"If this apply replaces the secret, create_before_destroy is a likely cause: names are unique, so the old secret has to be deleted first. Remove it, or run terraform destroy -target=… with the address of the resource. " +
		"If the plan says that the secret is tainted, run terraform untaint with its address, and apply. " +
		"If this plan deletes it at another address, apply again.",
	roboto.KindUnsettled:     "It is not in the state. Once the problem is fixed, apply again. If the record exists, the apply then says who created it, and when.",
	roboto.KindTokenRefused:  "Check that the API key is the right one, and that it is meant for this endpoint. It may have expired, or its owner may lack permission. Keys are managed at " + settings.TokenPage + ".",
	roboto.KindUnauthorized:  "Ask an administrator of the organization for the permission, or use an API key that has it.",
	roboto.KindLimitExceeded: "Delete secrets that are no longer used, or ask Roboto to raise the limit, then apply again.",
	roboto.KindNoOnlyOrg:     "Set org_id in this block or in the provider block, or the environment variable ROBOTO_ORG_ID.",
	roboto.KindNoValue:       "The secret has no value yet. Write one first, with value_wo. " + otherWrite,
	roboto.KindLostAtAWS: "To get the value back, ask Roboto's support to restore the secret at AWS. If the value may be lost, run terraform apply -replace=… with the address of the resource. " +
		"If the secret was just created, under the name of one that was deleted, apply again in a few minutes.",
	roboto.KindUnavailable:      "The service was busy, slow or failing during all attempts. Completed changes are kept. Apply again later. If it stays busy, lower -parallelism or raise max_attempts.",
	roboto.KindRefused:          "If the code or the message does not explain it, please report this to Roboto's support.",
	roboto.KindNoAnswer:         adviceNetwork + " If the service is slow, raise request_timeout. Then apply again.",
	roboto.KindUntrusted:        "Check that the endpoint is the right one. If your proxy intercepts TLS connections, " + adviceTrust(runtime.GOOS),
	roboto.KindUnexpectedAnswer: "Check that the provider's endpoint is Roboto's API, without a path, and not a proxy or a login page in front of it. If it redirects, set the endpoint to the final URL. If it is Roboto's API, please report this to Roboto's support.",
	roboto.KindCanceled:         "Apply again to continue.",
}

// awsAdvices are what to do about errors of AWS, where that is something else.
var awsAdvices = map[roboto.Kind]string{
	roboto.KindUnauthorized:     "AWS does not accept the credentials from Roboto for this secret. Permissions at AWS can lag, so apply again in a minute. If the error persists, please report it to Roboto's support.",
	roboto.KindRefused:          "Roboto manages the secret and its encryption at AWS: if the error persists, please report it to Roboto's support.",
	roboto.KindLimitExceeded:    "AWS keeps about 100 versions of a value, and each for at least 24 hours. Write the value less often, and apply again in a day.",
	roboto.KindUnexpectedAnswer: "Check that secrets_manager_endpoint, if it is set, is AWS Secrets Manager or a private endpoint of it, and that no proxy answers in its place.",
}

// adoptions introduce the block with which a resource takes a record over.
var adoptions = map[roboto.Kind]string{
	roboto.KindNameTaken: "If nothing else manages the record, import it: put the address of this resource into the following block, add it to the configuration, apply, and remove it:",
	roboto.KindUnsettled: "If the record exists and nothing else manages it, you can also import it: put the address of this resource into the following block, add it to the configuration, apply, and remove it:",
	roboto.KindReplaced:  "To manage the other secret with this resource instead, first run terraform apply -refresh-only, which removes the old one from the state. Then put the address of this resource into the following block, add it to the configuration, apply, and remove it:",
}
