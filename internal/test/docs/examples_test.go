// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package docs_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leaks"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// providerBlock goes with every example that has no terraform block of its own.
const providerBlock = "provider/provider.tf"

// secretExamples are applied together.
const secretExamples = "resources/roboto_secret/resource*.tf"

func TestExamplesAreFormatted(t *testing.T) {
	examples := filepath.Join(repository, "examples")
	command := exec.CommandContext(t.Context(), terraform.path, "fmt", "-check", "-recursive", "-diff", examples)
	command.Env = []string{"CHECKPOINT_DISABLE=1"}
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("terraform fmt: %v\n%s", err, out)
	}
	// Terraform before 1.14 passes over query files, but not over their text.
	for _, name := range exampleFiles(t) {
		if !strings.HasSuffix(name, ".tfquery.hcl") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(examples, name))
		if err != nil {
			t.Fatal(err)
		}
		command := exec.CommandContext(t.Context(), terraform.path, "fmt", "-")
		command.Env = []string{"CHECKPOINT_DISABLE=1"}
		command.Stdin = strings.NewReader(string(content))
		if out, err := command.CombinedOutput(); err != nil || string(out) != string(content) {
			t.Errorf("%s is not formatted (%v):\n%s", name, err, out)
		}
	}
}

// exampleFiles are the paths below examples/ of all examples.
func exampleFiles(t *testing.T) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(filepath.Join(repository, "examples")), ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".terraform"):
			return fs.SkipDir
		case !entry.IsDir() && filepath.Ext(path) != ".md":
			names = append(names, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// exampleTests run the examples.
var exampleTests = []struct {
	files string // patterns, separated by spaces
	run   func(*testing.T)
}{
	{"provider/provider.tf resources/roboto_secret/resource*.tf", testResource},
	{"provider/config.json", testConfigFile},
	{"resources/roboto_secret/import-by-string-id.tf", testImportByID},
	{"resources/roboto_secret/import-by-identity.tf", testImportByIdentity},
	{"resources/roboto_secret/import.sh", testImportCommand},
	{"data-sources/roboto_secret/*.tf", testSecretDataSource},
	{"data-sources/roboto_secrets/*.tf", testSecretsDataSource},
	{"data-sources/roboto_organizations/*.tf", testOrganizations},
	{"ephemeral-resources/roboto_secret/*.tf", testEphemeralResource},
	{"list-resources/roboto_secret/*.tfquery.hcl", testQuery},
	{"actions/roboto_action_invoke/*.tf", testActionInvoke},
	{"functions/*/function.tf", testFunctions},
	{"guides/several-organizations/*.tf", testSeveralOrganizations},
	{"guides/generated-password/*.tf", testGeneratedPassword},
	{"guides/monthly-rotation/*.tf", testMonthlyRotation},
	{"guides/rotate-by-age/*.tf", testRotateByAge},
	{"guides/renewal-reminder/*.tf", testRenewalReminder},
	{"guides/kubernetes-secret/*.tf", testKubernetesSecret},
	{"guides/kubernetes-secret-elsewhere/*.tf", testKubernetesSecretElsewhere},
	{"guides/undo-rotation/*.tf", testUndoRotation},
	{"guides/value-age/*.tf", testValueAge},
	{"guides/detect-drift/*.tf", testDetectDrift},
	{"guides/unused-secrets/*.tf", testUnusedSecrets},
	{"guides/organization-policy/check-plan.sh", testOrganizationPolicy},
	{"guides/github-actions/secrets.yml", testGitHubActions},
	{"guides/gitlab/.gitlab-ci.yml", testGitLab},
	{"guides/atlantis/repos.yaml", testAtlantis},
	{"guides/terragrunt/*/*.tf guides/terragrunt/*/terragrunt.hcl", testTerragrunt},
	{"guides/environments/*.tf", testEnvironments},
	{"guides/environments-one-organization/*.tf", testEnvironmentsOneOrganization},
	{"guides/environments-backends/*", testEnvironmentsBackends},
	{"guides/value-from-file/*.tf", testValueFromFile},
	{"guides/value-from-template/main.tf guides/value-from-template/netrc.tftpl", testValueFromTemplate},
	{"guides/value-from-binary-file/*.tf", testValueFromBinaryFile},
	{"guides/value-from-vault/*.tf", func(t *testing.T) { testValueFromStore(t, "value-from-vault", "%s") }},
	{"guides/value-from-aws/*.tf", func(t *testing.T) { testValueFromStore(t, "value-from-aws", `{"api_key": "%s"}`) }},
	{"guides/value-from-1password/*.tf", func(t *testing.T) { testValueFromStore(t, "value-from-1password", "%s") }},
	{"guides/value-from-sops/*.tf", func(t *testing.T) { testValueFromStore(t, "value-from-sops", "%s") }},
	{"guides/many-secrets-map/*.tf", testManySecretsMap},
	{"guides/many-secrets-csv/*.tf", testManySecretsCSV},
	{"guides/many-secrets-generated/*.tf", testManySecretsGenerated},
	{"guides/many-secrets-vault/*.tf", testManySecretsVault},
	{"guides/adopt-all/*.tf", testAdoptAll},
	{"guides/adopt-module/*.tf", testAdoptModule},
	{"guides/stop-managing/*.tf", testStopManaging},
	{"guides/keep-on-destroy/*.tf", testKeepOnDestroy},
	{"guides/use-module/*.tf", testUseModule},
	{"guides/prove-rotation/*.tf", testProveRotation},
	{"guides/prove-each/*.tf", testProveEach},
	{"guides/prove-module/*.tf", testProveModule},
	{"guides/rename-secret/*.tf", testRenameSecret},
	{"guides/rename-secret/main.tf", testRenameOfAVariablesValue},
	{"guides/move-secret/*.tf", testMoveSecret},
	{"guides/copy-secret/*.tf", testCopySecret},
	{"guides/rename-resource/*.tf", testRenameResource},
	{"guides/count-to-for-each/*.tf", testCountToForEach},
	{"guides/test-optional-value/*", testOptionalValue},
	{"modules/action-secrets/*.tf modules/action-secrets/tests/*.tftest.hcl", testModule},
}

func TestExamples(t *testing.T) {
	var patterns []string
	for _, test := range exampleTests {
		patterns = append(patterns, strings.Fields(test.files)...)
		name, _, _ := strings.Cut(test.files, " ")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.run(t)
		})
	}
	for _, file := range exampleFiles(t) {
		if !slices.ContainsFunc(patterns, func(pattern string) bool {
			ok, err := filepath.Match(pattern, file)
			return ok && err == nil
		}) {
			t.Errorf("nothing runs examples/%s", file)
		}
	}
}

