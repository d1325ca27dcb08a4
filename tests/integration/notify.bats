#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is passed into the container on request: descriptors, activation sockets, the readiness
# protocol, the pidfd of the process.

load helpers

# with_fds OPTION...: runs with files open as 3, 4 and 5; LISTEN_* are the caller's.
with_fds() {
	run timeout --foreground 20 "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$@" "$ID" \
		</dev/null 3</etc/hostname 4</etc/passwd 5</etc/group
}

@test "notify: --preserve-fds N keeps N descriptors from 3 on" {
	args fds
	with_fds --preserve-fds 2
	succeeded
	has fd.3=/etc/hostname fd.4=/etc/passwd
	unlike '^fd.5='
}

@test "notify: without --preserve-fds none is kept" {
	args fds
	with_fds
	succeeded
	unlike '^fd.[345]=/etc'
}

@test "notify: a preserved pipe can be written by the process" {
	args write-fd 3 'through the pipe'
	"$RUNTIME" --root "$ROOT" run --preserve-fds 1 --bundle "$BUNDLE" "$ID" 3>pipe.out 4>&- </dev/null
	[ "$(cat pipe.out)" = "through the pipe" ]
}

@test "notify: --preserve-fds that are not open are an error" {
	only_vert "crun passes what there is"
	refused "" timeout --foreground 20 "$RUNTIME" --root "$ROOT" run --preserve-fds 200 --bundle "$BUNDLE" "$ID"
	[[ $stderr == *"preserve"* || $stderr == *"descriptor"* ]]
}

@test "notify: preserved descriptors survive create and start" {
	args fds
	"$RUNTIME" --root "$ROOT" create --preserve-fds 1 --bundle "$BUNDLE" "$ID" 3</etc/hostname 4>&- </dev/null >"$ID.out" 2>&1
	vert start "$ID"
	within 5 is_status "$ID" stopped
	grep -qx fd.3=/etc/hostname "$ID.out"
}

@test "notify: LISTEN_FDS passes activation sockets with LISTEN_PID 1" {
	args fds , env LISTEN_FDS , env LISTEN_PID
	run timeout --foreground 20 bash -c 'export LISTEN_FDS=2 LISTEN_PID=$$
		exec "$@" 3</etc/hostname 4</etc/passwd 5</etc/group' bash \
		"$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	succeeded
	has fd.3=/etc/hostname fd.4=/etc/passwd env.LISTEN_FDS=2 env.LISTEN_PID=1
	unlike '^fd.5='
}

@test "notify: LISTEN_FDNAMES goes along" {
	only_vert "crun does not"
	args env LISTEN_FDNAMES
	run timeout --foreground 20 bash -c 'export LISTEN_FDS=1 LISTEN_PID=$$ LISTEN_FDNAMES=web
		exec "$@" 3</etc/hostname 4>&-' bash \
		"$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	succeeded
	has env.LISTEN_FDNAMES=web
}

@test "notify: LISTEN_FDS for another process is not taken" {
	only_vert "crun does not look at LISTEN_PID"
	args fds , env LISTEN_FDS
	LISTEN_FDS=2 LISTEN_PID=1 with_fds
	succeeded
	unlike '^fd.[345]=/etc'
	has 'env.LISTEN_FDS unset'
}

@test "notify: LISTEN_FDS come behind the preserved ones" {
	args fds , env LISTEN_FDS
	run timeout --foreground 20 bash -c 'export LISTEN_FDS=1 LISTEN_PID=$$
		exec "$@" 3</etc/hostname 4</etc/passwd 5</etc/group' bash \
		"$RUNTIME" --root "$ROOT" run --preserve-fds 1 --bundle "$BUNDLE" "$ID" </dev/null
	succeeded
	has fd.3=/etc/hostname fd.4=/etc/passwd
	unlike '^fd.5='
}

@test "notify: READY=1 reaches the caller's NOTIFY_SOCKET" {
	local socket=$TMP/notify
	bg helper dgram "$socket" 1
	within 5 test -S "$socket"
	args notify 'READY=1' , sleep 0.3
	NOTIFY_SOCKET=$socket run_ok
	has notify=ok
	within 5 grep -q 'READY=1' bg.out
}

@test "notify: the container's NOTIFY_SOCKET is inside of it" {
	local socket=$TMP/notify
	bg helper dgram "$socket" 1
	within 5 test -S "$socket"
	args env NOTIFY_SOCKET , notify 'READY=1'
	NOTIFY_SOCKET=$socket run_ok
	like '^env.NOTIFY_SOCKET=/'
	unlike "^env.NOTIFY_SOCKET=$socket\$"
}

@test "notify: without NOTIFY_SOCKET the container has none" {
	args notify x
	run_ok
	has notify=unset
}

@test "notify: a NOTIFY_SOCKET that is gone does not fail the container" {
	only_vert
	args echo fine
	NOTIFY_SOCKET=$TMP/nobody run_ok
	has fine
}

@test "notify: --pidfd-socket gets the pidfd of the process" {
	only_vert "crun has an annotation for it"
	local socket=$TMP/pidfd
	bg helper recvfd "$socket"
	within 5 test -S "$socket"
	args fork 0
	create "$ID" --pidfd-socket "$socket"
	within 5 grep -q '^payload=' bg.out
	grep -qx fds=1 bg.out
	grep -qx "pid=$(state "$ID" pid)" bg.out
}

@test "notify: exec --pidfd-socket gets that of the new process" {
	only_vert
	local socket=$TMP/pidfd
	start_sleeper
	bg helper recvfd "$socket"
	within 5 test -S "$socket"
	vert exec --pidfd-socket "$socket" --detach --pid-file "$TMP/pid" "$ID" /bin/probe sleep 10 </dev/null >out 2>&1
	within 5 grep -q '^payload=' bg.out
	grep -qx "pid=$(cat pid)" bg.out
}
