// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/roboto-ai/terraform-provider-roboto/internal/dev/command"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leaks"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// The kinds of artifacts, in the order in which they are reported.
const (
	states   = "states and backups"
	plans    = "saved plans, unzipped"
	output   = "output of terraform, show -json included"
	logs     = "logs, TF_LOG=TRACE"
	others   = "other files of the module"
	requests = "requests to Roboto"
)

// search looks for the secret values and the keys to them in all that the story left
// behind.
func (s *story) search() error {
	s.out.heading("Search everything that is left for the values")
	artifacts, err := s.artifacts()
	if err != nil {
		return err
	}
	var credentials []leaks.Needle
	for i, c := range s.roboto.IssuedCredentials() {
		credentials = append(credentials,
			leaks.Needle{Name: fmt.Sprintf("secret access key %d", i+1), Value: c.SecretAccessKey},
			leaks.Needle{Name: fmt.Sprintf("session token %d", i+1), Value: c.SessionToken})
	}
	apiKey := leaks.Needle{Name: "the API key", Value: s.roboto.APIKey()}

	var findings []leaks.Finding
	var total leaks.Stats
	for _, kind := range []string{states, plans, output, logs, others, requests} {
		needles := slices.Concat(s.values, credentials)
		if kind != requests { // they carry the API key in their Authorization header
			needles = append(needles, apiKey)
		}
		found, stats, err := leaks.Search(artifacts[kind], needles)
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", kind, err)
		case stats.Bytes == 0:
			return fmt.Errorf("%s: all are empty, so searching them proves nothing", kind)
		}
		s.out.line("  %4d  %11s bytes  %s", stats.Artifacts, command.Thousands(stats.Bytes), kind)
		findings = append(findings, found...)
		total.Artifacts += stats.Artifacts
		total.Bytes += stats.Bytes
	}
	s.out.line("  %4d  %11s bytes  in all", total.Artifacts, command.Thousands(total.Bytes))
	if len(findings) > 0 {
		var leaks strings.Builder
		for _, finding := range findings {
			fmt.Fprintf(&leaks, "\n  %s", finding)
		}
		return fmt.Errorf("the search found what must not be there:%s", &leaks)
	}
	s.out.verified(fmt.Sprintf("none holds any of the %d values, the temporary AWS credentials, or the API key (which only requests have to carry);", len(s.values)))
	s.out.line("    searched for raw, JSON-escaped, Go-quoted, URL-escaped, in base64, in hex, and for pieces of it")
	return s.searchWhereTheyBelong()
}

// searchWhereTheyBelong shows that the search finds what is there.
func (s *story) searchWhereTheyBelong() error {
	var puts []leaks.Artifact
	for i, request := range s.roboto.Requests() {
		if request.Operation == robototest.PutValue {
			puts = append(puts, leaks.Bytes(fmt.Sprintf("request %d", i+1), request.Body))
		}
	}
	findings, _, err := leaks.Search(puts, s.written)
	if err != nil {
		return fmt.Errorf("requests to AWS: %w", err)
	}
	found := map[string]bool{}
	for _, finding := range findings {
		found[finding.Needle] = found[finding.Needle] || !finding.Part
	}
	for _, needle := range s.written {
		if !found[needle.Name] {
			return fmt.Errorf("the search is not to be trusted: it does not find %s in the requests to AWS", needle.Name)
		}
	}
	s.out.verified(fmt.Sprintf("the same search does find the %d values that Terraform wrote where they belong: in the requests to AWS", len(s.written)))
	return nil
}

// artifacts are what the story left behind, by kind.
func (s *story) artifacts() (map[string][]leaks.Artifact, error) {
	files, err := leaks.Files(os.DirFS(filepath.Dir(s.workspace.Dir)), func(dir string) bool {
		return strings.HasSuffix(dir, ".terraform/providers") // the provider itself
	})
	if err != nil {
		return nil, err
	}
	byKind := map[string][]leaks.Artifact{}
	for _, file := range files {
		kind := kindOf(file.Name)
		byKind[kind] = append(byKind[kind], file)
	}
	for i, request := range s.roboto.Requests() {
		if !request.AWS() {
			name := fmt.Sprintf("request %d to Roboto, %s", i+1, request.Operation)
			byKind[requests] = append(byKind[requests], leaks.Bytes(name, request.Whole()))
		}
	}
	return byKind, nil
}

func kindOf(file string) string {
	switch {
	case strings.Contains(file, ".tfstate"):
		return states
	case strings.HasSuffix(file, ".tfplan"):
		return plans
	case strings.HasSuffix(file, ".stdout"), strings.HasSuffix(file, ".stderr"):
		return output
	case strings.HasSuffix(file, ".log"):
		return logs
	}
	return others
}
