#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What bad input gets: its own message, an ordinary exit status, and nothing left behind.

load helpers

# refused_config TEXT JQ-FILTER: the config with that change is refused by run and create.
refused_config() {
	local text=$1
	cp "$BUNDLE/config.json" "$TMP/good.json"
	cfg "${@:2}"
	refused_run "$text"
	nothing_left -v
	mv "$TMP/good.json" "$BUNDLE/config.json"
}

@test "errors: a config that is not JSON" {
	local text
	for text in '' 'hello' '{' '[]' '"string"' 'null' '{"ociVersion": "1.0.2",}' \
		    '{"ociVersion": "1.0.2"} trailing'; do
		printf '%s' "$text" >"$BUNDLE/config.json"
		refused_run "config.json"
	done
}

@test "errors: a syntax error is shown with its line" {
	only_vert
	printf '{\n"ociVersion": "1.0.2",\n"root": }\n' >"$BUNDLE/config.json"
	refused_run "config.json:3"
}

@test "errors: no config.json, and a bundle that is not there" {
	rm "$BUNDLE/config.json"
	refused_run "config.json"
	BUNDLE=$TMP/nowhere
	refused_run "nowhere"
}

@test "errors: a config.json that is a directory, a fifo or too large" {
	only_vert
	rm "$BUNDLE/config.json"
	mkdir "$BUNDLE/config.json"
	refused_run "config.json"
	rmdir "$BUNDLE/config.json"
	truncate -s 1G "$BUNDLE/config.json"
	refused_run "config.json"
}

@test "errors: a config without ociVersion, root or process" {
	only_vert
	refused_config "ociVersion" 'del(.ociVersion)'
	refused_config "root" 'del(.root)'
	refused_config "root" 'del(.root.path)'
	refused_config "cwd" 'del(.process.cwd)'
}

@test "errors: a config without process or args can be created at most" {	# config.md: REQUIRED when start is called
	only_vert
	local filter
	cp "$BUNDLE/config.json" good.json
	for filter in 'del(.process)' 'del(.process.args)' '.process.args = []'; do
		cp good.json "$BUNDLE/config.json"
		cfg "$filter"
		refused "process" vert run --bundle "$BUNDLE" "$ID"
		[ -z "$(containers)" ]
		run_split vert create --bundle "$BUNDLE" "$ID"
		[ "$status" != 0 ] || refused "process" vert start "$ID"
		vert delete --force "$ID"
	done
}

@test "errors: a version that is none or of another generation" {
	only_vert
	local version
	for version in '' 2.0.0 0.9.0 1 1.0 one 1.0.0.0 v1.0.0; do
		refused_config "ociVersion" '.ociVersion = $v' --arg v "$version"
	done
}

@test "errors: every version 1.x.y is accepted" {
	only_vert
	local version
	for version in 1.0.0 1.0.2-dev 1.1.0+dev 1.2.1 1.3.0 1.99.7-rc.1; do
		cfg '.ociVersion = $v' --arg v "$version"
		run_ok
	done
}

@test "errors: unknown properties and annotations are ignored" {
	cfg '.unknown = {a: [1, {b: null}]} | .process.unknown = "x" | .linux.unknown = [1]
		| .mounts[0].unknown = true | .annotations = {"com.example.unknown": "x"}'
	run_ok
	[ "$output" = hello ]
}

@test "errors: a wrong type is shown with its path" {
	only_vert
	refused_config "process.args" '.process.args = "sh"'
	refused_config "process.args[1]" '.process.args = ["sh", 1]'
	refused_config "process.terminal" '.process.terminal = "no"'
	refused_config "process.user.uid" '.process.user.uid = "0"'
	refused_config "process.env" '.process.env = {}'
	refused_config "root" '.root = "rootfs"'
	refused_config "root.readonly" '.root.readonly = 1'
	refused_config "hostname" '.hostname = 7'
	refused_config "mounts" '.mounts = {}'
	refused_config "mounts[1].options" '.mounts[1].options = "ro"'
	refused_config "linux.namespaces[0].type" '.linux.namespaces[0].type = 1'
	refused_config "linux.resources.pids.limit" '.linux.resources.pids.limit = "10"'
	refused_config "annotations" '.annotations = {"a": 1}'
	refused_config "process.rlimits[0].soft" '.process.rlimits = [{type: "RLIMIT_CORE", soft: "0", hard: 0}]'
}

