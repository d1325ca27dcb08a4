#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# start: the program of a created container runs.

load helpers

@test "start: the program runs and the container is running" {
	start_sleeper
	is_status "$ID" running
}

@test "start: the process keeps the pid it had when it was created" {
	args fork 0
	create "$ID"
	local pid
	pid=$(state "$ID" pid)
	vert start "$ID"
	[ "$(state "$ID" pid)" = "$pid" ]
}

@test "start: prints nothing" {
	create "$ID"
	run vert start "$ID"
	succeeded
	[ -z "$output" ]
}

@test "start: a running container is refused" {	# runtime.md, start: MUST generate an error
	start_sleeper
	refused "$ID" vert start "$ID"
	is_status "$ID" running
}

@test "start: a stopped container is refused" {
	start_new "$ID"
	within 5 is_status "$ID" stopped
	refused "$ID" vert start "$ID"
	[ "$(out)" = hello ]
}

@test "start: a paused container is refused" {
	requires cgroup
	start_sleeper
	vert pause "$ID"
	refused "$ID" vert start "$ID"
	is_status "$ID" paused
}

@test "start: an unknown container is refused" {
	only_vert
	refused "container does not exist: '$ID'" vert start "$ID"
}

@test "start: a container whose process died while it waited is refused" {
	create "$ID"
	kill -KILL "$(state "$ID" pid)"
	within 5 is_status "$ID" stopped
	refused "$ID" vert start "$ID"
	[ -z "$(out)" ]
}

@test "start: two starts at once run the program once" {
	args echo once , fork 0
	create "$ID"
	local a b
	vert start "$ID" </dev/null >a 2>&1 &
	a=$!
	vert start "$ID" </dev/null >b 2>&1 &
	b=$!
	if wait $a; then a=0; else a=1; fi
	if wait $b; then b=0; else b=1; fi
	cat a b
	[ $((a + b)) = 1 ]
	within 5 grep -q ready "$ID.out"
	[ "$(grep -c once "$ID.out")" = 1 ]
}

@test "start: the container is stopped when its program has ended" {
	args exit 3
	start_new "$ID"
	within 5 is_status "$ID" stopped
	[ "$(state "$ID" pid)" = 0 ]
}

@test "start: the end of the first process ends the others" {
	args fork 3
	start_new "$ID"
	within 5 grep -q ready "$ID.out"
	vert kill "$ID" KILL
	within 5 is_status "$ID" stopped
	within 5 nothing_in_cgroup
}

# A filter that kills at execve(2): what a kernel out of memory does there, and with a name that tells.  It looks at an
# address, or the plan would refuse it.
killed_at_execve() {
	only_vert "others tell nothing"
	cfg '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["execve"], action: "SCMP_ACT_KILL_PROCESS",
		args: [{index: 0, value: 0, op: "SCMP_CMP_NE"}]}]}'
}

@test "start: a death in execve is an error, and the container is stopped" {	# runtime.md: start MUST run the program
	killed_at_execve
	# Its parent must not wait for it before start has looked.
	bg helper neglect sh -c '"$@" </dev/null >/dev/null 2>&1' sh "$RUNTIME" --root "$ROOT" create --bundle "$BUNDLE" "$ID"
	within 5 grep -q command=0 bg.out
	is_status "$ID" created
	run vert start "$ID"
	[ "$status" = 1 ]
	[[ $output == *"container '$ID' died before its program was executed"* ]]
	is_status "$ID" stopped
	vert delete "$ID"
}

@test "run: a death in execve is an error, and nothing is left" {	# runtime.md: start MUST run the program
	killed_at_execve
	run vert run --bundle "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[[ $output == *"read from the init process: it was killed by signal 31"* ]]
	run vert run --detach --bundle "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[[ $output == *"read from the init process: it was killed by signal 31"* ]]
	refused "container does not exist: '$ID'" vert state "$ID"
}

@test "run: poststop hooks follow a death in execve that startContainer hooks went before" {	# runtime.md: poststop hooks
	killed_at_execve
	cfg '.hooks = {startContainer: [{path: "/bin/probe", args: ["probe", "exit", "0"]}],
		poststop: [{path: "/bin/sh", args: ["sh", "-c", ": >" + $mark]}]}' --arg mark "$TMP/poststop"
	run vert run --bundle "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	[ -e "$TMP/poststop" ]
}

nothing_in_cgroup() {
	[ -z "$CG" ] || [ -z "$(cat "$CGROUPFS$CG/$ID/cgroup.procs")" ]
}
