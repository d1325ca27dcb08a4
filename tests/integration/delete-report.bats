#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# delete --report: what was removed, what is left and who holds it, what the container used.

load helpers

setup() {
	setup_bundle
	only_vert
}

# report FILTER: true for the report in $output, which is one line.
report() {
	[ "${#lines[@]}" = 1 ] || { echo "not one line: $output"; return 1; }
	jq -e "$1" <<<"$output" >/dev/null || { jq . <<<"$output"; return 1; }
}

# A member of the container that its first process does not know of.
exec_sleeper() {
	vert exec --detach "$ID" /bin/sleep 1000 </dev/null >/dev/null 2>&1
}

@test "delete: --report=json tells that everything is gone" {
	start_new "$ID"
	within 5 is_status "$ID" stopped
	run vert delete --report=json "$ID"
	succeeded
	report '.id == "'"$ID"'" and .removed.cgroup and .removed.state and .left == [] and (has("error") | not)'
	[ -z "$(containers)" ]
}

@test "delete: --report tells what the container used, and null for what no file says" {
	requires cgroup
	start_sleeper
	run vert delete --force --report=json "$ID"
	succeeded
	report '.used.cpu.usage_usec > 0 and (.used.memory | has("peak") and has("events") and has("events_local"))
		and (.used.pids | has("peak")) and (.used | has("io")) and (.used.pressure | has("cpu") and has("memory") and has("io"))'
	[ ! -e "$CGROUPFS$CG/cpu.pressure" ] || report '.used.pressure.cpu.some_usec >= 0'
	[ -e "$CGROUPFS$CG/memory.peak" ] || report '.used.memory.peak == null'
}

@test "delete: --report=FILE writes the file and prints nothing" {
	start_new "$ID"
	within 5 is_status "$ID" stopped
	run vert delete --report="$TMP/report" "$ID"
	succeeded
	[ -z "$output" ]
	jq -e '.removed.state' "$TMP/report"
	[ "$(stat -c %a "$TMP/report")" = 600 ]
}

@test "delete: --report of an unknown container with --force says that nothing was removed" {
	run vert delete --force --report=json "$ID"
	succeeded
	report '.removed == {cgroup: false, scope: false, resctrl: false, state: false} and .left == [] and .used == null'
}

@test "delete: --report of a running container names what is left" {
	requires cgroup
	start_sleeper
	run_split vert delete --report=json "$ID"
	[ "$status" = 1 ]
	[[ $stderr == *"is not stopped"* ]]
	jq -e --argjson pid "$(state "$ID" pid)" '(.left | map(select(.kind == "process").pid) | index($pid))
		and any(.left[]; .kind == "cgroup") and any(.left[]; .kind == "state")
		and (.error | contains("is not stopped"))' "$TMP/stdout"
	is_status "$ID" running
}

@test "delete: --report --regex prints a line for each container" {
	start_new "$ID.one"
	start_new "$ID.two"
	within 5 is_status "$ID.one" stopped
	within 5 is_status "$ID.two" stopped
	run vert delete --report=json --regex "$ID\..*"
	succeeded
	[ "$(jq -r .id <<<"$output" | sort | xargs)" = "$ID.one $ID.two" ]
}

@test "delete: --report tells the exit status of a process that its parent has not waited for" {
	args exit 7
	bg helper neglect sh -c '"$@" >/dev/null 2>&1' sh "$RUNTIME" --root "$ROOT" run --detach --bundle "$BUNDLE" "$ID"
	within 5 grep -q command=0 bg.out
	within 5 is_status "$ID" stopped
	run vert delete --report=json "$ID"
	succeeded
	report '.exit == {status: 7}'
}

@test "delete: --report tells the signal that ended the process" {
	start_sleeper
	run vert delete --force --report=json "$ID"
	succeeded
	# Linux 6.15 tells it once the process is waited for, which another does when it likes.
	report '.exit == {signal: 9} or .exit == null'
}

# A process that does not die is held by a tracer, in its exit.
@test "delete: what cannot die in time is named, and delete can be repeated" {
	requires root cgroup
	local pid
	without_pid_ns
	start_sleeper
	exec_sleeper
	pid=$(grep -vx "$(state "$ID" pid)" "$CGROUPFS$CG/$ID/cgroup.procs")
	bg helper hold "$pid"
	within 5 grep -q held bg.out
	run_split vert delete --force --timeout 300ms --report=json "$ID"
	[ "$status" = 1 ]
	[[ $stderr == *"$pid"* ]]
	jq -e --argjson pid "$pid" '.left | any(.kind == "process" and .pid == $pid and .name == "sleep")
		and any(.kind == "cgroup") and any(.kind == "state")' "$TMP/stdout"
	kill -KILL $(children "${BACKGROUND[-1]}") "${BACKGROUND[-1]}" || :
	within 5 eval '! kill -0 '"$pid"
	run vert delete --force --report=json "$ID"
	succeeded
	report '.left == [] and .removed.cgroup and .removed.state'
	nothing_left -v
}