@test "errors: numbers out of range" {
	only_vert
	refused_config "process.user.uid" '.process.user.uid = -1'
	refused_config "process.user.uid" '.process.user.uid = 4294967296'
	refused_config "process.user.gid" '.process.user.gid = 1.5'
	refused_config "process.user.additionalGids" '.process.user.additionalGids = [-2]'
	sed -i 's/"uid": 0/"uid": 99999999999999999999/' "$BUNDLE/config.json"
	refused_run "process.user.uid"
}

@test "errors: duplicate keys, deep nesting, a NUL in a string" {
	only_vert
	local deep
	cp "$BUNDLE/config.json" good.json
	sed -i '0,/"root"/s//"hostname": "a", "hostname": "b", "root"/' "$BUNDLE/config.json"
	refused_run "hostname"
	deep=$(printf '[%.0s' {1..5000})
	sed "0,/\"root\"/s//\"x\": $deep, \"root\"/" good.json >"$BUNDLE/config.json"
	refused_run "config.json"
	sed 's/"hostname": "tested"/"hostname": "a\\u0000b"/' good.json >"$BUNDLE/config.json"
	refused_run "hostname"
}

@test "errors: a duplicate namespace" {	# config-linux.md: MUST generate an error
	refused_config "pid" '.linux.namespaces += [{type: "pid"}]'
}

@test "errors: an unknown namespace type" {
	refused_config "frob" '.linux.namespaces += [{type: "frob"}]'
}

@test "errors: a namespace path that is relative, missing or of another type" {
	only_vert
	refused_config "path" '.linux.namespaces |= map(select(.type != "ipc")) + [{type: "ipc", path: "proc/self/ns/ipc"}]'
	refused_config "/nowhere" '.linux.namespaces |= map(select(.type != "ipc")) + [{type: "ipc", path: "/nowhere"}]'
	refused_config "/proc/self/ns/uts" \
		'.linux.namespaces |= map(select(.type != "ipc")) + [{type: "ipc", path: "/proc/self/ns/uts"}]'
	refused_config "/etc/passwd" \
		'.linux.namespaces |= map(select(.type != "ipc")) + [{type: "ipc", path: "/etc/passwd"}]'
}

@test "errors: a duplicate rlimit" {	# config.md, rlimits: MUST generate an error
	only_vert "peers do not look"
	refused_config "RLIMIT_CORE" '.process.rlimits = [{type: "RLIMIT_CORE", soft: 0, hard: 0},
		{type: "RLIMIT_CORE", soft: 1, hard: 1}]'
}

@test "errors: an unknown rlimit, and a soft limit above the hard one" {
	refused_config "RLIMIT_FROB" '.process.rlimits = [{type: "RLIMIT_FROB", soft: 0, hard: 0}]'
	[ "$RUNTIME_NAME" = vert ] || skip "the rest is vert's"
	refused_config "RLIMIT_CORE" '.process.rlimits = [{type: "RLIMIT_CORE", soft: 2, hard: 1}]'
}

@test "errors: a relative cwd" {	# config.md: MUST be an absolute path
	refused_config "cwd" '.process.cwd = "data"'
	refused_config "cwd" '.process.cwd = ""'
}

@test "errors: a cwd that is a file" {
	refused_config "/data/file" '.process.cwd = "/data/file"'
}

@test "errors: an unmapped uid and gid" {
	only_vert
	cfg '.linux.namespaces |= map(select(.type != "user")) + [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: $uid, size: 1}]
		| .linux.gidMappings = [{containerID: 0, hostID: $gid, size: 1}]' \
		--argjson uid "$(id -u)" --argjson gid "$(id -g)"
	refused_config "5 is not mapped" '.process.user.uid = 5'
	refused_config "6 is not mapped" '.process.user.gid = 6'
	refused_config "7 is not mapped" '.process.user.additionalGids = [7]'
}

@test "errors: id maps without a user namespace" {
	requires root
	only_vert
	refused_config "uidMappings" '.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}]'
}

@test "errors: a bind mount of a source that is not there" {
	refused_config "/does/not/exist" \
		'.mounts += [{destination: "/x", type: "bind", source: "/does/not/exist", options: ["bind"]}]'
}

