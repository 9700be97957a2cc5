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
	"path/filepath"
	"slices"
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
	// reason is in every error. within is how long 300 secrets may take, and most how many
	// connections may be tried.
	reason string
	within time.Duration
	most   int32
}

func deadHosts(t *testing.T) map[string]deadHost {
	// Its certificate is not trusted, and it listens outside of the bubbles.
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(untrusted.Close)
	fail := func(err error) dialer {
		return func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
		}
	}
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
	return map[string]deadHost{
		"unknown host": {
			dial: fail(&net.DNSError{Err: "no such host", Name: "api.example.com", IsNotFound: true}), endpoint: "https://api.example.com",
			reason: "the host name cannot be resolved", within: time.Second, most: 300,
		},
		"resolver that fails": {
			dial: fail(&net.DNSError{Err: "server misbehaving", Name: "api.example.com", IsTemporary: true}), endpoint: "https://api.example.com",
			reason: "the host name cannot be resolved", within: 46 * time.Second, most: 100,
		},
		"refused port": {
			dial: fail(os.NewSyscallError("connect", syscall.ECONNREFUSED)), endpoint: "https://api.example.com",
			reason: "connection refused", within: 46 * time.Second, most: 100,
		},
		"packets swallowed": {
			dial: hang, endpoint: "https://api.example.com",
			reason: "the request timed out", within: 46 * time.Second, most: 50,
		},
		"silent after connecting": {
			dial:     answering(func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) }),
			endpoint: "http://127.0.0.1:1",
			reason:   "the request timed out", within: 62 * time.Second, most: 30,
		},
		"silent after a header": {
			dial: answering(func(conn net.Conn) {
				_, _ = conn.Read(make([]byte, 1<<12))
				_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"))
				_, _ = conn.Read(make([]byte, 1))
			}),
			endpoint: "http://127.0.0.1:1",
			reason:   "the request timed out", within: 62 * time.Second, most: 30,
		},
		"certificate not trusted": {
			dial: answering(func(conn net.Conn) {
				_ = tls.Server(conn, &tls.Config{Certificates: untrusted.TLS.Certificates, MinVersion: tls.VersionTLS12}).HandshakeContext(context.Background())
			}),
			endpoint: "https://api.example.com",
			reason:   "the server's TLS certificate is not trusted", within: time.Second, most: 300,
		},
		"TLS refused": {
			dial: answering(func(conn net.Conn) {
				_ = tls.Server(conn, &tls.Config{MinVersion: tls.VersionTLS12}).HandshakeContext(context.Background()) // without a certificate
				_ = conn.Close()
			}),
			endpoint: "https://api.example.com",
			reason:   "the server refused the TLS connection", within: 46 * time.Second, most: 100,
		},
	}
}

// Many secrets find out once that a host is out of reach. Of a refresh, one error says so, and
// no secret is dropped from the state.
func TestOutOfReach(t *testing.T) {
	const secrets, parallel = 300, 10
	hosts := deadHosts(t)
	for name, host := range hosts {
		for task, operation := range map[string]func(s *protocol.Session, name string) error{
			"refresh": func(s *protocol.Session, _ string) error { return s.Refresh() },
			// without an organization, which is looked up first
			"plan": func(s *protocol.Session, name string) error {
				_, err := s.Plan(fields{"name": name, "value_wo": canary})
				return err
			},
			"create": applyVersioned,
		} {
			t.Run(name+"/"+task, func(t *testing.T) {
				inBubble(t, func(t *testing.T, server *robototest.Server, _ *protocol.Core) {
					f := newFleet(t, server, secrets)
					passed := 0
					if task == "refresh" { // one error stands for all
						f.cores[0].Must(f.each(parallel, applyVersioned))
						passed = secrets - 1
					}
					var dialed atomic.Int32
					f.cores[0].Vars["ROBOTO_SERVICE_ENDPOINT"] = host.endpoint
					f.cores[0].Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
						dialed.Add(1)
						return host.dial(ctx, network, addr)
					}
					began := time.Now()
					outcomes := f.errors(parallel, operation)
					took := time.Since(began)
					if task == "create" { // some may have created a record, and some were not sent
						allSay(t, outcomes, passed, host.reason)
					} else {
						advisedOnce(t, outcomes, passed, host.reason)
					}
					if took > host.within {
						t.Errorf("it took %s, at most %s is right", took, host.within)
					}
					if n := dialed.Load(); n > host.most {
						t.Errorf("%d connections were tried, at most %d are right", n, host.most)
					}
					for i, c := range f.cores {
						if (c.State != nil) != (task == "refresh") {
							t.Errorf("the state of secret %d is %v", i, c.State)
						}
					}
					t.Logf("%s, %d connections", took, dialed.Load())
				})
			})
		}
	}
}

