// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"strconv"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// operation is a run of Terraform on all secrets of a life.
type operation string

// The operations, in the order of a life.
const (
	create  operation = "create"
	plan    operation = "plan, nothing to do"
	rotate  operation = "rotate all"
	destroy operation = "destroy"

	planBulk operation = "plan, with `bulk_refresh`"
	list     operation = "list all"
	listTen  operation = "list ten by `name_prefix`"
)

func operations() []operation { return []operation{create, plan, rotate, destroy} }

// requests are numbers of requests by kind.
type requests map[robototest.Operation]int

func (r requests) total() int {
	total := 0
	for _, n := range r {
		total += n
	}
	return total
}

// scenario is a way to configure the same secrets.
type scenario struct {
	title string
	// module is empty for the one of the secrets.
	module string
	// plain is whether the provider is the one that makes no calls.
	plain bool
	// versions is whether each secret has a value_wo_version.
	versions    bool
	bulkRefresh bool
	// namePrefix is what a listing asks for.
	namePrefix string
	// perSecret is what one secret takes, one request after the other.
	perSecret map[operation]requests
}

var (
	// A destroy refreshes each secret, and looks at it again before the DELETE.
	versioned = &scenario{
		title:    "With `value_wo_version`",
		versions: true,
		perSecret: map[operation]requests{
			create:  {robototest.CreateSecret: 1, robototest.GetCredentials: 1, robototest.PutValue: 1},
			plan:    {robototest.GetSecret: 1},
			rotate:  {robototest.GetSecret: 1, robototest.GetCredentials: 1, robototest.PutValue: 1},
			destroy: {robototest.GetSecret: 2, robototest.DeleteSecret: 1},
		},
	}
	// The listing at the start of a run takes the place of each GetSecret, but not of the look
	// before a deletion.
	versionedBulk = &scenario{
		title:       "With `value_wo_version` and `bulk_refresh`",
		versions:    true,
		bulkRefresh: true,
		perSecret: map[operation]requests{
			create:  {robototest.CreateSecret: 1, robototest.GetCredentials: 1, robototest.PutValue: 1},
			plan:    {},
			rotate:  {robototest.GetCredentials: 1, robototest.PutValue: 1},
			destroy: {robototest.GetSecret: 1, robototest.DeleteSecret: 1},
		},
	}
	// Each plan compares the value with the stored one. To rotate, Terraform plans twice,
	// then the update compares once more and writes with the same credentials.
	unversioned = &scenario{
		title: "Without `value_wo_version`",
		perSecret: map[operation]requests{
			create:  {robototest.CreateSecret: 1, robototest.GetCredentials: 1, robototest.PutValue: 1},
			plan:    {robototest.GetSecret: 1, robototest.GetCredentials: 1, robototest.GetValue: 1},
			rotate:  {robototest.GetSecret: 1, robototest.GetCredentials: 3, robototest.GetValue: 3, robototest.PutValue: 1},
			destroy: {robototest.GetSecret: 2, robototest.GetCredentials: 1, robototest.GetValue: 1, robototest.DeleteSecret: 1},
		},
	}
	terraformAlone = &scenario{title: "Terraform alone", module: plainModule}
	withoutCalls   = &scenario{title: "Without calls", plain: true, versions: true}
)

// scenarios are those with calls.
func scenarios() []*scenario { return []*scenario{versioned, versionedBulk, unversioned} }

// life is that of all secrets together, from create to destroy.
type life struct {
	scenario   *scenario
	secrets    int
	valueBytes int
	pageSize   int
	latency    time.Duration
}

// variables are those of the module.
func (l life) variables() []string {
	return []string{
		"TF_VAR_secrets=" + strconv.Itoa(l.secrets),
		"TF_VAR_value_bytes=" + strconv.Itoa(l.valueBytes),
		"TF_VAR_versions=" + strconv.FormatBool(l.scenario.versions),
		"TF_VAR_bulk_refresh=" + strconv.FormatBool(l.scenario.bulkRefresh),
		"TF_VAR_name_prefix=" + l.scenario.namePrefix,
		"TF_VAR_listed=" + strconv.Itoa(l.listed()),
	}
}

// lists is whether the secrets are there before, and only listed.
func (l life) lists() bool { return l.scenario.module == listModule }

// listed is how many secrets a listing finds.
func (l life) listed() int {
	if l.scenario.namePrefix == "" {
		return l.secrets
	}
	return 10
}

// pages is the length of the listing that a run starts with.
func (l life) pages(op operation) int {
	bulk := l.scenario.bulkRefresh && op != create || op == planBulk
	if !bulk && !l.lists() {
		return 0
	}
	return (l.secrets + l.pageSize - 1) / l.pageSize
}

// expected are the requests of a run.
func (l life) expected(op operation) requests {
	all := requests{}
	for kind, n := range l.scenario.perSecret[op] {
		all[kind] = n * l.secrets
	}
	if pages := l.pages(op); pages > 0 {
		all[robototest.ListSecrets] = pages
	}
	return all
}

// network is the time that a run cannot do without: that of the requests which
// must follow one another.
func (l life) network(op operation) time.Duration {
	rounds := (l.secrets + parallelism - 1) / parallelism
	return latency * time.Duration(l.pages(op)+l.scenario.perSecret[op].total()*rounds)
}
