#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The same attacks on a runtime without the defence: each must succeed here, or its test elsewhere proves
# nothing.  Needs a vert configured with --enable-test-faults: VERT_FAULTS names it, else it is built.

load security-races

BATS_TEST_TIMEOUT=300

setup_file() {
	local top
	# Not by name: the function of that name is this one.
	build_attackers || return 1
	if [ -z "${VERT_FAULTS-}" ]; then
		top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
		VERT_FAULTS=$TESTS_BASE/faults/vert
		mkdir -p "$TESTS_BASE/faults"
		(cd "$TESTS_BASE/faults" && "$top/configure" -q --enable-test-faults CFLAGS=-O0 INIT_CFLAGS=-O0 &&
			make -s -j2 vert) >"$TESTS_BASE/faults.log" 2>&1 || {
			tail -n 20 "$TESTS_BASE/faults.log"
			return 1
		}
		make -s -C "$TESTS_BASE/faults" vert-systemd >/dev/null 2>&1 || : # not without libsystemd
	fi
	VERT_FAULTS=$(realpath -e "$VERT_FAULTS")
	export VERT_FAULTS
}

# without DEFENCE,...: from here on the runtime is the weak one.
without() {
	RUNTIME=$VERT_FAULTS
	export VERT_NAIVE=$1
}

@test "positive: the weak build is strong when nothing is left out" {
	without ""
	ln -s "$HOST/dir" "$BUNDLE/rootfs/vol"
	cfg '.mounts += [{destination: "/vol/tmp/x", type: "tmpfs", source: "tmpfs"}]'
	run_ok
	intact
}

@test "positive V01: without the sealed copy the host's program is overwritten" {
	requires root
	local pid fd before
	without seal
	cp "$VERT_FAULTS" "$TMP/any"
	VERT_NAIVE_FILE=$(dirname "$VERT_FAULTS")/vert-init
	cp "$VERT_NAIVE_FILE" "$TMP/host-init"
	export VERT_NAIVE_FILE=$TMP/host-init
	before=$(sha256sum <"$TMP/host-init")
	create "$ID"
	pid=$(state "$ID" pid)
	exec {fd}<"/proc/$pid/exe"
	vert delete --force "$ID"
	echo overwritten >"/proc/self/fd/$fd"
	exec {fd}<&-
	[ "$(sha256sum <"$TMP/host-init")" != "$before" ]
}

@test "positive V03: a process that joins and is dumpable is seen through" {
	requires root
	local i
	without dumpable
	attackers stalker
	user_ns
	caps CAP_SYS_PTRACE CAP_KILL
	chmod -R a+rwX "$BUNDLE/rootfs" 2>/dev/null || :
	argv /bin/stalker
	start_new "$ID"
	within 5 grep -q ready "$ID.out"
	for ((i = 0; i < 400; i++)); do
		vert exec "$ID" /bin/true </dev/null || :
		! grep -q '^hit=' "$ID.out" || break
	done
	grep '^hit=' "$ID.out"
}

@test "positive V03: a process that joins from the host shows the host to who may trace" {
	requires root
	local i
	without stage
	attackers stalker
	caps CAP_SYS_PTRACE CAP_KILL
	argv /bin/stalker
	start_new "$ID"
	within 5 grep -q ready "$ID.out"
	for ((i = 0; i < 400; i++)); do # until both were met
		vert exec "$ID" /bin/true </dev/null || :
		! grep -q 'hit=host-root' "$ID.out" || ! grep -q "^hit=cwd .*$TMP" "$ID.out" || return 0
	done
	cat "$ID.out"
	return 1
}

@test "positive V04: with the launcher's descriptors, and without a look at the result, the directory is the host's" {
	requires root
	local n seen=
	without fds,getcwd
	args read ../host/secret
	for n in 3 4 5 6 7 8 9 10 11 12; do
		cfg '.process.cwd = $c' --arg c "/proc/self/fd/$n"
		run_split vert run --bundle "$BUNDLE" "$ID"
		[[ $output != *"=secret"* ]] || seen=$n
	done
	[ -n "$seen" ]
	# The second defence alone is enough.
	without fds
	cfg '.process.cwd = $c' --arg c "/proc/self/fd/$seen"
	refused "is not inside the container's root" vert run --bundle "$BUNDLE" "$ID"
}