func testResource(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t)
	w.use(providerBlock, secretExamples)
	w.env["TF_VAR_weather_api_key"] = "sunny with a chance"
	w.env["TF_VAR_map_service_token"] = "north is up"
	w.init()
	printed := w.apply()
	w.contains(printed, `weather_api_key_uri = "roboto-secret://weather_api_key@og_acme"`)
	w.wantValue(testOrg, "weather_api_key", "sunny with a chance")
	w.wantValue(testOrg, "map_service_token", "north is up")
	w.wantValue(testOrg, "fleet_webhook_key", "")
	w.settled()

	// Rotation, both ways.
	w.env["TF_VAR_map_service_token"] = "south is up"
	w.env["TF_VAR_weather_api_key"] = "rain"
	w.replace("resources_roboto_secret_resource.tf", `value_wo_version = "1"`, `value_wo_version = "2"`)
	w.apply()
	w.wantValue(testOrg, "weather_api_key", "rain")
	w.wantValue(testOrg, "map_service_token", "south is up")
	w.settled()

	w.terraform(0, "destroy", "-input=false", "-auto-approve")
	if left := w.roboto.Records(testOrg); len(left) != 0 {
		t.Errorf("destroy left %v", left)
	}
}

func testImportByID(t *testing.T) {
	need(t, writeOnly)
	testImportBlock(t, "resources/roboto_secret/import-by-string-id.tf")
}

func testImportByIdentity(t *testing.T) {
	need(t, identity)
	testImportBlock(t, "resources/roboto_secret/import-by-identity.tf")
}

func testImportBlock(t *testing.T, file string) {
	w := newWorkspace(t)
	w.roboto.AddSecret(testOrg, "weather_api_key")
	w.use(providerBlock, "resources/roboto_secret/resource.tf", file)
	w.env["TF_VAR_weather_api_key"] = "sunny"
	w.init()
	w.contains(w.apply(), "1 imported, 0 added, 1 changed, 0 destroyed")
	w.wantValue(testOrg, "weather_api_key", "sunny")
	w.settled()
}

func testImportCommand(t *testing.T) {
	script, err := os.ReadFile(filepath.Join(repository, "examples/resources/roboto_secret/import.sh"))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorkspace(t)
	w.roboto.AddSecret(testOrg, "weather_api_key")
	w.use(providerBlock)
	w.write("main.tf", "resource \"roboto_secret\" \"weather_api_key\" {\n  name = \"weather_api_key\"\n}\n")
	w.init()
	for line := range strings.Lines(string(script)) {
		arguments, ok := strings.CutPrefix(strings.TrimSpace(line), "terraform ")
		if !ok {
			continue
		}
		w.terraform(0, strings.Fields(arguments)...)
		w.settled()
		w.terraform(0, "state", "rm", "roboto_secret.weather_api_key")
	}
}

func testConfigFile(t *testing.T) {
	w := newWorkspace(t)
	w.roboto.AddSecret(testOrg, "sensor_gps")
	w.use(providerBlock, "provider/config.json", "data-sources/roboto_secrets/*.tf")
	w.replace("provider_config.json", "your-access-token", w.env["ROBOTO_API_KEY"])
	w.replace("provider_config.json", "https://api.roboto.ai", w.env["ROBOTO_SERVICE_ENDPOINT"])
	delete(w.env, "ROBOTO_API_KEY")
	delete(w.env, "ROBOTO_SERVICE_ENDPOINT")
	w.env["ROBOTO_CONFIG_FILE"] = "provider_config.json"
	w.init()
	w.contains(w.apply(), `"sensor_gps" = "roboto-secret://sensor_gps@og_acme"`)
}

