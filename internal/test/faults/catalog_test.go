// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const (
	testOrg      = robototest.DefaultOrg
	codeDenied   = "RobotoUnauthorizedException"
	codeNotFound = "RobotoNotFoundException"
	codeInternal = "RobotoInternalException"
)

// cataloged is an error or a warning that a practitioner can meet: what makes it happen, and what
// its advice says to do.
type cataloged struct {
	title string
	cures cures
	steps []step
	// server is what the service has from the start.
	server robototest.Options
}

// cures are what an advice says to do, each in words and in steps. A step is nil if the advice is no
// more than to do again what failed.
type cures map[string]step

// step is a part of a scene.
type step func(*scene)

func entry(title string, cures cures, steps ...step) cataloged {
	return cataloged{title: title, cures: cures, steps: steps}
}

func (e cataloged) on(server robototest.Options) cataloged {
	e.server = server
	return e
}

// inOrgs is for an API key whose owner belongs to these organizations.
func (e cataloged) inOrgs(ids ...string) cataloged { return e.on(robototest.Options{Orgs: ids}) }

// scene is what a practitioner has when an error happens.
type scene struct {
	*protocol.Core
	t *testing.T
	// given is the configuration of the secret in the state, and faults happen to calls.
	given  fields
	faults []robototest.Fault
	// act is what fails or warns, and operation is what is run to see whether the scene is healed.
	act       func() error
	operation operation
	// late is set if waiting may heal, so that the error may come late.
	late bool
	// said is the error or the warning, and took is how long the process took that reported it.
	said error
	took time.Duration
	// others are the versions of all secrets that are not in the state, by ARN.
	others map[string][]robototest.Version
	// value is the one that has to be stored in the end, if the configuration has none.
	value string
}

// operation is what a practitioner does with a configuration. By default, a secret with a version is applied.
type operation struct {
	config fields
	do     func(config fields) error
	// applies is whether the configuration is that of the secret.
	applies bool
}

// happen makes the error happen.
func (e cataloged) happen(t *testing.T) *scene {
	t.Helper()
	e.server.InMemory = true
	s := &scene{Core: protocol.NewCore(t, robototest.Start(t, e.server)), t: t}
	applying(versionedSecret)(s)
	for _, step := range e.steps {
		step(s)
	}
	if s.said = s.act(); s.said == nil {
		s.said = s.Warning
	}
	if s.said == nil {
		t.Fatal("there was neither an error nor a warning")
	}
	s.took, s.others = time.Since(s.Began), s.notInState()
	return s
}

