// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// canary is the secret value: no error may hold it.
const canary = "kanarienvogel-4711-x"

var update = flag.Bool("update", false, "write the files in testdata anew")

// cataloged is an error that a practitioner can meet, and how to make it happen.
type cataloged struct {
	title string
	// vars override the environment, file is the config file, and settings are
	// the provider block's.
	vars     map[string]string
	file     string
	settings fields
	// exists puts the secret there before, and managed into the state too.
	exists, managed fields
	options         robototest.Options
	faults          []robototest.Fault
	// act is what the practitioner does; nil applies config.
	act    func(*protocol.Core) error
	config fields
}

func catalog(hosts map[string]deadHost) []cataloged {
	const (
		caller = "user:caller@example.com"
		create = robototest.CreateSecret
		put    = robototest.PutValue
		creds  = robototest.GetCredentials
		get    = robototest.GetSecret
	)
	unreachable := func(host deadHost) func(*protocol.Core) error {
		return func(c *protocol.Core) error {
			c.Dial = host.dial
			return c.Apply(versionedSecret)
		}
	}
	second := func(c *protocol.Core) error {
		s := c.MustStart()
		_, out := s.ReadDataSource(protocol.TypeSecret, fields{"name": "first", "org_id": robototest.DefaultOrg})
		if out.Err() == nil {
			return nil
		}
		_, out = s.ReadDataSource(protocol.TypeSecret, fields{"name": "db", "org_id": robototest.DefaultOrg})
		return out.Err()
	}
	plain := fields{"name": "db", "value_wo": canary}
	versioned := fields{"name": "db", "value_wo": canary, "value_wo_version": "1"}
	rotated := fields{"name": "db", "value_wo": canary + "2", "value_wo_version": "2"}
	watched := fields{
		"name": "db", "value_wo": canary, "value_wo_version": "1",
		"detect_value_drift": true,
	}
	answer := func(op robototest.Operation, status int, code, message string) []robototest.Fault {
		return []robototest.Fault{{Operation: op, Status: status, Code: code, Message: message}}
	}
	aws := func(op robototest.Operation, status int, code, message string) []robototest.Fault {
		return []robototest.Fault{{Operation: op, Status: status, AWSError: code, Message: message}}
	}
	mutate := func(op robototest.Operation, old, changed string) []robototest.Fault {
		return []robototest.Fault{{Operation: op, Mutate: func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte(old), []byte(changed))
		}}}
	}
	data := func(name string, config fields) func(*protocol.Core) error {
		return func(c *protocol.Core) error {
			_, err := c.ReadData(name, config)
			return err
		}
	}
	open := func(config fields) func(*protocol.Core) error {
		return func(c *protocol.Core) error { return c.OpenEphemeral(config) }
	}
	invoke := func(action robototest.Action, change fields) func(*protocol.Core) error {
		return func(c *protocol.Core) error {
			action.Name, action.Parameters = "check", []robototest.Parameter{{Name: "key", Required: true}}
			c.Roboto.AddAction(action)
			config := fields{"name": "check", "parameter_values": map[string]any{"key": "roboto-secret://db"}}
			maps.Copy(config, change)
			_, err := c.RunAction(config)
			return err
		}
	}
	importing := func(id string) func(*protocol.Core) error {
		return func(c *protocol.Core) error { return c.ImportID(id) }
	}
	queried := func(c *protocol.Core) error {
		for i := range 3 {
			c.Roboto.AddSecret(robototest.DefaultOrg, fmt.Sprint("db-", i))
		}
		var warnings []error
		for result := range c.MustStart().List(protocol.Listing{Limit: 2}) {
			warnings = append(warnings, protocol.Outcome{Diagnostics: result.Diagnostics}.Warning())
		}
		return errors.Join(warnings...)
	}
	lostCreate := []robototest.Fault{{Operation: create, Drop: true, Times: 1}}
	// created applies while there is a record of that age.
	created := func(age time.Duration, by string) func(*protocol.Core) error {
		return func(c *protocol.Core) error {
			c.Roboto.AddRecord(robototest.Record{OrgID: robototest.DefaultOrg, Name: "db", CreatedBy: by})
			time.Sleep(age)
			return c.Apply(versioned)
		}
	}
	const oldRecord = `{"data":{"name":"db","org_id":"og_test","store_type":"aws","location":{"store_type":"aws","arn":"arn:aws:secretsmanager:us-west-2:123456789012:secret:roboto/og_test/old-ABCDEF"},` +
		`"created":"1997-01-02T03:04:05Z","created_by":"user:caller@example.com","modified":"1997-01-02T03:04:05Z","modified_by":"user:caller@example.com"}}`
	// addresses refreshes the managed secret at as many addresses, and plans for each what is given.
	addresses := func(changes ...fields) func(*protocol.Core) error {
		return func(c *protocol.Core) error {
			s := c.MustStart()
			for range changes {
				c.Must(s.Refresh())
			}
			for _, change := range changes {
				if _, err := s.Plan(change); err != nil {
					return err
				}
			}
			return c.Warning
		}
	}
	renamed := fields{"name": "cache", "value_wo": canary, "value_wo_version": "1"}
	guarded := fields{"name": "db", "value_wo": canary, "value_wo_version": "1", "deletion_protection": true}
	recordOnly := fields{"name": "db"}
	planned := func(change fields) func(*protocol.Core) error {
		return func(c *protocol.Core) error {
			_, err := c.PlanIsEmpty(change)
			c.Must(err)
			return c.Warning
		}
	}
	destroy := func(c *protocol.Core) error { return c.Apply(nil) }
	// as terraform destroy does, which plans and applies in processes that do not refresh
	destroyPlanned := func(c *protocol.Core) error {
		plan, err := c.MustStart().Plan(nil)
		c.Must(err)
		return c.MustStart().ApplyPlanned(plan)
	}
	// deletedAtAWS writes to a secret that is not new.
	deletedAtAWS := func(marked bool) func(*protocol.Core) error {
		return func(c *protocol.Core) error {
			time.Sleep(time.Hour)
			c.Roboto.DeleteAtAWS(robototest.DefaultOrg, "db", marked)
			return c.Apply(rotated)
		}
	}
	html := http.Header{"Content-Type": {"text/html"}}
	unknown := protocol.Unknown

	return []cataloged{
		{title: "No API key", vars: map[string]string{"ROBOTO_API_KEY": ""}, config: versioned},
		{title: "No API key, and a plan that needs no call (a warning)", vars: map[string]string{"ROBOTO_API_KEY": ""}, act: planned(fields{"name": "db", "org_id": robototest.DefaultOrg})},
		{title: "An API key of the retired format", vars: map[string]string{"ROBOTO_API_KEY": "robo_pat_x"}, config: versioned},
		{title: "An API key in quotes", vars: map[string]string{"ROBOTO_API_KEY": `"abc"`}, config: versioned},
		{title: "An API key with a line break", vars: map[string]string{"ROBOTO_API_KEY": "abc\n"}, config: versioned},
		{title: "An endpoint without encryption", settings: fields{"endpoint": "http://example.com"}, config: versioned},
		{title: "An endpoint that is not a URL", vars: map[string]string{"ROBOTO_SERVICE_ENDPOINT": "api.roboto.ai"}, config: versioned},
		{title: "A Secrets Manager endpoint without encryption", vars: map[string]string{"AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://example.com"}, config: versioned},
		{title: "A config file that is not JSON", settings: fields{"profile": "prod"}, file: "token = x", config: versioned},
		{title: "A config file with a missing comma", settings: fields{"profile": "prod"}, file: "{\n  \"dev\": {\"token\": \"x\"}\n  \"prod\": {\"token\": \"x\"}\n}", config: versioned},
		{title: "A config file in UTF-16", settings: fields{"profile": "prod"}, file: "\xff\xfe{\x00}\x00", config: versioned},
		{title: "A profile that the config file lacks", settings: fields{"profile": "prod"}, file: `{"dev":{"token":"x"}}`, config: versioned},
		{title: "A profile without an API key", settings: fields{"profile": "prod"}, file: `{"version":"v1","profiles":{"prod":{}}}`, config: versioned},
		{title: "No config file for a profile", settings: fields{"profile": "prod"}, config: versioned},
		{title: "A config file that is a device", vars: map[string]string{"ROBOTO_API_KEY": ""}, settings: fields{"config_file": "/dev/zero"}, config: versioned},
		{title: "A config file that other users may read (a warning)", vars: map[string]string{"ROBOTO_API_KEY": ""}, settings: fields{"profile": "dev"}, file: `{"dev":{"token":"x"}}`, act: func(c *protocol.Core) error {
			c.Must(os.Chmod(fmt.Sprint(c.Settings["config_file"]), 0o644))
			c.MustStart()
			return c.Warning
		}},
		{title: "A request timeout that is not a number", vars: map[string]string{"ROBOTO_DEFAULT_HTTP_TIMEOUT": "soon"}, config: versioned},
		{title: "An organization's name instead of its ID", vars: map[string]string{"ROBOTO_ORG_ID": "My Org"}, config: versioned},
		{title: "Several organizations and none chosen", options: robototest.Options{Orgs: []string{"og_one", "og_two"}}, config: versioned},
		{title: "The API key's owner belongs to no organization", act: func(c *protocol.Core) error {
			c.Vars["ROBOTO_API_KEY"] = c.Roboto.AddAPIKey(robototest.Grant{Orgs: []string{}})
			return c.Apply(versioned)
		}},
		{title: "A setting that is not known yet", settings: fields{"api_key": unknown}, act: data(protocol.TypeSecrets, nil)},

		{title: "A name that a URI cannot carry", config: fields{"name": "a@b"}},
		{title: "An empty value", config: fields{"name": "db", "value_wo": ""}},
		{title: "A value that is too long", config: fields{"name": "db", "value_wo": strings.Repeat(canary, 3300)}},
		{title: "A version without a value", config: fields{"name": "db", "value_wo_version": "1"}},

		{title: "Create: the name is taken", exists: plain, config: versioned},
		{title: "Create: the name is taken, and the record cannot be looked for", exists: plain, faults: answer(get, 403, "", "Forbidden"), config: versioned},
		{title: "Create: the answer is lost, and the record is of another creator", faults: lostCreate, act: created(0, "user:colleague@example.com")},
		{title: "Create: the answer is lost, and a record of the same creator is older", faults: lostCreate, act: created(time.Minute, caller)},
		{title: "Create: the answer is lost, and the creator cannot be found out", faults: append(answer(robototest.GetUser, 403, "", "Forbidden"), lostCreate...), act: created(0, caller)},
		{title: "Create: the answer is lost, and the record cannot be looked for", faults: append(answer(get, 403, "", "Forbidden"), robototest.Fault{Operation: create, Drop: true}), config: versioned},
		{title: "Create: the answer has the record of an older secret", faults: []robototest.Fault{{Operation: create, Status: 200, Body: oldRecord}}, config: versioned},
		{title: "Create: Terraform is interrupted", faults: []robototest.Fault{{Operation: create, Delay: time.Hour}}, act: func(c *protocol.Core) error {
			time.AfterFunc(time.Second, c.Interrupt)
			return c.Apply(versioned)
		}},
		{title: "Create: the name is not free yet", faults: answer(create, 409, "RobotoConflictException", "The name is being deleted."), config: versioned},
		{title: "Create: two blocks of one name", act: func(c *protocol.Core) error {
			s := c.MustStart()
			first, err := s.Plan(versioned)
			c.Must(err)
			second, err := s.Plan(plain)
			c.Must(err)
			s = c.MustStart()
			c.Must(s.ApplyPlanned(first))
			c.Instance = protocol.Instance{}
			return s.ApplyPlanned(second)
		}},
		{title: "Create: a limit is reached", faults: answer(create, 403, "RobotoLimitExceededException", "You have 100 of 100 secrets."), config: versioned},
		{title: "Create: no permission", faults: answer(create, 403, "RobotoUnauthorizedException", "You are not permitted to create secrets."), config: versioned},
		{title: "Create: the service refuses the name", faults: answer(create, 400, "RobotoIllegalArgumentException", "Names must be shorter."), config: versioned},
		{title: "The token is refused", faults: answer("", 403, "", "User is not authorized to access this resource with an explicit deny"), config: versioned},
		{title: "The token is not authorized", faults: answer("", 401, "RobotoUnauthorizedException", "Token expired."), config: versioned},
		{title: "The service keeps throttling", faults: answer(create, 429, "", "Too Many Requests"), config: versioned},
		{title: "The service keeps failing", faults: answer(get, 503, "RobotoServiceUnavailableException", "Try again."), managed: versioned},
		{title: "The service is retired", faults: answer(get, 410, "RobotoExpiredException", "Gone."), managed: versioned},
		{title: "The connection keeps breaking", faults: []robototest.Fault{{Operation: get, Drop: true}}, managed: versioned},
		{title: "The service does not answer in time", faults: []robototest.Fault{{Operation: get, Delay: time.Hour}}, managed: versioned},
		{title: "The host is unknown", vars: map[string]string{"ROBOTO_SERVICE_ENDPOINT": "https://api.example.com"}, act: unreachable(hosts["unknown host"])},
		{title: "The certificate is not trusted", vars: map[string]string{"ROBOTO_SERVICE_ENDPOINT": "https://api.example.com"}, act: unreachable(hosts["certificate not trusted"])},
		{title: "The server refuses TLS", vars: map[string]string{"ROBOTO_SERVICE_ENDPOINT": "https://api.example.com"}, act: unreachable(hosts["TLS refused"])},
		{title: "The server does not speak TLS", vars: map[string]string{"ROBOTO_SERVICE_ENDPOINT": "https://127.0.0.1:1"}, config: versioned},
		{title: "Nobody listens: the second secret", vars: map[string]string{"ROBOTO_SERVICE_ENDPOINT": "http://127.0.0.1:9"}, act: second},
		{title: "Nobody listens", vars: map[string]string{"ROBOTO_SERVICE_ENDPOINT": "http://127.0.0.1:9"}, config: versioned},
		{title: "The answer is endless", faults: []robototest.Fault{{Operation: get, Huge: 1 << 30}}, managed: versioned},
		{title: "The header of the answer is endless", faults: []robototest.Fault{{Operation: get, Status: 200, Header: http.Header{"X-Endless": {strings.Repeat("x", 2<<20)}}}}, managed: versioned},
		{title: "A login page answers", faults: []robototest.Fault{{Operation: get, Status: 200, Body: "<html>Log in</html>", Header: html}}, managed: versioned},
		{title: "The answer has another shape", faults: []robototest.Fault{{Operation: get, Status: 200, Body: `{"data":[]}`}}, managed: versioned},
		{title: "The answer is a success with an error in it", faults: []robototest.Fault{{Operation: get, Status: 200, Body: `{"error":{}}`}}, managed: versioned},
		{title: "The endpoint redirects", faults: []robototest.Fault{{Operation: get, Status: 308, Header: http.Header{"Location": {"https://example.com"}}}}, managed: versioned},
		{title: "A 404 that is not Roboto's", faults: []robototest.Fault{{Operation: get, Status: 404, Body: "<html>Not Found</html>", Header: html}}, managed: versioned},
		{title: "The record describes another secret", faults: mutate(get, `"name":"db"`, `"name":"other"`), managed: versioned},
		{title: "The record names no secret at AWS", faults: mutate(get, ":secretsmanager:", ":s3:"), managed: versioned},
		{title: "The record lacks fields", faults: mutate(get, `"store_type"`, `"type"`), managed: versioned},
		{title: "The record names a region of another partition", faults: mutate(get, "arn:aws:", "arn:aws-cn:"), managed: versioned},
		{title: "The value is kept in another store", faults: mutate(get, `"store_type":"aws"`, `"store_type":"vault"`), managed: versioned},

		{title: "Write: no permission for credentials", faults: answer(creds, 403, "RobotoUnauthorizedException", "You are not permitted to access secret values."), config: versioned},
		{title: "Write: the credentials name another region", faults: mutate(creds, `"region":"us-west-2"`, `"region":"evil.s3"`), config: versioned},
		{title: "Write: the credentials are for another secret", faults: mutate(creds, "123456789012", "210987654321"), config: versioned},
		{title: "Write: the credentials contain a line break", faults: mutate(creds, `"session_token":"`, `"session_token":"\n`), config: versioned},
		{title: "Write: Roboto does not show the new record", faults: answer(creds, 404, "RobotoNotFoundException", "Not found."), config: versioned},
		{title: "Write: AWS denies access", faults: aws(put, 400, "AccessDeniedException", "User: arn:aws:sts::1:assumed-role/x is not authorized."), config: versioned},
		{title: "Write: AWS keeps throttling", faults: aws(put, 400, "ThrottlingException", "Rate exceeded."), config: versioned},
		{title: "Write: AWS keeps no more versions", managed: versioned, faults: aws(put, 400, "LimitExceededException", "You have reached the maximum number of versions."), config: rotated},
		{title: "Write: AWS KMS refuses", managed: versioned, faults: aws(put, 400, "EncryptionFailure", "Denied."), config: rotated},
		{title: "Write: AWS does not accept the signature", managed: versioned, faults: aws(put, 400, "InvalidSignatureException", "The signature does not match."), config: rotated},
		{title: "Write: the clock is wrong, and there is no second attempt", managed: recordOnly, settings: fields{"max_attempts": 1}, options: robototest.Options{ClockAhead: 14 * time.Minute}, config: versioned},
		{title: "Write: AWS keeps failing", faults: aws(put, 500, "InternalServiceError", "An error occurred."), config: versioned},
		{title: "Write: the credentials have always expired", faults: aws(put, 400, "ExpiredTokenException", "The security token included in the request is expired."), config: versioned},
		{title: "Write: AWS is out of reach", faults: []robototest.Fault{{Operation: put, Drop: true}, {Operation: robototest.GetValue, Drop: true}}, config: versioned},
		{title: "Write: AWS does not speak its protocol", faults: []robototest.Fault{{Operation: put, Status: 200, Body: "<html>", Header: html}}, config: versioned},
		{title: "Write: neither the value nor the clean-up succeeds", faults: append(aws(put, 400, "AccessDeniedException", "Denied."), answer(robototest.DeleteSecret, 403, "RobotoUnauthorizedException", "You are not permitted to delete secrets.")...), config: versioned},
		{title: "Write: AWS still deletes the secret that had the name", act: func(c *protocol.Core) error {
			c.Roboto.DelayReuse(1000)
			c.Roboto.AddSecret(robototest.DefaultOrg, "db")
			c.Roboto.DeleteSecret(robototest.DefaultOrg, "db")
			return c.Apply(versioned)
		}},
		{title: "Rotate: the secret was deleted at AWS", managed: versioned, act: deletedAtAWS(false)},
		{title: "Rotate: the secret is marked for deletion at AWS", managed: versioned, act: deletedAtAWS(true)},
		{title: "Rotate: AWS denies access", managed: versioned, faults: aws(put, 400, "AccessDeniedException", "Denied."), config: rotated},

		{title: "Compare: no permission for credentials", managed: plain, faults: answer(creds, 403, "RobotoUnauthorizedException", "You are not permitted to access secret values."), config: plain},
		{title: "Compare: the token is refused", managed: plain, faults: answer("", 401, "", "Unauthorized"), act: func(c *protocol.Core) error {
			s := c.MustStart()
			_, err := s.Plan(plain)
			return err
		}},
		{title: "Compare: a binary value (a warning)", managed: plain, faults: []robototest.Fault{{Operation: robototest.GetValue, Mutate: func(b []byte) []byte {
			return bytes.ReplaceAll(bytes.ReplaceAll(b, []byte(`"SecretString":"`+canary+`"`), []byte(`"SecretBinary":"AAEC"`)), []byte(`"VersionId":"`), []byte(`"VersionId":"elsewhere-`))
		}}}, act: planned(plain)},
		{title: "Compare: the ID of the version repeats the value", managed: plain, faults: mutate(robototest.GetValue, `"VersionId":"`, `"VersionId":"`+canary+"-"), config: plain},
		{title: "Compare: the organization is not the caller's", managed: plain, faults: append(answer(creds, 403, "RobotoUnauthorizedException", "Not a member."), mutate(robototest.ListOrgs, "og_test", "og_other")...), config: plain},
		{title: "Compare: AWS denies access", managed: plain, faults: aws(robototest.GetValue, 400, "AccessDeniedException", "Denied."), config: plain},
		{title: "Detect drift: no permission for credentials", managed: watched, faults: answer(creds, 403, "RobotoUnauthorizedException", "You are not permitted to access secret values."), config: watched},
		{title: "Delete: no permission", managed: versioned, faults: answer(robototest.DeleteSecret, 403, "RobotoUnauthorizedException", "You are not permitted to delete secrets."), act: destroy},

		{title: "Delete: the answer is lost, and the secret cannot be looked for", managed: versioned, faults: []robototest.Fault{
			{Operation: get, Skip: 1, Status: 403, Message: "Forbidden"}, {Operation: robototest.DeleteSecret, Drop: true},
		}, act: destroyPlanned},

		{title: "Delete: the secret is protected", managed: guarded, act: destroy},
		{title: "Destroy: a value that Terraform did not write (a warning)", managed: recordOnly, act: planned(nil)},
		{title: "Rename: a value that the configuration does not have (a warning)", managed: recordOnly, act: planned(fields{"name": "cache"})},
		{title: "Rename: a value that somebody else wrote (a warning)", managed: watched, act: func(c *protocol.Core) error {
			c.Roboto.SetValue(robototest.DefaultOrg, "db", "written elsewhere")
			return planned(fields{"name": "cache", "value_wo": canary, "value_wo_version": "1", "detect_value_drift": true})(c)
		}},
		{title: "Update: a value that nobody knows the author of (a warning)", managed: recordOnly, act: func(c *protocol.Core) error {
			c.Roboto.SetValue(robototest.DefaultOrg, "db", "written elsewhere")
			return planned(plain)(c)
		}},
		{title: "Update: the first value of a secret that exists (a warning)", managed: recordOnly, act: planned(versioned)},
		{title: "Update: somebody else wrote the value (a warning)", managed: plain, act: func(c *protocol.Core) error {
			c.Roboto.SetValue(robototest.DefaultOrg, "db", "written elsewhere")
			return planned(plain)(c)
		}},
		{title: "Refresh: another secret has the name (a warning)", managed: versioned, act: func(c *protocol.Core) error {
			handOn(c.Roboto)
			c.Must(c.Apply(nil))
			return c.Warning
		}},
		{title: "Refresh: one secret at two addresses (a warning)", managed: versioned, act: addresses(versioned, versioned)},
		{title: "Plan: deleted at one address, and kept at another", managed: versioned, act: addresses(versioned, nil)},
		{title: "Plan: deleted at one address, and created at another (a warning)", managed: versioned, act: func(c *protocol.Core) error {
			s := c.MustStart()
			c.Must(s.Refresh())
			_, err := s.Plan(nil)
			c.Must(err)
			c.Instance = protocol.Instance{}
			_, err = s.Plan(versioned)
			c.Must(err)
			return c.Warning
		}},
		{title: "Plan: names shift from one address to another (warnings)", managed: versioned, act: func(c *protocol.Core) error {
			first := c.Instance
			c.Instance = protocol.Instance{}
			c.Must(c.Apply(renamed))
			second := c.Instance
			s := c.MustStart()
			for _, step := range []struct {
				protocol.Instance
				change fields
			}{{first, renamed}, {second, nil}} {
				c.Instance = step.Instance
				c.Must(s.Refresh())
				_, err := s.Plan(step.change)
				c.Must(err)
			}
			return c.Warning
		}},
		{title: "Replace: the default organization is another one than while planning", options: robototest.Options{Orgs: []string{"og_test", "og_other"}}, act: func(c *protocol.Core) error {
			c.Settings["org_id"] = "og_test"
			c.Must(c.Apply(versioned))
			deletion, err := c.MustStart().PlanReplacement(renamed)
			c.Must(err)
			c.Settings["org_id"] = "og_other"
			return c.MustStart().ApplyPlanned(deletion)
		}},
		{title: "Replace: the default organization is not known any more", managed: versioned, act: func(c *protocol.Core) error {
			deletion, err := c.MustStart().PlanReplacement(renamed)
			c.Must(err)
			c.Roboto.AddOrg("og_other", "Other Organization")
			return c.MustStart().ApplyPlanned(deletion)
		}},
		{title: "Replace: the new name is taken", managed: versioned, act: func(c *protocol.Core) error {
			c.Roboto.AddSecret(robototest.DefaultOrg, "cache")
			return c.Apply(renamed)
		}},
		{title: "Replace: whether the new name is taken cannot be found out", managed: versioned, faults: []robototest.Fault{{
			Operation: get, Status: 403, Code: "RobotoUnauthorizedException", Message: "You are not permitted to read secrets.",
			Match: func(r robototest.Request) bool { return r.Name == "cache" },
		}}, config: renamed},
		{title: "Update: the secret was deleted since the plan", managed: versioned, act: func(c *protocol.Core) error {
			c.Roboto.DeleteSecret(robototest.DefaultOrg, "db")
			return c.MustStart().Change(rotated)
		}},
		{title: "Write: another secret has the name by then", act: func(c *protocol.Core) error {
			takeOverBefore(c.Roboto, creds)
			return c.Apply(versioned)
		}},
		{title: "Update: another secret has the name", managed: versioned, act: func(c *protocol.Core) error {
			handOn(c.Roboto)
			s := c.MustStart()
			return s.Change(rotated)
		}},
		{title: "Update: a new version of an ignored value", managed: versioned, act: func(c *protocol.Core) error {
			s := c.MustStart()
			_, err := s.Plan(fields{"name": "db", "value_wo_version": "2"})
			return err
		}},
		{title: "Refresh: the organization is not the caller's", managed: versioned, faults: append(answer(get, 404, "RobotoNotFoundException", "Not found."), mutate(robototest.ListOrgs, "og_test", "og_other")...)},
		{title: "Refresh: the caller's organizations are not known", managed: versioned, faults: append(answer(get, 404, "RobotoNotFoundException", "Not found."), answer(robototest.ListOrgs, 403, "", "Forbidden")...)},

		{title: "An organization that is not the caller's", options: robototest.Options{Orgs: []string{"og_one", "og_two"}}, config: fields{"name": "db", "org_id": "og_three"}},
		{title: "An organization that does not exist", faults: []robototest.Fault{{
			Operation: create, Status: 404, Code: "RobotoNotFoundException", Message: "There is no such organization.",
			Match: func(r robototest.Request) bool { return r.OrgID == "og_three" },
		}}, config: fields{"name": "db", "value_wo": canary, "org_id": "og_three"}},
		{title: "Plan: the secrets stay when the default organization changes (a warning)", options: robototest.Options{Orgs: []string{"og_test", "og_other"}}, act: func(c *protocol.Core) error {
			c.Settings["org_id"] = "og_test"
			c.Must(c.Apply(versioned))
			c.Settings["org_id"] = "og_other"
			return planned(versioned)(c)
		}},
		{title: "Plan: a renamed secret goes to another default organization (a warning)", options: robototest.Options{Orgs: []string{"og_test", "og_other"}}, act: func(c *protocol.Core) error {
			c.Settings["org_id"] = "og_test"
			c.Must(c.Apply(versioned))
			c.Settings["org_id"] = "og_other"
			return planned(fields{"name": "cache", "value_wo": canary})(c)
		}},
		{title: "A name with a space at its end (a warning)", act: planned(fields{"name": "db "})},
		{title: "A name that actions cannot look up (a warning)", act: planned(fields{"name": "base de données"})},
		{title: "Drift detection without a value (a warning)", act: func(c *protocol.Core) error {
			c.Must(c.Apply(fields{"name": "db", "detect_value_drift": true}))
			return c.Warning
		}},
		{title: "A value of one line with a line break at its end (a warning)", act: planned(fields{"name": "db", "value_wo": canary + "\n"})},
		{title: "Refresh: the secret is gone, with a value that Terraform did not write (a warning)", managed: recordOnly, act: func(c *protocol.Core) error {
			c.Roboto.DeleteSecret(robototest.DefaultOrg, "db")
			c.Must(c.Apply(nil))
			return c.Warning
		}},
		{title: "An empty value of a secret whose name is not known yet", config: fields{"name": protocol.Unknown, "value_wo": ""}},
		{title: "Import: an invalid ID", act: importing("a/b")},
		{title: "Import: an ARN", act: importing("arn:aws:secretsmanager:us-west-2:123456789012:secret:db-a1b2c3")},
		{title: "Import: no such secret", act: func(c *protocol.Core) error {
			c.Must(c.ImportID("db"))
			return c.MustStart().Refresh()
		}},
		{title: "Import: the organization is not the caller's", act: func(c *protocol.Core) error {
			c.Must(c.ImportID("db@og_other"))
			return c.MustStart().Refresh()
		}},
		{title: "Import: several organizations and none chosen", options: robototest.Options{Orgs: []string{"og_one", "og_two"}}, act: importing("db")},
		{title: "Query: there are more secrets than the limit (a warning)", act: queried},
		{title: "Query: whether there are more than the limit is not known (a warning)", options: robototest.Options{PageSize: 2}, faults: []robototest.Fault{{Operation: robototest.ListSecrets, Skip: 1, Status: 500, Code: "RobotoInternalException", Message: "Oops."}}, act: queried},
		{title: "Data source: no such secret", act: data(protocol.TypeSecret, fields{"name": "db"})},
		{title: "Data source: no such secret, and the organization is not the caller's", options: robototest.Options{Orgs: []string{"og_one"}}, faults: answer(get, 404, "RobotoNotFoundException", "Not found."), act: data(protocol.TypeSecret, fields{"name": "db", "org_id": "og_two"})},
		{title: "Data source: the organizations cannot be listed", faults: answer(robototest.ListOrgs, 403, "", "User is not authorized to access this resource with an explicit deny"), act: data(protocol.TypeOrganizations, nil)},
		{title: "Data source: no permission for the version", exists: plain, faults: answer(creds, 403, "RobotoUnauthorizedException", "You are not permitted to access secret values."), act: data(protocol.TypeSecret, fields{"name": "db", "read_version_id": true})},
		{title: "Data source: no version before the current one", exists: plain, act: data(protocol.TypeSecret, fields{"name": "db", "read_version_id": true, "version_stage": "AWSPREVIOUS"})},
		{title: "Data source: a page fails", faults: answer(robototest.ListSecrets, 500, "RobotoInternalException", "Oops."), act: data(protocol.TypeSecrets, nil)},
		{title: "Data source: the listing does not end", faults: []robototest.Fault{{Operation: robototest.ListSecrets, Status: 200, Body: `{"data":{"items":[],"next_token":"again"}}`}}, act: data(protocol.TypeSecrets, nil)},
		{title: "Refresh: the secrets cannot be listed (a warning)", settings: fields{"bulk_refresh": true}, managed: versioned, faults: answer(robototest.ListSecrets, 403, "RobotoUnauthorizedException", "You are not permitted to list secrets."), act: func(c *protocol.Core) error {
			return errors.Join(c.MustStart().Refresh(), c.Warning)
		}},
		{title: "Data source: secrets that cannot be used (a warning)", exists: plain, act: func(c *protocol.Core) error {
			c.Roboto.AddSecret(robototest.DefaultOrg, "a\nb")
			c.Roboto.AddSecret(robototest.DefaultOrg, "a\u202eb")
			_, err := c.ReadData(protocol.TypeSecrets, nil)
			return errors.Join(err, c.Warning)
		}},
		{title: "Data source: a name that Terraform would change (a warning)", exists: plain, act: func(c *protocol.Core) error {
			c.Roboto.AddSecret(robototest.DefaultOrg, "cafe\u0301")
			_, err := c.ReadData(protocol.TypeSecrets, nil)
			return errors.Join(err, c.Warning)
		}},
		{title: "Data source: the listing takes too long", options: robototest.Options{PageSize: 1}, act: func(c *protocol.Core) error {
			for i := range 70 {
				c.Roboto.AddSecret(robototest.DefaultOrg, fmt.Sprint("db-", i))
			}
			c.Roboto.Latency(29 * time.Second)
			_, err := c.ReadData(protocol.TypeSecrets, nil)
			return err
		}},
		{title: "Ephemeral resource: no such secret", act: open(fields{"name": "db"})},
		{title: "Ephemeral resource: no such secret, and the organization is not the caller's", options: robototest.Options{Orgs: []string{"og_one"}}, faults: answer(creds, 404, "RobotoNotFoundException", "Not found."), act: open(fields{"name": "db", "org_id": "og_two"})},
		{title: "Ephemeral resource: no value yet", exists: fields{"name": "db"}, act: open(fields{"name": "db"})},
		{title: "Ephemeral resource: a binary value", managed: plain, faults: mutate(robototest.GetValue, `"SecretString":"`+canary+`"`, `"SecretBinary":"AAEC"`), act: open(fields{"name": "db"})},
		{title: "Ephemeral resource: a value that Terraform changes (a warning)", exists: plain, act: func(c *protocol.Core) error {
			c.Roboto.SetValue(robototest.DefaultOrg, "db", canary+"e\u0301")
			return errors.Join(open(fields{"name": "db"})(c), c.Warning)
		}},
		{title: "Ephemeral resource: no such version", exists: plain, act: open(fields{"name": "db", "version_id": "00000000-0000-0000-0000-000000000000"})},
		{title: "Ephemeral resource: AWS has removed the version", exists: plain, act: func(c *protocol.Core) error {
			for _, value := range []string{"the value before", "the current value"} {
				time.Sleep(time.Hour)
				c.Roboto.SetValue(robototest.DefaultOrg, "db", value)
			}
			removed := c.Roboto.Versions(robototest.DefaultOrg, "db")[0].ID
			c.Roboto.RemoveOldVersions(robototest.DefaultOrg, "db")
			return open(fields{"name": "db", "version_id": removed})(c)
		}},
		{title: "Ephemeral resource: no version before the current one", exists: plain, act: open(fields{"name": "db", "version_stage": "AWSPREVIOUS"})},
		{title: "Ephemeral resource: a version of a secret without a value", exists: fields{"name": "db"}, act: open(fields{"name": "db", "version_stage": "AWSPREVIOUS"})},

		{title: "Action: an invalid secret URI", act: invoke(robototest.Action{}, fields{"parameter_values": map[string]any{"key": "roboto-secret://a/b"}})},
		{title: "Action: no such action", act: invoke(robototest.Action{}, fields{"name": "other"})},
		{title: "Action: its organization is not the caller's", faults: answer(robototest.GetAction, 401, "RobotoUnauthorizedException", "Not a member."), act: invoke(robototest.Action{}, fields{"action_org_id": "og_partner"})},
		{title: "Action: a parameter is missing", act: invoke(robototest.Action{}, fields{"parameter_values": nil})},
		{title: "Action: a parameter that the action does not have", act: invoke(robototest.Action{}, fields{"parameter_values": map[string]any{"key": "x", "kye": "x"}})},
		{title: "Action: the secret is missing", act: invoke(robototest.Action{}, nil)},
		{title: "Action: no permission", managed: versioned, faults: answer(robototest.InvokeAction, 403, "RobotoUnauthorizedException", "You are not permitted to invoke actions."), act: invoke(robototest.Action{}, nil)},
		{title: "Action: it may have been invoked", managed: versioned, faults: []robototest.Fault{{Operation: robototest.InvokeAction, Drop: true}}, act: invoke(robototest.Action{}, nil)},
		{title: "Action: it fails", managed: versioned, act: invoke(robototest.Action{Fails: "The action exited with code 1."}, nil)},
		{title: "Action: it fails for the third time", managed: versioned, act: invoke(robototest.Action{Fails: "The action exited with code 1.", Requeue: true}, nil)},
		{title: "Action: it takes too long", managed: versioned, act: invoke(robototest.Action{Hang: true}, nil)},
		{title: "Action: it takes too long, and cannot be canceled", managed: versioned, faults: answer(robototest.CancelInvocation, 403, "RobotoUnauthorizedException", "You are not permitted to cancel invocations."), act: invoke(robototest.Action{Hang: true}, nil)},
		{title: "Action: it takes too long, and is not canceled yet", managed: versioned, faults: answer(robototest.CancelInvocation, 204, "", "OK"), act: invoke(robototest.Action{Hang: true}, nil)},
		{title: "Action: Terraform is interrupted", managed: versioned, act: func(c *protocol.Core) error {
			time.AfterFunc(time.Minute, c.Interrupt)
			return invoke(robototest.Action{Hang: true}, nil)(c)
		}},
		{title: "Action: Roboto no longer reports its status", managed: versioned, faults: answer(robototest.GetInvocation, 404, "RobotoNotFoundException", "No such invocation."), act: invoke(robototest.Action{}, nil)},
		{title: "Action: Roboto fails until the time has run out", managed: versioned, faults: answer(robototest.GetInvocation, 500, "RobotoInternalException", "Oops."), act: invoke(robototest.Action{}, nil)},
		{title: "Action: it has failed, and may be queued again", managed: versioned, act: func(c *protocol.Core) error {
			time.AfterFunc(20*time.Second, c.Interrupt)
			return invoke(robototest.Action{Fails: "Exit code 1."}, nil)(c)
		}},
	}
}

