#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Any system call may fail, and the runtime may be killed in front of any: a sample of what
# tests/faults/sweep goes through as a whole.  VERT_TESTS_SWEEP says how many seconds each verb gets; without it
# nothing is tried.

load helpers

BATS_TEST_TIMEOUT=600

setup() {
	setup_bundle
	[ -n "${VERT_TESTS_SWEEP-}" ] || skip "minutes of tracing: VERT_TESTS_SWEEP=8 gives each verb 8 seconds"
	requires root cgroup python3 musl-gcc
	[ "$(uname -m)" = x86_64 ] || skip "the injector is for x86-64"
}

# swept ARGUMENT...: nothing bad was found, and something was tried.
swept() {
	run env VERT="$RUNTIME" "$BATS_TEST_DIRNAME/../faults/sweep" "$@"
	[ "$status" = 0 ] || { echo "$output"; return 1; }
	like '^[1-9][0-9]* faults, 0 bad'
}

@test "faults: run with a call that fails" {
	swept -s "$VERT_TESTS_SWEEP" run
}

@test "faults: run in a user namespace with a call that fails" {
	swept -s "$VERT_TESTS_SWEEP" -u run
}

@test "faults: create, start and delete with a call that fails" {
	swept -s "$VERT_TESTS_SWEEP" create start delete
}

@test "faults: exec, pause and update with a call that fails" {
	swept -s "$VERT_TESTS_SWEEP" exec pause update
}

@test "faults: killed in front of a call" {
	swept -s "$VERT_TESTS_SWEEP" -k run create start exec delete pause update
}
