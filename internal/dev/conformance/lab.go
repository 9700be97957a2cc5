// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// namePrefix begins the name of each secret that is created here.
const namePrefix = "tf-conformance-"

const (
	pollInterval  = 500 * time.Millisecond
	maxCleanupLag = 5 * time.Second
)

// lab is where facts are checked.
type lab struct {
	service *service
	orgID   string
	// action may be invoked; "" for none.
	action string
	// prefix begins the names of this run.
	prefix string
	// patience is for how long a service may lag.
	patience time.Duration
	made     *cleanup
	// kept is what was made once, or how that ended.
	kept map[string]any
}

func newLab(s *service, orgID string, patience time.Duration) *lab {
	prefix := namePrefix + strings.ToLower(rand.Text()[:8]) + "-"
	return &lab{
		service: s, orgID: orgID, prefix: prefix, patience: patience, kept: map[string]any{},
		made: &cleanup{service: s, orgID: orgID, prefix: prefix, pause: min(patience, maxCleanupLag)},
	}
}

// checkAccess finds out whether there is a Roboto that takes the API key. Without, all facts
// would be said to differ.
func (l *lab) checkAccess(ctx context.Context) error {
	a, err := orRefusal(l.service.roboto(ctx, call{method: http.MethodGet, path: callerPath}))
	if err == nil && a.refusal() {
		return fmt.Errorf("the API key is refused by Roboto, which answered %s", a)
	}
	if err == nil {
		_, err = a.data()
	}
	if err != nil {
		return fmt.Errorf("asking Roboto for the caller's organizations: %w", err)
	}
	return nil
}

func (t *trial) roboto(c call) (answer, error)        { return t.service.roboto(t.ctx, c) }
func (t *trial) create(name string) (answer, error)   { return t.made.create(t.ctx, name) }
func (t *trial) get(name string) (answer, error)      { return t.made.get(t.ctx, name) }
func (t *trial) delete(name string) (answer, error)   { return t.made.delete(t.ctx, name) }
func (t *trial) invocation(id string) (answer, error) { return t.made.invocation(t.ctx, id) }

func secretPath(name string) string { return "/v1/secrets/name/" + url.PathEscape(name) }

// secret is one that was created for the checks.
type secret struct {
	name   string
	answer answer
	// record is nil if the answer has none.
	record object
}

// secret creates the secret of a label once.
func (t *trial) secret(label string) secret {
	s := t.requested(label)
	if _, err := s.answer.object(); err != nil {
		t.unknown(noSecret, err)
	}
	return s
}

const noSecret = "no secret could be created for it: %w"

// requested is a secret that may have no record.
func (t *trial) requested(label string) secret {
	return once(t, "secret "+label, func() secret {
		name := t.prefix + label
		a, err := t.create(name)
		if err != nil {
			t.unknown(noSecret, err)
		}
		record, _ := a.object()
		return secret{name, a, record}
	})
}

func arn(record object) string { return record.object("location").text("arn") }

func regionOf(arn string) (string, error) {
	parts := strings.Split(arn, ":")
	if len(parts) < 4 {
		return "", errors.New("the ARN cannot be read")
	}
	return parts[3], nil
}

// missing is the answer about a secret that never was.
func (t *trial) missing() answer {
	return once(t, "missing", func() answer {
		a := must(orRefusal(t.get(t.prefix + "never")))
		if a.refusal() { // of all secrets, perhaps
			must(t.get(t.secret("plain").name))
		}
		return a
	})
}

// deletion holds the answers to a secret's deletion, and to what followed.
type deletion struct {
	secret, recreated           secret
	deleted, then, again, value answer
	nameFree                    time.Duration
	nameRefused, unread         error
}

// gone deletes a secret, asks for it, deletes it again and creates it again, once.
func (t *trial) gone() deletion {
	return once(t, "deletion", func() (d deletion) {
		d.secret = t.secret("gone")
		var held access
		// Without access, only what concerns the value stays unknown.
		d.unread = ending(func() {
			held = t.open("gone").access
			must(t.put(held, newToken(), t.value()))
		})
		d.deleted = must(t.delete(d.secret.name))
		d.then = must(orRefusal(t.get(d.secret.name)))
		d.again = must(orRefusal(t.delete(d.secret.name)))
		if d.unread == nil {
			d.value, d.unread = orRefusal(t.getValue(held, held.arn))
		}
		d.nameRefused = ending(func() {
			d.nameFree = must(t.until(func() bool {
				a := must(t.create(d.secret.name))
				if a.success() {
					d.recreated = secret{d.secret.name, a, must(a.object())}
				}
				return a.success()
			}))
		})
		return d
	})
}

// handed is what Roboto answers for credentials of a secret.
func (t *trial) handed(s secret) (object, error) {
	a := must(t.roboto(call{method: http.MethodGet, path: secretPath(s.name) + "/creds", owner: t.orgID}))
	data, err := a.object()
	creds := data.object("creds")
	t.service.secrets.add(creds.text("access_key_id"), creds.text("secret_access_key"), creds.text("session_token"))
	return data, err
}

// opened is access to a value, and the first answer that was not a refusal.
type opened struct {
	access access
	first  answer
	lag    time.Duration
}

// open gets access to the value of a label's secret once.
func (t *trial) open(label string) opened {
	return once(t, "access "+label, func() opened { return t.gainAccess(t.secret(label)) })
}

// gainAccess waits until AWS grants it.
func (t *trial) gainAccess(s secret) (o opened) {
	data, err := t.handed(s)
	if err != nil {
		t.unknown("no credentials: %w", err)
	}
	o.access = access{arn(s.record), data.object("creds")}
	o.lag, err = t.until(func() bool {
		o.first = must(orRefusal(t.getValue(o.access, o.access.arn)))
		code := o.first.code()
		return !o.first.refusal() && code != "AccessDeniedException" && code != "UnrecognizedClientException"
	})
	if err != nil {
		t.unknown("AWS refused the credentials: %s", o.first)
	}
	return o
}

// value makes a new value, which is nobody's secret, and must not be seen all the same.
func (l *lab) value() string {
	value := "conformance " + rand.Text() + " ü"
	l.service.secrets.add(value)
	return value
}

// newToken makes a ClientRequestToken, which has to have 32 to 64 characters.
func newToken() string { return "conformance-" + rand.Text() }

func (t *trial) put(a access, token, value string) (answer, error) {
	return t.service.aws(t.ctx, a, "PutSecretValue", map[string]any{"SecretId": a.arn, "SecretString": value, "ClientRequestToken": token})
}

func (t *trial) getValue(a access, arn string) (answer, error) {
	return t.service.aws(t.ctx, a, "GetSecretValue", map[string]any{"SecretId": arn})
}

func (t *trial) read(a access) object {
	return must(must(t.getValue(a, a.arn)).output())
}