// allSay checks that all secrets but those that passed have an error that names the secret and
// says what happened.
func allSay(t *testing.T, outcomes []error, passed int, reason string) {
	t.Helper()
	fine := 0
	for i, err := range outcomes {
		if err == nil {
			fine++
			continue
		}
		if _, detail, _ := strings.Cut(err.Error(), "\n\n"); !strings.Contains(detail, fmt.Sprintf("secret-%04d", i)) || !strings.Contains(detail, reason) {
			t.Fatalf("the error does not name the secret, or not the reason %q:\n%s", reason, err)
		}
	}
	if fine != passed {
		t.Errorf("%d secrets have no error, want %d", fine, passed)
	}
}

// advisedOnce is allSay, and one of the errors says what to do.
func advisedOnce(t *testing.T, outcomes []error, passed int, reason string) {
	t.Helper()
	allSay(t, outcomes, passed, reason)
	advised := 0
	for _, err := range outcomes {
		if err == nil {
			continue
		}
		switch _, detail, _ := strings.Cut(err.Error(), "\n\n"); strings.Count(detail, "\n\n") {
		case 1:
		case 2:
			advised++
		default:
			t.Fatalf("the error has too few or too many paragraphs:\n%s", err)
		}
	}
	if advised != 1 {
		t.Errorf("%d of %d errors say what to do", advised, len(outcomes))
	}
}

// Whoever allows one attempt gets one.
func TestOutOfReachWithOneAttempt(t *testing.T) {
	hosts := deadHosts(t)
	synctest.Test(t, func(t *testing.T) {
		server := robototest.Start(t, robototest.Options{InMemory: true})
		f := newFleet(t, server, 50)
		f.cores[0].Must(f.each(10, applyVersioned))
		f.cores[0].Settings = fields{"max_attempts": 1}
		f.cores[0].Dial = hosts["refused port"].dial
		began := time.Now()
		advisedOnce(t, f.errors(10, func(s *protocol.Session, _ string) error { return s.Refresh() }), 0, "connection refused")
		if took := time.Since(began); took > 0 {
			t.Errorf("it took %s", took)
		}
	})
}

