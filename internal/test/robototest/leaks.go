// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leaks"
)

// leaks looks for every known value in every request to Roboto, and for every API
// key in every request to AWS; the lock is held.
func (s *Server) leaks() []string {
	var toRoboto, toAWS []leaks.Artifact
	for _, r := range s.requests {
		request := leaks.Bytes(string(r.Operation), r.Whole())
		if r.AWS() {
			toAWS = append(toAWS, request)
		} else {
			toRoboto = append(toRoboto, request)
		}
	}
	return slices.Concat(
		carriers(toRoboto, maps.Keys(s.canaries), "%s to Roboto carries a secret value"),
		carriers(toAWS, maps.Keys(s.keys), "%s to Secrets Manager carries an API key"))
}

// carriers complains of each operation whose requests carry one of the secrets.
func carriers(requests []leaks.Artifact, secrets iter.Seq[string], complaint string) []string {
	var needles []leaks.Needle
	for secret := range secrets {
		if len(secret) >= leaks.MinValueBytes {
			needles = append(needles, leaks.Needle{Name: fmt.Sprintf("secret %d", len(needles)), Value: secret})
		}
	}
	if len(requests) == 0 || len(needles) == 0 {
		return nil
	}
	findings, _, err := leaks.Search(requests, needles)
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	for _, finding := range findings {
		if leak := fmt.Sprintf(complaint, finding.Artifact); !finding.Part && !slices.Contains(found, leak) {
			found = append(found, leak)
		}
	}
	return found
}
