// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// cure is what the advice of some errors says. Where an advice names several steps, each is a
// cure.
type cure struct {
	// advice is "" if there is no step.
	advice string
	// follow is nil if the advice is no more than to run what follows.
	follow step
	// next sets what is run then, in place of what failed.
	next step
	// waits is set if waiting may heal, so that the error may come late.
	waits bool
	// because says why there is no step, or why the step does not heal.
	because string
	entries []string
}

// step does what an advice says.
type step func(*scene)

// scene is an error that has happened.
type scene struct {
	*protocol.Core
	t     *testing.T
	entry cataloged
	// said is the error, and took is how long the process took that reported it.
	said error
	took time.Duration
	// deed is what is run to see whether the scene is healed.
	deed protocol.Deed
	// others are the versions of all secrets that are not in the state, by ARN.
	others map[string][]robototest.Version
	// value is the one that has to be stored in the end, if the configuration has none.
	value string
}

// patience is how long an error may take that no waiting changes.
const patience = 20 * time.Second

func (e cataloged) scene(t *testing.T) *scene {
	t.Helper()
	c, err := e.begin(t)
	s := &scene{Core: c, t: t, entry: e, said: err, took: time.Since(c.Began), deed: c.Latest}
	if s.deed.Do == nil {
		applies(versionedSecret)(s)
	}
	s.others = s.notInState()
	return s
}

func (s *scene) notInState() map[string][]robototest.Version {
	others := map[string][]robototest.Version{}
	for _, orgID := range []string{robototest.DefaultOrg, "og_other", "og_one", "og_two"} {
		for _, record := range s.Roboto.Records(orgID) {
			if record.ARN != s.State["arn"] {
				others[record.ARN] = s.Roboto.Versions(orgID, record.Name)
			}
		}
	}
	return others
}

// healed runs the deed, and checks what comes of it.
func (s *scene) healed() error {
	err := s.deed.Do(s.deed.Config)
	if title, _, _ := strings.Cut(s.said.Error(), "\n"); err == nil && strings.Contains(fmt.Sprint(s.Warning), title) {
		err = s.Warning
	}
	if err == nil && s.deed.Applies {
		err = s.isRight()
	}
	if err != nil {
		return err
	}
	if arn, _ := s.State["arn"].(string); arn != "" {
		delete(s.others, arn) // it was imported
	}
	if now := s.notInState(); !reflect.DeepEqual(now, s.others) {
		return fmt.Errorf("of what is not in the state, the service has %v, and before %v", now, s.others)
	}
	for _, invocation := range s.Roboto.Invocations() {
		if invocation.Status() < robototest.Completed {
			return fmt.Errorf("the invocation %s still runs", invocation.ID)
		}
	}
	return nil
}

// isRight checks that the state is that of the configuration and of the service.
func (s *scene) isRight() error {
	if s.deed.Config == nil {
		if s.State != nil {
			return errors.New("the secret is still in the state")
		}
		return nil
	}
	empty, err := s.PlanIsEmpty(s.deed.Config)
	name, orgID := fmt.Sprint(s.State["name"]), fmt.Sprint(s.State["org_id"])
	record, _ := s.Roboto.Record(orgID, name)
	value, versionID, _ := s.Roboto.Value(orgID, name)
	wanted, managed := s.deed.Config["value_wo"].(string)
	switch {
	case err != nil:
		return err
	case !empty || s.Warning != nil:
		return fmt.Errorf("the next plan is empty: %t, and warns: %w", empty, s.Warning)
	case s.State["arn"] != record.ARN:
		return fmt.Errorf("the ARN is %v, the service has %q", s.State["arn"], record.ARN)
	case value != cmp.Or(wanted, s.value):
		return fmt.Errorf("the value is %q, want %q", value, cmp.Or(wanted, s.value))
	case managed && s.State["version_id"] != versionID && s.deed.Config["value_wo_version"] != nil:
		return fmt.Errorf("version_id is %v, the service has %q", s.State["version_id"], versionID)
	}
	return nil
}

