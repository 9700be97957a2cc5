// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package faults

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/protocol"
	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// dialer opens connections.
type dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// deadHost is a way in which a host answers nothing.
type deadHost struct {
	dial     dialer
	endpoint string
	// reason is in every error. within is how long many secrets may take together.
	reason string
	within time.Duration
	// most is how many connections may be tried.
	most int
}

// refuse opens no connection.
func refuse(err error) dialer {
	return func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
	}
}

var errRefused = os.NewSyscallError("connect", syscall.ECONNREFUSED)

func deadHosts(t *testing.T) map[string]deadHost {
	const (
		secure, plain = "https://api.example.com", "http://127.0.0.1:1"
		// A host is out of reach after half a minute and at most one wait, of up to 15 seconds. What times
		// out is out of reach after two attempts.
		refused, timedOut = 46 * time.Second, 62 * time.Second
	)
	// Its certificate is not trusted, and it listens outside of the bubbles.
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(untrusted.Close)
	mistrusted := untrusted.TLS.Certificates
	hang := func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	// answering takes the connection and lets a server do with it what it likes.
	answering := func(serve func(net.Conn)) dialer {
		return func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go serve(server)
			return client, nil
		}
	}
	silent := func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) }
	header := func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1<<12))
		_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"))
		silent(conn)
	}
	speakTLS := func(certificates []tls.Certificate) dialer {
		return answering(func(conn net.Conn) {
			_ = tls.Server(conn, &tls.Config{Certificates: certificates, MinVersion: tls.VersionTLS12}).HandshakeContext(context.Background())
			_ = conn.Close()
		})
	}
	noSuchHost := refuse(&net.DNSError{Err: "no such host", Name: "api.example.com", IsNotFound: true})
	return map[string]deadHost{
		"unknown host":            {noSuchHost, secure, "the host name cannot be resolved", time.Second, causeSecrets},
		"refused port":            {refuse(errRefused), secure, "connection refused", refused, 100},
		"packets swallowed":       {hang, secure, "the request timed out", refused, 50},
		"silent after connecting": {answering(silent), plain, "the request timed out", timedOut, 30},
		"silent after a header":   {answering(header), plain, "the request timed out", timedOut, 30},
		"certificate not trusted": {speakTLS(mistrusted), secure, "the server's TLS certificate is not trusted", time.Second, causeSecrets},
		"TLS refused":             {speakTLS(nil), secure, "the server refused the TLS connection", refused, 100},
	}
}

// causeSecrets is how many secrets share a cause, and causeParallel how many calls run at a time.
const causeSecrets, causeParallel = 60, 10

// sharedCause is why the same call fails for many secrets.
type sharedCause struct {
	vars     map[string]string
	settings fields
	faults   []robototest.Fault
	// dial opens the connections to Roboto, or to AWS alone.
	dial     dialer
	awsAlone bool
	// call is a refresh if it is nil. create is set if the secrets do not exist before.
	call   func(s *protocol.Session, name string) error
	create bool
	// passed is how many secrets have no error. All others have one with the reason. One of them says what
	// to do, or several if severalAdvise is set.
	passed        int
	reason        string
	severalAdvise bool
	// most is how many requests or connections are right, and within how much time.
	most   int
	within time.Duration
}

// A host that is out of reach is found out once. Of a refresh, one error says so, and no secret is
// dropped from the state.
func TestOutOfReach(t *testing.T) {
	for name, host := range deadHosts(t) {
		cause := sharedCause{
			dial: host.dial, vars: map[string]string{"ROBOTO_SERVICE_ENDPOINT": host.endpoint},
			reason: host.reason, within: host.within, most: host.most, create: true,
		}
		t.Run(name+"/refresh", func(t *testing.T) {
			refresh := cause
			refresh.create, refresh.passed = false, causeSecrets-1
			refresh.check(t)
		})
		t.Run(name+"/plan", func(t *testing.T) {
			plan := cause
			plan.call = planWithoutOrg
			plan.check(t)
		})
		t.Run(name+"/create", func(t *testing.T) { // of some, a record may have been created, and others were not sent
			create := cause
			create.call, create.severalAdvise = applyVersioned, true
			create.check(t)
		})
	}
}

// planWithoutOrg looks the organization up first.
func planWithoutOrg(s *protocol.Session, name string) error {
	_, err := s.Plan(fields{"name": name, "value_wo": canary})
	return err
}

// readSecret reads a secret with a data source, whose errors are never left out.
func readSecret(s *protocol.Session, name string) error {
	_, out := s.ReadDataSource(protocol.TypeSecret, fields{"name": name, "org_id": testOrg})
	return out.Err()
}