@test "errors: a mount without destination, of an unknown filesystem, with bad data" {
	refused_config "destination" '.mounts += [{type: "tmpfs", source: "x"}]'
	refused_config "frobfs" '.mounts += [{destination: "/x", type: "frobfs", source: "x"}]'
	refused_config "/x" '.mounts += [{destination: "/x", type: "tmpfs", source: "x", options: ["frob=1"]}]'
}

@test "errors: a mount whose destination lies behind a file" {
	refused_config "/data/file" \
		'.mounts += [{destination: "/data/file/x", type: "tmpfs", source: "x"}]'
}

@test "errors: a binary that is not there" {
	only_vert
	argv no-such-command
	REFUSED_STATUS=127
	refused_run "executable file not found in \$PATH: 'no-such-command'"
	argv /no/such/command
	refused_run "/no/such/command"
	[[ ${stderr,,} == *"no such file or directory"* ]]
	nothing_left -v
}

@test "errors: a directory in PATH with the binary's name is passed over" {
	requires root
	only_vert "peers have their own search"
	mkdir -p "$BUNDLE/rootfs/only/tool" "$BUNDLE/rootfs/private"
	chmod 700 "$BUNDLE/rootfs/private" # whose user may not enter what is kept for him
	cfg '.process.args = ["tool"] | .process.env = ["PATH=/only", "HOME=/"] | .process.cwd = "/private"
		| .process.user = {uid: 1000, gid: 1000}'
	REFUSED_STATUS=127
	refused_run "executable file not found in \$PATH: 'tool'"
}

@test "errors: a directory as the binary" {
	only_vert
	argv /data
	REFUSED_STATUS=126
	refused_run "/data"
	[[ ${stderr,,} == *"permission denied"* || ${stderr,,} == *"is a directory"* ]]
}

# run_fails TEXT STATUS: what only execve(2) can find out, so create may succeed.
run_fails() {
	run_split vert run --bundle "$BUNDLE" "$ID"
	one_message
	[ "$status" = "$2" ] || { echo "status $status: $stderr"; return 1; }
	[[ $stderr == *"$1"* ]] || { echo "no $1 in: $stderr"; return 1; }
	[ -z "$(containers)" ]
}

@test "errors: an ELF of another architecture" {
	only_vert
	# An ELF header of a 64-bit machine that no kernel of today runs.
	printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\377\376\1\0\0\0' >"$BUNDLE/rootfs/bin/alien"
	truncate -s 4096 "$BUNDLE/rootfs/bin/alien"
	chmod 755 "$BUNDLE/rootfs/bin/alien"
	argv /bin/alien
	run_fails "/bin/alien" 126
	[[ ${stderr,,} == *"exec format error"* || ${stderr,,} == *architecture* ]]
}

@test "errors: a script whose interpreter is missing" {
	only_vert
	printf '#!/bin/no-such-interpreter\n' >"$BUNDLE/rootfs/bin/script"
	chmod 755 "$BUNDLE/rootfs/bin/script"
	argv /bin/script
	run_fails "/bin/script" 127
}

@test "errors: an executable with the wrong permission, and an empty one" {
	only_vert
	argv /data/file
	run_fails "/data/file" 126
	[[ ${stderr,,} == *"permission denied"* ]]
	: >"$BUNDLE/rootfs/bin/empty"
	chmod 755 "$BUNDLE/rootfs/bin/empty"
	argv /bin/empty
	run_fails "/bin/empty" 126
}

@test "errors: what execve refuses at start is told by start" {
	only_vert
	printf '#!/bin/no-such-interpreter\n' >"$BUNDLE/rootfs/bin/script"
	chmod 755 "$BUNDLE/rootfs/bin/script"
	argv /bin/script
	create "$ID" || { [[ $(out) == *"/bin/script"* ]] && return 0; }
	run_split vert start "$ID"
	[ "$status" != 0 ]
	[[ $stderr == *"/bin/script"* ]]
	within 5 is_status "$ID" stopped
}

@test "errors: an id that is empty, has a slash, or is . or .." {
	only_vert
	local id
	for id in '' . .. a/b /a ../a 'a b' $'a\nb' 'é' '$x' .hidden; do
		refused "invalid container ID" vert run --bundle "$BUNDLE" "$id"
		refused "invalid container ID" vert create --bundle "$BUNDLE" "$id"
	done
	refused "invalid container ID" vert create --bundle "$BUNDLE" "$(printf 'a%.0s' {1..1100})"
	[ -z "$(containers)" ]
	[ ! -e "$TMP/a" ]
}

