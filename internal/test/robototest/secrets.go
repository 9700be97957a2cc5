// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package robototest

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"
)

type secretKey struct {
	orgID, name string
}

type secret struct {
	Record
	serial   string
	versions []Version
	// gone is whether AWS has deleted the value, and marked whether it still keeps it.
	gone, marked bool
}

// Record is a secret's record.
type Record struct {
	Name, OrgID, ARN      string
	Created, Modified     time.Time
	CreatedBy, ModifiedBy string
	LastUsed              *time.Time
}

// Version is one version of a secret's value.
type Version struct {
	ID, Value string
	Created   time.Time
	// ByHand is whether SetValue wrote it.
	ByHand bool
}

// stages are the labels that AWS gives to a version: those of the two latest.
func (sec *secret) stages(id string) []string {
	stages := []string{}
	for i, stage := range []string{"AWSCURRENT", "AWSPREVIOUS"} {
		if at := len(sec.versions) - 1 - i; at >= 0 && sec.versions[at].ID == id {
			stages = append(stages, stage)
		}
	}
	return stages
}

func (sec *secret) version(id string) (Version, bool) {
	i := slices.IndexFunc(sec.versions, func(v Version) bool { return v.ID == id })
	if i < 0 {
		return Version{}, false
	}
	return sec.versions[i], true
}

// add makes a record, unless there is one, and fills what it lacks; the lock is held.
// No two fields have the same value, so that a client cannot take one for the other unnoticed.
func (s *Server) add(r Record) *secret {
	key := secretKey{r.OrgID, r.Name}
	if s.secrets[key] != nil {
		return nil
	}
	serial := rand.Text()
	r.ARN = cmp.Or(r.ARN, fmt.Sprintf("arn:aws:secretsmanager:%s:123456789012:secret:roboto/%s/%s-%s", awsRegion, r.OrgID, strings.ToLower(serial[:12]), serial[12:18]))
	r.Created = cmp.Or(r.Created, s.now().UTC().Truncate(time.Microsecond))
	r.Modified = cmp.Or(r.Modified, r.Created.Add(2*time.Hour))
	r.CreatedBy = cmp.Or(r.CreatedBy, "user:somebody@example.com")
	r.ModifiedBy = cmp.Or(r.ModifiedBy, "user:modifier@example.com")
	sec := &secret{serial: serial, Record: r}
	s.secrets[key] = sec
	s.byARN[sec.ARN] = sec
	delete(s.listings, r.OrgID)
	return sec
}

// remove deletes record and value; the lock is held.
func (s *Server) remove(orgID, name string) {
	key := secretKey{orgID, name}
	if sec := s.secrets[key]; sec != nil {
		delete(s.secrets, key)
		delete(s.byARN, sec.ARN)
		delete(s.listings, orgID)
	}
}

// sorted lists an organization's secrets in an order that is stable and not that
// of the names; the lock is held.
func (s *Server) sorted(orgID string) []*secret {
	if list, ok := s.listings[orgID]; ok {
		return list
	}
	var list []*secret
	for key, sec := range s.secrets {
		if key.orgID == orgID {
			list = append(list, sec)
		}
	}
	slices.SortFunc(list, func(a, b *secret) int { return cmp.Compare(a.serial, b.serial) })
	s.listings[orgID] = list
	return list
}

// AddSecret makes a record as somebody elsewhere would. It panics if there is one.
func (s *Server) AddSecret(orgID, name string) Record {
	return s.AddRecord(Record{OrgID: orgID, Name: name})
}

// AddRecord is AddSecret with a record as given. What is zero in it is as AddSecret has it.
func (s *Server) AddRecord(r Record) Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	sec := s.add(r)
	if sec == nil {
		panic(fmt.Sprintf("robototest: secret %q exists", r.Name))
	}
	return sec.Record
}

// DeleteSecret deletes a secret as somebody elsewhere would.
func (s *Server) DeleteSecret(orgID, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(orgID, name)
}

// with calls f with a secret, if there is one.
func (s *Server) with(orgID, name string, f func(*secret)) (ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sec, ok := s.secrets[secretKey{orgID, name}]
	if ok {
		f(sec)
	}
	return ok
}

// mustWith panics if there is none.
func (s *Server) mustWith(orgID, name string, f func(*secret)) {
	if !s.with(orgID, name, f) {
		panic(fmt.Sprintf("robototest: no secret %q", name))
	}
}

// DeleteAtAWS deletes the value of a secret where Roboto does not notice it. marked is whether AWS
// still keeps it, marked for deletion.
func (s *Server) DeleteAtAWS(orgID, name string, marked bool) {
	s.mustWith(orgID, name, func(sec *secret) { sec.gone, sec.marked = true, marked })
}

// SetValue writes a value as somebody elsewhere would, and returns the version's ID.
func (s *Server) SetValue(orgID, name, value string) string {
	id := rand.Text() + "-by-hand"
	s.mustWith(orgID, name, func(sec *secret) {
		sec.versions = append(sec.versions, Version{ID: id, Value: value, Created: time.Now(), ByHand: true})
		s.canaries[value] = true
	})
	return id
}

// Age makes all versions of a value older.
func (s *Server) Age(orgID, name string, by time.Duration) {
	s.mustWith(orgID, name, func(sec *secret) {
		for i := range sec.versions {
			sec.versions[i].Created = sec.versions[i].Created.Add(-by)
		}
	})
}

// RemoveOldVersions removes the versions without a label, as AWS may do at any time.
func (s *Server) RemoveOldVersions(orgID, name string) {
	s.mustWith(orgID, name, func(sec *secret) { sec.versions = sec.versions[max(0, len(sec.versions)-2):] })
}

// TouchLastUsed records a use by an action.
func (s *Server) TouchLastUsed(orgID, name string, at time.Time) {
	s.mustWith(orgID, name, func(sec *secret) { sec.LastUsed = &at })
}

// Value is a secret's current value; ok is false if there is none.
func (s *Server) Value(orgID, name string) (value, versionID string, ok bool) {
	if versions := s.Versions(orgID, name); len(versions) > 0 {
		current := versions[len(versions)-1]
		return current.Value, current.ID, true
	}
	return "", "", false
}

// Versions lists all versions of a secret's value, oldest first.
func (s *Server) Versions(orgID, name string) (versions []Version) {
	s.with(orgID, name, func(sec *secret) { versions = slices.Clone(sec.versions) })
	return versions
}

// Record is a secret's record; ok is false if there is none.
func (s *Server) Record(orgID, name string) (record Record, ok bool) {
	ok = s.with(orgID, name, func(sec *secret) { record = sec.Record })
	return record, ok
}

// Records lists an organization's records in the service's order.
func (s *Server) Records(orgID string) []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	var records []Record
	for _, sec := range s.sorted(orgID) {
		records = append(records, sec.Record)
	}
	return records
}