// catalog has the entries in the order of testdata/errors.md. The steps are below.
func catalog(hosts map[string]deadHost) []cataloged {
	const (
		caller    = "user:caller@example.com"
		create    = robototest.CreateSecret
		put       = robototest.PutValue
		creds     = robototest.GetCredentials
		get       = robototest.GetSecret
		oldRecord = `{"data":{"name":"db","org_id":"og_test","store_type":"aws","location":{"store_type":"aws",` +
			`"arn":"arn:aws:secretsmanager:us-west-2:123456789012:secret:roboto/og_test/old-ABCDEF"},` +
			`"created":"1997-01-02T03:04:05Z","created_by":"user:caller@example.com",` +
			`"modified":"1997-01-02T03:04:05Z","modified_by":"user:caller@example.com"}}`
	)
	type action = robototest.Action
	var (
		applied    = given(versionedSecret)
		lostCreate = inject(robototest.Fault{Operation: create, Drop: true, Times: 1})
		watched    = fields{"name": "db", "value_wo": canary, "value_wo_version": "1", "detect_value_drift": true}
		guarded    = fields{"name": "db", "value_wo": canary, "value_wo_version": "1", "deletion_protection": true}
		ignored    = fields{"name": "db", "value_wo_version": "2"}

		// What more than one entry advises.
		setKey            = cures{"set a good API key": correctSettings}
		correctSetting    = cures{"correct the setting": correctSettings}
		repairFile        = cures{"repair the config file": repairConfigFile}
		correctFile       = cures{"correct the setting": correctSettings, "repair the config file": repairConfigFile}
		checkEndpoint     = cures{"check the network and the endpoint, and trust the certificate": correctSettings}
		rightEndpoint     = cures{"check that the endpoint is Roboto's API": recovers}
		network           = cures{"check the network": recovers}
		later             = cures{"apply again later": recovers}
		onceFixed         = cures{"apply again once the problem is fixed": recovers}
		otherKey          = cures{"use an API key that has the permission": useOtherKey}
		otherKeyOrForget  = cures{"use an API key that has the permission": useOtherKey, "state rm": forget}
		otherOrgID        = cures{"correct the organization": all(recovers, addToOrgOne, change(fields{"org_id": "og_one"}))}
		setOrgID          = cures{"set org_id": change(fields{"org_id": testOrg})}
		otherName         = change(fields{"name": "other"})
		chooseName        = cures{"choose another name": otherName}
		importRecord      = cures{"import the record": importAsAdvised}
		importOrOtherName = cures{"import the record": importAsAdvised, "choose another name": otherName}
		withoutValue      = change(fields{"value_wo": nil, "value_wo_version": nil})
		keepOther         = cures{
			"put the other value into value_wo": keepOtherValue, "remove value_wo and its version": all(keepOtherValue, withoutValue),
		}
		oldVersion      = cures{"leave version_stage out": unset("version_stage"), "write the value twice": writeElsewhere}
		giveName        = cures{"give the name": all(addSecret, change(fields{"id": "db"}))}
		nameOrg         = cures{"name the organization": all(addOrg("og_one"), addToOrgOne, change(fields{"id": "db@og_one"}))}
		checkName       = cures{"check the name": addSecret}
		parametersRight = cures{"correct parameter_values": all(addSecret, change(uriParameter))}
		logs            = cures{"see the logs, and invoke again": addAction}
		cancels         = cures{"cancel it, and invoke again": all(recovers, cancelInvocation, addAction)}
		// The advice is to report it, to upgrade the provider, or to do what the service's message says. Of
		// several addresses, TestTerraformFollowsAdvice follows it.
		noStep = cures(nil)
	)
	return []cataloged{
		entry("No API key", setKey, env("ROBOTO_API_KEY", "")),
		entry("No API key, and a plan that needs no call (a warning)", setKey, env("ROBOTO_API_KEY", ""),
			planning(fields{"name": "db", "org_id": testOrg})),
		entry("An API key of the retired format", setKey, env("ROBOTO_API_KEY", "robo_pat_x")),
		entry("An API key in quotes", setKey, env("ROBOTO_API_KEY", `"abc"`)),
		entry("An endpoint without encryption", correctSetting, setting("endpoint", "http://example.com")),
		entry("An endpoint that is not a URL", correctSetting, env("ROBOTO_SERVICE_ENDPOINT", "api.roboto.ai")),
		entry("A Secrets Manager endpoint without encryption", correctSetting,
			env("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://example.com")),
		entry("A config file that is not JSON", correctFile, configFile("token = x"), setting("profile", "prod")),
		entry("A config file with a missing comma", repairFile,
			configFile("{\n  \"dev\": {\"token\": \"x\"}\n  \"prod\": {\"token\": \"x\"}\n}"), setting("profile", "prod")),
		entry("A config file in UTF-16", repairFile, configFile("\xff\xfe{\x00}\x00"), setting("profile", "prod")),
		entry("A profile that the config file lacks", correctFile, configFile(`{"dev":{"token":"x"}}`), setting("profile", "prod")),
		entry("A profile without an API key", correctFile, configFile(`{"version":"v1","profiles":{"prod":{}}}`),
			setting("profile", "prod")),
		entry("No config file for a profile", correctFile, setting("profile", "prod")),
		entry("A config file that is a device", correctFile, env("ROBOTO_API_KEY", ""), setting("config_file", "/dev/zero")),
		entry("A config file that other users may read (a warning)", cures{"let only the owner read the config file": chmod(0o600)},
			env("ROBOTO_API_KEY", ""), setting("profile", "dev"), configFile(`{"dev":{"token":"x"}}`), chmod(0o644), starting),
		entry("A request timeout that is not a number", correctSetting, env("ROBOTO_DEFAULT_HTTP_TIMEOUT", "soon")),
		entry("An organization's name instead of its ID", cures{"set the organization": env("ROBOTO_ORG_ID", testOrg)},
			env("ROBOTO_ORG_ID", "My Org")),
		entry("Several organizations and none chosen",
			cures{"set the organization": env("ROBOTO_ORG_ID", "og_one")}).inOrgs("og_one", "og_two"),
		entry("The API key's owner belongs to no organization", cures{"use another API key": useOtherKey},
			func(s *scene) { s.Vars["ROBOTO_API_KEY"] = s.Roboto.AddAPIKey(robototest.Grant{Orgs: []string{}}) }),
		entry("A setting that is not known yet", correctSetting, setting("api_key", protocol.Unknown), reading(protocol.TypeSecrets, nil)),

		entry("A name that a URI cannot carry", chooseName, applying(fields{"name": "a@b"})),
		entry("An empty value", cures{"remove value_wo": unset("value_wo")}, applying(fields{"name": "db", "value_wo": ""})),
		entry("A value that is too long", cures{"shorten the value": change(fields{"value_wo": canary})},
			applying(fields{"name": "db", "value_wo": strings.Repeat(canary, 3300)})),
		entry("A version without a value",
			cures{"set value_wo": change(fields{"value_wo": canary}), "remove value_wo_version": withoutValue},
			applying(fields{"name": "db", "value_wo_version": "1"})),

		entry("Create: the name is taken", importOrOtherName, existing),
		entry("Create: the name is taken, and the record cannot be looked for",
			cures{"get the permission, and import the record": all(useOtherKey, applyAndImport)}, existing, forbidden(get)),
		entry("Create: the answer is lost, and the record is of another creator", importOrOtherName, lostCreate,
			created(0, "user:colleague@example.com")),
		entry("Create: the answer is lost, and a record of the same creator is older", importRecord, lostCreate,
			created(time.Minute, caller)),
		entry("Create: the answer is lost, and the creator cannot be found out", importRecord, forbidden(robototest.GetUser), lostCreate,
			created(0, caller)),
		entry("Create: the answer is lost, and the record cannot be looked for", onceFixed, forbidden(get), dropped(create), late),
		entry("Create: the answer has the record of an older secret", onceFixed, body(create, oldRecord), late),
		entry("Create: Terraform is interrupted", onceFixed, hanging(create), interrupted(time.Second), late),
		entry("Create: the name is not free yet", later, answers(create, 409, "RobotoConflictException", "The name is being deleted."),
			late),
		entry("Create: two blocks of one name", cures{"give one of the blocks another name": otherName}, creatingTwice,
			applies(comparedFields)),
		entry("Create: a limit is reached", cures{"have the limit raised": recovers},
			answers(create, 403, "RobotoLimitExceededException", "You have 100 of 100 secrets.")),
		entry("Create: no permission", otherKey, denied(create)),
		entry("Create: the service refuses the name", noStep,
			answers(create, 400, "RobotoIllegalArgumentException", "Names must be shorter.")),

		entry("The token is refused", otherKey, refused("")),
		entry("The token is not authorized", otherKey, answers("", 401, codeDenied, "Token expired.")),
		entry("The service keeps throttling", later, answers(create, 429, "", "Too Many Requests"), late),
		entry("The service keeps failing", later, applied, answers(get, 503, "RobotoServiceUnavailableException", "Try again."), late),
		entry("The service is retired", noStep, applied, answers(get, 410, "RobotoExpiredException", "Gone.")),
		entry("The connection keeps breaking", network, applied, dropped(get), late),
		entry("The service does not answer in time", network, applied, hanging(get), late),
		entry("The host is unknown", checkEndpoint, dead(hosts["unknown host"])),
		entry("The certificate is not trusted", checkEndpoint, dead(hosts["certificate not trusted"])),
		entry("The server refuses TLS", checkEndpoint, dead(hosts["TLS refused"]), late),
		entry("The server does not speak TLS", checkEndpoint, env("ROBOTO_SERVICE_ENDPOINT", "https://127.0.0.1:1")),
		entry("Nobody listens: the second secret", checkEndpoint, env("ROBOTO_SERVICE_ENDPOINT", "http://127.0.0.1:9"), readingTwice, late),
		entry("Nobody listens", checkEndpoint, env("ROBOTO_SERVICE_ENDPOINT", "http://127.0.0.1:9"), late),
		entry("The answer is endless", network, applied, inject(robototest.Fault{Operation: get, Huge: 1 << 30})),
		entry("The header of the answer is endless", network, applied,
			inject(robototest.Fault{Operation: get, Status: 200, Header: http.Header{"X-Endless": {strings.Repeat("x", 2<<20)}}})),
		entry("A login page answers", rightEndpoint, applied, page(get, 200)),
		entry("The answer has another shape", rightEndpoint, applied, body(get, `{"data":[]}`)),
		entry("The answer is a success with an error in it", rightEndpoint, applied, body(get, `{"error":{}}`)),
		entry("The endpoint redirects", rightEndpoint, applied,
			inject(robototest.Fault{Operation: get, Status: 308, Header: http.Header{"Location": {"https://example.com"}}})),
		entry("A 404 that is not Roboto's", rightEndpoint, applied, page(get, 404)),
		entry("The record describes another secret", rightEndpoint, applied, mutated(get, `"name":"db"`, `"name":"other"`)),
		entry("The record names no secret at AWS", rightEndpoint, applied, mutated(get, ":secretsmanager:", ":s3:")),
		entry("The record lacks fields", rightEndpoint, applied, mutated(get, `"store_type"`, `"type"`)),
		entry("The record names a region of another partition", rightEndpoint, applied, mutated(get, "arn:aws:", "arn:aws-cn:")),
		entry("The value is kept in another store", noStep, applied, mutated(get, `"store_type":"aws"`, `"store_type":"vault"`)),

		entry("Write: no permission for credentials", otherKey, denied(creds)),
		entry("Write: the credentials name another region", rightEndpoint, mutated(creds, `"region":"us-west-2"`, `"region":"evil.s3"`)),
		entry("Write: the credentials are for another secret", rightEndpoint, mutated(creds, "123456789012", "210987654321")),
		entry("Write: the credentials contain a line break", rightEndpoint, mutated(creds, `"session_token":"`, `"session_token":"\n`)),
		entry("Write: Roboto does not show the new record", cures{"apply again in a minute": recovers}, notFound(creds), late),
		entry("Write: AWS denies access", later, deniedByAWS(put, "AccessDeniedException"), late),
		entry("Write: AWS keeps throttling", later, deniedByAWS(put, "ThrottlingException"), late),
		entry("Write: AWS keeps no more versions", cures{"apply again in a day": recovers}, applied,
			deniedByAWS(put, "LimitExceededException"), applying(rotatedSecret)),
		entry("Write: AWS KMS refuses", noStep, applied, deniedByAWS(put, "EncryptionFailure"), applying(rotatedSecret)),
		entry("Write: AWS does not accept the signature", noStep, applied, deniedByAWS(put, "InvalidSignatureException"),
			applying(rotatedSecret)),
		entry("Write: the clock is wrong, and there is no second attempt", cures{"set the clock": setClock}, given(bareSecret),
			setting("max_attempts", 1), applying(versionedSecret)).on(robototest.Options{ClockAhead: 14 * time.Minute}),
		entry("Write: AWS keeps failing", later,
			inject(robototest.Fault{Operation: put, Status: 500, AWSError: "InternalServiceError", Message: "An error occurred."}), late),
		entry("Write: the credentials have always expired", noStep, deniedByAWS(put, "ExpiredTokenException")),
		entry("Write: AWS is out of reach", network, dropped(put), dropped(robototest.GetValue), late),
		entry("Write: AWS does not speak its protocol", cures{"check secrets_manager_endpoint": recovers}, page(put, 200)),
		// What is left is not protected: it holds no value, and could be neither replaced nor deleted.
		entry("Write: neither the value nor the clean-up succeeds",
			cures{"apply again once the problem is fixed": recovers, "untaint once the problem is fixed": all(recovers, untaint)},
			deniedByAWS(put, "AccessDeniedException"), denied(robototest.DeleteSecret), applying(guarded), late),
		entry("Write: whether the clean-up succeeded is not known",
			cures{"apply again once the problem is fixed": recovers, "untaint once the problem is fixed": all(recovers, untaint)},
			setting("max_attempts", 1), answers(put, 500, "", ""), inject(robototest.Fault{Operation: get, Skip: 1, Status: 503}),
			inject(robototest.Fault{Operation: robototest.DeleteSecret, Status: 502, After: true}), late),
		entry("Write: AWS still deletes the secret that had the name", cures{"apply again later": recovers},
			existingRecord, deletedElsewhere, inject(robototest.Fault{Operation: put, AWSError: "InvalidRequestException"}), late),
		entry("Rotate: the secret was deleted at AWS", cures{"replace the secret": replace}, applied, deletedAtAWS(false)),
		entry("Rotate: the secret is marked for deletion at AWS", cures{"replace the secret": replace}, applied, deletedAtAWS(true)),
		entry("Rotate: AWS denies access", later, applied, deniedByAWS(put, "AccessDeniedException"), applying(rotatedSecret), late),

		entry("Compare: no permission for credentials",
			cures{"use another API key": useOtherKey, "set value_wo_version, and apply once with another key": setVersionWithOtherKey},
			given(comparedFields), denied(creds)),
		entry("Compare: the token is refused", otherKey, given(comparedFields), answers("", 401, "", "Unauthorized"),
			planningUnread(comparedFields)),
		entry("Compare: a binary value (a warning)", cures{"remove value_wo and its version": all(keepOtherValue, withoutValue)},
			given(comparedFields),
			mutated(robototest.GetValue, `"SecretString":"`+canary+`"`, `"SecretBinary":"AAEC"`, `"VersionId":"`, `"VersionId":"elsewhere-`),
			planning(comparedFields)),
		entry("Compare: the ID of the version repeats the value", cures{"check secrets_manager_endpoint": recovers},
			given(comparedFields), mutated(robototest.GetValue, `"VersionId":"`, `"VersionId":"`+canary+"-")),
		entry("Compare: the organization is not the caller's", otherKeyOrForget, given(comparedFields), denied(creds),
			mutated(robototest.ListOrgs, "og_test", "og_other")),
		entry("Compare: AWS denies access", cures{"apply again in a minute": recovers}, given(comparedFields),
			deniedByAWS(robototest.GetValue, "AccessDeniedException"), late),
		entry("Detect drift: no permission for credentials",
			cures{"use another API key": useOtherKey, "remove detect_value_drift, and apply": applyWithout("detect_value_drift")},
			given(watched), denied(creds)),
		entry("Delete: no permission", otherKey, applied, denied(robototest.DeleteSecret), destroying),
		entry("Delete: the answer is lost, and the secret cannot be looked for", onceFixed, applied,
			inject(robototest.Fault{Operation: get, Skip: 1, Status: 403, Message: "Forbidden"}), dropped(robototest.DeleteSecret),
			destroyingUnread, applies(nil), late),
		entry("Delete: the secret is protected", cures{"lift the protection, and apply": applyWithout("deletion_protection")},
			given(guarded), destroying),
		entry("Destroy: a value that Terraform did not write (a warning)", cures{"state rm": forget}, given(bareSecret), planning(nil)),
		entry("Rename: a value that the configuration does not have (a warning)", cures{"copy the value first": copyFirst},
			given(bareSecret), planning(fields{"name": "cache"})),
		entry("Rename: a value that somebody else wrote (a warning)", cures{"copy the value first": copyFirst}, given(watched),
			writeElsewhere, planning(fields{"name": "cache", "value_wo": canary, "value_wo_version": "1", "detect_value_drift": true})),
		entry("Update: the first value of a secret that exists (a warning)",
			cures{"remove value_wo and its version": all(keepOtherValue, withoutValue)}, given(bareSecret), planning(versionedSecret)),
		entry("Update: somebody else wrote the value (a warning)", keepOther, given(comparedFields), writeElsewhere,
			planning(comparedFields)),
		entry("Refresh: another secret has the name (a warning)",
			cures{"import the other secret": importAsAdvised, "choose another name": otherName, "delete the other secret": deleteOther},
			applied, handedOn, destroying, applies(bareSecret)),
		entry("Refresh: one secret at two addresses (a warning)", cures{"state rm of one address": plans(versionedSecret)}, applied,
			atAddresses(versionedSecret, versionedSecret), plans(versionedSecret, versionedSecret)),
		entry("Plan: deleted at one address, and kept at another",
			cures{"state rm of one address": plans(versionedSecret), "remove both blocks": plans(nil, nil)}, applied,
			atAddresses(versionedSecret, nil), plans(versionedSecret, nil)),
		entry("Plan: deleted at one address, and created at another (a warning)", noStep, applied, planningMove),
		entry("Replace: the default organization is another one than while planning",
			cures{"apply with the organization of the plan": setting("org_id", testOrg), "plan again": applies(renamedSecret)},
			setting("org_id", testOrg), applied, replacing(setting("org_id", "og_other")),
			appliesSaved).inOrgs(testOrg, "og_other"),
		entry("Replace: the default organization is not known any more", cures{"set the organization": env("ROBOTO_ORG_ID", testOrg)},
			applied, replacing(addOrg("og_other")), applies(renamedSecret)),
		entry("Replace: the new name is taken", chooseName, applied, adds("cache"), applying(renamedSecret)),
		entry("Replace: whether the new name is taken cannot be found out", otherKey, applied,
			inject(robototest.Fault{Operation: get, Status: 403, Code: codeDenied, Message: "Not permitted.", Match: ofName("cache")}),
			applying(renamedSecret)),
		entry("Update: the secret was deleted since the plan", cures{"apply again": nil}, applied, deletedElsewhere,
			changing(rotatedSecret), applies(rotatedSecret)),
		entry("Write: another secret has the name by then", cures{"apply again, and import": applyAndImport},
			func(s *scene) { before(s.Roboto, creds, func() { handOn(s.Roboto) }) }),
		entry("Update: another secret has the name", cures{"apply again, and import": applyAndImport}, applied, handedOn,
			changing(rotatedSecret), applies(rotatedSecret)),
		entry("Update: a new version of an ignored value", cures{"take value_wo out of ignore_changes": change(rotatedSecret)}, applied,
			planningUnread(ignored), applies(ignored)),
		entry("Refresh: the organization is not the caller's", otherKeyOrForget, applied, notFound(get),
			mutated(robototest.ListOrgs, "og_test", "og_other")),
		entry("Refresh: the caller's organizations are not known", otherKey, applied, notFound(get), forbidden(robototest.ListOrgs)),

		entry("An organization that is not the caller's", cures{"correct the organization": change(fields{"org_id": "og_one"})},
			applying(fields{"name": "db", "org_id": "og_three"})).inOrgs("og_one", "og_two"),
		entry("An organization that does not exist", cures{"check the organization": change(fields{"org_id": testOrg})},
			inject(robototest.Fault{Operation: create, Status: 404, Code: codeNotFound, Message: "Not found.", Match: inOrg("og_three")}),
			applying(fields{"name": "db", "value_wo": canary, "org_id": "og_three"})),
		entry("Plan: the secrets stay when the default organization changes (a warning)", setOrgID, setting("org_id", testOrg), applied,
			setting("org_id", "og_other"), planning(versionedSecret)).inOrgs(testOrg, "og_other"),
		entry("Plan: a renamed secret goes to another default organization (a warning)", setOrgID, setting("org_id", testOrg), applied,
			setting("org_id", "og_other"),
			planning(fields{"name": "cache", "value_wo": canary})).inOrgs(testOrg, "og_other"),
		entry("A name with a space at its end (a warning)", chooseName, planning(fields{"name": "db "})),
		entry("Drift detection without a value (a warning)",
			cures{"set value_wo and its version": change(versionedSecret), "remove detect_value_drift": unset("detect_value_drift")},
			applying(fields{"name": "db", "detect_value_drift": true})),
		entry("A value of one line with a line break at its end (a warning)",
			cures{"remove the line break": change(fields{"value_wo": canary})}, planning(fields{"name": "db", "value_wo": canary + "\n"})),
		entry("Refresh: the secret is gone, with a value that Terraform did not write (a warning)",
			cures{"apply, or remove the resource": nil}, given(bareSecret), deletedElsewhere, destroying),
		entry("An empty value of a secret whose name is not known yet",
			cures{"remove value_wo": change(fields{"name": "db", "value_wo": nil})},
			applying(fields{"name": protocol.Unknown, "value_wo": ""})),

		entry("Import: an invalid ID", giveName, importing("a/b"), imports),
		entry("Import: an ARN", giveName, importing("arn:aws:secretsmanager:us-west-2:123456789012:secret:db-a1b2c3"), imports),
		entry("Import: no such secret", nameOrg, imported("db"), refreshing, imports),
		entry("Import: the organization is not the caller's", giveName, imported("db@og_other"), refreshing, imports),
		entry("Import: several organizations and none chosen", nameOrg, importing("db"),
			imports).inOrgs("og_one", "og_two"),
		entry("Query: there are more secrets than the limit (a warning)", cures{"set a higher limit": change(fields{"limit": int64(3)})},
			querying),
		entry("Query: whether there are more than the limit is not known (a warning)",
			cures{"query again, with a higher limit": all(recovers, change(fields{"limit": int64(3)}))},
			inject(robototest.Fault{Operation: robototest.ListSecrets, Skip: 1, Status: 500, Code: codeInternal, Message: "Oops."}),
			querying, late).on(robototest.Options{PageSize: 2}),
		entry("Data source: no such secret", checkName, reading(protocol.TypeSecret, bareSecret)),
		entry("Data source: no such secret, and the organization is not the caller's", otherOrgID, notFound(get),
			reading(protocol.TypeSecret, fields{"name": "db", "org_id": "og_two"})).inOrgs("og_one"),
		entry("Data source: the organizations cannot be listed", otherKey, refused(robototest.ListOrgs),
			reading(protocol.TypeOrganizations, nil)),
		entry("Data source: no permission for the version",
			cures{"use an API key that has the permission": useOtherKey, "remove read_version_id": unset("read_version_id")}, existing,
			denied(creds), reading(protocol.TypeSecret, fields{"name": "db", "read_version_id": true})),
		entry("Data source: no version before the current one", oldVersion, existing,
			reading(protocol.TypeSecret, fields{"name": "db", "read_version_id": true, "version_stage": "AWSPREVIOUS"})),
		entry("Data source: a page fails", later, answers(robototest.ListSecrets, 500, codeInternal, "Oops."),
			reading(protocol.TypeSecrets, nil), late),
		entry("Data source: the listing does not end", rightEndpoint,
			body(robototest.ListSecrets, `{"data":{"items":[],"next_token":"again"}}`), reading(protocol.TypeSecrets, nil)),
		entry("Refresh: the secrets cannot be listed (a warning)", cures{"remove bulk_refresh": setting("bulk_refresh", nil)}, applied,
			setting("bulk_refresh", true), denied(robototest.ListSecrets), refreshing),
		entry("Data source: secrets that cannot be used (a warning)", cures{"look at them with Roboto's own tools": deleteOther},
			existing, adds("a\nb", "a\u202eb"), reading(protocol.TypeSecrets, nil)),
		entry("Data source: a name that Terraform would change (a warning)", cures{"look at them with Roboto's own tools": deleteOther},
			existing, adds("cafe\u0301"), reading(protocol.TypeSecrets, nil)),
		entry("Data source: the listing takes too long", later, slowSecrets, reading(protocol.TypeSecrets, nil),
			late).on(robototest.Options{PageSize: 1}),
		entry("Ephemeral resource: no such secret", checkName, opening(bareSecret)),
		entry("Ephemeral resource: no such secret, and the organization is not the caller's", otherOrgID, notFound(creds),
			opening(fields{"name": "db", "org_id": "og_two"})).inOrgs("og_one"),
		entry("Ephemeral resource: no value yet", cures{"write a value": writeElsewhere}, existingRecord, opening(bareSecret)),
		entry("Ephemeral resource: a binary value", cures{"write a text": writeElsewhere}, given(comparedFields),
			mutated(robototest.GetValue, `"SecretString":"`+canary+`"`, `"SecretBinary":"AAEC"`), opening(bareSecret)),
		entry("Ephemeral resource: a value that Terraform changes (a warning)",
			cures{"store the value in base64": encodeStored, "store the value in NFC": stores(canary + "\u00e9")}, existing,
			stores(canary+"e\u0301"), opening(bareSecret)),
		entry("Ephemeral resource: no such version", cures{"leave version_id out": unset("version_id")}, existing,
			opening(fields{"name": "db", "version_id": "00000000-0000-0000-0000-000000000000"})),
		entry("Ephemeral resource: AWS has removed the version", cures{"leave version_id out": unset("version_id")}, existing,
			openingRemoved),
		entry("Ephemeral resource: no version before the current one", oldVersion, existing,
			opening(fields{"name": "db", "version_stage": "AWSPREVIOUS"})),
		entry("Ephemeral resource: a version of a secret without a value",
			cures{"write a value twice": all(writeElsewhere, writeElsewhere)}, existingRecord,
			opening(fields{"name": "db", "version_stage": "AWSPREVIOUS"})),

		entry("Action: an invalid secret URI", parametersRight,
			invoking(action{}, fields{"parameter_values": map[string]any{"key": "roboto-secret://a/b"}})),
		entry("Action: no such action", cures{"check the name": all(addSecret, change(fields{"name": "check"}))},
			invoking(action{}, fields{"name": "other"})),
		entry("Action: its organization is not the caller's",
			cures{"correct action_org_id": all(recovers, addSecret, change(fields{"action_org_id": nil}))},
			answers(robototest.GetAction, 401, codeDenied, "Not a member."),
			invoking(action{}, fields{"action_org_id": "og_partner"})),
		entry("Action: a parameter is missing", parametersRight, invoking(action{}, fields{"parameter_values": nil})),
		entry("Action: a parameter that the action does not have", parametersRight,
			invoking(action{}, fields{"parameter_values": map[string]any{"key": "x", "kye": "x"}})),
		entry("Action: the secret is missing", checkName, invoking(action{}, nil)),
		entry("Action: no permission", otherKey, applied, denied(robototest.InvokeAction), invoking(action{}, nil)),
		entry("Action: it may have been invoked", later, applied, dropped(robototest.InvokeAction), invoking(action{}, nil), late),
		entry("Action: it fails", logs, applied, invoking(action{Fails: "The action exited with code 1."}, nil), late),
		entry("Action: it fails for the third time", logs, applied,
			invoking(action{Fails: "The action exited with code 1.", Requeue: true}, nil), late),
		entry("Action: it takes too long", logs, applied, invoking(action{Hang: true}, nil), late),
		entry("Action: it takes too long, and cannot be canceled", cancels, applied, denied(robototest.CancelInvocation),
			invoking(action{Hang: true}, nil), late),
		entry("Action: it takes too long, and is not canceled yet", cancels, applied, answers(robototest.CancelInvocation, 204, "", "OK"),
			invoking(action{Hang: true}, nil), late),
		entry("Action: Terraform is interrupted", logs, applied, interrupted(time.Minute), invoking(action{Hang: true}, nil), late),
		entry("Action: Roboto no longer reports its status", cancels, applied, notFound(robototest.GetInvocation), invoking(action{}, nil),
			late),
		entry("Action: Roboto fails until the time has run out", later, applied,
			answers(robototest.GetInvocation, 500, codeInternal, "Oops."), invoking(action{}, nil), late),
		entry("Action: it has failed, and may be queued again", logs, applied, interrupted(20*time.Second),
			invoking(action{Fails: "Exit code 1."}, nil), late),
	}
}

