// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package lives

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/robototest"
)

// fault is what goes wrong with a request, and with which it can. None of them is a lie
// of the service about a secret.
type fault struct {
	robototest.Fault
	of []robototest.Operation
}

var (
	robotoCalls = []robototest.Operation{
		robototest.ListOrgs, robototest.GetUser, robototest.CreateSecret, robototest.GetSecret, robototest.DeleteSecret, robototest.GetCredentials,
	}
	awsCalls = []robototest.Operation{robototest.PutValue, robototest.GetValue}
	allCalls = append(slices.Concat(robotoCalls, awsCalls), "") // "" is every one
	changes  = []robototest.Operation{robototest.CreateSecret, robototest.PutValue, robototest.DeleteSecret}
)

var faults = map[string]fault{
	"":                    {of: allCalls},
	"dropped":             {robototest.Fault{Drop: true}, allCalls},
	"dropped after":       {robototest.Fault{Drop: true, After: true}, allCalls},
	"timeout":             {robototest.Fault{Delay: time.Hour}, allCalls},
	"timeout after":       {robototest.Fault{Delay: time.Hour, After: true}, allCalls},
	"truncated":           {robototest.Fault{Truncate: true}, allCalls},
	"502":                 {robototest.Fault{Status: http.StatusBadGateway, Body: "<html>"}, allCalls},
	"502 after":           {robototest.Fault{Status: http.StatusBadGateway, Body: "<html>", After: true}, allCalls},
	"503":                 {robototest.Fault{Status: http.StatusServiceUnavailable, Code: "RobotoServiceUnavailableException"}, robotoCalls},
	"504 after":           {robototest.Fault{Status: http.StatusGatewayTimeout, Code: "RobotoServiceTimeoutException", After: true}, robotoCalls},
	"429":                 {robototest.Fault{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"1"}}}, allCalls},
	"401":                 {robototest.Fault{Status: http.StatusUnauthorized, Code: "RobotoUnauthorizedException"}, robotoCalls},
	"403":                 {robototest.Fault{Status: http.StatusForbidden, Message: "explicit deny"}, robotoCalls},
	"404 of a proxy":      {robototest.Fault{Status: http.StatusNotFound, Body: "<html>"}, allCalls},
	"expired credentials": {robototest.Fault{AWSError: "ExpiredTokenException"}, awsCalls},
	"access denied":       {robototest.Fault{AWSError: "AccessDeniedException"}, awsCalls},
	"throttled by AWS":    {robototest.Fault{AWSError: "ThrottlingException"}, awsCalls},
}

var (
	faultNames = slices.Sorted(maps.Keys(faults))
	// lost are those after which nobody knows whether a request took effect.
	lost = []string{"dropped after", "dropped", "502 after", "502", "503", "timeout after", "timeout"}
)
