// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

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
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// record is a record of Roboto's with a given name.
func record(name string) string {
	return fmt.Sprintf(`{"name":%q,"org_id":%q,"store_type":"aws","location":{"store_type":"aws","arn":%q},"created":"2026-01-02T03:04:05Z"}`, name, orgID, arn)
}

const credentials = `{"store_type":"aws","access_key_id":"ASIANOBODYMAYSEETHIS","secret_access_key":"nobody-may-see-this","session_token":"nor-this","region":"us-west-2"}`

// fill repeats a piece, with the number of the repetition, up to a size.
func fill(size int, before, piece, after string) string {
	var b strings.Builder
	b.WriteString(before)
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strings.ReplaceAll(piece, "#", fmt.Sprint(i)))
	}
	b.WriteString(after)
	return b.String()
}

const (
	nearlyRobotoLimit = 8<<20 - 1<<10
	nearlyAWSLimit    = 1<<20 - 1<<10
)

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// body answers everything with the same.
func body(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

// behind hands out credentials, and answers to AWS's calls as given.
func behind(aws http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/creds") {
			_, _ = fmt.Fprintf(w, `{"data":{"record":%s,"creds":%s}}`, record("db"), credentials)
			return
		}
		aws(w, r)
	}
}

// lost loses the answer to a create, and answers as given who the caller is.
func lost(user http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			panic(http.ErrAbortHandler)
		case r.URL.Path == "/v1/users":
			user(w, r)
		default:
			created := time.Now().UTC().Format(time.RFC3339)
			_, _ = fmt.Fprintf(w, `{"data":%s}`, strings.Replace(record("db"), "2026-01-02T03:04:05Z", created, 1))
		}
	}
}

func bomb(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	packer := gzip.NewWriter(w)
	_, _ = io.WriteString(packer, `{"data":"`)
	zeros := bytes.Repeat([]byte("0"), 1<<20)
	for range 1 << 10 {
		if _, err := packer.Write(zeros); err != nil {
			return
		}
	}
	_ = packer.Close()
}

func endless(w http.ResponseWriter, _ *http.Request) {
	piece := bytes.Repeat([]byte("0"), 1<<16)
	_, err := io.WriteString(w, `{"data":"`)
	for err == nil {
		_, err = w.Write(piece)
	}
}

func TestListingsWithoutEnd(t *testing.T) {
	small := `{"name":"@-#","org_id":"` + orgID + `","store_type":"x","created":"2026-01-02 03:04:05"}`
	// items are those of a page. "@" stands for its number.
	for name, items := range map[string]string{
		"empty pages":         "",
		"the same record":     record("db"),
		"hundreds of records": fill(300_000, "", record("db-@-#"), ""),
		"large records":       fill(1<<20, "", record(strings.Repeat("x", 2000)+"@-#"), ""),
		"small and many":      fill(nearlyRobotoLimit, "", small, ""),
	} {
		t.Run(name, func(t *testing.T) {
			var pages atomic.Int64
			attack(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
				page := fmt.Sprint(pages.Add(1))
				_, _ = fmt.Fprintf(w, `{"data":{"next_token":"token-%s","items":[%s]}}`, page, strings.ReplaceAll(items, "@", page))
			}), "list", "the listing is too long (pages read: ")
			if n := pages.Load(); n > 20_000 {
				t.Errorf("%d pages were read", n)
			}
		})
	}
	t.Run("as many records as may be", func(t *testing.T) {
		var pages atomic.Int64
		attack(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
			page, next := pages.Add(1), "token"
			if page == 25 {
				next = ""
			}
			items := strings.Split(fill(nearlyRobotoLimit, "", strings.ReplaceAll(small, "@", fmt.Sprint(page)), ""), `},{`)[:10_000]
			_, _ = fmt.Fprintf(w, `{"data":{"next_token":%q,"items":[%s}]}}`, strings.Repeat(next, int(page)), strings.Join(items, "},{"))
		}), "list", "the listing ended after 250000 records")
	})
	t.Run("the same token", func(t *testing.T) {
		var pages atomic.Int64
		attack(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
			pages.Add(1)
			_, _ = io.WriteString(w, `{"data":{"next_token":"same","items":[]}}`)
		}), "list", "in a circle")
		if n := pages.Load(); n != 2 {
			t.Errorf("%d pages were read, want 2", n)
		}
	})
}

