#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# run: create and start in one, in the foreground or detached.

load helpers

# A foreground container whose runtime has the pid $RUN and whose output is in run.out.
run_in_background() {
	"$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$@" "$ID" </dev/null >run.out 2>&1 3>&- 4>&- &
	RUN=$!
	BACKGROUND+=("$RUN")
	within 5 grep -q ready run.out
}

@test "run: prints what the process prints and returns its status 0" {
	args echo hello world
	run_ok
	[ "$output" = "hello world" ]
}

@test "run: returns the status of the process" {
	args exit 42
	run vert run --bundle "$BUNDLE" "$ID"
	[ "$status" = 42 ]
	[ -z "$output" ]
}

@test "run: returns 255 for the status 255" {
	args exit 255
	run vert run --bundle "$BUNDLE" "$ID"
	[ "$status" = 255 ]
}

@test "run: returns 128 and the number of the signal that killed the process" {
	args fork 0
	run_in_background
	vert kill "$ID" KILL
	local status=0
	wait "$RUN" || status=$?
	[ "$status" = 137 ]
}

@test "run: keeps stdout and stderr apart" {
	args echo out , warn err
	run --separate-stderr vert run --bundle "$BUNDLE" "$ID"
	[ "$output" = out ]
	[ "$stderr" = err ]
}

@test "run: the process reads the caller's stdin" {
	args cat
	run vert run --bundle "$BUNDLE" "$ID" <<<"some input"
	succeeded
	[ "$output" = "some input" ]
}

@test "run: a megabyte passes through both ways unchanged" {
	args cat
	head -c 1000000 /dev/urandom >in
	vert run --bundle "$BUNDLE" "$ID" <in >out
	cmp in out
}

@test "run: works with all three standard descriptors closed" {
	args write /data/ran yes
	cfg '.root.readonly = false'
	vert run --bundle "$BUNDLE" "$ID" <&- >&- 2>&-
	[ "$(cat "$BUNDLE/rootfs/data/ran")" = yes ]
}

@test "run: the container is deleted when its process has ended" {
	run_ok
	[ -z "$(containers)" ]
	[ -z "$CG" ] || [ ! -e "$CGROUPFS$CG/$ID" ]
}

@test "run: with --keep the stopped container stays" {
	args exit 3
	run vert run --keep --bundle "$BUNDLE" "$ID"
	[ "$status" = 3 ]
	is_status "$ID" stopped
	vert delete "$ID"
	[ -z "$(containers)" ]
}

@test "run: with --detach returns while the process runs" {
	args fork 0
	use_id "$ID"
	vert run --detach --bundle "$BUNDLE" --pid-file "$TMP/pid" "$ID" </dev/null >out 2>&1
	is_status "$ID" running
	[ "$(cat pid)" = "$(state "$ID" pid)" ]
}

@test "run: a detached container remains after its end" {
	args exit 3
	vert run -d -b "$BUNDLE" "$ID" </dev/null >out 2>&1
	within 5 is_status "$ID" stopped
}

@test "run: a signal that comes as soon as the program runs is the program's" {
	requires root
	local i
	without_pid_ns
	argv /bin/sh -c 'trap "echo got; exit 7" HUP; kill -HUP $PPID; while :; do sleep 0.1; done'
	for ((i = 0; i < 20; i++)); do
		run vert run --bundle "$BUNDLE" "$ID" </dev/null
		[ "$status" = 7 ] || { echo "round $i: status $status: $output"; return 1; }
		has got
	done
}

@test "run: signals sent to the runtime reach the process" {
	args trap HUP INT QUIT USR1 USR2 CONT
	run_in_background
	local s
	for s in HUP INT QUIT USR1 USR2 CONT; do
		kill -"$s" "$RUN"
		within 5 grep -qx "got=$s" run.out || { echo "$s did not arrive"; return 1; }
	done
	kill -TERM "$RUN"
	wait "$RUN"
	grep -qx got=TERM run.out
}

@test "run: WINCH sent to the runtime reaches a process without a terminal too" {
	args trap WINCH
	run_in_background
	kill -WINCH "$RUN"
	within 5 grep -qx got=WINCH run.out
	vert kill "$ID" TERM
	wait "$RUN"
}

@test "run: the state shows the container while run waits" {
	args fork 0
	run_in_background
	is_status "$ID" running
	vert kill "$ID" KILL
	wait "$RUN" || :
	within 5 eval '[ -z "$(containers)" ]'
}

@test "run: a runtime killed in the foreground leaves a container that delete --force removes" {
	args fork 0
	run_in_background
	kill -KILL "$RUN"
	wait "$RUN" || :
	vert delete --force "$ID"
	[ -z "$(containers)" ]
}

@test "run: an id in use is refused" {
	start_sleeper
	use_id other
	refused "container '$ID' already exists" vert run --bundle "$BUNDLE" "$ID"
	is_status "$ID" running
}

@test "run: a directory with a config.json instead of an id runs that bundle" {
	only_vert
	args echo from the directory
	run vert run "$BUNDLE"
	succeeded
	[ "$output" = "from the directory" ]
	[ -z "$(containers)" ]
	cd "$TMP"
	run vert run bundle
	succeeded
	[ "$output" = "from the directory" ]
}

@test "run: with a bundle named, a word that is a directory too is the id" {
	only_vert
	args echo by id
	mkdir "$TMP/$ID" && cp "$BUNDLE/config.json" "$TMP/$ID"
	run vert run --bundle "$BUNDLE" "$ID"
	succeeded
	[ "$output" = "by id" ]
}

@test "run: a command that is not there gives 127" {
	only_vert
	argv no-such-command
	REFUSED_STATUS=127 refused "executable file not found in \$PATH: 'no-such-command'" \
		vert run --bundle "$BUNDLE" "$ID"
	[ "$status" = 127 ]
	[ -z "$(containers)" ]
}

@test "run: a file that may not be executed gives 126" {
	only_vert
	argv /data/file
	REFUSED_STATUS=126 refused "/data/file" vert run --bundle "$BUNDLE" "$ID"
	[ "$status" = 126 ]
	[[ ${stderr,,} == *"permission denied"* ]]
	[ -z "$(containers)" ]
}

@test "run: processes left over by the first one do not survive it" {
	argv /bin/sh -c '/bin/sleep 1000 & /bin/sleep 1000 & echo started'
	run_ok
	[ "$output" = started ]
}

@test "run: the first process has no parent and leads its session" {
	probe tty
	has pid=1 ppid=0 sid=1 pgid=1 ctty=ENXIO
}

@test "run: many containers one after the other leave nothing" {
	local i
	for i in 1 2 3 4 5 6 7 8 9 10; do
		run_ok
	done
	nothing_left -v
}
