// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

var (
	_ action.ActionWithConfigure      = (*actionInvokeAction)(nil)
	_ action.ActionWithModifyPlan     = (*actionInvokeAction)(nil)
	_ action.ActionWithValidateConfig = (*actionInvokeAction)(nil)
)

func newActionInvokeAction() action.Action { return &actionInvokeAction{} }

// actionInvokeAction is Terraform's action that invokes an action of Roboto.
type actionInvokeAction struct {
	data *providerData
}

type actionInvokeModel struct {
	Name            types.String `tfsdk:"name"`
	OrgID           types.String `tfsdk:"org_id"`
	ActionOrgID     types.String `tfsdk:"action_org_id"`
	Digest          types.String `tfsdk:"digest"`
	ParameterValues types.Map    `tfsdk:"parameter_values"`
	DatasetID       types.String `tfsdk:"dataset_id"`
	FilePaths       types.List   `tfsdk:"file_paths"`
	FileQuery       types.String `tfsdk:"file_query"`
	TopicQuery      types.String `tfsdk:"topic_query"`
	UploadDatasetID types.String `tfsdk:"upload_dataset_id"`
	ActionTimeout   types.String `tfsdk:"action_timeout"`
	Wait            types.Bool   `tfsdk:"wait"`
	WaitTimeout     types.String `tfsdk:"wait_timeout"`
}

const defaultWaitTimeout = "30m"

func (a *actionInvokeAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_action_invoke"
}

func (a *actionInvokeAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	notEmpty := []validator.String{stringvalidator.LengthAtLeast(1)}
	query := []validator.String{stringvalidator.LengthAtLeast(1), stringvalidator.ConflictsWith(path.MatchRoot("dataset_id"))}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Invokes an action of Roboto, and by default waits until the invocation has ended. If it does not end as `Completed`, the apply fails. " +
			"If a parameter is the URI of a secret, the action tries the new value and thus proves the rotation. Requires Terraform 1.14 or later, and 1.14.1 to run after a write.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Name of the Roboto action.",
				Validators:          []validator.String{actionNameValidator},
			},
			"org_id": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "ID of the organization in which the action is invoked. Defaults to the provider's organization.",
				Validators:          []validator.String{orgIDValidator},
			},
			"action_org_id": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "ID of the organization that owns the action, for an action of the Action Hub. Defaults to `org_id`.",
				Validators:          []validator.String{actionOwnerValidator},
			},
			"digest": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Digest of the version of the action. Defaults to the latest version.",
				Validators:          notEmpty,
			},
			"parameter_values": schema.MapAttribute{
				Optional:    true,
				ElementType: types.StringType,
				MarkdownDescription: "Values of the action's parameters, by name. Give a secret as its `uri`: Roboto replaces it with the value when the action runs. " +
					"Never give the value itself: Roboto stores parameters, and so does a saved plan. Terraform refuses ephemeral values here for that reason. A null value counts as not given.",
			},
			"dataset_id": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "ID of the dataset that the action works on. It selects no files: `file_paths` does that. Conflicts with `file_query` and `topic_query`.",
				Validators:          notEmpty,
			},
			"file_paths": schema.ListAttribute{
				Optional:            true,
				ElementType:         types.StringType,
				MarkdownDescription: "Patterns of the files in the dataset that are the input. Requires `dataset_id`. Without patterns and queries, the action gets no input.",
				Validators: []validator.List{
					listvalidator.AlsoRequires(path.MatchRoot("dataset_id")),
					listvalidator.SizeAtLeast(1), listvalidator.NoNullValues(), listvalidator.ValueStringsAre(notEmpty...),
				},
			},
			"file_query": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "RoboQL query for the files that are the input.",
				Validators:          query,
			},
			"topic_query": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "RoboQL query for the topics that are the input.",
				Validators:          query,
			},
			"upload_dataset_id": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "ID of the dataset to which the outputs of the action are uploaded.",
				Validators:          notEmpty,
			},
			"action_timeout": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "How long Roboto lets the action run, as a duration in whole minutes such as `10m`. Defaults to the action's own timeout.",
			},
			"wait": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Whether to wait until the invocation has ended. With `false`, the apply succeeds as soon as the invocation is queued, and its outcome is not reported. " +
					"Defaults to `true`.",
			},
			"wait_timeout": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "How long to wait, as a duration such as `10m`. After that, the invocation is canceled and the apply fails. " +
					"Time spent in the queue counts. Defaults to `" + defaultWaitTimeout + "`.",
			},
		},
	}
}

func (a *actionInvokeAction) Configure(_ context.Context, req action.ConfigureRequest, _ *action.ConfigureResponse) {
	a.data, _ = req.ProviderData.(*providerData)
}

func (a *actionInvokeAction) ValidateConfig(ctx context.Context, req action.ValidateConfigRequest, resp *action.ValidateConfigResponse) {
	readActionInvoke(ctx, req.Config, &resp.Diagnostics)
}

