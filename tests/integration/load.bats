#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Many containers, one after the other and at once, and hosts that run short of something: a clear error within a
# bound, and nothing lost.  LOAD_CONTAINERS, LOAD_CYCLES and SOAK_CYCLES make it more.

load helpers

BATS_TEST_TIMEOUT=${LOAD_TIMEOUT:-60}

setup() {
	setup_bundle
	requires root # what a user's limits allow differs from host to host
}

# open_files PID
open_files() {
	ls "/proc/$1/fd" | wc -l
}

@test "load: a hundred living containers are listed, joined and deleted" {
	local n=${LOAD_CONTAINERS:-100} i
	args fork 0
	for ((i = 0; i < n; i++)); do
		create "$ID.$i"
		vert start "$ID.$i"
	done
	[ "$(vert list --quiet | wc -l)" = "$n" ]
	[ "$(vert list --format json | jq 'map(select(.status == "running")) | length')" = "$n" ]
	for ((i = 0; i < n; i += 10)); do
		vert exec "$ID.$i" /bin/true
	done
	for ((i = 0; i < n; i++)); do
		vert delete --force "$ID.$i"
	done
	[ -z "$(containers)" ]
}

@test "load: sixty-four creators at once" {
	local pids=() i
	use_id "$ID"
	for ((i = 0; i < 64; i++)); do
		mkdir -p "$TMP/b$i"
		jq --arg r "$BUNDLE/rootfs" --arg c "$CG/$ID.$i" '.root.path = $r
			| if .linux.cgroupsPath then .linux.cgroupsPath = $c else . end' \
			"$BUNDLE/config.json" >"$TMP/b$i/config.json"
	done
	for ((i = 0; i < 64; i++)); do
		vert create --bundle "$TMP/b$i" "$ID.$i" </dev/null >"$TMP/$ID.$i.out" 2>&1 &
		pids+=($!)
	done
	for ((i = 0; i < 64; i++)); do
		wait "${pids[i]}" || { cat "$TMP/$ID.$i.out"; return 1; }
	done
	[ "$(vert list --quiet | wc -l)" = 64 ]
	for ((i = 0; i < 64; i++)); do
		vert delete --force "$ID.$i"
	done
}

@test "load: of many creators of one id exactly one is right" {
	local pids=() i won=0
	use_id "$ID"
	for ((i = 0; i < 32; i++)); do
		vert create --bundle "$BUNDLE" "$ID" </dev/null >"$TMP/$i.out" 2>&1 &
		pids+=($!)
	done
	for ((i = 0; i < 32; i++)); do
		if wait "${pids[i]}"; then
			won=$((won + 1))
		else
			grep -q 'already exists' "$TMP/$i.out"
		fi
	done
	[ "$won" = 1 ]
	is_status "$ID" created
}

@test "load: a long row of starts leaves nothing" {
	local i keys
	argv /bin/true
	use_id "$ID"
	keys=$(wc -l </proc/keys)
	for ((i = 0; i < ${LOAD_CYCLES:-200}; i++)); do
		vert run --bundle "$BUNDLE" "$ID" </dev/null
	done
	within 2 nothing_left
	[ "$(find "$ROOT" -mindepth 1 -maxdepth 1 ! -name '.*' | wc -l)" = 0 ]
	[ "$(wc -l </proc/keys)" -lt $((keys + 20)) ]
}

# What a cycle could leave: state, mounts, control groups (living and dying), processes, keys, device programs.
residue() {
	local dying
	dying=$(sed -n 's/^nr_dying_descendants //p' "$CGROUPFS$CG/cgroup.stat")
	echo "state $(containers | wc -l) mounts $(wc -l </proc/self/mountinfo)" \
		"cgroups $(find "$CGROUPFS$CG" -type d | wc -l) dying ${dying:-0}" \
		"processes $(cat "$CGROUPFS$CG"/cgroup.procs | wc -l) own-programs $("$PROGRAMS" | grep -cxFf "$TMP/programs")"
}

settled() {
	[ "$(residue)" = "$1" ]
}

@test "load: cycles of create, start, exec, pause, resume, kill, delete and gc leave nothing that grows" {
	requires cgroup
	local i before keys
	PROGRAMS=$BATS_TEST_DIRNAME/../faults/programs
	# A device rule makes the program one that nobody else has; its tag is learnt from a first container.
	cfg '.linux.resources.devices = [{allow: false, access: "rwm"},
		{allow: true, type: "c", major: 10, minor: $minor, access: "r"}]' --argjson minor $((1000 + $$ * 97 % 900000))
	start_sleeper
	"$PROGRAMS" "$CGROUPFS$CG/$ID" >"$TMP/programs"
	[ -s "$TMP/programs" ]
	vert delete --force "$ID"
	within 5 settled "state 0 mounts $(wc -l </proc/self/mountinfo) cgroups 1 dying 0 processes 0 own-programs 0"
	before=$(residue) keys=$(wc -l </proc/keys)
	for ((i = 0; i < ${SOAK_CYCLES:-25}; i++)); do
		vert create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1
		vert start "$ID"
		vert exec "$ID" /bin/true </dev/null
		vert pause "$ID"
		vert resume "$ID"
		vert kill "$ID" KILL
		if ((i % 2)); then
			vert delete --force --report=json "$ID" >/dev/null
		else
			within 5 is_status "$ID" stopped
			vert --cgroup-manager=disabled gc --min-age 0s >/dev/null
		fi
	done
	within 10 settled "$before" || { echo "before: $before"; echo "after:  $(residue)"; return 1; }
	[ "$(wc -l </proc/keys)" -lt $((keys + 20)) ]
	echo "$i cycles: $(residue)" >"${SOAK_REPORT:-/dev/null}"
}