// TestAdviceHeals follows the advice of each error, and sees that it helps, and that it is needed.
func TestAdviceHeals(t *testing.T) {
	entries, cured := map[string]cataloged{}, map[string]bool{}
	for _, entry := range catalog(deadHosts(t)) {
		entries[entry.title] = entry
	}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 1, ' ', 0)
	for _, cure := range cures() {
		for _, title := range cure.entries {
			entry, exists := entries[title]
			if !exists {
				t.Errorf("there is no entry %q", title)
				continue
			}
			cured[title] = cured[title] || cure.advice == "" || cure.because == ""
			if cure.advice == "" {
				_, _ = fmt.Fprintf(w, "%s\t%s\t-\t-\n", title, cure.because)
				continue
			}
			t.Run(title+"/"+cure.advice, func(t *testing.T) {
				took, err := cure.heals(t, entry)
				_, _ = fmt.Fprintf(w, "%s\t%s\t%t\t%.0f s\n", title, cure.advice, err == nil, took.Seconds())
				switch {
				case err != nil && cure.because == "":
					t.Errorf("the advice does not help: %v", err)
				case err == nil && cure.because != "":
					t.Error("the advice helps, although: " + cure.because)
				case took > patience && !cure.waits:
					t.Errorf("the error came after %s", took)
				}
			})
		}
	}
	for title := range entries {
		if !cured[title] {
			t.Errorf("nothing follows the advice of %q", title)
		}
	}
	_ = w.Flush()
	if testing.Verbose() {
		t.Log("\n" + table.String())
	}
}

// heals follows the advice, and returns how long the error took and why the scene is not healed.
// In a second scene, nothing is done: there the error must stay.
func (c cure) heals(t *testing.T, entry cataloged) (took time.Duration, err error) {
	t.Helper()
	try := func(follow step) {
		synctest.Test(t, func(t *testing.T) {
			s := entry.scene(t)
			took = s.took
			if c.next != nil {
				c.next(s)
			}
			if follow != nil {
				follow(s)
			}
			err = s.healed()
		})
	}
	if c.follow != nil {
		if try(nil); err == nil {
			t.Error("the scene is healed without the advice")
		}
	}
	try(c.follow)
	return took, err
}

