// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package hostile tries what somebody might who wants the values, the API key or an end of
// the work. SECURITY.md lists what came out.
package hostile

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

const (
	apiKey = "rbt_NobodyMaySeeThisKey"
	orgID  = "og_hostile"
	arn    = "arn:aws:secretsmanager:us-west-2:123456789012:secret:db-AbCdEf"
)

// A victim is a process of its own, so that its memory is that of the client alone. It is told an endpoint and a call.
const victimOf = "HOSTILE_VICTIM"

func TestMain(m *testing.M) {
	if endpoint, call, ok := strings.Cut(os.Getenv(victimOf), " "); ok {
		err := victimCalls[call](context.Background(), victim(endpoint))
		fmt.Println(peakMiB("self"), err)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// victimCalls are what a victim does.
var victimCalls = map[string]func(context.Context, *roboto.Client) error{
	"record": func(ctx context.Context, c *roboto.Client) error {
		_, err := c.Record(ctx, roboto.SecretRef{Name: "db", OrgID: orgID})
		return err
	},
	"create": func(ctx context.Context, c *roboto.Client) error {
		_, err := c.CreateSecret(ctx, roboto.SecretRef{Name: "db", OrgID: orgID}, roboto.Record{})
		return err
	},
	"list": func(ctx context.Context, c *roboto.Client) error {
		var kept []roboto.Record // as the data source does
		for record, err := range c.Records(ctx, orgID, func(string) {}) {
			if err != nil {
				return err
			}
			kept = append(kept, record)
		}
		return fmt.Errorf("the listing ended after %d records", len(kept))
	},
	"organizations": func(ctx context.Context, c *roboto.Client) error {
		_, err := c.OnlyOrgID(ctx)
		return err
	},
	"value": func(ctx context.Context, c *roboto.Client) error {
		_, err := c.ValueAccess(roboto.Record{SecretRef: roboto.SecretRef{Name: "db", OrgID: orgID}}).Read(ctx, roboto.Version{})
		return err
	},
}

func victim(endpoint string) *roboto.Client {
	at, err := url.Parse(endpoint)
	if err != nil {
		panic(err)
	}
	return roboto.NewClient(roboto.Config{
		APIKey:                 roboto.NewSensitive(apiKey),
		Endpoint:               at,
		SecretsManagerEndpoint: at,
		RequestTimeout:         30 * time.Second,
		MaxAttempts:            1,
	}, roboto.Options{ToolName: "hostile", Log: func(_ context.Context, fields map[string]any) { fmt.Fprintln(os.Stderr, fields) }})
}

var peakPattern = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peakMiB is the most memory that a process has had, or 0 where the system does not say.
func peakMiB(process string) int {
	status, _ := os.ReadFile("/proc/" + process + "/status")
	match := peakPattern.FindSubmatch(append(status, "VmHWM: 0 kB"...))
	kib, _ := strconv.Atoi(string(match[1]))
	return kib >> 10
}

// mostMiB is the memory that an attack may take. A listing may take more, because all of it is kept. The
// race detector takes five to ten times the memory (Go documentation, "Data Race Detector").
func mostMiB(listing bool) int {
	most := 200
	if listing {
		most = 800
	}
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		most *= 10
	}
	return most
}

// attack has a victim make a call. It has to end in time, in little memory, and with an error
// that says what was wrong. It returns all that the victim writes.
func attack(t *testing.T, endpoint, call, want string, env ...string) string {
	t.Helper()
	const longest = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	victim := exec.CommandContext(ctx, os.Args[0])
	victim.Env = append(env, victimOf+"="+endpoint+" "+call)
	var log bytes.Buffer
	victim.Stderr = &log
	printed, err := victim.Output()
	if err != nil {
		t.Fatalf("%v; within %v, it wrote %s\n%s", err, longest, printed, log.String())
	}
	peak, said, _ := strings.Cut(string(printed), " ")
	if !strings.Contains(said, want) {
		t.Errorf("the error is %.300q, want one with %q", said, want)
	}
	if mib, err := strconv.Atoi(peak); err != nil || mib > mostMiB(call == "list") {
		t.Errorf("it took %s MiB, want %d at most", peak, mostMiB(call == "list"))
	}
	for _, secret := range []string{apiKey, "ASIANOBODYMAYSEETHIS", "nobody-may-see-this", "nor-this"} { // the others are of the constant credentials
		if strings.Contains(said+log.String(), secret) {
			t.Errorf("%s is shown", secret)
		}
	}
	return said + log.String()
}

// TestProxyPassword has passwords in HTTPS_PROXY that are not escaped. What Go then takes for the
// host is a piece of what comes before the "@".
func TestProxyPassword(t *testing.T) {
	const named = "through the proxy proxy.invalid:3128 of HTTPS_PROXY"
	for proxy, shown := range map[string]bool{
		"http://kanarienvogel:4711@proxy.invalid:3128":      true,
		"kanarienvogel:4711@proxy.invalid:3128":             true,
		"http://kanarien@vogel:4711@proxy.invalid:3128":     true,
		"http://kanarienvogel?4711@proxy.invalid:3128":      false,
		"http://kanarienvogel:4711?x@proxy.invalid:3128":    false,
		"kanarienvogel:4711/x@proxy.invalid:3128":           false,
		"kanarienvogel:4711^x@proxy.invalid:3128":           false,
		"https://kanarienvogel:4711#x@proxy.invalid:3128":   false,
		"socks5://x:47@kanarienvogel?11@proxy.invalid:3128": false,
	} {
		t.Run(proxy, func(t *testing.T) {
			written := attack(t, "https://api.example.com", "record", "proxy of HTTPS_PROXY cannot be reached", "HTTPS_PROXY="+proxy)
			if strings.Contains(written, named) != shown {
				t.Errorf("it is not %t that the proxy's host is shown:\n%s", shown, written)
			}
			for _, piece := range []string{"kanarien", "vogel", ":4711"} {
				if strings.Contains(written, piece) {
					t.Errorf("%q is shown:\n%s", piece, written)
				}
			}
		})
	}
}
