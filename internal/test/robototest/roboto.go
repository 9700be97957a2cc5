// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const apiVersion = "2026-05-20"

// serveRoboto answers for Roboto.
func (s *Server) serveRoboto(w http.ResponseWriter, r *http.Request) {
	req := receive(r)
	var orgHeaders []string
	req.Operation, req.Name, orgHeaders = route(req.Method, req.Path)
	if len(orgHeaders) > 0 {
		req.OrgID = r.Header.Get(orgHeaders[0])
	}
	s.check(req, orgHeaders)
	s.serve(w, r, req, s.answerRoboto)
}

const (
	actingHeader = "X-Roboto-Org-Id"
	ownerHeader  = "X-Roboto-Resource-Owner-Id"
)

// routes are Roboto's calls. "*" is what the call is about. A caller creates for the acting organization, and
// all else belongs to the owner. An action that is invoked for one organization may belong to another one.
var routes = []struct {
	method, path string
	operation    Operation
	orgHeaders   []string
}{
	{http.MethodGet, "/v1/orgs/caller", ListOrgs, nil},
	{http.MethodGet, "/v1/users", GetUser, nil},
	{http.MethodGet, "/v1/secrets", ListSecrets, []string{ownerHeader}},
	{http.MethodPost, "/v1/secrets", CreateSecret, []string{actingHeader}},
	{http.MethodGet, "/v1/secrets/name/*", GetSecret, []string{ownerHeader}},
	{http.MethodDelete, "/v1/secrets/name/*", DeleteSecret, []string{ownerHeader}},
	{http.MethodGet, "/v1/secrets/name/*/creds", GetCredentials, []string{ownerHeader}},
	{http.MethodGet, "/v1/actions/*", GetAction, []string{ownerHeader}},
	{http.MethodPost, "/v1/actions/*/invoke", InvokeAction, []string{actingHeader, ownerHeader}},
	{http.MethodGet, "/v1/actions/invocations/*", GetInvocation, nil},
	{http.MethodPost, "/v1/actions/invocations/*/cancel", CancelInvocation, []string{ownerHeader}},
}

// route finds the call, and decodes what it is about exactly once.
func route(method, path string) (op Operation, name string, orgHeaders []string) {
	for _, r := range routes {
		before, after, about := strings.Cut(r.path, "*")
		rest, matches := strings.CutPrefix(path, before)
		segment, ends := strings.CutSuffix(rest, after)
		name, err := url.PathUnescape(segment)
		if method == r.method && matches && ends && about == (segment != "") && !strings.Contains(segment, "/") && err == nil {
			return r.operation, name, r.orgHeaders
		}
	}
	return Unknown, "", []string{ownerHeader}
}

func envelope(status int, code, message string) *reply {
	return jsonReply(status, map[string]any{"error": map[string]any{"error_code": code, "message": message}})
}

func gateway(status int, message string) *reply {
	return jsonReply(status, map[string]any{"message": message})
}

func data(value any) *reply { return jsonReply(http.StatusOK, map[string]any{"data": value}) }

func (s *Server) answerRoboto(req Request) *reply {
	if req.Operation == Unknown {
		return gateway(http.StatusNotFound, "Not Found")
	}
	token, ok := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	s.mu.Lock()
	defer s.mu.Unlock()
	grant, known := s.keys[token]
	if !ok {
		return gateway(http.StatusUnauthorized, "Unauthorized")
	}
	if !known {
		return gateway(http.StatusForbidden, "User is not authorized to access this resource with an explicit deny")
	}
	switch req.Operation {
	case ListOrgs:
		return s.listOrgs(grant)
	case GetUser:
		return data(map[string]any{"user_id": cmp.Or(grant.User, DefaultUser), "is_service_user": false, "name": "Test Caller"})
	case GetAction:
		action, refusal := s.findAction(req, grant)
		return cmp.Or(refusal, data(action.wire()))
	case InvokeAction:
		return s.invokeAction(req, grant)
	case GetInvocation:
		return s.getInvocation(req, grant)
	case CancelInvocation:
		return s.cancelInvocation(req, grant)
	}
	orgID, refusal := s.organization(req.OrgID, grant)
	if refusal != nil {
		return refusal
	}
	switch req.Operation {
	case CreateSecret:
		return s.createSecret(req, orgID, grant)
	case ListSecrets:
		return s.listSecrets(req, orgID)
	}
	sec := s.secrets[secretKey{orgID, req.Name}]
	if sec == nil {
		return envelope(http.StatusNotFound, "RobotoNotFoundException", fmt.Sprintf("No secret named %q in organization %s.", req.Name, orgID))
	}
	switch req.Operation {
	case DeleteSecret:
		s.remove(orgID, req.Name)
		return &reply{status: http.StatusNoContent}
	case GetCredentials:
		if grant.NoCredentials {
			return envelope(http.StatusUnauthorized, "RobotoUnauthorizedException", "You are not permitted to access secret values.")
		}
		return data(map[string]any{"record": sec.wire(), "creds": s.issue(sec).wire()})
	}
	return data(sec.wire())
}

