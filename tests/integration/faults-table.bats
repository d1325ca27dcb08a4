#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A table of faults, each made for real: what stands in the JSON line of the log (docs/errors.md) and the exit status.
# Each has a hint as well: what helps here, or what helps with errors of its code.
#
#	fault CODE STATUS CONFIG PATH [FILTER [JQ-OPTION...]]
#
# CONFIG is the place in config.json, PATH the file ('-': not looked at), FILTER the change to a bundle that works.

load helpers

setup() {
	setup_bundle
	only_vert
	cp "$BUNDLE/config.json" "$TMP/good.json"
	GLOBAL=(--log "$TMP/log" --log-format json)
	FAULTS=0
}

# check_line CODE STATUS CONFIG PATH: the one line of the log, after a command that ended with $status.
check_line() {
	[ "$status" = "$2" ] || { echo "$1: status $status, not $2: $stderr"; return 1; }
	[ "$(wc -l <"$TMP/log")" = 1 ] || { echo "$1: not one line: $(cat "$TMP/log")"; return 1; }
	jq -e --arg code "$1" --arg config "$3" --arg path "$4" '.level == "error" and .code == $code
		and ($config == "-" or (.config // "") == $config) and ($path == "-" or (.path // "") == $path)
		and (.line > 0 or ($config | test("[.[]") | not)) and .hint != null' "$TMP/log" >/dev/null ||
		{ echo "not $1 at '$3' of '$4': $(cat "$TMP/log")"; return 1; }
	[[ $stderr == *"[$1"*"  hint: "* ]] || { echo "no $1 in: $stderr"; return 1; }
	FAULTS=$((FAULTS + 1))
}

fault() {
	cp "$TMP/good.json" "$BUNDLE/config.json"
	[ $# -lt 5 ] || cfg "${@:5}"
	: >"$TMP/log"
	run_split vert run --bundle "$BUNDLE" "$ID"
	check_line "$1" "$2" "$3" "$4" || return 1
	nothing_left -v
}

# command CODE STATUS WORD...: the same for a command line that has nothing to do with a bundle.
verb() {
	: >"$TMP/log"
	run_split vert "${@:3}"
	check_line "$1" "$2" - -
}

denied_at() {
	[ "$(jq -r .denied_at "$TMP/log")" = "$1" ] || { cat "$TMP/log"; return 1; }
}

key() { # KEY VALUE: of the log line
	[ "$(jq -r --arg key "$1" '.[$key]' "$TMP/log")" = "$2" ] || { cat "$TMP/log"; return 1; }
}

hint() { # WORDS: of the hint
	[[ $(jq -r .hint "$TMP/log") == *"$1"* ]] || { cat "$TMP/log"; return 1; }
}

@test "faults: the program" {
	fault EXEC_NOT_FOUND 127 'process.args[0]' - '.process.args = ["no-such-command"]'
	hint "PATH is"
	fault EXEC_NOT_FOUND 127 'process.args[0]' - '.process.args = ["sh -c true"]'
	hint "each argument in an element of its own"
	fault EXEC_NOT_FOUND 127 'process.args[0]' /no/such/command '.process.args = ["/no/such/command"]'
	denied_at /no
	key errno ENOENT
	fault EXEC_NOT_FOUND 127 'process.args[0]' /data/file/x '.process.args = ["/data/file/x"]'
	denied_at /data/file
	fault EXEC_DIRECTORY 126 'process.args[0]' /bin '.process.args = ["/bin"]'
	fault EXEC_PERMISSION 126 'process.args[0]' /data/file '.process.args = ["/data/file"]'
	key op execve
	printf '#!/bin/no-such-interpreter\n' >"$BUNDLE/rootfs/bin/script"
	printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\267\0\1\0\0\0' >"$BUNDLE/rootfs/bin/alien"
	truncate -s 4096 "$BUNDLE/rootfs/bin/alien"
	: >"$BUNDLE/rootfs/bin/empty"
	printf 'hello' >"$BUNDLE/rootfs/bin/text"
	printf '#!/bin/probe\r\n' >"$BUNDLE/rootfs/bin/dos"
	chmod 755 "$BUNDLE/rootfs/bin/"{script,alien,empty,text,dos}
	fault EXEC_INTERPRETER 127 'process.args[0]' /bin/no-such-interpreter '.process.args = ["/bin/script"]'
	denied_at /bin/no-such-interpreter
	fault EXEC_INTERPRETER 127 'process.args[0]' - '.process.args = ["/bin/dos"]'
	[[ $(jq -r .hint "$TMP/log") == *"carriage return"* ]]
	fault EXEC_FORMAT 126 'process.args[0]' /bin/empty '.process.args = ["/bin/empty"]'
	fault EXEC_FORMAT 126 'process.args[0]' /bin/text '.process.args = ["/bin/text"]'
	if [ "$(uname -m)" = x86_64 ] && [ ! -e /proc/sys/fs/binfmt_misc/status ]; then
		fault EXEC_ARCHITECTURE 126 'process.args[0]' - '.process.args = ["/bin/alien"]'
		[[ $(jq -r .hint "$TMP/log") == *"aarch64"*"x86_64"* ]]
	fi
	fault EXEC_NOEXEC 126 'process.args[0]' /mnt/probe '.mounts += [{destination: "/mnt", type: "bind",
		source: $dir, options: ["bind", "noexec"]}] | .process.args = ["/mnt/probe"]' --arg dir "$BUNDLE/rootfs/bin"
	fault PROCESS_INVALID 1 process - 'del(.process)'
	fault PROGRAM_INVALID 1 process.args - 'del(.process.args)'
	[ "$FAULTS" -ge 13 ]
}

@test "faults: what the user may not do inside" {
	requires root
	mkdir -m 700 "$BUNDLE/rootfs/shut"
	cp "$BUNDLE/rootfs/bin/probe" "$BUNDLE/rootfs/shut/probe"
	fault EXEC_PERMISSION 126 'process.args[0]' /shut/probe '.process.args = ["/shut/probe"] | .process.user = {uid: 7, gid: 7}
		| del(.process.capabilities)'
	denied_at /shut
	key errno EACCES
	[[ $(jq -r .hint "$TMP/log") == *"mode 0700 and owner 0:0, we are 7:7"*"need 'x'"* ]]
	mkdir -m 0 "$BUNDLE/rootfs/none"
	fault EXEC_PERMISSION 126 'process.args[0]' /none/probe '.process.args = ["/none/probe"] | .process.user = {uid: 7, gid: 7}
		| del(.process.capabilities)'
	denied_at /none
}

@test "faults: config.json itself" {
	fault CONFIG_INVALID 1 process.args - '.process.args = "sh"'
	fault CONFIG_INVALID 1 'process.args[1]' - '.process.args = ["sh", 1]'
	fault CONFIG_INVALID 1 process.user.uid - '.process.user.uid = -1'
	fault CONFIG_INVALID 1 'linux.namespaces[0].type' - '.linux.namespaces[0].type = "frob"'
	fault CONFIG_INVALID 1 linux.rootfsPropagation - '.linux.rootfsPropagation = "frob"'
	fault CONFIG_VERSION 1 ociVersion - '.ociVersion = "2.0.0"'
	fault ROOTFS_INVALID 1 root - 'del(.root)'
	fault ROOTFS_MISSING 1 root.path - '.root.path = "nowhere"'
	key errno ENOENT
	fault ROOTFS_MISSING 1 root.path - '.root.path = "config.json"'
	key errno ENOTDIR
	fault CWD_INVALID 1 process.cwd - '.process.cwd = "data"'
	fault CWD 1 process.cwd /data/file '.process.cwd = "/data/file"'
	fault ENVIRONMENT_INVALID 1 'process.env[0]' - '.process.env = ["NOEQUALS"]'
	fault RLIMIT_INVALID 1 - - '.process.rlimits = [{type: "RLIMIT_FROB", soft: 0, hard: 0}]'
	fault RLIMIT_INVALID 1 - - '.process.rlimits = [{type: "nofile", soft: 0, hard: 0}]'
	hint "did you mean 'RLIMIT_NOFILE'?"
	fault RLIMIT_INVALID 1 - - '.process.rlimits = [{type: "RLIMIT_NPROCS", soft: 0, hard: 0}]'
	hint "did you mean 'RLIMIT_NPROC'?"
	fault RLIMIT_INVALID 1 - - '.process.rlimits = [{type: "RLIMIT_CORE", soft: 2, hard: 1}]'
	fault HOSTNAME_INVALID 1 hostname - '.linux.namespaces |= map(select(.type != "uts"))'
	fault SYSCTL_NAMESPACE 1 'linux.sysctl["kernel.core_pattern"]' - '.linux.sysctl = {"kernel.core_pattern": "1"}'
	fault MASK_INVALID 1 'linux.maskedPaths[0]' - '.linux.maskedPaths = ["proc/keys"]'
	fault MASK_INVALID 1 'linux.readonlyPaths[0]' - '.linux.readonlyPaths = ["proc/sys"]'
	fault ANNOTATION_INVALID 1 annotations - '.annotations = {"": "x"}'
	fault SECCOMP_INVALID 1 - - '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", defaultErrnoRet: 1}'
	fault HOOK_INVALID 1 'hooks.poststop[0].path' - '.hooks = {poststop: [{path: "relative"}]}'
	fault CONFIG_INVALID 1 linux.personality.domain - '.linux.personality = {domain: "FROB"}'
	[ "$FAULTS" -ge 24 ]
}

@test "faults: files that cannot be read" {
	rm "$TMP/good.json"
	rm "$BUNDLE/config.json"
	: >"$TMP/log"
	run_split vert run --bundle "$BUNDLE" "$ID"
	check_line CONFIG_READ 1 - "$BUNDLE/config.json"
	verb BUNDLE_MISSING 1 run --bundle "$TMP/nowhere/bundle" "$ID"
	denied_at "$TMP/nowhere"
	verb BUNDLE_MISSING 1 create --bundle "$TMP/log" "$ID"
	hint "it is a file: name the directory"
	verb USAGE 1 run "$TMP/log"
	hint "it is a file: name the directory"
	GLOBAL+=(--root "$TMP/log/root")
	verb STATE_ROOT 1 state "$ID"
	denied_at "$TMP/log"
}

@test "faults: mounts" {
	fault MOUNT_SOURCE_MISSING 1 'mounts[1]' /nowhere/x '.mounts[1] = {destination: "/a", type: "bind", source: "/nowhere/x", options: ["bind"]}'
	denied_at /nowhere
	key op open_tree
	key errno ENOENT
	ln -s loop "$TMP/loop"
	fault MOUNT_SOURCE 1 'mounts[1]' "$TMP/loop/x" '.mounts[1] = {destination: "/a", type: "bind", source: $s, options: ["bind"]}' \
		--arg s "$TMP/loop/x"
	denied_at "$TMP/loop"
	key errno ELOOP
	fault MOUNT_SOURCE 1 'mounts[1]' /dev/null/x '.mounts[1] = {destination: "/a", type: "bind", source: "/dev/null/x", options: ["bind"]}'
	denied_at /dev/null
	fault MOUNT_FSTYPE 1 'mounts[1]' - '.mounts[1] = {destination: "/a", type: "frobfs", source: "x"}'
	key op fsopen
	fault MOUNT_FAILED 1 'mounts[1]' - '.mounts[1] = {destination: "/a", type: "tmpfs", source: "x", options: ["frob=1"]}'
	key op fsconfig
	[[ $(jq -r .msg "$TMP/log") == *"Unknown parameter 'frob'"* ]]
	hint "'frob=1' is no option of tmpfs"
	fault MOUNT_FAILED 1 'mounts[1]' - '.mounts[1] = {destination: "/a", type: "tmpfs", source: "x", options: ["rw,noexec"]}'
	hint "each option is an element of its own"
	fault MOUNT_FAILED 1 'mounts[1]' "$TMP/log" '.mounts[1] = {destination: "/data", type: "bind", source: $s, options: ["bind"]}' \
		--arg s "$TMP/log"
	key op move_mount
	hint "'$TMP/log' is a file, and '/data' in the container is a directory"
	fault MOUNT_FAILED 1 'mounts[1]' "$BUNDLE" '.mounts[1] = {destination: "/data/file", type: "bind", source: $s, options: ["bind"]}' \
		--arg s "$BUNDLE"
	hint "'$BUNDLE' is a directory, and '/data/file' in the container is a file"
	fault MOUNT_INVALID 1 'mounts[1]' - '.mounts[1] = {destination: "/a", type: "bind", options: ["bind"]}'
	fault MOUNT_OPTION 1 'mounts[1]' - '.mounts[1] = {destination: "/a", type: "bind", source: "/tmp", options: ["bind", "frob"]}'
	fault MOUNT_TARGET 1 'mounts[1]' - '.mounts[1] = {destination: "/data/file/x", type: "tmpfs", source: "x"}'
	fault MOUNT_INSIDE_PROC 1 'mounts[1]' - '.mounts[1] = {destination: "/proc/sys", type: "tmpfs", source: "x"}'
	ln -s data "$BUNDLE/rootfs/link"
	fault MOUNT_TARGET_LINK 1 'mounts[1]' - '.mounts[1] = {destination: "/link", type: "proc", source: "proc"}'
	mkdir "$TMP/empty"
	fault MOUNT_TARGET 1 'mounts[2]' - '.mounts[1:1] = [{destination: "/a", type: "bind", source: $s, options: ["bind", "ro"]},
		{destination: "/a/b", type: "tmpfs", source: "x"}]' --arg s "$TMP/empty"
	key errno EROFS
	[ "$FAULTS" -ge 14 ]
}