func testSecretDataSource(t *testing.T) {
	w := newWorkspace(t)
	w.roboto.AddSecret(testOrg, "weather_api_key")
	w.use(providerBlock, "data-sources/roboto_secret/*.tf")
	w.env["TF_VAR_api_key_uri"] = "roboto-secret://weather_api_key@og_acme"
	w.init()
	w.contains(w.apply(), `weather_api_key_uri = "roboto-secret://weather_api_key@og_acme"`)
	w.settled()
	w.env["TF_VAR_api_key_uri"] = "roboto-secret://another@og_acme"
	w.contains(w.terraform(1, "plan", "-input=false"), "404")
}

func testSecretsDataSource(t *testing.T) {
	w := newWorkspace(t)
	for _, name := range []string{"sensor_gps", "webhook_start", "webhook_stop"} {
		w.roboto.AddSecret(testOrg, name)
	}
	w.use(providerBlock, "data-sources/roboto_secrets/*.tf")
	w.init()
	printed := w.apply()
	w.contains(printed, `"sensor_gps" = "roboto-secret://sensor_gps@og_acme"`)
	w.contains(printed, "2 added")
	w.settled()
}

func testOrganizations(t *testing.T) {
	w := newWorkspace(t)
	w.roboto.AddOrg("og_acme_robotics", "Acme Robotics")
	w.use(providerBlock, "data-sources/roboto_organizations/*.tf")
	w.init()
	printed := w.apply()
	w.contains(printed, `"Acme Robotics" = "og_acme_robotics"`)
	if strings.Contains(printed, "Warning") {
		t.Errorf("the check failed:\n%s", printed)
	}
	w.settled()
	w.replace("data-sources_roboto_organizations_data-source_check.tf", `"og_acme"`, `"og_else"`)
	w.contains(w.terraform(0, "plan", "-input=false"), "The owner of the API key does not belong to og_else.")
	w.replace("data-sources_roboto_organizations_data-source_name.tf", "Acme Robotics", "Acme")
	w.contains(w.terraform(1, "plan", "-input=false"), "does not identify an element")
}

func testEphemeralResource(t *testing.T) {
	need(t, ephemeralValues)
	w := newWorkspace(t)
	w.roboto.AddSecret(testOrg, "database_admin_password")
	w.roboto.SetValue(testOrg, "database_admin_password", "open sesame")
	w.use("ephemeral-resources/roboto_secret/ephemeral-resource.tf")
	w.env["ROBOTO_ORG_ID"] = testOrg
	w.write("role.tf", "resource \"postgresql_role\" \"reader\" {\n  name = \"reader\"\n}\n")
	w.init()
	got := w.applyRole()
	if want := (givenPasswords{Admin: "open sesame"}); got != want {
		t.Errorf("postgresql was given %+v, want %+v", got, want)
	}
	w.settled()
}

// applyRole applies and returns what the stand-in for postgresql was given.
func (w *workspace) applyRole() (given givenPasswords) {
	w.t.Helper()
	w.env[postgresqlRecord] = filepath.Join(w.root, "postgresql.json")
	w.apply()
	content, err := os.ReadFile(w.env[postgresqlRecord])
	if err != nil {
		w.t.Fatal(err)
	}
	if err := json.Unmarshal(content, &given); err != nil {
		w.t.Fatal(err)
	}
	return given
}

func testQuery(t *testing.T) {
	need(t, query)
	w := newWorkspace(t)
	for _, name := range []string{"sensor_gps", "sensor_imu", "webhook_start"} {
		w.roboto.AddSecret(testOrg, name)
		w.roboto.SetValue(testOrg, name, "stored before")
	}
	w.use(providerBlock, "list-resources/roboto_secret/list-resource.tfquery.hcl")
	w.init()
	printed := w.terraform(0, "query")
	for _, name := range []string{"sensor_gps", "sensor_imu"} {
		w.contains(printed, "name="+name)
	}
	if strings.Contains(printed, "webhook_start") {
		t.Errorf("the prefix was ignored:\n%s", printed)
	}
	w.terraform(0, "query", "-generate-config-out=generated.tf")
	w.contains(w.apply(), "2 imported, 0 added, 0 changed, 0 destroyed")
	w.wantValue(testOrg, "sensor_gps", "stored before")
	w.settled()
}

func testFunctions(t *testing.T) {
	need(t, always)
	w := newWorkspace(t)
	for _, name := range []string{"ROBOTO_API_KEY", "ROBOTO_SERVICE_ENDPOINT"} {
		delete(w.env, name)
	}
	w.use(providerBlock, "functions/*/function.tf")
	w.init()
	printed := w.apply()
	w.contains(printed, `weather_api_key_uri = "roboto-secret://weather_api_key@og_acme"`)
	w.contains(printed, `weather_api_key_uri_anywhere = "roboto-secret://weather_api_key"`)
	w.contains(printed, `api_key = { "name" = "weather_api_key" "org_id" = "og_acme" }`)
	w.env["TF_VAR_api_key_uri"] = "weather_api_key"
	w.contains(w.terraform(1, "plan", "-input=false"), "Give the URI of a secret")
}

