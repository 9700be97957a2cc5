// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
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

var authorizationPattern = regexp.MustCompile(
	`^AWS4-HMAC-SHA256 Credential=([A-Z0-9]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9]+)/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=[0-9a-f]{64}$`)

// authenticate verifies an AWS Signature Version 4 by signing the request once
// more with the credentials that it names; the lock is held.
func (s *Server) authenticate(r *http.Request, req Request) (*Credentials, *reply) {
	authorization := req.Header.Get("Authorization")
	if authorization == "" {
		return nil, badRequest("MissingAuthenticationTokenException", "The request is not signed.")
	}
	match := authorizationPattern.FindStringSubmatch(authorization)
	if match == nil {
		return nil, badRequest("IncompleteSignatureException", "The Authorization header is not complete.")
	}
	accessKeyID, date, region, service, signed := match[1], match[2], match[3], match[4], strings.Split(match[5], ";")
	creds := s.credentials[accessKeyID]
	if creds == nil || creds.SessionToken != req.Header.Get("X-Amz-Security-Token") {
		return nil, badRequest("UnrecognizedClientException", "The security token included in the request is invalid.")
	}
	at, err := time.Parse("20060102T150405Z", req.Header.Get("X-Amz-Date"))
	if err != nil || at.Format("20060102") != date || s.now().Sub(at).Abs() > maxClockSkew {
		return nil, badRequest("InvalidSignatureException", "Signature expired or not yet current.")
	}
	if region != awsRegion || service != "secretsmanager" {
		return nil, badRequest("InvalidSignatureException", "Credential should be scoped to a valid region and service.")
	}
	for name := range req.Header {
		name = strings.ToLower(name)
		if (name == "content-type" || strings.HasPrefix(name, "x-amz-")) && !slices.Contains(signed, name) {
			return nil, badRequest("InvalidSignatureException", "The header "+name+" must be signed.")
		}
	}
	if !sameSignature(r, req, creds, at, signed) {
		return nil, badRequest("InvalidSignatureException", "The request signature we calculated does not match the signature you provided.")
	}
	if time.Now().After(creds.expires) {
		return nil, badRequest("ExpiredTokenException", "The security token included in the request is expired")
	}
	return creds, nil
}

// sameSignature signs what the client says that it signed, and what must be: the
// host, the time, the session token and the payload.
func sameSignature(r *http.Request, req Request, creds *Credentials, at time.Time, signed []string) bool {
	again := r.Clone(context.Background())
	again.Header = http.Header{}
	again.URL.Host, again.URL.Scheme = r.Host, "https"
	again.ContentLength = 0
	for _, name := range signed {
		switch name {
		case "content-length":
			again.ContentLength = int64(len(req.Body))
		case "host", "x-amz-date", "x-amz-security-token":
		default:
			again.Header[http.CanonicalHeaderKey(name)] = req.Header.Values(name)
		}
	}
	hash := sha256.Sum256(req.Body)
	err := v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{
		AccessKeyID: creds.AccessKeyID, SecretAccessKey: creds.SecretAccessKey, SessionToken: creds.SessionToken,
	}, again, hex.EncodeToString(hash[:]), "secretsmanager", awsRegion, at)
	return err == nil && subtle.ConstantTimeCompare([]byte(again.Header.Get("Authorization")), []byte(req.Header.Get("Authorization"))) == 1
}