@test "positive V10 V16: with the host's own lookup the targets of mounts are made on the host" {
	without inroot
	ln -s "$HOST/dir" "$BUNDLE/rootfs/vol"
	cfg '.mounts += [{destination: "/vol/tmp/x", type: "tmpfs", source: "tmpfs"}]'
	run_split vert run --bundle "$BUNDLE" "$ID"
	harmed
}

@test "positive V17: and the entries of /dev" {
	requires root
	without inroot
	without_mount /dev
	without_mount /dev/pts
	without_mount /dev/shm
	rm -rf "$BUNDLE/rootfs/dev"
	ln -s "$HOST/dev" "$BUNDLE/rootfs/dev"
	run_split vert run --bundle "$BUNDLE" "$ID"
	harmed
}

@test "positive V20: and the working directory" {
	without inroot
	ln -s "$HOST/dir" "$BUNDLE/rootfs/link"
	cfg '.process.cwd = "/link/new/one"'
	run_split vert run --bundle "$BUNDLE" "$ID"
	harmed
}

@test "positive storm: the exchanges are fast enough to be met" {
	requires root
	local kind
	for kind in targets devices cwd; do
		without inroot
		cp "$TESTS_BASE/config.json" "$TMP/again.json"
		rm -rf "$TMP/vol"
		storm_starts $kind harmed
		harmed
		rm -rf "$HOST/dir"
		mkdir "$HOST/dir"
		cfg '.mounts |= map(select(.destination | startswith("/vol") | not)) | del(.linux.devices)'
	done
}

@test "positive storm: attributes by a second lookup of the path reach another mount" {
	requires root
	without classic
	VERT_TESTS_STORM_SECONDS=60 VERT_TESTS_STORM_STARTS=5000 storm_starts classic misplaced
	misplaced
}

@test "positive V22: a source that is followed shows the host's directory, in a storm as well" {
	requires root
	without source
	mkdir "$TMP/links"
	ln -s "$HOST/dir" "$TMP/links/a"
	bind "$TMP/links/a" /data src-nofollow
	args write /data/new x
	run_ok
	harmed
	rm "$HOST/dir/new"
	cfg 'del(.mounts[-1])'
	storm_starts links harmed
	[ -e "$HOST/dir/new" ]
}

@test "positive V11: a /proc that is a link is mounted on" {
	requires root
	without kernelfs
	rm -rf "$BUNDLE/rootfs/proc"
	ln -s tmp "$BUNDLE/rootfs/proc"
	args mounts
	run_ok
	mounted /tmp type=proc
}

@test "positive V14: masks of the image's own making show what it likes" {
	requires root
	without masknull
	without_mount /dev
	without_mount /dev/pts
	without_mount /dev/shm
	mkdir "$TMP/dev"
	ln -s /etc/passwd "$TMP/dev/null"
	bind "$TMP/dev" /dev
	cfg '.linux.maskedPaths = ["/data/file"]'
	probe read /data/file
	like '^read./data/file=root:x:0:0'
	rm "$TMP/dev/null"
	probe read /data/file
	has read./data/file=text
}

@test "positive V14 V19: the host's /dev/null is changed through a mask and through standard input" {
	requires root
	own_null
	attackers inside
	engine_caps
	cfg '.linux.maskedPaths = ["/data/file"]'
	argv /bin/inside chmod:/data/file
	without maskrw
	run_split vert run --bundle "$BUNDLE" "$ID"
	masked=$(stat -c %a "$TMP/null")
	chmod 666 "$TMP/null"
	argv /bin/inside chmod-fd0
	without stdnull
	run_split vert run --bundle "$BUNDLE" "$ID"
	own_null_gone
	[ "$masked" = 600 ]
	[ "$(stat -c %a "$TMP/null")" = 600 ]
}