// A cause that many secrets share is said of each, with one piece of advice, or of one for all if
// the API key is refused by each request. It costs its time once, and no request more than it has
// to.
func TestSharedCauses(t *testing.T) {
	const secrets, parallel = 300, 10
	const get, orgs = robototest.GetSecret, robototest.ListOrgs
	unauthorized := robototest.Fault{Status: http.StatusUnauthorized, Message: "Unauthorized"}
	denied := robototest.Fault{Operation: get, Status: http.StatusForbidden, Code: "RobotoUnauthorizedException", Message: "Not permitted."}
	elsewhere := robototest.Fault{Operation: orgs, Mutate: func(body []byte) []byte {
		return bytes.ReplaceAll(body, []byte(robototest.DefaultOrg), []byte("og_other"))
	}}
	hanging := robototest.Fault{Operation: orgs, Delay: time.Hour}
	of := func(operation robototest.Operation, fault robototest.Fault) robototest.Fault {
		fault.Operation = operation
		return fault
	}
	html := func(status int) robototest.Fault {
		return robototest.Fault{Operation: get, Status: status, Body: "<html>", Header: http.Header{"Content-Type": {"text/html"}}}
	}
	plan := func(s *protocol.Session, name string) error {
		_, err := s.Plan(fields{"name": name, "value_wo": canary})
		return err
	}
	open := func(s *protocol.Session, name string) error {
		_, out := s.Provider.OpenEphemeral(fields{"name": name, "org_id": robototest.DefaultOrg})
		return out.Err()
	}
	for name, test := range map[string]struct {
		vars     map[string]string
		settings fields
		options  robototest.Options
		faults   []robototest.Fault
		// operation is a refresh if it is nil. create is set if the secrets do not exist before.
		operation func(s *protocol.Session, name string) error
		create    bool
		passed    int
		reason    string
		// most is how many requests are right, and within how much time.
		most   int
		within time.Duration
	}{
		"401":              {faults: []robototest.Fault{unauthorized}, passed: secrets - 1, reason: "answered 401 Unauthorized to GET /v1/", most: secrets + 1},
		"401 of Roboto's":  {faults: []robototest.Fault{{Status: http.StatusUnauthorized, Code: "RobotoUnauthorizedException", Message: "Token expired."}}, passed: secrets - 1, reason: "answered 401 Unauthorized, RobotoUnauthorizedException to GET /v1/", most: secrets + 1},
		"403 of a gateway": {faults: []robototest.Fault{{Status: http.StatusForbidden, Message: "User is not authorized to access this resource with an explicit deny"}}, passed: secrets - 1, reason: "answered 403 Forbidden to GET /v1/", most: secrets + 1},
		"401 after a while": {
			faults: []robototest.Fault{{Status: http.StatusUnauthorized, Message: "Unauthorized", Skip: 100}},
			passed: 100, reason: "answered 401 Unauthorized to GET /v1/", most: secrets + 1,
		},
		"no API key":            {vars: map[string]string{"ROBOTO_API_KEY": ""}, passed: secrets - 1, reason: "No API key was found."},
		"an API key in quotes":  {vars: map[string]string{"ROBOTO_API_KEY": `"x"`}, passed: secrets - 1, reason: "The api_key from ROBOTO_API_KEY is not usable"},
		"a setting not known":   {settings: fields{"api_key": protocol.Unknown}, passed: secrets - 1, reason: "Terraform does not know api_key yet"},
		"several organizations": {options: robototest.Options{Orgs: []string{robototest.DefaultOrg, "og_other"}}, operation: plan, create: true, reason: "No organization is given", most: 1},
		"an organization of others that is hidden": {
			faults: []robototest.Fault{of(get, robototest.Fault{Status: http.StatusNotFound, Code: "RobotoNotFoundException", Message: "No."}), elsewhere},
			reason: "API key's owner does not belong to the organization og_test", most: secrets + 1,
		},
		"an organization of others that is refused": {
			faults: []robototest.Fault{denied, elsewhere},
			reason: "API key's owner does not belong to the organization og_test", most: secrets + 1,
		},
		"a value in an organization of others": {
			faults:    []robototest.Fault{of(robototest.GetCredentials, robototest.Fault{Status: http.StatusNotFound, Code: "RobotoNotFoundException", Message: "No."}), elsewhere},
			operation: open, reason: "API key's owner does not belong to the organization og_test", most: secrets + 1,
		},
		"no permission": {faults: []robototest.Fault{denied}, reason: "answered 403 Forbidden, RobotoUnauthorizedException to GET /v1/secrets/name/secret-", most: secrets + 1},
		"no permission, and a look-up that hangs": {
			faults: []robototest.Fault{denied, hanging},
			reason: "answered 403 Forbidden, RobotoUnauthorizedException to GET /v1/secrets/name/secret-", most: secrets + parallel, within: 11 * time.Second,
		},
		"no permission for a path, and a look-up that hangs": {
			faults: []robototest.Fault{of(get, unauthorized), hanging},
			passed: secrets - 1, reason: "answered 401 Unauthorized to GET /v1/secrets/name/secret-", most: secrets + parallel, within: 11 * time.Second,
		},
		"not found, and a look-up that is refused": {
			faults: []robototest.Fault{of(get, robototest.Fault{Status: http.StatusNotFound, Code: "RobotoNotFoundException", Message: "No."}), of(orgs, robototest.Fault{Status: http.StatusForbidden, Message: "Forbidden"})},
			reason: "could not be looked up. Roboto", most: secrets + 1,
		},
		"a login page":      {faults: []robototest.Fault{html(http.StatusOK)}, reason: "cannot be used: it is not JSON", most: secrets},
		"a wrong endpoint":  {faults: []robototest.Fault{html(http.StatusNotFound)}, reason: "answered 404 Not Found to GET /v1/secrets/name/secret-", most: secrets},
		"a redirect":        {faults: []robototest.Fault{html(http.StatusPermanentRedirect)}, reason: "answered 308 Permanent Redirect to GET /v1/secrets/name/secret-", most: secrets},
		"a retired service": {faults: []robototest.Fault{{Operation: get, Status: http.StatusGone, Code: "RobotoExpiredException", Message: "Gone."}}, reason: "answered 410 Gone, RobotoExpiredException to GET /v1/secrets/name/secret-", most: secrets},
		"a busy service": {
			settings: fields{"max_attempts": 1}, faults: []robototest.Fault{{Operation: get, Status: http.StatusServiceUnavailable}},
			reason: "answered 503 Service Unavailable to GET /v1/secrets/name/secret-", most: secrets,
		},
		"a limit": {
			faults:    []robototest.Fault{{Operation: robototest.CreateSecret, Status: http.StatusForbidden, Code: "RobotoLimitExceededException", Message: "You have 100 of 100 secrets."}},
			operation: applyVersioned, create: true, reason: "answered 403 Forbidden, RobotoLimitExceededException to POST /v1/secrets: You have 100 of 100 secrets", most: secrets,
		},
		"credentials that AWS takes for expired": {
			faults:    []robototest.Fault{{Operation: robototest.GetValue, Status: http.StatusBadRequest, AWSError: "ExpiredTokenException", Message: "Expired."}},
			operation: open, reason: "answered 400 Bad Request, ExpiredTokenException to GetSecretValue", most: 4 * secrets,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				options := test.options
				options.InMemory = true
				server := robototest.Start(t, options)
				server.Latency(20 * time.Millisecond)
				f := newFleet(t, server, secrets)
				if !test.create {
					f.cores[0].Must(f.each(parallel, applyVersioned))
				}
				operation := test.operation
				if operation == nil {
					operation = func(s *protocol.Session, _ string) error { return s.Refresh() }
				}
				server.ResetRequests()
				maps.Copy(f.cores[0].Vars, test.vars)
				maps.Copy(f.cores[0].Settings, test.settings)
				for _, fault := range test.faults {
					server.Inject(fault)
				}
				began := time.Now()
				advisedOnce(t, f.errors(parallel, operation), test.passed, test.reason)
				if took, within := time.Since(began), cmp.Or(test.within, 5*time.Second); took > within {
					t.Errorf("it took %s, at most %s is right", took, within)
				}
				if n := len(server.Requests()); n > test.most {
					t.Errorf("%d requests, at most %d are right", n, test.most)
				}
			})
		})
	}
}

