#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Terminals: handed over through a console socket, or relayed to the caller's own.

load helpers

setup() {
	setup_bundle
	SOCKET=$TMP/console
	cfg '.process.terminal = true'
}

# receive_console LINE...: an engine's side of the console socket; see drive() of the helper.
receive_console() {
	printf '%s\n' "$@" >script
	"$TESTS_BASE/helper" recvtty "$SOCKET" "$TMP/report" <script >console.out 2>&1 3>&- 4>&- &
	RECEIVER=$!
	BACKGROUND+=($RECEIVER)
	within 5 test -S "$SOCKET"
}

# The terminal ends its lines with a carriage return.
console() {
	tr -d '\r' <console.out
}

# on_terminal SCRIPT COMMAND...: runs the command on a terminal of 33 rows and 99 columns.
on_terminal() {
	local script=$1
	shift
	run timeout --foreground 25 "$TESTS_BASE/helper" pty 33 99 "$@" <<<"$script"
	output=${output//$'\r'/}
}

vert_on_terminal() {
	local script=$1
	shift
	on_terminal "$script" "$RUNTIME" --root "$ROOT" "$@"
}

@test "terminal: the console socket gets one descriptor, of a terminal" {
	receive_console
	args tty
	create "$ID" --console-socket "$SOCKET"
	vert start "$ID"
	wait $RECEIVER
	grep -qx fds=1 report
	grep -qx pty=yes report
	[ "$(sed -n 's/payload=//p' report)" -lt 4096 ]
	output=$(console)
	like '^tty.0=/dev/pts/0$' '^tty.1=/dev/pts/0$' '^tty.2=/dev/pts/0$'
}

@test "terminal: it is the controlling terminal of the process, in the foreground" {
	receive_console
	args tty
	start_new "$ID" --console-socket "$SOCKET"
	wait $RECEIVER
	output=$(console)
	has ctty=ok foreground=yes sid=1
}

@test "terminal: consoleSize is its size" {
	receive_console
	cfg '.process.consoleSize = {height: 11, width: 77}'
	args tty
	start_new "$ID" --console-socket "$SOCKET"
	wait $RECEIVER
	output=$(console)
	has winsize=11x77
}

@test "terminal: /dev/console is the terminal" {
	receive_console
	args stat /dev/console , write /dev/console 'through console' , mounts
	start_new "$ID" --console-socket "$SOCKET"
	wait $RECEIVER
	output=$(console)
	like '^stat./dev/console=char .*rdev=136:' 'through console'
	mounted /dev/console type=devpts
}

@test "terminal: /dev/console is made before a read-only /dev is that" {
	cfg '(.mounts[] | select(.destination == "/dev") | .options) += ["ro"]'
	receive_console
	args stat /dev/console , write /dev/file x , mounts
	start_new "$ID" --console-socket "$SOCKET"
	wait $RECEIVER
	output=$(console)
	like '^stat./dev/console=char .*rdev=136:'
	has write./dev/file=EROFS
	mounted /dev opts=ro
}

@test "terminal: belongs to the user of the process" {
	requires root
	receive_console
	cfg '.process.user = {uid: 1000, gid: 1000}'
	args stat /dev/pts/0
	start_new "$ID" --console-socket "$SOCKET"
	wait $RECEIVER
	output=$(console)
	like '^stat./dev/pts/0=char .*uid=1000 '
}

@test "terminal: what is typed arrives and is echoed" {
	receive_console "wait ready" "send typed words" "wait typed words" "wait typed words" "key 4"
	args echo ready , cat
	start_new "$ID" --console-socket "$SOCKET"
	wait $RECEIVER
	[ "$(console | grep -c 'typed words')" = 2 ]
}

@test "terminal: the interrupt key signals the process group" {
	receive_console "wait ready" "key 3" "wait got=INT" "key 28" "wait got=QUIT"
	args trap INT QUIT
	start_new "$ID" --console-socket "$SOCKET"
	within 5 grep -q got=QUIT console.out
	vert kill "$ID" TERM
	wait $RECEIVER
}

@test "terminal: a new size is signalled" {
	receive_console "wait ready" "resize 40 120" "wait winsize=40x120"
	args trap WINCH
	start_new "$ID" --console-socket "$SOCKET"
	within 5 grep -q winsize=40x120 console.out
	vert kill "$ID" TERM
	wait $RECEIVER
}

@test "terminal: run --detach hands it over too" {
	receive_console
	args tty
	vert run --detach --bundle "$BUNDLE" --console-socket "$SOCKET" "$ID" </dev/null >out 2>&1
	wait $RECEIVER
	output=$(console)
	has ctty=ok
}

@test "terminal: a console socket that nobody listens on is refused by name" {
	refused "nobody" vert create --bundle "$BUNDLE" --console-socket "$TMP/nobody" "$ID"
	touch file
	refused "$TMP/file" vert create --bundle "$BUNDLE" --console-socket "$TMP/file" "$ID"
	[ -z "$(containers)" ]
}

@test "terminal: run --detach without a console socket is refused" {
	only_vert "crun has it run"
	refused "console socket" vert run --detach --bundle "$BUNDLE" "$ID"
}

@test "terminal: a console socket in a directory of a long path works" {
	local deep=$TMP/$(printf 'd%.0s' {1..100})
	mkdir "$deep"
	only_vert "sun_path has 108 bytes"
	(cd "$deep" && exec "$TESTS_BASE/helper" recvtty s "$TMP/report" </dev/null >"$TMP/console.out" 2>&1 3>&- 4>&-) &
	BACKGROUND+=($!)
	within 5 test -S "$deep/s"
	args tty
	start_new "$ID" --console-socket "$deep/s"
	within 5 grep -q ctty=ok console.out
}

@test "terminal: run in the foreground gives the process a terminal of its own" {
	args tty
	vert_on_terminal "" run --bundle "$BUNDLE" "$ID"
	succeeded
	has tty.0=/dev/pts/0 ctty=ok foreground=yes
}

@test "terminal: run gives it the size of the caller's" {
	args tty
	vert_on_terminal "" run --bundle "$BUNDLE" "$ID"
	has winsize=33x99
}

@test "terminal: run passes on a new size" {
	args trap WINCH
	vert_on_terminal "wait ready
resize 44 111
wait winsize=44x111
run '$RUNTIME' --root '$ROOT' kill '$ID' TERM" run --bundle "$BUNDLE" "$ID"
	succeeded
}

@test "terminal: run passes keys on raw: the interrupt key is the container's" {
	args trap INT
	vert_on_terminal "wait ready
key 3
wait got=INT
run '$RUNTIME' --root '$ROOT' kill '$ID' TERM" run --bundle "$BUNDLE" "$ID"
	succeeded
	has got=TERM
}

@test "terminal: run is an interactive shell" {
	argv /bin/sh -i
	vert_on_terminal $'wait #\nsend echo $((6 * 7))\nwait 42\nsend exit 5' run --bundle "$BUNDLE" "$ID"
	[ "$status" = 5 ]
}

@test "terminal: the caller's terminal is as before when run has ended" {
	args echo over
	on_terminal "" sh -c "stty -a >'$TMP/before'; '$RUNTIME' --root '$ROOT' run --bundle '$BUNDLE' '$ID'; stty -a >'$TMP/after'"
	like over
	cmp before after
}

@test "terminal: run without a terminal to relay refuses or gives one all the same" {
	args tty
	run vert run --bundle "$BUNDLE" "$ID" </dev/null
	[ "$RUNTIME_NAME" != vert ] || [ "$status" = 0 ] || [[ $output == *terminal* ]]
	[ -z "$(containers)" ]
}

@test "terminal: exec --tty through a console socket" {
	cfg '.process.terminal = false'
	start_sleeper
	receive_console
	vert exec --tty --console-socket "$SOCKET" --detach --pid-file "$TMP/pid" "$ID" /bin/probe tty \
		</dev/null >out 2>&1
	wait $RECEIVER
	grep -qx fds=1 report
	output=$(console)
	has ctty=ok foreground=yes
	like '^tty.0=/dev/pts/0$'
}

@test "terminal: exec --tty in the foreground" {
	cfg '.process.terminal = false'
	start_sleeper
	vert_on_terminal "" exec --tty "$ID" /bin/probe tty
	succeeded
	has ctty=ok winsize=33x99 tty.0=/dev/pts/0
}

@test "terminal: exec -t is an interactive shell and returns its status" {
	cfg '.process.terminal = false'
	start_sleeper
	vert_on_terminal $'wait #\nsend echo $((6 * 7))\nwait 42\nsend exit 6' exec -t "$ID" /bin/sh -i
	[ "$status" = 6 ]
}

@test "terminal: exec --process with terminal and consoleSize" {
	cfg '.process.terminal = false'
	start_sleeper
	receive_console
	jq -n '{terminal: true, consoleSize: {height: 12, width: 34}, user: {uid: 0, gid: 0}, cwd: "/",
		env: ["PATH=/bin"], args: ["probe", "tty"]}' >process.json
	vert exec --process process.json --console-socket "$SOCKET" --detach --pid-file "$TMP/pid" "$ID" \
		</dev/null >out 2>&1
	wait $RECEIVER
	output=$(console)
	has ctty=ok winsize=12x34
}

