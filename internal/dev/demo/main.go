// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Command demo shows the provider at work: real Terraform or OpenTofu manages secrets of a
// Roboto that is embedded in this process. The method story is what it tells. Every claim is checked, and
// at the end all that is left is searched for the values. The exit code is 0 if every check held,
// 130 after an interrupt, otherwise 1.
//
//	go run ./internal/dev/demo
package main

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/leaks"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/terraformcli"
)

// demo is one run of it. After the first error, nothing is done or told.
type demo struct {
	ctx       context.Context
	err       error
	dir       string
	name      string // terraform or tofu
	release   terraformcli.Release
	workspace *terraformcli.Workspace
	roboto    *robototest.Server
	runs      int
	printed   string // the beginning of a line of Terraform's

	configured map[string]string // values by the name of the secret
	variables  []string
	written    []leaks.Needle // all values that Terraform was to write
	foreign    leaks.Needle   // the one that it was not
}

func main() {
	keep := flag.Bool("keep", false, "keep the temporary directory with the module, states, plans and logs")
	flag.Parse()
	terraformcli.Main(func(ctx context.Context) error { return tell(ctx, *keep) })
}

func tell(ctx context.Context, keep bool) (err error) {
	start := time.Now()
	d := &demo{ctx: ctx}
	if d.dir, err = os.MkdirTemp("", "roboto-demo-"); err != nil {
		return err
	}
	d.say("Files      %s, deleted at the end unless you add -keep", d.dir)
	if !keep {
		defer func() { err = errors.Join(err, os.RemoveAll(d.dir)) }()
	}
	executable, err := find(ctx)
	if err != nil {
		return err
	}
	d.name = strings.TrimSuffix(filepath.Base(executable), ".exe")
	if d.release, err = terraformcli.Identify(ctx, executable); err != nil {
		return err
	}
	d.say("Terraform  %s, %s", executable, d.release.Version)
	if d.roboto, err = robototest.New(robototest.Options{}); err != nil {
		return err
	}
	defer d.roboto.Close()
	d.say("Roboto     embedded, %s", d.roboto.Endpoint())
	d.say("AWS        embedded, %s", d.roboto.SecretsManagerEndpoint())
	d.say("Provider   being built. The first time, this takes minutes, and go names what it compiles.")
	mirror, err := terraformcli.BuildMirror(ctx, filepath.Join(d.dir, "mirror"), "-v")
	if err != nil {
		return err
	}
	if d.workspace, err = terraformcli.NewWorkspace(filepath.Join(d.dir, "work"), executable, mirror, append(d.roboto.Env(), "TF_LOG=TRACE")...); err != nil {
		return err
	}
	d.story()
	d.search()
	d.chapter(fmt.Sprintf("Done in %.0f s. Next:", time.Since(start).Seconds()),
		"Read the module                internal/dev/demo/main.tf",
		"See states, plans and logs     go run ./internal/dev/demo -keep",
		"Write a secret of your own     docs/guides/first-secret.md",
		"Try more without an account    CONTRIBUTING.md, Trying the provider by hand")
	return d.err
}

// find takes what is on the PATH, Terraform first.
func find(ctx context.Context) (string, error) {
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); err == nil {
			return filepath.Abs(path)
		}
	}
	_, _ = fmt.Fprintln(os.Stdout, "  Neither terraform nor tofu is on the PATH: taking the Terraform of an earlier run, or downloading it.")
	return terraformcli.Find(ctx)
}

func (d *demo) say(format string, args ...any) {
	if d.err == nil {
		_, _ = fmt.Fprintf(os.Stdout, "  "+format+"\n", args...)
	}
}

func (d *demo) chapter(heading string, lines ...string) {
	if d.err == nil {
		_, _ = fmt.Fprintf(os.Stdout, "\n%s\n", heading)
	}
	for _, line := range lines {
		d.say("%s", line)
	}
}

