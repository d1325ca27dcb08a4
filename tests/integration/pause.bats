#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# pause and resume: the container's processes stand still, and go on.

load helpers

frozen() {
	grep -qx "frozen $1" "$CGROUPFS$CG/$ID/cgroup.events"
}

@test "pause: freezes the container's control group before it returns" {
	requires cgroup
	start_sleeper
	run vert pause "$ID"
	succeeded
	[ -z "$output" ]
	frozen 1
	is_status "$ID" paused
}

@test "resume: lets it go on" {
	requires cgroup
	args trap USR1
	start_new "$ID"
	within 5 grep -q ready "$ID.out"
	vert pause "$ID"
	kill -USR1 "$(state "$ID" pid)"
	sleep 0.1
	no grep -q got=USR1 "$ID.out"
	run vert resume "$ID"
	succeeded
	[ -z "$output" ]
	frozen 0
	within 5 grep -q got=USR1 "$ID.out"
}

@test "pause: a paused container is refused" {
	requires cgroup
	only_vert
	start_sleeper
	vert pause "$ID"
	refused "$ID" vert pause "$ID"
	is_status "$ID" paused
}

@test "resume: a running container is refused" {
	requires cgroup
	only_vert
	start_sleeper
	refused "$ID" vert resume "$ID"
}

@test "pause: a stopped container is refused" {
	requires cgroup
	start_new "$ID"
	within 5 is_status "$ID" stopped
	refused "" vert pause "$ID"
}

@test "pause: an unknown container is refused" {
	only_vert
	refused "container does not exist: '$ID'" vert pause "$ID"
	refused "container does not exist: '$ID'" vert resume "$ID"
}

@test "pause: a created container can be paused or is refused in words" {
	requires cgroup
	only_vert
	create "$ID"
	run vert pause "$ID"
	[ "$status" = 0 ] || [[ $output == *"$ID"* ]]
	vert delete --force "$ID"
}
