// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/roboto"
)

// memory is all that a process remembers of secrets. Terraform configures a new process for each
// walk: one refreshes and plans, another applies.
//
// The rule: what is remembered may change what is printed or how long we wait, or lead to a
// refusal. It never decides what is written or deleted, because no process sees everything.
type memory struct {
	mu      sync.Mutex
	secrets map[secretKey]*knownSecret
	names   map[roboto.SecretRef]*knownName
	// advice holds the advice that was given, and outages the outages that were reported.
	advice, outages map[string]bool
	// refreshed is whether a secret was refreshed.
	refreshed bool
	// applies is whether this process has created a secret. Then it is no process that plans.
	applies bool
}

// secretKey identifies a secret at all addresses. Some answers give its time in whole seconds.
type secretKey struct {
	arn     string
	created int64
}

// knownSecret is what the process has seen of one secret.
type knownSecret struct {
	// reads counts the addresses that were refreshed: each is read at most once in a walk.
	reads int
	// kept and deleted are whether an address plans to keep it, or to delete it.
	kept, deleted bool
}

// knownName is what the process has seen of one name.
type knownName struct {
	// read is the secret of the name that was refreshed, or nil.
	read *knownSecret
	// removed and created are whether an address plans to delete, or to create, a secret of the
	// name.
	removed, created bool
	// reserved is whether a replacement is to get the name, and ready whether it has deleted what
	// it replaces. claimed is whether this process has begun to create a secret of the name.
	reserved, ready, claimed bool
	// createdAt is when this process had created a secret of the name.
	createdAt time.Time
	// deleted is the secret of the name that this process has deleted last. deletion is closed at
	// the end of a deletion that is under way, or is nil.
	deleted  roboto.Record
	deletion chan struct{}
}

func newMemory() *memory {
	return &memory{secrets: map[secretKey]*knownSecret{}, names: map[roboto.SecretRef]*knownName{}, advice: map[string]bool{}, outages: map[string]bool{}}
}

// secret needs the lock.
func (m *memory) secret(record roboto.Record) *knownSecret {
	key := secretKey{record.ARN, record.Created.Unix()}
	if m.secrets[key] == nil {
		m.secrets[key] = &knownSecret{}
	}
	return m.secrets[key]
}

// name needs the lock.
func (m *memory) name(ref roboto.SecretRef) *knownName {
	if m.names[ref] == nil {
		m.names[ref] = &knownName{}
	}
	return m.names[ref]
}

// noteRead is called for each refresh. It reports whether another address has the same secret.
func (m *memory) noteRead(record roboto.Record) (elsewhere bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refreshed = true
	secret := m.secret(record)
	m.name(record.SecretRef).read = secret
	secret.reads++
	return secret.reads > 1
}

// remembered is what a process has seen of a secret and planned for it, or for its name, at other
// addresses.
type remembered struct {
	// conflict: one address deletes the secret, and another one keeps it.
	conflict bool
	// recreated is a secret that one address deletes, while another one creates one of its name. It
	// is zero if there is none.
	recreated roboto.SecretRef
	// refreshed: this process has refreshed the secret.
	refreshed bool
	// applying: this process applies a plan, and has not created this secret.
	applying bool
}

// noteKeep is called for each plan of an update, or of no change.
func (m *memory) noteKeep(secret roboto.Record) remembered {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.secret(secret)
	known.kept = true
	return remembered{
		conflict:  known.deleted || known.reads > 1 && m.name(secret.SecretRef).created,
		refreshed: known.reads > 0,
	}
}

// noteDelete is called for each plan that deletes a secret. created is the secret that replaces
// it, or nil.
func (m *memory) noteDelete(secret roboto.Record, created *roboto.SecretRef) remembered {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, name := m.secret(secret), m.name(secret.SecretRef)
	known.deleted, name.removed = true, true
	refs := []roboto.SecretRef{secret.SecretRef}
	if created != nil && created.Name != "" && created.OrgID != "" {
		m.name(*created).created = true
		refs = append(refs, *created)
	}
	return remembered{
		conflict:  known.kept,
		recreated: m.recreated(refs...),
		refreshed: known.reads > 0,
		applying:  m.applies && name.createdAt.IsZero(),
	}
}