// cures are all of them. The steps are below.
func cures() []cure {
	const orgOne = "og_one"
	var (
		parameters = fields{"parameter_values": map[string]any{"key": "roboto-secret://db"}}
		addSecret  = elsewhere(func(r *robototest.Server) { r.AddSecret(robototest.DefaultOrg, "db"); writeValue(r) })
		addAction  = elsewhere(func(r *robototest.Server) {
			r.AddAction(robototest.Action{Name: "check", Parameters: []robototest.Parameter{{Name: "key", Required: true}}})
		})
		addToOrgOne  = elsewhere(func(r *robototest.Server) { r.AddSecret(orgOne, "db"); r.SetValue(orgOne, "db", "written elsewhere") })
		setOrgID     = func(orgID string) step { return func(s *scene) { s.Vars["ROBOTO_ORG_ID"] = orgID } }
		withoutValue = change(fields{"value_wo": nil, "value_wo_version": nil})
	)
	return []cure{
		{advice: "set a good API key", follow: correctSettings, entries: []string{
			"No API key", "No API key, and a plan that needs no call (a warning)", "An API key of the retired format", "An API key in quotes", "An API key with a line break",
		}},
		{advice: "correct the setting", follow: correctSettings, entries: []string{
			"An endpoint without encryption", "An endpoint that is not a URL", "A Secrets Manager endpoint without encryption",
			"A request timeout that is not a number", "A setting that is not known yet", "A config file that is not JSON",
			"A profile that the config file lacks", "A profile without an API key", "No config file for a profile", "A config file that is a device",
		}},
		{advice: "repair the config file", follow: repairConfigFile, entries: []string{
			"A config file that is not JSON", "A config file in UTF-16", "A config file with a missing comma",
			"A profile that the config file lacks", "A profile without an API key", "No config file for a profile", "A config file that is a device",
		}},
		{advice: "let only the owner read the config file", next: starts, follow: closeConfigFile, entries: []string{"A config file that other users may read (a warning)"}},
		{advice: "set the organization", follow: setOrgID(robototest.DefaultOrg), entries: []string{"An organization's name instead of its ID"}},
		{advice: "set the organization", follow: setOrgID(orgOne), entries: []string{"Several organizations and none chosen"}},
		{advice: "use another API key", follow: useOtherKey, entries: []string{"The API key's owner belongs to no organization"}},
		{advice: "check the endpoint, and trust the certificate", follow: correctSettings, entries: []string{"The host is unknown", "The certificate is not trusted"}},
		{advice: "check the network and the endpoint", follow: correctSettings, waits: true, entries: []string{"Nobody listens", "Nobody listens: the second secret"}},
		{advice: "check the endpoint", follow: correctSettings, entries: []string{"The server does not speak TLS"}},
		{advice: "check the endpoint", follow: correctSettings, waits: true, entries: []string{"The server refuses TLS"}},

		{advice: "choose another name", follow: change(fields{"name": "other"}), entries: []string{
			"A name that a URI cannot carry", "A name with a space at its end (a warning)", "A name that actions cannot look up (a warning)",
			"Create: the name is taken", "Create: the answer is lost, and the record is of another creator", "Replace: the new name is taken",
		}},
		{advice: "give one of the blocks another name", next: applies(comparedFields), follow: change(fields{"name": "other"}), entries: []string{"Create: two blocks of one name"}},
		{advice: "remove value_wo", follow: change(fields{"value_wo": nil}), entries: []string{"An empty value"}},
		{advice: "remove value_wo", follow: change(fields{"name": "db", "value_wo": nil}), entries: []string{"An empty value of a secret whose name is not known yet"}},
		{advice: "shorten the value", follow: change(fields{"value_wo": canary}), entries: []string{"A value that is too long"}},
		{advice: "set value_wo", follow: change(fields{"value_wo": canary}), entries: []string{"A version without a value"}},
		{advice: "set value_wo and its version", follow: change(versionedSecret), entries: []string{"Drift detection without a value (a warning)"}},
		{advice: "remove the line break", follow: change(fields{"value_wo": canary}), entries: []string{"A value of one line with a line break at its end (a warning)"}},
		{advice: "apply, or remove the resource", entries: []string{"Refresh: the secret is gone, with a value that Terraform did not write (a warning)"}},
		{advice: "remove detect_value_drift", follow: change(fields{"detect_value_drift": nil}), entries: []string{"Drift detection without a value (a warning)"}},
		{advice: "remove value_wo_version", follow: withoutValue, entries: []string{"A version without a value"}},
		{advice: "correct the organization", follow: change(fields{"org_id": orgOne}), entries: []string{"An organization that is not the caller's"}},
		{advice: "check the organization", follow: change(fields{"org_id": robototest.DefaultOrg}), entries: []string{"An organization that does not exist"}},
		{advice: "correct the organization", follow: all(recovers, addToOrgOne, change(fields{"org_id": orgOne})), entries: []string{
			"Data source: no such secret, and the organization is not the caller's",
			"Ephemeral resource: no such secret, and the organization is not the caller's",
		}},
		{advice: "set org_id", follow: change(fields{"org_id": robototest.DefaultOrg}), entries: []string{
			"Plan: the secrets stay when the default organization changes (a warning)",
			"Plan: a renamed secret goes to another default organization (a warning)",
		}},

		{advice: "import the record", follow: importAsAdvised, entries: []string{
			"Create: the name is taken",
			"Create: the answer is lost, and the record is of another creator",
			"Create: the answer is lost, and a record of the same creator is older",
			"Create: the answer is lost, and the creator cannot be found out",
		}},
		{advice: "get the permission, and import the record", follow: all(useOtherKey, applyAndImport), entries: []string{"Create: the name is taken, and the record cannot be looked for"}},
		{advice: "apply again, and import", follow: applyAndImport, entries: []string{"Write: another secret has the name by then"}},
		{advice: "apply again, and import", next: applies(rotatedSecret), follow: applyAndImport, entries: []string{"Update: another secret has the name"}},
		{advice: "import the other secret", next: applies(bareSecret), follow: importAsAdvised, entries: []string{"Refresh: another secret has the name (a warning)"}},
		{advice: "choose another name", next: applies(bareSecret), follow: change(fields{"name": "other"}), entries: []string{"Refresh: another secret has the name (a warning)"}},
		{advice: "delete the other secret", next: applies(bareSecret), follow: deleteOther, entries: []string{"Refresh: another secret has the name (a warning)"}},

		{advice: "apply again once the problem is fixed", follow: recovers, waits: true, entries: []string{
			"Create: the answer is lost, and the record cannot be looked for", "Create: the answer has the record of an older secret",
			"Create: Terraform is interrupted", "Write: neither the value nor the clean-up succeeds",
		}},
		{advice: "apply again once the problem is fixed", next: applies(nil), follow: recovers, waits: true, entries: []string{"Delete: the answer is lost, and the secret cannot be looked for"}},
		{advice: "untaint once the problem is fixed", follow: all(recovers, untaint), waits: true, entries: []string{"Write: neither the value nor the clean-up succeeds"}},
		{advice: "apply again later", follow: recovers, waits: true, entries: []string{
			"Create: the name is not free yet", "The service keeps throttling", "The service keeps failing", "Write: AWS denies access",
			"Rotate: AWS denies access", "Write: AWS keeps throttling", "Write: AWS keeps failing", "Data source: a page fails",
			"Data source: the listing takes too long", "Action: it may have been invoked", "Action: Roboto fails until the time has run out",
		}},
		{advice: "apply again in a day", follow: recovers, entries: []string{"Write: AWS keeps no more versions"}},
		{advice: "apply again later", follow: func(s *scene) { s.Roboto.DelayReuse(0) }, waits: true, entries: []string{"Write: AWS still deletes the secret that had the name"}},
		{advice: "check the network", follow: recovers, waits: true, entries: []string{
			"The connection keeps breaking", "The service does not answer in time", "Write: AWS is out of reach",
		}},
		{advice: "check the network", follow: recovers, entries: []string{"The answer is endless", "The header of the answer is endless"}},
		{advice: "have the limit raised", follow: recovers, entries: []string{"Create: a limit is reached"}},
		{advice: "set the clock", follow: func(s *scene) { s.Roboto.SetClock(0) }, entries: []string{"Write: the clock is wrong, and there is no second attempt"}},
		{advice: "apply again in a minute", follow: recovers, waits: true, entries: []string{"Write: Roboto does not show the new record"}},
		{advice: "replace the secret", follow: replace, entries: []string{
			"Rotate: the secret was deleted at AWS", "Rotate: the secret is marked for deletion at AWS",
		}},
		{advice: "check that the endpoint is Roboto's API", follow: recovers, entries: []string{
			"A login page answers", "The answer has another shape", "The answer is a success with an error in it", "The endpoint redirects",
			"A 404 that is not Roboto's", "The record describes another secret", "The record names no secret at AWS", "The record lacks fields",
			"The record names a region of another partition", "Write: the credentials name another region",
			"Write: the credentials are for another secret", "Write: the credentials contain a line break", "Data source: the listing does not end",
		}},
		{advice: "check secrets_manager_endpoint", follow: recovers, entries: []string{
			"Write: AWS does not speak its protocol", "Compare: the ID of the version repeats the value",
		}},
		{advice: "write a text", follow: elsewhere(writeValue), entries: []string{"Ephemeral resource: a binary value"}},
		{advice: "store the value in base64", follow: elsewhere(func(r *robototest.Server) {
			stored, _, _ := r.Value(robototest.DefaultOrg, "db")
			r.SetValue(robototest.DefaultOrg, "db", base64.StdEncoding.EncodeToString([]byte(stored)))
		}), entries: []string{"Ephemeral resource: a value that Terraform changes (a warning)"}},
		{advice: "store the value in NFC", follow: elsewhere(func(r *robototest.Server) { r.SetValue(robototest.DefaultOrg, "db", canary+"\u00e9") }), entries: []string{
			"Ephemeral resource: a value that Terraform changes (a warning)",
		}},
		{advice: "use an API key that has the permission", follow: useOtherKey, entries: []string{
			"Create: no permission", "The token is refused", "The token is not authorized", "Write: no permission for credentials",
			"Compare: no permission for credentials", "Compare: the token is refused", "Compare: the organization is not the caller's",
			"Detect drift: no permission for credentials", "Delete: no permission", "Refresh: the organization is not the caller's",
			"Refresh: the caller's organizations are not known", "Data source: the organizations cannot be listed",
			"Data source: no permission for the version", "Action: no permission",
		}},
		{advice: "use an API key that has the permission", next: applies(renamedSecret), follow: useOtherKey, entries: []string{"Replace: whether the new name is taken cannot be found out"}},

		{advice: "set value_wo_version, and apply once with another key", follow: setVersionWithOtherKey, entries: []string{"Compare: no permission for credentials"}},
		{advice: "use an API key that may read the value", follow: useOtherKey, waits: true, because: "AWS refuses what Roboto has handed out; no API key changes that", entries: []string{"Compare: AWS denies access"}},
		{advice: "apply again in a minute", follow: recovers, waits: true, entries: []string{"Compare: AWS denies access"}},
		{advice: "remove detect_value_drift, and apply without a refresh", follow: applyWithout("detect_value_drift"), entries: []string{"Detect drift: no permission for credentials"}},
		{advice: "remove read_version_id", follow: change(fields{"read_version_id": nil}), entries: []string{"Data source: no permission for the version"}},
		{advice: "state rm", follow: forget, entries: []string{
			"Compare: the organization is not the caller's", "Refresh: the organization is not the caller's",
			"Destroy: a value that Terraform did not write (a warning)",
		}},

		{advice: "lift the protection, and apply", follow: applyWithout("deletion_protection"), entries: []string{"Delete: the secret is protected"}},
		{advice: "copy the value first", follow: copyFirst, entries: []string{
			"Rename: a value that the configuration does not have (a warning)", "Rename: a value that somebody else wrote (a warning)",
		}},
		{advice: "put the other value into value_wo", follow: keepOtherValue, entries: []string{
			"Update: a value that nobody knows the author of (a warning)", "Update: somebody else wrote the value (a warning)",
		}},
		{advice: "put the other value into value_wo", follow: keepOtherValue, because: "with a version, no plan compares, and so the warning stays; the value stays too", entries: []string{
			"Update: the first value of a secret that exists (a warning)",
		}},
		{advice: "remove value_wo and its version", follow: all(keepOtherValue, withoutValue), entries: []string{
			"Update: a value that nobody knows the author of (a warning)", "Update: the first value of a secret that exists (a warning)",
			"Update: somebody else wrote the value (a warning)", "Compare: a binary value (a warning)",
		}},
		{advice: "take value_wo out of ignore_changes", next: applies(fields{"name": "db", "value_wo_version": "2"}), follow: change(rotatedSecret), entries: []string{"Update: a new version of an ignored value"}},

		{advice: "state rm of one address", next: plans(versionedSecret, versionedSecret), follow: plans(versionedSecret), entries: []string{"Refresh: one secret at two addresses (a warning)"}},
		{advice: "state rm of one address", next: plans(versionedSecret, nil), follow: plans(versionedSecret), entries: []string{"Plan: deleted at one address, and kept at another"}},
		{advice: "remove both blocks", next: plans(versionedSecret, nil), follow: plans(nil, nil), entries: []string{"Plan: deleted at one address, and kept at another"}},

		{advice: "apply with the organization of the plan", next: appliesSaved, follow: func(s *scene) { s.Settings["org_id"] = robototest.DefaultOrg }, entries: []string{
			"Replace: the default organization is another one than while planning",
		}},
		{advice: "plan again", next: applies(renamedSecret), entries: []string{"Replace: the default organization is another one than while planning"}},
		{advice: "set the organization", next: applies(renamedSecret), follow: setOrgID(robototest.DefaultOrg), entries: []string{"Replace: the default organization is not known any more"}},
		{advice: "apply again", next: applies(rotatedSecret), entries: []string{"Update: the secret was deleted since the plan"}},

		{advice: "give the name", next: imports, follow: all(addSecret, change(fields{"id": "db"})), entries: []string{
			"Import: an invalid ID", "Import: an ARN", "Import: the organization is not the caller's",
		}},
		{advice: "name the organization", next: imports, follow: all(addToOrgOne, elsewhere(func(r *robototest.Server) { r.AddOrg(orgOne, "One") }), change(fields{"id": "db@og_one"})), entries: []string{
			"Import: no such secret", "Import: several organizations and none chosen",
		}},
		{advice: "set a higher limit", next: queries, follow: change(fields{"limit": int64(3)}), entries: []string{"Query: there are more secrets than the limit (a warning)"}},
		{advice: "query again, with a higher limit", next: queries, follow: all(recovers, change(fields{"limit": int64(3)})), waits: true, entries: []string{"Query: whether there are more than the limit is not known (a warning)"}},
		{advice: "remove bulk_refresh", follow: func(s *scene) { delete(s.Settings, "bulk_refresh") }, entries: []string{"Refresh: the secrets cannot be listed (a warning)"}},
		{advice: "look at them with Roboto's own tools", follow: deleteOther, entries: []string{"Data source: secrets that cannot be used (a warning)", "Data source: a name that Terraform would change (a warning)"}},
		{advice: "check the name", follow: all(addSecret), entries: []string{"Data source: no such secret", "Ephemeral resource: no such secret", "Action: the secret is missing"}},
		{advice: "leave version_stage out", follow: change(fields{"version_stage": nil}), entries: []string{
			"Data source: no version before the current one", "Ephemeral resource: no version before the current one",
		}},
		{advice: "write the value twice", follow: elsewhere(writeValue), entries: []string{
			"Data source: no version before the current one", "Ephemeral resource: no version before the current one",
		}},
		{advice: "write a value", follow: elsewhere(writeValue), entries: []string{"Ephemeral resource: no value yet"}},
		{advice: "write a value twice", follow: all(elsewhere(writeValue), elsewhere(writeValue)), entries: []string{"Ephemeral resource: a version of a secret without a value"}},
		{advice: "leave version_id out", follow: change(fields{"version_id": nil}), entries: []string{"Ephemeral resource: no such version", "Ephemeral resource: AWS has removed the version"}},

		{advice: "correct parameter_values", follow: all(addSecret, change(parameters)), entries: []string{"Action: an invalid secret URI", "Action: a parameter is missing", "Action: a parameter that the action does not have"}},
		{advice: "check the name", follow: all(addSecret, change(fields{"name": "check"})), entries: []string{"Action: no such action"}},
		{advice: "correct action_org_id", follow: all(recovers, addSecret, change(fields{"action_org_id": nil})), entries: []string{"Action: its organization is not the caller's"}},
		{advice: "see the logs, and invoke again", follow: addAction, waits: true, entries: []string{
			"Action: it fails", "Action: it fails for the third time", "Action: it takes too long", "Action: Terraform is interrupted",
			"Action: it has failed, and may be queued again",
		}},
		{advice: "cancel it, and invoke again", follow: all(recovers, cancelInvocation, addAction), waits: true, entries: []string{
			"Action: it takes too long, and cannot be canceled", "Action: it takes too long, and is not canceled yet",
			"Action: Roboto no longer reports its status",
		}},

		{because: "the message says what to do, or else the advice is to report it", entries: []string{"Create: the service refuses the name", "The service is retired"}},
		{because: "the advice is to report it", entries: []string{
			"Write: the credentials have always expired", "Write: AWS KMS refuses", "Write: AWS does not accept the signature",
		}},
		{because: "the advice is to upgrade the provider", entries: []string{"The value is kept in another store"}},
		{because: "TestTerraformFollowsAdvice does, because Terraform alone can", entries: []string{
			"Plan: deleted at one address, and created at another (a warning)", "Plan: names shift from one address to another (warnings)",
		}},
	}
}

