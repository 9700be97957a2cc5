// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// maxClockSkew is what AWS tolerates (IAM User Guide, "Troubleshoot signed requests").
const maxClockSkew = 5 * time.Minute

var authorizationPattern = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([A-Z0-9]+)/[^,]+, SignedHeaders=([^,]+), Signature=`)

// authenticate verifies an AWS Signature Version 4 by signing the request once
// more with the credentials that it names; the lock is held.
func (s *Server) authenticate(r *http.Request, req Request) (*Credentials, *reply) {
	match := authorizationPattern.FindStringSubmatch(req.Header.Get("Authorization"))
	if match == nil {
		return nil, badRequest("MissingAuthenticationTokenException", "The request is not signed.")
	}
	creds := s.credentials[match[1]]
	if creds == nil || creds.SessionToken != req.Header.Get("X-Amz-Security-Token") {
		return nil, badRequest("UnrecognizedClientException", "The security token included in the request is invalid.")
	}
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
