#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The runtime's own program and descriptors (docs/security.md, V01 to V08).

load security

@test "V01: a container that executes /proc/self/exe gets a sealed copy, not the host's program" {
	local before
	before=$(sha256sum <"$RUNTIME")
	argv /proc/self/exe 0
	run vert run --bundle "$BUNDLE" "$ID" </dev/null
	[ "$status" != 0 ]
	ln -s /proc/self/exe "$BUNDLE/rootfs/bin/again"
	argv /bin/again 0
	run vert run --bundle "$BUNDLE" "$ID" </dev/null
	[ "$status" != 0 ]
	printf '#!/proc/self/exe\n' >"$BUNDLE/rootfs/bin/script"
	chmod 755 "$BUNDLE/rootfs/bin/script"
	argv /bin/script
	run vert run --bundle "$BUNDLE" "$ID" </dev/null
	[ "$status" != 0 ]
	[ "$(sha256sum <"$RUNTIME")" = "$before" ]
}

@test "V01: the process that waits for start executes a sealed memfd, which nobody can write" {
	requires no-sanitizers
	requires root
	local pid seals
	create "$ID"
	pid=$(state "$ID" pid)
	[[ $(readlink "/proc/$pid/exe") == "/memfd:vert-init (deleted)" ]]
	seals=$(python3 -c 'import fcntl, os, sys
print(fcntl.fcntl(os.open(sys.argv[1], os.O_RDONLY), 1034) & 47)' "/proc/$pid/exe")
	# The highest one, that it stays executable, is of Linux 6.3.
	[ "$seals" = 47 ] || { [ "$seals" = 15 ] && [ "$(printf '%s\n' 6.3 "$(uname -r)" | sort -V | head -n1)" != 6.3 ]; }
	no sh -c "echo x >>/proc/$pid/exe" 2>/dev/null
	# No file of the host is mapped into it: nothing shares pages with it (Dirty Pipe and its kin).
	[ -z "$(awk '{ print $6 }' "/proc/$pid/maps" | grep '^/' | grep -v '^/memfd:')" ]
}

# join_under_watch: a process in the container looks at everyone who joins.
join_under_watch() {
	local i before
	before=$(sha256sum <"$RUNTIME")
	attackers stalker
	argv /bin/stalker
	start_new "$ID"
	within 5 grep -q ready "$ID.out"
	for ((i = 0; i < ${VERT_TESTS_JOINS:-25}; i++)); do
		vert exec "$ID" /bin/true </dev/null
	done
	touch "$BUNDLE/rootfs/stop"
	within 5 grep -q '^looked=' "$ID.out"
	[ "$(sed -n 's/^looked=//p' "$ID.out")" -gt 0 ]
	[ "$(sha256sum <"$RUNTIME")" = "$before" ]
}

@test "V01 V03: a hostile container gets nothing of the processes that join it" {
	requires root
	engine_caps
	join_under_watch
	# standard streams are the program's own after execve, and the caller gave them to the container
	no bash -c "grep '^hit=' '$ID.out' | grep -v '^hit=fd [012] '"
}

@test "V01 V03: nor does the root of a user namespace who may trace there" {
	requires root
	user_ns
	caps CAP_SYS_PTRACE CAP_DAC_OVERRIDE CAP_KILL
	chmod -R a+rwX "$BUNDLE/rootfs"
	join_under_watch
	no grep '^hit=' "$ID.out"
}

@test "V03: who may trace on the host sees a process that has left the host behind" {
	requires root
	caps CAP_SYS_PTRACE CAP_KILL
	join_under_watch
	# It is root of the host's user namespace: the kernel keeps nothing from it that the process has.
	grep -q '^hit=ptrace' "$ID.out"
	no grep host-root "$ID.out"
	no grep -E "^hit=(fd|cwd) .*($TMP/[a-z]|/sys/fs/cgroup/)" "$ID.out"
	no grep -E "^hit=cwd .*$TMP" "$ID.out"
}

@test "V03: nobody but root sees into a process that waits for start" {
	requires root
	local pid
	create "$ID"
	pid=$(state "$ID" pid)
	[ "$(stat -c %u "/proc/$pid/fd")" = 0 ]
	no setpriv --reuid 1000 --clear-groups --inh-caps=-all ls "/proc/$pid/fd/" 2>/dev/null
	cfg '.process.user.uid = 1000'
	create "$ID-2"
	pid=$(state "$ID-2" pid)
	[ "$(stat -c %u "/proc/$pid/fd")" = 0 ]	# not 1000: not dumpable
}

@test "V04: no working directory leads out of the root through a descriptor, for run" {
	local n
	for n in 0 3 4 5 6 7 8 9; do
		cfg '.process.cwd = $c' --arg c "/proc/self/fd/$n"
		args ls ..
		run vert run --bundle "$BUNDLE" "$ID" </dev/null
		[ "$status" != 0 ]
	done
	for n in /proc/1/cwd /proc/thread-self/root/../.. /proc/self/root /proc/1/root/proc/self/cwd/..; do
		cfg '.process.cwd = $c' --arg c "$n"
		args ls .. , ls . , stat "$HOST"
		run vert run --bundle "$BUNDLE" "$ID" </dev/null
		unlike secret "^stat.$HOST=dir"
	done
	intact
}

@test "V04: nor for exec, nor does the program's path" {
	local n
	start_sleeper
	for n in 3 4 5 6 7 8 9; do
		run_split vert exec --cwd "/proc/self/fd/$n" "$ID" /bin/probe ls ..
		[ "$status" != 0 ]
		run_split vert exec "$ID" "/proc/self/fd/$n/../../../bin/sh" -c 'echo out'
		[ "$status" != 0 ]
		[[ $output != *out* ]]
		run_split vert exec --env "PATH=/proc/self/fd/$n/1/root/bin" "$ID" id
		[ "$status" != 0 ]
	done
}

@test "V04 V05: a waiting container holds nothing of the host's open" {
	requires root
	local pid link
	create "$ID"
	pid=$(state "$ID" pid)
	for link in "/proc/$pid/fd"/*; do
		link="${link##*/} $(readlink "$link")"
		case $link in
		[012]' '*) ;;
		*' socket:['*) ;;	# where start will call
		*) echo "open: $link"; return 1 ;;
		esac
	done
	[ "$(ls "/proc/$pid/fd" | wc -l)" = 4 ]
}

