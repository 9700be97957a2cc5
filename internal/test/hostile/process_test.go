// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package hostile

import (
	"bufio"
	"bytes"
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
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unicode"

	"github.com/creack/pty"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leaks"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terminal"
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

// overHTTP2 puts TLS before a server, and lets only HTTP/2 through.
func overHTTP2(t *testing.T, target string) *httptest.Server {
	t.Helper()
	to, err := url.Parse(target)
	must(t, err)
	proxy := httputil.NewSingleHostReverseProxy(to)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			panic(http.ErrAbortHandler)
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
// and which then panics and prints all goroutines while it writes a value. The first apply would fail if it used
// what it should ignore. TestNothingLeaks has the goroutines printed by SIGQUIT.
func TestEnvironmentAndCrash(t *testing.T) {
	roboto := robototest.Start(t, robototest.Options{})
	front, aws := overHTTP2(t, roboto.Endpoint()), overHTTP2(t, roboto.SecretsManagerEndpoint())
	dir, exchanged := t.TempDir(), t.TempDir()
	roots, keys, bundle := filepath.Join(dir, "roots.pem"), filepath.Join(dir, "keys"), filepath.Join(dir, "bundle.pem")
	must(t, os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw}), 0o600))
	must(t, os.WriteFile(bundle, []byte("no certificate at all"), 0o600))
	d := startDebugged(t, withPanic(t),
		"ROBOTO_API_KEY="+roboto.APIKey(), "ROBOTO_SERVICE_ENDPOINT="+front.URL,
		"AWS_ENDPOINT_URL_SECRETS_MANAGER="+aws.URL, "SSL_CERT_FILE="+roots, "TF_LOG=TRACE",
		"GODEBUG=http2debug=2", "SSLKEYLOGFILE="+keys, "GOTRACEBACK=all", "TF_LOG_SDK_PROTO_DATA_DIR="+exchanged,
		"AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_CA_BUNDLE="+bundle, "AWS_ACCESS_KEY_ID=AKIAELSEWHERE", "AWS_SECRET_ACCESS_KEY=elsewhere",
	)
	// Whoever may write to the socket could use the API key of the environment.
	socket := regexp.MustCompile(`"String": *"(.+?)"`).FindStringSubmatch(d.reattach)
	info, err := os.Stat(socket[1])
	must(t, err)
	umask := syscall.Umask(0)
	syscall.Umask(umask)
	if mode := info.Mode(); mode.Type() != os.ModeSocket || umask&0o022 == 0o022 && mode.Perm()&0o022 != 0 {
		t.Errorf("what should be a private socket has the mode %v", mode)
	}
	must(t, d.Init(t.Context(), required+fmt.Sprintf(`
provider "roboto" {
  api_key  = %q
  endpoint = %q
}

variable "name" {}

variable "value" { ephemeral = true }

resource "roboto_secret" "db" {
  name     = var.name
  value_wo = var.value
}
`, roboto.APIKey(), front.URL)))
	apply := func(exitCode int, name string, env ...string) string {
		result, err := d.Expect(t.Context(), exitCode, env, "apply", "-auto-approve", "-var=name="+name, "-var=value="+value)
		must(t, err)
		return result.Output()
	}
	printed := apply(0, "fine", "GODEBUG=http2debug=2", "TF_LOG=INFO")
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
	if _, err := os.Stat(keys); err == nil {
		t.Error("the keys of TLS were written to SSLKEYLOGFILE")
	}

	printed = apply(1, "panic")
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
		`{"name":"%[1]s-#","org_id":%[2]q,"store_type":"aws","location":{"store_type":"aws","arn":"arn:aws:secretsmanager:us-west-2:123456789012:secret:db-AbCdEf-%[1]s-#"},`+
			`"created":"2026-01-02T03:04:05Z","created_by":"%[1]s","modified_by":"%[1]s"}`, strings.Repeat("x", 206), orgID), "]}}")
	server := robototest.Start(t, robototest.Options{Orgs: []string{orgID}})
	server.Inject(robototest.Fault{Operation: robototest.ListSecrets, Body: page})
	d := startDebugged(t, nil, server.Env()...)
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

const (
	// controls are what a terminal or the log of a CI could obey.
	controls = "a\x1b]0;title\x07\x1b[2J\u009b2J\u202e\u2066\u200b\ufeff\u2028\u0085\x7f\n::stop-commands::x\r\n##[error]x\tz"
	// decodedControls are printable. Terraform decodes a string that is JSON, and prints what is in it.
	decodedControls = `{"a":"b\n\u001b]0;title\u0007\n\u202e","\u001b[2J":["\u009b2J\n\u2028"]}`
)

// brokenLines make Terraform break the line before each word, if it has no terminal.
var brokenLines = strings.Repeat("::error::"+strings.Repeat("x", 60)+" ", 2)

