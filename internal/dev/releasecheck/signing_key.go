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

// signer is the user ID of the key, by which gpg finds it as by a fingerprint.
const signer = "release-check"

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
	err := key.gpg(ctx, "--passphrase", "", "--quick-generate-key", signer, "rsa2048", "sign", "1d")
	if err != nil {
		key.close()
	}
	return key, err
}

// env is the environment in which goreleaser and gpg use the key.
func (k signingKey) env() []string {
	if k == "" {
		return os.Environ()
	}
	return append(os.Environ(), "GNUPGHOME="+string(k), "GPG_FINGERPRINT="+signer)
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
	return k.gpg(ctx, "--verify", path+".sig", path)
}

func (k signingKey) gpg(ctx context.Context, args ...string) error {
	_, err := terraformcli.Command(ctx, k.env(), "gpg", append([]string{"--batch"}, args...)...)
	return err
}

// close ends the agent that gpg started for the key, after an interrupt too. Where
// there is no gpgconf, the agent ends when it notices that its home is gone.
func (k signingKey) close() {
	if k != "" {
		_, _ = terraformcli.Command(context.Background(), k.env(), "gpgconf", "--kill", "all")
	}
}
