// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// page lists one page: its names, and the token of the next.
func (c client) page(token string) (names []string, next string) {
	c.t.Helper()
	query := ""
	if token != "" {
		query = "?page_token=" + url.QueryEscape(token)
	}
	a := c.call(listed+query, header("X-Roboto-Resource-Owner-Id", org)).want(c.t, http.StatusOK, `"next_token":`)
	page := decode[struct {
		Items     []wireRecord
		NextToken string `json:"next_token"`
	}](c.t, a)
	if page.NextToken == "" && !strings.Contains(a.body, `"next_token":null`) {
		c.t.Errorf("the last page's token is not null: %s", a.body)
	}
	for _, item := range page.Items {
		names = append(names, item.Name)
	}
	return names, page.NextToken
}

// rest lists all pages from a token on.
func (c client) rest(token string) (names []string, sizes []int) {
	c.t.Helper()
	for {
		page, next := c.page(token)
		names, sizes = append(names, page...), append(sizes, len(page))
		if next == "" {
			return names, sizes
		}
		token = next
	}
}

func (c client) order() (names []string) {
	for _, r := range c.s.Records(org) {
		names = append(names, r.Name)
	}
	return names
}

func TestPagesAreFullUpToTheLast(t *testing.T) {
	c := newClient(t, robototest.Options{PageSize: 7, Orgs: []string{org, "og_other"}})
	c.s.AddSecret("og_other", "elsewhere")
	for _, want := range [][]int{{0}, {6}, {7}, {7, 1}, {7, 7}, {7, 7, 6}} {
		for {
			count := len(c.s.Records(org))
			if count == sum(want) {
				break
			}
			c.s.AddSecret(org, fmt.Sprintf("secret-%02d", count))
		}
		names, sizes := c.rest("")
		if again, _ := c.rest(""); !slices.Equal(names, again) || !slices.Equal(names, c.order()) || !slices.Equal(sizes, want) {
			t.Errorf("pages of %v, want %v: %v, then %v", sizes, want, names, again)
		}
	}
	names := c.order()
	if slices.IsSorted(names) {
		t.Error("a client that relies on sorted pages would not be found out")
	}
	slices.Sort(names)
	if len(slices.Compact(names)) != 20 {
		t.Errorf("got %v", names)
	}
	c.call(listed+"?page_token=!").want(t, http.StatusBadRequest)
}

func sum(numbers []int) (total int) {
	for _, n := range numbers {
		total += n
	}
	return total
}

func TestPageTokensSurviveChanges(t *testing.T) {
	c := newClient(t, robototest.Options{PageSize: 5})
	for i := range 20 {
		c.s.AddSecret(org, fmt.Sprint("old-", i))
	}
	order := c.order()
	names, next := c.page("")
	// One that was listed, the one that comes next, and a later one.
	for _, i := range []int{0, 5, 12} {
		c.s.DeleteSecret(org, order[i])
	}
	for i := range 20 {
		c.s.AddSecret(org, fmt.Sprint("new-", i))
	}
	later, _ := c.rest(next)
	names = slices.DeleteFunc(append(names, later...), func(name string) bool { return strings.HasPrefix(name, "new-") })
	if want := slices.Concat(order[:5], order[6:12], order[13:]); !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
	// A token to what is gone altogether.
	for _, name := range c.order() {
		c.s.DeleteSecret(org, name)
	}
	if names, _ := c.rest(next); len(names) != 0 {
		t.Errorf("got %v of nothing", names)
	}
}