@test "delete: on a terminal it says after a second whom it waits for" {
	requires root cgroup
	local pid
	without_pid_ns
	start_sleeper
	exec_sleeper
	pid=$(grep -vx "$(state "$ID" pid)" "$CGROUPFS$CG/$ID/cgroup.procs")
	bg helper hold "$pid"
	within 5 grep -q held bg.out
	run helper pty 24 80 "$RUNTIME" --root "$ROOT" delete --force --timeout 1500ms "$ID" </dev/null
	[ "$status" = 1 ]
	[[ $output == *"waiting for 1 process to end: $pid (sleep, state"* ]]
	kill -KILL $(children "${BACKGROUND[-1]}") "${BACKGROUND[-1]}" || :
	within 5 eval '! kill -0 '"$pid"
	vert delete --force "$ID"
}

@test "delete: --timeout that is no duration is refused, and nothing is removed" {
	create "$ID"
	refused "--timeout" vert delete --timeout soon "$ID"
	refused "--timeout" vert delete --timeout 0s "$ID"
	is_status "$ID" created
}

# ---------------------------------------------------------------------------------------------
# Containers that other runtimes could not delete

@test "delete: a frozen control group inside the container's is no obstacle" {
	requires root cgroup
	start_sleeper
	mkdir -p "$CGROUPFS$CG/$ID/a/b"
	exec_sleeper
	grep -vx "$(state "$ID" pid)" "$CGROUPFS$CG/$ID/cgroup.procs" >"$CGROUPFS$CG/$ID/a/b/cgroup.procs"
	echo 1 >"$CGROUPFS$CG/$ID/a/cgroup.freeze"
	within 5 grep -qx 'frozen 1' "$CGROUPFS$CG/$ID/a/b/cgroup.events"
	vert kill "$ID" KILL
	within 5 is_status "$ID" stopped
	run vert delete --report=json "$ID"
	succeeded
	report '.left == []'
	nothing_left -v
}

@test "delete: without a pid namespace, the first process dead, what exec started is killed" {
	requires root cgroup
	without_pid_ns
	start_sleeper
	exec_sleeper
	exec_sleeper
	kill -KILL "$(state "$ID" pid)"
	within 5 is_status "$ID" stopped
	[ "$(wc -l <"$CGROUPFS$CG/$ID/cgroup.procs")" = 2 ]
	run vert delete --report=json "$ID"
	succeeded
	report '.left == [] and .removed.cgroup'
	nothing_left -v
}

@test "delete: a child in a mount namespace of its own, with mounts in it" {
	requires root cgroup
	argv /bin/busybox unshare -m /bin/sh -c 'busybox mount -t tmpfs none /tmp && echo ready && sleep 1000'
	cfg '.process.capabilities = ({} | .bounding = ["CAP_SYS_ADMIN"] | .effective = .bounding | .permitted = .bounding)'
	start_new "$ID"
	within 5 grep -q ready "$ID.out" || { out; return 1; }
	run vert delete --force --report=json "$ID"
	succeeded
	report '.left == []'
	nothing_left -v
}

# A program that makes more processes for all that are killed.
@test "delete: a fork bomb held by pids.max" {
	requires root cgroup-controller pids
	cfg '.linux.resources.pids.limit = 30'
	argv /bin/busybox awk 'BEGIN { while (1) system("sleep 1000 &") }'
	start_new "$ID"
	within 20 eval '[ "$(cat "$CGROUPFS$CG/$ID/pids.current")" -ge 28 ]'
	run vert delete --force --report=json "$ID"
	succeeded
	report '.left == [] and .used.pids.peak <= 30 and .used.pids.events.max > 0'
	nothing_left -v
}

# ---------------------------------------------------------------------------------------------
# kill is exact

@test "kill: without a pid namespace, the first process dead, KILL reaches the others" {
	requires root cgroup
	without_pid_ns
	start_sleeper
	exec_sleeper
	kill -KILL "$(state "$ID" pid)"
	within 5 is_status "$ID" stopped
	refused "container not running" vert kill "$ID" TERM
	[ "$(wc -l <"$CGROUPFS$CG/$ID/cgroup.procs")" = 1 ]
	vert kill "$ID" KILL
	within 5 grep -qx 'populated 0' "$CGROUPFS$CG/$ID/cgroup.events"
	refused "container not running" vert kill "$ID" KILL
}

@test "kill: KILL of all reaches a frozen control group inside the container's" {
	requires root cgroup
	without_pid_ns
	start_sleeper
	mkdir "$CGROUPFS$CG/$ID/a"
	exec_sleeper
	grep -vx "$(state "$ID" pid)" "$CGROUPFS$CG/$ID/cgroup.procs" >"$CGROUPFS$CG/$ID/a/cgroup.procs"
	echo 1 >"$CGROUPFS$CG/$ID/a/cgroup.freeze"
	vert kill --all "$ID" KILL
	within 5 grep -qx 'populated 0' "$CGROUPFS$CG/$ID/cgroup.events"
}
