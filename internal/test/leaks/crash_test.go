// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaks_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const crashModule = required + variable + `
resource "roboto_secret" "crash" {
  name     = "crash"
  value_wo = var.value
}
`

// crash ends the provider while it waits for the answer to a write: once so that Go
// prints all stacks, once without a chance to print anything.
func crash(s *scene) {
	s.module("main.tf", crashModule)
	s.run(0, "init")
	s.variable("value", s.canary("quotes", "whose create crashes"))
	s.crashing(syscall.SIGQUIT, "SIGQUIT: quit")
	s.roboto.DeleteSecret(robototest.DefaultOrg, "crash")

	s.variable("value", s.canary(longKind, "of a create"))
	s.run(0, "apply", "-auto-approve")
	s.variable("value", s.canary("newlines", "whose update crashes"))
	s.crashing(syscall.SIGKILL, "signal: killed")
	s.run(0, "apply", "-auto-approve")
}

// started is what Terraform's log says of each provider process.
var started = regexp.MustCompile(`plugin started: path=\S+ pid=(\d+)`)

// crashing applies, and sends the provider a signal while AWS holds its answer back.
// The log has to show the sign of the crash.
func (s *scene) crashing(signal syscall.Signal, sign string) {
	s.t.Helper()
	arrived, release := make(chan struct{}, 1), make(chan struct{})
	s.roboto.Inject(robototest.Fault{Operation: robototest.PutValue, After: true, Until: release, Times: 1, Match: func(robototest.Request) bool {
		select {
		case arrived <- struct{}{}:
		default:
		}
		return true
	}})
	record := filepath.Join(s.records, fmt.Sprintf("%02d-apply", s.runs+1))
	log := func() string {
		content, err := os.ReadFile(record + ".trace.log")
		if err != nil {
			s.t.Error(err)
		}
		return string(content)
	}
	var crash sync.WaitGroup
	crash.Go(func() {
		<-arrived
		s.snapshot(record + ".held")
		all := started.FindAllStringSubmatch(log(), -1)
		pid, _ := strconv.Atoi(all[len(all)-1][1]) // these are digits
		provider, err := os.FindProcess(pid)
		if err == nil {
			err = provider.Signal(signal)
		}
		if err != nil {
			s.t.Error(err)
		}
	})
	s.run(1, "apply", "-auto-approve")
	close(release)
	crash.Wait()
	s.roboto.ClearFaults()

	if lock, _ := filepath.Glob(record + ".held.*lock*"); len(lock) == 0 {
		s.t.Error("there was no lock")
	}
	if !strings.Contains(log(), sign) {
		s.t.Errorf("%q is not in the log: the provider did not crash", sign)
	}
}
