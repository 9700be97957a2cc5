// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const introduction = `# Benchmarks

Made by %[1]s: real Terraform and the provider as released, against the embedded Roboto and Secrets Manager on the same machine, which answer every request %[2]s late.

- **Requests** are all that were made, by kind. A run that makes others than it should is an error.
- **Network** is the time that no provider can do without: the requests that must follow one another × %[2]s × secrets ÷ parallelism (%[3]d, Terraform's default). The refresh is one of them.
- **No latency** is the same run with services that answer at once: Terraform, the provider and the embedded services computing.
- **Ratio** is the time ÷ (network + no latency). Below 1, the provider computes while it waits.
- **CPU** is that of all provider processes of the run, **Memory** the most that one of them had resident.

Machine: %[4]s.
`

// report writes Markdown as the numbers come.
type report struct {
	out io.Writer
}

func (r report) printf(format string, args ...any) { _, _ = fmt.Fprintf(r.out, format, args...) }

func (r report) introduce(machine string) {
	r.printf(introduction, "`make bench`", milliseconds(latency), parallelism, machine)
}

// conclude tells what else kept the machine busy, as far as can be known.
func (r report) conclude(before, after string) {
	if before != "" {
		r.printf("\nThe machine's load average was %s before the start and %s at the end; the benchmark itself makes about 2.\n", before, after)
	}
}

// table measures a scenario at all sizes.
func (r report) table(ctx context.Context, b *bench, s scenario, sizes []int) error {
	r.printf("\n## %s\n\n", s.title)
	r.printf("| Secrets | Run | Requests | Time | Network | No latency | Ratio | CPU | Memory |\n")
	r.printf("| --: | --- | --- | --: | --: | --: | --: | --: | --: |\n")
	for _, secrets := range sizes {
		compared, err := b.compare(ctx, s, secrets)
		if err != nil {
			return err
		}
		for _, op := range operations() {
			c := compared[op]
			r.printf("| %s | %s | %s | %s | %s | %s | %.2f | %s | %s |\n",
				thousands(secrets), op, c.slow.requests, seconds(c.slow.wall), seconds(c.network), seconds(c.fast.wall), c.ratio(),
				seconds(c.slow.provider.cpu), megabytes(c.slow.provider.peakMemory))
		}
	}
	return nil
}

// promises reports whether all are kept.
func (r report) promises(promises []promise) bool {
	r.printf("\n## Promises\n\n| | Limit | Measured | |\n| --- | --- | --: | --- |\n")
	kept := true
	for _, p := range promises {
		verdict := "kept"
		if !p.kept {
			verdict, kept = "**broken**", false
		}
		r.printf("| %s | %s | %s | %s |\n", strings.ToUpper(p.what[:1])+p.what[1:], p.limit, p.measured, verdict)
	}
	return kept
}

// String lists the requests by kind, in the order of the API.
func (r requests) String() string {
	var kinds []string
	for _, kind := range append(robototest.Operations(), robototest.Unknown) {
		if n := r[kind]; n > 0 {
			kinds = append(kinds, thousands(n)+" "+string(kind))
		}
	}
	if kinds == nil {
		return "none"
	}
	return strings.Join(kinds, ", ")
}

// machine describes what the numbers depend on.
func (b *bench) machine(ctx context.Context) (string, error) {
	result, err := b.terraformVersion(ctx)
	if err != nil {
		return "", err
	}
	description := fmt.Sprintf("%d cores", runtime.NumCPU())
	if memory := totalMemory(); memory > 0 {
		description += fmt.Sprintf(", %.0f GiB of memory", float64(memory)/(1<<30))
	}
	return fmt.Sprintf("%s, %s/%s, %s, Terraform %s", description, runtime.GOOS, runtime.GOARCH, runtime.Version(), result), nil
}

func (b *bench) terraformVersion(ctx context.Context) (string, error) {
	workspace, err := b.workspace(ctx, b.mirror)
	if err != nil {
		return "", err
	}
	output, err := workspace.Terraform(ctx, "version", "-json")
	if err != nil {
		return "", err
	}
	var version struct {
		Terraform string `json:"terraform_version"`
	}
	if err := json.Unmarshal([]byte(output), &version); err != nil {
		return "", fmt.Errorf("reading terraform version: %w", err)
	}
	return version.Terraform, nil
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func milliseconds(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }

func megabytes(bytes int64) string {
	if bytes == 0 {
		return "unknown"
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/megabyte)
}

// thousands groups the digits of a number below a million.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}