@test "faults: namespaces and identity" {
	local user='.linux.namespaces |= map(select(.type != "user")) + [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: $uid, size: 1}] | .linux.gidMappings = [{containerID: 0, hostID: $gid, size: 1}]'
	local ids=(--argjson uid "$(id -u)" --argjson gid "$(id -g)")
	local ipc='.linux.namespaces |= map(select(.type != "ipc")) + [{type: "ipc", path: $p}]'
	fault NAMESPACE_DUPLICATE 1 - - '.linux.namespaces += [{type: "pid"}]'
	fault NAMESPACE_PATH 1 - /nowhere "$ipc" --arg p /nowhere
	fault NAMESPACE_TYPE 1 - /proc/self/ns/uts "$ipc" --arg p /proc/self/ns/uts
	fault NAMESPACE_INVALID 1 - - "$ipc" --arg p relative
	fault NAMESPACE_HOST 1 - /proc/self/ns/mnt "${ipc//ipc/mount}" --arg p /proc/self/ns/mnt
	fault USER_UNMAPPED 1 process.user.uid - "$user"' | .process.user.uid = 5' "${ids[@]}"
	fault USER_UNMAPPED 1 process.user.gid - "$user"' | .process.user.gid = 5' "${ids[@]}"
	fault USER_UNMAPPED 1 'process.user.additionalGids[0]' - "$user"' | .process.user.additionalGids = [7]' "${ids[@]}"
	fault MOUNT_ID_UNMAPPED 1 'mounts[1]' - "$user"' | .mounts[1] = {destination: "/pts", type: "devpts", source: "x",
		options: ["newinstance", "gid=5"]}' "${ids[@]}"
	fault TIME_OFFSET_INVALID 1 - - '.linux.timeOffsets = {monotonic: {secs: 1}} | .linux.namespaces |= map(select(.type != "time"))'
	[ "$(id -u)" != 0 ] || {
		fault IDMAP_INVALID 1 linux.uidMappings - '.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}]'
		fault IDMAP_MISSING 1 linux.gidMappings - '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}]'
	}
	[ "$FAULTS" -ge 8 ]
}

