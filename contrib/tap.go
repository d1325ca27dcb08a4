// SPDX-License-Identifier: Apache-2.0

// Package tap prints results in the Test Anything Protocol: the calls that the programs of tests/conformance use.
package tap

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// T counts the tests of one program.
type T struct {
	Writer io.Writer
	TODO   bool
	done   *int
}

// New begins a series.
func New() *T { return &T{done: new(int)} }

func (t *T) say(text string) {
	w := t.Writer
	if w == nil {
		w = os.Stdout
	}
	io.WriteString(w, text+"\n")
}

// Header prints the version, and the plan where the number is known.
func (t *T) Header(n int) {
	t.say("TAP version 13")
	if n > 0 {
		t.say(fmt.Sprintf("1..%d", n))
	}
}

// Ok prints one result.
func (t *T) Ok(good bool, what string) {
	word, mark := "not ok", "-"
	if good {
		word = "ok"
	}
	if t.TODO {
		mark = "# TODO"
	}
	*t.done++
	t.say(fmt.Sprintf("%s %d %s %s", word, *t.done, mark, what))
}

// Pass and Fail are Ok with the result in the name.
func (t *T) Pass(what string) { t.Ok(true, what) }
func (t *T) Fail(what string) { t.Ok(false, what) }

// Skip prints n results that were left out.
func (t *T) Skip(n int, why string) {
	for ; n > 0; n-- {
		*t.done++
		t.say(fmt.Sprintf("ok %d # SKIP %s", *t.done, why))
	}
}

// Todo is the same series, marked as to be done.
func (t *T) Todo() *T {
	c := *t
	c.TODO = true
	return &c
}

// Count is the number of results so far; AutoPlan prints it as the plan.
func (t *T) Count() int { return *t.done }
func (t *T) AutoPlan()  { t.say(fmt.Sprintf("1..%d", *t.done)) }

// Diagnostic prints a comment.
func (t *T) Diagnostic(text string) {
	t.say("# " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n# "))
}

// Diagnosticf prints a formatted comment.
func (t *T) Diagnosticf(format string, a ...interface{}) { t.Diagnostic(fmt.Sprintf(format, a...)) }

// YAML prints a block of details; JSON is YAML.
func (t *T) YAML(what interface{}) error {
	b, err := json.MarshalIndent(what, "  ", "  ")
	if err == nil {
		t.say("  ---\n  " + string(b) + "\n  ...")
	}
	return err
}
