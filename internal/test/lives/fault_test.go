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

// What changes something is there twice, because more goes wrong with it.
var (
	changes     = []robototest.Operation{robototest.CreateSecret, robototest.PutValue, robototest.DeleteSecret, ""} // "" is every one
	robotoCalls = []robototest.Operation{
		robototest.CreateSecret, robototest.DeleteSecret, robototest.ListOrgs, robototest.GetSecret, robototest.GetCredentials,
	}
	awsCalls = []robototest.Operation{robototest.PutValue, robototest.GetValue}
	allCalls = slices.Concat(changes, robotoCalls, awsCalls)
)

var faults = map[string]fault{
	"":                    {of: allCalls},
	"dropped":             {robototest.Fault{Drop: true}, allCalls},
	"dropped after":       {robototest.Fault{Drop: true, After: true}, changes},
	"timeout":             {robototest.Fault{Delay: time.Hour}, allCalls},
	"timeout after":       {robototest.Fault{Delay: time.Hour, After: true}, changes},
	"truncated":           {robototest.Fault{Truncate: true}, allCalls},
	"502":                 {robototest.Fault{Status: http.StatusBadGateway, Body: "<html>"}, allCalls},
	"502 after":           {robototest.Fault{Status: http.StatusBadGateway, Body: "<html>", After: true}, changes},
	"503":                 {robototest.Fault{Status: http.StatusServiceUnavailable, Code: "RobotoServiceUnavailableException"}, robotoCalls},
	"504 after":           {robototest.Fault{Status: http.StatusGatewayTimeout, Code: "RobotoServiceTimeoutException", After: true}, changes},
	"429":                 {robototest.Fault{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"1"}}}, allCalls},
	"401":                 {robototest.Fault{Status: http.StatusUnauthorized, Code: "RobotoUnauthorizedException"}, robotoCalls},
	"403":                 {robototest.Fault{Status: http.StatusForbidden, Message: "explicit deny"}, robotoCalls},
	"404 of a proxy":      {robototest.Fault{Status: http.StatusNotFound, Body: "<html>"}, allCalls},
	"expired credentials": {robototest.Fault{AWSError: "ExpiredTokenException"}, awsCalls},
	"access denied":       {robototest.Fault{AWSError: "AccessDeniedException"}, awsCalls},
	"throttled by AWS":    {robototest.Fault{AWSError: "ThrottlingException"}, awsCalls},
}

// faultNames has those more often after which nobody knows whether a request took effect.
var faultNames = append(slices.Sorted(maps.Keys(faults)), slices.Repeat([]string{
	"dropped", "dropped after", "timeout", "timeout after", "502", "502 after",
}, 2)...)
