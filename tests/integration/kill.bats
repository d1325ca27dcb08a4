#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kill: sends a signal to the container's process.

load helpers

# A container that prints the signals it gets.
start_trap() {
	args trap HUP USR1 USR2 WINCH 35 36
	start_new "$ID"
	within 5 grep -q ready "$ID.out"
}

got() {
	within 5 grep -qx "got=$1" "$ID.out" || { echo "no $1 in: $(out)"; return 1; }
}

@test "kill: without a signal sends TERM" {
	start_trap
	vert kill "$ID"
	got TERM
	within 5 is_status "$ID" stopped
}

@test "kill: takes a name, a name with SIG, and a number" {
	start_trap
	vert kill "$ID" HUP
	got HUP
	vert kill "$ID" SIGUSR1
	got USR1
	vert kill "$ID" 12
	got USR2
}

@test "kill: takes real-time signals" {
	only_vert
	start_trap
	vert kill "$ID" RTMIN+1
	got RT35
	vert kill "$ID" SIGRTMIN+2
	got RT36
	: >"$ID.out"
	vert kill "$ID" 35
	got RT35
}

@test "kill: a signal that does not exist is refused" {
	only_vert
	start_trap
	local sig
	for sig in NOSUCH SIG 0x9 65 1000 9x '' 99999999999999999999; do
		refused "" vert kill "$ID" "$sig"
		[[ $stderr == *signal* ]]
	done
	is_status "$ID" running
	[ "$(out)" = ready ]
}

@test "kill: KILL ends a process that ignores the rest" {
	start_sleeper
	vert kill "$ID" KILL
	within 5 is_status "$ID" stopped
}

@test "kill: prints nothing" {
	start_trap
	run vert kill "$ID" HUP
	succeeded
	[ -z "$output" ]
}

@test "kill: works on a created container" {	# runtime.md, kill: created or running
	create "$ID"
	vert kill "$ID" KILL
	within 5 is_status "$ID" stopped
}

@test "kill: a stopped container is refused" {	# runtime.md, kill: MUST generate an error
	only_vert
	start_new "$ID"
	within 5 is_status "$ID" stopped
	refused "container not running" vert kill "$ID" TERM
	[[ $stderr == *"no such process"* ]]
	refused "container not running" vert kill "$ID" 9
}

@test "kill: an unknown container is refused" {
	only_vert
	refused "container does not exist: '$ID'" vert kill "$ID" 15
	[[ $stderr != *"o such file"* ]]
}

@test "kill: KILL ends a paused container" {
	requires cgroup
	start_sleeper
	vert pause "$ID"
	vert kill "$ID" KILL
	within 5 is_status "$ID" stopped
}

@test "kill: --all reaches every process of the container" {
	requires cgroup
	without_pid_ns
	args fork 3
	start_new "$ID"
	within 5 grep -q ready "$ID.out"
	vert kill --all "$ID" KILL
	within 5 is_status "$ID" stopped
	within 5 eval '[ -z "$(cat "$CGROUPFS$CG/$ID/cgroup.procs" 2>/dev/null)" ]'
}

@test "kill: --all accepts engines' order of arguments and a stopped container" {
	only_vert
	start_new "$ID"
	within 5 is_status "$ID" stopped
	vert kill --all "$ID" 9
	vert kill -a "$ID" KILL
}

@test "kill: without a pid namespace KILL ends the other processes too" {
	requires cgroup
	only_vert "crun leaves them to delete"
	without_pid_ns
	args fork 3
	start_new "$ID"
	within 5 grep -q ready "$ID.out"
	vert kill "$ID" KILL
	within 5 is_status "$ID" stopped
	within 5 cgroup_empty
}

cgroup_empty() {
	grep -qx 'populated 0' "$CGROUPFS$CG/$ID/cgroup.events"
}

@test "kill: a process that took over the pid is not hit" {
	only_vert "reads vert's state file"
	# The state names a pid whose start time differs from the recorded one: that of a bystander.
	start_new "$ID"
	within 5 is_status "$ID" stopped
	sleep 30 3>&- 4>&- &
	local bystander=$! file
	BACKGROUND+=($bystander)
	file=$(grep -lE '"pid": *[0-9]+' "$ROOT/$ID"/* | head -n1)
	[ -n "$file" ]
	sed -i -E "s/\"pid\": *[0-9]+/\"pid\": $bystander/" "$file"
	run vert kill "$ID" KILL
	[ "$status" != 0 ]
	kill -0 $bystander
	vert delete --force "$ID"
	kill -0 $bystander
}

@test "kill: without a signal sends the one of the image" {	# config.md: org.opencontainers.image.stopSignal SHOULD be sent
	only_vert
	cfg '.annotations = {"org.opencontainers.image.stopSignal": "SIGUSR1"}'
	args trap USR1
	start_new "$ID"
	within 5 grep -q ready "$ID.out"
	vert kill "$ID"
	within 5 grep -q 'got=USR1' "$ID.out"
	vert kill "$ID" TERM
	within 5 is_status "$ID" stopped
	vert delete "$ID"
	cfg '.annotations = {"org.opencontainers.image.stopSignal": "NONSENSE"}'
	start_new "$ID"
	within 5 grep -q ready "$ID.out"
	vert --log "$TMP/log" --log-level warning kill "$ID"
	grep -q NONSENSE "$TMP/log"
	within 5 is_status "$ID" stopped
}
