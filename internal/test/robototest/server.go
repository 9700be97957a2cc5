// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

// Package robototest is a Roboto and an AWS Secrets Manager in one process, for
// tests, the demo and trying the provider by hand. It knows the wire and nothing
// of this project's client, is strict about what it is sent, and misbehaves on
// demand.
package robototest

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// DefaultOrg exists from the start, and DefaultUser owns the API keys.
const (
	DefaultOrg  = "og_test"
	DefaultUser = "caller@example.com"
)

// Options shape a Server. The zero value is a good one.
type Options struct {
	// PageSize is the number of records on a page of GET v1/secrets; 0 means 100.
	PageSize int
	// PermissionLag is how long after a secret's creation AWS denies its credentials.
	PermissionLag time.Duration
	// ClockAhead is how far the clocks of the services are ahead of the clients'.
	ClockAhead time.Duration
	// APIKey is the token of full rights; "" means a random one.
	APIKey string
	// CreatedBy names the caller in the records that it creates; "" means "user:" and DefaultUser.
	CreatedBy string
	// Orgs are the caller's organizations; none means DefaultOrg.
	Orgs []string
	// InMemory makes connections in memory, reached with DialContext, so that the
	// server works inside a testing/synctest bubble.
	InMemory bool
	// OnRequest is told of each request once its Status is known, from many goroutines.
	OnRequest func(Request)
}

// Server is the two services with their shared state. All methods are safe for
// concurrent use.
type Server struct {
	options Options
	roboto  *http.Server
	aws     *http.Server
	memory  map[string]*memoryListener
	urls    [2]string
	serving sync.WaitGroup
	// handling counts the requests that are being answered.
	handling sync.WaitGroup
	// These are of type time.Duration, a time in Unix nanoseconds and a number.
	clockAhead, latency, outUntil, faulted atomic.Int64

	mu      sync.Mutex
	orgs    []org
	keys    map[string]Grant
	secrets map[secretKey]*secret
	byARN   map[string]*secret
	// listings are the secrets of the organizations whose secrets have not changed since they were sorted.
	listings map[string][]*secret
	issued   []Credentials
	// canaries are the values, which must never reach Roboto.
	canaries        map[string]bool
	requests        []*Request
	violations      []string
	faults          []*activeFault
	actions         map[secretKey][]Action
	invocations     []*Invocation
	invocationByID  map[string]*Invocation
	allowViolations bool
	closed          bool
}

type org struct{ id, name string }

// Grant is what an API key may do.
type Grant struct {
	// Orgs are the key's organizations; nil means all.
	Orgs []string
	// User is the ID of the key's owner; "" means DefaultUser.
	User string
	// NoCredentials keeps the key from asking for credentials.
	NoCredentials bool
}

// New starts a server. Close ends it.
func New(options Options) (*Server, error) {
	options.PageSize = cmp.Or(options.PageSize, 100)
	options.APIKey = cmp.Or(options.APIKey, "rbt_"+rand.Text())
	options.CreatedBy = cmp.Or(options.CreatedBy, "user:"+DefaultUser)
	s := &Server{
		options:  options,
		keys:     map[string]Grant{options.APIKey: {}},
		secrets:  map[secretKey]*secret{},
		byARN:    map[string]*secret{},
		listings: map[string][]*secret{},
		canaries: map[string]bool{},
		memory:   map[string]*memoryListener{},
		actions:  map[secretKey][]Action{},

		invocationByID: map[string]*Invocation{},
	}
	s.SetClock(options.ClockAhead)
	if len(options.Orgs) == 0 {
		s.AddOrg(DefaultOrg, "Test Organization")
	}
	for _, id := range options.Orgs {
		s.AddOrg(id, "Organization "+id)
	}
	s.roboto = &http.Server{Handler: http.HandlerFunc(s.serveRoboto), ReadHeaderTimeout: time.Minute}
	s.aws = &http.Server{Handler: http.HandlerFunc(s.serveAWS), ReadHeaderTimeout: time.Minute}
	for i, server := range []*http.Server{s.roboto, s.aws} {
		listener, err := s.listen()
		if err != nil {
			s.Close()
			return nil, err
		}
		s.urls[i] = "http://" + listener.Addr().String()
		s.serving.Go(func() { _ = server.Serve(listener) })
	}
	return s, nil
}

