// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package protocol

import (
	"iter"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Listing is a list block: 0 is no limit.
type Listing struct {
	Config          Fields
	Limit           int64
	IncludeResource bool
}

// Listed is one result of it.
type Listed struct {
	DisplayName        string
	Identity, Resource Fields
	Outcome
}

// List gives the results one by one. Whoever stops taking them stops the provider.
func (p *Provider) List(l Listing) iter.Seq[Listed] {
	p.t.Helper()
	stream := call(p, p.server.ListResource, &tfprotov6.ListResourceRequest{
		TypeName:        TypeSecret,
		Config:          p.encodeBlock(p.Schemas.ListResourceSchemas[TypeSecret].ValueType(), l.Config),
		IncludeResource: l.IncludeResource,
		Limit:           l.Limit,
	})
	return func(yield func(Listed) bool) {
		p.t.Helper()
		for result := range stream.Results {
			listed := Listed{
				DisplayName: result.DisplayName,
				Identity:    p.decodeIdentity(result.Identity),
				Resource:    p.decode(p.secret, result.Resource),
				Outcome:     Outcome{Diagnostics: result.Diagnostics},
			}
			if !yield(listed) {
				return
			}
		}
	}
}
