// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package terminal runs a program in a pseudo-terminal, and types what a person would
// type. What the person would see is kept.
package terminal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/creack/pty"
)

// Session is a program in a pseudo-terminal. Whatever waits for the program ends with it.
type Session struct {
	cmd      *exec.Cmd
	terminal *os.File
	expected int           // how much of the screen has been expected
	end      chan struct{} // closed when the program has closed its side

	screen screen
}

// screen is what the program has shown so far.
type screen struct {
	mu    sync.Mutex
	shown bytes.Buffer
}

func (s *screen) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown.Write(text)
}

// patience is how long a program may take. Then it is killed, and whoever waits for it
// learns that it has ended.
const patience = 5 * time.Minute

// Start starts a program. Where there are no pseudo-terminals, the error is
// pty.ErrUnsupported.
func Start(cmd *exec.Cmd) (*Session, error) {
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: 400}) // no line is broken
	if err != nil {
		return nil, err
	}
	s := &Session{cmd: cmd, terminal: terminal, end: make(chan struct{})}
	time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	go func() {
		// Linux ends with an error when the program has closed its side.
		_, _ = io.Copy(&s.screen, terminal)
		close(s.end)
	}()
	return s, nil
}

// Expect waits until the screen shows a text, after what was expected before.
func (s *Session) Expect(text string) error {
	return s.until(fmt.Sprintf("it showed %q", text), func() (bool, error) {
		at := bytes.Index(s.Screen()[s.expected:], []byte(text))
		if at >= 0 {
			s.expected += at + len(text)
		}
		return at >= 0, nil
	})
}

// ExpectSilence waits until the terminal no longer shows what is typed.
func (s *Session) ExpectSilence() error {
	return s.until("the terminal was silent", func() (bool, error) {
		stty := exec.Command("stty", "-a") //nolint:noctx // it ends by itself
		stty.Stdin = s.terminal
		settings, err := stty.Output()
		return strings.Contains(string(settings), "-echo "), err
	})
}

// until looks again and again, because nobody tells when a terminal changes.
func (s *Session) until(what string, holds func() (bool, error)) error {
	for {
		ended := false
		select {
		case <-s.end:
			ended = true
		case <-time.After(5 * time.Millisecond):
		}
		if ok, err := holds(); ok || err != nil {
			return err
		}
		if ended {
			return errors.New("the program ended before " + what)
		}
	}
}

// Type types a text and the return key.
func (s *Session) Type(text string) error {
	_, err := s.terminal.WriteString(text + "\r")
	return err
}

// Wait waits for the program to end, and returns its exit code and all that was on the
// screen.
func (s *Session) Wait() (exitCode int, screen []byte, err error) {
	err = s.cmd.Wait()
	if _, exited := errors.AsType[*exec.ExitError](err); exited {
		err = nil
	}
	<-s.end
	return s.cmd.ProcessState.ExitCode(), s.Screen(), errors.Join(err, s.terminal.Close())
}

// Screen is all that was on the screen so far.
func (s *Session) Screen() []byte {
	s.screen.mu.Lock()
	defer s.screen.mu.Unlock()
	return bytes.Clone(s.screen.shown.Bytes())
}
