#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Identity, privileges and terminals (docs/security.md, V40 to V63).

load security

@test "V40 V41: a user is a number and never looked up in the image's passwd" {
	local bad
	printf '%s\n' '1000:x:0:0::/:/bin/sh' '4294967296:x:0:0::/:/bin/sh' '-1:x:0:0::/:/bin/sh' \
		>"$BUNDLE/rootfs/etc/passwd"
	engine_caps
	start_sleeper
	for bad in 4294967296 4294967295 18446744073709551617 -1 "1 " " 1" 0x1 "" "1:" ":1" 1:4294967295 root 1:2:3 \
		1e3 +1 1000abc; do
		refused "" vert exec -u "$bad" "$ID" /bin/probe id
		[ -z "$output" ]
	done
	for bad in 4294967296 -1 '"1"' 1.5; do
		jq --argjson u "$bad" '.process | .user.uid = $u' "$BUNDLE/config.json" >"$TMP/process.json"
		refused "" vert exec --process "$TMP/process.json" "$ID"
	done
}

@test "V40 V41: the number that is given is the one that it becomes" {
	requires root
	engine_caps
	start_sleeper
	run vert exec -u 1000 "$ID" /bin/probe id </dev/null
	has uid=1000,1000,1000
	run vert exec -u 1:2 "$ID" /bin/probe id </dev/null
	has uid=1,1,1 gid=2,2,2
	run vert exec -u 4294967294:4294967294 "$ID" /bin/probe id </dev/null
	has uid=4294967294,4294967294,4294967294
}

@test "V42: nothing is inheritable or ambient unless asked for, in run and in exec" {
	requires root
	engine_caps
	probe caps
	has cap.inheritable= cap.ambient=
	start_sleeper
	for user in 0 1000; do
		run vert exec -u $user "$ID" /bin/probe caps </dev/null
		has cap.inheritable= cap.ambient=
		run vert exec -u $user --cap CAP_NET_RAW "$ID" /bin/probe caps </dev/null
		has cap.inheritable= cap.ambient=
	done
}

@test "V42: a program with inheritable file capabilities gains nothing" {
	requires root
	requires setcap
	engine_caps
	cp "$BUNDLE/rootfs/bin/probe" "$BUNDLE/rootfs/bin/filecap"
	setcap cap_net_raw+ei "$BUNDLE/rootfs/bin/filecap"
	cfg '.process.user.uid = 1000 | .process.noNewPrivileges = false'
	argv /bin/filecap caps
	run_ok
	has cap.effective= cap.permitted=
}

@test "V43: another user than root keeps no capability beyond the config's" {
	requires root
	caps CAP_CHOWN CAP_KILL
	cp "$BUNDLE/rootfs/bin/probe" "$BUNDLE/rootfs/bin/suid"
	chmod 4755 "$BUNDLE/rootfs/bin/suid"
	cfg '.process.user.uid = 1000 | .process.noNewPrivileges = false'
	argv /bin/suid caps
	run_ok
	has cap.permitted=CAP_CHOWN,CAP_KILL cap.bounding=CAP_CHOWN,CAP_KILL
	argv /bin/probe caps
	run_ok
	has cap.effective= cap.permitted=
}

@test "V43: what the caller does not have itself is left out, with a warning" {
	requires root
	caps CAP_NET_RAW CAP_KILL
	args caps
	run_split setpriv --bounding-set=-net_raw "$RUNTIME" --log-level warning --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ]
	has cap.permitted=CAP_KILL cap.bounding=CAP_KILL
	[[ $stderr == *"warning: process.capabilities.permitted: 'cap_net_raw' is left out"* ]]
}

@test "V44: a user namespace brings back nothing, in run and in exec" {
	requires root
	user_ns
	caps CAP_CHOWN
	probe caps
	has cap.bounding=CAP_CHOWN cap.permitted=CAP_CHOWN cap.effective=CAP_CHOWN
	start_sleeper
	exec_probe caps
	has cap.bounding=CAP_CHOWN cap.permitted=CAP_CHOWN cap.effective=CAP_CHOWN
}

@test "V45: no group of the caller's stays" {
	requires root
	local groups
	args id
	run "$ATTACK/odd" groups 4,27,1234 -- "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	succeeded
	has groups=
	cfg '.process.user.additionalGids = [5, 6]'
	run "$ATTACK/odd" groups 4,27,1234 -- "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	has groups=5,6
	cfg 'del(.process.user.additionalGids)'
	start_sleeper
	run "$ATTACK/odd" groups 4,27,1234 -- "$RUNTIME" --root "$ROOT" exec "$ID" /bin/probe id </dev/null
	has groups=
}

