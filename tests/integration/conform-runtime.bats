#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# runtime.md and runtime-linux.md: demands that the files of the single verbs do not prove; docs/spec-sentences.md
# has all of them.

load helpers

HOOKS="prestart createRuntime createContainer startContainer poststart poststop"

# hook NAME SCRIPT: run by the shell, on the host or, for startContainer, in the container.
hook() {
	mkdir -p "$BUNDLE/rootfs$TMP"
	cfg '.hooks[$n] += [{path: "/bin/sh", args: ["sh", "-c", $s, $n]}]' --arg n "$1" --arg s "$2"
}

@test "runtime/state: required properties and their types, whatever the status" {
	local when
	args wait-file /data/go
	create "$ID"
	for when in created running stopped; do
		vert state "$ID" | jq -e --arg when "$when" '
			(.ociVersion | type == "string" and test("^1[.][0-9]+[.][0-9]+"))
			and (.id | type == "string" and length > 0) and .status == $when
			and (.bundle | startswith("/")) and (.pid | type == "number")
			and ($when == "stopped" or .pid > 0)
			and (has("annotations") | not) or .annotations == {}'
		case $when in
		created) vert start "$ID" ;;
		running)
			touch "$BUNDLE/rootfs/data/go"
			within 5 is_status "$ID" stopped ;;
		esac
	done
}

@test "runtime/state: a status of its own is for a state that has no other name" {
	only_vert
	# paused alone is not the specification's
	grep -oE '^	(IS|ALSO)\(OCI_STATUS_[A-Z]+, +"[a-z]+"' "$BATS_TEST_DIRNAME/../../libocispec/ocispec.def" |
		grep -oE '"[a-z]+"' | tr -d '"' | sort >words
	[ "$(tr '\n' ' ' <words)" = "created creating paused running stopped " ]
}

@test "runtime/state: each kind of hook gets the status of its time" {
	only_vert
	local name
	for name in prestart createRuntime createContainer poststart poststop; do
		hook $name "{ printf '%s ' \$0; tr -d '\n'; echo; } >>'$TMP/log'"
	done
	hook startContainer 'cat >/data/started'
	run_ok
	[ "$(sed 's/^\([a-zA-Z]*\) .*"status":"\([a-z]*\)".*/\1=\2/' log | tr '\n' ' ')" = \
		"prestart=creating createRuntime=creating createContainer=creating poststart=running poststop=stopped " ]
	[ "$(jq -r .status "$BUNDLE/rootfs/data/started")" = created ]
}

@test "runtime/state: a hook in the container sees the pid as the container does, one on the host as the host does" {
	only_vert
	hook createRuntime "cat >'$TMP/runtime'"
	hook createContainer "cat >'$TMP/container'"
	hook startContainer 'cat >/data/start'
	create "$ID"
	[ "$(jq .pid runtime)" = "$(state "$ID" pid)" ]
	[ "$(jq .pid container)" = 1 ]
	vert start "$ID"
	within 5 is_status "$ID" stopped
	[ "$(jq .pid "$BUNDLE/rootfs/data/start")" = 1 ]
}

