// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	awsRegion          = "us-west-2"
	credentialLifetime = 15 * time.Minute
	// maxClockSkew is what AWS tolerates (IAM User Guide, "Troubleshoot signed requests").
	maxClockSkew = 5 * time.Minute
)

// Credentials are temporary AWS credentials, good for one secret.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string

	arn     string
	expires time.Time
}

// issue makes credentials; the lock is held.
func (s *Server) issue(sec *secret) Credentials {
	creds := Credentials{
		AccessKeyID:     "ASIA" + rand.Text()[:16],
		SecretAccessKey: (rand.Text() + rand.Text())[:40],
		SessionToken:    "FwoGZXIvYXdzE" + rand.Text() + rand.Text() + rand.Text() + "==",
		arn:             sec.ARN,
		expires:         time.Now().Add(credentialLifetime),
	}
	s.issued = append(s.issued, creds)
	return creds
}

func (c Credentials) wire() map[string]any {
	return map[string]any{
		"store_type": "aws", "region": awsRegion,
		"access_key_id": c.AccessKeyID, "secret_access_key": c.SecretAccessKey, "session_token": c.SessionToken,
	}
}

// serveAWS answers for AWS Secrets Manager, in its JSON 1.1 protocol.
func (s *Server) serveAWS(w http.ResponseWriter, r *http.Request) {
	req := receive(r)
	req.aws = true
	operations := map[string]Operation{"secretsmanager.PutSecretValue": PutValue, "secretsmanager.GetSecretValue": GetValue}
	req.Operation = cmp.Or(operations[r.Header.Get("X-Amz-Target")], Unknown)
	var input putOrGet
	_ = json.Unmarshal(req.Body, &input)
	s.mu.Lock()
	if sec := s.byARN[input.SecretID]; sec != nil {
		req.OrgID, req.Name = sec.OrgID, sec.Name
	}
	if input.SecretString != nil {
		s.canaries[*input.SecretString] = true
	}
	s.mu.Unlock()
	s.serve(w, r, req, func(req Request) *reply { return s.answerAWS(r, req, input) })
}

// putOrGet is the input of either operation.
type putOrGet struct {
	SecretID           string  `json:"SecretId"`
	SecretString       *string `json:"SecretString"`
	ClientRequestToken string  `json:"ClientRequestToken"`
	VersionID          string  `json:"VersionId"`
	VersionStage       string  `json:"VersionStage"`
}

func awsReply(status int, body any) *reply {
	rep := jsonReply(status, body)
	rep.header.Set("Content-Type", "application/x-amz-json-1.1")
	rep.header.Set("X-Amzn-Requestid", rand.Text())
	return rep
}

func awsError(status int, code, message string) *reply {
	return awsReply(status, map[string]any{"__type": code, "message": message})
}

func badRequest(code, message string) *reply { return awsError(http.StatusBadRequest, code, message) }

func (s *Server) answerAWS(r *http.Request, req Request, input putOrGet) *reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	if contentType := req.Header.Get("Content-Type"); req.Method != http.MethodPost || req.Path != "/" || contentType != "application/x-amz-json-1.1" {
		s.note("%s %s with Content-Type %q is not AWS's JSON protocol", req.Method, req.Path, contentType)
		return badRequest("MalformedHttpRequestException", "The request is not valid.")
	}
	creds, refusal := s.authenticate(r, req)
	if refusal != nil {
		return refusal
	}
	if req.Operation == Unknown || input.SecretID != creds.arn {
		s.note("credentials were used for something else than reading or writing their secret's value")
		return badRequest("AccessDeniedException", "User is not authorized to perform this operation on this resource.")
	}
	sec := s.byARN[creds.arn]
	switch {
	case sec != nil && sec.marked:
		return badRequest("InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.")
	case sec == nil || sec.gone:
		return badRequest("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	case s.options.PermissionLag > 0 && time.Since(sec.Created) < s.options.PermissionLag: // a record may be of the future
		return badRequest("AccessDeniedException", "User is not authorized to perform this operation on this resource.")
	}
	if req.Operation == PutValue {
		return sec.put(input)
	}
	return sec.get(input)
}