// Errors that are about no single secret are advised once too.
func TestListsAreAdvisedOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		server.Inject(robototest.Fault{Status: http.StatusUnauthorized, Message: "Unauthorized"})
		s := c.MustStart()
		for _, advised := range []bool{true, false} {
			_, out := s.ReadDataSource(protocol.TypeSecrets, nil)
			err := out.Err()
			if err == nil || !strings.Contains(err.Error(), "answered 401 Unauthorized") || strings.Contains(err.Error(), "Check that the API key is the right one") != advised {
				t.Errorf("the error is %v, and should say what to do: %t", err, advised)
			}
		}
	})
}

// A refusal that is not about the API key as such is no reason to give up the rest: a denied
// path, an organization that is not the caller's, and AWS's word about its own credentials.
func TestRefusedForOne(t *testing.T) {
	one := func(operation robototest.Operation) func(robototest.Request) bool {
		return func(r robototest.Request) bool {
			return r.Operation == operation && (r.Name == "secret-0003" || operation == robototest.PutValue)
		}
	}
	for name, fault := range map[string]robototest.Fault{
		"a denied path":   {Match: one(robototest.GetCredentials), Status: http.StatusForbidden, Message: "User is not authorized to access this resource with an explicit deny"},
		"no permission":   {Match: one(robototest.GetCredentials), Status: http.StatusUnauthorized, Code: "RobotoUnauthorizedException", Message: "Not permitted."},
		"AWS's own words": {Match: one(robototest.PutValue), Status: http.StatusUnauthorized, Body: "{}", Times: 1},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, _ *protocol.Core) {
				f := newFleet(t, server, 20)
				server.Inject(fault)
				failed := 0
				for _, err := range f.errors(4, applyVersioned) {
					if err != nil {
						failed++
					}
				}
				if n := len(server.Records(robototest.DefaultOrg)); failed != 1 || n != 19 {
					t.Errorf("%d secrets failed, and there are %d records", failed, n)
				}
			})
		})
	}
}

// A gateway may deny the look-up of the organizations alone. Only what needs it fails.
func TestRefusedLookUp(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		f := newFleet(t, server, 20)
		server.Inject(robototest.Fault{Operation: robototest.ListOrgs, Status: http.StatusUnauthorized, Message: "Unauthorized"})
		var told atomic.Int32
		outcomes := f.errors(4, func(s *protocol.Session, name string) error {
			if _, err := s.With(c).Plan(fields{"name": "other"}); err != nil && strings.Contains(err.Error(), "answered 401 Unauthorized to GET /v1/orgs/caller") {
				told.Add(1)
			} else if err != nil {
				t.Errorf("a plan without an organization: %v", err)
			}
			return applyVersioned(s, name)
		})
		if n := told.Load(); n != 20 {
			t.Errorf("%d plans say that the look-up was refused, want 20", n)
		}
		c.Must(errors.Join(outcomes...))
		f.agrees(t, server)
	})
}

