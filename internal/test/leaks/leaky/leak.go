// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package provider is what leaks in the provider of the test that the leak scan finds leaks. It is added
// to the real package with go build -overlay.
package provider

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// Leak leaks the value of a secret that is there. ROBOTO_LEAK_PLANTS says how: a JSON object by the
// secrets' names, in which "*" is for all.
func Leak(ctx context.Context, config tfsdk.Config, state *tfsdk.State, setPrivate func(context.Context, string, []byte) diag.Diagnostics) diag.Diagnostics {
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
		//nolint:gosec,noctx // it is sent where it should not be
		resp, err := http.Get(os.Getenv("ROBOTO_SERVICE_ENDPOINT") + "/v1/secrets?" + url.Values{"value": {value}}.Encode())
		if err != nil {
			diags.AddError("Not Leaked", err.Error())
			break
		}
		_ = resp.Body.Close()
	case "crash":
		panic("the value is " + value)
	}
	return diags
}
