// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

const (
	// latency is what each request takes at least.
	latency = 50 * time.Millisecond
	// parallelism is Terraform's default.
	parallelism = 10
	// pageSize is that of Roboto's listings.
	pageSize = 100
	// startUpCopies executables of each provider start startUpRuns times.
	startUpCopies = 20
	startUpRuns   = 5

	plainProvider = "github.com/roboto-ai/terraform-provider-roboto/internal/dev/bench/plainprovider"
	// buildFlags are those of a release: see .goreleaser.yml.
	buildFlags = "-ldflags=-s -w"
)

var (
	//go:embed module/main.tf
	module string
	//go:embed plainmodule/main.tf
	plainModule string
	//go:embed listmodule/main.tf
	listModule string
)

// bench is what all runs share.
type bench struct {
	// dir holds everything that the runs write.
	dir       string
	terraform string
	mirror    terraformcli.Mirror
	// plain is that of a provider which makes no calls.
	plain terraformcli.Mirror
	// measured are the lives so far. The promises thus take their numbers from the runs
	// that the tables show.
	measured map[life]map[operation]measurement
}

// measurement is what a run of Terraform took.
type measurement struct {
	requests requests
	wall     time.Duration
	// provider is the usage of the provider's processes, where it can be known.
	provider usage
}

// comparison is an operation with and without latency.
type comparison struct {
	slow, fast measurement
	network    time.Duration
}

// ratio compares the time with that of a run which uses the network as well as can
// be, and computes nothing meanwhile.
func (c comparison) ratio() float64 {
	return c.slow.wall.Seconds() / (c.network + c.fast.wall).Seconds()
}

// newBench builds the provider as a release is built.
func newBench(ctx context.Context, dir string) (*bench, error) {
	if err := os.Setenv("CGO_ENABLED", "0"); err != nil {
		return nil, err
	}
	// The system knows a process by its path without symbolic links.
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	terraform, err := terraformcli.Find(ctx)
	if err != nil {
		return nil, err
	}
	mirror, err := terraformcli.BuildMirror(ctx, filepath.Join(dir, "mirror"), buildFlags)
	if err != nil {
		return nil, err
	}
	plain, err := terraformcli.BuildMirrorOf(ctx, plainProvider, filepath.Join(dir, "plain-mirror"), buildFlags)
	return &bench{dir: dir, terraform: terraform, mirror: mirror, plain: plain, measured: map[life]map[operation]measurement{}}, err
}

// workspace is a new one, initialized.
func (b *bench) workspace(ctx context.Context, mirror terraformcli.Mirror, main string, env ...string) (*terraformcli.Workspace, error) {
	root, err := os.MkdirTemp(b.dir, "w") // short, because a socket lies below it
	if err != nil {
		return nil, err
	}
	workspace, err := terraformcli.NewWorkspace(root, b.terraform, mirror, env...)
	if err != nil {
		return nil, err
	}
	return workspace, workspace.Init(ctx, main)
}

// compare measures a scenario with and without latency, one right after the other.
func (b *bench) compare(ctx context.Context, s *scenario, secrets int) (map[operation]comparison, error) {
	l := life{scenario: s, secrets: secrets, valueBytes: 64, pageSize: pageSize}
	fast, err := b.live(ctx, l, operations()...)
	if err != nil {
		return nil, err
	}
	l.latency = latency
	slow, err := b.live(ctx, l, operations()...)
	if err != nil {
		return nil, err
	}
	compared := map[operation]comparison{}
	for _, op := range operations() {
		compared[op] = comparison{slow: slow[op], fast: fast[op], network: l.network(op)}
	}
	return compared, nil
}