@test "positive V30: parts of /proc are mounted over" {
	requires root
	without proctarget
	bind "$HOST/dir" /proc/sys
	probe ls /proc/sys
	has "ls./proc/sys=sub "
}

@test "positive V42 V43 V45 V47: privileges that are not given up are seen" {
	requires root
	without caps,bounding,nnp,groups,seccomp
	cfg '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]}'
	args caps , id , try mkdir
	run "$ATTACK/odd" groups 4,27 -- "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	has no_new_privs=0 seccomp=0 groups=4,27 try.mkdir=ok
	like '^cap.bounding=.*CAP_SYS_ADMIN' '^cap.permitted=.*CAP_SYS_ADMIN'
}

@test "positive V48: the caller's keyring is the container's" {
	without keyring
	args keyring
	run "$ATTACK/odd" keyring "host-$ID" -- "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	has "keyring=host-$ID"
}

@test "positive V49: what is odd is inherited" {
	without inherited
	args signals , affinity , sched
	run "$ATTACK/odd" signals scheduling -- "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	unlike '^sig.ignored=0000000000000000$' '^personality=0$'
	[ "$(nproc --all)" = 1 ] || has affinity=0
}

@test "positive V60: a container types into its caller's terminal" {
	[ "$(cat /proc/sys/dev/tty/legacy_tiocsti 2>/dev/null)" != 0 ] || skip "this kernel refuses TIOCSTI"
	without setsid
	attackers inside
	argv /bin/inside tiocsti:0
	run helper pty 24 80 "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	like '^tiocsti:0=ok'
}

@test "positive V75: without the device program a disk of the host's is read" {
	requires root
	requires cgroup
	without devices
	attackers inside
	engine_caps
	cfg '.linux.resources.devices = [{allow: false, access: "rwm"}]'
	argv /bin/inside open-disk
	run_ok
	[ "$(grep -cE '(vd|sd|nvme|loop|xvd)' /proc/partitions)" = 0 ] || has open-disk=ok
}

@test "positive V80: an id leads out of the state directory, and anybody may write there" {
	requires root
	mkdir -m 777 "$ROOT"
	without id,stateroot
	use_id "$ID"
	run_split vert create --bundle "$BUNDLE" "../escaped"
	[ -d "$TMP/escaped" ]
	run_split vert delete --force "../escaped"
	rm -rf "$TMP/escaped"
	chmod 700 "$ROOT"
}

@test "positive V82: another process is killed by its number" {
	local record=$ROOT/$ID/state.json
	start_sleeper
	bg sleep 20
	kill -KILL "$(state "$ID" pid)"
	within 3 is_status "$ID" stopped
	jq -c --argjson p "${BACKGROUND[0]}" '.pid = $p' "$record" >"$TMP/new" && cat "$TMP/new" >"$record"
	without starttime
	run_split vert kill "$ID" KILL
	within 3 no kill -0 "${BACKGROUND[0]}"
}

@test "positive V90: a hook gets the container's environment" {
	without hookenv
	printf '#!/bin/sh\n/usr/bin/env >%q\n' "$TMP/hook.env" >"$TMP/hook"
	chmod 755 "$TMP/hook"
	cfg '.hooks.createContainer = [{path: $p}] | .process.env += ["EVIL=1"]' --arg p "$TMP/hook"
	run_ok
	grep -x EVIL=1 "$TMP/hook.env"
}

@test "positive V96: a FIFO in the place of the user database blocks the start" {
	without passwd
	rm "$BUNDLE/rootfs/etc/passwd"
	mkfifo "$BUNDLE/rootfs/etc/passwd"
	args env HOME
	(exec 9<>"$BUNDLE/rootfs/etc/passwd"; sleep 4) 3>&- 4>&- &
	BACKGROUND+=($!)
	sleep 0.3
	run timeout 2 "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	[ "$status" = 124 ]
}

