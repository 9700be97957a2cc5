// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leaks"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// search looks for the values, and for the keys to them, in all that the story left behind, and
// then where the values belong.
func (d *demo) search() {
	d.chapter("Search everything that is left for the values")
	if d.err != nil {
		return
	}
	files, err := leaks.Files(os.DirFS(filepath.Join(d.dir, "work")), func(dir string) bool {
		return strings.HasSuffix(dir, ".terraform/providers") // the provider itself
	})
	if err != nil {
		d.err = err
		return
	}
	const states, plans, output, logs, others, toRoboto, toAWS = "states and backups", "saved plans, unzipped", "output, show -json included", "logs, TF_LOG=TRACE", "other files of the module", "requests to Roboto", "requests to AWS"
	artifacts := map[string][]leaks.Artifact{}
	for _, file := range files {
		kind, ok := map[string]string{".tfstate": states, ".backup": states, ".tfplan": plans, ".output": output, ".log": logs}[filepath.Ext(file.Name)]
		if !ok {
			kind = others
		}
		artifacts[kind] = append(artifacts[kind], file)
	}
	for i, request := range d.roboto.Requests() {
		if request.Operation == robototest.PutValue {
			artifacts[toAWS] = append(artifacts[toAWS], leaks.Bytes("a request", request.Body))
		} else if !request.AWS() {
			artifacts[toRoboto] = append(artifacts[toRoboto], leaks.Bytes(fmt.Sprintf("request %d, %s", i+1, request.Operation), request.Whole()))
		}
	}

	needles := append([]leaks.Needle{d.foreign}, d.written...)
	for _, c := range d.roboto.IssuedCredentials() {
		needles = append(needles, leaks.Needle{Name: "a secret access key", Value: c.SecretAccessKey}, leaks.Needle{Name: "a session token", Value: c.SessionToken})
	}
	var found strings.Builder
	for _, kind := range []string{toRoboto, states, plans, output, logs, others} {
		findings, stats, err := leaks.Search(artifacts[kind], needles)
		if err != nil || stats.Bytes == 0 {
			d.err = fmt.Errorf("searching %s proves nothing: %d bytes (%w)", kind, stats.Bytes, err)
			return
		}
		for _, finding := range findings {
			_, _ = fmt.Fprintf(&found, "\n  %s", finding)
		}
		d.say("  %4d  %8.1f kB  %s", stats.Artifacts, float64(stats.Bytes)/1000, kind)
		if kind == toRoboto { // only these may hold the API key
			needles = append(needles, leaks.Needle{Name: "the API key", Value: d.roboto.APIKey()})
		}
	}
	d.check(fmt.Sprintf("none holds any of the %d values, the temporary AWS credentials, or the API key (which only requests have to carry);\n"+
		"    searched for raw, escaped, quoted, in base64, in hex, and for pieces of it%s", len(d.written)+1, &found), found.Len() == 0)

	// The search has to find what is there.
	findings, _, err := leaks.Search(artifacts[toAWS], d.written)
	whole := map[string]bool{}
	for _, finding := range findings {
		if !finding.Part {
			whole[finding.Needle] = true
		}
	}
	d.check(fmt.Sprintf("the same search does find the %d values that Terraform wrote where they belong: in the requests to AWS", len(d.written)), err == nil && len(whole) == len(d.written))
}