@test "V46: id maps that wrap, overlap or are too many are refused" {
	local map n=0
	cp "$BUNDLE/config.json" "$TMP/plain.json"
	while read -r map; do
		[ -n "$map" ] || continue	# an ordinary user without a map gets its own ids
		cp "$TMP/plain.json" "$BUNDLE/config.json"
		cfg '.linux.namespaces = (.linux.namespaces | map(select(.type != "user"))) + [{type: "user"}]
			| .linux.uidMappings = $m | .linux.gidMappings = $m' --argjson m "$map"
		run_split vert run --bundle "$BUNDLE" "$ID"
		[ "$status" != 0 ]
		[ "$status" -lt 126 ]
		one_message
		n=$((n + 1))
	done <<-END
		[{"containerID": 0, "hostID": 1, "size": 4294967295}]
		[{"containerID": 4294967295, "hostID": 0, "size": 1}]
		[{"containerID": 0, "hostID": 4294967295, "size": 1}]
		[{"containerID": 0, "hostID": 0, "size": 0}]
		[{"containerID": 0, "hostID": 0, "size": 4294967296}]
		[{"containerID": -1, "hostID": 0, "size": 1}]
		[{"containerID": 0, "hostID": 100000, "size": 10}, {"containerID": 5, "hostID": 200000, "size": 10}]
		[{"containerID": 0, "hostID": 100000, "size": 10}, {"containerID": 20, "hostID": 100005, "size": 10}]
		$([ "$(id -u)" != 0 ] || echo '[]')
		$(jq -nc '[range(400) | {containerID: (. * 2), hostID: (100000 + . * 2), size: 1}]')
	END
	[ $n -ge 9 ]
}

@test "V46: newuidmap is not taken from the caller's directory" {
	requires rootless
	printf '#!/bin/sh\necho ran >"%s"\n' "$TMP/ran" >"$TMP/newuidmap"
	chmod 755 "$TMP/newuidmap"
	cp "$TMP/newuidmap" "$TMP/newgidmap"
	cfg '.linux.uidMappings = [{containerID: 0, hostID: $u, size: 1}, {containerID: 1, hostID: 2000000000, size: 9}]
		| .linux.gidMappings = .linux.uidMappings' --argjson u "$(id -u)"
	cd "$TMP"
	PATH=.:$PATH run_split vert run --bundle "$BUNDLE" "$ID"
	[ ! -e "$TMP/ran" ]
}

@test "V47: the filter and no_new_privs are in force whatever the order of the two" {
	requires seccomp
	local nnp user
	cfg '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"],
		action: "SCMP_ACT_ERRNO", errnoRet: 33}]}'
	args caps , try mkdir
	for nnp in true false null; do
		for user in 0 1000; do
			[ "$user" = 0 ] || [ "$(id -u)" = 0 ] || continue
			cfg '.process.noNewPrivileges = $n | .process.user.uid = $u' --argjson n $nnp --argjson u $user
			[ $nnp != null ] || cfg 'del(.process.noNewPrivileges)'
			run_ok
			has seccomp=2 try.mkdir=EDOM "no_new_privs=$([ $nnp = true ] && echo 1 || echo 0)"
		done
	done
	cfg '.process.user.uid = 0'
	start_sleeper
	exec_probe caps , try mkdir
	has seccomp=2 try.mkdir=EDOM
	exec_probe caps
	run vert exec --no-new-privs "$ID" /bin/probe caps , try mkdir </dev/null
	has seccomp=2 try.mkdir=EDOM no_new_privs=1
}

@test "V48: the caller's session keyring is not the container's" {
	local own
	attackers odd
	args keyring
	run "$ATTACK/odd" keyring "host-$ID" -- "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	succeeded
	has "keyring=_ses.$ID"
	start_sleeper
	run "$ATTACK/odd" keyring "host-$ID" -- "$RUNTIME" --root "$ROOT" exec "$ID" /bin/probe keyring </dev/null
	has "keyring=_ses.$ID"
}