@test "positive V06: set-user-ID it would work for everybody" {
	requires root
	[ -z "$(findmnt -no OPTIONS -T "$TMP" | tr , '\n' | grep -x nosuid)" ] || skip "needs a file system with suid"
	without suid
	cp "$VERT_FAULTS" "$TMP/suid-vert"
	chmod 4755 "$TMP/suid-vert"
	run setpriv --reuid 1000 --regid 1000 --clear-groups "$TMP/suid-vert" --root "$TMP/r" list </dev/null
	[[ $output != *"refusing to run"* ]]
}

@test "positive V13: a sysctl is written through a mount, to where that leads" {
	requires root
	[ -n "${VERT_TESTS_ISOLATED-}" ] || skip "needs a mount namespace of its own"
	without sysctlmount
	mount --bind /proc/sys/kernel/hostname /proc/sys/kernel/domainname
	cfg '.linux.sysctl = {"kernel.domainname": "redirected"}'
	args uts
	run vert run --bundle "$BUNDLE" "$ID" </dev/null
	umount /proc/sys/kernel/domainname
	has hostname=redirected
}

@test "positive V24: a mount of the container's comes to the host" {
	requires root
	[ -n "${VERT_TESTS_ISOLATED-}" ] || skip "needs a mount namespace of its own"
	without propagation
	mkdir "$TMP/shared"
	mount -t tmpfs shared "$TMP/shared" && mount --make-shared "$TMP/shared"
	mkdir "$TMP/shared/in"
	bind "$TMP/shared" /data rprivate
	cfg '.mounts += [{destination: "/data/in", type: "tmpfs", source: "spread"}]'
	run_split vert run --bundle "$BUNDLE" "$ID"
	seen=$(grep -c spread /proc/self/mountinfo || :)
	umount -R "$TMP/shared"
	[ "$seen" -gt 0 ]
}

@test "positive V25: a set-user-ID program of a volume gives root" {
	requires root
	without attributes
	cp "$TESTS_BASE/probe" "$HOST/suid" && chmod 4755 "$HOST/suid"
	bind "$HOST" /data nosuid
	cfg '.process.user.uid = 1000 | .process.noNewPrivileges = false'
	argv /data/suid id
	run_ok
	has uid=1000,0,0
}

@test "positive V29: a link is copied up as what it leads to on the host" {
	requires root
	without copyup
	ln -s "$HOST/secret" "$BUNDLE/rootfs/data/link"
	cfg '.mounts += [{destination: "/data", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"]}]'
	probe read /data/link
	has read./data/link=secret
}

@test "positive V40 V41: a number that is too large is root" {
	requires root
	without idwrap
	engine_caps
	start_sleeper
	run vert exec -u 4294967296 "$ID" /bin/probe id </dev/null
	has uid=0,0,0
}

@test "positive V52: exec without the last stretch is less confined than init" {
	requires root
	without ""
	cfg '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]}
		| .process.noNewPrivileges = true'
	start_sleeper
	without seccomp,nnp
	run vert exec "$ID" /bin/probe caps , try mkdir </dev/null
	has no_new_privs=0 seccomp=0 try.mkdir=ok
}

@test "positive V63: who does not take the terminal holds the runtime for ever" {
	without deadline
	cfg '.process.terminal = true'
	bg "$ATTACK/badsocket" full "$TMP/full"
	within 5 grep -q ready "$TMP/bg.out"
	use_id "$ID"
	run timeout 8 "$RUNTIME" --root "$ROOT" create --bundle "$BUNDLE" --console-socket "$TMP/full" "$ID" </dev/null
	[ "$status" = 124 ]
}

@test "positive V73: the processes of a cgroup that is somebody else's die with the container" {
	requires root cgroup
	local dir=$CGROUPFS$CG/$ID
	without occupied
	mkdir "$dir"
	bg sleep 20
	sleep 0.1
	echo "${BACKGROUND[0]}" >"$dir/cgroup.procs"
	start_sleeper
	vert delete --force "$ID"
	within 3 no kill -0 "${BACKGROUND[0]}"
}