// TestErrorCatalog makes each error happen and compares them all with
// testdata/errors.md, which is to read well from top to bottom, and with the page that the
// documentation has of them. Run with -update after a change of words.
func TestErrorCatalog(t *testing.T) {
	entries := catalog(deadHosts(t))
	var all strings.Builder
	var onPage []described
	happened := 0
	all.WriteString("# Errors\n\nEvery error that a practitioner can meet, as Terraform shows it. Written by `go test ./internal/test/faults -run TestErrorCatalog -update`.\n")
	for _, entry := range entries {
		t.Run(entry.title, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				shown, said := entry.happen(t)
				happened++
				fmt.Fprintf(&all, "\n## %s\n\n```\n%s\n```\n", entry.title, shown)
				for _, diagnostic := range said {
					d, err := describe(entry.title, diagnostic)
					if err != nil {
						t.Error(err)
						continue
					}
					onPage = append(onPage, d)
				}
			})
		})
	}
	if happened < len(entries) {
		t.Skip("skipped: the files have all entries, and some did not run or failed")
	}
	onPage = withSharedAdvice(onPage)
	before, page, after := readPage(t)
	generated, err := written(onPage)
	if err != nil {
		t.Error(err)
		generated = page
	}
	catalogFile := filepath.Join("testdata", "errors.md")
	if *update {
		write(t, catalogFile, all.String())
		write(t, pageFile, before+generated+after)
		page = generated
	}
	golden, err := os.ReadFile(catalogFile)
	if err != nil {
		t.Fatal(err)
	}
	for file, differ := range map[string][]string{catalogFile: differences(string(golden), all.String()), pageFile: differences(page, generated)} {
		for _, difference := range differ {
			t.Errorf("%s: %s", file, difference)
		}
	}
	if t.Failed() {
		t.Error("If the errors are meant to be so, run go test ./internal/test/faults -run TestErrorCatalog -update, then make docs, and read what has changed.")
	}
	for _, d := range onPage {
		if missing := d.missing(generated); missing != "" {
			t.Errorf("%s: of the entry %q, the page lacks %q", pageFile, d.entry, missing)
		}
	}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// differences are where a file differs from what it is to be, by the headings in both.