// The steps before an error. given puts a secret into the state.
func given(config fields) step {
	return func(s *scene) {
		s.Must(s.Apply(config))
		s.given = config
		applying(config)(s)
	}
}

var (
	// existingRecord is not in the state, and existing has a value too.
	existingRecord = all(adds("db"), passes(time.Minute))
	existing       = all(adds("db"), stores("an older value"), passes(time.Minute))

	// late lets the error come late, because waiting may heal.
	late step = func(s *scene) { s.late = true }
)

func passes(wait time.Duration) step { return func(*scene) { time.Sleep(wait) } }

func interrupted(after time.Duration) step {
	return func(s *scene) { time.AfterFunc(after, s.Interrupt) }
}

func env(name, value string) step { return func(s *scene) { s.Vars[name] = value } }

func setting(name string, value any) step { return func(s *scene) { s.Settings[name] = value } }

// dead leads to a host that answers nothing.
func dead(host deadHost) step {
	return func(s *scene) { s.Vars["ROBOTO_SERVICE_ENDPOINT"], s.Dial = host.endpoint, host.dial }
}

func chmod(mode os.FileMode) step {
	return func(s *scene) { s.Must(os.Chmod(fmt.Sprint(s.Settings["config_file"]), mode)) }
}

func configFile(content string) step {
	return func(s *scene) {
		path := filepath.Join(s.t.TempDir(), "config.json")
		s.Settings["config_file"] = path
		s.Must(os.WriteFile(path, []byte(content), 0o600))
	}
}