@test "errors: no command takes an invalid id for a path" {
	only_vert
	local command
	mkdir -p "$ROOT" "$TMP/outside"
	for command in state start kill pause resume ps; do
		refused "" vert $command ../outside
		[[ $stderr == *"invalid container ID"* || $stderr == *"does not exist"* ]]
	done
	[ -d "$TMP/outside" ]
}

@test "errors: ids of every allowed character work" {
	args echo ran
	use_id "-_+.09AZaz"
	run vert run --bundle "$BUNDLE" -- "a-_+.09AZaz"
	succeeded
}

@test "errors: a root that is not there, is a file, or is not given" {
	refused_config "nowhere" '.root.path = "nowhere"'
	refused_config "config.json" '.root.path = "config.json"'
	[ "$RUNTIME_NAME" = vert ] || skip "the rest is vert's"
	refused_config "root" '.root.path = ""'
}

@test "errors: an unknown capability is a warning, not an error" {	# config.md: SHOULD be a warning
	cfg '.process.capabilities.bounding += ["CAP_FROB"]'
	only_vert "peers differ"
	run_ok
	[ "${lines[-1]}" = hello ]
}

@test "errors: unknown words for propagation, seccomp, personality and scheduler" {
	only_vert
	refused_config "rootfsPropagation" '.linux.rootfsPropagation = "frob"'
	refused_config "SCMP_ACT_FROB" '.linux.seccomp = {defaultAction: "SCMP_ACT_FROB"}'
	refused_config "SCMP_ARCH_FROB" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_FROB"]}'
	refused_config "FROB" '.linux.personality = {domain: "FROB"}'
	refused_config "SCHED_FROB" '.process.scheduler = {policy: "SCHED_FROB"}'
	refused_config "IOPRIO_CLASS_FROB" '.process.ioPriority = {class: "IOPRIO_CLASS_FROB", priority: 1}'
}

@test "errors: a hostname without a uts namespace of its own" {
	only_vert
	refused_config "hostname" '.linux.namespaces |= map(select(.type != "uts"))'
}

@test "errors: sysctls that are not the container's" {
	only_vert
	local key
	for key in kernel.core_pattern kernel.hostname vm.swappiness ../etc/passwd \
		   net/../kernel/core_pattern kernel.pid_max fs.file-max; do
		refused_config "$key" '.linux.sysctl = {($k): "1"}' --arg k "$key"
	done
	refused_config "net.ipv4.ip_forward" \
		'.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .linux.namespaces |= map(select(.type != "network"))'
	refused_config "kernel.shmmax" \
		'.linux.sysctl = {"kernel.shmmax": "1"} | .linux.namespaces |= map(select(.type != "ipc"))'
}

@test "errors: relative masked and readonly paths" {	# config-linux.md: MUST be absolute
	only_vert
	refused_config "maskedPaths" '.linux.maskedPaths = ["proc/keys"]'
	refused_config "readonlyPaths" '.linux.readonlyPaths = ["proc/sys"]'
}

@test "errors: an AppArmor profile and a SELinux label without the module" {
	requires no-apparmor no-selinux
	only_vert
	refused_config "AppArmor" '.process.apparmorProfile = "some-profile"'
	refused_config "SELinux" '.process.selinuxLabel = "system_u:system_r:container_t:s0"'
}

@test "errors: environment entries without a name or an equals sign" {
	only_vert
	refused_config "process.env[1]" '.process.env += ["NOEQUALS"]'
	refused_config "process.env[1]" '.process.env += ["=value"]'
}

@test "errors: an id map that overlaps or is empty" {
	requires root
	only_vert
	cfg '.linux.namespaces += [{type: "user"}] | .linux.gidMappings = [{containerID: 0, hostID: 0, size: 1}]'
	refused_config "uidMappings" '.linux.uidMappings = [{containerID: 0, hostID: 1000, size: 10}, {containerID: 5, hostID: 5000, size: 10}]'
	refused_config "uidMappings" '.linux.uidMappings = [{containerID: 0, hostID: 1000, size: 0}]'
	refused_config "uidMappings" '.linux.uidMappings = [{containerID: 4294967295, hostID: 1000, size: 10}]'
}
