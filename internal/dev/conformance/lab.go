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

// lab is where facts are checked. What several of them look at is made once.
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

	secrets  map[string]memo[secret]
	accesses map[string]memo[opened]
	listed   *memo[listing]
	absent   *memo[answer]
	departed *memo[departure]
	wrote    *memo[written]
	invoked  *memo[running]
}

// memo is a result with its error, because what failed once is not tried again.
type memo[T any] struct {
	result T
	err    error
}

func newLab(s *service, orgID string, patience time.Duration) *lab {
	prefix := namePrefix + strings.ToLower(rand.Text()[:8]) + "-"
	return &lab{
		service: s, orgID: orgID, prefix: prefix, patience: patience,
		made:    &cleanup{service: s, orgID: orgID, prefix: prefix, pause: min(patience, maxCleanupLag)},
		secrets: map[string]memo[secret]{}, accesses: map[string]memo[opened]{},
	}
}

// knock finds out whether there is a Roboto that takes the API key. Without, all facts
// would be said to differ.
func (l *lab) knock(ctx context.Context) error {
	a, err := refused(l.service.roboto(ctx, call{method: http.MethodGet, path: "/v1/orgs/caller"}))
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

// secret is one that was created for the checks.
type secret struct {
	name   string
	record object
	answer answer
}

// secret creates the secret of a label once.
func (l *lab) secret(ctx context.Context, label string) (secret, error) {
	if known, ok := l.secrets[label]; ok {
		return known.result, known.err
	}
	made := secret{name: l.prefix + label}
	var err error
	if made.answer, err = l.create(ctx, made.name); err == nil {
		made.record, err = made.answer.object()
	}
	if err != nil {
		err = fmt.Errorf("no secret could be created for it: %w", err)
	}
	l.secrets[label] = memo[secret]{made, err}
	return made, err
}

// create posts a record. The name is noted first, because the answer may be lost.
func (l *lab) create(ctx context.Context, name string) (answer, error) {
	l.made.note(name)
	a, err := l.service.roboto(ctx, call{method: http.MethodPost, path: "/v1/secrets", header: actingOrg, orgID: l.orgID, body: map[string]string{"name": name}})
	if err != nil && mayBeDone(err) {
		l.made.unanswered = true
	}
	return a, err
}

func secretPath(name string) string { return "/v1/secrets/name/" + url.PathEscape(name) }

func (l *lab) get(ctx context.Context, name string) (answer, error) {
	return l.service.roboto(ctx, call{method: http.MethodGet, path: secretPath(name), header: owningOrg, orgID: l.orgID})
}

func (l *lab) delete(ctx context.Context, name string) (answer, error) {
	return l.made.delete(ctx, name)
}

func (l *lab) credentials(ctx context.Context, name string) (answer, error) {
	a, err := l.service.roboto(ctx, call{method: http.MethodGet, path: secretPath(name) + "/creds", header: owningOrg, orgID: l.orgID})
	if err != nil {
		return a, err
	}
	if data, err := a.object(); err == nil {
		creds := data.object("creds")
		l.service.secrets.add(creds.text("access_key_id"), creds.text("secret_access_key"), creds.text("session_token"))
	}
	return a, nil
}

// missing is the answer about a secret that never was.
func (l *lab) missing(ctx context.Context) (answer, error) {
	if l.absent == nil {
		a, err := refused(l.get(ctx, l.prefix+"never"))
		if err == nil && a.refusal() { // of all secrets, perhaps
			var s secret
			if s, err = l.secret(ctx, "plain"); err == nil {
				_, err = l.get(ctx, s.name)
			}
		}
		l.absent = &memo[answer]{a, err}
	}
	return l.absent.result, l.absent.err
}

// departure is what a secret's deletion was answered, and what was answered after it.
type departure struct {
	secret               secret
	access               access
	deleted, then, value answer
	again                answer
	recreated            secret
	nameFree             time.Duration
	nameRefused, unread  error
}

// gone deletes a secret, asks for it, deletes it again and creates it again, once.
func (l *lab) gone(ctx context.Context) (departure, error) {
	if l.departed == nil {
		d, err := l.depart(ctx)
		l.departed = &memo[departure]{d, err}
	}
	return l.departed.result, l.departed.err
}

func (l *lab) depart(ctx context.Context) (d departure, err error) {
	if d.secret, err = l.secret(ctx, "gone"); err != nil {
		return d, err
	}
	// Without access, only what concerns the value stays unknown.
	held, accessErr := l.open(ctx, "gone")
	d.access = held.access
	if accessErr == nil {
		_, accessErr = l.put(ctx, d.access, newToken(), l.value())
	}
	if d.deleted, err = l.delete(ctx, d.secret.name); err != nil {
		return d, err
	}
	if d.then, err = refused(l.get(ctx, d.secret.name)); err != nil {
		return d, err
	}
	if d.again, err = refused(l.delete(ctx, d.secret.name)); err != nil {
		return d, err
	}
	d.unread = accessErr
	if accessErr == nil {
		d.value, d.unread = refused(l.service.aws(ctx, d.access, "GetSecretValue", map[string]any{"SecretId": d.access.arn}))
	}
	d.nameFree, d.nameRefused = l.until(ctx, func() (bool, error) {
		a, err := l.create(ctx, d.secret.name)
		if err != nil || !a.success() {
			return false, err
		}
		d.recreated.name, d.recreated.answer = d.secret.name, a
		d.recreated.record, err = a.object()
		return true, err
	})
	return d, nil
}

var errNotInTime = errors.New("it did not happen in time")

// until tries at once, and then again for as long as the lab has patience.
func (l *lab) until(ctx context.Context, done func() (bool, error)) (time.Duration, error) {
	start := time.Now()
	for {
		ok, err := done()
		elapsed := time.Since(start)
		switch {
		case err != nil:
			return elapsed, err
		case ok:
			return elapsed, nil
		case elapsed+pollInterval > l.patience:
			return elapsed, errNotInTime
		}
		if err := sleep(ctx, pollInterval); err != nil {
			return elapsed, err
		}
	}
}

// opened is access to a value, and the first answer that was not a refusal.
type opened struct {
	access access
	first  answer
	lag    time.Duration
}

// open gets access to the value of a label's secret, and waits until AWS grants it.
func (l *lab) open(ctx context.Context, label string) (opened, error) {
	if known, ok := l.accesses[label]; ok {
		return known.result, known.err
	}
	var o opened
	s, err := l.secret(ctx, label)
	if err == nil {
		o, err = l.gainAccess(ctx, s)
	}
	l.accesses[label] = memo[opened]{o, err}
	return o, err
}

func (l *lab) gainAccess(ctx context.Context, s secret) (opened, error) {
	a, err := l.credentials(ctx, s.name)
	if err != nil {
		return opened{}, err
	}
	data, err := a.object()
	if err != nil {
		return opened{}, fmt.Errorf("no credentials: %w", err)
	}
	creds := data.object("creds")
	o := opened{access: access{
		arn:         arn(s.record),
		accessKeyID: creds.text("access_key_id"), secretAccessKey: creds.text("secret_access_key"), sessionToken: creds.text("session_token"),
	}}
	if parts := strings.Split(o.access.arn, ":"); len(parts) > 3 {
		o.access.region = parts[3]
	}
	o.lag, err = l.until(ctx, func() (bool, error) {
		o.first, err = refused(l.service.aws(ctx, o.access, "GetSecretValue", map[string]any{"SecretId": o.access.arn}))
		code := o.first.code()
		return err == nil && !o.first.refusal() && code != "AccessDeniedException" && code != "UnrecognizedClientException", err
	})
	if errors.Is(err, errNotInTime) {
		err = fmt.Errorf("AWS refused the credentials: %s", o.first)
	}
	return o, err
}

// value makes a new value, which is nobody's secret, and must not be seen all the same.
func (l *lab) value() string {
	value := "conformance " + rand.Text() + " ü"
	l.service.secrets.add(value)
	return value
}

// newToken makes a ClientRequestToken, which has to have 32 to 64 characters.
func newToken() string { return "conformance-" + rand.Text() }

func (l *lab) put(ctx context.Context, a access, token, value string) (answer, error) {
	return l.service.aws(ctx, a, "PutSecretValue", map[string]any{"SecretId": a.arn, "SecretString": value, "ClientRequestToken": token})
}

func (l *lab) read(ctx context.Context, a access) (object, error) {
	got, err := l.service.aws(ctx, a, "GetSecretValue", map[string]any{"SecretId": a.arn})
	return body(got, err)
}

// body is what AWS answered.
func body(a answer, err error) (object, error) {
	switch {
	case err != nil:
		return nil, err
	case !a.success():
		return nil, fmt.Errorf("AWS answered %s", a)
	}
	return parseObject(a.body)
}