// created adds a record, which is of that age when a secret of its name is applied.
func created(age time.Duration, by string) step {
	return all(elsewhere(func(r *robototest.Server) {
		r.AddRecord(robototest.Record{OrgID: testOrg, Name: "db", CreatedBy: by})
	}), passes(age))
}

func inject(fault robototest.Fault) step {
	return func(s *scene) {
		s.faults = append(s.faults, fault)
		s.Roboto.Inject(fault)
	}
}

func answers(operation robototest.Operation, status int, code, message string) step {
	return inject(robototest.Fault{Operation: operation, Status: status, Code: code, Message: message})
}

func denied(operation robototest.Operation) step {
	return answers(operation, http.StatusForbidden, codeDenied, "Not permitted.")
}

func notFound(operation robototest.Operation) step {
	return answers(operation, http.StatusNotFound, codeNotFound, "Not found.")
}

// refused is what a gateway answers to an API key, and forbidden what it answers to some requests.
func refused(operation robototest.Operation) step {
	return answers(operation, http.StatusForbidden, "", "User is not authorized to access this resource with an explicit deny")
}

func forbidden(operation robototest.Operation) step {
	return answers(operation, http.StatusForbidden, "", "Forbidden")
}

func deniedByAWS(operation robototest.Operation, code string) step {
	return inject(robototest.Fault{Operation: operation, Status: http.StatusBadRequest, AWSError: code, Message: "Denied."})
}

