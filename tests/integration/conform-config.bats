#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# config.md: root, process, hooks, annotations, extensibility: demands that the other files do not prove.
# docs/spec-sentences.md has all of them.

load helpers

# hook NAME SCRIPT: run by the shell, on the host or, for startContainer, in the container.
hook() {
	mkdir -p "$BUNDLE/rootfs$TMP"
	cfg '.hooks[$n] += [{path: "/bin/sh", args: ["sh", "-c", $s, $n]}]' --arg n "$1" --arg s "$2"
}

@test "config/root: path is absolute or relative to the bundle, and a directory" {
	cfg '.root.path = "./rootfs"'
	run_ok
	cfg '.root.path = $p' --arg p "$BUNDLE/rootfs"
	run_ok
	cfg '.root.path = "config.json"'
	refused_run "root.path"
	cfg '.root.path = "nowhere"'
	refused_run "root.path"
}

@test "config/root: readonly defaults to false" {
	probe write /data/new x
	has write./data/new=ok
	cfg '.root.readonly = false'
	probe write /data/new x
	has write./data/new=ok
	cfg '.root.readonly = true'
	probe write /data/new x
	has write./data/new=EROFS
}

@test "config/process: consoleSize is ignored without a terminal" {
	cfg '.process.consoleSize = {height: 24, width: 80}'
	run_ok
	[ "$output" = hello ]
	cfg '.process.terminal = false'
	run_ok
	[ "$output" = hello ]
}

@test "config/process: args has an entry, which is looked up as execvp does" {
	cfg '.process.args = []'
	only_vert
	refused_run process.args
	argv probe echo found
	run_ok
	[ "$output" = found ]
	# With a slash PATH is not asked, and without one the present directory is not.
	cfg '.process.cwd = "/bin" | .process.env = ["PATH=/data"]'
	argv ./probe echo here
	run_ok
	[ "$output" = here ]
	argv probe echo here
	run_split vert run --bundle "$BUNDLE" "$ID"
	[ "$status" = 127 ]
	# An empty element of PATH is the present directory.
	cfg '.process.env = ["PATH=/data:"]'
	run_ok
	[ "$output" = here ]
}

@test "config/process: a capability that cannot be granted is a warning and the container runs" {
	only_vert
	requires root
	local missing
	missing=$(comm -13 <("$TESTS_BASE/probe" caps | sed -n 's/^cap.bounding=//p' | tr ',' '\n' | sort) \
		<(vert features | jq -r '.linux.capabilities[]' | sort) | head -n1)
	[ -n "$missing" ] || skip "the caller has every capability"
	cfg '.process.capabilities |= map_values(. + [$c])' --arg c "$missing"
	GLOBAL=(--log "$TMP/warnings" --log-level warning)
	probe caps
	grep -qi "$missing" "$TMP/warnings"
	unlike "cap.bounding=.*$missing"
}

@test "config/process: each capability set is what its list says, absent ones are empty" {
	requires root
	cfg '.process.user = {uid: 0, gid: 0} | .process.capabilities = {bounding: ["CAP_KILL", "CAP_CHOWN"],
		permitted: ["CAP_KILL", "CAP_CHOWN"], effective: ["CAP_KILL"], inheritable: ["CAP_CHOWN"], ambient: ["CAP_CHOWN"]}'
	probe caps
	has cap.bounding=CAP_CHOWN,CAP_KILL cap.inheritable=CAP_CHOWN cap.ambient=CAP_CHOWN
	cfg 'del(.process.capabilities)'
	probe caps
	has cap.bounding= cap.permitted= cap.effective= cap.inheritable= cap.ambient=
}

@test "config/process: noNewPrivileges true sets it, false and absent leave it" {
	requires root
	cfg '.process.noNewPrivileges = true'
	probe caps
	has no_new_privs=1
	cfg '.process.noNewPrivileges = false'
	probe caps
	has no_new_privs=0
	cfg 'del(.process.noNewPrivileges)'
	probe caps
	has no_new_privs=0
}

