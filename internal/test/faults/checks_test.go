// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const (
	callerPrincipal = "user:caller@example.com"
	otherPrincipal  = "user:somebody@example.com"
	successorValue  = "the value of the successor"
)

var (
	bareSecret     = fields{"name": "db"}
	comparedFields = fields{"name": "db", "value_wo": canary}
	rotatedSecret  = fields{"name": "db", "value_wo": canary + "2", "value_wo_version": "2"}
	renamedSecret  = fields{"name": "cache", "value_wo": canary, "value_wo_version": "1"}
)

// says checks that an error or a warning has each of the words.
func says(t *testing.T, said error, words ...string) {
	t.Helper()
	text := fmt.Sprint(said)
	missing := slices.DeleteFunc(slices.Clone(words), func(word string) bool { return strings.Contains(text, word) })
	if len(missing) > 0 {
		t.Errorf("%q is not in: %s", missing, text)
	}
}

// origin is what an error about a record "db" has to say of it.
func origin(record robototest.Record) []string {
	return []string{record.CreatedBy, record.Created.Format("2006-01-02T15:04:05"), "import {", `id = "db@og_test"`}
}

// untouched checks that a secret is as somebody left it; the value "" is none.
func untouched(t *testing.T, server *robototest.Server, record robototest.Record, value string) {
	t.Helper()
	got, _ := server.Record(record.OrgID, record.Name)
	if diff := cmp.Diff(record, got); diff != "" {
		t.Errorf("the record was changed (-before +now):\n%s", diff)
	}
	now, _, _ := server.Value(record.OrgID, record.Name)
	if versions := server.Versions(record.OrgID, record.Name); now != value || len(versions) > 1 {
		t.Errorf("the value is %q, the last of %d; want %q alone", now, len(versions), value)
	}
}

// disagreement is what state and service say differently of a secret, which is to have a value. At most so
// many versions may be stored; 0 says that version_id may be that of another one.
func disagreement(c *protocol.Core, value any, versions int) error {
	orgID, name := fmt.Sprint(c.State["org_id"]), fmt.Sprint(c.State["name"])
	record, _ := c.Roboto.Record(orgID, name)
	stored, versionID, _ := c.Roboto.Value(orgID, name)
	n := len(c.Roboto.Versions(orgID, name))
	switch {
	case c.State == nil || c.Tainted:
		return fmt.Errorf("the secret is not in the state, or tainted: %v", c.State)
	case c.State["arn"] != record.ARN:
		return fmt.Errorf("the ARN of %s is %v, the service has %q", name, c.State["arn"], record.ARN)
	case stored != value:
		return fmt.Errorf("the stored value of %s is %q, want %q", name, stored, value)
	case versions > 0 && c.State["version_id"] != versionID:
		return fmt.Errorf("version_id of %s is %v, the service has %q", name, c.State["version_id"], versionID)
	case versions > 0 && n > versions:
		return fmt.Errorf("%d versions of %s were written, at most %d are right", n, name, versions)
	}
	return nil
}

// before runs a step when the first request of the operation comes in.
func before(server *robototest.Server, operation robototest.Operation, step func()) {
	var once sync.Once
	server.Inject(robototest.Fault{Operation: operation, Match: func(robototest.Request) bool {
		once.Do(step)
		return false
	}})
}

// takeOverWhenFree takes the name "db" over in the moment in which it is free, before the client has the
// answer to its request. Of is nil before the name may be taken, and once it is.
func takeOverWhenFree(of *atomic.Pointer[robototest.Server]) {
	if server := of.Load(); server != nil {
		if _, exists := server.Record(robototest.DefaultOrg, "db"); !exists && of.CompareAndSwap(server, nil) {
			takeOver(server)
		}
	}
}

// handOn gives the name "db" to another secret, which was created at another time.
func handOn(server *robototest.Server) {
	time.Sleep(time.Second)
	takeOver(server)
}

func takeOver(server *robototest.Server) {
	server.DeleteSecret(robototest.DefaultOrg, "db")
	server.AddSecret(robototest.DefaultOrg, "db")
	server.SetValue(robototest.DefaultOrg, "db", successorValue)
}

func successorIsSafe(server *robototest.Server) error {
	value, _, _ := server.Value(robototest.DefaultOrg, "db")
	if versions := server.Versions(robototest.DefaultOrg, "db"); value != successorValue || len(versions) != 1 {
		return fmt.Errorf("the successor has %d versions, the last one %q", len(versions), value)
	}
	return nil
}

// secretBlock is a secret at an address, whose value names the address.
func secretBlock(address, name string) string {
	return fmt.Sprintf("resource \"roboto_secret\" %q {\n  name             = %q\n  value_wo         = \"the value of %[1]s\"\n"+
		"  value_wo_version = \"1\"\n}\n\n", address, name)
}

// recordJSON is an answer that shows a record.
func recordJSON(r robototest.Record) string {
	return fmt.Sprintf(`{"data":{"name":%q,"org_id":%q,"store_type":"aws","location":{"store_type":"aws","arn":%q},`+
		`"created":%q,"created_by":%q,"modified":%[4]q,"modified_by":%q,"last_used":null}}`,
		r.Name, r.OrgID, r.ARN, r.Created.Format(time.RFC3339Nano), r.CreatedBy, r.ModifiedBy)
}