func dropped(operation robototest.Operation) step {
	return inject(robototest.Fault{Operation: operation, Drop: true})
}

func hanging(operation robototest.Operation) step {
	return inject(robototest.Fault{Operation: operation, Delay: time.Hour})
}

func body(operation robototest.Operation, body string) step {
	return inject(robototest.Fault{Operation: operation, Status: http.StatusOK, Body: body})
}

// page is a page for people.
func page(operation robototest.Operation, status int) step {
	return inject(robototest.Fault{Operation: operation, Status: status, Body: "<html>", Header: http.Header{"Content-Type": {"text/html"}}})
}

// mutated changes texts in answers: old, new, old, new and so on.
func mutated(operation robototest.Operation, texts ...string) step {
	return inject(robototest.Fault{Operation: operation, Mutate: func(body []byte) []byte {
		return []byte(strings.NewReplacer(texts...).Replace(string(body)))
	}})
}

func ofName(name string) func(robototest.Request) bool {
	return func(r robototest.Request) bool { return r.Name == name }
}

func inOrg(id string) func(robototest.Request) bool {
	return func(r robototest.Request) bool { return r.OrgID == id }
}

// acting sets what fails or warns, and doing what is to succeed in the end as well.
func acting(act func(s *scene) error) step {
	return func(s *scene) { s.act = func() error { return act(s) } }
}