@test "config/process: nice and priority of the scheduler are 0 when they are absent" {
	requires root
	cfg '.process.scheduler = {policy: "SCHED_OTHER"}'
	run nice -n 5 "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	succeeded
	args sched
	run nice -n 5 "$RUNTIME" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
	has sched.policy=OTHER sched.nice=0 sched.priority=0 || like 'nice=0'
}

@test "config/process: each ioPriority class" {
	requires root
	local class
	for class in 1:RT 2:BE 3:IDLE; do
		cfg '.process.ioPriority = {class: $c, priority: 5}' --arg c "IOPRIO_CLASS_${class#*:}"
		args sched
		run vert run --bundle "$BUNDLE" "$ID"
		[ "$status" = 0 ] || [ "$class" = 1:RT ]
		[ "$status" != 0 ] || like "^ioprio=${class%:*}:"
	done
}

@test "config/process: an execCPUAffinity without final leaves exec the container's own" {
	requires taskset
	cfg '.process.execCPUAffinity = {initial: "0"}'
	start_sleeper
	exec_probe affinity
	has "affinity=$(sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$(state "$ID" pid)/status")"
}

@test "config/process: environ, uid, gid, umask and groups are what they say" {
	requires root
	cfg '.process.env = ["PATH=/bin", "A=1", "B=x y=z", "EMPTY="] | .process.user = {uid: 7, gid: 8, umask: 63, additionalGids: [9, 10]}'
	probe env , id
	has env.A=1 'env.B=x y=z' env.EMPTY= uid=7,7,7 gid=8,8,8 groups=9,10 umask=0077
}

@test "config/process: without a process the container can be created, not started" {
	only_vert
	cfg 'del(.process)'
	create "$ID"
	is_status "$ID" created
	refused "" vert start "$ID"
}

@test "config/hostname: hostname and domainname are those of the container's uts namespace" {
	local before
	before=$(uname -n)
	cfg '.hostname = "inside" | .domainname = "inside.domain"'
	probe uts
	like 'inside$' 'inside.domain$'
	[ "$(uname -n)" = "$before" ]
}

@test "config/hooks: prestart before createRuntime before createContainer, each list in its order" {
	local name
	for name in createContainer createRuntime prestart; do
		hook $name "echo $name 1 >>'$TMP/log'"
		hook $name "echo $name 2 >>'$TMP/log'"
	done
	create "$ID"
	[ "$(tr '\n' ' ' <log)" = \
		"prestart 1 prestart 2 createRuntime 1 createRuntime 2 createContainer 1 createContainer 2 " ]
}

@test "config/hooks: those of create run with the mounts made and the old root still there" {
	local name
	cfg '.mounts += [{destination: "/mnt", type: "tmpfs", source: "hooked"}]'
	hook createContainer "grep -c hooked /proc/self/mountinfo >'$TMP/mounts'; test -e '$BUNDLE/config.json' && echo yes >'$TMP/old'"
	create "$ID"
	[ "$(cat mounts)" = 1 ]
	[ "$(cat old)" = yes ]
}

@test "config/hooks: the path of startContainer is the container's, of all others the host's" {
	local name
	printf '#!/bin/sh\necho "$0" >>%s\n' "'$TMP/log'" >"$TMP/host-hook"
	chmod 755 "$TMP/host-hook"
	for name in prestart createRuntime createContainer poststart poststop; do
		cfg '.hooks[$n] = [{path: $p}]' --arg n $name --arg p "$TMP/host-hook"
	done
	printf '#!/bin/sh\n: >/data/from-inside\n' >"$BUNDLE/rootfs/data/inside-hook"
	chmod 755 "$BUNDLE/rootfs/data/inside-hook"
	cfg '.hooks.startContainer = [{path: "/data/inside-hook"}]'
	run_ok
	[ "$(wc -l <log)" = 5 ]
	[ -e "$BUNDLE/rootfs/data/from-inside" ]
}

