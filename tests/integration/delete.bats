#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# delete: gives back everything that create took.

load helpers

@test "delete: a stopped container is gone, with its state and control group" {
	start_new "$ID"
	within 5 is_status "$ID" stopped
	run vert delete "$ID"
	succeeded
	[ -z "$output" ]
	[ -z "$(containers)" ]
	[ -z "$CG" ] || [ ! -e "$CGROUPFS$CG/$ID" ]
}

@test "delete: the id can be used again" {
	local i
	for i in 1 2; do
		start_new "$ID"
		within 5 is_status "$ID" stopped
		vert delete "$ID"
	done
}

@test "delete: a created container is killed and deleted" {	# engines rely on it
	create "$ID"
	vert delete "$ID"
	[ -z "$(containers)" ]
	nothing_left -v
}

@test "delete: a running container is refused" {	# runtime.md, delete: MUST generate an error
	start_sleeper
	refused "$ID" vert delete "$ID"
	is_status "$ID" running
}

@test "delete: a paused container is refused" {
	requires cgroup
	start_sleeper
	vert pause "$ID"
	refused "$ID" vert delete "$ID"
	is_status "$ID" paused
}

@test "delete: --force kills a running container" {
	start_sleeper
	vert delete --force "$ID"
	[ -z "$(containers)" ]
	nothing_left -v
}

@test "delete: --force kills a paused container" {
	requires cgroup
	start_sleeper
	vert pause "$ID"
	vert delete -f "$ID"
	nothing_left -v
}

@test "delete: --force of an unknown container is success and silent" {
	run vert delete --force "$ID"
	succeeded
	[ "$RUNTIME_NAME" != vert ] || [ -z "$output" ]
}

@test "delete: an unknown container is refused" {
	only_vert
	refused "container does not exist: '$ID'" vert delete "$ID"
}

@test "delete: leaves the bundle as it was" {
	start_new "$ID"
	within 5 is_status "$ID" stopped
	vert delete "$ID"
	[ -f "$BUNDLE/config.json" ]
	[ -x "$BUNDLE/rootfs/bin/probe" ]
	[ "$(cat "$BUNDLE/rootfs/data/file")" = text ]
}

@test "delete: works when the bundle is gone" {
	start_new "$ID"
	within 5 is_status "$ID" stopped
	rm -rf "$BUNDLE"
	vert delete "$ID"
	[ -z "$(containers)" ]
}

@test "delete: removes control groups made inside the container's" {
	requires cgroup
	start_sleeper
	mkdir -p "$CGROUPFS$CG/$ID/a/b/c" "$CGROUPFS$CG/$ID/d"
	vert delete --force "$ID"
	[ ! -e "$CGROUPFS$CG/$ID" ]
}

@test "delete: kills what still runs in the control group" {
	requires cgroup
	without_pid_ns
	args fork 3
	start_new "$ID"
	within 5 grep -q ready "$ID.out"
	kill -KILL "$(state "$ID" pid)"
	within 5 is_status "$ID" stopped
	vert delete --force "$ID"
	nothing_left -v
}

@test "delete: --regex deletes all whose ids match" {
	only_vert
	start_new "$ID.one"
	start_new "$ID.two"
	create "$ID.three"
	within 5 is_status "$ID.one" stopped
	within 5 is_status "$ID.two" stopped
	vert delete --regex "$ID\.(one|two)"
	[ "$(containers)" = "$ID.three" ]
}

@test "delete: --force removes a state directory that is empty or damaged" {
	only_vert
	mkdir -p "$ROOT/$ID"
	vert delete --force "$ID"
	[ -z "$(containers)" ]
	create "$ID"
	local file
	for file in "$ROOT/$ID"/*; do
		[ ! -f "$file" ] || : >"$file"
	done
	vert delete --force "$ID"
	[ -z "$(containers)" ]
	nothing_left -v
}

@test "delete: several at once do not disturb each other" {
	create "$ID.a"
	create "$ID.b"
	local pids=() i
	for i in a b a b; do
		vert delete --force "$ID.$i" &
		pids+=($!)
	done
	for i in 0 1 2 3; do
		wait "${pids[i]}" || :
	done
	[ -z "$(containers)" ]
}

@test "delete: never follows an id out of the state directory" {
	mkdir -p "$TMP/victim" "$ROOT"
	touch "$TMP/victim/file"
	local id
	for id in ../victim "$TMP/victim" . .. ./ ''; do
		run vert delete --force "$id"
		[ "$RUNTIME_NAME" != vert ] || [ "$status" != 0 ]
	done
	[ -e "$TMP/victim/file" ]
	[ -d "$ROOT" ]
}