func applies(config fields) step {
	return func(s *scene) { s.deed = protocol.Deed{Config: config, Do: s.Apply, Applies: true} }
}

// appliesSaved applies a plan of another organization.
func appliesSaved(s *scene) {
	now := s.Settings["org_id"]
	s.Settings["org_id"] = robototest.DefaultOrg
	deletion, err := s.MustStart().PlanReplacement(renamedSecret)
	s.Must(err)
	s.Settings["org_id"] = now
	apply := s.Apply
	s.deed = protocol.Deed{Config: renamedSecret, Applies: true, Do: func(config fields) error {
		if err := s.MustStart().ApplyPlanned(deletion); err != nil {
			return err
		}
		return apply(config)
	}}
}

// starts only configures the provider.
func starts(s *scene) {
	s.deed = protocol.Deed{Do: func(fields) error {
		_, err := s.Start()
		return err
	}}
}

// imports imports, and applies.
func imports(s *scene) {
	importID := s.deed.Do
	s.deed.Do = func(config fields) error {
		if err := importID(config); err != nil {
			return err
		}
		return s.Apply(bareSecret)
	}
}

func queries(s *scene) {
	s.deed = protocol.Deed{Config: fields{"limit": int64(2)}, Do: func(config fields) error {
		limit, _ := config["limit"].(int64)
		var failed error
		for result := range s.MustStart().List(protocol.Listing{Limit: limit}) {
			failed = errors.Join(failed, protocol.Outcome{Diagnostics: result.Diagnostics}.Err(), protocol.Outcome{Diagnostics: result.Diagnostics}.Warning())
		}
		return failed
	}}
}

