// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package roboto

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const storeTypeAWS = "aws"

// Record is Roboto's record of a secret (src/roboto/domain/secrets/record.py). All of it may be
// shown. Times are in UTC.
type Record struct {
	SecretRef
	// ARN names the secret in AWS Secrets Manager; "" for another store.
	ARN        string
	Created    time.Time
	CreatedBy  string
	Modified   time.Time
	ModifiedBy string
	// LastUsed is nil if no action has used the secret.
	LastUsed *time.Time

	// creator is CreatedBy as Roboto gave it.
	creator description

	// CreatedHere is when this process created the record, by this machine's clock, or zero.
	CreatedHere time.Time
}

// newSecretGrace is how long Roboto and AWS may not know a new secret everywhere yet.
const newSecretGrace = 2 * time.Minute

// isNew reports whether this process has just created the record. Then calls are repeated that an
// older secret would not make succeed.
func (r Record) isNew() bool { return time.Since(r.CreatedHere) < newSecretGrace }

// Record returns one secret's record. The error is of KindNotFound only if Roboto
// itself said so.
func (c *Client) Record(ctx context.Context, ref SecretRef) (Record, error) {
	record, _, err := c.getRecord(ctx, Record{SecretRef: ref}, false)
	if KindOf(err) == KindNotFound {
		err = c.completeWithOrgs(ctx, ref.OrgID, errorOf(err))
	}
	return record, err
}

// getRecord needs a reference, and when this process created the record, if it did.
func (c *Client) getRecord(ctx context.Context, known Record, mustSend bool) (Record, answer, error) {
	if err := known.validateFull(); err != nil {
		return Record{}, answer{}, err
	}
	wire, ans, err := callFor[wireRecord](ctx, c, secretRequest(http.MethodGet, known, mustSend))
	if err != nil {
		return Record{}, answer{}, err
	}
	record, err := c.checkedRecord(ans, wire, known.SecretRef)
	return record, ans, err
}

// The limits of a listing lie far above any real organization. Without them, a service whose pages
// always name another one would fill the memory, or keep a plan for hours.
const (
	maxListedTime  = 30 * time.Minute
	maxListedBytes = 256 << 20
	// A small page or record counts as much as this.
	minPageBytes   = 16 << 10
	minRecordBytes = 1 << 10
)

// Records yields all records of an organization in the service's order. Each record comes
// once, although pages overlap if secrets are created meanwhile. A page is requested only
// when the previous one is used up. The sequence stops after an error, and at the limits
// of a listing. omitted is called with a clause for each record that is left out, because its name or
// its ARN must not be used.
func (c *Client) Records(ctx context.Context, orgID string, omitted func(why string)) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		began := time.Now()
		pageToken, tokens, names, size := "", map[string]bool{}, map[string]bool{}, 0
		for {
			page, err := c.page(ctx, orgID, pageToken, omitted)
			if err != nil {
				yield(Record{}, err)
				return
			}
			size += max(len(page.answer.data), minPageBytes, len(page.records)*minRecordBytes)
			if took := time.Since(began); size > maxListedBytes || took > maxListedTime {
				tooLong := page.answer.unusable(fmt.Sprintf(
					"the listing is too long (pages read: %d, records: %d, MiB: %d of at most %d, minutes: %.0f of at most %.0f)",
					len(tokens)+1, len(names), size>>20, maxListedBytes>>20, took.Minutes(), maxListedTime.Minutes()))
				tooLong.Kind = KindLimitExceeded
				yield(Record{}, tooLong)
				return
			}
			for _, record := range page.records {
				if names[record.Name] {
					continue
				}
				names[record.Name] = true
				if !yield(record, nil) {
					return
				}
			}
			switch {
			case page.next == "":
				return
			case tokens[page.next]:
				yield(Record{}, page.answer.unusable("the pages go round in a circle"))
				return
			}
			pageToken, tokens[page.next] = page.next, true
		}
	}
}

type page struct {
	answer  answer
	records []Record
	// next is the token of the next page, or "".
	next string
}

func (c *Client) page(ctx context.Context, orgID, pageToken string, omitted func(why string)) (page, error) {
	r := request{method: http.MethodGet, path: []string{"v1", "secrets"}, ownerOrg: orgID}
	if pageToken != "" {
		r.query = url.Values{"page_token": {pageToken}}
	}
	wire, ans, err := callFor[struct {
		Items     json.RawMessage `json:"items"`
		NextToken string          `json:"next_token"`
	}](ctx, c, r)
	if err != nil {
		return page{}, err
	}
	result := page{answer: ans, next: wire.NextToken}
	err = eachItem(ans, wire.Items, func(item wireRecord) error {
		record, problem, err := c.record(ans, item, orgID)
		switch {
		case err != nil:
			return err
		case record.OrgID != orgID:
			return ans.unusable("a record belongs to another organization than " + orgID)
		case problem != "":
			omitted(fmt.Sprintf("a secret was created at %s by %s, and %s", record.Created.Format(time.RFC3339), record.CreatedBy, problem))
		default:
			result.records = append(result.records, record)
		}
		return nil
	})
	return result, err
}