// check notes what no correct client does, whatever the answer will be.
func (s *Server) check(req Request, orgHeaders []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, bearer := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	var requester struct {
		SchemaVersion string `json:"schema_version"`
		Tool          string `json:"roboto_tool"`
	}
	err := json.Unmarshal([]byte(req.Header.Get("X-Roboto-Requester")), &requester)
	query, queryErr := url.ParseQuery(req.Query)
	switch req.Operation {
	case ListSecrets:
		delete(query, "page_token")
	case GetAction, InvokeAction:
		delete(query, "digest")
	}
	for _, rule := range []struct {
		broken    bool
		complaint string
	}{
		{req.Operation == Unknown, "is no call that Roboto knows"},
		{!bearer || token == "", "has no bearer token"},
		{strings.HasPrefix(token, "robo_pat"), "has a token of the retired format"},
		{req.Header.Get("X-Roboto-Api-Version") != apiVersion, "has another X-Roboto-Api-Version"},
		{err != nil || requester.SchemaVersion != "v1" || requester.Tool == "", "has no v1 X-Roboto-Requester that names its tool"},
		{!oneIfAny(req, actingHeader, orgHeaders), "has an " + actingHeader + " that does not belong there, or not one value of it"},
		{!oneIfAny(req, ownerHeader, orgHeaders), "has an " + ownerHeader + " that does not belong there, or not one value of it"},
		{len(req.Body) > 0 && req.Header.Get("Content-Type") != "application/json", "has a body without Content-Type application/json"},
		{queryErr != nil || len(query) > 0, "has a query with keys that Roboto does not know"},
		{!knownBody(req), "has a body that Roboto does not know"},
	} {
		if rule.broken {
			s.note("%s %s %s", req.Method, req.Path, rule.complaint)
		}
	}
}

// oneIfAny tells whether a header is not there, or has one value and belongs there.
func oneIfAny(req Request, name string, allowed []string) bool {
	values, sent := req.Header[name]
	return !sent || slices.Contains(allowed, name) && len(values) == 1 && values[0] != ""
}

func knownBody(req Request) bool {
	switch req.Operation {
	case CreateSecret:
		return secretName(req.Body) != ""
	case InvokeAction:
		_, repeatable := parseInvocation(req.Body)
		return repeatable
	}
	return len(req.Body) == 0
}

// secretName is the only thing in the body of a create, or "".
func secretName(raw []byte) string {
	var body map[string]string
	if json.Unmarshal(raw, &body) != nil || len(body) != 1 {
		return ""
	}
	return body["name"]
}

func (s *Server) callerOrgs(grant Grant) []org {
	return slices.DeleteFunc(slices.Clone(s.orgs), func(o org) bool { return grant.Orgs != nil && !slices.Contains(grant.Orgs, o.id) })
}

func (s *Server) listOrgs(grant Grant) *reply {
	list := []map[string]any{}
	for _, o := range s.callerOrgs(grant) {
		list = append(list, map[string]any{
			"org_id": o.id, "name": o.name, "tier": "premium", "status": "active",
			"created": "2024-01-01T00:00:00Z", "created_by": "owner@example.com",
		})
	}
	return data(list)
}

// organization is the one that a request is about: the named one, which is refused unless
// the caller is in it, or the caller's only one.
func (s *Server) organization(named string, grant Grant) (string, *reply) {
	orgs := s.callerOrgs(grant)
	switch {
	case named == "" && len(orgs) == 1:
		return orgs[0].id, nil
	case named == "":
		return "", gateway(http.StatusBadRequest, "Caller did not provide a org for single-org operation.")
	case !slices.ContainsFunc(orgs, func(o org) bool { return o.id == named }):
		return named, envelope(http.StatusUnauthorized, "RobotoUnauthorizedException", "You are not a member of organization "+named+".")
	}
	return named, nil
}

func (s *Server) createSecret(req Request, orgID string, grant Grant) *reply {
	name := secretName(req.Body)
	if name == "" {
		return envelope(http.StatusBadRequest, "RobotoInvalidRequestException", "The body must be an object with a name.")
	}
	by := s.options.CreatedBy
	if grant.User != "" {
		by = "user:" + grant.User
	}
	sec := s.add(Record{OrgID: orgID, Name: name, CreatedBy: by})
	if sec == nil {
		return envelope(http.StatusConflict, "RobotoConflictException", fmt.Sprintf("A secret named %q exists already.", name))
	}
	return data(sec.wire())
}

func (s *Server) listSecrets(req Request, orgID string) *reply {
	query, _ := url.ParseQuery(req.Query) // check has complained
	const begins, ends = "&=", "+%"       // a query has to escape them
	token := query.Get("page_token")
	serial := strings.TrimSuffix(strings.TrimPrefix(token, begins), ends)
	if token != "" && token != begins+serial+ends {
		return envelope(http.StatusBadRequest, "RobotoInvalidRequestException", "The page token is not valid.")
	}
	all := s.sorted(orgID)
	from, _ := slices.BinarySearchFunc(all, serial, func(sec *secret, serial string) int { return strings.Compare(sec.serial, serial) })
	page := all[from:min(from+s.options.PageSize, len(all))]
	items := make([]map[string]any, len(page))
	for i, sec := range page {
		items[i] = sec.wire()
	}
	next := ""
	if end := from + len(page); end < len(all) {
		next = begins + all[end].serial + ends
	}
	return data(map[string]any{"items": items, "next_token": orNull(next)})
}

func isoTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z07:00") }

func (r Record) wire() map[string]any {
	var lastUsed any
	if r.LastUsed != nil {
		lastUsed = isoTime(*r.LastUsed)
	}
	return map[string]any{
		"name": r.Name, "org_id": r.OrgID, "store_type": "aws",
		"location": map[string]any{"store_type": "aws", "arn": r.ARN},
		"created":  isoTime(r.Created), "created_by": r.CreatedBy,
		"modified": isoTime(r.Modified), "modified_by": r.ModifiedBy,
		"last_used": lastUsed,
	}
}