func testSeveralOrganizations(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t, testOrg, "og_acme_staging")
	w.inGuide("several-organizations")
	delete(w.env, "ROBOTO_API_KEY")
	config := map[string]any{"version": "v1", "profiles": map[string]any{
		"acme":         map[string]string{"api_key": w.roboto.APIKey(), "endpoint": w.roboto.Endpoint()},
		"acme-staging": map[string]string{"api_key": w.roboto.APIKey(), "endpoint": w.roboto.Endpoint()},
	}}
	content, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(w.root, "home", ".roboto"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.root, "home", ".roboto", "config.json"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	w.env["TF_VAR_weather_api_keys"] = `{"production": "for real", "staging": "for fun"}`
	w.init()
	w.apply()
	w.wantValue(testOrg, "weather_api_key", "for real")
	w.wantValue("og_acme_staging", "weather_api_key", "for fun")
	w.settled()
}

// inGuide runs commands in the copy of a guide's example.
func (w *workspace) inGuide(name string) {
	w.t.Helper()
	w.Dir = filepath.Join(w.root, "examples", "guides", name)
	mains, err := filepath.Glob(filepath.Join(w.Dir, "*.tf"))
	if err != nil {
		w.t.Fatal(err)
	}
	if !slices.ContainsFunc(mains, func(main string) bool {
		content, err := os.ReadFile(main)
		return err == nil && strings.Contains(string(content), "required_providers")
	}) {
		w.use(providerBlock)
	}
}

func testGeneratedPassword(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t)
	w.inGuide("generated-password")
	w.init()
	check := func(given givenPasswords) string {
		t.Helper()
		stored, _, _ := w.roboto.Value(testOrg, "telemetry_password")
		if len(stored) != 32 || given.Role != stored {
			t.Errorf("stored is %q, and the role was given %q", stored, given.Role)
		}
		return stored
	}
	first := check(w.applyRole())
	w.settled()
	w.replace("main.tf", `value_wo_version = "1"`, `value_wo_version = "2"`)
	if second := check(w.applyRole()); second == first {
		t.Error("the password was not rotated")
	}
	w.settled()

	// An apply that stops between the two writes is finished by the next one.
	w.replace("main.tf", `value_wo_version = "2"`, `value_wo_version = "3"`)
	w.env[postgresqlDown] = "yes"
	w.contains(w.terraform(1, "apply", "-input=false", "-auto-approve"), "the database is down")
	delete(w.env, postgresqlDown)
	check(w.applyRole())
	w.settled()

	w.replace("main.tf", `value_wo_version = "3"`, `value_wo_version = "4"`)
	w.applyPlan()
	fourth, _, _ := w.roboto.Value(testOrg, "telemetry_password")
	w.storedNowhere(first, fourth)
}

func testMonthlyRotation(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t)
	w.inGuide("monthly-rotation")
	w.init()
	w.apply()
	if stored, _, _ := w.roboto.Value(testOrg, "recorder_password"); len(stored) != 32 {
		t.Errorf("stored is %q", stored)
	}
}

func testRotateByAge(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t)
	w.inGuide("rotate-by-age")
	w.init()
	w.apply()
	first, _, _ := w.roboto.Value(testOrg, "recorder_password")
	if len(first) != 32 {
		t.Errorf("stored is %q", first)
	}
	w.env[daysPassed] = "89"
	w.settled()
	w.env[daysPassed] = "91"
	w.contains(w.apply(), "1 added, 1 changed, 0 destroyed")
	if second, _, _ := w.roboto.Value(testOrg, "recorder_password"); len(second) != 32 || second == first {
		t.Errorf("stored is %q after %q", second, first)
	}
	w.settled()
}

// rotateBadly writes two values with the example of the resource, and returns the version of the
// good one.
func (w *workspace) rotateBadly(good, bad string) (versionID string) {
	w.t.Helper()
	w.env["TF_VAR_weather_api_key"] = good
	w.init()
	w.apply()
	_, versionID, _ = w.roboto.Value(testOrg, "weather_api_key")
	w.env["TF_VAR_weather_api_key"] = bad
	w.replace("resources_roboto_secret_resource.tf", `value_wo_version = "1"`, `value_wo_version = "2"`)
	w.contains(w.apply(), `version_id = "`+versionID+`" -> (known after apply)`)
	w.wantValue(testOrg, "weather_api_key", bad)
	delete(w.env, "TF_VAR_weather_api_key")
	return versionID
}

// undo changes the configuration as the guide says.
func (w *workspace) undo(versionID string) {
	w.t.Helper()
	w.write("guides_undo-rotation_previous.tf", "")
	w.write("resources_roboto_secret_resource.tf", "")
	w.use("guides/undo-rotation/main.tf")
	w.replace("guides_undo-rotation_main.tf", "00000000-0000-0000-0000-000000000000", versionID)
}