// ModifyPlan reports errors that Invoke would find anyway. It skips unknown values, because
// Invoke checks everything again.
func (a *actionInvokeAction) ModifyPlan(ctx context.Context, req action.ModifyPlanRequest, resp *action.ModifyPlanResponse) {
	model := readActionInvoke(ctx, req.Config, &resp.Diagnostics)
	if !resp.Diagnostics.HasError() && !model.namesAreUnknown() && a.data.canCall(model.owner()) {
		a.findAction(ctx, model, &resp.Diagnostics)
	}
}

func (a *actionInvokeAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var diags diag.Diagnostics
	a.invoke(ctx, req.Config, func(text string) { resp.SendProgress(action.InvokeProgressEvent{Message: text}) }, &diags)
	resp.Diagnostics.Append(diags.Warnings()...)
	for _, problem := range diags.Errors() {
		resp.Diagnostics.AddError(problem.Summary(), joinParagraphs(problem.Detail(), invokeAgain))
	}
}

func (a *actionInvokeAction) invoke(ctx context.Context, config tfsdk.Config, progress func(string), diags *diag.Diagnostics) {
	model := readActionInvoke(ctx, config, diags)
	if diags.HasError() {
		return
	}
	known := a.findAction(ctx, model, diags)
	if diags.HasError() {
		return
	}
	orgID, err := a.data.findOrg(ctx, model.OrgID.ValueString())
	if err != nil {
		a.data.addFailure(diags, failInvoke, aboutAction(known.ActionRef), err)
		return
	}
	input := model.input(ctx, orgID, diags)
	if diags.HasError() || !a.findSecrets(ctx, known.Name, input, diags) {
		return
	}
	invocation, err := a.data.client.Invoke(ctx, known, input)
	if err != nil {
		a.data.addFailure(diags, failInvoke, aboutAction(known.ActionRef), err)
		return
	}
	report := func(status roboto.Status) { progress(describeProgress(known.Name, invocation.ID, status)) }
	if model.Wait.IsNull() || model.Wait.ValueBool() {
		a.wait(ctx, model, invocation, report, diags)
	} else {
		report(invocation.Status)
	}
}

// findAction finds the action, and checks the parameters as far as they are known.
func (a *actionInvokeAction) findAction(ctx context.Context, model actionInvokeModel, diags *diag.Diagnostics) (found roboto.Action) {
	ref := roboto.ActionRef{Name: model.Name.ValueString(), Digest: model.Digest.ValueString()}
	var err error
	if ref.OrgID, err = a.data.findOrg(ctx, model.owner()); err == nil {
		found, err = a.data.client.Action(ctx, ref)
	}
	if err != nil {
		a.data.addFailure(diags, failFindAction, aboutAction(ref), err)
		return found
	}
	model.checkParameters(found, diags)
	return found
}

// findSecrets finds the records of the secrets among the parameters. Without it, Roboto would
// notice minutes later that one is missing.
func (a *actionInvokeAction) findSecrets(ctx context.Context, actionName string, input roboto.InvocationInput, diags *diag.Diagnostics) bool {
	for _, parameter := range slices.Sorted(maps.Keys(input.Parameters)) {
		ref, err := roboto.ParseURI(input.Parameters[parameter])
		if err != nil {
			continue // not a secret, because malformed URIs were refused
		}
		ref.OrgID = cmp.Or(ref.OrgID, input.OrgID)
		if _, err := a.data.client.Record(ctx, ref); err != nil {
			a.data.addFailure(diags, failParameter, aboutSecret(ref, "{parameter}", strconv.Quote(parameter), "{action}", strconv.Quote(actionName)), err)
			return false
		}
	}
	return true
}

// wait follows an invocation to its end. If it has to stop before, it cancels the invocation.
func (a *actionInvokeAction) wait(ctx context.Context, model actionInvokeModel, invocation roboto.Invocation, report func(roboto.Status), diags *diag.Diagnostics) {
	waitTimeout := cmp.Or(model.WaitTimeout.ValueString(), defaultWaitTimeout)
	timeout, _ := time.ParseDuration(waitTimeout) // it was validated
	limited, stop := context.WithTimeout(ctx, timeout)
	defer stop()
	followed, err := a.data.client.Follow(limited, invocation, report)
	last := followed
	outcome, problem := noticeActionFailed, ""
	var why []string
	if err != nil {
		switch {
		case ctx.Err() != nil:
			why = append(why, "Terraform was interrupted.")
		case limited.Err() != nil:
			why = append(why, fmt.Sprintf("The wait_timeout of %s expired.", waitTimeout))
		}
		if roboto.KindOf(err) != roboto.KindCanceled {
			why = append(why, what(err))
		}
		last, err = a.data.client.CancelInvocation(ctx, followed)
		// After a failure that could not be canceled, Roboto may queue it again.
		failed := last.Status.Code == roboto.StatusFailed && err != nil && roboto.KindOf(err) != roboto.KindRefused
		switch {
		case last.Status.IsTerminal() && last.Status.Code != roboto.StatusCancelled && !failed: // it has ended by itself
		case err == nil:
			outcome = noticeActionCanceled
		default:
			outcome, problem = noticeActionNotCanceled, what(err)
		}
	}
	if last.Status.Code != roboto.StatusCompleted {
		addNotice(diags, outcome, about{
			"{action}", strconv.Quote(model.Name.ValueString()), "{invocation}", last.ID, "{status}", last.Status.String(),
			"{why}", strings.Join(why, " "), "{before}", followed.Status.String(), "{problem}", problem,
		}, nil)
	}
}

