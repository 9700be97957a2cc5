// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// temporaryCredentials allow reading and writing one value for a while.
type temporaryCredentials struct {
	accessKeyID, secretAccessKey, sessionToken Sensitive
	arn, region                                string
	// isNew is set if the secret was created so lately, by the server's clocks, that AWS may not allow
	// access to it everywhere yet.
	isNew bool
}

// Retrieve implements aws.CredentialsProvider. The user's own AWS configuration is never
// used.
func (t *temporaryCredentials) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{
		AccessKeyID:     t.accessKeyID.Reveal(),
		SecretAccessKey: t.secretAccessKey.Reveal(),
		SessionToken:    t.sessionToken.Reveal(),
		Source:          "Roboto",
	}, nil
}

// credentials gets access to one value from Roboto. It refuses an answer that would send
// the value anywhere else.
func (c *Client) credentials(ctx context.Context, known Record, mustSend bool) (*temporaryCredentials, error) {
	if err := known.validateFull(); err != nil {
		return nil, err
	}
	wire, ans, err := callFor[struct {
		Record wireRecord `json:"record"`
		Creds  struct {
			StoreType       identifier `json:"store_type"`
			AccessKeyID     string     `json:"access_key_id"`
			SecretAccessKey string     `json:"secret_access_key"`
			SessionToken    string     `json:"session_token"`
			Region          identifier `json:"region"`
		} `json:"creds"`
	}](ctx, c, secretRequest(http.MethodGet, known, mustSend, "creds"))
	switch {
	case KindOf(err) == KindNotFound:
		return nil, c.completeWithOrgs(ctx, known.OrgID, errorOf(err))
	case err != nil:
		return nil, err
	}
	record, err := c.checkedRecord(ans, wire.Record, known.SecretRef)
	if err != nil {
		return nil, err
	}
	region, err := arnRegion(record.ARN)
	creds := &temporaryCredentials{
		accessKeyID:     NewSensitive(wire.Creds.AccessKeyID),
		secretAccessKey: NewSensitive(wire.Creds.SecretAccessKey),
		sessionToken:    NewSensitive(wire.Creds.SessionToken),
		arn:             record.ARN,
		region:          region,
		isNew:           !ans.date.IsZero() && ans.date.Sub(record.Created) < newSecretGrace,
	}
	switch {
	case err != nil:
		return nil, ans.unusable(err.Error())
	case record.isAnother(known):
		// The record is not described, because it comes with the credentials and may repeat them.
		return nil, &Error{Kind: KindReplaced, What: fmt.Sprintf(
			"Roboto handed out credentials for another secret of this name, and not for the one that was created at %s with the ARN %s.",
			known.Created.Format(time.RFC3339), known.ARN)}
	case wire.Creds.StoreType != "" && wire.Creds.StoreType != storeTypeAWS:
		return nil, unsupportedStore()
	case string(wire.Creds.Region) != region:
		return nil, ans.unusable("the region of the credentials is not that of the secret's ARN")
	case slices.ContainsFunc([]string{wire.Creds.AccessKeyID, wire.Creds.SecretAccessKey, wire.Creds.SessionToken}, func(part string) bool {
		return part == "" || !IsHeaderText(part)
	}):
		return nil, ans.unusable("the credentials are incomplete, or contain white space or other characters that no credentials have")
	case repeatsPiece(region, creds.accessKeyID, creds.secretAccessKey, creds.sessionToken): // it is part of a host's name
		return nil, ans.unusable("the region repeats a part of the credentials")
	}
	return creds, nil
}
