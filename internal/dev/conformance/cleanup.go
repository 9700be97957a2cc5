// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The limits of the clean-up, which goes on after an interrupt: for all, and for each secret
// and invocation.
const (
	cleanupTime = 5 * time.Minute
	itemTime    = 15 * time.Second
)

// cleanup knows all names that may exist because of this run, and all invocations.
type cleanup struct {
	service *service
	orgID   string
	// prefix begins the names of this run.
	prefix string
	// pause is for how long a deletion, a create or a cancellation may lag.
	pause time.Duration
	names []string
	// unanswered tells that a create may still come.
	unanswered bool
	// invoked tells that there may be an invocation, be its ID known or not.
	invoked     bool
	invocations []string
}

func appendNew(list []string, item string) []string {
	if slices.Contains(list, item) {
		return list
	}
	return append(list, item)
}

// create posts a record. The name is noted first, because the answer may be lost.
func (c *cleanup) create(ctx context.Context, name string) (answer, error) {
	c.names = appendNew(c.names, name)
	a, err := c.service.roboto(ctx, call{method: http.MethodPost, path: "/v1/secrets", acting: c.orgID, body: map[string]string{"name": name}})
	c.unanswered = c.unanswered || mayBeDone(err)
	return a, err
}

func (c *cleanup) get(ctx context.Context, name string) (answer, error) {
	return c.service.roboto(ctx, call{method: http.MethodGet, path: secretPath(name), owner: c.orgID})
}

// invocation is one that an answer has. Its ID is "" if the answer has none.
type invocation struct {
	answer answer
	record object
	id     string
}

// invoke makes an invocation, and notes it.
func (c *cleanup) invoke(ctx context.Context, invoke call) (invocation, error) {
	a, err := c.service.roboto(ctx, invoke)
	c.invoked = c.invoked || a.success() || mayBeDone(err)
	record, _ := a.object()
	id := record.text("invocation_id")
	if id != "" {
		c.invocations = appendNew(c.invocations, id)
	}
	return invocation{a, record, id}, err
}

func invocationPath(id string) string { return "/v1/actions/invocations/" + url.PathEscape(id) }

func (c *cleanup) invocation(ctx context.Context, id string) (answer, error) {
	return c.service.roboto(ctx, call{method: http.MethodGet, path: invocationPath(id)})
}

func (c *cleanup) cancel(ctx context.Context, id string) (answer, error) {
	return c.service.roboto(ctx, call{method: http.MethodPost, path: invocationPath(id) + "/cancel", owner: c.orgID})
}

// hasEnded cancels an invocation that runs.
func (c *cleanup) hasEnded(ctx context.Context, id string) bool {
	ctx, cancel := context.WithTimeout(ctx, itemTime)
	defer cancel()
	_, _ = c.cancel(ctx, id) // the status tells whether that was of use
	return c.showsEnd(ctx, id) || sleep(ctx, c.pause) == nil && c.showsEnd(ctx, id)
}

func (c *cleanup) showsEnd(ctx context.Context, id string) bool {
	a, _ := c.invocation(ctx, id)
	invocation, _ := a.object()
	return lastStatus(invocation) >= completed
}

// delete refuses every name that is not of this program.
func (c *cleanup) delete(ctx context.Context, name string) (answer, error) {
	if !strings.HasPrefix(name, namePrefix) {
		return answer{}, fmt.Errorf("%q is not a name of this program", name)
	}
	return c.service.roboto(ctx, call{method: http.MethodDelete, path: secretPath(name), owner: c.orgID})
}

// run ends and deletes everything, and returns what may be left.
func (c *cleanup) run(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	var left []string
	if c.invoked && len(c.invocations) == 0 {
		left = append(left, "perhaps an invocation of the action")
	}
	for _, id := range c.invocations {
		if !c.hasEnded(ctx, id) {
			left = append(left, c.service.redact("the invocation "+id))
		}
	}
	return append(left, c.deleteAll(ctx, c.names, func(name string) bool { return strings.HasPrefix(name, c.prefix) })...)
}

// deleteAll returns what may be left. It does not rely on answers about single names, but
// looks at a listing too, because a service may take a path for that of another name.
func (c *cleanup) deleteAll(ctx context.Context, names []string, mine func(string) bool) []string {
	if len(names) == 0 {
		return nil
	}
	isGone := func(name string) bool { return c.isGone(ctx, name) }
	left := slices.DeleteFunc(slices.Clone(names), isGone)
	if c.unanswered {
		_ = sleep(ctx, c.pause)
	}
	shown, err := c.shown(ctx, mine)
	if len(shown) > 0 {
		left = slices.DeleteFunc(union(left, shown), isGone)
		_ = sleep(ctx, c.pause)
		shown, err = c.shown(ctx, mine)
	}
	left = union(left, shown)
	if err != nil {
		left = append(left, "perhaps more secrets, because they cannot be listed: "+err.Error())
	}
	return left
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// shown are the names in a complete listing that are of this program, and the caller's.
func (c *cleanup) shown(ctx context.Context, mine func(string) bool) ([]string, error) {
	list, err := c.list(ctx)
	if err == nil {
		err = list.readable()
	}
	switch {
	case err != nil:
		return nil, err
	case list.failed != nil:
		return nil, fmt.Errorf("the next page was answered %s", list.failed)
	}
	var names []string
	for _, record := range list.records() {
		if name := record.text("name"); strings.HasPrefix(name, namePrefix) && mine(name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// leftovers are the names that earlier runs seem to have left.
func (c *cleanup) leftovers(ctx context.Context) ([]string, error) {
	return c.shown(ctx, func(string) bool { return true })
}

func (c *cleanup) isGone(ctx context.Context, name string) bool {
	ctx, cancel := context.WithTimeout(ctx, itemTime)
	defer cancel()
	if a, err := c.delete(ctx, name); err == nil && a.success() {
		return true
	}
	a, err := c.get(ctx, name)
	return err == nil && a.code() == "RobotoNotFoundException" // and not what a proxy says
}

// offer asks whether to delete what earlier runs have left, and does so after a yes. It
// returns what could not be deleted.
func (c *cleanup) offer(ctx context.Context, leftovers []string, in io.Reader, out io.Writer) ([]string, error) {
	if len(leftovers) == 0 {
		return nil, nil
	}
	_, _ = fmt.Fprintf(out, "Earlier runs seem to have left %d secrets in this organization:\n", len(leftovers))
	for _, name := range leftovers {
		_, _ = fmt.Fprintf(out, "  %q\n", name)
	}
	_, _ = fmt.Fprint(out, "Delete them, with their values, for good? Only \"yes\" deletes them: ")
	line := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(in).ReadString('\n')
		line <- text
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case text := <-line:
		if strings.TrimSpace(text) != "yes" {
			_, _ = fmt.Fprintln(out, "They stay.")
			return nil, nil
		}
	}
	return c.deleteAll(ctx, leftovers, func(name string) bool { return slices.Contains(leftovers, name) }), nil
}