@test "V05 V07: descriptors that the caller leaks reach neither container nor hook" {
	local script=$TMP/hook
	attackers inside
	printf '#!/bin/sh\nls -l /proc/self/fd >"%s"\n' "$TMP/hook.fds" >"$script"
	chmod 755 "$script"
	cfg '.hooks.createRuntime = [{path: $h}]' --arg h "$script"
	args fds
	use_id "$ID"
	run "$ATTACK/odd" fds "$HOST" 40 -- "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	succeeded
	unlike "$HOST" '^fd\.([3-9]|[1-9][0-9])='
	no grep -F "$HOST" "$TMP/hook.fds"
	within 3 eval '[ -z "$(containers)" ]'
	start_sleeper "$ID-2"
	run "$ATTACK/odd" fds "$HOST" 40 -- "$RUNTIME" --root "$ROOT" exec "$ID-2" /bin/probe fds </dev/null
	succeeded
	unlike "$HOST" '^fd\.([3-9]|[1-9][0-9])='
}

@test "V07: what is to be preserved is counted exactly, a hole is an error" {
	args fds
	run "$ATTACK/odd" fds "$HOST" 5 -- "$RUNTIME" --root "$ROOT" run --preserve-fds 2 --bundle "$BUNDLE" "$ID" </dev/null
	succeeded
	like '^fd\.3=' '^fd\.4='
	unlike '^fd\.5='
	run "$ATTACK/odd" fds "$HOST" 1 -- "$RUNTIME" --root "$ROOT" run --preserve-fds 3 --bundle "$BUNDLE" "$ID" </dev/null
	[ "$status" != 0 ]
	[[ $output == *"descriptor 4 is to be preserved, and is not open"* ]]
}

@test "V06: it refuses to run set-user-ID, and without an argument list" {
	requires root
	[ -z "$(findmnt -no OPTIONS -T "$TMP" | tr , '\n' | grep -x nosuid)" ] || skip "needs a file system with suid"
	cp "$RUNTIME" "$TMP/suid-vert"
	chmod 4755 "$TMP/suid-vert"
	run setpriv --reuid 1000 --regid 1000 --clear-groups "$TMP/suid-vert" --root "$TMP/r" list </dev/null
	[ "$status" = 1 ]
	[[ $output == *"refusing to run set-user-ID"* ]]
	run "$ATTACK/odd" noargv -- "$RUNTIME" </dev/null
	[ "$status" != 0 ]
	[ "$status" -lt 126 ]
}

@test "V08: there is no abstract socket of the runtime's" {
	local before
	before=$(awk '$8 ~ /^@/' /proc/net/unix | sort)
	start_sleeper
	create "$ID-2"
	[ -z "$(comm -13 <(echo "$before") <(awk '$8 ~ /^@/' /proc/net/unix | sort) | grep -i vert)" ]
}
