// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package hostile

import (
	"bufio"
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leaks"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// debugged is a provider that serves as for a debugger, and a workspace that uses it.
type debugged struct {
	*terraformcli.Workspace
	cmd      *exec.Cmd
	reattach string
	// stderr may be read when the provider has ended.
	stderr bytes.Buffer
}

func startDebugged(t *testing.T, buildFlags []string, env ...string) *debugged {
	t.Helper()
	mirror, err := terraformcli.BuildMirror(t.Context(), t.TempDir(), buildFlags...)
	must(t, err)
	d := &debugged{cmd: exec.CommandContext(t.Context(), mirror.Executable, "-debug")}
	d.cmd.Env = append([]string{"TMPDIR=" + t.TempDir(), "HOME=" + t.TempDir()}, env...)
	d.cmd.Stderr = &d.stderr
	stdout, err := d.cmd.StdoutPipe()
	must(t, err)
	must(t, d.cmd.Start())
	t.Cleanup(d.end)
	for lines := bufio.NewScanner(stdout); d.reattach == "" && lines.Scan(); {
		_, value, _ := strings.Cut(lines.Text(), "TF_REATTACH_PROVIDERS=")
		d.reattach = strings.Trim(value, "'")
	}
	go func() { _, _ = io.Copy(io.Discard, stdout) }()
	d.Workspace = newWorkspace(t, terraformcli.OpenMirror(t.TempDir()), "TF_REATTACH_PROVIDERS="+d.reattach)
	return d
}

func (d *debugged) end() {
	_ = d.cmd.Process.Kill()
	_ = d.cmd.Wait()
}

func newWorkspace(t *testing.T, mirror terraformcli.Mirror, env ...string) *terraformcli.Workspace {
	t.Helper()
	terraform, err := terraformcli.Find(t.Context())
	must(t, err)
	workspace, err := terraformcli.NewWorkspace(terraformcli.TempDir(t), terraform, mirror, env...)
	must(t, err)
	return workspace
}

const required = `
terraform {
  required_providers {
    roboto = { source = "roboto-ai/roboto" }
  }
}
`

const value = "kanarienvogel-4711-nobody-may-see-this"

// apply creates a secret with the value. It returns what Terraform prints, and its exit code. The
// provider block may be "", and env is Terraform's alone.
func (d *debugged) apply(t *testing.T, name, block string, env ...string) (string, int) {
	t.Helper()
	must(t, d.Init(t.Context(), required+block+`
variable "value" {
  ephemeral = true
}

resource "roboto_secret" "`+name+`" {
  name     = "`+name+`"
  value_wo = var.value
}
`))
	result, err := d.Run(t.Context(), env, "apply", "-auto-approve", "-target=roboto_secret."+name, "-var=value="+value)
	must(t, err)
	return result.Output(), result.ExitCode
}

// overHTTP2 puts TLS before a server, and counts the requests over HTTP/2.
func overHTTP2(t *testing.T, target string, count *atomic.Int64) *httptest.Server {
	t.Helper()
	to, err := url.Parse(target)
	must(t, err)
	proxy := httputil.NewSingleHostReverseProxy(to)
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

// withPanic are the flags to build a provider that has a mistake where it writes the value of the secret "panic".
func withPanic(t *testing.T) []string {
	t.Helper()
	const name, call = "internal/roboto/values.go", "output, err = v.client.aws.putSecretValue("
	const mistake = `if v.record.Name == "panic" { v.record.CreatedHere = *(*time.Time)(nil) }` + "\n"
	bad, overlay := filepath.Join(t.TempDir(), "values.go"), filepath.Join(t.TempDir(), "overlay.json")
	must(t, os.WriteFile(bad, []byte(strings.Replace(read(t, name), call, mistake+call, 1)), 0o600))
	must(t, os.WriteFile(overlay, fmt.Appendf(nil, `{"Replace": {%q: %q}}`, filepath.Join(repository, name), bad), 0o600))
	return []string{"-overlay", overlay}
}

// TestEnvironmentAndCrash applies with a provider whose environment asks for more than it should give,
// and which then panics and prints all goroutines while it writes a value. TestNothingLeaks has the same
// printed by SIGQUIT.
func TestEnvironmentAndCrash(t *testing.T) {
	roboto := robototest.Start(t, robototest.Options{})
	var overTLS, elsewhere atomic.Int64
	front, aws := overHTTP2(t, roboto.Endpoint(), &overTLS), overHTTP2(t, roboto.SecretsManagerEndpoint(), &overTLS)
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer trap.Close()

	dir, exchanged := t.TempDir(), t.TempDir()
	roots, keys, bundle := filepath.Join(dir, "roots.pem"), filepath.Join(dir, "keys"), filepath.Join(dir, "bundle.pem")
	must(t, os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw}), 0o600))
	must(t, os.WriteFile(bundle, []byte("no certificate at all"), 0o600))
	d := startDebugged(t, withPanic(t),
		"ROBOTO_API_KEY="+roboto.APIKey(), "ROBOTO_SERVICE_ENDPOINT="+front.URL,
		"AWS_ENDPOINT_URL_SECRETS_MANAGER="+aws.URL, "SSL_CERT_FILE="+roots, "TF_LOG=TRACE",
		"GODEBUG=http2debug=2", "SSLKEYLOGFILE="+keys, "GOTRACEBACK=all", "TF_LOG_SDK_PROTO_DATA_DIR="+exchanged,
		"AWS_ENDPOINT_URL="+trap.URL, "AWS_CA_BUNDLE="+bundle, "AWS_ACCESS_KEY_ID=AKIAELSEWHERE", "AWS_SECRET_ACCESS_KEY=elsewhere",
	)
	// Whoever may write to the socket could use the API key of the environment.
	socket := regexp.MustCompile(`"String": *"(.+?)"`).FindStringSubmatch(d.reattach)
	info, err := os.Stat(socket[1])
	must(t, err)
	umask := syscall.Umask(0)
	syscall.Umask(umask)
	if info.Mode().Type() != os.ModeSocket || umask&0o022 == 0o022 && info.Mode().Perm()&0o022 != 0 {
		t.Errorf("what should be a private socket has the mode %v", info.Mode())
	}

	block := fmt.Sprintf("provider \"roboto\" {\n  api_key  = %q\n  endpoint = %q\n}\n", roboto.APIKey(), front.URL)
	printed, exitCode := d.apply(t, "fine", block, "GODEBUG=http2debug=2", "TF_LOG=INFO")
	if exitCode != 0 {
		t.Fatal(printed)
	}
	// What is not promised, because only Terraform and the plugin libraries can change it.
	files, err := leaks.Files(os.DirFS(exchanged), nil)
	must(t, err)
	if !strings.Contains(printed, value) { // and, with some versions of Terraform, the API key
		t.Error("Terraform does not print the value with http2debug")
	}
	for what, secret := range map[string]string{"value": value, "API key": roboto.APIKey()} {
		if !slices.ContainsFunc(files, func(file leaks.Artifact) bool { return bytes.Contains(file.Content, []byte(secret)) }) {
			t.Errorf("TF_LOG_SDK_PROTO_DATA_DIR does not get the %s", what)
		}
	}
	if !strings.Contains(printed, "http2: Framer") {
		t.Error("Terraform does not print frames of HTTP/2")
	}
	if overTLS.Load() == 0 {
		t.Error("no request came over HTTP/2")
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("%d requests went to AWS_ENDPOINT_URL", n)
	}
	if _, err := os.Stat(keys); err == nil {
		t.Error("the keys of TLS were written to SSLKEYLOGFILE")
	}

	printed, _ = d.apply(t, "panic", "")
	d.end() // if it goes on, so that the test does not
	log := d.stderr.String()
	for _, text := range []string{"nil pointer dereference", "ValueAccess).Write", "goroutine ", "Sent request"} {
		if !strings.Contains(log, text) {
			t.Errorf("%q is not in what the provider printed:\n%.2000s", text, log)
		}
	}
	issued := roboto.IssuedCredentials()
	latest := issued[len(issued)-1]
	for what, text := range map[string]string{
		"value": value, "API key": roboto.APIKey(), "secret access key": latest.SecretAccessKey, "session token": latest.SessionToken,
		"log of HTTP/2": "http2: Framer",
	} {
		if strings.Contains(log+printed, text) {
			t.Errorf("the %s is shown", what)
		}
	}
}

