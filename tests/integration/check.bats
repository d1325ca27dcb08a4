#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# vert check: finds what is wrong with a bundle before anything is created, and nothing where nothing is wrong.

load helpers
load engines

setup() {
	setup_bundle
	only_vert
	mkdir -p "$TMP/source" "$TMP/lower" "$TMP/upper" "$TMP/work"
	cp "$BUNDLE/config.json" "$TMP/own.json"
}

# finds RULE PLACE [FILTER]: with that change the bundle has a finding RULE at the JSON pointer PLACE.  Nothing is made.
finds() {
	local rule=$1 pointer=$2
	cp "$TMP/own.json" "$BUNDLE/config.json"
	[ $# -lt 3 ] || cfg "${@:3}"
	run_split vert check --bundle "$BUNDLE" --json
	[ "$status" = 2 ] || [ "$status" = 1 ] || { echo "status $status, no finding for $*: $output $stderr"; return 1; }
	jq -e --arg rule "$rule" --arg pointer "$pointer" \
		'any(.rule == $rule and .pointer == $pointer and .line > 0 and (.message | length > 0) and (.fix | length > 0))' \
		<<<"$output" >/dev/null || { echo "no $rule at $pointer for $*: $output"; return 1; }
	nothing_left -v
}

@test "check: a bundle that starts has no finding and the status 0" {
	run_split vert check --bundle "$BUNDLE" --strict --format json
	[ "$status" = 0 ] || { echo "$output $stderr"; return 1; }
	[ "$(jq 'map(select(.severity != "info")) | length' <<<"$output")" = 0 ]
	run_ok
}

@test "check: what vert spec writes has no finding" {
	requires root
	rm "$BUNDLE/config.json"
	vert spec --bundle "$BUNDLE"
	cfg '.process.args = ["/bin/probe"]'
	run_split vert check --strict "$BUNDLE"
	[ "$status" = 0 ] || { echo "$output $stderr"; return 1; }
}

# no_warning LEAST WORD...: vert check has nothing to say about the configurations whose names begin with one of the words,
# of which there are so many at least.
no_warning() {
	local file word tried=0 least=$1 root
	shift
	root=$(cd "$BUNDLE" && realpath "$(jq -r .root.path "$TMP/own.json")")
	mkdir -p "$root/etc" "$root/run"
	(cd "$root" && touch etc/resolv.conf etc/hostname etc/hosts run/.containerenv)
	for word; do
		for file in "$data/$word"*.json; do
			[[ $file != *.process.json && $file != *.resources.json && $file != *spec-*-rootless.json ]] || continue
			adapt "$file" >"$BUNDLE/config.json"
			jq -r '.mounts[].destination | select(test("^/(dev|proc|sys|etc|run/.containerenv)") | not)' \
				"$BUNDLE/config.json" | while read -r dir; do mkdir -p "$root$dir"; done
			run_split vert check --bundle "$BUNDLE" --strict --json
			[ "$status" = 0 ] || { echo "$(basename "$file"): status $status: $output $stderr"; return 1; }
			tried=$((tried + 1))
		done
	done
	[ "$tried" -ge "$least" ] || { echo "$tried configurations only"; return 1; }
}

@test "check: the configurations that Podman and Buildah write have no warning" {
	requires root
	no_warning 25 podman- buildah-
}

@test "check: the configurations that rootless Podman writes have no warning" {
	requires root
	no_warning 12 rootless-
}

@test "check: the configurations that containerd, Docker and others write have no warning" {
	requires root
	no_warning 24 ctr- cri- docker- buildkit spec-
}

@test "check: properties that nobody knows are named with the nearest known one" {
	finds CHECK_PROPERTY /process/terminl '.process.terminl = true'
	[ "$(jq -r '.[] | select(.rule == "CHECK_PROPERTY").fix' <<<"$output")" = "did you mean 'terminal'?" ]
	[ "$status" = 1 ]
	run_split vert check --bundle "$BUNDLE" --strict
	[ "$status" = 2 ]
	finds CHECK_PROPERTY /linux/namespaces/0/pth '.linux.namespaces[0].pth = "/proc/self/ns/pid"'
	finds CHECK_PROPERTY /linux/maskedPath '.linux.maskedPath = []'
}

@test "check: words that nobody knows are named with the one that was meant" {
	finds CHECK_CAPABILITY /process/capabilities/bounding/0 '.process.capabilities = {bounding: ["CAP_KIL"]}'
	finds CHECK_SYSCALL /linux/seccomp/syscalls/0/names/1 '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["mkdir", "mkdri"], action: "SCMP_ACT_ERRNO"}]}'
	finds CHECK_MOUNT_OPTION "/mounts/1/options/0" '.mounts[1].options = ["noexc"]'
}

@test "check: several faults are found at once, in the order of the lines" {
	cfg '.mounts += [{destination: "/a", type: "bind", source: "/nowhere/1", options: ["bind"]},
		{destination: "/b", type: "bind", source: "/nowhere/2", options: ["bind", "frob"]}]
		| .linux.sysctl = {"kernel.core_pattern": "x", "vm.swappiness": "1"}
		| .hooks = {prestart: [{path: "/nowhere/hook"}]} | .process.args = ["/nowhere/program"]'
	run_split vert check --bundle "$BUNDLE" --json
	[ "$status" = 2 ]
	[ "$(jq -c '[.[] | select(.severity == "error").rule] | sort' <<<"$output")" = \
		'["EXEC_NOT_FOUND","HOOK_EXEC","MOUNT_OPTION","MOUNT_SOURCE_MISSING","SYSCTL_NAMESPACE","SYSCTL_NAMESPACE"]' ]
	jq -e '[.[].line] | . == sort' <<<"$output"
}