// importSecret imports a secret, whose errors are never left out.
func importSecret(s *protocol.Session, name string) error {
	imported, importing := s.Import(name+"@"+testOrg, nil)
	_, reading := s.Provider.Read(imported)
	return errors.Join(importing.Err(), reading.Err())
}

func destroy(s *protocol.Session, _ string) error { return s.Change(nil) }

// moveToOther replaces a secret by one of another organization.
func moveToOther(s *protocol.Session, name string) error {
	config := versionedNamed(name)
	config["org_id"] = "og_other"
	return s.Change(config)
}

// A cause that many secrets share is said of each, with one piece of advice, or of one for all if
// the API key is refused by each request. It costs its time once, and no request more than it has
// to.
func TestSharedCauses(t *testing.T) {
	const (
		get, creds, orgs = robototest.GetSecret, robototest.GetCredentials, robototest.ListOrgs
		allButOne        = causeSecrets - 1
		toGet            = " to GET /v1/secrets/name/secret-"
		notMember        = "API key's owner does not belong to the organization og_test"
		refusedKey       = "answered 401 Unauthorized to GET /v1/"
		deniedKey        = "User is not authorized to access this resource with an explicit deny"
	)
	type faults = []robototest.Fault
	fails := func(operation robototest.Operation, status int, code string) robototest.Fault {
		return robototest.Fault{Operation: operation, Status: status, Code: code, Message: "No."}
	}
	unauthorized := func(operation robototest.Operation) robototest.Fault {
		return fails(operation, http.StatusUnauthorized, "")
	}
	denied, gone := fails(get, http.StatusForbidden, codeDenied), fails(get, http.StatusNotFound, codeNotFound)
	goneThere := gone // hidden, rather: a Roboto need not tell more of what belongs to others
	goneThere.Match = inOrg("og_other")
	hanging := robototest.Fault{Operation: orgs, Delay: time.Hour}
	elsewhere := robototest.Fault{Operation: orgs, Mutate: func(body []byte) []byte {
		return bytes.ReplaceAll(body, []byte(testOrg), []byte("og_other"))
	}}
	key := func(key string) map[string]string { return map[string]string{"ROBOTO_API_KEY": key} }
	for name, cause := range map[string]sharedCause{
		"401":                  {faults: faults{unauthorized("")}, passed: allButOne, reason: refusedKey},
		"401, while importing": {faults: faults{unauthorized("")}, call: importSecret, reason: refusedKey},
		"403 of a gateway": {
			faults: faults{{Status: 403, Message: deniedKey}}, passed: allButOne,
			reason: "answered 403 Forbidden to GET /v1/",
		},
		"401 after a while": {
			faults: faults{{Status: http.StatusUnauthorized, Message: "Unauthorized", Skip: 20}}, passed: 20, reason: refusedKey,
		},
		"401, and lists": {faults: faults{unauthorized("")}, reason: refusedKey, call: func(s *protocol.Session, name string) error {
			_, out := s.ReadDataSource(protocol.TypeSecrets, nil)
			return errors.Join(out.Err(), errors.New(name))
		}},
		"401, and the values of new secrets": { // which are deleted again
			faults: faults{unauthorized(creds), unauthorized(orgs)}, call: applyVersioned, create: true,
			reason: refusedKey, most: 6 * causeSecrets,
		},
		"no API key": {vars: key(""), passed: allButOne, reason: "No API key was found."},
		"a setting not known": {
			settings: fields{"api_key": protocol.Unknown}, passed: allButOne,
			reason: "Terraform does not know api_key yet",
		},
		"an organization of others that is hidden":    {faults: faults{gone, elsewhere}, reason: notMember},
		"an organization of others, while destroying": {faults: faults{gone, elsewhere}, call: destroy, reason: notMember},
		"an organization of others, while moving": {
			faults: faults{goneThere}, call: moveToOther, most: 2*causeSecrets + 1, reason: "owner does not belong to the organization og_other",
		},
		"not found, and a look-up without an answer, while destroying": {
			faults: faults{gone, fails(orgs, http.StatusServiceUnavailable, "")}, settings: fields{"max_attempts": 1}, call: destroy,
			reason: "could not be looked up. Roboto",
		},
		"not found, and a look-up that is not found": {
			faults: faults{gone, fails(orgs, http.StatusNotFound, codeNotFound)}, reason: "could not be looked up. Roboto",
		},
		// All creates delete their records again, and none waits for a minute to do so.
		"a service that asks for a minute": {
			faults: faults{at(creds, 0, tooMany("60"))}, call: applyVersioned, create: true, severalAdvise: true,
			reason: "answered 429 Too Many Requests", most: 20 * causeSecrets, within: 24 * time.Hour,
		},
		"no permission": {faults: faults{denied}, reason: "answered 403 Forbidden, " + codeDenied + toGet},
		"no permission, and a look-up that hangs": {
			faults: faults{denied, hanging}, reason: "answered 403 Forbidden, " + codeDenied + toGet,
			most: causeSecrets + causeParallel, within: 11 * time.Second,
		},
		"no permission for a path, and a look-up that hangs": {
			faults: faults{unauthorized(get), hanging}, passed: allButOne, reason: "answered 401 Unauthorized" + toGet,
			most: causeSecrets + causeParallel, within: 11 * time.Second,
		},
		"not found, and a look-up that is refused": {
			faults: faults{gone, fails(orgs, http.StatusForbidden, "")}, reason: "could not be looked up. Roboto",
		},
		"a login page": {
			faults: faults{{Operation: get, Status: http.StatusOK, Body: "<html>"}}, reason: "cannot be used: it is not JSON", most: causeSecrets,
		},
		"a busy service": {
			settings: fields{"max_attempts": 1}, faults: faults{{Operation: get, Status: http.StatusServiceUnavailable}},
			reason: "answered 503 Service Unavailable" + toGet, most: causeSecrets,
		},
		// Only what needs the organizations fails.
		"a denied look-up of the organizations": {
			faults: faults{unauthorized(orgs)}, call: func(s *protocol.Session, name string) error {
				if err := planWithoutOrg(s, name); err == nil {
					return errors.New("the organization is known")
				}
				return errors.Join(applyVersioned(s, name), s.Change(versionedNamed("new-"+name)))
			},
			create: true, passed: causeSecrets, most: 15 * causeSecrets,
		},
		// A refusal that is not about the API key as such is no reason to give up the rest.
		"a denied path": {
			faults: faults{{Operation: creds, Match: ofName("secret-0003"), Status: http.StatusForbidden, Message: deniedKey}},
			call:   applyVersioned, create: true, passed: allButOne, reason: "answered 403 Forbidden" + toGet, most: 6 * causeSecrets,
		},
		"no permission for one": {
			faults: faults{{Operation: creds, Match: ofName("secret-0003"), Status: http.StatusUnauthorized, Code: codeDenied}},
			call:   applyVersioned, create: true, passed: allButOne,
			reason: "answered 401 Unauthorized, " + codeDenied + toGet, most: 6 * causeSecrets,
		},
		"a 401 of AWS": {
			faults: faults{{Operation: robototest.PutValue, Status: http.StatusUnauthorized, Body: "{}", Times: 1}},
			call:   applyVersioned, create: true, passed: allButOne,
			reason: "answered 401 Unauthorized to PutSecretValue", most: 6 * causeSecrets,
		},
		// Whoever allows one attempt gets one.
		"a refused port, and one attempt": {dial: refuse(errRefused), settings: fields{"max_attempts": 1}, reason: "connection refused"},
		// Nothing is left behind, and nothing that was never sent is looked for.
		"a refused port of AWS": {
			dial: refuse(errRefused), awsAlone: true, call: applyVersioned, create: true,
			reason: "connection refused", most: 100, within: 46 * time.Second,
		},
	} {
		t.Run(name, cause.check)
	}
}