# Its own value: nothing changes, but it is written.
@test "positive V76: a sysctl of the host's is written" {
	requires root
	without sysctls
	cfg '.linux.sysctl = {"vm.swappiness": $v}' --arg v "$(cat /proc/sys/vm/swappiness)"
	run_ok
}

@test "positive V85: names forge lines and colours" {
	without escape
	argv $'/x\e[31m\n{"level":"info","msg":"forged"}'
	run_split vert run --bundle "$BUNDLE" "$ID"
	grep -q $'\e' "$TMP/stderr"
	grep -q '^{"level":"info"' "$TMP/stderr"
}

@test "positive V91: what a hook that hangs has started stays" {
	without hookgroup
	printf '#!/bin/sh\nsleep 4321.5 & sleep 4321.5\n' >"$TMP/hook"
	chmod 755 "$TMP/hook"
	cfg '.hooks.createRuntime = [{path: $p, timeout: 1}]' --arg p "$TMP/hook"
	run_split vert run --bundle "$BUNDLE" "$ID"
	run pgrep -f 'sleep 4321[.]5'
	[ -z "$output" ] || kill -KILL $output
	[ "$status" = 0 ]
}

@test "positive V15 V18: a console that is a link is made on the host, where it leads" {
	without console
	mkdir -p "$TMP/dev"/{pts,shm}
	ln -s "$HOST/made" "$TMP/dev/console"
	without_mount /dev
	cfg '.mounts |= [{destination: "/dev", type: "bind", source: $d, options: ["rbind"]}] + . | .process.terminal = true' \
		--arg d "$TMP/dev"
	run_split vert run --bundle "$BUNDLE" "$ID"
	harmed
	[ -f "$HOST/made" ]
}

@test "positive V28: without a mount namespace a mask is put into the host's table" {
	requires root
	without hostmounts
	cfg '.linux.namespaces |= map(select(.type != "mount")) | .mounts = [] | .linux.maskedPaths = ["/data/file"]'
	args echo ran
	use_id "$ID"
	# The host of this runtime is a mount namespace that ends with the command.
	run unshare --mount --propagation private \
		sh -c 'target=$1; shift; "$@" && grep -F " $target " /proc/self/mountinfo' sh "$BUNDLE/rootfs/data/file" \
		"$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	succeeded
	has ran
}

@test "positive V46: newuidmap of the caller's directory is run" {
	requires rootless
	without helperpath
	printf '#!/bin/sh\necho ran >"%s"\n' "$TMP/ran" >"$TMP/newuidmap"
	chmod 755 "$TMP/newuidmap"
	cp "$TMP/newuidmap" "$TMP/newgidmap"
	cfg '.linux.uidMappings = [{containerID: 0, hostID: $u, size: 1}, {containerID: 1, hostID: 2000000000, size: 9}]
		| .linux.gidMappings = .linux.uidMappings' --argjson u "$(id -u)"
	cd "$TMP"
	PATH=.:$PATH run_split vert run --bundle "$BUNDLE" "$ID"
	[ -e "$TMP/ran" ]
}

@test "positive V50: an annotation hands the service manager a program" {
	requires python3 cgroup
	[ -x "$(dirname "$VERT_FAULTS")/vert-systemd" ] || skip "vert-systemd was not built"
	without unitproperties
	export XDG_RUNTIME_DIR=$TMP/run
	mkdir -m 700 "$XDG_RUNTIME_DIR"
	CONTAINER=$ID "$BATS_TEST_DIRNAME/fakebus" "$XDG_RUNTIME_DIR/bus" "$TMP/calls" "$CGROUPFS$CG" >"$TMP/bg.out" 2>&1 3>&- 4>&- &
	BACKGROUND+=($!)
	within 5 test -S "$XDG_RUNTIME_DIR/bus"
	GLOBAL=(--rootless=true --systemd-cgroup --systemd-timeout 5)
	cfg 'del(.linux.cgroupsPath) | .annotations = {"org.systemd.property.ExecStartPost": $v}' --arg v "'/bin/sh'"
	run_split vert run --bundle "$BUNDLE" "$ID"
	grep -qx '  ExecStartPost' "$TMP/calls"
}