// secretRequest is a request about one secret, or about something below it.
func secretRequest(method string, known Record, mustSend bool, below ...string) request {
	path := append([]string{"v1", "secrets", "name", known.Name}, below...)
	return request{method: method, path: path, ownerOrg: known.OrgID, mustSend: mustSend, isNew: known.isNew()}
}

// wireRecord is a record in the service's JSON.
type wireRecord struct {
	Name      identifier `json:"name"`
	OrgID     identifier `json:"org_id"`
	StoreType identifier `json:"store_type"`
	Location  struct {
		ARN identifier `json:"arn"`
	} `json:"location"`
	Created    wireTime    `json:"created"`
	CreatedBy  description `json:"created_by"`
	Modified   wireTime    `json:"modified"`
	ModifiedBy description `json:"modified_by"`
	LastUsed   *wireTime   `json:"last_used"`
}

// wireTime is a time in ISO 8601 as Python writes it: with an offset, or without
// one for UTC.
type wireTime struct{ time.Time }

func (t *wireTime) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return err
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05"} {
		// RFC 3339, in which the time is stored, has the years 1 to 9999.
		if parsed, err := time.Parse(layout, text); err == nil && parsed.UTC().Year() >= 1 && parsed.UTC().Year() <= 9999 {
			t.Time = parsed.UTC()
			return nil
		}
	}
	return errors.New("not an ISO 8601 time")
}

// record converts a record and checks the fields that every use relies on. problem is why one of its
// identifiers must not be used, or "".
func (c *Client) record(ans answer, wire wireRecord, asked ...string) (record Record, problem string, err error) {
	if wire.Name == "" || wire.OrgID == "" || wire.StoreType == "" || wire.Created.IsZero() {
		return Record{}, "", ans.unreadable("a secret record lacks its name, org_id, store_type or created")
	}
	ids := identifiers{guard: c.guard, asked: asked}
	record = Record{
		SecretRef:  SecretRef{Name: ids.use("its name", wire.Name), OrgID: ids.use("its organization", wire.OrgID)},
		Created:    wire.Created.Time,
		CreatedBy:  c.guard.describe(wire.CreatedBy),
		Modified:   wire.Modified.Time,
		ModifiedBy: c.guard.describe(wire.ModifiedBy),
		creator:    wire.CreatedBy,
	}
	if ids.problem == "" && NFC(record.Name) != record.Name { // another secret may have the changed name
		ids.problem = fmt.Sprintf("its name is %+q, which Terraform would change to Unicode NFC", c.guard.describe(description(wire.Name)))
	}
	if wire.LastUsed != nil {
		record.LastUsed = &wire.LastUsed.Time
	}
	if wire.StoreType == storeTypeAWS {
		record.ARN = ids.use("its ARN", wire.Location.ARN)
		if _, err := arnRegion(record.ARN); err != nil {
			ids.problem = err.Error()
		}
	}
	return record, ids.problem, nil
}

// checkedRecord also checks that the record is the requested one, and that this client can
// access its value.
func (c *Client) checkedRecord(ans answer, wire wireRecord, want SecretRef) (Record, error) {
	record, problem, err := c.record(ans, wire, want.Name, want.OrgID)
	switch {
	case err != nil:
		return Record{}, err
	case record.SecretRef != want:
		return Record{}, ans.unusable("the record describes another secret")
	case problem != "":
		return Record{}, ans.unusable(problem)
	case record.ARN == "":
		return Record{}, unsupportedStore()
	}
	return record, nil
}

// unsupportedStore does not name the store: the answer may hold credentials, and repeat them there.
func unsupportedStore() *Error {
	return &Error{Kind: KindRefused, What: "The value of this secret is kept in a store that this version of the provider does not support. Upgrade the provider."}
}

// arnPattern follows AWS's "Amazon Resource Names" and Secrets Manager's resource type "secret".
var arnPattern = lazyRegexp(`^arn:(aws[a-z-]*):secretsmanager:([a-z]{2,4}(?:-[a-z]+)+-[0-9]{1,2}):[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$`)

// partitions are the beginnings of the regions that do not lie in AWS's public partition
// (partitions.json of AWS's SDKs).
var partitions = map[string]string{
	"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b", "eu-isoe-": "aws-iso-e", "us-isof-": "aws-iso-f", "eusc-": "aws-eusc",
}

// arnRegion returns the region of a secret's ARN.
func arnRegion(arn string) (string, error) {
	match := arnPattern().FindStringSubmatch(arn)
	if match == nil {
		return "", errors.New("its location is not the ARN of a secret in AWS Secrets Manager")
	}
	partition := "aws"
	for prefix, other := range partitions {
		if strings.HasPrefix(match[2], prefix) {
			partition = other
		}
	}
	if match[1] != partition {
		return "", errors.New("its ARN names a region that is not in the ARN's partition")
	}
	return match[2], nil
}
