// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest

import (
	"context"
	"net"
	"os"
	"sync"
	"syscall"
)

// memoryListener accepts connections that never leave the process, and so are
// durably blocking in the sense of testing/synctest.
type memoryListener struct {
	addr   memoryAddr
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

type memoryAddr string

func (memoryAddr) Network() string  { return "memory" }
func (a memoryAddr) String() string { return string(a) }

func newMemoryListener(addr string) *memoryListener {
	return &memoryListener{addr: memoryAddr(addr), conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *memoryListener) Addr() net.Addr { return l.addr }

// refused is what a user sees of a port on which nobody listens.
func refused(addr memoryAddr) error {
	return &net.OpError{Op: "dial", Net: "tcp", Addr: addr, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

func (l *memoryListener) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, refused(l.addr)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