func differences(file, want string) (all []string) {
	headings, parts := byHeading(file)
	wantedHeadings, wanted := byHeading(want)
	for _, heading := range wantedHeadings {
		part, exists := parts[heading]
		switch {
		case !exists:
			all = append(all, fmt.Sprintf("there is no %q", heading))
		case part != wanted[heading]:
			all = append(all, fmt.Sprintf("%q differs:\n%s", heading, lineDifference(part, wanted[heading])))
		}
	}
	for _, heading := range headings {
		if _, exists := wanted[heading]; !exists {
			all = append(all, fmt.Sprintf("%q is no longer an error of the catalog", heading))
		}
	}
	if len(all) == 0 && file != want {
		all = append(all, "the order of the headings differs")
	}
	return all
}

// byHeading are the parts of a page. What is above all headings has the heading "".
func byHeading(page string) (headings []string, parts map[string]string) {
	parts = map[string]string{}
	heading := ""
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "#") {
			heading = strings.TrimSpace(strings.TrimLeft(line, "#"))
			headings = append(headings, heading)
		}
		parts[heading] += line
	}
	return headings, parts
}

// lineDifference shows the lines between the first and the last one that differ.
func lineDifference(old, changed string) string {
	olds, news := strings.Split(old, "\n"), strings.Split(changed, "\n")
	for len(olds) > 0 && len(news) > 0 && olds[0] == news[0] {
		olds, news = olds[1:], news[1:]
	}
	for len(olds) > 0 && len(news) > 0 && olds[len(olds)-1] == news[len(news)-1] {
		olds, news = olds[:len(olds)-1], news[:len(news)-1]
	}
	var shown strings.Builder
	for _, side := range []struct {
		mark  string
		lines []string
	}{{"- ", olds}, {"+ ", news}} {
		for _, line := range side.lines {
			shown.WriteString("\t" + side.mark + line + "\n")
		}
	}
	return shown.String()
}

