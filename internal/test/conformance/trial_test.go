// Copyright (c) The terraform-provider-roboto Authors
// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"cmp"
	"context"
	"crypto/rand"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roboto-ai/terraform-provider-roboto/internal/test/wire"
)

// trial is the test of some facts that go together. To add one, add it to facts.md, ask for an answer and
// say what it shows:
//
//	a := t.permitted(t.Get(t.ctx, s.name)) // ends the trial if there is no answer
//	t.fact(7, unless(a.OK(), a)) // "", or what was seen in place of the fact
type trial struct {
	*testing.T
	*lab
}

//go:embed facts.md
var factsPage string

// fact is one thing that the provider takes for granted about Roboto or AWS. code are files of this project.
type fact struct{ statement, risk, code, source string }

// factPattern is a row of facts.md. A fact has a source.
var factPattern = regexp.MustCompile(`(?m)^\| (\d+) \| (.+) \| (.+) \| (.+) \| (src/roboto/\S+\.py:\d.*|not in the SDK[,;] .*) \|$`)

// facts are those of facts.md, by number.
var facts = sync.OnceValue(func() map[int]fact {
	all := map[int]fact{}
	for _, row := range factPattern.FindAllStringSubmatch(factsPage, -1) {
		number, _ := strconv.Atoi(row[1]) // these are digits
		all[number] = fact{row[2], row[3], row[4], row[5]}
	}
	return all
})

// fact says what was seen in place of a fact, "" if it holds.
func (t *trial) fact(number int, seen string) {
	t.Helper()
	v := holds
	why, unknown := strings.CutPrefix(seen, notKnown+": ")
	switch {
	case seen != "" && t.ctx.Err() != nil: // who knows what the rest would have shown
		v, seen = notKnown, "interrupted"
	case unknown:
		v, seen = notKnown, why
	case seen != "":
		v = differs
	}
	f, ok := facts()[number]
	r := result{number, v, t.redact(seen), f}
	t.Run(strconv.Itoa(number), func(in *testing.T) {
		in.Helper()
		if !ok {
			in.Error("it is not in facts.md, or has no source there")
		}
		for file := range strings.SplitSeq(f.code, ", ") {
			if _, err := os.Stat(filepath.Join("../../..", file)); err != nil {
				in.Error(err)
			}
		}
		t.report.results = append(t.report.results, r)
		if v != holds {
			in.Logf("%s\n%s: %s\nSource: %s\nCode: %s\nAt risk: %s", f.statement, v, r.seen, f.source, f.code, f.risk)
			t.judge(in, v)
		}
	})
}

// judge fails what differs, and skips what is not known. Of the embedded services, all is known.
func (l *lab) judge(t *testing.T, v string) {
	t.Helper()
	if v == differs || l.server != nil {
		t.FailNow()
	}
	t.SkipNow()
}

// end ends the trial: for this reason, nobody knows whether the rest of its facts holds.
func (t *trial) end(format string, args ...any) {
	t.Helper()
	seen := t.redact(fmt.Sprintf(format, args...))
	if t.ctx.Err() != nil {
		seen = "interrupted"
	}
	t.report.results = append(t.report.results, result{0, notKnown, seen, fact{statement: "The rest of " + t.Name() + "."}})
	t.Logf("not known: %s", seen)
	t.judge(t.T, notKnown)
}

// answer ends the trial if there is none, or one that says nothing about Roboto.
func (t *trial) answer(a wire.Answer, err error) wire.Answer {
	t.Helper()
	switch {
	case err != nil:
		t.end("%v", err)
	case a.Status == 429, a.Status >= 500:
		t.end("the answer was %s", a)
	}
	return a
}

// permitted also ends the trial if the caller may not ask so.
func (t *trial) permitted(a wire.Answer, err error) wire.Answer {
	t.Helper()
	if t.answer(a, err); a.Refusal() {
		t.end("the answer was %s", a)
	}
	return a
}

// object is the data of an answer. Without, the trial ends.
func (t *trial) object(a wire.Answer) wire.Object {
	t.Helper()
	o := a.Object()
	if o == nil {
		t.end("the answer was %s, without an object", a)
	}
	return o
}