// recreated is the first of the names that an address deletes and an address creates, or a zero
// reference. It needs the lock.
func (m *memory) recreated(refs ...roboto.SecretRef) roboto.SecretRef {
	for _, ref := range refs {
		if name := m.name(ref); name.removed && name.created {
			return ref
		}
	}
	return roboto.SecretRef{}
}

// noteCreate is called for each plan of a secret that has no state.
func (m *memory) noteCreate(ref roboto.SecretRef) remembered {
	m.mu.Lock()
	defer m.mu.Unlock()
	name := m.name(ref)
	name.created = true
	return remembered{
		conflict:  name.read != nil && name.read.reads > 1,
		recreated: m.recreated(ref),
		refreshed: name.read != nil,
	}
}

// claim reports whether this process has not begun to create a secret of the name before.
// Names are unique, so two creates are two blocks of one name.
func (m *memory) claim(ref roboto.SecretRef) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	name := m.name(ref)
	free := !name.claimed && (!name.reserved || name.ready)
	name.claimed = name.claimed || free
	return free
}

// reserve is claim for a replacement, before it deletes the old secret. Its create claims the name
// when ready was called.
func (m *memory) reserve(ref roboto.SecretRef) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	name := m.name(ref)
	free := !name.claimed && !name.reserved
	name.reserved = true
	return free
}

// ready is called when a replacement has deleted the old secret.
func (m *memory) ready(ref roboto.SecretRef) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.name(ref).ready = true
}

// noteCreated is called when a secret was created.
func (m *memory) noteCreated(record roboto.Record) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.applies = true
	m.name(record.SecretRef).createdAt = record.CreatedHere
}

// createdAt is when this process created a secret of the name, or zero.
func (m *memory) createdAt(ref roboto.SecretRef) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.name(ref).createdAt
}

// beginDelete notes that a deletion is under way, until end is called.
func (m *memory) beginDelete(secret roboto.Record) (end func(deleted bool)) {
	done := make(chan struct{})
	m.mu.Lock()
	defer m.mu.Unlock()
	name := m.name(secret.SecretRef)
	name.deletion = done
	return func(deleted bool) {
		m.mu.Lock()
		defer m.mu.Unlock()
		if deleted {
			name.deleted = secret
		}
		if name.deletion == done {
			name.deletion = nil
		}
		close(done)
	}
}

// deleted is the secret of the name that this process has deleted last, or zero.
func (m *memory) deleted(ref roboto.SecretRef) roboto.Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.name(ref).deleted
}

// awaitDeletion waits for the deletion of the name that is under way, if there is one.
func (m *memory) awaitDeletion(ctx context.Context, ref roboto.SecretRef) {
	m.mu.Lock()
	deletion := m.name(ref).deletion
	m.mu.Unlock()
	if deletion != nil {
		select {
		case <-deletion:
		case <-ctx.Done():
		}
	}
}

// first reports whether the advice was not given before. Terraform folds only warnings of one
// title, and a title that names the secret keeps each secret on the screen.
func (m *memory) first(advice string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	first := !m.advice[advice]
	m.advice[advice] = true
	return first
}

// reported reports whether a refresh or a plan has returned the same error before: all requests
// to a host fail, the settings allow none, or the API key is refused by each of them. The run fails
// then, and one error is enough. It is not for an import, and not for what is applied.
func (m *memory) reported(err error) bool {
	failure, ok := errors.AsType[*roboto.Error](err)
	m.mu.Lock()
	defer m.mu.Unlock()
	var outage string
	switch {
	case ok && failure.OutOfReach:
		outage = failure.Service
	case ok && failure.Kind == roboto.KindNotConfigured:
		outage = "settings"
	case ok && failure.Kind == roboto.KindTokenRefused && !m.refreshed:
		outage = "API key"
	default:
		return false
	}
	before := m.outages[outage]
	m.outages[outage] = true
	return before
}
