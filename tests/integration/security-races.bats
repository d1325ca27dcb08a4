#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Races: paths that are exchanged for links out of the root while containers start (docs/security.md).
# Thousands of starts: VERT_TESTS_STORM_STARTS=5000 VERT_TESTS_STORM_SECONDS=600.

load security-races

# Read when a test begins: set within one it would come too late.
BATS_TEST_TIMEOUT=$((${VERT_TESTS_STORM_SECONDS:-2} + 180))

storm() {
	storm_starts "$1"
	intact
	no grep -F outside "$TMP/storm.out"
	no grep -F "$HOST" /proc/self/mountinfo
	[ -z "$(containers)" ]
	# A storm it was: many exchanges for each start, and some starts met the directory.
	[ "$EXCHANGES" -gt $((STARTED + REFUSED)) ]
	[ "$STARTED" -gt 0 ]
}

@test "storm: on the targets of mounts" {
	storm targets
}

@test "storm: on the sources of mounts" {
	storm sources
}

@test "storm: on the source of a mount with src-nofollow (V22)" {
	storm links
	[ ! -e "$HOST/dir/new" ]
}

@test "storm: on the target of a mount by mount(2), which gets its attributes nowhere else" {
	storm classic
	grep -q 'source=classic' "$TMP/storm.out"
	no misplaced
}

@test "storm: on device nodes" {
	requires root
	storm devices
}

@test "storm: on masked and read-only paths" {
	storm masks
}

@test "storm: on the working directory" {
	storm cwd
}

@test "storm: on the console" {
	storm console
}

@test "storm: on a tree that is copied up" {
	storm copyup
}

@test "storm: on the root's own directories" {
	storm rootfs
}

@test "storm: on what is written to /proc, sysctls and labels (V12, V13)" {
	storm writes
}

@test "storm: on what exec looks up" {
	local i rc end ran=0
	make_volume
	args fork 0
	start_new "$ID"
	within 5 grep -q ready "$ID.out"
	start_storm
	end=$((SECONDS + ${VERT_TESTS_STORM_SECONDS:-2}))
	for ((i = 0; i < ${VERT_TESTS_STORM_STARTS:-300} && (SECONDS < end || i < 8); i++)); do
		rc=0
		timeout -k 1 10 "$RUNTIME" --root "$ROOT" exec --cwd /vol/a "$ID" /bin/probe read marker \
			</dev/null >>"$TMP/storm.out" 2>"$TMP/storm.err" 3>&- 4>&- || rc=$?
		[ $rc -lt 2 ]
		[ $rc = 1 ] || ran=$((ran + 1))
	done
	stop_storm
	intact
	[ $ran -gt 0 ]
	no grep -F outside "$TMP/storm.out"
	[ -z "${VERT_TESTS_STORM_FIGURES-}" ] || echo "exec: $i starts, $ran ran" >>"$VERT_TESTS_STORM_FIGURES"
}