// Start runs a server for a test, which fails if a client broke the rules.
func Start(t testing.TB, options Options) *Server {
	t.Helper()
	s, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		for _, violation := range s.Violations() {
			if !s.allowViolations {
				t.Errorf("robototest: %s", violation)
			}
		}
	})
	return s
}

func (s *Server) listen() (net.Listener, error) {
	if s.options.InMemory {
		open, cancel := context.WithCancel(context.Background())
		l := &memoryListener{fmt.Sprintf("127.0.0.1:%d", len(s.memory)+1), make(chan net.Conn), open, cancel}
		s.memory[l.addr] = l
		return l, nil
	}
	return (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
}

// now is the time by the services' clocks.
func (s *Server) now() time.Time { return time.Now().Add(time.Duration(s.clockAhead.Load())) }

// SetClock sets how far the clocks of the services are ahead of the clients'.
func (s *Server) SetClock(ahead time.Duration) { s.clockAhead.Store(int64(ahead)) }

// Close ends both services and all connections, and returns when the last request
// is dealt with.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	_ = s.roboto.Close()
	_ = s.aws.Close()
	s.serving.Wait()
	s.handling.Wait()
}

// Endpoint is Roboto's base URL.
func (s *Server) Endpoint() string { return s.urls[0] }

// SecretsManagerEndpoint is the base URL of AWS Secrets Manager.
func (s *Server) SecretsManagerEndpoint() string { return s.urls[1] }

// Env leads Roboto's clients here, in the form of os.Environ.
func (s *Server) Env() []string {
	return []string{
		"ROBOTO_API_KEY=" + s.APIKey(),
		"ROBOTO_SERVICE_ENDPOINT=" + s.Endpoint(),
		"AWS_ENDPOINT_URL_SECRETS_MANAGER=" + s.SecretsManagerEndpoint(),
	}
}

// DialContext connects to a server that is in memory.
func (s *Server) DialContext(ctx context.Context, _, addr string) (net.Conn, error) {
	l := s.memory[addr]
	if l == nil || s.out() {
		return nil, refused(addr)
	}
	return l.dial(ctx)
}

// APIKey is a token that may do everything.
func (s *Server) APIKey() string { return s.options.APIKey }

// AddAPIKey makes a token that may do less.
func (s *Server) AddAPIKey(grant Grant) string {
	key := "rbt_" + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[key] = grant
	return key
}

// AddOrg adds an organization of the caller.
func (s *Server) AddOrg(orgID, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orgs = append(s.orgs, org{id: orgID, name: name})
}

// AllowViolations keeps Start's cleanup from failing the test.
func (s *Server) AllowViolations() { s.allowViolations = true }

// Violations lists what clients did that no correct client does.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Concat(s.violations, s.leaks())
}

// note adds a violation, once; the lock is held.
func (s *Server) note(format string, args ...any) {
	if violation := fmt.Sprintf(format, args...); !slices.Contains(s.violations, violation) {
		s.violations = append(s.violations, violation)
	}
}

// IssuedCredentials lists all temporary credentials handed out so far.
func (s *Server) IssuedCredentials() []Credentials {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.issued)
}

// Latency delays every answer from now on.
func (s *Server) Latency(d time.Duration) { s.latency.Store(int64(d)) }

// memoryListener accepts connections that never leave the process, and so are
// durably blocking in the sense of testing/synctest.
type memoryListener struct {
	addr  string
	conns chan net.Conn
	open  context.Context
	close context.CancelFunc
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.open.Done():
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.close()
	return nil
}

func (l *memoryListener) Addr() net.Addr { return memoryAddr(l.addr) }

func memoryAddr(addr string) net.Addr { return &net.UnixAddr{Name: addr, Net: "memory"} }

// refused is what a user sees of a port on which nobody listens.
func refused(addr string) error {
	return &net.OpError{Op: "dial", Net: "tcp", Addr: memoryAddr(addr), Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

func (l *memoryListener) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.open.Done():
		return nil, refused(l.addr)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