func (c sharedCause) check(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		server.Latency(20 * time.Millisecond)
		f := newFleet(t, server, causeSecrets)
		if !c.create {
			f.cores[0].Must(f.each(causeParallel, applyVersioned))
		}
		server.ResetRequests()
		maps.Copy(f.cores[0].Vars, c.vars)
		maps.Copy(f.cores[0].Settings, c.settings)
		for _, fault := range c.faults {
			server.Inject(fault)
		}
		var dialed atomic.Int32
		if c.dial != nil {
			f.cores[0].Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				if c.awsAlone && "http://"+addr != server.SecretsManagerEndpoint() {
					return server.DialContext(ctx, network, addr)
				}
				dialed.Add(1)
				return c.dial(ctx, network, addr)
			}
		}
		if c.call == nil {
			c.call = func(s *protocol.Session, _ string) error { return s.Refresh() }
		}
		began := time.Now()
		outcomes := f.errors(causeParallel, c.call)
		if took, within := time.Since(began), cmp.Or(c.within, 5*time.Second); took > within {
			t.Errorf("it took %s, at most %s is right", took, within)
		}
		tried := int(dialed.Load())
		if c.dial == nil {
			tried = len(server.Requests())
		}
		if most := cmp.Or(c.most, causeSecrets+1); tried > most {
			t.Errorf("%d requests or connections, at most %d are right", tried, most)
		}
		c.checkErrors(t, outcomes)
		// Nothing is left of a create that fails, and no secret is dropped from the state.
		left := causeSecrets
		for i, core := range f.cores {
			lacks := c.create && outcomes[i] != nil
			if lacks {
				left--
			}
			if (core.State == nil) != lacks {
				t.Errorf("the state of secret %d is %v", i, core.State)
			}
		}
		if n := len(server.Records(testOrg)); n != left {
			t.Errorf("the service has %d records, want %d", n, left)
		}
	})
}

