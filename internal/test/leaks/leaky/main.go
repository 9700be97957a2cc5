// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Command leaky is the provider with leaks planted, for the test that the leak scan
// finds them. It is built in place of the real one with go build -overlay.
//
// ROBOTO_LEAK_PLANTS says how it leaks the value of each secret: a JSON object by the
// secrets' names, in which "*" is for all.
package main

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	framework "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/roboto-ai/terraform-provider-roboto/internal/provider"
	"github.com/roboto-ai/terraform-provider-roboto/internal/settings"
)

func main() {
	log.SetOutput(io.Discard) // as the real one does
	newProvider := func() framework.Provider {
		whole, _ := provider.New("leaky", settings.OSEnvironment())().(wholeProvider)
		return leakyProvider{whole}
	}
	err := providerserver.Serve(context.Background(), newProvider, providerserver.ServeOpts{Address: "registry.terraform.io/roboto-ai/roboto"})
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// wholeProvider is all that the provider is.
type wholeProvider interface {
	framework.ProviderWithActions
	framework.ProviderWithEphemeralResources
	framework.ProviderWithFunctions
	framework.ProviderWithListResources
}

type leakyProvider struct{ wholeProvider }

func (p leakyProvider) Resources(ctx context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource {
		whole, _ := p.wholeProvider.Resources(ctx)[0]().(wholeResource)
		return leakyResource{whole}
	}}
}

// wholeResource is all that the resource is.
type wholeResource interface {
	resource.ResourceWithConfigure
	resource.ResourceWithIdentity
	resource.ResourceWithImportState
	resource.ResourceWithModifyPlan
	resource.ResourceWithValidateConfig
}

type leakyResource struct{ wholeResource }

func (r leakyResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	r.wholeResource.Create(ctx, req, resp)
	resp.Diagnostics.Append(leak(ctx, req.Config, &resp.State, resp.Private.SetKey)...)
}

func (r leakyResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	r.wholeResource.Update(ctx, req, resp)
	resp.Diagnostics.Append(leak(ctx, req.Config, &resp.State, resp.Private.SetKey)...)
}

// leak leaks the value of a secret that is there.
func leak(ctx context.Context, config tfsdk.Config, state *tfsdk.State, setPrivate func(context.Context, string, []byte) diag.Diagnostics) diag.Diagnostics {
	var name string
	var given *string
	diags := config.GetAttribute(ctx, path.Root("name"), &name)
	diags.Append(config.GetAttribute(ctx, path.Root("value_wo"), &given)...)
	if given == nil || state.Raw.IsNull() {
		return diags
	}
	value := *given
	versionID := path.Root("version_id") // Terraform does not know it before
	var plants map[string]string
	_ = json.Unmarshal([]byte(os.Getenv("ROBOTO_LEAK_PLANTS")), &plants)
	switch cmp.Or(plants["*"], plants[name]) {
	case "log":
		tflog.Debug(ctx, "Wrote the value", map[string]any{"value": value})
	case "stderr":
		_, _ = fmt.Fprintln(os.Stderr, "wrote the value", value)
	case "diagnostic":
		diags.AddWarning("Value of "+name, "The value is "+value+".")
	case "state":
		diags.Append(state.SetAttribute(ctx, versionID, value)...)
	case "base64":
		diags.Append(state.SetAttribute(ctx, versionID, base64.StdEncoding.EncodeToString([]byte("user:"+value)))...)
	case "private":
		text, _ := json.Marshal(value) // a text can always be encoded
		diags.Append(setPrivate(ctx, "value", text)...)
	case "request":
		if err := send(ctx, os.Getenv("ROBOTO_SERVICE_ENDPOINT")+"/v1/secrets?"+url.Values{"value": {value}}.Encode()); err != nil {
			diags.AddError("Not Leaked", err.Error())
		}
	case "crash":
		panic("the value is " + value)
	}
	return diags
}

func send(ctx context.Context, to string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, to, nil) //nolint:gosec // it is sent where it should not be
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req) //nolint:gosec // it is sent where it should not be
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
