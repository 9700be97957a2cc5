// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"runtime"
	"strings"
	"text/template"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/dev/command"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

//go:embed page.md.tmpl
var pageTemplate string

// page is what BENCHMARKS.md says.
type page struct {
	Machine               string
	Tables                []table
	Baselines             []string
	States, Listings      []string
	Promises              []promise
	LoadBefore, LoadAfter string
}

type table struct {
	Title string
	Rows  []string
}

// Latency is in the form of the page.
func (page) Latency() string { return milliseconds(latency) }

// ListedPageSize is that of the listings.
func (page) ListedPageSize() int { return listedPageSize }

// Parallelism is that of all runs.
func (page) Parallelism() int { return parallelism }

func (p page) write(w io.Writer) error {
	return template.Must(template.New("page").Parse(pageTemplate)).Execute(w, p)
}

// tabulate measures a scenario at all sizes.
func (b *bench) tabulate(ctx context.Context, s *scenario) (table, error) {
	t := table{Title: s.title}
	for _, secrets := range sizes {
		compared, err := b.compare(ctx, s, secrets)
		if err != nil {
			return table{}, err
		}
		for _, op := range operations() {
			c := compared[op]
			t.Rows = append(t.Rows, requestCells(secrets, op, c.slow.requests)+fmt.Sprintf(" %s | %s | %s | %.2f | %s | %s |",
				seconds(c.slow.wall), seconds(c.network), seconds(c.fast.wall), c.ratio(),
				seconds(c.slow.provider.cpu), megabytes(c.slow.provider.peakMemory)))
		}
	}
	return t, nil
}

// requestCells are the cells of a row that do not depend on the machine.
func requestCells(secrets int, op operation, r requests) string {
	return fmt.Sprintf("| %s | %s | %s |", command.Thousands(secrets), op, r)
}

// String lists the requests by kind, in the order of the API.
func (r requests) String() string {
	var kinds []string
	for _, kind := range append(robototest.Operations(), robototest.Unknown) {
		if n := r[kind]; n > 0 {
			kinds = append(kinds, command.Thousands(n)+" "+string(kind))
		}
	}
	return strings.Join(kinds, ", ")
}

// machine describes what the numbers depend on.
func (b *bench) machine(ctx context.Context) (string, error) {
	release, err := terraformcli.Identify(ctx, b.terraform)
	memory := ""
	if total := totalMemory(); total > 0 {
		memory = fmt.Sprintf(", %.0f GiB of memory", float64(total)/(1<<30))
	}
	return fmt.Sprintf("%d cores%s, %s/%s, %s, Terraform %s", runtime.NumCPU(), memory, runtime.GOOS, runtime.GOARCH, runtime.Version(), release.Version), err
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func milliseconds(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }

func megabytes(bytes int64) string {
	if bytes == 0 {
		return "unknown"
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/megabyte)
}