// until tries at once, and then again for as long as the service may lag.
func (l *lab) until(ctx context.Context, done func() bool) bool {
	const pause = 500 * time.Millisecond
	for start := time.Now(); ; {
		ok := done()
		if ok || time.Since(start)+pause > l.lag || wire.Sleep(ctx, pause) != nil {
			return ok
		}
	}
}

// secret is one that was created for a trial.
type secret struct {
	name   string
	record wire.Object
	// Access is that to the value, and first the first answer that was not a refusal, once it is open.
	wire.Access
	first wire.Answer
}

// secret creates a secret. Without, the trial ends.
func (t *trial) secret(label string) secret {
	t.Helper()
	return secret{name: t.prefix + label, record: t.object(t.permitted(t.create(t.prefix + label)))}
}

// create notes the name first, because the answer may be lost.
func (l *lab) create(name string) (wire.Answer, error) {
	l.names = append(l.names, name)
	return l.Create(l.ctx, name)
}

// open waits until AWS grants access.
func (t *trial) open(s secret) secret {
	t.Helper()
	s.Access = t.permitted(t.Credentials(t.ctx, s.name)).Access()
	s.ARN = s.record.ARN() // an odd record beside the credentials is another difference
	t.hide(s.Creds.Text("access_key_id"), s.Creds.Text("secret_access_key"), s.Creds.Text("session_token"))
	if !t.until(t.ctx, func() bool {
		s.first = t.answer(t.get(s.Access, wire.Object{}))
		return !s.first.Refusal() && !slices.Contains([]string{"AccessDeniedException", "UnrecognizedClientException"}, s.first.Code())
	}) {
		t.end("AWS refused the credentials: %s", s.first)
	}
	return s
}

// value makes a new value, which is nobody's secret, and must not be seen all the same.
func (l *lab) value() string {
	value := "conformance " + rand.Text() + " ü"
	l.hide(value)
	return value
}

func (l *lab) put(access wire.Access, token, value string) (wire.Answer, error) {
	return l.AWS(l.ctx, access, "PutSecretValue", wire.Object{"SecretString": value, "ClientRequestToken": token})
}

// get reads a version: the current one if the input says nothing else.
func (l *lab) get(access wire.Access, input wire.Object) (wire.Answer, error) {
	return l.AWS(l.ctx, access, "GetSecretValue", input)
}

// write writes a new value. Without, the trial ends.
func (t *trial) write(access wire.Access) (token, value string, put wire.Answer) {
	t.Helper()
	token, value = wire.NewToken(), t.value()
	put = t.permitted(t.put(access, token, value))
	if !put.OK() {
		t.end("PutSecretValue: %s", put)
	}
	return token, value, put
}

// read reads the current version. Without, the trial ends.
func (t *trial) read(access wire.Access) wire.Object {
	t.Helper()
	a := t.permitted(t.get(access, wire.Object{}))
	if !a.OK() {
		t.end("GetSecretValue: %s", a)
	}
	return a.Output()
}

// What follows tells what was seen in place of a fact, "" if it holds.

// unless shows an answer, or says what is wrong.
func unless(ok bool, seen any) string {
	if ok {
		return ""
	}
	return fmt.Sprint(seen)
}

// unlessKnown says why nobody knows.
func unlessKnown(ok bool, why string) string { return unless(ok, notKnown+": "+why) }

// kind looks at what fields are, and not at what is in them.
func kind(of wire.Object, want string, keys ...string) string {
	for _, key := range keys {
		if got := of.Kind(key); !slices.Contains(strings.Split(want, "|"), got) {
			return fmt.Sprintf("`%s` is %s", key, got)
		}
	}
	return ""
}

func same(want, got wire.Object, keys ...string) string {
	for _, key := range keys {
		if !reflect.DeepEqual(want[key], got[key]) {
			return fmt.Sprintf("another `%s`", key)
		}
	}
	return ""
}

// sameRecord compares all that tells secrets apart besides the creation time, whose digits may differ.
// Other fields may move by themselves.
func sameRecord(want, got wire.Object) string {
	return same(want, got, "name", "org_id", "store_type", "location", "created_by")
}

// likeMissing compares with the answer about a secret that never was.
func (t *trial) likeMissing(got wire.Answer) string {
	t.Helper()
	want := t.permitted(t.Get(t.ctx, t.prefix+"never"))
	return unless(got.String() == want.String(), fmt.Sprintf("%s, and not %s", got, want))
}