@test "load: a full state directory" {
	requires root
	local size left
	mkdir -p "$ROOT"
	# One page and its inode after the other.
	for size in 1 2 3 4 5 6; do
		mount -t tmpfs -o size=$((size * 4))k,nr_inodes=$((size + 2)),mode=700 full "$ROOT"
		status=0
		vert create --bundle "$BUNDLE" "$ID" </dev/null >"$TMP/out" 2>&1 || status=$?
		left=$(containers)
		vert delete --force "$ID" </dev/null && umount "$ROOT"
		[ "$status" = 0 ] || { grep -q '^vert: .*no space left on device' "$TMP/out" && [ -z "$left" ]; } || {
			cat "$TMP/out"
			echo "left: $left"
			return 1
		}
	done
}

@test "load: no descriptors left" {
	requires no-sanitizers
	local n failures=0
	argv /bin/true
	use_id "$ID"
	for n in {4..20} 64; do
		run timeout 10 prlimit --nofile="$n" "$RUNTIME" --root "$ROOT" run \
			--bundle "$BUNDLE" "$ID" </dev/null
		[ "$status" -lt 124 ]
		[ "$status" = 0 ] || like '^vert: '
		[ "$status" = 0 ] || failures=$((failures + 1))
		# Also what takes descriptors to remove is gone.
		nothing_left -v || { echo "with $n descriptors: $output"; return 1; }
	done
	[ "$failures" -gt 0 ]
	[ "$status" = 0 ]
}

# within_group DIRECTORY COMMAND...: with that as the caller's control group.
within_group() {
	local dir=$1
	shift
	run timeout 20 sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$dir" "$@" </dev/null
}

# A group of the caller's own with a limit on processes: of version 1 where a hybrid host has that controller there.
make_pids_group() {
	GROUP=/sys/fs/cgroup/pids/vert-tests-$ID
	if [ ! -d /sys/fs/cgroup/pids ]; then
		requires cgroup cgroup-controller pids
		enable_below_root pids
		GROUP=$CGROUPFS$VERT_TESTS_CGROUP/caller
	fi
	mkdir "$GROUP"
}