@test "terminal: exec --tty=false has none" {
	cfg '.process.terminal = false'
	start_sleeper
	run vert exec --tty=false "$ID" /bin/probe tty
	has tty.1=no
}

@test "terminal: without one the process has no controlling terminal and cannot type into the caller's" {
	cfg '.process.terminal = false'
	args tty , ioctl-tiocsti
	vert_on_terminal "" run --bundle "$BUNDLE" "$ID"
	has ctty=ENXIO
	like '^tiocsti=(EPERM|EIO|ENOTTY)'
}

@test "terminal: a terminal in a user namespace" {
	requires root userns
	cfg '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	receive_console
	args tty , stat /dev/pts/0 , stat /dev/console
	start_new "$ID" --console-socket "$SOCKET"
	wait $RECEIVER
	output=$(console)
	has ctty=ok
	like '^stat./dev/pts/0=char .*uid=0 ' '^stat./dev/console=char .*rdev=136:'
}

@test "terminal: a console link in the root is not followed out of it" {
	echo untouched >"$TMP/outside"
	rm -rf "$BUNDLE/rootfs/dev/console"
	ln -s "$TMP/outside" "$BUNDLE/rootfs/dev/console"
	ln -s /data/file "$BUNDLE/rootfs/dev/ptmx"
	cfg '.mounts |= map(select(.destination != "/dev" and .destination != "/dev/shm"))'
	receive_console
	args echo x
	vert create --bundle "$BUNDLE" --console-socket "$SOCKET" "$ID" </dev/null >out 2>&1 && vert start "$ID"
	[ "$(cat "$TMP/outside")" = untouched ]
	[ ! -c "$TMP/outside" ]
}
