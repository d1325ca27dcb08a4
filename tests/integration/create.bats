#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# create: everything is set up and the program waits for start.

load helpers

pid_file_is() {
	[ "$(cat "$1")" = "$2" ]
}

@test "create: the container is created and its program has not run" {
	args echo ran
	create "$ID"
	is_status "$ID" created
	[ -z "$(out)" ]
}

@test "create: the pid file holds the container's pid and nothing else" {
	create "$ID" --pid-file "$TMP/pid"
	pid_file_is "$TMP/pid" "$(state "$ID" pid)"
	[ "$(wc -l <"$TMP/pid")" = 0 ]
	[ -d "/proc/$(cat "$TMP/pid")" ]
}

@test "create: a relative pid file is relative to the caller's directory" {
	mkdir here && cd here
	create "$ID" --pid-file=pid
	pid_file_is "$TMP/here/pid" "$(state "$ID" pid)"
}

@test "create: an older pid file is replaced" {
	echo 1234567 >pid
	create "$ID" --pid-file "$TMP/pid"
	pid_file_is pid "$(state "$ID" pid)"
}

# By a link, so that nothing happens to the device where this fails.
@test "create: a device as the pid file is written to, and stays" {
	only_vert
	ln -s /dev/null pid
	create "$ID" --pid-file "$TMP/pid"
	[ "$(readlink pid)" = /dev/null ]
	vert delete --force "$ID"
	refused "$TMP/nobody" vert create --bundle "$BUNDLE" --pid-file "$TMP/pid" --pidfd-socket "$TMP/nobody" "$ID"
	[ "$(readlink pid)" = /dev/null ]
}

@test "create: changes of config.json after create have no effect" {
	args echo before
	create "$ID"
	args echo after
	cfg '.hostname = "after"'
	vert start "$ID"
	within 5 is_status "$ID" stopped
	[ "$(out)" = before ]
}

@test "create: an id in use is refused and its owner is not disturbed" {
	create "$ID"
	local pid
	pid=$(state "$ID" pid)
	use_id other
	refused "container '$ID' already exists" vert create --bundle "$BUNDLE" "$ID"
	is_status "$ID" created
	[ "$(state "$ID" pid)" = "$pid" ]
}

@test "create: two creates of one id at once give one container and one error" {
	local a b lost
	vert create --bundle "$BUNDLE" "$ID" </dev/null >a 2>&1 &
	a=$!
	vert create --bundle "$BUNDLE" "$ID" </dev/null >b 2>&1 &
	b=$!
	if wait $a; then a=0; else a=1; fi
	if wait $b; then b=0; else b=1; fi
	cat a b
	[ $((a + b)) = 1 ]
	[ $a = 1 ] && lost=a || lost=b
	grep -q "$ID.*already exists" $lost
	is_status "$ID" created
}

@test "create: without --bundle the bundle is the current directory" {
	cd "$BUNDLE"
	vert create "$ID" </dev/null >"$TMP/out" 2>&1
	[ "$(state "$ID" bundle)" = "$BUNDLE" ]
}

@test "create: a relative --bundle is shown as an absolute path" {
	vert create -b ./bundle "$ID" </dev/null >"$TMP/out" 2>&1
	[ "$(state "$ID" bundle)" = "$BUNDLE" ]
}

@test "create: --config names another configuration file" {
	args echo other
	mv "$BUNDLE/config.json" "$BUNDLE/other.json"
	vert create --bundle "$BUNDLE" --config other.json "$ID" </dev/null >"$TMP/$ID.out" 2>&1
	vert start "$ID"
	within 5 is_status "$ID" stopped
	[ "$(out)" = other ]
}

@test "create: the process is in its own control group when create returns" {
	requires cgroup
	create "$ID"
	grep -qx "0::$CG/$ID" "/proc/$(state "$ID" pid)/cgroup"
}

@test "create: nothing but the container holds its output" {
	args echo done
	local ended=$TMP/ended
	# The reader ends when the last writer does, as an engine's monitor sees it.
	bg bash -c 'cat >/dev/null; touch "$0"' "$ended" < <(
		vert create --bundle "$BUNDLE" "$ID" </dev/null 2>&1
		vert start "$ID" >/dev/null 2>&1
	)
	within 5 test -e "$ended"
	within 5 is_status "$ID" stopped
}

@test "create: the container becomes the child of the caller's subreaper" {
	args exit 7
	helper subreaper sh -c '
		"$1" --root "$2" create --bundle "$3" "$4" && "$1" --root "$2" start "$4"
		' sh "$RUNTIME" "$ROOT" "$BUNDLE" "$ID" </dev/null >out 2>&1
	cat out
	grep -qx 'command=0' out
	grep -q '^orphan=7 ' out
}

@test "create: a terminal needs a console socket" {
	cfg '.process.terminal = true'
	refused "console socket" vert create --bundle "$BUNDLE" "$ID"
	[ -z "$(containers)" ]
}

@test "create: a failed create leaves no pid file" {
	cfg '.mounts += [{destination: "/x", type: "bind", source: "/does/not/exist", options: ["bind"]}]'
	refused "/does/not/exist" vert create --bundle "$BUNDLE" --pid-file "$TMP/pid" "$ID"
	[ ! -e pid ]
	[ -z "$(containers)" ]
}

@test "create: the id of a failed create can be used again" {
	cfg '.root.path = "nowhere"'
	refused "nowhere" vert create --bundle "$BUNDLE" "$ID"
	cfg '.root.path = "rootfs"'
	create "$ID"
	is_status "$ID" created
}

@test "create: an absolute root path is used as it is" {
	cfg '.root.path = $p' --arg p "$BUNDLE/rootfs"
	create "$ID"
	[ "$(state "$ID" rootfs)" = "$BUNDLE/rootfs" ]
}

@test "create: the state directory is closed to others" {
	only_vert "crun's is 0700 below an open parent as well"
	(umask 0; create "$ID")
	[ "$(stat -c %a "$ROOT")" = 700 ]
	[ "$(stat -c %a "$ROOT/$ID")" = 700 ]
}

@test "create: a runtime killed at any moment leaves nothing that delete --force cannot remove" {
	local delay pid
	for delay in 0.001 0.002 0.003 0.004 0.005 0.006 0.008 0.010 0.015; do
		"$RUNTIME" --root "$ROOT" create --bundle "$BUNDLE" "$ID" </dev/null >out 2>&1 3>&- 4>&- &
		pid=$!
		sleep $delay
		kill -KILL $pid 2>/dev/null || :
		wait $pid 2>/dev/null || :
		vert delete --force "$ID"
		within 2 nothing_left || { echo "after $delay s:"; nothing_left -v; }
	done
}

@test "create: a runtime killed while it makes the ids of a mount leaves no process" {
	requires root userns strace
	local tracer
	mkdir "$TMP/source"
	cfg '.mounts += [{destination: "/data", type: "bind", source: $s, options: ["bind", "idmap=uids=0-1000-1;gids=0-1000-1"]}]' \
		--arg s "$TMP/source"
	strace -f -qq -o /dev/null -e trace=clone3 -e inject=clone3:delay_exit=3000000:when=1 \
		"$RUNTIME" --root "$ROOT" create --bundle "$BUNDLE" "$ID" </dev/null >out 2>&1 3>&- 4>&- &
	tracer=$!
	BACKGROUND+=($tracer)
	within 5 eval '[ -n "$(children $(children $tracer))" ]'
	kill -KILL "$(children $tracer)"
	within 8 no kill -0 $tracer # it stays as long as anybody it follows, and until the delay is over
	vert delete --force "$ID"
}