// TestTerraformListsALargePage measures the whole provider, in which the framework takes most of the
// memory: for each record, and for each of its texts.
func TestTerraformListsALargePage(t *testing.T) {
	page := fill(nearlyRobotoLimit, `{"data":{"items":[`, fmt.Sprintf(
		`{"name":"%[1]s-#","org_id":%[2]q,"store_type":"aws","location":{"store_type":"aws","arn":"%[3]s-%[1]s-#"},`+
			`"created":"2026-01-02T03:04:05Z","created_by":"%[1]s","modified_by":"%[1]s"}`, strings.Repeat("x", 206), orgID, arn), "]}}")
	d := startDebugged(t, nil, "ROBOTO_API_KEY="+apiKey, "ROBOTO_SERVICE_ENDPOINT="+serve(t, body(page)), "ROBOTO_ORG_ID="+orgID)
	must(t, d.Init(t.Context(), required+`
data "roboto_secrets" "all" {}

output "count" {
  value = length(data.roboto_secrets.all.secrets)
}
`))
	result, err := d.Run(t.Context(), nil, "plan")
	must(t, err)
	found := regexp.MustCompile(`count = (\d+)`).FindStringSubmatch(result.Output())
	if found == nil {
		t.Fatal(result.Output())
	}
	if n, _ := strconv.Atoi(found[1]); n < 7_800 {
		t.Errorf("%d records were listed, want 7800 at least", n)
	}
	if mib := peakMiB(strconv.Itoa(d.cmd.Process.Pid)); mib > mostMiB(false) {
		t.Errorf("it took %d MiB, want %d at most", mib, mostMiB(false))
	}
}
