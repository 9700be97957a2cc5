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
	"net/url"
	"strings"
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

	// wrongHost is whether no attempt would help if the host has never answered: it does not exist,
	// or speaks another protocol.
	wrongHost bool
}

func (f *Failure) Error() string { return f.Reason }

// FailureOf returns the Failure in the error of a client, or nil.
func FailureOf(err error) *Failure {
	failure, _ := errors.AsType[*Failure](err)
	return failure
}

// newFailure puts an error of net/http into words.
func newFailure(err error, sent bool) *Failure {
	if refusal := FailureOf(err); refusal != nil {
		return refusal
	}
	f := &Failure{Sent: sent}
	var (
		dns     *net.DNSError
		errno   syscall.Errno
		noTLS   tls.RecordHeaderError
		op      *net.OpError
		cert    *tls.CertificateVerificationError
		timeout net.Error
	)
	isOp := errors.As(err, &op)
	switch {
	case errors.Is(err, context.Canceled):
		f.Reason = "the request was canceled"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		f.Reason = "the request timed out"
	case errors.As(err, &dns):
		f.Reason = "the host name cannot be resolved" // of a proxy, it may be a piece of the password
		f.wrongHost = dns.IsNotFound
	case errors.As(err, &errno):
		f.Reason = errno.Error()
	case errors.As(err, &noTLS):
		f.Reason = "the server does not speak TLS, which https needs"
		f.wrongHost = true
	case isOp && op.Op == "remote error": // crypto/tls's words
		f.Reason = "the server refused the TLS connection"
	case errors.As(err, &cert):
		f.Reason = "the server's TLS certificate is not trusted"
		f.Untrusted, f.Final = true, true
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		f.Reason = "the connection was closed before the answer was complete"
	case strings.Contains(err.Error(), "response headers exceeded"): // the words of net/http for HTTP/1
		f.Reason = fmt.Sprintf("the header of the answer is larger than %d MiB", maxHeader>>20)
		f.Final = true
	default:
		f.Reason = "the connection failed, or the answer was not HTTP"
	}
	if isOp && op.Op == "proxyconnect" { // net/http's word
		f.Reason = "the proxy of HTTPS_PROXY cannot be reached: " + f.Reason
	}
	return f
}

// refusalOfProxy keeps the status code. net/http keeps only its text.
func refusalOfProxy(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &Failure{
		Reason: fmt.Sprintf("the proxy answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode)),
		Final:  resp.StatusCode == http.StatusProxyAuthRequired,
	}
}
