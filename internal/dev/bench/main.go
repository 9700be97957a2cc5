// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Command bench measures how long real Terraform takes with the provider and the embedded
// Roboto. It prints BENCHMARKS.md with the new numbers, and exits with 1 if a promise of that
// page is broken.
//
//	go run ./internal/dev/bench -largest 10
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/requests"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

func main() {
	largest := flag.Int("largest", 0, "leave out larger numbers of secrets, and the promises")
	flag.Parse()
	terraformcli.Main(func(ctx context.Context) error {
		page, err := os.ReadFile("BENCHMARKS.md")
		if err != nil {
			return err
		}
		measured, err := measure(ctx, string(page), *largest)
		_, writeErr := os.Stdout.WriteString(measured)
		if err == nil && strings.Contains(measured, broken) {
			err = errors.New("a promise is broken")
		}
		return errors.Join(err, writeErr)
	})
}

// result is what a run took, with latency and without, and the memory of the provider.
type result struct {
	time, fast, network time.Duration
	memory              float64
}

func (r result) ratio() float64 { return r.time.Seconds() / (r.network + r.fast).Seconds() }

func measure(ctx context.Context, page string, largest int) (_ string, err error) {
	dir, err := os.MkdirTemp("", "roboto-bench-")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// The system knows a process by its path without symbolic links.
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", err
	}
	b, err := requests.NewBench(ctx, dir, "-ldflags=-s -w") // see .goreleaser.yml
	if err != nil {
		return "", err
	}
	executable, err := os.Stat(b.Mirror.Executable)
	if err != nil {
		return "", err
	}
	var peak atomic.Int64
	go watch(ctx, b.Mirror.Executable, &peak)
	loadBefore, results, rows := load(), map[string]result{}, map[string]string{}
	for _, s := range requests.Scenarios() {
		for _, secrets := range s.Sizes {
			if largest > 0 && secrets > largest {
				break
			}
			name := func(r requests.Run) string { return fmt.Sprintf("%s, %d: %s", s.Title, secrets, r.Name) }
			for _, latency := range s.Latencies {
				err := b.Live(ctx, s, secrets, latency, func(r requests.Run, took time.Duration) {
					_, _ = fmt.Fprintf(os.Stderr, "%s, latency %s: %.2f s\n", name(r), latency, took.Seconds())
					results[name(r)] = result{took, results[name(r)].time, network(s, r, secrets), float64(peak.Swap(0)) / megabyte}
				})
				if err != nil {
					return "", err
				}
			}
			for _, run := range s.Runs {
				r := results[name(run)]
				row := fmt.Sprintf("| %s | %s | %s | %.2f s |", requests.Thousands(secrets), run.Name, s.Expected(run, secrets), r.time.Seconds())
				if len(s.Latencies) > 1 {
					row += fmt.Sprintf(" %.2f s | %.2f s | %.2f |", r.network.Seconds(), r.fast.Seconds(), r.ratio())
				}
				rows[s.Title] += row + fmt.Sprintf(" %.1f MB |\n", r.memory)
			}
		}
	}
	if largest == 0 {
		rows["Promises"] = promises(results, float64(executable.Size())/megabyte)
	}
	for title, rows := range rows {
		page = replace(page, `(?s)(\n## `+regexp.QuoteMeta(title)+`\n[^#]*?\n\| --[^\n]*\n).*?\n\n`, rows+"\n")
	}
	page = replace(page, `(\nMachine: )[^\n]*`, fmt.Sprintf("%d cores, %s/%s, %s, Terraform %s.", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), b.Terraform.Version))
	return replace(page, `(?s)(\nThe machine's load average was ).*`, fmt.Sprintf("%s before the start and %s at the end. The benchmark itself causes about 2.\n", loadBefore, load())), nil
}

// replace replaces what the pattern finds behind its group.
func replace(page, pattern, text string) string {
	found := regexp.MustCompile(pattern).FindStringSubmatchIndex(page)
	return page[:found[3]] + text + page[found[1]:] // a page without the pattern is a panic
}

// network is the time that no provider can avoid: that of requests which follow one another.
func network(s requests.Scenario, r requests.Run, secrets int) time.Duration {
	const parallelism = 10 // Terraform's default
	perSecret := len(strings.Fields(strings.ReplaceAll(r.Requests, "ListSecrets", "")))
	rounds := (secrets + parallelism - 1) / parallelism
	return requests.Latency * time.Duration(s.Expected(r, secrets)["ListSecrets"]+perSecret*rounds)
}

const (
	megabyte = 1e6
	broken   = "**broken**"
)

func promises(results map[string]result, executable float64) string {
	bulk := results["With `value_wo_version` and `bulk_refresh`, 1000: plan, nothing to do"]
	list := results["By number of secrets in a listing, 100000: list all"]
	var rows strings.Builder
	for _, p := range []struct {
		what, unit   string
		value, limit float64
	}{
		{"Plan of 1,000 versioned secrets with `bulk_refresh`: time above the same plan without latency", " s", (bulk.time - bulk.fast).Seconds(), 1},
		{"Plan of 1,000 versioned secrets without it: ratio", "", results["With `value_wo_version`, 1000: plan, nothing to do"].ratio(), 1.05},
		{"Create 100 versioned secrets: ratio", "", results["With `value_wo_version`, 100: create"].ratio(), 1.05},
		{"Rotate 100 versioned secrets: ratio", "", results["With `value_wo_version`, 100: rotate all"].ratio(), 1.05},
		{"Destroy 100 versioned secrets: ratio", "", results["With `value_wo_version`, 100: destroy"].ratio(), 1.05},
		{"List 100,000 secrets: memory", " MB", list.memory, 800},
		{"List 100,000 secrets: time ÷ that of 10,000", "", list.time.Seconds() / results["By number of secrets in a listing, 10000: list all"].time.Seconds(), 14},
		{"List ten of 100,000 secrets by `name_prefix`: memory", " MB", results["By number of secrets in a listing, 100000: list ten by `name_prefix`"].memory, 150},
		{"Executable, stripped", " MB", executable, 22},
	} {
		verdict := broken
		if 0 < p.value && p.value <= p.limit {
			verdict = "kept"
		}
		_, _ = fmt.Fprintf(&rows, "| %s | at most %.2f%s | %.2f%[3]s | %[5]s |\n", p.what, p.limit, p.unit, p.value, verdict)
	}
	return rows.String()
}

// watch samples the memory of all processes of an executable, and keeps the highest peak. It
// finds them on Linux only.
func watch(ctx context.Context, executable string, peak *atomic.Int64) {
	for ; ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		links, _ := filepath.Glob("/proc/[0-9]*/exe")
		for _, link := range links {
			if running, err := os.Readlink(link); err != nil || running != executable {
				continue
			}
			status, _ := os.ReadFile(filepath.Dir(link) + "/status")
			_, line, _ := strings.Cut(string(status), "\nVmHWM:")
			var kib int64
			_, _ = fmt.Sscan(line, &kib)
			peak.Store(max(peak.Load(), kib<<10))
		}
	}
}

// load is the load average of the last minute.
func load() string {
	loads, _ := os.ReadFile("/proc/loadavg")
	load, _, _ := strings.Cut(string(loads), " ")
	return load
}
