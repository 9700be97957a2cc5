// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package hostile tries what somebody might who wants the values, the API key or an end of
// the work. SECURITY.md lists what came out.
package hostile

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// record is a record of Roboto's with a given name.
func record(name string) string {
	return `{"name":"` + name + `","org_id":"` + orgID + `","store_type":"x","created":"2026-01-02 03:04:05"}`
}

// fill repeats a piece, with the number of the repetition, up to a size.
func fill(size int, before, piece, after string) string {
	var pieces []string
	for length := 0; length < size; length += len(pieces[len(pieces)-1]) + 1 {
		pieces = append(pieces, strings.ReplaceAll(piece, "#", fmt.Sprint(len(pieces))))
	}
	return before + strings.Join(pieces, ",") + after
}

const nearlyRobotoLimit = 8<<20 - 1<<10

func TestListingsWithoutEnd(t *testing.T) {
	small := fill(nearlyRobotoLimit, "", record("@-#"), "")
	many := strings.Split(small, ",{")[:10_000]
	for name, test := range map[string]struct {
		items string // of a page; "@" stands for its number
		pages int64  // how many there are; 0 is without end
		want  string
	}{
		"empty pages":               {"", 0, "the listing is too long (pages read: 16385,"},
		"large records":             {fill(1<<20, "", record(strings.Repeat("x", 2000)+"@-#"), ""), 0, "the listing is too long (pages read: "},
		"small and many":            {small, 0, "the listing is too long (pages read: 3,"},
		"as many records as may be": {strings.Join(many, ",{"), 25, "the listing ended after 250000 records"},
	} {
		t.Run(name, func(t *testing.T) {
			var pages atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				page, next := pages.Add(1), "token-@"
				if page == test.pages {
					next = ""
				}
				text := fmt.Sprintf(`{"data":{"next_token":%q,"items":[%s]}}`, next, test.items)
				_, _ = io.WriteString(w, strings.ReplaceAll(text, "@", fmt.Sprint(page)))
			}))
			defer server.Close()
			attack(t, server.URL, "list", test.want)
		})
	}
}

// TestAnswersWithoutEnd covers what is large, and what is small and takes much memory.
func TestAnswersWithoutEnd(t *testing.T) {
	var bomb strings.Builder
	packer := gzip.NewWriter(&bomb)
	for range 1 << 10 {
		_, _ = packer.Write(bytes.Repeat([]byte("0"), 1<<20))
	}
	must(t, packer.Close())
	ofRoboto := func(before, piece, after string) string { return fill(nearlyRobotoLimit, before, piece, after) }
	ofAWS := func(before, piece, after string) string { return fill(1<<20-1<<10, before, piece, after) }
	for name, test := range map[string]struct {
		call      string
		operation robototest.Operation
		body      string
		want      string
	}{
		"gzip bomb":             {"record", robototest.GetSecret, bomb.String(), "the answer is larger than 8 MiB"},
		"large error":           {"record", robototest.GetSecret, ofRoboto(`{"error":{"message":"`, "x", `"}}`), "answered 400 Bad Request"},
		"many keys":             {"record", robototest.GetSecret, ofRoboto("{", `"#":0`, "}"), "does not have the shape"},
		"many keys in the data": {"record", robototest.GetSecret, ofRoboto(`{"data":{`, `"#":0`, "}}"), "lacks its name"},
		"deep nesting":          {"record", robototest.GetSecret, `{"data":` + strings.Repeat("[", nearlyRobotoLimit), "the answer is incomplete JSON"},
		"empty items":           {"list", robototest.ListSecrets, ofRoboto(`{"data":{"items":[`, "{}", "]}}"), "lacks its name"},
		"numbers for items":     {"list", robototest.ListSecrets, ofRoboto(`{"data":{"items":[`, "0", "]}}"), "does not have the shape"},
		"a long name":           {"list", robototest.ListSecrets, `{"data":{"items":[` + record(strings.Repeat("x", 1<<20)) + "]}}", "the listing ended after 0 records"},
		"empty organizations":   {"organizations", robototest.ListOrgs, ofRoboto(`{"data":[`, "{}", "]}"), "without a valid ID"},
		"many organizations":    {"organizations", robototest.ListOrgs, ofRoboto(`{"data":[`, `{"org_id":"a"}`, "]}"), "more than 1000 organizations"},
		"gzip bomb of a user":   {"create", robototest.GetUser, bomb.String(), "it cannot be found out who owns the API key"},
		"a long user ID":        {"create", robototest.GetUser, ofRoboto(`{"data":{"user_id":"`, "x", `"}}`), "it cannot be found out who owns the API key"},
		"gzip bomb of AWS":      {"value", robototest.GetValue, bomb.String(), "the answer is larger than 1 MiB"},
		"empty objects of AWS":  {"value", robototest.GetValue, ofAWS(`{"x":[`, "{}", "]}"), "AWS names another secret"},
		"many keys of AWS":      {"value", robototest.GetValue, ofAWS("{", `"#":0`, "}"), "AWS names another secret"},
	} {
		t.Run(name, func(t *testing.T) {
			server := robototest.Start(t, robototest.Options{APIKey: apiKey, Orgs: []string{orgID}})
			fault := robototest.Fault{Operation: test.operation, Body: test.body}
			if test.body == bomb.String() {
				fault.Header = http.Header{"Content-Encoding": {"gzip"}}
			}
			if name == "large error" {
				fault.Status = http.StatusBadRequest
			}
			server.Inject(fault)
			if test.call == "create" {
				server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Drop: true, After: true})
			} else {
				server.AddSecret(orgID, "db")
				server.SetValue(orgID, "db", "a value")
			}
			written := attack(t, server.Endpoint()+" "+server.SecretsManagerEndpoint(), test.call, test.want)
			for _, c := range server.IssuedCredentials() {
				for _, secret := range []string{c.AccessKeyID, c.SecretAccessKey, c.SessionToken} {
					if strings.Contains(written, secret) {
						t.Errorf("%s is shown", secret)
					}
				}
			}
		})
	}
}

