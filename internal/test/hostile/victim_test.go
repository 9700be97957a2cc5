// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package hostile tries what somebody might who wants the values, the API key or an end of
// the work. SECURITY.md lists what came out.
package hostile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
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

// A victim is a process of its own, so that its memory is that of the client alone.
const (
	victimEndpoint = "HOSTILE_ENDPOINT"
	victimCall     = "HOSTILE_CALL"
)

func TestMain(m *testing.M) {
	if os.Getenv(victimEndpoint) != "" {
		os.Exit(beVictim())
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

// report is what a victim writes to its standard output.
type report struct {
	Error   string
	PeakMiB int
}

func beVictim() int {
	endpoint, err := url.Parse(os.Getenv(victimEndpoint))
	if err != nil {
		return 2
	}
	client := roboto.NewClient(roboto.Config{
		APIKey:                 roboto.NewSensitive(apiKey),
		Endpoint:               endpoint,
		SecretsManagerEndpoint: endpoint,
		RequestTimeout:         30 * time.Second,
		MaxAttempts:            1,
	}, roboto.Options{ToolName: "hostile", Log: func(_ context.Context, fields map[string]any) { fmt.Fprintln(os.Stderr, fields) }})
	var result report
	if err := victimCalls[os.Getenv(victimCall)](context.Background(), client); err != nil {
		result.Error = err.Error()
	}
	result.PeakMiB = peakMiB("self")
	if json.NewEncoder(os.Stdout).Encode(result) != nil {
		return 2
	}
	return 0
}

var peakPattern = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peakMiB is the most memory that a process has had, or 0 where the system does not say.
func peakMiB(process string) int {
	status, err := os.ReadFile("/proc/" + process + "/status")
	if err != nil {
		return 0
	}
	match := peakPattern.FindSubmatch(status)
	if match == nil {
		return 0
	}
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
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	victim := exec.CommandContext(ctx, self)
	victim.Env = append(env, victimEndpoint+"="+endpoint, victimCall+"="+call)
	var stdout, stderr bytes.Buffer
	victim.Stdout, victim.Stderr = &stdout, &stderr
	err = victim.Run()
	if ctx.Err() != nil {
		t.Fatalf("no end after %v", longest)
	}
	var result report
	if err = errors.Join(err, json.Unmarshal(stdout.Bytes(), &result)); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	if !strings.Contains(result.Error, want) {
		t.Errorf("the error is %.300q, want one with %q", result.Error, want)
	}
	if most := mostMiB(call == "list"); result.PeakMiB > most {
		t.Errorf("it took %d MiB, want %d at most", result.PeakMiB, most)
	}
	written := result.Error + stderr.String()
	for _, secret := range []string{apiKey, "ASIANOBODYMAYSEETHIS", "nobody-may-see-this", "nor-this"} { // the others are of the constant credentials
		if strings.Contains(written, secret) {
			t.Errorf("%s is shown", secret)
		}
	}
	return written
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