// testUndoRotation does what the guide says, and loses a state in between.
func testUndoRotation(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t)
	w.use(providerBlock, "resources/roboto_secret/resource.tf")
	versionID := w.rotateBadly("sunny", "rain")
	w.undo(versionID)
	before, err := os.ReadFile(filepath.Join(w.Dir, "terraform.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	w.apply()
	w.write("terraform.tfstate", string(before)) // as if it had been killed
	w.contains(w.apply(), "0 added, 1 changed, 0 destroyed")
	w.wantValue(testOrg, "weather_api_key", "sunny")
	w.settled()

	w.write("guides_undo-rotation_main.tf", "")
	w.use("resources/roboto_secret/resource.tf")
	w.replace("resources_roboto_secret_resource.tf", `value_wo_version = "1"`, `value_wo_version = "3"`)
	w.env["TF_VAR_weather_api_key"] = "any text"
	w.roboto.RemoveOldVersions(testOrg, "weather_api_key")
	w.apply() // the output of the example is back
	w.settled()
	w.wantValue(testOrg, "weather_api_key", "sunny")
}

func testValueAge(t *testing.T) {
	need(t, writeOnly)
	const old = "The value of weather_api_key is older than 90 days. It was written 20"
	w := newWorkspace(t)
	w.inGuide("value-age")
	w.init()
	w.roboto.AddRecord(robototest.Record{OrgID: testOrg, Name: "weather_api_key", Created: time.Now().AddDate(-1, 0, 0)})
	w.contains(w.terraform(0, "plan", "-input=false"), old)
	w.roboto.SetValue(testOrg, "weather_api_key", "sunny")
	w.roboto.Age(testOrg, "weather_api_key", 89*24*time.Hour)
	fresh := func(printed string) {
		t.Helper()
		if strings.Contains(printed, "older than 90 days") {
			t.Errorf("there is a warning:\n%s", printed)
		}
	}
	fresh(w.terraform(0, "plan", "-input=false", "-detailed-exitcode"))
	w.roboto.Age(testOrg, "weather_api_key", 2*24*time.Hour)
	w.contains(w.terraform(0, "plan", "-input=false", "-detailed-exitcode"), old)

	// A rotation by the same configuration is checked after the apply.
	w.replace("main.tf", "  read_version_id = true\n", "  read_version_id = true\n  depends_on      = [roboto_secret.weather_api_key]\n")
	w.use("resources/roboto_secret/resource.tf", "resources/roboto_secret/import-by-string-id.tf")
	w.env["TF_VAR_weather_api_key"] = "rain"
	fresh(w.apply())
	w.settled()
}

func testDetectDrift(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t)
	w.inGuide("detect-drift")
	w.env["TF_VAR_partner_token"] = "ours"
	w.init()
	w.apply()
	w.settled()
	w.roboto.SetValue(testOrg, "partner_token", "theirs")
	w.terraform(2, "plan", "-input=false", "-detailed-exitcode")
	w.apply()
	w.wantValue(testOrg, "partner_token", "ours")
	w.settled()
}

func testUnusedSecrets(t *testing.T) {
	w := newWorkspace(t)
	for _, name := range []string{"fresh", "stale", "used"} {
		w.roboto.AddSecret(testOrg, name)
	}
	w.roboto.TouchLastUsed(testOrg, "used", time.Now())
	w.roboto.TouchLastUsed(testOrg, "stale", time.Now().AddDate(0, 0, -100))
	w.inGuide("unused-secrets")
	w.init()
	w.contains(w.terraform(0, "plan", "-input=false"), "Not used by any action for 90 days: stale.")
}

func testOrganizationPolicy(t *testing.T) {
	need(t, writeOnly)
	for _, tool := range []string{"bash", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("skipped: the script needs %s, which is not installed", tool)
		}
	}
	w := newWorkspace(t, testOrg, "og_other")
	w.inGuide("organization-policy")
	w.use("resources/roboto_secret/resource.tf", providerBlock)
	w.env["TF_VAR_weather_api_key"] = "sunny"
	w.init()
	w.command(0, "bash", "check-plan.sh")
	w.replace("provider_provider.tf", `"og_acme"`, `"og_other"`)
	w.contains(w.command(1, "bash", "check-plan.sh"), "Not in og_acme: roboto-secret://weather_api_key@og_other")
	w.replace("provider_provider.tf", `"og_other"`, "terraform_data.later.output")
	w.write("later.tf", "resource \"terraform_data\" \"later\" {\n  input = \"og_acme\"\n}\n")
	w.contains(w.command(1, "bash", "check-plan.sh"), "Not in og_acme: not known yet")
}

func testValueFromFile(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t)
	w.inGuide("value-from-file")
	certificate, token, password := "-----BEGIN "+rand.Text()+"\n"+rand.Text()+"\n", rand.Text(), rand.Text()
	w.write("client.pem", certificate)
	w.write("token.txt", token+"\n")
	w.env["TF_VAR_recorder_password"] = password
	w.init()
	w.terraform(0, "plan", "-input=false", "-out=plan.tfplan")
	w.terraform(0, "apply", "-input=false", "plan.tfplan")
	w.wantValue(testOrg, "client_certificate", certificate)
	w.wantValue(testOrg, "map_token", token)
	w.wantValue(testOrg, "recorder_login", `{"password":"`+password+`","user":"recorder"}`)
	w.wantValue(testOrg, "recorder_netrc", "machine recorder.example.com\nlogin recorder\npassword "+password)
	w.settled()

	// What comes from files is in no plan and no state, as the guide says.
	w.storedNowhere(certificate, token, password)
}