// A record is deleted again although the API key is refused by now, which may be about
// everything but the deletion.
func TestCleanUpInSpiteOfARefusal(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, _ *protocol.Core) {
		f := newFleet(t, server, 50)
		server.Inject(robototest.Fault{Status: http.StatusUnauthorized, Message: "Unauthorized", Match: func(r robototest.Request) bool {
			return r.Operation == robototest.GetCredentials || r.Operation == robototest.ListOrgs
		}})
		for i, err := range f.errors(10, applyVersioned) {
			if err == nil || f.cores[i].State != nil {
				t.Errorf("secret %d: %v", i, err)
			}
		}
		if n := len(server.Records(robototest.DefaultOrg)); n != 0 {
			t.Errorf("%d records are left behind", n)
		}
	})
}

// AWS alone is out of reach: nothing is left behind, and nothing that was never sent is
// looked for.
func TestAWSOutOfReach(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, _ *protocol.Core) {
		const secrets = 100
		f := newFleet(t, server, secrets)
		var dialed atomic.Int32
		f.cores[0].Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if "http://"+addr == server.SecretsManagerEndpoint() {
				dialed.Add(1)
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
			}
			return server.DialContext(ctx, network, addr)
		}
		began := time.Now()
		outcomes := f.errors(10, applyVersioned)
		advisedOnce(t, outcomes, 0, "connection refused")
		if took := time.Since(began); took > 46*time.Second {
			t.Errorf("it took %s", took)
		}
		if n := dialed.Load(); n > secrets {
			t.Errorf("%d connections to AWS were tried", n)
		}
		if n := len(server.Records(robototest.DefaultOrg)); n != 0 {
			t.Errorf("%d records are left behind", n)
		}
	})
}

// Neither a request that is lost in a busy apply, nor all at once, nor a service that takes
// its time is an outage.
func TestNoOutage(t *testing.T) {
	for name, misbehave := range map[string]func(*robototest.Server){
		"one request is lost": func(s *robototest.Server) {
			s.Inject(robototest.Fault{Operation: robototest.PutValue, Skip: 100, Times: 1, Delay: time.Hour})
		},
		"all requests at one time are lost": func(s *robototest.Server) {
			s.Inject(robototest.Fault{Skip: 160, Times: 10, Delay: time.Hour}) // all for credentials
		},
		"the first request is lost": func(s *robototest.Server) {
			s.Inject(robototest.Fault{Times: 1, Delay: time.Hour})
		},
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
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *robototest.Server, _ *protocol.Core) {
				server.Latency(20 * time.Millisecond)
				f := newFleet(t, server, 100)
				// What is lost at one time is then lost for longer than the provider's patience.
				f.cores[0].Settings = fields{"request_timeout": "31s"}
				misbehave(server)
				f.cores[0].Must(f.each(10, applyVersioned))
				f.agrees(t, server)
			})
		})
	}
}

// slowConn lets each answer come in pieces.
type slowConn struct{ net.Conn }

func (c slowConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p[:min(len(p), 32)])
	if err == nil {
		time.Sleep(time.Second)
	}
	return n, err
}

// Answers that come slowly and whole are answers, so what is lost beside them is no outage.
func TestSlowAnswers(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, _ *protocol.Core) {
		f := newFleet(t, server, 20)
		f.cores[0].Settings = fields{"request_timeout": "31s"}
		f.cores[0].Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := server.DialContext(ctx, network, addr)
			return slowConn{conn}, err
		}
		n := 0
		server.Inject(robototest.Fault{Delay: time.Hour, Match: func(robototest.Request) bool { n++; return n%5 == 0 }})
		began := time.Now()
		f.cores[0].Must(f.each(5, applyVersioned))
		f.agrees(t, server)
		t.Logf("it took %s", time.Since(began))
	})
}