// live measures the first operations of a life, once. It fails if they make other
// requests than expected.
func (b *bench) live(ctx context.Context, l life, ops ...operation) (map[operation]measurement, error) {
	if measured, ok := b.measured[l]; ok {
		return measured, nil
	}
	server, err := robototest.New(robototest.Options{PageSize: l.pageSize})
	if err != nil {
		return nil, err
	}
	defer server.Close()
	if l.lists() {
		for i := range l.secrets {
			server.AddSecret(robototest.DefaultOrg, fmt.Sprintf("robot-%06d-key", i))
		}
	}
	mirror := b.mirror
	if l.scenario.plain {
		mirror = b.plain
	}
	workspace, err := b.workspace(ctx, mirror, cmp.Or(l.scenario.module, module), slices.Concat(server.Env(), []string{"ROBOTO_ORG_ID=" + robototest.DefaultOrg}, l.variables())...)
	if err != nil {
		return nil, err
	}
	server.Latency(l.latency)
	_, _ = fmt.Fprintf(os.Stderr, "%d secrets of %d bytes, %s, latency %s:", l.secrets, l.valueBytes, l.scenario.title, l.latency)
	measured := map[operation]measurement{}
	for _, op := range ops {
		server.ResetRequests()
		m, err := b.run(ctx, workspace, op)
		if err != nil {
			return nil, err
		}
		for _, request := range server.Requests() {
			m.requests[request.Operation]++
		}
		if want := l.expected(op); !maps.Equal(m.requests, want) {
			return nil, fmt.Errorf("%q of %d secrets (%s) made the requests %v instead of %v", op, l.secrets, l.scenario.title, m.requests, want)
		}
		_, _ = fmt.Fprintf(os.Stderr, " %s %s;", op, seconds(m.wall))
		measured[op] = m
	}
	_, _ = fmt.Fprintln(os.Stderr)
	if violations := server.Violations(); len(violations) > 0 {
		return nil, fmt.Errorf("the provider broke the rules of the services: %v", violations)
	}
	b.measured[l] = measured
	return measured, nil
}

// run is one run of Terraform.
func (b *bench) run(ctx context.Context, workspace *terraformcli.Workspace, op operation) (measurement, error) {
	env := []string{"TF_VAR_generation=1"}
	args := []string{"plan", "-detailed-exitcode"}
	switch op {
	case create:
		args = []string{"apply", "-auto-approve"}
	case rotate:
		env = []string{"TF_VAR_generation=2"}
		args = []string{"apply", "-auto-approve"}
	case destroy:
		env = []string{"TF_VAR_generation=2"}
		args = []string{"destroy", "-auto-approve"}
	case planBulk:
		env = append(env, "TF_VAR_bulk_refresh=true")
	}
	args = append(args, "-parallelism="+strconv.Itoa(parallelism))
	stop := watch(b.mirror.Executable)
	start := time.Now()
	_, err := workspace.Expect(ctx, terraformcli.NothingToDo, env, args...)
	return measurement{requests: requests{}, wall: time.Since(start), provider: stop()}, err
}

// startUp is how long terraform providers schema takes with this provider and
// with the plain one in its place: the medians of runs that take turns. Each copy of an
// executable has its own luck with memory, up to a tenth of the time, so there are several.
func (b *bench) startUp(ctx context.Context) (this, plain time.Duration, err error) {
	var times [2][]time.Duration
	for copies := range startUpCopies {
		var workspaces [2]*terraformcli.Workspace
		for i, pkg := range []string{terraformcli.ProviderPackage, plainProvider} {
			mirror, err := terraformcli.BuildMirrorOf(ctx, pkg, filepath.Join(b.dir, fmt.Sprintf("start-up-%d-%d", copies, i)), buildFlags)
			if err != nil {
				return 0, 0, err
			}
			if workspaces[i], err = b.workspace(ctx, mirror, module); err != nil {
				return 0, 0, err
			}
		}
		for run := range startUpRuns + 1 {
			for i, workspace := range workspaces {
				start := time.Now()
				if _, err := workspace.Terraform(ctx, "providers", "schema", "-json"); err != nil {
					return 0, 0, err
				}
				if run > 0 { // the first run warms the caches
					times[i] = append(times[i], time.Since(start))
				}
			}
		}
	}
	return median(times[0]), median(times[1]), nil
}

func median(times []time.Duration) time.Duration {
	times = slices.Sorted(slices.Values(times))
	n := len(times)
	return (times[(n-1)/2] + times[n/2]) / 2
}
