// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
)

// Failure is why an attempt has no usable answer. It never wraps errors of net/http, which quote
// malformed answers.
type Failure struct { //nolint:errname // one word for an attempt without an answer, also where it is no error
	// Reason is a clause that may be shown.
	Reason string
	// Sent is whether the request may have been carried out.
	Sent bool
	// Final is whether another attempt would fail in the same way.
	Final bool
	// OutOfReach is whether all requests to the host fail for now.
	OutOfReach bool
	// Untrusted is whether the server's certificate was refused.
	Untrusted bool
	// Answered is whether the host did answer, but not as it should.
	Answered bool

	unknownHost bool
	// ended is the error of the caller's context, if it ended.
	ended error
}

func (f *Failure) Error() string { return f.Reason }

func (f *Failure) Unwrap() error { return f.ended }

// FailureOf returns the Failure in the error of a client, or nil.
func FailureOf(err error) *Failure {
	failure, _ := errors.AsType[*Failure](err)
	return failure
}

func canceled(cause error, sent bool) *Failure {
	return &Failure{Reason: "the request was canceled", Sent: sent, ended: cause}
}

// newFailure puts an error of net/http into words.
func newFailure(err error, sent bool) *Failure {
	f := &Failure{Sent: sent}
	var (
		dns     *net.DNSError
		errno   syscall.Errno
		refusal *proxyError
		noTLS   tls.RecordHeaderError
		op      *net.OpError
		cert    *tls.CertificateVerificationError
		timeout net.Error
	)
	isOp := errors.As(err, &op)
	switch {
	case errors.As(err, &refusal):
		f.Reason = refusal.Error()
		f.Final = refusal.status == http.StatusProxyAuthRequired
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		f.Reason = "the request timed out"
	case errors.As(err, &dns):
		f.Reason = "the host name cannot be resolved" // of a proxy, it may be a piece of the password
		f.unknownHost = dns.IsNotFound
	case errors.As(err, &errno):
		f.Reason = errno.Error()
	case errors.As(err, &noTLS):
		f.Reason = "the server does not speak TLS, which https needs"
	case isOp && op.Op == "remote error": // crypto/tls's words
		f.Reason = "the server refused the TLS connection"
	case errors.As(err, &cert):
		f.Reason = "the server's TLS certificate is not trusted"
		f.Untrusted, f.Final = true, true
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		f.Reason = "the connection was closed before the answer was complete"
	default:
		f.Reason = "the connection failed, or the answer was not HTTP"
	}
	if isOp && op.Op == "proxyconnect" { // net/http's word
		f.Reason = "the proxy of HTTPS_PROXY cannot be reached: " + f.Reason
	}
	return f
}

func tooLarge(part string, limit int) *Failure {
	return &Failure{Reason: fmt.Sprintf("the %s is larger than %d MiB", part, limit>>20), Sent: true, Final: true, Answered: true}
}

// proxyError is the answer of a proxy that does not connect to the service.
type proxyError struct{ status int }

func (e *proxyError) Error() string {
	return fmt.Sprintf("the proxy answered %d %s", e.status, http.StatusText(e.status))
}
