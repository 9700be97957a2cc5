// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package hostile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// debugged is a provider that serves as for a debugger, with all that it writes to stderr.
type debugged struct {
	cmd      *exec.Cmd
	reattach string
	mu       sync.Mutex
	written  bytes.Buffer
}

func (d *debugged) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.written.Write(p)
}

func (d *debugged) stderr() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.written.String()
}

func startDebugged(t *testing.T, env ...string) *debugged {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "provider")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", binary, "github.com/roboto-ai/terraform-provider-roboto")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	d := &debugged{cmd: exec.CommandContext(t.Context(), binary, "-debug")}
	d.cmd.Env = append([]string{"TMPDIR=" + t.TempDir(), "HOME=" + t.TempDir(), "TF_LOG=TRACE"}, env...)
	d.cmd.Stderr = d
	stdout, err := d.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = d.cmd.Process.Kill()
		_ = d.cmd.Wait()
	})
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if _, value, ok := strings.Cut(lines.Text(), "TF_REATTACH_PROVIDERS="); ok {
			d.reattach = strings.Trim(value, "'")
			go func() { _, _ = io.Copy(io.Discard, stdout) }()
			return d
		}
	}
	t.Fatalf("it did not say how to attach:\n%s", d.stderr())
	return nil
}

// overHTTP2 puts TLS before a server, and counts the requests over HTTP/2.
func overHTTP2(t *testing.T, target string, count *atomic.Int64) *httptest.Server {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
	}}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 {
			count.Add(1)
		}
		proxy.ServeHTTP(w, r)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// TestEnvironmentAndCrash applies with a provider whose environment asks for more than it
// should give, and then has Go print all goroutines while the value is being written.
func TestEnvironmentAndCrash(t *testing.T) {
	const value = "kanarienvogel-4711-nobody-may-see-this"
	roboto := robototest.Start(t, robototest.Options{})
	var overTLS, elsewhere atomic.Int64
	front, aws := overHTTP2(t, roboto.Endpoint(), &overTLS), overHTTP2(t, roboto.SecretsManagerEndpoint(), &overTLS)
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer trap.Close()

	dir := t.TempDir()
	roots, keys, bundle := filepath.Join(dir, "roots.pem"), filepath.Join(dir, "keys"), filepath.Join(dir, "bundle.pem")
	if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bundle, []byte("no certificate at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	provider := startDebugged(t,
		"ROBOTO_API_KEY="+roboto.APIKey(), "ROBOTO_SERVICE_ENDPOINT="+front.URL,
		"AWS_ENDPOINT_URL_SECRETS_MANAGER="+aws.URL, "SSL_CERT_FILE="+roots,
		"GODEBUG=http2debug=2", "SSLKEYLOGFILE="+keys, "GOTRACEBACK=all",
		"AWS_ENDPOINT_URL="+trap.URL, "AWS_CA_BUNDLE="+bundle, "AWS_ACCESS_KEY_ID=AKIAELSEWHERE", "AWS_SECRET_ACCESS_KEY=elsewhere",
	)
	t.Run("socket", func(t *testing.T) { socketIsPrivate(t, provider.reattach) })

	terraform, err := terraformcli.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	workspace, err := terraformcli.NewWorkspace(t.TempDir(), terraform, terraformcli.OpenMirror(t.TempDir()), "TF_REATTACH_PROVIDERS="+provider.reattach)
	if err != nil {
		t.Fatal(err)
	}
	module := func(name string) {
		if err := workspace.Write("main.tf", `
terraform {
  required_providers {
    roboto = { source = "roboto-ai/roboto" }
  }
}

variable "value" {
  ephemeral = true
}

resource "roboto_secret" "this" {
  name     = "`+name+`"
  value_wo = var.value
}
`); err != nil {
			t.Fatal(err)
		}
	}
	module("db")
	for _, args := range [][]string{{"init"}, {"apply", "-auto-approve", "-var=value=" + value}} {
		if result, err := workspace.Run(t.Context(), nil, args...); err != nil || result.ExitCode != 0 {
			t.Fatalf("%v\n%s", err, result.Output())
		}
	}
	if n := overTLS.Load(); n == 0 {
		t.Error("no request came over HTTP/2")
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("%d requests went to AWS_ENDPOINT_URL", n)
	}
	if _, err := os.Stat(keys); err == nil {
		t.Error("the keys of TLS were written to SSLKEYLOGFILE")
	}

	release := make(chan struct{})
	defer close(release)
	roboto.Inject(robototest.Fault{Operation: robototest.PutValue, Until: release, Match: func(robototest.Request) bool {
		return provider.cmd.Process.Signal(syscall.SIGQUIT) == nil
	}})
	module("crash")
	result, err := workspace.Run(t.Context(), nil, "apply", "-auto-approve", "-var=value="+value)
	if err != nil {
		t.Fatal(err)
	}
	_ = provider.cmd.Wait()
	log := provider.stderr()
	if !strings.Contains(log, "SIGQUIT: quit") || !strings.Contains(log, "goroutine ") {
		t.Errorf("the provider did not print its goroutines:\n%.2000s", log)
	}
	if !strings.Contains(log, "Sent request") {
		t.Error("the log is not at TRACE")
	}
	secrets := map[string]string{"value": value, "API key": roboto.APIKey()}
	for _, issued := range roboto.IssuedCredentials() {
		secrets["secret access key"], secrets["session token"] = issued.SecretAccessKey, issued.SessionToken
	}
	for what, secret := range secrets {
		if secret == "" || strings.Contains(log+result.Output(), secret) {
			t.Errorf("the %s is shown, or there is none", what)
		}
	}
}

// socketIsPrivate holds under the usual umask: whoever may write to the socket could use the
// API key of the environment.
func socketIsPrivate(t *testing.T, reattach string) {
	var providers map[string]struct {
		Addr struct{ Network, String string }
	}
	if err := json.Unmarshal([]byte(reattach), &providers); err != nil {
		t.Fatal(err)
	}
	for _, provider := range providers {
		info, err := os.Stat(provider.Addr.String)
		if err != nil || provider.Addr.Network != "unix" {
			t.Fatalf("%+v, %v", provider, err)
		}
		umask := syscall.Umask(0)
		syscall.Umask(umask)
		if umask&0o022 == 0o022 && info.Mode().Perm()&0o022 != 0 {
			t.Errorf("the socket has the mode %v", info.Mode())
		}
		t.Logf("mode %v under umask %04o", info.Mode(), umask)
	}
}
