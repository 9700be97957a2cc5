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

// explain puts an error of package roboto into words.
func explain(err error) explanation {
	e, ok := errors.AsType[*roboto.Error](err)
	switch {
	case ok:
		return explanation{what: whatHappened(e), next: whatNext(e), block: blockOf(e)}
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

// whatHappened is one or two sentences.
func whatHappened(e *roboto.Error) string {
	switch e.Kind {
	case roboto.KindUnconfirmedGone:
		if e.Err != nil {
			return "Roboto says that there is no such secret. The provider does not conclude that it was deleted, because the organizations of the API key's owner could not be looked up." + causeOf(e.Err)
		}
		return serviceOf(e) + " says that there is no such secret. The provider does not conclude that it was deleted, because " + belonging(e) + ". Roboto may be hiding it."
	case roboto.KindReplaced:
		return capitalize(e.Problem) + ". Terraform leaves the other secret alone."
	case roboto.KindNameTaken:
		text := "A secret of this name exists already in the organization."
		if e.Problem != "" {
			text += " " + capitalize(e.Problem) + "."
		}
		return text + causeOf(e.Err) + causeOf(e.Settle)
	case roboto.KindUnsettledCreate:
		return "A record of this name may have been created. Nothing is in the state." + causeOf(e.Err) + causeOf(e.Settle, "Looking for the record failed too.")
	case roboto.KindUnsettledDelete:
		return "The secret may have been deleted anyway." + causeOf(e.Err) + causeOf(e.Settle, "Looking for the secret failed too.")
	case roboto.KindUnsettledInvoke:
		return "It is not known whether the action was invoked." + causeOf(e.Err)
	case roboto.KindLostInvocation:
		return "Roboto no longer reports the status of the invocation." + causeOf(e.Err)
	case roboto.KindNoAPIKey:
		return "No API key was found. The provider looks for one in its api_key argument, in the environment variables ROBOTO_API_KEY and ROBOTO_BEARER_TOKEN, and in ~/.roboto/config.json."
	case roboto.KindNoOnlyOrg:
		return fmt.Sprintf("No organization is given. According to %s, %s.", serviceOf(e), e.Problem)
	case roboto.KindUnsupportedStore:
		return capitalize(e.Problem) + ", which this version of the provider does not support."
	case roboto.KindNoAnswer, roboto.KindUntrusted:
		return fmt.Sprintf("No usable answer came from %s: %s (%s).", serviceOf(e), e.Problem, e.Request)
	case roboto.KindUnexpectedAnswer, roboto.KindUnexpectedAWSAnswer:
		return fmt.Sprintf("The answer from %s to %s cannot be used: %s.", serviceOf(e), e.Request, e.Problem)
	case roboto.KindTooSlow:
		return fmt.Sprintf("%s took too long to answer %s: %s.", serviceOf(e), e.Request, e.Problem)
	case roboto.KindCanceled:
		return capitalize(ending(e)) + "."
	}
	text := fmt.Sprintf("%s answered %s to %s%s", serviceOf(e), e.Status(), e.Request, message(e))
	if e.ForeignOrgID != "" {
		text += ". " + capitalize(belonging(e))
	}
	return text + "."
}

// blockOf is for a record that this resource may take over.
func blockOf(e *roboto.Error) string {
	condition := ""
	switch e.Kind {
	case roboto.KindNameTaken:
		condition = "If nothing else manages the record, import it"
	case roboto.KindUnsettledCreate:
		condition = "If the record exists and nothing else manages it, you can also import it"
	default:
		return ""
	}
	return condition + ": put the address of this resource into the following block, add the block to the configuration, and apply:\n\n" + importBlock(e.Ref)
}

// message is what the service said, after a colon, or "".
func message(e *roboto.Error) string {
	if e.Message == "" {
		return ""
	}
	return ": " + strings.TrimSuffix(e.Message, ".")
}

// ending is how a canceled operation ended.
func ending(e *roboto.Error) string {
	if errors.Is(e.Err, context.DeadlineExceeded) {
		return "the operation ran out of time"
	}
	return "the operation was canceled"
}

// serviceOf names the service and how it was reached.
func serviceOf(e *roboto.Error) string {
	var how []string
	if e.Route.Host != "" {
		how = append(how, e.Route.Host)
	}
	if e.Route.Proxy != "" {
		how = append(how, "through the proxy "+e.Route.Proxy+" of HTTPS_PROXY")
	}
	if e.Route.APIKey.From != "" {
		how = append(how, "with the API key from "+e.Route.APIKey.From)
	}
	if len(how) == 0 {
		return e.Service
	}
	return fmt.Sprintf("%s (%s)", e.Service, strings.Join(how, ", "))
}

// belonging lists the organizations of the API key's owner, for an error about an
// organization that is not one of them.
func belonging(e *roboto.Error) string {
	if e.OwnOrgs == "" {
		return outside(e) + ", or to any other"
	}
	return outside(e) + ", but to " + e.OwnOrgs
}

func outside(e *roboto.Error) string {
	return "the API key's owner does not belong to the organization " + e.ForeignOrgID
}

// causeOf begins with a space, and is "" without a cause.
func causeOf(err error, introduction ...string) string {
	if err == nil {
		return ""
	}
	return " " + strings.Join(append(introduction, explain(err).what), " ")
}

// whatNext is the advice for each kind of error.
func whatNext(e *roboto.Error) string {
	const (
		checkEndpoint = "Check that the provider's endpoint is Roboto's API"
		applyAgain    = "Once the problem is fixed, apply again."
	)
	if e.ForeignOrgID != "" && e.Kind != roboto.KindUnconfirmedGone {
		return "Correct the organization, which comes from org_id or uri, from the provider's org_id or from ROBOTO_ORG_ID. Or use an API key of somebody who belongs to " + e.ForeignOrgID + "."
	}
	switch e.Kind {
	case roboto.KindNotFound:
		return "Check the name and the organization."
	case roboto.KindNotRoboto:
		return "This is not how Roboto itself says that something does not exist, so the provider does not treat anything as deleted. " + checkEndpoint + ", without a path, and that no proxy answers in its place."
	case roboto.KindUnconfirmedGone:
		if e.Err != nil {
			return explain(e.Err).next
		}
		return "Use an API key of somebody who belongs to the organization. To stop managing the secret, remove it from the state with terraform state rm or a removed block."
	case roboto.KindReplaced:
		return "Apply again, without -refresh=false. Terraform then removes the old secret from the state, and says how to adopt the other one."
	case roboto.KindConflict:
		return "The name of a secret that was just deleted may stay taken for a moment. Apply again."
	case roboto.KindNameTaken:
		return "If another resource block, another Terraform state or somebody else manages it, choose another name: two that manage one secret overwrite each other. " +
			"If this plan deletes it at another address, apply again. " +
			"If this apply replaces the secret, create_before_destroy is a likely cause: names are unique, so the old secret has to be deleted first. " +
			"If the plan says that the secret is tainted, run terraform untaint with its address, and apply."
	case roboto.KindUnsettledCreate:
		return applyAgain + " If the record exists, the apply then says who created it, and when."
	case roboto.KindUnsettledDelete:
		return applyAgain + " Terraform then first checks whether the secret still exists."
	case roboto.KindUnsettledInvoke:
		return "To see whether it runs, use roboto actions list-invocations with the name of the action."
	case roboto.KindLostInvocation:
		return "To see its status, use roboto invocations status with its ID. To end it, use roboto invocations cancel."
	case roboto.KindNoAPIKey:
		return "Create a token at " + settings.TokenPage + " and set ROBOTO_API_KEY to it."
	case roboto.KindTokenRefused:
		return strings.TrimSpace(e.Route.APIKey.Check + " The key may have expired, or its owner may lack permission. Keys are managed at " + settings.TokenPage + ".")
	case roboto.KindUnauthorized:
		return strings.TrimSpace("Ask an administrator of the organization for the permission, or use an API key that has it. " + e.Route.APIKey.Check)
	case roboto.KindLimitExceeded:
		return "Delete secrets that are no longer used, or ask Roboto to raise the limit, then apply again."
	case roboto.KindNoOnlyOrg:
		return "Set org_id in this block or in the provider block, or the environment variable ROBOTO_ORG_ID."
	case roboto.KindNoValue:
		return "The secret has no value yet. Write one first, with value_wo or with roboto secrets write."
	case roboto.KindAWSAccessDenied:
		return "AWS does not accept the credentials from Roboto for this secret. Permissions at AWS can lag, so apply again in a minute. If the error persists, please report it to Roboto's support."
	case roboto.KindUnsupportedStore:
		return "Upgrade the provider."
	case roboto.KindThrottled:
		return "The service was busy during all attempts. Apply again later, with a lower -parallelism, or raise max_attempts."
	case roboto.KindUnavailable:
		return "The service failed during all attempts. Apply again later. Completed changes are kept."
	case roboto.KindTooSlow:
		return "The service is slow or busy. Try again later, with a lower -parallelism."
	case roboto.KindRedirected:
		return "The provider does not follow redirects, because it would send the API key to another server. Set the provider's endpoint to the final URL."
	case roboto.KindNoAnswer:
		return "Check the network, the proxy settings and the endpoints in the provider configuration. If the service is slow, raise request_timeout. Then apply again."
	case roboto.KindUntrusted:
		return "Check that the endpoint is the right one. If your proxy intercepts TLS connections, add its certificate to the system's trusted certificates, or name its file in SSL_CERT_FILE."
	case roboto.KindUnexpectedAnswer:
		return checkEndpoint + ", not a proxy or a login page in front of it. If it is Roboto's API, please report this to Roboto's support."
	case roboto.KindUnexpectedAWSAnswer:
		return "Check that secrets_manager_endpoint, if it is set, is AWS Secrets Manager or a private endpoint of it, and that no proxy answers in its place."
	case roboto.KindCanceled:
		return "Apply again to continue."
	case roboto.KindRefused, roboto.KindOther:
		return "If the message does not explain it, please report this to Roboto's support."
	}
	return ""
}