@test "faults: hooks, terminal, security modules, devices" {
	printf '#!/bin/sh\necho broken >&2\nexit 3\n' >"$TMP/hook"
	chmod 755 "$TMP/hook"
	fault HOOK_EXEC 1 'hooks.prestart[0]' /nowhere/hook '.hooks = {prestart: [{path: "/nowhere/hook"}]}'
	denied_at /nowhere
	fault HOOK_FAILED 1 'hooks.prestart[0]' "$TMP/hook" '.hooks = {prestart: [{path: $h}]}' --arg h "$TMP/hook"
	[[ $(jq -r .msg "$TMP/log") == *"exit code: 3"*broken* ]]
	printf '#!/bin/sh\nsleep 20\n' >"$TMP/slow"
	chmod 755 "$TMP/slow"
	fault HOOK_TIMEOUT 1 'hooks.prestart[0]' "$TMP/slow" '.hooks = {prestart: [{path: $h, timeout: 1}]}' --arg h "$TMP/slow"
	fault TERMINAL_FAILED 1 process.terminal - '.process.terminal = true | .mounts |= map(select(.destination != "/dev/pts"))'
	[ -e /sys/module/apparmor/parameters/enabled ] ||
		fault APPARMOR_DISABLED 1 process.apparmorProfile - '.process.apparmorProfile = "nothing"'
	[ -e /sys/fs/selinux/enforce ] ||
		fault SELINUX_DISABLED 1 process.selinuxLabel - '.process.selinuxLabel = "a:b:c:s0"'
	fault DEVICE_INVALID 1 - - '.linux.devices = [{type: "c", path: "relative", major: 1, minor: 3}]'
	[ "$FAULTS" -ge 5 ]
}

