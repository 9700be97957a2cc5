// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// Route says where a failed request went. All of it may be shown.
type Route struct {
	// Host is the service's host, with its port if the URL has one.
	Host string
	// Proxy is the host of the proxy in the way, or "".
	Proxy string
	// APIKey is where the API key of the request came from. It is zero for AWS.
	APIKey KeySource
}

// KeySource describes where an API key came from, in the words of the program that
// configured the client.
type KeySource struct {
	// From completes the sentence "The API key is from …".
	From string
	// Check is a sentence about what to check when the API key is refused.
	Check string
}

func newRoute(pool *http.Transport, to *url.URL) Route {
	route := Route{Host: to.Host}
	if pool.Proxy == nil {
		return route
	}
	// The host alone, because the URL of a proxy may hold a password.
	if proxy, err := pool.Proxy(&http.Request{URL: to}); err == nil && proxy != nil {
		route.Proxy = proxy.Host
	}
	return route
}

// secretsManagerRoute asks the SDK for the host, because not all regions have the same
// domain.
func (c *Client) secretsManagerRoute(region string) Route {
	if c.config.SecretsManagerEndpoint != nil {
		return newRoute(c.pool, c.config.SecretsManagerEndpoint)
	}
	parameters := secretsmanager.EndpointParameters{Region: aws.String(region)}.WithDefaults()
	endpoint, err := secretsmanager.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), parameters)
	if err != nil {
		return Route{}
	}
	return newRoute(c.pool, &endpoint.URI)
}

// proxyError is the answer of a proxy that does not connect to the service.
type proxyError struct{ status int }

func (e *proxyError) Error() string {
	return fmt.Sprintf("the proxy answered %d %s", e.status, http.StatusText(e.status))
}

// refusalOfProxy keeps the status code. net/http keeps only its text.
func refusalOfProxy(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return &proxyError{resp.StatusCode}
	}
	return nil
}
