// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package terminal runs a program in a pseudo-terminal, and types what a person would
// type. What the person would see is kept.
package terminal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/creack/pty"
)

// size is wide enough that no line is broken.
var size = pty.Winsize{Rows: 50, Cols: 400}

// Session is a program in a pseudo-terminal. Whatever waits for the program ends with it.
type Session struct {
	cmd      *exec.Cmd
	terminal *os.File
	limit    *time.Timer

	mu       sync.Mutex
	screen   bytes.Buffer
	expected int           // how much of the screen has been expected
	changed  chan struct{} // closed with the next byte; nil when none will come
	// end is closed when the program has closed its side.
	end chan struct{}
}

// patience is how long a program may take. Then it is killed, and whoever waits for it
// learns that it has ended.
const patience = 5 * time.Minute

// Start starts a program. Where there are no pseudo-terminals, the error is
// pty.ErrUnsupported.
func Start(cmd *exec.Cmd) (*Session, error) {
	terminal, err := pty.StartWithSize(cmd, &size)
	if err != nil {
		return nil, err
	}
	s := &Session{cmd: cmd, terminal: terminal, changed: make(chan struct{}), end: make(chan struct{})}
	s.limit = time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	go s.read()
	return s, nil
}

func (s *Session) read() {
	buffer := make([]byte, 4096)
	for {
		// Linux ends with an error when the program has closed its side.
		n, err := s.terminal.Read(buffer)
		s.mu.Lock()
		s.screen.Write(buffer[:n])
		close(s.changed)
		s.changed = make(chan struct{})
		if err != nil {
			s.changed = nil
			close(s.end)
		}
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Expect waits until the screen shows a text, after what was expected before.
func (s *Session) Expect(text string) error {
	for {
		found, more := s.find(text)
		switch {
		case found:
			return nil
		case more == nil:
			return fmt.Errorf("the program ended before it showed %q", text)
		}
		<-more
	}
}

// find looks for a text that was not expected before. more is closed when there is more to
// look at, and nil when there never will be.
func (s *Session) find(text string) (found bool, more <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := bytes.Index(s.screen.Bytes()[s.expected:], []byte(text)); at >= 0 {
		s.expected += at + len(text)
		return true, nil
	}
	return false, s.changed
}

// ExpectSilence waits until the terminal no longer shows what is typed. The system tells
// nobody when that happens, so it is asked again and again.
func (s *Session) ExpectSilence() error {
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for {
		echo, err := echoes(s.terminal)
		if err != nil || !echo {
			return err
		}
		select {
		case <-again.C:
		case <-s.end:
			return errors.New("the program ended before the terminal was silent")
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
	s.limit.Stop()
	<-s.end
	return s.cmd.ProcessState.ExitCode(), s.Screen(), errors.Join(err, s.terminal.Close())
}

// Screen is all that was on the screen so far.
func (s *Session) Screen() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.screen.Bytes())
}
