#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ps: the processes of a container.

load helpers

forker() {
	requires cgroup ps
	args fork 2
	start_new "$ID"
	within 5 grep -q ready "$ID.out"
}

@test "ps: --format json is an array of the host's pids" {
	forker
	run --separate-stderr vert ps --format json "$ID"
	succeeded
	[ -z "$stderr" ]
	[ "$(jq -c sort <<<"$output")" = "$(jq -sc sort "$CGROUPFS$CG/$ID/cgroup.procs")" ]
	jq -e --argjson pid "$(state "$ID" pid)" 'length == 3 and index($pid) != null' <<<"$output"
}

@test "ps: the table has the host's columns and one line a process" {
	only_vert "crun prints pids only"
	forker
	run vert ps "$ID"
	succeeded
	[[ ${lines[0]} == *PID* ]]
	[ "${#lines[@]}" = 4 ]
	like "[[:space:]]$(state "$ID" pid)[[:space:]]"
	unlike "[[:space:]]$$[[:space:]]"
}

@test "ps: further words are handed to ps" {
	only_vert
	forker
	run vert ps "$ID" -o pid,comm
	succeeded
	[[ ${lines[0]} =~ ^[[:space:]]*PID\ COMMAND$ ]]
	[ "$(grep -c ' probe$' <<<"$output")" = 3 ]
}

@test "ps: engines give the words of ps as one argument" {
	only_vert
	forker
	run vert ps --format table "$ID" "-o pid,comm"
	succeeded
	[ "$(grep -c ' probe$' <<<"$output")" = 3 ]
}

@test "ps: a stopped container has no processes" {
	requires cgroup ps
	start_new "$ID"
	within 5 is_status "$ID" stopped
	run --separate-stderr vert ps --format json "$ID"
	[ "$RUNTIME_NAME" != vert ] || [ "$status" != 0 ] || [ "$(jq -c . <<<"$output")" = '[]' ]
}

@test "ps: shows what exec started" {
	requires cgroup ps
	start_sleeper
	vert exec --detach --pid-file "$TMP/pid" "$ID" /bin/probe sleep 20 </dev/null >exec.out 2>&1
	vert ps --format=json "$ID" | jq -e --argjson pid "$(cat pid)" 'index($pid) != null'
}

@test "ps: an unknown container is refused" {
	only_vert
	refused "container does not exist: '$ID'" vert ps "$ID"
}

@test "ps: another format is refused" {
	only_vert
	requires cgroup
	start_sleeper
	refused "format" vert ps --format yaml "$ID"
}