func (d *demo) check(claim string, holds bool) {
	switch {
	case d.err != nil:
	case holds:
		d.say("✓ %s", claim)
	default:
		d.err = fmt.Errorf("this does not hold: %s", claim)
	}
}

// essential lines of Terraform's output say what happens to which secret and to its main
// attributes, count the changes, or tell how an action gets on.
var essential = regexp.MustCompile(`^  # \S+ (will|must) be .*|^      [+~] (uri|value_wo|value_wo_version|version_id) .*|^Plan: .*|^No changes\. .*|^(Apply|Destroy) complete! .*|Invocation \S+ of .*`)

// Write shows the essential lines, while Terraform prints them.
func (d *demo) Write(text []byte) (int, error) {
	lines := strings.Split(d.printed+string(text), "\n")
	d.printed = lines[len(lines)-1]
	for _, line := range lines[:len(lines)-1] {
		if found := essential.FindString(line); found != "" {
			d.say("  %s", strings.TrimRight(found, "\r"))
		}
	}
	return len(text), nil
}

// run runs Terraform, shows the essence of its output, or all of an error that has to come, and
// keeps what the run leaves behind. What is in show is for the search alone.
func (d *demo) run(exitCode int, args ...string) string {
	if d.err != nil {
		return ""
	}
	d.workspace.Watch = nil
	if args[0] != "show" {
		d.say("$ %s %s", d.name, strings.Join(args, " "))
		d.workspace.Watch = d
	}
	d.runs++
	record := filepath.Join(d.dir, "work", fmt.Sprintf("%02d-%s", d.runs, args[0]))
	result, err := d.workspace.Expect(d.ctx, exitCode, append(d.variables, "TF_LOG_PATH="+record+".log"), args...)
	if d.err = err; err != nil {
		return ""
	}
	if exitCode != 0 {
		d.say("  %s", strings.ReplaceAll(strings.TrimSpace(string(result.Stderr)), "\n", "\n    "))
	}
	// Later runs replace the state.
	d.err = errors.Join(os.WriteFile(record+".output", []byte(result.Output()), 0o600), os.WriteFile(record+".tfstate", d.state(), 0o600))
	return string(result.Stdout)
}

func (d *demo) state() []byte {
	state, _ := os.ReadFile(filepath.Join(d.workspace.Dir, "terraform.tfstate")) // the first apply makes it
	return state
}

//go:embed *.tf
var module embed.FS

const (
	org      = robototest.DefaultOrg
	password = "database-password"
	token    = "webhook-token"
)

func uri(name string) string { return "roboto-secret://" + name + "@" + org }

func (d *demo) story() {
	d.chapter("1. Plan two secrets, because there are two ways to find that a value is new",
		"database-password has a value_wo_version: its value is written when that changes, and no plan reads it.",
		"webhook-token has none: each plan compares its value with the stored one, so it finds what others wrote too.")
	d.add("main.tf")
	d.configure(d.value("the first password"), "1", d.value("the first token"))
	d.run(0, "init")
	planned := d.plan("create.tfplan", "2 to add, 0 to change, 0 to destroy")
	d.check("both URIs are known before anything exists", strings.Contains(planned, uri(password)) && strings.Contains(planned, uri(token)))
	d.check("Roboto holds no secret yet", len(d.roboto.Records(org)) == 0)

	d.chapter("2. Apply the saved plan")
	d.apply("create.tfplan")
	d.checkStored(1, 1)

	d.chapter("3. Plan again: nothing to do")
	d.plan("nothing.tfplan", "No changes.")
	d.checkStored(1, 1)

	d.chapter("4. Rotate: new values for both, and a new version for database-password")
	d.configure(d.value("the second password"), "2", d.value("the second token"))
	d.plan("rotate.tfplan", "0 to add, 2 to change, 0 to destroy")
	d.apply("rotate.tfplan")
	d.checkStored(2, 2)

	d.chapter("5. Drift: somebody overwrites webhook-token without Terraform")
	d.foreign = canary("the foreign token")
	if d.err == nil {
		d.roboto.SetValue(org, token, d.foreign.Value)
	}
	d.plan("repair.tfplan", "0 to add, 1 to change, 0 to destroy")
	d.apply("repair.tfplan")
	d.checkStored(2, 4) // two before, the foreign one, and the repaired one
	d.plan("repaired.tfplan", "No changes.")

	d.chapter("6. Prove: an action tries each new database-password")
	if d.release.HasActions() {
		d.prove()
	} else {
		d.say("Not shown: actions need Terraform 1.14 or later, and this one is older or OpenTofu.")
	}

	d.chapter("7. Read: Terraform reads database-password, and hands it on")
	d.add("read.tf")
	d.plan("read.tfplan", "1 to add, 0 to change, 0 to destroy")
	d.apply("read.tfplan")
	handedOn, _, _ := d.roboto.Value(org, "database-password-of-the-reader")
	d.check("the reader got what AWS holds", handedOn == d.configured[password])

	d.chapter("8. Destroy")
	d.run(0, "destroy", "-auto-approve")
	d.check("Roboto holds no secret any more", len(d.roboto.Records(org)) == 0)
	violations := d.roboto.Violations()
	d.check(strings.Join(append([]string{"the embedded services, which are strict, objected to nothing"}, violations...), "\n  "), len(violations) == 0)
}