// storedNowhere fails if a value is in the saved plan or in the state.
func (w *workspace) storedNowhere(values ...string) {
	w.t.Helper()
	var artifacts []leaks.Artifact
	for _, name := range []string{"plan.tfplan", "terraform.tfstate"} {
		content, err := os.ReadFile(filepath.Join(w.Dir, name))
		if err != nil {
			w.t.Fatal(err)
		}
		artifacts = append(artifacts, leaks.Bytes(name, content))
	}
	var needles []leaks.Needle
	for i, value := range values {
		needles = append(needles, leaks.Needle{Name: fmt.Sprint("value ", i), Value: value})
	}
	findings, _, err := leaks.Search(artifacts, needles)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, finding := range findings {
		w.t.Error(finding)
	}
}

// testValueFromStore: what is in the store is here after an apply, each time it changes.
func testValueFromStore(t *testing.T, guide, form string) {
	t.Helper()
	need(t, writeOnly)
	w := newWorkspace(t)
	w.inGuide(guide)
	w.init()
	for _, value := range []string{"sunny", "rain"} {
		w.env[storedValue] = fmt.Sprintf(form, value)
		w.apply()
		w.wantValue(testOrg, "weather_api_key", value)
		w.settled()
	}
}

func testManySecretsMap(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t)
	w.inGuide("many-secrets-map")
	w.write("values.tfvars.json", `{"values": {"robot_001_key": "open sesame", "robot_002_key": "open barley"}}`)
	w.init()
	w.terraform(0, "apply", "-input=false", "-auto-approve", "-var-file=values.tfvars.json")
	w.wantValue(testOrg, "robot_001_key", "open sesame")
	w.wantValue(testOrg, "robot_002_key", "open barley")
	w.terraform(0, "plan", "-input=false", "-detailed-exitcode", "-var-file=values.tfvars.json")

	// Each run needs all values, and writes those whose version changes.
	w.replace("main.tf", `robot_001_key = "1"`, `robot_001_key = "2"`)
	w.write("values.tfvars.json", `{"values": {"robot_001_key": "open wheat"}}`)
	w.contains(w.terraform(1, "apply", "-input=false", "-auto-approve", "-var-file=values.tfvars.json"), `each.key is "robot_002_key"`)
	w.wantValue(testOrg, "robot_001_key", "open sesame")
	w.write("values.tfvars.json", `{"values": {"robot_001_key": "open wheat", "robot_002_key": "any text"}}`)
	w.terraform(0, "apply", "-input=false", "-auto-approve", "-var-file=values.tfvars.json")
	w.wantValue(testOrg, "robot_001_key", "open wheat")
	w.wantValue(testOrg, "robot_002_key", "open barley")

	// What Terraform says of the values themselves is in the guide.
	w.replace("main.tf", "= local.versions", "= var.values")
	printed := w.terraform(1, "plan", "-input=false", "-var-file=values.tfvars.json")
	if terraform.OpenTofu { // which has its own words
		return
	}
	guide, err := os.ReadFile(filepath.Join(repository, "docs/guides/many-secrets.md"))
	if err != nil {
		t.Fatal(err)
	}
	said := strings.Join(strings.Fields(strings.ReplaceAll(string(guide), "\n> ", "\n")), " ")
	for _, message := range []string{
		"Sensitive values, or values derived from sensitive values, cannot be used as for_each arguments.",
		`The given "for_each" value is derived from an ephemeral value`,
	} {
		w.contains(printed, message)
		if !strings.Contains(said, message) {
			t.Errorf("the guide lacks %q", message)
		}
	}
}