@test "check: mounts" {
	finds MOUNT_SOURCE_MISSING /mounts/1 '.mounts[1] = {destination: "/a", type: "bind", source: "/nowhere", options: ["bind"]}'
	finds MOUNT_FAILED /mounts/1 '.mounts[1] = {destination: "/a", type: "tmpfs", source: "x", options: ["sise=1m"]}'
	finds MOUNT_FSTYPE /mounts/1 '.mounts[1] = {destination: "/a", type: "frobfs", source: "x"}'
	finds MOUNT_INVALID /mounts/1 '.mounts[1] = {destination: "/a", type: "bind", options: ["bind"]}'
	finds MOUNT_OPTION /mounts/1 '.mounts[1] = {destination: "/a", type: "bind", source: "/tmp", options: ["bind", "frob"]}'
	finds CHECK_MOUNT_HIDDEN /mounts/1 '.mounts[1:1] = [{destination: "/a/b", type: "tmpfs", source: "x"},
		{destination: "/a", type: "tmpfs", source: "x"}]'
	finds MOUNT_TARGET /mounts/2 '.mounts[1:1] = [{destination: "/a", type: "bind", source: $dir, options: ["bind", "ro"]},
		{destination: "/a/b/c", type: "tmpfs", source: "x"}]' --arg dir "$TMP/source"
	[[ $output == *"'/a/b'"* ]]
}

@test "check: a program that is missing, no program, or for another machine" {
	finds EXEC_NOT_FOUND /process/args/0 '.process.args = ["/nowhere/program"]'
	finds EXEC_NOT_FOUND /process/args/0 '.process.args = ["no-such-program"]'
	finds EXEC_DIRECTORY /process/args/0 '.process.args = ["/bin"]'
	finds EXEC_PERMISSION /process/args/0 '.process.args = ["/data/file"]'
	finds PROCESS_INVALID /process/args 'del(.process.args)'
	printf '#!/bin/no-such-interpreter\n' >"$BUNDLE/rootfs/bin/script"
	chmod 755 "$BUNDLE/rootfs/bin/script"
	finds EXEC_INTERPRETER /process/args/0 '.process.args = ["/bin/script"]'
	printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\377\376\1\0\0\0' >"$BUNDLE/rootfs/bin/alien"
	truncate -s 4096 "$BUNDLE/rootfs/bin/alien"
	chmod 755 "$BUNDLE/rootfs/bin/alien"
	[ -e /proc/sys/fs/binfmt_misc/status ] || finds EXEC_ARCHITECTURE /process/args/0 '.process.args = ["/bin/alien"]'
	printf 'hello' >"$BUNDLE/rootfs/bin/text"
	chmod 755 "$BUNDLE/rootfs/bin/text"
	finds EXEC_FORMAT /process/args/0 '.process.args = ["/bin/text"]'
}

