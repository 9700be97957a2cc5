// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package leaks_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

const crashModule = required + `
variable "value" {
  type      = string
  ephemeral = true
}

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
	s.wasWritten(1)
	s.roboto.DeleteSecret(robototest.DefaultOrg, "crash")

	s.variable("value", s.canary(longKind, "of a create"))
	s.run(0, "apply", "-auto-approve")
	s.wasWritten(1)
	s.variable("value", s.canary("newlines", "whose update crashes"))
	s.crashing(syscall.SIGKILL, "signal: killed")
	s.wasWritten(1)
	s.run(0, "apply", "-auto-approve")
}

// crashing applies, and sends the provider a signal while AWS holds its answer back.
// The log has to show the sign of the crash.
func (s *scene) crashing(signal syscall.Signal, sign string) {
	s.t.Helper()
	arrived := make(chan struct{})
	release := make(chan struct{})
	var once sync.Once
	s.roboto.Inject(robototest.Fault{
		Operation: robototest.PutValue,
		After:     true,
		Until:     release,
		Match: func(robototest.Request) bool {
			once.Do(func() { close(arrived) })
			return true
		},
	})
	record := s.next("apply")
	var crashing sync.WaitGroup
	crashing.Go(func() {
		select {
		case <-arrived:
			s.snapshot(record + ".held")
			if err := crashProvider(record+".trace.log", signal); err != nil {
				s.t.Error(err)
			}
		case <-s.t.Context().Done():
		}
	})
	s.run(1, "apply", "-auto-approve")
	close(release)
	crashing.Wait()
	s.roboto.ClearFaults()

	lock, _ := filepath.Glob(record + ".held.*lock*")
	if len(lock) == 0 {
		s.t.Error("there was no lock")
	}
	log, err := os.ReadFile(record + ".trace.log")
	if err != nil {
		s.t.Fatal(err)
	}
	if !strings.Contains(string(log), sign) {
		s.t.Errorf("%q is not in the log: the provider did not crash", sign)
	}
}

// started is what Terraform's log says of each provider process.
var started = regexp.MustCompile(`plugin started: path=\S+ pid=(\d+)`)

// crashProvider sends a signal to the provider that Terraform started last.
func crashProvider(logFile string, signal syscall.Signal) error {
	log, err := os.ReadFile(logFile)
	if err != nil {
		return err
	}
	all := started.FindAllStringSubmatch(string(log), -1)
	if len(all) == 0 {
		return errors.New("the log names no provider process")
	}
	pid, err := strconv.Atoi(all[len(all)-1][1])
	if err != nil {
		return err
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return process.Signal(signal)
}
