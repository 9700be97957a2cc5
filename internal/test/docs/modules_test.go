// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"path/filepath"
	"testing"
)

// What the guide "Test your module" says of versions.
var (
	optionalEphemeral = feature{"optional ephemeral variables in tests", 16, 11}
	mockedEphemeral   = feature{"mocks of ephemeral resources", 17, 11}
)

func testModule(t *testing.T) {
	need(t, overrideInPlan)
	w := newWorkspace(t)
	w.Dir = filepath.Join(w.root, "examples", "modules", "action-secrets")
	w.init()
	w.terraform(0, "validate")
	w.contains(w.terraform(0, "test"), "5 passed, 0 failed")
	if left := w.roboto.Records(testOrg); len(left) != 0 {
		t.Errorf("the tests left %v", left)
	}

	// The guide says why the mock's runs only plan.
	w.replace("tests/unit.tftest.hcl", "run \"names_secrets_after_action_and_parameter\" {\n  command = plan\n", "run \"names_secrets_after_action_and_parameter\" {\n")
	w.contains(w.terraform(1, "test", "-filter=tests/unit.tftest.hcl"), "Provider produced inconsistent final plan")
	w.replace("tests/unit.tftest.hcl", "  override_during = plan\n", "")
	w.contains(w.terraform(0, "test", "-filter=tests/unit.tftest.hcl"), "3 passed, 0 failed")
}

// testOptionalValue runs the test with the variable set, and without it.
func testOptionalValue(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t)
	w.inGuide("test-optional-value")
	w.init()
	w.contains(w.terraform(0, "test"), "1 passed, 0 failed")
	w.replace("optional.tftest.hcl", `weather_api_key = "not a real key"`, "")
	if has(optionalEphemeral) {
		w.contains(w.terraform(0, "test"), "1 passed, 0 failed")
		return
	}
	w.contains(w.terraform(1, "test"), "No value for required variable")
}

// TestMockedEphemeralResource: which mocks know ephemeral resources is what the guide
// "Test your module" says.
func TestMockedEphemeralResource(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t)
	w.use("ephemeral-resources/roboto_secret/ephemeral-resource.tf")
	w.write("role.tf", "resource \"postgresql_role\" \"reader\" {\n  name = \"reader\"\n}\n")
	w.write("mocked.tftest.hcl", "mock_provider \"roboto\" {}\nmock_provider \"postgresql\" {}\nrun \"plans\" {\n  command = plan\n}\n")
	w.init()
	switch {
	case terraform.Version == "1.17.0-dev":
		t.Skipf("skipped: whether a version %s has %s depends on its day", terraform.Version, mockedEphemeral.name)
	case has(mockedEphemeral):
		w.contains(w.terraform(0, "test"), "1 passed, 0 failed")
	default:
		w.contains(w.terraform(1, "test"), "No ephemeral resource types in mock providers")
	}
}