@test "V49: nothing odd of the caller's is inherited" {
	local verb
	args signals , affinity , id , sched , pdeathsig , env , fds
	cfg '.process.user.umask = 18'
	export NOTIFY_SOCKET= LISTEN_FDS= LD_BIND_NOW=1 HOST_SECRET=1
	run "$ATTACK/odd" signals scheduling -- "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	succeeded
	for verb in run exec; do
		has sig.blocked=0000000000000000 sig.ignored=0000000000000000 pdeathsig=0 personality=0
		like "^affinity=0-$(($(nproc --all) - 1))\$"
		unlike '^env.(LD_BIND_NOW|HOST_SECRET|NOTIFY_SOCKET|LISTEN)'
		[ $verb = run ] || break
		has umask=0022
		cfg 'del(.process.user.umask)'
		start_sleeper "$ID-2"
		run "$ATTACK/odd" signals scheduling -- "$RUNTIME" --root "$ROOT" exec "$ID-2" /bin/probe \
			signals , affinity , id , sched , pdeathsig , env </dev/null
		succeeded
	done
}

@test "V51: a label of a module that is not there is an error, and no program runs without it" {
	requires no-apparmor no-selinux
	local option
	start_sleeper
	for option in "--apparmor some-profile" "--process-label a:b:c:s0"; do
		refused "is not enabled on this host" vert exec $option "$ID" /bin/probe echo ran
		[ -z "$output" ]
	done
	args echo ran
	for option in apparmorProfile selinuxLabel; do
		cp "$BUNDLE/config.json" "$TMP/plain.json"
		cfg '.process[$o] = "a:b:c:s0"' --arg o $option
		refused "is not enabled on this host" vert run --bundle "$BUNDLE" "$ID-2"
		[ -z "$output" ]
		cp "$TMP/plain.json" "$BUNDLE/config.json"
	done
}

@test "V52: what is executed in a container is confined as its first process is" {
	requires seccomp
	cfg '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]}
		| .process.oomScoreAdj = 500 | .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 77, hard: 88}]'
	args caps , id , ns , oom , rlimits , cgroup , label , keyring , tty , cwd , fork 0
	start_new "$ID"
	within 5 grep -q ready "$ID.out"
	run vert exec "$ID" /bin/probe caps , id , ns , oom , rlimits , cgroup , label , keyring , tty , cwd </dev/null
	succeeded
	diff <(grep -vE '^(pid|ppid|pgid|sid|ready|foreground)' "$ID.out") \
		<(grep -vE '^(pid|ppid|pgid|sid|foreground)' <<<"$output")
}

@test "V52: a container that ends under an exec leaves no process behind" {
	local i
	for i in 1 2 3; do
		start_sleeper "$ID-$i"
		vert exec "$ID-$i" /bin/sleep 30 </dev/null >/dev/null 2>&1 3>&- 4>&- &
		sleep 0.0$i
		vert delete --force "$ID-$i"
		wait $! || :
	done
	run_split vert exec "$ID-1" /bin/true
	[ "$status" != 0 ]
}

@test "V60: a container types nothing into its caller's terminal" {
	[ "$(cat /proc/sys/dev/tty/legacy_tiocsti 2>/dev/null)" != 0 ] || skip "this kernel refuses TIOCSTI anyway"
	local how
	attackers inside
	caps CAP_KILL
	argv /bin/inside tiocsti:0 tiocsti:1 tiocsti:2 tiocsti:/dev/tty tioclinux
	start_sleeper_of() { cfg '.process.args = ["/bin/probe", "fork", "0"]' && start_new "$ID-2"; }
	run helper pty 24 80 "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	for how in 0 1 2 /dev/tty; do
		like "^tiocsti:$how=(EIO|EPERM|ENOTTY|ENXIO|ENOENT)"
	done
	unlike '^id' 'tioclinux=ok'
	start_sleeper_of
	run helper pty 24 80 "$RUNTIME" --root "$ROOT" exec "$ID-2" /bin/inside tiocsti:0 tiocsti:1 tiocsti:2 \
		tiocsti:/dev/tty </dev/null
	for how in 0 1 2 /dev/tty; do
		like "^tiocsti:$how=(EIO|EPERM|ENOTTY|ENXIO|ENOENT)"
	done
}