func doing(config fields, do func(s *scene, config fields) error) step {
	return func(s *scene) {
		s.operation = operation{config: config, do: func(config fields) error { return do(s, config) }}
		s.act = func() error { return do(s, config) }
	}
}

func applying(config fields) step {
	return all(acting(func(s *scene) error { return s.Apply(config) }), applies(config))
}

func planning(config fields) step {
	return all(acting(func(s *scene) error { return second(s.PlanIsEmpty(config)) }), applies(config))
}

// changing applies, and planningUnread plans, without a refresh.
func changing(config fields) step {
	return acting(func(s *scene) error { return s.MustStart().Change(config) })
}

func planningUnread(config fields) step {
	return acting(func(s *scene) error { return second(s.MustStart().Plan(config)) })
}

func importing(id string) step {
	return doing(fields{"id": id}, func(s *scene, config fields) error { return s.ImportID(fmt.Sprint(config["id"])) })
}

// imported imports what a refresh does not find.
func imported(id string) step {
	return all(importing(id), func(s *scene) { s.Must(s.act()) })
}

func reading(typeName string, config fields) step {
	return doing(config, func(s *scene, config fields) error { return second(s.ReadData(typeName, config)) })
}

func opening(config fields) step {
	return doing(config, func(s *scene, config fields) error { return second(s.OpenEphemeral(config)) })
}