// prove rotates to a password that the action refuses, and back.
func (d *demo) prove() {
	good, same := d.configured[password], d.configured[token]
	d.roboto.AddAction(robototest.Action{
		Name: "check-database", Parameters: []robototest.Parameter{{Name: "password", Required: true}}, Expect: map[string]string{"password": good},
	})
	d.add("action.tf")
	d.run(0, "apply", "-auto-approve")
	d.say("A password that the database does not know:")
	d.configure(d.value("the refused password"), "3", same)
	d.run(1, "apply", "-auto-approve")
	d.say("Back to the one before:")
	d.configure(good, "4", same)
	d.run(0, "apply", "-auto-approve")
	var statuses []int
	onlyURIs := true
	for _, invocation := range d.roboto.Invocations() {
		statuses = append(statuses, invocation.Status())
		onlyURIs = onlyURIs && maps.Equal(invocation.Parameters, map[string]string{"password": uri(password)})
	}
	d.check("the action accepted the password, refused another one, and accepted it again", slices.Equal(statuses, []int{robototest.Completed, robototest.Failed, robototest.Completed}))
	d.check("each invocation was given the URI, and no value", onlyURIs)
}

// add puts a file into the module.
func (d *demo) add(name string) {
	content, err := module.ReadFile(name)
	d.err = errors.Join(d.err, err, d.workspace.Write(name, string(content)))
}

// plan saves a plan, which has to say something.
func (d *demo) plan(file, says string) string {
	output := d.run(0, "plan", "-out="+file)
	d.run(0, "show", "-json", file) // for the search
	if d.err == nil && !strings.Contains(output, says) {
		d.err = fmt.Errorf("the plan does not say %q:\n%s", says, output)
	}
	return output
}

func (d *demo) apply(file string) {
	d.run(0, "apply", file)
	d.run(0, "show", "-json") // for the search
}

// checkStored looks for the configured values in the embedded AWS, and for what the state has of them.
func (d *demo) checkStored(passwordVersions, tokenVersions int) {
	holds, state := true, string(d.state())
	for name, versions := range map[string]int{password: passwordVersions, token: tokenVersions} {
		value, versionID, _ := d.roboto.Value(org, name)
		holds = holds && value == d.configured[name] && len(d.roboto.Versions(org, name)) == versions &&
			strings.Contains(state, `"`+uri(name)+`"`) && strings.Contains(state, `"`+versionID+`"`)
	}
	d.check(fmt.Sprintf("AWS holds the configured values (versions so far: %d and %d), and the state has their URIs and version IDs", passwordVersions, tokenVersions), holds)
}

