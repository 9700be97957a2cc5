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

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// Of a key that nobody has to keep.
const (
	signer     = "release-check"
	passphrase = "open sesame"
)

// signingKey is a key that exists for one run: the GnuPG home that holds it alone. It
// is empty on a machine without gpg.
type signingKey string

// newSigningKey makes a key in home, if there is a gpg on the PATH.
func newSigningKey(ctx context.Context, home string) (signingKey, error) {
	if _, err := exec.LookPath("gpg"); errors.Is(err, exec.ErrNotFound) {
		return "", nil
	}
	key := signingKey(home)
	if err := os.Mkdir(home, 0o700); err != nil {
		return "", err
	}
	// RSA, because the registry takes no elliptic curves.
	_, err := key.gpg(ctx, "--quick-generate-key", signer, "rsa2048", "sign", "1d")
	if err != nil {
		key.close()
	}
	return key, err
}

// env is the environment in which gpg uses the key.
func (k signingKey) env() []string { return append(os.Environ(), "GNUPGHOME="+string(k)) }

// sign runs the commands of the release workflow in dir, with a home of gpg's that knows no
// key yet.
func (k signingKey) sign(ctx context.Context, commands, dir string) error {
	private, err := k.gpg(ctx, "--armor", "--export-secret-keys", signer)
	if err != nil {
		return err
	}
	runner := signingKey(string(k) + "-runner")
	if err := os.Mkdir(string(runner), 0o700); err != nil {
		return err
	}
	defer func() {
		runner.close()
		_ = os.RemoveAll(string(runner))
	}()
	return shell(ctx, append(runner.env(), "GPG_PRIVATE_KEY="+string(private), "PASSPHRASE="+passphrase), dir, commands)
}

// verify checks the detached signature that lies beside a file.
func (k signingKey) verify(ctx context.Context, path string) error {
	signature, err := os.ReadFile(path + ".sig") //nolint:gosec // a path of our own
	if err != nil {
		return err
	}
	if bytes.HasPrefix(signature, []byte("-----BEGIN")) {
		return fmt.Errorf("%s.sig is ASCII-armored: the registry takes binary signatures only", path)
	}
	_, err = k.gpg(ctx, "--verify", path+".sig", path)
	return err
}

func (k signingKey) gpg(ctx context.Context, args ...string) ([]byte, error) {
	return terraformcli.Command(ctx, k.env(), "gpg", append([]string{"--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", passphrase}, args...)...)
}

// close ends the agent that gpg started for the key, after an interrupt too. Where
// there is no gpgconf, the agent ends when it notices that its home is gone.
func (k signingKey) close() {
	if k != "" {
		_, _ = terraformcli.Command(context.Background(), k.env(), "gpgconf", "--kill", "all")
	}
}