// second is the error of two results.
func second[T any](_ T, err error) error { return err }

var (
	destroying = applying(nil)
	starting   = doing(nil, func(s *scene, _ fields) error { return second(s.Start()) })
	refreshing = acting(func(s *scene) error { return s.MustStart().Refresh() })

	// destroyingUnread plans and applies in processes that do not refresh, as terraform destroy does.
	destroyingUnread = acting(func(s *scene) error {
		plan, err := s.MustStart().Plan(nil)
		s.Must(err)
		return s.MustStart().ApplyPlanned(plan)
	})

	creatingTwice = acting(func(s *scene) error {
		session := s.MustStart()
		one, err := session.Plan(versionedSecret)
		s.Must(err)
		another, err := session.Plan(comparedFields)
		s.Must(err)
		session = s.MustStart()
		s.Must(session.ApplyPlanned(one))
		s.Instance = protocol.Instance{}
		return session.ApplyPlanned(another)
	})

	// planningMove deletes the secret at one address, and creates it at another.
	planningMove = acting(func(s *scene) error {
		session := s.MustStart()
		s.Must(session.Refresh())
		s.Must(second(session.Plan(nil)))
		s.Instance = protocol.Instance{}
		return second(session.Plan(versionedSecret))
	})

	readingTwice = acting(func(s *scene) error {
		session := s.MustStart()
		if readSecret(session, "first") == nil {
			return nil
		}
		return readSecret(session, "db")
	})

	// querying lists more secrets than the limit.
	querying = all(adds("db-0", "db-1", "db-2"), doing(fields{"limit": int64(2)}, func(s *scene, config fields) error {
		limit, _ := config["limit"].(int64)
		var failed error
		for result := range s.MustStart().List(protocol.Listing{Limit: limit}) {
			failed = errors.Join(failed, result.Err(), result.Warning())
		}
		return failed
	}))
)