// begin makes the error happen.
func (e cataloged) begin(t *testing.T) (*protocol.Core, error) {
	t.Helper()
	options := e.options
	options.InMemory = true
	server := robototest.Start(t, options)
	c := protocol.NewCore(t, server)
	if e.exists != nil {
		server.AddSecret(robototest.DefaultOrg, "db")
		if _, ok := e.exists["value_wo"]; ok {
			server.SetValue(robototest.DefaultOrg, "db", "an older value")
		}
		time.Sleep(time.Minute)
	}
	if e.managed != nil {
		c.Must(c.Apply(e.managed))
	}
	maps.Copy(c.Vars, e.vars)
	maps.Copy(c.Settings, e.settings)
	if e.file != "" {
		path := filepath.Join(t.TempDir(), "config.json")
		c.Settings["config_file"] = path
		c.Must(os.WriteFile(path, []byte(e.file), 0o600))
	}
	for _, fault := range e.faults {
		server.Inject(fault)
	}
	act := e.act
	if act == nil {
		config := e.config
		if config == nil {
			config = e.managed
		}
		act = func(c *protocol.Core) error { return c.Apply(config) }
	}
	err := act(c)
	if err == nil {
		t.Fatal("there was no error")
	}
	return c, err
}

// happen returns the error, as a text and as what it consists of.
func (e cataloged) happen(t *testing.T) (shown string, said []protocol.DiagnosticError) {
	c, err := e.begin(t)
	if strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), c.Roboto.APIKey()) {
		t.Error("the error holds a secret")
	}
	everywhere := func(text string) string {
		text = withoutRandom(text)
		if runtime.GOOS == "darwin" || runtime.GOOS == "windows" { // the golden file has the advice for Linux
			text = regexp.MustCompile(`add its certificate to .*`).ReplaceAllString(text, "add its certificate to the system's trusted certificates, or name its file in SSL_CERT_FILE. AWS_CA_BUNDLE has no effect here.")
		}
		if path, ok := c.Settings["config_file"].(string); ok {
			text = strings.ReplaceAll(text, path, "/home/me/.roboto/config.json")
		}
		return text
	}
	for _, diagnostic := range protocol.Diagnostics(err) {
		diagnostic.Detail = everywhere(diagnostic.Detail)
		said = append(said, diagnostic)
	}
	return everywhere(err.Error()), said
}

// withoutRandom numbers the ARNs, versions and invocations of a text, and leaves times of waiting out.
func withoutRandom(shown string) string {
	shown = regexp.MustCompile(`(wait_timeout of .*?) It was tried for \d+ seconds\.`).ReplaceAllString(shown, "$1") // if there is time for two attempts
	shown = regexp.MustCompile(`tried for \d+ seconds`).ReplaceAllString(shown, "tried for … seconds")
	for pattern, format := range map[string]string{
		`roboto/og_test/[a-z0-9]+-[A-Z0-9]+`: "roboto/og_test/%d",
		`[A-Z2-7]{26}-by-hand`:               "version-%d",
		`iv_[a-z0-9]{16}`:                    "iv_%d",
	} {
		var seen []string
		shown = regexp.MustCompile(pattern).ReplaceAllStringFunc(shown, func(name string) string {
			if !slices.Contains(seen, name) {
				seen = append(seen, name)
			}
			return fmt.Sprintf(format, slices.Index(seen, name)+1)
		})
	}
	return shown
}