// TestAnswersWithoutEnd covers what is large, and what is small and takes much memory.
func TestAnswersWithoutEnd(t *testing.T) {
	for name, test := range map[string]struct {
		call    string
		handler http.HandlerFunc
		want    string
	}{
		"endless body":  {"record", endless, "the answer is larger than 8 MiB"},
		"gzip bomb":     {"record", bomb, "the answer is larger than 8 MiB"},
		"endless error": {"record", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadRequest); endless(w, r) }, "the answer is larger than 8 MiB"},
		"large error": {"record", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, fill(nearlyRobotoLimit, `{"error":{"message":"`, "x", `"}}`))
		}, "answered 400 Bad Request"},
		"many keys":             {"record", body(fill(nearlyRobotoLimit, "{", `"#":0`, "}")), "does not have the shape"},
		"many keys in the data": {"record", body(fill(nearlyRobotoLimit, `{"data":{`, `"#":0`, "}}")), "lacks its name"},
		"deep nesting":          {"record", body(`{"data":` + strings.Repeat("[", nearlyRobotoLimit)), "the answer is incomplete JSON"},
		"empty items":           {"list", body(fill(nearlyRobotoLimit, `{"data":{"items":[`, "{}", "]}}")), "lacks its name"},
		"numbers for items":     {"list", body(fill(nearlyRobotoLimit, `{"data":{"items":[`, "0", "]}}")), "does not have the shape"},
		"a long name":           {"list", body(`{"data":{"items":[` + record(strings.Repeat("x", 1<<20)) + "]}}"), "the listing ended after 0 records"},
		"empty organizations":   {"organizations", body(fill(nearlyRobotoLimit, `{"data":[`, "{}", "]}")), "without a valid ID"},
		"many organizations":    {"organizations", body(fill(nearlyRobotoLimit, `{"data":[`, `{"org_id":"a"}`, "]}")), "more than 1000 organizations"},
		"endless user":          {"create", lost(endless), "it cannot be found out who owns the API key"},
		"gzip bomb of a user":   {"create", lost(bomb), "it cannot be found out who owns the API key"},
		"a long user ID":        {"create", lost(body(`{"data":{"user_id":"` + strings.Repeat("x", nearlyRobotoLimit) + `"}}`)), "it cannot be found out who owns the API key"},
		"endless body of AWS":   {"value", behind(endless), "the answer is larger than 1 MiB"},
		"gzip bomb of AWS":      {"value", behind(bomb), "the answer is larger than 1 MiB"},
		"empty objects of AWS":  {"value", behind(body(fill(nearlyAWSLimit, `{"x":[`, "{}", "]}"))), "AWS names another secret"},
		"many keys of AWS":      {"value", behind(body(fill(nearlyAWSLimit, `{`, `"#":0`, "}"))), "AWS names another secret"},
	} {
		t.Run(name, func(t *testing.T) { attack(t, serve(t, test.handler), test.call, test.want) })
	}
}

// wire is what is written to a connection, as no HTTP server would.
type wire struct {
	first, repeated string
	every           time.Duration
	// want is in the error.
	want string
}

// write returns how many bytes were taken.
func (w wire) write(conn net.Conn) int {
	written, err := io.WriteString(conn, w.first)
	for err == nil && w.repeated != "" {
		time.Sleep(w.every)
		var n int
		n, err = io.WriteString(conn, w.repeated)
		written += n
	}
	return written
}

