#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# events --follow: what changes, when it does; top: what is used, now.

load helpers

setup() {
	setup_bundle
	only_vert
	requires cgroup
}

# follow OPTION...: in the background, ready to see what comes.
follow() {
	bg vert events --follow "$@" "$ID"
	within 5 grep -q '"type":"following"' bg.out || { cat bg.out; return 1; }
}

# seen FILTER: one of the lines so far.
seen() {
	within 5 eval 'jq -se "any(.[]; '"${1//\"/\\\"}"')" bg.out' || { cat bg.out; return 1; }
}

@test "events: --follow tells of pause and resume, of the end, and ends" {
	start_sleeper
	follow
	seen '.type == "following" and .id == "'"$ID"'" and .data.populated and (.data.frozen | not) and (.time | endswith("Z"))'
	vert pause "$ID"
	seen '.type == "frozen" and .data.frozen'
	vert resume "$ID"
	seen '.type == "frozen" and (.data.frozen | not)'
	vert kill "$ID" KILL
	within 5 eval '! kill -0 ${BACKGROUND[-1]}'
	wait "${BACKGROUND[-1]}"
	seen '.type == "populated" and (.data.populated | not)'
	seen '.type == "exit" and (.data == {signal: 9} or .data == null)'
}

@test "events: --follow goes on while a process is left" {
	requires root
	without_pid_ns
	start_sleeper
	vert exec --detach "$ID" /bin/sleep 1000 </dev/null >/dev/null 2>&1
	follow
	kill -KILL "$(state "$ID" pid)"
	seen '.type == "exit"'
	kill -0 "${BACKGROUND[-1]}"
	vert kill "$ID" KILL
	within 5 eval '! kill -0 ${BACKGROUND[-1]}'
	seen '.type == "populated"'
}

@test "events: --follow --psi tells when a pressure trigger fires" {
	requires root
	[ -e "$CGROUPFS$CG/cpu.pressure" ] || skip "needs pressure stall information"
	# More that want to run than there are processors.
	argv /bin/sh -c 'i=0; while [ $i -lt $1 ]; do (while :; do :; done) & i=$((i + 1)); done; wait' sh "$(($(nproc) * 2 + 2))"
	start_new "$ID"
	follow --psi cpu:some:100ms/2s
	seen '.type == "psi" and .data.resource == "cpu" and .data.level == "some" and .data.stall_usec == 100000 and .data.total.some_usec > 0'
	vert kill "$ID" KILL
	within 5 eval '! kill -0 ${BACKGROUND[-1]}'
}

@test "events: --follow tells of memory events and of the kernel's kills" {
	requires root cgroup-controller memory
	cfg '.linux.resources.memory = {limit: 33554432, swap: 33554432}'
	start_sleeper
	follow
	run vert exec "$ID" /bin/probe alloc 209715200 </dev/null
	seen '.type == "oom" and .data.events.oom_kill >= 1 and .data.events_local.oom_kill >= 1'
}

@test "events: --follow tells of the limit of processes" {
	requires root cgroup-controller pids
	cfg '.linux.resources.pids.limit = 3'
	start_sleeper
	follow
	run vert exec "$ID" /bin/sh -c 'sleep 1 & sleep 1 & sleep 1 & wait' </dev/null
	seen '.type == "pids" and .data.events.max >= 1'
}

@test "events: a pressure trigger that the kernel refuses is an error with its reason" {
	[ -e "$CGROUPFS$CG/cpu.pressure" ] || skip "needs pressure stall information"
	start_sleeper
	refused "cpu.pressure" vert events --follow --psi cpu:some:3s/2s "$ID"
	[[ $stderr == *"a window is"* ]]
	refused "--psi" vert events --follow --psi cpu "$ID"
	refused "--psi" vert events --psi cpu:some:1s/2s "$ID"
}

@test "top: a table of what runs, the busiest first, plain when it is no terminal" {
	start_sleeper "$ID.idle"
	argv /bin/sh -c 'while :; do :; done'
	start_new "$ID.busy"
	create "$ID.created"
	run vert top
	succeeded
	like "^ID +CPU +MEMORY +LIMIT +PIDS +READ/S +WRITE/S +WAIT-CPU +WAIT-MEM +WAIT-IO$"
	[[ ${lines[1]} == "$ID.busy "* ]]
	like "^$ID\.idle +0\.0%" "^$ID\.created "
	[[ $output != *$'\033'* ]]
	vert kill "$ID.busy" KILL
	within 5 is_status "$ID.busy" stopped
	run vert top --once
	unlike "busy"
}

@test "top: --format json has numbers, and null for what the cgroup does not tell" {
	argv /bin/sh -c 'while :; do :; done'
	start_new "$ID"
	run vert top --format json
	jq -e 'length == 1 and .[0].id == "'"$ID"'" and .[0].cpu_percent > 1 and .[0].cpu_usec > 0' <<<"$output"
	[ -e "$CGROUPFS$CG/$ID/memory.current" ] || jq -e '.[0].memory == null' <<<"$output"
	vert delete --force "$ID"
	run vert top --format json
	[ "$output" = "[]" ]
}

@test "top: on a terminal it is drawn again until q is pressed, and leaves the terminal as it was" {
	start_sleeper
	run helper pty 24 100 sh -c 'stty -a >before; "$@"; echo "status=$?"; stty -a >after' sh \
		"$RUNTIME" --root "$ROOT" top --interval 200ms <<-END
		wait 1 running, q quits
		wait 1 running, q quits
		wait $ID
		key 113
		wait status=0
	END
	succeeded
	[[ $output == *$'\033[?1049h'* && $output == *$'\033[?1049l'* ]]
	diff before after
}

@test "top: NO_COLOR leaves the colours out on a terminal" {
	start_sleeper
	run helper pty 24 100 env NO_COLOR=1 "$RUNTIME" --root "$ROOT" top --once </dev/null
	succeeded
	[[ $output != *$'\033[1m'* ]]
	run helper pty 24 100 "$RUNTIME" --root "$ROOT" top --once </dev/null
	[[ $output == *$'\033[1m'* ]]
}