// wire is what is written to a connection, as no HTTP server would.
type wire struct {
	first, repeated string
	every           time.Duration
	// want is in the error.
	want string
}

// answer answers a request, and returns how many bytes were taken.
func (w wire) answer(conn net.Conn) (written int64) {
	defer func() { _ = conn.Close() }()
	request, err := http.ReadRequest(bufio.NewReader(conn))
	if err == nil {
		_, err = io.Copy(io.Discard, request.Body)
	}
	for next := w.first; err == nil && next != ""; next = w.repeated {
		var n int
		n, err = io.WriteString(conn, next)
		written += int64(n)
		time.Sleep(w.every)
	}
	return written
}

const (
	goodStatus  = "HTTP/1.1 200 OK\r\n"
	goodHeader  = goodStatus + "Content-Length: 10000\r\n\r\n"
	chunked     = goodStatus + "Transfer-Encoding: chunked\r\n\r\n"
	earlyHints  = "HTTP/1.1 103 Early Hints\r\n\r\n"
	largeHeader = "the header of the answer is larger than 1 MiB"
	notHTTP     = "the answer was not HTTP"
	timedOut    = "the request timed out"
)

var wires = map[string]wire{
	"one header line":            {goodStatus + "X: ", strings.Repeat("x", 1<<12), 0, largeHeader},
	"header lines":               {goodStatus, "X-Some-Header: x\r\n", 0, largeHeader},
	"informational answers":      {earlyHints, earlyHints, 0, largeHeader},
	"status line":                {"HTTP/1.1 200 ", strings.Repeat("x", 1<<12), 0, largeHeader},
	"a trickled header":          {goodStatus, "X", 50 * time.Millisecond, timedOut},
	"trickled informational":     {earlyHints, earlyHints, 50 * time.Millisecond, timedOut},
	"a trickled body":            {goodHeader, "{", 50 * time.Millisecond, timedOut},
	"a chunk of endless length":  {chunked, "f", 0, notHTTP},
	"a chunk extension":          {chunked + "1;x=", "x", 0, notHTTP},
	"chunks of one byte, slowly": {chunked, "1\r\n{\r\n", 50 * time.Millisecond, timedOut},
	"trailers":                   {chunked + "0\r\n", "X-Trailer: x\r\n", 0, notHTTP},
	"a length that is no length": {goodStatus + "Content-Length: -1\r\n\r\n", "x", 0, notHTTP},
	"a body that breaks off":     {goodHeader + "{", "", 0, "closed before the answer was complete"},
	"JSON that breaks off":       {goodStatus + "Content-Length: 1\r\n\r\n{", "", 0, "the answer is incomplete JSON"},
	"a header and silence":       {goodHeader, "{", time.Hour, timedOut},
}

// TestTimeWithDefaults has them come to a provider with the default settings, where an attempt alone
// may take half a minute: at first, and after an answer.
func TestTimeWithDefaults(t *testing.T) {
	for attacked, call := range map[string]func(*protocol.Session) error{
		"Roboto": func(s *protocol.Session) error {
			_, out := s.ReadDataSource(protocol.TypeSecret, protocol.Fields{"name": "db", "org_id": robototest.DefaultOrg})
			return out.Err()
		},
		"a create": func(s *protocol.Session) error {
			return s.Change(protocol.Fields{"name": "new", "org_id": robototest.DefaultOrg, "value_wo": "a value"})
		},
		"AWS": openDB,
	} {
		for name, wire := range wires {
			for _, when := range []string{"at first", "after an answer"} {
				t.Run(attacked+"/"+name+"/"+when, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { endsInTime(t, attacked == "AWS", when == "after an answer", wire, call) })
				})
			}
		}
	}
}

func openDB(s *protocol.Session) error {
	_, out := s.Provider.OpenEphemeral(protocol.Fields{"name": "db"})
	return out.Err()
}

