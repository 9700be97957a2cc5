// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package hostile

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
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

func startDebugged(t *testing.T, buildFlags []string, env ...string) *debugged {
	t.Helper()
	mirror, err := terraformcli.BuildMirror(t.Context(), t.TempDir(), buildFlags...)
	if err != nil {
		t.Fatal(err)
	}
	d := &debugged{cmd: exec.CommandContext(t.Context(), mirror.Executable, "-debug")}
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

const required = `
terraform {
  required_providers {
    roboto = { source = "roboto-ai/roboto" }
  }
}
`

// workspace is one whose Terraform uses the provider.
func (d *debugged) workspace(t *testing.T) (*terraformcli.Workspace, error) {
	terraform, err := terraformcli.Find(t.Context())
	if err != nil {
		return nil, err
	}
	return terraformcli.NewWorkspace(terraformcli.TempDir(t), terraform, terraformcli.OpenMirror(t.TempDir()), "TF_REATTACH_PROVIDERS="+d.reattach)
}

const value = "kanarienvogel-4711-nobody-may-see-this"

// apply creates a secret with the value. It returns what Terraform prints, and its exit code. The
// provider block may be "", and env is Terraform's alone.
func (d *debugged) apply(t *testing.T, block string, env ...string) (string, int) {
	t.Helper()
	workspace, err := d.workspace(t)
	if err != nil {
		t.Fatal(err)
	}
	if err := workspace.Init(t.Context(), required+block+`
variable "value" {
  ephemeral = true
}

resource "roboto_secret" "this" {
  name     = "`+rand.Text()+`"
  value_wo = var.value
}
`); err != nil {
		t.Fatal(err)
	}
	result, err := workspace.Run(t.Context(), env, "apply", "-auto-approve", "-var=value="+value)
	if err != nil {
		t.Fatal(err)
	}
	return result.Output(), result.ExitCode
}

// crashes applies until the provider ends with the texts, and looks for what nobody may see.
func (d *debugged) crashes(t *testing.T, roboto *robototest.Server, texts ...string) {
	t.Helper()
	printed, _ := d.apply(t, "")
	_ = d.cmd.Process.Kill() // if it goes on, so that the test does not
	_ = d.cmd.Wait()
	log := d.stderr()
	for _, text := range append(texts, "goroutine ") {
		if !strings.Contains(log, text) {
			t.Errorf("%q is not in what the provider printed:\n%.2000s", text, log)
		}
	}
	if !strings.Contains(log, "Sent request") {
		t.Error("the log is not at TRACE")
	}
	secrets := map[string]string{"value": value, "API key": roboto.APIKey(), "secret access key": "", "session token": ""}
	for _, issued := range roboto.IssuedCredentials() {
		secrets["secret access key"], secrets["session token"] = issued.SecretAccessKey, issued.SessionToken
	}
	for what, secret := range secrets {
		if secret == "" || strings.Contains(log+printed, secret) {
			t.Errorf("the %s is shown, or there is none", what)
		}
	}
}

// TestPanic has a mistake in the code of the provider, where it writes a value.
func TestPanic(t *testing.T) {
	const name, call = "internal/roboto/values.go", "output, err = v.client.aws.putSecretValue("
	good := read(t, name)
	source, err := filepath.Abs(filepath.Join(repository, name))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	bad, overlay := filepath.Join(dir, "values.go"), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{source: bad}})
	if err = errors.Join(err, os.WriteFile(overlay, replace, 0o600), os.WriteFile(bad, []byte(strings.Replace(good, call, "v.record.CreatedHere = *(*time.Time)(nil)\n"+call, 1)), 0o600)); err != nil {
		t.Fatal(err)
	}
	roboto := robototest.Start(t, robototest.Options{})
	provider := startDebugged(t, []string{"-overlay", overlay}, append(roboto.Env(), "GOTRACEBACK=all")...)
	provider.crashes(t, roboto, "nil pointer dereference", "ValueAccess).Write")
}

// TestEnvironmentAndCrash applies with a provider whose environment asks for more than it
// should give, and then has Go print all goroutines while the value is being written.
func TestEnvironmentAndCrash(t *testing.T) {
	roboto := robototest.Start(t, robototest.Options{})
	var overTLS, elsewhere atomic.Int64
	front, aws := overHTTP2(t, roboto.Endpoint(), &overTLS), overHTTP2(t, roboto.SecretsManagerEndpoint(), &overTLS)
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer trap.Close()

	dir := t.TempDir()
	roots, keys, bundle := filepath.Join(dir, "roots.pem"), filepath.Join(dir, "keys"), filepath.Join(dir, "bundle.pem")
	exchanged := t.TempDir()
	if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bundle, []byte("no certificate at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	provider := startDebugged(t, nil,
		"ROBOTO_API_KEY="+roboto.APIKey(), "ROBOTO_SERVICE_ENDPOINT="+front.URL,
		"AWS_ENDPOINT_URL_SECRETS_MANAGER="+aws.URL, "SSL_CERT_FILE="+roots,
		"GODEBUG=http2debug=2", "SSLKEYLOGFILE="+keys, "GOTRACEBACK=all", "TF_LOG_SDK_PROTO_DATA_DIR="+exchanged,
		"AWS_ENDPOINT_URL="+trap.URL, "AWS_CA_BUNDLE="+bundle, "AWS_ACCESS_KEY_ID=AKIAELSEWHERE", "AWS_SECRET_ACCESS_KEY=elsewhere",
	)
	t.Run("socket", func(t *testing.T) { socketIsPrivate(t, provider.reattach) })

	block := fmt.Sprintf("provider \"roboto\" {\n  api_key  = %q\n  endpoint = %q\n}\n", roboto.APIKey(), front.URL)
	printed, exitCode := provider.apply(t, block, "GODEBUG=http2debug=2", "TF_LOG=INFO")
	if exitCode != 0 {
		t.Fatal(printed)
	}
	// What is not promised, because only Terraform and the plugin libraries can change it.
	files := allOf(t, exchanged)
	for what, secret := range map[string]string{"value": value, "API key": roboto.APIKey()} {
		if !strings.Contains(printed, secret) {
			t.Errorf("Terraform does not print the %s with http2debug", what)
		}
		if !strings.Contains(files, secret) {
			t.Errorf("TF_LOG_SDK_PROTO_DATA_DIR does not get the %s", what)
		}
	}
	if strings.Contains(provider.stderr(), "http2: Framer") || !strings.Contains(printed, "http2: Framer") {
		t.Error("the provider prints frames of HTTP/2, or Terraform does not")
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
	provider.crashes(t, roboto, "SIGQUIT: quit")
}

// allOf is the contents of all files in a folder.
func allOf(t *testing.T, dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all.Write(content)
	}
	return all.String()
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