// testManySecretsCSV rotates one secret, adds one and removes one, then has another file in a state
// of its own.
func testManySecretsCSV(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t)
	w.inGuide("many-secrets-csv")
	write := func(file string, lines ...string) {
		w.write(file, "name,version,value\n"+strings.Join(lines, "\n")+"\n")
	}
	secret := "open " + rand.Text()
	w.write("robots.csv", "\ufeffname,version,value\r\nrobot_001_key,1,"+secret+"\r\nrobot_002_key,1,\"open, barley\"\r\n,,\r\n")
	w.init()
	w.terraform(0, "plan", "-input=false", "-out=plan.tfplan")
	w.contains(w.terraform(0, "apply", "-input=false", "plan.tfplan"), "2 added, 0 changed, 0 destroyed")
	w.wantValue(testOrg, "robot_001_key", secret)
	w.wantValue(testOrg, "robot_002_key", "open, barley")
	w.storedNowhere(secret)
	w.settled()
	write("robots.csv", "robot_001_key,2,open wheat", "robot_002_key,1,not written", "robot_003_key,1,open rye")
	w.contains(w.apply(), "1 added, 1 changed, 0 destroyed")
	w.wantValue(testOrg, "robot_001_key", "open wheat")
	w.wantValue(testOrg, "robot_002_key", "open, barley")
	w.wantValue(testOrg, "robot_003_key", "open rye")
	write("robots.csv", "robot_001_key,2,open wheat", "robot_003_key,1,open rye")
	w.contains(w.apply(), "0 added, 0 changed, 1 destroyed")
	w.settled()

	w.replace("main.tf", "robots.csv", "robots.json")
	w.replace("main.tf", "csvdecode", "jsondecode")
	w.write("robots.json", `[{"name": "robot_001_key", "version": "2", "value": "open wheat"}, {"name": "robot_003_key", "version": "1", "value": "open rye"}]`)
	w.settled()

	w.replace("main.tf", "robots.json", "robots_${terraform.workspace}.json")
	w.write("robots_north.json", `[{"name": "robot_101_key", "version": "1", "value": "open oats"}]`)
	w.terraform(0, "workspace", "new", "north")
	w.contains(w.apply(), "1 added, 0 changed, 0 destroyed")
	w.wantValue(testOrg, "robot_001_key", "open wheat")
	w.wantValue(testOrg, "robot_101_key", "open oats")
}

func testManySecretsGenerated(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t)
	w.inGuide("many-secrets-generated")
	w.init()
	w.contains(w.apply(), `"robot_002" = "roboto-secret://robot_002_password@og_acme"`)
	first, _, _ := w.roboto.Value(testOrg, "robot_001_password")
	second, _, _ := w.roboto.Value(testOrg, "robot_002_password")
	if len(first) != 32 || len(second) != 32 || first == second {
		t.Errorf("stored are %q and %q", first, second)
	}
	w.settled()
	w.replace("main.tf", `robot_001 = "1"`, `robot_001 = "2"`)
	w.contains(w.apply(), "0 added, 1 changed, 0 destroyed")
	if rotated, _, _ := w.roboto.Value(testOrg, "robot_001_password"); len(rotated) != 32 || rotated == first {
		t.Errorf("stored is %q after %q", rotated, first)
	}
	w.wantValue(testOrg, "robot_002_password", second)
}

func testManySecretsVault(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t)
	w.inGuide("many-secrets-vault")
	w.env[storedValue] = "sunny"
	w.init()
	w.apply()
	w.wantValue(testOrg, "robot_002_api_key", "sunny")
	w.env[storedValue] = "rain"
	w.settled()
	w.replace("main.tf", `robot_001 = "1"`, `robot_001 = "2"`)
	w.apply()
	w.wantValue(testOrg, "robot_001_api_key", "rain")
	w.wantValue(testOrg, "robot_002_api_key", "sunny")
}

func testAdoptAll(t *testing.T) {
	w := newWorkspace(t)
	for i := range 3 {
		name := fmt.Sprintf("sensor_%d", i)
		w.roboto.AddSecret(testOrg, name)
		w.roboto.SetValue(testOrg, name, "stored before")
	}
	w.inGuide("adopt-all")
	w.init()
	w.contains(w.apply(), "3 imported, 0 added, 0 changed, 0 destroyed")
	w.wantValue(testOrg, "sensor_1", "stored before")
	w.settled()
}

func testStopManaging(t *testing.T) {
	need(t, removedLifecycle)
	w := newWorkspace(t)
	w.write("main.tf", "resource \"roboto_secret\" \"weather_api_key\" {\n  name                = \"weather_api_key\"\n  deletion_protection = true\n}\n")
	w.use(providerBlock)
	w.init()
	w.apply()
	w.write("main.tf", "")
	w.use("guides/stop-managing/main.tf")
	w.apply()
	w.settled()
	if _, ok := w.roboto.Record(testOrg, "weather_api_key"); !ok {
		t.Error("the secret was deleted")
	}
	if state := w.terraform(0, "state", "list"); state != "" {
		t.Errorf("the state still has %s", state)
	}
}

func testUseModule(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t)
	w.inGuide("use-module")
	w.env["TF_VAR_weather_api_key"] = "sunny"
	w.init()
	w.apply()
	w.wantValue(testOrg, "forecast_api_key", "sunny")
	w.settled()

	// The README's command is the same in all shells, and so are the arguments.
	readme, err := os.ReadFile(filepath.Join(repository, "examples/modules/action-secrets/README.md"))
	if err != nil {
		t.Fatal(err)
	}
	all := blocks(string(readme))
	invoke := slices.IndexFunc(all, func(b block) bool { return b.language == "shell" })
	if invoke < 0 {
		t.Fatal("the module's README has no command")
	}
	invocation := w.installRobotoCLI()
	for _, shell := range shells {
		if _, err := exec.LookPath(shell.name); err != nil {
			t.Logf("skipped: %s is not installed", shell.name)
			continue
		}
		w.command(0, shell.name, "-c", all[invoke].text)
		arguments, err := os.ReadFile(invocation)
		if want := "actions\ninvoke\nforecast\n--parameter\napi_key=roboto-secret://forecast_api_key@og_acme\n"; err != nil || string(arguments) != want {
			t.Errorf("%s called roboto with %q (%v), want %q", shell.name, arguments, err, want)
		}
		if err := os.Remove(invocation); err != nil {
			t.Error(err)
		}
	}
}

