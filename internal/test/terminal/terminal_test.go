// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package terminal_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terminal"
)

// start starts a script in a terminal.
func start(t *testing.T, script string) *terminal.Session {
	t.Helper()
	s, err := terminal.Start(exec.CommandContext(t.Context(), "sh", "-c", script))
	if errors.Is(err, pty.ErrUnsupported) || errors.Is(err, exec.ErrNotFound) {
		t.Skipf("skipped: there is no shell or no terminal here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatIsTypedIsSeenUnlessTheProgramIsSilent(t *testing.T) {
	s := start(t, `printf 'loud: '; read a; stty -echo; printf 'quiet: '; read b; test "$a$b" = onetwo; exit $?`)
	for _, err := range []error{
		s.Expect("loud: "),
		s.Type("one"),
		s.Expect("quiet: "),
		s.ExpectSilence(),
		s.Type("two"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	code, screen, err := s.Wait()
	if code != 0 || err != nil {
		t.Errorf("the script ended with %d (%v)", code, err)
	}
	if !strings.Contains(string(screen), "one") || strings.Contains(string(screen), "two") {
		t.Errorf("on the screen is %q", screen)
	}
}

func TestAProgramThatEndsIsNotWaitedFor(t *testing.T) {
	s := start(t, `printf 'first second'; exit 7`)
	if err := s.Expect("second"); err != nil {
		t.Error(err)
	}
	if err := s.Expect("first"); err == nil {
		t.Error("what stands before the text that was expected is found")
	}
	if code, screen, err := s.Wait(); code != 7 || string(screen) != "first second" || err != nil {
		t.Errorf("got %d, %q, %v", code, screen, err)
	}
}
