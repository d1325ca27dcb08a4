#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a start may cost, in numbers that no busy machine changes: system calls and instructions.  The recorded
# ones are in the file budget; who makes vert slower on purpose changes them there and says why.

load helpers

# The configuration of `vert spec`, with a program that does nothing.
bundle_of_spec() {
	only_vert
	requires root cgroup
	! grep -q GLIBC_TUNABLES "$RUNTIME" || skip "recorded for a vert that is linked with musl"
	! grep -q __asan_init "$RUNTIME" || skip "sanitizers make calls of their own"
	rm "$BUNDLE/config.json"
	vert spec --bundle "$BUNDLE"
	cfg '.process.args = ["/bin/probe", "exit", "0"] | .process.terminal = false | .linux.cgroupsPath = $cgroup' \
		--arg cgroup "$CG/$ID"
}

recorded() {
	sed -n "s/^$1 //p" "$BATS_TEST_DIRNAME/budget"
}

# within_budget NAME NUMBER PERCENT
within_budget() {
	local limit

	[ -n "$2" ] || return 1 # the command did not do what was to be counted
	limit=$(($(recorded "$1") * (100 + $3) / 100))
	echo "$1: $2, recorded $(recorded "$1"), at most $limit"
	[ "$2" -gt 0 ] && [ "$2" -le "$limit" ]
}

calls_of() {
	strace -f -c -o "$BATS_TEST_TMPDIR/calls" "$RUNTIME" --root "$ROOT" "$@" 3>&- 4>&- </dev/null || return
	awk '$NF == "total" { print $4 }' "$BATS_TEST_TMPDIR/calls"
}

# Up to the execution of vert-init, which not every valgrind can emulate: vert has done its part by then, and what the
# message of that failure costs is nobody's business.
instructions_of() {
	valgrind --tool=callgrind --trace-children=no --dump-before=sys_execveat \
		--callgrind-out-file="$BATS_TEST_TMPDIR/callgrind" \
		"$RUNTIME" --root "$ROOT" "$@" 3>&- 4>&- </dev/null >"$BATS_TEST_TMPDIR/valgrind" 2>&1 ||
		grep -q 'execute vert-init' "$BATS_TEST_TMPDIR/valgrind" || return
	sed -n 's/^totals: //p' "$BATS_TEST_TMPDIR/callgrind.1"
}

@test "budget: system calls of run" {
	requires strace
	bundle_of_spec
	within_budget calls.run "$(calls_of run --bundle "$BUNDLE" "$ID")" 2
}

@test "budget: system calls of exec" {
	requires strace
	bundle_of_spec
	start_sleeper
	within_budget calls.exec "$(calls_of exec "$ID" /bin/probe exit 0)" 2
}

@test "budget: instructions before run hands over" {
	requires valgrind
	bundle_of_spec
	within_budget instructions.run "$(instructions_of run --bundle "$BUNDLE" "$ID")" 5
}