func (sec *secret) put(input putOrGet) *reply {
	switch {
	case len(input.ClientRequestToken) < 32 || len(input.ClientRequestToken) > 64:
		return badRequest("InvalidParameterException", "You must provide a ClientRequestToken of 32 to 64 characters.")
	case input.SecretString == nil:
		return badRequest("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
	case *input.SecretString == "" || len(*input.SecretString) > 65536:
		return badRequest("ValidationException", "Member secretString must have a length between 1 and 65536.")
	}
	if old, ok := sec.version(input.ClientRequestToken); ok && old.Value != *input.SecretString {
		return badRequest("ResourceExistsException", "You can't use ClientRequestToken because that value is already in use for a version of secret.")
	} else if !ok {
		sec.versions = append(sec.versions, Version{ID: input.ClientRequestToken, Value: *input.SecretString, Created: time.Now()})
	}
	return awsReply(http.StatusOK, map[string]any{
		"ARN": sec.ARN, "VersionId": input.ClientRequestToken, "VersionStages": sec.stages(input.ClientRequestToken),
	})
}

func (sec *secret) get(input putOrGet) *reply {
	if input.VersionID == "" {
		input.VersionStage = cmp.Or(input.VersionStage, "AWSCURRENT")
	}
	for _, v := range sec.versions {
		stages := sec.stages(v.ID)
		if input.VersionID != "" && input.VersionID != v.ID || input.VersionStage != "" && !slices.Contains(stages, input.VersionStage) {
			continue
		}
		return awsReply(http.StatusOK, map[string]any{
			"ARN": sec.ARN, "VersionId": v.ID, "SecretString": v.Value,
			"VersionStages": stages, "CreatedDate": float64(v.Created.UnixMilli()) / 1000,
		})
	}
	return badRequest("ResourceNotFoundException", "Secrets Manager can't find the specified secret value.")
}

var authorizationPattern = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([A-Z0-9]+)/[^,]+, SignedHeaders=([^,]+), Signature=`)

// authenticate verifies an AWS Signature Version 4 by signing the request once
// more with the credentials that it names; the lock is held.
func (s *Server) authenticate(r *http.Request, req Request) (*Credentials, *reply) {
	match := authorizationPattern.FindStringSubmatch(req.Header.Get("Authorization"))
	if match == nil {
		return nil, badRequest("MissingAuthenticationTokenException", "The request is not signed.")
	}
	i := slices.IndexFunc(s.issued, func(c Credentials) bool { return c.AccessKeyID == match[1] })
	if i < 0 || s.issued[i].SessionToken != req.Header.Get("X-Amz-Security-Token") {
		return nil, badRequest("UnrecognizedClientException", "The security token included in the request is invalid.")
	}
	creds := &s.issued[i]
	at, err := time.Parse("20060102T150405Z", req.Header.Get("X-Amz-Date"))
	if err != nil || s.now().Sub(at).Abs() > maxClockSkew {
		return nil, badRequest("InvalidSignatureException", "Signature expired or not yet current.")
	}
	if !sameSignature(r, req, creds, at, strings.Split(match[2], ";")) {
		return nil, badRequest("InvalidSignatureException", "The request signature we calculated does not match the signature you provided.")
	}
	if time.Now().After(creds.expires) {
		return nil, badRequest("ExpiredTokenException", "The security token included in the request is expired")
	}
	return creds, nil
}

// sameSignature signs what the client says that it signed, and what must be: the host, the
// time, the session token, the payload, its type and all other headers of AWS's.
func sameSignature(r *http.Request, req Request, creds *Credentials, at time.Time, signed []string) bool {
	again := r.Clone(context.Background())
	again.URL.Host, again.URL.Scheme, again.ContentLength = r.Host, "https", 0
	if slices.Contains(signed, "content-length") {
		again.ContentLength = int64(len(req.Body))
	}
	maps.DeleteFunc(again.Header, func(name string, _ []string) bool {
		name = strings.ToLower(name)
		return name != "content-type" && !strings.HasPrefix(name, "x-amz-") && !slices.Contains(signed, name)
	})
	hash := sha256.Sum256(req.Body)
	err := v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{
		AccessKeyID: creds.AccessKeyID, SecretAccessKey: creds.SecretAccessKey, SessionToken: creds.SessionToken,
	}, again, hex.EncodeToString(hash[:]), "secretsmanager", awsRegion, at)
	return err == nil && again.Header.Get("Authorization") == req.Header.Get("Authorization")
}
