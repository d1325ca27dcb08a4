#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vert probe: a health check that has an end.

load helpers

setup() {
	only_vert
	setup_bundle
}

teardown() {
	[ -z "${BUNDLE-}" ] || teardown_bundle
}

outcome() {
	run_split vert probe --format json "$@"
	echo "$status: $output $stderr"
}

@test "probe: the status of the command is the status; its output is seen" {
	start_sleeper
	run -0 vert probe "$ID" -- /bin/probe echo healthy
	[ "$output" = healthy ]
	run -3 vert probe "$ID" /bin/probe exit 3
	run -137 vert probe "$ID" -- /bin/probe kill-self 9
	run -127 vert probe "$ID" -- /bin/nosuch
}

@test "probe: the outcome as JSON" {
	start_sleeper
	outcome "$ID" -- /bin/probe echo some words
	[ "$status" = 0 ]
	jq -e '.status == 0 and .signal == null and .timed_out == false and .output == "some words\n" and .truncated == false
		and .wall_us > 0 and .user_us + .system_us > 0 and .max_rss > 4096' <<<"$output"
	outcome "$ID" -- /bin/probe kill-self 9
	[ "$status" = 137 ]
	jq -e '.status == null and .signal == 9' <<<"$output"
	outcome --max-output 4 "$ID" -- /bin/probe warn abcdefgh
	jq -e '.output == "abcd" and .truncated' <<<"$output"
}

@test "probe: on a timeout the command and all its children are killed, and nobody else" {
	local pid before
	start_sleeper
	pid=$(state "$ID" pid)
	before=$SECONDS
	outcome --timeout 300ms "$ID" -- /bin/probe fork 3
	[ "$status" = 124 ]
	[ $((SECONDS - before)) -lt 10 ]
	jq -e '.timed_out and .status == null and .signal == 9 and .wall_us >= 300000' <<<"$output"
	[ "$(state "$ID" pid)" = "$pid" ] && is_status "$ID" running
	run -0 vert ps --format json "$ID"
	[ "$(jq length <<<"$output")" = 1 ]
	[ -z "$(find "$(cgroup_dir)" -mindepth 1 -type d -name "vert-probe*")" ]
	run -124 vert probe --timeout 200ms "$ID" -- /bin/probe sleep 60
}

@test "probe: what the command leaves in the background does not outlive it" {
	requires cgroup
	start_sleeper
	cp "$(command -v busybox)" "$BUNDLE/rootfs/bin/sh" 2>/dev/null || skip "needs busybox"
	outcome "$ID" -- /bin/sh -c '(sleep 100 >/dev/null 2>&1 &) ; exit 5'
	[ "$status" = 5 ]
	run -0 vert ps --format json "$ID"
	[ "$(jq length <<<"$output")" = 1 ]
}

@test "probe: output without end neither hangs it nor fills memory" {
	start_sleeper
	outcome --timeout 500ms --max-output 100 "$ID" -- /bin/probe cat /dev/zero
	[ "$status" = 124 ] || [ "$status" = 0 ]
	jq -e '.truncated' <<<"$output"
}

@test "probe: its input is empty, and it has no terminal" {
	start_sleeper
	run -0 vert probe "$ID" -- /bin/probe cat <<<"not for it"
	[ -z "$output" ]
}

@test "probe: killed with its caller's signal; a container that is paused or stopped is not asked" {
	requires cgroup
	start_sleeper
	REFUSED_STATUS=125 refused "is paused" eval 'vert pause "$ID" && vert probe "$ID" -- /bin/probe exit 0'
	vert resume "$ID"
	REFUSED_STATUS=125 refused "wants a duration" vert probe --timeout soon "$ID" -- /bin/probe exit 0
	vert kill "$ID" KILL
	within 5 is_status "$ID" stopped
	REFUSED_STATUS=125 refused "not running" vert probe "$ID" -- /bin/probe exit 0
}

@test "probe: when vert is killed the command ends too" {
	start_sleeper
	VERT_TESTS_MARK=$ID "$RUNTIME" --root "$ROOT" probe --timeout 60s "$ID" -- /bin/probe sleep 50 </dev/null \
		>/dev/null 2>&1 3>&- 4>&- &
	within 5 eval '[ "$(vert ps --format json "$ID" | jq length)" = 2 ]'
	kill -KILL $!
	wait $! || :
	within 5 eval '[ "$(vert ps --format json "$ID" | jq length)" = 1 ]'
}
