// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

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
	victimTimeout  = "HOSTILE_TIMEOUT"
)

func TestMain(m *testing.M) {
	if os.Getenv(victimEndpoint) != "" {
		os.Exit(beVictim())
	}
	os.Exit(m.Run())
}

// calls are what a victim does.
var calls = map[string]func(context.Context, *roboto.Client) error{
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
	timeout, err := time.ParseDuration(os.Getenv(victimTimeout))
	if err != nil {
		return 2
	}
	client := roboto.NewClient(roboto.Config{
		APIKey:                 roboto.NewSensitive(apiKey),
		Endpoint:               endpoint,
		SecretsManagerEndpoint: endpoint,
		RequestTimeout:         timeout,
		MaxAttempts:            1,
	}, roboto.Options{ToolName: "hostile"})
	var result report
	if err := calls[os.Getenv(victimCall)](context.Background(), client); err != nil {
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

// attack has a victim make a call. It has to end in time, in little memory, and with an error
// that says what was wrong.
func attack(t *testing.T, endpoint, call, want string) {
	t.Helper()
	attackWithTimeout(t, 30*time.Second, endpoint, call, want)
}

func attackWithTimeout(t *testing.T, timeout time.Duration, endpoint, call, want string) {
	t.Helper()
	const longest = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	victim := exec.CommandContext(ctx, self)
	victim.Env = []string{victimEndpoint + "=" + endpoint, victimCall + "=" + call, victimTimeout + "=" + timeout.String()}
	var stdout, stderr bytes.Buffer
	victim.Stdout, victim.Stderr = &stdout, &stderr
	started := time.Now()
	err = victim.Run()
	if ctx.Err() != nil {
		t.Fatalf("no end after %v", longest)
	}
	var result report
	if err = errors.Join(err, json.Unmarshal(stdout.Bytes(), &result)); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	t.Logf("%d MiB, %v: %.300s", result.PeakMiB, time.Since(started).Round(10*time.Millisecond), result.Error)
	if !strings.Contains(result.Error, want) {
		t.Errorf("the error is %.300q, want one with %q", result.Error, want)
	}
	most := mostMiB
	if call == "list" { // which keeps all that is listed
		most = mostListedMiB
	}
	if result.PeakMiB > most {
		t.Errorf("it took %d MiB, want %d at most", result.PeakMiB, most)
	}
	for _, secret := range []string{apiKey, "ASIANOBODYMAYSEETHIS", "nobody-may-see-this", "nor-this"} { // the others are of the constant credentials
		if strings.Contains(result.Error+stderr.String(), secret) {
			t.Errorf("%s is shown", secret)
		}
	}
}