@test "check: the program is looked up through links and mounts, as the container sees them" {
	local here=${BUNDLE%/*}
	mkdir "$here/source/bin"
	cp -l "$BUNDLE/rootfs/bin/probe" "$here/source/bin/tool"
	ln -s /mnt/bin "$BUNDLE/rootfs/tools"
	cfg '.mounts += [{destination: "/mnt", type: "bind", source: $dir, options: ["bind"]}] | .process.args = ["/tools/tool", "exit", "0"]' \
		--arg dir "$here/source"
	run_split vert check --bundle "$BUNDLE" --strict
	[ "$status" = 0 ] || { echo "$output"; return 1; }
	run_ok
	cfg '.mounts[-1].options += ["noexec"]'
	cp "$BUNDLE/config.json" "$TMP/own.json"
	finds EXEC_NOEXEC /process/args/0
	cfg '.mounts += [{destination: "/mnt", type: "tmpfs", source: "x"}]'
	cp "$BUNDLE/config.json" "$TMP/own.json"
	finds EXEC_NOT_FOUND /process/args/0
}

@test "check: hooks, terminal, namespaces, identity" {
	finds HOOK_EXEC /hooks/createRuntime/0 '.hooks = {createRuntime: [{path: "/nowhere"}]}'
	finds HOOK_EXEC /hooks/startContainer/0 '.hooks = {startContainer: [{path: "/nowhere"}]}'
	finds HOOK_INVALID /hooks/poststop/0/path '.hooks = {poststop: [{path: "relative"}]}'
	finds TERMINAL_FAILED /process/terminal '.process.terminal = true | .mounts |= map(select(.destination != "/dev/pts"))'
	finds NAMESPACE_PATH /linux/namespaces/0/path '.linux.namespaces |= [{type: "ipc", path: "/nowhere/ipc"}] + map(select(.type != "ipc"))'
	finds USER_UNMAPPED /process/user/uid '.linux.namespaces |= map(select(.type != "user")) + [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: $uid, size: 1}]
		| .linux.gidMappings = [{containerID: 0, hostID: $gid, size: 1}] | .process.user.uid = 5' \
		--argjson uid "$(id -u)" --argjson gid "$(id -g)"
	finds CHECK_ROOT_UNMAPPED /linux/uidMappings '.linux.namespaces |= map(select(.type != "user")) + [{type: "user"}]
		| .linux.uidMappings = [{containerID: 7, hostID: $uid, size: 1}]
		| .linux.gidMappings = [{containerID: 7, hostID: $gid, size: 1}] | .process.user = {uid: 7, gid: 7}' \
		--argjson uid "$(id -u)" --argjson gid "$(id -g)"
}

@test "check: a limit without its controller" {
	requires no-cgroup-controller memory
	finds CGROUP_CONTROLLER_MISSING /linux/resources/memory/limit '.linux.resources.memory.limit = 1000000000'
}

@test "check: what cannot be read at all has the status 2 and one message" {
	printf '{\n"ociVersion": 7}\n' >"$BUNDLE/config.json"
	run_split vert check "$BUNDLE"
	[ "$status" = 2 ]
	[[ $output == *"config.json:2"*CONFIG_INVALID* ]]
	rm "$BUNDLE/config.json"
	run_split vert check "$BUNDLE"
	[ "$status" = 2 ]
	[[ $stderr == *"CONFIG_READ"* ]]
}

@test "check: a file that is to be mounted on a directory, or the other way round, is found" {
	finds MOUNT_FAILED /mounts/1 '.mounts[1] = {destination: "/data", type: "bind", source: $s, options: ["bind"]}' --arg s "$BUNDLE/config.json"
	finds MOUNT_FAILED /mounts/1 '.mounts[1] = {destination: "/data/file", type: "bind", source: $s, options: ["bind"]}' --arg s "$TMP"
	finds MOUNT_FAILED /mounts/1 '.mounts[1] = {destination: "/data/file", type: "tmpfs", source: "x"}'
	run_split vert run --bundle "$BUNDLE" "$ID"
	[[ $status = 1 && $stderr == *"MOUNT_FAILED"* ]]
}

@test "check: the words of other programs are told as ours" {
	finds CHECK_CAPABILITY /process/capabilities/bounding/0 '.process.capabilities.bounding = ["chown"]'
	[[ $output == *"did you mean 'CAP_CHOWN'?"* ]]
	finds CHECK_MOUNT_OPTION /mounts/1/options/0 '.mounts[1] = {destination: "/a", type: "tmpfs", source: "x", options: ["rw,noexec"]}'
	[[ $output == *"write each option as an element of its own"* ]]
}

@test "check: text names the document, counts in words that fit, and tells people that all is well" {
	requires script
	jq '.process.agrs = []' "$BUNDLE/config.json" >"$BUNDLE/other.json"
	run_split vert check --bundle "$BUNDLE" --config other.json
	[ "$status" = 1 ]
	[[ $output == *"(other.json:"*"process.agrs) [CHECK_PROPERTY]"*"0 errors, 1 warning" ]]
	run_split vert check --bundle "$BUNDLE"
	[ -z "$output" ]
	run script -qec "'$RUNTIME' check --quiet --bundle '$BUNDLE'" /dev/null
	[ -z "$output" ]
	run script -qec "'$RUNTIME' check --bundle '$BUNDLE'" /dev/null
	[[ $output == "nothing found that would fail here"* ]]
}

@test "check: of faults planted in what engines write nearly all are found" {
	requires root python3
	local file root
	root=$(cd "$BUNDLE" && realpath "$(jq -r .root.path "$TMP/own.json")")
	mkdir "$TMP/bases"
	mkdir -p "$root/etc" "$root/run"
	(cd "$root" && touch etc/resolv.conf etc/hostname etc/hosts run/.containerenv)
	for file in "$data"/{podman-run,ctr-run,cri-container,docker-run,buildkit,spec-runc,spec-crun}*.json; do
		[[ -e $file && $file != *.process.json && $file != *.resources.json && $file != *-rootless.json ]] || continue
		adapt "$file" >"$TMP/bases/${file##*/}"
		jq -r '.mounts[].destination | select(test("^/(dev|proc|sys|etc|run/.containerenv)") | not)' \
			"$TMP/bases/${file##*/}" | while read -r dir; do mkdir -p "$root$dir"; done
	done
	run "$BATS_TEST_DIRNAME/../mutations" "$RUNTIME" "$BUNDLE" "$TMP"/bases/*.json --seed 7 --count 300 --least 99
	echo "$output"
	[ "$status" = 0 ]
}
