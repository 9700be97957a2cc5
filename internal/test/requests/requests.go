// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package requests says which requests to Roboto and AWS the commands of Terraform make. Its
// tests compare that with what real Terraform does, and with what BENCHMARKS.md says.
package requests

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// Scenario is a way to configure secrets, and what is done with them.
type Scenario struct {
	// Title is that of the table in BENCHMARKS.md, which has these numbers of secrets and
	// latencies.
	Title     string
	Sizes     []int
	Latencies []time.Duration
	PageSize  int
	Runs      []Run
	// listed is whether a data source lists secrets that are there.
	listed bool
	args   string
}

// Run is a command of Terraform's for all secrets of a scenario. Its name is that in BENCHMARKS.md.
type Run struct {
	Name string
	// Requests are those for one secret, one after the other, but ListSecrets is for one page.
	Requests string
}

// lines are the commands by name. To rotate is to go from generation 1 to 2.
var lines = map[string]string{
	"create":                    "apply -auto-approve -var=generation=1",
	"plan, nothing to do":       "plan -detailed-exitcode -var=generation=1",
	"plan, with `bulk_refresh`": "plan -detailed-exitcode -var=generation=1 -var=bulk_refresh=true",
	"rotate all":                "apply -auto-approve -var=generation=2",
	"destroy":                   "destroy -auto-approve -var=generation=2",
	"list all":                  "plan -detailed-exitcode -var=generation=1",
	"list ten by `name_prefix`": "plan -detailed-exitcode -var=generation=1 -var=listed=10 -var=name_prefix=robot-00001",
}

// Latency is how late each answer comes where there is a network.
const Latency = 50 * time.Millisecond

var (
	sizes = []int{10, 100, 1000}
	both  = []time.Duration{0, Latency}
)

// Scenarios are all of them, in the order of BENCHMARKS.md.
func Scenarios() []Scenario {
	return []Scenario{
		{"With `value_wo_version`", sizes, both, 100, []Run{
			{"create", "CreateSecret GetCredentials PutValue"},
			{"plan, nothing to do", "GetSecret"},
			{"rotate all", "GetSecret GetCredentials PutValue"},
			{"destroy", "GetSecret GetSecret DeleteSecret"}, // a refresh, and a look before the deletion
		}, false, ""},
		{"With `value_wo_version` and `bulk_refresh`", sizes, both, 100, []Run{
			{"create", "CreateSecret GetCredentials PutValue"},
			{"plan, nothing to do", "ListSecrets"},
			{"rotate all", "ListSecrets GetCredentials PutValue"},
			{"destroy", "ListSecrets GetSecret DeleteSecret"},
		}, false, "-var=bulk_refresh=true"},
		{"Without `value_wo_version`", sizes, both, 100, []Run{
			{"create", "CreateSecret GetCredentials PutValue"},
			{"plan, nothing to do", "GetSecret GetCredentials GetValue"},
			// Terraform plans twice. Then the update compares once more, and writes with the same credentials.
			{"rotate all", "GetSecret GetCredentials GetValue GetCredentials GetValue GetCredentials GetValue PutValue"},
			{"destroy", "GetSecret GetCredentials GetValue GetSecret DeleteSecret"},
		}, false, "-var=versions=false"},
		{"By number of secrets in one state", []int{100, 1000, 3000}, both[1:], 100, []Run{
			{"create", "CreateSecret GetCredentials PutValue"},
			{"plan, nothing to do", "GetSecret"},
			{"plan, with `bulk_refresh`", "ListSecrets"},
		}, false, ""},
		{"By number of secrets in a listing", []int{10_000, 100_000}, both[:1], 500, []Run{{"list all", "ListSecrets"}}, true, ""},
		{"By number of secrets in a listing", []int{100_000}, both[:1], 500, []Run{{"list ten by `name_prefix`", "ListSecrets"}}, true, ""},
	}
}

// Counts are numbers of requests by kind.
type Counts map[robototest.Operation]int

func (c Counts) String() string {
	var kinds []string
	for _, kind := range append(robototest.Operations(), robototest.Unknown) {
		if c[kind] > 0 {
			kinds = append(kinds, Thousands(c[kind])+" "+string(kind))
		}
	}
	return strings.Join(kinds, ", ")
}

// Thousands writes a number as BENCHMARKS.md does: 1,000.
func Thousands(n int) string { return message.NewPrinter(language.English).Sprint(n) }

// Expected are the requests of a run.
func (s Scenario) Expected(r Run, secrets int) Counts {
	all := Counts{}
	for kind := range strings.FieldsSeq(r.Requests) {
		n := secrets
		if kind == string(robototest.ListSecrets) {
			n = (secrets + s.PageSize - 1) / s.PageSize
		}
		all[robototest.Operation(kind)] += n
	}
	return all
}

// Bench is where runs are made.
type Bench struct {
	Terraform terraformcli.Release
	Mirror    terraformcli.Mirror

	dir, executable string
}

// NewBench builds the provider. The path of the directory is short, because sockets lie below it.
func NewBench(ctx context.Context, dir string, buildArgs ...string) (b Bench, err error) {
	b.dir = dir
	if b.executable, err = terraformcli.Find(ctx); err != nil {
		return b, err
	}
	if b.Terraform, err = terraformcli.Identify(ctx, b.executable); err != nil {
		return b, err
	}
	b.Mirror, err = terraformcli.BuildMirror(ctx, filepath.Join(dir, "mirror"), buildArgs...)
	return b, err
}

// Live makes the scenario's runs for a number of secrets, and tells how long each took. It
// fails if one makes other requests than expected.
func (b Bench) Live(ctx context.Context, s Scenario, secrets int, latency time.Duration, tell func(Run, time.Duration)) error {
	server, err := robototest.New(robototest.Options{PageSize: s.PageSize})
	if err != nil {
		return err
	}
	defer server.Close()
	root, err := os.MkdirTemp(b.dir, "w")
	if err != nil {
		return err
	}
	args := fmt.Sprintf(" -var=secrets=%d %s ", secrets, s.args)
	if s.listed {
		args = fmt.Sprintf(" -var=secrets=0 -var=listed=%d ", secrets)
		for i := range secrets {
			server.AddSecret(robototest.DefaultOrg, fmt.Sprintf("robot-%06d-key", i))
		}
	}
	workspace, err := terraformcli.NewWorkspace(root, b.executable, b.Mirror, append(server.Env(), "ROBOTO_ORG_ID="+robototest.DefaultOrg)...)
	if err != nil {
		return err
	}
	if err := workspace.Init(ctx, module); err != nil {
		return err
	}
	server.Latency(latency)
	for _, r := range s.Runs {
		command, variables, _ := strings.Cut(lines[r.Name], " ")
		server.ResetRequests()
		start := time.Now()
		if _, err := workspace.Expect(ctx, terraformcli.NothingToDo, nil, strings.Fields(command+args+variables)...); err != nil {
			return err
		}
		tell(r, time.Since(start))
		got := Counts{}
		for _, request := range server.Requests() {
			got[request.Operation]++
		}
		if want := s.Expected(r, secrets); !maps.Equal(got, want) {
			return fmt.Errorf("%q of %d secrets (%s) made %s instead of %s", r.Name, secrets, s.Title, got, want)
		}
	}
	if violations := server.Violations(); len(violations) > 0 {
		return fmt.Errorf("the provider broke the rules of the services: %v", violations)
	}
	return nil
}

//go:embed main.tf
var module string