// plans has the secret at as many addresses as there are configurations.
func plans(configs ...fields) step {
	return func(s *scene) {
		s.deed = protocol.Deed{Do: func(fields) error {
			session := s.MustStart()
			for range configs {
				s.Must(session.Refresh())
			}
			for _, config := range configs {
				if _, err := session.Plan(config); err != nil {
					return err
				}
			}
			warned, instance := s.Warning, s.Instance
			session = s.MustStart()
			for _, config := range configs {
				s.Instance = instance
				if err := session.Change(config); err != nil {
					return err
				}
			}
			s.Warning = warned
			return nil
		}}
	}
}

func all(steps ...step) step {
	return func(s *scene) {
		for _, follow := range steps {
			follow(s)
		}
	}
}

// recovers: whatever has gone wrong outside is right again.
func recovers(s *scene) {
	s.Roboto.ClearFaults()
	s.Roboto.Latency(0)
}

// elsewhere is what somebody does without Terraform.
func elsewhere(do func(*robototest.Server)) step {
	return func(s *scene) {
		do(s.Roboto)
		s.others = s.notInState()
	}
}

func writeValue(r *robototest.Server) { r.SetValue(robototest.DefaultOrg, "db", "written elsewhere") }

// correctSettings leads to the server.
func correctSettings(s *scene) {
	s.Vars, s.Settings, s.Dial = protocol.NewMachine(s.Roboto).Vars, fields{}, s.Roboto.DialContext
}