var wires = func() map[string]wire {
	const body = "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n"
	return map[string]wire{
		"one header line":            {"HTTP/1.1 200 OK\r\nX: ", strings.Repeat("x", 1<<12), 0, "the header of the answer is larger than 1 MiB"},
		"header lines":               {"HTTP/1.1 200 OK\r\n", "X-Some-Header: x\r\n", 0, "the header of the answer is larger than 1 MiB"},
		"informational answers":      {"", "HTTP/1.1 103 Early Hints\r\n\r\n", 0, "the header of the answer is larger than 1 MiB"},
		"status line":                {"HTTP/1.1 200 ", strings.Repeat("x", 1<<12), 0, "the header of the answer is larger than 1 MiB"},
		"a trickled header":          {"HTTP/1.1 200 OK\r\n", "X", 50 * time.Millisecond, "the request timed out"},
		"trickled informational":     {"", "HTTP/1.1 103 Early Hints\r\n\r\n", 50 * time.Millisecond, "the request timed out"},
		"a trickled body":            {body, "{", 50 * time.Millisecond, "the request timed out"},
		"a chunk of endless length":  {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "f", 0, "the answer was not HTTP"},
		"a chunk extension":          {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=", "x", 0, "the answer was not HTTP"},
		"chunks of one byte, slowly": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\n{\r\n", 50 * time.Millisecond, "the request timed out"},
		"trailers":                   {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X-Trailer: x\r\n", 0, "the answer was not HTTP"},
		"a length that is no length": {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "x", 0, "the answer was not HTTP"},
		"a body that breaks off":     {body + "{", "", 0, "closed before the answer was complete"},
		"JSON that breaks off":       {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{", "", 0, "the answer is incomplete JSON"},
		"a header and silence":       {body, "{", time.Hour, "the request timed out"},
	}
}()

func TestHeadersWithoutEnd(t *testing.T) {
	for name, wire := range wires {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timeout := 30 * time.Second
			if wire.every > 0 {
				timeout = 2 * time.Second
			}
			attackWithTimeout(t, timeout, "http://"+listen(t, func(conn net.Conn) { wire.write(conn) }), "record", wire.want)
		})
	}
}

// TestTimeWithDefaults has the same come to a provider with the default settings, where an
// attempt alone may take half a minute.
func TestTimeWithDefaults(t *testing.T) {
	for attacked, call := range map[string]func(*protocol.Session) error{
		"Roboto": func(s *protocol.Session) error {
			_, out := s.ReadDataSource(protocol.TypeSecret, protocol.Fields{"name": "db", "org_id": robototest.DefaultOrg})
			return out.Err()
		},
		"a create": func(s *protocol.Session) error {
			return s.Change(protocol.Fields{"name": "new", "org_id": robototest.DefaultOrg, "value_wo": "a value"})
		},
		"AWS": func(s *protocol.Session) error {
			_, out := s.Provider.OpenEphemeral(protocol.Fields{"name": "db"})
			return out.Err()
		},
	} {
		for name, wire := range wires {
			t.Run(attacked+"/"+name, func(t *testing.T) { inTime(t, attacked == "AWS", false, wire, call) })
			t.Run(attacked+"/after an answer/"+name, func(t *testing.T) { inTime(t, attacked == "AWS", true, wire, call) })
		}
	}
}

func inTime(t *testing.T, aws, hasAnswered bool, wire wire, call func(*protocol.Session) error) {
	synctest.Test(t, func(t *testing.T) {
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
			writing.Go(func() {
				answering(conn, func(conn net.Conn) { written.Add(int64(wire.write(conn))) })
			})
			return client, nil
		}
		s := c.MustStart()
		if hasAnswered {
			_, out := s.Provider.OpenEphemeral(protocol.Fields{"name": "db"})
			c.Must(out.Err())
			time.Sleep(2 * time.Minute) // until the connections are closed
		}
		hostile = true
		began := time.Now()
		err := call(s)
		took := time.Since(began)
		writing.Wait()
		if err == nil || !strings.Contains(err.Error(), wire.want) {
			t.Errorf("the error is %v, want one with %q", err, wire.want)
		}
		if took > 65*time.Second { // two attempts that are lost, and the wait between them
			t.Errorf("it took %s", took)
		}
		if n := written.Load(); n > 4<<20 { // a header is read up to 1 MiB
			t.Errorf("%d bytes were read", n)
		}
		if err != nil && (strings.Contains(err.Error(), server.APIKey()) || strings.Contains(err.Error(), "a value")) {
			t.Errorf("the error shows the API key or the value: %v", err)
		}
		t.Logf("it took %s for %d bytes", took, written.Load())
	})
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
		for _, want := range []string{"the listing is too long (pages read: 63, records: 62, MiB: 0 of at most 256, minutes: 30 of at most 30).", "read those that you need with the data source roboto_secret"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("the error is %v, want one with %q", err, want)
			}
		}
		if took := time.Since(began); took > 31*time.Minute {
			t.Errorf("it took %s", took)
		}
	})
}

// listen answers each connection, once a request has come.
func listen(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go answering(conn, answer)
		}
	}()
	return listener.Addr().String()
}

func answering(conn net.Conn, answer func(net.Conn)) {
	defer func() { _ = conn.Close() }()
	request, err := http.ReadRequest(bufio.NewReader(conn))
	if err == nil {
		_, err = io.Copy(io.Discard, request.Body)
	}
	if err == nil {
		answer(conn)
	}
}
