#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# config-linux.md: namespaces, id mappings, devices, paths, propagation, seccomp: demands that the other files do
# not prove.  docs/spec-sentences.md has all of them.

load helpers

userns() {
	cfg '.linux.namespaces |= map(select(.type != "user")) + [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
}

filter() {
	cfg ".linux.seccomp = $1"
}

@test "config-linux/default filesystems: proc, sysfs, devpts and tmpfs are where spec puts them" {
	requires root
	jq '.mounts' "$BUNDLE/config.json" >mine
	(cd "$TMP" && mkdir made && cd made && vert spec)
	cfg '.mounts = $s[0].mounts' --slurpfile s "$TMP/made/config.json"
	probe mounts
	mounted /proc type=proc
	mounted /sys type=sysfs
	mounted /dev/pts type=devpts
	mounted /dev/shm type=tmpfs
}

@test "config-linux/namespaces: each of the eight types can be new" {
	requires root userns timens
	local type name
	userns
	cfg '.linux.namespaces += [{type: "time"}]'
	probe ns
	for type in pid net mnt ipc uts user cgroup time; do
		name=$(fact "ns.$type")
		[ -n "$name" ] && [ "$name" != "$(readlink "/proc/self/ns/$type")" ] || { echo "$type: $name"; return 1; }
	done
}

@test "config-linux/namespaces: a type that is not listed is the runtime's own" {
	requires root
	local type
	cfg '.linux.namespaces = [{type: "mount"}, {type: "pid"}] | del(.hostname) | .mounts |= map(select(.type != "sysfs"))'
	probe ns
	for type in net ipc uts user cgroup; do
		has "ns.$type=$(readlink "/proc/self/ns/$type")"
	done
}

@test "config-linux/namespaces: a path is absolute and of its type, or it is an error" {
	cfg '.linux.namespaces |= map(if .type == "network" then .path = "relative" else . end)'
	refused_run "linux.namespaces"
	cfg '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/ipc" else . end)'
	refused_run "linux.namespaces"
	cfg '.linux.namespaces |= map(if .type == "network" then .path = "/etc/passwd" else . end)'
	refused_run "linux.namespaces"
}

@test "config-linux/namespaces: a duplicate type is an error, with paths and without" {
	cfg '.linux.namespaces += [{type: "ipc"}]'
	refused_run "linux.namespaces"
	cfg '.linux.namespaces |= .[:-1] + [{type: "ipc", path: "/proc/self/ns/ipc"}]'
	refused_run "linux.namespaces"
}

@test "config-linux/id mappings: no file of the root changes its owner" {
	requires root userns
	local before
	chown 5:6 "$BUNDLE/rootfs/data"
	before=$(find "$BUNDLE/rootfs" -printf '%P %u %g %m\n' | sort)
	userns
	cfg '.mounts |= map(select(.destination | startswith("/dev/") | not))'
	run_ok
	[ "$(find "$BUNDLE/rootfs" -printf '%P %u %g %m\n' | sort)" = "$before" ]
	chown 0:0 "$BUNDLE/rootfs/data"
}

@test "config-linux/time offsets: another clock is an error" {
	requires timens
	cfg '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {realtime: {secs: 1}}'
	refused_run 'linux.timeOffsets["realtime"]'
}

@test "config-linux/devices: anywhere in the container, of each type, with mode and owner" {
	requires root
	cfg '.linux.devices = [{type: "c", path: "/dev/a", major: 1, minor: 3, fileMode: 384, uid: 5, gid: 6},
		{type: "u", path: "/data/deep/b", major: 1, minor: 5}, {type: "p", path: "/data/pipe", fileMode: 416}]'
	probe stat /dev/a , stat /data/deep/b , stat /data/pipe
	like '^stat./dev/a=char mode=0600 uid=5 gid=6.*1:3' '^stat./data/deep/b=char .*1:5' '^stat./data/pipe=fifo mode=0640'
}

