// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"maps"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const (
	// latency is what every request takes at least. Parallelism is Terraform's default.
	latency     = 50 * time.Millisecond
	parallelism = 10
	// pageSize is that of the embedded service.
	pageSize = 100
)

// scenario is a way to configure the same secrets.
type scenario struct {
	title string
	// versions is whether each secret has a value_wo_version.
	versions    bool
	bulkRefresh bool
}

var (
	versioned     = scenario{title: "With `value_wo_version`", versions: true}
	versionedBulk = scenario{title: "With `value_wo_version` and `bulk_refresh`", versions: true, bulkRefresh: true}
	unversioned   = scenario{title: "Without `value_wo_version`"}
)

// operation is a run of Terraform on all secrets of a scenario.
type operation string

// The operations, in the order of a life.
const (
	create  operation = "create"
	plan    operation = "plan, nothing to do"
	rotate  operation = "rotate all"
	destroy operation = "destroy"
)

func operations() []operation { return []operation{create, plan, rotate, destroy} }

// requests are numbers of requests by kind.
type requests map[robototest.Operation]int

func (r requests) add(op robototest.Operation, n int) {
	if n > 0 {
		r[op] += n
	}
}

func (r requests) total() int {
	total := 0
	for n := range maps.Values(r) {
		total += n
	}
	return total
}

// perSecret is what one secret takes. All of it must follow one another.
func (s scenario) perSecret(op operation) requests {
	r := requests{}
	if op == create {
		r.add(robototest.CreateSecret, 1)
		r.add(robototest.GetCredentials, 1)
		r.add(robototest.PutValue, 1)
		return r
	}
	if !s.bulkRefresh {
		r.add(robototest.GetSecret, 1)
	}
	if !s.versions {
		// The plan compares the values. So does the plan that Terraform makes again
		// during apply, and then the update itself.
		compared := 1
		if op == rotate {
			compared = 3
		}
		r.add(robototest.GetCredentials, compared)
		r.add(robototest.GetValue, compared)
	}
	switch {
	case op == rotate && s.versions:
		r.add(robototest.GetCredentials, 1)
		r.add(robototest.PutValue, 1)
	case op == rotate:
		r.add(robototest.PutValue, 1) // with the credentials of the last comparison
	case op == destroy:
		r.add(robototest.DeleteSecret, 1)
	}
	return r
}

// pages is the length of the listing that a run starts with.
func (s scenario) pages(op operation, secrets int) int {
	if !s.bulkRefresh || op == create {
		return 0
	}
	return (secrets + pageSize - 1) / pageSize
}

// expected are the requests of a run.
func (s scenario) expected(op operation, secrets int) requests {
	r := requests{}
	for kind, n := range s.perSecret(op) {
		r.add(kind, n*secrets)
	}
	r.add(robototest.ListSecrets, s.pages(op, secrets))
	return r
}

// network is the time that a run cannot do without: that of the requests which
// must follow one another.
func (s scenario) network(op operation, secrets int) time.Duration {
	rounds := (secrets + parallelism - 1) / parallelism
	return latency * time.Duration(s.pages(op, secrets)+s.perSecret(op).total()*rounds)
}