// Requests that are lost long after each other are no outage.
func TestLoneLosses(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, _ *protocol.Core) {
		f := newFleet(t, server, 5)
		f.cores[0].Must(f.each(1, applyVersioned))
		n := 0
		server.Inject(robototest.Fault{Drop: true, Match: func(robototest.Request) bool { n++; return n%2 == 1 }})
		f.cores[0].Must(f.each(1, func(s *protocol.Session, _ string) error {
			time.Sleep(5 * time.Minute)
			return s.Refresh()
		}))
		if n != 10 {
			t.Errorf("%d requests", n)
		}
	})
}

// readSecret reads a secret with a data source, whose errors are never left out.
func readSecret(s *protocol.Session, name string) error {
	_, out := s.ReadDataSource(protocol.TypeSecret, fields{"name": name, "org_id": robototest.DefaultOrg})
	return out.Err()
}

// A host that is out of reach is not asked again, and any answer that still comes ends that.
func TestLateAnswerEndsAnOutage(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		server.AddSecret(robototest.DefaultOrg, "db")
		c.Settings = fields{"request_timeout": "10m"}
		s := c.MustStart()
		server.Inject(robototest.Fault{Delay: time.Minute, Times: 1})
		server.Inject(robototest.Fault{Drop: true})
		var group sync.WaitGroup
		group.Go(func() { c.Must(readSecret(s, "db")) })
		time.Sleep(time.Second)
		if readSecret(s, "db") == nil {
			t.Error("there was no outage")
		}
		server.ClearFaults()
		before := len(server.Requests())
		if readSecret(s, "db") == nil || len(server.Requests()) != before {
			t.Errorf("%d more requests in an outage", len(server.Requests())-before)
		}
		group.Wait()
		c.Must(readSecret(s, "db"))
	})
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
				if err := readSecret(s, "other"); err == nil || !strings.Contains(err.Error(), "closed before the answer was complete") {
					t.Errorf("there was no outage: %v", err)
				}
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

// A host that comes back after three minutes is used again by the same process. Until then it
// gets a request each half minute.
func TestHostThatComesBack(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		server.AddSecret(robototest.DefaultOrg, "db")
		began := time.Now()
		var dialed []time.Duration
		c.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			dialed = append(dialed, time.Since(began))
			return server.DialContext(ctx, network, addr)
		}
		s := c.MustStart()
		server.Inject(robototest.Fault{Times: 1, Outage: 3 * time.Minute})
		var lastError time.Duration
		for time.Since(began) < 5*time.Minute {
			if err := readSecret(s, "db"); err != nil {
				lastError = time.Since(began)
			}
			time.Sleep(time.Second)
		}
		t.Logf("the last error came after %s; connections were tried after %v", lastError, dialed)
		if lastError < 2*time.Minute || lastError > 3*time.Minute+31*time.Second {
			t.Errorf("the last error came after %s", lastError)
		}
		if len(dialed) > 14 {
			t.Errorf("%d connections were tried: %v", len(dialed), dialed)
		}
	})
}

// What could not be looked up in an outage is looked up after it.
func TestLookUpAfterAnOutage(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		c.Must(c.Apply(versionedSecret))
		c.Settings = fields{"request_timeout": "10m", "max_attempts": 1}
		s := c.MustStart()
		server.Inject(robototest.Fault{Operation: robototest.GetSecret, Delay: time.Minute, Times: 1})
		server.Inject(robototest.Fault{Operation: robototest.ListOrgs, Drop: true, Times: 1})
		var group sync.WaitGroup
		group.Go(func() { c.Must(s.Refresh()) })
		time.Sleep(time.Second)
		other := s.With(protocol.NewCore(t, server))
		plan := func() error {
			_, err := other.Plan(fields{"name": "other"})
			return err
		}
		if plan() == nil {
			t.Error("there was no outage")
		}
		group.Wait()
		c.Must(plan())
	})
}

// outageParallel is how many secrets the fleet of inOutages changes at a time.
const outageParallel = 10

// inOutages runs a test for an outage that begins with one call or another, while a hundred
// secrets are created.
func inOutages(t *testing.T, length time.Duration, test func(*testing.T, *robototest.Server, *fleet)) {
	t.Helper()
	for _, operation := range []robototest.Operation{robototest.CreateSecret, robototest.GetCredentials, robototest.PutValue} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/after=%t", operation, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					server := robototest.Start(t, robototest.Options{InMemory: true})
					server.Latency(20 * time.Millisecond)
					server.Inject(robototest.Fault{Operation: operation, Skip: 40, Times: 1, Outage: length, After: after})
					test(t, server, newFleet(t, server, 100))
					if server.Faulted() == 0 {
						t.Error("there was no outage")
					}
				})
			})
		}
	}
}

