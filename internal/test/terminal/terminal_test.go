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

func TestWhatIsTypedIsSeenUnlessTheProgramIsSilent(t *testing.T) {
	const script = `printf 'loud: '; read a; stty -echo; printf 'quiet: '; read b; test "$a$b" = onetwo`
	s, err := terminal.Start(exec.CommandContext(t.Context(), "sh", "-c", script))
	if errors.Is(err, pty.ErrUnsupported) || errors.Is(err, exec.ErrNotFound) {
		t.Skipf("skipped: there is no shell or no terminal here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{s.Expect("loud: "), s.Type("one"), s.Expect("quiet: "), s.ExpectSilence(), s.Type("two")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Expect("loud: "); err == nil {
		t.Error("what stands before the text that was expected is found")
	}
	code, screen, err := s.Wait()
	if code != 0 || err != nil || !strings.Contains(string(screen), "one") || strings.Contains(string(screen), "two") {
		t.Errorf("the script ended with %d (%v), and on the screen is %q", code, err, screen)
	}
}