@test "faults: limits" {
	requires cgroup no-cgroup-controller memory
	fault CGROUP_CONTROLLER_MISSING 1 linux.resources.memory.limit - '.linux.resources.memory.limit = 100000000'
	fault LIMIT_INVALID 1 - - '.linux.resources.memory = {swap: 1}'
	fault CGROUP_INVALID 1 linux.cgroupsPath - '.linux.cgroupsPath = "/a/../../b"'
}

@test "faults: limits that the caller cannot raise, sysctls that the kernel refuses" {
	requires root
	fault SYSCTL 1 'linux.sysctl["net.ipv4.no_such"]' /proc/sys/net/ipv4/no_such '.linux.sysctl = {"net.ipv4.no_such": "1"}'
	key errno ENOENT
	fault SYSCTL 1 'linux.sysctl["net.ipv4.ip_forward"]' /proc/sys/net/ipv4/ip_forward '.linux.sysctl = {"net.ipv4.ip_forward": "frob"}'
	key op write
	fault RLIMIT_FAILED 1 'process.rlimits[0]' - '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 4000000000, hard: 4000000000}]'
	key errno EPERM
	key op prlimit
	fault HOSTNAME_FAILED 1 hostname - '.hostname = "a" * 100'
}

@test "faults: command lines, and containers that are not there or in another state" {
	verb USAGE 1 frobnicate
	verb USAGE 1 run --no-such-option
	verb USAGE 1 create --bundle
	verb USAGE 1 kill "$ID" FROB
	verb CONTAINER_NOT_FOUND 1 kill "$ID" 9
	verb CONTAINER_NOT_FOUND 1 state "$ID"
	verb CONTAINER_ID_INVALID 1 create --bundle "$BUNDLE" ../x
	verb SOCKET 1 create --bundle "$BUNDLE" --pidfd-socket "$TMP/nowhere/sock" "$ID"
	verb PUBLISH_FAILED 1 run --bundle "$BUNDLE" --pid-file "$TMP/nowhere/pid" "$ID"
	denied_at "$TMP/nowhere"
	[[ $(jq -r .msg "$TMP/log") == *"write the pid file '$TMP/nowhere/pid'"* ]]
	verb TERMINAL_INVALID 1 create --bundle "$BUNDLE" --console-socket "$TMP/sock" "$ID"
	start_sleeper
	verb USER_INVALID 1 exec --user root "$ID" /bin/probe
	hint "root is 0"
	verb CONFIG_READ 1 update --resources "$TMP/nowhere/x" "$ID"
	denied_at "$TMP/nowhere"
	verb CONTAINER_EXISTS 1 create --bundle "$BUNDLE" "$ID"
	verb CONTAINER_NOT_CREATED 1 start "$ID"
	verb CONTAINER_NOT_STOPPED 1 delete "$ID"
	verb EXEC_NOT_FOUND 127 exec "$ID" /no/such
	verb EXEC_PERMISSION 126 exec "$ID" /data/file
	vert kill "$ID" KILL
	within 5 is_status "$ID" stopped
	verb CONTAINER_NOT_RUNNING 1 kill "$ID" TERM
	[ "$FAULTS" = 18 ]
}

@test "faults: a user namespace that a setting forbids" {
	requires root
	cp "$TMP/good.json" "$BUNDLE/config.json"
	cfg '.linux.namespaces |= map(select(.type != "user")) + [{type: "user"}] | del(.linux.cgroupsPath)
		| .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] | .linux.gidMappings = [{containerID: 0, hostID: 0, size: 1}]'
	: >"$TMP/log"
	run_split env VERT_TESTS_MARK="$ID" unshare --user --map-root-user --mount -- sh -c \
		'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"' sh \
		"$RUNTIME" --root "$TMP/inner" --cgroup-manager disabled "${GLOBAL[@]}" run --bundle "$BUNDLE" "$ID"
	check_line USERNS_BLOCKED 1 - /proc/sys/user/max_user_namespaces
	[[ $(jq -r .hint "$TMP/log") == *"user.max_user_namespaces"* ]]
}
