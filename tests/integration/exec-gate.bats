#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# exec in two phases: `exec --create` stops before the program, `exec-start` lets it go.

load helpers

setup() {
	only_vert
	setup_bundle
}

teardown() {
	[ -z "${BUNDLE-}" ] || teardown_bundle
}

# exec_create NAME WORD...: the probe behind a gate; its output in $TMP/NAME.out.
exec_create() {
	local name=$1
	shift
	vert exec --create --exec-id "$name" --pid-file "$TMP/$name.pid" "$ID" /bin/probe "$@" \
		</dev/null >"$TMP/$name.out" 2>&1
}

gates() {
	find "$ROOT/$ID" -name 'exec.*' | wc -l
}

@test "exec --create: the process is there and waits, exec-start runs its program" {
	start_sleeper
	exec_create one echo hello , pid
	[ -d "/proc/$(<"$TMP/one.pid")" ]
	[ ! -s "$TMP/one.out" ]
	[ "$(gates)" = 1 ]
	vert exec-start "$ID" one
	within 5 grep -qx hello "$TMP/one.out"
	[ "$(gates)" = 0 ]
	refused "no exec 'one' waits" vert exec-start "$ID" one
}

@test "exec --create: without a name it is the pid" {
	start_sleeper
	vert exec --create --pid-file "$TMP/pid" "$ID" /bin/probe echo by pid </dev/null >"$TMP/x.out"
	vert exec-start "$ID" "$(<"$TMP/pid")"
	within 5 grep -qx 'by pid' "$TMP/x.out"
}

@test "exec --create: names are not taken twice, and not any" {
	start_sleeper
	exec_create one exit 0
	refused "exec 'one' exists already" vert exec --create --exec-id one "$ID" /bin/probe exit 0
	refused "invalid name" vert exec --create --exec-id ../x "$ID" /bin/probe exit 0
	refused "invalid name" vert exec-start "$ID" ../start
	refused "'--exec-id' needs '--create'" vert exec --exec-id two "$ID" /bin/probe exit 0
	[ "$(gates)" = 1 ]
}

@test "exec --create: a program that is missing is an error at once, and nothing is left" {
	start_sleeper
	REFUSED_STATUS=127 refused "nosuch" vert exec --create --exec-id one --pid-file "$TMP/pid" "$ID" /bin/nosuch
	[ "$(gates)" = 0 ] && [ ! -e "$TMP/pid" ]
}

@test "exec --create: a waiting process ends with the container, and its file goes" {
	local pid
	start_sleeper
	exec_create one exit 0
	pid=$(<"$TMP/one.pid")
	vert kill "$ID" KILL
	within 5 test ! -d "/proc/$pid"
	vert delete "$ID"
	[ ! -e "$ROOT/$ID" ]
}

@test "exec --create: also where there is neither a cgroup nor a pid namespace" {
	requires root
	local pid
	GLOBAL=(--cgroup-manager=disabled)
	cfg 'del(.linux.cgroupsPath)'
	without_pid_ns
	start_sleeper
	exec_create one exit 0
	pid=$(<"$TMP/one.pid")
	vert kill "$ID" KILL
	within 5 test ! -d "/proc/$pid"
}

@test "exec --create: a waiting process that is killed leaves a name that the next one takes" {
	start_sleeper
	exec_create one exit 0
	kill -KILL "$(<"$TMP/one.pid")"
	refused "no exec 'one' waits" vert exec-start "$ID" one
	[ "$(gates)" = 0 ]
	exec_create two exit 0
	kill -KILL "$(<"$TMP/two.pid")"
	within 5 test ! -d "/proc/$(<"$TMP/two.pid")"
	exec_create three echo again
	[ "$(gates)" = 1 ]
	vert exec-start "$ID" three
	within 5 grep -qx again "$TMP/three.out"
}

@test "exec --create: killed anywhere on its way, vert leaves no process, and a name at most until the next exec" {
	local n before
	start_sleeper
	before=$(pgrep -c -x vert:exec || :)
	for n in {1..25}; do
		# Each a little later than the one before, until it is through.
		VERT_TESTS_MARK=$ID "$RUNTIME" --root "$ROOT" exec --create --exec-id "k$n" "$ID" /bin/probe exit 0 \
			</dev/null >/dev/null 2>&1 3>&- 4>&- &
		sleep "0.00$((n % 10))"
		kill -KILL $! 2>/dev/null || :
		wait $! 2>/dev/null || :
	done
	# What got through is at its gate and can be started; nothing else is there.
	within 5 gates_and_processes_agree "$before"
	for n in {1..25}; do
		vert exec-start "$ID" "k$n" 2>/dev/null || :
	done
	exec_create last exit 0
	[ "$(gates)" = 1 ]
	vert exec-start "$ID" last
	[ "$(gates)" = 0 ]
}

# As many processes wait as gates have a listener.
gates_and_processes_agree() {
	local file listening=0 waiting
	for file in "$ROOT/$ID"/exec.*; do
		[ ! -S "$file" ] || ! grep -qF "${file##*/}" /proc/net/unix || listening=$((listening + 1))
	done
	waiting=$(($(pgrep -c -x vert:exec || :) - $1))
	[ "$waiting" = "$listening" ]
}

@test "exec: in a paused container it is an error at once; so is exec-start" {
	requires cgroup
	start_sleeper
	exec_create one echo late
	vert pause "$ID"
	refused "is paused" vert exec "$ID" /bin/probe exit 0
	refused "is paused" vert exec --create "$ID" /bin/probe exit 0
	refused "is paused" vert exec-start "$ID" one
	vert resume "$ID"
	vert exec-start "$ID" one
	within 5 grep -qx late "$TMP/one.out"
}

@test "exec: descriptors inside are the standard ones and those that are preserved, behind a gate too" {
	start_sleeper
	exec 7</dev/null 8</dev/null
	run -0 vert exec "$ID" /bin/probe fds </dev/null 7<&- 8<&-
	[ "$(grep -c '^fd\.' <<<"$output")" = 3 ] || { echo "$output"; false; }
	vert exec --create --exec-id one "$ID" /bin/probe fds </dev/null >"$TMP/one.out" 2>&1
	vert exec-start "$ID" one
	within 5 grep -q '^fd\.2=' "$TMP/one.out"
	[ "$(grep -c '^fd\.' "$TMP/one.out")" = 3 ] || { cat "$TMP/one.out"; false; }
	exec 7<&- 8<&-
}