// deletedAtAWS writes to a secret that is not new.
func deletedAtAWS(marked bool) step {
	return all(applying(rotatedSecret), passes(time.Hour), elsewhere(func(r *robototest.Server) { r.DeleteAtAWS(testOrg, "db", marked) }))
}

// replacing applies the deletion of a replacement after something has changed.
func replacing(changed step) step {
	return acting(func(s *scene) error {
		deletion, err := s.MustStart().PlanReplacement(renamedSecret)
		s.Must(err)
		changed(s)
		return s.MustStart().ApplyPlanned(deletion)
	})
}

// atAddresses refreshes the secret at as many addresses, and plans for each what is given.
func atAddresses(configs ...fields) step {
	return acting(func(s *scene) error { return planAt(s.MustStart(), configs) })
}

func planAt(session *protocol.Session, configs []fields) error {
	for range configs {
		session.Must(session.Refresh())
	}
	for _, config := range configs {
		if _, err := session.Plan(config); err != nil {
			return err
		}
	}
	return nil
}

// openingRemoved opens a version that AWS has removed.
func openingRemoved(s *scene) {
	all(passes(time.Hour), stores("the value before"), passes(time.Hour), stores("the current value"))(s)
	removed := s.Roboto.Versions(testOrg, "db")[0].ID
	s.Roboto.RemoveOldVersions(testOrg, "db")
	opening(fields{"name": "db", "version_id": removed})(s)
}

// slowSecrets are seventy, each of which takes half a minute to list.
func slowSecrets(s *scene) {
	for i := range 70 {
		adds(fmt.Sprint("db-", i))(s)
	}
	s.Roboto.Latency(29 * time.Second)
}

var uriParameter = fields{"parameter_values": map[string]any{"key": "roboto-secret://db"}}

// invoking invokes an action with changes of what is right.
func invoking(action robototest.Action, change fields) step {
	config := fields{"name": "check"}
	maps.Copy(config, uriParameter)
	maps.Copy(config, change)
	action.Name, action.Parameters = "check", []robototest.Parameter{{Name: "key", Required: true}}
	return all(elsewhere(func(r *robototest.Server) { r.AddAction(action) }),
		doing(config, func(s *scene, config fields) error { return second(s.RunAction(config)) }))
}