const screenModule = required + `
provider "roboto" { max_attempts = 1 }

resource "roboto_secret" "managed" {
  name             = "managed"
  value_wo         = "a value"
  value_wo_version = "1"
}

data "roboto_secret" "one" { name = "one" }

data "roboto_secrets" "all" {}

data "roboto_organizations" "all" {}

output "all" {
  value = [roboto_secret.managed.created_by, data.roboto_secret.one, data.roboto_secrets.all, data.roboto_organizations.all]
}
`

// TestScreen records each byte that Terraform sends to a terminal while all texts of both services hold
// what a terminal could obey. What comes is printable, or Terraform's own colors. Where there are no
// pseudo-terminals, TestDescribe and TestIdentifiers of package roboto look at the same texts.
func TestScreen(t *testing.T) {
	server := robototest.Start(t, robototest.Options{CreatedBy: controls})
	server.AddRecord(robototest.Record{OrgID: robototest.DefaultOrg, Name: "one", CreatedBy: controls, ModifiedBy: decodedControls})
	for _, text := range []string{controls, decodedControls} {
		server.AddRecord(robototest.Record{OrgID: robototest.DefaultOrg, Name: text, CreatedBy: text})
		server.AddOrg("og_other", text)
	}
	for operation, texts := range map[robototest.Operation]*strings.Replacer{
		robototest.ListOrgs:     strings.NewReplacer(`"premium"`, quoted(controls), `"active"`, quoted(decodedControls)),
		robototest.CreateSecret: strings.NewReplacer(quoted(controls), quoted(decodedControls)),
	} {
		server.Inject(robototest.Fault{Operation: operation, Mutate: func(b []byte) []byte { return []byte(texts.Replace(string(b))) }})
	}
	server.Inject(robototest.Fault{
		Operation: robototest.GetSecret, Code: controls, Message: brokenLines + controls + decodedControls,
		Match: func(r robototest.Request) bool { return r.Name == "refused" },
	})
	server.Inject(robototest.Fault{
		Operation: robototest.GetValue, AWSError: controls, Message: brokenLines + controls,
		Match: func(r robototest.Request) bool { return r.Name == "one" },
	})

	mirror, err := terraformcli.BuildMirror(t.Context(), t.TempDir())
	must(t, err)
	workspace := newWorkspace(t, mirror, append(server.Env(), "ROBOTO_ORG_ID="+robototest.DefaultOrg, "TF_CLI_ARGS=")...)
	must(t, workspace.Init(t.Context(), screenModule))
	for _, args := range []string{"plan", "apply -auto-approve", "show", "output", "refresh"} {
		onScreen(t, workspace, 0, args, `x1b]0;title`, `u001b]0;title`)
	}
	onScreen(t, workspace, 0, "destroy -auto-approve", `u001b]0;title`)
	must(t, workspace.Write("refused.tf", `
data "roboto_secret" "refused" { name = "refused" }

data "roboto_secret" "refused_by_aws" {
  name            = "one"
  read_version_id = true
}
`))
	onScreen(t, workspace, 1, "plan", `\x1b]0;title`, `\\u001b]0;title`)
	result, err := workspace.Expect(t.Context(), 1, nil, "plan", "-no-color") // as in a CI
	must(t, err)
	isHarmless(t, "plan in a CI", []byte(result.Output()), `\x1b]0;title`, `\\u001b]0;title`, "\n:\\x3aerror:")
}

func quoted(text string) string {
	encoded, _ := json.Marshal(text) // a string can always be encoded
	return string(encoded)
}

// onScreen runs Terraform in a terminal.
func onScreen(t *testing.T, workspace *terraformcli.Workspace, exitCode int, args string, texts ...string) {
	t.Helper()
	session, err := terminal.Start(workspace.Command(t.Context(), nil, strings.Fields(args)...))
	if errors.Is(err, pty.ErrUnsupported) {
		t.Skipf("skipped: there are no pseudo-terminals here: %v", err)
	}
	must(t, err)
	code, screen, err := session.Wait()
	if code != exitCode || err != nil {
		t.Fatalf("terraform %s ended with exit code %d (%v):\n%q", args, code, err, screen)
	}
	isHarmless(t, args, screen, texts...)
}

// color is how Terraform begins and ends colors.
var color = regexp.MustCompile("\x1b\\[[0-9;]*m")

// isHarmless looks for what is unprintable, for lines that a CI could take for a command, and for texts
// that show that something was escaped.
func isHarmless(t *testing.T, what string, printed []byte, texts ...string) {
	t.Helper()
	plain := string(color.ReplaceAll(bytes.ReplaceAll(printed, []byte("\r\n"), []byte("\n")), nil))
	for line := range strings.SplitSeq(plain, "\n") {
		if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) ||
			strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##") {
			t.Errorf("terraform %s prints %q", what, line)
		}
	}
	for _, text := range texts {
		if !strings.Contains(plain, text) {
			t.Errorf("%q is not in what terraform %s prints:\n%s", text, what, plain)
		}
	}
}