@test "config/hooks: startContainer runs in the container's namespaces before the program" {
	cfg '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "for n in mnt net uts ipc pid; do busybox readlink /proc/self/ns/$n; done >/data/ns"]}]'
	args ns
	run_ok
	local line
	while read -r line; do
		[[ $output == *"$line"* ]] || { echo "$line is not in: $output"; return 1; }
	done <"$BUNDLE/rootfs/data/ns"
	[ "$(wc -l <"$BUNDLE/rootfs/data/ns")" = 5 ]
}

@test "config/hooks: poststart runs after the program's execve and before start returns" {
	hook poststart "readlink /proc/\$(sed 's/.*\"pid\": *\([0-9]*\).*/\1/')/exe >'$TMP/exe'; sleep 0.3; : >'$TMP/done'"
	args fork 0
	create "$ID"
	[ ! -e done ]
	vert start "$ID"
	[ -e done ]
	[[ $(cat exe) == *bin/probe ]]
}

@test "config/hooks: poststop runs after the container is destroyed and before delete returns" {
	hook poststop "sleep 0.2; ls -d $CGROUPFS$CG/$ID >'$TMP/cgroup' 2>/dev/null; : >'$TMP/done'"
	start_sleeper
	local pid
	pid=$(state "$ID" pid)
	vert delete --force "$ID"
	[ -e done ]
	[ ! -s cgroup ]
	[ ! -d "/proc/$pid/root/proc" ]
}

@test "config/annotations: keys and values are strings, values may be empty, unknown ones are ignored" {
	cfg '.annotations = {"com.example.key": "", "org.opencontainers.image.author": "x", "org.opencontainers.unknown": "y"}'
	create "$ID"
	vert state "$ID" | jq -e '.annotations == {"com.example.key": "", "org.opencontainers.image.author": "x",
		"org.opencontainers.unknown": "y"}'
	vert delete "$ID"
	only_vert
	cfg '.annotations = {"": "x"}'
	refused_run annotations
	cfg '.annotations = {"k": 1}'
	refused_run 'annotations["k"]'
	cfg '.annotations = ["k"]'
	refused_run annotations
}

@test "config/extensibility: an unknown property in any object is ignored" {
	local plain
	run_ok
	plain=$output
	jq -c 'reduce (["root"], ["process"], ["process", "user"], ["process", "capabilities"], ["mounts", 0], ["linux"],
		["linux", "namespaces", 0], ["linux", "resources"], []) as $p
		(.; setpath($p + ["unknownProperty"]; {"deep": [1, {"x": null}]}))' "$BUNDLE/config.json" >"$TMP/unknown.json"
	[ "$(grep -o unknownProperty "$TMP/unknown.json" | wc -l)" = 9 ]
	cp "$TMP/unknown.json" "$BUNDLE/config.json"
	run_ok
	[ "$output" = "$plain" ]
}

@test "config/platforms: properties of other platforms are ignored" {
	cfg '.windows = {layerFolders: ["C:"]} | .solaris = {milestone: "x"} | .vm = {kernel: {path: "/x"}} | .zos = {}
		| .freebsd = {} | .process.commandLine = "cmd" | .process.user.username = "x"'
	run_ok
	[ "$output" = hello ]
}

@test "config/version: every release of the same generation up to today's" {
	local version
	for version in 1.0.0 1.0.2 1.1.0 1.2.1 1.3.0 1.0.2-dev 1.3.0+build; do
		cfg '.ociVersion = $v' --arg v "$version"
		run_ok
	done
	only_vert
	for version in 0.9.9 2.0.0 1 1.0 one 01.0.0; do
		cfg '.ociVersion = $v' --arg v "$version"
		refused_run ociVersion
	done
}