@test "config-linux/devices: a file that is there and does not match is an error, one that matches is none" {
	requires root
	local made
	for made in "c 1 5" p file directory; do
		rm -rf "$BUNDLE/rootfs/data/x"
		case $made in
		file) : >"$BUNDLE/rootfs/data/x" ;;
		directory) mkdir "$BUNDLE/rootfs/data/x" ;;
		*) mknod "$BUNDLE/rootfs/data/x" $made ;;
		esac
		cfg '.linux.devices = [{type: "c", path: "/data/x", major: 1, minor: 3}]'
		refused_run "linux.devices[0]"
	done
	rm -rf "$BUNDLE/rootfs/data/x"
	mknod "$BUNDLE/rootfs/data/x" c 1 3
	run_ok
}

@test "config-linux/default devices: are there without being asked for, also with devices and rules" {
	local name
	cfg '.linux.devices = [] | .linux.resources.devices = [{allow: false, access: "rwm"}]'
	[ -n "$CG" ] || cfg 'del(.linux.resources)'
	probe stat /dev/null , stat /dev/zero , stat /dev/full , stat /dev/random , stat /dev/urandom , stat /dev/tty , stat /dev/ptmx , \
		open /dev/null , open /dev/zero , open /dev/full , open /dev/urandom
	for name in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
		like "^stat./dev/${name%%:*}=char mode=0666 .*${name#*:}"
	done
	has open./dev/null=ok open./dev/zero=ok open./dev/full=ok open./dev/urandom=ok
}

@test "config-linux/masked paths: cannot be read, missing ones are ignored, relative ones are an error" {
	local path
	mkdir "$BUNDLE/rootfs/data/dir"
	echo x >"$BUNDLE/rootfs/data/dir/inner"
	cfg '.linux.maskedPaths = ["/data/file", "/data/dir", "/data/none"]'
	probe read /data/file , ls /data/dir
	unlike text inner
	cfg '.linux.maskedPaths = ["data/file"]'
	refused_run "linux.maskedPaths[0]"
	# A mount over the root would hide nothing from who has it as the root already.
	for path in / // /. /data/..; do
		cfg '.linux.maskedPaths = ["/data", $p]' --arg p "$path"
		refused_run "linux.maskedPaths[1]"
	done
}

@test "config-linux/readonly paths: cannot be written, missing ones are ignored, relative ones are an error" {
	local path
	cfg '.linux.readonlyPaths = ["/data", "/none"]'
	probe write /data/new x , write /tmp/new x
	has write./data/new=EROFS write./tmp/new=ok
	cfg '.linux.readonlyPaths = ["data"]'
	refused_run "linux.readonlyPaths[0]"
	ln -s / "$BUNDLE/rootfs/data/up"
	for path in / /. /data/.. /data/up; do	# the root with all below it, however it is named
		cfg '.linux.readonlyPaths = [$p] | .root.readonly = false' --arg p "$path"
		probe write /data/new x , write /tmp/new x , write /dev/new x
		has write./data/new=EROFS write./tmp/new=EROFS write./dev/new=EROFS
	done
}

@test "config-linux/rootfs propagation: each value is that of the root, another one is an error" {
	requires root
	local value
	for value in private shared unbindable; do
		cfg '.linux.rootfsPropagation = $v' --arg v $value
		probe mounts
		mounted / "prop=$value"
	done
	cfg '.linux.rootfsPropagation = "slave"'
	probe mounts
	mounted / prop!=shared
	cfg '.linux.rootfsPropagation = "public"'
	refused_run "linux.rootfsPropagation"
}

@test "config-linux/sysctl: is the container's and not the host's" {
	requires root
	local before
	before=$(</proc/sys/net/ipv4/ip_forward)
	cfg '.linux.sysctl = {"net.ipv4.ip_forward": $v}' --arg v "$((1 - before))"
	probe read /proc/sys/net/ipv4/ip_forward
	has "read./proc/sys/net/ipv4/ip_forward=$((1 - before))"
	[ "$(</proc/sys/net/ipv4/ip_forward)" = "$before" ]
}