// timeOf is zero if the field is none that Python's isoformat or pydantic writes.
func timeOf(o wire.Object, key string) time.Time {
	text := strings.Replace(o.Text(key), " ", "T", 1)
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at
		}
	}
	return time.Time{}
}

func isTime(o wire.Object, keys ...string) string {
	for _, key := range keys {
		if timeOf(o, key).IsZero() {
			return fmt.Sprintf("`%s` is %s", key, o.Kind(key))
		}
	}
	return ""
}

// sameCreated compares creation times, of which one may have fewer digits.
func sameCreated(want, got wire.Object) string {
	a, b := timeOf(want, "created"), timeOf(got, "created")
	if a.IsZero() || b.IsZero() {
		return unlessKnown(false, "a time cannot be read")
	}
	for _, unit := range []time.Duration{time.Nanosecond, time.Microsecond, time.Millisecond, time.Second} {
		if a.Truncate(unit).Equal(b) || b.Truncate(unit).Equal(a) {
			return ""
		}
	}
	return b.Sub(a).Abs().String() + " apart"
}

// within compares a time with that of the answer to what happened then. Date is cut to the second, so
// the true time may be almost a second later.
func within(at time.Time, a wire.Answer) string {
	date, err := a.Date()
	return cmp.Or(unlessKnown(err == nil && !at.IsZero(), "a time cannot be read"),
		unless(!at.Before(date.Add(-a.Took)) && !at.After(date.Add(time.Second)), at.Sub(date).Round(time.Millisecond).String()+" from the request"))
}

const (
	differs  = "differs"
	holds    = "holds"
	notKnown = "not known"
)

// report is what the checks of one run came to.
type report struct {
	// file is "" for none.
	file string
	// against says which service it was, without its host, which may be private.
	against string
	results []result
	// left may be left behind.
	left []string
}

type result struct {
	// number is 0 for a trial that ended early.
	number        int
	verdict, seen string
	fact
}

// write writes a document for an issue. What differs comes first.
func (r report) write(t *testing.T) {
	t.Helper()
	if r.file == "" {
		return
	}
	slices.SortFunc(r.results, func(a, b result) int {
		return cmp.Or(cmp.Compare(a.verdict, b.verdict), cmp.Compare(a.number, b.number))
	})
	var rows strings.Builder
	count, escape := map[string]int{}, strings.NewReplacer("|", `\|`, "\n", " ")
	for _, f := range r.results {
		count[f.verdict]++
		for _, cell := range []string{strconv.Itoa(f.number), f.verdict, f.statement, f.seen, f.risk, f.code, f.source} {
			rows.WriteString("| " + escape.Replace(cell) + " ")
		}
		rows.WriteString("|\n")
	}
	text := fmt.Sprintf("# Conformance\n\nOf %s, on %s: %d of %d facts hold, %d differ, and of %d it is not known.\n",
		r.against, time.Now().UTC().Format(time.DateOnly), count[holds], len(facts()), count[differs], len(facts())-count[holds]-count[differs])
	text += "The facts are from roboto-ai/roboto-python-sdk 0.53.0 (commit eabde11).\n"
	for _, name := range r.left {
		text += fmt.Sprintf("\nLeft behind: %q\n", name)
	}
	text += "\n## Facts\n\n| Fact | Verdict | Statement | Seen | At risk | Code | Source |\n" + strings.Repeat("| --- ", 7) + "|\n" + rows.String()
	if err := os.WriteFile(r.file, []byte(text), 0o644); err != nil {
		t.Error(err)
	}
}

// hide keeps secrets out of what is printed. That is the second line of defense: what is printed is
// made of fixed words, statuses, codes and counts in the first place.
func (l *lab) hide(secrets ...string) {
	for _, secret := range secrets {
		if len(secret) >= 8 { // else it is a word by chance
			l.secrets = append(l.secrets, secret)
		}
	}
}

// private is an ARN, an e-mail address or an AWS account's ID.
var private = regexp.MustCompile(`arn:aws[^\s"]*|[^\s"@]+@[^\s"@]+\.[A-Za-z]+|\d{12,}`)

func (l *lab) redact(text string) string {
	for _, secret := range l.secrets {
		text = strings.ReplaceAll(text, secret, "(redacted)")
	}
	return private.ReplaceAllString(text, "(redacted)")
}