// checkErrors checks that each error names its secret and has the reason, and which say what to do.
func (c sharedCause) checkErrors(t *testing.T, outcomes []error) {
	passed, advised := 0, 0
	for i, err := range outcomes {
		if err == nil {
			passed++
			continue
		}
		_, detail, _ := strings.Cut(err.Error(), "\n\n")
		if !strings.Contains(detail, fmt.Sprintf("secret-%04d", i)) || !strings.Contains(detail, c.reason) {
			t.Fatalf("the error does not name the secret, or not the reason %q:\n%s", c.reason, err)
		}
		switch paragraphs := 1 + strings.Count(detail, "\n\n"); {
		case c.severalAdvise, paragraphs == 2:
		case paragraphs == 3:
			advised++
		default:
			t.Fatalf("the error has %d paragraphs, want what failed, why, and perhaps what to do:\n%s", paragraphs, err)
		}
	}
	if passed != c.passed {
		t.Errorf("%d secrets have no error, want %d", passed, c.passed)
	}
	if advised != min(1, len(outcomes)-passed) && !c.severalAdvise {
		t.Errorf("%d of %d errors say what to do, want one", advised, len(outcomes)-passed)
	}
}

// Neither a request that is lost in a busy apply, nor all at once, nor a service that takes its time,
// nor a short outage costs more than time.
func TestNoOutage(t *testing.T) {
	lose := func(fault robototest.Fault) func(*robototest.Server) {
		fault.Delay = time.Hour
		return func(s *robototest.Server) { s.Inject(fault) }
	}
	rows := map[string]func(*robototest.Server){
		"one request is lost":               lose(robototest.Fault{Operation: robototest.PutValue, Skip: 100, Times: 1}),
		"all requests at one time are lost": lose(robototest.Fault{Skip: 160, Times: 10}), // all for credentials
		"the first request is lost":         lose(robototest.Fault{Times: 1}),
		"nothing is answered for 20 seconds": func(s *robototest.Server) {
			var n atomic.Int32
			var silent atomic.Bool
			s.Inject(robototest.Fault{Delay: time.Hour, Match: func(robototest.Request) bool {
				if n.Add(1) == 100 {
					silent.Store(true)
					time.AfterFunc(20*time.Second, func() { silent.Store(false) })
				}
				return silent.Load()
			}})
		},
		"each fifth connection breaks": func(s *robototest.Server) {
			var n atomic.Int32
			s.Inject(robototest.Fault{Drop: true, Match: func(robototest.Request) bool { return n.Add(1)%5 == 0 }})
		},
		"each answer takes long": func(s *robototest.Server) { s.Latency(25 * time.Second) },
	}
	for _, operation := range []robototest.Operation{robototest.CreateSecret, robototest.GetCredentials, robototest.PutValue} {
		for _, after := range []bool{false, true} {
			rows[fmt.Sprintf("an outage of 20 seconds at %s, after its effect: %t", operation, after)] = func(s *robototest.Server) {
				s.Inject(robototest.Fault{Operation: operation, Skip: 40, Times: 1, Outage: 20 * time.Second, After: after})
			}
		}
	}
	for name, misbehave := range rows {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, _ *protocol.Core) {
				server.Latency(20 * time.Millisecond)
				f := newFleet(t, server, 100)
				// What is lost at one time is then lost for longer than the provider's patience.
				f.cores[0].Settings = fields{"request_timeout": "31s"}
				misbehave(server)
				f.cores[0].Must(f.each(causeParallel, applyVersioned))
				f.agrees(t, server)
			})
		})
	}
}

