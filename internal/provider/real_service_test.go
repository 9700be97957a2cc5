// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"crypto/rand"
	"os"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/roboto-ai/terraform-provider-roboto/internal/provider"
	"github.com/roboto-ai/terraform-provider-roboto/internal/settings"
)

// TestAccRealService takes a secret through its life in the organization that the
// environment's credentials and ROBOTO_ORG_ID name. It needs TF_ACC=1.
func TestAccRealService(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("not asking the real service without TF_ACC=1; the other tests prove the same against the embedded one")
	}
	name := "terraform-acceptance-" + rand.Text()
	config := func(value, version string) string {
		return secret(name, `value_wo = "`+value+`"`, `value_wo_version = "`+version+`"`) +
			echoed("ephemeral \"roboto_secret\" \"test\" {\n  uri        = roboto_secret.test.uri\n  version_id = roboto_secret.test.version_id\n}\n")
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){
			"roboto": providerserver.NewProtocol6WithError(provider.New("test", settings.OSEnvironment())()),
			"echo":   echoprovider.NewProviderServer(),
		},
		Steps: []resource.TestStep{
			{
				Config:            config("first fake value", "1"),
				ConfigStateChecks: []statecheck.StateCheck{echo("value", knownvalue.StringExact("first fake value"))},
			},
			{Config: config("first fake value", "1"), ConfigPlanChecks: emptyPlan()},
			{Config: config("second fake value", "2"), ConfigPlanChecks: plans(plancheck.ResourceActionUpdate)},
			{
				Config: config("second fake value", "2") + "data \"roboto_secret\" \"test\" {\n  uri = roboto_secret.test.uri\n}\n",
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue("data.roboto_secret.test", tfjsonpath.New("name"), knownvalue.StringExact(name)),
				},
			},
		},
	})
}