// An outage of 20 seconds in the middle of an apply costs time and nothing else.
func TestShortOutage(t *testing.T) {
	inOutages(t, 20*time.Second, func(t *testing.T, server *robototest.Server, f *fleet) {
		began := time.Now()
		if err := f.each(outageParallel, applyVersioned); err != nil {
			t.Fatal(err)
		}
		f.agrees(t, server)
		t.Logf("it took %s", time.Since(began))
	})
}

// agrees checks that each secret is there, once and with its value.
func (f *fleet) agrees(t *testing.T, server *robototest.Server) {
	t.Helper()
	if n := len(server.Records(robototest.DefaultOrg)); n != len(f.cores) {
		t.Errorf("%d records, want %d", n, len(f.cores))
	}
	for i, c := range f.cores {
		name := fmt.Sprintf("secret-%04d", i)
		record, exists := server.Record(robototest.DefaultOrg, name)
		value, versionID, _ := server.Value(robototest.DefaultOrg, name)
		switch {
		case !exists || c.State == nil || c.Tainted:
			t.Fatalf("%s is not there", name)
		case c.State["arn"] != record.ARN || c.State["version_id"] != versionID || value != canary:
			t.Fatalf("state and service disagree about %s", name)
		case len(server.Versions(robototest.DefaultOrg, name)) != 1:
			t.Fatalf("%s was written more than once", name)
		}
	}
}

