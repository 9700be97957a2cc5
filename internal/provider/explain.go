// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
	"github.com/roboto-ai/terraform-provider-roboto/internal/settings"
)

// explanation says what happened and what to do next.
type explanation struct {
	what, next string
	// block is a block of configuration for this secret, with an introduction, or "".
	block string
}

func (e explanation) String() string {
	texts := slices.DeleteFunc([]string{e.what, e.next, e.block}, func(text string) bool { return text == "" })
	return strings.Join(texts, "\n\n")
}

// detail puts an explanation behind a sentence. Advice is given with the first error that has it.
func (d *providerData) detail(sentence string, e explanation) string {
	if !d.memory.first(e.next) {
		e.next = ""
	}
	return sentence + "\n\n" + e.String()
}

// explain adds advice to an error of package roboto.
func explain(err error) explanation {
	e, ok := errors.AsType[*roboto.Error](err)
	switch {
	case ok:
		return explanation{what: e.Error(), next: advise(e), block: blockOf(e)}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return explain(&roboto.Error{Kind: roboto.KindCanceled, Err: err})
	}
	return explanation{what: capitalize(err.Error()) + "."}
}

func explainSetting(e *settings.Error) explanation {
	from := ""
	if e.Source != "" {
		from = ", which comes from " + e.Source + ","
	}
	return explanation{
		what: fmt.Sprintf("The provider setting %s%s is not usable: %s.", e.Setting, from, e.Problem),
		next: e.Remedy,
	}
}

// blockOf is for a record that this resource may take over.
func blockOf(e *roboto.Error) string {
	condition := "If nothing else manages the record, import it"
	switch e.Kind {
	case roboto.KindNameTaken:
	case roboto.KindUnsettledCreate:
		condition = "If the record exists and nothing else manages it, you can also import it"
	default:
		return ""
	}
	return condition + ": put the address of this resource into the following block, add the block to the configuration, apply, and remove the block:\n\n" + importBlock(e.Ref)
}

// advise is the advice for an error. It is in advices, unless it depends on more than the kind.
func advise(e *roboto.Error) string {
	checkKey := e.Route.APIKey.Check
	switch {
	case e.Kind == roboto.KindUnconfirmedGone && e.Err != nil:
		return explain(e.Err).next
	case e.Kind != roboto.KindUnconfirmedGone && e.ForeignOrgID != "":
		return "Correct the organization, which comes from org_id or uri, from the provider's org_id or from ROBOTO_ORG_ID. Or use an API key of somebody who belongs to " + e.ForeignOrgID + "."
	case e.Kind == roboto.KindTokenRefused:
		return strings.TrimSpace(checkKey + " The key may have expired, or its owner may lack permission. Keys are managed at " + settings.TokenPage + ".")
	case e.Kind == roboto.KindUnauthorized && e.Service == roboto.ServiceAWS:
		return "AWS does not accept the credentials from Roboto for this secret. Permissions at AWS can lag, so apply again in a minute. If the error persists, please report it to Roboto's support."
	case e.Kind == roboto.KindUnauthorized:
		return strings.TrimSpace("Ask an administrator of the organization for the permission, or use an API key that has it. " + checkKey)
	case e.Untrusted:
		return "Check that the endpoint is the right one. If your proxy intercepts TLS connections, add its certificate to the system's trusted certificates, or name its file in SSL_CERT_FILE."
	case e.Kind == roboto.KindUnexpectedAnswer && e.Service == roboto.ServiceAWS:
		return "Check that secrets_manager_endpoint, if it is set, is AWS Secrets Manager or a private endpoint of it, and that no proxy answers in its place."
	}
	return advices[e.Kind]
}

// advices are the advice for each kind of error.
var advices = map[roboto.Kind]string{
	roboto.KindOther:           "If the message does not explain it, please report this to Roboto's support.",
	roboto.KindNotFound:        "Check the name and the organization.",
	roboto.KindUnconfirmedGone: "Use an API key of somebody who belongs to the organization. To stop managing the secret, remove it from the state with terraform state rm or a removed block.",
	roboto.KindReplaced:        "Terraform leaves the other secret alone. Apply again, without -refresh=false. Terraform then removes the old secret from the state, and says how to adopt the other one.",
	roboto.KindConflict:        "The name of a secret that was just deleted may stay taken for a moment. Apply again.",
	roboto.KindNameTaken: "If another resource block, another Terraform state or somebody else manages it, choose another name: two that manage one secret overwrite each other. " +
		"If this plan deletes it at another address, apply again. " +
		"If this apply replaces the secret, create_before_destroy is a likely cause: names are unique, so the old secret has to be deleted first. " +
		"If the plan says that the secret is tainted, run terraform untaint with its address, and apply.",
	roboto.KindUnsettledCreate:  "It is not in the state. Once the problem is fixed, apply again. If the record exists, the apply then says who created it, and when.",
	roboto.KindUnsettledDelete:  "Once the problem is fixed, apply again. Terraform then first checks whether the secret still exists.",
	roboto.KindUnsettledInvoke:  "To see whether it runs, use roboto actions list-invocations with the name of the action.",
	roboto.KindLostInvocation:   "To see its status, use roboto invocations status with its ID. To end it, use roboto invocations cancel.",
	roboto.KindNoAPIKey:         "The provider looks for one in its api_key argument, in the environment variables ROBOTO_API_KEY and ROBOTO_BEARER_TOKEN, and in ~/.roboto/config.json. Create a token at " + settings.TokenPage + " and set ROBOTO_API_KEY to it.",
	roboto.KindLimitExceeded:    "Delete secrets that are no longer used, or ask Roboto to raise the limit, then apply again.",
	roboto.KindNoOnlyOrg:        "Set org_id in this block or in the provider block, or the environment variable ROBOTO_ORG_ID.",
	roboto.KindNoValue:          "The secret has no value yet. Write one first, with value_wo or with roboto secrets write.",
	roboto.KindUnsupportedStore: "Upgrade the provider.",
	roboto.KindThrottled:        "The service was busy during all attempts. Apply again later, with a lower -parallelism, or raise max_attempts.",
	roboto.KindUnavailable:      "The service failed during all attempts, or is slow. Apply again later. Completed changes are kept.",
	roboto.KindRefused:          "If the code or the message does not explain it, please report this to Roboto's support.",
	roboto.KindNoAnswer:         "Check the network, the proxy settings and the endpoints in the provider configuration. If the service is slow, raise request_timeout. Then apply again.",
	roboto.KindUnexpectedAnswer: "Check that the provider's endpoint is Roboto's API, without a path, and not a proxy or a login page in front of it. If it redirects, set the endpoint to the final URL. If it is Roboto's API, please report this to Roboto's support.",
	roboto.KindCanceled:         "Apply again to continue.",
}