// A create whose answer is lost looks for its record although others have found the host out of
// reach.
func TestLostAnswerIsSettledInAnOutage(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		c.Settings = fields{"request_timeout": "2m"}
		server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Delay: 50 * time.Second, After: true, Drop: true, Times: 1})
		server.Inject(robototest.Fault{Drop: true, Match: func(r robototest.Request) bool { return r.Name == "other" }})
		s := c.MustStart()
		var group sync.WaitGroup
		group.Go(func() {
			time.Sleep(time.Second)
			for range 2 {
				says(t, readSecret(s, "other"), "closed before the answer was complete")
			}
			if n := server.Count(robototest.GetSecret); n > 9 {
				t.Errorf("%d requests, so the host was not found out of reach", n)
			}
		})
		c.Must(s.Change(versionedNamed("db")))
		group.Wait()
		if n := server.Count(robototest.CreateSecret); n != 1 {
			t.Errorf("%d records were created", n)
		}
	})
}

// agrees checks that each secret is there, once and with its value.
func (f *fleet) agrees(t *testing.T, server *robototest.Server) {
	t.Helper()
	if n := len(server.Records(testOrg)); n != len(f.cores) {
		t.Errorf("%d records, want %d", n, len(f.cores))
	}
	for _, c := range f.cores {
		c.Must(disagreement(c, canary, 1))
	}
}

// fleet is many secrets that one provider process takes care of at once.
type fleet struct {
	cores []*protocol.Core
}

func newFleet(t *testing.T, server *robototest.Server, size int) *fleet {
	f := &fleet{}
	for range size {
		f.cores = append(f.cores, protocol.NewCore(t, server))
	}
	return f
}

// each runs an operation on all secrets, parallel at a time, in one new process.
func (f *fleet) each(parallel int, operation func(s *protocol.Session, name string) error) error {
	return errors.Join(f.errors(parallel, operation)...)
}

// errors is each with the outcome for each secret.
func (f *fleet) errors(parallel int, operation func(s *protocol.Session, name string) error) []error {
	first := f.cores[0].MustStart()
	var (
		group    sync.WaitGroup
		outcomes = make([]error, len(f.cores))
		queue    = make(chan int, len(f.cores))
	)
	for i := range f.cores {
		queue <- i
	}
	close(queue)
	for range parallel {
		group.Go(func() {
			for i := range queue {
				outcomes[i] = operation(first.With(f.cores[i]), fmt.Sprintf("secret-%04d", i))
			}
		})
	}
	group.Wait()
	return outcomes
}

// versionedNamed is one of many secrets.
func versionedNamed(name string) fields {
	return fields{"name": name, "org_id": robototest.DefaultOrg, "value_wo": canary, "value_wo_version": "1"}
}

// applyVersioned creates a secret of a fleet.
func applyVersioned(s *protocol.Session, name string) error { return s.Change(versionedNamed(name)) }

func tooMany(seconds string) robototest.Fault {
	return robototest.Fault{Status: http.StatusTooManyRequests, Message: "Too Many Requests", Header: http.Header{"Retry-After": {seconds}}}
}

func refresh(s *protocol.Session, _ string) error { return s.Refresh() }

// A service that throttles costs time, and no errors.
func TestLoadUnderThrottle(t *testing.T) {
	const secrets, parallel, perSecond = 100, 50, 20
	for name, throttle := range map[string]func(*robototest.Server){
		"429 with Retry-After": func(s *robototest.Server) { s.Throttle(perSecond, tooMany("1")) },
		"429 without Retry-After": func(s *robototest.Server) {
			s.Throttle(perSecond, robototest.Fault{Status: http.StatusTooManyRequests})
		},
		"ThrottlingException": func(s *robototest.Server) { s.Throttle(perSecond, robototest.Fault{AWSError: "ThrottlingException"}) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, _ *protocol.Core) {
				server.Latency(20 * time.Millisecond)
				f := newFleet(t, server, secrets)
				throttle(server)
				for step, operation := range []func(s *protocol.Session, name string) error{
					applyVersioned, refresh, destroy,
				} {
					server.ResetRequests()
					if err := f.each(parallel, operation); err != nil {
						t.Errorf("step %d: %v", step, err)
					}
					of := map[bool]int{} // refused or not, by the service that throttles
					for _, request := range server.Requests() {
						if request.AWS() == (name == "ThrottlingException") {
							of[request.Status == http.StatusTooManyRequests || request.Status == http.StatusBadRequest]++
						}
					}
					if of[true] > of[false] || of[true] == 0 && step == 0 {
						t.Errorf("step %d: %d requests were refused, and %d answered", step, of[true], of[false])
					}
					if step == 0 {
						f.agrees(t, server)
					}
				}
				if left := recordNames(server); len(left) != 0 {
					t.Errorf("%d secrets are left", len(left))
				}
			})
		})
	}
}