// repairConfigFile writes one in which the profile has a key.
func repairConfigFile(s *scene) {
	profile, _ := s.Settings["profile"].(string)
	s.Settings["config_file"] = filepath.Join(s.t.TempDir(), "config.json")
	content := fmt.Sprintf(`{"version": "v1", "profiles": {%q: {"api_key": %q, "endpoint": %q}}}`, cmp.Or(profile, "default"), s.Roboto.APIKey(), s.Roboto.Endpoint())
	s.Must(os.WriteFile(fmt.Sprint(s.Settings["config_file"]), []byte(content), 0o600))
}

func closeConfigFile(s *scene) { s.Must(os.Chmod(fmt.Sprint(s.Settings["config_file"]), 0o600)) }

// useOtherKey uses a key to which none of the faults happens.
func useOtherKey(s *scene) {
	first := "Bearer " + s.Roboto.APIKey()
	s.Roboto.ClearFaults()
	for _, fault := range s.entry.faults {
		fault.Match = func(r robototest.Request) bool {
			return r.AWS() && fault.Operation != "" || r.Header.Get("Authorization") == first
		}
		s.Roboto.Inject(fault)
	}
	s.Vars["ROBOTO_API_KEY"] = s.Roboto.AddAPIKey(robototest.Grant{User: "colleague@example.com"})
}