@test "V61: a terminal comes from the multiplexer of a devpts, and from nothing put in its place" {
	requires root
	local kind pid
	cfg '.mounts |= map(select(.destination != "/dev/pts"))'
	bind "$TMP/pts" /dev/pts
	mkdir "$TMP/pts"
	start_sleeper
	for kind in fifo file link node; do
		rm -f "$TMP/pts/ptmx"
		case $kind in
		fifo) mkfifo "$TMP/pts/ptmx" ;;
		file) echo >"$TMP/pts/ptmx" ;;
		link) ln -s /dev/zero "$TMP/pts/ptmx" ;;
		node) mknod "$TMP/pts/ptmx" c 5 2 ;;
		esac
		SECONDS=0
		run_split vert exec --tty "$ID" /bin/true
		[ "$status" != 0 ]
		[ $SECONDS -lt 5 ]
		[[ $stderr == *"is not a devpts"* ]]
	done
}

@test "V61: a multiplexer that is bound over the container's own, or has another's devpts beside it, makes no terminal" {
	requires root
	[ -n "${VERT_TESTS_ISOLATED-}" ] || skip "needs a mount namespace of its own"
	mkdir "$TMP/other"
	mount -t devpts -o newinstance,ptmxmode=0666 other "$TMP/other"
	cfg '.mounts += [{destination: "/dev/pts/ptmx", type: "bind", source: $s, options: ["bind"]}] | .process.terminal = true' \
		--arg s "$TMP/other/ptmx"
	run_split vert run --bundle "$BUNDLE" "$ID"
	umount "$TMP/other"
	[ "$status" = 1 ]
	[[ $stderr == *"open '/dev/pts/ptmx' of the container"* ]]
	cfg 'del(.mounts[-1])'
	other_multiplexer
	run_split vert run --bundle "$BUNDLE" "$ID"
	umount "$TMP/pts/pts"
	[ "$status" = 1 ]
	[[ $stderr == *"is not a devpts"* ]]
}

@test "V62: the terminal belongs to the process's user and is nobody else's" {
	requires root
	cfg '.process.terminal = true | .process.user.uid = 1000'
	args stat /dev/console /dev/pts/0
	run_ok
	like '^stat./dev/pts/0=char mode=06[02]0 uid=1000 ' '^stat./dev/console=char mode=06[02]0 uid=1000 '
}

@test "V63: a console socket that misbehaves is an error, soon, and nothing is left" {
	local how text
	cfg '.process.terminal = true'
	for how in dgram deaf close chatty; do
		bg "$ATTACK/badsocket" $how "$TMP/s-$how"
		within 5 grep -q ready "$TMP/bg.out"
		SECONDS=0
		use_id "$ID-$how"
		run_split vert create --bundle "$BUNDLE" --console-socket "$TMP/s-$how" "$ID-$how"
		[ $SECONDS -lt 8 ]
		case $how in
		dgram | deaf)
			[ "$status" = 1 ]
			one_message
			[ ! -d "$ROOT/$ID-$how" ]
			;;
		*) [ "$status" -lt 2 ] ;;
		esac
	done
	use_id "$ID"
	ln -s "$TMP/nowhere" "$TMP/s-link"
	mkdir "$TMP/s-dir"
	mkfifo "$TMP/s-fifo"
	echo >"$TMP/s-file"
	for how in link dir fifo file none; do
		refused "console socket" vert create --bundle "$BUNDLE" --console-socket "$TMP/s-$how" "$ID-$how"
		[ ! -d "$ROOT/$ID-$how" ]
	done
	mkdir -p "$TMP/$(printf '%090d' 1)/$(printf '%090d' 2)"
	refused "console socket" vert create --bundle "$BUNDLE" \
		--console-socket "$TMP/$(printf '%090d' 1)/$(printf '%090d' 2)/s" "$ID-long"
}

@test "V64: a reader that does not read costs nothing and holds no signal back" {
	local pid before
	cfg '.process.terminal = true'
	argv /bin/sh -c 'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done'
	mkfifo "$TMP/unread"
	exec 8<>"$TMP/unread"
	"$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null >"$TMP/unread" 2>"$TMP/err" 3>&- 4>&- 8>&- &
	pid=$!
	BACKGROUND+=($pid)
	within 5 is_status "$ID" running
	sleep 0.7
	before=$(awk '{print $14 + $15}' "/proc/$pid/stat")
	sleep 1
	[ $(($(awk '{print $14 + $15}' "/proc/$pid/stat") - before)) -le 5 ]
	kill -KILL "$(state "$ID" pid)"
	sleep 0.3
	kill -TERM $pid
	within 5 no kill -0 $pid
	exec 8>&-
}
