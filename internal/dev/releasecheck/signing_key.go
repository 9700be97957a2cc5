// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
)

// signingKey is a key that exists for one run, in a GnuPG home of its own. A nil
// signingKey stands for a machine without gpg.
type signingKey struct {
	home, fingerprint string
}

// keyCreated is how gpg names the fingerprint of a new key to programs
// (doc/DETAILS in GnuPG's source).
var keyCreated = regexp.MustCompile(`(?m)^\[GNUPG:\] KEY_CREATED P ([0-9A-F]+)`)

// newSigningKey makes a key in home, or returns nil if there is no gpg on the PATH.
func newSigningKey(ctx context.Context, home string) (key *signingKey, err error) {
	if _, err := exec.LookPath("gpg"); errors.Is(err, exec.ErrNotFound) {
		return nil, nil //nolint:nilnil // nil is a key that does not sign
	}
	if err := os.Mkdir(home, 0o700); err != nil {
		return nil, err
	}
	key = &signingKey{home: home}
	defer func() {
		if err != nil {
			key.close()
		}
	}()
	// RSA, because the registry takes no elliptic curves.
	output, err := key.gpg(ctx, "--passphrase", "", "--status-fd", "1", "--quick-generate-key", "Release check", "rsa2048", "sign", "1d")
	if err != nil {
		return nil, fmt.Errorf("making a key to sign with: %w", err)
	}
	match := keyCreated.FindSubmatch(output)
	if match == nil {
		return nil, fmt.Errorf("making a key to sign with: gpg does not tell the key's fingerprint:\n%s", output)
	}
	key.fingerprint = string(match[1])
	return key, nil
}

// env is what goreleaser needs to sign with the key.
func (k *signingKey) env() []string {
	if k == nil {
		return nil
	}
	return []string{"GNUPGHOME=" + k.home, "GPG_FINGERPRINT=" + k.fingerprint}
}

// verify checks the detached signature that lies beside a file.
func (k *signingKey) verify(ctx context.Context, path string) error {
	signature, err := os.ReadFile(path + ".sig") //nolint:gosec // a path of our own
	if err != nil {
		return err
	}
	if bytes.HasPrefix(signature, []byte("-----BEGIN")) {
		return fmt.Errorf("%s.sig is ASCII-armored: the registry takes binary signatures only", path)
	}
	if _, err := k.gpg(ctx, "--verify", path+".sig", path); err != nil {
		return fmt.Errorf("verifying the signature of %s: %w", path, err)
	}
	return nil
}

func (k *signingKey) gpg(ctx context.Context, args ...string) ([]byte, error) {
	cmd := command(ctx, "gpg", append([]string{"--batch"}, args...)...)
	cmd.Env = append(os.Environ(), k.env()...)
	output, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("gpg: %w\n\n%s", err, output)
	}
	return output, err
}

// close ends the agent that gpg started for the key, after an interrupt too.
func (k *signingKey) close() {
	if k == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), interruptGrace)
	defer cancel()
	kill := command(ctx, "gpgconf", "--kill", "all")
	kill.Env = append(os.Environ(), k.env()...)
	// Where there is no gpgconf, the agent ends when it notices that its home is gone.
	_ = kill.Run()
}
