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

// cleanupTime limits the deletion of what was made, which goes on after an interrupt.
const cleanupTime = time.Minute

// cleanup knows all names that may exist because of this run, and all invocations.
type cleanup struct {
	service     *service
	orgID       string
	names       []string
	invocations []string
}

func (c *cleanup) note(name string) {
	if !slices.Contains(c.names, name) {
		c.names = append(c.names, name)
	}
}

func (c *cleanup) noteInvocation(id string) {
	if !slices.Contains(c.invocations, id) {
		c.invocations = append(c.invocations, id)
	}
}

func invocationPath(id string) string { return "/v1/actions/invocations/" + url.PathEscape(id) }

func (c *cleanup) invocation(ctx context.Context, id string) (answer, error) {
	return c.service.roboto(ctx, call{method: http.MethodGet, path: invocationPath(id)})
}

func (c *cleanup) cancel(ctx context.Context, id string) (answer, error) {
	return c.service.roboto(ctx, call{method: http.MethodPost, path: invocationPath(id) + "/cancel", header: owningOrg, orgID: c.orgID})
}

// hasEnded cancels an invocation that runs.
func (c *cleanup) hasEnded(ctx context.Context, id string) bool {
	if a, err := c.cancel(ctx, id); err == nil && a.success() {
		return true
	}
	a, err := c.invocation(ctx, id)
	if err != nil {
		return false
	}
	invocation, err := a.object()
	return err == nil && lastStatus(invocation) >= completed
}

// delete refuses every name that is not of this program.
func (c *cleanup) delete(ctx context.Context, name string) (answer, error) {
	if !strings.HasPrefix(name, namePrefix) {
		return answer{}, fmt.Errorf("%q is not a name of this program", name)
	}
	return c.service.roboto(ctx, call{method: http.MethodDelete, path: secretPath(name), header: owningOrg, orgID: c.orgID})
}

// run ends and deletes everything, and returns what may be left.
func (c *cleanup) run(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	var left []string
	for _, id := range c.invocations {
		if !c.hasEnded(ctx, id) {
			left = append(left, "the invocation "+id)
		}
	}
	for _, name := range c.names {
		if !c.isGone(ctx, name) {
			left = append(left, name)
		}
	}
	return left
}

func (c *cleanup) isGone(ctx context.Context, name string) bool {
	if a, err := c.delete(ctx, name); err == nil && a.success() {
		return true
	}
	a, err := c.service.roboto(ctx, call{method: http.MethodGet, path: secretPath(name), header: owningOrg, orgID: c.orgID})
	return err == nil && (a.status == http.StatusNotFound || a.status == http.StatusGone)
}

// offer asks whether to delete what earlier runs have left, and does so after a yes.
func (c *cleanup) offer(ctx context.Context, leftovers []string, in io.Reader, out io.Writer) error {
	if len(leftovers) == 0 {
		return nil
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
		return ctx.Err()
	case text := <-line:
		if strings.TrimSpace(text) != "yes" {
			_, _ = fmt.Fprintln(out, "They stay.")
			return nil
		}
	}
	for _, name := range leftovers {
		if !c.isGone(ctx, name) {
			_, _ = fmt.Fprintf(out, "%q could not be deleted.\n", name)
		}
	}
	return nil
}