// change changes the configuration.
func change(changes fields) step {
	return func(s *scene) { s.deed = s.deed.With(changes) }
}

// importAsAdvised imports what the block in the error names.
func importAsAdvised(s *scene) {
	id, found := importBlockID(s.said.Error())
	if !found {
		s.t.Error("there is no import block")
	}
	s.Must(s.ImportID(id))
	s.value, _, _ = s.Roboto.Value(fmt.Sprint(s.State["org_id"]), fmt.Sprint(s.State["name"]))
}

// applyAndImport applies, which has to fail, and does what that error says.
func applyAndImport(s *scene) {
	s.said = s.deed.Do(s.deed.Config)
	if s.said == nil {
		s.t.Error("the apply does not fail")
	}
	importAsAdvised(s)
}

// applyWithout removes an attribute, and applies once without a refresh.
func applyWithout(attribute string) step {
	return func(s *scene) {
		config := maps.Clone(s.entry.managed)
		delete(config, attribute)
		s.Must(s.MustStart().Change(config))
		if s.deed.Config != nil {
			s.deed.Config = config
		}
	}
}

// forget removes the secret from the state and from the configuration.
func forget(s *scene) {
	s.Instance, s.deed.Config = protocol.Instance{}, nil
	s.others = s.notInState()
}