@test "positive V61: a multiplexer beside another devpts makes the container's terminal" {
	requires root
	[ -n "${VERT_TESTS_ISOLATED-}" ] || skip "needs a mount namespace of its own"
	without ptmx
	other_multiplexer
	args mounts
	run vert run --bundle "$BUNDLE" "$ID" </dev/null
	umount "$TMP/pts/pts"
	output=${output//$'\r'/}
	mounted /dev/console source=other
}

@test "positive V62: the terminal is not the process's own" {
	requires root
	without ptyowner
	cfg '.process.terminal = true | .process.user.uid = 1000'
	args stat /dev/console /dev/pts/0
	run_ok
	like '^stat./dev/pts/0=char mode=06[02]0 uid=0 '
}

@test "positive V64: a reader that does not read makes the runtime spin" {
	local pid before
	without backpressure
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
	spins() {
		[ $(($(awk '{print $14 + $15}' "/proc/$pid/stat") - before)) -gt 15 ]
	}
	within 20 spins
	kill -KILL "$(state "$ID" pid)"
	kill -TERM $pid
	exec 8>&-
}

@test "positive V71: the name of a limit leads into another cgroup" {
	requires cgroup
	local other=$CGROUPFS$CG/other depth
	mkdir "$other"
	without cgroupfile
	cfg '.linux.resources.unified = {"../other/cgroup.max.depth": "7"}'
	run_split vert run --bundle "$BUNDLE" "$ID"
	depth=$(<"$other/cgroup.max.depth")
	rmdir "$other"
	[ "$depth" = 7 ]
}

@test "positive V72: without a cgroup namespace the host's whole hierarchy is shown" {
	requires root cgroup
	local top=${CG#/}
	without cgroupview
	cfg '.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"]}]
		| .linux.namespaces |= map(select(.type != "cgroup"))'
	probe ls /sys/fs/cgroup
	like "^ls./sys/fs/cgroup=(.* )?${top%%/*} "
}

@test "positive V74: what a container hides in cgroups of its own outlives it" {
	requires root cgroup
	local dir
	start_sleeper
	dir=$(cgroup_dir)
	mkdir "$dir/below"
	bg sleep 40
	echo "${BACKGROUND[0]}" >"$dir/below/cgroup.procs"
	without subgroups
	run_split vert delete --force "$ID"
	[ "$status" != 0 ]
	kill -0 "${BACKGROUND[0]}"
	without ""
	vert delete --force "$ID"
	[ ! -d "$dir" ]
}

@test "positive V77: the name of a resctrl group leads out of resctrl" {
	requires root
	export VERT_RESCTRL=$TMP/resctrl
	mkdir "$VERT_RESCTRL"
	cfg '.linux.intelRdt = {closID: "../escaped", l3CacheSchema: "L3:0=f"}'
	without ""
	refused "is not the name of a group" vert run --bundle "$BUNDLE" "$ID"
	[ ! -e "$TMP/escaped" ]
	without rdtname
	run_split vert run --bundle "$BUNDLE" "$ID"
	[ -d "$TMP/escaped" ]
}

@test "positive V83: the container holds the socket that start calls" {
	without startsocket
	args fds
	create "$ID"
	vert start "$ID"
	within 3 is_status "$ID" stopped
	grep -E '^fd\.([3-9]|[1-9][0-9])=socket' "$ID.out"
}

@test "positive V84: a record that names another cgroup kills what is in there" {
	requires cgroup
	local dir=$CGROUPFS$CG/victim own
	mkdir "$dir"
	bg sleep 40
	echo "${BACKGROUND[0]}" >"$dir/cgroup.procs"
	create "$ID"
	own=$(cgroup_dir)
	jq -c --arg c "$dir" '.cgroup = $c' "$ROOT/$ID/state.json" >"$TMP/new" && cat "$TMP/new" >"$ROOT/$ID/state.json"
	without cgroupinode
	run_split vert delete --force "$ID"
	within 3 no kill -0 "${BACKGROUND[0]}"
	[ ! -d "$own" ] || within 3 rmdir "$own"
}

@test "positive V94: an agent that does not answer holds the runtime for ever" {
	requires seccomp
	without deadline
	cfg '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $p,
		syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}' --arg p "$TMP/agent"
	bg "$ATTACK/badsocket" full "$TMP/agent"
	within 5 grep -q ready "$TMP/bg.out"
	use_id "$ID"
	run timeout 13 "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	[ "$status" = 124 ]
}

@test "positive V94: a start that sends by what the filter hands over waits for itself" {
	requires seccomp
	without asksendmsg
	cfg '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $p,
		syscalls: [{names: ["sendmsg"], action: "SCMP_ACT_NOTIFY"}]}' --arg p "$TMP/agent"
	bg helper agent "$TMP/agent" 33
	within 5 test -S "$TMP/agent"
	use_id "$ID"
	run timeout 6 "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
	[ "$status" = 124 ]
	no grep -q '^fds=1' "$TMP/bg.out"
}

