// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Command leaky is the provider with leaks planted, for the test that the leak scan
// finds them. It is built in place of the real one with go build -overlay.
//
// ROBOTO_LEAK_PLANT says how it leaks the value of every secret. Without it,
// ROBOTO_LEAK_PLANTS says it for each name of a secret, as a JSON object.
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

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/roboto-ai/terraform-provider-roboto/internal/provider"
	"github.com/roboto-ai/terraform-provider-roboto/internal/settings"
)

func main() {
	log.SetOutput(io.Discard) // as the real one does
	server := providerserver.NewProtocol6(provider.New("leaky", settings.OSEnvironment())())
	err := tf6server.Serve("registry.terraform.io/roboto-ai/roboto", func() tfprotov6.ProviderServer { return leaky{server()} })
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type leaky struct {
	tfprotov6.ProviderServer
}

// ApplyResourceChange applies a change and leaks the value.
func (l leaky) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	resp, err := l.ProviderServer.ApplyResourceChange(ctx, req)
	if err != nil {
		return nil, err
	}
	config, err := l.attributes(ctx, req.Config)
	if err != nil || config == nil {
		return resp, err
	}
	var name string
	var value *string
	if err := config["name"].As(&name); err != nil {
		return nil, err
	}
	if err := config["value_wo"].As(&value); err != nil || value == nil {
		return resp, err
	}
	return resp, l.leak(ctx, name, *value, resp)
}

func (l leaky) leak(ctx context.Context, name, value string, resp *tfprotov6.ApplyResourceChangeResponse) error {
	var plants map[string]string
	_ = json.Unmarshal([]byte(os.Getenv("ROBOTO_LEAK_PLANTS")), &plants) // it is set for some scenes
	switch cmp.Or(os.Getenv("ROBOTO_LEAK_PLANT"), plants[name]) {
	case "log":
		tflog.Debug(ctx, "Wrote the value", map[string]any{"value": value})
	case "stderr":
		_, _ = fmt.Fprintln(os.Stderr, "wrote the value", value)
	case "diagnostic":
		resp.Diagnostics = append(resp.Diagnostics, &tfprotov6.Diagnostic{
			Severity: tfprotov6.DiagnosticSeverityWarning, Summary: "Value of " + name, Detail: "The value is " + value + ".",
		})
	case "state":
		return l.setVersionID(ctx, resp, value)
	case "base64":
		return l.setVersionID(ctx, resp, base64.StdEncoding.EncodeToString([]byte("user:"+value)))
	case "private":
		// As terraform-plugin-framework lays it out.
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		resp.Private, err = json.Marshal(map[string][]byte{"value": text})
		return err
	case "request":
		return send(ctx, os.Getenv("ROBOTO_SERVICE_ENDPOINT")+"/v1/secrets?"+url.Values{"value": {value}}.Encode())
	case "crash":
		panic("the value is " + value)
	}
	return nil
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

// setVersionID puts text into an attribute that Terraform does not know before.
func (l leaky) setVersionID(ctx context.Context, resp *tfprotov6.ApplyResourceChangeResponse, text string) error {
	state, err := l.attributes(ctx, resp.NewState)
	if err != nil || state == nil {
		return err
	}
	state["version_id"] = tftypes.NewValue(tftypes.String, text)
	kind, err := l.secretType(ctx)
	if err != nil {
		return err
	}
	changed, err := tfprotov6.NewDynamicValue(kind, tftypes.NewValue(kind, state))
	resp.NewState = &changed
	return err
}

// attributes are nil if the value is null.
func (l leaky) attributes(ctx context.Context, dynamic *tfprotov6.DynamicValue) (map[string]tftypes.Value, error) {
	kind, err := l.secretType(ctx)
	if err != nil {
		return nil, err
	}
	value, err := dynamic.Unmarshal(kind)
	if err != nil || value.IsNull() {
		return nil, err
	}
	var attributes map[string]tftypes.Value
	err = value.As(&attributes)
	return attributes, err
}

func (l leaky) secretType(ctx context.Context) (tftypes.Type, error) {
	schemas, err := l.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	return schemas.ResourceSchemas["roboto_secret"].ValueType(), nil
}