// replace is what terraform apply -replace does.
func replace(s *scene) {
	session := s.MustStart()
	s.Must(session.Refresh())
	s.Must(session.ReplaceTainted(s.deed.Config))
}

// setVersionWithOtherKey applies once with a key that may read and write the value.
func setVersionWithOtherKey(s *scene) {
	first := s.Vars["ROBOTO_API_KEY"]
	useOtherKey(s)
	change(fields{"value_wo_version": "1"})(s)
	s.Must(s.Apply(s.deed.Config))
	s.Vars["ROBOTO_API_KEY"] = first
}

func untaint(s *scene) { s.Tainted = false }

// copyFirst creates the secret of the new name with the value of the old one, and then deletes that.
func copyFirst(s *scene) {
	writeValue(s.Roboto)
	read, out := s.MustStart().Provider.OpenEphemeral(fields{"name": "db"})
	s.Must(out.Err())
	change(fields{"value_wo": read["value"], "value_wo_version": "1"})(s)
	old := s.Instance
	s.Instance = protocol.Instance{}
	s.Must(s.Apply(s.deed.Config))
	created := s.Instance
	s.Instance = old
	s.Must(s.Apply(nil))
	s.Instance = created
}

// keepOtherValue puts the stored value into the configuration.
func keepOtherValue(s *scene) {
	s.value, _, _ = s.Roboto.Value(robototest.DefaultOrg, "db")
	change(fields{"value_wo": cmp.Or(s.value, canary)})(s)
}

// deleteOther deletes with Roboto's own tools what is not in the state.
func deleteOther(s *scene) {
	for _, record := range s.Roboto.Records(robototest.DefaultOrg) {
		if _, other := s.others[record.ARN]; other {
			s.Roboto.DeleteSecret(record.OrgID, record.Name)
		}
	}
	s.others = s.notInState()
}

var invocationID = regexp.MustCompile(`\biv_[a-z0-9]+`)

// cancelInvocation cancels the invocation that the error names.
func cancelInvocation(s *scene) { s.Roboto.CancelInvocation(invocationID.FindString(s.said.Error())) }