# The step that is naive here is to read the document as others do.
@test "positive V98: of a key that comes twice one reader takes the first, another the last" {
	requires python3
	local config
	args uts
	config=$(<"$BUNDLE/config.json")
	printf '%s' "${config/\"hostname\"/\"hostname\": \"first\", \"hostname\"}" >"$TMP/twice.json"
	jq . "$TMP/twice.json" >"$BUNDLE/config.json"
	run_ok
	has hostname=tested
	python3 -c 'import json, sys
print(json.dumps(json.load(open(sys.argv[1]), object_pairs_hook=lambda pairs: dict(reversed(pairs)))))' \
		"$TMP/twice.json" >"$BUNDLE/config.json"
	run_ok
	has hostname=first
}

@test "positive V26: without the paths of a new configuration the host is looked at" {
	spec_paths
	run_ok
	like '^open /proc/(keys|interrupts)$'
}

@test "positive V51: a label of a module that is not there is no label" {
	requires no-apparmor
	without lsm
	cfg '.process.apparmorProfile = "some-profile"'
	args echo ran
	run_ok
	has ran
}

@test "positive V78: exec waits for a container that is frozen" {
	requires cgroup
	start_sleeper
	vert pause "$ID"
	without paused
	run timeout 3 "$RUNTIME" --root "$ROOT" exec "$ID" /bin/true </dev/null
	[ "$status" = 124 ]
	vert delete --force "$ID"
}

@test "positive V95: another's filter is loaded from a cache that all may write to" {
	requires seccomp python3
	without cacheowner
	poisoned_cache
	probe try mkdir
	has try.mkdir=ok
}

@test "positive V27: without pivot_root a container mounts a /proc without the masks" {
	requires root
	without stackedproc
	attackers inside
	caps CAP_SYS_CHROOT CAP_MKNOD
	cfg '.linux.maskedPaths = ["/proc/kcore", "/proc/keys"] | .linux.readonlyPaths = ["/proc/sys"]
		| .process.noNewPrivileges = false'
	argv /bin/inside new-proc
	run_ok --no-pivot
	has new-proc=ok
}

@test "positive V23: an option with a letter wrong is a mount without it" {
	without mountword
	bind "$HOST" /data nosiud
	probe mounts
	mounted /data opts!=nosuid
}

@test "positive V93: an image that somebody else prepared is restored" {
	requires root
	mkdir -m 777 "$TMP/image" "$TMP/bin"
	echo '["","",""]' >"$TMP/image/descriptors.json"
	printf '#!/bin/sh\necho "$@" >%q\nexit 1\n' "$TMP/args" >"$TMP/bin/criu"
	chmod 755 "$TMP/bin/criu"
	PATH=$TMP/bin:$PATH
	use_id "$ID"
	without ""
	run_split vert restore --bundle "$BUNDLE" --image-path "$TMP/image" "$ID"
	[ ! -e "$TMP/args" ]
	without imageowner
	run_split vert restore --bundle "$BUNDLE" --image-path "$TMP/image" "$ID"
	grep -F "$TMP/image" "$TMP/args"
}