// owner is the organization that owns the action, "" for the default one.
func (m actionInvokeModel) owner() string {
	return cmp.Or(m.ActionOrgID.ValueString(), m.OrgID.ValueString())
}

// namesAreUnknown reports whether it is not known yet which action is meant.
func (m actionInvokeModel) namesAreUnknown() bool {
	return m.Name.IsUnknown() || m.Digest.IsUnknown() || m.ActionOrgID.IsUnknown() || m.ActionOrgID.IsNull() && m.OrgID.IsUnknown()
}

// parameters returns the parameters that are not null, or nil if the whole map is unknown.
func (m actionInvokeModel) parameters() map[string]types.String {
	if m.ParameterValues.IsUnknown() {
		return nil
	}
	given := map[string]types.String{}
	for name, value := range m.ParameterValues.Elements() {
		if text, ok := value.(types.String); ok && !text.IsNull() {
			given[name] = text
		}
	}
	return given
}

// readActionInvoke reads a configuration, and makes the checks that need no call. Values may be
// unknown until the action is invoked.
func readActionInvoke(ctx context.Context, config tfsdk.Config, diags *diag.Diagnostics) (m actionInvokeModel) {
	diags.Append(config.Get(ctx, &m)...)
	durationValidator.validate(path.Root("wait_timeout"), m.WaitTimeout, diags)
	durationValidator.validate(path.Root("action_timeout"), m.ActionTimeout, diags)
	if timeout, err := parseDuration(m.ActionTimeout.ValueString()); err == nil && timeout%time.Minute != 0 {
		diags.AddAttributeError(path.Root("action_timeout"), "Invalid Duration",
			fmt.Sprintf("Roboto counts the timeout of an action in whole minutes, and \"action_timeout\" is %s.", timeout))
	}
	parameters := m.parameters()
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		validateParameterValue(name, parameters[name], diags)
	}
	return m
}

// checkParameters adds an error if the parameters are not those of the action.
func (m actionInvokeModel) checkParameters(found roboto.Action, diags *diag.Diagnostics) {
	given := m.parameters()
	if given == nil {
		return
	}
	var names, problems []string
	for _, parameter := range found.Parameters {
		names = append(names, parameter.Name)
		if _, ok := given[parameter.Name]; !ok && parameter.Required {
			problems = append(problems, fmt.Sprintf("requires %q", parameter.Name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(names, name) {
			problems = append(problems, fmt.Sprintf("does not have %q", name))
		}
	}
	if len(problems) > 0 {
		addNotice(diags, noticeActionParameters, about{
			"{action}", strconv.Quote(found.Name), "{problems}", strings.Join(problems, ", and "),
			"{parameters}", cmp.Or(strings.Join(names, ", "), "none"),
		}, nil)
	}
}

// input converts a model in which everything is known.
func (m actionInvokeModel) input(ctx context.Context, orgID string, diags *diag.Diagnostics) roboto.InvocationInput {
	input := roboto.InvocationInput{
		OrgID:           orgID,
		Parameters:      map[string]string{},
		DatasetID:       m.DatasetID.ValueString(),
		FileQuery:       m.FileQuery.ValueString(),
		TopicQuery:      m.TopicQuery.ValueString(),
		UploadDatasetID: m.UploadDatasetID.ValueString(),
	}
	for name, value := range m.parameters() {
		input.Parameters[name] = value.ValueString()
	}
	diags.Append(m.FilePaths.ElementsAs(ctx, &input.FilePaths, false)...)
	if timeout, err := time.ParseDuration(m.ActionTimeout.ValueString()); err == nil {
		minutes := int(timeout / time.Minute)
		input.TimeoutMinutes = &minutes
	}
	return input
}

// aboutAction describes an action.
func aboutAction(ref roboto.ActionRef) about {
	action := strconv.Quote(ref.Name)
	if ref.OrgID != "" {
		action += " of the organization " + ref.OrgID
	}
	return about{"{action}", action}
}

// describeProgress is one line, which Terraform shows after the address of its action.
func describeProgress(actionName, invocationID string, status roboto.Status) string {
	text := fmt.Sprintf("Invocation %s of %q: %s", invocationID, actionName, status)
	if status.Code == roboto.StatusFailed {
		text += fmt.Sprintf(". Waiting %s, because Roboto may queue it again.", roboto.FailedGrace)
	}
	return text
}