# The tests' own groups hand CONTROLLER on.
enable_below_root() { # CONTROLLER
	local dir=$CGROUPFS part
	for part in "" ${VERT_TESTS_CGROUP//\// }; do
		dir=$dir/$part
		echo "+$1" >"$dir/cgroup.subtree_control"
	done
}

teardown() {
	[ ! -d "${GROUP-}" ] || within 3 rmdir "$GROUP"
	teardown_bundle
}

@test "load: no processes left in the caller's control group" {
	requires no-sanitizers
	local n failures=0
	make_pids_group
	argv /bin/true
	cfg '.hooks.createRuntime = [{path: "/bin/true"}]'
	use_id "$ID"
	for n in {1..8} 40; do
		echo "$n" >"$GROUP/pids.max"
		within_group "$GROUP" "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
		[ "$status" -lt 124 ] || { echo "with $n: status $status: $output"; return 1; }
		if [ "$status" != 0 ]; then
			like '^vert: .*resource temporarily unavailable'
			failures=$((failures + 1))
		fi
		within 2 nothing_left || { nothing_left -v; return 1; }
	done
	[ "$failures" -gt 0 ]
	[ "$status" = 0 ]
	# What lives is removed all the same.
	start_sleeper
	echo 1 >"$GROUP/pids.max"
	within_group "$GROUP" "$RUNTIME" --root "$ROOT" delete --force "$ID"
	[ "$status" = 0 ]
	nothing_left
}

@test "load: no memory left in the caller's control group" {
	requires cgroup cgroup-controller memory no-sanitizers
	local kb failures=0
	enable_below_root memory
	GROUP=$CGROUPFS$VERT_TESTS_CGROUP/caller # not in $CG, where nothing may be left
	mkdir "$GROUP"
	echo 0 >"$GROUP/memory.swap.max" || :
	argv /bin/true
	use_id "$ID"
	for kb in 64 128 256 384 512 768 1024 1536 65536; do
		echo $((kb << 10)) >"$GROUP/memory.max"
		within_group "$GROUP" "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
		# The kernel kills (137), at once; what it killed leaves nothing that delete does not find.
		[ "$status" != 124 ]
		[ "$status" = 0 ] || failures=$((failures + 1))
		vert delete --force "$ID"
		within 2 nothing_left || { nothing_left -v; return 1; }
	done
	[ "$failures" -gt 0 ]
	[ "$status" = 0 ]
}

@test "load: no address space left" {
	requires no-sanitizers
	local mb failures=0
	argv /bin/true
	use_id "$ID"
	for mb in 1 2 4 8 16 32 64 128 256 4096 unlimited; do
		run timeout 20 prlimit --as="$([ $mb = unlimited ] && echo $mb || echo $((mb << 20)))" "$RUNTIME" --root "$ROOT" \
			run --bundle "$BUNDLE" "$ID" </dev/null
		# 139: the kernel cannot even map the program.
		[ "$status" -lt 124 ] || [ "$mb" -le 4 -a "$status" = 139 ]
		[ "$status" = 0 ] || failures=$((failures + 1))
		[ "$status" = 0 ] || [ "$status" = 139 ] || like '^vert: '
		vert delete --force "$ID"
		nothing_left -v || { echo "with $mb MB: $output"; return 1; }
	done
	[ "$failures" -gt 0 ]
	[ "$status" = 0 ]
}

@test "load: the control group is removed under a container" {
	requires root cgroup
	start_sleeper
	local pid
	pid=$(state "$ID" pid)
	# A group beside it: one that gives controllers on takes no process.
	mkdir "$CGROUPFS$CG/beside"
	echo "$pid" >"$CGROUPFS$CG/beside/cgroup.procs"
	rmdir "$CGROUPFS$CG/$ID"
	run vert pause "$ID"
	[ "$status" = 1 ]
	like '^vert: .*no cgroup'
	run vert exec "$ID" /bin/true
	[ "$status" -lt 124 ]
	vert delete --force "$ID"
	[ ! -e "/proc/$pid" ] || within 2 test ! -e "/proc/$pid"
	rmdir "$CGROUPFS$CG/beside"
}

@test "load: a pid that somebody else has by now is let alone" {
	requires root
	start_sleeper
	local victim pid
	sleep 60 3>&- 4>&- &
	victim=$!
	BACKGROUND+=("$victim")
	pid=$(state "$ID" pid)
	sed -i "s/\"pid\": *$pid/\"pid\": $victim/" "$ROOT/$ID/state.json"
	grep -q "$victim" "$ROOT/$ID/state.json"
	is_status "$ID" stopped
	vert delete --force "$ID"
	kill -0 "$victim"
}

@test "load: a frozen container is deleted, and nobody waits for it" {
	requires cgroup
	start_sleeper
	echo 1 >"$CGROUPFS$CG/$ID/cgroup.freeze"
	is_status "$ID" paused
	refused "paused" vert exec "$ID" /bin/true
	vert delete --force "$ID"
}

@test "load: a hook that hangs ends at its timeout" {
	cfg '.hooks.createRuntime = [{path: "/bin/sleep", args: ["sleep", "100"], timeout: 1}]'
	local before=$SECONDS
	refused_run "hook"
	[ $((SECONDS - before)) -lt 20 ]
}

@test "load: a console socket that nobody accepts from" {
	cfg '.process.terminal = true'
	use_id "$ID"
	bg python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(0); time.sleep(60)' "$TMP/console"
	within 5 test -S "$TMP/console"
	local i
	# The queue takes some, and what is in it counts as handed over.
	for i in 1 2; do
		run vert create --bundle "$BUNDLE" --console-socket "$TMP/console" "$ID" </dev/null
		[ "$status" -lt 124 ]
		vert delete --force "$ID"
	done
	# When it is full, the deadline is the end.
	bg python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(0); held = []
try:
	while True: held.append(socket.socket(socket.AF_UNIX)); held[-1].setblocking(False); held[-1].connect(sys.argv[1])
except BlockingIOError: print("full", flush=True); time.sleep(60)' "$TMP/full"
	within 5 grep -q full "$TMP/bg.out"
	SECONDS=0
	refused "console socket" vert create --bundle "$BUNDLE" --console-socket "$TMP/full" "$ID"
	[ $SECONDS -lt 20 ]
	[ -z "$(containers)" ]
}

@test "load: nobody reads standard error" {
	use_id "$ID"
	argv /bin/none
	# A full pipe: a message that cannot be written must not keep the runtime.
	bg python3 -c 'import os, subprocess, sys, time
r, w = os.pipe(); os.set_blocking(w, False)
try:
	while True: os.write(w, b"x" * 4096)
except BlockingIOError: pass
print(subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stderr=w, timeout=20).returncode, flush=True)' \
		"$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	within 10 grep -q '^127' "$TMP/bg.out"
}