// An outage that does not end is an error, and one apply after it repairs everything, if need be
// with the import block of its error.
func TestOutageWithoutEnd(t *testing.T) {
	inOutages(t, 1000*time.Hour, func(t *testing.T, server *robototest.Server, f *fleet) {
		began := time.Now()
		outcomes := f.errors(outageParallel, applyVersioned)
		took := time.Since(began)
		if errors.Join(outcomes...) == nil {
			t.Fatal("there was no error")
		}
		// A host is out of reach after half a minute and at most one wait, of up to 15 seconds. Where AWS
		// was the first, Roboto is given half a minute too, to clean up.
		if took > 76*time.Second {
			t.Errorf("it took %s", took)
		}
		t.Logf("it took %s", took)
		said := errors.Join(outcomes...).Error()
		for _, advice := range []string{"Check the network", "Once the problem is fixed, apply again.", "run terraform apply, which replaces the record"} {
			if n := strings.Count(said, advice); n > 1 {
				t.Errorf("%d errors say %q", n, advice)
			}
		}
		for i, c := range f.cores {
			_, exists := server.Record(robototest.DefaultOrg, fmt.Sprintf("secret-%04d", i))
			if exists && c.State == nil && !strings.Contains(fmt.Sprint(outcomes[i]), "A record of this name may have been created.") {
				t.Errorf("secret %d is not in the state: %v", i, outcomes[i])
			}
		}
		server.ClearFaults()
		if err := f.each(outageParallel, func(s *protocol.Session, name string) error {
			_, err := repair(s.Core, versionedNamed(name))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		f.agrees(t, server)
	})
}

// A request that was on its way when the API key was refused may have taken effect.
func TestCreateOnItsWayDuringARefusal(t *testing.T) {
	inBubble(t, func(t *testing.T, server *robototest.Server, c *protocol.Core) {
		server.Inject(robototest.Fault{Operation: robototest.CreateSecret, Drop: true, After: true, Delay: 5 * time.Second, Times: 1})
		for _, op := range []robototest.Operation{robototest.GetSecret, robototest.ListOrgs} {
			server.Inject(robototest.Fault{Operation: op, Status: http.StatusUnauthorized, Code: "RobotoUnauthorizedException", Message: "expired"})
		}
		s := c.MustStart()
		var err error
		var group sync.WaitGroup
		group.Go(func() {
			err = s.Change(versionedNamed("db"))
		})
		time.Sleep(time.Second)
		if _, out := s.ReadDataSource(protocol.TypeSecret, fields{"name": "x", "org_id": robototest.DefaultOrg}); out.Err() == nil {
			t.Error("the API key was not refused")
		}
		group.Wait()
		leavesInDoubt(t, server, c, err)
	})
}

// With Terraform: an outage, or a refused key, is one error for all refreshes. The run fails, and
// the state stays as it is.
func TestTerraformReportsAnOutageOnce(t *testing.T) {
	for name, test := range map[string]struct {
		env  string
		runs [][]string
	}{
		"a refused port": {"ROBOTO_SERVICE_ENDPOINT=http://127.0.0.1:9", [][]string{{"plan"}}},
		"a refused key": {"ROBOTO_API_KEY=rbt_of_somebody_else_entirely", [][]string{
			{"plan"}, {"plan", "-refresh-only"}, {"apply", "-refresh-only", "-auto-approve"}, {"refresh"}, {"plan", "-target=roboto_secret.test[\"s01\"]"}, applyNow, destroyNow,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := robototest.Start(t, robototest.Options{})
			tf := newTerraform(t, server, `
resource "roboto_secret" "test" {
  for_each = toset([for i in range(30) : format("s%02d", i)])
  name     = each.key
  org_id   = "og_test"
}

check "there" {
  data "roboto_secret" "one" {
    name   = "s00"
    org_id = "og_test"
  }
  assert {
    condition     = data.roboto_secret.one.uri != ""
    error_message = "It is not there."
  }
}
`)
			tf.succeeds(applyNow...)
			before := tf.stateFile()
			for _, args := range test.runs {
				result, err := tf.Run(t.Context(), []string{test.env}, append(slices.Clone(args), "-no-color")...)
				if err != nil {
					t.Fatal(err)
				}
				if n := strings.Count(result.Output(), "Error: Cannot Read Roboto Secret"); result.ExitCode != 1 || n != 1 {
					t.Errorf("terraform %q ends with %d and %d errors:\n\n%s", args, result.ExitCode, n, result.Output())
				}
			}
			if tf.stateFile() != before {
				t.Error("the state has changed")
			}
		})
	}
}

// With terraform test: a run in an outage fails with one error, and the clean-up leaves nothing.
func TestTerraformTestReportsAnOutageOnce(t *testing.T) {
	server := robototest.Start(t, robototest.Options{})
	tf := newTerraform(t, server, `
variable "endpoint" { type = string }

provider "roboto" {
  endpoint = var.endpoint
}

resource "roboto_secret" "test" {
  for_each = toset([for i in range(10) : format("s%02d", i)])
  name     = each.key
  org_id   = "og_test"
}
`)
	test := fmt.Sprintf(`
variables { endpoint = %q }

run "creates" {}

run "plans_in_an_outage" {
  command = plan
  variables { endpoint = "http://127.0.0.1:9" }
}

run "applies_in_an_outage" {
  variables { endpoint = "http://127.0.0.1:9" }
}
`, server.Endpoint())
	if err := tf.Write("outage.tftest.hcl", test); err != nil {
		t.Fatal(err)
	}
	result, err := tf.Run(t.Context(), nil, "test", "-no-color")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{`run "creates"... pass`, `run "plans_in_an_outage"... fail`, "1 passed, 1 failed, 1 skipped."} {
		if !strings.Contains(result.Output(), text) {
			t.Errorf("%q is not in the output", text)
		}
	}
	if n := strings.Count(result.Output(), "Error: Cannot Read Roboto Secret"); result.ExitCode != 1 || n != 1 {
		t.Errorf("it ends with %d and %d errors", result.ExitCode, n)
	}
	if n := len(server.Records(robototest.DefaultOrg)); n != 0 {
		t.Errorf("the clean-up leaves %d records", n)
	}
	if t.Failed() {
		t.Log(result.Output())
	}
}

// Terraform plans a create again while applying. If the organization cannot be looked up then, each
// secret says so: what the plan knew must not become unknown.
func TestTerraformPlansAgainInAnOutage(t *testing.T) {
	server := robototest.Start(t, robototest.Options{})
	tf := newTerraform(t, server, `
resource "roboto_secret" "test" {
  count = 4
  name  = "db${count.index}"
}
`)
	tf.succeeds("plan", "-out=saved")
	server.Inject(robototest.Fault{Status: http.StatusUnauthorized, Code: "RobotoUnauthorizedException", Message: "no"})
	result, err := tf.Run(t.Context(), nil, "apply", "-no-color", "saved")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(result.Output(), "Error: Cannot Find Organization of Roboto Secret"); result.ExitCode != 1 || n != 4 || strings.Contains(result.Output(), "inconsistent") {
		t.Errorf("it ends with %d and %d errors:\n\n%s", result.ExitCode, n, result.Output())
	}
}

// stateFile is the state as it is stored.
func (tf *terraform) stateFile() string {
	tf.t.Helper()
	content, err := os.ReadFile(filepath.Join(tf.Dir, "terraform.tfstate"))
	if err != nil {
		tf.t.Fatal(err)
	}
	return string(content)
}