func endsInTime(t *testing.T, aws, hasAnswered bool, wire wire, call func(*protocol.Session) error) {
	server := robototest.Start(t, robototest.Options{InMemory: true})
	server.AddSecret(robototest.DefaultOrg, "db")
	server.SetValue(robototest.DefaultOrg, "db", "a value")
	c := protocol.NewCore(t, server)
	hostile := false
	var writing sync.WaitGroup
	var written atomic.Int64
	c.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if !hostile || aws && "http://"+addr != server.SecretsManagerEndpoint() {
			return server.DialContext(ctx, network, addr)
		}
		client, conn := net.Pipe()
		writing.Go(func() { written.Add(wire.answer(conn)) })
		return client, nil
	}
	s := c.MustStart()
	if hasAnswered {
		c.Must(openDB(s))
		time.Sleep(2 * time.Minute) // until the connections are closed
	}
	hostile = true
	began := time.Now()
	err := call(s)
	took := time.Since(began)
	writing.Wait()
	says(t, err, wire.want)
	if took > 65*time.Second { // two attempts that are lost, and the wait between them
		t.Errorf("it took %s", took)
	}
	if n := written.Load(); n > 4<<20 { // a header is read up to 1 MiB
		t.Errorf("%d bytes were read", n)
	}
	if text := fmt.Sprint(err); strings.Contains(text, server.APIKey()) || strings.Contains(text, "a value") {
		t.Errorf("the error shows the API key or the value: %v", err)
	}
}

func says(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %v, want one with %q", err, want)
	}
}

// TestListingsThatTakeTheirTime answers each page just before the attempt times out.
func TestListingsThatTakeTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true, PageSize: 1})
		for i := range 100 {
			server.AddSecret(robototest.DefaultOrg, fmt.Sprint("db-", i))
		}
		server.Latency(29 * time.Second)
		began := time.Now()
		_, err := protocol.NewCore(t, server).ReadData(protocol.TypeSecrets, protocol.Fields{"org_id": robototest.DefaultOrg})
		says(t, err, "the listing is too long (pages read: 63, records: 62, MiB: 0 of at most 256, minutes: 30 of at most 30).")
		says(t, err, "read those that you need with the data source roboto_secret")
		if took := time.Since(began); took > 31*time.Minute {
			t.Errorf("it took %s", took)
		}
	})
}

const (
	apiKey = "rbt_NobodyMaySeeThisKey"
	orgID  = "og_hostile"
)

// A victim is a process of its own, so that its memory is that of the client alone. It is told a call and endpoints.
const victimOf = "HOSTILE_VICTIM"

func TestMain(m *testing.M) {
	if to := strings.Fields(os.Getenv(victimOf)); len(to) > 1 {
		err := victimCalls[to[0]](context.Background(), victim(to[1], to[len(to)-1]))
		_, _ = fmt.Fprintln(os.Stdout, peakMiB("self"), err)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var db = roboto.SecretRef{Name: "db", OrgID: orgID}

// victimCalls are what a victim does.
var victimCalls = map[string]func(context.Context, *roboto.Client) error{
	"record": func(ctx context.Context, c *roboto.Client) error { return errorOf(c.Record(ctx, db)) },
	"create": func(ctx context.Context, c *roboto.Client) error {
		return errorOf(c.CreateSecret(ctx, db, roboto.Record{}))
	},
	"organizations": func(ctx context.Context, c *roboto.Client) error { return errorOf(c.OnlyOrgID(ctx)) },
	"value": func(ctx context.Context, c *roboto.Client) error {
		return errorOf(c.ValueAccess(roboto.Record{SecretRef: db}).Read(ctx, roboto.Version{}))
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
}

func errorOf[T any](_ T, err error) error { return err }

func victim(endpoint, ofAWS string) *roboto.Client {
	at, _ := url.Parse(endpoint) // those of servers can be parsed
	atAWS, _ := url.Parse(ofAWS)
	return roboto.NewClient(roboto.Config{
		APIKey:                 roboto.NewSensitive(apiKey),
		Endpoint:               at,
		SecretsManagerEndpoint: atAWS,
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
func attack(t *testing.T, endpoints, call, want string, env ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	victim := exec.CommandContext(ctx, os.Args[0])
	victim.Env = append(env, victimOf+"="+call+" "+endpoints)
	var log bytes.Buffer
	victim.Stderr = &log
	printed, err := victim.Output()
	if err != nil {
		t.Fatalf("%v; within a minute, it wrote %s\n%s", err, printed, log.String())
	}
	peak, said, _ := strings.Cut(string(printed), " ")
	if !strings.Contains(said, want) {
		t.Errorf("the error is %.300q, want one with %q", said, want)
	}
	if mib, err := strconv.Atoi(peak); err != nil || mib > mostMiB(call == "list") {
		t.Errorf("it took %s MiB, want %d at most", peak, mostMiB(call == "list"))
	}
	if strings.Contains(said+log.String(), apiKey) {
		t.Error("the API key is shown")
	}
	return said + log.String()
}

// TestProxyPassword has passwords in HTTPS_PROXY that are not escaped. What Go then takes for the
// host is a piece of what comes before the "@".
func TestProxyPassword(t *testing.T) {
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
			if strings.Contains(written, "through the proxy proxy.invalid:3128 of HTTPS_PROXY") != shown {
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