func testRenameSecret(t *testing.T) {
	testKeptValue(t, "rename-secret", roboto.SecretRef{Name: "weather_key", OrgID: testOrg}, roboto.SecretRef{Name: "weather_api_key", OrgID: testOrg})
}

// testRenameOfAVariablesValue does what the guide says where a variable supplies the value.
func testRenameOfAVariablesValue(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t)
	const (
		variable = "variable \"key\" {\n  type      = string\n  ephemeral = true\n  sensitive = true\n}\n"
		value    = "  value_wo = var.key\n  value_wo_version = \"1\"\n}\n"
		old      = "resource \"roboto_secret\" \"old\" {\n  name = \"weather_key\"\n"
	)
	w.env["TF_VAR_key"] = "sunny"
	w.use(providerBlock)
	w.write("main.tf", variable+old+value)
	w.init()
	w.apply()
	w.write("main.tf", variable)
	w.use("guides/rename-secret/main.tf")
	w.replace("guides_rename-secret_main.tf", old+"}\n", old+value)
	w.contains(w.apply(), "1 added, 0 changed, 0 destroyed")
	w.write("guides_rename-secret_main.tf", "resource \"roboto_secret\" \"weather_api_key\" {\n  name = \"weather_api_key\"\n"+value)
	printed := w.apply()
	w.contains(printed, "0 added, 0 changed, 1 destroyed")
	if strings.Contains(printed, "Warning") {
		t.Errorf("there is a warning:\n%s", printed)
	}
	w.wantValue(testOrg, "weather_api_key", "sunny")
	w.settled()
}

func testMoveSecret(t *testing.T) {
	testKeptValue(t, "move-secret", roboto.SecretRef{Name: "weather_api_key", OrgID: testOrg}, roboto.SecretRef{Name: "weather_api_key", OrgID: "og_acme_staging"})
}

// testKeptValue replaces a secret by another one as a guide says.
func testKeptValue(t *testing.T, guide string, from, to roboto.SecretRef) {
	need(t, writeOnly)
	w := newWorkspace(t, testOrg, "og_acme_staging")
	w.use(providerBlock)
	w.write("main.tf", fmt.Sprintf("resource \"roboto_secret\" \"old\" {\n  name   = %q\n  org_id = %q\n}\n", from.Name, from.OrgID))
	w.init()
	w.apply()
	w.roboto.SetValue(from.OrgID, from.Name, "written by a person")
	w.write("main.tf", "")
	w.use("guides/" + guide + "/main.tf")
	w.contains(w.apply(), "1 added, 0 changed, 0 destroyed")
	w.wantValue(to.OrgID, to.Name, "written by a person")
	w.settled()

	w.write("guides_"+guide+"_main.tf", fmt.Sprintf("resource \"roboto_secret\" \"weather_api_key\" {\n  name   = %q\n  org_id = %q\n}\n", to.Name, to.OrgID))
	printed := w.apply()
	w.contains(printed, "1 changed, 1 destroyed")
	w.contains(printed, " Will Be Lost")
	w.wantValue(to.OrgID, to.Name, "written by a person")
	w.settled()
	if _, left := w.roboto.Record(from.OrgID, from.Name); left {
		t.Error("the old secret is still there")
	}
}

func testCopySecret(t *testing.T) {
	need(t, writeOnly)
	w := newWorkspace(t, testOrg, "og_acme_staging")
	w.use(providerBlock, "guides/copy-secret/main.tf")
	w.roboto.AddSecret(testOrg, "weather_api_key")
	w.init()
	for _, value := range []string{"sunny", "rain", "snow"} {
		w.roboto.SetValue(testOrg, "weather_api_key", value)
		w.apply()
		w.wantValue("og_acme_staging", "weather_api_key", value)
		w.settled()
		state, err := os.ReadFile(filepath.Join(w.Dir, "terraform.tfstate"))
		if err != nil || strings.Contains(string(state), value) {
			t.Errorf("the state has the value, or is not there (%v)", err)
		}
	}
}

func testCountToForEach(t *testing.T) {
	w := newWorkspace(t)
	w.use(providerBlock)
	w.write("main.tf", "resource \"roboto_secret\" \"sensor\" {\n  count = 2\n  name  = [\"sensor_gps\", \"sensor_imu\"][count.index]\n}\n")
	w.init()
	w.apply()
	w.roboto.SetValue(testOrg, "sensor_imu", "written by a person")
	w.write("main.tf", "")
	w.use("guides/count-to-for-each/main.tf")
	w.contains(w.apply(), "0 added, 0 changed, 0 destroyed")
	w.replace("guides_count-to-for-each_main.tf", `"sensor_gps", "sensor_imu"]`, `"sensor_imu"]`)
	w.contains(w.apply(), "0 added, 0 changed, 1 destroyed")
	w.wantValue(testOrg, "sensor_imu", "written by a person")
	w.settled()
}
