// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
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

// secretsManagerRoute asks the SDK for the host, because not all regions have the same
// domain.
func (c *Client) secretsManagerRoute(region string) Route {
	if c.config.SecretsManagerEndpoint != nil {
		return c.awsRoute(c.config.SecretsManagerEndpoint)
	}
	parameters := secretsmanager.EndpointParameters{Region: aws.String(region)}.WithDefaults()
	endpoint, err := secretsmanager.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), parameters)
	if err != nil {
		return Route{}
	}
	return c.awsRoute(&endpoint.URI)
}

func (c *Client) awsRoute(to *url.URL) Route {
	return Route{Host: to.Host, Proxy: c.transport.Proxy(to)}
}