// configure sets the module's variables for the runs that follow.
func (d *demo) configure(passwordValue, passwordVersion, tokenValue string) {
	d.configured = map[string]string{password: passwordValue, token: tokenValue}
	d.variables = []string{"TF_VAR_database_password=" + passwordValue, "TF_VAR_database_password_version=" + passwordVersion, "TF_VAR_webhook_token=" + tokenValue}
}

// value makes up a value for Terraform to write.
func (d *demo) value(name string) string {
	d.written = append(d.written, canary(name))
	return d.written[len(d.written)-1].Value
}

// canary is a value that is nowhere else in the world. Each encoding writes it in another form.
func canary(name string) leaks.Needle {
	random := rand.Text()
	return leaks.Needle{Name: name, Value: random[:9] + "\"'\\ <" + random[9:18] + "ü&%" + random[18:] + "/+?>\n" + rand.Text()}
}

// search looks for the values, and for the keys to them, in all that the story left behind, and
// then where the values belong.
func (d *demo) search() {
	d.chapter("Search everything that is left for the values")
	if d.err != nil {
		return
	}
	files, err := leaks.Files(os.DirFS(filepath.Join(d.dir, "work")), func(dir string) bool {
		return strings.HasSuffix(dir, ".terraform/providers") // the provider itself
	})
	for _, kind := range []string{".tfstate", ".backup", ".tfplan", ".output", ".log"} {
		if !slices.ContainsFunc(files, func(f leaks.Artifact) bool { return filepath.Ext(f.Name) == kind && len(f.Content) > 0 }) {
			err = errors.Join(err, fmt.Errorf("no %s is left, so the search proves nothing", kind))
		}
	}
	var toRoboto, toAWS []leaks.Artifact
	for i, request := range d.roboto.Requests() {
		if request.Operation == robototest.PutValue {
			toAWS = append(toAWS, leaks.Bytes("a request", request.Body))
		} else if !request.AWS() {
			toRoboto = append(toRoboto, leaks.Bytes(fmt.Sprintf("request %d, %s", i+1, request.Operation), request.Whole()))
		}
	}

	needles := append([]leaks.Needle{d.foreign}, d.written...)
	for _, c := range d.roboto.IssuedCredentials() {
		needles = append(needles, leaks.Needle{Name: "a secret access key", Value: c.SecretAccessKey},
			leaks.Needle{Name: "a session token", Value: c.SessionToken})
	}
	inRequests, requests, errRoboto := leaks.Search(toRoboto, needles)
	needles = append(needles, leaks.Needle{Name: "the API key", Value: d.roboto.APIKey()}) // requests have to carry it
	inFiles, searched, errFiles := leaks.Search(files, needles)
	inAWS, _, errAWS := leaks.Search(toAWS, d.written)
	if d.err = errors.Join(err, errRoboto, errFiles, errAWS); d.err != nil {
		return
	}
	d.say("  %4d files, %.1f kB: states, backups, saved plans (unzipped), show -json, other output, logs (TF_LOG=TRACE)",
		searched.Artifacts, float64(searched.Bytes)/1000)
	d.say("  %4d requests to Roboto, %.1f kB", requests.Artifacts, float64(requests.Bytes)/1000)
	var found strings.Builder
	for _, finding := range append(inRequests, inFiles...) {
		_, _ = fmt.Fprintf(&found, "\n  %s", finding)
	}
	d.check(fmt.Sprintf("none holds any of the %d values, the temporary AWS credentials, or the API key (which only requests have to carry);\n"+
		"    searched for raw, escaped, quoted, in base64, in hex, and for pieces of it%s", len(d.written)+1, &found), found.Len() == 0)

	// The search has to find what is there.
	whole := map[string]bool{}
	for _, finding := range inAWS {
		whole[finding.Needle] = whole[finding.Needle] || !finding.Part
	}
	d.check(fmt.Sprintf("the same search does find the %d values that Terraform wrote where they belong: in the requests to AWS",
		len(d.written)), !slices.ContainsFunc(d.written, func(value leaks.Needle) bool { return !whole[value.Name] }))
}