@test "config-linux/memory policy: each mode, with and without nodes as set_mempolicy wants them" {
	[ -e /proc/self/numa_maps ] || skip "needs NUMA"
	local mode word
	for mode in DEFAULT:default LOCAL:local BIND:bind INTERLEAVE:interleave PREFERRED:prefer PREFERRED_MANY:prefer; do
		word=${mode#*:}
		case $mode in
		DEFAULT* | LOCAL*) cfg '.linux.memoryPolicy = {mode: $m}' --arg m "MPOL_${mode%:*}" ;;
		*) cfg '.linux.memoryPolicy = {mode: $m, nodes: "0"}' --arg m "MPOL_${mode%:*}" ;;
		esac
		argv /bin/busybox head -n 1 /proc/self/numa_maps
		run_ok
		like "^[0-9a-f]+ $word"
	done
}

@test "config-linux/memory policy: WEIGHTED_INTERLEAVE" {
	[ -e /proc/self/numa_maps ] || skip "needs NUMA"
	requires kernel 6.9
	cfg '.linux.memoryPolicy = {mode: "MPOL_WEIGHTED_INTERLEAVE", nodes: "0"}'
	argv /bin/busybox head -n 1 /proc/self/numa_maps
	run_ok
	like '^[0-9a-f]+ weighted interleave'
}

@test "config-linux/seccomp: an errnoRet of an action that has none is an error" {
	local action
	for action in KILL KILL_PROCESS KILL_THREAD TRAP ALLOW LOG; do
		filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_'$action'", "errnoRet": 1}]}'
		refused_run "linux.seccomp.syscalls[0].errnoRet"
		filter '{"defaultAction": "SCMP_ACT_'$action'", "defaultErrnoRet": 1}'
		refused_run "linux.seccomp.defaultErrnoRet"
	done
}

@test "config-linux/seccomp: the error is EPERM unless another is given, for ERRNO and the default" {
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}'
	probe try mkdir
	has try.mkdir=EPERM
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 33}]}'
	probe try mkdir
	has try.mkdir=EDOM
}

@test "config-linux/seccomp: the agent gets one state and one descriptor, and the connection is closed" {
	only_vert
	requires kernel 5.14
	local socket=$TMP/agent
	bg helper agent "$socket" 33
	within 5 test -S "$socket"
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "'"$socket"'", "listenerMetadata": "opaque",
		"syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_NOTIFY"}]}'
	cfg '.annotations = {"org.example": "value"}'
	probe try mkdir
	has try.mkdir=EDOM
	grep -qx fds=1 bg.out
	grep -qx closed=1 bg.out
	sed -n '/^payload=/,/^call=/{s/^payload=//;/^call=/!p}' bg.out | jq -es 'length == 1 and (.[0]
		| .fds == ["seccompFd"] and (.pid > 0) and .metadata == "opaque" and (.ociVersion | test("^1[.]"))
		and .state.status == "creating" and .state.pid == .pid and .state.annotations == {"org.example": "value"})'
}

@test "config-linux/seccomp: an agent that cannot be reached is an error, and nothing is left" {
	local where
	: >"$TMP/no-socket"
	for where in "$TMP/nobody" "$TMP/no-socket"; do
		filter '{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "'"$where"'",
			"syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}]}'
		refused "linux.seccomp.listenerPath" vert run --bundle "$BUNDLE" "$ID"
		nothing_left -v
	done
}

@test "config-linux/seccomp: listenerMetadata without listenerPath is an error" {
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "listenerMetadata": "x"}'
	refused_run "linux.seccomp.listenerMetadata"
}

@test "config-linux/seccomp: a rule without names is an error" {
	filter '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": [], "action": "SCMP_ACT_ERRNO"}]}'
	refused_run "linux.seccomp.syscalls[0].names"
}

@test "config-linux/personality: LINUX and LINUX32, any flag is an error" {
	cfg '.linux.personality = {domain: "LINUX32"}'
	probe sched
	has personality=0x8
	cfg '.linux.personality = {domain: "LINUX"}'
	probe sched
	has personality=0
	cfg '.linux.personality = {domain: "LINUX", flags: ["ADDR_NO_RANDOMIZE"]}'
	refused_run "linux.personality.flags[0]"
}