@test "runtime/create: everything but the process is there before start" {
	requires root
	local pid ns
	cfg '.linux.maskedPaths = ["/data/file"] | .linux.sysctl = {"net.ipv4.ip_forward": "1"}
		| .mounts += [{destination: "/mnt", type: "tmpfs", source: "mine"}]'
	args write /data/ran yes
	create "$ID"
	pid=$(state "$ID" pid)
	for ns in pid net ipc uts mnt; do
		[ "$(readlink "/proc/$pid/ns/$ns")" != "$(readlink "/proc/self/ns/$ns")" ]
	done
	grep -q ' /mnt .*- tmpfs mine' "/proc/$pid/mountinfo"
	grep -q ' /data/file ' "/proc/$pid/mountinfo"
	[ "$(nsenter -u -t "$pid" hostname)" = tested ]
	[ "$(nsenter -n -t "$pid" cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
	[ ! -e "$BUNDLE/rootfs/data/ran" ]
	vert start "$ID"
	within 5 test -e "$BUNDLE/rootfs/data/ran"
}

@test "runtime/create: without a bundle it is an error, and no container comes to be" {
	mkdir empty
	cd empty
	refused "config.json" vert create "$ID"
	[ -z "$(containers)" ]
	refused "nowhere" vert create --bundle "$TMP/nowhere" "$ID"
	[ -z "$(containers)" ]
}

@test "runtime/create: what cannot be applied is an error, and no container comes to be" {
	local filter
	cp "$BUNDLE/config.json" good.json
	for filter in '.mounts += [{destination: "/mnt", type: "nosuchfs", source: "x"}]' \
		'.linux.namespaces[0].path = "/proc/self/ns/nothing"' \
		'.process.apparmorProfile = "no-such-profile"' '.process.selinuxLabel = "no:such:label:s0"' \
		'.linux.sysctl = {"net.no.such.key": "1"}' '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 1, hard: 999999999999}]'; do
		jq "$filter" good.json >"$BUNDLE/config.json"
		refused "" vert create --bundle "$BUNDLE" "$ID"
		[ -z "$(containers)" ]
		nothing_left -v
	done
}

@test "runtime/start: what is not created is not started, and stays as it is" {
	start_sleeper
	local pid
	pid=$(state "$ID" pid)
	refused "" vert start "$ID"
	is_status "$ID" running
	[ "$(state "$ID" pid)" = "$pid" ]
	vert kill "$ID" KILL
	within 5 is_status "$ID" stopped
	refused "" vert start "$ID"
	is_status "$ID" stopped
	refused "" vert start "$ID-none"
	refused "" vert start
}

@test "runtime/kill: neither created nor running is an error without effect" {
	start_new "$ID"
	within 5 is_status "$ID" stopped
	refused "" vert kill "$ID" KILL
	is_status "$ID" stopped
	refused "" vert kill "$ID-none" KILL
	refused "" vert kill
}

@test "runtime/kill: the signal is sent to the container's process" {
	args trap USR1
	start_new "$ID"
	within 5 grep -q ready "$ID.out"
	vert kill "$ID" USR1
	within 5 grep -q 'got=USR1' "$ID.out"
	is_status "$ID" running
}

@test "runtime/delete: what is not stopped stays, with its process" {
	start_sleeper
	local pid
	pid=$(state "$ID" pid)
	refused "" vert delete "$ID"
	is_status "$ID" running
	[ -d "/proc/$pid" ]
	refused "" vert delete "$ID-none"
	refused "" vert delete
}

@test "runtime/delete: the id is free again, what others made stays" {
	requires root
	mkdir "$TMP/source"
	echo kept >"$TMP/source/file"
	cfg '.mounts += [{destination: "/mnt", source: $s, options: ["bind"]}]' --arg s "$TMP/source"
	start_new "$ID"
	within 5 is_status "$ID" stopped
	vert delete "$ID"
	[ "$(cat "$TMP/source/file")" = kept ]
	[ -e "$BUNDLE/config.json" ] && [ -e "$BUNDLE/rootfs/bin/probe" ]
	run_ok
}

@test "runtime/lifecycle: a hook that fails is an error, ends the container and is followed by poststop" {
	only_vert
	local name filter
	cp "$BUNDLE/config.json" good.json
	for name in prestart createRuntime createContainer startContainer poststart; do
		cp good.json "$BUNDLE/config.json"
		hook $name "exit 3"
		hook poststop "echo $name >>'$TMP/log'"
		args fork 0
		run_split vert run --bundle "$BUNDLE" --detach "$ID"
		[ "$status" != 0 ] && [[ $stderr == *"$name"* ]] || { echo "$name: $status: $stderr"; return 1; }
		nothing_left -v
		create "$ID" 2>/dev/null && refused "$name" vert start "$ID"
		nothing_left -v
	done
	[ "$(tr '\n' ' ' <log)" = \
		"prestart prestart createRuntime createRuntime createContainer createContainer startContainer startContainer poststart poststart " ]
}

@test "runtime/lifecycle: a poststop hook that fails is a warning in the log, and the next ones run" {
	only_vert
	hook poststop "exit 3"
	hook poststop "echo ran >>'$TMP/log'"
	start_new "$ID"
	within 5 is_status "$ID" stopped
	vert --log "$TMP/warnings" --log-level warning delete "$ID"
	[ "$(cat log)" = ran ]
	grep -q 'poststop' "$TMP/warnings"
	[ -z "$(containers)" ]
}

@test "runtime/warnings: a warning does not change what happens" {
	only_vert
	run_ok
	local plain=$output
	cfg '.process.capabilities.bounding += ["CAP_NO_SUCH"]'
	GLOBAL=(--log "$TMP/warnings" --log-level warning)
	run_ok
	[ "$output" = "$plain" ]
	grep -q CAP_NO_SUCH "$TMP/warnings"
}

@test "runtime/scope: who created a container can query, start, signal and delete it" {
	args trap
	create "$ID"
	is_status "$ID" created
	vert start "$ID"
	within 5 grep -q ready "$ID.out"
	vert kill "$ID" KILL
	within 5 is_status "$ID" stopped
	vert delete "$ID"
}

@test "runtime-linux: /dev has links to the descriptors of /proc" {
	only_vert
	probe ls /dev , stat /dev/fd , stat /dev/stdin , stat /dev/stdout , stat /dev/stderr
	like '^ls./dev=.*\bfd\b' '\bstdin\b' '\bstdout\b' '\bstderr\b'
}
